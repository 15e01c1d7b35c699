# SPDX-License-Identifier: Apache-2.0
"""run --foreground-single: everything in one process, for a debugger and for very many nodes."""
import contextlib
import os

from harness.nearcast import Nearcast
from harness.site import QUICK, Site, config

#: How long a command that hangs would sleep: a number that nobody else has.
SLEEP = f"977.{os.getpid()}"
WEB, WEB_PREFIX = "192.0.3.80", "192.0.3.80/32"


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()


def test_exec_checks(world):
    """Announced, degraded, withdrawn and announced again by exec checks; a check that hangs is
    killed with all that it started; nothing is left at the end."""
    site = Site(world)
    hang = os.path.join(site.node.folder, "hang")
    with open(hang, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\nsleep {SLEEP} & wait\n")
    os.chmod(hang, 0o755)
    text = (f"addresses: [{WEB}]\nhold-down: 0\naddress-delay: 100ms\nchecks:\n"
            f"  - {site.verdict.check(QUICK)}\n"
            f"  - exec: {{ command: [{hang}], {QUICK}, invert: true }}\n")
    site.nearcast = Nearcast(site.node, config({"web": text}))
    site.upstream.start()
    nearcast = site.nearcast.start("--foreground-single")
    nearcast.record_events()
    site.wait_announced(WEB_PREFIX)
    nearcast.wait_service("web", "up", announced=True)
    pids = {process["pid"] for process in nearcast.json("status")["processes"]}
    assert pids == {nearcast.pid()}, "all in one process"
    site.verdict.say(2)
    site.wait_gone(WEB_PREFIX)
    nearcast.wait_service("web", "down")
    site.verdict.say(0)
    site.wait_announced(WEB_PREFIX)
    nearcast.wait_service("web", "up", announced=True)
    # Commands come and go; no zombie stays, and none of the sleepers outlives its timeout.
    world.wait_for(lambda: not [pid for pid in children(nearcast.pid()) if zombie(pid)], 5,
                   "no zombies")
    world.wait_for(sleepers, 5, "the command that hangs to be seen")
    assert nearcast.stop() == 0
    assert not site.announced(WEB_PREFIX) and not site.has(WEB)
    world.wait_for(lambda: not sleepers(), 5, "no sleepers")


def zombie(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    return False


def sleepers():
    """The processes that run our own sleep."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if file.read().split(b"\0")[:2] == [b"sleep", SLEEP.encode()]:
                    found.append(pid)
    return found
