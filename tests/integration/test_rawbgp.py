# SPDX-License-Identifier: Apache-2.0
"""The raw BGP speaker against BIRD: what it sends arrives, what it reads is right."""
import contextlib

import pytest

from harness import bgpwire as wire
from harness.peers import ROUTERS, Bird, Neighbor, Origin
from harness.rawbgp import Closed, Speaker, TimedOut
from harness.wait import holds_for, wait_for

RAW_ASN, BIRD_ASN = 64999, 4200000001


class Pair:
    """BIRD on one node, the raw speaker on the other."""

    def __init__(self, world):
        self.world = world
        self.bird_node, self.raw_node = world.node("bird"), world.node("raw")
        world.link(self.bird_node, self.raw_node, ["10.0.0.1/24", "fd00::1/64"],
                   ["10.0.0.2/24", "fd00::2/64"])
        self.bird = None

    def start(self, **options):
        self.bird = Bird(
            self.bird_node, BIRD_ASN,
            neighbors=[Neighbor("10.0.0.2", RAW_ASN, **{"passive": True, **options})],
            originate=[Origin("198.51.100.0/24", communities=("64500:10",), large=("1:2:3",),
                              med=5, as_path=(65540,)), "2001:db8:53::/48"]).start()
        return self

    def speaker(self, **options):
        return Speaker(self.raw_node, "10.0.0.1", RAW_ASN, **options)


@pytest.fixture(name="pair")
def pair_fixture(world):
    return Pair(world)


def test_session_and_routes(pair):
    speaker = pair.start(graceful_restart=True).speaker(graceful_restart=True).establish()
    assert speaker.peer.asn == BIRD_ASN and speaker.peer.router_id == "10.0.0.1"
    assert wire.CAP_ROUTE_REFRESH in speaker.peer.capabilities
    got = speaker.wait_update("198.51.100.0/24")
    assert got.as_path() == (BIRD_ASN, 65540) and got.med() == 5
    assert got.communities() == {"64500:10"} and got.large_communities() == {"1:2:3"}
    assert got.next_hops == ("10.0.0.1",)
    assert speaker.wait_update("2001:db8:53::/48").next_hops[0] == "fd00::1"
    speaker.wait_message(lambda m: m.kind == wire.UPDATE and m.end_of_rib == "ipv6")

    speaker.announce("203.0.113.0/24", path=(RAW_ASN, 65550), more=[
        wire.med(9), wire.communities("64500:11"), wire.large_communities("4:5:6"),
        wire.route_targets("64500:7")])
    pair.bird.wait_route("203.0.113.0/24", med=9, as_path=(RAW_ASN, 65550),
                         communities=frozenset({"64500:11"}), large=frozenset({"4:5:6"}),
                         ext=frozenset({"rt:64500:7"}))
    speaker.announce("2001:db8:99::/48", next_hop="fd00::2")
    pair.bird.wait_route("2001:db8:99::/48", next_hop="fd00::2")
    speaker.withdraw("203.0.113.0/24")
    speaker.withdraw("2001:db8:99::/48")
    pair.bird.wait_route("203.0.113.0/24", present=False)
    pair.bird.wait_route("2001:db8:99::/48", present=False)


def test_octet_by_octet(pair):
    speaker = pair.start().speaker().connect()
    speaker.send(wire.open_message(RAW_ASN, capabilities=speaker.capabilities), chunk=1)
    speaker.expect(wire.OPEN)
    speaker.send_keepalive()
    pair.bird.wait_established("10.0.0.2")


def test_extended_open_and_many_capabilities(pair):
    speaker = pair.start().speaker().connect()
    more = [wire.capability(200 + n, bytes(100)) for n in range(10)]
    speaker.send_open(capabilities=[*speaker.capabilities, *more], extended=True)
    speaker.expect(wire.OPEN)


@pytest.mark.parametrize("what, code, subcode", [
    (wire.message(wire.KEEPALIVE, marker=b"\0" * 16), 1, 1),
    (wire.message(wire.KEEPALIVE, length=18), 1, 2),
    (wire.message(77), 1, 3),
    (wire.update([], withdrawn_length=400), 3, 1),
])
def test_garbage_gets_the_right_notification(pair, what, code, subcode):
    speaker = pair.start().speaker().establish()
    speaker.send(what)
    last = speaker.wait_closed()
    assert (last.code, last.subcode) == (code, subcode)


def test_wrong_as(pair):
    speaker = pair.start().speaker()
    speaker.connect()
    speaker.send_open(asn=64998, capabilities=[])
    last = speaker.wait_closed()
    assert (last.code, last.subcode) == (2, 2)


def test_shutdown_texts(pair):
    speaker = pair.start().speaker().establish()
    speaker.send(wire.shutdown("good night"))
    wait_for(lambda: "good night" in pair.bird.notification_received("10.0.0.2"), 5, "text")
    speaker.close()
    speaker = pair.speaker().establish()
    pair.bird.shutdown_with_message("10.0.0.2", "see you")
    assert speaker.wait_closed().text() == "see you"


def test_pump_keeps_a_session_with_a_short_hold_time(pair):
    speaker = pair.start().speaker(hold_s=3).establish().start_pump()
    first = speaker.wait_message(lambda m: m.kind == wire.KEEPALIVE)
    wait_for(lambda: sum(m.kind == wire.KEEPALIVE for m in speaker.received) >= 5, 20,
             "five keepalives, more than a hold time")
    assert speaker.open and first and "198.51.100.0/24" in speaker.table()
    speaker.stop_pump()
    last = speaker.wait_closed()
    assert (last.code, last.subcode) == (4, 0)


def test_passive_side(pair):
    speaker = pair.speaker().listen()
    pair.start(passive=False)
    speaker.establish_passive()
    pair.bird.wait_established("10.0.0.2")
    speaker.reset()
    wait_for(lambda: not pair.bird.session_established("10.0.0.2"), 5, "the end")


def test_password_and_ttl(pair):
    pair.start(password="a-shared-key", gtsm=True)
    pair.speaker(password="a-shared-key", ttl=255).establish().close()
    with pytest.raises(TimeoutError):
        pair.speaker(password="another-key", ttl=255).connect(1)
    far = pair.speaker(password="a-shared-key", ttl=64).connect()
    far.send_open()
    # BIRD may have taken the OPEN before it set the limit, and nothing after it.
    with contextlib.suppress(Closed, TimedOut):
        far.expect(wire.OPEN, 1)
        far.send_keepalive()
    holds_for(lambda: not pair.bird.session_established("10.0.0.2"), 1.5,
              "no session from further away")


def test_refresh(pair):
    speaker = pair.start(graceful_restart=True).speaker(graceful_restart=True).establish()
    speaker.wait_message(lambda m: m.kind == wire.UPDATE and m.end_of_rib == "ipv6")
    speaker.received.clear()
    speaker.send(wire.route_refresh("ipv4"))
    speaker.wait_update("198.51.100.0/24")
    pair.bird.request_refresh("10.0.0.2")
    assert speaker.wait_message(lambda m: m.kind == wire.ROUTE_REFRESH).subtype == 0


def test_stops_reading(pair):
    """With a small buffer and nobody reading, the window closes and BIRD's sends pile up."""
    speaker = pair.start().speaker(receive_buffer=2048).establish()
    pair.bird.extra = "protocol static many { ipv4; " + " ".join(
        f"route 10.{n // 256}.{n % 256}.0/24 blackhole {{ bgp_med = {n}; "
        f"bgp_community.add((1,{n % 65536})); }};" for n in range(4000)) + " }"
    pair.bird.reload()
    stuck = wait_for(lambda: pair.bird_node.run("ss -tnH state established sport = 179")
                     .stdout.split() or None, 5, "the socket")
    wait_for(lambda: int(pair.bird_node.run("ss -tnH state established sport = 179")
                         .stdout.split()[1]) > 0, 10, "BIRD's send queue to fill")
    assert stuck
    speaker.start_pump()
    wait_for(lambda: len(speaker.table()) >= 4000, 20, "all routes once it reads again")


#: Feature of a driver -> the capability that its daemon must then announce.
CAPABILITIES = {
    "route_refresh": wire.CAP_ROUTE_REFRESH, "four_octet_as": wire.CAP_FOUR_OCTET_AS,
    "enhanced_route_refresh": wire.CAP_ENHANCED_REFRESH,
    "extended_message": wire.CAP_EXTENDED_MESSAGE, "role": wire.CAP_ROLE,
    "graceful_restart_helper": wire.CAP_GRACEFUL_RESTART,
}


@pytest.mark.parametrize("kind", ROUTERS)
def test_the_features_of_the_drivers_are_those_in_the_open(world, kind):
    peer, raw = world.node("peer"), world.node("raw")
    world.link(peer, raw, ["10.0.0.1/24", "fd00::1/64"], ["10.0.0.2/24", "fd00::2/64"])
    speaker = Speaker(raw, "10.0.0.1", RAW_ASN).listen()
    role = "provider" if "role" in ROUTERS[kind].features else None
    ROUTERS[kind](peer, 64501, neighbors=[
        Neighbor("10.0.0.2", RAW_ASN, graceful_restart=True, role=role)]).start()
    found = speaker.accept().expect(wire.OPEN, 20).capabilities
    said = {feature for feature in CAPABILITIES if feature in ROUTERS[kind].features}
    seen = {feature for feature, code in CAPABILITIES.items() if code in found}
    # Announced and not kept: see their drivers.
    seen.discard({"exabgp": "graceful_restart_helper", "openbgpd": "route_refresh"}.get(kind))
    assert seen == said
    assert len(found[wire.CAP_MULTIPROTOCOL]) == 2


@pytest.mark.parametrize("kind", [k for k in ROUTERS if "multihop" in ROUTERS[k].features])
def test_multihop(world, kind):
    """peer 10.0.1.2 -- middle -- 10.0.2.2 raw"""
    peer, middle, raw = world.node("peer"), world.router("middle"), world.node("raw")
    world.link(peer, middle, ["10.0.1.2/24"], ["10.0.1.1/24"])
    world.link(raw, middle, ["10.0.2.2/24"], ["10.0.2.1/24"])
    peer.add_route("10.0.2.0/24", "10.0.1.1")
    raw.add_route("10.0.1.0/24", "10.0.2.1")
    router = ROUTERS[kind](peer, 64501, neighbors=[
        Neighbor("10.0.2.2", RAW_ASN, multihop=2, families=("ipv4",), passive=True,
                 local_address="10.0.1.2")]).start()
    speaker = Speaker(raw, "10.0.1.2", RAW_ASN, local="10.0.2.2").establish()
    speaker.announce("203.0.113.0/24")
    router.wait_route("203.0.113.0/24")
