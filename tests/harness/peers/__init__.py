# SPDX-License-Identifier: Apache-2.0
"""Real daemons for the tests, one file each, behind one interface (base.Router)."""
from .base import Neighbor, NotSupported, Origin, Route, Router
from .bird import Bird

ROUTERS = {router.kind: router for router in (Bird,)}

__all__ = ["Bird", "Neighbor", "NotSupported", "Origin", "ROUTERS", "Route", "Router"]
