# SPDX-License-Identifier: Apache-2.0
"""Operating a site: every command and every page against a daemon with BIRD as its neighbour."""
import json

import pytest

from harness.nearcast import (DEGRADED, FAILED, NOT_FOUND, OK, UNREACHABLE, USAGE, Nearcast)
from harness.peers import Bird, Neighbor

PREFIX = "198.51.100.80/32"
CONFIG = """\
site: fra1
asn: 64500
router-id: 10.0.0.1
services:
  web:
    addresses: [198.51.100.80]
    checks:
      - exec: { command: [/bin/true], interval: 500ms, timeout: 400ms }
    hold-down: 0
    drain: { graceful-time: 1s }
neighbors:
  up: { address: 10.0.0.2, asn: 64501, relation: provider, connect-retry: 1s }
http: { address: 127.0.0.1, port: 9179 }
"""


@pytest.fixture(name="site")
def running_site(world):
    """A daemon that announces its service to BIRD."""
    left, right = world.node("site"), world.node("router")
    world.link(left, right, ["10.0.0.1/24"], ["10.0.0.2/24"])
    router = Bird(right, 64501, neighbors=[Neighbor("10.0.0.1", 64500, families=("ipv4",))])
    router.start()
    site = Nearcast(left, CONFIG).start()
    site.router = router
    site.wait_service("web", "up", announced=True)
    router.wait_route(PREFIX, communities=frozenset())
    return site


def curl(site, path, *options, method="GET"):
    """Status, headers (names in lower case) and body."""
    done = site.node.run(["curl", "-s", "-i", "-X", method, *options,
                          f"http://127.0.0.1:9179{path}"])
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    lines = head.split("\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), headers, body


def test_looking(site):
    assert "all is well" in site.cli("status").stdout
    for command in ("status", "services", "neighbors", "routes", "events"):
        done = site.cli(command)
        assert done.returncode == OK, done
        json.loads(site.cli(command, "--json").stdout)
    page = site.cli("services", "web").stdout
    assert "to 1 of 1" in page and "exec-1" in page
    page = site.cli("neighbors", "up").stdout
    assert "Established" in page and "10.0.0.2" in page
    [route] = site.json("routes", "-k", "advertised", PREFIX)["routes"]
    assert (route["neighbor"], route["as_path"], route["next_hop"]) == ("up", "64500", "10.0.0.1")
    assert [r["prefix"] for r in site.json("routes", "-k", "local")["routes"]] == [PREFIX]
    assert site.cli("routes", "192.0.2.1").returncode == NOT_FOUND
    assert site.cli("services", "nothing").returncode == NOT_FOUND
    assert site.cli("neighbors", "nothing").returncode == NOT_FOUND
    assert "announced" in {event["type"] for event in site.json("events")["events"]}


def test_drain_and_return(site):
    site.record_events()
    done = site.cli("drain", "web", "--reason", "kernel update")
    assert done.returncode == OK and "withdrawn in 1.0 s" in done.stdout
    site.router.wait_route(PREFIX, communities=frozenset({"65535:0"}))
    assert site.cli("drain", "web").returncode == FAILED
    assert site.service("web")["drain"]["reason"] == "kernel update"
    site.router.wait_route(PREFIX, present=False)
    assert site.wait_event("service-state", new_state="draining")
    assert site.cli("undrain", "web").returncode == OK
    site.router.wait_route(PREFIX, communities=frozenset())
    assert site.cli("undrain", "web").returncode == FAILED


def test_neighbor_verbs(site):
    assert site.cli("neighbor", "shutdown", "up", "--text", "bye").returncode == OK
    neighbor = site.wait_neighbor("up", "Idle")
    assert neighbor["admin_down"]
    site.router.wait_route(PREFIX, present=False)
    assert site.cli("neighbor", "enable", "up").returncode == OK
    site.wait_neighbor("up", "Established")
    assert site.cli("neighbor", "refresh", "up").returncode == OK
    assert site.cli("neighbor", "reset", "nothing").returncode == NOT_FOUND


def test_reload(site):
    assert not site.json("reload", "--dry-run")["changed"]
    site.write_config(CONFIG.replace("neighbors:", "  more:\n    addresses: [198.51.100.81]\n"
                                                   "neighbors:"))
    dry = site.json("reload", "--dry-run")
    assert dry["announce"] == [{"service": "more", "prefix": "198.51.100.81/32"}]
    assert len(site.json("services")["services"]) == 1
    assert site.cli("reload").returncode == OK
    site.router.wait_route("198.51.100.81/32")
    site.write_config(CONFIG.replace("asn: 64501", "asn: many"))
    done = site.cli("reload")
    assert done.returncode == USAGE
    assert "nearcast.yaml:12:" in done.stderr and "asn: many" in done.stderr
    assert site.wait_service("more", "up")["announced"]
    assert not site.json("status")["config"]["last_reload"]["ok"]


def test_http(site):
    status, headers, body = curl(site, "/metrics")
    assert status == 200
    assert headers["content-type"] == ("application/openmetrics-text; version=1.0.0; "
                                       "charset=utf-8")
    assert body.endswith("# EOF\n")
    for sample in ('nearcast_service_announced{service="web"} 1\n',
                   'nearcast_neighbor_established{neighbor="up"} 1\n',
                   'nearcast_neighbor_prefixes{neighbor="up",family="ipv4",kind="advertised"} 1\n',
                   'nearcast_process_up{process="speaker"} 1\n'):
        assert sample in body
    assert curl(site, "/healthz")[0] == 200
    for path, key in (("status", "site"), ("services", "services"), ("services/web", "services"),
                      ("neighbors/up", "neighbors"), ("routes?kind=local", "routes"),
                      ("events?last=2", "events")):
        status, headers, body = curl(site, f"/api/v1/{path}")
        assert (status, headers["content-type"]) == (200, "application/json")
        assert json.loads(body)[key]
    assert curl(site, "/api/v1/services/nothing")[0] == 404
    assert curl(site, "/api/v1/status", method="POST")[0] == 405
    assert curl(site, "/metrics", "-H", "Host: evil.example")[0] == 403
    site.cli("neighbor", "shutdown", "up")
    site.wait_neighbor("up", "Idle")
    assert json.loads(curl(site, "/api/v1/status")[2])["neighbors"]["established"] == 0


def test_event_stream(site):
    stream = site.node.spawn(["curl", "-sN", "http://127.0.0.1:9179/api/v1/events?follow"],
                             log="stream", name="stream")
    site.world.wait_for(lambda: "announced" in stream.log(), 10, "past events")
    site.cli("drain", "web")
    site.world.wait_for(lambda: '"new_state":"draining"' in stream.log(), 10, "a new event")
    assert "\nid: " in stream.log()


def test_who_may_ask(site):
    """The read-only socket shows everything to everybody and changes nothing."""
    somebody = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
    ask = """
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(json.dumps({"id": 1, "method": sys.argv[2], "params": {}}).encode() + b"\\n")
print(s.makefile().readline())
"""

    def answer(name, method, user=()):
        done = site.node.run([*user, "/usr/bin/python3", "-c", ask,
                              f"{site.runtime_dir}/{name}", method], check=False)
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr
    assert answer("control-read.sock", "status", somebody)["result"]["site"] == "fra1"
    assert answer("control-read.sock", "reload")["error"]["code"] == "read-only"
    assert answer("control.sock", "reload")["result"]["changed"] is False
    assert "Permission" in answer("control.sock", "status", somebody)


def test_the_api_comes_back(site):
    site.kill9("api")
    site.wait_service("web", "up", announced=True)
    [api] = [p for p in site.json("status")["processes"] if p["name"] == "api"]
    assert (api["restarts"], api["state"]) == (1, "running")
    assert curl(site, "/healthz")[0] == 200
    assert site.neighbor("up")["state"] == "Established"


def test_gone(site):
    assert site.stop() == 0
    done = site.cli("status")
    assert done.returncode == UNREACHABLE
    assert "no daemon answers" in done.stderr


def test_degraded_and_down(site):
    for command, state in (("[/bin/false]", "degraded"), ("[/bin/sh, -c, exit 2]", "down")):
        site.write_config(CONFIG.replace("[/bin/true]", command))
        site.reload()
        site.wait_service("web", state)
        assert site.cli("services").returncode == DEGRADED
    assert site.cli("status").returncode == DEGRADED
    assert "exec-1" in site.cli("status").stdout
    assert "exit code 2" in site.cli("services", "web").stdout
