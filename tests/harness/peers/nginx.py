# SPDX-License-Identifier: Apache-2.0
"""nginx as the web service of a site."""
import signal

from ..packages import program
from .server import Server, bracketed


class Nginx(Server):
    """Answers /, /healthz (with `status`) and any other path (404) over HTTP and HTTPS.

    Every answer names the node in the header X-Node and in its body.
    """

    kind = "nginx"

    def __init__(self, node, addresses, port=80, tls_port=None, server_name="example.com",
                 status=200, proxy_protocol=False, workers=1):
        super().__init__(node, addresses)
        self.port = port
        self.tls_port = tls_port
        self.server_name = server_name
        self.status = status
        self.proxy_protocol = proxy_protocol
        self.workers = workers

    def command(self):
        if self.tls_port:
            self._make_certificate()
        return [program("nginx"), "-p", self.folder, "-c", self.path("config"),
                "-e", self.path("error.log"), "-g", "daemon off;"]

    def _make_certificate(self):
        """A self-signed certificate for the server's name: cert.pem serves as the CA too."""
        self.node.run([program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
                       "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                       "-subj", f"/CN={self.server_name}",
                       "-addext", f"subjectAltName=DNS:{self.server_name}",
                       "-keyout", self.path("key.pem"), "-out", self.path("cert.pem")])

    def config(self):
        proxy = " proxy_protocol" if self.proxy_protocol else ""
        listen = [f"listen {bracketed(a)}:{self.port}{proxy};" for a in self.addresses]
        tls = []
        if self.tls_port:
            listen += [f"listen {bracketed(a)}:{self.tls_port} ssl http2{proxy};"
                       for a in self.addresses]
            tls = [f"ssl_certificate {self.path('cert.pem')};",
                   f"ssl_certificate_key {self.path('key.pem')};"]
        temporary = [f"{name}_temp_path {self.path('temp-' + name)};"
                     for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
        text = f"return {self.status} '{self.node.name} answers\\n';"
        server = "\n    ".join([*listen, *tls, f"server_name {self.server_name};",
                                "default_type text/plain;",
                                f"add_header X-Node {self.node.name} always;",
                                f"location = / {{ {text} }}",
                                f"location = /healthz {{ {text} }}",
                                "location / { return 404 'no such page\\n'; }"])
        http = "\n  ".join([f"access_log {self.path('access.log')};", *temporary,
                            f"server {{\n    {server}\n  }}"])
        return "\n".join(["user root;", f"worker_processes {self.workers};",
                          f"pid {self.path('pid')};", "events { worker_connections 256; }",
                          f"http {{\n  {http}\n}}", ""])

    def answers(self):
        header = ["--haproxy-protocol"] if self.proxy_protocol else []
        url = f"http://{bracketed(self.addresses[0])}:{self.port}/"
        done = self.node.run([program("curl"), "-sS", "-g", "--max-time", "2", *header, url])
        return self.node.name in done.stdout

    def reload(self):
        """Hands the sockets over to new workers with the configuration as it is now."""
        self.write("config", self.config())
        self.process.signal(signal.SIGHUP)

    def workers_now(self):
        """The pids of the worker processes."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return set(map(int, file.read().split()))

    def set_status(self, status):
        """Changes what / and /healthz answer, returns when no old worker answers any more."""
        before = self.workers_now()
        self.status = status
        self.reload()
        self.world.wait_for(lambda: self.workers_now() and not self.workers_now() & before, 10,
                            f"nginx on {self.node.name} to answer {status}")
