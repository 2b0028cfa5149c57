#!/usr/bin/env python3
"""Runs the clang-query rules about coroutines over source files.

co_await.query finds temporaries that g++ 12 frees twice, dropped_result.query a Result that nobody looks at.
A line that ends in `// lint: no temporary` with a reason before it is left out of the first.
Usage: tools/lint/queries.py BUILD FILE...     Prints the matches; exit status 1 if there is any.
"""
import pathlib
import re
import sys

import compilation

RULES = ("co_await", "dropped_result")
MATCH = re.compile(r"^(/[^:\n]+):(\d+):\d+: note: \"(\w+)\" binds here$", re.MULTILINE)


def is_excused(path, line):
    return "// lint: no temporary" in pathlib.Path(path).read_text().splitlines()[line - 1]


def main(build, files):
    here = pathlib.Path(__file__).parent
    root = pathlib.Path.cwd()
    known = compilation.commands(build)
    files = [file for file in files if file in known and "co_await" in pathlib.Path(file).read_text()]

    def check(file):
        words = [word for rule in RULES for word in ("-f", str(here / f"{rule}.query"))]
        return compilation.output(["clang-query-19", "-p", build, *words, file])

    found = set()
    failed = False
    for file, (status, text) in zip(files, compilation.each(files, check)):
        if status != 0 or "error:" in text:
            failed = True
            print(f"{file}: clang-query failed:\n{text}")
        for path, line, rule in MATCH.findall(text):
            if pathlib.Path(path).is_relative_to(root) and not is_excused(path, int(line)):
                found.add((str(pathlib.Path(path).relative_to(root)), int(line), rule))
    for path, line, rule in sorted(found):
        print(f"{path}:{line}: {rule}")
    return failed or bool(found)


sys.exit(main(sys.argv[1], sys.argv[2:]))
