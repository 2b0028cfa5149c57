"""The commands: those of the recorded corpus with how often each was sent, or the few that are committed."""
import collections
import gzip
import json
import os
import pathlib
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = pathlib.Path(os.environ.get("SKEP_SHARED_DATA") or ROOT / ".." / "shared" / "data")
SAMPLE = pathlib.Path(__file__).with_name("sample.txt")


@dataclass(frozen=True)
class Command:
    """`weight`: how many sent commands it stands for. `balanced`: the same if each operator of a honeypot counts alike."""

    text: bytes
    weight: float
    balanced: float


def rows(name: str) -> list[dict]:
    with gzip.open(DATA / name, "rt", encoding="utf-8", errors="surrogateescape") as file:
        return [json.loads(line) for line in file]


def bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def recorded(often: int, of_shape: int) -> list[Command]:
    """Every command sent `often` times or more; of the rest, evenly spread, `of_shape` of each shape, which stand for all of
    that shape. A NUL cannot be part of a command; HTTP typed into a shell is none."""
    usable = [row for row in rows("commands.jsonl.gz") if row["kind"] == "shell" and "\0" not in row["cmd"] and row["cmd"].strip()]
    shapes = {row["tid"]: row["balanced_weight"] / max(1, row["count"]) for row in rows("templates.jsonl.gz")}
    chosen = []
    rare = collections.defaultdict(list)
    for row in usable:
        each = shapes.get(row["tid"], 0.0)
        if row["count"] >= often:
            chosen.append(Command(bytes_of(row["cmd"]), row["count"], row["count"] * each))
        else:
            rare[row["tid"]].append((bytes_of(row["cmd"]), row["count"], row["count"] * each))
    for found in rare.values():
        found.sort()
        some = found[:: max(1, -(-len(found) // of_shape))] if of_shape else found
        share = sum(count for _, count, _ in found) / sum(count for _, count, _ in some)
        chosen += [Command(text, count * share, balanced * share) for text, count, balanced in some]
    return sorted(chosen, key=lambda one: -one.weight)


def sample() -> list[Command]:
    """`WEIGHT COMMAND` lines, weight as sent in a million."""
    found = []
    for line in SAMPLE.read_bytes().splitlines():
        if line.strip() and not line.startswith(b"#"):
            weight, text = line.split(b" ", 1)
            found.append(Command(text, float(weight), float(weight)))
    return found
