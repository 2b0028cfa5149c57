#!/usr/bin/env python3
"""The SSH service with real clients: OpenSSH with each algorithm forced in turn, dropbear's, PuTTY's, paramiko, asyncssh.

Usage: ssh_clients.py SKEP IMAGES [TEST...]
"""
import base64
import hashlib
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from skep_e2e import Deployment, main, skip, wait_for  # noqa: E402

PASSWORD = "letmein"
KEX = ["sntrup761x25519-sha512@openssh.com", "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256",
       "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512",
       "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256"]
HOST_KEYS = ["ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256"]
CIPHERS = ["chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"]
MACS = ["umac-64-etm@openssh.com", "umac-128-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
        "hmac-sha1-etm@openssh.com", "umac-64@openssh.com", "umac-128@openssh.com", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"]


class Door(Deployment):
    """A deployment that lets everybody in, with OpenSSH's client pointed at it."""

    def __init__(self, skep, images, *settings):
        super().__init__(skep, ["auth.policy=any", *settings], images)
        self.start()
        self.askpass = os.path.join(self.directory, "askpass")
        with open(self.askpass, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\necho {PASSWORD}\n")
        os.chmod(self.askpass, 0o755)

    def options(self, *more):
        words = ["UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "LogLevel=ERROR", "IdentityFile=none",
                 "ConnectTimeout=30", *more]
        return [word for option in words for word in ("-o", option)]

    def run_client(self, words, **options):
        environment = dict(os.environ, SSH_ASKPASS=self.askpass, SSH_ASKPASS_REQUIRE="force", DISPLAY=":0", LANG="C")
        return subprocess.run(words, env=environment, capture_output=True, timeout=120, start_new_session=True, **options)

    def ssh(self, command, *more, service="ssh", **options):
        host, port = self.address(service)
        options.setdefault("input", b"")
        return self.run_client(["ssh", "-F", "none", *self.options(*more), "-p", str(port), f"root@{host}", command], **options)


def programs_run_and_report(skep, images):
    with Door(skep, images) as door:
        done = door.ssh("id -u; echo to-stderr >&2; exit 7")
        assert (done.returncode, done.stdout, done.stderr) == (7, b"0\n", b"to-stderr\n"), done
        done = door.ssh("wc -c; kill -TERM $$", input=b"x" * 300000)
        assert done.stdout == b"300000\n" and done.returncode == 255, done
        done = door.ssh("head -c 1000000 /dev/zero | tr '\\0' z")
        assert done.stdout == b"z" * 1000000, len(done.stdout)
        wait_for("the command's event", lambda: [e for e in door.events("--eventid", "command.input") if e["input"].startswith("id -u; echo")])
        logins = door.events("--eventid", "login.success")
        assert logins and all((e["username"], e["password"], e["protocol"]) == ("root", PASSWORD, "ssh") for e in logins), logins
        kex = door.events("--eventid", "client.kex")
        assert kex and len(kex[0]["hassh"]) == 32 and "sntrup761x25519-sha512@openssh.com" in kex[0]["kexAlgs"], kex[:1]


def a_terminal_is_a_terminal(skep, images):
    with Door(skep, images) as door:
        host, port = door.address("ssh")
        pid, master = pty.fork()
        if pid == 0:
            os.environ.update(SSH_ASKPASS=door.askpass, SSH_ASKPASS_REQUIRE="force", DISPLAY=":0", TERM="xterm")
            os.execvp("ssh", ["ssh", "-F", "none", *door.options(), "-p", str(port), f"root@{host}"])
        text = b""

        def until(pattern, seconds=60):
            nonlocal text
            end = time.monotonic() + seconds
            while not (found := re.search(pattern, text, re.DOTALL)):
                assert select.select([master], [], [], max(0, end - time.monotonic()))[0], text[-500:]
                text += os.read(master, 65536)
            text = text[found.end():]
            return found

        until(rb"root@[^ ]*:~# $")
        os.write(master, b"tty; echo $TERM $SSH_TTY\r")
        until(rb"/dev/pts/0\r\nxterm /dev/pts/0\r\n")
        os.write(master, b"sleep 100\r")
        until(rb"sleep 100\r\n")
        os.write(master, b"\x03")
        until(rb"\^C\r\n.*# $")
        os.write(master, b"exit 5\r")
        until(rb"logout\r\n")
        _, status = os.waitpid(pid, 0)
        os.close(master)
        assert os.waitstatus_to_exitcode(status) == 5
        wait_for("the recording", lambda: door.events("--eventid", "log.closed"))


def each_algorithm_works(skep, images):
    with Door(skep, images, "cell.level=low") as door:
        # Nobody gets a program at this level: what counts is a connection whose login is answered.
        chosen = [("kex", "KexAlgorithms", name) for name in KEX]
        chosen += [("host_key", "HostKeyAlgorithms", name) for name in HOST_KEYS]
        chosen += [("cipher", "Ciphers", name) for name in CIPHERS]
        for kind, option, name in chosen:
            done = door.ssh("true", f"{option}={name}")
            assert b"request failed on channel" in done.stderr, (name, done)
        for name in MACS:
            done = door.ssh("true", "Ciphers=aes128-ctr", f"MACs={name}")
            assert b"request failed on channel" in done.stderr, (name, done)
        done = door.ssh("true", "Compression=yes")
        assert b"request failed on channel" in done.stderr, done
        events = wait_for("all exchanges", lambda: (found := door.events("--eventid", "client.keys"))[len(chosen) + len(MACS):] and found)
        for kind, _, name in chosen:
            assert any(event[kind] == name for event in events), name
        for name in MACS:
            assert any(event["mac"] == name for event in events), name
        assert any(event["compression"] == "zlib@openssh.com" for event in events)


def uploads_are_captured(skep, images):
    with Door(skep, images) as door:
        host, port = door.address("ssh")
        content = os.urandom(70000)
        digest = hashlib.sha256(content).hexdigest()
        local = os.path.join(door.directory, "payload.bin")
        with open(local, "wb") as file:
            file.write(content)
        for flags, name in (([], "by-sftp"), (["-O"], "by-scp")):
            done = door.run_client(["scp", "-F", "none", *flags, *door.options(), "-P", str(port), local, f"root@{host}:/tmp/{name}"])
            assert done.returncode == 0, done
            assert door.ssh(f"sha256sum /tmp/{name}").stdout.split()[0].decode() == digest
            back = local + ".back"
            done = door.run_client(["scp", "-F", "none", *flags, *door.options(), "-P", str(port), f"root@{host}:/tmp/{name}", back])
            assert done.returncode == 0 and open(back, "rb").read() == content, done
        done = door.ssh("cat > /tmp/by-cat", input=content)
        assert done.returncode == 0, done
        def names():
            return {event["destfile"] for event in door.events("--eventid", "file.captured") if event["shasum"] == digest}

        wait_for("all three uploads", lambda: {"/tmp/by-sftp", "/tmp/by-scp", "/tmp/by-cat"} <= names())


def a_planted_key_logs_in(skep, images):
    with Door(skep, images, "auth.policy=list", f"auth.accept=[\"root:{PASSWORD}\"]") as door:
        key = os.path.join(door.directory, "key")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        with open(key + ".pub", encoding="ascii") as file:
            public = file.read().strip()
        only_key = ("PasswordAuthentication=no", f"IdentityFile={key}", "IdentitiesOnly=yes")
        refused = door.ssh("true", *only_key)
        assert refused.returncode == 255 and b"Permission denied (publickey,password)" in refused.stderr, refused
        planted = door.ssh(f"mkdir -p ~/.ssh; chmod 700 ~/.ssh; echo '{public}' >> ~/.ssh/authorized_keys")
        assert planted.returncode == 0, planted
        done = door.ssh("echo in", *only_key)
        assert done.stdout == b"in\n", done
        blob = base64.b64decode(public.split()[1])
        fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        wait_for("the key's event", lambda: [e for e in door.events("--eventid", "login.success") if e.get("fingerprint") == fingerprint])


def host_keys_lie_on_the_machine(skep, images):
    """What a root finds below /etc are the keys that the server shows."""
    with Door(skep, images) as door:
        host, port = door.address("ssh")
        shown = subprocess.run(["ssh-keyscan", "-p", str(port), host], capture_output=True, timeout=30, check=True).stdout.decode()
        shown = {line.split(" ", 1)[1] for line in shown.splitlines() if not line.startswith("#")}
        done = door.ssh("cd /etc/ssh; for key in ssh_host_*_key; do ssh-keygen -y -f $key; done; stat -c '%n %a %U' ssh_host_*")
        lines = done.stdout.decode().splitlines()
        assert {" ".join(line.split()[:2]) for line in lines[:3]} == shown, (lines, shown)
        assert len(lines) == 9 and all(line.endswith((".pub 644 root", "_key 600 root")) for line in lines[3:]), lines
        done = door.ssh("ls /etc/dropbear", service="router-ssh")
        assert b"dropbear_ed25519_host_key\n" in done.stdout, done


def other_clients_work(skep, images):
    with Door(skep, images) as door:
        host, port = door.address("ssh")
        environment = dict(os.environ, DROPBEAR_PASSWORD=PASSWORD, HOME=door.directory)
        ran = []
        for service in ("ssh", "router-ssh"):
            host, port = door.address(service)
            if shutil.which("dbclient"):
                done = subprocess.run(["dbclient", "-y", "-y", "-p", str(port), f"root@{host}", "echo $((6*7))"], env=environment,
                                      capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
                assert done.stdout == b"42\n", done
                ran.append("dbclient")
                # It closes the channel as soon as both sides have ended, long before the program's exit.
                done = subprocess.run(["dbclient", "-y", "-y", "-p", str(port), f"root@{host}", "exec >&- 2>&-; sleep 0.3; exit 5"], env=environment,
                                      capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
                assert done.returncode == 5, done
            if shutil.which("plink"):
                keys = [word for key in re.findall(r"SSH host key of .*?: \S+ (SHA256:\S+)", door.run("status").stdout) for word in ("-hostkey", key)]
                done = subprocess.run(["plink", "-ssh", "-batch", *keys, "-P", str(port), "-pw", PASSWORD, f"root@{host}", "echo $((6*7))"],
                                      env=environment, capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
                assert done.stdout == b"42\n", done
                ran.append("plink")
            for library, script in (("paramiko", PARAMIKO), ("asyncssh", ASYNCSSH)):
                done = subprocess.run(["/usr/bin/python3", "-c", script, host, str(port), PASSWORD], capture_output=True, timeout=120, check=False)
                if b"No module named" in done.stderr:
                    continue
                assert done.stdout == b"42\n", done
                ran.append(library)
        if not ran:
            skip("none of dbclient, plink, paramiko, asyncssh is installed")
        print("worked:", " ".join(ran))


PARAMIKO = """
import sys, paramiko
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect(sys.argv[1], int(sys.argv[2]), 'root', sys.argv[3], allow_agent=False, look_for_keys=False, timeout=60)
print(client.exec_command('echo $((6*7))')[1].read().decode().strip())
"""
ASYNCSSH = """
import sys, asyncio, asyncssh
async def run():
    async with asyncssh.connect(sys.argv[1], int(sys.argv[2]), username='root', password=sys.argv[3], known_hosts=None, client_keys=None) as peer:
        print((await peer.run('echo $((6*7))')).stdout.strip())
asyncio.run(run())
"""


if __name__ == "__main__":
    if shutil.which("ssh") is None:
        skip("no ssh program")
    main([programs_run_and_report, a_terminal_is_a_terminal, each_algorithm_works, uploads_are_captured, a_planted_key_logs_in, host_keys_lie_on_the_machine, other_clients_work])
