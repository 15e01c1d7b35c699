# SPDX-License-Identifier: Apache-2.0
"""BFD with BIRD: a path that fails ends the BGP session in milliseconds, an operator's word does not.

    upstream (BIRD) .1 ---- 10.0.0.0/24 ---- .2 site (nearcast)
"""
import json
import signal
import time

import pytest

from harness.nearcast import DEGRADED, NOT_FOUND, OK, Nearcast
from harness.peers import Bird, Neighbor

SITE = """\
site: fra1
asn: 64500
router-id: 10.0.0.2
http: {{ address: 127.0.0.1, port: 9179 }}
services: {{ web: {{ addresses: [198.51.100.80] }} }}
neighbors:
  up: {{ address: 10.0.0.1, asn: 64501, connect-retry: 1s, bfd: {bfd} }}
"""
BIRD_BFD = 'protocol bfd { interface "*" { interval 50 ms; multiplier 3; }; }\n'
QUICK = "{ mode: on, interval: 50ms, multiplier: 3 }"


class Place:
    """The site and one router, on a link."""

    def __init__(self, world, bfd=QUICK):
        self.world = world
        self.node, self.router_node = world.node("site"), world.node("upstream")
        world.link(self.router_node, self.node, ["10.0.0.1/24"], ["10.0.0.2/24"])
        self.router = Bird(self.router_node, 64501, kernel=False,
                             neighbors=[Neighbor("10.0.0.2", 64500, families=("ipv4",), bfd=True)])
        self.router.extra = BIRD_BFD
        self.site = Nearcast(self.node, SITE.format(bfd=bfd))

    def start(self):
        self.router.start()
        self.site.start()
        self.site.record_events()
        return self

    def session(self):
        return self.site.json("bfd")["sessions"][0]

    def wait_up(self):
        self.site.wait_neighbor("up")
        # Numbers are told every two seconds.
        self.world.wait_for(lambda: self.session()["state"] == "Up" and self.session()["detection_ms"] < 1000, 20,
                            "BFD to be up, at the quick rate")
        return self

    def events(self, kind):
        return self.site.events(kind)


@pytest.fixture(name="place")
def a_place(world):
    return Place(world)


def test_a_path_that_fails(place):
    place.start().wait_up()
    session = place.session()
    assert (session["remote_state"], session["mode"], session["detection_ms"]) == ("Up", "on", 150)
    # The router falls silent, and its connection stays open.
    place.router.process.signal(signal.SIGSTOP)
    began = time.monotonic()
    place.world.wait_for(lambda: place.events("neighbor-down"), 10, "the session to end")
    assert time.monotonic() - began < 5  # the hold time is 90 s
    down = place.events("neighbor-down")[0]
    assert (down["code"], down["subcode"]) == (6, 10), down
    assert "nothing was heard" in place.events("bfd-down")[0]["message"]
    place.router.process.signal(signal.SIGCONT)
    place.wait_up()


def test_the_router_dies(place):
    place.start().wait_up()
    place.router.kill9()
    place.world.wait_for(lambda: place.events("bfd-down"), 10, "BFD to be down")


def test_what_people_see(place):
    place.start().wait_up()
    done = place.site.cli("bfd")
    assert done.returncode == OK and "150.0 ms" in done.stdout, done.stdout
    assert place.site.cli("bfd", "nobody").returncode == NOT_FOUND
    answer = place.node.run(["curl", "-sf", "http://127.0.0.1:9179/api/v1/bfd/up"])
    assert json.loads(answer.stdout)["sessions"][0]["state"] == "Up"
    place.router.kill9()
    place.world.wait_for(lambda: place.site.cli("bfd").returncode == DEGRADED, 10, "it to be seen")


def test_strict_waits_for_bfd(world):
    place = Place(world, bfd="{ mode: strict, interval: 50ms }")
    place.router.extra = ""
    place.router.neighbors[0].bfd = False
    place.start()
    place.world.wait_for(lambda: place.session()["state"] == "Down", 20, "the session to be there")
    time.sleep(3)
    assert place.site.neighbor("up")["counters"]["opens-out"] == 0
    place.router.neighbors[0].bfd = True
    place.router.extra = BIRD_BFD
    place.router.reload()
    place.wait_up()


def test_reload(place):
    """BFD comes, changes and goes with the configuration; the BGP session does not notice."""
    off = SITE.format(bfd="off")
    place.site.write_config(off)
    place.start()
    place.site.wait_neighbor("up")
    assert place.site.json("bfd")["sessions"] == []
    place.site.reload(SITE.format(bfd=QUICK))
    place.wait_up()
    place.site.reload(SITE.format(bfd="{ mode: on, interval: 100ms, multiplier: 5 }"))
    place.world.wait_for(lambda: place.session()["detection_ms"] == 300, 20, "the new times")  # BIRD's multiplier
    place.site.reload(off)
    place.world.wait_for(lambda: place.site.json("bfd")["sessions"] == [], 10, "no session")
    time.sleep(1)
    assert place.site.neighbor("up")["counters"]["established"] == 1
    assert place.events("bfd-down") == [] or place.events("bfd-down")[0]["level"] == "info"
