# SPDX-License-Identifier: Apache-2.0
"""The same malformed UPDATEs to nearcast and to other daemons; what differs is on a list.

The list is tests/integration/rfc7606_differences.json, and docs/rfc7606-differences.md is made
of it: tools/make-rfc7606 writes both. OpenBGPD 7.7 is not among them: two of these messages end
its route decision engine.
"""
import json
import os

import pytest

from harness.malformed import NearcastRouter, RouterTarget, cases
from harness.peers import Bird, Frr, GoBgp

HERE = os.path.dirname(__file__)
LIST = os.path.join(HERE, "rfc7606_differences.json")
#: Where a run leaves what it saw, for tools/make-rfc7606.
MEASURED = os.path.join(HERE, "..", "..", "build", "rfc7606")


def wanted(case):
    """What our own verdict looks like from outside."""
    return {"treat-as-withdraw": ("withdrawn",), "session-reset": ("reset",),
            # RFC 7606 section 5.3 leaves the choice.
            "afi-safi-disable": ("family ended", "reset"),
            "attribute-discard": ("kept", "nothing"),
            # Withdrawals, and families that were not agreed.
            "good": ("kept", "nothing", "withdrawn", "old")}[case.verdict]


def remember(name, seen):
    os.makedirs(MEASURED, exist_ok=True)
    with open(os.path.join(MEASURED, f"{name}.json"), "w", encoding="utf-8") as file:
        json.dump({case.name: what for case, what in seen.items()}, file, indent=1)


def test_nearcast(world):
    """Every verdict of the decoder is what a neighbour sees of the daemon; nothing that is not
    understood is passed on."""
    seen = RouterTarget(world, NearcastRouter).run()
    remember("nearcast", seen)
    assert len(seen) > 450 and len(seen) + 1 >= len(cases())
    wrong = {case.name: (what, case.verdict) for case, what in seen.items()
             if what not in wanted(case)}
    assert not wrong


@pytest.mark.parametrize("router", [Bird, Frr, GoBgp], ids=lambda router: router.kind)
def test_others(world, router):
    """What another daemon does otherwise is known, and why."""
    seen = RouterTarget(world, router).run()
    remember(router.kind, seen)
    with open(LIST, encoding="utf-8") as file:
        known = {(name, entry["seen"]) for entry in json.load(file)
                 if entry["daemon"] == router.kind for name in entry["cases"]}
    new = {case.name: (what, case.verdict) for case, what in seen.items()
           if what not in wanted(case) and (case.name, what) not in known}
    assert not new
