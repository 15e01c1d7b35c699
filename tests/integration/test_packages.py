# SPDX-License-Identifier: Apache-2.0
"""tools/packages with a stand-in for Debian's tools: what it prints, and what it leaves."""
import os
import subprocess

import pytest

from harness.packages import TOOL, MissingPackage, program


class Debian:
    """A machine where some packages are installed; `apt-get` writes down what it was asked."""

    def __init__(self, folder):
        self.folder = folder
        self.policy = folder / "policy-rc.d"
        self.asked = folder / "asked"
        self.installed = []

    def stand_in(self, name, text):
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def run(self, *words):
        self.stand_in("dpkg-query", "".join(
            f"echo 'installed {name}'\n" for name in self.installed))
        self.stand_in("apt-get", f'echo "$@" >> {self.asked}\n'
                      f"test -x {self.policy} && echo kept off >> {self.asked}\n"
                      'test "$1" != "$FAIL"\n')
        return subprocess.run(
            [TOOL, *words], capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": f"{self.folder}:/usr/bin:/bin",
                 "POLICY_RC_D": str(self.policy)})


@pytest.fixture(name="debian")
def debian_fixture(tmp_path):
    made = Debian(tmp_path)
    made.installed = made.run("list", "test").stdout.split()
    return made


def test_nothing_is_missing(debian):
    done = debian.run("missing", "test")
    assert (done.returncode, done.stdout) == (0, "")
    assert debian.run("install", "test").returncode == 0
    assert not debian.asked.exists()


def test_the_line_that_installs_what_is_missing(debian):
    debian.installed.remove("bird2")
    debian.installed.remove("nsd")
    done = debian.run("missing", "test")
    assert done.returncode == 1
    assert done.stdout == "apt-get install -y --no-install-recommends bird2 nsd\n"


def test_install_keeps_services_off_and_cleans_up(debian):
    debian.installed.remove("nsd")
    assert debian.run("install", "test").returncode == 0
    asked = debian.asked.read_text().splitlines()
    assert asked[0].startswith("update") and asked[1] == "kept off"
    assert asked[2].startswith("install -y --no-install-recommends nsd")
    assert not debian.policy.exists()


def test_install_leaves_a_policy_that_was_there(debian):
    debian.installed.remove("nsd")
    debian.policy.write_text("somebody's own")
    assert debian.run("install", "test").returncode == 0
    assert debian.policy.read_text() == "somebody's own"


def test_a_failed_install_fails_and_cleans_up(debian, monkeypatch):
    debian.installed.remove("nsd")
    monkeypatch.setenv("FAIL", "install")
    assert debian.run("install", "test").returncode != 0
    assert not debian.policy.exists()


def test_unknown_group(debian):
    assert debian.run("missing", "tset").returncode == 2


def test_a_missing_program_is_a_failure_that_says_how_to_install_it():
    with pytest.raises(MissingPackage, match="no-such-daemon is not installed"):
        program("no-such-daemon")
