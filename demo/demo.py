# SPDX-License-Identifier: Apache-2.0
"""`make demo`: two anycast sites on real routers, a crash, a drain, a return; with times.

Exit status 0 only if everything that it says has been seen.
"""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tests")]

from asking import EVERY_S, Asker  # noqa: E402
from topology import DNS4, DNS4_PREFIX, DNS6, WEB, WEB_PREFIX, Internet  # noqa: E402
from harness import isolate  # noqa: E402
from harness.wait import WaitFailed  # noqa: E402
from harness.world import World  # noqa: E402

WAIT_S = 30


class Story:
    """Prints what happens, collects the figures for the summary."""

    def __init__(self):
        self.summary = []
        self.bold, self.plain = ("\033[1m", "\033[0m") if self._colour() else ("", "")

    @staticmethod
    def _colour():
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def chapter(self, title):
        print(f"\n{self.bold}== {title}{self.plain}", flush=True)

    def say(self, text):
        print(text, flush=True)

    def block(self, text):
        print("\n".join("    " + line for line in text.rstrip().splitlines()), flush=True)

    def figure(self, what, value):
        self.summary.append((what, value))
        self.say(f"{what}: {self.bold}{value}{self.plain}")

    def end(self):
        self.chapter("Summary")
        width = max(len(what) for what, _ in self.summary)
        for what, value in self.summary:
            self.say(f"  {what:<{width}}  {value}")


class Demo:
    """The steps, in the order that a reader follows them."""

    def __init__(self, world, story):
        self.world, self.story = world, story
        self.net = Internet(world)
        self.askers = {
            "dns": Asker(self.net.user, "dns", DNS4, 53),
            "dns6": Asker(self.net.user, "dns", DNS6, 53),
            "web": Asker(self.net.user, "web", WEB, 80),
        }

    def run(self):
        self.begin()
        self.announcements()
        self.crash("web", self.net.east.nginx, "nginx", WEB_PREFIX)
        self.crash("dns", self.net.east.nsd, "NSD", DNS4_PREFIX)
        self.drain()
        self.story.end()

    # ---- helpers

    def answered_by(self, who, kinds, since=0.0):
        for kind in kinds:
            self.world.wait_for(lambda k=kind: self.askers[k].first_from(who, since), WAIT_S,
                                f"{kind} answered by {who}")

    def gap(self, kind, since, who):
        """Milliseconds from `since` to the first answered question of `who` after it."""
        answer = self.askers[kind].first_from(who, since)
        return (answer.when - since) * 1000

    def routes(self, prefix):
        """The way the user's provider has to the prefix."""
        route = self.net.routers["isp"].routes("ipv4").get(prefix)
        return "no route" if route is None else \
            f"{prefix} by AS path {' '.join(map(str, route.as_path))}"

    # ---- the steps

    def begin(self):
        self.story.chapter("Two sites, three routers, one user")
        self.story.block(sys.modules["topology"].__doc__)
        began = time.monotonic()
        self.net.start()
        for asker in self.askers.values():
            asker.start()
        self.answered_by("east", self.askers)
        self.story.figure("from nothing to the user's first answers",
                          f"{time.monotonic() - began:.1f} s")

    def announcements(self):
        self.story.chapter("What is announced, and why")
        for site in self.net.sites:
            site.daemon.wait_service("dns", "up", announced=True)
            site.daemon.wait_service("web", "up", announced=True)
            self.story.say(f"$ nearcast services          (on {site.name})")
            self.story.block(site.daemon.cli("services").stdout)
        self.story.say("$ nearcast neighbors         (on east)")
        self.story.block(self.net.east.daemon.cli("neighbors").stdout)
        self.story.say(f"The user's provider (BIRD) has {self.routes(DNS4_PREFIX)}, and the user")
        self.story.say("is answered by: " + ", ".join(
            f"{kind} {asker.now()}" for kind, asker in self.askers.items()))

    def crash(self, kind, server, name, prefix):
        story, east = self.story, self.net.east
        story.chapter(f"kill -9 of {name} at east")
        transit = self.net.routers["east-transit"]
        self.world.wait_for(lambda: prefix in transit.kernel_routes("ipv4"), WAIT_S, "the route")
        since = time.monotonic()
        server.kill9()
        self.answered_by("west", [kind], since)
        ms = self.gap(kind, since, "west")
        service = east.daemon.wait_service(kind, "down")
        story.say(f"east says: {service['reason']}")
        story.say(f"           {service['evidence']}")
        story.say(f"The provider now has {self.routes(prefix)}")
        story.figure(f"{name} killed at east: user answered by west after", f"{ms:.0f} ms")
        lost = self.askers[kind].lost_since(since)
        story.figure(f"  questions lost on the way, of one every {EVERY_S * 1000:.0f} ms", lost)
        since = time.monotonic()
        server.start()
        self.answered_by("east", [kind], since)
        story.figure(f"{name} started again: back at east after (hold-down 1 s, rise 3)",
                     f"{self.gap(kind, since, 'east') / 1000:.1f} s")

    def drain(self):
        story, east = self.story, self.net.east
        story.chapter("Maintenance: drain east, without losing a question")
        east.daemon.wait_service("dns", "up", announced=True)
        since = time.monotonic()
        done = east.daemon.cli("drain", "dns", "--reason", "kernel update")
        story.say("$ nearcast drain dns --reason 'kernel update'")
        story.block(done.stdout + done.stderr)
        route = self.world.wait_for(self._shut_down_route, WAIT_S, "GRACEFUL_SHUTDOWN at transit")
        story.say(f"east-transit sees communities {', '.join(sorted(route.communities))}"
                  " (65535:0 is GRACEFUL_SHUTDOWN, RFC 8326)")
        self.answered_by("west", ["dns", "dns6"], since)
        east.daemon.wait_service("dns", "draining", announced=False)
        self.world.wait_for(lambda: not east.node.has_address("lo", DNS4), WAIT_S,
                            "the address to leave lo, after the withdrawal had time to spread")
        lost = sum(self.askers[kind].lost_since(since) for kind in ("dns", "dns6"))
        story.figure("drain: questions lost", lost)
        since = time.monotonic()
        east.daemon.cli("undrain", "dns")
        story.say("$ nearcast undrain dns")
        self.world.wait_for(lambda: east.node.has_address("lo", DNS4), WAIT_S, "the address")
        self._service_back(east)
        self.answered_by("east", ["dns", "dns6"], since)
        story.figure("undrain: back at east after",
                     f"{self.gap('dns', since, 'east') / 1000:.1f} s")
        story.figure("  questions lost", sum(self.askers[kind].lost_since(since)
                                             for kind in ("dns", "dns6")))
        if lost:
            raise WaitFailed(f"{lost} questions were lost while east was drained")

    def _shut_down_route(self):
        for site_route in self.net.routers["east-transit"].routes(
                "ipv4", neighbor=self.net.east.address).values():
            if site_route.prefix == DNS4_PREFIX and "65535:0" in site_route.communities:
                return site_route
        return None

    @staticmethod
    def _service_back(site):
        """NSD was bound to the address that went and came back: its sockets still work."""
        site.daemon.wait_service("dns", "up", announced=True)


def main():
    if not isolate.inside():
        isolate.enter([sys.executable, os.path.abspath(__file__)])
    story = Story()
    world = World()
    try:
        demo = Demo(world, story)
        demo.run()
    except (WaitFailed, AssertionError) as error:
        story.say(f"\nThe demo failed: {error}\n")
        story.say(world.tails())
        return 1
    finally:
        world.close()
    story.say("\nAll of it worked. Next: docs/operators-guide.md, or edit demo/topology.py and try.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
