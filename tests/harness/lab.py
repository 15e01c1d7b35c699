# SPDX-License-Identifier: Apache-2.0
"""The people and services of the lab, without the lab: its clients and servers in a test's nodes.

    server = LabServer(site, ["192.0.2.1"]).start()
    clients = Clients(world)
    clients("add", 0, node.netns_path, "10.0.0.2", "dns", "192.0.2.1")
    clients("pace", 1000, 500)
    assert clients("report", 0)["sites"] == {"fra": 1234}
"""
import json
import os
import shlex
import signal
import struct
import subprocess

from .nearcast import ENVIRONMENT, SANITIZER, binary
from .packages import program
from .peers.server import Server

#: The numbers of a server, in the order of struct server_counters, behind the magic.
COUNTERS = ("dns_udp_requests", "dns_udp_answers", "dns_tcp_requests", "dns_tcp_answers",
            "dns_malformed", "http_requests", "http_answers", "http_bytes")


class LabServer(Server):
    """nearcast internal-lab-server. Its counters can be read when it is dead."""

    kind = "lab-server"

    def config(self):
        return ""

    def command(self):
        words = [word for address in self.addresses for word in ("--address", address)]
        return [binary(), "internal-lab-server", "--name", self.node.name, "--counters",
                self.path("counters"), *words]

    def start(self, deadline_s=20):
        self.world.closers.append(self._check_log)
        return super().start(deadline_s)

    def answers(self):
        return "ready" in self.process.log()

    def counters(self):
        with open(self.path("counters"), "rb") as file:
            return dict(zip(COUNTERS, struct.unpack("=8x8Q", file.read())))

    def _check_log(self):
        assert not SANITIZER.search(self.process.log()), self.process.log()


class WrittenServer(Server):
    """A real server by a configuration that src/world wrote."""

    def __init__(self, node, address, clients):
        super().__init__(node, [address])
        self.clients = clients

    def config(self):
        self.clients(self.kind, self.node.name, self.folder, self.addresses[0])
        with open(self.path("config"), encoding="utf-8") as file:
            return file.read()


class WrittenNsd(WrittenServer):
    kind = "nsd"

    def command(self):
        return [program("nsd"), "-d", "-c", self.path("config")]

    def dig(self, *words):
        done = self.node.run([program("dig"), f"@{self.addresses[0]}", "+short", "+time=1",
                              "+tries=1", *words], check=False)
        return done.stdout.strip()

    def answers(self):
        return self.dig("CH", "TXT", "id.server") == f'"{self.node.name}"'


class WrittenNginx(WrittenServer):
    kind = "nginx"

    def command(self):
        os.makedirs(self.path("content"), exist_ok=True)
        return [program("nginx"), "-p", self.folder, "-c", self.path("config"), "-e",
                self.path("error.log")]

    def content(self, size):
        self.write(f"content/{size}", "." * size)

    def answers(self):
        done = self.node.run([program("curl"), "-sS", "--max-time", "2",
                              f"http://{self.addresses[0]}/"], check=False)
        return done.stdout == self.node.name + "\n"


class Refused(AssertionError):
    """The clients did not do what they were told."""


class Clients:
    """The clients process, through build/tests/drive_clients."""

    def __init__(self, world):
        self.world = world
        path = os.path.join(os.path.dirname(binary()), "..", "..", "tests", "drive_clients")
        self.log_path = os.path.join(world.folder, "clients.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, **ENVIRONMENT})
        world.log_files["clients"] = self.log_path
        world.closers.append(self.close)

    def __call__(self, *words):
        self.process.stdin.write(shlex.join(str(word) for word in words).replace("'", "") + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Refused(f"the driver of the clients ended: {self._log()}")
        answer = json.loads(line)
        if not answer.pop("ok"):
            raise Refused(f"{words}: {answer['error']}: {answer['text']}")
        return answer

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def _log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(20)
        assert not SANITIZER.search(self._log()), self._log()
