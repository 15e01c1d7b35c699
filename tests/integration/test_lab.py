# SPDX-License-Identifier: Apache-2.0
"""The lab: worlds come up, break, are mended, and leave nothing behind.

No `world` fixture here: the lab makes its own namespaces, and that is what is tested.
"""
import json
import os
import random
import re
import signal
import subprocess
import textwrap

import pytest

from harness.nearcast import ENVIRONMENT, binary
from harness.wait import wait_for

UP_S = 120


def lab(*words, check=True, env=None, wrap=(), deadline_s=UP_S):
    """Runs `nearcast lab WORDS`; returns the finished process."""
    done = subprocess.run([*wrap, binary(), "lab", *words], capture_output=True, text=True,
                          timeout=deadline_s, check=False,
                          env={**os.environ, **ENVIRONMENT, **(env or {})})
    if check and done.returncode != 0:
        raise AssertionError(f"lab {words}: exit status {done.returncode}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def answer(*words):
    return json.loads(lab("--json", *words).stdout)


class Up:
    """A world that is up within the block."""

    def __init__(self, what, name):
        self.name = name
        self.what = what

    def __enter__(self):
        lab("up", self.what, "--name", self.name)
        return self

    def __exit__(self, *_error):
        lab("down", self.name, check=False)

    def __call__(self, *words, **options):
        return lab("--name", self.name, *words, **options)

    def json(self, *words):
        return answer("--name", self.name, *words)

    def catchment(self, for_s=0.4):
        """client -> the sites that answer it"""
        clients = self.json("catchment", "--for", str(for_s))["clients"]
        return {client["client"]: set(client["sites"]) for client in clients}

    def settled_catchment(self, deadline_s=20):
        """The catchment once two looks in a row saw the same: the routes have converged."""
        seen = [None]

        def is_so():
            found = self.catchment()
            same = found == seen[0] and all(found.values())
            seen[0] = found
            return same
        wait_for(is_so, deadline_s, "a catchment that stays", lambda: {"last": repr(seen[0])})
        return seen[0]

    def wait_catchment(self, wanted, deadline_s=20):
        """Until each client of `wanted` is served by just these sites."""
        seen = {}

        def is_so():
            seen.update(self.catchment())
            return all(seen[client] == sites for client, sites in wanted.items())
        wait_for(is_so, deadline_s, f"the catchment {wanted}", lambda: {"last": repr(seen)})


@pytest.fixture
def name(request):
    """A name for a world that no other test has."""
    return re.sub(r"[^a-z0-9]+", "-", f"{os.getpid()}-{request.node.name}".lower())[:60].strip("-")


def written(tmp_path, text):
    path = tmp_path / "w.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return str(path)


def processes_of(pid_namespace):
    """The processes in a pid namespace, seen from this one."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/ns/pid") == pid_namespace:
                found.append(int(pid))
        except OSError:
            pass
    return found


def inside(world, node, *command):
    return world("exec", node, "--", *command)


# ---- worlds

@pytest.mark.parametrize("what, clients", [("two-sites", 3), ("ixp", 7), ("dns-root", 26)])
def test_ready_worlds_come_up(name, what, clients):
    with Up(what, name) as world:
        assert len(world.catchment()) == clients
        assert name in answer("list")["worlds"]
        status = world.json("status")
        assert all(process["running"] for node in status["nodes"] for process in node["processes"])
    assert name not in answer("list")["worlds"]


def test_exchange_members_peer_through_the_route_server(name):
    with Up("ixp", name) as world:
        found = world.settled_catchment()
        assert found["utrecht"] == found["brussels"] == found["london"] == {"ams"}
        assert found["munich"] == found["prague"] == found["zurich"] == {"fra"}
        routes = inside(world, "munich", "ip", "route", "get", "198.51.100.53").stdout
        # Straight over the switch, not through the route server.
        assert "via 172.30.1." in routes and "172.30.1.1 " not in routes


def test_delay_is_that_of_the_distance(name, tmp_path):
    path = written(tmp_path, """\
        sites: { ams: { city: Amsterdam, upstreams: { t: { delay: 5ms } } } }
        networks:
          t: { city: Amsterdam }
          far: { city: Sydney, people: 1, providers: { t: { delay: 30ms } } }
        """)
    with Up(path, name) as world:
        assert world.json("status")["delays"] is True
        client = world.json("catchment")["clients"][0]
        assert 70 <= client["rtt_min_ms"] < 80


def test_two_side_by_side(name):
    with Up("two-sites", f"a-{name}") as first, Up("two-sites", f"b-{name}") as second:
        first("break", "fra")
        first.wait_catchment({"vienna": {"iad"}})
        assert second.settled_catchment()["vienna"] == {"fra"}
        again = lab("up", "two-sites", "--name", f"a-{name}", check=False)
        assert again.returncode != 0 and "is up already" in again.stderr


def test_nothing_is_left_after_a_kill(name):
    with Up("two-sites", name) as world:
        namespace = inside(world, "fra", "readlink", "/proc/self/ns/pid").stdout.strip()
        mine = processes_of(namespace)
        assert len(mine) > 10
        # Pid 1 of the world: of those the one whose parent is not among them.
        parents = {pid: int(open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1]
                            .split()[1]) for pid in mine}
        first = next(pid for pid in mine if parents[pid] not in mine)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: not processes_of(namespace), 10, "all processes to be gone", lambda: {})
        assert name not in answer("list")["worlds"]
        assert "no world" in world("status", check=False).stderr


# ---- what happens

def test_prepends_move_people(name, tmp_path):
    path = written(tmp_path, """\
        sites:
          one: { city: Paris, upstreams: { t1: {} } }
          two: { city: Rome, upstreams: { t2: {} } }
        networks:
          t1: { city: Paris, peers: { t2: {} } }
          t2: { city: Rome }
          both: { city: Milan, people: 1, providers: { t1: {}, t2: {} } }
        """)
    with Up(path, name) as world:
        before = world.settled_catchment()["both"]
        assert len(before) == 1
        (served,) = before
        other = {"one": "two", "two": "one"}[served]
        world("prepend", served, "3")
        world.wait_catchment({"both": {other}})
        world("prepend", served, "0")
        world("prepend", other, "3")
        world.wait_catchment({"both": {served}})


def test_a_link_inside_a_network_is_gone_round(name, tmp_path):
    path = written(tmp_path, """\
        sites: { s: { city: Tokyo, upstreams: { big: { at: tyo } } } }
        networks:
          big: { cities: [ams, nyc, tyo] }
          p: { city: Amsterdam, people: 1, providers: { big: { at: ams } } }
        """)
    with Up(path, name) as world:
        near = world.json("catchment")["clients"][0]["rtt_median_ms"]
        world("break", "big-ams-big-tyo")
        world.wait_catchment({"p": {"s"}})
        far = world.json("catchment")["clients"][0]["rtt_median_ms"]
        assert far > near + 20
        world("mend", "big-ams-big-tyo")
        wait_for(lambda: world.json("catchment")["clients"][0]["rtt_median_ms"] < near + 10, 20,
                 "the short way again", lambda: {})


def test_mistyped_names_are_helped_with(name):
    with Up("two-sites", name) as world:
        wrong = world("break", "viena", check=False)
        assert wrong.returncode == 4 and "did you mean vienna?" in wrong.stderr
        assert world("drain", "vienna", check=False).returncode != 0
        assert inside(world, "fra", "cat", "/etc/hostname").returncode == 0
        assert inside(world, "fra", "hostname").stdout.strip() == "fra"
        assert world("exec", "fra", "--", "false", check=False).returncode == 1


def test_scenario(name, tmp_path):
    path = tmp_path / "s.scenario"
    map_path = tmp_path / "map.svg"
    path.write_text(textwrap.dedent(f"""\
        say the site fra is drained, and no request is lost
        pace 5ms
        map before
        drain fra
        wait 4s
        expect nothing lost
        expect fra serves nobody
        expect catchment of vienna is iad
        map {map_path}
        undrain fra
        wait 4s
        expect nothing lost
        say its service dies
        break fra/service
        expect all served within 2s
        expect fra serves nobody
        mend fra/service
        run fra test -e /run/nearcast.yaml
        expect catchment of chicago is iad or fra
        flood chicago 1000/s for 500ms
        expect flood of chicago only at iad
        """), encoding="utf-8")
    with Up("two-sites", name) as world:
        report = world.json("run", str(path))
        assert report["failed"] == 0 and report["expectations"] == 8
        assert map_path.read_text(encoding="utf-8").startswith(("<svg", "<?xml"))
        path.write_text("expect catchment of vienna is nowhere\n", encoding="utf-8")
        failed = world("run", str(path), check=False)
        assert failed.returncode == 1 and "1 failed" in failed.stdout
        path.write_text("wait 1ms\nexplode\n", encoding="utf-8")
        wrong = world("run", str(path), check=False)
        assert wrong.returncode != 0 and "explode" in wrong.stderr


def test_maps_and_exports(name, tmp_path):
    picture, before = tmp_path / "m.svg", tmp_path / "before.json"
    with Up("two-sites", name) as world:
        before.write_text(world("catchment", "--json").stdout, encoding="utf-8")
        world("break", "fra/service")
        world.wait_catchment({"vienna": {"iad"}})
        world("catchment", "--before", str(before), "--map", str(picture))
        assert "was A" in picture.read_text(encoding="utf-8")
        assert "digraph" in world("export", "dot").stdout
        assert json.loads(world("export", "geojson").stdout)["type"] == "FeatureCollection"
        assert "ietf-network:networks" in json.loads(world("export", "rfc8345").stdout)
        bad = world("catchment", "--map", "/nowhere/m.svg", check=False)
        assert bad.returncode != 0 and "/nowhere" in bad.stderr


# ---- other daemons

MIXED = """\
sites:
  fra: {{ city: Frankfurt, upstreams: {{ first: {{}}, second: {{}} }} }}
  iad: {{ city: Ashburn, upstreams: {{ third: {{}} }} }}
  sin: {{ city: Singapore, upstreams: {{ fourth: {{}} }} }}
networks:
  first: {{ cities: [fra, lon], {0}peers: {{ second: {{}}, third: {{}}, fourth: {{}} }} }}
  second: {{ cities: [fra, nyc], {1}peers: {{ third: {{}}, fourth: {{}} }} }}
  third: {{ city: Ashburn, {2}peers: {{ fourth: {{}} }} }}
  fourth: {{ city: Singapore, {3}}}
  vienna: {{ city: Vienna, people: 8, providers: {{ first: {{}} }} }}
  boston: {{ city: Boston, people: 8, providers: {{ second: {{}} }} }}
  chicago: {{ city: Chicago, people: 12, providers: {{ third: {{}} }} }}
  jakarta: {{ city: Jakarta, people: 12, providers: {{ fourth: {{}} }} }}
  oslo: {{ city: Oslo, people: 5, {0}providers: {{ first: {{}} }} }}
  rome: {{ city: Rome, people: 5, {1}providers: {{ first: {{}} }} }}
  lima: {{ city: Lima, people: 5, {2}providers: {{ third: {{}} }} }}
  manila: {{ city: Manila, people: 5, {3}providers: {{ fourth: {{}} }} }}
"""


def test_mixed_worlds_have_the_same_catchments(name, tmp_path):
    own = tmp_path / "own.yaml"
    mixed = tmp_path / "mixed.yaml"
    own.write_text(MIXED.format("", "", "", ""), encoding="utf-8")
    mixed.write_text(MIXED.format(*(f"daemon: {d}, " for d in ("bird", "frr", "gobgp",
                                                               "openbgpd"))), encoding="utf-8")
    with Up(str(own), f"own-{name}") as world:
        wanted = world.settled_catchment()
    with Up(str(mixed), f"mixed-{name}") as world:
        world.wait_catchment(wanted, 60)
        for site in ("fra", "sin"):
            world("break", site)
            world("mend", site)
        world.wait_catchment(wanted, 90)


# ---- the kernels' next hops and a model of valley-free routing

CUSTOMER, PEER, PROVIDER = range(3)


class Model:
    """Who may be reached how, by the rules alone (Gao and Rexford 2001): what customers say goes
    before what peers say before what providers say, then the shorter path; what is not a
    customer's is told to customers only. Slow, and plain to see."""

    def __init__(self, count, providers, peers, sites):
        self.neighbors = {asn: [] for asn in range(count)}
        for low, high in providers:
            self.neighbors[low].append((high, PROVIDER))
            self.neighbors[high].append((low, CUSTOMER))
        for one, other in peers:
            self.neighbors[one].append((other, PEER))
            self.neighbors[other].append((one, PEER))
        #: AS -> (class, length, the neighbours or sites that are as good)
        self.best = {}
        self.sites = sites
        while self._again():
            pass

    def _again(self):
        before = dict(self.best)
        for asn, neighbors in self.neighbors.items():
            offers = [(CUSTOMER, 1, site) for site, at in self.sites.items() if at == asn]
            for other, kind in neighbors:
                theirs = before.get(other)
                # A route of class CUSTOMER is told to everybody, others only to customers.
                if theirs and (theirs[0] == CUSTOMER or kind == PROVIDER):
                    offers.append((kind, theirs[1] + 1, other))
            if offers:
                kind, length = min(offer[:2] for offer in offers)
                self.best[asn] = (kind, length, frozenset(
                    who for offered, far, who in offers if (offered, far) == (kind, length)))
        return self.best != before

    def reached(self, asn):
        """The sites that may answer an AS."""
        return set().union(*({who} if isinstance(who, str) else self.reached(who)
                             for who in self.best[asn][2]))


def random_world(seed):
    """(text, count, providers, peers, sites)"""
    chance = random.Random(seed)
    count = chance.randint(6, 12)
    providers = {(low, chance.randrange(low)) for low in range(2, count)
                 for _ in range(chance.randint(1, 2))}
    peers = {(0, 1)} | {tuple(sorted(chance.sample(range(count), 2))) for _ in range(3)}
    peers = {(a, b) for a, b in peers if (b, a) not in providers and (a, b) not in providers}
    sites = {f"s{n}": chance.randrange(count) for n in range(chance.randint(2, 3))}
    lines = ["delay-by-distance: false", "networks:"]
    for asn in range(count):
        above = ", ".join(f"n{high}: {{}}" for low, high in sorted(providers) if low == asn)
        beside = ", ".join(f"n{other}: {{}}" for one, other in sorted(peers) if one == asn)
        lines.append(f"  n{asn}: {{ city: Paris, people: 1, providers: {{ {above} }}, "
                     f"peers: {{ {beside} }} }}")
    lines.append("sites:")
    lines += [f"  {site}: {{ city: Paris, upstreams: {{ n{at}: {{}} }} }}"
              for site, at in sites.items()]
    return "\n".join(lines) + "\n", count, providers, peers, sites


@pytest.mark.parametrize("seed", range(1, 5))
def test_next_hops_are_those_of_a_model(name, tmp_path, seed):
    text, count, providers, peers, sites = random_world(seed)
    model = Model(count, providers, peers, sites)
    path = tmp_path / "random.yaml"
    path.write_text(text, encoding="utf-8")

    def agrees(world, asn):
        routes = json.loads(inside(world, f"n{asn}", "ip", "-j", "route", "show",
                                   "198.51.100.0/24").stdout or "[]")
        # Interfaces have the names of the nodes behind them.
        hops = {hop["dev"] for route in routes for hop in route.get("nexthops", [route])}
        return hops and hops <= {who if isinstance(who, str) else f"n{who}"
                                 for who in model.best[asn][2]}

    with Up(str(path), name) as world:
        wait_for(lambda: all(agrees(world, asn) for asn in range(count)), 30,
                 "the next hops of the model", lambda: {})
        # And whoever answers stands at the end of such next hops.
        for client, served in world.settled_catchment().items():
            assert served and served <= model.reached(int(client[1:]))


# ---- mistakes, before anything starts

@pytest.mark.parametrize("text, message", [
    ("networks: { t: { city: Paris } }\n", "has no sites"),
    ("sites: { s: { city: Paris, upstreams: { t: {} } } }\nnetworks:\n"
     "  t: { city: Paris, providers: { u: {} } }\n  u: { city: Rome, providers: { v: {} } }\n"
     "  v: { city: Rome, providers: { t: {} } }\n", ":5:33: error: a loop of providers"),
    ("sites: { s: { city: Paris, upstreams: { nobody: {} } } }\n", "no network 'nobody'"),
    ("sites: { s: { city: Paris, upstreams: { s2: {} } } }\nnetworks:\n  s2: { city: Paris }\n"
     "  s: { city: Rome }\n", "there are two nodes 's'"),
    ("sites: { s: { city: Paris, upstreams: { t: {} } } }\nnetworks:\n  t: { city: Paris }\n"
     "  lone: { city: Rome, people: 1 }\n", "there is no path from 'lone' to any site"),
    ("generate: { networks: 10000, sites: 3 }\n", "10000"),
])
def test_mistakes(tmp_path, name, text, message):
    path = written(tmp_path, text)
    done = lab("up", path, "--name", name, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert name not in answer("list")["worlds"]


# ---- without root

def test_without_root(name, tmp_path):
    able = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "unshare", "-Urn",
                           "true"], check=False).returncode == 0
    if not able:
        pytest.skip("this machine allows no user namespaces without root")
    user = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    env = {"HOME": str(tmp_path)}
    lab("up", "two-sites", "--name", name, wrap=user, env=env)
    try:
        status = json.loads(lab("status", "--json", "--name", name, wrap=user, env=env).stdout)
        assert status["user_namespace"] is True
        done = lab("exec", "fra", "--name", name, "--", "id", "-u", wrap=user, env=env)
        assert done.stdout.strip() == "0"
    finally:
        lab("down", name, wrap=user, env=env, check=False)
