# SPDX-License-Identifier: Apache-2.0
"""A site with an upstream router, for tests of what a service's life does to its routes.

    upstream (BIRD, AS 64501) .1 ---- 203.0.113.0/24 ---- .2  site (nearcast, AS 64500)
         .1 ---- 192.0.2.0/24 ---- .2  client
"""
import os
import socket

from .nearcast import Nearcast
from .peers import Bird, Neighbor

IP_FREEBIND = 15
ASN, UPSTREAM_ASN = 64500, 64501
UPSTREAM = "up: { address: 203.0.113.1, asn: 64501, families: [ipv4], connect-retry: 1s }"
#: A check by a Verdict, soon decided and with patience for a machine that is busy.
QUICK = "interval: 500ms, fast-interval: 50ms, timeout: 450ms, rise: 1, fall: 2"


def config(services, neighbors=(UPSTREAM,), more=""):
    """A configuration of `services` (name -> lines) for the site of Site."""
    lines = ["site: here", f"asn: {ASN}", "router-id: 203.0.113.2", "services:"]
    for name, text in services.items():
        lines += [f"  {name}:", *("    " + line for line in text.strip().splitlines())]
    return "\n".join([*lines, "neighbors:", *("  " + line for line in neighbors), more, ""])


class Verdict:
    """A program for an exec check that says what the test wants."""

    def __init__(self, node, name="verdict"):
        self.path = os.path.join(node.folder, name)
        self.say(0)

    def say(self, text):
        """An exit status, or a line of shell such as "sleep 60"."""
        line = text if isinstance(text, str) else f"echo the test says {text}; exit {text}"
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{line}\n")
        os.chmod(self.path + ".new", 0o755)
        os.replace(self.path + ".new", self.path)

    def check(self, settings=QUICK):
        """The check that runs it, as YAML."""
        return f"exec: {{ command: [{self.path}], {settings} }}"


class Listener:
    """A TCP service that is nothing but a listening socket in the node."""

    def __init__(self, node, address, port):
        self.socket = node.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.socket.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        self.socket.bind((address, port))
        self.socket.listen()

    def close(self):
        self.socket.close()


class Site:
    """The upstream and the site, wired; start() runs them."""

    def __init__(self, world, **upstream):
        """`upstream`: options of the upstream's session."""
        self.world = world
        self.node, self.router = world.node("site"), world.router("upstream")
        world.link(self.router, self.node, ["203.0.113.1/24"], ["203.0.113.2/24"])
        self.node.add_route("default", "203.0.113.1")
        self.upstream = Bird(self.router, UPSTREAM_ASN, neighbors=[
            Neighbor("203.0.113.2", ASN, families=("ipv4",), **upstream)])
        self.verdict = Verdict(self.node)
        self.nearcast = None

    def client(self):
        """A host behind the upstream."""
        client = self.world.node("client")
        self.world.link(self.router, client, ["192.0.2.1/24"], ["192.0.2.2/24"])
        client.add_route("default", "192.0.2.1")
        return client

    def start(self, services, **options):
        """Starts the upstream and a nearcast with these services; records its events."""
        self.nearcast = Nearcast(self.node, config(services, **options))
        self.upstream.start()
        self.nearcast.start()
        self.nearcast.record_events()
        return self.nearcast

    # ---- questions

    def announced(self, prefix):
        return prefix in self.upstream.routes("ipv4")

    def wait_announced(self, prefix, deadline_s=20, **wanted):
        return self.upstream.wait_route(prefix, deadline_s, **wanted)

    def wait_gone(self, prefix, deadline_s=20):
        return self.upstream.wait_route(prefix, deadline_s, present=False)

    def has(self, address):
        """Is the address on the loopback interface?"""
        return self.node.has_address("lo", address)

    def wait_address(self, address, present=True, deadline_s=20):
        self.world.wait_for(lambda: self.has(address) == present, deadline_s,
                            f"{address} to be {'on' if present else 'off'} lo")

    def states(self, service):
        """The states that the service went through, from its events."""
        return [e["new_state"] for e in self.nearcast.events("service-state", service=service)]

    def wait_states(self, service, *states, deadline_s=20):
        """Waits until the service has gone through these states, in this order."""
        def found():
            seen = iter(self.states(service))
            return all(any(state == s for s in seen) for state in states)
        self.world.wait_for(found, deadline_s, f"{service} to go through {states}")
