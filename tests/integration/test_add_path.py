# SPDX-License-Identifier: Apache-2.0
"""ADD-PATH (RFC 7911) with real daemons, both ways at once.

    first (BIRD, AS 64601) ---- site (nearcast, AS 64500) ---- peer (AS 64501)
                           \\__ second (BIRD, AS 64602) __/       each of both has a link
                            \\________________________________/    to site and to peer

`first` and `second` announce the same prefix to both. Site and peer pass all they know on to
each other: each holds the two direct routes and the two by way of the other.
"""
import pytest

from harness.interop import cell
from harness.nearcast import Nearcast
from harness.peers import ROUTERS, Bird, Neighbor
from harness.wait import holds_for

PREFIX = "203.0.113.0/24"
SITE_ASN, PEER_ASN, FIRST, SECOND = 64500, 64501, 64601, 64602
SITE = """\
site: here
asn: 64500
router-id: 10.0.0.1
neighbors:
  peer:   {{ address: 10.0.0.2, asn: 64501, import: all, export: {{ learned: all }},
            families: [ipv4], connect-retry: 1s, add-path: {add_path} }}
  first:  {{ address: 10.0.1.2, asn: 64601, import: all, families: [ipv4], connect-retry: 1s }}
  second: {{ address: 10.0.2.2, asn: 64602, import: all, families: [ipv4], connect-retry: 1s }}
"""


class Square:
    """The four of them."""

    def __init__(self, world, kind):
        self.world = world
        self.kind = kind
        self.nodes = {name: world.node(name) for name in ("site", "peer", "first", "second")}
        world.link(self.nodes["site"], self.nodes["peer"], ["10.0.0.1/24"], ["10.0.0.2/24"])
        for number, name in ((1, "first"), (2, "second")):
            world.link(self.nodes["site"], self.nodes[name], [f"10.0.{number}.1/24"],
                       [f"10.0.{number}.2/24"])
            world.link(self.nodes["peer"], self.nodes[name], [f"10.1.{number}.1/24"],
                       [f"10.1.{number}.2/24"])
        self.site = self.peer = None
        self.ends = {}

    def start(self, add_path="both"):
        """Starts all, and waits for the sessions of the site."""
        self.site = Nearcast(self.nodes["site"], SITE.format(add_path=add_path)).start()
        for number, name, asn in ((1, "first", FIRST), (2, "second", SECOND)):
            self.ends[name] = Bird(
                self.nodes[name], asn, kernel=False, originate=[PREFIX],
                neighbors=[Neighbor(f"10.0.{number}.1", SITE_ASN, families=("ipv4",)),
                           Neighbor(f"10.1.{number}.1", PEER_ASN, families=("ipv4",))])
            self.ends[name].start()
        self.peer = ROUTERS[self.kind](
            self.nodes["peer"], PEER_ASN, kernel=False,
            neighbors=[Neighbor("10.0.0.1", SITE_ASN, families=("ipv4",), add_path=True),
                       Neighbor("10.1.1.2", FIRST, families=("ipv4",)),
                       Neighbor("10.1.2.2", SECOND, families=("ipv4",))])
        self.peer.start()
        for name in ("peer", "first", "second"):
            self.site.wait_neighbor(name)
        return self

    def received(self):
        """The AS paths of what the site has from the peer, sorted, and their identifiers."""
        routes = self.site.json("routes", "-k", "received", "-n", "peer")["routes"]
        return (sorted(tuple(map(int, r["as_path"].split())) for r in routes),
                {r["path_id"] for r in routes})

    def wait_both(self, *ends, deadline_s=30):
        """Until each has the routes of these, by way of the other, and no more."""
        ours = sorted((SITE_ASN, asn) for asn in ends)
        theirs = sorted((PEER_ASN, asn) for asn in ends)

        def there():
            shown = [path for path in self.peer.as_paths(PREFIX) if path[0] == SITE_ASN]
            assert shown == ours, f"the peer has {shown}"
            held, ids = self.received()
            assert held == theirs, f"the site has {held}"
            assert len(ids) == len(held) and None not in ids
            return True
        self.world.wait_for(there, deadline_s, f"routes of {ends} on both sides")


@pytest.fixture(name="pair")
def one_square(world, request):
    return Square(world, request.param)


@cell("ADD-PATH", "add_path")
def test_add_path(pair):
    pair.start()
    assert pair.site.neighbor("peer")["add_path"] == {"ipv4": "both"}
    pair.wait_both(FIRST, SECOND)
    established = pair.site.neighbor("peer")["established"]
    # One goes and comes back: the other is not touched.
    pair.ends["first"].withdraw(PREFIX)
    pair.wait_both(SECOND)
    pair.ends["first"].announce(PREFIX)
    pair.wait_both(FIRST, SECOND)
    pair.ends["second"].kill9()
    pair.wait_both(FIRST)
    # Fewer are sent after a reload, in the same session.
    pair.ends["second"].start()
    pair.wait_both(FIRST, SECOND)
    pair.site.reload(SITE.format(add_path="{ mode: both, best: 1 }"))

    def one():
        shown = [path for path in pair.peer.as_paths(PREFIX) if path[0] == SITE_ASN]
        return len(shown) == 1
    pair.world.wait_for(one, 20, "one route by way of the site")
    holds_for(one, 1, "that it is one")
    assert pair.site.neighbor("peer")["established"] == established
    assert pair.site.neighbor("peer")["counters"]["treat-as-withdraw"] == 0
