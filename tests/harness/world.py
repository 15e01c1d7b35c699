# SPDX-License-Identifier: Apache-2.0
"""A network out of namespaces: nodes, links between them, processes in them.

    with World(folder) as world:
        a, b = world.node("a"), world.node("b")
        world.link(a, b, ["10.0.0.1/24", "fe80::1/64"], ["10.0.0.2/24"])
        b.spawn(["nginx", ...])
        a.run("curl http://10.0.0.2/")

Invariants:
 1. A world never touches a namespace that it did not make: it refuses to start outside of
    the isolation of isolate.py, and its names carry the pid of its maker and a number.
 2. After close() no process runs in any of its nodes, also none that forked itself away.
 3. Addresses are usable when the call that adds them returns (no duplicate address
    detection, both ends of the link up).
"""
import contextlib
import ctypes
import fcntl
import ipaddress
import itertools
import json
import os
import shlex
import signal
import socket
import struct
import subprocess
import threading

from . import isolate
from .process import Process
from .wait import tail, wait_for

CLONE_NEWNET = 0x40000000
SIOCETHTOOL = 0x8946
ETHTOOL_STXCSUM = 0x17
IFNAMSIZ = 16

_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count(1)

#: What every node is set to, under /proc/sys/net.
SYSCTLS = {
    "ipv4/ip_forward": 0,
    "ipv4/conf/all/rp_filter": 0,
    "ipv4/conf/default/rp_filter": 0,
    "ipv6/conf/all/forwarding": 0,
    "ipv6/conf/all/accept_dad": 0,
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/default/router_solicitations": 0,
}


class CommandFailed(AssertionError):
    """A command in a node ended with another status than 0."""


def _setns(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, "setns: " + os.strerror(number))


def _tool(*argv, stdin=None):
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(argv)}: {done.stderr.strip()}\n{stdin or ''}")
    return done.stdout


class Node:
    """One host of a world: a network namespace with processes in it."""

    def __init__(self, world, name):
        self.world = world
        self.name = name
        self.netns = f"{world.prefix}-{name}"
        self.folder = os.path.join(world.folder, name)
        self.processes = []
        #: interface name -> list of ipaddress interfaces
        self.addresses = {"lo": []}
        os.mkdir(self.folder)
        os.chmod(self.folder, 0o755)
        _tool("ip", "netns", "add", self.netns)
        for key, value in SYSCTLS.items():
            self.sysctl(key, value)
        self.ip("link set lo up")

    # ---- the network of the node

    @property
    def netns_path(self):
        return f"/run/netns/{self.netns}"

    def ip(self, *lines):
        """Runs `ip` commands (without the word ip) in the node, all in one process."""
        _tool("ip", "-n", self.netns, "-batch", "-", stdin="\n".join(lines) + "\n")

    def ip_json(self, arguments):
        """What `ip -j ARGUMENTS` prints in the node, decoded."""
        out = _tool("ip", "-n", self.netns, "-j", *shlex.split(arguments))
        return json.loads(out or "[]")

    def sysctl(self, key, value=None):
        """Reads, or with a value writes, /proc/sys/net/KEY of the node."""
        with self.inside(), open(f"/proc/sys/net/{key}", "r" if value is None else "w",
                                 encoding="ascii") as file:
            if value is None:
                return file.read().strip()
            file.write(str(value))
            return str(value)

    def forwarding(self, on=True):
        """Makes the node a router, or a host again."""
        self.sysctl("ipv4/ip_forward", int(on))
        self.sysctl("ipv6/conf/all/forwarding", int(on))

    def add_address(self, interface, *addresses):
        """Adds addresses such as "192.0.2.1/32" or "2001:db8::1/128", usable at once."""
        parsed = [ipaddress.ip_interface(address) for address in addresses]
        self.ip(*(f"addr add {address} dev {interface}"
                  + (" nodad" if address.version == 6 else "") for address in parsed))
        self.addresses.setdefault(interface, []).extend(parsed)

    def remove_address(self, interface, *addresses):
        parsed = [ipaddress.ip_interface(address) for address in addresses]
        self.ip(*(f"addr del {address} dev {interface}" for address in parsed))
        for address in parsed:
            self.addresses[interface].remove(address)

    def has_address(self, interface, address):
        """True when the kernel has the address (without a length) on the interface."""
        wanted = ipaddress.ip_address(address)
        return any(ipaddress.ip_address(info["local"]) == wanted
                   for link in self.ip_json(f"addr show dev {interface}")
                   for info in link.get("addr_info", []))

    def add_route(self, prefix, via, metric=None):
        """A static route; `via` may be of the other family (RFC 8950)."""
        family = f"inet{6 if ipaddress.ip_address(via).version == 6 else ''} "
        more = f" metric {metric}" if metric is not None else ""
        self.ip(f"route add {prefix} via {family}{via}{more}")

    def local_address_for(self, remote):
        """The node's own address on the link that it shares with `remote`, or None."""
        remote = ipaddress.ip_address(remote)
        for interface, addresses in self.addresses.items():
            for address in addresses:
                if remote in address.network and interface != "lo":
                    return str(address.ip)
        return None

    def local_address(self, version=4):
        """Any address of the node's links of this version (not link-local), or None."""
        for interface, addresses in self.addresses.items():
            for address in addresses:
                if interface != "lo" and address.version == version \
                        and not address.is_link_local:
                    return str(address.ip)
        return None

    def link_down(self, interface):
        self.ip(f"link set {interface} down")

    def link_up(self, interface):
        """Sets the link up, with the IPv6 addresses that the kernel forgot at link_down."""
        self.ip(f"link set {interface} up")
        lost = [a for a in self.addresses.get(interface, [])
                if a.version == 6 and not self.has_address(interface, a.ip)]
        if lost:
            self.ip(*(f"addr add {address} dev {interface} nodad" for address in lost))

    def checksum_offload(self, interface, on):
        """Switches the transmit checksum of a link: off for readers of raw packets only."""
        request = struct.pack("II", ETHTOOL_STXCSUM, int(on))
        buffer = ctypes.create_string_buffer(request, len(request))
        ifreq = struct.pack(f"{IFNAMSIZ}sP", interface.encode(), ctypes.addressof(buffer))
        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, SIOCETHTOOL, ifreq.ljust(40, b"\0"))

    # ---- sockets and processes in the node

    @contextlib.contextmanager
    def inside(self):
        """Within this block the calling thread is in the node's network namespace."""
        with open(f"/proc/self/task/{threading.get_native_id()}/ns/net", "rb") as home, \
                open(self.netns_path, "rb") as there:
            _setns(there.fileno())
            try:
                yield
            finally:
                _setns(home.fileno())

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        """A socket that lives in the node, for use by this very process."""
        with self.inside():
            return socket.socket(family, kind, protocol)

    def command(self, argv):
        """The command line that runs `argv` in the node (one exec, no extra process)."""
        argv = shlex.split(argv) if isinstance(argv, str) else [str(a) for a in argv]
        return ["nsenter", f"--net={self.netns_path}", "--", *argv]

    def run(self, argv, stdin=None, deadline_s=30, check=True, env=None, cwd=None):
        """Runs a command to its end; returns subprocess.CompletedProcess with text."""
        done = subprocess.run(self.command(argv), input=stdin, capture_output=True, text=True,
                              timeout=deadline_s, check=False, env=_environment(env), cwd=cwd)
        if check and done.returncode != 0:
            raise CommandFailed(f"{self.name}: {argv}: exit status {done.returncode}\n"
                                f"{done.stdout}{done.stderr}")
        return done

    def spawn(self, argv, log=None, env=None, cwd=None, name=None, stdin=None):
        """Starts a background process with its output in the file `log` of the node's folder."""
        line = self.command(argv)
        name = name or os.path.basename(line[3])
        path = os.path.join(self.folder, log or f"{name}.log")
        process = Process(line, path, _environment(env), cwd or self.folder,
                          f"{self.name}/{name}", stdin)
        self.processes.append(process)
        return process

    def pids(self):
        """Every process in the node, also those that nobody spawned by this class."""
        return [int(pid) for pid in _tool("ip", "netns", "pids", self.netns).split()]

    def __repr__(self):
        return f"<node {self.name}>"


def _environment(extra):
    return None if extra is None else {**os.environ, **extra}


class World:
    """A set of nodes with their links, ended as a whole by close()."""

    def __init__(self, folder=None):
        if not isolate.inside():
            raise RuntimeError("a world is built inside of tests/harness/isolate.py only")
        self.prefix = f"{os.getpid()}.{next(_numbers)}"
        self.folder = folder or f"/run/world/{self.prefix}"
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)
        self.nodes = {}
        #: Extra logs that a failed wait shows: name -> path.
        self.log_files = {}
        #: Run by close() before anything is killed, last one first.
        self.closers = []

    # ---- building

    def node(self, name):
        """The node of this name, made at the first call."""
        if name not in self.nodes:
            self.nodes[name] = Node(self, name)
        return self.nodes[name]

    def router(self, name):
        """A node that forwards packets."""
        node = self.node(name)
        node.forwarding()
        return node

    def link(self, a, b, a_addresses=(), b_addresses=(), names=None, mtu=None):
        """A cable between two nodes. Returns the names of its ends, by default to-OTHER."""
        a_name, b_name = names or (self._interface(a, b), self._interface(b, a))
        _tool("ip", "link", "add", a_name, "netns", a.netns, "type", "veth",
              "peer", "name", b_name, "netns", b.netns)
        for node, name in ((a, a_name), (b, b_name)):
            node.addresses.setdefault(name, [])
            size = f" mtu {mtu}" if mtu else ""
            node.ip(f"link set {name}{size} up")
        for node, name, addresses in ((a, a_name, a_addresses), (b, b_name, b_addresses)):
            if addresses:
                node.add_address(name, *addresses)
        return a_name, b_name

    def lan(self, name, members):
        """A switch with a cable to each node of `members` ({node: its addresses})."""
        switch = self.node(name)
        switch.ip("link add bridge type bridge", "link set bridge up")
        for node, addresses in members.items():
            _theirs, ours = self.link(node, switch, addresses)
            switch.ip(f"link set {ours} master bridge")
        return switch

    @staticmethod
    def _interface(here, there):
        """A free interface name that says where the link goes."""
        base = f"to-{there.name}"
        for number in itertools.count(1):
            end = "" if number == 1 else str(number)
            name = base[:IFNAMSIZ - 1 - len(end)] + end
            if name not in here.addresses:
                return name
        raise AssertionError("unreachable")

    # ---- waiting

    def wait_for(self, condition, deadline_s, what):
        """wait.wait_for() that shows the log of every daemon of this world when it fails."""
        return wait_for(condition, deadline_s, what, self.logs)

    def logs(self):
        """name -> text, of every process and log file of the world."""
        found = {process.name: process.log()
                 for node in self.nodes.values() for process in node.processes}
        for name, path in self.log_files.items():
            with contextlib.suppress(OSError), open(path, encoding="utf-8",
                                                    errors="replace") as file:
                found[name] = file.read()
        return found

    def tails(self):
        """The end of every log, as one text for a report."""
        return "\n".join(f"---- {name} ----\n{tail(text)}"
                         for name, text in self.logs().items())

    # ---- the end

    def pids(self):
        return [pid for node in self.nodes.values() for pid in node.pids()]

    def close(self):
        """Ends every process in every node and removes the nodes.

        Raises what a closer raised (a daemon's log with a crash in it), but cleans up first.
        """
        errors = []
        while self.closers:
            try:
                self.closers.pop()()
            except Exception as error:  # pylint: disable=broad-except
                errors.append(error)
        for node in self.nodes.values():
            for process in node.processes:
                process.kill9()
        wait_for(self._nobody_left, 10, "the processes of the world to be gone")
        for node in self.nodes.values():
            _tool("ip", "netns", "del", node.netns)
        self.nodes = {}
        if errors:
            raise errors[0]

    def _nobody_left(self):
        left = self.pids()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()
