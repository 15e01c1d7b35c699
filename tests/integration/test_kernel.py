# SPDX-License-Identifier: Apache-2.0
"""Routes in the kernel: those of real BIRDs, installed, replaced, put right after a crash.

                          .---- 10.0.1.0/24, 2001:db8:1::/64 ---- .2 a (BIRD, AS 64501)
    router (nearcast) .1 -+
                          '---- 10.0.2.0/24, 2001:db8:2::/64 ---- .2 b (BIRD, AS 64502)
"""
import json
import os

import pytest

from harness.nearcast import Nearcast
from harness.peers import Bird, Neighbor, Origin

PROTOCOL = "110"
SHORT, LONG = (65001,), (65001, 65002)
CONFIG = """\
site: router
asn: 64500
router-id: 10.0.0.1
kernel: {{ {kernel} }}
decision: {{ multipath: {{ ebgp: {paths}, as-path-relax: true }} }}
neighbors:
  a: {{ address: 10.0.1.2, asn: 64501, import: all, connect-retry: 1s }}
  b: {{ address: 10.0.2.2, asn: 64502, import: all, connect-retry: 1s }}
  a6: {{ address: "2001:db8:1::2", asn: 64501, import: all, connect-retry: 1s }}
"""
ORIGINATE = {
    "a": [Origin("45.1.0.0/16", as_path=SHORT), Origin("45.2.0.0/16", as_path=LONG), Origin("45.3.0.0/16"),
          Origin("2001:db8:45::/48")],
    "b": [Origin("45.1.0.0/16", as_path=LONG), Origin("45.2.0.0/16", as_path=SHORT), Origin("45.3.0.0/16")],
}


class House:
    def __init__(self, world):
        self.world, self.node, self.birds, self.links = world, world.node("router"), {}, {}
        for number, name in enumerate(("a", "b"), 1):
            node = world.node(name)
            world.link(self.node, node, [f"10.0.{number}.1/24", f"2001:db8:{number}::1/64"],
                       [f"10.0.{number}.2/24", f"2001:db8:{number}::2/64"])
            neighbors = [Neighbor(f"10.0.{number}.1", 64500, families=("ipv4",), graceful_restart=True)]
            if name == "a":
                neighbors.append(Neighbor("2001:db8:1::1", 64500, families=("ipv6",), graceful_restart=True))
            self.birds[name] = Bird(node, 64500 + number, kernel=False, originate=ORIGINATE[name],
                                    neighbors=neighbors).start()
            self.links[name] = next(interface for interface, addresses in self.node.addresses.items()
                                    if any(str(a) == f"10.0.{number}.1/24" for a in addresses))
        self.nearcast = None

    def config(self, kernel="export: all", paths=1):
        return CONFIG.format(kernel=kernel, paths=paths)

    def start(self, **options):
        self.nearcast = Nearcast(self.node, self.config(**options)).start()
        return self.nearcast

    def routes(self, table="main"):
        """prefix -> gateways of our routes in the kernel."""
        found = {}
        for family in ("-4", "-6"):
            for route in self.node.ip_json(f"{family} route show table {table} proto {PROTOCOL}"):
                hops = route.get("nexthops", [route])
                found[route["dst"]] = sorted(
                    hop.get("gateway") or hop.get("via", {}).get("host") for hop in hops)
        return found

    def wait(self, wanted, table="main", deadline_s=10):
        def right():
            found = self.routes(table)
            if found != wanted:
                raise AssertionError(f"there is {found}")
            return True
        self.world.wait_for(right, deadline_s, f"{wanted}")


ALL = {"45.1.0.0/16": ["10.0.1.2"], "45.2.0.0/16": ["10.0.2.2"], "45.3.0.0/16": ["10.0.1.2"],
       "2001:db8:45::/48": ["2001:db8:1::2"]}
ONLY_A = {**ALL, "45.2.0.0/16": ["10.0.1.2"]}


@pytest.fixture(name="house")
def a_house(world):
    return House(world)


class Watch:
    """`ip monitor route`, to see what happened in between."""

    def __init__(self, node, folder="."):
        self.path = os.path.join(node.folder, "monitor")
        self.process = node.spawn(["ip", "monitor", "route"], log="monitor", name="monitor")
        self.node = node

    def lines(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            return [line.strip() for line in file if f"proto {PROTOCOL}" in line]


def test_routes_go_in_and_out(house):
    house.start()
    house.wait(ALL)
    installed = house.nearcast.json("nexthops")["installed"]
    assert (installed["installed"], installed["waiting"], installed["refused"]) == (4, 0, 0)
    metrics = {r["metric"] for r in house.node.ip_json(f"-4 route show proto {PROTOCOL}")}
    assert metrics == {110}
    # A neighbour that goes: the other way, in one step.
    watch = Watch(house.node)
    house.birds["b"].stop()
    house.wait(ONLY_A)
    assert not [line for line in watch.lines() if line.startswith("Deleted")]
    house.birds["b"].start()
    house.wait(ALL)
    assert house.nearcast.stop() == 0
    assert house.routes() == {}


def test_a_next_hop_goes_away(house):
    house.start()
    house.wait(ALL)
    house.node.link_down(house.links["b"])
    house.wait(ONLY_A, deadline_s=2)
    house.node.link_up(house.links["b"])
    house.wait(ALL, deadline_s=30)
    # Down and up at once: the kernel has forgotten its routes there, we put them back.
    house.node.ip(f"link set {house.links['b']} down", f"link set {house.links['b']} up")
    house.wait(ALL, deadline_s=30)


def test_several_paths(house):
    house.start(paths=4)
    house.wait({**ALL, "45.3.0.0/16": ["10.0.1.2", "10.0.2.2"]})
    house.birds["b"].stop()
    house.wait(ONLY_A)


def test_another_table_and_none(house):
    house.start(kernel="export: all, table: 77, metric: 5")
    house.wait(ALL, table="77")
    assert house.routes() == {}
    house.nearcast.reload(house.config())
    house.wait(ALL)
    house.wait({}, table="77")
    house.nearcast.reload(house.config(kernel="export: none"))
    house.wait({})
    house.nearcast.reload(house.config(kernel="export: all, on-stop: keep"))
    house.wait(ALL)
    house.nearcast.stop()
    assert house.routes() == ALL


def test_somebody_elses_route(house):
    house.node.ip("route add 45.1.0.0/16 via 10.0.2.2 metric 110 proto static")
    house.start()
    house.wait({k: v for k, v in ALL.items() if k != "45.1.0.0/16"})
    house.world.wait_for(lambda: house.nearcast.json("nexthops")["installed"]["refused"] == 1, 5, "a refusal")
    [route] = house.node.ip_json("-4 route show 45.1.0.0/16")
    assert route["protocol"] == "static" and route["gateway"] == "10.0.2.2"
    house.node.ip("route del 45.1.0.0/16")
    house.wait(ALL)


@pytest.mark.parametrize("whom", ["all", "speaker"])
def test_put_right_after_a_crash(house, whom):
    house.start()
    house.wait(ALL)
    watch = Watch(house.node)
    if whom == "all":
        house.nearcast.kill9()
        # Meanwhile: one is wrong, one is missing, one is too many.
        house.node.ip(f"route replace 45.1.0.0/16 via 10.0.2.2 metric 110 proto {PROTOCOL}",
                      f"route del 45.2.0.0/16 metric 110 proto {PROTOCOL}",
                      f"route add 45.9.0.0/16 via 10.0.2.2 metric 110 proto {PROTOCOL}")
        assert "45.3.0.0/16" in house.routes()
        house.nearcast.start()
    else:
        house.nearcast.kill9("speaker")
    house.wait(ALL, deadline_s=90)
    house.world.wait_for(lambda: house.nearcast.json("nexthops")["installed"]["complete"], 90, "the end")
    house.wait(ALL)
    lines = watch.lines()
    # Nor did the route of whoever spoke first take the place of a better one for a while.
    assert len([line for line in lines if "45.1.0.0/16 via 10.0.1.2" in line and "Deleted" not in line]) <= 1, lines
    # What was right was not touched: no message of the kernel is about it.
    assert not [line for line in lines if "45.3.0.0/16" in line], lines
    assert not [line for line in lines if "2001:db8:45::/48" in line], lines
    counts = house.nearcast.json("status")["kernel"]
    assert counts["kept"] == (2 if whom == "all" else 4) and counts["left_over"] == 0


def test_many_routes(house):
    """A table that does not fit into one batch, in and out."""
    many = {f"46.{n >> 8}.{n & 255}.0/24": ["10.0.1.2"] for n in range(5000)}
    house.birds["a"].origins.update({prefix: Origin(prefix) for prefix in many})
    house.birds["a"].reload()
    house.start()
    house.wait({**ALL, **many}, deadline_s=30)
    house.birds["a"].stop()
    house.wait({p: ["10.0.2.2"] for p in ALL if ":" not in p}, deadline_s=30)
    assert json.dumps(house.nearcast.json("status")["kernel"])


def test_ipv4_over_ipv6(world):
    """RFC 8950: IPv4 routes whose gateways are IPv6 addresses, over a link without IPv4."""
    router, other = world.node("router"), world.node("a")
    world.link(router, other, ["2001:db8:1::1/64"], ["2001:db8:1::2/64"])
    Bird(other, 64501, kernel=False, originate=[Origin("45.1.0.0/16"), Origin("2001:db8:45::/48")],
         neighbors=[Neighbor("2001:db8:1::1", 64500, extended_nexthop=True)]).start()
    Nearcast(router, "site: router\nasn: 64500\nrouter-id: 10.0.0.1\nkernel: { export: all }\nneighbors:\n"
             "  a: { address: '2001:db8:1::2', asn: 64501, import: all, families: [ipv4, ipv6], "
             "connect-retry: 1s }\n").start()

    def right():
        [route] = router.ip_json(f"-4 route show proto {PROTOCOL}")
        return route["dst"] == "45.1.0.0/16" and route["via"] == {"family": "inet6", "host": "2001:db8:1::2"}
    world.wait_for(right, 10, "the route by RTA_VIA")


def test_without_the_privilege(house):
    """What cannot be done is said; nothing else suffers."""
    house.nearcast = Nearcast(house.node, house.config(), wrap=["setpriv", "--bounding-set", "-net_admin"]).start()
    house.nearcast.wait_neighbor("a")
    house.world.wait_for(lambda: house.nearcast.json("nexthops")["installed"]["refused"] == 4, 10, "refusals")
    assert house.routes() == {} and "refuses a route of ours" in house.nearcast.logs()


def test_black_holes(house):
    """RFC 7999: only where the configuration says so."""
    house.birds["a"].origins["45.9.9.9/32"] = Origin("45.9.9.9/32", communities=("65535:666",))
    house.birds["a"].reload()
    house.start()
    house.wait({**ALL, "45.9.9.9": ["10.0.1.2"]})
    house.nearcast.reload(house.config(kernel="export: all, blackhole: true"))

    def right(kind):
        [route] = house.node.ip_json(f"-4 route show 45.9.9.9/32 proto {PROTOCOL}")
        return route.get("type", "unicast") == kind
    house.world.wait_for(lambda: right("blackhole"), 10, "the black hole")
    house.nearcast.reload(house.config())
    house.world.wait_for(lambda: right("unicast"), 10, "no black hole")
    house.nearcast.stop()
    assert house.routes() == {}
