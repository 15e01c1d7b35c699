# SPDX-License-Identifier: Apache-2.0
"""The table of what works with which BGP daemon, made of the tests that ran.

    @cell("MD5", "md5")                                  # a column, and what the peer needs
    def test_md5(pair):                                  # runs once for each peer: a cell
        ...

Every cell is a test of its own. Its column travels with its report, also from a worker of
xdist, so that the end of the run can print the table and write build/interop.txt.
"""
import os
import re
import subprocess

import pytest

from .peers import ROUTERS

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
TEXT = os.path.join(ROOT, "build", "interop.txt")
MARKDOWN = os.path.join(ROOT, "build", "interop.md")
PROPERTY = "interop"
YES, NOT_APPLICABLE, FAILED, NOT_RUN = "yes", "n/a", "FAILED", "."
NAMES = {"bird": "BIRD", "frr": "FRR", "gobgp": "GoBGP", "openbgpd": "OpenBGPD",
         "exabgp": "ExaBGP"}
VERSIONS = {"bird": ["bird", "--version"], "frr": ["/usr/lib/frr/bgpd", "--version"],
            "gobgp": ["gobgpd", "--version"], "openbgpd": ["/usr/sbin/bgpd", "-V"],
            "exabgp": ["exabgp", "--version"]}
WIDTH = 100
FIRST_WIDTH = 16

_columns = []


def cell(title, *needs):
    """A column of the table: the test runs with each peer, as the argument `pair`.

    A title has one line, or two with "|" between. A peer without one of the features `needs` cannot do it: that cell is "n/a".
    """
    _columns.append(title)

    def mark(test):
        cells = []
        for kind, router in ROUTERS.items():
            missing = [feature for feature in needs if feature not in router.features]
            marks = [pytest.mark.interop(kind, _columns.index(title), title)]
            if missing:
                marks.append(pytest.mark.skip(reason=f"{kind} has no {missing[0]}"))
            cells.append(pytest.param(kind, id=kind, marks=marks))
        return pytest.mark.parametrize("pair", cells, indirect=True)(test)
    return mark


def remember(items):
    """Puts the cell of each test into its report; from pytest_collection_modifyitems."""
    for item in items:
        mark = item.get_closest_marker("interop")
        if mark:
            item.user_properties.append((PROPERTY, list(mark.args)))


def versions():
    """Peer -> the version that is installed."""
    found = {}
    for kind, command in VERSIONS.items():
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False,
                                  timeout=30)
            found[kind] = re.search(r"\d+\.\d+[\w.]*", done.stdout + done.stderr)[0]
        except (OSError, TypeError):
            found[kind] = "?"
    return found


def collect(stats):
    """(columns, {(peer, column): outcome}) from the statistics of pytest's reporter."""
    titles, cells = {}, {}
    for outcome, word in (("passed", YES), ("skipped", NOT_APPLICABLE), ("failed", FAILED),
                          ("error", FAILED)):
        for report in stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", ()):
                if name == PROPERTY:
                    kind, number, title = value
                    titles[number] = title
                    cells[kind, title] = word
    return [titles[number] for number in sorted(titles)], cells


def halves(title):
    """The two lines of a column's head."""
    return title.split("|") if "|" in title else ["", title]


def text_table(columns, cells, version):
    """Rows are peers, columns features; in blocks that fit into WIDTH."""
    lines, block, width = [], [], FIRST_WIDTH

    def flush():
        for half in (0, 1):
            lines.append(" " * FIRST_WIDTH + "".join(
                f"  {halves(title)[half]:<{size(title)}}" for title in block))
        for kind in ROUTERS:
            lines.append(f"{NAMES[kind] + ' ' + version[kind]:<{FIRST_WIDTH}}" + "".join(
                f"  {cells.get((kind, title), NOT_RUN):<{size(title)}}" for title in block))
        lines.append("")

    def size(title):
        return max(len(FAILED), *map(len, halves(title)))
    for title in columns:
        if block and width + size(title) + 2 > WIDTH:
            flush()
            block, width = [], FIRST_WIDTH
        block.append(title)
        width += size(title) + 2
    if block:
        flush()
    return "\n".join(line.rstrip() for line in lines)


def markdown_table(columns, cells, version):
    """The same for docs/interop.md, features as rows."""
    lines = ["| | " + " | ".join(f"{NAMES[k]} {version[k]}" for k in ROUTERS) + " |",
             "|---" * (len(ROUTERS) + 1) + "|"]
    for title in columns:
        name = title.replace("-|", "").replace("|", " ")
        lines.append(f"| {name} | " + " | ".join(
            cells.get((kind, title), NOT_RUN) for kind in ROUTERS) + " |")
    return "\n".join(lines)


def summary(reporter):
    """Prints the table, if any cell ran, and writes it; from pytest_terminal_summary."""
    columns, cells = collect(reporter.stats)
    if not columns:
        return
    version = versions()
    text = text_table(columns, cells, version)
    bad = sum(1 for outcome in cells.values() if outcome == FAILED)
    last = (f"{sum(o == YES for o in cells.values())} yes, {bad} failed, "
            f"{sum(o == NOT_APPLICABLE for o in cells.values())} n/a: the peer cannot do it")
    reporter.section("INTEROP TABLE")
    reporter.write_line(text)
    reporter.write_line(last)
    os.makedirs(os.path.dirname(TEXT), exist_ok=True)
    with open(TEXT, "w", encoding="utf-8") as file:
        file.write(f"{text}\n{last}\n")
    with open(MARKDOWN, "w", encoding="utf-8") as file:
        file.write(markdown_table(columns, cells, version) + "\n")
