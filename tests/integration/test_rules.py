# SPDX-License-Identifier: Apache-2.0
"""Rules as nftables text mean what they mean: real packets, counted by the kernel.

    sender (packet socket) ---- veth ---- receiver (nftables, prerouting in front of defragmentation)

The rules are dry runs, so that each of them sees every packet; the counts are compared with those
of the reference in src/balance/rule.c.
"""
import json
import os
import pathlib
import socket
import subprocess

import pytest

from harness.wait import wait_for

BUILD = pathlib.Path(os.environ["NEARCAST"]).parents[2] if "NEARCAST" in os.environ else \
    pathlib.Path(__file__).parents[2] / "build"
EXPORT = BUILD / "tests/unit/balance/export_rules"
RULES, PACKETS = 300, 300


def exported(family, seed):
    """(packets, objects, rules, {number: (count, text)}) of the generator."""
    out = subprocess.run([EXPORT, str(family), str(seed), str(RULES), str(PACKETS)], check=True,
                         capture_output=True, text=True).stdout
    packets, objects, rules, expected = [], [], [], {}
    for line in out.splitlines():
        head, _, rest = line.partition(" ")
        if head == "packet":
            packets.append(bytes.fromhex(rest))
        elif head == "objects":
            objects.append(rest)
        elif head == "rule":
            rules.append(rest)
        else:
            number, count, text = rest.split(" ", 2)
            expected[int(number)] = (int(count), text)
    return packets, objects, rules, expected


def table(objects, rules):
    lines = ["table inet rules {", *objects, "counter total { }", "chain absorb {",
             "type filter hook prerouting priority -500; policy accept;",
             # What is not of the test: neighbour discovery and the like.
             "ip6 saddr { ::, fe80::/10 } accept", "ip saddr { 0.0.0.0, 10.0.0.0/24 } accept", *rules,
             'meta l4proto != 254 counter name "total" drop', "}", "}"]
    return "\n".join(lines) + "\n"


def counters(node):
    listed = json.loads(node.run(["nft", "-j", "list", "counters"]).stdout)["nftables"]
    return {row["counter"]["name"]: row["counter"]["packets"] for row in listed if "counter" in row}


@pytest.mark.parametrize("family", [4, 6])
def test_same_as_reference(world, family):
    sender, receiver = world.node("sender"), world.node("receiver")
    world.link(sender, receiver, ("10.0.0.1/24",), ("10.0.0.2/24",), names=("out", "in"))
    packets, objects, rules, expected = exported(family, 5)
    assert len(expected) > RULES / 3
    receiver.run(["nft", "-f", "-"], stdin=table(objects, rules))
    mac = bytes.fromhex(receiver.ip_json("link show dev in")[0]["address"].replace(":", ""))
    before = counters(receiver)
    with sender.inside():
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        raw.bind(("out", 0))
        own = raw.getsockname()[4]
    kind = (0x0800 if family == 4 else 0x86dd).to_bytes(2, "big")
    for packet in packets:
        raw.send(mac + own + kind + packet)
    wait_for(lambda: counters(receiver)["total"] - before["total"] >= len(packets), 10,
               "all packets arrived")
    after = counters(receiver)
    wrong = {number: (after[f"rule-{number}"] - before[f"rule-{number}"], *expected[number])
             for number in expected
             if after[f"rule-{number}"] - before[f"rule-{number}"] != expected[number][0]}
    assert not wrong, "\n".join(f"{n}: {row}" for n, row in wrong.items())
    assert sum(1 for count, _ in expected.values() if count > 0) > 50
