# SPDX-License-Identifier: Apache-2.0
"""http checks: against nginx with TLS, HTTP/2 and the PROXY protocol, and against bad servers."""
import socket
import subprocess

import pytest

from harness import packages
from harness.probe import ADDRESS, ADDRESS6, bound, running, serve_tcp, service, site
from harness.wait import wait_for

FAST = "interval: 600ms, fast-interval: 100ms, timeout: 500ms"
NAME = "www.example.com"

NGINX = """\
daemon off;
pid {folder}/nginx.pid;
error_log stderr info;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log combined;
    log_format who '$server_port $proxy_protocol_addr $request $http_host $http_x_probe';
    access_log {folder}/who.log who;
    ssl_certificate {folder}/site.pem;
    ssl_certificate_key {folder}/site.key;
    root {folder};
    server {{ listen {a}:80; listen [{b}]:80; server_name _;
        location = /moved {{ return 302 http://192.0.2.1/; }}
        location = /broken {{ return 503; }}
        location = /empty {{ return 204; }}
        location / {{ add_header X-Site fra1; index index.html; }} }}
    server {{ listen {a}:81 http2; listen [{b}]:81 http2; }}
    server {{ listen {a}:443 ssl; listen [{b}]:443 ssl; }}
    server {{ listen {a}:444 ssl http2; listen [{b}]:444 ssl http2; }}
    server {{ listen {a}:82 proxy_protocol; listen [{b}]:82 proxy_protocol; }}
    server {{ listen {a}:445 ssl http2 proxy_protocol; }}
}}
"""


@pytest.fixture
def node(world):
    made = world.node("server")
    made.add_address("lo", f"{ADDRESS}/32", f"{ADDRESS6}/128")
    return made


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A self-signed certificate for NAME and the IPv4 address, valid for a day."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [packages.program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName=DNS:{NAME},IP:{ADDRESS}", "-keyout", folder / "site.key",
         "-out", folder / "site.pem"], check=True, capture_output=True)
    return folder


@pytest.fixture
def nginx(node, certificate):
    for name in ("site.key", "site.pem"):
        node.run(["cp", certificate / name, node.folder])
    for name, size in (("index.html", 20), ("big.html", 1 << 20)):
        with open(f"{node.folder}/{name}", "w", encoding="ascii") as file:
            file.write("welcome\n" + "." * size + "\ngoodbye\n")
    with open(f"{node.folder}/nginx.conf", "w", encoding="ascii") as file:
        file.write(NGINX.format(a=ADDRESS, b=ADDRESS6, folder=node.folder))
    process = node.spawn([packages.program("nginx"), "-c", f"{node.folder}/nginx.conf",
                          "-e", "stderr"])
    process.wait_for_log("start worker process ")
    return process


CA = "ca-file: FOLDER/site.pem"


@pytest.mark.parametrize("check,state,evidence", [
    ("port: 80", "up", "HTTP/1.1 status 200 from"),
    ("path: /none.html", "down", "status 404, not 200-399"),
    ("path: /none.html, status: [200-299, 404]", "up", "status 404"),
    ("path: /broken, status: [200, 301-302]", "down", "status 503, not 200, 301-302"),
    ("path: /moved", "up", "status 302"),
    ("path: /empty, method: HEAD", "up", "status 204"),
    ("method: HEAD", "up", "status 200"),
    ("method: DELETE", "down", "status 405"),
    ("expect-body: welcome", "up", "status 200"),
    ("expect-body: farewell", "down", 'status 200, but "farewell" is not in the body'),
    ("path: /big.html", "up", "status 200"),
    ("path: /big.html, expect-body: welcome", "up", "status 200"),
    ("path: /big.html, expect-body: goodbye", "down",
     '"goodbye" is not in the first 64 KiB of the body'),
    ("expect-headers: { x-site: fra }", "up", "status 200"),
    ("expect-headers: { X-Site: lon }", "down", 'status 200, but no header "X-Site: lon"'),
    ("version: 2", "down", None),
    ("port: 81, version: 2", "up", "HTTP/2 status 200"),
    ("port: 85", "down", "nothing listens (connection refused)"),
    ("port: 443, tls: true, verify: false", "up", "HTTP/1.1 status 200"),
    ("tls: true, version: 2, verify: false", "down", "speaks HTTP/1.1, not HTTP/2"),
    ("port: 444, tls: true, version: 2, verify: false", "up", "HTTP/2 status 200"),
    (f"tls: true, host: {NAME}, {CA}", "up", "status 200"),
    (f"tls: true, host: {NAME}:443, {CA}", "up", "status 200"),
    (f"tls: true, host: wrong.example.com, {CA}", "down",
     "no alternative certificate subject name matches target host name 'wrong.example.com'"),
    (f"tls: true, host: wrong.example.com, sni: {NAME}, {CA}", "up", "status 200"),
    (f"tls: true, host: {NAME}", "down", "self-signed certificate"),
    (f"tls: true, host: {NAME}, ca-file: /nonexistent", "unknown", "cannot check:"),
    ("port: 80, tls: true, verify: false", "down", "wrong version number"),
    ("port: 82, proxy-protocol: v1", "up", "status 200"),
    ("port: 82, proxy-protocol: v2", "up", "status 200"),
    ("port: 82", "down", None),
])
@pytest.mark.parametrize("addresses", [[ADDRESS], [ADDRESS6]], ids=["ipv4", "ipv6"])
def test_nginx(node, nginx, check, state, evidence, addresses):
    assert nginx.running()
    check = check.replace("FOLDER", node.folder)
    with running(node, site(service([f"http: {{ {check}, {FAST} }}"], addresses))) as probe:
        report = probe.wait(state, evidence=evidence)
        assert report["conclusive"] == ("refused" in report["evidence"])


def test_address_as_name(node, nginx):
    """Without a host the certificate must hold the address."""
    check = f"tls: true, ca-file: {node.folder}/site.pem, {FAST}"
    with running(node, site(service([f"http: {{ {check}, address: {ADDRESS} }}",
                                     f"http: {{ {check}, address: {ADDRESS6} }}"],
                                    [ADDRESS, ADDRESS6]))) as probe:
        probe.wait("up", 0)
        probe.wait("down", 1, evidence=f"{ADDRESS6}")
    assert nginx.running()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_proxy_header_goes_before_tls(node, nginx, version):
    assert nginx.running()
    with running(node, site(service([
            f"http: {{ port: 445, tls: true, verify: false, version: 2, "
            f"proxy-protocol: {version}, {FAST} }}"]))) as probe:
        probe.wait("up", evidence="HTTP/2 status 200")


def test_request_is_as_configured(node, nginx):
    """Host and headers; and nothing of the environment: no proxy."""
    assert nginx.running()
    check = f"http: {{ host: {NAME}, request-headers: {{ X-Probe: hello, User-Agent: us }}, {FAST} }}"
    with running(node, site(service([check])),
                 prefix=("env", "http_proxy=http://192.0.2.1:1/", "all_proxy=x")) as probe:
        probe.wait("up")
    with open(f"{node.folder}/who.log", encoding="ascii") as log:
        assert set(log.read().splitlines()) == {f"80 - GET / HTTP/1.1 {NAME} hello"}


def test_killed_nginx_is_seen(node, nginx):
    slow = "interval: 20s, timeout: 2s, rise: 1"
    with running(node, site(service([f"socket: {{ port: 80, {slow} }}",
                                     f"http: {{ port: 80, {slow} }}"]))) as probe:
        probe.wait("up", 0)
        probe.wait("up", 1)
        nginx.kill9()
        assert probe.wait("down", 0)["conclusive"]
        assert probe.wait("down", 1, evidence="refused")["conclusive"]


#: What a server sends after it read the request, the state that comes of it, the evidence.
RESPONSES = {
    "silent": (None, "down", "timeout after 500ms waiting for the response"),
    "closed": (b"", "down", "Empty reply from server"),
    "reset": ("reset", "down", None),
    "garbage": (b"\xff" * 200, "down", None),
    "half of the headers": (b"HTTP/1.1 200 OK\r\nX: y", "down",
                            "the response ended before its headers did"),
    "half of the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", "down",
                         "5 bytes remaining to read"),
    "body that does not end": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345...", "down",
                               "timeout after 500ms waiting for the rest of the response"),
    "endless headers": (b"HTTP/1.1 200 OK\r\n" + b"X: yyyyyyyyyyyyyyyyyyyyyyy\r\n" * 100000,
                        "down", None),
    "interim": (b"HTTP/1.1 103 Early Hints\r\nSite: no\r\n\r\nHTTP/1.1 200 OK\r\nSite: yes\r\n"
                b"Content-Length: 0\r\n\r\n", "up", "status 200"),
    "old": (b"HTTP/1.0 200 OK\r\nSite: yes\r\n\r\nhello", "up", "status 200"),
    "no status": (b"hello\r\n", "down", None),
}


@pytest.mark.parametrize("kind", RESPONSES)
def test_bad_responses(node, kind):
    given, state, evidence = RESPONSES[kind]
    server = bound(node, 8080)

    def talk(connection):
        connection.recv(4096)
        if given == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        elif given is None:
            connection.recv(1)
        else:
            connection.sendall(given)
            if given.endswith(b"..."):
                connection.recv(1)

    if given and b"..." in (given if isinstance(given, bytes) else b""):
        given = given[:-3]
        serve_tcp(server, lambda c: (c.recv(4096), c.sendall(given), c.recv(1)))
    else:
        serve_tcp(server, talk)
    expect = ", expect-headers: { Site: yes }" if kind in ("interim", "old") else ""
    with running(node, site(service([f"http: {{ port: 8080{expect}, {FAST} }}"]))) as probe:
        probe.wait(state, evidence=evidence)
    server.close()


def test_handshake_that_hangs(node):
    server = bound(node, 8443)
    serve_tcp(server, lambda connection: (connection.recv(4096), connection.recv(1)))
    with running(node, site(service([
            f"http: {{ port: 8443, tls: true, verify: false, {FAST} }}"]))) as probe:
        probe.wait("down", evidence="timeout after 500ms waiting for the TLS handshake")
    server.close()


def test_curl_is_loaded_by_the_first_http_check_only(node, nginx):
    """The memory of libcurl and its TLS library is paid by those who use them."""
    assert nginx.running()

    def loaded():
        with open(f"/proc/{probe.pid}/maps", encoding="ascii") as maps:
            return "libcurl" in maps.read()

    with running(node, site(service([f"tcp: {{ port: 80, {FAST} }}"]))) as probe:
        probe.wait("up")
        assert not loaded()
        probe.config(site(service([f"http: {{ port: 80, {FAST} }}"])))
        probe.wait("up")
        wait_for(loaded, 3, "libcurl to be loaded")


def test_probes_leave_no_connection_behind(node, nginx):
    assert nginx.running()
    with running(node, site(service([
            "http: { port: 80, interval: 20ms, fast-interval: 20ms, timeout: 15ms }"]))) as probe:
        wait_for(lambda: probe.last() and probe.last()["probes"] > 50, 10, "fifty probes")
        found = node.run("ss -Htan state time-wait").stdout.splitlines()
        assert len(found) < 5
