#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""nearcast mrt on files made here and, where there are some, on real ones: mrt.py NEARCAST

Real files are looked for in the folder that $NEARCAST_TEST_DATA names, else in ../shared/data
beside the source; without them the tests that want them are skipped.
"""
import bz2
import gzip
import json
import lzma
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

NEARCAST = os.path.abspath(sys.argv.pop())
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")


def data_folder():
    """Where real data is, or None. A worktree may lie elsewhere than beside the data."""
    for folder in (os.environ.get("NEARCAST_TEST_DATA"), os.path.join(ROOT, "..", "shared", "data"),
                   os.path.join(ROOT, "..", "..", "shared", "data")):
        if folder and os.path.isdir(os.path.join(folder, "rib")):
            return os.path.join(folder, "rib")
    return None


RIB = data_folder()
JINX = RIB and os.path.join(RIB, "routeviews.route-views.jinx.ribs.1401487200.bz2")
NO_DATA = "no real data: set NEARCAST_TEST_DATA"


def record(kind, subtype, body, time=1401487200):
    return struct.pack(">IHHI", time, kind, subtype, len(body)) + body


def attribute(flags, code, value):
    return struct.pack(">BBB", flags, code, len(value)) + value


def path(*numbers):
    return attribute(0x40, 2, struct.pack(f">BB{len(numbers)}I", 2, len(numbers), *numbers))


ORIGIN, HOP = attribute(0x40, 1, b"\0"), attribute(0x40, 3, bytes([10, 0, 0, 2]))
HOP6 = bytes.fromhex("20010db8000000000000000000000002")
REACH6 = attribute(0x80, 14, b"\x10" + HOP6)
UNKNOWN = attribute(0xc0, 99, b"kept")
MANY = attribute(0x80, 4, struct.pack(">I", 7)) + attribute(0xc0, 8, struct.pack(
    ">II", 0xffffff01, 0xfbf50001)) + attribute(0xc0, 7, struct.pack(">II", 64501, 0x0a000002))
V4, WIDE, V6 = (bytes([24, 198, 51, 100]), bytes([16, 198, 51]),
                bytes([48, 0x20, 1, 0x0d, 0xb8, 0, 1]))
PEERS = record(13, 1, struct.pack(">IHH", 1, 0, 2) + b"\2" + bytes([10, 0, 0, 2] * 2)
               + struct.pack(">I", 64501) + b"\3" + bytes(4) + HOP6 + struct.pack(">I", 64502))


def rib(subtype, prefix, *entries):
    body = struct.pack(">I", 0) + prefix + struct.pack(">H", len(entries))
    for peer, attributes in entries:
        body += struct.pack(">HIH", peer, 1400000000, len(attributes)) + attributes
    return record(13, subtype, body)


def message(body, time, asn=64501, kind=2):
    whole = b"\xff" * 16 + struct.pack(">HB", 19 + len(body), kind) + body
    return record(16, 4, struct.pack(">IIHH", asn, 1, 0, 1) + bytes([10, 0, 0, 2, 10, 0, 0, 1])
                  + whole, time)


def update(time, attributes=b"", nlri=b"", withdrawn=b"", asn=64501):
    return message(struct.pack(">H", len(withdrawn)) + withdrawn + struct.pack(">H", len(attributes))
                   + attributes + nlri, time, asn)


def state(time, old, new):
    return record(16, 5, struct.pack(">IIHH", 64501, 1, 0, 1) + bytes([10, 0, 0, 2, 10, 0, 0, 1])
                  + struct.pack(">HH", old, new), time)


TABLE = (PEERS + rib(2, V4, (0, ORIGIN + path(64501, 64510) + HOP + MANY))
         + rib(2, WIDE, (0, ORIGIN + path(64501, 64511) + HOP + UNKNOWN),
               (1, ORIGIN + path(64502, 64510) + HOP))
         + rib(4, V6, (1, REACH6 + ORIGIN + path(64502))))
UPDATES = (state(10, 5, 6) + update(20, ORIGIN + path(64501, 64510) + HOP, V4)
           + message(b"", 25, kind=4) + update(30, withdrawn=V4)
           + message(b"\6\2\4stop", 40, kind=3) + state(50, 6, 1))
LINES = [
    "TABLE_DUMP2|1401487200|B|10.0.0.2|64501|198.51.100.0/24|64501 64510|IGP|10.0.0.2|0|7|"
    "no-export 64501:1|NAG|64501 10.0.0.2|",
    "TABLE_DUMP2|1401487200|B|10.0.0.2|64501|198.51.0.0/16|64501 64511|IGP|10.0.0.2|0|0||NAG||",
    "TABLE_DUMP2|1401487200|B|2001:db8::2|64502|198.51.0.0/16|64502 64510|IGP|10.0.0.2|0|0||NAG||",
    "TABLE_DUMP2|1401487200|B|2001:db8::2|64502|2001:db8:1::/48|64502|IGP|2001:db8::2|0|0||NAG||",
]


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, content, name="file.mrt"):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def run_cli(self, *arguments, status=0, **more):
        done = subprocess.run(
            [NEARCAST, "mrt", *arguments], capture_output=True, timeout=300, check=False,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "COLUMNS": "110"}, **more)
        self.assertNotIn(b"Sanitizer", done.stderr)
        self.assertNotIn(b"runtime error", done.stderr)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def lines(self, *arguments, **more):
        return self.run_cli("show", "-m", *arguments, **more).stdout.decode().splitlines()


class Show(Base):
    def test_table(self):
        self.assertEqual(self.lines(self.file(TABLE)), LINES)

    def test_people(self):
        out = self.run_cli("show", self.file(TABLE)).stdout.decode().splitlines()
        self.assertEqual(
            out[0], "2014-05-30T22:00:00Z table 198.51.100.0/24 from AS64501 10.0.0.2 via 10.0.0.2 path "
            "64501 64510 IGP med 7 communities no-export 64501:1 aggregator AS64501 10.0.0.2")

    def test_updates(self):
        file = self.file(UPDATES)
        self.assertEqual(self.lines(file), [
            "BGP4MP|10|STATE|10.0.0.2|64501|5|6",
            "BGP4MP|20|A|10.0.0.2|64501|198.51.100.0/24|64501 64510|IGP|10.0.0.2|0|0||NAG||",
            "BGP4MP|30|W|10.0.0.2|64501|198.51.100.0/24", "BGP4MP|50|STATE|10.0.0.2|64501|6|1"])
        out = self.run_cli("show", file).stdout.decode()
        self.assertIn("1970-01-01T00:00:10Z state OpenConfirm -> Established of AS64501 10.0.0.2", out)
        self.assertIn("keepalive from AS64501", out)
        self.assertIn("Cease/Administrative Shutdown: stop", out)

    def test_json(self):
        out = self.run_cli("show", "--json", self.file(TABLE + UPDATES)).stdout.decode()
        rows = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(rows[0], {
            "kind": "table", "time": "2014-05-30T22:00:00Z", "peer": "10.0.0.2", "peer_asn": 64501,
            "prefix": "198.51.100.0/24", "originated": 1400000000, "as_path": "64501 64510",
            "origin": "IGP", "next_hop": "10.0.0.2", "med": 7, "communities": ["no-export", "64501:1"],
            "aggregator_asn": 64501, "aggregator": "10.0.0.2"})
        self.assertEqual([row["kind"] for row in rows], ["table"] * 4 + [
            "state", "announce", "keepalive", "withdraw", "notification", "state"])

    def test_path_identifiers(self):
        entry = struct.pack(">HIIH", 0, 1400000000, 7, len(ORIGIN + path(64501) + HOP))
        body = struct.pack(">I", 0) + V4 + b"\0\1" + entry + ORIGIN + path(64501) + HOP
        self.assertEqual(self.lines(self.file(PEERS + record(13, 8, body))), [
            "TABLE_DUMP2_AP|1401487200|B|10.0.0.2|64501|198.51.100.0/24|7|64501|IGP|10.0.0.2|0|0||NAG||"])
        updates = self.path("updates")
        self.run_cli("convert", "-O", updates, self.file(PEERS + record(13, 8, body)))
        self.assertEqual(self.lines(updates), [
            "BGP4MP_ET_AP|1401487200.000000|A|10.0.0.2|64501|198.51.100.0/24|7|64501|IGP|10.0.0.2|0|0||NAG||"])
        self.run_cli("convert", "-O", self.path("table"), updates)
        self.assertEqual(self.lines(self.path("table"))[0].split("|")[6], "7")

    def test_first_version(self):
        two = attribute(0x40, 2, struct.pack(">BBHH", 2, 2, 64501, 23456)) \
            + attribute(0xc0, 17, struct.pack(">BBII", 2, 2, 64501, 4200000000))
        attributes = ORIGIN + two + HOP
        body = struct.pack(">HH", 0, 5) + bytes([198, 51, 100, 0, 24, 1]) + struct.pack(">I", 7) \
            + bytes([10, 0, 0, 2]) + struct.pack(">HH", 64501, len(attributes)) + attributes
        file = self.file(record(12, 1, body))
        self.assertEqual(self.lines(file), [
            "TABLE_DUMP|1401487200|B|10.0.0.2|64501|198.51.100.0/24|64501 4200000000|IGP|10.0.0.2|0|0||NAG||"])
        self.run_cli("convert", "-O", self.path("table"), "--into", "table", file)
        self.assertIn("|64501 4200000000|", self.lines(self.path("table"))[0])

    def test_packed(self):
        for pack, name in ((gzip.compress, "a.gz"), (bz2.compress, "a.bz2"), (lzma.compress, "a.xz"),
                           (gzip.compress, "no-suffix")):
            self.assertEqual(self.lines(self.file(pack(TABLE), name)), LINES)

    def test_standard_input(self):
        self.assertEqual(self.lines("-", input=gzip.compress(TABLE)), LINES)

    def test_several_files(self):
        one, two = self.file(TABLE, "one"), self.file(UPDATES, "two")
        self.assertEqual(len(self.lines(one, two)), len(LINES) + 4)

    def test_peers_end_with_their_file(self):
        entries = self.file(TABLE[len(PEERS):], "two")
        done = self.run_cli("show", "-m", self.file(TABLE), entries)
        self.assertIn("TABLE_DUMP2|1401487200|B|-|0|198.51.100.0/24", done.stdout.decode())
        self.assertIn(b"4 routes of peers that no table names", done.stderr)

    def test_filters(self):
        file = self.file(TABLE)
        for arguments, wanted in (
                (["--prefix", "198.51.0.0/16"], [1, 2]),
                (["--prefix", "198.51.0.0/16", "--longer"], [0, 1, 2]),
                (["--prefix", "198.51.100.0/24", "--shorter"], [0, 1, 2]),
                (["--prefix", "198.51.100.7"], [0, 1, 2]), (["--prefix", "198.51.7.7"], [1, 2]),
                (["--prefix", "2001:db8:1::/48", "--prefix", "198.51.100.0/24"], [0, 3]),
                (["--origin", "64510"], [0, 2]), (["--origin", "AS64511"], [1]),
                (["--as", "64502"], [2, 3]), (["--peer", "64501"], [0, 1]),
                (["--peer", "2001:db8::2"], [2, 3]), (["--limit", "2"], [0, 1]), (["--limit", "0"], []),
                (["--from", "2014-05-30T22:00:00Z"], [0, 1, 2, 3]), (["--from", "2014-05-30T22:00:01"], []),
                (["--to", "1401487200"], []), (["--to", "2014-05-31"], [0, 1, 2, 3]),
                (["--peer", "64502", "--origin", "64510"], [2])):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.lines(*arguments, file), [LINES[i] for i in wanted])

    def test_filtered_updates(self):
        file = self.file(UPDATES)
        self.assertEqual(len(self.lines("--prefix", "198.51.100.0/24", file)), 2)
        self.assertEqual(len(self.lines("--origin", "64510", file)), 1)
        self.assertEqual(len(self.lines("--peer", "1", file)), 0)
        self.assertEqual(len(self.lines("--from", "30", "--to", "50", file)), 1)

    def test_mistakes(self):
        for arguments in (["--prefix", "198.51.100.1/24"], ["--prefix", "x"], ["--origin", "AS"],
                          ["--peer", "10.0.0"], ["--from", "2014-13-01"], ["--from", "2014-05-30T25:00"],
                          ["--to", ""], ["--limit", "-1"], ["--longer"], ["--as", "4294967296"]):
            with self.subTest(arguments=arguments):
                done = self.run_cli("show", *arguments, "/nowhere", status=2)
                self.assertNotEqual(done.stderr, b"")

    def test_odd(self):
        done = self.run_cli("show", "-m", self.file(
            record(99, 0, b"?") + TABLE + record(13, 6, b"generic") + record(13, 2, b"cut")))
        self.assertEqual(done.stdout.decode().splitlines(), LINES)
        for remark in (b"1 records of other types", b"1 RIB_GENERIC records",
                       b"1 records that break their format"):
            self.assertIn(remark, done.stderr)

    def test_cut_files(self):
        for content, lines in ((TABLE[:-1], 3), (gzip.compress(TABLE)[:-9], None)):
            done = self.run_cli("show", "-m", self.file(content), self.file(UPDATES, "next"), status=1)
            self.assertRegex(done.stderr, rb"ends in the middle")
            if lines is not None:
                self.assertEqual(len(done.stdout.splitlines()), lines + 4)

    def test_not_mrt(self):
        done = self.run_cli("show", self.file(b"this is a letter, and a longer one"), status=2)
        self.assertIn(b"is no MRT file", done.stderr)
        self.run_cli("show", self.path("missing"), status=4)
        self.assertEqual(self.run_cli("show", self.file(b"")).stdout, b"")

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([NEARCAST, "mrt", "show", self.file(TABLE)], stdout=full,
                                  stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"can't write", done.stderr)


class Stats(Base):
    def stats(self, *arguments):
        return json.loads(self.run_cli("stats", "--json", *arguments).stdout)

    def test_numbers(self):
        numbers = self.stats(self.file(TABLE))
        for key, wanted in {"records": 4, "bytes": len(TABLE), "table_routes": 4, "ipv4_prefixes": 2,
                            "ipv6_prefixes": 1, "attribute_sets": 4, "as_paths": 4, "origins": 3,
                            "peers": 2, "with_communities": 1, "with_med": 1,
                            "first": "2014-05-30T22:00:00.000Z"}.items():
            self.assertEqual(numbers[key], wanted, key)
        self.assertEqual(numbers["top_origins"], [{"asn": 64510, "prefixes": 2},
                                                  {"asn": 64502, "prefixes": 1},
                                                  {"asn": 64511, "prefixes": 1}])
        self.assertEqual(numbers["ipv4_lengths"], {"16": 1, "24": 1})
        self.assertEqual(numbers["as_path_lengths"], {"1": 1, "2": 3})
        self.assertEqual(numbers["counts"]["unknown_attributes"], 1)
        self.assertEqual(numbers["by_peer"][1],
                         {"address": "2001:db8::2", "asn": 64502, "routes": 2, "withdrawn": 0})

    def test_updates(self):
        numbers = self.stats(self.file(UPDATES * 3))
        self.assertEqual((numbers["announced_routes"], numbers["withdrawn_routes"]), (3, 3))
        self.assertEqual((numbers["ipv4_prefixes"], numbers["attribute_sets"]), (1, 1))

    def test_people(self):
        out = self.run_cli("stats", "--top", "1", self.file(TABLE)).stdout.decode()
        self.assertIn("AS64510", out)
        self.assertNotIn("AS64511", out)
        self.assertIn("IPv4 prefixes by length", out)
        self.run_cli("stats", "--top", "many", self.file(TABLE), status=2)


class Convert(Base):
    def convert(self, *arguments):
        out = self.path("out.mrt")
        done = self.run_cli("convert", "--output", out, *arguments)
        return out, done

    @staticmethod
    def routes(lines):
        """Without type, time and kind."""
        return sorted(line.split("|", 3)[3] for line in lines)

    def test_there_and_back(self):
        updates, _ = self.convert(self.file(TABLE))
        self.assertEqual(self.routes(self.lines(updates)), self.routes(LINES))
        os.rename(updates, self.path("updates"))
        table, _ = self.convert(self.path("updates"))
        self.assertEqual(self.routes(self.lines(table)), self.routes(LINES))
        with open(table, "rb") as file:
            self.assertIn(UNKNOWN, file.read())

    def test_packing(self):
        same = [rib(2, bytes([24, 10, 0, i]), (0, ORIGIN + path(64501) + HOP)) for i in range(200)]
        updates, _ = self.convert(self.file(PEERS + b"".join(same)))
        numbers = json.loads(self.run_cli("stats", "--json", updates).stdout)
        self.assertEqual((numbers["records"], numbers["announced_routes"]), (1, 200))

    def test_updates_on_a_table(self):
        table, _ = self.convert("--into", "table", self.file(TABLE), self.file(
            update(1401487300, ORIGIN + path(64501, 7) + HOP, V4) + update(1401487301, withdrawn=WIDE),
            "updates"))
        self.assertEqual(self.lines("--origin", "7", table), [
            "TABLE_DUMP2|1401487301|B|10.0.0.2|64501|198.51.100.0/24|64501 7|IGP|10.0.0.2|0|0||NAG||"])
        self.assertEqual(len(self.lines(table)), 3)

    def test_session_that_ended(self):
        table, _ = self.convert(self.file(UPDATES + update(60, ORIGIN + path(64501) + HOP, WIDE)
                                          + update(61, ORIGIN + path(64501) + HOP, V4)))
        self.assertEqual(len(self.lines(table)), 2)
        table, _ = self.convert(self.file(update(5, ORIGIN + path(64501) + HOP, WIDE) + state(6, 6, 1)))
        self.assertEqual(self.lines(table), [])

    def test_standard_output(self):
        made = self.run_cli("convert", self.file(TABLE)).stdout
        self.assertEqual(len(self.lines("-", input=made)), 4)

    def test_refused(self):
        updates, done = self.convert("--into", "updates", self.file(UPDATES))
        self.assertIn(b"1 routes of updates left out", done.stderr.replace(b"2 routes", b"1 routes"))
        self.assertEqual(self.lines(updates), [])
        self.run_cli("convert", "--output", "/nowhere/file", self.file(TABLE), status=1)


@unittest.skipUnless(RIB, NO_DATA)
class RealData(Base):
    def test_whole_table(self):
        lines = self.lines(JINX)
        self.assertEqual(len(lines), 503590)
        self.assertEqual(len({line.split("|")[5] for line in lines}), 497407)

    def test_stats(self):
        numbers = json.loads(self.run_cli("stats", "--json", JINX).stdout)
        for key, wanted in {"records": 497408, "table_routes": 503590, "ipv4_prefixes": 497323,
                            "ipv6_prefixes": 84, "peers": 14, "bytes": 32575928}.items():
            self.assertEqual(numbers[key], wanted, key)

    @unittest.skipUnless(shutil.which("bgpdump"), "no bgpdump")
    def test_like_bgpdump(self):
        """Line by line, but for two things: we write IPv6 as RFC 5952 says, and an AGGREGATOR of
        AS 0 is none (RFC 7607)."""
        for name in sorted(os.listdir(RIB)):
            if not name.endswith(".bz2"):
                continue
            file = os.path.join(RIB, name)
            theirs = subprocess.run(["bgpdump", "-m", file], capture_output=True, timeout=600,
                                    check=False).stdout.decode().splitlines()
            ours = self.lines(file, status=1 if "firstMB" in name else 0)
            self.assertEqual(len(ours), len(theirs), name)
            for one, other in zip(ours, theirs):
                if one != other and not other.endswith("|0 0.0.0.0|"):
                    self.assertEqual(*[[f for f in line.split("|") if f.count(":") < 3 or " " in f]
                                       for line in (one, other)])

    def test_there_and_back(self):
        for name, file in (("updates", JINX), ("table", self.path("updates"))):
            self.run_cli("convert", "--output", self.path(name), file)
        kept, made = (sorted(line.split("|", 3)[3] for line in self.lines(file))
                      for file in (JINX, self.path("table")))
        self.assertTrue(kept == made, "a route changed on its way")


if __name__ == "__main__":
    if RIB is None:
        print(NO_DATA)
    unittest.main()
