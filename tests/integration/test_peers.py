# SPDX-License-Identifier: Apache-2.0
"""Every daemon of the harness against BIRD: what its driver says that it can, it does.

These tests are about the harness. Those of nearcast itself use the same drivers.
"""
import pytest

from harness.peers import ROUTERS, Bird, Neighbor, Origin
from harness.wait import holds_for

OTHERS = [kind for kind in ROUTERS if kind != "bird"]
BIRD_ASN, PEER_ASN = 64501, 4200000002
COMMUNITIES = {"communities": ("64500:10", "65535:0"), "large": ("64500:1:2",),
               "ext": ("rt:64500:7",)}
#: Longer than any of these daemons needs to establish a session that it can establish.
NEVER_S = 2.5


class Pair:
    """BIRD on the left, the daemon under test on the right: one session a family."""

    def __init__(self, world, kind):
        self.world = world
        self.kind = kind
        self.left_node, self.right_node = world.node("left"), world.node("right")
        world.link(self.left_node, self.right_node, ["10.0.0.1/24", "fd00::1/64"],
                   ["10.0.0.2/24", "fd00::2/64"])
        self.left = self.right = None

    def start(self, left=None, right=None, start_left=True, **both):
        """Starts both; `left`, `right` and `both` are options of the sessions."""
        left, right = {**both, **(left or {})}, {**both, **(right or {})}
        path = () if self.kind == "openbgpd" else (65550,)
        self.left = Bird(
            self.left_node, BIRD_ASN, originate=[
                Origin("198.51.100.0/24", med=42, as_path=(65540,), **COMMUNITIES),
                Origin("2001:db8:1::/48", **COMMUNITIES)],
            neighbors=[Neighbor("10.0.0.2", PEER_ASN, families=("ipv4",), **left),
                       Neighbor("fd00::2", PEER_ASN, families=("ipv6",), **left)])
        self.right = ROUTERS[self.kind](
            self.right_node, PEER_ASN, originate=[
                Origin("203.0.113.0/24", med=7, as_path=path, **COMMUNITIES),
                Origin("2001:db8:2::/48", **COMMUNITIES)],
            neighbors=[Neighbor("10.0.0.1", BIRD_ASN, families=("ipv4",), **right),
                       Neighbor("fd00::1", BIRD_ASN, families=("ipv6",), **right)])
        if start_left:
            self.left.start()
        self.right.start()
        return self

    def established(self):
        for address in ("10.0.0.2", "fd00::2"):
            self.left.wait_established(address)
        for address in ("10.0.0.1", "fd00::1"):
            self.right.wait_established(address)
        return self

    def needs(self, feature):
        if feature not in ROUTERS[self.kind].features:
            pytest.skip(f"{self.kind} has no {feature}")
        return self


@pytest.fixture(params=OTHERS)
def pair(world, request):
    return Pair(world, request.param)


def test_routes_with_their_attributes(pair):
    pair.start().established()
    sets = {name: frozenset(values) for name, values in COMMUNITIES.items()}
    path = (PEER_ASN,) if pair.kind == "openbgpd" else (PEER_ASN, 65550)
    pair.left.wait_route("203.0.113.0/24", as_path=path, med=7, next_hop="10.0.0.2", **sets)
    pair.left.wait_route("2001:db8:2::/48", as_path=(PEER_ASN,), **sets)
    pair.right.wait_route("198.51.100.0/24", as_path=(BIRD_ASN, 65540), med=42,
                          next_hop="10.0.0.1", neighbor="10.0.0.1", **sets)
    pair.right.wait_route("2001:db8:1::/48", as_path=(BIRD_ASN,), neighbor="fd00::1", **sets)
    assert set(pair.right.routes("ipv4")) == {"198.51.100.0/24"}
    assert set(pair.right.routes("ipv6", "fd00::1")) == {"2001:db8:1::/48"}


def test_announce_change_and_withdraw(pair):
    pair.start().established()
    pair.right.announce(Origin("192.0.2.0/25", communities=("64500:77",)))
    pair.left.wait_route("192.0.2.0/25", communities=frozenset({"64500:77"}))
    pair.right.announce(Origin("192.0.2.0/25", communities=("64500:78",)))
    pair.left.wait_route("192.0.2.0/25", communities=frozenset({"64500:78"}))
    pair.right.withdraw("192.0.2.0/25")
    pair.left.wait_route("192.0.2.0/25", present=False)


def test_withdrawal_is_seen(pair):
    pair.start().established()
    pair.right.wait_route("198.51.100.0/24")
    pair.left.withdraw("198.51.100.0/24")
    pair.right.wait_route("198.51.100.0/24", present=False)


def test_two_families_in_one_ipv4_session(pair):
    pair.needs("ipv6_over_ipv4")
    pair.start(start_left=False)
    pair.right.stop()
    pair.left.neighbors = [Neighbor("10.0.0.2", PEER_ASN, name="both")]
    pair.right.neighbors = [Neighbor("10.0.0.1", BIRD_ASN)]
    for router in (pair.left, pair.right):
        router.add_neighbor(router.neighbors.pop())
        router.start()
    pair.left.wait_route("2001:db8:2::/48")
    pair.right.wait_route("2001:db8:1::/48")


def test_graceful_shutdown_lowers_the_preference(pair):
    pair.needs("graceful_shutdown").start().established()
    route = pair.right.wait_route("198.51.100.0/24")
    assert route.local_pref < 100


def test_password(pair):
    pair.needs("md5").start(password="a shared key".replace(" ", "-")).established()


def test_wrong_password(pair):
    pair.needs("md5").start(left={"password": "one"}, right={"password": "two"})
    holds_for(lambda: not pair.left.session_established("10.0.0.2"), NEVER_S,
              "no session with two passwords")


def test_gtsm(pair):
    pair.needs("gtsm").start(gtsm=True).established()


def test_passive(pair):
    pair.needs("passive").start(right={"passive": True}).established()


def test_refresh(pair):
    pair.needs("route_refresh_sent").start().established()
    pair.right.wait_route("198.51.100.0/24")
    pair.right.request_refresh("10.0.0.1")
    pair.world.wait_for(lambda: "Got ROUTE-REFRESH" in pair.left.log(), 10,
                        "BIRD to be asked for its routes")


def test_shutdown_message_sent(pair):
    pair.needs("shutdown_message_sent").start().established()
    pair.right.shutdown_with_message("10.0.0.1", "see you")
    pair.world.wait_for(lambda: "see you" in pair.left.notification_received("10.0.0.2"), 10,
                        "the message to arrive at BIRD")


def test_shutdown_message_received(pair):
    pair.needs("shutdown_message_received").start().established()
    pair.left.shutdown_with_message("10.0.0.2", "bye now")
    pair.world.wait_for(lambda: "bye now" in pair.right.notification_received("10.0.0.1"), 10,
                        "the message of BIRD to be shown")
    pair.left.enable("10.0.0.2")
    pair.left.wait_established("10.0.0.2")


def test_graceful_restart_helper(pair):
    """BIRD crashes, the daemon keeps its routes, marks them and clears the mark."""
    pair.needs("graceful_restart_helper").needs("shows_stale")
    # Passive: who comes back opens the session, no two connections collide.
    pair.start(right={"passive": True}, graceful_restart=True).established()
    pair.right.wait_route("198.51.100.0/24", stale=False)
    pair.world.wait_for(lambda: pair.right.end_of_rib_received("10.0.0.1"), 10, "End-of-RIB")
    pair.left.kill9()
    pair.right.wait_route("198.51.100.0/24", stale=True)
    pair.left.start(recover=True)
    pair.right.wait_route("198.51.100.0/24", stale=False)


def test_graceful_restart(pair):
    """The daemon crashes, BIRD keeps its routes until it is back."""
    pair.needs("graceful_restart").start(graceful_restart=True).established()
    pair.left.wait_route("203.0.113.0/24")
    pair.right.kill9()
    pair.world.wait_for(lambda: pair.left.peer_is_restarting("10.0.0.2"), 10,
                        "BIRD to see a graceful restart")
    assert "203.0.113.0/24" in pair.left.routes("ipv4")
    pair.right.start()
    pair.established()


def test_kernel_routes(pair):
    pair.needs("kernel_routes").start().established()
    for family, prefix in (("ipv4", "198.51.100.0/24"), ("ipv6", "2001:db8:1::/48")):
        pair.world.wait_for(lambda f=family, p=prefix: p in pair.right.kernel_routes(f), 10,
                            f"{prefix} in the kernel")


def test_role(pair):
    pair.needs("role").start(left={"role": "provider"}, right={"role": "customer"})
    pair.established()


def test_extended_nexthop(pair):
    """IPv4 routes over an IPv6 session with an IPv6 next hop (RFC 8950)."""
    pair.needs("extended_nexthop").start(start_left=False)
    pair.right.stop()
    options = {"families": ("ipv4", "ipv6"), "extended_nexthop": True}
    pair.left.neighbors = []
    pair.right.neighbors = []
    pair.left.add_neighbor(Neighbor("fd00::2", PEER_ASN, **options))
    pair.right.add_neighbor(Neighbor("fd00::1", BIRD_ASN, **options))
    pair.left.start()
    pair.right.start()
    pair.left.wait_route("203.0.113.0/24", next_hop="fd00::2")
    assert ":" in pair.right.wait_route("198.51.100.0/24").next_hop


def test_link_local_neighbor(pair):
    pair.needs("link_local_neighbor").start(start_left=False)
    pair.right.stop()
    pair.left_node.add_address("to-right", "fe80::1/64")
    pair.right_node.add_address("to-left", "fe80::2/64")
    pair.left.neighbors = []
    pair.right.neighbors = []
    pair.left.add_neighbor(Neighbor("fe80::2", PEER_ASN, families=("ipv6",),
                                    interface="to-right"))
    pair.right.add_neighbor(Neighbor("fe80::1", BIRD_ASN, families=("ipv6",),
                                     interface="to-left"))
    pair.left.start()
    pair.right.start()
    pair.left.wait_route("2001:db8:2::/48")
    pair.right.wait_route("2001:db8:1::/48")


def test_gone_without_a_word(pair):
    pair.start().established()
    pair.left.wait_route("203.0.113.0/24")
    pair.right.kill9()
    pair.left.wait_route("203.0.113.0/24", present=False)
