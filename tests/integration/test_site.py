# SPDX-License-Identifier: Apache-2.0
"""The life of a site: what becomes of the routes when services fail, return, are drained.

Topology and helpers are in harness/site.py. Each state of a service is reached here: init, rising
and up (test_init_and_rising), degraded and falling (test_degraded), down (test_crash_and_return),
held (test_damping), unknown (test_site_restart.py), draining and maintenance.
"""
import json
import time

import pytest

from harness.nearcast import NOT_FOUND, OK
from harness.peers import Bird, Neighbor, Nginx, Nsd
from harness.site import ASN, UPSTREAM_ASN, Listener, Site, Verdict, config
from harness.wait import holds_for

DNS, DNS_PREFIX = "198.51.100.53", "198.51.100.0/24"
WEB, WEB_PREFIX = "192.0.3.80", "192.0.3.80/32"
#: Longer than a withdrawal would take.
STEADY_S = 1.5


@pytest.fixture(name="site")
def one_site(world):
    return Site(world)


def web(site, more="", check=None):
    """One service with an exec check whose outcome the test decides."""
    return {"web": f"addresses: [{WEB}]\nhold-down: 0\naddress-delay: 500ms\n"
                   f"checks:\n  - {check or site.verdict.check()}\n{more}"}


def started(site, more="", **options):
    """The site with that one service, announced."""
    nearcast = site.start(web(site, more), **options)
    site.wait_announced(WEB_PREFIX)
    nearcast.wait_service("web", "up", announced=True)
    return nearcast


# ---- health


def test_crash_and_return(site):
    """NSD and nginx: addresses, checks, announcements; a crash; the return after hold-down."""
    client = site.client()
    quick = "interval: 1s, fast-interval: 50ms, timeout: 900ms, rise: 2"
    dns = Nsd(site.node, [DNS])
    nginx = Nginx(site.node, [WEB])
    nearcast = site.start({
        "dns": f"addresses: [{DNS}]\nannounce: [{DNS_PREFIX}]\nhold-down: 1s\nchecks:\n"
               "  - socket: { port: 53, protocol: udp }\n"
               f"  - dns: {{ name: example.com, type: SOA, {quick} }}",
        "web": f"addresses: [{WEB}]\nchecks:\n  - socket: {{ port: 80 }}\n"
               f"  - http: {{ expect-body: answers, {quick} }}"})
    site.wait_address(DNS)
    assert not site.announced(DNS_PREFIX), "announced before it was seen to be good"
    dns.start()
    nginx.start()
    site.wait_announced(DNS_PREFIX, as_path=(ASN,), next_hop="203.0.113.2", med=0)
    site.wait_announced(WEB_PREFIX)
    site.world.wait_for(lambda: DNS_PREFIX in site.upstream.kernel_routes("ipv4"), 10, "a route")
    assert dns.dig("CH", "TXT", "id.server", node=client) == '"site"'
    assert "site answers" in client.run(["curl", "-s", f"http://{WEB}/"]).stdout

    dns.kill9()
    site.wait_gone(DNS_PREFIX)
    service = nearcast.wait_service("dns", "down", announced=False, healthy=False)
    assert "53" in service["evidence"] and "socket" in service["reason"]
    assert site.has(DNS), "the address has to stay for the checks"
    assert site.announced(WEB_PREFIX)
    assert nearcast.cli("services").returncode == 5

    dns.start()
    began = time.monotonic()
    site.wait_announced(DNS_PREFIX)
    assert time.monotonic() - began > 0.8, "no hold-down"
    nearcast.wait_service("dns", "up", announced=True, flaps=1)
    site.wait_states("dns", "up", "down", "rising", "up")
    assert nearcast.cli("services").returncode == OK


def test_init_and_rising(site):
    """Before the first result that counts, and while good results are counted."""
    site.verdict.say("sleep 1.2")
    slow = "interval: 2s, fast-interval: 50ms, timeout: 1900ms, rise: 2"
    nearcast = site.start(web(site, check=site.verdict.check(slow)))
    assert nearcast.wait_service("web", "init")["intent"]["address"]
    assert not site.announced(WEB_PREFIX)
    nearcast.wait_service("web", "rising", announced=False)
    site.verdict.say(0)
    nearcast.wait_service("web", "up", announced=True)


def test_degraded(site):
    """Exit status 1: longer path, another MED, a community; 2: withdrawn; 0: as before."""
    nearcast = started(site, "up: { med: 10 }\ndegraded: { prepend: 2, med: 100,"
                             " communities: [64500:666] }")
    site.wait_announced(WEB_PREFIX, as_path=(ASN,), med=10)
    site.verdict.say(1)
    site.wait_announced(WEB_PREFIX, as_path=(ASN,) * 3, med=100,
                        communities=frozenset({"64500:666"}))
    service = nearcast.wait_service("web", "degraded", announced=True, wanted=True)
    assert "the test says 1" in service["evidence"]
    site.verdict.say(2)
    site.wait_gone(WEB_PREFIX)
    nearcast.wait_service("web", "down")
    site.verdict.say(0)
    site.wait_announced(WEB_PREFIX, as_path=(ASN,), med=10, communities=frozenset())
    site.wait_states("web", "up", "degraded", "falling", "down", "up")


def test_degraded_withdraw(site):
    nearcast = started(site, "degraded: { withdraw: true }")
    site.verdict.say(1)
    site.wait_gone(WEB_PREFIX)
    nearcast.wait_service("web", "degraded", announced=False)
    site.verdict.say(0)
    site.wait_announced(WEB_PREFIX)


def test_one_bad_result_is_not_believed(site):
    """falling, and back to up: nothing was withdrawn."""
    nearcast = site.start(web(site, check=site.verdict.check(
        "interval: 600ms, fast-interval: 500ms, timeout: 450ms, rise: 1, fall: 20")))
    site.wait_announced(WEB_PREFIX)
    nearcast.wait_service("web", "up", announced=True)
    site.verdict.say(2)
    nearcast.wait_service("web", "falling", announced=True)
    site.verdict.say(0)
    nearcast.wait_service("web", "up", announced=True, flaps=0)
    assert not nearcast.events("withdraw")


def test_damping(site):
    """A service that flaps is held although it is good, and is released."""
    nearcast = started(site, "damping: { penalty: 1000, suppress: 1800, reuse: 1000,"
                             " half-life: 3s, maximum: 1m }")
    for _flap in range(8):
        site.verdict.say(2)
        site.world.wait_for(lambda: site.states("web")[-1] == "down", 10, "the fall")
        site.verdict.say(0)
        site.world.wait_for(lambda: site.states("web")[-1] in ("up", "held"), 10, "the return")
        if site.states("web")[-1] == "held":
            break
    service = nearcast.wait_service("web", "held", announced=False, healthy=True, wanted=True)
    assert service["damping"]["penalty"] > 1000
    assert service["damping"]["held_until_seconds"] > 0
    assert not site.announced(WEB_PREFIX)
    site.wait_announced(WEB_PREFIX)
    service = nearcast.wait_service("web", "up", announced=True)
    assert service["damping"]["penalty"] < 1000


def test_socket_handed_over_is_no_failure(site):
    """SO_REUSEPORT: the new listener is there before the old one goes, or within grace."""
    old = Listener(site.node, WEB, 8080)
    nearcast = site.start(web(site, check="socket: { port: 8080, grace: 800ms }"))
    site.wait_announced(WEB_PREFIX)
    new = Listener(site.node, WEB, 8080)
    old.close()
    holds_for(lambda: nearcast.service("web")["announced"], STEADY_S, "the announcement")
    new.close()
    newest = Listener(site.node, WEB, 8080)
    holds_for(lambda: nearcast.service("web")["announced"], STEADY_S, "the announcement")
    assert not nearcast.events("withdraw")
    assert nearcast.service("web")["flaps"] == 0
    newest.close()
    site.wait_gone(WEB_PREFIX)
    nearcast.wait_service("web", "down")


def test_nginx_reload_is_no_failure(site):
    nginx = Nginx(site.node, [WEB])
    nearcast = site.start(web(site, check="socket: { port: 80 }"))
    nginx.start()
    site.wait_announced(WEB_PREFIX)
    workers = nginx.workers_now()
    nginx.reload()
    site.world.wait_for(lambda: not nginx.workers_now() & workers, 10, "new workers")
    holds_for(lambda: site.announced(WEB_PREFIX), 0.5, "the announcement")
    assert not nearcast.events("withdraw")


def test_all_checks_time_out_at_once(site):
    """Two services hang in the same moment: the checker is doubted, nothing is withdrawn."""
    checks = f"checks:\n  - {site.verdict.check()}"
    nearcast = site.start(
        {"one": f"addresses: [198.51.100.1]\nhold-down: 0\n{checks}",
         "two": f"addresses: [198.51.100.2]\nhold-down: 0\n{checks}"},
        more="panic: { threshold: 100%, window: 2s, hold: 4s }")
    for prefix in ("198.51.100.1/32", "198.51.100.2/32"):
        site.wait_announced(prefix)
    site.verdict.say("sleep 60")
    nearcast.wait_event("suspect", suspected=True)
    assert nearcast.json("status")["suspected"]
    assert nearcast.service("one")["state"] == "falling"
    holds_for(lambda: site.announced("198.51.100.1/32") and site.announced("198.51.100.2/32"),
              STEADY_S, "both announcements")
    site.verdict.say(0)
    nearcast.wait_event("suspect", suspected=False)
    nearcast.wait_service("one", "up", flaps=0)
    nearcast.wait_service("two", "up", flaps=0)
    assert not nearcast.events("withdraw")


# ---- the operator's word


def test_drain_and_return(site):
    """GRACEFUL_SHUTDOWN, prepend, wait, withdrawn, address off; and back the other way."""
    nearcast = started(site, "drain: { graceful-time: 1s, prepend: 2, prepend-time: 1s,"
                             " wait: 500ms }")
    assert nearcast.cli("drain", "web", "--reason", "new disks").returncode == OK
    site.wait_announced(WEB_PREFIX, communities=frozenset({"65535:0"}), as_path=(ASN,))
    service = nearcast.wait_service("web", "draining", announced=True, wanted=False)
    drain = service["drain"]
    assert (drain["step"], drain["reason"]) == ("graceful", "new disks")
    assert 0 <= drain["since_seconds"] < 5
    site.wait_announced(WEB_PREFIX, communities=frozenset({"65535:0"}), as_path=(ASN,) * 3)
    site.wait_gone(WEB_PREFIX)
    site.wait_address(WEB, present=False)
    nearcast.wait_service("web", "draining", announced=False)
    steps = [e["drain_step"] for e in nearcast.events("service-state", new_state="draining")]
    assert steps == ["graceful", "prepend", "wait", "withdrawn", "removed"]
    [withdrawn] = nearcast.events("withdrawn")
    [removed] = nearcast.events("address-removed")
    assert withdrawn["sequence"] < removed["sequence"]
    assert seconds_between(withdrawn, removed) > 0.4, "the address left too soon"

    assert nearcast.cli("undrain", "web").returncode == OK
    site.wait_announced(WEB_PREFIX, communities=frozenset(), as_path=(ASN,))
    nearcast.wait_service("web", "up", drain=None)
    added = nearcast.wait_event("address-added")
    order = [e["sequence"] for e in (nearcast.events("address-added")[-1],
                                     nearcast.events("announced")[-1])]
    assert added and order == sorted(order)
    assert nearcast.cli("drain", "nothing").returncode == NOT_FOUND


def seconds_between(first, second):
    """Between two events, from their times in RFC 3339."""
    def seconds(event):
        clock = event["time"].partition("T")[2].rstrip("Z").split(":")
        return int(clock[0]) * 3600 + int(clock[1]) * 60 + float(clock[2])
    return (seconds(second) - seconds(first)) % 86400


def test_undrain_in_time_takes_only_the_signs_back(site):
    nearcast = started(site, "drain: { graceful-time: 1m }")
    nearcast.cli("drain", "web")
    site.wait_announced(WEB_PREFIX, communities=frozenset({"65535:0"}))
    nearcast.cli("undrain", "web")
    site.wait_announced(WEB_PREFIX, communities=frozenset())
    assert not nearcast.events("withdraw")
    assert not nearcast.events("address-removed")


def test_maintenance(site):
    """By configuration: withdrawn at once, the address follows; and back."""
    nearcast = started(site)
    plain = config(web(site))
    nearcast.reload(plain.replace("hold-down: 0", "hold-down: 0\n    maintenance: true"))
    site.wait_gone(WEB_PREFIX)
    nearcast.wait_service("web", "maintenance", wanted=False, announced=False)
    site.wait_address(WEB, present=False)
    nearcast.reload(plain)
    site.wait_announced(WEB_PREFIX)
    assert site.has(WEB)


# ---- neighbours and numbers


def test_two_services_with_different_neighbors(world):
    """Each upstream hears what is meant for it, and nothing else."""
    site = Site(world)
    other_node = world.router("other")
    world.link(other_node, site.node, ["203.0.114.1/24"], ["203.0.114.2/24"])
    other = Bird(other_node, UPSTREAM_ASN + 1, neighbors=[
        Neighbor("203.0.114.2", ASN, families=("ipv4",))]).start()
    nearcast = site.start(
        {"one": "addresses: [198.51.100.1]\nneighbors: [up]",
         "two": "addresses: [198.51.100.2]\nneighbors: [other]",
         "all": "addresses: [198.51.100.3]"},
        neighbors=("up: { address: 203.0.113.1, asn: 64501, connect-retry: 1s }",
                   "other: { address: 203.0.114.1, asn: 64502, connect-retry: 1s,"
                   " export: { communities: [64502:70] } }"))
    site.wait_announced("198.51.100.3/32", communities=frozenset())
    other.wait_route("198.51.100.3/32", communities=frozenset({"64502:70"}))
    site.wait_announced("198.51.100.1/32")
    other.wait_route("198.51.100.2/32")
    assert set(site.upstream.routes("ipv4")) == {"198.51.100.1/32", "198.51.100.3/32"}
    assert set(other.routes("ipv4")) == {"198.51.100.2/32", "198.51.100.3/32"}
    assert nearcast.service("one")["neighbors_wanted"] == 1
    assert nearcast.service("all")["neighbors_announced"] == 2


def test_foreign_removal_is_repaired(site):
    """Somebody takes the address off: it is put back, nothing is withdrawn."""
    nearcast = started(site)
    site.node.ip(f"addr del {WEB}/32 dev lo")
    site.wait_address(WEB)
    event = nearcast.wait_event("address-lost")
    assert (event["service"], event["address"], event["interface"]) == ("web", WEB, "lo")
    holds_for(lambda: site.announced(WEB_PREFIX), 0.5, "the announcement")
    assert not nearcast.events("withdraw")


def test_wanted_healthy_announced_apart(site):
    """The three numbers of OpenMetrics that an alert compares, and /healthz."""
    nearcast = started(site)

    def get(path):
        done = site.node.run(["curl", "-s", "-w", "\n%{http_code}",
                              f"http://127.0.0.1:9179{path}"])
        body, _, code = done.stdout.rpartition("\n")
        return int(code), body

    def numbers():
        text = get("/metrics")[1]
        return tuple(int(text.partition(f'nearcast_service_{name}{{service="web"}} ')[2][0])
                     for name in ("wanted", "healthy", "announced"))
    assert numbers() == (1, 1, 1) and get("/healthz")[0] == 200
    nearcast.cli("neighbor", "shutdown", "up")
    site.world.wait_for(lambda: numbers() == (1, 1, 0), 10, "wanted and not announced")
    code, body = get("/healthz")
    assert code == 503 and json.loads(body)["problems"]
    nearcast.cli("neighbor", "enable", "up")
    site.world.wait_for(lambda: numbers() == (1, 1, 1), 10, "all well")
    site.verdict.say(2)
    site.world.wait_for(lambda: numbers() == (1, 0, 0), 10, "wanted and not healthy")
    site.verdict.say(0)
    site.world.wait_for(lambda: numbers() == (1, 1, 1), 10, "all well")
    nearcast.cli("drain", "web")
    site.world.wait_for(lambda: numbers()[0] == 0, 10, "not wanted")


def test_another_site_is_never_asked(site):
    """A service whose address is elsewhere is not healthy here by the other's answers."""
    other = site.world.node("elsewhere")
    site.world.link(site.router, other, ["198.18.0.1/24"], ["198.18.0.2/24"])
    other.add_route("default", "198.18.0.1")
    other.add_address("lo", f"{WEB}/32")
    site.router.add_route(f"{WEB}/32", "198.18.0.2")
    Nginx(other, [WEB]).start()
    quick = "interval: 1s, fast-interval: 50ms, timeout: 900ms"
    nearcast = site.start({"web": f"addresses: [{WEB}]\nmanage-addresses: false\nchecks:\n"
                                  f"  - tcp: {{ port: 80, {quick} }}"})
    assert "answers" in site.node.run(["curl", "-s", f"http://{WEB}/"]).stdout
    holds_for(lambda: not nearcast.service("web")["healthy"], STEADY_S, "not healthy")
    evidence = nearcast.service("web")["checks"][0]["evidence"]
    assert WEB in evidence and nearcast.service("web")["state"] in ("unknown", "init")
