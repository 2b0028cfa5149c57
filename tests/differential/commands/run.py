#!/usr/bin/env python3
"""Runs commands that attackers send, in cells and in plain containers of the same image, and compares what comes out.

    run.py CELL_RUNNER IMAGES [--persona NAME] [--corpus [--often N] [--of-shape N]] [--command TEXT]... [--show]

Standard output, standard error and exit status must be equal after masks.py, but for differences.txt, in commands that make up
FLOOR_PERCENT of all that were sent. Without --corpus the committed sample is run.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass

import corpus
import machine
import masks

HERE = pathlib.Path(__file__).resolve().parent
FLOOR_PERCENT = 99.5
# What is different is asked again with more patience: on a busy machine a background process is quicker or slower than another, and
# a cell makes way for what else the machine does.
PATIENCE_MS = (6000, 30000, 60000)
SKIP = 77


@dataclass
class Answer:
    ended: bool  # The command is over and nothing holds its output open.
    status: int
    signal: int
    output: bytes
    errors: bytes


class Runner:
    """A program that answers one request after the other: cell_runner or plain.py."""

    def __init__(self, words: list[str]):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors="replace")
        self.number = 0
        self.first = self.read()
        if self.first[0] == "skipped":
            print("skipped: " + " ".join(self.first[1:]))
            sys.exit(SKIP)

    def read(self) -> list[str]:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[:2]} ended")
        return line.split()

    def ask(self, command: bytes, milliseconds: int) -> Answer:
        self.number += 1
        self.process.stdin.write(f"{self.number} {milliseconds} {command.hex()}\n")
        self.process.stdin.flush()
        words = self.read()
        if words[1] == "failed":
            raise RuntimeError(" ".join(words))
        return Answer(words[1] == "1", int(words[2]), int(words[3]), bytes.fromhex(words[4][:-1]), bytes.fromhex(words[5][:-1]))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


class Pair:
    """A cell_runner and a plain.py that play the same machine."""

    def __init__(self, options: argparse.Namespace):
        lines = machine.persona_lines()
        self.cells = Runner([options.cell_runner, options.persona, options.images, *lines])
        self.made = pathlib.Path(self.cells.first[1])
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="skep-identity-"))
        self.directory.chmod(0o755)
        archive = self.cells.ask(machine.IDENTITY_COMMAND.encode(), PATIENCE_MS[-1]).output
        machine.write_identity(self.directory, options.persona, self.made / f"{options.persona}.toml", archive)
        self.plain = Runner([sys.executable, str(HERE / "plain.py"), os.path.join(options.images, options.persona, "rootfs"), str(self.directory)])

    def ask(self, command: bytes, milliseconds: int) -> tuple[Answer, Answer]:
        cell = self.cells.ask(command, milliseconds)
        # Cells of tests stay until the end; thousands of them would fill the disk.
        shutil.rmtree(self.made / "cells" / f"{self.cells.number:016x}", ignore_errors=True)
        return cell, self.plain.ask(command, milliseconds)

    def close(self) -> None:
        self.cells.close()
        self.plain.close()
        shutil.rmtree(self.directory)


def view(answer: Answer, command: bytes) -> tuple[object, ...]:
    return (answer.ended, answer.status, answer.signal, masks.masked(answer.output, command), masks.masked(answer.errors, command))


def text_of(command: corpus.Command) -> str:
    return command.text.decode("utf-8", "surrogateescape")


def compare(pair: Pair, command: corpus.Command) -> dict:
    for attempt, milliseconds in enumerate(PATIENCE_MS, 1):
        cell, plain = pair.ask(command.text, milliseconds)
        one, two = view(cell, command.text), view(plain, command.text)
        if one == two:
            break
    found = {"command": text_of(command), "weight": command.weight, "balanced": command.balanced,
             "same": one == two, "attempts": attempt}
    if one != two:
        found["cell"], found["plain"] = [[*view[:3], *(text.decode("latin-1")[:20000] for text in view[3:])] for view in (one, two)]
        found["reason"] = masks.reason(found["command"])
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("cell_runner")
    parser.add_argument("images")
    parser.add_argument("--persona", default="debian")
    parser.add_argument("--corpus", action="store_true")
    parser.add_argument("--often", type=int, default=5)
    parser.add_argument("--of-shape", type=int, default=4, help="0: all")
    parser.add_argument("--command", action="append")
    parser.add_argument("--file", help="commands of a file, one a line")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", help="JSON lines with every result; what the file says to be the same is not asked again")
    return parser.parse_args()


def chosen(options: argparse.Namespace) -> list[corpus.Command]:
    if options.command:
        return [corpus.Command(os.fsencode(text), 1, 1) for text in options.command]
    if options.file:
        return [corpus.Command(text, 1, 1) for text in pathlib.Path(options.file).read_bytes().splitlines()]
    if not options.corpus:
        return corpus.sample()
    if not (corpus.DATA / "commands.jsonl.gz").exists():
        print(f"skipped: no recorded commands in {corpus.DATA}")
        sys.exit(SKIP)
    return corpus.recorded(options.often, options.of_shape)


def earlier(file: str, commands: list[corpus.Command]) -> list[dict]:
    wanted = {text_of(one) for one in commands}
    lines = pathlib.Path(file).read_text().splitlines() if os.path.exists(file) else []
    return [one for one in map(json.loads, lines) if one["same"] and one["command"] in wanted]


def run_all(options: argparse.Namespace, commands: list[corpus.Command]) -> list[dict]:
    pairs: queue.Queue[Pair] = queue.Queue()
    found: list[dict] = []
    lock = threading.Lock()
    results = None
    if options.results:
        found = earlier(options.results, commands)
        done = {one["command"] for one in found}
        commands = [one for one in commands if text_of(one) not in done]
        results = open(options.results, "w")
        results.writelines(json.dumps(one) + "\n" for one in found)
    start = time.monotonic()

    def one(command: corpus.Command) -> None:
        pair = pairs.get()
        try:
            result = compare(pair, command)
        finally:
            pairs.put(pair)
        with lock:
            found.append(result)
            if results:
                results.write(json.dumps(result) + "\n")
                results.flush()
            if len(found) % 200 == 0:
                print(f"{len(found)} of {len(commands)} commands in {time.monotonic() - start:.0f} s", flush=True)

    threads = max(1, min(options.threads, len(commands)))
    made: list[Pair] = []
    pool = concurrent.futures.ThreadPoolExecutor(threads)
    try:
        for _ in range(threads):
            made.append(Pair(options))
            pairs.put(made[-1])
        list(pool.map(one, commands))
    finally:
        pool.shutdown(cancel_futures=True)
        for pair in made:
            pair.close()
    return found


def show(result: dict) -> None:
    print(f"--- {result['weight']:.0f} {result['command'][:300]!r}" + (f"\n    accepted: {result['reason']}" if result["reason"] else ""))
    for name in ("cell", "plain"):
        ended, status, sign, output, errors = result[name]
        print(f"  {name:5} ended={ended} status={status} signal={sign} output={output[:700]!r} errors={errors[:700]!r}")


def report(options: argparse.Namespace, found: list[dict]) -> int:
    different = sorted((one for one in found if not one["same"]), key=lambda one: -one["weight"])
    for one in different:
        if options.show or not one["reason"]:
            show(one)

    def percent(key: str, chosen: list[dict]) -> float:
        return 100 * sum(one[key] for one in chosen) / max(1e-9, sum(one[key] for one in found))

    same = [one for one in found if one["same"]]
    accepted = [one for one in different if one["reason"]]
    print(f"{len(found)} commands on {options.persona}: {percent('weight', same):.3f} % of what is sent is the same, each operator counted alike "
          f"{percent('balanced', same):.3f} %; {len(different)} commands differ ({percent('weight', different):.3f} %), of which {len(accepted)} "
          f"({percent('weight', accepted):.3f} %) are accepted; {sum(one['attempts'] > 1 for one in same)} were asked more than once")
    return 0 if percent("weight", same) >= FLOOR_PERCENT and len(accepted) == len(different) else 1


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = arguments()
    options.images = os.path.realpath(options.images)
    if os.geteuid() != 0:
        print("skipped: plain containers with the ids of cells need root")
        return SKIP
    commands = chosen(options)
    return report(options, run_all(options, commands))


if __name__ == "__main__":
    sys.exit(main())
