# SPDX-License-Identifier: Apache-2.0
"""Flow specifications with other daemons, both ways: GoBGP and BIRD, IPv4 and IPv6."""
import pytest

from harness.nearcast import NOT_FOUND, OK, Nearcast
from harness.peers import Bird, GoBgp, Neighbor

CONFIG = """\
site: fra1
asn: 64500
router-id: 10.0.0.1
services:
  web:
    addresses: [198.51.100.80, "2001:db8:100::80"]
    announce: [198.51.100.0/24, "2001:db8:100::/48"]
    checks:
      - exec: {{ command: [/bin/true], interval: 500ms, timeout: 400ms }}
flowspec:
  {rule}
neighbors:
  other: {{ address: 10.0.0.2, asn: 64501, import: all, connect-retry: 1s,
           families: [ipv4, ipv6, ipv4-flowspec, ipv6-flowspec] }}
"""
FIRST = """\
ntp: { match: destination 198.51.100.0/24 and protocol = udp and source-port = 123,
         then: [discard] }
  six: { match: "destination 2001:db8:100::/48 and protocol = tcp and destination-port = 25",
         then: [rate-bytes 125000] }"""
SECOND = """\
dns: { match: destination 198.51.100.80/32 and protocol = udp and port = 53,
         then: [rate-bytes 1000000, sample] }"""
#: What the other one says: of what it has itself, and of what it has not.
THEIRS, NOT_THEIRS = "203.0.113.0/24", "192.0.2.0/24"


class GoBgpSide:
    """GoBGP with rules of its own."""

    def __init__(self, node):
        self.router = GoBgp(node, 64501, originate=[THEIRS], neighbors=[
            Neighbor("10.0.0.1", 64500, flowspec=("ipv4-flowspec", "ipv6-flowspec"))])
        self.router.start()

    def say(self, prefix):
        self.router.cli("global", "rib", "add", "-a", "ipv4-flowspec", "match", "destination",
                        prefix, "protocol", "==udp", "destination-port", "==53", "then",
                        "discard")

    def unsay(self, prefix):
        self.router.cli("global", "rib", "del", "-a", "ipv4-flowspec", "match", "destination",
                        prefix, "protocol", "==udp", "destination-port", "==53", "then",
                        "discard")

    def rules(self, version):
        return self.router.cli("global", "rib", "-a", f"ipv{version}-flowspec")

    #: How it writes the rules of FIRST and SECOND.
    words = {"ntp": ("198.51.100.0/24", "source-port: ==123", "discard"),
             "six": ("2001:db8:100::/48", "destination-port: ==25", "rate: 125000"),
             "dns": ("198.51.100.80/32", "[port: ==53]", "rate: 1000000")}


class BirdSide:
    """BIRD with static rules."""

    def __init__(self, node):
        self.said = set()
        self.router = Bird(node, 64501, kernel=False, originate=[THEIRS], neighbors=[
            Neighbor("10.0.0.1", 64500, flowspec=("ipv4-flowspec", "ipv6-flowspec"))])
        self.router.start()

    def _apply(self):
        lines = [f"route flow4 {{ dst {p}; proto = 17; dport = 53; }} {{"
                 " bgp_ext_community.add((generic, 0x80060000, 0x0)); };" for p in self.said]
        self.router.extra = ("protocol static flows { flow4 { table flowtab4; };"
                             f" {' '.join(lines)} }}")
        self.router.reload()

    def say(self, prefix):
        self.said.add(prefix)
        self._apply()

    def unsay(self, prefix):
        self.said.remove(prefix)
        self._apply()

    def rules(self, version):
        return self.router.birdc(f"show route table flowtab{version} all")

    words = {"ntp": ("dst 198.51.100.0/24", "sport 123", "0x80060000, 0x0"),
             "six": ("dst 2001:db8:100::/48", "dport 25", "0x8006"),
             "dns": ("dst 198.51.100.80/32", "port 53", "0x8006")}


@pytest.fixture(name="sides", params=[GoBgpSide, BirdSide], ids=["gobgp", "bird"])
def both_sides(world, request):
    """(nearcast, the other one)"""
    left, right = world.node("site"), world.node("other")
    world.link(left, right, ["10.0.0.1/24", "2001:db8:9::1/64"],
               ["10.0.0.2/24", "2001:db8:9::2/64"])
    other = request.param(right)
    site = Nearcast(left, CONFIG.format(rule=FIRST)).start()
    site.wait_neighbor("other")
    return site, other


def wait_words(site, other, name, version, present=True):
    """The other one has the rule, or has not."""
    def there():
        text = other.rules(version)
        return all(word in text for word in other.words[name]) == present
    site.world.wait_for(there, 20, f"rule {name} present: {present}")


def rules(site, neighbor="other"):
    return {rule["match"].split()[1]: rule
            for rule in site.json("flowspec", neighbor)["rules"]}


def test_ours(sides):
    """Our rules reach it; a reload changes them without a new session."""
    site, other = sides
    wait_words(site, other, "ntp", 4)
    wait_words(site, other, "six", 6)
    established = site.neighbor("other")["established"]
    site.reload(CONFIG.format(rule=SECOND))
    wait_words(site, other, "dns", 4)
    wait_words(site, other, "ntp", 4, present=False)
    wait_words(site, other, "six", 6, present=False)
    assert site.neighbor("other")["established"] == established
    [ours] = [r for r in site.json("flowspec")["rules"] if r["neighbor"] is None]
    assert (ours["name"], ours["then"]) == ("dns", ["rate-bytes 1000000", "sample"])
    assert "ours: dns" in site.cli("flowspec").stdout


def test_theirs(sides):
    """Its rules are taken, and believed where it has the route."""
    site, other = sides
    other.say(THEIRS)
    other.say(NOT_THEIRS)
    site.world.wait_for(lambda: set(rules(site)) == {THEIRS, NOT_THEIRS} and
                        rules(site)[THEIRS]["feasible"], 20, "both rules, one believed")
    found = rules(site)
    assert found[THEIRS]["then"] == ["discard"] and found[THEIRS]["as_path"] == "64501"
    assert found[THEIRS]["match"].endswith("protocol = udp and destination-port = 53")
    assert not found[NOT_THEIRS]["feasible"] and "no unicast" in found[NOT_THEIRS]["reason"]
    text = site.cli("flowspec", "other")
    assert text.returncode == OK and "no unicast route" in text.stdout
    assert site.cli("flowspec", "nobody").returncode == NOT_FOUND
    other.unsay(THEIRS)
    site.world.wait_for(lambda: set(rules(site)) == {NOT_THEIRS}, 20, "one to be withdrawn")
    other.router.kill9()
    site.world.wait_for(lambda: not rules(site), 20, "all to be gone")
