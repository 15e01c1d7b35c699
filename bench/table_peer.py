# SPDX-License-Identifier: Apache-2.0
"""Drives table-peer, the fast sender and receiver of bench/table: one process, many sessions."""
import json
import os
import select
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(os.environ.get("BUILD", os.path.join(HERE, "..", "build-release")),
                       "bench", "table-peer")


class PeerFailed(AssertionError):
    """The peers ended, lost a session or did not report in time."""


def session(local, remote, asn, duty):
    """The words for one session; duty: send, receive, listen or probe."""
    return f"{local},{remote},{asn},{duty}"


class TablePeer:
    """The sessions of one process in a node. Events are dicts as table-peer prints them."""

    def __init__(self, node, sessions, *options):
        self.count = len(sessions)
        self._events = []
        self._rest = b""
        self._process = subprocess.Popen(
            node.command([os.path.abspath(PROGRAM), *map(str, options), *sessions]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.table = self.wait("ready", deadline_s=120)

    @property
    def pid(self):
        return self._process.pid

    def command(self, line):
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _read(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
            return False
        data = os.read(self._process.stdout.fileno(), 1 << 20)
        if not data:
            raise PeerFailed(f"table-peer ended with status {self._process.wait()}")
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._events += map(json.loads, lines)
        return True

    def wait(self, kind, session=None, deadline_s=600):
        """Takes the next event of this kind (of this session); fails when a session is lost."""
        deadline = time.monotonic() + deadline_s
        while True:
            for event in self._events:
                if event["event"] == kind and session in (None, event.get("session")):
                    self._events.remove(event)
                    return event
                if event["event"] == "lost":
                    raise PeerFailed(f"session {event['session']} was lost: {event['why']}")
            if not self._read(deadline):
                raise PeerFailed(f"no '{kind}' within {deadline_s} s; seen: {self._events[-5:]}")

    def wait_all(self, kind, count=None, deadline_s=600):
        """One event of the kind of each of the first `count` sessions, in their order."""
        return [self.wait(kind, number, deadline_s) for number in range(count or self.count)]

    def connect(self, deadline_s=120):
        """Returns when all sessions are Established; the events."""
        self.command("connect")
        return self.wait_all("established", deadline_s=deadline_s)

    def stat(self):
        self.command("stat")
        return self.wait_all("stat")

    def close(self):
        self.command("quit")
        self._process.wait(30)
