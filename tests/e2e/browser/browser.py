#!/usr/bin/env python3
"""Drives the dashboard of the real command in Debian's Chromium: browser.py SKEP IMAGES OUT_DIR.

Pictures go to OUT_DIR, those for the documentation too if SKEP_PICTURES names its directory of images.
"""
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import cowrie_log  # noqa: E402
import skep_e2e  # noqa: E402

# Every check logs in anew, from one address.
SETTINGS = ["auth.policy=any", "limits.hub_logins_per_minute=1000", "limits.hub_logins_per_minute_all=1000", "limits.hub_requests_per_minute=100000"]
CHROMIUM = os.environ.get("SKEP_CHROMIUM", "/usr/bin/chromium")


def check_tools():
    if not os.access(CHROMIUM, os.X_OK):
        skep_e2e.skip(f"{CHROMIUM} is missing (Debian package chromium)")
    if not os.path.isdir(os.path.join(HERE, "node_modules", "playwright-core")):
        skep_e2e.skip(f"playwright-core is missing: run ./dev setup test, or npm ci in {HERE}")
    if not shutil.which("node"):
        skep_e2e.skip("node is missing (Debian package nodejs)")


def drive(deployment, part, out):
    """Runs one part of browser.mjs against a running deployment."""
    host, port = deployment.address()
    task = {"part": part, "url": deployment.ready["hub"]["url"], "password": deployment.password, "chromium": CHROMIUM,
            "telnet": {"host": host, "port": port}, "out": out, "pictures": os.environ.get("SKEP_PICTURES", ""),
            "hostile": cowrie_log.HOSTILE}
    done = subprocess.run(["node", os.path.join(HERE, "browser.mjs")], input=json.dumps(task), text=True, timeout=800)
    assert done.returncode == 0, f"{part}: exit status {done.returncode}"


def fresh_deployment(skep, images, out):
    with skep_e2e.Deployment(skep, [*SETTINGS], images) as deployment:
        deployment.start()
        drive(deployment, "fresh", out)


def busy_deployment(skep, images, out):
    with skep_e2e.Deployment(skep, [*SETTINGS, "sensor.name=sensor-1"], images) as deployment:
        now = time.time()
        for name, log in (("day.json", cowrie_log.Log(now)), ("hostile.json", cowrie_log.hostile(now))):
            if name == "day.json":
                log.day(600)
            path = os.path.join(deployment.directory, name)
            log.save(path)
            done = deployment.run("import", path)
            assert done.returncode == 0, done.stderr
        deployment.start()
        drive(deployment, "busy", out)


def main():
    check_tools()
    skep, images, out = (os.path.abspath(path) for path in sys.argv[1:4])
    os.makedirs(out, exist_ok=True)
    fresh_deployment(skep, images, out)
    busy_deployment(skep, images, out)


if __name__ == "__main__":
    main()
