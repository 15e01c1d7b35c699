#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Are drawings and exports what their formats say? pictures.py PROGRAM

SVG: well-formed XML, no script, numbers within reason; what renderers are here read it.
GeoJSON: RFC 7946. RFC 8345: its tree, its references. Graphviz: dot, where it is, reads it.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

PROGRAM = sys.argv.pop(1)
SVG = "{http://www.w3.org/2000/svg}"
MAPS = ["demo", "demo-dark", "demo-down", "root", "europe", "hostile", "change"]
SVGS = MAPS + ["timeline", "compare"]


def made(name):
    return subprocess.run([PROGRAM, name], check=True, capture_output=True).stdout.decode()


class Pictures(unittest.TestCase):
    def test_well_formed(self):
        for name in SVGS:
            root = ElementTree.fromstring(made(name))
            self.assertEqual(root.tag, SVG + "svg")
            self.assertEqual([e for e in root.iter() if e.tag == SVG + "script"], [])
            ids = [e.get("id") for e in root.iter() if e.get("id")]
            self.assertEqual(len(ids), len(set(ids)), name)

    def test_numbers(self):
        for name in SVGS:
            for element in ElementTree.fromstring(made(name)).iter():
                for key in ("x", "y", "cx", "cy", "r", "width", "height", "d"):
                    value = element.get(key, "").replace("100%", "100")
                    for number in re.findall(r"-?[\d.]+", value):
                        self.assertLess(abs(float(number)), 6000, (name, element.tag, value))

    def test_hostile_is_text(self):
        texts = ["".join(e.itertext()) for e in
                 ElementTree.fromstring(made("hostile")).iter(SVG + "text")]
        self.assertTrue(any("</text><script>alert" in text for text in texts))

    def test_rsvg(self):
        if shutil.which("rsvg-convert") is None:
            self.skipTest("no rsvg-convert")
        for name in SVGS:
            png = subprocess.run(["rsvg-convert"], input=made(name).encode(), check=True,
                                 capture_output=True)
            self.assertEqual(png.stderr, b"", name)
            self.assertTrue(png.stdout.startswith(b"\x89PNG"), name)
            self.assertGreater(len(png.stdout), 20000, name)


def positions(geometry):
    lines = {"Point": lambda c: [[c]], "LineString": lambda c: [c],
             "MultiLineString": lambda c: c}[geometry["type"]](geometry["coordinates"])
    return lines


class GeoJson(unittest.TestCase):
    def setUp(self):
        self.features = json.loads(made("geojson"))["features"]

    def test_structure(self):
        self.assertEqual(json.loads(made("geojson"))["type"], "FeatureCollection")
        for feature in self.features:
            self.assertEqual(set(feature), {"type", "properties", "geometry"})
            self.assertEqual(feature["type"], "Feature")
            self.assertEqual(set(feature["geometry"]), {"type", "coordinates"})

    def test_positions(self):
        for feature in self.features:
            for line in positions(feature["geometry"]):
                if feature["geometry"]["type"] != "Point":
                    self.assertGreaterEqual(len(line), 2)
                for longitude, latitude in line:
                    self.assertLessEqual(abs(longitude), 180)
                    self.assertLessEqual(abs(latitude), 90)

    def test_antimeridian(self):
        """Section 3.1.9: no part crosses it, and parts meet at the same latitude."""
        cut = 0
        for feature in self.features:
            lines = positions(feature["geometry"])
            for line in lines:
                for a, b in zip(line, line[1:]):
                    self.assertLess(abs(a[0] - b[0]), 180)
            for one, two in zip(lines, lines[1:]):
                cut += 1
                self.assertEqual(abs(one[-1][0]), 180)
                self.assertEqual(two[0], [-one[-1][0], one[-1][1]])
        self.assertGreater(cut, 0)

    def test_ends(self):
        """A link begins and ends where its places are."""
        places = {f["properties"]["name"]: f["geometry"]["coordinates"]
                  for f in self.features if f["geometry"]["type"] == "Point"}
        links = [f for f in self.features if f["properties"]["kind"] == "link"]
        self.assertGreater(len(links), 20)
        for link in links:
            lines = positions(link["geometry"])
            self.assertEqual(lines[0][0], places[link["properties"]["from"]])
            self.assertEqual(lines[-1][-1], places[link["properties"]["to"]])

    def test_hostile(self):
        json.loads(made("geojson-hostile"))


# The trees of ietf-network and ietf-network-topology (RFC 8345 sections 6.1 and 6.2), as JSON
# names them: {} is a container, [key] a list, str a leaf.
TOPOLOGY = "ietf-network-topology:"
TREE = {"ietf-network:networks": {"network": ["network-id", {
    "network-id": str,
    "network-types": {},
    "supporting-network": ["network-ref", {"network-ref": str}],
    "node": ["node-id", {
        "node-id": str,
        "supporting-node": ["network-ref node-ref", {"network-ref": str, "node-ref": str}],
        TOPOLOGY + "termination-point": ["tp-id", {
            "tp-id": str,
            "supporting-termination-point": ["network-ref node-ref tp-ref", {
                "network-ref": str, "node-ref": str, "tp-ref": str}]}]}],
    TOPOLOGY + "link": ["link-id", {
        "link-id": str,
        "source": {"source-node": str, "source-tp": str},
        "destination": {"dest-node": str, "dest-tp": str},
        "supporting-link": ["network-ref link-ref", {"network-ref": str, "link-ref": str}]}]}]}}


class Rfc8345(unittest.TestCase):
    def setUp(self):
        self.document = json.loads(made("rfc8345"))
        self.networks = {n["network-id"]: n
                         for n in self.document["ietf-network:networks"]["network"]}

    def check(self, value, tree, path):
        if tree is str:
            self.assertIsInstance(value, str, path)
        elif isinstance(tree, list):
            keys, entry = tree[0].split(), tree[1]
            self.assertIsInstance(value, list, path)
            seen = [tuple(v[key] for key in keys) for v in value]
            self.assertEqual(len(seen), len(set(seen)), path)
            for v in value:
                self.check(v, entry, path)
        else:
            self.assertIsInstance(value, dict, path)
            for key, below in value.items():
                self.assertIn(key, tree, path)
                self.check(below, tree[key], path + "/" + key)

    def test_tree(self):
        self.check(self.document, TREE, "")
        self.assertEqual(set(self.networks), {"routers", "ases", "catchments"})

    def test_tree_can_fail(self):
        self.document["ietf-network:networks"]["network"][0]["colour"] = "red"
        with self.assertRaises(AssertionError):
            self.check(self.document, TREE, "")

    def test_references(self):
        for network in self.networks.values():
            nodes = {n["node-id"]: {t["tp-id"] for t in n.get(TOPOLOGY + "termination-point", [])}
                     for n in network["node"]}
            for support in network.get("supporting-network", []):
                self.assertIn(support["network-ref"], self.networks)
            for link in network[TOPOLOGY + "link"]:
                for end, node, point in (("source", "source-node", "source-tp"),
                                         ("destination", "dest-node", "dest-tp")):
                    self.assertIn(link[end][node], nodes)
                    if point in link[end]:
                        self.assertIn(link[end][point], nodes[link[end][node]])
            self.check_supports(network)

    def check_supports(self, network):
        for node in network["node"]:
            for support in node.get("supporting-node", []):
                below = self.networks[support["network-ref"]]
                self.assertIn(support["node-ref"], {n["node-id"] for n in below["node"]})
        for link in network[TOPOLOGY + "link"]:
            for support in link.get("supporting-link", []):
                below = self.networks[support["network-ref"]]
                self.assertIn(support["link-ref"],
                              {l["link-id"] for l in below[TOPOLOGY + "link"]})

    def test_both_directions(self):
        links = {(l["source"]["source-node"], l["destination"]["dest-node"])
                 for l in self.networks["routers"][TOPOLOGY + "link"]}
        self.assertGreater(len(links), 20)
        for source, destination in links:
            self.assertIn((destination, source), links)

    def test_down(self):
        """The site without power, and the cable that is cut, are not there."""
        nodes = {n["node-id"] for n in self.networks["routers"]["node"]}
        self.assertNotIn("fra", nodes)
        self.assertIn("sin", nodes)
        links = {(l["source"]["source-node"], l["destination"]["dest-node"])
                 for l in self.networks["routers"][TOPOLOGY + "link"]}
        self.assertNotIn(("big-fra", "big-nyc"), links)


class Dot(unittest.TestCase):
    def test_balanced(self):
        for name in ("dot", "dot-hostile"):
            bare = re.sub(r'"(\\.|[^"\\])*"', "", made(name))
            self.assertNotIn('"', bare)
            self.assertEqual(bare.count("{"), bare.count("}"))
            self.assertEqual(bare.count("["), bare.count("]"))
            self.assertNotIn("evil", bare)

    def test_says(self):
        text = made("dot")
        self.assertIn("subgraph cluster_as64601 {", text)
        self.assertRegex(text, r'"big-fra" -> "eyeball-\w+" \[arrowhead=normal')
        self.assertRegex(text, r'"big-fra" -> "big-nyc" \[dir=none.*label="cut"')

    def test_dot(self):
        if shutil.which("dot") is None:
            self.skipTest("no dot")
        for name in ("dot", "dot-hostile"):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "world.svg")
                subprocess.run(["dot", "-Tsvg", "-o", path], input=made(name).encode(),
                               check=True)
                ElementTree.parse(path)


if __name__ == "__main__":
    unittest.main()
