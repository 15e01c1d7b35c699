# SPDX-License-Identifier: Apache-2.0
"""Runs as ExaBGP's API process: its events go into a file, commands come from a pipe.

usage: exabgp_bridge.py EVENTS PIPE
"""
import sys
import threading


def events(path):
    """Copies ExaBGP's events (one JSON object a line) to the file."""
    with open(path, "a", buffering=1, encoding="utf-8") as file:
        for line in sys.stdin:
            file.write(line)


def commands(path):
    """Hands every line that is written into the pipe to ExaBGP."""
    while True:
        with open(path, encoding="utf-8") as pipe:
            for line in pipe:
                sys.stdout.write(line)
                sys.stdout.flush()


if __name__ == "__main__":
    threading.Thread(target=commands, args=(sys.argv[2],), daemon=True).start()
    events(sys.argv[1])
