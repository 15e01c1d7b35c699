# SPDX-License-Identifier: Apache-2.0
"""The driver of nearcast, tried with a program that answers as docs/api.md says."""
import os

import pytest

from harness.nearcast import UNREACHABLE, Nearcast, SanitizerReport
from harness.wait import WaitFailed
from harness.world import World

STAND_IN = '''#!/usr/bin/python3
"""Understands: run, status, services NAME, events -f, reload, each as nearcast does."""
import json, os, signal, sys
words = sys.argv[1:]
def option(name):
    return words[words.index(name) + 1]
runtime = option("--runtime-dir")
mark = os.path.join(runtime, "pid")
if "run" in words:
    assert os.path.isdir(option("--state-dir"))
    config = open(option("--config")).read()
    print("configuration:", config, flush=True)
    if "crash" in config:
        sys.exit("==1==ERROR: AddressSanitizer: heap-use-after-free")
    signal.signal(signal.SIGTERM, lambda *_: (os.unlink(mark), sys.exit(0)))
    open(mark, "w").write(str(os.getpid()))
    while True:
        signal.pause()
if not os.path.exists(mark):
    sys.exit(3)
if "status" in words:
    print(json.dumps({"state": "running", "processes": [
        {"name": "main", "pid": int(open(mark).read())}]}))
    sys.exit(5)
if "services" in words:
    print(json.dumps({"services": [{"name": "dns", "state": "up", "reason": "good"}]}))
if "events" in words:
    print(json.dumps({"type": "ready", "sequence": 1}), flush=True)
    signal.pause()
'''


@pytest.fixture(autouse=True)
def stand_in(tmp_path, monkeypatch):
    path = tmp_path / "nearcast"
    path.write_text(STAND_IN)
    path.chmod(0o755)
    monkeypatch.setenv("NEARCAST", str(path))


def test_start_ask_and_end(world):
    site = Nearcast(world.node("site"), "site: fra1\n").start()
    assert site.wait_service("dns", "up")["reason"] == "good"
    assert "configuration: site: fra1" in site.logs()
    site.record_events()
    assert site.wait_event("ready")["sequence"] == 1
    assert site.stop() == 0
    site.start()
    site.kill9("main")
    world.wait_for(lambda: not site.running(), 5, "the end")
    with pytest.raises(WaitFailed, match="'down'.*reason: good"):
        site.wait_service("dns", "down", deadline_s=0.1)


def test_without_a_daemon(world):
    assert Nearcast(world.node("site")).cli("status").returncode == UNREACHABLE


def test_no_program(world, monkeypatch):
    monkeypatch.setenv("NEARCAST", "/no/such/program")
    with pytest.raises(AssertionError, match="make dev"):
        Nearcast(world.node("site")).start()


def test_sanitizer_report_fails_the_test_and_the_world_is_gone():
    world = World()
    site = Nearcast(world.node("site"), "crash").spawn()
    world.wait_for(lambda: not site.running(), 5, "the crash")
    path = world.node("site").netns_path
    with pytest.raises(SanitizerReport, match="heap-use-after-free"):
        world.close()
    assert not os.path.exists(path)
