# SPDX-License-Identifier: Apache-2.0
"""StayRTR as an RPKI cache: it serves a JSON file that the test writes."""
import json
import os

from ..packages import program
from .server import Server

#: All that the file may say lasts longer than any test.
EXPIRES = 4000000000


class StayRtr(Server):
    """Serves VRPs (prefix, maximum length, AS) and ASPAs (customer: providers) over RTR."""

    kind = "stayrtr"

    def __init__(self, node, addresses, port=8282, protocol=2, vrps=(), aspas=None):
        super().__init__(node, addresses)
        self.port = port
        self.protocol = protocol
        self.vrps = list(vrps)
        self.aspas = dict(aspas or {})

    def command(self):
        self.write_data()
        return [program("stayrtr"), "-bind", f"{self.addresses[0]}:{self.port}",
                "-cache", self.path("data.json"), "-checktime=false", "-refresh", "1",
                "-metrics.addr", "127.0.0.1:0", "-protocol", str(self.protocol)]

    def config(self):
        return ""

    def write_data(self):
        """Puts the present vrps and aspas into its file, which it looks at every second."""
        lists = [{"customer_asid": customer, "expires": EXPIRES, "providers": sorted(providers)}
                 for customer, providers in sorted(self.aspas.items())]
        data = {"metadata": {"buildtime": "2026-01-01T00:00:00Z"},
                "roas": [{"prefix": prefix, "maxLength": most, "asn": asn, "ta": "test",
                          "expires": EXPIRES} for prefix, most, asn in self.vrps],
                "provider_authorizations": {"ipv4": lists, "ipv6": lists}}
        self.write("data.new", json.dumps(data))
        os.rename(self.path("data.new"), self.path("data.json"))

    def change(self, vrps=None, aspas=None):
        """Serves other data from the next look at its file on."""
        self.vrps = self.vrps if vrps is None else list(vrps)
        self.aspas = self.aspas if aspas is None else dict(aspas)
        self.write_data()

    def answers(self):
        with self.node.socket() as probe:
            probe.settimeout(1)
            probe.connect((self.addresses[0], self.port))
        return True
