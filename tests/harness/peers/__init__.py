# SPDX-License-Identifier: Apache-2.0
"""Real daemons for the tests, one file each, behind one interface (base.Router)."""
from .base import Neighbor, NotSupported, Origin, Route, Router
from .bird import Bird
from .exabgp import ExaBgp
from .frr import Frr
from .gobgp import GoBgp
from .nginx import Nginx
from .nsd import Nsd
from .openbgpd import OpenBgpd
from .stayrtr import StayRtr

ROUTERS = {router.kind: router for router in (Bird, Frr, GoBgp, OpenBgpd, ExaBgp)}

__all__ = ["Bird", "ExaBgp", "Frr", "GoBgp", "Neighbor", "Nginx",
           "NotSupported", "Nsd", "OpenBgpd", "Origin", "ROUTERS", "Route", "Router",
           "StayRtr"]
