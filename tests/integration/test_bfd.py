# SPDX-License-Identifier: Apache-2.0
"""BFD with BIRD and FRR: a path that fails ends the BGP session in milliseconds, an operator's word does not.

    upstream (BIRD) .1 ---- 10.0.0.0/24 ---- .2 site (nearcast)
"""
import json
import signal
import time

import pytest

from harness.nearcast import DEGRADED, NOT_FOUND, OK, Nearcast
from harness.packages import program
from harness.peers import Bird, Frr, Neighbor

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


# ---- FRR

BFDD = "/usr/lib/frr/bfdd"


class FrrPlace(Place):
    """The same with FRR: bgpd asks bfdd, by way of zebra."""

    def __init__(self, world, bfd=QUICK):  # pylint: disable=super-init-not-called
        self.world = world
        self.node, self.router_node = world.node("site"), world.node("upstream")
        world.link(self.router_node, self.node, ["10.0.0.1/24"], ["10.0.0.2/24"])
        self.router = Frr(self.router_node, 64501, kernel=False,
                          neighbors=[Neighbor("10.0.0.2", 64500, families=("ipv4",))])
        self.site = Nearcast(self.node, SITE.format(bfd=bfd))
        self.bfdd = None

    def start(self):
        self.router.kernel = True  # or bgpd does not speak to zebra
        self.router.start()
        self.router.write("bfdd.conf", "bfd\n profile quick\n  detect-multiplier 3\n"
                          "  receive-interval 50\n  transmit-interval 50\n")
        path = self.router.path
        self.world.log_files["upstream/bfdd"] = path("bfdd.log")
        self.bfdd = self.router.spawn(
            [program(BFDD), "-f", path("bfdd.conf"), "-P", "0", "-z", path("zserv.api"),
             "--vty_socket", self.router.folder, "-i", path("bfdd.pid"),
             "--bfdctl", path("bfdd.sock"), "--log", f"file:{path('bfdd.log')}"], name="bfdd")
        self.router.configure("router bgp 64501", "neighbor 10.0.0.2 bfd",
                              "neighbor 10.0.0.2 bfd profile quick")
        self.site.start()
        self.site.record_events()
        return self

    def peer(self):
        """What bfdd says of the session."""
        peers = json.loads(self.router.vty("show bfd peers json", "bfdd"))
        return peers[0] if peers else {}


def test_frr_a_path_that_fails(world):
    place = FrrPlace(world).start().wait_up()
    assert place.session()["detection_ms"] == 150
    world.wait_for(lambda: place.peer().get("status") == "up", 20, "FRR to see it up")
    assert place.peer()["remote-detect-multiplier"] == 3
    place.bfdd.signal(signal.SIGSTOP)
    world.wait_for(lambda: place.events("neighbor-down"), 10, "the session to end")
    down = place.events("neighbor-down")[0]
    assert (down["code"], down["subcode"]) == (6, 10), down
    place.bfdd.signal(signal.SIGCONT)
    place.wait_up()


def test_frr_notices_that_we_are_gone(world):
    place = FrrPlace(world).start().wait_up()
    world.wait_for(lambda: place.peer().get("status") == "up", 20, "FRR to see it up")
    place.site.kill9("bfd")
    # Another one is started, with a session of its own: FRR sees it go down between, and says so.
    world.wait_for(lambda: [e for e in place.events("neighbor-down")
                            if (e["code"], e["subcode"], e["sent"]) == (6, 10, False)], 20,
                   "FRR to end the session")
    place.wait_up()


def test_frr_strict(world):
    place = FrrPlace(world, bfd="{ mode: strict, interval: 50ms }").start()
    place.wait_up()
    assert place.session()["mode"] == "strict"
