# SPDX-License-Identifier: Apache-2.0
"""The panic threshold at ordinary intervals: a shared cause is doubted first, one service is not."""
import os

from harness.nearcast import Nearcast
from harness.peers import Bird, Neighbor

CONFIG = """\
site: fra1
asn: 64500
router-id: 10.0.0.2
panic: {{ hold: 3s }}
services:
  one:
    addresses: 198.51.100.1
    hold-down: 0s
    checks: [exec: {{ command: [{check}, one] }}]
  two:
    addresses: 203.0.113.2
    hold-down: 0s
    checks: [exec: {{ command: [{check}, two] }}]
neighbors:
  up: {{ address: 10.0.0.1, asn: 64501 }}
http: {{ enabled: false }}
"""


def site(world):
    router, node = world.router("router"), world.node("site")
    world.link(router, node, ["10.0.0.1/24"], ["10.0.0.2/24"])
    bird = Bird(router, 64501, neighbors=[Neighbor("10.0.0.2", 64500)]).start()
    check = os.path.join(node.folder, "check")
    with open(check, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n[ ! -e {node.folder}/broken-$1 ] && [ ! -e {node.folder}/broken ]"
                   " && exit 0\necho it is broken\nexit 2\n")
    os.chmod(check, 0o755)
    daemon = Nearcast(node, CONFIG.format(check=check)).start().record_events()
    for service in ("one", "two"):
        daemon.wait_service(service, "up", announced=True)
    return node, daemon, bird


def touch(node, name):
    with open(os.path.join(node.folder, name), "w", encoding="ascii"):
        pass


def test_all_at_once_is_doubted_first(world):
    node, daemon, bird = site(world)
    touch(node, "broken")
    daemon.wait_event("suspect", suspected=True)
    assert {"198.51.100.1/32", "203.0.113.2/32"} <= set(bird.routes("ipv4"))
    assert not daemon.events("withdraw")
    # It is believed in the end.
    for service in ("one", "two"):
        daemon.wait_service(service, "down", announced=False)
    order = [event["type"] for event in daemon.events() if event["type"] in ("suspect", "withdraw")]
    assert order.index("suspect") < order.index("withdraw")


def test_all_at_once_and_back_is_no_withdrawal(world):
    node, daemon, _bird = site(world)
    touch(node, "broken")
    daemon.wait_event("suspect", suspected=True)
    os.unlink(os.path.join(node.folder, "broken"))
    daemon.wait_event("suspect", suspected=False)
    for service in ("one", "two"):
        daemon.wait_service(service, "up", announced=True)
    assert not daemon.events("withdraw")


def test_one_service_alone_is_believed(world):
    node, daemon, bird = site(world)
    touch(node, "broken-one")
    daemon.wait_service("one", "down", announced=False)
    world.wait_for(lambda: "198.51.100.1/32" not in bird.routes("ipv4"), 5, "the withdrawal")
    assert "203.0.113.2/32" in bird.routes("ipv4")
    assert not daemon.events("suspect")
