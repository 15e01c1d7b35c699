# SPDX-License-Identifier: Apache-2.0
"""Route reflection and the route server between real daemons.

    west (.2) ---- hub (.1) ---- east (.3)          on one LAN, 10.0.0.0/24; sessions with the hub only

The hub is nearcast and the others are its clients; then the hub is another daemon, and nearcast
is a client that hears what was reflected or served.
"""
import pytest

from harness.nearcast import Nearcast
from harness.peers import Bird, Frr, GoBgp, Neighbor, Origin

ASN, WEST, EAST = 64500, 64501, 64502
PREFIX, OTHER = "45.10.0.0/24", "45.11.0.0/24"
HUB = """\
site: hub
asn: {asn}
router-id: 10.0.0.1
{more}
neighbors:
  west: {{ address: 10.0.0.2, asn: {west}, import: all, connect-retry: 1s, {west_more} }}
  east: {{ address: 10.0.0.3, asn: {east}, import: all, connect-retry: 1s, {east_more} }}
"""
LEAF = """\
site: leaf
asn: {asn}
router-id: 10.0.0.{host}
services:
  web: {{ addresses: [198.51.100.80], announce: [198.51.100.0/24] }}
neighbors:
  hub: {{ address: 10.0.0.1, asn: {hub}, import: all, connect-retry: 1s, {more} }}
"""
DAEMONS = {"bird": Bird, "frr": Frr, "gobgp": GoBgp}
both_ways = pytest.mark.parametrize("kind", DAEMONS)


def star(world):
    """hub, west, east."""
    nodes = [world.node(name) for name in ("hub", "west", "east")]
    world.lan("lan", {node: [f"10.0.0.{host}/24"] for host, node in enumerate(nodes, 1)})
    return nodes


def leaf(kind, node, asn, host):
    """Another daemon beside the hub."""
    router = DAEMONS[kind](
        node, asn, kernel=False,
        neighbors=[Neighbor("10.0.0.1", ASN, families=("ipv4",))],
        originate=[Origin(PREFIX if host == 2 else OTHER, communities=("64501:7",))])
    router.start()
    return router


def hub_of(node, asn=ASN, west=ASN, east=ASN, more="", **sides):
    """nearcast in the middle."""
    return Nearcast(node, HUB.format(asn=asn, west=west, east=east, more=more, **sides)).start()


def shown(site, prefix, kind):
    """The routes to a prefix as nearcast shows them."""
    routes = site.json("routes", "-k", kind)["routes"]
    return [route for route in routes if route["prefix"] == prefix]


# ---- reflection


@both_ways
def test_reflects_to_clients(world, kind):
    """Both are clients: each holds the other's route, next hop and preference as they were."""
    hub, west, east = star(world)
    site = hub_of(hub, more="cluster-id: 192.0.2.99",
                  west_more="export: all, route-reflector-client: true",
                  east_more="export: all, route-reflector-client: true")
    near, far = leaf(kind, west, ASN, 2), leaf(kind, east, ASN, 3)
    near.wait_route(OTHER, next_hop="10.0.0.3", as_path=(), local_pref=100)
    far.wait_route(PREFIX, next_hop="10.0.0.2", as_path=(), local_pref=100,
                   communities=frozenset({"64501:7"}))
    # And nobody hears its own.
    assert [(r["neighbor"], r["originator_id"], r["cluster_list"])
            for r in shown(site, PREFIX, "advertised")] == \
        [("east", near.router_id, ["192.0.2.99"])]
    near.withdraw(PREFIX)
    world.wait_for(lambda: PREFIX not in far.routes("ipv4"), 20, "the withdrawal")


@both_ways
def test_not_between_others(world, kind):
    """Neither is a client: what is internal stays with who heard it."""
    hub, west, east = star(world)
    site = hub_of(hub, west_more="export: all", east_more="export: all")
    leaf(kind, west, ASN, 2)
    far = leaf(kind, east, ASN, 3)
    world.wait_for(lambda: len(site.json("routes", "-k", "received")["routes"]) == 2, 20,
                   "both routes")
    assert not shown(site, PREFIX, "advertised") and PREFIX not in far.routes("ipv4")


def test_next_hop_self(world):
    """From outside to an internal BIRD: it needs no way to the other AS's link."""
    hub, west, east = star(world)
    hub_of(hub, west=WEST, west_more="export: none",
           east_more="export: all, next-hop-self: true")
    leaf("bird", west, WEST, 2)
    leaf("bird", east, ASN, 3).wait_route(PREFIX, next_hop="10.0.0.1", as_path=(WEST,))


class BirdHub(Bird):
    """BIRD in the middle: every neighbour is a client of its reflector, or of its server."""
    client = "rr client"

    def _bgp(self, neighbor):
        return super()._bgp(neighbor).rstrip("}") + f"  {self.client};\n}}"


class FrrHub(Frr):
    """The same with FRR."""
    client = "route-reflector-client"

    def config(self):
        lines = []
        for line in super().config().splitlines():
            lines.append(line)
            if line.endswith(" activate"):
                lines.append(line.replace("activate", self.client))
        return "\n".join(lines) + "\n"


class GoBgpHub(GoBgp):
    """The same with GoBGP."""
    client = ("[neighbors.route-reflector.config]", "route-reflector-client = true",
              'route-reflector-cluster-id = "192.0.2.98"')

    def _neighbor(self, neighbor):
        return "\n".join([super()._neighbor(neighbor), *self.client])


class BirdServer(BirdHub):
    """Route servers."""
    client = "rs client"


class FrrServer(FrrHub):
    """The same with FRR."""
    client = "route-server-client"


class GoBgpServer(GoBgpHub):
    """GoBGP's has a table of its own for its clients."""
    client = ("[neighbors.route-server.config]", "route-server-client = true")


REFLECTORS = {"bird": BirdHub, "frr": FrrHub, "gobgp": GoBgpHub}
SERVERS = {"bird": BirdServer, "frr": FrrServer, "gobgp": GoBgpServer}


def middle(kinds, kind, node, west, east):
    """Another daemon as the hub of two neighbours."""
    router = kinds[kind](node, ASN, kernel=False, router_id="10.0.0.1", neighbors=[
        Neighbor("10.0.0.2", west, families=("ipv4",)),
        Neighbor("10.0.0.3", east, families=("ipv4",))])
    router.start()
    return router


def two_leaves(west, east, asns, more):
    """nearcast at both ends: the west announces, the east listens."""
    sites = [Nearcast(node, LEAF.format(asn=asn, host=host, hub=ASN, more=more)).start()
             for host, node, asn in ((2, west, asns[0]), (3, east, asns[1]))]
    for site in sites:
        site.wait_neighbor("hub")
    return sites


@both_ways
def test_client_of_a_reflector(world, kind):
    """nearcast hears what another daemon reflects, and shows whose it is."""
    hub, west, east = star(world)
    middle(REFLECTORS, kind, hub, ASN, ASN)
    _, site = two_leaves(west, east, (ASN, ASN), "")

    def heard():
        routes = shown(site, "198.51.100.0/24", "received")
        assert routes, site.json("neighbors")
        return routes[0]
    route = world.wait_for(heard, 30, "the reflected route")
    assert (route["originator_id"], route["next_hop"], route["as_path"]) == \
        ("10.0.0.2", "10.0.0.2", "")
    assert len(route["cluster_list"]) == 1


# ---- the route server


@both_ways
def test_serves_clients(world, kind):
    """Path, next hop and communities are the other client's."""
    hub, west, east = star(world)
    site = hub_of(hub, west=WEST, east=EAST,
                  west_more="export: all, route-server-client: true",
                  east_more="export: all, route-server-client: true")
    leaf(kind, west, WEST, 2)
    far = leaf(kind, east, EAST, 3)
    far.wait_route(PREFIX, as_path=(WEST,), next_hop="10.0.0.2",
                   communities=frozenset({"64501:7"}))
    routes = shown(site, PREFIX, "advertised")
    assert [(r["neighbor"], r["as_path"]) for r in routes] == [("east", str(WEST))]


@both_ways
def test_client_of_a_server(world, kind):
    """nearcast takes what a route server says, which does not begin with the server's AS."""
    hub, west, east = star(world)
    middle(SERVERS, kind, hub, WEST, EAST)
    _, site = two_leaves(west, east, (WEST, EAST), "relation: route-server")

    def heard():
        routes = shown(site, "198.51.100.0/24", "received")
        assert routes, site.json("neighbors", "hub")
        return routes[0]
    route = world.wait_for(heard, 30, "the served route")
    assert (route["as_path"], route["next_hop"]) == (str(WEST), "10.0.0.2")


SERVER = """\
site: rs1
asn: 64500
router-id: 10.0.0.1
policies:
  members: [accept]
neighbors:
"""
MEMBER = ("  m{host}: {{ address: 10.0.0.{host}, asn: {asn}, route-server-client: true, "
          "import: all, export: [route-server-control, members], connect-retry: 1s }}\n")


def test_no_path_is_hidden(world):
    """The best route is kept from one member by a community: that one hears the next best."""
    names = ("hub", "m2", "m3", "m4")
    nodes = [world.node(name) for name in names]
    world.lan("lan", {node: [f"10.0.0.{host}/24"] for host, node in enumerate(nodes, 1)})
    site = Nearcast(nodes[0], SERVER + "".join(
        MEMBER.format(host=host, asn=64500 + host) for host in (2, 3, 4))).start()
    best = Origin(PREFIX, communities=("0:64504", "64502:7"))
    members = {host: Bird(nodes[host - 1], 64500 + host, kernel=False, originate=routes,
                          neighbors=[Neighbor("10.0.0.1", 64500, families=("ipv4",))])
               for host, routes in ((2, [best]), (3, [Origin(PREFIX, as_path=(64999,))]),
                                    (4, []))}
    for member in members.values():
        member.start()
    for host in members:
        site.wait_neighbor(f"m{host}")
    members[4].wait_route(PREFIX, as_path=(64503, 64999), next_hop="10.0.0.3")
    assert {(r["neighbor"], r["next_hop"]) for r in shown(site, PREFIX, "advertised")} == \
        {("m2", "10.0.0.3"), ("m3", "10.0.0.2"), ("m4", "10.0.0.3")}

    members[2].announce(Origin(PREFIX, communities=("64502:7",)))
    members[4].wait_route(PREFIX, as_path=(64502,), next_hop="10.0.0.2",
                          communities=frozenset({"64502:7"}))
    members[2].withdraw(PREFIX)
    members[4].wait_route(PREFIX, as_path=(64503, 64999), next_hop="10.0.0.3")
