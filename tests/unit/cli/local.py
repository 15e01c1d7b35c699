#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Commands that need no daemon: local.py NEARCAST"""
import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import unittest

NEARCAST = os.path.abspath(sys.argv.pop())
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
INIT = ["init", "--preset", "lab", "--site", "fra1", "--asn", "64500", "--router-id", "192.0.2.1",
        "--service", "dns=198.51.100.53,2001:db8::53", "--check", "dns", "--neighbor",
        "203.0.113.1,64501"]


class Local(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = os.path.join(self.folder.name, "site.yaml")

    def tearDown(self):
        self.folder.cleanup()

    def run_cli(self, *arguments, status=0, cwd=None, stdin=subprocess.DEVNULL):
        done = subprocess.run(
            [NEARCAST, *arguments], capture_output=True, text=True, timeout=60, check=False,
            cwd=cwd, stdin=stdin, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                                       "COLUMNS": "110", "NEARCAST_RUNTIME_DIR": "/nowhere"})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertNotIn("Sanitizer", done.stderr)
        return done

    def write(self, text):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)

    def test_check_config(self):
        with open(os.path.join(GOLDEN, "check-config.txt"), encoding="utf-8") as file:
            self.assertEqual(self.run_cli("check-config", "site.yaml", cwd=GOLDEN).stdout,
                             file.read())

    def test_check_config_as_json(self):
        document = json.loads(self.run_cli("check-config", "--json", "-c", "site.yaml",
                                           cwd=GOLDEN).stdout)
        self.assertTrue(document["ok"])
        self.assertEqual(document["files"], ["site.yaml"])
        self.assertEqual(document["neighbors"][0]["announcements"][0],
                         {"prefix": "198.51.100.0/24", "service": "dns",
                          "attributes": "path 64500, med 0, communities 64500:1"})
        degraded = document["services"][0]["states"][1]
        self.assertEqual((degraded["state"], degraded["prepend"]), ("degraded", 2))

    def test_mistakes(self):
        self.write("site: fra1\nservces: {}\nasn: many\n")
        done = self.run_cli("check-config", self.file, status=2)
        self.assertIn(f"{self.file}:2:1: error:", done.stderr)
        self.assertIn(f"{self.file}:3:6: error:", done.stderr)
        self.assertEqual(done.stdout, "")
        document = json.loads(self.run_cli("check-config", "--json", self.file, status=2).stdout)
        self.assertEqual([(e["line"], e["column"]) for e in document["errors"]], [(2, 1), (3, 6)])

    def test_more_files(self):
        self.write("site: fra1\n")
        more = os.path.join(self.folder.name, "more")
        os.mkdir(more)
        with open(os.path.join(more, "a.yaml"), "w", encoding="utf-8") as file:
            file.write("servces: {}\n")
        self.run_cli("check-config", self.file)
        self.assertIn("more/a.yaml:1:1", self.run_cli("check-config", self.file, "--conf-dir", more,
                                                      status=2).stderr)

    def test_no_file(self):
        self.assertIn("/nowhere.yaml", self.run_cli("check-config", "/nowhere.yaml", status=2)
                      .stderr)

    def test_default_reads(self):
        self.write(self.run_cli("config", "default").stdout)
        self.run_cli("check-config", self.file)

    def test_print_reads_back(self):
        printed = self.run_cli("config", "print", "--defaults", "-c",
                               os.path.join(GOLDEN, "site.yaml")).stdout
        self.write(printed)
        self.assertEqual(self.run_cli("config", "print", "-d", "-c", self.file).stdout, printed)
        self.assertEqual(json.loads(self.run_cli("config", "print", "-d", "--json", "-c",
                                                 self.file).stdout)["yaml"], printed)

    def test_schema_is_json(self):
        self.assertIn("properties", json.loads(self.run_cli("config", "schema").stdout))

    def test_init(self):
        done = self.run_cli(*INIT, "--output", self.file)
        self.assertIn("is written", done.stderr)
        self.run_cli("check-config", self.file)
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o640)
        self.assertIn("--force", self.run_cli(*INIT, "-o", self.file, status=1).stderr)
        self.run_cli(*INIT, "-o", self.file, "--force", "--json")
        with open(self.file, encoding="utf-8") as file:
            self.assertEqual(self.run_cli(*INIT, "-o", "-").stdout, file.read())

    def test_everything_speaks_json(self):
        for line in (["help"], ["help", "run"], ["run", "--help"], ["version"], ["--version"],
                     ["completion", "zsh"], ["config", "schema"], ["config", "default"],
                     ["init", "--preset", "list"], [*INIT, "-o", "-"]):
            json.loads(self.run_cli(*line, "--json").stdout)
        for line in (["no-such-command"], ["run", "--no-such"], ["check-config", "/nowhere"],
                     ["status"], ["init"]):
            done = self.run_cli(*line, "--json", status=3 if line == ["status"] else 2)
            self.assertIn("code", json.loads(done.stdout)["error"])
            self.assertEqual(done.stderr, "")

    def test_init_refuses(self):
        self.assertIn("router id", self.run_cli("init", "--preset", "lab", "--site", "x",
                                                "-o", self.file, status=2).stderr)
        self.assertIn("no preset 'lba'", self.run_cli("init", "--preset", "lba", status=2).stderr)
        wrong = [word.replace("198.51.100.53", "198.51.100.530") for word in INIT]
        self.assertIn("198.51.100.530", self.run_cli(*wrong, "-o", self.file, status=2).stderr)
        self.assertFalse(os.path.exists(self.file))

    def test_init_takes_a_neighbor_for_an_upstream(self):
        plain = [word for word in INIT if word not in ("--preset", "lab")]
        if "--neighbor" not in plain:
            plain += ["--neighbor", "192.0.2.2,64501"]
        self.assertIn("relation: provider", self.run_cli(*plain, "-o", "-").stdout)

    def test_init_quotes_answers(self):
        evil = [word if word != "fra1" else "fra1\nuser: root" for word in INIT]
        self.run_cli(*evil, "-o", self.file, status=2)
        self.assertFalse(os.path.exists(self.file))

    def test_init_asks(self):
        ours, theirs = pty.openpty()
        answers = ["list", "lba", "lab", "", "fra1", "64500", "192.0.2.1", "198.51.100.53", "tcp",
                   "853", "64501", "203.0.113.1"]
        os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
        done = self.run_cli("init", "-o", self.file, stdin=theirs)
        os.close(ours)
        os.close(theirs)
        self.assertIn("there is no preset 'lba'", done.stderr)
        self.assertIn("vultr", done.stderr)
        self.assertIn("port: 853", self.run_cli("config", "print", "-c", self.file).stdout)

    def test_bash_completion(self):
        script = self.run_cli("completion", "bash").stdout + """
nearcast() { :; }
COMP_WORDS=("$NEARCAST" neighbor re) COMP_CWORD=2
_nearcast
printf '%s\\n' "${COMPREPLY[@]}"
COMP_WORDS=("$NEARCAST" config pr) COMP_CWORD=2
_nearcast
printf '%s\\n' "${COMPREPLY[@]}"
"""
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], "NEARCAST": NEARCAST}, check=True)
        self.assertEqual(done.stdout.split(), ["reset", "refresh", "print"])

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh_completion(self):
        script = self.run_cli("completion", "zsh").stdout
        self.assertTrue(script.startswith("#compdef nearcast\n"))
        # compdef and _describe are of zsh's completion system, which wants a terminal.
        done = subprocess.run(["zsh", "-f", "-c", f"""
compdef() {{ :; }}
_describe() {{ print -l -- "${{(@P)2}}"; }}
{script}
words=("$NEARCAST" neighbor re) CURRENT=3
_nearcast
"""], capture_output=True, text=True, timeout=60, check=True,
            env={"PATH": os.environ["PATH"], "NEARCAST": NEARCAST})
        self.assertEqual([line.split(":")[0] for line in done.stdout.split()], ["reset", "refresh"])

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish_completion(self):
        script = os.path.join(self.folder.name, "nearcast.fish")
        with open(script, "w", encoding="utf-8") as file:
            file.write(self.run_cli("completion", "fish").stdout)
        os.symlink(os.path.abspath(NEARCAST), os.path.join(self.folder.name, "nearcast"))
        done = subprocess.run(
            ["fish", "--no-config", "-c", f"source {script}; complete -C 'nearcast neighbor re'"],
            capture_output=True, text=True, timeout=60, check=True,
            env={"PATH": f"{self.folder.name}:{os.environ['PATH']}", "HOME": self.folder.name})
        self.assertEqual({line.split("\t")[0] for line in done.stdout.splitlines()},
                         {"reset", "refresh"})

    def test_man_pages(self):
        for page in ([], ["config"]):
            text = self.run_cli("internal-man", *page).stdout
            self.assertTrue(text.startswith(".TH NEARCAST"))
            self.assertTrue(all(line[:1] != "'" for line in text.splitlines()))

    def test_help(self):
        words = self.run_cli("internal-complete", "--", "").stdout.splitlines()
        self.assertIn("status\tis all well? on one screen", words)
        for line in words:
            name = line.split("\t")[0]
            self.assertIn(f"Usage: nearcast {name}", self.run_cli(name, "--help").stdout)
            self.assertIn(f"Usage: nearcast {name}", self.run_cli("help", name).stdout)


if __name__ == "__main__":
    unittest.main()
