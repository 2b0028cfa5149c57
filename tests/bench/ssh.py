#!/usr/bin/env python3
"""Prints what SSH sessions cost Skep, beside Debian's sshd and dropbear in the same run: processor time of the server with its
children, and its memory for each session that is open. Servers run on one processor, the load on the others.

Usage: ssh.py SKEP LOAD IMAGES [FLOOR]     Example: tests/bench/ssh.py build/release/skep build/release/tests/bench/ssh_load \\
                                                    build/release/images build/release/tests/bench/handshake_floor
Needs root: real logins run, user `skepdiff` is made and removed. SKEP_BENCH_SSH=N sessions of each kind (200).
"""
import os
import pathlib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "differential" / "ssh")]
import servers  # noqa: E402
from client import PASSWORD, USER  # noqa: E402
from processes import cpu_seconds, stat  # noqa: E402
from skep_e2e import Deployment, wait_for  # noqa: E402

SESSIONS = int(os.environ.get("SKEP_BENCH_SSH", "200"))
IDLE = int(os.environ.get("SKEP_BENCH_SSH_IDLE", "10000"))
SHELLS = int(os.environ.get("SKEP_BENCH_SSH_SHELLS", "20"))


def descendants(pid):
    """With itself."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents.setdefault(int(stat(entry)[1]), []).append(int(entry))
            except OSError:
                pass  # It has ended meanwhile.
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += parents.get(one, [])
    return found


def private_bytes(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith(("Private_Clean", "Private_Dirty", "Swap:")))
        except OSError:
            pass
    return total


def load(program, kind, address, count, sources=1):
    environment = dict(os.environ, SKEP_BENCH_SOURCES=str(sources))
    return [program, kind, f"{address[0]}:{address[1]}", str(count), USER, PASSWORD], environment


def run_load(program, kind, address, count, sources=1):
    words, environment = load(program, kind, address, count, sources)
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip()


def sessions(name, program, address, groups):
    """CPU of three kinds of session, one after another and several at once; `groups` gives the server's processes, by what they
    are for."""
    for kind, at_once in (("none", 1), ("none", 8), ("login", 1), ("login", 8), ("exec", 1), ("exec", 8)):
        run_load(program, kind, address, 3)  # What the first ones cost is not theirs alone.
        time.sleep(1)
        before = {group: cpu_seconds(pids) for group, pids in groups().items()}
        with ThreadPoolExecutor(at_once) as pool:
            said = list(pool.map(lambda _, kind=kind: run_load(program, kind, address, SESSIONS), range(at_once)))[0]
        time.sleep(1)  # Children end, events are stored.
        each = {group: (cpu_seconds(pids) - before.get(group, 0)) * 1000 / SESSIONS / at_once for group, pids in groups().items()}
        parts = "" if len(each) == 1 else " (" + ", ".join(f"{group} {cost:.2f}" for group, cost in each.items()) + ")"
        print(f"{name}, {kind}, {at_once} at once: {sum(each.values()):.2f} ms of CPU a session{parts}; {said}", flush=True)


def memory(name, kind, program, address, pids, count, sources, heap=lambda: 0):
    words, environment = load(program, kind, address, count, sources)
    time.sleep(2)  # What went before has ended.
    before, heap_before = private_bytes(pids()), heap()
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peers:
        line = peers.stdout.readline().strip()
        time.sleep(2)  # The next report of the sensors.
        after, heap_after = private_bytes(pids()), heap()
        peers.stdin.close()
    held = int(line.split()[0]) if line else 0
    words = f"{(after - before) / max(held, 1):.0f} bytes of private memory"
    if heap_after:
        words += f", {(heap_after - heap_before) / max(held, 1):.0f} bytes of heap"
    print(f"{name}, {kind}: {line}; {words} each", flush=True)


def pin(pid):
    for one in descendants(pid):
        subprocess.run(["taskset", "-acp", "0", str(one)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def real(kind, program):
    with servers.real(kind) as address:
        pid = int(subprocess.run(["pgrep", "-P", str(os.getpid()), "-x", "sshd" if kind == "openssh" else "dropbear"], capture_output=True, text=True, check=True).stdout)
        pin(pid)
        sessions(kind, program, address, lambda: {kind: descendants(pid)})
        memory(kind, "idle", program, address, lambda: descendants(pid), 20, 20)
        memory(kind, "shell", program, address, lambda: descendants(pid), SHELLS, SHELLS)


def plain_bash():
    """What bash costs for the same command without a server or a cell: alone, and in namespaces made for it, as a container's."""
    script = ("import os,sys\nn=int(sys.argv[1])\nfor _ in range(n):\n"
              " p=os.posix_spawn(sys.argv[2],sys.argv[2:],{},file_actions=[(os.POSIX_SPAWN_OPEN,1,'/dev/null',1,0)])\n os.waitpid(p,0)\n"
              "t=os.times()\nprint((t.children_user+t.children_system)*1000/n)")
    container = ["/usr/bin/unshare", "-m", "-u", "-i", "-n", "-p", "--fork", "--mount-proc"]
    for what, words in (("alone", []), ("in a plain container", container)):
        words = ["taskset", "-c", "0", sys.executable, "-c", script, str(SESSIONS), *words, "/bin/bash", "-c", "uname -a"]
        cost = float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
        print(f"floor: bash -c 'uname -a' {what}: {cost:.3f} ms", flush=True)


def skep(program, command, images):
    settings = ["service.ssh.kind=ssh", "service.ssh.persona=debian", "service.ssh.address=127.0.0.1:0", "auth.policy=list",
                f'auth.accept=["{USER}:{PASSWORD}"]', "limits.connections=20000", "limits.connections_per_source=20000", "limits.cells=100",
                "ssh.limit_startups=false"]
    with Deployment(command, settings, images) as deployment:
        deployment.start()
        pin(deployment.process.pid)
        address = deployment.address("ssh")
        sessions("skep", program, address, lambda: {role: [one for pid in pids for one in descendants(pid)] for role, pids in deployment.pids().items()})
        sensors = lambda: deployment.pids()["sensor"]  # noqa: E731
        heap = lambda: deployment.report("sensor", "heap_bytes")  # noqa: E731
        wait_for("no connections", lambda: deployment.report("sensor", "connections") == 0)
        memory("skep's sensors", "idle", program, address, sensors, IDLE, 10000, heap)
        wait_for("no connections", lambda: deployment.report("sensor", "connections") == 0)
        memory("skep's sensors", "shell", program, address, sensors, SHELLS, SHELLS, heap)


def main():
    command, program, images = (os.path.abspath(word) for word in sys.argv[1:4])
    missing = servers.missing("openssh") or servers.missing("dropbear")
    if missing:
        sys.exit(f"skipped: {missing}")
    if len(sys.argv) > 4:
        print(subprocess.run(["taskset", "-c", "0", sys.argv[4]], capture_output=True, text=True, check=True).stdout.strip())
    plain_bash()
    with servers.test_user("openssh"):
        for kind in ("openssh", "dropbear"):
            real(kind, program)
        skep(program, command, images)


if __name__ == "__main__":
    main()
