# SPDX-License-Identifier: Apache-2.0
"""FRR: zebra and bgpd, spoken to over their vty sockets as vtysh does it."""
import json
import os
import pwd
import socket

from ..packages import program
from .base import (FAMILIES, FEATURES, Route, Router, address_text, community_text,
                   extended_text, numbers, prefix_text)

ZEBRA, BGPD = "/usr/lib/frr/zebra", "/usr/lib/frr/bgpd"
USER = "frr"


class FrrError(AssertionError):
    """FRR refused a command."""


class Vty:
    """One connection to a daemon's vty socket: a command and a NUL; the answer ends with
    three NULs and a status, 0 for success."""

    #: Mode changes answer with no status of their own: CMD_SUCCESS and CMD_SUCCESS_DAEMON.
    GOOD = (0, 10)

    def __init__(self, path, deadline_s=10):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(deadline_s)
        self._socket.connect(path)
        self("enable")

    def __call__(self, command):
        self._socket.sendall(command.encode() + b"\0")
        answer = b""
        while len(answer) < 4 or answer[-4:-1] != b"\0\0\0":
            part = self._socket.recv(65536)
            if not part:
                raise FrrError(f"{command}: FRR closed the connection")
            answer += part
        text = answer[:-4].decode(errors="replace")
        if answer[-1] not in self.GOOD:
            raise FrrError(f"{command}: {text.strip()}")
        return text

    def close(self):
        self._socket.close()


class Frr(Router):
    """FRR 8 with zebra, so that learned routes go into the kernel."""

    kind = "frr"
    features = FEATURES

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.zebra = None
        self._changes = 0

    # ---- life

    def start(self, deadline_s=20):
        # zebra gives up root itself and has to write into its folder afterwards.
        user = pwd.getpwnam(USER)
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        if self.zebra is None or not self.zebra.running():
            self._start_zebra(deadline_s)
        self.write("bgpd.conf", self.config())
        self.process = self.spawn(self._daemon(BGPD, "bgpd", ["-S", *(
            [] if self.kernel else ["-n"])]), name="bgpd")
        self._wait_vty("bgpd", self.process, deadline_s)
        return self

    def _start_zebra(self, deadline_s):
        self.write("zebra.conf", f"hostname {self.node.name}\n")
        self.zebra = self.spawn(self._daemon(ZEBRA, "zebra", []), name="zebra")
        self._wait_vty("zebra", self.zebra, deadline_s)
        self.world.wait_for(lambda: os.path.exists(self.path("zserv.api")), deadline_s,
                            "zebra's socket")

    def _daemon(self, path, name, more):
        self.world.log_files[f"{self.node.name}/{name}"] = self.path(f"{name}.log")
        return [program(path), *more, "-f", self.path(f"{name}.conf"), "-P", "0",
                "-z", self.path("zserv.api"), "--vty_socket", self.folder,
                "-i", self.path(f"{name}.pid"), "--log", f"file:{self.path(f'{name}.log')}",
                "--log-level", "debug"]

    def _wait_vty(self, name, process, deadline_s):
        def answers():
            self.must_run(process)
            return "FRRouting" in self.vty("show version", name)
        self.world.wait_for(answers, deadline_s, f"{name} on {self.node.name} to answer")

    def stop(self):
        self.process.stop()
        self.zebra.stop()

    def kill9(self):
        """Ends bgpd only: zebra keeps the routes, as after a crash of bgpd."""
        self.process.kill9()

    def vty(self, command, daemon="bgpd"):
        """The answer to one command in enable mode."""
        connection = Vty(self.path(f"{daemon}.vty"))
        try:
            return connection(command)
        finally:
            connection.close()

    def configure(self, *lines):
        """Runs configuration commands, those of a mode after the command that enters it."""
        connection = Vty(self.path("bgpd.vty"))
        try:
            for line in ("configure terminal", *lines, "end"):
                connection(line)
        finally:
            connection.close()

    # ---- configuration

    def config(self):
        lines = ["frr defaults traditional", f"hostname {self.node.name}",
                 "debug bgp neighbor-events"]
        for number, origin in enumerate(self.origins.values()):
            lines += self._route_map(origin, number)
        lines += [f"router bgp {self.asn}", f" bgp router-id {self.router_id}",
                  " no bgp ebgp-requires-policy", " no bgp default ipv4-unicast",
                  " no bgp network import-check", " coalesce-time 0"]
        restarting = [n for n in self.neighbors if n.graceful_restart]
        if restarting:
            lines += [" bgp graceful-restart",
                      f" bgp graceful-restart restart-time {restarting[0].restart_time_s}",
                      " bgp graceful-restart preserve-fw-state"]
        for neighbor in self.neighbors:
            lines += [f" {line}" for line in self._neighbor(neighbor)]
        for family in FAMILIES:
            lines += [f" address-family {family} unicast"]
            lines += [f"  network {o.prefix} route-map {self._map_name(n)}"
                      for n, o in enumerate(self.origins.values())
                      if f"ipv{o.version}" == family]
            for neighbor in self.neighbors:
                if family in neighbor.families:
                    lines += [f"  neighbor {self._peer(neighbor)} activate"]
                    if neighbor.next_hop_self:
                        lines += [f"  neighbor {self._peer(neighbor)} next-hop-self"]
                    if neighbor.add_path:
                        lines += [f"  neighbor {self._peer(neighbor)} addpath-tx-all-paths"]
            lines += [" exit-address-family"]
        return "\n".join([*lines, "exit", self.extra, ""])

    @staticmethod
    def _peer(neighbor):
        return address_text(neighbor.address)

    @staticmethod
    def _map_name(number):
        return f"origin-{number}"

    def _route_map(self, origin, number):
        lines = [f"route-map {self._map_name(number)} permit 10"]
        if origin.communities:
            lines += [" set community " + " ".join(map(community_text, origin.communities))]
        if origin.large:
            lines += [" set large-community " + " ".join(origin.large)]
        for kind, word in (("rt", "rt"), ("ro", "soo")):
            values = [e[3:] for e in origin.ext if e.startswith(f"{kind}:")]
            if values:
                lines += [f" set extcommunity {word} {' '.join(values)}"]
        if origin.med is not None:
            lines += [f" set metric {origin.med}"]
        if origin.as_path:
            lines += [" set as-path prepend " + " ".join(map(str, origin.as_path))]
        if origin.next_hop:
            lines += [f" set ip next-hop {origin.next_hop}" if origin.version == 4
                      else f" set ipv6 next-hop global {origin.next_hop}"]
        return [*lines, "exit"]

    def _neighbor(self, neighbor):
        peer = f"neighbor {self._peer(neighbor)}"
        lines = [f"{peer} remote-as {neighbor.asn}"]
        if neighbor.interface:
            lines.append(f"{peer} interface {neighbor.interface}")
        if neighbor.local_asn != self.asn:
            lines.append(f"{peer} local-as {neighbor.local_asn} no-prepend replace-as")
        lines += [f"{peer} timers {neighbor.hold_s // 3} {neighbor.hold_s}",
                  f"{peer} timers connect 1", f"{peer} advertisement-interval 0"]
        if not neighbor.graceful_restart:
            lines.append(f"{peer} graceful-restart-disable")
        if neighbor.password:
            lines.append(f"{peer} password {neighbor.password}")
        if neighbor.gtsm:
            lines.append(f"{peer} ttl-security hops 1")
        if neighbor.multihop:
            lines.append(f"{peer} ebgp-multihop {neighbor.multihop}")
            if neighbor.local_address:
                lines.append(f"{peer} update-source {neighbor.local_address}")
        if neighbor.passive:
            lines.append(f"{peer} passive")
        if neighbor.role:
            lines.append(f"{peer} local-role {neighbor.role}")
        if neighbor.extended_nexthop:
            lines.append(f"{peer} capability extended-nexthop")
        return lines

    # ---- what it announces

    def _apply_announce(self, origin, old):
        number = list(self.origins).index(prefix_text(origin.prefix))
        # A new name each time: bgpd 8.4 crashes now and then when a network's map is deleted.
        self._changes += 1
        name = f"change-{self._changes}"
        lines = [line.replace(self._map_name(number), name)
                 for line in self._route_map(origin, number)]
        self.configure(*lines, f"router bgp {self.asn}",
                       f"address-family ipv{origin.version} unicast",
                       f"network {origin.prefix} route-map {name}")

    def _apply_withdraw(self, origin):
        self.configure(f"router bgp {self.asn}", f"address-family ipv{origin.version} unicast",
                       f"no network {origin.prefix}")

    # ---- questions

    def _json(self, command):
        return json.loads(self.vty(command) or "{}")

    def neighbor_state(self, address):
        """What FRR shows of one neighbour, decoded."""
        peer = self._peer(self.neighbor(address))
        return self._json(f"show bgp neighbors {peer} json").get(peer, {})

    def session_established(self, address):
        return self.neighbor_state(address).get("bgpState") == "Established"

    def routes(self, family, neighbor=None):
        found = {}
        table = self._json(f"show bgp {family} unicast json").get("routes", {})
        for prefix in table:
            detail = self._json(f"show bgp {family} unicast {prefix} json")
            for path in detail.get("paths", []):
                route = self._route(prefix_text(prefix), path)
                if route is None or (neighbor and route.neighbor != address_text(neighbor)):
                    continue
                if neighbor or route.best:
                    found[route.prefix] = route
        return found

    def as_paths(self, prefix):
        paths = self._json(f"show bgp ipv4 unicast {prefix} json").get("paths", [])
        found = (self._route(prefix, path) for path in paths)
        return sorted(route.as_path for route in found if route)

    @staticmethod
    def _route(prefix, path):
        peer = path.get("peer", {})
        if "peerId" not in peer or peer["peerId"] in ("0.0.0.0", "::"):
            return None
        hops = path.get("nexthops", [])
        hop = next((h for h in hops if h.get("scope") == "global"), hops[0] if hops else {})

        def several(name, to_text):
            return frozenset(to_text(word)
                             for word in path.get(name, {}).get("string", "").split())
        return Route(
            prefix=prefix, next_hop=hop.get("ip"),
            as_path=numbers(path.get("aspath", {}).get("string")),
            med=path.get("metric"), local_pref=path.get("locPrf", 100),
            communities=several("community", community_text),
            large=several("largeCommunity", str),
            ext=several("extendedCommunity", extended_text),
            stale=bool(path.get("stale")), best=bool(path.get("bestpath", {}).get("overall")),
            neighbor=peer["peerId"])

    def notification_received(self, address):
        state = self.neighbor_state(address)
        if "received" not in state.get("lastResetDueTo", "").lower():
            return ""
        return ": ".join(state[key] for key in ("lastNotificationReason",
                                                "lastShutdownDescription") if state.get(key))

    def end_of_rib_received(self, address):
        received = self.neighbor_state(address)["gracefulRestartInfo"]["endOfRibRecv"]
        return all(received.get(f"{family}Unicast")
                   for family in self.neighbor(address).families)

    # ---- requests

    def request_refresh(self, address):
        neighbor = self.neighbor(address)
        for family in neighbor.families:
            self.vty(f"clear bgp {family} unicast {self._peer(neighbor)} soft in")

    def shutdown_with_message(self, address, text):
        self.configure(f"router bgp {self.asn}",
                       f"neighbor {self._peer(self.neighbor(address))} shutdown message {text}")

    def enable(self, address):
        """Ends what shutdown_with_message() began."""
        self.configure(f"router bgp {self.asn}",
                       f"no neighbor {self._peer(self.neighbor(address))} shutdown")
