# SPDX-License-Identifier: Apache-2.0
"""NSD as the DNS service of a site."""
import signal

from ..packages import program
from .server import Server

ZONE = """$ORIGIN example.com.
$TTL 60
@ IN SOA ns.example.com. hostmaster.example.com. 1 3600 900 604800 60
@ IN NS ns.example.com.
ns IN A 192.0.2.53
www IN A 192.0.2.80
www IN AAAA 2001:db8::80
node IN TXT "{node}"
"""


class Nsd(Server):
    """Authoritative for example.com; its NSID and id.server name the node."""

    kind = "nsd"

    def __init__(self, node, addresses, port=53, zones=None):
        super().__init__(node, addresses)
        self.port = port
        self.zones = zones or {"example.com": ZONE.format(node=node.name)}

    def command(self):
        for name, text in self.zones.items():
            self.write(f"{name}.zone", text)
        return [program("nsd"), "-d", "-c", self.path("config")]

    def config(self):
        lines = ["server:", '  username: ""', '  chroot: ""', '  database: ""',
                 "  server-count: 1", f"  port: {self.port}",
                 f'  zonesdir: "{self.folder}"', f'  pidfile: "{self.path("pid")}"',
                 f'  zonelistfile: "{self.path("zone.list")}"',
                 f'  xfrdfile: "{self.path("xfrd.state")}"', f'  xfrdir: "{self.folder}"',
                 f'  cookie-secret-file: "{self.path("cookies")}"',
                 f'  identity: "{self.node.name}"', f'  nsid: "ascii_{self.node.name}"',
                 "  rrl-ratelimit: 0",
                 *(f"  ip-address: {address}" for address in self.addresses),
                 "remote-control:", "  control-enable: no"]
        for name in self.zones:
            lines += ["zone:", f'  name: "{name}"', f'  zonefile: "{name}.zone"']
        return "\n".join([*lines, ""])

    def dig(self, *words, node=None, address=None):
        """What `dig +short WORDS` from a node prints; fails when nobody answers in time."""
        done = (node or self.node).run(
            [program("dig"), f"@{address or self.addresses[0]}", "-p", str(self.port),
             "+short", "+time=1", "+tries=1", *words])
        return done.stdout.strip()

    def answers(self):
        return self.dig("CH", "TXT", "id.server") == f'"{self.node.name}"'

    def reload(self):
        """Reads the zones again; the sockets stay."""
        for name, text in self.zones.items():
            self.write(f"{name}.zone", text)
        self.process.signal(signal.SIGHUP)
