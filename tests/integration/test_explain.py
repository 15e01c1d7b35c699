# SPDX-License-Identifier: Apache-2.0
"""nearcast routes PREFIX: why a route is the best one, and who is told of it; the routes are those of real BIRDs.

    transit-a .2 ---- 10.0.1.0/24 ----.
    transit-b .2 ---- 10.0.2.0/24 ---- .1 site (nearcast, AS 64500)
    customer  .2 ---- 10.0.3.0/24 ----'
"""
import json

import pytest

from harness.nearcast import NOT_FOUND, OK, Nearcast
from harness.peers import Bird, Neighbor, Origin

CONFIG = """\
site: fra1
asn: 64500
router-id: 10.0.0.1
http: { address: 127.0.0.1, port: 9179 }
policies:
  from-a:
    - { name: bogon, match: { prefix: 192.0.2.0/24 or-longer }, then: reject }
    - { name: tag, match: {}, set: { communities: ["64500:1"] }, then: accept }
  to-b:
    - { name: ours only, match: { prefix: 45.0.0.0/8 or-longer }, then: accept }
    - reject
neighbors:
  transit-a: { address: 10.0.1.2, asn: 64501, relation: provider, role: false, import: from-a, export: all,
               connect-retry: 1s }
  transit-b: { address: 10.0.2.2, asn: 64502, import: all, export: to-b, connect-retry: 1s }
  customer:  { address: 10.0.3.2, asn: 64503, relation: customer, role: false, import: all, export: all,
               maximum-prefixes-out: 5, connect-retry: 1s }
"""
ROUTES = {
    "transit-a": [Origin("45.1.0.0/16", as_path=(65001,)), Origin("46.0.0.0/24", communities=("65535:65281",)),
                  Origin("192.0.2.0/24")],
    "transit-b": [Origin("45.1.0.0/16", as_path=(65001, 65002)), Origin("192.0.2.0/24", as_path=(65001,))],
    "customer": [Origin("45.3.0.0/24")],
}


@pytest.fixture(name="site")
def a_site(world):
    node = world.node("site")
    for number, (name, originate) in enumerate(ROUTES.items(), 1):
        other = world.node(name)
        world.link(node, other, [f"10.0.{number}.1/24"], [f"10.0.{number}.2/24"])
        Bird(other, 64500 + number, kernel=False, originate=originate,
             neighbors=[Neighbor(f"10.0.{number}.1", 64500, families=("ipv4",))]).start()
    site = Nearcast(node, CONFIG).start()
    for name in ROUTES:
        site.wait_neighbor(name)
    world.wait_for(lambda: len(site.json("routes", "--kind", "received")["routes"]) == 6, 20, "all routes")
    return site


def heard(document):
    """Who is told: name -> (told, verdict)."""
    return {entry["neighbor"]: (entry["told"], entry["verdict"]) for entry in document["neighbors"]}


def settled(site, prefix):
    """The explanation once nothing is on its way any more."""
    def done():
        document = site.json("routes", prefix)
        return document if not any(entry["pending"] for entry in document["neighbors"]) else None
    return site.world.wait_for(done, 20, "nothing to be on its way")


def test_the_best_of_two(site):
    document = settled(site, "45.1.2.3")
    assert document["asked"] == "45.1.2.3/32" and document["prefix"] == "45.1.0.0/16"
    best, other = document["routes"]
    assert (best["neighbor"], best["status"]) == ("transit-a", "best")
    assert (best["step"], best["why"]) == ("as-path-length", "shorter AS path: 2 against 3")
    assert best["communities"] == ["64500:1"] and best["received"]["communities"] == []
    assert best["policy"] == {"verdict": "accept", "policy": "from-a", "rule": 2, "name": "tag", "changed": True,
                              "blackhole": False}
    assert (other["neighbor"], other["status"], other["winner"]) == ("transit-b", "usable", 0)
    assert other["policy"] is None and "received" not in other
    assert heard(document) == {"transit-a": (False, "its-own"), "transit-b": (True, "told"),
                               "customer": (True, "told")}


def test_a_rejected_route_and_a_rule_that_stops(site):
    document = settled(site, "192.0.2.0/24")
    best, other = document["routes"]
    assert (best["neighbor"], best["status"], best["why"]) == ("transit-b", "best", None)
    assert (other["neighbor"], other["status"]) == ("transit-a", "rejected")
    assert (other["policy"]["rule"], other["policy"]["name"]) == (1, "bogon")
    assert heard(document)["customer"] == (True, "told")
    assert heard(document)["transit-a"] == (True, "told")  # transit-b has no relation
    document = settled(site, "45.3.0.0/24")
    assert heard(document) == {"transit-a": (True, "told"), "transit-b": (True, "told"),
                               "customer": (False, "its-own")}


def test_communities_stop_it_too(site):
    document = settled(site, "46.0.0.0/24")
    assert set(heard(document).values()) == {(False, "its-own"), (False, "no-export")}


def test_for_people(site):
    settled(site, "45.1.2.3")
    done = site.cli("routes", "45.1.2.3")
    assert done.returncode == OK
    for words in ("45.1.0.0/16, the longest match of 45.1.2.3/32", "shorter AS path: 2 against 3",
                  "accepted by rule 2 (tag) of from-a, which changes it", "Who is told", "it said the route itself"):
        assert words in " ".join(done.stdout.split()), (words, done.stdout)
    done = site.cli("routes", "99.0.0.0/8")
    assert done.returncode == NOT_FOUND, done.stdout


def test_longer(site):
    inside = site.json("routes", "--kind", "received", "--longer", "45.0.0.0/8")["routes"]
    assert sorted(route["prefix"] for route in inside) == ["45.1.0.0/16", "45.1.0.0/16", "45.3.0.0/24"]
    assert site.cli("routes", "--longer").returncode != OK


def test_over_http(site):
    answer = site.node.run(["curl", "-sf", "http://127.0.0.1:9179/api/v1/routes?kind=explained&prefix=45.1.0.0/16"])
    assert json.loads(answer.stdout)["routes"][0]["status"] == "best"


def test_rules_in_the_metrics(site):
    settled(site, "45.1.0.0/16")
    text = site.node.run(["curl", "-sf", "http://127.0.0.1:9179/metrics"]).stdout
    assert 'nearcast_policy_rule_matches_total{policy="from-a",rule="2",name="tag"} 2' in text
    answer = site.node.run(["curl", "-sf", "http://127.0.0.1:9179/api/v1/policies/from-a"])
    assert json.loads(answer.stdout)["policies"][0]["rules"][0]["matches"] == 1
