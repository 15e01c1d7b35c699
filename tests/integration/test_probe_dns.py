# SPDX-License-Identifier: Apache-2.0
"""dns checks: against NSD, and against servers that answer badly in every way."""
import socket
import struct

import pytest

from harness import packages
from harness.probe import (ADDRESS, ADDRESS6, bound, running, serve_tcp, serve_udp, service, site)
from harness.wait import wait_for

FAST = "interval: 300ms, fast-interval: 50ms, timeout: 200ms"

NSD = """\
server:
    ip-address: {address}
    ip-address: {address6}
    username: ""
    zonesdir: "{folder}"
    database: ""
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    identity: "ns1.fra.example"
    nsid: "ascii_ns1.fra"
    hide-version: yes
zone:
    name: example.com
    zonefile: example.com.zone
"""

ZONE = """\
$ORIGIN example.com.
@ 60 SOA ns.example.com. hostmaster.example.com. 2026112301 3600 600 86400 60
@ 60 NS ns.example.com.
ns 60 A 198.51.100.53
www 60 A 192.0.2.80
www 60 AAAA 2001:db8::80
txt 60 TXT "site fra1"
"""


@pytest.fixture
def node(world):
    made = world.node("server")
    made.add_address("lo", f"{ADDRESS}/32", f"{ADDRESS6}/128")
    return made


@pytest.fixture
def nsd(node):
    with open(f"{node.folder}/example.com.zone", "w", encoding="ascii") as file:
        file.write(ZONE)
    with open(f"{node.folder}/nsd.conf", "w", encoding="ascii") as file:
        file.write(NSD.format(address=ADDRESS, address6=ADDRESS6, folder=node.folder))
    process = node.spawn([packages.program("nsd"), "-d", "-c", f"{node.folder}/nsd.conf"])
    process.wait_for_log("nsd started")
    return process


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("check,state,evidence", [
    ("name: example.com", "up", "NOERROR (1 answer) from"),
    ("name: www.example.com, type: A, expect: 192.0.2.80", "up", "NOERROR"),
    ("name: www.example.com, type: AAAA, expect: '2001:db8::80'", "up", "NOERROR"),
    ("name: www.example.com, type: A, expect: 192.0.2.81", "down",
     'answer "192.0.2.80", not "192.0.2.81"'),
    ("name: www.example.com, type: MX", "down", "NOERROR, but no answer record"),
    ("name: www.example.com, type: MX, expect-answer: false", "up", "0 answers"),
    ("name: none.example.com, rcode: NXDOMAIN", "up", "NXDOMAIN"),
    ("name: none.example.com", "down", "NXDOMAIN, not NOERROR"),
    ("name: example.org", "down", "REFUSED, not NOERROR"),
    ("name: txt.example.com, type: TXT, expect: 'site fra1'", "up", "NOERROR"),
    ("name: id.server, type: TXT, class: CH, expect: ns1.fra.example", "up", "NOERROR"),
    ("name: example.com, expect-nsid: ns1.fra", "up", "NOERROR"),
    ("name: example.com, expect-nsid: ns2.fra", "down", 'NSID ns1.fra, not "ns2.fra"'),
])
def test_nsd(node, nsd, transport, check, state, evidence):
    assert nsd.running()
    with running(node, site(service([f"dns: {{ {check}, transport: {transport}, {FAST} }}"],
                                    [ADDRESS, ADDRESS6]))) as probe:
        report = probe.wait(state, evidence=evidence)
        assert not report["conclusive"]


def test_killed_nsd_is_seen(node, nsd):
    """socket and dns check of the same service: all of NSD's processes die at once."""
    slow = "interval: 20s, timeout: 2s, rise: 1"
    with running(node, site(service([f"socket: {{ port: 53, protocol: udp, {slow} }}",
                                     f"dns: {{ name: example.com, {slow} }}"]))) as probe:
        probe.wait("up", 0)
        probe.wait("up", 1)
        nsd.kill9()
        assert probe.wait("down", 0)["conclusive"]
        assert probe.wait("down", 1, evidence="refused")["conclusive"]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("address", [ADDRESS, ADDRESS6])
def test_closed_port_is_conclusive(node, transport, address):
    with running(node, site(service([f"dns: {{ name: example.com, transport: {transport},"
                                     f" {FAST} }}"], [address]))) as probe:
        report = probe.wait("down", evidence="nothing listens (connection refused)")
        assert report["conclusive"]


def answer(query, flags=0x8400, answers=1, ident=None, question=None, record=True):
    """An answer with one A record 192.0.2.1 (or a part of that) to a query without pointers."""
    end = 12
    while query[end]:
        end += query[end] + 1
    asked = query[12:end + 5] if question is None else question
    head = (query[:2] if ident is None else ident) + struct.pack("!HHHHH", flags, 1, answers, 0, 0)
    tail = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 1])
    return head + asked + (tail if record else b"")


OTHER = b"\x05other\x00\x00\x01\x00\x01"

#: What a server answers to a query, the state that comes of it, and the evidence.
ANSWERS = {
    "good": (answer, "up", "NOERROR (1 answer)"),
    "silent": (lambda q: None, "down", "timeout after 200ms waiting for an answer"),
    "empty": (lambda q: b"", "down", "a broken answer"),
    "garbage": (lambda q: b"\xff" * 100, "down", None),
    "half": (lambda q: answer(q)[:-3], "down", "a broken answer"),
    "no record": (lambda q: answer(q, record=False), "down", "a broken answer"),
    "loop": (lambda q: q[:2] + b"\x84\x00\x00\x01\x00\x01\x00\x00\x00\x00" + b"\xc0\x0c" * 9,
             "down", None),
    "servfail": (lambda q: answer(q, 0x8402, 0, record=False), "down", "SERVFAIL, not NOERROR"),
    "truncated with the answer": (lambda q: answer(q, 0x8600), "up", "NOERROR (1 answer)"),
    "truncated to nothing": (lambda q: answer(q, 0x8600, 0, record=False), "down",
                             "no answer record (truncated, ask over TCP)"),
    "other ID only": (lambda q: answer(q, ident=b"\0\0" if q[:2] != b"\0\0" else b"\1\1"),
                      "down", "timeout"),
    "other question only": (lambda q: answer(q, question=OTHER), "down", "timeout"),
    "the question back": (lambda q: q, "down", "timeout"),
    "others first": (lambda q: [answer(q, question=OTHER), answer(q, ident=b"\0\0"), answer(q)],
                     "up", "NOERROR (1 answer)"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_answers_over_udp(node, kind):
    given, state, evidence = ANSWERS[kind]
    server = bound(node, 5300, socket.SOCK_DGRAM)
    serve_udp(server, given if kind != "empty" else lambda q: [b""])
    with running(node, site(service(
            [f"dns: {{ name: example.com, type: A, port: 5300, {FAST} }}"]))) as probe:
        probe.wait(state, evidence=evidence)
    server.close()


@pytest.mark.parametrize("kind,state,evidence", [
    ("whole", "up", "NOERROR (1 answer)"),
    ("bytes", "up", "NOERROR (1 answer)"),
    ("closed", "down", "the connection was closed without an answer"),
    ("half", "down", "the connection was closed without an answer"),
    ("long", "down", "timeout"),
    ("other", "down", "an answer to another question"),
    ("garbage", "down", "broken answer"),
])
def test_answers_over_tcp(node, kind, state, evidence):
    server = bound(node, 5300)

    def talk(connection):
        length = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
        query = connection.recv(length, socket.MSG_WAITALL)
        given = answer(query, ident=b"\0\0" if kind == "other" else None)
        if kind == "garbage":
            given = b"\xff" * 5
        given = struct.pack("!H", 0xffff if kind == "long" else len(given)) + given
        if kind == "bytes":
            for byte in given:
                connection.sendall(bytes([byte]))
        elif kind != "closed":
            connection.sendall(given[:-4] if kind == "half" else given)
        if kind == "long":
            connection.recv(1)

    serve_tcp(server, talk)
    with running(node, site(service(
            [f"dns: {{ name: example.com, type: A, port: 5300, transport: tcp, {FAST} }}"]
            ))) as probe:
        probe.wait(state, evidence=evidence)
    server.close()


def test_ports_and_ids_are_fresh(node):
    server = bound(node, 5300, socket.SOCK_DGRAM)
    seen = []

    def note(query):
        seen.append(query[:2])
        return answer(query)

    serve_udp(server, note)
    with running(node, site(service(
            ["dns: { name: example.com, type: A, port: 5300, interval: 20ms,"
             " fast-interval: 20ms, timeout: 10ms }"]))):
        wait_for(lambda: len(seen) > 50, 10, "fifty queries")
    assert len(set(seen)) > len(seen) - 5
    server.close()


@pytest.mark.parametrize("pings", [True, False])
@pytest.mark.parametrize("address", [ADDRESS, ADDRESS6])
def test_icmp(node, address, pings):
    """By ping socket and by raw socket, which sees the echo replies of all others too."""
    node.sysctl("ipv4/ping_group_range", "0 1000" if pings else "1 0")
    with running(node, site(service([f"icmp: {{ {FAST} }}",
                                     f"icmp: {{ size: 0, {FAST} }}",
                                     f"icmp: {{ size: 9000, {FAST} }}"], [address]))) as probe:
        for check in range(3):
            probe.wait("up", check, evidence="echo reply from " + address)
        node.remove_address("lo", f"{address}/{128 if ':' in address else 32}")
        for check in range(3):
            probe.wait("unknown", check, evidence="is not on this host")


def test_icmp_to_a_gateway(world, node):
    gateway = world.node("gateway")
    world.link(node, gateway, ["10.0.0.1/24"], ["10.0.0.2/24"])
    with running(node, site(service([f"icmp: {{ target: 10.0.0.2, {FAST} }}"]))) as probe:
        probe.wait("up", evidence="echo reply from 10.0.0.2")
        gateway.sysctl("ipv4/icmp_echo_ignore_all", 1)
        probe.wait("down", evidence="timeout after 200ms waiting for an echo reply")
