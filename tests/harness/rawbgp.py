# SPDX-License-Identifier: Apache-2.0
"""A BGP speaker that does exactly what a test tells it to, right or wrong.

    speaker = Speaker(node, "10.0.0.1", asn=64999)
    speaker.establish()                                  # TCP, OPEN, KEEPALIVE
    speaker.announce("198.51.100.0/24", next_hop="10.0.0.2")
    speaker.send(bgpwire.update([...], length=7))        # any bytes at all
    assert speaker.expect(bgpwire.NOTIFICATION).code == 3

Its socket lives in the node, the speaker itself in the test: nothing runs by itself, nothing
is read unless the test reads, until start_pump() puts a thread behind it that reads all,
remembers it and sends keepalives.
"""
import contextlib
import ipaddress
import socket
import struct
import threading
import time

from . import bgpwire as wire
from .wait import WaitFailed, wait_for

TCP_MD5SIG = 14
IP_MINTTL, IPV6_MINHOPCOUNT = 21, 73
BGP_PORT = 179


class Closed(Exception):
    """The other side ended the connection."""


class TimedOut(WaitFailed):
    """Nothing came in time."""


class Speaker:
    """One neighbour of the daemon under test. Not for use by several threads at once."""

    def __init__(self, node, remote, asn, *, local=None, router_id="10.9.9.9", hold_s=90,
                 families=("ipv4", "ipv6"), graceful_restart=False, capabilities=None,
                 password=None, ttl=None, min_ttl=None, receive_buffer=None, interface=None, port=BGP_PORT):
        """`capabilities`: a list of bytes that replaces the usual ones."""
        self.node = node
        self.remote = remote
        self.asn = asn
        self.local = local or node.local_address_for(remote)
        self.router_id = router_id
        self.hold_s = hold_s
        self.families = families
        self.graceful_restart = graceful_restart
        self.capabilities = self.usual_capabilities() if capabilities is None else capabilities
        self.password = password
        self.ttl = ttl
        self.min_ttl = min_ttl
        self.receive_buffer = receive_buffer
        self.interface = interface
        self.port = port
        #: All messages that were read, oldest first.
        self.received = []
        #: The OPEN of the other side.
        self.peer = None
        self.socket = None
        self._listener = None
        self._pump = None
        self._pump_error = None
        self._stop = threading.Event()
        node.world.closers.append(self.close)

    def usual_capabilities(self):
        """What any speaker of today announces."""
        return [*map(wire.cap_multiprotocol, self.families), wire.cap_route_refresh(),
                wire.cap_four_octet_as(self.asn),
                *([wire.cap_graceful_restart(families=self.families)]
                  if self.graceful_restart else [])]

    # ---- the connection

    def _new_socket(self):
        version = ipaddress.ip_address(self.remote).version
        made = self.node.socket(socket.AF_INET if version == 4 else socket.AF_INET6)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.receive_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        level, ttl, least = ((socket.IPPROTO_IP, socket.IP_TTL, IP_MINTTL) if version == 4 else
                             (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, IPV6_MINHOPCOUNT))
        if self.ttl is not None:
            made.setsockopt(level, ttl, self.ttl)
        if self.min_ttl is not None:
            made.setsockopt(level, least, self.min_ttl)
        if self.password:
            made.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, self._signature(made.family))
        return made

    def _signature(self, family):
        """struct tcp_md5sig of linux/tcp.h."""
        address = ipaddress.ip_address(self.remote).packed
        where = (struct.pack("=HH4s", family, 0, address) if len(address) == 4 else
                 struct.pack("=HHI16sI", family, 0, 0, address, 0)).ljust(128, b"\0")
        key = self.password.encode()
        return where + struct.pack("=BBHi80s", 0, 0, len(key), 0, key)

    def _sockaddr(self, address, port):
        if ":" not in address:
            return (address, port)
        scope = 0
        if self.interface:
            with self.node.inside():
                scope = socket.if_nametoindex(self.interface)
        return (address, port, 0, scope)

    def connect(self, deadline_s=10):
        """Opens the TCP connection, once; raises OSError when it is refused."""
        made = self._new_socket()
        try:
            made.settimeout(deadline_s)
            if self.local:
                made.bind(self._sockaddr(self.local, 0))
            made.connect(self._sockaddr(self.remote, self.port))
        except OSError:
            made.close()
            raise
        self.socket = made
        return self

    def connect_retrying(self, deadline_s=20):
        """Opens the TCP connection, again and again until somebody listens."""
        wait_for(lambda: self.connect(2), deadline_s,
                 f"{self.remote} to take a connection", self.node.world.logs)
        return self

    def listen(self):
        """Takes connections from now on; accept() returns with one."""
        self._listener = self._new_socket()
        self._listener.bind(self._sockaddr(self.local or ("::" if ":" in self.remote else
                                                          "0.0.0.0"), self.port))
        self._listener.listen()
        return self

    def accept(self, deadline_s=20):
        """Waits for the other side to connect. The listener stays open."""
        if self._listener is None:
            self.listen()
        self._listener.settimeout(deadline_s)
        try:
            self.socket, _address = self._listener.accept()
        except TimeoutError:
            raise TimedOut(f"waited {deadline_s} s for {self.remote} to connect\n"
                           + self.node.world.tails()) from None
        return self

    def close(self):
        """Ends the connection and the listener, if there are any."""
        self.stop_pump()
        for opened in (self.socket, self._listener):
            if opened is not None:
                opened.close()
        self.socket = self._listener = None

    def reset(self):
        """Ends the connection with a TCP reset."""
        self.stop_pump()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        self.socket = None

    # ---- sending

    def send(self, data, chunk=None):
        """Sends any bytes; with `chunk` in pieces of so many octets, each a packet."""
        if chunk is None:
            self.socket.sendall(data)
            return
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), chunk):
            self.socket.sendall(data[start:start + chunk])

    def send_open(self, **changes):
        """Sends its OPEN, with changes to the arguments of bgpwire.open_message()."""
        self.send(wire.open_message(**{"asn": self.asn, "router_id": self.router_id,
                                       "hold_s": self.hold_s,
                                       "capabilities": self.capabilities, **changes}))

    def send_keepalive(self):
        self.send(wire.keepalive())

    def announce(self, *prefixes, next_hop=None, path=None, more=()):
        """Announces prefixes of one family with sound attributes and `more` of them (bytes)."""
        family = f"ipv{ipaddress.ip_network(prefixes[0]).version}"
        base = [wire.origin(), wire.as_path(*(path or (self.asn,)))]
        hop = next_hop or self.local
        if family == "ipv4" and ":" not in hop:
            self.send(wire.update([*base, wire.next_hop(hop), *more], nlri=prefixes))
        else:
            self.send(wire.update([wire.mp_reach(family, hop, prefixes), *base, *more]))

    def withdraw(self, *prefixes):
        family = f"ipv{ipaddress.ip_network(prefixes[0]).version}"
        self.send(wire.update(withdrawn=prefixes) if family == "ipv4" else
                  wire.update([wire.mp_unreach(family, prefixes)]))

    def end_of_rib(self):
        for family in self.families:
            self.send(wire.end_of_rib(family))

    # ---- receiving

    def receive(self, deadline_s=10):
        """The next message. Raises Closed at the end of the connection, TimedOut, Malformed."""
        end = time.monotonic() + deadline_s
        kind, size = wire.parse_header(self._exactly(wire.HEADER_BYTES, end))
        message = wire.parse(kind, self._exactly(size, end))
        self.received.append(message)
        return message

    def _exactly(self, count, end):
        data = b""
        while len(data) < count:
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            try:
                part = self.socket.recv(count - len(data))
            except TimeoutError:
                raise TimedOut(f"nothing more came from {self.remote} in time; so far "
                               f"{self.names()}\n{self.node.world.tails()}") from None
            except ConnectionError as error:
                raise Closed(f"{error}; before that {self.names()}") from error
            if not part:
                raise Closed(f"{self.remote} closed; before that {self.names()}")
            data += part
        return data

    def names(self):
        """The types of what was received, for messages."""
        return [message.name for message in self.received]

    def expect(self, kind, deadline_s=10, skip=(wire.KEEPALIVE,)):
        """The next message, which must be of this type; those of `skip` are passed over."""
        end = time.monotonic() + deadline_s
        while True:
            message = self.receive(max(end - time.monotonic(), 0.001))
            if message.kind == kind:
                return message
            if message.kind not in skip:
                raise AssertionError(f"{wire.TYPES[kind]} expected, {message} came")

    def wait_message(self, predicate, deadline_s=10, what="a message"):
        """The first message, of those read already or to come, for which predicate is true."""
        end, seen = time.monotonic() + deadline_s, 0
        while True:
            while seen < len(self.received):
                if predicate(self.received[seen]):
                    return self.received[seen]
                seen += 1
            if self._pump is None:
                self.receive(max(end - time.monotonic(), 0.001))
                continue
            start = seen
            wait_for(lambda start=start: len(self.received) > start or self._pump_error,
                     max(end - time.monotonic(), 0.001), what, self.node.world.logs)
            if self._pump_error and len(self.received) == seen:
                raise self._pump_error

    def wait_update(self, prefix, deadline_s=10, withdrawn=False):
        """The first UPDATE that announces (or withdraws) the prefix."""
        prefix = str(ipaddress.ip_network(prefix))
        return self.wait_message(
            lambda m: m.kind == wire.UPDATE and prefix in (m.withdrawn if withdrawn else
                                                           m.announced),
            deadline_s, f"{prefix} to be {'withdrawn' if withdrawn else 'announced'}")

    def table(self):
        """prefix -> Update: what the other side announces, from all that was read so far."""
        found = {}
        for message in self.received:
            if message.kind == wire.UPDATE:
                for prefix in message.withdrawn:
                    found.pop(prefix, None)
                found.update({prefix: message for prefix in message.announced})
        return found

    def wait_closed(self, deadline_s=10):
        """Reads until the other side ends the connection; returns the last NOTIFICATION."""
        end = time.monotonic() + deadline_s
        with contextlib.suppress(Closed):
            while self._pump is None:
                self.receive(max(end - time.monotonic(), 0.001))
            wait_for(lambda: self._pump_error, deadline_s, f"{self.remote} to close",
                     self.node.world.logs)
        last = [m for m in self.received if m.kind == wire.NOTIFICATION]
        return last[-1] if last else None

    # ---- sessions

    def handshake(self, deadline_s=10):
        """OPEN and KEEPALIVE to and fro over the connection that is there."""
        self.send_open()
        self.peer = self.expect(wire.OPEN, deadline_s, skip=())
        self.send_keepalive()
        self.expect(wire.KEEPALIVE, deadline_s, skip=())
        return self

    def establish(self, deadline_s=30):
        """Connects and shakes hands, again where the other side is not ready for it yet."""
        def attempt():
            self._forget()
            self.connect(2)
            return self.handshake(5)
        return wait_for(attempt, deadline_s, f"a session with {self.remote}",
                        self.node.world.logs)

    def establish_passive(self, deadline_s=30):
        """Waits for the other side to connect and shakes hands."""
        self.accept(deadline_s)
        return self.handshake(deadline_s)

    def _forget(self):
        if self.socket is not None:
            self.socket.close()
        self.socket, self.received = None, []

    # ---- the thread behind it

    def start_pump(self):
        """From now on a thread reads everything into `received` and sends keepalives."""
        self._stop.clear()
        self._pump_error = None
        self._pump = threading.Thread(target=self._run_pump, daemon=True)
        self._pump.start()
        return self

    def stop_pump(self):
        if self._pump is not None:
            self._stop.set()
            self._pump.join()
            self._pump = None

    def _run_pump(self):
        agreed_s = min(self.hold_s, self.peer.hold_s) if self.peer else self.hold_s
        every_s = agreed_s / 3 if agreed_s else float("inf")
        due = time.monotonic() + every_s
        pending = b""
        try:
            while not self._stop.is_set():
                if time.monotonic() >= due:
                    self.send_keepalive()
                    due = time.monotonic() + every_s
                pending = self._pump_once(pending)
        except (Closed, OSError, wire.Malformed) as error:
            self._pump_error = error if isinstance(error, Closed) else Closed(str(error))

    def _pump_once(self, pending):
        """Reads what is there, at most 50 ms long; keeps the messages that are whole."""
        self.socket.settimeout(0.05)
        try:
            part = self.socket.recv(65536)
        except TimeoutError:
            return pending
        if not part:
            raise Closed(f"{self.remote} closed; before that {self.names()}")
        pending += part
        while len(pending) >= wire.HEADER_BYTES:
            kind, size = wire.parse_header(pending[:wire.HEADER_BYTES])
            if len(pending) < wire.HEADER_BYTES + size:
                break
            self.received.append(wire.parse(kind, pending[wire.HEADER_BYTES:][:size]))
            pending = pending[wire.HEADER_BYTES + size:]
        return pending

    @property
    def open(self):
        """True while the pump has not seen the end of the connection."""
        return self._pump is not None and self._pump_error is None
