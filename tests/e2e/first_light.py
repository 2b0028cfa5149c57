#!/usr/bin/env python3
"""A real attack, end to end: Telnet login, a shell in a cell, a dropped script, a second visit, and all of it in the hub.

Usage: first_light.py SKEP [IMAGES] [TEST...]
"""
import hashlib
import json
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from skep_e2e import PROMPT, Deployment, Hub, RealTelnet, Telnet, main, wait_for  # noqa: E402

SCRIPT = "#!/bin/sh\necho run-by-$(id -un)\nrm -f \"$0\"\n"


def attack_is_seen(skep, images):
    """The main job: everything that one attacker does is in the API within seconds, and the machine remembers."""
    with Deployment(skep, ["auth.policy=any"], images) as deployment:
        deployment.start()
        hub = Hub(deployment)
        with Telnet(deployment.address(), width=100, height=30) as peer:
            peer.login("root", "hunter2")
            assert "100" in peer.command("stty size"), "NAWS reaches the terminal"
            assert "uid=0(root)" in peer.command("id")
            peer.command("printf '#!/bin/sh\\necho run-by-$(id -un)\\nrm -f \"$0\"\\n' > /tmp/x.sh; cp /tmp/x.sh /root/keep.sh")
            assert "run-by-root" in peer.command("chmod +x /tmp/x.sh; /tmp/x.sh")
            peer.line("exit")
        shasum = hashlib.sha256(SCRIPT.encode()).hexdigest()
        files = wait_for("the dropped script", lambda: [f for f in hub.get("files")["items"] if f["shasum"] == shasum])
        assert files[0]["password"] == "hunter2"
        status, headers, body = hub.request("GET", f"/api/v1/artifacts/{shasum}/content")
        assert status == 200 and body == SCRIPT.encode()
        assert headers["Content-Disposition"].startswith("attachment")
        inputs = [event["input"] for event in hub.get("events", eventid="command.input", limit=100)["items"]]
        assert "id" in inputs and "chmod +x /tmp/x.sh; /tmp/x.sh" in inputs, inputs
        logins = hub.get("credentials", outcome="success")["items"]
        assert [(row["username"], row["password"]) for row in logins] == [("root", "hunter2")]
        session = hub.get("sessions")["items"][0]
        detail = hub.get("sessions/" + session["session"])
        kinds = {event["eventid"] for event in detail["events"]}
        assert {"session.connect", "login.success", "client.size", "command.input", "process.exec", "file.captured", "session.closed"} <= kinds, kinds
        status, _, cast = hub.request("GET", f"/api/v1/sessions/{session['session']}/recording")
        assert status == 200
        lines = [json.loads(line) for line in cast.decode().splitlines()]
        assert lines[0]["version"] == 2 and lines[0]["width"] == 100
        assert "run-by-root" in "".join(line[2] for line in lines[1:] if line[1] == "o")
        with Telnet(deployment.address(), width=None) as peer:
            peer.login("root", "other")
            assert "0 0" in peer.command("stty size"), "a size that nobody told"
            assert "run-by-root" in peer.command("sh /root/keep.sh"), "the file is still there"
            assert "No such file" in peer.command("cat /tmp/x.sh")
        second = wait_for("the second session's recording", lambda: next(
            (row["session"] for row in hub.get("sessions")["items"] if row["session"] != session["session"]), None))
        wait_for("its end", lambda: any(event["eventid"] == "log.closed" for event in hub.get("sessions/" + second)["events"]))
        _, _, cast = hub.request("GET", f"/api/v1/sessions/{second}/recording")
        header = json.loads(cast.decode().splitlines()[0])
        assert (header["width"], header["height"]) == (80, 24), header
        assert deployment.stop() == 0


def event_is_visible_within_a_second(skep, images):
    with Deployment(skep, ["auth.policy=never"], images) as deployment:
        deployment.start()
        hub = Hub(deployment)
        with Telnet(deployment.address()) as peer:
            peer.read_until("login: ?$")
            peer.line("root")
            peer.read_until("Password: ?$")
            start = time.monotonic()
            peer.line("within-a-second")
            wait_for("the login", lambda: any(row["password"] == "within-a-second" for row in hub.get("credentials", outcome="failed")["items"]))
            took = time.monotonic() - start
        # The limit is 1 s on an idle machine; a shared one gets three.
        assert took < 3, took
        print(f"visible after {took * 1000:.0f} ms")


def machine_is_the_personas(skep, images):
    """Reads the machine's identity in several ways and finds one machine, which is not ours."""
    with Deployment(skep, ["auth.policy=any"], images) as deployment:
        deployment.start()
        persona = {}
        with open(os.path.join(deployment.state, "personas", "debian.toml")) as file:
            for line in file:
                found = re.match(r'(\w+) = "?([^"\n]*)"?', line)
                if found:
                    persona[found[1]] = found[2]
        with Telnet(deployment.address()) as peer:
            peer.login()
            assert persona["hostname"] in peer.command("hostname; cat /etc/hostname; uname -n")
            assert persona["kernel_release"] in peer.command("uname -r")
            assert persona["kernel_release"] in peer.command("cat /proc/version")
            assert persona["kernel_release"] in peer.command("cat /proc/sys/kernel/osrelease")
            assert os.uname().release == persona["kernel_release"] or os.uname().release not in peer.command("uname -a; cat /proc/version")
            assert persona["cpu_model"] in peer.command("grep 'model name' /proc/cpuinfo")
            cpus = persona["cpus"]
            assert re.search(rf"\n{cpus}\r\n{cpus}\r\n", peer.command("nproc; grep -c ^processor /proc/cpuinfo")), "nproc"
            assert persona["memory_kib"] in peer.command("grep MemTotal /proc/meminfo")
            assert persona["memory_kib"] in peer.command("free -k")
            uptime = float(peer.command("cat /proc/uptime").split("\r\n")[1].split()[0])
            assert abs(time.time() - int(persona["boot_time"]) - uptime) < 5
            assert persona["mac"] in peer.command("cat /sys/class/net/eth0/address; ip link show eth0")
            assert persona["address"].split("/")[0] in peer.command("ip -4 addr show eth0")
            mounts = peer.command("cat /proc/mounts; mount")
            assert persona["root_device"] in mounts and "overlay" not in mounts, mounts
            assert "overlay" not in peer.command("df -T /; stat -f -c %T /")
            assert "skep" not in peer.command("cat /proc/self/mountinfo; env; ps aux; cat /proc/1/cmdline").lower()


def nothing_gets_out(skep, images):
    with Deployment(skep, ["auth.policy=any"], images) as deployment:
        deployment.start()
        host, port = deployment.address()
        with Telnet(deployment.address()) as peer:
            peer.login()
            said = peer.command(f"bash -c 'exec 3<>/dev/tcp/{host}/{port} && echo open' ; wget -T 2 -t 1 -q -O - http://192.0.2.1/ && echo open; echo done", r"done\r\n.*" + PROMPT)
            assert "open\r\n" not in said, said


def foreign_code_never_runs(skep, images):
    """A dropped ELF file is kept and seems to run, but not one of its instructions does."""
    import base64
    import subprocess
    with Deployment(skep, ["auth.policy=any"], images) as deployment:
        source = os.path.join(deployment.directory, "proof.c")
        binary = os.path.join(deployment.directory, "proof")
        with open(source, "w") as file:
            # Writes a file by bare system calls, so that it needs no library.
            file.write('static long call(long n, long a, long b, long c) { long r; __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory"); return r; }\n'
                       'void _start(void) { long f = call(85, (long)"/tmp/it-ran", 0644, 0); call(1, f, (long)"x", 1); call(60, 7, 0, 0); }\n')
        subprocess.run(["cc", "-static", "-nostdlib", "-Os", "-s", "-Wl,--build-id=none", "-o", binary, source], check=True)
        with open(binary, "rb") as file:
            content = file.read()
        deployment.start()
        hub = Hub(deployment)
        with Telnet(deployment.address()) as peer:
            peer.login()
            text = base64.b64encode(content).decode()
            peer.command(": > /tmp/b64")
            for at in range(0, len(text), 1000):
                peer.command(f"printf %s {text[at:at + 1000]} >> /tmp/b64")
            peer.command("base64 -d /tmp/b64 > /tmp/bot; chmod 755 /tmp/bot; rm /tmp/b64")
            said = peer.command("/tmp/bot; echo status=$?")
            assert "status=0" in said, said
            said = peer.command("/lib64/ld-linux-x86-64.so.2 /tmp/bot; cp /tmp/bot /usr/bin/ls2; ls2; cat /tmp/bot > /usr/bin/nproc; nproc; ls /tmp/it-ran")
            assert "No such file" in said, said
            said = peer.command("perl -e 'my $n = \"m\\0\"; my $f = syscall(319, $n, 0); open(my $o, \">&=\", $f); open(my $i, \"<\", \"/tmp/bot\"); binmode $_ for $o, $i; local $/; syswrite $o, <$i>; exec {\"/proc/self/fd/$f\"} \"x\"'; ls /tmp/it-ran")
            assert "No such file" in said, said
        shasum = hashlib.sha256(content).hexdigest()
        wait_for("the dropped program", lambda: [f for f in hub.get("files")["items"] if f["shasum"] == shasum])
        verdicts = {event["verdict"] for event in hub.get("events", eventid="process.exec", limit=1000)["items"]}
        assert "foreign" in verdicts, verdicts


def router_is_a_router(skep, images):
    with Deployment(skep, ["auth.policy=any"], images) as deployment:
        deployment.start()
        with Telnet(deployment.address("router")) as peer:
            peer.login("admin", "admin")
            assert "applet not found" in peer.command("/bin/busybox ECCHI")
            assert "uid=0" in peer.command("id")
            assert "busybox" in peer.command("ls -l /bin/ls").lower()


def real_telnet_client(skep, images):
    """Debian's own telnet program negotiates all it knows and gets a shell."""
    with Deployment(skep, ["auth.policy=any"], images) as deployment:
        deployment.start()
        hub = Hub(deployment)
        peer = RealTelnet(deployment.address())
        peer.read_until("login: $")
        peer.send(b"root\r")
        peer.read_until("Password: $")
        peer.send(b"secret\r")
        peer.read_until(r"[#$] $")
        peer.send(b"echo $TERM-$((6*7))\r")
        peer.read_until("xterm-42")
        peer.send(b"exit\r")
        peer.read_until("Connection closed by foreign host")
        peer.close()
        wait_for("the terminal's type", lambda: any(row["kind"] == "term" for row in hub.get("clients")["items"]))


def processes_survive_each_other(skep, images):
    """SIGKILL for each process in turn: the others live on, it comes back, and no acknowledged event is lost."""
    with Deployment(skep, ["auth.policy=never"], images) as deployment:
        deployment.start()
        tried = []

        def one_try(word):
            with Telnet(deployment.address()) as peer:
                peer.read_until("login: ?$")
                peer.line("root")
                peer.read_until("Password: ?$")
                peer.line(word)
                wait_for(word, lambda: any(event.get("password") == word for event in deployment.events("--eventid", "login.failed")))
                tried.append(word)

        one_try("before")
        for role in ("hub", "cells", "recorder", "sensor"):
            before = deployment.pids()
            os.kill(before[role][0], signal.SIGKILL)
            wait_for(f"a new {role}", lambda: (lambda now: len(now) == len(before[role]) and now != before[role])(deployment.pids().get(role, [])))
            wait_for("all ready", lambda: all(entry["ready"] for entry in deployment.status()["processes"]))
            after = deployment.pids()
            assert {name: pid for name, pid in after.items() if name != role} == {name: pid for name, pid in before.items() if name != role}
            one_try("after-" + role)
        known = [event["password"] for event in deployment.events("--eventid", "login.failed")]
        assert all(word in known for word in tried), (tried, known)
        assert len(known) == len(set(known)), known
        hub = Hub(deployment)
        rows = wait_for("all in the store", lambda: (lambda items: items if len(items) == len(tried) else None)(hub.get("credentials", outcome="failed", limit=100)["items"]))
        assert {row["password"] for row in rows} == set(tried) and all(row["failed"] == 1 for row in rows), rows


def accepted_login_is_remembered(skep, images):
    """Policy `after`: what a source got in with works after a restart, everything else does not."""
    with Deployment(skep, ["auth.policy=after", "auth.after_min=1", "auth.after_max=1", "auth.accept=[]"], images) as deployment:
        for run in range(2):
            deployment.start()
            with Telnet(deployment.address("router")) as peer:
                if run == 0:
                    peer.read_until("login: ?$")
                    peer.line("admin")
                    peer.read_until("Password: ?$")
                    peer.line("first")
                    peer.read_until("incorrect")
                peer.login("admin", "second")
            with Telnet(deployment.address("router")) as peer:
                peer.read_until("login: ?$")
                peer.line("admin")
                peer.read_until("Password: ?$")
                peer.line("third")
                peer.read_until("incorrect")
            assert deployment.stop() == 0


if __name__ == "__main__":
    main([attack_is_seen, event_is_visible_within_a_second, machine_is_the_personas, nothing_gets_out, foreign_code_never_runs,
          router_is_a_router, real_telnet_client, processes_survive_each_other, accepted_login_is_remembered])
