# SPDX-License-Identifier: Apache-2.0
"""nginx and NSD answer in a node, from another node, until they are killed."""
import pytest

from harness.peers.nginx import Nginx
from harness.peers.nsd import Nsd
from harness.world import CommandFailed

V4, V6 = "192.0.2.1", "2001:db8::1"


@pytest.fixture(name="nodes")
def nodes_fixture(world):
    client, site = world.node("client"), world.node("site")
    world.link(client, site, ["10.0.0.1/24", "fd00::1/64"], ["10.0.0.2/24", "fd00::2/64"])
    site.add_address("lo", f"{V4}/32", f"{V6}/128")
    client.add_route(f"{V4}/32", "10.0.0.2")
    client.add_route(f"{V6}/128", "fd00::2")
    return client, site


def test_nginx(nodes):
    client, site = nodes
    web = Nginx(site, [V4, V6], tls_port=443).start()
    assert client.run(f"curl -sS --max-time 5 http://{V4}/").stdout == "site answers\n"
    assert client.run(["curl", "-gsS", "--max-time", "5", f"http://[{V6}]/healthz"]).stdout
    done = client.run(f"curl -sS --max-time 5 --cacert {web.path('cert.pem')} --http2 "
                      f"-w %{{http_version}} --resolve example.com:443:{V4} "
                      "https://example.com/")
    assert done.stdout == "site answers\n2"
    web.set_status(503)
    done = client.run(f"curl -sS --max-time 5 -o /dev/null -w %{{http_code}} http://{V4}/")
    assert done.stdout == "503"
    web.kill9()
    assert client.run(f"curl -sS --max-time 5 http://{V4}/", check=False).returncode == 7
    assert not [pid for pid in site.pids() if pid == web.process.pid]


def test_nginx_with_the_proxy_protocol(nodes):
    client, site = nodes
    Nginx(site, [V4], proxy_protocol=True).start()
    assert client.run(f"curl -sS --max-time 5 --haproxy-protocol http://{V4}/").stdout
    assert client.run(f"curl -sS --max-time 5 http://{V4}/", check=False).returncode != 0


def test_nsd(nodes):
    client, site = nodes
    dns = Nsd(site, [V4, V6]).start()
    for address in (V4, V6):
        assert dns.dig("www.example.com", "AAAA", node=client, address=address) == \
            "2001:db8::80"
        assert dns.dig("+tcp", "node.example.com", "TXT", node=client,
                       address=address) == '"site"'
    answer = client.run(f"dig @{V4} +nsid +time=2 example.com SOA").stdout
    assert '("site")' in answer
    dns.kill9()
    with pytest.raises(CommandFailed):
        dns.dig("example.com", "SOA", node=client)
