#!/usr/bin/env python3
"""Refuses a dependency without its row in docs/dependencies.md, and a row that says too little.

./dev setup installs the Debian packages straight from that page, so only the npm packages can differ from it.
Usage: tools/lint/dependencies.py     Prints file: reason; exit status 1 if there is any.
"""
import json
import pathlib
import sys

PAGE = pathlib.Path("docs/dependencies.md")
MANIFESTS = [pathlib.Path(place) / "package.json" for place in ("third_party", "web", "tools/node", "tests/e2e/browser")]


def rows():
    for number, line in enumerate(PAGE.read_text().splitlines(), 1):
        if line.startswith("| `"):
            yield number, [cell.strip() for cell in line.strip("|").split("|")]


def faults():
    names = set()
    for number, cells in rows():
        if len(cells) != 4 or not all(cells):
            yield f"{PAGE}:{number}: a row needs package, room, reason and what else could do it"
            continue
        name = cells[0].strip("`")
        if name in names:
            yield f"{PAGE}:{number}: {name} has two rows"
        names.add(name)
    wanted = set()
    for manifest in filter(pathlib.Path.exists, MANIFESTS):
        parsed = json.loads(manifest.read_text())
        for kind in ("dependencies", "devDependencies"):
            for name in parsed.get(kind, {}):
                wanted.add(name)
                if name not in names:
                    yield f"{manifest}: {name} has no row in {PAGE}"
        if not (manifest.parent / "package-lock.json").exists():
            yield f"{manifest}: there is no package-lock.json beside it"


found = list(faults())
print(*found, sep="\n", end="\n" if found else "")
sys.exit(bool(found))
