# SPDX-License-Identifier: Apache-2.0
"""What the services of the tests have in common: a daemon that answers on addresses."""
import os


class Server:
    """A service in a node. Sub-classes write its configuration and know when it answers."""

    kind = "?"

    def __init__(self, node, addresses):
        self.node = node
        self.world = node.world
        self.addresses = list(addresses)
        self.process = None
        number = len([name for name in os.listdir(node.folder) if name.startswith(self.kind)])
        self.folder = os.path.join(node.folder, f"{self.kind}-{number}")
        os.mkdir(self.folder)
        os.chmod(self.folder, 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def command(self):
        """The command line that runs the service in the foreground."""
        raise NotImplementedError

    def config(self):
        raise NotImplementedError

    def answers(self):
        """True when the service answers a request from within its node."""
        raise NotImplementedError

    def start(self, deadline_s=20):
        """Writes the configuration, starts the service, returns when it answers."""
        self.write("config", self.config())
        log = os.path.relpath(self.path("log"), self.node.folder)
        self.process = self.node.spawn(self.command(), log=log, name=self.kind)

        def ready():
            if not self.process.running():
                raise AssertionError(f"{self.kind} ended:\n{self.process.log()}")
            return self.answers()
        self.world.wait_for(ready, deadline_s, f"{self.kind} on {self.node.name} to answer")
        return self

    def stop(self):
        """Ends it in its orderly way."""
        self.process.stop()

    def kill9(self):
        """Ends it with all its worker processes by SIGKILL."""
        self.process.kill9()

    def running(self):
        return self.process is not None and self.process.running()


def bracketed(address):
    """IPv6 addresses in brackets, as in URLs."""
    return f"[{address}]" if ":" in address else address
