# SPDX-License-Identifier: Apache-2.0
"""How every bench ends: one line of JSON a row, ours beside the peer's, and the goal."""
import json
import statistics


def percentile(values, share):
    """The value below which `share` (0..1) of the sorted values lie; the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values):
    """For people: median, least and greatest."""
    return (f"median {statistics.median(values):.1f}, least {min(values):.1f}, "
            f"greatest {max(values):.1f} of {len(values)}")


def row(bench, name, unit, ours, peer=None, theirs=None, goal=None, goal_on="ours", **more):
    """Prints the row. `goal` is the most that `ours` (or, goal_on="ratio", the ratio) may be;
    `ours` None: not measured."""
    ratio = ours / theirs if theirs and ours is not None else None
    value = ratio if goal_on == "ratio" else ours
    print(json.dumps({"bench": bench, "row": name, "unit": unit, "ours": None if ours is None else round(ours, 4),
                      "peer": peer, "theirs": None if theirs is None else round(theirs, 4),
                      "ratio": None if ratio is None else round(ratio, 6), "goal": goal,
                      "goal_on": goal_on,
                      "holds": None if goal is None or value is None else value <= goal,
                      **more}), flush=True)
