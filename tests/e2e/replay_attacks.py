#!/usr/bin/env python3
"""Replays recorded Telnet and loader sessions through Debian's telnet program into a running deployment; then every login,
command line and dropped file must be found through the API.

Usage: replay_attacks.py SKEP [IMAGES]
The recordings are not part of the repository: SKEP_SHARED_DATA names their directory (default: ../shared/data beside the
source tree). SKEP_REPLAY_EVERY=N takes every Nth recording (default 40; 1 replays all).
"""
import codecs
import collections
import concurrent.futures
import gzip
import hashlib
import json
import os
import re
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from skep_e2e import PROMPT, Deployment, Hub, RealTelnet, main, skip, wait_for  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.environ.get("SKEP_SHARED_DATA") or os.path.join(ROOT, "..", "shared", "data")
EVERY = int(os.environ.get("SKEP_REPLAY_EVERY", "40"))
WRITABLE = ("/", "/tmp/", "/var/tmp/", "/var/run/", "/dev/shm/", "/root/", "/mnt/", "/home/", "/var/", "/etc/")  # for root of the server
DROP = re.compile(r"^(?:/bin/busybox )?echo -n?e '((?:\\x[0-9a-f]{2}|[A-Za-z0-9/])+)' > (/[A-Za-z/]*)(\.[a-z]+); ")


def load(name):
    path = os.path.join(DATA, name)
    if not os.path.exists(path):
        skip(f"no recordings: {path}")
    with gzip.open(path, "rt", encoding="utf-8", errors="surrogateescape") as file:
        return [json.loads(line) for line in file]


def attacks():
    """(user, password, list of typed lines), every EVERYth of both files."""
    found = []
    for session in load("sessions.jsonl.gz"):
        if session["protocol"] == "telnet":
            attempts = session.get("login_attempts") or [[session["user"], session["password"], True]]
            user, password = attempts[-1][0] or "root", attempts[-1][1] or ""
            found.append((user, password, session["commands"]))
    for index, recording in enumerate(load("telnet_tty_inputs.jsonl.gz")):
        text = "".join(chunk["data"] for chunk in recording["chunks"])
        found.append(("root", f"recording-{index}", text.split("\n")))
    return [attack for attack in found[::EVERY] if usable(attack)]


def usable(attack):
    """A line with control bytes edits itself on a terminal: those are for the line editor's own tests."""
    user, password, lines = attack
    return user.isprintable() and password.isprintable() and user and all(line.isprintable() and len(line) < 4000 for line in lines)


def typed(lines):
    """The command lines that must be found: what is not blank, until the shell is left."""
    kept = []
    for line in lines:
        kept.append(line)
        if line.strip() in ("exit", "logout"):
            break
    return kept


def dropped(lines):
    """SHA-256 of files that a line surely drops: an echo of known bytes into a directory that exists."""
    for line in lines:
        found = DROP.match(line)
        if found and found[2] in WRITABLE:
            content = codecs.decode(found[1], "unicode_escape").encode("latin-1")
            yield hashlib.sha256(content + (b"" if " -ne " in line else b"\n")).hexdigest()


def replay(address, number, attack):
    """Plays one recording from an address of its own; false if it never got its shell."""
    user, password, lines = attack
    peer = RealTelnet(address, f"127.1.{number // 250}.{number % 250 + 1}")
    served = False
    try:
        peer.read_until("login: $")
        peer.send(user.encode() + b"\r")
        peer.read_until("Password: $")
        peer.send(password.encode() + b"\r")
        peer.read_until(PROMPT)
        served = True
        for line in typed(lines):
            peer.send(line.encode() + b"\r")
            # A loader does not wait for a prompt: programs that read the terminal get the next line. Neither do we.
            time.sleep(0.05)
        peer.send(b"\x03\r")
        peer.send(b"exit\r")
        time.sleep(0.3)
    except (EOFError, OSError):
        pass  # an `exit` among the lines
    finally:
        peer.close()
    return served


def all_events(hub, eventid):
    cursor = {}
    while True:
        page = hub.get("events", eventid=eventid, limit=1000, **cursor)
        yield from page["items"]
        if not page.get("next"):
            return
        cursor = {"before": page["next"]}


def recorded_attacks_are_found(skep, images):
    chosen = attacks()
    # Each attacker has a cell; what the last ones left running goes on in a hundred of them.
    with Deployment(skep, ["auth.policy=any", "limits.cells=100"], images) as deployment:
        deployment.start()
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            played = [pool.submit(replay, deployment.address("router" if n % 2 else "telnet"), n, attack) for n, attack in enumerate(chosen)]
            unserved = sum(not one.result() for one in played)
        took = time.monotonic() - start
        begin = time.monotonic()
        hub = Hub(deployment)
        print(f"the dashboard's login took {time.monotonic() - begin:.1f} s beside what the attackers left running")
        wait_for("all sessions closed", lambda: sum(1 for _ in deployment.events("--eventid", "session.closed")) >= len(chosen))
        time.sleep(2)  # the store follows the journal within a second
        faults = collections.Counter(event["message"] for event in all_events(hub, "skep.fault"))
        assert not unserved, f"{unserved} of {len(chosen)} sessions got no shell: {faults.most_common(5)}"
        found = collections.Counter(event["input"] for event in all_events(hub, "command.input"))
        wanted = collections.Counter(line.rstrip() for _, _, lines in chosen for line in typed(lines) if line.strip())
        have = collections.Counter()
        for line, count in found.items():
            have[line.rstrip()] += count
        missing = wanted - have
        assert not missing, f"{sum(missing.values())} of {sum(wanted.values())} lines are missing: {missing.most_common(5)}"
        logins = {(event["username"], event["password"]) for event in all_events(hub, "login.success")}
        # BusyBox's login takes the first word of a line for the name.
        lost = {(user.split()[0] if n % 2 else user, password) for n, (user, password, _) in enumerate(chosen)} - logins
        assert not lost, f"logins are missing: {sorted(lost)[:5]}"
        files = {event["shasum"] for event in all_events(hub, "file.captured")}
        drops = {digest for n, (user, _, lines) in enumerate(chosen) if user == "root" and n % 2 == 0 for digest in dropped(typed(lines))}
        assert files
        assert drops <= files, f"{len(drops - files)} of {len(drops)} dropped files are missing"
        print(f"{len(chosen)} recorded sessions in {took:.0f} s: {sum(wanted.values())} lines, {len(logins)} logins, {len(drops)} known drops of {len(files)} files, all found")


if __name__ == "__main__":
    if shutil.which("telnet") is None:
        skip("no telnet program")
    main([recorded_attacks_are_found])
