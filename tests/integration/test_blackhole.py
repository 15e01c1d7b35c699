# SPDX-License-Identifier: Apache-2.0
"""BLACKHOLE (RFC 7999) from a real BIRD: what a customer may have discarded, and who hears of it.

    customer .2 ---- 10.0.1.0/24 ----.
    inside   .2 ---- 10.0.2.0/24 ---- .1 site (nearcast, AS 64500); `inside` is in our AS
    transit  .2 ---- 10.0.3.0/24 ----'
"""
import pytest

from harness.nearcast import OK, Nearcast
from harness.peers import Bird, Neighbor, Origin

CONFIG = """\
site: fra1
asn: 64500
router-id: 10.0.0.1
prefix-sets: {{ theirs: [45.10.0.0/16 le 24] }}
policies:
  customer-in: [call: max-length, accept]
neighbors:
  customer: {{ address: 10.0.1.2, asn: 64501, import: customer-in, {blackhole} connect-retry: 1s }}
  inside:   {{ address: 10.0.2.2, asn: 64500, export: all, next-hop-self: true,
              connect-retry: 1s }}
  transit:  {{ address: 10.0.3.2, asn: 64503, export: all, connect-retry: 1s }}
"""
BLACKHOLE, NO_EXPORT = "65535:666", "65535:65281"
ASNS = {"customer": 64501, "inside": 64500, "transit": 64503}
ORIGINS = [
    Origin("45.10.1.0/24"),
    Origin("45.10.1.7/32", communities=(BLACKHOLE,)),  # theirs
    Origin("45.11.1.7/32", communities=(BLACKHOLE,)),  # somebody else's
    Origin("45.12.0.0/24", communities=(BLACKHOLE,)),  # and not even long
]


class Place:
    def __init__(self, world):
        self.world = world
        node = world.node("site")
        self.routers = {}
        for number, (name, asn) in enumerate(ASNS.items(), 1):
            other = world.node(name)
            world.link(node, other, [f"10.0.{number}.1/24"], [f"10.0.{number}.2/24"])
            self.routers[name] = Bird(
                other, asn, kernel=False, originate=ORIGINS if name == "customer" else [],
                neighbors=[Neighbor(f"10.0.{number}.1", 64500, families=("ipv4",))])
            self.routers[name].start()
        self.site = Nearcast(node, self.text("blackhole: theirs,")).start()
        for name in ASNS:
            self.site.wait_neighbor(name)

    @staticmethod
    def text(blackhole):
        return CONFIG.format(blackhole=blackhole)

    def reload(self, blackhole):
        self.site.write_config(self.text(blackhole))
        done = self.site.cli("reload")
        assert done.returncode == OK, done

    def wait_held(self, name, wanted):
        """The router holds just these prefixes, with these communities."""
        def there():
            held = self.routers[name].routes("ipv4")
            return {prefix: held[prefix].communities for prefix in held} == \
                {prefix: frozenset(communities) for prefix, communities in wanted.items()}
        self.world.wait_for(there, 30, f"{name} to hold {sorted(wanted)}")

    def established(self):
        return {n["name"]: n["established"] for n in self.site.json("neighbors")["neighbors"]}

    def policy(self, prefix):
        """The status of the only route to the prefix, the rule that decided about it, whether it is discarded."""
        route, = self.site.json("routes", prefix)["routes"]
        return route["status"], route["policy"]["policy"], route["policy"]["name"], route["policy"]["blackhole"]


@pytest.fixture(name="place")
def three_birds(world):
    return Place(world)


def test_blackhole(place):
    asked = {"45.10.1.0/24": [], "45.10.1.7/32": [BLACKHOLE, NO_EXPORT]}
    usual = {"45.10.1.0/24": []}
    # Our own AS hears of it, nobody else does.
    place.wait_held("inside", asked)
    place.wait_held("transit", usual)
    sessions = place.established()
    assert place.policy("45.10.1.7/32") == ("best", "customer:blackhole", "blackhole accepted", True)
    for prefix in ("45.11.1.7/32", "45.12.0.0/24"):
        assert place.policy(prefix) == ("rejected", "customer:blackhole", "blackhole refused", False)
    rules = {policy["name"]: [rule["matches"] for rule in policy["rules"]]
             for policy in place.site.json("policy")["policies"]}
    assert rules["customer:blackhole"] == [1, 2]

    # Nobody may ask any more: the policy decides, and gives nothing away of what it is.
    place.reload("")
    more = {"45.10.1.0/24": [], "45.12.0.0/24": [BLACKHOLE]}
    place.wait_held("inside", more)
    place.wait_held("transit", more)
    assert place.policy("45.10.1.7/32")[:2] == ("rejected", "max-length")

    # Others may.
    place.reload("blackhole: [45.11.0.0/16 ge 32, theirs],")
    asked["45.11.1.7/32"] = [BLACKHOLE, NO_EXPORT]
    place.wait_held("inside", asked)
    place.wait_held("transit", usual)
    assert place.established() == sessions
