# SPDX-License-Identifier: Apache-2.0
"""Says which Debian package is missing, from the one list in tools/packages."""
import os
import shutil
import subprocess

TOOL = os.path.join(os.path.dirname(__file__), "..", "..", "tools", "packages")
SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class MissingPackage(AssertionError):
    """A program that the tests drive is not installed: a failure, never a skip."""


def program(name):
    """The full path of a program that the tests need, by name or by full path."""
    path = shutil.which(name, path=SEARCH_PATH)
    if path is None:
        line = subprocess.run([TOOL, "missing", "test"], capture_output=True, text=True,
                              check=False).stdout.strip()
        raise MissingPackage(f"{name} is not installed; run: {line or 'tools/packages'}")
    return path
