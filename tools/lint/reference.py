#!/usr/bin/env python3
"""Compares docs/reference/*.md with what the program's tables say.

Usage: tools/lint/reference.py SKEP [ROOT]     Prints a difference; exit status 1 if there is one.
"""
import difflib
import pathlib
import subprocess
import sys

PAGES = ("configuration", "events", "personas", "commands")


def main(skep, root):
    differs = False
    for page in PAGES:
        path = pathlib.Path(root) / "docs/reference" / f"{page}.md"
        written = path.read_text().splitlines() if path.exists() else []
        asked = subprocess.run([skep, "reference", page], check=True, capture_output=True, text=True).stdout.splitlines()
        lines = list(difflib.unified_diff(written, asked, str(path), "what the program says", lineterm="", n=0))
        if lines:
            differs = True
            print(*lines, sep="\n")
    if differs:
        print("docs/reference is behind the tables; `./dev docs` writes it anew")
    return differs


sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "."))
