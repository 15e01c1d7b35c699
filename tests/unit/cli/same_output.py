#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program and compares its output with a file: same_output.py PROGRAM ARGUMENT... FILE"""
import difflib
import subprocess
import sys

*command, path = sys.argv[1:]
made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
try:
    with open(path, encoding="utf-8") as file:
        kept = file.read()
except FileNotFoundError:
    kept = ""
if made != kept:
    sys.stdout.writelines(difflib.unified_diff(
        kept.splitlines(True), made.splitlines(True), path, "made now"))
    sys.exit(f"{path} is out of date: {' '.join(command)} > {path}")
