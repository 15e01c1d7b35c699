# SPDX-License-Identifier: Apache-2.0
"""Sends the table of malformed UPDATEs to a daemon and records what it makes of each.

The cases come from tests/unit/wire/malformed_rows.h, printed by export_malformed: one table for
our own decoder and for everybody else's. Each case has a prefix of its own and goes so:

    tester -> daemon      a good route for the prefix, with a mark (a community)
    tester -> daemon      the malformed UPDATE
    tester -> daemon      a sentinel: another prefix
    daemon -> observer    the sentinel: now the daemon has decided; what does it say of the prefix?

What it says is one of SEEN. Nothing sleeps: the sentinel, or the end of the session, is awaited.

    tester 192.0.2.10.. (one address a session) ---- daemon .2 ---- 10.0.9.1 observer
"""
import collections
import contextlib
import dataclasses
import json
import os
import subprocess
import threading
import time

from . import bgpwire as wire
from .nearcast import Nearcast
from .peers import Neighbor
from .rawbgp import Speaker
from .wait import WaitFailed

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
EXPORT = os.path.join(ROOT, "build", "tests", "unit", "wire", "export_malformed")
#: What the rows of the table have in them.
ASN, HOP_4, HOP_6 = 65001, "192.0.2.1", "2001:db8::1"
PREFIX_4, PREFIX_6 = bytes.fromhex("c63364"), bytes.fromhex("20010db80001")
DAEMON_ASN, OBSERVER_ASN = 64500, 64999
MARK = "65001:4711"
DEADLINE_S = 20

#: kept: the new route is there; old: the marked one still is; nothing: there was no prefix;
#: silent: neither sentinel nor end.
SEEN = ("kept", "kept with the attribute", "old", "withdrawn", "nothing", "family ended", "reset",
        "silent")


@dataclasses.dataclass(frozen=True)
class Case:
    """One row of the table, with the prefix that this run gives it."""
    name: str
    session: str
    withdrawn: bytes
    attributes: bytes
    nlri: bytes
    verdict: str
    attribute: int
    reference: str
    index: int

    def prefix(self, version):
        """Its own prefix, as text."""
        if version == 4:
            return f"198.{18 + (self.index >> 8)}.{self.index & 255}.0/24"
        return f"2001:db8:{0x1000 + self.index:x}::/48"

    def sentinel(self):
        if self.session == "only-ipv6":
            return f"2001:db8:{0x8000 + self.index:x}::/48"
        return f"100.{64 + (self.index >> 8)}.{self.index & 255}.0/24"

    def versions(self):
        """Which prefixes it speaks of."""
        raw = self.withdrawn + b"|" + self.attributes + b"|" + self.nlri
        return [v for v, p in ((4, PREFIX_4), (6, PREFIX_6)) if p in raw]

    def message(self):
        """The UPDATE, with its own prefixes instead of those of the table."""
        parts = []
        for raw in (self.withdrawn, self.attributes, self.nlri):
            for version, prefix in ((4, PREFIX_4), (6, PREFIX_6)):
                raw = raw.replace(prefix, wire.prefix_bytes(self.prefix(version))[1:])
            parts.append(raw)
        withdrawn, attributes, nlri = parts
        body = (len(withdrawn).to_bytes(2, "big") + withdrawn
                + len(attributes).to_bytes(2, "big") + attributes + nlri)
        return wire.MARKER + (19 + len(body)).to_bytes(2, "big") + b"\2" + body


def cases():
    """The whole table."""
    lines = subprocess.run([EXPORT], capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in lines.splitlines()]
    return [Case(row["name"], row["session"], bytes.fromhex(row["withdrawn"]),
                 bytes.fromhex(row["attributes"]), bytes.fromhex(row["nlri"]), row["verdict"],
                 row["attribute"], row["reference"], index) for index, row in enumerate(rows)]


#: Sessions of the table that are held, and how many at a time: their cases are shared out.
SESSIONS = {"external": 6, "internal": 2, "old": 2, "only-ipv4": 1, "only-ipv6": 1,
            "next-hop-6": 1}


def shares(all_cases):
    """(session, cases) for each session that is to be held."""
    found = []
    for session, count in SESSIONS.items():
        mine = [case for case in all_cases if case.session == session]
        found += [(session, mine[n::count]) for n in range(count)]
    return found


class Tester:
    """One session with the daemon, and the cases that go over it."""

    def __init__(self, node, number, session, its_cases):
        self.node, self.session, self.cases = node, session, its_cases
        self.address = f"192.0.2.{10 + number}"
        self.internal = session == "internal"
        self.asn = DAEMON_ASN if self.internal else ASN
        self.families = {"only-ipv4": ("ipv4",), "only-ipv6": ("ipv6",)}.get(
            session, ("ipv4", "ipv6"))
        self.speaker = None
        self.seen = {}

    def neighbor(self):
        """The session as the daemon has it."""
        return Neighbor(self.address, self.asn, passive=True, families=self.families,
                        extended_nexthop=self.session == "next-hop-6")

    def connect(self):
        """A new session; the one before it has ended."""
        if self.speaker is not None:
            self.speaker.close()
        capabilities = [*map(wire.cap_multiprotocol, self.families), wire.cap_route_refresh(),
                        wire.cap_enhanced_refresh()]
        if self.session != "old":
            capabilities.append(wire.cap_four_octet_as(self.asn))
        if self.session == "next-hop-6":
            capabilities.append(wire.cap_extended_nexthop())
        self.speaker = Speaker(self.node, "192.0.2.2", self.asn, local=self.address,
                               router_id=f"10.1.1.{self.address.rpartition('.')[2]}",
                               capabilities=capabilities)
        self.speaker.establish(60)
        self.speaker.start_pump()

    def _good(self, prefix):
        four = self.session != "old"
        base = [wire.origin(), wire.as_path(ASN, four_octet=four)]
        more = [wire.local_pref(100)] if self.internal else []
        more.append(wire.communities(MARK))
        if ":" in prefix:
            return wire.update([wire.mp_reach("ipv6", HOP_6, [prefix]), *base, *more])
        return wire.update([*base, wire.next_hop(HOP_4), *more], nlri=[prefix])

    def closed(self):
        return self.speaker._pump_error is not None  # pylint: disable=protected-access

    def send_good(self, case):
        """The marked routes."""
        for prefix in self.prefixes(case):
            self.speaker.send(self._good(prefix))

    def send_bad(self, case):
        """The case, and the sentinel. What the other side does not take any more is no error."""
        with contextlib.suppress(OSError):
            self.speaker.send(case.message())
            self.speaker.send(self._good(case.sentinel()))

    def again(self, case):
        """The sentinel once more, changed: for who sends things in another order."""
        with contextlib.suppress(OSError):
            self.speaker.send(self._good(case.sentinel()).replace(b"\x12\x67", b"\x12\x68"))

    def prefixes(self, case):
        """The prefixes that can be seen."""
        return [case.prefix(v) for v in case.versions() if f"ipv{v}" in self.families]


def judge(case, states):
    """What was seen, from the states of its prefixes: None, or (communities, attributes)."""
    if not states:
        return "nothing"
    if any(state is not None and MARK not in state[0] for state in states):
        codes = set().union(*(state[1] for state in states if state is not None))
        carried = (case.verdict == "attribute-discard" and case.attribute in codes
                   and "3 g" not in case.reference)
        return "kept with the attribute" if carried else "kept"
    if any(state is None for state in states):
        return "withdrawn"
    return "old"


class Watcher:
    """What the daemon tells the observer: prefix -> (communities, attribute codes)."""

    def __init__(self, speaker):
        self._speaker, self._lock, self._read = speaker, threading.Lock(), 0
        self._table = {}

    def look(self, prefix):
        with self._lock:
            received = self._speaker.received
            while self._read < len(received):
                message = received[self._read]
                self._read += 1
                if message.kind != wire.UPDATE:
                    continue
                for gone in message.withdrawn:
                    self._table.pop(gone, None)
                state = (message.communities(), set(message.attributes))
                self._table.update({p: state for p in message.announced})
            return self._table.get(prefix)


class RouterTarget:
    """A daemon that passes routes on: seen through the observer."""

    def __init__(self, world, router):
        self.world = world
        self.node, self.tester_node = world.node("daemon"), world.node("tester")
        self.observer_node = world.node("observer")
        self.testers = testers(self.tester_node)
        link(world, self.node, self.tester_node, self.testers)
        # With IPv6, for the next hops of what is passed on.
        world.link(self.node, self.observer_node, ["10.0.9.1/24", "2001:db8:9::1/64"],
                   ["10.0.9.2/24", "2001:db8:9::2/64"])
        self.router = router(self.node, DAEMON_ASN, kernel=False, neighbors=[
            *(t.neighbor() for t in self.testers),
            Neighbor("10.0.9.2", OBSERVER_ASN, passive=True)])

    def run(self):
        """Case -> what was seen."""
        self.router.start()
        observer = Speaker(self.observer_node, "10.0.9.1", OBSERVER_ASN).establish(60)
        observer.start_pump()
        watcher = Watcher(observer)
        return in_threads(self.testers, lambda tester: self._replay(tester, watcher))

    def _replay(self, tester, watcher):
        tester.connect()
        for case in tester.cases:
            self._send_good(tester, case, watcher)
            tester.send_bad(case)
            seen = self._await(tester, case, watcher, lambda state: state is not None)
            if seen == "old":
                tester.again(case)
                seen = self._await(tester, case, watcher,
                                   lambda state: state is not None and MARK not in state[0])
            if self.router.kind == "nearcast" and case.verdict == "afi-safi-disable":
                # It really ends a family and keeps the session: the others cannot.
                seen = "family ended" if seen in ("withdrawn", "nothing", "silent") else seen
            tester.seen[case] = seen
            if seen in ("reset", "silent", "family ended"):
                if hasattr(self.router, "again"):
                    self.router.again(tester.address)
                tester.connect()

    def _send_good(self, tester, case, watcher):
        """The marked routes, until the observer has them.

        FRR loses what arrives while it moves a connection it accepted to its configured peer; a
        session of another daemon is therefore made anew when the routes do not come. Ours gets no
        second chance."""
        chances = 1 if self.router.kind == "nearcast" else 3
        for left in reversed(range(chances)):
            tester.send_good(case)
            try:
                self.world.wait_for(lambda: all(map(watcher.look, tester.prefixes(case))),
                                    DEADLINE_S, f"good routes: {case.name}")
                return
            except WaitFailed:
                if left == 0:
                    raise
                tester.connect()

    @staticmethod
    def _await(tester, case, watcher, there):
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            if there(watcher.look(case.sentinel())):
                return judge(case, [watcher.look(p) for p in tester.prefixes(case)])
            if tester.closed():
                return "reset"
            time.sleep(0.002)
        return "silent"


class NearcastRouter:
    """nearcast as a router that passes on all that it takes."""

    kind = "nearcast"

    def __init__(self, node, asn, kernel, neighbors):
        del kernel
        lines = ["site: here", f"asn: {asn}", "router-id: 192.0.2.2", "services:", "  web:",
                 "    addresses: [203.0.113.80]", "    manage-addresses: false", "neighbors:"]
        for neighbor in neighbors:
            lines.append(f"  {self._name(neighbor.address)}: {{ address: {neighbor.address},"
                         f" asn: {neighbor.asn}, families: [{', '.join(neighbor.families)}],"
                         " passive: true, import: all, export: all,"
                         f" extended-next-hop: {str(neighbor.extended_nexthop).lower()} }}")
        self.nearcast = Nearcast(node, "\n".join([*lines, ""]))

    @staticmethod
    def _name(address):
        return "n-" + address.replace(".", "-")

    def start(self):
        self.nearcast.start()

    def again(self, address):
        """Who fails has to wait longer each time, unless the operator says otherwise."""
        self.nearcast.cli("neighbor", "reset", self._name(address))


def testers(node):
    return [Tester(node, number, session, mine)
            for number, (session, mine) in enumerate(shares(cases()))]


def link(world, daemon, tester, all_testers):
    """The network of the next hops."""
    world.link(daemon, tester, ["192.0.2.2/24", "2001:db8::2/64"],
               [f"{HOP_4}/24", f"{HOP_6}/64", *(f"{t.address}/24" for t in all_testers)])


def in_threads(all_testers, replay):
    """Each tester in a thread of its own; case -> what was seen."""
    errors = collections.deque()

    def guarded(tester):
        try:
            replay(tester)
        except BaseException as error:  # pylint: disable=broad-except
            errors.append(error)
    threads = [threading.Thread(target=guarded, args=(t,), daemon=True) for t in all_testers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return {case: seen for tester in all_testers for case, seen in tester.seen.items()}
