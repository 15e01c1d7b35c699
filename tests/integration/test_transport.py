# SPDX-License-Identifier: Apache-2.0
"""What the packets of a session look like from outside.

    far (raw bytes, AS 64501) .1 ---- 10.0.1.0/24 ---- .2  site (nearcast, AS 64500)
"""
import pytest

from harness.nearcast import Nearcast
from harness.rawbgp import Speaker
from harness.wait import wait_for

CONFIG = """site: here
asn: 64500
router-id: 10.0.1.2
services: { web: { addresses: [198.51.100.80], announce: [198.51.100.80/32] } }
neighbors:
  far: { address: 10.0.1.1, asn: 64501, families: [ipv4], connect-retry: 1s, passive: %s }
"""


@pytest.mark.parametrize("passive", ["true", "false"])
def test_sessions_have_the_class_of_routing(world, passive):
    """RFC 4271 appendix E: DSCP 110000, for connections accepted and for connections made."""
    site, far = world.node("site"), world.node("far")
    world.link(far, site, ["10.0.1.1/24"], ["10.0.1.2/24"])
    Nearcast(site, CONFIG % passive).start()
    speaker = Speaker(far, "10.0.1.2", 64501)
    if passive == "true":
        speaker.establish()
    else:
        speaker.establish_passive()
    where = "sport = 179" if passive == "true" else "dport = 179"
    wait_for(lambda: "tos:0xc0" in site.run("ss -tn --tos state established " + where).stdout,
             5, "the class of the socket")
