#!/usr/bin/env python3
"""clang-tidy 19 over source files; a file whose text, headers and rules did not change since it was clean is skipped.

Usage: tools/lint/tidy.py BUILD FILE...     Prints the findings; exit status 1 if there is any.
"""
import hashlib
import pathlib
import subprocess
import sys

import compilation


def state_of(file, directory, words):
    """A hash of everything that the findings of one file depend on: the preprocessed text and the rules."""
    listing = subprocess.run(["clang++-19", "-E", "-P", *compilation.flags(words), str(pathlib.Path(file).resolve())], cwd=directory,
                             capture_output=True, check=False).stdout
    own = pathlib.Path(file).read_bytes() + pathlib.Path(".clang-tidy").read_bytes()
    return hashlib.sha256(listing + own).hexdigest()


def main(build, files):
    known = compilation.commands(build)
    clean = pathlib.Path(".cache/tidy")
    clean.mkdir(parents=True, exist_ok=True)

    def check(file):
        state = clean / state_of(file, *known[file])
        if state.exists():
            return ""
        # Catch2 2 expands CHECK(a == b) to `decomposer <= a == b`.
        checks = ["--checks=-bugprone-chained-comparison"] if file.endswith("_test.cpp") else []
        status, text = compilation.output(["clang-tidy-19", "-p", build, "--quiet", *checks, file])
        lines = [line for line in text.splitlines() if "warnings generated" not in line and "Suppressed" not in line
                 and "Use -header-filter" not in line]
        if status == 0 and not any(": error:" in line or ": warning:" in line for line in lines):
            state.touch()
            return ""
        return "\n".join(lines)

    found = [text for text in compilation.each([file for file in files if file in known], check) if text]
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


sys.exit(main(sys.argv[1], sys.argv[2:]))
