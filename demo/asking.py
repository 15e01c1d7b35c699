# SPDX-License-Identifier: Apache-2.0
"""A user that asks a question every few milliseconds and writes down who answered.

Two kinds of question: `id.server CH TXT` over UDP to the DNS service, and GET / over HTTP to the web
service. A question without an answer after `TIMEOUT_S` is lost.
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
        with self.node.inside():
            if self.kind == "dns":
                self._dns()
            else:
                self._web()

    # ---- DNS: a question every EVERY_S whatever became of those before it

    def _dns(self):
        with socket.socket(self.family, socket.SOCK_DGRAM) as s:
            s.setblocking(False)
            s.connect((self.address, self.port))
            waiting, number, due = collections.OrderedDict(), 0, time.monotonic()
            while not self._end.is_set():
                now = time.monotonic()
                if now >= due:
                    number = (number + 1) & 0xffff
                    waiting[number] = now
                    due = max(due + EVERY_S, now)
                    self._send(s, number)
                self._forget_old(waiting, now)
                if select.select([s], [], [], max(0, due - time.monotonic()))[0]:
                    self._receive(s, waiting)

    @staticmethod
    def _send(s, number):
        try:
            s.send(_dns_question(number))
        except OSError:
            pass  # an ICMP error of an earlier question; this one counts as lost if unanswered

    def _receive(self, s, waiting):
        try:
            data = s.recv(512)
        except OSError:
            return
        when = waiting.pop(struct.unpack(">H", data[:2])[0], None)
        if when is not None:
            self.answers.append(Answer(when, _dns_answer(data)))

    def _forget_old(self, waiting, now):
        while waiting and next(iter(waiting.values())) < now - TIMEOUT_S:
            self.answers.append(Answer(waiting.popitem(last=False)[1], None))

    # ---- web: one connection after another

    def _web(self):
        while not self._end.is_set():
            when = time.monotonic()
            try:
                who = self._get()
            except OSError:
                who = None
            self.answers.append(Answer(when, who))
            self._end.wait(max(0, when + EVERY_S - time.monotonic()))

    def _get(self):
        with socket.socket(self.family, socket.SOCK_STREAM) as s:
            s.settimeout(TIMEOUT_S)
            s.connect((self.address, self.port))
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            data = b""
            while part := s.recv(4096):
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
        """The earliest question after `since` that `who` answered, or None."""
        return min((a for a in self.since(since) if a.who == who), default=None,
                   key=lambda a: a.when)

    def lost_since(self, since):
        return sum(1 for answer in self.since(since) if answer.who is None)

    def stop(self):
        self._end.set()
        self.join(2)
