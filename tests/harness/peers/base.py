# SPDX-License-Identifier: Apache-2.0
"""What all routing daemons of the tests have in common.

A Router takes the same description whatever daemon is behind it, writes that daemon's own
configuration, and answers the same questions. What a daemon cannot do is missing from its
`features`, so that a test matrix can tell "not supported by the peer" from "broken".

Text forms are the same for all daemons:
    communities           "64500:10"         well-known ones as numbers ("65535:0")
    large communities     "64500:1:2"
    extended communities  "rt:64500:10", "ro:64500:10", else "0xHHHHHHHHHHHHHHHH"
    prefixes, addresses   as Python's ipaddress prints them
"""
import dataclasses
import ipaddress
import os
import re

#: Every feature that a daemon may have.
FEATURES = frozenset({
    "ipv4", "ipv6", "ipv6_over_ipv4", "four_octet_as", "communities", "large_communities",
    "extended_communities", "md5", "gtsm", "multihop", "passive", "graceful_shutdown",
    "graceful_restart", "graceful_restart_helper", "route_refresh", "route_refresh_sent",
    "enhanced_route_refresh",
    "shutdown_message_sent", "shutdown_message_received", "extended_nexthop", "role",
    "link_local_neighbor", "kernel_routes", "extended_message", "shows_stale", "add_path",
})

WELL_KNOWN = {
    "graceful-shutdown": "65535:0", "graceful_shutdown": "65535:0", "gshut": "65535:0",
    "GRACEFUL_SHUTDOWN": "65535:0", "planned-shut": "65535:0",
    "accept-own": "65535:1", "llgr-stale": "65535:6", "no-llgr": "65535:7",
    "blackhole": "65535:666",
    "no-export": "65535:65281", "no_export": "65535:65281",
    "no-advertise": "65535:65282", "no_advertise": "65535:65282",
    "no-export-subconfed": "65535:65283", "local-as": "65535:65283",
    "no-peer": "65535:65284", "no_peer": "65535:65284",
}

FAMILIES = ("ipv4", "ipv6")


@dataclasses.dataclass
class Neighbor:
    """One session, as the router that has it sees it."""
    address: str
    asn: int
    local_asn: int = 0              # 0: the router's own
    password: str = None            # TCP-MD5
    gtsm: bool = False
    multihop: int = None            # the greatest number of hops
    passive: bool = False
    families: tuple = FAMILIES
    flowspec: tuple = ()            # ipv4-flowspec, ipv6-flowspec: GoBGP and BIRD
    graceful_restart: bool = False
    restart_time_s: int = 60
    long_lived_s: int = 0           # BIRD: keep, and ask to have kept, for so long (RFC 9494)
    role: str = None                # provider, customer, peer, rs-server, rs-client: own role
    extended_nexthop: bool = False
    interface: str = None           # needed for link-local addresses
    next_hop_self: bool = False
    bfd: bool = False               # BIRD: `extra` has to hold a `protocol bfd`
    add_path: bool = False          # several routes of a prefix, both ways
    local_address: str = None       # default: the node's address on the same link
    hold_s: int = 90
    name: str = None                # set by the router

    @property
    def version(self):
        return ipaddress.ip_address(self.address).version


@dataclasses.dataclass(frozen=True)
class Origin:
    """A route that the router announces by itself."""
    prefix: str
    communities: tuple = ()
    large: tuple = ()
    ext: tuple = ()
    med: int = None
    next_hop: str = None            # default: itself
    as_path: tuple = ()             # prepended behind the router's own AS

    @property
    def version(self):
        return ipaddress.ip_network(self.prefix).version


@dataclasses.dataclass(frozen=True)
class Route:
    """A BGP route as the router shows it."""
    prefix: str
    next_hop: str = None
    as_path: tuple = ()
    med: int = None
    local_pref: int = None
    communities: frozenset = frozenset()
    large: frozenset = frozenset()
    ext: frozenset = frozenset()
    stale: bool = False
    best: bool = True
    neighbor: str = None


def prefix_text(prefix):
    return str(ipaddress.ip_network(prefix, strict=False))


def address_text(address):
    """The canonical form; a zone such as %eth0 stays away."""
    return str(ipaddress.ip_address(str(address).split("%", maxsplit=1)[0]))


def community_text(text):
    """One community in the common form."""
    text = text.strip("(){}[] ").replace(" ", "").replace(",", ":")
    return WELL_KNOWN.get(text, WELL_KNOWN.get(text.lower(), text))


def extended_text(text):
    """One extended community in the common form, from the spellings of the daemons."""
    text = text.strip("(){}[] ")
    for spelling, kind in (("target:", "rt:"), ("origin:", "ro:"), ("soo:", "ro:"),
                           ("RT:", "rt:"), ("SoO:", "ro:"), ("rt ", "rt:"), ("soo ", "ro:")):
        if text.startswith(spelling):
            return kind + text[len(spelling):]
    return text


def numbers(text):
    """The AS numbers in a text."""
    return tuple(int(number) for number in re.findall(r"\d+", str(text or "")))


class NotSupported(Exception):
    """The daemon behind this router cannot do that: a cell of the matrix, not a failure."""


class Router:
    """A routing daemon in a node. Sub-classes write its configuration and read its answers."""

    kind = "?"
    features = frozenset()

    def __init__(self, node, asn, router_id=None, neighbors=(), originate=(), kernel=True,
                 extra=""):
        self.node = node
        self.world = node.world
        self.asn = asn
        self.router_id = router_id or node.local_address(4) or f"10.255.0.{len(node.name)}"
        self.neighbors = list(neighbors)
        self.origins = {prefix_text(o.prefix): o for o in self._as_origins(originate)}
        #: True when learned routes go into the node's kernel, where the daemon can do that.
        self.kernel = kernel and "kernel_routes" in self.features
        #: Raw text in the daemon's own language, added to its configuration.
        self.extra = extra
        self.process = None
        number = len([name for name in os.listdir(node.folder) if name.startswith(self.kind)])
        self.folder = os.path.join(node.folder, f"{self.kind}-{number}")
        os.mkdir(self.folder)
        os.chmod(self.folder, 0o755)
        self._name_neighbors()

    @staticmethod
    def _as_origins(originate):
        return [o if isinstance(o, Origin) else Origin(o) for o in originate]

    def _name_neighbors(self):
        for number, neighbor in enumerate(self.neighbors, 1):
            neighbor.name = neighbor.name or f"n{number}"
            neighbor.local_asn = neighbor.local_asn or self.asn
            if neighbor.local_address is None:
                neighbor.local_address = self.node.local_address_for(neighbor.address)

    # ---- life

    def start(self, deadline_s=20):
        """Writes the configuration, starts the daemon, returns when it answers."""
        raise NotImplementedError

    def stop(self):
        """Ends the daemon in its orderly way."""
        self.process.stop()

    def kill9(self):
        """Ends the daemon without a chance to say anything."""
        self.process.kill9()

    def running(self):
        return self.process is not None and self.process.running()

    def add_neighbor(self, neighbor):
        """One more neighbour; takes effect at the next start(), or reload() where there is."""
        self.neighbors.append(neighbor)
        self._name_neighbors()

    # ---- what it announces

    def announce(self, origin):
        """Announces one more route (or the same prefix with other attributes) at once."""
        origin = self._as_origins([origin])[0]
        old = self.origins.get(prefix_text(origin.prefix))
        self.origins[prefix_text(origin.prefix)] = origin
        self._apply_announce(origin, old)

    def withdraw(self, prefix):
        """Withdraws a route that it announces."""
        self._apply_withdraw(self.origins.pop(prefix_text(prefix)))

    def _apply_announce(self, origin, old):
        raise NotImplementedError

    def _apply_withdraw(self, origin):
        raise NotImplementedError

    def own_next_hop(self, origin):
        """The next hop to name for IPv6 routes in an IPv4 session, or None.

        For the daemons that would otherwise send ::ffff:A.B.C.D there, or nothing.
        """
        if origin.next_hop is None and origin.version == 6 and any(
                n.version == 4 and "ipv6" in n.families for n in self.neighbors):
            return self.node.local_address(6)
        return origin.next_hop

    # ---- questions

    def session_established(self, address):
        raise NotImplementedError

    def routes(self, family, neighbor=None):
        """prefix -> Route: what it learned by BGP, the best one of each prefix.

        With `neighbor` (an address): the routes from this neighbour, best or not.
        """
        raise NotImplementedError

    def as_paths(self, prefix):
        """The AS paths of all routes to an IPv4 prefix that it learned, sorted."""
        raise NotSupported(f"{self.kind} does not show it")

    def notification_received(self, address):
        """Text of the last NOTIFICATION from this neighbour with its message, or ""."""
        raise NotSupported(f"{self.kind} does not show it")

    def end_of_rib_received(self, address):
        """True when the neighbour has said, for every family, that it sent all its routes."""
        raise NotSupported(f"{self.kind} does not show it")

    # ---- requests

    def request_refresh(self, address):
        """Asks the neighbour to send all its routes again (ROUTE-REFRESH)."""
        raise NotSupported(f"{self.kind} cannot ask for a refresh")

    def shutdown_with_message(self, address, text):
        """Ends the session with Cease, administrative shutdown and a text (RFC 9003)."""
        raise NotSupported(f"{self.kind} cannot send a shutdown message")

    # ---- help

    def neighbor(self, address):
        wanted = address_text(address)
        for neighbor in self.neighbors:
            if address_text(neighbor.address) == wanted:
                return neighbor
        raise KeyError(f"{self.node.name} has no neighbour {address}")

    def wait_established(self, address, deadline_s=30):
        self.world.wait_for(lambda: self.session_established(address), deadline_s,
                            f"{self.kind} on {self.node.name} to be established with {address}")

    def wait_route(self, prefix, deadline_s=30, present=True, **wanted):
        """Waits until the route is there with these attributes (or is gone); returns it."""
        prefix = prefix_text(prefix)
        family = f"ipv{ipaddress.ip_network(prefix).version}"

        def look():
            route = self.routes(family).get(prefix)
            if not present:
                return route is None
            if route is None:
                return None
            wrong = {k: getattr(route, k) for k, v in wanted.items() if getattr(route, k) != v}
            if wrong:
                raise AssertionError(f"{prefix} has {wrong}")
            return route
        return self.world.wait_for(
            look, deadline_s, f"{prefix} to {'be in' if present else 'leave'} the table of "
            f"{self.kind} on {self.node.name} {wanted or ''}")

    def kernel_routes(self, family):
        """prefix -> the kernel's route as `ip -j route` gives it."""
        version = family[-1]
        found = {}
        for route in self.node.ip_json(f"-{version} route show table main"):
            name = route["dst"]
            if name == "default":
                name = "0.0.0.0/0" if version == "4" else "::/0"
            found[prefix_text(name)] = route
        return found

    def write(self, name, text, mode=0o644):
        """Writes a file into the daemon's folder, returns its path."""
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def path(self, name):
        return os.path.join(self.folder, name)

    def spawn(self, argv, name=None, **options):
        """Starts a program of this router in its node with the log in the router's folder."""
        name = name or self.kind
        process = self.node.spawn(argv, log=os.path.relpath(self.path(f"{name}.out"),
                                                            self.node.folder),
                                  name=f"{name}", cwd=self.folder, **options)
        return process

    def must_run(self, process):
        """Raises with the log when the process has ended."""
        if not process.running():
            raise AssertionError(f"{process.name} ended with status {process.status()}\n"
                                 + process.log())
