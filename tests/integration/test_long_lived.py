# SPDX-License-Identifier: Apache-2.0
"""Long-lived graceful restart (RFC 9494) with BIRD, both sides of it.

    origin .2 ---- 10.0.1.0/24 ----.
    aware  .2 ---- 10.0.2.0/24 ---- .1 site (nearcast, AS 64500)
    plain  .2 ---- 10.0.3.0/24 ----'
"""
from harness.nearcast import Nearcast
from harness.peers import Bird, Neighbor
from harness.site import Site

PREFIX = "45.1.0.0/16"
STALE = "65535:6"
CONFIG = """\
site: fra1
asn: 64500
router-id: 10.0.0.1
neighbors:
  origin: { address: 10.0.1.2, asn: 64501, import: all, maximum-long-lived-stale-time: 1h, connect-retry: 1s }
  aware:  { address: 10.0.2.2, asn: 64502, export: all, connect-retry: 1s }
  plain:  { address: 10.0.3.2, asn: 64503, export: all, connect-retry: 1s }
"""


def told(site):
    """Who hears of the prefix: name -> (told, verdict)."""
    document = site.json("routes", PREFIX, statuses=(0, 4))
    return {entry["neighbor"]: (entry["told"], entry["verdict"]) for entry in document.get("neighbors", [])}


def test_routes_of_a_neighbour_that_stays_away(world):
    node, birds = world.node("site"), {}
    for number, name in enumerate(("origin", "aware", "plain"), 1):
        other = world.node(name)
        world.link(node, other, [f"10.0.{number}.1/24"], [f"10.0.{number}.2/24"])
        birds[name] = Bird(other, 64500 + number, kernel=False, originate=[PREFIX] if name == "origin" else [],
                           neighbors=[Neighbor(f"10.0.{number}.1", 64500, families=("ipv4",), restart_time_s=1,
                                               graceful_restart=name != "plain",
                                               long_lived_s=3600 if name == "origin" else 0)])
        birds[name].start()
    site = Nearcast(node, CONFIG).start()
    for name in birds:
        site.wait_neighbor(name)
    birds["aware"].wait_route(PREFIX)
    birds["plain"].wait_route(PREFIX)
    birds["origin"].kill9()
    world.wait_for(lambda: told(site).get("plain") == (False, "llgr-stale"), 20, "the route to be stale for long")
    assert told(site)["aware"] == (True, "told")
    birds["plain"].wait_route(PREFIX, present=False)
    birds["aware"].wait_route(PREFIX, communities=frozenset({STALE}))
    route = site.json("routes", PREFIX)["routes"][0]
    assert "llgr-stale" in route["communities"] and route["received"]["communities"] == []
    assert route["stale"]
    # It comes back, with what it kept: BIRD says so when it is started to recover.
    birds["origin"].start(recover=True)
    world.wait_for(lambda: told(site).get("plain") == (True, "told"), 30, "the route to be fresh")
    assert site.json("routes", PREFIX)["routes"][0]["communities"] == []
    birds["aware"].wait_route(PREFIX, communities=frozenset())


def test_ours_are_kept_by_bird(world):
    """The daemon is killed and stays away: its upstream keeps the address as the last choice."""
    site = Site(world, graceful_restart=True, long_lived_s=3600)
    site.start({"web": "addresses: [198.51.100.80]\nhold-down: 0\non-exit: keep\n"
                       f"checks:\n  - {site.verdict.check()}"},
               neighbors=("up: { address: 203.0.113.1, asn: 64501, families: [ipv4], connect-retry: 1s, "
                          "restart-time: 1s, long-lived-stale-time: 1h }",))
    site.wait_announced("198.51.100.80/32")
    site.nearcast.kill9()
    site.upstream.wait_route("198.51.100.80/32", communities=frozenset({STALE}))
