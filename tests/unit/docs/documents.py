#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Is what README and docs/ tell people to do possible?

    documents.py [--self-test] NEARCAST ROOT

Every configuration is read by `check-config` without an error or a warning; every command and option
exists; so do the settings, metrics, files, make targets and pages that are named.

docs/configuration.md, docs/commands.md and docs/plan-file.md are generated: only their links are
looked at. A plan is run by `plan catchment` on a made-up Internet, a world goes through `lab check`.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

GENERATED = {"docs/configuration.md", "docs/commands.md", "docs/plan-file.md", "docs/world-file.md"}
SECRETS = {"env", "file"}  # where a password is, not a setting
HEAD = "site: a\nasn: 64500\nrouter-id: 192.0.2.1\n"
SERVICE = "services:\n  x:\n    addresses: [198.51.100.53]\n"
NEIGHBOR = "neighbors:\n  t: { address: 203.0.113.1, asn: 64501 }\n"


class Documents:
    def __init__(self, nearcast, root):
        self.nearcast, self.root, self.problems = os.path.abspath(nearcast), root, []
        self.keys = set(self.keys_of(json.loads(self.run("config", "schema")[1])))
        for other in ("docs/plan-file.md", "docs/world-file.md"):
            self.keys |= set(re.findall(r"^\| `([a-z0-9-]+)` \|", self.read(other), re.M))
        commands = re.findall(r"^  ([a-z][a-z-]*) ", self.run("--help")[1], re.M)
        self.help = {command: self.run(command, "--help")[1] for command in commands}
        self.metrics = self.read("src/daemon/api/metrics.c")
        self.make = self.read("Makefile")

    def run(self, *arguments):
        """(exit status, standard output, standard error)"""
        done = subprocess.run([self.nearcast, *arguments], capture_output=True, text=True,
                              env=dict(os.environ, TRANSIT_A_KEY="secret"), check=False)
        return done.returncode, done.stdout, done.stderr

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def keys_of(self, schema):
        """All property names of a JSON Schema."""
        if isinstance(schema, dict):
            yield from schema.get("properties", {})
            schema = list(schema.values())
        if isinstance(schema, list):
            for part in schema:
                yield from self.keys_of(part)

    def problem(self, path, what):
        self.problems.append(f"{path}: {what}")

    def document(self, path):
        text = self.read(path)
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in link and not self.exists(os.path.join(os.path.dirname(path), link)):
                self.problem(path, f"the link {link} leads nowhere")
        if path in GENERATED:
            return
        blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.S | re.M)
        for kind, block in blocks:
            if kind == "yaml" and re.search("^(networks|generate):", block, re.M):
                self.world(path, block)
            elif kind == "yaml" and re.search("^(sites|candidates):", block, re.M):
                self.plan(path, block)
            elif kind == "yaml" and not block.startswith("groups:"):
                self.configuration(path, block)
            for line in block.splitlines():
                self.code(path, line)
        for code in re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)):
            self.code(path, code)
            self.setting(path, code)
        for metric in re.findall(r"\bnearcast_[a-z_]+[a-z]", text):
            name = re.sub(r"^nearcast_|_total$", "", metric)
            if not re.search(rf"\b(nearcast_)?{name}\b", self.metrics):
                self.problem(path, f"there is no metric {metric}")

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def configuration(self, path, text):
        """A whole configuration, or a piece that is put where it belongs."""
        if text.startswith("    checks"):
            text = SERVICE + text
        if "services:" not in text:
            text = SERVICE + "    checks: [ socket: { port: 53 } ]\n" + text
        text = (text if re.search("^site:", text, re.M) else HEAD + text)
        text += "" if "neighbors:" in text else NEIGHBOR
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            status, _, said = self.run("check-config", "--no-color", "--conf-dir", "", file.name)
        if status != 0 or said:
            self.problem(path, f"exit status {status} for\n{text}{said}")

    def plan(self, path, text):
        """Runs, on a made-up Internet that is large enough for any AS number shown."""
        text = re.sub("^(topology|users|geography):.*\n", "", text, flags=re.M)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            status, _, said = self.run("plan", "catchment", "--no-color", "--ases", "20000",
                                       file.name)
        if status != 0 or said:
            self.problem(path, f"exit status {status} for\n{text}{said}")

    def world(self, path, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            status, _, said = self.run("lab", "check", "--no-color", file.name)
        if status != 0 or said:
            self.problem(path, f"exit status {status} for\n{text}{said}")

    def code(self, path, code):
        if code.startswith("nearcast "):
            self.command(path, code.split("#")[0].split()[1:])
        target = re.match(r"make ([a-z]+)", code)
        if target and not re.search(rf"^{target[1]}:", self.make, re.M):
            self.problem(path, f"there is no make target {target[1]}")
        if re.fullmatch(r"(src|tests|fuzz|tools|docs|packaging|demo|bench)/[a-z0-9_./-]+", code) and \
                not self.exists(code):
            self.problem(path, f"there is no file {code}")

    def command(self, path, words):
        if not words or not re.fullmatch("[a-z][a-z-]+", words[0]):
            return
        if words[0] not in self.help:
            self.problem(path, f"there is no command {words[0]}")
            return
        for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(words[1:])):
            if not re.search(rf"(?<![\w-]){option}(?![\w-])", self.help[words[0]]):
                self.problem(path, f"nearcast {words[0]} has no option {option}")

    def setting(self, path, code):
        """`key: value` and `group: { key }`"""
        found = re.match(r"([a-z]+(?:-[a-z]+)*):(?: \{ ([a-z-]+)| |$)", code)
        for key in found.groups() if found else ():
            if key and key not in self.keys | SECRETS:
                self.problem(path, f"`{code}`: there is no setting {key}")


MISTAKES = """[page](docs/nowhere.md)
`nearcast lok` `nearcast status --wide` `make tee` `src/nowhere.c` `nearcast_service_want`
`nerves: 1` `panic: { widow }`
```yaml
services: { a: { adresses: [192.0.2.1] } }
```
```yaml
sites: { a: { upstreems: { 1: {} } } }
```
"""


def self_test(documents):
    """Each mistake is found."""
    documents.read = lambda path: MISTAKES
    documents.document("README.md")
    found = "\n".join(documents.problems)
    missed = [part for part in ("nowhere.md", "lok", "--wide", "tee", "src/nowhere.c", "service_want",
                                "nerves", "widow", "adresses", "upstreems") if part not in found]
    print(f"{len(documents.problems)} problems, not found: {missed}")
    return 1 if missed else 0


def main():
    documents = Documents(sys.argv[-2], sys.argv[-1])
    if "--self-test" in sys.argv:
        return self_test(documents)
    paths = ["README.md"] + [os.path.relpath(path, documents.root) for path in
                             sorted(glob.glob(os.path.join(documents.root, "docs/*.md")))]
    for path in paths:
        documents.document(path)
    for problem in documents.problems:
        print(problem)
    print(f"{len(paths)} documents, {len(documents.problems)} problems")
    return 1 if documents.problems else 0


if __name__ == "__main__":
    sys.exit(main())
