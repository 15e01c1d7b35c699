# SPDX-License-Identifier: Apache-2.0
"""A process that runs in the background in a node, with its log in a file."""
import os
import signal
import subprocess

from .wait import WaitFailed, tail, wait_for


class Process:
    """A started program. Its output goes to `log_path`; it leads its own process group."""

    def __init__(self, argv, log_path, env=None, cwd=None, name=None, stdin=None):
        self.argv = argv
        self.name = name or os.path.basename(argv[0])
        self.log_path = str(log_path)
        with open(self.log_path, "ab") as log:
            self._popen = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL if stdin is None else stdin, stdout=log,
                stderr=subprocess.STDOUT, env=env, cwd=cwd, start_new_session=True)

    @property
    def pid(self):
        return self._popen.pid

    def status(self):
        """None while it runs, then the exit status (negative: the signal that ended it)."""
        return self._popen.poll()

    def running(self):
        return self.status() is None

    def log(self):
        """All it has written so far."""
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def signal(self, number):
        """Sends a signal to the process alone."""
        if self.running():
            os.kill(self.pid, number)

    def wait(self, deadline_s=10):
        """Waits for the end, returns the exit status."""
        try:
            return self._popen.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise WaitFailed(f"waited {deadline_s} s for {self.name} to end\n"
                             + tail(self.log())) from None

    def stop(self, deadline_s=10):
        """Asks it to end (SIGTERM), waits, returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(deadline_s)

    def kill9(self):
        """Ends it and its process group with SIGKILL, waits until it is gone."""
        if self.running():
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return self._popen.wait(10)

    def wait_for_log(self, text, deadline_s=20):
        """Waits until the log has `text`; fails at once when the process has ended."""
        def seen():
            if text in self.log():
                return True
            if not self.running():
                raise WaitFailed(f"{self.name} ended with status {self.status()} before it "
                                 f"wrote {text!r}\n{tail(self.log())}")
            return False
        return wait_for(seen, deadline_s, f"{text!r} in the log of {self.name}",
                        lambda: {self.name: self.log()})
