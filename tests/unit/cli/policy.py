#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""nearcast policy test: what it says about routes, and about mistakes: policy.py NEARCAST"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

NEARCAST = sys.argv[1]

HEAD = """site: s
asn: 64500
router-id: 192.0.2.200
services: { d: { addresses: 198.51.100.53, checks: [icmp] } }
"""
SITE = HEAD + """
prefix-sets: { ours: [45.10.0.0/16 le 24] }
policies:
  p:
    - call: bogons
    - { name: mine, match: { prefix: ours, rpki: [valid, not-found] },
        set: { local-pref: 200, communities: [64500:1], med: +5 }, then: accept }
  q: [{ match: { source: customer }, set: { prepend: 2 }, then: accept }]
neighbors:
  n: { address: 192.0.2.2, asn: 1000, relation: customer, import: p, export: q }
"""


class Policy(unittest.TestCase):
    def run_with(self, text, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "site.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = subprocess.run([NEARCAST, *arguments, "--config", path], text=True,
                                  capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def ask(self, *arguments):
        code, out, err = self.run_with(SITE, "policy", "test", *arguments, "--json")
        self.assertIn(code, (0, 5), err)
        return code, json.loads(out)

    def test_accepted(self):
        code, answer = self.ask("p", "45.10.1.0/24", "--neighbor", "n", "--as-path", "1000 2000",
                                "--med", "7", "--community", "1:1,1:2:3")
        self.assertEqual(code, 0)
        self.assertEqual(answer["verdict"], "accept")
        self.assertEqual(answer["decided"], {"policy": "p", "number": 2, "name": "mine"})
        self.assertEqual(answer["route"]["local_pref"], 200)
        self.assertEqual(answer["route"]["med"], 12)
        self.assertEqual(answer["route"]["communities"], ["1:1", "64500:1", "1:2:3"])
        self.assertEqual([rule["matched"] for rule in answer["rules"]],
                         [True, False, False, False, True])
        self.assertEqual(answer["rules"][1]["missed"], "prefix")
        self.assertEqual(answer["rules"][0]["rule"], "call: bogons")

    def test_rejected(self):
        for arguments, rule in ((("10.0.0.0/8",), "bogon prefix"),
                                (("45.10.0.0/16", "--as-path", "1000 {1,2}"), "AS_SET in the path"),
                                (("45.10.0.0/16", "--as-path", "64500"), "bogon AS in the path"),
                                (("45.10.0.0/16", "--rpki", "invalid"), None),
                                (("46.0.0.0/16",), None)):
            code, answer = self.ask("p", *arguments)
            self.assertEqual(code, 5)
            self.assertEqual(answer["verdict"], "reject")
            self.assertEqual(answer.get("decided", {}).get("name"), rule)

    def test_export(self):
        _, answer = self.ask("q", "45.10.0.0/16", "--export", "--source", "customer",
                             "--as-path", "7")
        self.assertEqual(answer["route"]["as_path"], "64500 64500 7")
        code, _ = self.ask("q", "45.10.0.0/16", "--export", "--source", "peer")
        self.assertEqual(code, 5)

    def test_built_in(self):
        code, answer = self.ask("max-length", "45.10.0.0/25")
        self.assertEqual((code, answer["decided"]["name"]), (5, "longer than /24"))

    def test_people(self):
        _, out, _ = self.run_with(SITE, "policy", "test", "p", "45.10.1.0/24")
        self.assertIn("accepted by rule 2 of p: mine", out)
        _, out, _ = self.run_with(SITE, "policy", "test", "p", "46.0.0.0/16")
        self.assertIn("no rule decided (RFC 8212)", out)

    def test_mistakes(self):
        for arguments in (("p",), ("p", "45.10.1.0/33"), ("none-such", "45.10.1.0/24"),
                          ("p", "45.10.1.0/24", "--as-path", "1 x"),
                          ("p", "45.10.1.0/24", "--community", "1:2:3:4"),
                          ("p", "45.10.1.0/24", "--neighbor", "nobody"),
                          ("p", "45.10.1.0/24", "--med", "-1")):
            code, _, err = self.run_with(SITE, "policy", "test", *arguments)
            self.assertNotIn(code, (0, 5), arguments)
            self.assertIn("error", err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
