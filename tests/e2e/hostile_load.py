#!/usr/bin/env python3
"""Random, truncated and hostile byte sequences to the Telnet port, one a connection: no crash, no leak, no lost event.

Usage: hostile_load.py SKEP IMAGES LOAD [TEST...]     SKEP_HOSTILE=N sends N sequences (default 5000; 100000 is the full run)
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from skep_e2e import Deployment, Hub, main, wait_for  # noqa: E402

COUNT = int(os.environ.get("SKEP_HOSTILE", "5000"))
LOAD = os.path.abspath(sys.argv.pop(3))


def report(deployment, name):
    return deployment.report("sensor", name)


def send(deployment, count, seed):
    served = report(deployment, "served")
    done = subprocess.run([LOAD, "hostile", "%s:%d" % deployment.address(), str(count), str(seed)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for("all served", lambda: report(deployment, "served") + report(deployment, "refused") >= served + count, 120)
    wait_for("no connection", lambda: report(deployment, "connections") == 0, 120)
    wait_for("all events on disk", lambda: report(deployment, "unacknowledged") == 0, 120)
    return report(deployment, "heap_bytes")


def bytes_do_no_harm(skep, images):
    with Deployment(skep, ["auth.policy=never", "limits.login_seconds=20"], images) as deployment:
        deployment.start()
        pids = deployment.pids()
        first = send(deployment, COUNT // 2, 1)
        second = send(deployment, COUNT - COUNT // 2, 2)
        assert deployment.pids() == pids, deployment.log_text()
        # Both halves leave the same heap behind; what differs is slack of the allocator.
        assert second < first * 1.2 + 256 * 1024, (first, second)
        served = report(deployment, "served")
        kinds = [event["eventid"] for event in deployment.events()]
        assert kinds.count("session.connect") == served and kinds.count("session.closed") == served
        hub = Hub(deployment)
        wait_for("the store to have all", lambda: hub.get("summary")["sessions"] == served, 60)
        print(f"{served} connections, heap after each half {first} and {second} bytes")


if __name__ == "__main__":
    main([bytes_do_no_harm])
