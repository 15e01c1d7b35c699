# SPDX-License-Identifier: Apache-2.0
"""What systemd is told: readiness, the watchdog, reloads, the end; and the journal's protocol.

The manager's two sockets are played here: nothing of systemd has to run.
"""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import time

import pytest

from harness.nearcast import Nearcast, binary

CONFIG = """site: here
asn: 64500
router-id: 10.0.0.1
services: { web: { addresses: [198.51.100.80], checks: [exec: { command: [/bin/true] }] } }
neighbors: { up: { address: 10.0.0.2, asn: 64501, connect-retry: 1s } }
"""
JOURNAL = "/run/systemd/journal/socket"
UNIT = os.path.join(os.path.dirname(__file__), "..", "..", "packaging", "nearcast.service.in")


@contextlib.contextmanager
def listening(path):
    """A datagram socket that everybody may write to."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.bind(path)
    os.chmod(path, 0o777)
    try:
        yield made
    finally:
        made.close()
        os.unlink(path)


class Manager:
    """All that was said to a socket so far, as text."""

    def __init__(self, heard):
        self.heard, self.said = heard, []

    def wait(self, wanted, deadline_s=20):
        """Waits for a datagram that holds this; gives it back."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            for text in self.said:
                if wanted in text:
                    return text
            self.heard.settimeout(max(0.01, end - time.monotonic()))
            with contextlib.suppress(TimeoutError):
                self.said.append(self.heard.recv(1 << 20).decode(errors="replace"))
        raise AssertionError(f"{wanted!r} was not said, but {self.said}")


def test_what_the_manager_is_told(world):
    """Type=notify, WatchdogSec, ExecReload, ExecStop."""
    path = f"{world.folder}/notify"
    with listening(path) as heard:
        manager = Manager(heard)
        site = Nearcast(world.node("site"), CONFIG, environment={
            "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"}).start()
        ready = manager.wait("READY=1")
        assert f"MAINPID={site.pid()}" in ready
        manager.wait("STATUS=1 of 1 services are announced, 1 are wanted")
        beats = sum("WATCHDOG=1" in text for text in manager.said)
        manager.said.clear()
        manager.wait("WATCHDOG=1", 2)
        manager.said.clear()
        manager.wait("WATCHDOG=1", 2)
        assert beats <= 4, "twice as often as the manager asks, not always"
        manager.said.clear()
        site.cli("reload")
        assert "MONOTONIC_USEC=" in manager.wait("RELOADING=1")
        manager.wait("READY=1")
        site.stop()
        manager.wait("STOPPING=1")


def test_a_hanging_main_is_silent(world):
    """What the watchdog is for: a process that is stopped says nothing."""
    path = f"{world.folder}/notify"
    with listening(path) as heard:
        manager = Manager(heard)
        site = Nearcast(world.node("site"), CONFIG, environment={
            "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"}).start()
        manager.wait("WATCHDOG=1")
        pid = site.pid()
        os.kill(pid, 19)
        try:
            heard.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                while True:
                    heard.recv(1 << 16)
            heard.settimeout(1)
            with pytest.raises(TimeoutError):
                heard.recv(1 << 16)
        finally:
            os.kill(pid, 18)


def test_the_journal(world):
    """--log-format journal: one datagram an entry, with fields to ask for."""
    os.makedirs(os.path.dirname(JOURNAL), mode=0o755, exist_ok=True)
    with listening(JOURNAL) as heard:
        journal = Manager(heard)
        site = Nearcast(world.node("site"), CONFIG)
        site.start("--log-format", "journal")
        entry = journal.wait("NEARCAST_EVENT=announce\n").splitlines()
        assert "SYSLOG_IDENTIFIER=nearcast" in entry
        assert "PRIORITY=6" in entry
        assert "NEARCAST_SERVICE=web" in entry and "NEARCAST_PREFIX=198.51.100.80/32" in entry
        assert any(line.startswith("MESSAGE=announce 198.51.100.80/32") for line in entry)
        # The processes in their sandboxes write there, too.
        failed = journal.wait("NEARCAST_PROCESS=speaker\nNEARCAST_EVENT=bgp-connect\n")
        assert "PRIORITY=4\n" in failed and "NEARCAST_NEIGHBOR=up\n" in failed
        assert "event=" not in site.logs(), "nothing is written twice"


def no_name_twice(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), names
    return dict(pairs)


def test_json_lines(world):
    """--log-format json: each line is an object, with the same first fields in each."""
    site = Nearcast(world.node("site"), CONFIG).start("--log-format", "json")
    site.kill9("api")
    world.wait_for(lambda: site.logs().count('"event":"process-start"') == 4, 10, "a new api")
    lines = [json.loads(line, object_pairs_hook=no_name_twice)
             for line in site.logs().splitlines()]
    assert len(lines) > 5
    for line in lines:
        assert list(line)[:5] == ["time", "level", "process", "event", "msg"]
    assert "api" in {line.get("child") for line in lines}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_unit(tmp_path):
    """systemd knows every word of the unit; and the test would see one that it does not know."""
    (tmp_path / "nearcast").symlink_to(binary())
    with open(UNIT, encoding="utf-8") as file:
        text = file.read().replace("@bindir@", str(tmp_path))
    unit = tmp_path / "nearcast.service"

    def complaints():
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)],
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, [l for l in done.stderr.splitlines() if "nearcast" in l]
    unit.write_text(text, encoding="utf-8")
    assert complaints() == (0, [])
    unit.write_text(text.replace("WatchdogSec", "WatchdogSek"), encoding="utf-8")
    assert "WatchdogSek" in complaints()[1][0]
