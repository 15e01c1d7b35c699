# SPDX-License-Identifier: Apache-2.0
"""Bad input of every kind, and what an operator sees of it (with `-s` each test prints it).

    good (BIRD, AS 64501) .1 ---- 10.0.1.0/24 ---- .2  site (nearcast, AS 64500)
    evil (raw bytes, AS 64666) .1 ---- 10.0.2.0/24 ---- .2
"""
import contextlib
import os
import random
import re
import socket
import time

import pytest

from harness import bgpwire as wire
from harness.nearcast import Nearcast, check_config
from harness.peers import Bird, Neighbor
from harness.rawbgp import Closed, Speaker
from harness.site import Verdict
from harness.wait import holds_for

ASN, GOOD_ASN, EVIL_ASN = 64500, 64501, 64666
PREFIX = "198.51.100.80/32"
GOOD = "good: { address: 10.0.1.1, asn: 64501, families: [ipv4], connect-retry: 1s }"
EVIL = "evil: {{ address: 10.0.2.1, asn: 64666, import: all, connect-retry: 1s{} }}"


def operator_sees(command, text):
    """Prints it for people who run this with -s."""
    text = re.sub(r"/run/world/[\d.]+/\w+/nearcast/", "", text.strip())
    print(f"\n$ {command}\n{text}\n")
    return text


class House:
    """nearcast between a good neighbour and an evil one."""

    def __init__(self, world, evil="", service="", checks=""):
        self.world = world
        self.site, self.good_node, self.evil_node = (world.node(n)
                                                     for n in ("site", "good", "evil"))
        world.link(self.good_node, self.site, ["10.0.1.1/24"], ["10.0.1.2/24"])
        world.link(self.evil_node, self.site, ["10.0.2.1/24"], ["10.0.2.2/24"])
        self.good = Bird(self.good_node, GOOD_ASN,
                         neighbors=[Neighbor("10.0.1.2", ASN, families=("ipv4",))])
        self.nearcast = Nearcast(self.site, "\n".join([
            "site: here", f"asn: {ASN}", "router-id: 10.0.1.2", "services:", "  web:",
            "    addresses: [198.51.100.80]", "    hold-down: 0", service, checks,
            "neighbors:", f"  {GOOD}", f"  {EVIL.format(evil)}", ""]))

    def start(self):
        self.good.start()
        self.nearcast.start()
        self.nearcast.record_events()
        self.good.wait_route(PREFIX)
        return self

    def evil(self, **options):
        return Speaker(self.evil_node, "10.0.2.2", **{"asn": EVIL_ASN, **options})

    def good_is_untouched(self):
        """The other session never ended, its route is there, no process died."""
        assert self.nearcast.neighbor("good")["counters"]["established"] == 1
        assert PREFIX in self.good.routes("ipv4")
        assert all(p["restarts"] == 0 for p in self.nearcast.json("status")["processes"])

    def page(self, *words):
        """A page of the command line, printed."""
        return operator_sees("nearcast " + " ".join(words), self.nearcast.cli(*words).stdout)


# ---- configurations

MISTAKES = """\
site: fra1
asn: many
router-id: 192.0.2
services:
  dns:
    adresses: [198.51.100.53]
    addresses: [198.51.100.53]
    checks:
      - dsn: { name: example.com }
      - tcp: { port: 70000 }
      - dns: { name: example.com, interval: 5 }
      - http: { interval: 1s, timeout: 3s }
    neighbors: [transit-b]
    on-exit: explode
neighbors:
  transit-a: { address: 203.0.113.1/24, asn: 64501 }
"""
WANTED = [  # line, what the message is about
    (2, "many"), (3, "192.0.2"), (6, "addresses"), (9, "dns"), (10, "70000"), (11, "5"),
    (12, "timeout"), (13, "transit-b"), (14, "explode"), (16, "203.0.113.1/24")]


def test_ten_mistakes_are_ten_errors(tmp_path):
    """Every mistake at once, each with its place, the line, and what was meant."""
    path = tmp_path / "site.yaml"
    path.write_text(MISTAKES)
    done = check_config(path)
    text = (done.stdout + done.stderr).replace(f"{tmp_path}/", "")
    operator_sees("nearcast check-config site.yaml", text)
    assert done.returncode == 2
    errors = re.findall(r"^site\.yaml:(\d+):\d+: error: (.*)$", text, re.MULTILINE)
    assert len(errors) == len(WANTED) == 10, errors
    for line, about in WANTED:
        assert any(int(number) == line for number, message in errors), (line, errors)
        part = text.partition(f"site.yaml:{line}:")[2].partition("\nsite.yaml:")[0]
        assert about in part, (line, about, part)
        assert "^" in part
    assert "did you mean" in text


def test_the_daemon_does_not_start_with_mistakes(world):
    nearcast = Nearcast(world.node("site"), MISTAKES).spawn()
    assert nearcast.process.wait() == 2
    text = operator_sees("nearcast run", nearcast.logs())
    assert text.count(": error: ") >= 10
    assert not nearcast.node.has_address("lo", "198.51.100.53")


# ---- neighbours


def broken_update():
    """An UPDATE whose ORIGIN is 7: RFC 7606 withdraws its route."""
    return wire.update([wire.attribute(wire.ORIGIN, b"\7"), wire.as_path(EVIL_ASN),
                        wire.next_hop("10.0.2.1")], nlri=["203.0.113.0/24"])


def test_garbage_for_a_message(world):
    """No BGP at all: the session ends with the right word, nobody else notices."""
    house = House(world).start()
    evil = house.evil().establish()
    evil.send(b"GET / HTTP/1.1\r\nHost: 10.0.2.2\r\n\r\n")
    notification = evil.wait_closed()
    assert (notification.code, notification.subcode) == (1, 1)
    event = house.nearcast.wait_event("neighbor-down", neighbor="evil")
    page = house.page("neighbors", "evil")
    assert "Not Synchronized" in event["reason"] and "evil" in page
    house.good_is_untouched()


def test_broken_route_is_withdrawn(world):
    """RFC 7606: the session stays, the route goes, a counter tells."""
    house = House(world).start()
    evil = house.evil().establish()
    evil.announce("203.0.113.0/24", "192.0.2.0/24")

    def received():
        routes = house.nearcast.json("routes", "-k", "received")["routes"]
        return {route["prefix"] for route in routes}
    world.wait_for(lambda: received() == {"203.0.113.0/24", "192.0.2.0/24"}, 10, "two routes")
    evil.send(broken_update())
    world.wait_for(lambda: received() == {"192.0.2.0/24"}, 10, "one route to be withdrawn")
    evil.start_pump()
    neighbor = house.nearcast.neighbor("evil")
    assert neighbor["state"] == "Established"
    assert neighbor["counters"]["treat-as-withdraw"] == 1
    logs = house.nearcast.logs().splitlines()
    [line] = [l for l in logs if "event=bgp-malformed " in l]
    [whole] = [l for l in logs if "event=bgp-malformed-update " in l]
    operator_sees("journalctl -u nearcast", f"{whole}\n{line}")
    assert "ORIGIN" in line and "RFC 7606" in line
    # RFC 7606 section 6: the prefixes and all bytes, for who looks for the cause.
    assert "203.0.113.0/24" in whole and broken_update().hex() in whole
    page = house.page("neighbors", "evil")
    assert "treat-as-withdraw" in page
    [event] = house.nearcast.events("neighbor-malformed", neighbor="evil")
    assert "ORIGIN" in event["reason"] and event["not_shown"] == 0
    # A flood is one event a second, which says how many more there were.
    for _ in range(50):
        evil.send(broken_update())
    world.wait_for(lambda: sum(1 + e["not_shown"] for e in
                               house.nearcast.events("neighbor-malformed")) == 51, 10,
                   "all of them to be counted")
    assert len(house.nearcast.events("neighbor-malformed")) <= 5
    house.good_is_untouched()


def test_noise_of_every_kind(world):
    """Random bytes, truncated and damaged messages, one connection after the other."""
    rounds = 40
    house = House(world, evil=", passive: true").start()
    noise = random.Random(4271)
    opening = wire.open_message(EVIL_ASN, capabilities=house.evil().capabilities)
    stream = opening + wire.keepalive() + broken_update() + wire.route_refresh()
    for number in range(rounds):
        # Who fails has to wait longer each time, unless the operator says otherwise.
        house.nearcast.cli("neighbor", "reset", "evil")
        evil = house.evil().connect()
        data = bytearray(noise.randbytes(noise.randrange(20, 400)) if number % 3 == 0
                         else stream[:noise.randrange(20, len(stream) + 1)])
        for _ in range(noise.randrange(1, 6) if number % 3 else 0):
            data[noise.randrange(16, len(data))] = noise.randrange(256)
        evil.send(bytes(data))
        evil.socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(wire.Malformed):
            evil.wait_closed()
        evil.close()
    counters = house.nearcast.neighbor("evil")["counters"]
    print({name: count for name, count in counters.items() if count})
    assert counters["notifications-out"] > rounds / 2 and counters["opens-in"] > 5
    house.nearcast.cli("neighbor", "reset", "evil")
    house.evil().establish().wait_update(PREFIX)
    house.good_is_untouched()


def test_wrong_as(world):
    house = House(world).start()
    evil = house.evil(asn=65000).connect_retrying()
    evil.send_open()
    notification = evil.wait_closed()
    assert (notification.code, notification.subcode) == (2, 2)
    event = house.nearcast.wait_event("neighbor-refused", neighbor="evil", code=2, subcode=2)
    operator_sees("nearcast events", event["message"])
    assert "65000" in event["reason"] and "64666" in event["reason"]
    house.page("neighbors", "evil")
    house.good_is_untouched()


def test_wrong_password(world):
    """The two keys differ: silence on the wire. The other session is up."""
    house = House(world, evil=", password: ours").start()
    evil = house.evil(password="theirs")
    evil.listen()
    with pytest.raises(OSError):
        evil.connect(deadline_s=1.5)
    holds_for(lambda: house.nearcast.neighbor("evil")["state"] != "Established", 1, "no session")
    world.wait_for(lambda: "its password is another" in
                   (house.nearcast.neighbor("evil")["transport_error"] or ""), 10, "a hint")
    assert "its password is another" in house.page("neighbors")
    house.page("neighbors", "evil")
    house.good_is_untouched()


def test_stranger_is_refused(world):
    house = House(world).start()
    stranger = world.node("stranger")
    world.link(stranger, house.site, ["10.0.3.1/24"], ["10.0.3.2/24"])
    other = Speaker(stranger, "10.0.3.2", EVIL_ASN).connect()
    with pytest.raises(Closed):
        other.send_open()
        other.receive()
    world.wait_for(lambda: "no neighbour" in house.nearcast.logs(), 5, "a line in the log")
    [line] = [l for l in house.nearcast.logs().splitlines() if "no neighbour" in l][:1]
    operator_sees("journalctl -u nearcast", line)
    assert "10.0.3.1" in line
    house.good_is_untouched()


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


def test_neighbor_that_stops_reading(world):
    """It sends on and reads nothing: the send hold timer (RFC 9687) ends it, memory stays,
    others hear of changes at once."""
    verdict = Verdict(world.node("site"))
    many = ", ".join(f"172.16.{n // 250}.{n % 250 + 1}" for n in range(60))
    house = House(world, evil=", hold-time: 3s, send-hold: 4s", checks="    checks:\n"
                  f"      - {verdict.check()}\n  many:\n    addresses: [{many}]\n"
                  "    manage-addresses: false\n    neighbors: [evil]")
    house.nearcast.environment["ASAN_OPTIONS"] += ":quarantine_size_mb=1"
    house.start()
    evil = house.evil(receive_buffer=2048).establish()
    pid = house.nearcast.pid("speaker")
    before, began = resident_kib(pid), time.monotonic()
    requests = wire.route_refresh() * 20 + wire.keepalive()
    verdict.say(2)
    with contextlib.suppress(OSError):
        while time.monotonic() - began < 20:
            evil.socket.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                evil.socket.send(requests)
            time.sleep(0.02)
    elapsed = time.monotonic() - began
    event = house.nearcast.wait_event("neighbor-down", neighbor="evil")
    operator_sees("nearcast events", event["message"])
    assert (event["code"], event["sent"]) == (8, True) and 3 < elapsed < 12, (event, elapsed)
    [withdrawn] = [e for e in house.nearcast.events("withdraw", service="web")]
    assert withdrawn["sequence"] < event["sequence"], "the others had to wait"
    assert PREFIX not in house.good.routes("ipv4")
    grown = resident_kib(pid) - before
    print(f"the speaker's memory grew by {grown} KiB")
    assert grown < 16384
    assert house.nearcast.neighbor("good")["counters"]["established"] == 1


def test_withdrawal_passes_a_stuck_neighbor(world):
    """While one neighbour takes nothing, the other hears of a failure without delay."""
    verdict = Verdict(world.node("site"))
    house = House(world, checks=f"    checks:\n      - {verdict.check()}").start()
    house.evil(receive_buffer=2048).establish()
    verdict.say(2)
    house.good.wait_route(PREFIX, present=False, deadline_s=5)
    verdict.say(0)
    house.good.wait_route(PREFIX, deadline_s=5)


# ---- checks

LONG = str(2000000 + os.getpid())


def sleepers():
    """Processes that our scripts left."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            if LONG.encode() in file.read():
                found.append(pid)
    return found


@pytest.mark.parametrize("script", [
    f"sleep {LONG}",
    f"trap '' TERM INT; while :; do sleep {LONG}; done",
    f"while :; do sleep {LONG} & sleep 0.005; done",
    f"f() {{ f & sleep {LONG}; }}; sleep {LONG} & sleep {LONG} & wait",
], ids=["hangs", "ignores signals", "forks forever", "waits"])
def test_script_that_does_not_end(world, script):
    """Killed with all that it started, and bad; another service does not notice."""
    bad, good = Verdict(world.node("site"), "bad"), Verdict(world.node("site"), "good")
    bad.say(script)
    quick = "interval: 1s, fast-interval: 800ms, timeout: 700ms, rise: 1, fall: 1"
    house = House(world, checks=f"    checks:\n      - {good.check()}\n  stuck:\n"
                  f"    addresses: [198.51.100.81]\n    checks:\n      - {bad.check(quick)}")
    house.start()
    service = house.nearcast.wait_service("stuck", "down", announced=False)
    assert "timeout after 700ms" in service["checks"][0]["evidence"]
    house.page("services", "stuck")
    house.nearcast.wait_service("web", "up", announced=True, flaps=0)
    bad.say(0)
    house.nearcast.wait_service("stuck", "up", announced=True)
    world.wait_for(lambda: not sleepers(), 10, "everything that it started to be gone")
    house.good_is_untouched()


# ---- the machine


def test_port_179_is_taken(world):
    """The start fails before anything was touched, and says by whom."""
    house = House(world)
    taken = house.site.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("0.0.0.0", 179))
    taken.listen()
    house.nearcast.spawn()
    assert house.nearcast.process.wait() == 1
    text = operator_sees("nearcast run site.yaml", house.nearcast.logs())
    assert "port 179 is taken by" in text and f"process {os.getpid()}" in text
    assert "stop the other program" in text
    assert not house.site.has_address("lo", "198.51.100.80")
    taken.close()
    house.nearcast.start()


UNPRIVILEGED = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]


def unprivileged(house, *more):
    """nearcast as an ordinary user who owns the daemon's folders."""
    house.nearcast.wrap = [*UNPRIVILEGED, *more]
    for folder in (house.nearcast.runtime_dir, house.nearcast.state_dir):
        os.chown(folder, 65533, 65533)


@pytest.mark.parametrize("change, capability", [
    ("", "CAP_NET_BIND_SERVICE"),
    ("listen: { port: 0 }", "CAP_NET_ADMIN"),
], ids=["port", "addresses"])
def test_no_privileges(world, change, capability):
    """Says which capability is missing, what for, and how to give it."""
    house = House(world)
    with open(house.nearcast.config_path, "a", encoding="utf-8") as file:
        file.write(change + "\n")
    unprivileged(house)
    house.nearcast.spawn()
    assert house.nearcast.process.wait() == 1
    text = operator_sees("nearcast run site.yaml", house.nearcast.logs())
    assert capability in text and "setcap" in text and "AmbientCapabilities=" in text


def test_the_privileges_that_it_asks_for_are_enough(world):
    """As an ordinary user with just the capabilities that the message names."""
    house = House(world)
    wanted = "+net_admin,+net_raw,+net_bind_service"
    unprivileged(house, "--inh-caps", wanted, "--ambient-caps", wanted)
    house.start()
    assert house.site.has_address("lo", "198.51.100.80")
    with open(f"/proc/{house.nearcast.pid()}/status", encoding="ascii") as file:
        assert re.search(r"Uid:\s+65533", file.read())
