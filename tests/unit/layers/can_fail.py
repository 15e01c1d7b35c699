#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Can tools/check-layers fail? Small trees, each with one thing wrong.

    can_fail.py CHECK_LAYERS CC
"""
import os
import subprocess
import sys
import tempfile
import unittest

CHECK, CC = sys.argv[1], sys.argv[2:] or ["cc"]


class Tree(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("src/base/good.h", "#include <stddef.h>\n")
        self.write("src/route/good.c", '#include "wire/x.h"\n#include "base/good.h"\n')

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def archive(self, room, code):
        """Compile code into libROOM.a, as the build does: position-independent."""
        self.write(f"{room}.c", code)
        subprocess.run(CC + ["-w", "-fPIC", "-O1", "-c", self.path(f"{room}.c"), "-o",
                             self.path(f"{room}.c.o")], check=True)
        subprocess.run(["ar", "rcs", self.path(f"lib{room}.a"), self.path(f"{room}.c.o")],
                       check=True)
        return self.path(f"lib{room}.a")

    def check(self, *archives):
        """Exit status and output."""
        done = subprocess.run([sys.executable, CHECK, "--root", self.folder.name, *archives],
                              check=False, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def fails_with(self, text, *archives):
        status, output = self.check(*archives)
        self.assertEqual(status, 1, output)
        self.assertIn(text, output)

    def passes(self, *archives):
        status, output = self.check(*archives)
        self.assertEqual(status, 0, output)

    # Includes.

    def test_good_tree(self):
        self.passes()

    def test_upwards(self):
        self.write("src/base/bad.c", '#include "wire/bgp.h"\n')
        self.fails_with('src/base/bad.c:1: "wire/bgp.h": base may use nothing else')

    def test_sideways(self):
        self.write("src/service/bad.c", '\n#include "route/speaker.h"\n')
        self.fails_with("src/service/bad.c:2:")

    def test_up_from_the_middle(self):
        self.write("src/os/deep/er/bad.h", '  #  include "daemon/record.h"\n')
        self.fails_with("src/os/deep/er/bad.h:1:")

    def test_not_from_src(self):
        self.write("src/base/bad.c", '#include "good.h"\n')
        self.fails_with("write it from src/")

    def test_system_header(self):
        self.write("src/wire/bad.c", "#include <sys/socket.h>\n")
        self.fails_with("<sys/socket.h> in wire, which is pure")

    def test_library_of_another_room(self):
        self.write("src/config/good.c", "#include <yaml.h>\n")
        self.passes()
        self.write("src/service/bad.c", "#include <yaml.h>\n")
        self.fails_with("<yaml.h> in service")

    def test_os_may_use_the_system(self):
        self.write("src/os/good.c", '#include <sys/socket.h>\n#include "base/good.h"\n')
        self.passes()

    def test_unknown_room(self):
        self.write("src/attic/bad.c", "\n")
        self.fails_with("there is no room attic")

    def test_empty_tree(self):
        with tempfile.TemporaryDirectory() as empty:
            done = subprocess.run([sys.executable, CHECK, "--root", empty], check=False,
                                  capture_output=True)
        self.assertEqual(done.returncode, 2)

    # Symbols.

    def test_good_symbols(self):
        base = self.archive("base", """
            #include <string.h>
            const char *const names[] = { "one", "two" };
            static const char *const more[] = { "three" };
            size_t base_length(int i) { return strlen(i ? names[i] : more[0]); }
        """)
        wire = self.archive("wire", """
            #include <stddef.h>
            size_t base_length(int i);
            size_t wire_length(void) { return base_length(1); }
        """)
        self.passes(base, wire)

    def test_each_forbidden_call(self):
        for call in ("socket(1, 2, 3)", "time(0)", "clock_gettime(0, 0)", "open(0, 0)",
                     "fopen(0, 0)", "printf(0)", "puts(0)", "getenv(0)", "syslog(0, 0)",
                     "random()", "getpid()", "log_event(0)"):
            with self.subTest(call):
                name = call.partition("(")[0]
                archive = self.archive(
                    "service", f"long {name}(); long f(void) {{ return (long){call}; }}")
                self.fails_with(f"service.c.o uses {name}", archive)

    def test_call_upwards(self):
        base = self.archive("base", "int wire_read(void); int f(void) { return wire_read(); }")
        wire = self.archive("wire", "int wire_read(void) { return 1; }")
        self.fails_with("base.c.o uses wire_read of wire", base, wire)

    def test_globals(self):
        for code in ("int counter;", "int counter = 1;", "static int counter; int *f(void) "
                     "{ return &counter; }", "int f(void) { static int counter = 5; return "
                     "counter++; }", "_Thread_local int counter;",
                     "extern int x; int *counter = &x; int x;"):
            with self.subTest(code):
                self.fails_with("global and not constant", self.archive("route", code))

    def test_not_a_pure_room(self):
        self.fails_with("not a library of a pure room", self.archive("os", "int f(void);"))

    def test_no_archive(self):
        self.assertEqual(self.check(self.path("libbase.a"))[0], 2)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
