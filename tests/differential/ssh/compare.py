"""Asks two servers the same and compares what they say."""
import concurrent.futures
import difflib
import itertools
import pathlib
import threading
import time
from dataclasses import dataclass

from client import Client
from masks import masked
from probes import Probe
from servers import Address
from transcript import Transcript

# A busy machine shows the real server's own races and makes silence look like an answer: both are asked again, and given more
# time, before a difference counts.
QUIET_SECONDS = (0.25, 0.5, 1.0, 2.0, 3.0)
PATIENCE_SECONDS = 15.0


@dataclass
class Outcome:
    """What became of one probe after so many attempts."""

    probe: Probe
    same: bool
    attempts: int
    first: Transcript
    second: Transcript
    seconds: float


place = threading.local()
places = itertools.count(10)


def source() -> str:
    """An address of loopback for each thread: dropbear serves at most five peers of one address before they log in."""
    if not hasattr(place, "address"):
        place.address = f"127.0.0.{next(places)}"
    return str(place.address)


def ask(address: Address, probe: Probe, quiet: float) -> Transcript:
    client = Client(address, quiet, PATIENCE_SECONDS, source() if address[0].startswith("127.") else "")
    try:
        probe.ask(client)
        client.finish()
    except Exception as error:  # A probe that cannot go on compares what it has: the other server must stop it there too.
        client.log.said(f"the probe failed: {error!r}")
    finally:
        client.socket.close()
    return client.log


def compare(first: Address, second: Address, probe: Probe) -> Outcome:
    start = time.monotonic()
    for attempt, quiet in enumerate(QUIET_SECONDS, 1):
        one, two = ask(first, probe, quiet), ask(second, probe, quiet)
        same = masked(one, probe.races) == masked(two, probe.races)
        if same:
            break
        print(f"differs, attempt {attempt}: {probe.name}", flush=True)
    return Outcome(probe, same, attempt, one, two, time.monotonic() - start)


def difference(outcome: Outcome) -> list[str]:
    one, two = masked(outcome.first, outcome.probe.races), masked(outcome.second, outcome.probe.races)
    return [line for line in difflib.unified_diff(one, two, "first", "second", lineterm="", n=1) if not line.startswith("@@")]


def beside(outcome: Outcome) -> list[str]:
    """Both connections in full, what is the same once: `both`, `real` (the first server) or `2nd` before each line."""
    one, two = outcome.first.all_lines(), outcome.second.all_lines()

    def key(line: str) -> str:
        return line.split(" b'")[0] if line.lstrip().startswith(">") else line  # What we send has random bytes of ours.

    lines = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, [key(line) for line in one], [key(line) for line in two], False).get_opcodes():
        if kind == "equal":
            lines += ["both " + line for line in one[a:b]]
        else:
            lines += ["real " + line for line in one[a:b]] + ["2nd  " + line for line in two[c:d]]
    return lines


def compare_all(first: Address, second: Address, probes: list[Probe], threads: int) -> list[Outcome]:
    """All of them, slow ones first; prints a sign of life."""
    done: list[Outcome] = []
    lock = threading.Lock()

    def run(probe: Probe) -> None:
        outcome = compare(first, second, probe)
        with lock:
            done.append(outcome)
            if len(done) % 100 == 0:
                print(f"{len(done)} of {len(probes)} probes", flush=True)

    order = sorted(probes, key=lambda probe: not probe.slow)
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, order))
    return done


def accepted(file: pathlib.Path, server: str) -> dict[str, str]:
    """`SERVER PROBE REASON` lines: the reasons by the name of the probe."""
    lines = [line.split(None, 2) for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return {words[1]: words[2] for words in lines if words[0] == server}
