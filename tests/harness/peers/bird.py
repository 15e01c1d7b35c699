# SPDX-License-Identifier: Apache-2.0
"""BIRD 2, spoken to over its control socket."""
import re
import socket

from ..packages import program
from .base import (FAMILIES, FEATURES, Route, Router, address_text, community_text,
                   extended_text, numbers, prefix_text)

TABLES = {"ipv4": "master4", "ipv6": "master6"}
ROLES = {"rs-server": "rs_server", "rs-client": "rs_client"}


class BirdError(AssertionError):
    """BIRD answered with an error."""


class Control:
    """One connection to BIRD's control socket."""

    def __init__(self, path, deadline_s=10):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(deadline_s)
        self._socket.connect(path)
        self._file = self._socket.makefile("r", encoding="utf-8", errors="replace")
        self._reply()

    def __call__(self, command):
        """Sends a command; returns the text of its answer without the reply codes."""
        self._socket.sendall(command.encode() + b"\n")
        code, text = self._reply()
        if code >= 8000:
            raise BirdError(f"{command}: {text}")
        return text

    def _reply(self):
        lines = []
        while True:
            line = self._file.readline()
            if not line:
                raise BirdError("BIRD closed the control socket")
            line = line.rstrip("\n")
            if line[:1] in (" ", "+"):
                lines.append(line[1:])
                continue
            lines.append(line[5:])
            if line[4:5] == " ":
                return int(line[:4]), "\n".join(lines)

    def close(self):
        self._file.close()
        self._socket.close()


class Bird(Router):
    """BIRD 2.0 with one `protocol bgp` a neighbour; learned routes go into the kernel."""

    kind = "bird"
    features = FEATURES - {"shows_stale"}

    # ---- life

    def start(self, deadline_s=20, recover=False):
        """Starts BIRD; with `recover` the way it comes back from a graceful restart (-R)."""
        self.write("bird.conf", self.config())
        self.world.log_files[f"{self.node.name}/bird"] = self.path("bird.log")
        self.process = self.spawn([program("bird"), "-f", "-c", self.path("bird.conf"),
                                   "-s", self.path("ctl"), "-P", self.path("pid"),
                                   *(["-R"] if recover else [])])

        def answers():
            self.must_run(self.process)
            return "Daemon is up and running" in self.birdc("show status")
        self.world.wait_for(answers, deadline_s, f"BIRD on {self.node.name} to answer")
        return self

    def reload(self):
        """Reads the configuration again after a change of neighbours or routes."""
        self.write("bird.conf", self.config())
        self.birdc("configure")

    def birdc(self, command):
        """The answer to any command of birdc."""
        control = Control(self.path("ctl"))
        try:
            return control(command)
        finally:
            control.close()

    def log(self):
        """BIRD's own log."""
        with open(self.path("bird.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    # ---- configuration

    def config(self):
        kernel = [f"protocol kernel kernel{f[-1]} {{ {f} {{ import none; export where source ="
                  f" RTS_BGP; }}; merge paths off; }}" for f in FAMILIES if self.kernel]
        return "\n".join([
            f'log "{self.path("bird.log")}" all;',
            f"router id {self.router_id};",
            "protocol device { scan time 1; }",
            "protocol direct { ipv4; ipv6; }",
            "flow4 table flowtab4; flow6 table flowtab6;",
            *kernel,
            *(self._static(family) for family in FAMILIES),
            self._import_filter(), self._export_filter(),
            *(self._bgp(neighbor) for neighbor in self.neighbors),
            self.extra, ""])

    def _static(self, family):
        lines = []
        for origin in self.origins.values():
            if f"ipv{origin.version}" != family:
                continue
            sets = [f"bgp_community.add(({c.replace(':', ',')}));"
                    for c in map(community_text, origin.communities)]
            sets += [f"bgp_large_community.add(({c.replace(':', ',')}));" for c in origin.large]
            sets += [f"bgp_ext_community.add(({c.replace(':', ',')}));" for c in origin.ext]
            sets += [f"bgp_path.prepend({asn});" for asn in reversed(origin.as_path)]
            lines.append(f"  route {origin.prefix} blackhole {{ {' '.join(sets)} }};")
        return "\n".join([f"protocol static static{family[-1]} {{ {family};", *lines, "}"])

    @staticmethod
    def _import_filter():
        # RFC 8326: BIRD leaves what GRACEFUL_SHUTDOWN does to its filters.
        return ("filter incoming { if (65535,0) ~ bgp_community then bgp_local_pref = 0;"
                " accept; }")

    def _export_filter(self):
        """BIRD sends a MED and a next hop only when the filter of the session sets them."""
        lines = []
        for origin in self.origins.values():
            sets = f"bgp_med = {origin.med};" if origin.med is not None else ""
            sets += f" bgp_next_hop = {origin.next_hop};" if origin.next_hop else ""
            if sets:
                lines.append(f"  if net = {origin.prefix} then {{ {sets} }}")
        return "\n".join(["filter outgoing {",
                          "  if source !~ [RTS_STATIC, RTS_BGP] then reject;",
                          *lines, "  accept;", "}"])

    def _bgp(self, neighbor):
        own = f" {neighbor.local_address}" if neighbor.local_address else ""
        if neighbor.interface and neighbor.version == 6:
            own = ""
        lines = ["debug { states, events, packets }", f"local{own} as {neighbor.local_asn}",
                 f"neighbor {address_text(neighbor.address)} as {neighbor.asn}",
                 f"hold time {neighbor.hold_s}", "connect delay time 1", "connect retry time 1",
                 "enable extended messages on", "error wait time 1, 2", "error forget time 1",
                 f"graceful restart {'on' if neighbor.graceful_restart else 'off'}",
                 f"graceful restart time {neighbor.restart_time_s}"]
        if neighbor.bfd:
            lines.append("bfd on")
        if neighbor.long_lived_s:
            lines += ["long lived graceful restart on", f"long lived stale time {neighbor.long_lived_s}"]
        # Without an interface BIRD takes any neighbour address as reached through a hop.
        lines.append(f"multihop {neighbor.multihop}" if neighbor.multihop else "direct")
        if neighbor.interface:
            lines.append(f'interface "{neighbor.interface}"')
        if neighbor.password:
            lines.append(f'password "{neighbor.password}"')
        if neighbor.gtsm:
            lines.append("ttl security on")
        if neighbor.passive:
            lines.append("passive on")
        if neighbor.role:
            lines.append(f"local role {ROLES.get(neighbor.role, neighbor.role)}")
        for family in neighbor.families:
            more = " next hop self on;" if neighbor.next_hop_self else ""
            if family == "ipv4" and neighbor.extended_nexthop:
                more += " extended next hop on;"
            if neighbor.add_path:
                more += " add paths on;"
            lines.append(f"{family} {{ import filter incoming; export filter outgoing;"
                         f"{more} }}")
        lines += [f"flow{family[3]} {{ table flowtab{family[3]}; import all; export all; }}"
                  for family in neighbor.flowspec]
        return f"protocol bgp {neighbor.name} {{\n  " + ";\n  ".join(lines) + ";\n}"

    # ---- what it announces

    def _apply_announce(self, origin, old):
        self.reload()

    def _apply_withdraw(self, origin):
        self.reload()

    # ---- questions

    def protocol(self, address):
        """The text of `show protocols all` for one neighbour."""
        return self.birdc(f"show protocols all {self.neighbor(address).name}")

    def session_established(self, address):
        return bool(re.search(r"BGP state:\s+Established", self.protocol(address)))

    def peer_is_restarting(self, address):
        """True while BIRD keeps the routes of a neighbour that restarts (RFC 4724)."""
        return "Neighbor graceful restart active" in self.protocol(address)

    def routes(self, family, neighbor=None):
        only = f" protocol {self.neighbor(neighbor).name}" if neighbor else ""
        found = {}
        text = self.birdc(f"show route all table {TABLES[family]}{only}")
        for route in self._parse(text):
            known = found.get(route.prefix)
            if known is None or route.best:
                found[route.prefix] = route
        return found

    def as_paths(self, prefix):
        text = self.birdc(f"show route all table {TABLES['ipv4']} for {prefix}")
        return sorted(route.as_path for route in self._parse(text))

    def _parse(self, text):
        head, attributes, prefix = None, {}, None
        for line in [*text.splitlines(), "end"]:
            if line.startswith("\t"):
                name, _, value = line.strip().partition(": ")
                attributes[name] = value
                continue
            if head and attributes.get("Type", "").startswith("BGP"):
                yield self._route(prefix, head, attributes)
            head = re.match(r"(\S+)?\s+(unicast|blackhole|unreachable|prohibit) \[(\S+) (.*)",
                            line)
            attributes = {}
            if head and head[1]:
                prefix = prefix_text(head[1])

    def _route(self, prefix, head, attributes):
        def several(name, to_text):
            groups = re.findall(r"\(([^)]*)\)", attributes.get(name, ""))
            return frozenset(to_text(group) for group in groups)

        def number(name):
            return int(attributes[name]) if name in attributes else None
        neighbor = next((n.address for n in self.neighbors if n.name == head[3]), None)
        return Route(
            prefix=prefix, next_hop=attributes.get("BGP.next_hop", "").split(" ")[0] or None,
            as_path=numbers(attributes.get("BGP.as_path")), med=number("BGP.med"),
            local_pref=number("BGP.local_pref"),
            communities=several("BGP.community", community_text),
            large=several("BGP.large_community", community_text),
            ext=several("BGP.ext_community",
                        lambda text: extended_text(text.replace(", ", ":"))),
            best="*" in head[4], neighbor=neighbor)

    def notification_received(self, address):
        text = self.protocol(address)
        error = re.search(r"Last error:\s+Received: (.*)", text)
        message = re.search(r"^\s+Message:\s+(.*)", text, re.MULTILINE)
        return ": ".join(m[1] for m in (error, message) if m) if error else ""

    def end_of_rib_received(self, address):
        # Only the log has it; what came before the last start of the session does not count.
        neighbor = self.neighbor(address)
        session = self.log().rpartition(f"{neighbor.name}: BGP session established")[2]
        return session.count(f"{neighbor.name}: Got END-OF-RIB") >= len(neighbor.families)

    # ---- requests

    def request_refresh(self, address):
        self.birdc(f"reload in {self.neighbor(address).name}")

    def shutdown_with_message(self, address, text):
        self.birdc(f'disable {self.neighbor(address).name} "{text}"')

    def enable(self, address):
        """Ends what shutdown_with_message() began."""
        self.birdc(f"enable {self.neighbor(address).name}")

    def restart_gracefully(self):
        """Ends BIRD so that the neighbours keep its routes; start(recover=True) follows."""
        self.birdc("graceful restart")
        self.process.wait()
