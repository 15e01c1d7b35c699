# SPDX-License-Identifier: Apache-2.0
"""The daemons of bench/table, each set up as its makers would for nothing but this job.

Every neighbour may announce all and hears all; nothing goes into the kernel; no log but errors;
the neighbours of the bench open the connections.
"""
import os
import time

from harness.nearcast import Nearcast
from harness.packages import program
from harness.peers import Bird, Frr, GoBgp, Neighbor, OpenBgpd

ASN = 65000
TICK = os.sysconf("SC_CLK_TCK")


class TableBird(Bird):
    """BIRD without kernel protocol and filters."""

    def config(self):
        return "\n".join([
            f'log "{self.path("bird.log")}" {{ warning, error, fatal, bug }};',
            f"router id {self.router_id};", "protocol device { scan time 10; }",
            *(self._session(n) for n in self.neighbors), ""])

    @staticmethod
    def _session(neighbor):
        channels = " ".join(f"{f} {{ import all; export all; }};" for f in neighbor.families)
        return (f"protocol bgp {neighbor.name} {{ local {neighbor.local_address} as {ASN};"
                f" neighbor {neighbor.address} as {neighbor.asn}; direct; passive on;"
                f" hold time {neighbor.hold_s}; error wait time 1, 2; error forget time 1;"
                f" graceful restart off; {channels} }}")


class TableFrr(Frr):
    """bgpd that hands nothing to zebra."""

    def config(self):
        return super().config().replace("debug bgp neighbor-events\n", "")


class TableOpenBgpd(OpenBgpd):
    """Its three processes, without a word for each UPDATE."""

    def config(self):
        return super().config().replace("log updates\n", "").replace(
            "match from ebgp community GRACEFUL_SHUTDOWN set { localpref 0 }\n", "")

    def spawn(self, argv, name=None, **options):
        return super().spawn([word for word in argv if word != "-v"], name, **options)


class TableGoBgp(GoBgp):
    """As it comes."""

    def config(self):
        lines = ["[global.config]", f"as = {ASN}", f'router-id = "{self.router_id}"']
        return "\n".join([*lines, *(self._neighbor(n) for n in self.neighbors), ""])

    def spawn(self, argv, name=None, **options):
        return super().spawn(["error" if word == "debug" else word for word in argv], name,
                             **options)


class TableNearcast:
    """The daemon of this repository as a router."""

    kind = "nearcast"

    def __init__(self, node, _asn, neighbors, **_options):
        entries = "".join(
            f"  n{i}: {{ address: {n.address}, asn: {n.asn}, passive: true,"
            f" hold-time: {n.hold_s}s, import: all, export: all,"
            f" graceful-restart: false }}\n" for i, n in enumerate(neighbors, 1))
        self.daemon = Nearcast(node, f"site: bench\nasn: {ASN}\nrouter-id: 10.0.0.1\n"
                               f"http: {{ enabled: false }}\nneighbors:\n{entries}")

    def start(self):
        self.daemon.start()
        return self

    def kill9(self):
        self.daemon.kill9()


DAEMONS = {"nearcast": TableNearcast, "bird": TableBird, "openbgpd": TableOpenBgpd,
           "frr": TableFrr, "gobgp": TableGoBgp}


def start(kind, node, neighbors, hold_s, families):
    """The daemon, running; neighbors: (address, asn)."""
    described = [Neighbor(address, asn, passive=True, hold_s=hold_s, families=families,
                          local_address=node.local_address_for(address))
                 for address, asn in neighbors]
    more = {} if kind == "nearcast" else {"router_id": "10.0.0.1", "kernel": False}
    return DAEMONS[kind](node, ASN, neighbors=described, **more).start()


# ---- what it costs

def _fields(pid, name):
    with open(f"/proc/{pid}/{name}", encoding="ascii", errors="replace") as file:
        return file.read()


def memory_mib(pid, name, key):
    """One line of a file below /proc/PID, in MiB; 0 when there is none."""
    try:
        for line in _fields(pid, name).splitlines():
            if line.startswith(key):
                return int(line.split()[1]) / 1024
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def pss_mib(pids):
    """Proportional set size: pages that processes share count once."""
    return sum(memory_mib(pid, "smaps_rollup", "Pss:") for pid in pids)


def peak_mib(pids):
    """The greatest resident size that each process ever had, summed."""
    return sum(memory_mib(pid, "status", "VmHWM:") for pid in pids)


def cpu_s(pids):
    """User and system time of all threads so far."""
    used = 0
    for pid in pids:
        fields = _fields(pid, "stat").rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used / TICK


class Cost:
    """Time on the clock is the peers' matter; this is the processor time since it was made."""

    def __init__(self, pids):
        self._pids, self._cpu = pids, cpu_s(pids)
        self.began = time.monotonic_ns()

    def cpu(self):
        return cpu_s(self._pids) - self._cpu
