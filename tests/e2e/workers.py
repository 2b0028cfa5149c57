#!/usr/bin/env python3
"""Several sensor processes on the same ports: connections spread, a stopped or killed one stops nobody else, logins count once.

Usage: workers.py SKEP - [TEST...]     Needs no images: nobody gets a shell.
"""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from skep_e2e import Deployment, Telnet, main, wait_for  # noqa: E402

LOW = ["cell.level=low", "service.ssh.enabled=false", "service.router-ssh.enabled=false", "sensor.workers=2"]


def sensors(deployment):
    return [entry for entry in deployment.status()["processes"] if entry["role"] == "sensor"]


def greeted(deployment, within):
    """A new connection that has got the first bytes of the router's dialog."""
    start = time.monotonic()
    peer = Telnet(deployment.address("router"), timeout=10)
    peer.read_until("login: ?$")
    took = time.monotonic() - start
    assert took < within, f"greeted after {took:.2f} s"
    return peer


def try_once(deployment, password):
    with Telnet(deployment.address("router")) as peer:
        peer.read_until("login: ?$")
        peer.line("root")
        peer.read_until("Password: ?$")
        peer.line(password)
        wait_for(password, lambda: outcome(deployment, password))
    return outcome(deployment, password)


def outcome(deployment, password):
    found = [event["eventid"] for event in deployment.events("--grep", password) if event.get("password") == password]
    return found[-1] if found else None


def connections_spread(skep, images):
    """Both workers serve, whatever order their processes were started in."""
    with Deployment(skep, [*LOW, "auth.policy=never", "limits.connections_per_source=1000"]) as deployment:
        deployment.start()
        peers = [greeted(deployment, within=5) for _ in range(100)]
        rows = wait_for("all counted", lambda: (lambda found: found if sum(row["reports"].get("served", 0) for row in found) == 100 else None)(sensors(deployment)))
        served = [row["reports"]["served"] for row in rows]
        assert len(served) == 2 and min(served) >= 5, served
        for peer in peers:
            peer.socket.close()


def stopped_worker_delays_nobody(skep, images):
    """A worker that does not accept leaves the waiting connections to the other; those it has wait for it."""
    with Deployment(skep, [*LOW, "auth.policy=never", "limits.connections_per_source=1000"]) as deployment:
        deployment.start()
        stopped = sensors(deployment)[0]["pid"]
        os.kill(stopped, signal.SIGSTOP)
        try:
            peers = [greeted(deployment, within=2) for _ in range(40)]
        finally:
            os.kill(stopped, signal.SIGCONT)
        for peer in peers:
            peer.socket.close()
        greeted(deployment, within=5).socket.close()


def killed_worker_comes_back_alone(skep, images):
    """SIGKILL ends the connections of one worker; the other's go on, and a new one takes its place."""
    with Deployment(skep, [*LOW, "auth.policy=never", "limits.connections_per_source=1000"]) as deployment:
        deployment.start()
        killed, kept = sensors(deployment)
        os.kill(killed["pid"], signal.SIGSTOP)
        peer = greeted(deployment, within=2)  # by the other
        os.kill(killed["pid"], signal.SIGKILL)
        after = wait_for("a new sensor", lambda: (lambda rows: rows if all(row["ready"] for row in rows) and killed["pid"] not in [row["pid"] for row in rows] else None)(sensors(deployment)))
        assert kept["pid"] in [row["pid"] for row in after] and sum(row["restarts"] for row in after) == 1, after
        peer.line("root")
        peer.read_until("Password: ?$")
        peer.socket.close()


def tries_count_over_workers(skep, images):
    """Policy `after`: the third try is the last that is refused, and what was accepted is known to both workers."""
    settings = [*LOW, "auth.policy=after", "auth.after_min=3", "auth.after_max=3", "auth.accept=[]"]
    with Deployment(skep, settings) as deployment:
        deployment.start()
        for number in range(3):
            assert try_once(deployment, f"wrong-{number}") == "login.failed"
        assert try_once(deployment, "right") == "login.success"
        for row in sensors(deployment):
            os.kill(row["pid"], signal.SIGSTOP)
            try:
                assert try_once(deployment, "right") == "login.success"
                assert try_once(deployment, f"other-{row['pid']}") == "login.failed"
            finally:
                os.kill(row["pid"], signal.SIGCONT)


if __name__ == "__main__":
    main([connections_spread, stopped_worker_delays_nobody, killed_worker_comes_back_alone, tries_count_over_workers])
