# SPDX-License-Identifier: Apache-2.0
"""OpenBGPD (the portable release), spoken to with bgpctl over a socket of its own."""
import json
import os
import subprocess

from ..packages import program
from .base import (FEATURES, Route, Router, address_text, community_text, extended_text,
                   numbers, prefix_text)

BGPD, BGPCTL = "/usr/sbin/bgpd", "/usr/sbin/bgpctl"
ROLES = {"rs-server": "rs"}


class BgpctlError(AssertionError):
    """bgpctl ended with an error."""


class OpenBgpd(Router):
    """OpenBGPD 7. The portable release has no code for Linux's routing table."""

    kind = "openbgpd"
    features = FEATURES - {
        "kernel_routes", "extended_nexthop", "extended_message",
        # Here it sends ::1 as the next hop of IPv6 routes in an IPv4 session.
        "ipv6_over_ipv4",
        # It sends and understands End-of-RIB and keeps a restarting peer's routes, but
        # never keeps its own forwarding state over a restart.
        "graceful_restart",
        # 7.7 refuses every request as "AID not negotiated": openbgpd-portable, issue 46.
        "route_refresh",
    }

    # ---- life

    def start(self, deadline_s=20):
        self.write("bgpd.conf", self.config(), mode=0o600)
        self.process = self.spawn([program(BGPD), "-d", "-v", "-f", self.path("bgpd.conf")])

        def answers():
            self.must_run(self.process)
            return os.path.exists(self.path("ctl")) and "as" in str(self._json("show"))
        self.world.wait_for(answers, deadline_s, f"OpenBGPD on {self.node.name} to answer")
        return self

    def bgpctl(self, *arguments):
        """What `bgpctl ARGUMENTS` prints."""
        done = subprocess.run([program(BGPCTL), "-s", self.path("ctl"), *arguments],
                              capture_output=True, text=True, timeout=20, check=False)
        if done.returncode != 0:
            raise BgpctlError(f"bgpctl {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def _json(self, *arguments):
        return json.loads(self.bgpctl("-j", *arguments) or "{}")

    # ---- configuration

    def config(self):
        return "\n".join([
            f"AS {self.asn}", f"router-id {self.router_id}", "fib-update no",
            f'socket "{self.path("ctl")}"', "log updates",
            *(f"network {o.prefix} {self._set(o)}" for o in self.origins.values()),
            *(self._neighbor(neighbor) for neighbor in self.neighbors),
            "allow from any", "allow to any",
            "match from ebgp community GRACEFUL_SHUTDOWN set { localpref 0 }",
            self.extra, ""])

    @staticmethod
    def _attributes(origin):
        if origin.as_path:
            raise ValueError("OpenBGPD announces its own routes with its own AS alone")
        words = [f"community {community_text(c)}" for c in origin.communities]
        words += [f"large-community {c}" for c in origin.large]
        words += [f"ext-community {c.replace(':', ' ', 1).replace('ro ', 'soo ', 1)}"
                  for c in origin.ext]
        if origin.med is not None:
            words.append(f"med {origin.med}")
        if origin.next_hop:
            words.append(f"nexthop {origin.next_hop}")
        return words

    def _set(self, origin):
        words = self._attributes(origin)
        return "set { " + " ".join(words) + " }" if words else ""

    @staticmethod
    def _neighbor(neighbor):
        address = address_text(neighbor.address)
        if neighbor.interface:
            address += f"%{neighbor.interface}"
        lines = [f"remote-as {neighbor.asn}", f"local-as {neighbor.local_asn}",
                 f"holdtime {neighbor.hold_s}", "announce enhanced refresh yes",
                 f"announce restart {'yes' if neighbor.graceful_restart else 'no'}"]
        if neighbor.local_address and not neighbor.interface:
            lines.append(f"local-address {neighbor.local_address}")
        for family, name in (("ipv4", "IPv4"), ("ipv6", "IPv6")):
            wanted = "unicast" if family in neighbor.families else "none"
            lines.append(f"announce {name} {wanted}")
        if neighbor.password:
            lines.append(f'tcp md5sig password "{neighbor.password}"')
        if neighbor.gtsm:
            lines.append("ttl-security yes")
        if neighbor.multihop:
            lines.append(f"multihop {neighbor.multihop}")
        if neighbor.passive:
            lines.append("passive")
        if neighbor.add_path:
            lines += ["announce add-path recv yes", "announce add-path send all"]
        if neighbor.role:
            lines.append(f"announce policy {ROLES.get(neighbor.role, neighbor.role)}")
        return f"neighbor {address} {{\n  " + "\n  ".join(lines) + "\n}"

    # ---- what it announces

    def _apply_announce(self, origin, old):
        self.bgpctl("network", "add", origin.prefix,
                    *" ".join(self._attributes(origin)).split())

    def _apply_withdraw(self, origin):
        self.bgpctl("network", "delete", origin.prefix)

    # ---- questions

    def neighbor_state(self, address):
        """What bgpctl shows of one neighbour, decoded."""
        shown = self._json("show", "neighbor", address_text(address))
        return next(iter(shown.get("neighbors", [])), {})

    def session_established(self, address):
        return self.neighbor_state(address).get("state") == "Established"

    def routes(self, family, neighbor=None):
        words = ["show", "rib", "detail", {"ipv4": "inet", "ipv6": "inet6"}[family]]
        if neighbor:
            words += ["in", "neighbor", address_text(neighbor)]
        found = {}
        for entry in self._json(*words).get("rib", []):
            route = self._route(entry)
            if route.neighbor and (neighbor or route.best):
                found[route.prefix] = route
        return found

    def as_paths(self, prefix):
        entries = self._json("show", "rib", "detail", prefix).get("rib", [])
        found = map(self._route, entries)
        # It shows looped ones too, which it will never use.
        return sorted(route.as_path for route in found
                      if route.neighbor and self.asn not in route.as_path)

    @staticmethod
    def _route(entry):
        peer = entry.get("neighbor", {}).get("remote_addr")
        if entry.get("announced") or entry.get("origin-announced"):
            peer = None

        def several(name, to_text):
            return frozenset(to_text(text) for text in entry.get(name, []))
        return Route(
            prefix=prefix_text(entry["prefix"]), next_hop=entry.get("exit_nexthop"),
            as_path=numbers(entry.get("aspath")), med=entry.get("metric"),
            local_pref=entry.get("localpref"),
            communities=several("communities", community_text),
            large=several("large_communities", community_text),
            ext=several("extended_communities", extended_text),
            stale=bool(entry.get("stale")), best=bool(entry.get("best")), neighbor=peer)

    def notification_received(self, address):
        """OpenBGPD shows the code and the message apart."""
        state = self.neighbor_state(address)
        parts = [state.get("last_error_received"), state.get("last_shutdown_reason")]
        return ": ".join(part for part in parts if part)

    def end_of_rib_received(self, address):
        received = self.neighbor_state(address)["stats"]["update"]["received"]
        return received["eor"] >= len(self.neighbor(address).families)

    # ---- requests

    def request_refresh(self, address):
        self.bgpctl("neighbor", address_text(address), "refresh")

    def shutdown_with_message(self, address, text):
        self.bgpctl("neighbor", address_text(address), "down", text)

    def enable(self, address):
        """Ends what shutdown_with_message() began."""
        self.bgpctl("neighbor", address_text(address), "up")
