# SPDX-License-Identifier: Apache-2.0
"""A site whose own parts stop, restart, reload or are killed: what stays announced and what not."""
import os
import signal
import time

import pytest

from harness.nearcast import FAILED, OK, USAGE
from harness.peers import Bird, Neighbor
from harness.site import ASN, QUICK, UPSTREAM_ASN, Site, config
from harness.wait import holds_for

WEB, WEB_PREFIX = "192.0.3.80", "192.0.3.80/32"
NTP, NTP_PREFIX = "192.0.3.123", "192.0.3.123/32"
STEADY_S = 1.0
#: The exit status that asks a service manager for a new start.
AGAIN = 75


@pytest.fixture(name="site")
def one_site(world):
    return Site(world)


@pytest.fixture(name="lasting")
def one_site_with_graceful_restart(world):
    """An upstream that keeps the routes of a neighbour that restarts."""
    return Site(world, graceful_restart=True)


def web(site, more="", settings=QUICK):
    return {"web": f"addresses: [{WEB}]\nhold-down: 0\naddress-delay: 500ms\n"
                   f"checks:\n  - {site.verdict.check(settings)}\n{more}"}


def ntp(more=""):
    """A service without checks."""
    return {"ntp": f"addresses: [{NTP}]\naddress-delay: 500ms\n{more}"}


def started(site, services=None, **options):
    nearcast = site.start(services or web(site), **options)
    site.wait_announced(WEB_PREFIX)
    nearcast.wait_service("web", "up", announced=True)
    return nearcast


def kept(site, prefix=WEB_PREFIX, duration_s=STEADY_S):
    holds_for(lambda: site.announced(prefix), duration_s, f"{prefix} at the upstream",
              site.world.logs)


# ---- stop and start


def test_exit_withdraws(site):
    """Withdrawal, delay, address off, then the end of the session with a word."""
    nearcast = started(site)
    assert nearcast.stop() == 0
    assert not site.announced(WEB_PREFIX)
    assert not site.has(WEB)
    log = site.upstream.log()
    closed = log.index("Received: Administrative shutdown")
    assert log.rindex("Got UPDATE") < closed, "the session ended before the withdrawal"
    [removed] = nearcast.events("address-removed")
    [withdrawn] = nearcast.events("withdrawn")
    assert withdrawn["sequence"] < removed["sequence"]
    assert "Administrative shutdown" in site.upstream.notification_received("203.0.113.2")


def test_exit_keeps(lasting):
    """on-exit: keep: address and route stay, and the next run finds them."""
    nearcast = started(lasting, web(lasting, "on-exit: keep"))
    assert nearcast.stop() == 0
    kept(lasting)
    assert lasting.has(WEB)
    assert lasting.upstream.peer_is_restarting("203.0.113.2")
    nearcast.start()
    nearcast.wait_service("web", "up", announced=True)
    kept(lasting)
    lasting.world.wait_for(
        lambda: not lasting.upstream.peer_is_restarting("203.0.113.2"), 10,
        "the end of the graceful restart")
    assert lasting.announced(WEB_PREFIX)


def test_exit_one_withdraws_one_keeps(lasting):
    nearcast = started(lasting, {**web(lasting, "on-exit: keep"), **ntp()})
    lasting.wait_announced(NTP_PREFIX)
    assert nearcast.stop() == 0
    assert not lasting.announced(NTP_PREFIX) and not lasting.has(NTP)
    kept(lasting)
    assert lasting.has(WEB)


def test_restart_without_a_withdrawal(lasting):
    """SIGUSR2: all is kept over a restart, whatever on-exit says; what fails meanwhile goes."""
    nearcast = started(lasting, {**web(lasting), **ntp("on-exit: keep")})
    lasting.wait_announced(NTP_PREFIX)
    nearcast.process.signal(signal.SIGUSR2)
    assert nearcast.process.wait() == AGAIN
    kept(lasting)
    assert lasting.has(WEB)
    lasting.verdict.say(2)
    nearcast.start()
    lasting.wait_gone(WEB_PREFIX)
    kept(lasting, NTP_PREFIX)
    nearcast.wait_service("web", "down")


def test_drain_survives_restart_and_kill(site):
    nearcast = started(site, web(site, "drain: { graceful-time: 0 }"))
    nearcast.cli("drain", "web", "--reason", "replacing the disks")
    site.wait_gone(WEB_PREFIX)
    site.wait_address(WEB, present=False)
    assert nearcast.stop() == 0
    nearcast.start()
    drained_still(site, nearcast)
    nearcast.kill9()
    nearcast.start()
    drained_still(site, nearcast)
    assert nearcast.cli("undrain", "web").returncode == OK
    site.wait_announced(WEB_PREFIX)
    assert site.has(WEB)
    # The return survives, too.
    nearcast.kill9()
    nearcast.start()
    assert nearcast.wait_service("web", "up", announced=True, wanted=True)["drain"] is None


def drained_still(site, nearcast):
    service = nearcast.wait_service("web", "draining", announced=False, wanted=False)
    assert service["drain"]["reason"] == "replacing the disks"
    nearcast.wait_neighbor("up")
    holds_for(lambda: not site.announced(WEB_PREFIX) and not site.has(WEB), 0.5,
              "nothing of a drained service")


# ---- reload


def test_reload_leaves_other_sessions_alone(world):
    site = Site(world)
    other_node = world.router("other")
    world.link(other_node, site.node, ["203.0.114.1/24"], ["203.0.114.2/24"])
    other = Bird(other_node, UPSTREAM_ASN + 1, neighbors=[
        Neighbor("203.0.114.2", ASN, families=("ipv4",))]).start()
    up = "up: { address: 203.0.113.1, asn: 64501, connect-retry: 1s }"
    two = "other: {{ address: 203.0.114.1, asn: 64502, connect-retry: 1s{} }}"
    nearcast = started(site, neighbors=(up, two.format("")))
    other.wait_route(WEB_PREFIX)

    changed = nearcast.reload(config({**web(site), **ntp()}, (up, two.format(""))))
    assert changed["services"]["added"] == ["ntp"]
    assert changed["neighbors"]["changed"] == []
    site.wait_announced(NTP_PREFIX)
    other.wait_route(NTP_PREFIX)

    more = ", hold-time: 30s, export: { communities: [64502:70] }"
    changed = nearcast.reload(config({**web(site), **ntp()}, (up, two.format(more))))
    assert changed["neighbors"]["reset"] == ["other"], changed
    other.wait_route(WEB_PREFIX, communities=frozenset({"64502:70"}))
    assert nearcast.wait_neighbor("other")["hold_time_s"] == 30

    more = more.replace("64502:70", "64502:71")
    changed = nearcast.reload(config(web(site), (up, two.format(more))))
    assert changed["neighbors"] == {"added": [], "removed": [], "changed": ["other"],
                                    "reset": []}
    other.wait_route(WEB_PREFIX, communities=frozenset({"64502:71"}))
    site.wait_gone(NTP_PREFIX)
    site.wait_address(NTP, present=False)

    nearcast.write_config(config(web(site), (up,)))
    nearcast.process.signal(signal.SIGHUP)
    other.wait_route(WEB_PREFIX, present=False)
    assert nearcast.neighbor("up")["counters"]["established"] == 1
    assert not nearcast.events("withdraw", service="web")
    assert site.upstream.log().count("BGP session established") == 1


def test_reload_dry_run_changes_nothing(site):
    nearcast = started(site)
    nearcast.write_config(config(ntp()))
    dry = nearcast.json("reload", "--dry-run")
    assert (dry["announce"], dry["withdraw"]) == (
        [{"service": "ntp", "prefix": NTP_PREFIX}], [{"service": "web", "prefix": WEB_PREFIX}])
    kept(site)
    assert [s["name"] for s in nearcast.json("services")["services"]] == ["web"]
    assert not site.has(NTP)


def test_bad_configuration_leaves_the_old_one(site):
    nearcast = started(site)
    generation = nearcast.json("status")["config"]["generation"]
    nearcast.write_config(config(web(site)).replace("hold-down: 0", "hold-down: soon"))
    done = nearcast.cli("reload")
    assert done.returncode == USAGE and "hold-down: soon" in done.stderr
    kept(site)
    status = nearcast.json("status")["config"]
    assert status["generation"] == generation and not status["last_reload"]["ok"]
    nearcast.process.signal(signal.SIGHUP)
    nearcast.wait_event("reload", ok=False)
    kept(site)


def test_reload_that_withdraws_too_much_is_refused(site):
    limit = "reload: { withdraw-max: 1 }"
    both = {**web(site), **ntp()}
    nearcast = started(site, both, more=limit)
    site.wait_announced(NTP_PREFIX)
    nearcast.write_config(config({"new": "addresses: [192.0.3.1]"}, more=limit))
    done = nearcast.cli("reload")
    assert done.returncode == FAILED
    assert "2" in done.stderr and "web" in done.stderr and "ntp" in done.stderr
    assert "--force" in done.stderr
    kept(site)
    kept(site, NTP_PREFIX)
    assert nearcast.cli("reload", "--force").returncode == OK
    site.wait_gone(WEB_PREFIX)
    site.wait_gone(NTP_PREFIX)
    site.wait_announced("192.0.3.1/32")


# ---- what an earlier run left behind


def test_left_over_address_is_put_right(site):
    """kill -9 of all: the next run adopts what it still wants and removes the rest."""
    nearcast = started(site, {**web(site), **ntp()})
    site.wait_announced(NTP_PREFIX)
    nearcast.kill9()
    site.wait_gone(NTP_PREFIX)
    assert site.has(WEB) and site.has(NTP)
    nearcast.write_config(config(web(site)))
    nearcast.start()
    site.wait_address(NTP, present=False)
    assert site.has(WEB)
    site.wait_announced(WEB_PREFIX)
    site.wait_gone(NTP_PREFIX)


def test_address_of_somebody_else_is_left_alone(site):
    """What was there before us is used and never removed."""
    site.node.add_address("lo", f"{WEB}/32")
    nearcast = started(site)
    assert nearcast.stop() == 0
    assert site.has(WEB)


# ---- parts that die


def test_killed_probe_is_unknown_and_comes_back(site):
    nearcast = started(site)
    pid = nearcast.pid("probe")
    updates = site.upstream.log().count("Got UPDATE")
    nearcast.kill9("probe")
    event = nearcast.wait_event("service-state", new_state="unknown")
    assert "probe" in event["reason"]
    nearcast.wait_service("web", "up", announced=True)
    kept(site, duration_s=0.3)
    assert nearcast.pid("probe") != pid
    assert not nearcast.events("withdraw")
    assert site.upstream.log().count("Got UPDATE") == updates


def test_unknown_for_long_may_withdraw(site):
    """unknown: { then: withdraw }: nobody can say how the service is."""
    nearcast = started(site, web(site, "unknown: { hold: 1s, then: withdraw }"))
    site.verdict.say("sleep 60")
    # A check that takes its time after the restart keeps the service unknown.
    slow = "interval: 20s, timeout: 19s, rise: 1, fall: 1"
    nearcast.reload(config(web(site, "unknown: { hold: 1s, then: withdraw }", slow)))
    kept(site, duration_s=0.5)
    nearcast.kill9("probe")
    site.wait_gone(WEB_PREFIX)
    nearcast.wait_service("web", "unknown", announced=False)


def test_stopped_probe_is_replaced(site):
    """SIGSTOP: silence is noticed, the checker is started anew, nothing is withdrawn."""
    nearcast = started(site)
    pid = nearcast.pid("probe")
    os.kill(pid, signal.SIGSTOP)
    nearcast.wait_event("service-state", new_state="unknown", deadline_s=25)
    nearcast.wait_service("web", "up", announced=True)
    assert nearcast.pid("probe") != pid
    assert not nearcast.events("withdraw")
    kept(site, duration_s=0.3)


def test_killed_speaker_announces_again(site):
    nearcast = started(site)
    nearcast.kill9("speaker")
    nearcast.wait_event("process-end", process="speaker")
    site.world.wait_for(
        lambda: site.upstream.log().count("BGP session established") == 2, 20, "a session")
    site.wait_announced(WEB_PREFIX)
    nearcast.wait_service("web", "up", announced=True, flaps=0)
    assert site.has(WEB)


def test_killed_main_lease_withdraws(lasting):
    """Nobody renews the announcements: they end after the lease, although neighbours could
    keep them."""
    nearcast = started(lasting, more="lease: { time: 3s, then: withdraw }")
    began = time.monotonic()
    nearcast.kill9("main")
    kept(lasting, duration_s=1)
    lasting.wait_gone(WEB_PREFIX)
    assert 1.5 < time.monotonic() - began < 10
    nearcast.process.wait()
    nearcast.start()
    lasting.wait_announced(WEB_PREFIX)


def test_killed_main_lease_keeps(lasting):
    """then: keep: after the lease the neighbours hold the routes by graceful restart."""
    nearcast = started(lasting, more="lease: { time: 2s, then: keep }")
    nearcast.kill9("main")
    lasting.world.wait_for(lambda: lasting.upstream.peer_is_restarting("203.0.113.2"), 10,
                           "the session to end")
    kept(lasting)
    nearcast.process.wait()
    nearcast.start()
    nearcast.wait_service("web", "up", announced=True)
    kept(lasting)


def test_new_main_takes_the_old_speaker_over(lasting):
    """Started again within the lease: no withdrawal, one speaker."""
    nearcast = started(lasting, more="lease: { time: 1m, then: keep }")
    nearcast.kill9("main")
    nearcast.process.wait()
    kept(lasting, duration_s=0.5)
    nearcast.start()
    kept(lasting)
    nearcast.wait_service("web", "up", announced=True)
    nearcast.wait_neighbor("up")
    kept(lasting, duration_s=0.3)


def test_two_daemons_in_one_folder(site):
    """The second one says who runs, and disturbs nothing."""
    nearcast = started(site)
    done = nearcast.node.run([*nearcast.process.argv[3:]], check=False,
                             env=nearcast.environment)
    assert done.returncode == 1
    text = done.stdout + done.stderr
    assert f"it is process {nearcast.pid()}" in text and "--runtime-dir" in text
    kept(site)
