#!/usr/bin/env python3
"""Compiles every header on its own, with the flags of a source file of its room.

Usage: tools/lint/headers.py BUILD     Prints what does not compile; exit status 1 if there is any.
"""
import pathlib
import sys

import compilation


def flags_for(header, known):
    """Flags of the source file that shares the longest path with the header."""
    def shared(path):
        return len(pathlib.PurePath(path).parts) - len(set(pathlib.PurePath(path).parts) - set(header.parts)), len(path)
    return known[max(known, key=shared)]


def main(build):
    known = {path: (directory, compilation.flags(words)) for path, (directory, words) in compilation.commands(build).items()
             if path.endswith(".cpp")}
    headers = sorted([*pathlib.Path("src").rglob("*.hpp"), *pathlib.Path("apps").rglob("*.hpp")])

    def check(header):
        directory, flags = flags_for(header, known)
        unused = ["-Wno-unused-function", "-Wno-unused-const-variable", "-Wno-pragma-once-outside-header"]
        return compilation.output(["clang++-19", "-fsyntax-only", *flags, *unused, "-x", "c++", str(header.resolve())],
                                  directory)

    failed = [text for status, text in compilation.each(headers, check) if status != 0]
    print(*failed, sep="\n", end="\n" if failed else "")
    return bool(failed)


sys.exit(main(sys.argv[1]))
