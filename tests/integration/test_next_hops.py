# SPDX-License-Identifier: Apache-2.0
"""Next hops in the kernel's table: routes of real BIRDs whose next hops come and go.

                        .---- 10.0.1.0/24 ---- .2 near (BIRD, AS 64500: internal)
    site (nearcast) .1 -+
                        '---- 10.0.2.0/24 ---- .2 far  (BIRD, AS 64500: internal)

Both say 45.1.0.0/16, with the next hops 198.51.100.1 and 198.51.100.2, to which only static routes lead.
"""
import pytest

from harness.nearcast import Nearcast
from harness.peers import Bird, Neighbor, Origin

PREFIX = "45.1.0.0/16"
CONFIG = """\
site: fra1
asn: 64500
router-id: 10.0.0.1
kernel: {{ next-hop-tracking: {tracking} }}
neighbors:
  near: {{ address: 10.0.1.2, asn: 64500, import: all, connect-retry: 1s }}
  far:  {{ address: 10.0.2.2, asn: 64500, import: all, connect-retry: 1s }}
"""


class Site:
    def __init__(self, world, tracking="on"):
        self.world, self.node, self.birds = world, world.node("site"), {}
        for number, name in enumerate(("near", "far"), 1):
            node = world.node(name)
            world.link(self.node, node, [f"10.0.{number}.1/24"], [f"10.0.{number}.2/24"])
            hop = f"198.51.100.{number}"
            node.add_address("lo", f"{hop}/32")
            self.birds[name] = Bird(
                node, 64500, kernel=False, originate=[Origin(PREFIX, next_hop=hop)],
                neighbors=[Neighbor(f"10.0.{number}.1", 64500, families=("ipv4",))]).start()
        self.nearcast = Nearcast(self.node, CONFIG.format(tracking=tracking)).start()
        for name in self.birds:
            self.nearcast.wait_neighbor(name)
        world.wait_for(lambda: len(self.nearcast.json("routes", "--kind", "received")["routes"]) == 2,
                       20, "both routes")

    def best(self):
        """The neighbour of the best route, or None."""
        routes = self.nearcast.json("routes", PREFIX)["routes"]
        return routes[0]["neighbor"] if routes[0]["status"] == "best" else None

    def status(self):
        return {r["neighbor"]: r["status"] for r in self.nearcast.json("routes", PREFIX)["routes"]}

    def wait_best(self, name, deadline_s=5):
        self.world.wait_for(lambda: self.best() == name, deadline_s, f"the best route to be that of {name}")

    def hops(self):
        return {h["address"]: h for h in self.nearcast.json("nexthops")["next_hops"]}


@pytest.fixture(name="site")
def a_site(world):
    return Site(world)


def test_routes_follow_the_kernel(site):
    assert site.status() == {"near": "unreachable", "far": "unreachable"}
    assert site.hops()["198.51.100.1"]["state"] == "no-route"
    site.node.add_route("198.51.100.1/32", "10.0.1.2", metric=20)
    site.wait_best("near")
    assert site.status()["far"] == "unreachable"
    hop = site.hops()["198.51.100.1"]
    assert (hop["state"], hop["usable"], hop["direct"], hop["metric"]) == ("resolved", True, False, 20)
    assert (hop["gateway"], hop["route"]) == ("10.0.1.2", "198.51.100.1/32")
    # The nearer one wins, whatever comes first.
    site.node.add_route("198.51.100.2/32", "10.0.2.2", metric=10)
    site.wait_best("far")
    assert "nearer next hop: 10 against 20" in site.nearcast.json("routes", PREFIX)["routes"][0]["why"]
    # A replacement by another metric of its own.
    site.node.ip("route del 198.51.100.2/32 metric 10", "route add 198.51.100.2/32 via 10.0.2.2 metric 30")
    site.wait_best("near")
    site.node.ip("route del 198.51.100.1/32")
    site.wait_best("far")
    site.node.ip("route replace blackhole 198.51.100.2/32 metric 5")
    site.world.wait_for(lambda: site.hops()["198.51.100.2"]["state"] == "unreachable", 5, "the black hole")
    assert site.best() is None
    page = site.nearcast.cli("nexthops").stdout
    assert "198.51.100.2" in page and "discarded" in page and "no route" in page


def test_a_link_that_goes_down(site):
    """The kernel removes IPv4 routes over a link that is set down without telling."""
    site.node.add_route("198.51.100.1/32", "10.0.1.2", metric=10)
    site.node.add_route("198.51.100.2/32", "10.0.2.2", metric=20)
    site.wait_best("near")
    site.node.link_down(next(name for name, addresses in site.node.addresses.items()
                             if any(str(a) == "10.0.1.1/24" for a in addresses)))
    site.wait_best("far", 2)
    site.world.wait_for(lambda: site.hops().get("198.51.100.1", {}).get("state", "no-route") == "no-route",
                        5, "its route to be known as gone")


def test_our_own_address_is_no_next_hop(site):
    site.node.add_address("lo", "198.51.100.1/32")
    site.world.wait_for(lambda: site.hops()["198.51.100.1"]["state"] == "ours", 5, "it to be ours")
    assert site.best() is None


def test_many_changes(site):
    """More news than a socket holds: all is read again, and the end is right."""
    site.node.add_route("198.51.100.1/32", "10.0.1.2", metric=10)
    site.wait_best("near")
    before = site.nearcast.json("nexthops")["kernel_routes"]
    lines = [f"route add 100.{n >> 8}.{n & 255}.0/24 via 10.0.1.2" for n in range(20000)]
    site.node.ip(*lines, "route del 198.51.100.1/32", "route add 198.51.100.2/32 via 10.0.2.2")
    site.wait_best("far", 20)
    site.world.wait_for(lambda: site.nearcast.json("nexthops")["kernel_routes"] == before + 20000,
                        20, "all routes")
    site.node.ip(*(line.replace("add", "del") for line in lines))
    site.world.wait_for(lambda: site.nearcast.json("nexthops")["kernel_routes"] == before, 20, "none")


def test_it_can_be_off(world):
    site = Site(world, "auto")
    document = site.nearcast.json("nexthops")
    assert not document["tracked"] and document["next_hops"] == []
    assert site.best() is not None
    site.nearcast.reload(CONFIG.format(tracking="on"))
    world.wait_for(lambda: site.best() is None, 5, "no route to be usable")
    site.nearcast.reload(CONFIG.format(tracking="off"))
    world.wait_for(lambda: site.best() is not None, 5, "a best route")
