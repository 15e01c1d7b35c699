# SPDX-License-Identifier: Apache-2.0
"""ExaBGP, which has no table of its own: this driver keeps one from the events it reports."""
import ipaddress
import json
import os
import re

from ..packages import program
from .base import (FEATURES, Route, Router, community_text, extended_text, prefix_text)

BRIDGE = os.path.join(os.path.dirname(__file__), "exabgp_bridge.py")
ENVIRONMENT = {
    "exabgp.daemon.user": "root", "exabgp.daemon.drop": "false",
    "exabgp.daemon.daemonize": "false", "exabgp.log.destination": "stdout",
    "exabgp.log.level": "DEBUG", "exabgp.api.cli": "false", "exabgp.api.ack": "false",
}


class ExaBgp(Router):
    """ExaBGP 4. It connects by itself; where it is passive it listens instead."""

    kind = "exabgp"
    features = FEATURES - {
        "kernel_routes", "link_local_neighbor", "multihop", "role", "graceful_shutdown",
        # It announces the capability and forgets its table all the same.
        "graceful_restart", "graceful_restart_helper", "shows_stale",
        "extended_nexthop", "add_path",
        # It ends a session with a text of its own only, and trips over one it receives.
        "shutdown_message_sent", "shutdown_message_received",
    }

    # ---- life

    def start(self, deadline_s=30):
        pipe = self.path("commands")
        if not os.path.exists(pipe):
            os.mkfifo(pipe)
        self.write("events.json", "")
        self.write("exabgp.conf", self.config())
        environment = dict(ENVIRONMENT)
        if any(neighbor.passive for neighbor in self.neighbors):
            environment["exabgp.tcp.bind"] = " ".join(
                neighbor.local_address for neighbor in self.neighbors if neighbor.passive)
        self.process = self.spawn([program("exabgp"), self.path("exabgp.conf")],
                                  env=environment)

        def answers():
            self.must_run(self.process)
            # The bridge opens the file once ExaBGP has read its configuration.
            return "loaded new configuration successfully" in self.process.log()
        self.world.wait_for(answers, deadline_s, f"ExaBGP on {self.node.name} to start")
        return self

    def command(self, text):
        """Gives ExaBGP a command of its API."""
        with open(self.path("commands"), "w", encoding="utf-8") as pipe:
            pipe.write(text + "\n")

    # ---- configuration

    def config(self):
        return "\n".join([
            "process bridge {",
            f"  run /usr/bin/python3 {BRIDGE} {self.path('events.json')} "
            f"{self.path('commands')};", "  encoder json;", "}",
            *(self._neighbor(neighbor) for neighbor in self.neighbors), self.extra, ""])

    def _neighbor(self, neighbor):
        lines = [f"router-id {self.router_id};",
                 f"local-address {neighbor.local_address};",
                 f"local-as {neighbor.local_asn};", f"peer-as {neighbor.asn};",
                 f"hold-time {neighbor.hold_s};",
                 f"passive {'true' if neighbor.passive else 'false'};",
                 "adj-rib-in true;", "adj-rib-out true;"]
        if neighbor.password:
            lines += [f'md5-password "{neighbor.password}";', "md5-base64 false;"]
        if neighbor.gtsm:
            # Checks what comes in when it listens, sends with 255 when it connects.
            lines += ["outgoing-ttl 255;", "incoming-ttl 255;"]
        lines += ["family {", *(f"  {family} unicast;" for family in neighbor.families), "}"]
        lines += ["capability {", "  route-refresh enable;", "  asn4 enable;",
                  "  extended-message enable;"]
        if neighbor.graceful_restart:
            lines.append(f"  graceful-restart {neighbor.restart_time_s};")
        lines += ["}", "api {", "  processes [ bridge ];", "  neighbor-changes;",
                  "  receive {", "    parsed;", "    update;", "    notification;",
                  "    refresh;", "    open;", "  }", "}"]
        lines += ["announce {"]
        for origin in self.origins.values():
            family = f"ipv{origin.version}"
            if family in neighbor.families:
                lines.append(f"  {family} {{ unicast {self._route_text(origin)}; }}")
        lines += ["}"]
        return f"neighbor {neighbor.address} {{\n  " + "\n  ".join(lines) + "\n}"

    def _route_text(self, origin):
        words = [origin.prefix, "next-hop", self.own_next_hop(origin) or "self"]
        if origin.med is not None:
            words += ["med", str(origin.med)]
        if origin.as_path:
            words += ["as-path [", *map(str, (self.asn, *origin.as_path)), "]"]
        for name, values in (
                ("community", map(community_text, origin.communities)),
                ("large-community", origin.large),
                ("extended-community", [e.replace("rt:", "target:").replace("ro:", "origin:")
                                        for e in origin.ext])):
            values = list(values)
            if values:
                words += [name, "[", *values, "]"]
        return " ".join(words)

    # ---- what it announces

    def _apply_announce(self, origin, old):
        self.command(f"announce route {self._route_text(origin)}")

    def _apply_withdraw(self, origin):
        next_hop = self.own_next_hop(origin) or "self"
        self.command(f"withdraw route {origin.prefix} next-hop {next_hop}")

    # ---- questions

    def events(self, address=None):
        """What ExaBGP reported, decoded, oldest first; of one neighbour when one is given."""
        with open(self.path("events.json"), encoding="utf-8") as file:
            # In events of a refresh it quotes the words twice.
            decoded = [json.loads(re.sub(r'""([\w-]+)""', r'"\1"', line))
                       for line in file if line.endswith("}\n")]
        peer = self.neighbor(address).address if address else None
        return [event for event in decoded if "neighbor" in event and (
            peer is None or event["neighbor"]["address"]["peer"] == peer)]

    def session_established(self, address):
        states = [event["neighbor"]["state"] for event in self.events(address)
                  if event["type"] == "state"]
        return states[-1:] == ["up"]

    def routes(self, family, neighbor=None):
        found = {}
        for event in self.events(neighbor):
            peer = event["neighbor"]["address"]["peer"]
            if event["type"] == "state" and event["neighbor"]["state"] != "up":
                found = {p: r for p, r in found.items() if r.neighbor != peer}
            elif event["type"] == "update":
                self._apply(found, peer, event["neighbor"]["message"].get("update", {}), family)
        return found

    @staticmethod
    def _apply(found, peer, update, family):
        name = f"{family} unicast"
        for entry in update.get("withdraw", {}).get(name, []):
            found.pop(prefix_text(entry["nlri"] if isinstance(entry, dict) else entry), None)
        announced = update.get("announce", {}).get(name, {})
        # Of a pair of IPv6 next hops the global one counts: it comes last here.
        for next_hop in sorted(announced, key=lambda hop: not hop.startswith("fe80:")):
            entries = announced[next_hop]
            for entry in entries:
                prefix = prefix_text(entry["nlri"] if isinstance(entry, dict) else entry)
                found[prefix] = _route(prefix, next_hop, update.get("attribute", {}), peer)

    def notification_received(self, address):
        for event in reversed(self.events(address)):
            if event["type"] == "notification":
                told = event["notification"] if "notification" in event else \
                    event["neighbor"]["message"]["notification"]
                return f"{told.get('code')}/{told.get('subcode')} {told.get('message', '')}"
        return ""

    # ---- requests

    def request_refresh(self, address):
        neighbor = self.neighbor(address)
        for family in neighbor.families:
            self.command(f"neighbor {neighbor.address} announce route-refresh {family} unicast")

    def teardown(self, address, subcode=2):
        """Ends the session with Cease and this subcode (and ExaBGP's text for it)."""
        self.command(f"neighbor {self.neighbor(address).address} teardown {subcode}")


def _extended(text):
    """ExaBGP writes the number of an origin as an address: origin:64500:0.0.0.8."""
    head, _, last = text.rpartition(":")
    return extended_text(f"{head}:{int(ipaddress.ip_address(last))}" if "." in last and
                         "." not in head else text)


def _route(prefix, next_hop, attributes, peer):
    large = [":".join(map(str, c)) for c in attributes.get("large-community", [])]
    return Route(
        prefix=prefix, next_hop=next_hop, as_path=tuple(attributes.get("as-path", ())),
        med=attributes.get("med"), local_pref=attributes.get("local-preference"),
        communities=frozenset(":".join(map(str, c)) for c in attributes.get("community", [])),
        large=frozenset(large),
        ext=frozenset(_extended(c["string"])
                      for c in attributes.get("extended-community", [])),
        neighbor=peer)
