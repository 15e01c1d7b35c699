# SPDX-License-Identifier: Apache-2.0
"""exec checks: what scripts say, and scripts that do not want to end."""
import os
import signal
import time

import pytest

from harness import probe as harness
from harness.probe import ADDRESS, ADDRESS6, running, site
from harness.wait import holds_for, wait_for

FAST = "interval: 400ms, fast-interval: 50ms, timeout: 300ms"
#: Another for scripts that start several programs.
SLOW = "interval: 3s, fast-interval: 100ms, timeout: 2s"


@pytest.fixture
def node(world):
    return world.node("server")


#: Tests run side by side and see each other's processes: these are ours.
SERVICE = f"service-{os.getpid()}"
OURS = f"NEARCAST_SERVICE={SERVICE}"
LONG = str(1000000 + os.getpid())


def service(checks, addresses=(ADDRESS,)):
    return harness.service(checks, addresses, SERVICE)


def script(node, text, name="check"):
    """Writes an executable script into the node's folder; returns its path."""
    path = os.path.join(node.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + text.replace("LONG", LONG) + "\n")
    os.chmod(path, 0o755)
    return path


def check(command, settings=FAST):
    return f"exec: {{ command: [{command}], {settings} }}"


def alive(mark):
    """The processes with this text in their command line or environment, without ourselves."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) == os.getpid():
            continue
        try:
            for part in ("cmdline", "environ"):
                with open(f"/proc/{pid}/{part}", "rb") as file:
                    if mark.encode() in file.read():
                        found.append(int(pid))
        except OSError:
            pass
    return found


@pytest.mark.parametrize("text,state,evidence", [
    ("echo OK - all fine; exit 0", "up", "exit code 0: OK - all fine"),
    ("echo 'WARN - slow|time=3s'; exit 1", "degraded", "exit code 1: WARN - slow"),
    ("echo; echo '  CRIT'; exit 2", "down", "exit code 2: CRIT"),
    ("echo who knows; exit 3", "unknown", "exit code 3: who knows"),
    ("exit 77", "down", "exit code 77: (no output)"),
    ("nonexistent-program", "down", "not found"),
    ("echo dying; kill -SEGV $$", "down", "killed by signal 11 (Segmentation fault): dying"),
    ("cat; echo end of input", "up", "exit code 0: end of input"),
    ("printf 'a\\tb\\033c'", "up", "exit code 0: a b c"),
    ("head -c 300000 /dev/zero | tr '\\0' x; exit 1", "degraded", "exit code 1: xxxxx"),
    ('echo "$NEARCAST_SERVICE $NEARCAST_ADDRESS $NEARCAST_CHECK $HOME $(pwd) $USER."', "up",
     f"{ADDRESS} exec-1 / / ."),
    ("ls /proc/self/fd | tr '\\n' ' '", "up", "exit code 0: 0 1 2 3 "),
    ("ps -o pgid= -o sid= -p $$ | awk -v p=$$ '{exit !($1 == p && $2 == p)}'", "up", "code 0"),
    ("trap", "up", "exit code 0: (no output)"),
])
def test_what_scripts_say(node, text, state, evidence):
    with running(node, site(service([check(script(node, text), SLOW)]))) as probe:
        probe.wait(state, evidence=evidence)


def test_program_that_is_not_there(node):
    with running(node, site(service([check("/nonexistent/check")]))) as probe:
        probe.wait("unknown", evidence="cannot run /nonexistent/check: No such file")


def test_each_address_is_its_own_run(node):
    path = script(node, f'[ "$NEARCAST_ADDRESS" = {ADDRESS} ] || {{ echo six; exit 2; }}')
    with running(node, site(service([check(path)], [ADDRESS, ADDRESS6]))) as probe:
        probe.wait("down", evidence="exit code 2: six")


@pytest.mark.parametrize("text", [
    "sleep LONG",
    "trap '' TERM INT HUP; while :; do sleep LONG; done",
    "sleep LONG & sleep LONG & wait",
    "exec >&- 2>&-; sleep LONG",
    "while :; do :; done",
    "yes",
    "kill -STOP $$",
    "setsid sleep LONG",
    "setsid setsid -w sleep LONG",
])
def test_hanging_script_is_killed_with_all_its_own(node, text):
    with running(node, site(service([check(script(node, text))]))) as probe:
        probe.wait("down", evidence="timeout after 300ms waiting for the command to end")
        beats = probe.heartbeats()
        wait_for(lambda: probe.heartbeats() >= beats + 2, 4, "the heartbeat to go on")
        assert len(alive(OURS)) <= 6
    wait_for(lambda: not alive(OURS), 3, "everything to be gone")


@pytest.mark.parametrize("text", [
    "sleep LONG & exit 0",
    "setsid sleep LONG & exit 0",
    "(setsid sh -c 'sleep LONG & exec sleep LONG' &) ; exit 0",
    "env -i setsid sh -c '(setsid sleep LONG &) ; sleep LONG' & exit 0",
])
def test_what_is_left_behind_is_killed(node, text):
    """The script itself is good at once; what it started does not outlive it for long."""
    settings = "interval: 30s, fast-interval: 20s, timeout: 5s, rise: 1"
    with running(node, site(service([check(script(node, text), settings)]))) as probe:
        probe.wait("up")
        wait_for(lambda: not alive(LONG), 3, "the sleepers to be gone")


def test_escape_of_a_running_script_is_left_alone(node):
    """Sweeping after one command must not kill what another, still running one started."""
    slow = script(node, "setsid sleep 1 & p=$!; sleep 1.2; wait $p && exit 0; exit 2", "slow")
    quick = script(node, "exit 0", "quick")
    with running(node, site(service([
            check(slow, "interval: 4s, fast-interval: 3s, timeout: 2s, rise: 1"),
            check(quick, "interval: 100ms, fast-interval: 50ms, timeout: 90ms")]))) as probe:
        assert probe.wait("up", 0)["failures"] == 0


@pytest.mark.parametrize("text", [
    "f() { f & }; f; sleep LONG",
    "while :; do sleep LONG & sleep 0.002; done",
    "while :; do setsid sleep LONG & sleep 0.002; done",
    "while :; do (setsid sh -c 'sleep LONG & sleep LONG' &) ; sleep 0.005; done",
])
def test_script_that_forks_forever(node, text):
    """All its children are gone after its timeout, and the probe process goes on."""
    bomb = script(node, text)
    settings = "interval: 30s, fast-interval: 20s, timeout: 200ms, fall: 1"
    with running(node, site(service([check(bomb, settings)]))) as probe:
        # Down, or on a machine that it starved: unknown, since we did not run either.
        wait_for(lambda: probe.last() and probe.last()["outcome"] in ("bad", "unknown"), 20,
                 "a verdict")
        assert "timeout" in probe.last()["evidence"] or "did not run" in probe.last()["evidence"]
        wait_for(lambda: not alive(OURS), 10, "the bomb to be gone")
        beats = probe.heartbeats()
        wait_for(lambda: probe.heartbeats() > beats, 3, "the heartbeat to go on")


def test_processes_of_a_user_are_bounded(node):
    """Without root the kernel itself caps what a fork bomb can do."""
    node.sysctl("ipv4/ping_group_range", "0 65535")
    path = script(node, "tr -s ' ' < /proc/self/limits | grep processes")
    with running(node, site(service([check(path)])), prefix=(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")) as probe:
        probe.wait("up", evidence="exit code 0: Max processes 512 512")


def test_too_many_commands_at_a_time_wait(node):
    """More checks than places: they run one after the other, and nobody is called down."""
    path = script(node, "sleep 0.1")
    checks = [check(path, "interval: 20s, fast-interval: 10s, timeout: 9s, rise: 1")] * 60
    with running(node, site(service(checks))) as probe:
        wait_for(lambda: sum(1 for i in range(60) if (probe.last(i) or {}).get("state") == "up")
                 == 60, 20, "all to be up")
        assert all(r["outcome"] == "good" for r in probe.reports)


def test_waiting_for_a_place_is_no_verdict(node):
    hang = script(node, "sleep 3", "hang")
    quick = script(node, "exit 0", "quick")
    checks = [check(hang, "interval: 20s, fast-interval: 10s, timeout: 9s")] * 32
    checks.append(check(quick, "interval: 400ms, fast-interval: 300ms, timeout: 200ms"))
    with running(node, site(service(checks))) as probe:
        probe.hurry()
        probe.outcome("unknown", "cannot check: timeout after 200ms waiting for other commands",
                      check=32)
        probe.outcome("good", "exit code 0", check=32)


def test_reload_and_stop_kill_what_runs(node):
    path = script(node, "sleep LONG")
    config = site(service([check(path, "interval: 200s, timeout: 100s")]))
    with running(node, config) as probe:
        wait_for(lambda: alive(OURS), 3, "the command to run")
        probe.config(site())
        wait_for(lambda: not alive(OURS), 3, "the command to be gone")
        probe.config(config)
        wait_for(lambda: alive(OURS), 3, "the command to run again")
    wait_for(lambda: not alive(OURS), 3, "the command to be gone")


def test_killed_probe_takes_its_commands_along(node):
    path = script(node, "exec sleep LONG")
    with pytest.raises(AssertionError):
        with running(node, site(service([check(path, "interval: 200s, timeout: 100s")]))) as probe:
            wait_for(lambda: alive(OURS), 3, "the command to run")
            os.kill(probe.pid, signal.SIGKILL)
            wait_for(lambda: not alive(OURS), 3, "the command to be gone")


def test_no_zombies_stay(node):
    path = script(node, "setsid sh -c 'sleep 0.05 & exit' & exit 0")
    with running(node, site(service([
            check(path, "interval: 50ms, fast-interval: 30ms, timeout: 25ms")] * 3))) as probe:
        time.sleep(1)
        holds_for(lambda: len(_children(probe.pid)) < 40, 1, "few children")
        probe.config(site())
        wait_for(lambda: not _children(probe.pid), 3, "no children at all")


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()
