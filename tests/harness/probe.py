# SPDX-License-Identifier: Apache-2.0
"""The probe process alone, driven by tests/unit/probe/driver.c, and services for it to check."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

from .wait import WaitFailed, wait_for

ADDRESS = "198.51.100.53"
ADDRESS6 = "2001:db8:53::53"
BUILD = os.path.join(os.path.dirname(os.environ.get("NEARCAST", "build/src/cli/nearcast")), "../..")
#: A release build has no tests; there it is built for the bench.
DRIVER = next((path for path in (os.path.join(BUILD, "tests/unit/probe/probe_driver"),
                                 os.path.join(BUILD, "bench/probe_driver"))
               if os.path.exists(path)), "probe_driver")

HEAD = """\
site: test
asn: 64500
router-id: 192.0.2.1
"""


def service(checks, addresses=(ADDRESS,), name="service"):
    """The configuration of one service; checks are lines such as "tcp: { port: 80 }"."""
    lines = "".join(f"      - {check}\n" for check in checks)
    return (f"  {name}:\n    addresses: [{', '.join(addresses)}]\n    checks:\n{lines}")


def site(*services):
    return HEAD + "services:\n" + "".join(services)


class Probe:
    """A probe process in a node, and everything it reported."""

    def __init__(self, node, config, arguments=(), prefix=()):
        self.node = node
        self.reports = []
        self.records = []
        self._files = 0
        self._log = open(os.path.join(node.folder, "probe.log"), "ab")
        self._popen = subprocess.Popen(node.command([*prefix, os.path.abspath(DRIVER), *arguments]),
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=self._log, text=True, bufsize=1)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.pid = wait_for(lambda: self._of("started"), 5, "the probe to start",
                            self.log)[0]["pid"]
        self.config(config)

    def log(self):
        with open(self._log.name, encoding="utf-8", errors="replace") as log:
            return {"probe": log.read()}

    def _read(self):
        for line in self._popen.stdout:
            record = json.loads(line)
            (self.reports if record["type"] == "report" else self.records).append(record)

    def _of(self, kind):
        return [record for record in self.records if record["type"] == kind]

    def _command(self, text):
        self._popen.stdin.write(text + "\n")

    def config(self, text):
        """Hands over a configuration and waits until it is in use."""
        self._files += 1
        path = os.path.join(self.node.folder, f"probe-{self._files}.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self._command(f"config {path}")
        self._wait(lambda: [r for r in self._of("ready") if r["number"] == self._files], 5,
                   "the configuration to be in use")

    def hurry(self):
        self._command("hurry")

    def last(self, check=0, svc=0):
        """The last report of a check, or None."""
        found = [r for r in self.reports if r["check"] == check and r["service"] == svc]
        return found[-1] if found else None

    def _wait(self, condition, deadline_s, what):
        """wait_for with our reports and log, which fails at once when the probe is dead."""
        def there():
            if self._popen.poll() is not None:
                raise WaitFailed(f"the probe is dead; wanted {what}\n{self.log()['probe']}")
            return condition()
        return wait_for(there, deadline_s, what,
                        lambda: {"reports": "\n".join(map(str, self.reports)), **self.log()})

    def wait(self, state, check=0, deadline_s=10, evidence=None, svc=0):
        """Waits until a check's last report says this state; returns that report."""
        def there():
            report = self.last(check, svc)
            if report and report["state"] == state and (
                    evidence is None or evidence in report["evidence"]):
                return report
            return None
        return self._wait(there, deadline_s, f"check {check} to be {state} ({evidence})")

    def outcome(self, outcome, evidence, check=0, deadline_s=10):
        """Waits until a probe of a check had this outcome with this evidence."""
        def there():
            report = self.last(check)
            return report if report and report["outcome"] == outcome \
                and evidence in report["evidence"] else None
        return self._wait(there, deadline_s, f"check {check} to have {outcome}: {evidence}")

    def heartbeats(self):
        """How often it said that it lives: by results if it has any, else by a word of its own."""
        return len(self._of("heartbeat")) + len(self._of("check-reports"))

    def stop(self):
        """Asks it to end; fails unless it did so in order and freed all it had."""
        with contextlib.suppress(BrokenPipeError):
            self._command("stop")
        status = self._popen.wait(20)
        self._reader.join(5)
        self._log.close()
        assert status == 0, f"driver ended with {status}\n{self.log()['probe']}"


@contextlib.contextmanager
def running(node, config, arguments=(), prefix=()):
    probe = Probe(node, config, arguments, prefix)
    try:
        yield probe
        probe.stop()
    finally:
        if probe._popen.poll() is None:
            probe._popen.kill()
            probe._popen.wait()


def bound(node, port, kind=socket.SOCK_STREAM, address=ADDRESS, backlog=64, reuse=False):
    """A bound (and for TCP listening) socket in the node, held by this process."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = node.socket(family, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((address, port))
    if kind == socket.SOCK_STREAM:
        made.listen(backlog)
    return made


class Holder:
    """Another process that holds a socket and does nothing, so that it can be killed."""

    def __init__(self, listener):
        self.pid = os.fork()
        if self.pid == 0:
            while True:
                signal.pause()
        listener.close()

    def kill(self):
        """SIGKILL; returns the monotonic time in nanoseconds just before."""
        before = time.monotonic_ns()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return before


def serve_tcp(listener, answer):
    """Answers each connection in a thread: answer(connection), then closes it."""
    def run():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    answer(connection)
                except OSError:
                    pass
    threading.Thread(target=run, daemon=True).start()


def serve_udp(bound_socket, answer):
    """Sends answer(datagram) (bytes, or a list of them, or None) back for each datagram."""
    def run():
        while True:
            try:
                datagram, peer = bound_socket.recvfrom(65535)
                answers = answer(datagram) or []
                for one in [answers] if isinstance(answers, bytes) else answers:
                    bound_socket.sendto(one, peer)
            except OSError:
                return
    threading.Thread(target=run, daemon=True).start()
