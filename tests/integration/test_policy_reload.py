# SPDX-License-Identifier: Apache-2.0
"""Policies that change while routes are there: three BIRDs, one daemon, many reloads, no session reset.

BIRD `source` announces COUNT prefixes to the daemon, which passes them on to `left` and `right`: two
neighbours that hear the same, until a reload parts them.
"""
import ipaddress

import pytest

from harness.nearcast import OK, Nearcast
from harness.peers import Bird, Neighbor

#: More than are gone through in one piece.
COUNT = 6000
PREFIXES = [f"{ipaddress.ip_address(0x2D000000 + 256 * n)}/24" for n in range(COUNT)]
SITE = """\
site: fra1
asn: 64500
router-id: 10.0.0.1
{sets}
neighbors:
  source: {{ address: 10.0.1.2, asn: 64501, import: {source}, connect-retry: 1s }}
  left:   {{ address: 10.0.2.2, asn: 64502, export: {left}, connect-retry: 1s }}
  right:  {{ address: 10.0.3.2, asn: 64503, export: {right}, connect-retry: 1s }}
"""
FIRST = """\
prefix-sets:
  few: [45.0.0.0/16 le 24]
policies:
  in:
    - { name: few, match: { prefix: few }, set: { communities: [64500:1] }, then: accept }
  out:
    - { match: { community: [64500:1] }, then: accept }
"""
#: Other rules, more of them, so that what counted the old ones has no place in the new.
SECOND = """\
prefix-sets:
  few: [45.0.0.0/16 le 24, 45.0.0.0/8 le 24]
  one: [45.0.7.0/24]
policies:
  extra:
    - { match: { prefix: one }, then: reject }
  in:
    - call: extra
    - { name: some, match: { prefix: few }, set: { communities: [64500:2], med: 7 }, then: accept }
    - reject
  out:
    - { match: { community: [64500:2] }, set: { prepend: 1 }, then: accept }
    - { match: { community: [64500:1] }, then: accept }
"""


class Place:
    """The daemon and its three neighbours."""

    def __init__(self, world):
        self.world = world
        node = world.node("site")
        self.routers = {}
        for number, name in enumerate(("source", "left", "right"), 1):
            other = world.node(name)
            world.link(node, other, [f"10.0.{number}.1/24"], [f"10.0.{number}.2/24"])
            originate = PREFIXES if name == "source" else []
            self.routers[name] = Bird(
                other, 64500 + number, kernel=False, originate=originate,
                neighbors=[Neighbor(f"10.0.{number}.1", 64500, families=("ipv4",))])
            self.routers[name].start()
        self.site = Nearcast(node, self.text(FIRST)).start()
        for name in self.routers:
            self.site.wait_neighbor(name)
        self.established = self.times()

    @staticmethod
    def text(sets, source="in", left="out", right="out"):
        return SITE.format(sets=sets, source=source, left=left, right=right)

    def times(self):
        return {n["name"]: n["established"] for n in self.site.json("neighbors")["neighbors"]}

    def reload(self, *arguments, **options):
        self.site.write_config(self.text(*arguments, **options))
        done = self.site.cli("reload")
        assert done.returncode == OK, done

    def wait_held(self, name, wanted, communities, as_path, med=None):
        """The router holds just these prefixes, all of them looking so."""
        def there():
            held = self.routers[name].routes("ipv4")
            return set(held) == set(wanted) and all(
                route.communities == frozenset(communities) and route.as_path == as_path
                and (route.med or None) == med for route in held.values())
        self.world.wait_for(there, 60, f"{name} to hold {len(wanted)} routes as the policy says")

    def rules(self):
        return {policy["name"]: [rule["matches"] for rule in policy["rules"]]
                for policy in self.site.json("policy")["policies"]}


@pytest.fixture(name="place")
def three_birds(world):
    return Place(world)


def test_reload(place):
    first = [p for p in PREFIXES if p.startswith("45.0.")]
    second = [p for p in PREFIXES if p != "45.0.7.0/24"]
    for name in ("left", "right"):
        place.wait_held(name, first, ["64500:1"], (64500, 64501))
    rules = place.rules()
    # On the way out a route may be asked about more than once.
    assert rules["in"] == [len(first)] and rules["out"][0] >= len(first)

    place.reload(SECOND)
    for name in ("left", "right"):
        place.wait_held(name, second, ["64500:2"], (64500, 64500, 64501))
    rules = place.rules()
    assert rules["extra"] == [1] and rules["in"][1] == COUNT - 1 and rules["in"][2] == 0

    # They part: one hears nothing more, the other hears all as it came.
    place.reload(SECOND, left="none", right="all")
    place.wait_held("left", [], [], ())
    place.wait_held("right", second, ["64500:2"], (64500, 64501))

    # And meet again, with what was there first.
    place.reload(FIRST)
    for name in ("left", "right"):
        place.wait_held(name, first, ["64500:1"], (64500, 64501))

    # Nothing comes in, and all again.
    place.reload(FIRST, source="none")
    for name in ("left", "right"):
        place.wait_held(name, [], [], ())
    place.reload(FIRST, source="all", left="all", right="all")
    for name in ("left", "right"):
        place.wait_held(name, PREFIXES, [], (64500, 64501))
    assert place.times() == place.established


def test_reloads_in_a_hurry(place):
    """A reload that finds the one before it half done; what is left is the last."""
    second = [p for p in PREFIXES if p != "45.0.7.0/24"]
    for _ in range(10):
        place.reload(SECOND)
        place.reload(FIRST, left="all", right="none")
        place.reload(FIRST, source="all", left="out")
    place.reload(SECOND)
    for name in ("left", "right"):
        place.wait_held(name, second, ["64500:2"], (64500, 64500, 64501))
    assert place.times() == place.established
    place.routers["source"].stop()
    for name in ("left", "right"):
        place.wait_held(name, [], [], ())
