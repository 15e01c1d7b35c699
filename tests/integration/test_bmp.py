# SPDX-License-Identifier: Apache-2.0
"""A BMP station beside a site: what it is told of a session with BIRD (RFC 7854).

    upstream (BIRD) .1 ---- 203.0.113.0/24 ---- .2 site (nearcast)
                                                    .2 connects to the station on the upstream's node
"""
import ipaddress
import socket
import struct
import threading

import pytest

from harness.site import ASN, UPSTREAM_ASN, Site

MONITORING, STATISTICS, PEER_DOWN, PEER_UP, INITIATION, TERMINATION = range(6)
PORT = 11019
UP = "up: { address: 203.0.113.1, asn: 64501, families: [ipv4], connect-retry: 1s, import: all }"


class Station:
    """Takes connections and keeps every message: (type, peer's address, body)."""

    def __init__(self, node):
        self.messages, self.connections = [], 0
        self.socket = node.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("203.0.113.1", PORT))
        self.socket.listen()
        self.open = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                self.open = self.socket.accept()[0]
            except OSError:
                return
            self.connections += 1
            try:
                with self.open as connection:
                    while self._one(connection):
                        pass
            except OSError:
                pass

    def _one(self, connection):
        head = connection.recv(6, socket.MSG_WAITALL)
        if len(head) < 6:
            return False
        version, length, kind = struct.unpack(">BIB", head)
        assert version == 3
        body = connection.recv(length - 6, socket.MSG_WAITALL) if length > 6 else b""
        peer = None
        if kind not in (INITIATION, TERMINATION):
            assert body[0] == 0
            peer = str(ipaddress.ip_address(body[22:26]))
            assert struct.unpack(">I", body[26:30])[0] == UPSTREAM_ASN
            body = body[42:]
        self.messages.append((kind, peer, body))
        return True

    def of(self, kind):
        return [body for k, _, body in list(self.messages) if k == kind]

    def updates_with(self, prefix):
        """UPDATEs that carry this /24, as announcement or withdrawal."""
        wanted = bytes([24, *prefix[:3]])
        return [body for body in self.of(MONITORING) if wanted in body[19:]]

    def close(self):
        self.socket.close()
        if self.open is not None:
            self.open.close()


@pytest.fixture(name="site")
def one_site(world):
    return Site(world)


def start(site, more="bmp: { stations: [203.0.113.1], statistics: 1s }"):
    site.start({"web": f"addresses: [198.51.100.80]\nhold-down: 0\nchecks:\n  - {site.verdict.check()}"},
               neighbors=(UP,), more=more)
    site.nearcast.wait_neighbor("up")


def test_a_session_and_its_routes(site):
    station = Station(site.router)
    start(site)
    wait = site.world.wait_for
    wait(lambda: station.of(PEER_UP), 20, "a peer up")
    assert station.messages[0][0] == INITIATION and b"here" in station.messages[0][2]
    assert station.messages[1][0] == PEER_UP and station.messages[1][1] == "203.0.113.1"
    up = station.of(PEER_UP)[0]
    assert up[:16] == bytes(12) + bytes([203, 0, 113, 2])
    opens = up[20:]
    assert opens[18] == 1 and struct.unpack(">H", opens[20:22])[0] == ASN
    received = opens[struct.unpack(">H", opens[16:18])[0]:]
    assert received[18] == 1 and struct.unpack(">H", received[20:22])[0] == UPSTREAM_ASN
    site.upstream.announce("192.0.9.0/24")
    wait(lambda: len(station.updates_with([192, 0, 9])) == 1, 20, "the announcement")
    site.upstream.withdraw("192.0.9.0/24")
    wait(lambda: len(station.updates_with([192, 0, 9])) == 2, 20, "the withdrawal")
    wait(lambda: station.of(STATISTICS), 20, "statistics")
    site.nearcast.cli("neighbor", "shutdown", "up")
    wait(lambda: station.of(PEER_DOWN), 20, "a peer down")
    assert station.of(PEER_DOWN)[0][0] == 1 and station.of(PEER_DOWN)[0][1 + 18] == 3
    site.nearcast.stop()
    wait(lambda: station.of(TERMINATION), 20, "a termination")
    assert station.connections == 1
    station.close()


def test_a_station_that_comes_late_gets_the_table(site):
    start(site)
    site.upstream.announce("192.0.9.0/24")
    site.world.wait_for(lambda: site.nearcast.json("routes", "--kind", "received")["routes"], 20,
                        "the route to be there")
    station = Station(site.router)
    site.world.wait_for(lambda: station.updates_with([192, 0, 9]), 30, "the table")
    kinds = [kind for kind, _, _ in station.messages]
    assert kinds[:3] == [INITIATION, PEER_UP, MONITORING]
    station.close()
    assert site.nearcast.neighbor("up")["counters"]["established"] == 1


def test_stations_come_and_go_with_the_configuration(site):
    station = Station(site.router)
    start(site, more="")
    with open(site.nearcast.config_path, encoding="utf-8") as file:
        text = file.read()
    site.nearcast.reload(text + "\nbmp: { stations: [203.0.113.1] }\n")
    site.world.wait_for(lambda: station.of(PEER_UP), 20, "a peer up")
    connection = station.open
    site.nearcast.reload(text)
    site.world.wait_for(lambda: connection.fileno() == -1, 20, "the connection to end")
    assert site.nearcast.neighbor("up")["counters"]["established"] == 1
    station.close()
