#!/usr/bin/env python3
"""Prints the figures of a running deployment: idle memory a connection, CPU a login session, time to the prompt, events
through journal and store. Each beside a floor or a comparison measured in the same run.

Usage: run.py SKEP LOAD [IMAGES]      Example: tests/bench/run.py build/release/skep build/release/tests/bench/telnet_load
"""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from processes import cpu_seconds  # noqa: E402
from skep_e2e import Deployment, Hub, wait_for  # noqa: E402

IDLE = int(os.environ.get("SKEP_BENCH_IDLE", "10000"))
LOGINS = int(os.environ.get("SKEP_BENCH_LOGINS", "100"))
HOSTILE = int(os.environ.get("SKEP_BENCH_HOSTILE", "100000"))
PAGE = os.sysconf("SC_PAGE_SIZE")


def rss(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/statm") as file:
            fields = [int(field) for field in file.read().split()]
        total += (fields[1] - fields[2]) * PAGE  # resident without file pages
    return total


def idle_memory(deployment, load, service):
    address = "%s:%d" % deployment.address(service)
    pids = deployment.pids()["sensor"]
    before, heap_before = rss(pids), deployment.report("sensor", "heap_bytes")
    with subprocess.Popen([load, "idle", address, str(IDLE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peers:
        line = peers.stdout.readline()
        wait_for("all connections", lambda: deployment.report("sensor", "connections") >= IDLE or not line.startswith(str(IDLE)))
        time.sleep(1.5)  # the next report
        after, heap_after = rss(pids), deployment.report("sensor", "heap_bytes")
        peers.stdin.close()
    print(f"idle, {service}: {line.strip()}; {(after - before) / IDLE:.0f} bytes resident and {(heap_after - heap_before) / IDLE:.0f} bytes of heap a connection"
          " (a bare coroutine: 1728; Cowrie: about 4200)")
    wait_for("no connections", lambda: deployment.report("sensor", "connections") == 0)


def logins(deployment, load):
    address = "%s:%d" % deployment.address("telnet")
    pids = deployment.pids()
    before = {role: cpu_seconds(pids[role]) for role in pids}
    done = subprocess.run([load, "login", address, str(LOGINS)], capture_output=True, text=True)
    print("login:", done.stdout.strip() or done.stderr)
    wait_for("no connections", lambda: deployment.report("sensor", "connections") == 0)
    for role in pids:
        print(f"login: CPU of {role}: {(cpu_seconds(pids[role]) - before[role]) * 1000 / LOGINS:.2f} ms a session")


def hostile(deployment, load):
    address = "%s:%d" % deployment.address("telnet")
    pids = deployment.pids()
    sensors = pids["sensor"]
    subprocess.run([load, "hostile", address, str(HOSTILE // 10), "1"], capture_output=True)
    wait_for("no connections", lambda: deployment.report("sensor", "connections") == 0, 120)
    before = rss(sensors)
    start = time.monotonic()
    done = subprocess.run([load, "hostile", address, str(HOSTILE), "2"], capture_output=True, text=True)
    took = time.monotonic() - start
    wait_for("no connections", lambda: deployment.report("sensor", "connections") == 0, 120)
    after = rss(sensors)
    assert deployment.pids() == pids, "a process was restarted"
    served, refused = deployment.report("sensor", "served"), deployment.report("sensor", "refused")
    wait_for("all events", lambda: deployment.report("sensor", "unacknowledged") == 0, 120)
    print(f"hostile: {done.stdout.strip()} in {took:.0f} s; resident memory of the sensors {before // 1024} -> {after // 1024} KiB; served {served}, refused {refused}")
    return served


def counts(deployment, served):
    text = subprocess.run([deployment.skep, "events", "--state", deployment.state, "--json"], capture_output=True).stdout
    connects, closes = text.count(b'"eventid":"session.connect"'), text.count(b'"eventid":"session.closed"')
    print(f"events: {connects} session.connect and {closes} session.closed in the journal for {served} served connections")
    hub = Hub(deployment)
    stored = wait_for("the store to follow", lambda: (lambda n: n if n >= connects else 0)(hub.get("summary", **{"from": "-7d"})["sessions"]), 120)
    print(f"events: {stored} sessions in the store")


def main():
    skep, load = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    images = sys.argv[3] if len(sys.argv) > 3 else None
    settings = ["auth.policy=any", "limits.connections=20000", "limits.connections_per_source=20000"]
    with Deployment(skep, settings, images) as deployment:
        deployment.start()
        logins(deployment, load)  # first: later the hub is still busy with the others' events
        for service in ("telnet", "router"):
            idle_memory(deployment, load, service)
        counts(deployment, hostile(deployment, load))


if __name__ == "__main__":
    main()
