# SPDX-License-Identifier: Apache-2.0
"""One daemon between its neighbours, and what is measured of it.

    sender ---- 10.0.0.0/24 ---- daemon ---- 10.0.1.0/24 ---- receiver
    (and the prober)                                          (one or several)

The clock of every measure is the peers': from before the system call that writes the first byte to
after the one that read the last prefix, CLOCK_MONOTONIC, which all namespaces share.
"""
import contextlib
import dataclasses
import os
import sys
import threading

import table_daemons
from table_daemons import cpu_s, peak_mib, pss_mib
from table_peer import PeerFailed, TablePeer, session

MEMORY_LIMIT_MIB = 12 * 1024
SENDER_ASN, RECEIVER_ASN, PROBER_ASN = 64500, 64600, 64700


@dataclasses.dataclass(frozen=True)
class Table:
    """What a sender sends. Without `prefixes` (a file) it is generated."""
    routes: int
    sets: int
    prefixes: str = None
    ipv6: bool = False
    seed: int = 1

    def options(self):
        words = ["--routes", self.routes, "--sets", self.sets, "--seed", self.seed]
        words += ["--prefixes", self.prefixes] if self.prefixes else []
        return words + (["--ipv6", "--next-hop", "2001:db8:1::2"] if self.ipv6 else [])


def ahead_of_all(pids):
    """The weight of the sessions of these processes against all others of the machine. A session
    is a scheduling group of its own (sched(7), autogroup): niceness counts only inside it."""
    for pid in pids:
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/autogroup", "w", encoding="ascii") as file:
                file.write("-20")


class MemoryWatch(threading.Thread):
    """Samples the memory of all the daemon's processes; ends a daemon that takes too much."""

    PAUSE_S = 0.25

    def __init__(self, pids):
        super().__init__(daemon=True)
        self.pids, self.greatest_mib, self._over = pids, 0, threading.Event()

    def run(self):
        while not self._over.wait(self.PAUSE_S):
            self.greatest_mib = max(self.greatest_mib, pss_mib(self.pids()))
            if self.greatest_mib > MEMORY_LIMIT_MIB:
                print(f"table: more than {MEMORY_LIMIT_MIB} MiB, ended", file=sys.stderr)
                for pid in self.pids():
                    os.kill(pid, 9)
                return

    def stop(self):
        self._over.set()
        self.join()


class Lab:
    """The three nodes, with the daemon running and all sessions Established."""

    def __init__(self, world, kind, table, senders=1, receivers=1, prober=False, hold_s=240,
                 deadline_s=600):
        self.world, self.kind, self.table, self.deadline_s = world, kind, table, deadline_s
        self.several = senders > 1
        self.node = world.node("daemon")
        sources, sinks = world.node("sender"), world.node("receiver")
        sending = [f"10.0.0.{2 + i}" for i in range(senders + prober)]
        receiving = [f"10.0.1.{2 + i}" for i in range(receivers)]
        six = ["2001:db8:1::2/64"], ["2001:db8:1::1/64"]
        world.link(sources, self.node, [f"{a}/24" for a in sending] + six[0],
                   ["10.0.0.1/24"] + six[1])
        world.link(sinks, self.node, [f"{a}/24" for a in receiving],
                   ["10.0.1.1/24", "2001:db8:2::1/64"])
        asns = [SENDER_ASN + i for i in range(senders)] + [PROBER_ASN] * prober
        neighbors = list(zip(sending, asns))
        neighbors += [(a, RECEIVER_ASN + i) for i, a in enumerate(receiving)]
        families = ("ipv4", "ipv6") if table.ipv6 else ("ipv4",)
        more = ["--sentinel"] if self.several else ["--rival"] if prober else []
        common = ["--hold", hold_s, "--expected", table.routes + senders]
        duties = ["send"] * senders + ["probe"] * prober
        self.senders = TablePeer(sources, [
            session(a, "10.0.0.1", asn, duty)
            for (a, asn), duty in zip(neighbors, duties)], *table.options(), *more, *common)
        self.sender_count = senders
        self.receivers = TablePeer(sinks, [
            session(a, "10.0.1.1", RECEIVER_ASN + i, "receive")
            for i, a in enumerate(receiving)], *(["--ipv6"] if table.ipv6 else []), *common)
        #: What every receiver hears of at the end.
        self.routes = self.senders.table["routes"] + (senders if self.several else 0)
        self.daemon = table_daemons.start(kind, self.node, neighbors, hold_s, families)
        if os.getpriority(os.PRIO_PROCESS, 0) < 0:
            ahead_of_all(self.pids())
        self.watch = MemoryWatch(self.pids)
        self.watch.start()
        self.receivers.connect()
        self.senders.connect()

    def pids(self):
        return self.node.pids()

    def close(self):
        self.watch.stop()
        self.senders.close()
        self.receivers.close()

    # ---- measures: (seconds, processor seconds of all the daemon's processes)

    def _expect(self, count, quiet_ms):
        self.receivers.command(f"expect {count} {quiet_ms}")

    def _settled_ns(self):
        """When the last UPDATE came after which every receiver had what it should have."""
        return max(e["ns"] for e in self.receivers.wait_all("quiet", deadline_s=self.deadline_s))

    def _measure(self, act):
        """What `act` gives, in seconds, and the processor time of the daemon meanwhile."""
        before = cpu_s(self.pids())
        seconds = act()
        return seconds, cpu_s(self.pids()) - before

    def _sent(self, command, count, quiet_ms):
        """Seconds until the receivers have `count`."""
        self._expect(count, quiet_ms)
        self.senders.command(command)
        sent = self.senders.wait_all("sent", self.sender_count, self.deadline_s)
        settled = self._settled_ns()
        first = min(e["first_byte_ns"] for e in sent)
        return (settled - first) / 1e9

    def load(self):
        return self._measure(
            lambda: self._sent("send", self.routes, 2000 if self.several else 300))

    def withdraw(self):
        return self._measure(lambda: self._sent("withdraw", 0, 300))

    def lose(self):
        """The sender dies: the kernel says so for it."""
        return self._measure(self._lose)

    def _lose(self):
        self._expect(0, 300)
        self.senders.command("close")
        closed = self.senders.wait("closed")
        return (self._settled_ns() - closed["ns"]) / 1e9

    def refresh(self):
        """The receiver asks for everything again; None where the daemon does not do that."""
        if "route_refresh" not in getattr(self.daemon, "features", {"route_refresh"}):
            return None, None
        return self._measure(self._refresh)

    def _refresh(self):
        self.receivers.command("refresh")
        asked = self.receivers.wait("refresh")
        self._expect(self.routes, 300)
        return (self._settled_ns() - asked["ns"]) / 1e9

    def reconnect(self):
        """The receiver comes back; from Established, as daemons wait before they let it in."""
        return self._measure(self._reconnect)

    def _reconnect(self):
        self.receivers.command("close")
        self.receivers.wait_all("closed")
        self._expect(self.routes, 300)
        up = max(e["ns"] for e in self.receivers.connect(deadline_s=180))
        return (self._settled_ns() - up) / 1e9

    def memory(self):
        """(greatest, with the table) in MiB: VmHWM and PSS, summed over all processes."""
        return peak_mib(self.pids()), pss_mib(self.pids())

    def silence(self):
        """The longest that any neighbour heard nothing while it was Established, in seconds."""
        return max(s["silence_ns"] for s in self.senders.stat() + self.receivers.stat()) / 1e9

    # ---- probes

    PROBE_US = 5000

    def latencies(self):
        """Milliseconds from a changed best path of one prefix to the last of the receivers'
        reading of it, for each of the probes that were sent while the table was loaded."""
        self.senders.command(f"probe 60000 {self.PROBE_US}")
        self._expect(self.routes, 300)
        self.senders.command("send")
        sent = self.senders.wait("sent", deadline_s=self.deadline_s)
        settled = self._settled_ns()
        self.senders.command("probe 0 0")
        times = self._probe_times(self.senders, self.sender_count)
        wanted = [n for n, ns in enumerate(times) if sent["first_byte_ns"] <= ns <= settled]
        if not wanted:
            raise PeerFailed("no probe was sent while the table was loaded")
        self.world.wait_for(
            lambda: min(len(self._probe_times(self.receivers, i))
                        for i in range(self.receivers.count)) > wanted[-1], 60, "the probes")
        seen = [self._probe_times(self.receivers, i) for i in range(self.receivers.count)]
        return [(max(one[n] for one in seen) - times[n]) / 1e6 for n in wanted]

    @staticmethod
    def _probe_times(peer, number):
        peer.command("report")
        reports = {}
        while number not in reports:
            report = peer.wait("probes")
            reports[report["session"]] = report["times"]
        # The reports of the later sessions are still to come.
        for later in range(number + 1, peer.count):
            peer.wait("probes", later)
        return reports[number]
