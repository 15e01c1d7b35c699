# SPDX-License-Identifier: Apache-2.0
"""Runs a command so that nothing it starts can outlive it, and nothing it does is seen outside.

    your shell ── unshare ── init (pid 1 of its own pid namespace) ── pytest ── workers, daemons
                  └─ dies: the kernel kills init (parent-death signal), and with init
                     every process of the namespace, at whatever moment and by whatever signal

Invariants:
 1. Mount, network and pid namespaces are private: two runs side by side share no name, no
    address and no socket.
 2. /run and /var/tmp are empty tmpfs: named network namespaces, control sockets and worlds
    live there and are gone with the last process.
 3. init reaps orphans, so a daemon that forked away never stays behind as a zombie.

As a program:  isolate.py COMMAND [ARGUMENT...]
"""
import os
import signal
import sys

MARK = "NEARCAST_TEST_ISOLATED"
#: Folders that have to be under /run: our own, and OpenBGPD's chroot.
RUN_FOLDERS = ("netns", "lock", "world", "openbgpd")


def inside():
    """True when this process already runs isolated."""
    return MARK in os.environ


def command(argv):
    """The command line that runs `argv` isolated."""
    return ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=KILL",
            "--mount-proc", "/usr/bin/python3", "-IS", os.path.abspath(__file__),
            "--init", *argv]


def enter(argv):
    """Replaces this process by `argv` running isolated. Returns only by an exception."""
    if os.geteuid() != 0:
        raise PermissionError("network namespaces need root: run this with sudo")
    sys.stdout.flush()
    sys.stderr.flush()
    line = command(argv)
    os.execvp(line[0], line)


def _prepare():
    """The private /run and a loopback interface that works."""
    _must("mount", "-t", "tmpfs", "-o", "mode=0755,size=1g", "run", "/run")
    for name in RUN_FOLDERS:
        os.mkdir(f"/run/{name}", 0o755)
    # FRR writes /var/tmp/frr/DAEMON.PID, and pids repeat from run to run here.
    _must("mount", "-t", "tmpfs", "-o", "mode=1777", "tmp", "/var/tmp")
    _must("ip", "link", "set", "lo", "up")


def _must(*argv):
    status = os.spawnvp(os.P_WAIT, argv[0], argv)
    if status != 0:
        raise SystemExit(f"isolate: {' '.join(argv)}: exit status {status}")


def _init(argv):
    """Pid 1: starts `argv`, passes on requests to end, reaps, returns its exit status."""
    _prepare()
    os.environ[MARK] = "1"
    child = os.fork()
    if child == 0:
        os.execvp(argv[0], argv)
    # The terminal sends SIGINT to the whole process group itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda n, _frame: os.kill(child, n))
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def main(argv):
    if argv[:1] == ["--init"]:
        status = _init(argv[1:])
        return status if status >= 0 else 128 - status
    if not argv:
        print(__doc__, file=sys.stderr)
        return 2
    enter(argv)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
