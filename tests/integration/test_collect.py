# SPDX-License-Identifier: Apache-2.0
"""nearcast collect: what BIRD says to nearcast, by BMP into MRT files; and GoBGP as the router that tells.

    upstream (BIRD) .1 ---- 203.0.113.0/24 ---- .2 site (nearcast)
                                                    .2 connects to the collector on the upstream's node
"""
import glob
import json
import os
import signal
import subprocess

import pytest

from harness.nearcast import binary
from harness.peers import Bird, GoBgp, Neighbor, Origin
from harness.site import Site

UP = "up: { address: 203.0.113.1, asn: 64501, families: [ipv4], connect-retry: 1s, import: all }"
MORE = "bmp: { stations: [203.0.113.1] }"


class Collector:
    """`nearcast collect` in a node, with a folder of its own."""

    def __init__(self, node, *options):
        self.folder = os.path.join(node.folder, "routes")
        os.makedirs(self.folder, exist_ok=True)
        self.process = node.spawn([binary(), "collect", "--json", *options, self.folder], name="collect")

    def events(self):
        lines = [line for line in self.process.log().splitlines() if line.startswith("{")]
        return [json.loads(line) for line in lines]

    def names(self):
        return [event["event"] for event in self.events()]

    def files(self, pattern):
        return sorted(glob.glob(os.path.join(self.folder, "*", pattern)))

    def stop(self):
        self.process.signal(signal.SIGTERM)
        return self.process.wait(10)


def show(paths, *options):
    """The routes that `nearcast mrt show` reads from the files."""
    done = subprocess.run([binary(), "mrt", "show", "--json", *options, *paths], capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def prefixes(paths):
    """(kind, prefix) of all routes in the files, in order."""
    return [(route["kind"], route["prefix"]) for route in show(paths) if "prefix" in route]


@pytest.fixture(name="site")
def one_site(world):
    return Site(world)


def start(site):
    site.start({"web": f"addresses: [198.51.100.80]\nhold-down: 0\nchecks:\n  - {site.verdict.check()}"},
               neighbors=(UP,), more=MORE)
    site.nearcast.wait_neighbor("up")


def test_updates_and_tables(site):
    collector = Collector(site.router, "--listen", "203.0.113.1", "--from", "203.0.113.2", "--rotate", "1s",
                          "--table", "2s")
    start(site)
    site.upstream.announce("192.0.9.0/24")
    wait = site.world.wait_for
    wait(lambda: "session_up" in collector.names(), 20, "the session to be told")
    files = lambda: collector.files("updates.*[0-9]")  # noqa: E731
    wait(lambda: ("announce", "192.0.9.0/24") in prefixes(files()), 20, "the announcement")
    wait(lambda: any(("table", "192.0.9.0/24") in prefixes([path]) for path in collector.files("rib.*[0-9]")), 20,
         "a table with it")
    site.upstream.withdraw("192.0.9.0/24")
    wait(lambda: prefixes(files())[-1:] == [("withdraw", "192.0.9.0/24")], 20, "the withdrawal")
    wait(lambda: prefixes(collector.files("rib.*[0-9]")[-1:]) == [], 20, "a table without it")
    site.nearcast.cli("neighbor", "shutdown", "up")
    wait(lambda: "session_down" in collector.names(), 20, "the end of the session")
    site.nearcast.stop()
    wait(lambda: "router_gone" in collector.names(), 20, "the router to go")
    assert collector.stop() == 0
    assert collector.files("*.part") == []
    states = [line["new"] for line in show(files()) if line["kind"] == "state"]
    assert states == ["Established", "Idle"]


def test_what_is_left_of_a_killed_collector_is_found(site):
    collector = Collector(site.router, "--listen", "203.0.113.1", "--from", "203.0.113.0/24", "--table", "0")
    start(site)
    site.upstream.announce("192.0.9.0/24")
    wait = site.world.wait_for
    wait(lambda: ("announce", "192.0.9.0/24") in prefixes(collector.files("*.part")), 20, "the announcement")
    collector.process.kill9()
    assert len(collector.files("*.part")) == 1
    again = Collector(site.router, "--listen", "203.0.113.1", "--from", "203.0.113.0/24", "--table", "0")
    wait(lambda: "session_up" in again.names(), 30, "nearcast to come back")
    wait(lambda: len(again.files("updates.*")) == 2, 20, "a file beside the old one")
    assert ("announce", "192.0.9.0/24") in prefixes([path for path in again.files("updates.*")
                                                     if not path.endswith(".part")])
    assert again.stop() == 0


def test_who_may_not_connect(site):
    collector = Collector(site.router, "--listen", "203.0.113.1", "--from", "203.0.113.9")
    start(site)
    site.world.wait_for(lambda: "refused" in collector.names(), 20, "a refusal")
    assert collector.files("*") == []
    assert collector.stop() == 0


def test_what_is_no_bmp(site):
    collector = Collector(site.router, "--listen", "203.0.113.1", "--from", "0.0.0.0/0")
    site.world.wait_for(lambda: "listening" in collector.names(), 20, "the collector")
    with site.router.socket() as connection:
        connection.connect(("203.0.113.1", 11019))
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        connection.settimeout(10)
        assert connection.recv(1) == b""
    gone = [event for event in collector.events() if event["event"] == "router_gone"]
    assert len(gone) == 1 and "no BMP" in gone[0]["message"]
    assert collector.stop() == 0


@pytest.mark.parametrize("options, says", [
    (["--listen", "0.0.0.0"], "--from"),
    (["--listen", "203.0.113.1:0"], "no port"),
    (["--listen", "elsewhere"], "no address"),
    (["--rotate", "10"], "--rotate"),
    (["--table", "1s"], "--table"),
    (["--from", "10.0.0.1/24"], "--from"),
])
def test_bad_options(tmp_path, options, says):
    done = subprocess.run([binary(), "collect", *options, str(tmp_path)], capture_output=True, text=True, check=False,
                          timeout=10)
    assert done.returncode == 2 and says in done.stderr


def test_gobgp_tells(world):
    """Another BMP speaker, with sessions of both families, to a collector that uses IPv6."""
    left, right = world.node("left"), world.node("right")
    world.link(left, right, ["10.0.0.1/24", "fd00::1/64"], ["10.0.0.2/24", "fd00::2/64"])
    bird = Bird(left, 64501, originate=[Origin("198.51.100.0/24", med=42, communities=("64500:10",)),
                                        Origin("2001:db8:1::/48", large=("64500:1:2",))],
                neighbors=[Neighbor("10.0.0.2", 4200000002, families=("ipv4",)),
                           Neighbor("fd00::2", 4200000002, families=("ipv6",))])
    gobgp = GoBgp(right, 4200000002, neighbors=[Neighbor("10.0.0.1", 64501, families=("ipv4",)),
                                                Neighbor("fd00::1", 64501, families=("ipv6",))])
    collector = Collector(left, "--listen", "10.0.0.1:5000", "--from", "10.0.0.0/24", "--table", "2s")
    bird.start()
    gobgp.start()
    bird.wait_established("10.0.0.2")
    bird.wait_established("fd00::2")
    gobgp.cli("bmp", "add", "10.0.0.1:5000", "pre")

    def whole_tables():
        for path in collector.files("rib.*[0-9]"):
            routes = {route["prefix"]: route for route in show([path])}
            if set(routes) == {"198.51.100.0/24", "2001:db8:1::/48"}:
                yield routes

    world.wait_for(lambda: next(whole_tables(), None), 30, "a table with both routes")
    table = next(whole_tables())
    four, six = table["198.51.100.0/24"], table["2001:db8:1::/48"]
    assert four["peer"] == "10.0.0.1" and four["peer_asn"] == 64501, four
    assert four["med"] == 42 and "64500:10" in four["communities"]
    assert six["peer"] == "fd00::1" and "64500:1:2" in six["large_communities"], six
    bird.stop()
    world.wait_for(lambda: collector.names().count("session_down") == 2, 30, "both sessions to end")
    assert collector.stop() == 0
