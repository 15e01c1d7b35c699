# SPDX-License-Identifier: Apache-2.0
"""How cost grows with routes, neighbours and attribute sets: measured, and drawn into docs/.

Six panels: load time and greatest memory (rows) over each of the three (columns), both axes
logarithmic.
"""
import json
import math
import os
import subprocess
import sys

from harness.packages import program
from harness.world import World
from table_lab import Lab, Table

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs")
#: Okabe and Ito: told apart by everybody.
COLOURS = {"nearcast": "#d55e00", "bird": "#0072b2", "openbgpd": "#009e73", "frr": "#cc79a7",
           "gobgp": "#e69f00"}
WIDTH, HEIGHT, LEFT, TOP, GAP = 260, 180, 70, 56, 74
COSTS = (("load, seconds", 0), ("memory, MiB", 1))


def series(routes):
    """(title of the axis, [(its value, table, senders)]) of each column."""
    small = routes // 10
    return (
        ("routes", [(n, Table(n, max(n * 16 // 100, 1)), 1)
                    for n in (routes // 16, routes // 8, routes // 4, routes // 2, routes)]),
        (f"neighbours, each with {small:,} routes",
         [(n, Table(small, small * 16 // 100), n) for n in (1, 2, 4, 8, 16)]),
        (f"attribute sets of {routes // 5:,} routes",
         [(n, Table(routes // 5, n), 1)
          for n in (1, routes // 500, routes // 50, routes // 10, routes // 5)]),
    )


def measure(kind, table, senders):
    """(seconds, MiB) of one load."""
    with World() as world:
        lab = Lab(world, kind, table, senders=senders)
        seconds, _cpu = lab.load()
        peak, _now = lab.memory()
        lab.close()
    return seconds, peak


class Axis:
    """A logarithmic axis from the least to the greatest of some values, onto pixels."""

    def __init__(self, values, start, end):
        self.low, self.high = min(values) / 1.2, max(values) * 1.2
        self.start, self.end = start, end

    def at(self, value):
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def marks(self):
        """Powers of ten on it, with 2 and 5 where there are few."""
        found = [m * 10.0 ** e for e in range(-3, 8) for m in (1, 2, 5)]
        found = [v for v in found if self.low <= v <= self.high]
        tens = [v for v in found if math.isclose(math.log10(v) % 1, 0, abs_tol=1e-9)]
        return tens if len(tens) >= 3 else found


def text(x, y, words, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{words}</text>'


def short(value):
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def panel(column, row, title, unit, lines):
    """One panel; lines: kind -> [(x, y)]."""
    left = LEFT + column * (WIDTH + GAP)
    top = TOP + row * (HEIGHT + GAP)
    points = [p for line in lines.values() for p in line]
    x = Axis([p[0] for p in points], left, left + WIDTH)
    y = Axis([p[1] for p in points], top + HEIGHT, top)
    out = [f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" class="frame"/>']
    for mark in x.marks():
        out.append(f'<path class="grid" d="M{x.at(mark):.1f} {top}v{HEIGHT}"/>')
        out.append(text(x.at(mark), top + HEIGHT + 14, short(mark), 'text-anchor="middle"'))
    for mark in y.marks():
        out.append(f'<path class="grid" d="M{left} {y.at(mark):.1f}h{WIDTH}"/>')
        out.append(text(left - 6, y.at(mark) + 4, short(mark), 'text-anchor="end"'))
    out.append(text(left + WIDTH / 2, top + HEIGHT + 32, title, 'text-anchor="middle"'))
    out.append(text(left, top - 8, unit, 'class="unit"'))
    for kind, line in lines.items():
        path = "L".join(f"{x.at(a):.1f} {y.at(b):.1f}" for a, b in line)
        out.append(f'<path d="M{path}" fill="none" stroke="{COLOURS[kind]}" stroke-width="2"/>')
        out += [f'<circle cx="{x.at(a):.1f}" cy="{y.at(b):.1f}" r="3" fill="{COLOURS[kind]}"/>'
                for a, b in line]
    return out


def draw(measured):
    """The picture of what measure_all() found."""
    width = LEFT + 3 * (WIDTH + GAP)
    height = TOP + 2 * (HEIGHT + GAP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
           "<style>.frame{fill:none;stroke:#888}.grid{stroke:#ddd;fill:none}"
           ".unit{font-weight:bold}</style>",
           f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for number, kind in enumerate(measured[0]["points"]):
        out.append(f'<rect x="{LEFT + 110 * number}" y="12" width="12" height="12" '
                   f'fill="{COLOURS[kind]}"/>')
        out.append(text(LEFT + 110 * number + 18, 22, kind))
    for column, one in enumerate(measured):
        for row, (unit, index) in enumerate(COSTS):
            lines = {kind: [(p[0], p[1 + index]) for p in points]
                     for kind, points in one["points"].items() if points}
            out += panel(column, row, one["title"], unit, lines)
    return "\n".join([*out, "</svg>", ""])


def measure_all(kinds, routes):
    """[{title, points: {kind: [(value, seconds, MiB)]}}], a dict a column."""
    found = []
    for title, steps in series(routes):
        points = {kind: [] for kind in kinds}
        for value, table, senders in steps:
            for kind in kinds:
                try:
                    seconds, mib = measure(kind, table, senders)
                except AssertionError as error:
                    print(f"table: {kind}, {title} {value}: {str(error)[:500]}", file=sys.stderr)
                    continue
                points[kind].append((value, round(seconds, 4), round(mib, 2)))
                print(f"  {kind:<9} {title} {value:,}: {seconds:.3f} s, {mib:.1f} MiB",
                      file=sys.stderr, flush=True)
        found.append({"title": title, "points": {k: p for k, p in points.items() if p}})
    return found


def plot(kinds, routes):
    """Measures and writes docs/table.json, .svg and .png."""
    write(measure_all(kinds, routes))


def write(measured):
    paths = {end: os.path.join(DOCS, f"table.{end}") for end in ("json", "svg", "png")}
    with open(paths["json"], "w", encoding="ascii") as file:
        file.write(json.dumps(measured).replace("]], ", "]],\n ") + "\n")
    with open(paths["svg"], "w", encoding="ascii") as file:
        file.write(draw(measured))
    subprocess.run([program("rsvg-convert"), "-z", "1.5", "-o", paths["png"], paths["svg"]],
                   check=True)
