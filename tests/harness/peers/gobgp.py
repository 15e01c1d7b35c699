# SPDX-License-Identifier: Apache-2.0
"""GoBGP, spoken to with its own command line over a socket in the router's folder."""
import json
import os
import re
import subprocess

from ..packages import program
from .base import FEATURES, Route, Router, community_text, extended_text, prefix_text

ORIGIN_ATTRIBUTE, AS_PATH, NEXT_HOP, MED, LOCAL_PREF = 1, 2, 3, 4, 5
COMMUNITIES, MP_REACH, EXTENDED, LARGE = 8, 14, 16, 32

#: RFC 8326: GoBGP leaves what GRACEFUL_SHUTDOWN does to its policies. It takes a preference
#: of 0 for "not set": 1 is the lowest that it can set.
GRACEFUL_SHUTDOWN = """
[[defined-sets.bgp-defined-sets.community-sets]]
  community-set-name = "graceful-shutdown"
  community-list = ["65535:0"]
[[policy-definitions]]
  name = "graceful-shutdown"
  [[policy-definitions.statements]]
    name = "graceful-shutdown"
    [policy-definitions.statements.conditions.bgp-conditions.match-community-set]
      community-set = "graceful-shutdown"
      match-set-options = "any"
    [policy-definitions.statements.actions]
      route-disposition = "accept-route"
    [policy-definitions.statements.actions.bgp-actions]
      set-local-pref = 1
"""


class GoBgpError(AssertionError):
    """The gobgp command line ended with an error."""


class GoBgp(Router):
    """GoBGP 3. It keeps its routes to itself: nothing goes into the kernel."""

    kind = "gobgp"
    features = FEATURES - {
        # Needs zebra for both:
        "kernel_routes", "link_local_neighbor",
        # Not in 3.10:
        "role", "extended_message", "enhanced_route_refresh", "extended_nexthop",
        # Its "softresetin" reads the adj-RIB-in again and asks nobody.
        "route_refresh_sent",
    }

    # ---- life

    def start(self, deadline_s=20, recover=False):
        """Starts GoBGP; with `recover` the way it comes back from a graceful restart (-r)."""
        self.write("gobgpd.toml", self.config())
        self.process = self.spawn([program("gobgpd"), "-t", "toml", "-f",
                                   self.path("gobgpd.toml"), "--api-hosts",
                                   f"unix://{self.path('api')}", "--pprof-disable",
                                   "-p", "-l", "debug", *(["-r"] if recover else [])])

        def answers():
            self.must_run(self.process)
            return os.path.exists(self.path("api")) and "AS:" in self.cli("global")
        self.world.wait_for(answers, deadline_s, f"GoBGP on {self.node.name} to answer")
        for origin in self.origins.values():
            self._apply_announce(origin, None)
        return self

    def kill9(self):
        super().kill9()
        os.unlink(self.path("api"))

    def cli(self, *arguments):
        """What `gobgp ARGUMENTS` prints."""
        done = subprocess.run([program("gobgp"), "--target", f"unix://{self.path('api')}",
                               *arguments], capture_output=True, text=True, timeout=20,
                              check=False)
        if done.returncode != 0 or done.stdout.startswith("rpc error"):
            raise GoBgpError(f"gobgp {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def _json(self, *arguments):
        return json.loads(self.cli("-j", *arguments) or "{}")

    # ---- configuration

    def config(self):
        return "\n".join([
            "[global.config]", f"as = {self.asn}", f'router-id = "{self.router_id}"',
            "[global.apply-policy.config]", 'import-policy-list = ["graceful-shutdown"]',
            'default-import-policy = "accept-route"',
            GRACEFUL_SHUTDOWN, *(self._neighbor(n) for n in self.neighbors), self.extra, ""])

    @staticmethod
    def _neighbor(neighbor):
        lines = ["[[neighbors]]", "[neighbors.config]",
                 f'neighbor-address = "{neighbor.address}"', f"peer-as = {neighbor.asn}",
                 f"local-as = {neighbor.local_asn}"]
        if neighbor.password:
            lines.append(f'auth-password = "{neighbor.password}"')
        lines += ["[neighbors.timers.config]", "connect-retry = 1",
                  "idle-hold-time-after-reset = 1", f"hold-time = {neighbor.hold_s}",
                  f"keepalive-interval = {neighbor.hold_s // 3}"]
        lines += ["[neighbors.transport.config]"]
        if neighbor.local_address:
            lines.append(f'local-address = "{neighbor.local_address}"')
        if neighbor.passive:
            lines.append("passive-mode = true")
        if neighbor.multihop:
            lines += ["[neighbors.ebgp-multihop.config]", "enabled = true",
                      f"multihop-ttl = {neighbor.multihop}"]
        if neighbor.gtsm:
            lines += ["[neighbors.ttl-security.config]", "enabled = true", "ttl-min = 255"]
        if neighbor.graceful_restart:
            lines += ["[neighbors.graceful-restart.config]", "enabled = true",
                      f"restart-time = {neighbor.restart_time_s}", "deferral-time = 10"]
        for family in (*(f"{f}-unicast" for f in neighbor.families), *neighbor.flowspec):
            lines += ["[[neighbors.afi-safis]]", "[neighbors.afi-safis.config]",
                      f'afi-safi-name = "{family}"']
            if neighbor.graceful_restart:
                lines += ["[neighbors.afi-safis.mp-graceful-restart.config]",
                          "enabled = true"]
            if neighbor.add_path:
                lines += ["[neighbors.afi-safis.add-paths.config]", "receive = true",
                          "send-max = 8"]
        return "\n".join(lines)

    # ---- what it announces

    def _apply_announce(self, origin, old):
        words = ["global", "rib", "add", "-a", f"ipv{origin.version}", origin.prefix]
        if origin.med is not None:
            words += ["med", str(origin.med)]
        if origin.communities:
            words += ["community", ",".join(map(community_text, origin.communities))]
        if origin.large:
            words += ["large-community", ",".join(origin.large)]
        for kind, word in (("rt", "rt"), ("ro", "soo")):
            for value in (e[3:] for e in origin.ext if e.startswith(f"{kind}:")):
                words += [word, value]
        if origin.as_path:
            words += ["aspath", ",".join(map(str, origin.as_path))]
        next_hop = self.own_next_hop(origin)
        if next_hop:
            words += ["nexthop", next_hop]
        self.cli(*words)

    def _apply_withdraw(self, origin):
        self.cli("global", "rib", "del", "-a", f"ipv{origin.version}", origin.prefix)

    # ---- questions

    def neighbor_state(self, address):
        """What GoBGP shows of one neighbour, decoded."""
        return self._json("neighbor", self.neighbor(address).address)

    def session_established(self, address):
        # Enum of the API: 6 is ESTABLISHED.
        return self.neighbor_state(address).get("state", {}).get("session_state") == 6

    def routes(self, family, neighbor=None):
        if neighbor:
            table = self._json("neighbor", self.neighbor(neighbor).address, "adj-in",
                               "-a", family)
        else:
            table = self._json("global", "rib", "-a", family)
        found = {}
        for paths in table.values():
            for path in paths:
                route = self._route(path)
                if route.neighbor and (neighbor or route.best):
                    found.setdefault(route.prefix, route)
        return found

    def as_paths(self, prefix):
        paths = self._json("global", "rib", "-a", "ipv4").get(prefix, [])
        found = map(self._route, paths)
        return sorted(route.as_path for route in found if route.neighbor)

    @staticmethod
    def _route(path):
        attributes = {a["type"]: a for a in path.get("attrs", [])}

        def value(kind, name="value"):
            return attributes.get(kind, {}).get(name)
        as_path = tuple(asn for segment in value(AS_PATH, "as_paths") or []
                        for asn in segment["asns"])
        large = [f"{c['ASN']}:{c['LocalData1']}:{c['LocalData2']}" for c in value(LARGE) or []]
        source = path.get("source-id") and path.get("neighbor-ip")
        return Route(
            prefix=prefix_text(path["nlri"]["prefix"]),
            next_hop=value(NEXT_HOP, "nexthop") or value(MP_REACH, "nexthop"),
            as_path=as_path, med=value(MED, "metric"), local_pref=value(LOCAL_PREF),
            communities=frozenset(f"{c >> 16}:{c & 0xffff}"
                                  for c in value(COMMUNITIES, "communities") or []),
            large=frozenset(large), ext=frozenset(map(_extended, value(EXTENDED) or [])),
            stale=bool(path.get("stale")), best=bool(path.get("best")),
            neighbor=None if source in (None, "<nil>") else source)

    def notification_received(self, address):
        # Only its log has it.
        peer = re.escape(self.neighbor(address).address)
        found = re.findall(r'received notification" Code=(\d+)(?: Communicated-Reason="?'
                           rf'([^"\n]*?)"?)? Data=.* Key={peer} Subcode=(\d+)',
                           self.process.log())
        if not found:
            return ""
        code, text, subcode = found[-1]
        return f"{code}/{subcode} {text}".strip()

    def end_of_rib_received(self, address):
        states = [family.get("mp_graceful_restart", {}).get("state", {})
                  for family in self.neighbor_state(address).get("afi_safis", [])]
        return bool(states) and all(state.get("end_of_rib_received") for state in states)

    # ---- requests

    def shutdown_with_message(self, address, text):
        self.cli("neighbor", self.neighbor(address).address, "shutdown", "--reason", text)

    def enable(self, address):
        """Ends what shutdown_with_message() began."""
        self.cli("neighbor", self.neighbor(address).address, "enable")


def _extended(community):
    kind = {2: "rt", 3: "ro"}.get(community.get("subtype"))
    text = str(community.get("value", ""))
    return extended_text(f"{kind}:{text}" if kind else text)


