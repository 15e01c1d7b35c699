# SPDX-License-Identifier: Apache-2.0
"""RPKI with StayRTR as the caches.

    site (nearcast) .1 ---- 10.0.0.0/24 ---- .2 near (StayRTR), .3 far (StayRTR)
"""
import json

import pytest

from harness.nearcast import OK, USAGE, Nearcast
from harness.peers import Bird, Neighbor, Origin, StayRtr
from harness.wait import holds_for

ROUTE = "192.0.2.0/24"
VRPS = [(ROUTE, 24, 64500), ("198.51.100.0/24", 28, 64501), ("2001:db8::/32", 48, 64502)]
CACHE = "{{ address: {}, port: 8282, preference: {}, refresh: 1s, retry: 1s }}"


def configuration(caches, slurm=None, more=()):
    lines = ["site: here", "http: { port: 9179 }", *more, "rpki:"]
    if slurm:
        lines.append(f"  slurm: {slurm}")
    lines.append("  caches:")
    lines += [f"    {name}: {text}" for name, text in caches.items()]
    return "\n".join([*lines, ""])


NEAR = {"near": CACHE.format("10.0.0.2", 10)}
BOTH = {**NEAR, "far": CACHE.format("10.0.0.3", 20)}


class House:
    """nearcast and up to two caches."""

    def __init__(self, world):
        self.world = world
        self.node, self.caches = world.node("site"), world.node("caches")
        world.link(self.node, self.caches, ["10.0.0.1/24"], ["10.0.0.2/24", "10.0.0.3/24"])
        self.nearcast = None

    def cache(self, address="10.0.0.2", **options):
        return StayRtr(self.caches, [address], **{"vrps": VRPS, **options}).start()

    def start(self, caches=None, **options):
        self.nearcast = Nearcast(self.node, configuration(caches or NEAR, **options))
        self.nearcast.start().record_events()
        return self.nearcast

    def rpki(self):
        return self.nearcast.json("rpki")

    def state(self, prefix, asn):
        """valid, invalid or not-found."""
        return self.nearcast.json("rpki", "validate", prefix, str(asn))["validation"]["state"]

    def path_state(self, path, sender="provider"):
        return self.nearcast.json("rpki", "verify", path, sender)["verification"]["state"]

    def wait_cache(self, name="near", **wanted):
        """Waits until the cache's fields are so; returns it."""
        def look():
            [cache] = [c for c in self.rpki()["caches"] if c["name"] == name]
            wrong = {k: cache[k] for k, v in wanted.items() if cache[k] != v}
            if wrong:
                raise AssertionError(f"it has {wrong}, reason: {cache['last_reason']}")
            return cache
        return self.world.wait_for(look, 30, f"cache {name} to have {wanted}")

    def wait_state(self, prefix, asn, state):
        self.world.wait_for(lambda: self.state(prefix, asn) == state, 30,
                            f"{prefix} of AS{asn} to be {state}")


@pytest.fixture(name="house")
def empty_house(world):
    return House(world)


def test_loads(house):
    house.cache(aspas={64510: [64511, 64512]})
    site = house.start()
    cache = house.wait_cache(state="synced", used=True, fresh=True)
    assert (cache["vrps_ipv4"], cache["vrps_ipv6"], cache["version"]) == (2, 1, 2)
    assert house.state(ROUTE, 64500) == "valid"
    assert house.state(ROUTE, 64501) == "invalid"
    assert house.state("192.0.2.0/25", 64500) == "invalid"
    assert house.state("198.51.100.16/28", 64501) == "valid"
    assert house.state("2001:db8:1::/48", 64502) == "valid"
    assert house.state("203.0.113.0/24", 64500) == "not-found"
    # StayRTR sends the ASPA PDU of an older draft, one for each family.
    assert house.rpki()["table"]["aspas"] == 1
    assert house.path_state("64511 64510", "customer") == "valid"
    assert house.path_state("64513 64510", "customer") == "invalid"
    assert house.path_state("64513 64514", "customer") == "unknown"
    assert site.wait_event("rpki-synced", cache="near", complete=True)["records"] == 5
    page = site.cli("rpki").stdout
    assert "near" in page and "2 VRPs for IPv4, 1 for IPv6, 1 ASPAs" in page
    page = site.cli("rpki", "validate", ROUTE, "AS64501").stdout
    assert "invalid" in page and "for other origins" in page and "64500" in page
    assert site.cli("rpki", "validate", ROUTE).returncode == USAGE
    assert site.cli("rpki", "validate", "192.0.2.1/24", "1").returncode == USAGE
    metrics = site.node.run(["curl", "-s", "http://127.0.0.1:9179/metrics"]).stdout
    assert "nearcast_rpki_vrps_ipv4 2" in metrics
    assert 'nearcast_rpki_cache_used{cache="near"} 1' in metrics
    page = site.node.run(["curl", "-s", "http://127.0.0.1:9179/api/v1/rpki"]).stdout
    assert json.loads(page)["caches"][0]["name"] == "near"


def test_changes(house):
    cache = house.cache(aspas={64510: [64511]})
    house.start()
    before = house.wait_cache(state="synced")
    house.wait_state(ROUTE, 64500, "valid")
    cache.change(vrps=[(ROUTE, 24, 64999), *VRPS[1:], ("203.0.113.0/24", 24, 1)],
                 aspas={64510: [64512]})
    house.wait_state(ROUTE, 64999, "valid")
    assert house.state(ROUTE, 64500) == "invalid"
    assert house.state("203.0.113.0/24", 1) == "valid"
    assert house.path_state("64511 64510", "customer") == "invalid"
    assert house.path_state("64512 64510", "customer") == "valid"
    after = house.wait_cache(state="synced")
    assert after["serial"] > before["serial"] and after["session"] == before["session"]
    # It came as a change, not as a whole.
    assert after["counters"]["reset-queries"] == 1
    assert after["counters"]["serial-queries"] >= 1
    assert house.rpki()["table"]["changed_prefixes"] >= 4
    # Everything gone is an answer as well: nothing is known, nothing invalid.
    cache.change(vrps=[("203.0.113.0/24", 24, 1)], aspas={})
    house.wait_state(ROUTE, 64999, "not-found")
    assert house.path_state("64511 64510", "customer") == "unknown"


def test_goes_away_and_comes_back(house):
    cache = house.cache()
    site = house.start()
    first = house.wait_cache(state="synced")
    cache.kill9()
    site.wait_event("rpki-lost", cache="near")
    # Unknown is not down: what was said still counts.
    holds_for(lambda: house.state(ROUTE, 64501) == "invalid", 4, "the old data")
    lost = house.wait_cache(used=True, fresh=False)
    assert lost["last_reason"] and lost["expires_in_seconds"] > 60
    assert "no" not in site.cli("rpki").stdout.split("\n")[1].split()
    # It comes back in another session, with other data.
    cache = house.cache(vrps=[(ROUTE, 24, 64501)])
    house.wait_state(ROUTE, 64501, "valid")
    again = house.wait_cache(state="synced", fresh=True)
    assert again["session"] != first["session"]
    assert house.state("198.51.100.0/24", 64501) == "not-found"
    assert all(p["restarts"] == 0 for p in site.json("status")["processes"])
    cache.stop()


def test_absent_at_the_start(house):
    site = house.start()
    site.wait_event("rpki-lost", cache="near")
    assert house.state(ROUTE, 64501) == "not-found"
    house.cache()
    house.wait_state(ROUTE, 64501, "invalid")


def test_preference(house):
    near = house.cache()
    far = house.cache("10.0.0.3", vrps=[(ROUTE, 24, 64501)])
    site = house.start(BOTH)
    house.wait_cache("near", used=True, vrps_ipv4=2)
    house.wait_cache("far", used=False, has_data=True, fresh=True)
    assert house.state(ROUTE, 64500) == "valid"
    near.kill9()
    # It is given the time of a refresh and a retry, then the other one counts.
    house.wait_state(ROUTE, 64501, "valid")
    house.wait_cache("far", used=True)
    house.wait_cache("near", used=False, has_data=True)
    assert site.events("rpki-use")
    house.cache()
    house.wait_state(ROUTE, 64500, "valid")
    # The same preference: what any of them says.
    site.reload(configuration({**NEAR, "far": CACHE.format("10.0.0.3", 10)}))
    house.wait_state(ROUTE, 64501, "valid")
    assert house.state(ROUTE, 64500) == "valid"
    far.stop()


@pytest.mark.parametrize("protocol", [0, 1])
def test_older_versions(house, protocol):
    house.cache(protocol=protocol, aspas={64510: [64511]})
    house.start()
    cache = house.wait_cache(state="synced", used=True)
    assert cache["version"] == protocol
    assert house.state(ROUTE, 64500) == "valid"
    assert house.path_state("64513 64510", "customer") == "unknown"


def exceptions(filters=(), assertions=()):
    return json.dumps({
        "slurmVersion": 1,
        "validationOutputFilters": {"prefixFilters": list(filters), "bgpsecFilters": []},
        "locallyAddedAssertions": {"prefixAssertions": list(assertions),
                                   "bgpsecAssertions": []}})


def test_local_exceptions(house):
    house.cache()
    path = f"{house.node.folder}/slurm.json"

    def write(text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    write(exceptions([{"prefix": ROUTE}], [{"prefix": "203.0.113.0/24", "asn": 64510}]))
    site = house.start(slurm=path)
    house.wait_cache(state="synced", used=True)
    assert house.state(ROUTE, 64501) == "not-found"
    assert house.state("203.0.113.0/24", 64510) == "valid"
    assert house.rpki()["table"]["filtered"] == 1
    # The file changes, the configuration does not.
    write(exceptions([{"asn": 64501}]))
    assert site.cli("reload").returncode == OK
    house.wait_state(ROUTE, 64501, "invalid")
    assert house.state("198.51.100.0/24", 64501) == "not-found"
    assert house.state("203.0.113.0/24", 64510) == "not-found"
    # A bad file leaves the old exceptions.
    write('{"slurmVersion": 1, "filters": []}')
    done = site.cli("reload")
    assert done.returncode == USAGE and "'filters' is not known" in done.stdout + done.stderr
    assert house.state("198.51.100.0/24", 64501) == "not-found"
    site.reload(configuration(NEAR))
    house.wait_state("198.51.100.0/24", 64502, "invalid")


def test_reload(house):
    house.cache()
    far = house.cache("10.0.0.3", vrps=[(ROUTE, 24, 64501)])
    site = house.start()
    before = house.wait_cache(state="synced", used=True)
    answer = site.reload(configuration(BOTH))
    assert answer["changed"]
    house.wait_cache("far", has_data=True)
    assert house.wait_cache()["counters"]["connects"] == before["counters"]["connects"]
    # Another address under the same name: the data of the old one count until the new are there.
    site.reload(configuration({"near": CACHE.format("10.0.0.3", 10)}))
    house.wait_state(ROUTE, 64501, "valid")
    assert [c["name"] for c in house.rpki()["caches"]] == ["near"]
    far.stop()
    # The speaker dies: its successor asks again.
    house.cache("10.0.0.3", vrps=[(ROUTE, 24, 64502)])
    site.kill9("speaker")
    house.wait_state(ROUTE, 64502, "valid")


def test_received_routes(house):
    """What is said of a neighbour's routes, before and after the data change."""
    cache = house.cache(aspas={64510: [64511]})
    router = Bird(house.caches, 64501, neighbors=[Neighbor("10.0.0.1", 64500)], originate=[
        Origin(ROUTE), Origin("198.51.100.0/24"), Origin("203.0.113.0/24", as_path=(64510,))])
    site = house.start(more=["asn: 64500", "router-id: 10.0.0.1", "neighbors:", "  up:",
                             "    { address: 10.0.0.2, asn: 64501, relation: customer,",
                             "      import: all, connect-retry: 1s }"])
    router.start()
    house.wait_cache(state="synced", used=True)

    def verdicts():
        return {r["prefix"]: (r["rpki"], r["aspa"])
                for r in site.json("routes", "--kind", "received")["routes"]}

    house.world.wait_for(lambda: verdicts() == {
        ROUTE: ("invalid", "valid"), "198.51.100.0/24": ("valid", "valid"),
        "203.0.113.0/24": ("not-found", "invalid")}, 30, "the first verdicts")
    cache.change(vrps=[(ROUTE, 24, 64501)], aspas={64510: [64501]})
    house.world.wait_for(lambda: verdicts() == {
        ROUTE: ("valid", "valid"), "198.51.100.0/24": ("not-found", "valid"),
        "203.0.113.0/24": ("not-found", "valid")}, 30, "the verdicts of the new data")
    assert site.neighbor("up")["counters"]["established"] == 1
