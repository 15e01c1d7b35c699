# SPDX-License-Identifier: Apache-2.0
"""A user that asks a question every few milliseconds and writes down who answered.

Two kinds of question: `id.server CH TXT` over UDP to the DNS service, and GET / over HTTP to the web
service. One question is in flight at a time; one without an answer after `TIMEOUT_S` is lost.
"""
import collections
import select
import socket
import struct
import threading
import time

EVERY_S = 0.002
TIMEOUT_S = 0.25

#: when (monotonic seconds, of the question), who answered (None: lost)
Answer = collections.namedtuple("Answer", "when who")


def _dns_question(number):
    name = b"\x02id\x06server\x00"
    return struct.pack(">HHHHHH", number & 0xffff, 0, 1, 0, 0, 0) + name + struct.pack(">HH", 16, 3)


def _dns_answer(data):
    """The text of the first TXT record: the last string of the answer."""
    if len(data) < 12 or struct.unpack(">H", data[6:8])[0] < 1:
        return None
    at = data.rfind(b"\x00\x10\x00\x03") + 10
    return data[at + 1:at + 1 + data[at]].decode("ascii", "replace")


class Asker(threading.Thread):
    """Asks until stop(). `kind` is dns or web."""

    def __init__(self, node, kind, address, port):
        super().__init__(daemon=True)
        self.node, self.kind, self.address, self.port = node, kind, address, port
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.answers = []
        self._end = threading.Event()

    def run(self):
        number = 0
        with self.node.inside():
            while not self._end.is_set():
                number += 1
                when = time.monotonic()
                try:
                    who = self._dns(number) if self.kind == "dns" else self._web()
                except OSError:
                    who = None
                self.answers.append(Answer(when, who))
                self._end.wait(max(0, when + EVERY_S - time.monotonic()))

    def _dns(self, number):
        with socket.socket(self.family, socket.SOCK_DGRAM) as s:
            s.settimeout(TIMEOUT_S)
            s.connect((self.address, self.port))
            s.send(_dns_question(number))
            return _dns_answer(s.recv(512))

    def _web(self):
        with socket.socket(self.family, socket.SOCK_STREAM) as s:
            s.settimeout(TIMEOUT_S)
            s.connect((self.address, self.port))
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            data = b""
            while True:
                ready, _, _ = select.select([s], [], [], TIMEOUT_S)
                part = s.recv(4096) if ready else b""
                if not part:
                    break
                data += part
            if b" 200 " not in data.split(b"\r\n", 1)[0]:
                return None
            return data.rsplit(b"\r\n", 1)[1].split()[0].decode()

    # ---- what it saw

    def now(self):
        """Who answered last."""
        return self.answers[-1].who if self.answers else None

    def since(self, when):
        return [answer for answer in list(self.answers) if answer.when >= when]

    def first_from(self, who, since):
        """The first answer of `who` to a question asked after `since`, or None."""
        return next((a for a in self.since(since) if a.who == who), None)

    def lost_since(self, since):
        return sum(1 for answer in self.since(since) if answer.who is None)

    def stop(self):
        self._end.set()
        self.join(2)
