# SPDX-License-Identifier: Apache-2.0
"""The harness itself: isolation, worlds, and every daemon that the other tests rely on."""
import socket

import pytest

from harness.peers import Bird, Neighbor, Origin
from harness.wait import WaitFailed, wait_for


def two_nodes(world):
    a, b = world.node("a"), world.node("b")
    world.link(a, b, ["10.0.0.1/24", "fd00::1/64", "fe80::1/64"],
               ["10.0.0.2/24", "fd00::2/64", "fe80::2/64"])
    return a, b


def test_world_carries_packets(world):
    a, b = two_nodes(world)
    b.add_address("lo", "192.0.2.1/32", "2001:db8::1/128")
    a.add_route("192.0.2.1/32", "10.0.0.2")
    a.add_route("2001:db8::1/128", "fd00::2")
    with b.socket() as server:
        server.bind(("192.0.2.1", 8000))
        server.listen()
        with a.socket() as client:
            client.connect(("192.0.2.1", 8000))
    assert b.has_address("lo", "2001:db8::1")
    a.run("ip -6 route get 2001:db8::1")


def test_lan(world):
    nodes = [world.node(name) for name in "abc"]
    world.lan("switch", {node: [f"10.0.0.{n}/24", f"fd00::{n}/64"]
                         for n, node in enumerate(nodes, 1)})
    for n in (2, 3):
        with nodes[n - 1].socket() as server:
            server.bind((f"10.0.0.{n}", 8000))
            server.listen()
            with nodes[0].socket() as client:
                client.settimeout(5)
                client.connect((f"10.0.0.{n}", 8000))


def test_link_down_and_up(world):
    a, b = two_nodes(world)
    interface = next(name for name in a.addresses if name != "lo")
    a.link_down(interface)
    assert a.run("ip -6 route get fd00::2", check=False).returncode != 0
    a.link_up(interface)
    assert a.has_address(interface, "fd00::1")
    with b.socket(socket.AF_INET6) as server:
        server.bind(("fd00::2", 8000))
        server.listen()

        def reaches():
            with a.socket(socket.AF_INET6) as client:
                client.settimeout(1)
                client.connect(("fd00::2", 8000))
                return True
        world.wait_for(reaches, 5, "the link to carry packets again")


def test_wait_says_what_it_waited_for(world):
    a, _b = two_nodes(world)
    a.spawn(["sh", "-c", "echo the log of the daemon; exec tail -f /dev/null"], name="talker")
    world.wait_for(lambda: "daemon" in world.logs()["a/talker"], 5, "the log")
    with pytest.raises(WaitFailed) as failure:
        world.wait_for(lambda: 1 // 0, 0.05, "the moon")
    assert "the moon" in str(failure.value)
    assert "ZeroDivisionError" in str(failure.value)
    assert "the log of the daemon" in str(failure.value)


def test_bird_with_bird(world):
    a, b = two_nodes(world)
    origins = [Origin("198.51.100.0/24", communities=("64500:10",), large=("64500:1:2",),
                      ext=("rt:64500:7",), med=42, as_path=(65550,)), "2001:db8:53::/48"]
    left = Bird(a, 64501, neighbors=[Neighbor("10.0.0.2", 64502)], originate=origins).start()
    right = Bird(b, 64502, neighbors=[Neighbor("10.0.0.1", 64501)]).start()
    left.wait_established("10.0.0.2")
    route = right.wait_route("198.51.100.0/24")
    print(route)
    assert route.as_path == (64501, 65550) and route.med == 42
    assert "198.51.100.0/24" in wait_for(lambda: right.kernel_routes("ipv4"), 5, "kernel")
