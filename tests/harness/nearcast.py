# SPDX-License-Identifier: Apache-2.0
"""Drives nearcast itself: writes its configuration, runs the daemon in a node, asks it.

    site = Nearcast(node, CONFIG).start()
    site.wait_service("dns", "up")
    assert site.json("status")["asn"] == 64500

The answers have the fields of docs/api.md. The program is that of $NEARCAST, or the one in
build/. When the world closes, a report of a sanitizer in the log fails the test.
"""
import json
import os
import re
import signal
import subprocess

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
BUILT = os.path.join(ROOT, "build", "src", "cli", "nearcast")

#: Exit statuses of the command line.
OK, FAILED, USAGE, UNREACHABLE, NOT_FOUND, DEGRADED = range(6)
SANITIZER = re.compile(r"ERROR: \w*Sanitizer|runtime error:|SUMMARY: \w*Sanitizer")
#: The sanitizers end the process at the first report, and leaks are reports too.
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
               "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}


class CliError(AssertionError):
    """The command line ended with a status that the test did not expect."""

    def __init__(self, done):
        super().__init__(f"{' '.join(done.args)}: exit status {done.returncode}\n"
                         f"{done.stdout}{done.stderr}")
        self.status = done.returncode


class SanitizerReport(AssertionError):
    """A sanitizer found a defect in the daemon."""


def binary():
    """The program under test."""
    path = os.path.abspath(os.environ.get("NEARCAST") or BUILT)
    if not os.access(path, os.X_OK):
        raise AssertionError(f"{path} is not built; run: make dev")
    return path


class Nearcast:
    """One daemon in a node, with its folders and sockets in the node's own folder."""

    def __init__(self, node, config="", name="nearcast", environment=None, wrap=()):
        """`wrap`: a command before the program, such as setpriv with its options."""
        self.node = node
        self.world = node.world
        self.name = name
        self.environment = {**ENVIRONMENT, **(environment or {})}
        self.wrap = list(wrap)
        self.folder = os.path.join(node.folder, name)
        self.runtime_dir = os.path.join(self.folder, "run")
        self.state_dir = os.path.join(self.folder, "state")
        self.config_path = os.path.join(self.folder, "nearcast.yaml")
        for folder in (self.folder, self.runtime_dir, self.state_dir):
            os.mkdir(folder)
            os.chmod(folder, 0o755)
        self.process = None
        self._started = 0
        self._events = None
        self.write_config(config)
        node.world.closers.append(self._at_the_end)

    # ---- life

    def write_config(self, text):
        """Writes the configuration; reload() or start() reads it."""
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write(text)

    def spawn(self, *options):
        """Starts the daemon and returns at once: for tests of what cannot start."""
        line = [*self.wrap, binary(), "run", "--config", self.config_path,
                "--runtime-dir", self.runtime_dir, "--state-dir", self.state_dir, *options]
        self._started += 1
        self.process = self.node.spawn(
            line, log=os.path.join(self.name, f"log.{self._started}"),
            env=self.environment, name=self.name)
        return self

    def start(self, *options, deadline_s=20):
        """Starts the daemon, returns when it says that it runs."""
        return self.spawn(*options).wait_running(deadline_s)

    def wait_running(self, deadline_s=20):
        """Waits until the daemon says that it runs."""
        def running():
            if not self.process.running():
                raise AssertionError(f"it ended with status {self.process.status()}")
            return self.json("status")["state"] == "running"
        self.world.wait_for(running, deadline_s, f"nearcast on {self.node.name} to run")
        return self

    def stop(self, deadline_s=20):
        """Ends it in its orderly way (SIGTERM); returns its exit status."""
        return self.process.stop(deadline_s)

    def kill9(self, process=None):
        """SIGKILL for all its processes at once, or for the one of this name alone."""
        if process is None:
            self.process.kill9()
            return
        os.kill(self.pid(process), signal.SIGKILL)

    def pid(self, process="main"):
        """The pid of one of its processes, by the name that `status` gives it."""
        for found in self.json("status")["processes"]:
            if found["name"] == process:
                return found["pid"]
        raise KeyError(f"nearcast has no process {process}")

    def running(self):
        return self.process is not None and self.process.running()

    def logs(self):
        """All that its runs have written, oldest first."""
        text = ""
        for number in range(1, self._started + 1):
            path = os.path.join(self.folder, f"log.{number}")
            with open(path, encoding="utf-8", errors="replace") as file:
                text += file.read()
        return text

    def _at_the_end(self):
        found = SANITIZER.search(self.logs())
        if found:
            raise SanitizerReport(self.logs()[max(found.start() - 200, 0):][:6000])

    # ---- the command line

    def cli(self, *arguments, deadline_s=30, stdin=None):
        """Runs `nearcast ARGUMENTS` against this daemon; never raises for its status."""
        return self.node.run([binary(), "--runtime-dir", self.runtime_dir, "--config",
                              self.config_path, *arguments], check=False, stdin=stdin,
                             deadline_s=deadline_s, env=self.environment)

    def json(self, *arguments, statuses=(OK, DEGRADED), **options):
        """What `nearcast ARGUMENTS --json` prints, decoded."""
        done = self.cli(*arguments, "--json", **options)
        if done.returncode not in statuses:
            raise CliError(done)
        return json.loads(done.stdout)

    def reload(self, text=None):
        """Reloads, with a new configuration when one is given; returns the answer."""
        if text is not None:
            self.write_config(text)
        return self.json("reload")

    # ---- questions

    def service(self, name):
        """One service as docs/api.md has it."""
        return self.json("services", name)["services"][0]

    def neighbor(self, name):
        return self.json("neighbors", name)["neighbors"][0]

    def wait_service(self, name, state=None, deadline_s=20, **wanted):
        """Waits until the service is in this state and its fields are so; returns it."""
        if state is not None:
            wanted["state"] = state

        def look():
            service = self.service(name)
            wrong = {k: service[k] for k, v in wanted.items() if service[k] != v}
            if wrong:
                raise AssertionError(f"it has {wrong}, reason: {service['reason']}")
            return service
        return self.world.wait_for(look, deadline_s, f"service {name} to have {wanted}")

    def wait_neighbor(self, name, state="Established", deadline_s=30):
        """Waits until the session with this neighbour is in this state; returns it."""
        def look():
            neighbor = self.neighbor(name)
            if neighbor["state"] != state:
                raise AssertionError(f"it is {neighbor['state']}: {neighbor['last_reason']}")
            return neighbor
        return self.world.wait_for(look, deadline_s, f"neighbour {name} to be {state}")

    # ---- events

    def record_events(self):
        """Starts `nearcast events -f` for events(); ends with the world."""
        self._events = self.node.spawn(
            [binary(), "--runtime-dir", self.runtime_dir, "events", "-f", "--json"],
            log=os.path.join(self.name, "events.json"), env=self.environment,
            name=f"{self.name}-events")
        return self

    def events(self, kind=None, **wanted):
        """The recorded events of this type whose fields are so, oldest first."""
        found = []
        for line in self._events.log().splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if kind in (None, event.get("type")) and all(event.get(k) == v
                                                     for k, v in wanted.items()):
                found.append(event)
        return found

    def wait_event(self, kind, deadline_s=20, **wanted):
        """Waits for a recorded event of this type with these fields; returns the first."""
        return self.world.wait_for(lambda: self.events(kind, **wanted), deadline_s,
                                   f"an event {kind} with {wanted}")[0]


def check_config(path, *options):
    """`nearcast check-config` outside of any node: the finished process."""
    return subprocess.run([binary(), "check-config", "--config", str(path), *options],
                          capture_output=True, text=True, timeout=30, check=False,
                          env={**os.environ, **ENVIRONMENT})
