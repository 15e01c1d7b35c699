#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""nearcast plan: what it answers on a small Internet drawn by hand: plan.py NEARCAST

Real measurements are looked for in the folder that $NEARCAST_TEST_DATA names, else in ../shared/data beside
the repository; without them that test is skipped."""
import bz2
import csv
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import tempfile
import unittest

NEARCAST = os.path.abspath(sys.argv[1])

# 1 and 2 peer at the top; 1 sells to 11 and 12, 2 sells to 13; 21 to 24 are stubs.
LINKS = """# by hand
1|2|0|bgp
1|11|-1|bgp
1|12|-1|bgp
2|13|-1|bgp
11|21|-1|bgp
12|22|-1|bgp
13|23|-1|bgp
13|24|-1|bgp
"""
USERS = "21,AA,100\n22,AA,200\n23,BB,400\n24,BB,800\n99,CC,5\n"
GEOGRAPHY = """asn,addresses,rank,lat,lon,cc,city,addr_share
21,9,1,52.37,4.90,NL,"Amsterdam, NL",1
22,9,1,48.86,2.35,FR,Paris,1
23,9,1,1.35,103.82,SG,Singapore,1
24,9,1,1.35,103.82,SG,Singapore,1
"""
WEST = "  west: { city: Amsterdam, capacity: 500, upstreams: { 11: {} } }\n"
EAST = "  east: { city: Singapore, capacity: 2000, upstreams: { 13: {} } }\n"
PLAN = ("topology: links.txt\nusers: users.csv\ngeography: geo.csv\nsites:\n" + WEST + EAST)


class Folder(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.write("links.txt", LINKS)
        self.write("users.csv", USERS)
        self.write("geo.csv", GEOGRAPHY)
        self.write("plan.yaml", PLAN)

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def run_plan(self, *arguments):
        done = subprocess.run([NEARCAST, "plan", *arguments], cwd=self.folder, text=True,
                              capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def answer(self, *arguments):
        code, out, err = self.run_plan(*arguments, "--json")
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)

    def sites(self, document):
        return {site["name"]: (site["ases"], site["users"]) for site in document["sites"]}


class Attack(Folder):
    """West has two stubs behind 1, east two behind 2; the attack comes from 21, at west."""
    def setUp(self):
        super().setUp()
        self.write("plan.yaml", PLAN.replace("capacity: 500", "bandwidth: 100")
                   .replace("capacity: 2000", "bandwidth: 1000") +
                   "attack: { ases: [21], bots: 50, rate: 6 }\n")

    def strategies(self, *options):
        document = self.answer("attack", "plan.yaml", *options)
        self.assertEqual(document["attack"]["unit"], "bits")
        return document, {one["strategy"]: one for one in document["strategies"]}

    def test_by_hand(self):
        document, found = self.strategies()
        self.assertEqual(document["attack"]["traffic"], 300)
        # West has 300 users and a third of the bandwidth that it needs.
        self.assertAlmostEqual(found["absorb"]["users_served"], 1200 + 100)
        self.assertAlmostEqual(found["withdraw"]["users_served"], 1500)
        self.assertAlmostEqual(found["shed"]["users_served"], 1200 + 300 * 0.98)
        # 21 itself is cut off, with its hundred users.
        self.assertAlmostEqual(found["no-export"]["users_served"], 1400)
        self.assertAlmostEqual(found["playbook"]["users_served"], 1500)
        self.assertEqual(found["withdraw"]["moves"],
                         [{"move": "west withdraws", "users_served": 1500.0}])

    def test_reflected(self):
        self.write("reflectors.csv", "23,1\n24,3\n")
        self.write("plan.yaml", PLAN + "attack: { ases: 21, bots: 1, rate: 10, kind: reflected,"
                   " amplification: 4, reflectors: reflectors.csv }\n")
        _, found = self.strategies()
        self.assertEqual([site["attack"] for site in found["absorb"]["sites"]], [0, 40])

    def test_countries(self):
        _, found = self.strategies("--from", "aa,AS23", "--bots", "7", "--rate", "100")
        # 300 users in AA and 400 in AS 23 share the bots.
        self.assertEqual([round(site["attack"]) for site in found["absorb"]["sites"]],
                         [300, 400])
        self.write("bots.csv", "BB,9,2\nAS22,1\n")
        _, found = self.strategies("--from", "bots.csv")
        self.assertEqual([round(site["attack"]) for site in found["absorb"]["sites"]], [6, 18])

    def test_forms(self):
        code, out, _ = self.run_plan("attack", "plan.yaml", "--csv", "--report", "page.html")
        self.assertEqual(code, 0)
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual(len(rows), 12)
        self.assertEqual([row["state"] for row in rows if row["strategy"] == "withdraw"],
                         ["withdrawn", "up"])
        with open(os.path.join(self.folder, "page.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("west withdraws", page)
        for outside in ("<script", "<link", "<img", "url(", "http"):
            self.assertNotIn(outside, page)
        code, out, _ = self.run_plan("attack", "plan.yaml")
        self.assertEqual(code, 0)
        self.assertIn("1. west withdraws (100.0 %)", out)

    def test_mistakes(self):
        bots = self.write("bots.csv", "21,5\nNLD,5\n")
        for attack, says in (("{ ases: [21, 99] }", "plan.yaml:7:17"),
                             ("{ countries: NLD }", "two letters"),
                             ("{ countries: NL, from: bots.csv }", "either a file"),
                             ("{ from: bots.csv }", f"{os.path.basename(bots)}:2"),
                             ("{ countries: XX }", "no users in the country 'XX'")):
            self.write("plan.yaml", PLAN + f"attack: {attack}\n")
            code, out, err = self.run_plan("attack", "plan.yaml", "--report", "page.html")
            self.assertNotEqual(code, 0)
            self.assertEqual(out, "")
            self.assertIn(says, err)
            self.assertIn(says, err)
            self.assertFalse(os.path.exists(os.path.join(self.folder, "page.html")))


class Catchment(Folder):
    def test_by_hand(self):
        document = self.answer("catchment", "plan.yaml")
        self.assertEqual(self.sites(document), {"west": (5, 300), "east": (4, 1200)})
        self.assertEqual(document["unreached"], {"ases": 0, "users": 0})
        self.assertEqual(document["all"]["share"], 1)
        west = document["sites"][0]
        self.assertFalse(west["overloaded"])
        # Two thirds of the users of west are in Paris, 430 km away.
        self.assertAlmostEqual(west["median_ms"], 9 + 430 * 0.0205, delta=0.6)
        self.assertEqual(document["internet"]["links"], 8)

    def test_each_as(self):
        code, out, _ = self.run_plan("catchment", "plan.yaml", "--csv")
        self.assertEqual(code, 0)
        rows = {row["asn"]: row for row in csv.DictReader(io.StringIO(out))}
        self.assertEqual(len(rows), 9)
        self.assertEqual([rows["12"][key] for key in
                          ("site", "upstream", "learned_from", "path_length", "users")],
                         ["west", "11", "provider", "3", "0"])
        self.assertEqual(rows["2"]["learned_from"], "customer")
        self.assertEqual(rows["21"]["rtt_ms"], "9.0")

    def test_report(self):
        self.write("plan.yaml", "description: <two> & \"more\"\n" + PLAN)
        code, _, err = self.run_plan("catchment", "plan.yaml", "--report", "page.html")
        self.assertEqual((code, err), (0, ""))
        with open(os.path.join(self.folder, "page.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("<h1>&lt;two> &amp; &quot;more&quot;</h1>", page)
        # Three places of users, two sites, a curve for each site and for all, a bar for each site.
        self.assertEqual([page.count(tag) for tag in ("<circle", "<g transform", "<polyline",
                                                      "<rect")], [3, 2, 3, 2])
        for outside in ("<script", "<link", "<img", "url(", "http"):
            self.assertNotIn(outside, page)
        code, _, err = self.run_plan("catchment", "plan.yaml", "--report", "none/page.html")
        self.assertNotEqual(code, 0)
        self.assertIn("none", err)

    def test_packed_alike(self):
        plain = self.answer("catchment", "plan.yaml")["sites"]
        for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
            self.write(f"links.{name}", pack(LINKS.encode()))
            packed = self.answer("catchment", "plan.yaml", "-t", f"links.{name}")["sites"]
            self.assertEqual(plain, packed)

    def test_serial_1(self):
        self.write("old.txt", LINKS.replace("|bgp", ""))
        self.assertEqual(self.answer("catchment", "plan.yaml", "-t", "old.txt")["sites"],
                         self.answer("catchment", "plan.yaml")["sites"])

    def test_tools_of_a_site(self):
        for upstream, west in (("11: { prepend: 2 }", (5, 300)),
                               ("11: { relation: peer }", (2, 100)),
                               ("11: { no-export-to: 1 }", (2, 100)),
                               ("11: { poison: 12 }", (3, 100)),
                               ("1: { prepend: 5 }", (5, 300)),
                               ("1: { prepend-3-to: 2 }", (5, 300)),
                               ("2: { relation: peer }", (0, 0))):
            self.write("plan.yaml", PLAN.replace("11: {}", upstream))
            self.assertEqual(self.sites(self.answer("catchment", "plan.yaml"))["west"], west,
                             upstream)

    def test_made_up(self):
        self.write("made.yaml", "sites:\n  a: { city: ams, upstreams: { 1: {} } }\n"
                                "  b: { upstreams: { 2: {} } }\n")
        document = self.answer("catchment", "made.yaml", "--ases", "500", "--seed", "3")
        self.assertEqual(document["all"]["ases"], 500)
        self.assertIsNone(document["sites"][1]["median_ms"])
        again = self.answer("catchment", "made.yaml", "--ases", "500", "--seed", "3")
        self.assertEqual(document, again)

    def test_generate_round_trip(self):
        self.write("made.yaml", "generate: { ases: 400, seed: 9 }\nsites:\n"
                                "  a: { city: ams, upstreams: { 1: {} } }\n"
                                "  b: { city: sin, upstreams: { 2: {} } }\n")
        options = []
        for what in ("topology", "users", "geography"):
            code, _, err = self.run_plan("generate", "--ases", "400", "--seed", "9", "--what",
                                         what, "--output", what)
            self.assertEqual((code, err), (0, ""))
            options += [f"--{what}", what]
        made = self.answer("catchment", "made.yaml")
        read = self.answer("catchment", "made.yaml", *options)
        for one, two in zip(made["sites"], read["sites"]):
            self.assertEqual((one["ases"], one["users"]), (two["ases"], two["users"]))
            self.assertAlmostEqual(one["median_ms"], two["median_ms"], delta=0.6)


class WhatIf(Folder):
    def test_compare(self):
        self.write("then.yaml", PLAN.replace("13: {}", "1: {}"))
        document = self.answer("compare", "plan.yaml", "then.yaml")
        # 11 and 21 stay; everybody else hears east at 1, or over it.
        self.assertEqual(document["users_moved"], 200)
        self.assertEqual(document["moves"], [{"from": "west", "to": "east", "users": 200}])

    def test_compare_new_site(self):
        self.write("then.yaml", PLAN + "  new: { upstreams: { 24: {} } }\n")
        document = self.answer("compare", "plan.yaml", "then.yaml")
        self.assertEqual(document["moves"], [{"from": "east", "to": "new", "users": 800}])

    def test_compare_refuses_other_worlds(self):
        self.write("then.yaml", PLAN.replace("links.txt", "others.txt"))
        code, _, err = self.run_plan("compare", "plan.yaml", "then.yaml")
        self.assertEqual(code, 2)
        self.assertIn("different topologies", err)

    def test_unicast(self):
        ways = self.answer("compare", "plan.yaml")["ways"]
        self.assertEqual([way["from"] for way in ways],
                         ["all sites (anycast)", "west", "east"])
        self.assertTrue(all(way["users"] == 1500 for way in ways))
        self.assertLess(ways[0]["p95_ms"], ways[1]["p95_ms"])

    def test_failures(self):
        failures = {row["lost"]: row
                    for row in self.answer("failures", "plan.yaml")["failures"]}
        self.assertEqual(list(failures), ["west", "east", "west/11", "east/13"])
        self.assertEqual(failures["west"]["users_moved"], 300)
        self.assertEqual(failures["west"]["overloaded"], "")
        # Without east, west has 1500 users and room for 500: it falls too.
        self.assertEqual(failures["east"]["overloaded"], "west")
        self.assertEqual(failures["east"]["cascade"],
                         {"sites_down": 1, "rounds": 1, "users_unserved": 1500})
        pairs = self.answer("failures", "plan.yaml", "--pairs")["failures"]
        self.assertEqual(len(pairs), 4 + 4)
        both = next(row for row in pairs if row["lost"] == "west + east")
        self.assertEqual(both["users_unreached"], 1500)

    def test_prepend(self):
        rows = self.answer("prepend", "plan.yaml")["prepends"]
        self.assertEqual(len(rows), 6)
        moved = {(row["upstream"], row["prepends"]): row["users_moved"] for row in rows}
        self.assertEqual(moved, {(u, n): 0 for u in ("11", "13") for n in (1, 2, 3)})
        # Equally long, AS 1 keeps what it hears itself; longer, it goes over 11.
        self.write("plan.yaml", PLAN.replace("13: {}", "1: {}"))
        rows = self.answer("prepend", "plan.yaml")["prepends"]
        moved = {(row["upstream"], row["prepends"]): row["users_moved"] for row in rows}
        self.assertEqual([moved[("1", n)] for n in (1, 2, 3)], [0, 1400, 1400])

    def test_optimise(self):
        self.write("plan.yaml", PLAN.replace(EAST, "") + "candidates:\n" + EAST +
                   "  near: { city: Paris, upstreams: { 12: {} } }\n"
                   "  far: { city: Singapore, upstreams: { 24: {} } }\n")
        document = self.answer("optimise", "plan.yaml", "--by", "mean")
        self.assertEqual(document["tried"], 3)
        # East serves all 1200 users in Singapore there, far only the 800 of its upstream.
        self.assertEqual([choice["sites"] for choice in document["choices"]],
                         [["east"], ["far"], ["near"]])
        document = self.answer("optimise", "plan.yaml", "--choose", "2", "--by", "balance",
                               "--top", "1")
        self.assertEqual(document["choices"][0]["sites"], ["east", "far"])
        self.assertAlmostEqual(document["choices"][0]["largest_share"], 800 / 1500)
        code, _, err = self.run_plan("optimise", "plan.yaml", "--choose", "4")
        self.assertEqual(code, 2)
        self.assertIn("4 of 3 candidates", err)
        code, out, _ = self.run_plan("optimise", "plan.yaml")
        self.assertEqual(code, 0)
        self.assertIn("The best of 3 choices by median", out)
        # Without candidates chosen, the others leave them out.
        self.assertEqual(len(self.answer("catchment", "plan.yaml")["sites"]), 1)

    def test_csv_and_people(self):
        for action in ("compare", "failures", "prepend"):
            code, out, _ = self.run_plan(action, "plan.yaml", "--csv")
            self.assertEqual(code, 0)
            rows = list(csv.reader(io.StringIO(out)))
            self.assertGreater(len(rows), 2)
            self.assertEqual({len(row) for row in rows}, {len(rows[0])})
            code, out, _ = self.run_plan(action, "plan.yaml")
            self.assertEqual(code, 0)
            self.assertIn("not calibrated", out)


class Exchanges(Folder):
    """12 and 13 peer at North, and 11 hears the site there."""
    def setUp(self):
        super().setUp()
        self.write("links.txt", LINKS + "12|13|0|bgp\n")
        self.write("members.csv", "exchange,asn\nNorth,12\nNorth,13\nSouth,13\nSouth,11\n")
        self.write("plan.yaml", PLAN.replace("11: {}", "11: { exchange: south }") +
                   "exchanges: members.csv\n")

    def test_failures(self):
        found = {row["lost"]: row for row in self.answer("failures", "plan.yaml")["failures"]}
        # Without North, 12 and 22 have 1's way to west back.
        self.assertEqual(found["exchange North"]["users_moved"], 200)
        self.assertEqual(found["exchange South"]["users_moved"], found["west"]["users_moved"])
        self.assertEqual(len(found), 6)
        fewer = self.answer("failures", "plan.yaml", "--largest", "0")["failures"]
        self.assertEqual(len(fewer), 4)

    def test_pairs_and_page(self):
        code, out, _ = self.run_plan("failures", "plan.yaml", "--pairs", "--csv", "--report",
                                     "page.html")
        self.assertEqual(code, 0)
        rows = list(csv.DictReader(io.StringIO(out)))
        # 6 alone, 15 pairs but for the two of a site and its own upstream.
        self.assertEqual(len(rows), 6 + 13)
        self.assertEqual(float(rows[6]["cascade_users_unserved"]), 1500)
        with open(os.path.join(self.folder, "page.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("exchange North", page)
        for outside in ("<script", "<link", "<img", "url(", "http"):
            self.assertNotIn(outside, page)
        code, out, _ = self.run_plan("failures", "plan.yaml", "--pairs", "--top", "3")
        self.assertIn("and 10 pairs that harm less", out)

    def test_made_up(self):
        self.write("made.yaml", "sites:\n  a: { city: ams, upstreams: { 1: {} } }\n"
                                "  b: { city: sin, upstreams: { 2: { exchange: Amsterdam } } }\n")
        found = self.answer("failures", "made.yaml", "--ases", "800", "--largest", "3")
        lost = [row["lost"] for row in found["failures"]]
        self.assertIn("exchange Amsterdam", lost)

    def test_mistakes(self):
        self.write("plan.yaml", PLAN.replace("11: {}", "11: { exchange: west }") +
                   "exchanges: members.csv\n")
        code, _, err = self.run_plan("failures", "plan.yaml")
        self.assertEqual(code, 2)
        self.assertIn("plan.yaml:5:", err)
        self.assertIn("'west' is not known", err)
        self.write("members.csv", "North,12\nNorth,many\n")
        code, _, err = self.run_plan("failures", "plan.yaml", "--report", "page.html")
        self.assertNotEqual(code, 0)
        self.assertIn("members.csv:2", err)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "page.html")))


class Validate(Folder):
    """Three sites, each pair measured; AS 21 prefers a to b to c, AS 24 is of two minds."""

    def setUp(self):
        super().setUp()
        measured = {"1_a01_b01": {"21": ["a01"], "23": "b01", "24": ["a01", "b01"], "x": "a01"},
                    "2_b01_c01": {"21": ["b01"], "23": ["c01"], "24": ["b01"]},
                    "3_a01_c01": {"21": ["a01"], "23": ["a01"]},
                    "not-a-pair": {}}
        for name, sites in measured.items():
            os.mkdir(os.path.join(self.folder, name))
            self.write(f"{name}/dp_pings_est_as_to_mux_catchment.json.xz",
                       lzma.compress(json.dumps(sites).encode()))
        # A later kind of measurement only adds ASes.
        self.write("3_a01_c01/cp_bgpstream_est_mon_as_to_mux_catchment.json",
                   json.dumps({"21": ["c01"], "24": ["c01"]}))
        session = {"IP version": "IPv4", "Transit": "True", "Route Server": "False"}
        self.write("peers.json", json.dumps(
            [dict(session, **{"BGP Mux": mux, "Peer ASN": asn})
             for mux, asn in (("a01", 11), ("b01", 12), ("c01", 13))]))

    def test_small(self):
        document = self.answer("validate", ".", "-t", "links.txt")
        pairs = {tuple(pair["sites"]): pair for pair in document["pairs"]}
        self.assertEqual(len(pairs), 3)
        # 21 and 23 chose b of b and c once each; the model sends 23 to c, 21 and 24 elsewhere.
        self.assertEqual(pairs[("b01", "c01")]["ases"], 3)
        self.assertAlmostEqual(pairs[("b01", "c01")]["bigger_site"], 2 / 3)
        # a over b and b over c tells of 21; 23 went in a circle: b over a over c over b.
        last = pairs[("a01", "c01")]
        self.assertEqual(last["ases"], 3)
        self.assertAlmostEqual(last["learned_coverage"], 2 / 3)
        self.assertAlmostEqual(last["learned"], 1 / 2)
        self.assertIsNone(last["nearest_site"])
        self.assertEqual(document["all"]["ases"], 8)

    def test_calibrate(self):
        code, out, err = self.run_plan("calibrate", ".", "--output", "some.cal")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("3 sites, 8 decisions", out)
        with open(os.path.join(self.folder, "some.cal"), encoding="ascii") as file:
            self.assertEqual(self.run_plan("calibrate", ".")[1], file.read())
        self.write("plan.yaml", "topology: links.txt\nsites:\n"
                   "  a01: { upstreams: { 13: {} } }\n  b01: { upstreams: { 11: {} } }\n")
        plain, calibrated = self.routes(), self.routes("--calibration", "some.cal")
        # The model sends 21 to b; it was seen to choose a. 22 was not measured.
        self.assertEqual((plain["21"]["site"], calibrated["21"]["site"]), ("b01", "a01"))
        self.assertEqual(calibrated["21"]["upstream"], "13")
        self.assertEqual(calibrated["21"]["known"], "learned")
        self.assertGreater(float(calibrated["21"]["confidence"]), 0)
        self.assertEqual((calibrated["22"]["known"], calibrated["22"]["confidence"]),
                         ("model", ""))
        self.assertEqual(calibrated["22"]["site"], plain["22"]["site"])
        document = self.answer("catchment", "plan.yaml", "--calibration", "some.cal")
        self.assertEqual(document["internet"]["calibration"]["held_out_decisions"], 8)
        for action in ("catchment", "compare", "failures", "prepend"):
            code, out, _ = self.run_plan(action, "plan.yaml", "--calibration", "some.cal")
            self.assertEqual(code, 0)
            self.assertIn("Calibrated by measurements of 2 of the sites", out)

    def routes(self, *options):
        code, out, err = self.run_plan("catchment", "plan.yaml", "--csv", *options)
        self.assertEqual((code, err), (0, ""))
        return {row["asn"]: row for row in csv.DictReader(io.StringIO(out))}

    def test_calibration_refused(self):
        self.run_plan("calibrate", ".", "--output", "some.cal")
        for content, says in (("nearcast-calibration 9\n", "bad.cal:1: not a calibration"),
                              ("", "bad.cal:1: not a calibration"),
                              (None, "none.cal: no such file")):
            if content is not None:
                self.write("bad.cal", content)
            code, out, err = self.run_plan("catchment", "plan.yaml", "--calibration",
                                           "bad.cal" if content is not None else "none.cal")
            self.assertNotEqual(code, 0)
            self.assertEqual(out, "")
            self.assertIn(says, err)
        code, _, err = self.run_plan("catchment", "plan.yaml", "--calibration", "some.cal")
        self.assertEqual(code, 2)
        self.assertIn("says nothing of this plan", err)

    def test_people(self):
        code, out, _ = self.run_plan("validate", ".", "-t", "links.txt")
        self.assertEqual(code, 0)
        self.assertIn("a01 c01", out)

    def test_times(self):
        self.write("places.tsv", "#IATA\tsize\tname\tlat long\nAMS\tbig\tA\t52.37 4.9\tNL\n"
                                 "SIN\tbig\tS\t1.35 103.82\nXXX\tsmall\tX\t52.37 4.9\n")
        self.write("probes.tsv", "#host\nq1\t52.37\t4.9\tams\t10.0\nq2\t52.37\t4.9\tams\t4\n"
                                 "q3\t1.35\t103.82\tams\t300\nq4\t1.35\t103.82\tsin\t9\n"
                                 "q5\t0\t0\tzzz\t9\n")
        document = self.answer("validate", "probes.tsv", "--places", "places.tsv")
        # 9 ms + 0.0205 ms/km: wrong by 1, 5, 75 (10,502 km to Amsterdam) and 0 ms.
        self.assertEqual((document["probes"], document["probes_without_place"]), (4, 1))
        self.assertAlmostEqual(document["median_error_ms"], 5)
        self.assertAlmostEqual(document["p90_error_ms"], 300 - 9 - 10502 * 0.0205, delta=1)
        self.assertAlmostEqual(document["nearest_site"], 3 / 4)
        for text, says in (("q1\t52\t4.9\tams\n", ":1: not a probe"),
                           ("#\nq1\t95\t4\tams\t5\n", ":2: not a probe"), ("", "no probe")):
            self.write("bad.tsv", text)
            code, _, err = self.run_plan("validate", "bad.tsv", "--places", "places.tsv")
            self.assertEqual(code, 2)
            self.assertIn(says, err)

    def prepends(self, baseline, prepended):
        """Sites in Amsterdam and Singapore; a target in each of the ASes named, by site."""
        title = "client_id,source_address,source_address_asn\n"
        for name, sites in (("baseline/baseline", baseline), ("prepend/1xSIN", prepended)):
            os.makedirs(os.path.join(self.folder, "series", os.path.dirname(name)), exist_ok=True)
            lines = [f"{site},192.0.2.{at},{asn}\n" for site, ases in sites.items()
                     for at, asn in enumerate(ases)]
            self.write(f"series/{name}.csv.gz", gzip.compress((title + "".join(lines)).encode()))
            self.write(f"series/{name}.routing", "#policy,x\nsite,prefix,peer_as,neighbor,"
                       "attributes\nnl-ams-anycast01,p,1,n,\nsg-sin-anycast01,p,1,n," +
                       ("as-path [ 1149 1149 ]" if "1x" in name else "") + "\n")

    def test_prepends(self):
        self.prepends({"nl-ams-anycast01": [21, 22], "sg-sin-anycast01": [23, 24]},
                      {"nl-ams-anycast01": [21, 22, 23], "sg-sin-anycast01": [24]})
        document = self.answer("validate", "series", "-t", "links.txt", "-g", "geo.csv")
        self.assertEqual(document["targets"], 4)
        row = document["announcements"][0]
        self.assertEqual(row["announcement"], "1xSIN")
        # All are said to go to Amsterdam, of whom three quarters do; or half, if nobody moved.
        self.assertAlmostEqual(row["plain_error"], 25)
        self.assertAlmostEqual(row["calibrated_error"], 25)
        self.assertAlmostEqual(row["unchanged_error"], 25)
        self.assertIsNone(self.answer("validate", "series", "-t", "links.txt")["mean"]
                          ["plain_error"])
        self.write("series/prepend/1xSIN.routing", "sg-sin-anycast01\n")
        code, out, err = self.run_plan("validate", "series", "-t", "links.txt")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("1xSIN.routing:1: not a site", err)

    def test_mistakes(self):
        self.write("1_a01_b01/dp_pings_est_as_to_mux_catchment.json", b'{"21": [')
        code, out, err = self.run_plan("validate", ".", "-t", "links.txt")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("dp_pings_est_as_to_mux_catchment.json:1:", err)
        for folder, says in (("none", "there is no folder"), ("not-a-pair", "no measured pairs")):
            code, _, err = self.run_plan("validate", folder, "-t", "links.txt")
            self.assertEqual(code, 4)
            self.assertIn(says, err)


class RealData(unittest.TestCase):
    """What is reached today on real measurements: whoever changes the model sees it here."""

    def test_measured(self):
        data = os.environ.get("NEARCAST_TEST_DATA") or os.path.join(
            os.path.dirname(os.path.abspath(__file__)), "../../../../shared/data")
        topology = os.path.join(data, "asrel", "20180101.as-rel.txt.xz")
        if not os.path.exists(topology):
            self.skipTest(f"there is no {topology}")
        done = subprocess.run([NEARCAST, "plan", "validate", os.path.join(data, "peering"),
                               "-t", topology, "--json"], capture_output=True, check=True)
        for letter, nearest, bigger, calibrated in (("k", 0.35, 0.37, 0.57),
                                                    ("l", 0.20, 0.18, 0.39)):
            times = subprocess.run(
                [NEARCAST, "plan", "validate", os.path.join(data, "rtt", letter + "-ripe"),
                 "--places", os.path.join(data, "rtt", "airports.csv"), "--json"],
                capture_output=True, check=True)
            times = json.loads(times.stdout)
            self.assertGreater(times["probes"], 6000)
            self.assertLess(times["median_error_ms"], 8.9)
            self.assertLess(times["calibrated_median_error_ms"], 7.6)
            self.assertLess(times["calibrated_p90_error_ms"], 30)
            self.assertGreater(times["nearest_site"], nearest)
            self.assertGreater(times["bigger_site"], bigger)
            self.assertGreater(times["calibrated_site"], calibrated)
        series = subprocess.run(
            [NEARCAST, "plan", "validate", os.path.join(data, "tangled"), "-t", topology, "-g",
             os.path.join(data, "geo", "as_geo_footprint_2026.csv.xz"), "--json"],
            capture_output=True, check=True)
        series = json.loads(series.stdout)
        self.assertEqual(len(series["announcements"]), 9)
        self.assertLess(series["mean"]["calibrated_error"], 10.1)
        for row in series["announcements"]:
            if "SYD" not in row["announcement"]:
                self.assertLess(row["calibrated_error"], 2.2)
        score = json.loads(done.stdout)["all"]
        for row in json.loads(done.stdout)["reliability"]:
            # Said to be right as often as it is, within ten points, of large groups.
            if row["decisions"] > 20000:
                self.assertAlmostEqual(row["stated"], row["right"], delta=0.1)
        self.assertGreaterEqual(score["ases"], 330000)
        self.assertGreaterEqual(score["plain"], 0.66)
        self.assertGreaterEqual(score["learned"], 0.98)
        self.assertGreaterEqual(score["learned_coverage"], 0.20)
        self.assertGreaterEqual(score["calibrated"], 0.89)


class Mistakes(Folder):
    def refuse(self, says, *arguments):
        code, out, err = self.run_plan(*arguments)
        self.assertNotEqual(code, 0)
        self.assertEqual(out, "")
        for text in says:
            self.assertIn(text, err)

    def test_plans(self):
        for old, new, says in (("11:", "77:", ("plan.yaml:5:", "AS 77", "not in the topology")),
                               ("{ 11: {} }", "{ 11: { poison: [12, 78] } }",
                                ("plan.yaml:5:", "AS 78")),
                               ("Amsterdam", "Amsterdm", ("plan.yaml:5:3", "mean Amsterdam")),
                               ("capacity", "capcity", ("plan.yaml:5:", "unknown key"))):
            self.write("bad.yaml", PLAN.replace(old, new))
            self.refuse([says[0].replace("plan", "bad"), *says[1:]], "catchment", "bad.yaml")

    def test_all_at_once(self):
        self.write("bad.yaml", PLAN.replace("11:", "77:").replace("Singapore", "Xanadu"))
        self.refuse(["AS 77", "Xanadu"], "catchment", "bad.yaml")

    def test_topologies(self):
        for text, says in ((LINKS + "11|1|-1|bgp\n", ":10", ), ("1|2|-1\n2|1|0\n", ":2"),
                           ("", "no links"), ("1|2|-1\n2|3|-1\n3|1|-1\n", "cycle"),
                           ("1|two|-1\n", ":1:3")):
            self.write("bad.txt", text)
            self.refuse(["bad.txt", says], "catchment", "plan.yaml", "-t", "bad.txt")

    def test_cut_short(self):
        for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
            packed = pack(LINKS.encode())
            self.write("cut", packed[:len(packed) - 9])
            self.refuse(["cut"], "catchment", "plan.yaml", "-t", "cut")

    def test_nothing_half_written(self):
        self.refuse(["--ases"], "generate", "--ases", "5", "--output", "made")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "made")))

    def test_usage(self):
        self.refuse(["one plan"], "catchment")
        self.refuse(["no plan"], "generate", "plan.yaml")
        self.refuse(["one plan"], "prepend", "plan.yaml", "plan.yaml")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
