#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The command line against a daemon that this test plays: client.py NEARCAST"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

NEARCAST = sys.argv.pop()


class Daemon(threading.Thread):
    """Listens on a control socket; answers each line with what `answer` gives, a list of lines."""

    def __init__(self, folder, name, answer):
        super().__init__(daemon=True)
        self.requests = []
        self.answer = answer
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(os.path.join(folder, name))
        self.socket.listen()
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            line = client.makefile("rb").readline()
            if line:
                request = json.loads(line)
                self.requests.append((request["method"], request.get("params")))
                for part in self.answer(request):
                    client.sendall(part if isinstance(part, bytes)
                                   else json.dumps(part).encode() + b"\n")
            client.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.join()


def result(document):
    return lambda request: [{"id": request["id"], "result": document}]


def error(code, message, hint=""):
    return lambda request: [{"id": request["id"],
                             "error": {"code": code, "message": message, "hint": hint}}]


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.daemon = None

    def tearDown(self):
        if self.daemon:
            self.daemon.close()
        self.folder.cleanup()

    def serve(self, answer, name="control.sock"):
        self.daemon = Daemon(self.folder.name, name, answer)

    def run_cli(self, *arguments, status, environment=None):
        done = subprocess.run(
            [NEARCAST, *arguments], capture_output=True, text=True, timeout=60, check=False,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                 "NEARCAST_RUNTIME_DIR": self.folder.name, **(environment or {})})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertNotIn("Sanitizer", done.stderr)
        return done

    def test_no_daemon(self):
        done = self.run_cli("status", status=3)
        self.assertIn(f"there is no control socket {self.folder.name}/control.sock", done.stderr)
        self.assertIn("systemctl status nearcast", done.stderr)

    def test_no_daemon_as_json(self):
        done = self.run_cli("status", "--json", status=3)
        self.assertEqual(json.loads(done.stdout)["error"]["code"], "not-found")
        self.assertEqual(done.stderr, "")

    def test_dead_daemon(self):
        dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        dead.bind(os.path.join(self.folder.name, "control.sock"))
        dead.close()
        self.assertIn("nobody listens on", self.run_cli("services", status=3).stderr)

    def test_no_permission(self):
        if os.geteuid() != 0:
            self.skipTest("needs another user")
        self.serve(result({}))
        os.chmod(self.folder.name, 0o755)
        os.chmod(os.path.join(self.folder.name, "control.sock"), 0o660)
        done = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", NEARCAST,
             "drain", "x"], capture_output=True, text=True, timeout=60, check=False,
            env={"PATH": os.environ["PATH"], "NEARCAST_RUNTIME_DIR": self.folder.name})
        if "setpriv: failed to execute" in done.stderr:
            self.skipTest("the program is where that user can't reach it")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("no permission to use the control socket", done.stderr)
        self.assertIn("Ask as root", done.stderr)

    def test_runtime_dir_option_wins(self):
        self.serve(result({"version": "1", "state": "running", "problems": []}))
        self.run_cli("status", "--runtime-dir", self.folder.name, status=0,
                     environment={"NEARCAST_RUNTIME_DIR": "/nowhere"})

    def test_looking_takes_the_read_only_socket(self):
        self.serve(result({"services": []}), name="control-read.sock")
        self.run_cli("services", status=0)
        self.assertEqual(self.daemon.requests, [("services", {})])
        self.run_cli("drain", "dns", status=3)

    def test_status_with_problems(self):
        self.serve(result({"state": "running", "problems": ["service dns is down"]}))
        self.assertIn("✗  service dns is down", self.run_cli("status", status=5).stdout)
        self.assertEqual(json.loads(self.run_cli("status", "--json", status=5).stdout)["problems"],
                         ["service dns is down"])

    def test_services_degraded(self):
        service = {"name": "dns", "state": "up", "wanted": True, "healthy": True,
                   "announced": False}
        self.serve(result({"services": [service]}))
        self.run_cli("services", status=5)
        service["announced"] = True
        self.run_cli("services", status=0)
        service["state"] = "degraded"
        self.run_cli("services", "dns", status=5)
        service.update(state="maintenance", wanted=False, announced=False)
        self.run_cli("services", status=0)

    def test_not_found(self):
        self.serve(error("not-found", "there is no service of that name"))
        self.run_cli("services", "nothing", status=4)
        self.assertEqual(self.daemon.requests, [("services", {"name": "nothing"})])

    def test_reload_refused(self):
        self.serve(error("malformed", "a.yaml:1:1: error: x\n  1 | \x1b[31m\n"))
        done = self.run_cli("reload", status=2)
        self.assertIn("error: x\n  1 | \\x1b[31m\n", done.stderr)
        self.daemon.answer = error("refused", "2 services would be withdrawn", "use --force")
        self.assertIn("use --force", self.run_cli("reload", status=1).stderr)

    def test_reload_dry_run(self):
        self.serve(result({"dry_run": True, "changed": False}))
        self.run_cli("reload", "--dry-run", status=0)
        self.assertEqual(self.daemon.requests, [("reload", {"dry_run": True, "force": False})])

    def test_routes(self):
        self.serve(result({"kind": "received", "routes": [], "more": False}))
        self.run_cli("routes", status=0)
        self.run_cli("routes", "192.0.2.1", "-k", "received", "-n", "a", "--limit", "5", status=4)
        self.assertEqual(self.daemon.requests[-1], ("routes", {
            "kind": "received", "neighbor": "a", "prefix": "192.0.2.1", "limit": 5}))
        self.assertIn("bits behind the length", self.run_cli("routes", "192.0.2.1/24", status=2)
                      .stderr)
        self.run_cli("routes", "nonsense", status=2)
        self.run_cli("routes", "--limit", "many", status=2)

    def test_neighbor_verbs(self):
        self.serve(result({"neighbor": "a", "verb": "reset"}))
        self.run_cli("neighbor", "reset", "a", "--text", "bye", status=0)
        self.assertEqual(self.daemon.requests,
                         [("neighbor", {"verb": "reset", "neighbor": "a", "text": "bye"})])
        self.run_cli("neighbor", "refresh", "a", "--text", "bye", status=2)
        self.run_cli("neighbor", "rest", "a", status=2)

    def test_drain(self):
        self.serve(result({"service": "dns", "state": "draining", "step": "graceful",
                           "seconds_to_withdrawal": 10.0}))
        done = self.run_cli("drain", "dns", "-r", "kernel", status=0)
        self.assertIn("it is withdrawn in 10.0 s", done.stdout)
        self.assertEqual(self.daemon.requests, [("drain", {"service": "dns", "reason": "kernel"})])

    def test_events_kept(self):
        event = {"sequence": 1, "time": "T", "level": "info", "type": "ready", "message": "ready"}
        self.serve(result({"events": [event]}))
        self.assertEqual(self.run_cli("events", "--last", "5", status=0).stdout, "T   ready\n")
        self.assertEqual(self.daemon.requests, [("events", {"follow": False, "last": 5})])
        self.assertEqual(json.loads(self.run_cli("events", "--json", status=0).stdout),
                         {"events": [event]})

    def test_events_followed(self):
        events = [{"sequence": n, "message": "x" * 5000} for n in range(20)]
        self.serve(lambda request: [{"id": 1, "result": {"following": True}},
                                    *({"event": e} for e in events)])
        done = self.run_cli("events", "-f", "--json", status=3)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(lines[:-1], events)
        self.assertIn("closed", lines[-1]["error"]["message"])

    def test_answers_that_are_none(self):
        self.serve(lambda request: [b"nonsense\n"])
        self.assertIn("not JSON", self.run_cli("status", status=3).stderr)
        self.daemon.answer = lambda request: []
        self.assertIn("closed the connection", self.run_cli("status", status=3).stderr)
        self.daemon.answer = lambda request: [{"id": 1}]
        self.run_cli("status", status=1)

    def test_question_that_is_no_text(self):
        self.serve(result({}))
        self.run_cli("services", b"\xff\xfe", status=2)
        self.run_cli("drain", "dns", "--reason", b"\xff\xfe", status=2)
        self.assertEqual(self.daemon.requests, [])

    def test_completion_knows_names(self):
        self.serve(result({"services": [{"name": "dns"}, {"name": "web"}, {}]}))
        self.assertEqual(self.run_cli("internal-complete", "--", "drain", "d", status=0).stdout,
                         "dns\t\n")

    def test_full_disk(self):
        self.serve(result({"services": []}))
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([NEARCAST, "services"], stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=60, check=False,
                                  env={"NEARCAST_RUNTIME_DIR": self.folder.name})
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)

    def test_no_colour_without_a_terminal(self):
        self.serve(result({"state": "running", "problems": ["x"]}))
        self.assertNotIn("\x1b", self.run_cli("status", status=5).stdout)


if __name__ == "__main__":
    unittest.main()
