# SPDX-License-Identifier: Apache-2.0
"""The demo's Internet: two sites, three routers, one user.

                    AS 64496                  AS 64497                 AS 64498
    user ────────── isp ─────────────────── east-transit ──────────── west-transit
    192.0.2.10      (BIRD)                    (BIRD)                   (BIRD)
                                                │                         │
                                              east  AS 64500            west  AS 64500
                                              nearcast, NSD, nginx      nearcast, NSD, nginx

Both sites announce 198.51.100.0/24 with 2001:db8:53::/48 (DNS) and 203.0.113.0/24 (web). The
user's provider is one AS away from east and two from west: east is near.
"""
from harness.nearcast import Nearcast
from harness.peers import Bird, Neighbor, Nginx, Nsd

DNS4, DNS6, WEB = "198.51.100.53", "2001:db8:53::53", "203.0.113.80"
DNS4_PREFIX, DNS6_PREFIX, WEB_PREFIX = "198.51.100.0/24", "2001:db8:53::/48", "203.0.113.0/24"
SITE_ASN = 64500
ROUTERS = {"isp": 64496, "east-transit": 64497, "west-transit": 64498}

CONFIG = """\
site: {site}
asn: 64500
router-id: {router_id}
services:
  dns:
    addresses: [198.51.100.53, 2001:db8:53::53]
    announce: [198.51.100.0/24, 2001:db8:53::/48]
    checks:
      - socket: {{ port: 53, protocol: udp }}
      - dns: {{ name: example.com, type: SOA }}
    hold-down: 1s
    drain: {{ graceful-shutdown: true, graceful-time: 2s }}
  web:
    addresses: 203.0.113.80
    announce: 203.0.113.0/24
    checks:
      - socket: {{ port: 80 }}
      - http: {{ path: /healthz, status: 200 }}
    hold-down: 1s
neighbors:
  transit:
    address: {neighbor}
    asn: {asn}
    relation: provider
    password: {password}
http: {{ enabled: false }}
"""


class Site:
    """One place: the two services and the daemon that announces them."""

    def __init__(self, world, name, transit, octet):
        self.node = world.node(name)
        self.transit = transit
        self.transit_address, self.address = f"10.0.{octet}.1", f"10.0.{octet}.2"
        world.link(transit, self.node, [f"{self.transit_address}/30", f"fd00:{octet}::1/64"],
                   [f"{self.address}/30", f"fd00:{octet}::2/64"])
        self.node.add_route("0.0.0.0/0", self.transit_address)
        self.node.add_route("::/0", f"fd00:{octet}::1")
        self.password = f"{name} and its transit"
        self.nsd = Nsd(self.node, [DNS4, DNS6])
        self.nginx = Nginx(self.node, [WEB])
        self.daemon = Nearcast(self.node, CONFIG.format(
            site=name, router_id=self.address, neighbor=self.transit_address,
            asn=ROUTERS[transit.name], password=self.password))

    @property
    def name(self):
        return self.node.name

    def start(self):
        """The daemon comes first: it puts the addresses on lo, the services bind to them."""
        self.daemon.start()
        self.node.world.wait_for(
            lambda: all(self.node.has_address("lo", a) for a in (DNS4, DNS6, WEB)), 10,
            f"the service addresses on {self.name}")
        self.nsd.start()
        self.nginx.start()


class Internet:
    """Everything together; start() returns when every BGP session stands."""

    def __init__(self, world):
        self.world = world
        self.user = world.node("user")
        nodes = {name: world.router(name) for name in ROUTERS}
        world.link(self.user, nodes["isp"], ["192.0.2.10/24", "fd00:ff::10/64"],
                   ["192.0.2.1/24", "fd00:ff::1/64"])
        self.user.add_route("0.0.0.0/0", "192.0.2.1")
        self.user.add_route("::/0", "fd00:ff::1")
        world.link(nodes["isp"], nodes["east-transit"], ["10.0.1.1/30", "fd00:1::1/64"],
                   ["10.0.1.2/30", "fd00:1::2/64"])
        world.link(nodes["east-transit"], nodes["west-transit"], ["10.0.2.1/30", "fd00:2::1/64"],
                   ["10.0.2.2/30", "fd00:2::2/64"])
        self.east = Site(world, "east", nodes["east-transit"], 11)
        self.west = Site(world, "west", nodes["west-transit"], 12)
        self.sites = (self.east, self.west)
        self.routers = self._routers(nodes)

    def _routers(self, nodes):
        asn = ROUTERS
        isp = Bird(nodes["isp"], asn["isp"], originate=["192.0.0.0/16", "fd00:ff::/48"],
                   neighbors=[Neighbor("10.0.1.2", asn["east-transit"])])
        east = Bird(nodes["east-transit"], asn["east-transit"], neighbors=[
            Neighbor("10.0.1.1", asn["isp"]), Neighbor("10.0.2.2", asn["west-transit"]),
            Neighbor(self.east.address, SITE_ASN, password=self.east.password)])
        west = Bird(nodes["west-transit"], asn["west-transit"], neighbors=[
            Neighbor("10.0.2.1", asn["east-transit"]),
            Neighbor(self.west.address, SITE_ASN, password=self.west.password)])
        return {"isp": isp, "east-transit": east, "west-transit": west}

    def start(self):
        for router in self.routers.values():
            router.start()
        for site in self.sites:
            site.start()
        for router in self.routers.values():
            for neighbor in router.neighbors:
                self.world.wait_for(
                    lambda r=router, n=neighbor: r.session_established(n.address), 20,
                    f"{router.node.name} and {neighbor.address}")
        return self
