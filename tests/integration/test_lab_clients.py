# SPDX-License-Identifier: Apache-2.0
"""The clients and servers of the lab: who answers, what is lost, and do both sides agree?

         client0 ---.            .--- fra   192.0.2.1 on lo
         client1 ----  router  --+--- nrt   192.0.2.1 on lo
         client2 ---'
"""
import os
import signal

import pytest

from harness.lab import Clients, LabServer, Refused, WrittenNginx, WrittenNsd
from harness.packages import program

ADDRESS, ADDRESS6 = "192.0.2.1", "2001:db8:53::1"
MS = 1_000_000


class Net:
    """The drawing above, with the anycast route at fra."""

    def __init__(self, world, clients=3):
        self.world = world
        self.router = world.router("router")
        self.router.sysctl("ipv4/fib_multipath_hash_policy", 1)
        self.sites = {}
        for number, name in enumerate(("fra", "nrt"), 1):
            site = self.sites[name] = world.node(name)
            world.link(self.router, site, [f"10.1.{number}.1/24", f"2001:db8:1:{number}::1/64"],
                       [f"10.1.{number}.2/24", f"2001:db8:1:{number}::2/64"])
            site.add_address("lo", f"{ADDRESS}/32", f"{ADDRESS6}/128", f"198.51.100.{number}/32")
            site.add_route("default", f"10.1.{number}.1")
            site.add_route("default", f"2001:db8:1:{number}::1")
            self.router.add_route(f"198.51.100.{number}/32", f"10.1.{number}.2")
        self.clients = []
        for number in range(clients):
            client = world.node(f"client{number}")
            world.link(self.router, client, [f"10.0.{number}.1/24", f"2001:db8:0:{number}::1/64"],
                       [f"10.0.{number}.2/24", f"2001:db8:0:{number}::2/64"])
            client.add_route("default", f"10.0.{number}.1")
            client.add_route("default", f"2001:db8:0:{number}::1")
            self.clients.append(client)
        self.route("fra")

    def route(self, *names):
        """Sends who asks the anycast address there; several: ECMP."""
        numbers = [1 + list(self.sites).index(name) for name in names]
        for prefix, via in ((f"{ADDRESS}/32", "10.1.{}.2"), (f"{ADDRESS6}/128",
                                                            "2001:db8:1:{}::2")):
            hops = " ".join(f"nexthop via {via.format(number)}" for number in numbers)
            self.router.ip(f"route replace {prefix} {hops}")

    def ask(self, asking, number, kind="dns", address=ADDRESS, **settings):
        source = f"2001:db8:0:{number}::2" if ":" in address else f"10.0.{number}.2"
        asking("add", number, self.clients[number].netns_path, source, kind, address,
               *(f"{key}={value}" for key, value in settings.items()))


@pytest.fixture
def net(world):
    return Net(world)


@pytest.fixture
def asking(world):
    return Clients(world)


def reports(asking, count=3):
    asking("settle")
    return [asking("report", number) for number in range(count)]


def stop_and_report(asking, count=3):
    """Nothing is on the way any more: every number is final."""
    asking("pace", 0, 300)
    return reports(asking, count)


def total(answers, key):
    return sum(answer[key] for answer in answers)


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS6])
def test_all_are_answered_by_the_right_site(net, asking, address):
    server = LabServer(net.sites["fra"], [address]).start()
    for number in range(3):
        net.ask(asking, number, address=address)
    asking("pace", 1000, 300)
    began = asking("now")["now"]
    assert began < asking("wait", 5000)["when"] < began + 5000 * MS
    net.world.wait_for(lambda: asking("report", 2)["answered"] > 300, 20, "300 answers")
    answers = stop_and_report(asking)
    for answer in answers:
        assert answer["sent"] == answer["answered"] == answer["sites"]["fra"] > 200
        assert answer["lost"] == answer["strange"] == answer["outage_count"] == 0
        assert 0 < answer["rtt_least"] <= answer["rtt_median"] <= answer["rtt_p95"] \
            <= answer["rtt_greatest"]
    counters = server.counters()
    assert counters["dns_udp_requests"] == counters["dns_udp_answers"] == total(answers, "sent")
    assert asking("served") == {"served": 3, "count": 3}


def test_crash_and_move(net, asking):
    """The loss that the clients report is the one that the servers' counters show."""
    servers = [LabServer(site, [ADDRESS]).start() for site in net.sites.values()]
    for number in range(3):
        net.ask(asking, number)
    asking("pace", 1000, 300)
    asking("wait", 5000)
    asking("mark")
    before = sum(server.counters()["dns_udp_answers"] for server in servers)
    in_flight = [server.counters()["dns_udp_requests"] for server in servers]
    assert in_flight[1] == 0
    servers[0].kill9()
    killed = asking("now")["now"]
    net.world.wait_for(lambda: total(reports(asking), "lost") > 30, 20, "requests to be lost")
    net.route("nrt")
    moved = asking("now")["now"]
    net.world.wait_for(lambda: all(r["sites"].get("nrt", 0) > 50 for r in reports(asking)), 20,
                       "answers of nrt")
    answers = stop_and_report(asking)
    answered = sum(server.counters()["dns_udp_answers"] for server in servers) - before
    # What was on the way at the mark belongs to no interval but is counted by the server.
    assert 0 <= answered - total(answers, "answered") <= 3
    assert total(answers, "lost") == total(answers, "sent") - total(answers, "answered")
    for answer in answers:
        assert answer["waiting"] == 0
        assert set(answer["sites"]) <= {"fra", "nrt"}
        (change,) = answer["changes"]
        assert (change["from"], change["to"]) == ("fra", "nrt")
        assert change["lost"] == answer["lost"] == answer["outage_lost"] > 10
        assert answer["outage_count"] == 1 and not answer["outage_open"]
        assert change["last_old_sent"] <= killed
        # The first that nrt answers may have been under way while the route was replaced.
        assert change["first_new_sent"] > killed and change["first_new_answered"] <= moved + 50 * MS
        assert answer["outage"] < change["first_new_sent"] - change["last_old_sent"]
        # One request a millisecond, but for those that were held back in a busy moment.
        assert abs(answer["outage"] / MS - answer["lost"]) <= answer["held_back"] + 20
        assert answer["silence"] >= answer["outage"]


def test_a_route_that_moves_loses_nothing(net, asking):
    for site in net.sites.values():
        LabServer(site, [ADDRESS]).start()
    net.ask(asking, 0)
    asking("pace", 1000, 300)
    asking("wait", 5000)
    asking("mark")
    net.route("nrt")
    net.world.wait_for(lambda: asking("report", 0)["sites"].get("nrt", 0) > 50, 20, "nrt")
    (answer,) = stop_and_report(asking, 1)
    assert answer["lost"] == 0 and answer["outage_count"] == 0
    assert [change["lost"] for change in answer["changes"]] == [0]


def test_source_ports_spread_over_equal_paths(net, asking):
    for site in net.sites.values():
        LabServer(site, [ADDRESS]).start()
    net.route("fra", "nrt")
    net.ask(asking, 0)
    net.ask(asking, 1, sockets=64)
    net.ask(asking, 2, ports="new")
    asking("pace", 1000, 300)
    asking("wait", 5000)
    net.world.wait_for(lambda: all(asking("report", n)["answered"] > 400 for n in (1, 2)), 20,
                       "answers")
    one_port, ports, new_ports = stop_and_report(asking)
    assert len(one_port["sites"]) == 1
    for answer in ports, new_ports:
        assert answer["lost"] == 0
        share = answer["sites"]["fra"] / answer["answered"]
        assert 0.2 < share < 0.8
    assert new_ports["sites"] != ports["sites"]


def test_another_target(net, asking):
    """Who is told another address asks it at once, and hears what is still on the way."""
    LabServer(net.sites["fra"], ["198.51.100.1"]).start()
    LabServer(net.sites["nrt"], ["198.51.100.2"]).start()
    net.ask(asking, 0, address="198.51.100.1")
    asking("pace", 500, 300)
    asking("wait", 5000, 0)
    for number in range(10):
        asking("retarget", 0, f"198.51.100.{1 + number % 2}")
        asking("settle")
    (answer,) = stop_and_report(asking, 1)
    assert answer["lost"] == 0
    asking("retarget", 0, "198.51.100.2")
    asking("mark")
    asking("pace", 500, 300)
    asking("wait", 5000)
    (answer,) = stop_and_report(asking, 1)
    assert list(answer["sites"]) == ["nrt"]


def test_fetching(net, asking):
    servers = [LabServer(net.sites["fra"], [ADDRESS, ADDRESS6]).start()]
    net.ask(asking, 0, "http", path="/content?bytes=100000")
    net.ask(asking, 1, "http", address=ADDRESS6)
    net.ask(asking, 2, "http", path="/nothing")
    asking("pace", 20000, 1000)
    asking("wait", 5000, 0, 1)
    net.world.wait_for(lambda: asking("report", 0)["answered"] >= 20, 20, "20 fetches")
    large, small, missing = stop_and_report(asking)
    for answer in large, small:
        assert answer["lost"] == 0
        assert answer["sites"] == {"fra": answer["answered"]}
    assert missing["answered"] == 0 and missing["lost"] == missing["failed"] == missing["sent"]
    counters = servers[0].counters()
    assert counters["http_requests"] == sum(a["sent"] for a in (large, small, missing))
    assert counters["http_bytes"] >= 100000 * large["answered"]


def test_nobody_answers(net, asking):
    """No route, no service: requests are lost, and it is said which client was not served."""
    net.ask(asking, 0)
    net.ask(asking, 1, "http")
    net.clients[2].ip("route del default")
    net.ask(asking, 2)
    asking("pace", 1000, 100)
    with pytest.raises(Refused, match="timeout: client 0 was not answered"):
        asking("wait", 300)
    answers = stop_and_report(asking)
    for answer in answers:
        assert answer["sent"] == answer["lost"] > 0 and answer["outage_open"]
    assert answers[0]["failed"] == 0
    assert answers[1]["failed"] == answers[1]["sent"]
    assert answers[2]["failed"] == answers[2]["sent"]
    # and when there is a way, the same sockets find it
    LabServer(net.sites["fra"], [ADDRESS]).start()
    net.clients[2].add_route("default", "10.0.2.1")
    asking("mark")
    asking("pace", 1000, 300)
    asking("wait", 5000)


def test_what_is_refused(net, asking):
    net.ask(asking, 0)
    for words, text in (
            (("add", 0, net.clients[0].netns_path, "-", "dns", ADDRESS), "exists"),
            (("add", 5000, net.clients[0].netns_path, "-", "dns", ADDRESS), "range"),
            (("add", 1, net.clients[0].netns_path, "10.0.0.2", "dns", ADDRESS6), "range"),
            (("add", 1, net.clients[0].netns_path, "-", "dns", "nonsense"), "range"),
            (("add", 1, net.clients[0].netns_path, "-", "http", ADDRESS, "path=nonsense"), "range"),
            (("add", 1, "/dev/null", "-", "dns", ADDRESS), "system"),
            (("report", 1), "not-found"),
            (("retarget", 1, ADDRESS), "not-found"),
            (("retarget", 0, ADDRESS6), "range"),
            (("remove", 7), "not-found"),
            (("pace", 10, 100), "range"),
            (("pace", 1000, 0), "range"),
            (("pace", 100, 60000), "range"),
            (("wait", 10, 3), "not-found")):
        with pytest.raises(Refused, match=text):
            asking(*words)
    asking("remove", 0)
    net.ask(asking, 0)


def test_the_process_ends_with_its_supervisor(net, asking):
    net.ask(asking, 0)
    asking("pace", 1000, 100)
    pid = asking("cpu")["pid"]
    asking.kill9()
    net.world.wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 10, "the clients to end")


def test_real_servers(net, asking):
    """NSD and nginx, by the configurations that the lab writes, say who they are like our own."""
    nsd = WrittenNsd(net.sites["fra"], ADDRESS, asking).start()
    nginx = WrittenNginx(net.sites["fra"], ADDRESS, asking).start()
    nginx.content(5000)
    net.ask(asking, 0)
    net.ask(asking, 1, "http", path="/content?bytes=5000")
    net.ask(asking, 2, "http", path="/health")
    asking("pace", 5000, 1000)
    asking("wait", 5000)
    net.world.wait_for(lambda: asking("report", 1)["answered"] >= 20, 20, "20 fetches")
    for answer in stop_and_report(asking):
        assert answer["lost"] == 0 and answer["sites"] == {"fra": answer["answered"]}
    assert nsd.dig("any.lab.example", "A") == ADDRESS
    assert nsd.dig("lab.example", "TXT") == '"fra"'
    assert 'NSID: 66 72 61 ("fra")' in net.sites["fra"].run(
        [program("dig"), f"@{ADDRESS}", "+nsid", "lab.example", "SOA"]).stdout


def test_server_by_real_clients(net):
    """What dig and curl make of it, over UDP and TCP."""
    site, client = net.sites["fra"], net.clients[0]
    server = LabServer(site, [ADDRESS, ADDRESS6]).start()

    def dig(*words):
        return client.run([program("dig"), "+short", "+time=2", "+tries=1", *words]).stdout.strip()

    def curl(path, *words, status=200):
        done = client.run([program("curl"), "-sS", "--max-time", "5", "-w", "%{stderr}%{http_code}",
                           *words, f"http://{ADDRESS}{path}"])
        assert done.stderr == str(status)
        return done.stdout

    for transport in "+notcp", "+tcp":
        assert dig(transport, f"@{ADDRESS}", "CH", "TXT", "id.server") == '"fra"'
        assert dig(transport, f"@{ADDRESS6}", "CH", "TXT", "hostname.bind") == '"fra"'
        assert dig(transport, f"@{ADDRESS}", "www.lab.example", "A") == ADDRESS
        assert dig(transport, f"@{ADDRESS6}", "www.lab.example", "AAAA") == ADDRESS6
    assert 'NSID: 66 72 61 ("fra")' in client.run(
        [program("dig"), f"@{ADDRESS}", "+nsid", "lab.example", "TXT"]).stdout
    assert curl("/") == "fra\n"
    assert "X-Site: fra" in curl("/", "-i")
    assert len(curl("/content?bytes=1234567")) == 1234567
    assert curl("/content?bytes=0") == ""
    for bad in "", "?bytes=", "?bytes=-1", "?bytes=1x", "?bytes=99999999999":
        curl(f"/content{bad}", status=400)
    curl("/nothing", status=404)
    curl("/", "-d", "x=1", status=405)
    assert '"dns_tcp_answers":4' in curl("/counters")
    assert curl("/health") == "ok\n"
    server.process.signal(signal.SIGUSR2)
    net.world.wait_for(lambda: "503" in client.run(
        [program("curl"), "-sS", "-o", "/dev/null", "-w", "%{http_code}",
         f"http://{ADDRESS}/health"]).stdout, 5, "/health to be unwell")
    server.process.signal(signal.SIGUSR1)
    net.world.wait_for(lambda: '"dns_udp_answers":5' in server.process.log(), 5, "the counters")
    assert server.process.stop() == 0


def test_drain_finishes_what_is_under_way(net, asking):
    """A download that began before SIGTERM ends well; new ones are refused."""
    server = LabServer(net.sites["fra"], [ADDRESS]).start()
    slow = net.clients[0].spawn([program("curl"), "-sS", "--limit-rate", "4M", "-o", "/dev/null",
                                 "-w", "%{size_download}\n",
                                 f"http://{ADDRESS}/content?bytes=4000000"])
    net.world.wait_for(lambda: server.counters()["http_bytes"] > 0, 10, "the download to begin")
    server.process.signal(signal.SIGTERM)
    assert slow.wait() == 0
    assert slow.log() == "4000000\n"
    assert server.process.wait() == 0


def received(node, interface="to-router"):
    (link,) = node.ip_json(f"-s link show dev {interface}")
    return link["stats64"]["rx"]["packets"]


def flood(net, asking, number, kind, rate, ms, *more, port=53):
    return asking("flood", net.clients[number].netns_path, f"10.0.{number}.2", ADDRESS, port, kind,
                  rate, ms, *more)


@pytest.mark.parametrize("kind", ["udp", "syn", "dns"])
def test_flood_is_bounded_and_counted(net, asking, kind):
    """Rate and length are kept; what was sent is what arrives; the sources are the client's."""
    site, other = net.sites.values()
    server = LabServer(site, [ADDRESS]).start()
    before, elsewhere = received(site), received(other)
    began = asking("now")["now"]
    sent = flood(net, asking, 0, kind, 5000, 1000, "payload=100", port=80 if kind == "syn" else 53)
    took = asking("now")["now"] - began
    assert 900 * MS < took < 3000 * MS
    assert sent["sent"] + sent["missed"] == 5000 and sent["failed"] == 0
    assert sent["sent"] > 1000
    net.world.wait_for(lambda: received(site) - before >= sent["sent"], 10, "the flood to arrive")
    assert received(other) - elsewhere < 50
    if kind == "syn":
        return  # the client's kernel answers what the server answers, so more than that arrived
    assert received(site) - before < sent["sent"] + 50
    net.world.wait_for(lambda: server.counters()["dns_udp_answers"] == sent["sent"], 10,
                       "the flood to be answered")
    assert server.counters()["dns_malformed"] == (0 if kind == "dns" else sent["sent"])


def test_flood_from_made_up_sources(net, asking):
    server = LabServer(net.sites["fra"], [ADDRESS]).start()
    net.sites["fra"].ip("route add blackhole 203.0.113.0/24")
    sent = flood(net, asking, 1, "dns", 2000, 500, "spoofed=203.0.113.0/24")
    assert sent["sent"] + sent["missed"] == 1000
    net.world.wait_for(lambda: server.counters()["dns_udp_requests"] == sent["sent"], 10,
                       "the flood to arrive")


def test_floods_that_are_refused(net, asking):
    there = net.clients[0].netns_path
    for path, words, text in (
            ("/proc/self/ns/net", (1000, 100), "refused"),
            ("/proc/1/ns/net", (1000, 100), "refused"),
            ("/proc/self/ns/mnt", (1000, 100), "refused"),
            ("/dev/null", (1000, 100), "refused"),
            (there, (1000001, 100), "range"),
            (there, (0, 100), "range"),
            (there, (1000, 60001), "range"),
            (there, (1000, 0), "range"),
            (there, (1000, 100, "payload=1401"), "range")):
        with pytest.raises(Refused, match=text):
            asking("flood", path, "10.0.0.2", ADDRESS, 53, "udp", *words)
    with pytest.raises(Refused, match="unsupported"):
        asking("flood", there, "10.0.0.2", ADDRESS6, 53, "udp", 1000, 100)
