#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does the JSON Schema say what check-config says? json_schema.py NEARCAST ROOT

An editor that knows the schema must not complain of a configuration that is good, and should of one that
is not. Only the words of JSON Schema that ours uses are understood here.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.abspath(sys.argv.pop())
NEARCAST = os.path.abspath(sys.argv.pop())
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
         "integer": int, "number": (int, float)}
IGNORED = {"description", "default", "title", "$schema", "$defs"}


def is_a(value, name):
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


class Validator:
    def __init__(self, schema):
        self.root = schema
        self.words = {word[len("word_"):].replace("ref", "$ref"): getattr(self, word)
                      for word in dir(self) if word.startswith("word_")}

    def problems(self, value, schema=None, where=""):
        """What is wrong with a value: one text each."""
        schema = self.root if schema is None else schema
        found = []
        for word, argument in schema.items():
            if word not in IGNORED:
                found += self.words[word](value, argument, schema, where)
        return found

    def word_ref(self, value, path, _schema, where):
        schema = self.root
        for part in path.split("/")[1:]:
            schema = schema[part]
        return self.problems(value, schema, where)

    def word_type(self, value, names, _schema, where):
        names = [names] if isinstance(names, str) else names
        return [] if any(is_a(value, name) for name in names) else [f"{where}: not {names}"]

    def word_enum(self, value, values, _schema, where):
        return [] if value in values else [f"{where}: not one of {values}"]

    def word_const(self, value, wanted, _schema, where):
        return [] if value == wanted else [f"{where}: not {wanted}"]

    def word_pattern(self, value, pattern, _schema, where):
        fits = not isinstance(value, str) or re.search(pattern, value)
        return [] if fits else [f"{where}: {value!r} is not like {pattern}"]

    def word_minimum(self, value, least, _schema, where):
        return [f"{where}: less than {least}"] if is_a(value, "number") and value < least else []

    def word_maximum(self, value, most, _schema, where):
        return [f"{where}: more than {most}"] if is_a(value, "number") and value > most else []

    def word_anyOf(self, value, schemas, _schema, where):
        fits = any(not self.problems(value, one, where) for one in schemas)
        return [] if fits else [f"{where}: nothing of anyOf"]

    def word_items(self, value, schema, _parent, where):
        if not isinstance(value, list):
            return []
        return [problem for i, item in enumerate(value)
                for problem in self.problems(item, schema, f"{where}[{i}]")]

    def word_minItems(self, value, least, _schema, where):
        return [f"{where}: too few"] if isinstance(value, list) and len(value) < least else []

    def word_maxItems(self, value, most, _schema, where):
        return [f"{where}: too many"] if isinstance(value, list) and len(value) > most else []

    def word_maxProperties(self, value, most, _schema, where):
        return [f"{where}: too many"] if isinstance(value, dict) and len(value) > most else []

    def word_required(self, value, names, _schema, where):
        return [f"{where}: {name} is missing" for name in names
                if isinstance(value, dict) and name not in value]

    def word_propertyNames(self, value, schema, _parent, where):
        return [problem for name in (value if isinstance(value, dict) else ())
                for problem in self.problems(name, schema, f"{where}.{name}")]

    def word_properties(self, value, schemas, _schema, where):
        return [problem for name, schema in schemas.items()
                if isinstance(value, dict) and name in value
                for problem in self.problems(value[name], schema, f"{where}.{name}")]

    def word_additionalProperties(self, value, allowed, schema, where):
        if not isinstance(value, dict):
            return []
        others = [name for name in value if name not in schema.get("properties", {})]
        if allowed is False:
            return [f"{where}: unknown key {name}" for name in others]
        return [problem for name in others if isinstance(allowed, dict)
                for problem in self.problems(value[name], allowed, f"{where}.{name}")]


def loader():
    """A reader of YAML 1.2, as editors have: NO is a text, 65000:10 too."""
    class Core(yaml.SafeLoader):
        yaml_implicit_resolvers = {}
    for tag, pattern, first in (
            ("bool", r"true|false", "tf"), ("null", r"null|~|", ["n", "~", ""]),
            ("int", r"[-+]?[0-9]+", "-+0123456789"),
            ("float", r"[-+]?[0-9]*\.[0-9]+", "-+0123456789.")):
        Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)
    return Core


def blocks(path):
    """Whole configurations of a document."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    return [block for block in re.findall(r"^```yaml\n(.*?)^```", text, re.S | re.M)
            if re.search("^site:", block, re.M)]


GOOD = """site: fra1
asn: 64500
router-id: 192.0.2.11
services:
  dns:
    description: NO
    addresses: [198.51.100.53, "2001:db8:53::53"]
    announce: [198.51.100.0/24, "2001:db8:53::/48"]
    checks:
      - socket: { port: 53, protocol: udp }
      - any:
          - dns: { name: example.com, type: SOA, interval: 1s, timeout: 500ms, rise: 3, fall: 2 }
          - tcp: { port: 53 }
      - http: { tls: true, host: www.example.com, status: [200, 301-302], version: 2 }
      - exec: { command: [/bin/true], on-failure: degrade }
    degraded: { prepend: 2, communities: [65000:10, no-export, "64500:1:2"] }
    on-exit: withdraw
    damping: { maximum: 10m }
  web: { addresses: 198.51.100.80, maintenance: true }
neighbors:
  transit-a: { address: 203.0.113.1, asn: 64501, relation: provider, password: env:KEY, hold-time: 0,
               ttl-security: 1, stale-time: 6m, export: { med: 5 } }
panic: { threshold: 80% }
reload: { withdraw-max: 1 }
"""

#: What check-config refuses and an editor should underline.
MISTAKES = [
    ("site: fra1", "site: Fra 1"), ("asn: 64500", "asn: many"), ("asn: 64500", "asn: 0"),
    ("router-id: 192.0.2.11", "router-id: here"), ("addresses: [", "adresses: ["),
    ("port: 53, protocol", "port: 70000, protocol"), ("protocol: udp", "protocol: sctp"),
    ("interval: 1s", "interval: soon"), ("rise: 3", "rise: 0"), ("on-exit: withdraw", "on-exit: stay"),
    ("maintenance: true", "maintenance: NO"), ("relation: provider", "relation: friend"),
    ("hold-time: 0", "hold-tme: 0"), ("prepend: 2", "prepend: two"), ("threshold: 80%", "threshold: all"),
    ("- tcp: {", "- tpc: {"), ("command: [/bin/true]", "command: []"),
]


@unittest.skipIf(yaml is None, "no python3-yaml")
class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run([NEARCAST, "config", "schema"], capture_output=True, text=True,
                              check=True)
        cls.validator = Validator(json.loads(done.stdout))

    def problems(self, text):
        return self.validator.problems(yaml.load(text, Loader=loader()))

    def daemon_says(self, text):
        """The exit status of check-config, and what it says."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            done = subprocess.run([NEARCAST, "check-config", "--conf-dir", "", file.name],
                                  capture_output=True, text=True, check=False,
                                  env={"KEY": "x", "TRANSIT_A_KEY": "x", "PATH": "/bin"})
        return done.returncode, done.stderr

    def test_good_ones(self):
        texts = [GOOD] + [block for path in ("README.md", "docs/operators-guide.md")
                          for block in blocks(path)]
        self.assertGreater(len(texts), 1)
        for text in texts:
            status, said = self.daemon_says(text)
            self.assertEqual((status, self.problems(text)), (0, []), said)

    def test_mistakes(self):
        for good, bad in MISTAKES:
            text = GOOD.replace(good, bad, 1)
            self.assertNotEqual(text, GOOD, good)
            self.assertNotEqual(self.daemon_says(text)[0], 0, bad)
            self.assertNotEqual(self.problems(text), [], bad)


if __name__ == "__main__":
    unittest.main()
