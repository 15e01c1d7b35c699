# SPDX-License-Identifier: Apache-2.0
"""What an earlier run left behind, on kernels that do not keep whose an address is (before 5.18).

The daemon is told to do as on such a kernel: it neither sets nor reads IFA_PROTO.
"""
import datetime
import json
import os
import time

import pytest

from harness.nearcast import Nearcast
from harness.site import Site, config
from harness.wait import holds_for

WEB, NTP, FOREIGN = "192.0.3.80", "192.0.3.123", "192.0.3.99"
OLD_KERNEL = {"NEARCAST_IGNORE_IFA_PROTO": "1"}


def service(address):
    return f"addresses: [{address}]\naddress-delay: 100ms\nhold-down: 0\n"


@pytest.fixture(name="site")
def site_on_an_old_kernel(world):
    site = Site(world)
    site.nearcast = Nearcast(site.node, config({"web": service(WEB), "ntp": service(NTP),
                                                "other": service(FOREIGN)}),
                             environment=OLD_KERNEL)
    site.upstream.start()
    site.node.add_address("lo", f"{FOREIGN}/32")
    site.nearcast.start()
    site.wait_address(WEB)
    site.wait_address(NTP)
    return site


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def written(site):
    with open(os.path.join(site.nearcast.state_dir, "state.json"), encoding="utf-8") as file:
        return {entry["address"] for entry in json.load(file)["addresses"]["list"]}


def test_leftover_is_removed(site):
    """Killed, then started without one of its services: that address leaves, and only that."""
    site.world.wait_for(lambda: written(site) == {WEB, NTP}, 5, "the state file")
    site.nearcast.kill9()
    assert site.has(WEB) and site.has(NTP)
    site.nearcast.write_config(config({"web": service(WEB)}))
    site.nearcast.start()
    site.wait_address(NTP, present=False)
    assert "address-leftover" in site.nearcast.logs()
    assert "address-adopted" in site.nearcast.logs()
    holds_for(lambda: site.has(WEB) and site.has(FOREIGN), 1, "the other addresses", site.world.logs)
    site.world.wait_for(lambda: written(site) == {WEB}, 5, "the state file")
    assert site.nearcast.stop() == 0
    assert not site.has(WEB) and site.has(FOREIGN)
    assert written(site) == set()


def test_what_was_there_before_stays(site):
    """An address that somebody else had put there is in no list of ours."""
    site.world.wait_for(lambda: written(site) == {WEB, NTP}, 5, "the state file")
    site.nearcast.kill9()
    site.nearcast.write_config(config({"web": service(WEB), "ntp": service(NTP)}))
    site.nearcast.start()
    holds_for(lambda: site.has(FOREIGN), 4, "the foreign address", site.world.logs)


def test_another_boot(site):
    """What was written in another boot or network namespace says nothing about this one."""
    site.world.wait_for(lambda: written(site) == {WEB, NTP}, 5, "the state file")
    site.nearcast.kill9()
    path = os.path.join(site.nearcast.state_dir, "state.json")
    with open(path, encoding="utf-8") as file:
        state = json.load(file)
    state["addresses"]["place"] = "another"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(state, file)
    site.nearcast.write_config(config({"web": service(WEB)}))
    site.nearcast.start()
    holds_for(lambda: site.has(NTP), 4, "the address", site.world.logs)


def test_drain_keeps_its_age(site):
    """A drained service says since when, also after a restart."""
    site.nearcast.cli("drain", "web", "--reason", "new kernel")
    drain = site.nearcast.service("web")["drain"]
    assert drain["reason"] == "new kernel" and drain["since_seconds"] < 10
    before = drain["since"]
    time.sleep(0.5)  # so that a drain that began anew would show
    site.nearcast.stop()
    site.nearcast.start()
    after = site.nearcast.service("web")
    assert after["state"] == "draining"
    # As old as before, but for what was cut when it was written.
    assert abs((moment(after["drain"]["since"]) - moment(before)).total_seconds()) < 0.1
    assert after["since"] == after["drain"]["since"]
    page = site.nearcast.cli("services", "web").stdout
    assert f"since {after['drain']['since']}: new kernel" in page


def test_listening_ends_and_begins_with_a_reload(site):
    """listen.port 0 closes the speaker's listener, sessions stay; and back."""
    def listens():
        probe = site.node.socket()
        try:
            return probe.connect_ex(("203.0.113.2", 179)) == 0
        finally:
            probe.close()
    services = {"web": service(WEB)}
    site.nearcast.wait_neighbor("up")
    assert listens()
    site.nearcast.reload(config(services, more="listen: { port: 0 }"))
    site.world.wait_for(lambda: not listens(), 5, "the listener to close")
    assert site.nearcast.neighbor("up")["state"] == "Established"
    site.nearcast.reload(config(services))
    site.world.wait_for(listens, 5, "the listener to open")
