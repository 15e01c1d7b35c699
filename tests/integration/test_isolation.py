# SPDX-License-Identifier: Apache-2.0
"""Nothing that a run started outlives it, however the run ends, and runs do not meet."""
import os
import signal
import subprocess
import sys
import uuid

import pytest

from harness import isolate
from harness.wait import wait_for

TESTS = os.path.join(os.path.dirname(__file__), "..")
TOKEN = "NEARCAST_TEST_TOKEN"

#: A run of its own: a world with BIRD, a sleeper and one that forked itself away.
RUN = """
import sys
sys.path.insert(0, sys.argv[1])
from harness.world import World
from harness.peers import Bird, Neighbor
world = World()
a, b = world.node("a"), world.node("b")
world.link(a, b, ["10.0.0.1/24"], ["10.0.0.2/24"])
Bird(a, 64501, neighbors=[Neighbor("10.0.0.2", 64502)]).start()
b.spawn(["tail", "-f", "/dev/null"])
b.run(["sh", "-c", "setsid tail -f /dev/null >/dev/null 2>&1 &"])
world.wait_for(lambda: len(b.pids()) >= 2, 10, "both sleepers")
if sys.argv[2] == "close":
    world.close()
print("ready", flush=True)
sys.stdin.read()
"""


class Run:
    """A separate isolated run, started from within this one, that waits on its stdin."""

    def __init__(self, then="wait"):
        self.token = uuid.uuid4().hex
        line = isolate.command([sys.executable, "-c", RUN, TESTS, then])
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, TOKEN: self.token})

    def ready(self):
        assert self.process.stdout.readline() == "ready\n"

    def pids(self):
        """Every process that inherited the token of this run: pid -> command line."""
        found = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if self.token.encode() not in file.read():
                        continue
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    found[int(name)] = file.read().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return found

    def init(self):
        """Pid 1 of the run: the only child of unshare."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as file:
            return int(file.read().split()[0])

    def builder(self):
        """The process that built the world, as the test runner does."""
        with open(f"/proc/{self.init()}/task/{self.init()}/children", encoding="ascii") as file:
            return int(file.read().split()[0])


def programs(run):
    return {os.path.basename(line.split(" ")[0]) for line in run.pids().values()}


@pytest.mark.parametrize("victim", ["unshare", "init", "builder"])
def test_nothing_survives_kill_9(victim):
    run = Run()
    run.ready()
    before = run.pids()
    assert programs(run) >= {"bird", "tail"}
    find = {"unshare": lambda: run.process.pid, "init": run.init, "builder": run.builder}
    os.kill(find[victim](), signal.SIGKILL)
    run.process.wait(10)
    wait_for(lambda: not run.pids(), 5, f"no process to remain of {before}")


def test_close_ends_every_process_of_the_world():
    run = Run("close")
    run.ready()
    assert not programs(run) & {"bird", "tail"}
    run.process.communicate("", timeout=10)
    assert run.process.returncode == 0


def test_two_runs_side_by_side():
    runs = [Run(), Run()]
    for run in runs:
        run.ready()
    runs[0].process.communicate("", timeout=10)
    wait_for(lambda: not runs[0].pids(), 5, "the first run to be gone")
    assert "bird" in programs(runs[1])
    runs[1].process.communicate("", timeout=10)
    assert [run.process.returncode for run in runs] == [0, 0]
