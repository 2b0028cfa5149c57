"""Every message number at every stage, alone in its packet and with a little behind it; IGNORE, DEBUG, UNIMPLEMENTED, DISCONNECT, ping."""
import stages
from client import Client
from probes import add
from wire import string, u32

AT = ("clear", "keyed", "auth")
KNOWN = (1, 2, 3, 4, 5, 6, 7, 8, 20, 21, 30, 31, 32, 33, 34, 50, 51, 52, 53, 60, 61, 62, 63, 64, 65, 66, 80, 81, 82, 90, 91, 92, 93, 94, 95, 96, 97, 98,
         99, 100)
# The rest is asked in few connections: those that only are answered with UNIMPLEMENTED go on.
SINGLE = (0, 9, 19, 35, 49, 54, 79, 101, 128, 191, 192, 193, 255)


def reach(c: Client, stage: str) -> Client:
    return stages.STAGES[stage](c)


def each(c: Client, stage: str, first: int, last: int) -> None:
    reach(c, stage)
    for number in range(first, last + 1):
        if not c.ended:
            c.send(bytes([number]))
            c.wait(3, 1, seconds=c.quiet)


for stage in AT:
    for number in KNOWN + SINGLE:
        add(f"messages/{stage}/{number}", lambda c, s=stage, n=number: reach(c, s).send(bytes([n])))
    for first in (10, 22, 35, 41, 54, 67, 83, 101, 110, 128, 160, 180, 194, 230):
        last = {10: 18, 22: 29, 35: 40, 41: 49, 54: 59, 67: 79, 83: 89, 101: 109, 110: 127, 128: 140, 160: 165, 180: 191, 194: 199, 230: 240}[first]
        add(f"messages/{stage}/{first}-{last}", lambda c, s=stage, a=first, b=last: each(c, s, a, b))

BODIES = {
    "ignore": b"\x02" + string(b"x"), "ignore-empty": b"\x02" + string(b""), "ignore-short": b"\x02\0\0\0\x09x", "ignore-trailing": b"\x02" + string(b"x") + b"yy",
    "debug": b"\x04\1" + string(b"hello") + string(b""), "debug-quiet": b"\x04\0" + string(b"hello") + string(b"en"), "debug-short": b"\x04\1\0\0\0\x09x",
    "debug-escapes": b"\x04\1" + string(b"\x1b[2J\0\xff") + string(b""), "debug-no-language": b"\x04\1" + string(b"x"), "debug-trailing": b"\x04\1" + string(b"x") + string(b"") + b"z",
    "unimplemented": b"\x03" + u32(0), "unimplemented-future": b"\x03" + u32(0xffffffff), "unimplemented-short": b"\x03\0\0", "unimplemented-trailing": b"\x03" + u32(3) + b"x",
    "ping": b"\xc0" + string(b"ping"), "ping-empty": b"\xc0" + string(b""), "ping-short": b"\xc0\0\0\0\x09x", "pong": b"\xc1" + string(b"pong"),
    "ext-info": b"\x07" + u32(1) + string("server-sig-algs") + string("x"), "ext-info-none": b"\x07" + u32(0), "ext-info-short": b"\x07" + u32(5),
    "ext-info-unknown": b"\x07" + u32(2) + string("x@y") + string(b"\0") + string("no-flow-control") + string("p"), "ext-info-many": b"\x07" + u32(1024) + 1024 * (string("a") + string("")),
    "ext-info-too-many": b"\x07" + u32(1025) + 1025 * (string("a") + string("")), "ext-info-nul": b"\x07" + u32(1) + string("a\0b") + string("x"), "ext-info-trailing": b"\x07" + u32(0) + b"xx",
    "ext-info-global-requests": b"\x07" + u32(1) + string("global-requests-ok") + string(""), "newcompress": b"\x08",
    "service-request": b"\x05" + string("ssh-userauth"), "service-connection": b"\x05" + string("ssh-connection"), "service-unknown": b"\x05" + string("x"),
    "service-empty": b"\x05" + string(""), "service-nul": b"\x05" + string("ssh-userauth\0"), "service-short": b"\x05\0\0\0\x20ssh", "service-trailing": b"\x05" + string("ssh-userauth") + b"x",
    "service-long": b"\x05" + string("a" * 3000), "service-non-ascii": b"\x05" + string(b"\xff\x1b[m"), "service-accept": b"\x06" + string("ssh-userauth"),
    "service-escapes": b"\x05" + string("%s%n\r\n\t\"\\"), "userauth-none": b"\x32" + string("root") + string("ssh-connection") + string("none"),
    "global-keepalive": b"\x50" + string("keepalive@openssh.com") + b"\1", "channel-open": b"\x5a" + string("session") + u32(0) + u32(0x10000) + u32(0x8000),
    "kexdh-init": b"\x1e" + string(bytes(range(32))), "kexdh-reply": b"\x1f" + string(bytes(51)) + string(bytes(32)) + string(bytes(83)),
    "gex-request": b"\x22" + u32(2048) + u32(2048) + u32(8192), "gex-init": b"\x20" + string(b"\x02"), "gex-old-request": b"\x1e" + u32(2048),
    "userauth-success": b"\x34", "userauth-failure": b"\x33" + string("none") + b"\0", "info-response": b"\x3d" + u32(0), "channel-data": b"\x5e" + u32(0) + string("x"),
}
for stage in ("clear", "keyed", "service", "auth"):
    for name, body in BODIES.items():
        if stage == "service" and not name.startswith(("service", "userauth", "info")) or stage == "clear" and name.startswith("ext-info-"):
            continue
        add(f"messages/{stage}/{name}", lambda c, s=stage, b=body: reach(c, s).send(b))
for stage in ("clear", "service", "auth"):
    for code in (0, 2, 11, 0xffffffff):
        add(f"disconnect/{stage}/code-{code}", lambda c, s=stage, n=code: reach(c, s).send(b"\x01" + u32(n) + string("bye") + string("")))
    for name, body in {"no-language": u32(11) + string("bye"), "no-text": u32(11), "short": u32(11)[:2], "long": u32(11) + string("x" * 5000) + string(""),
                       "escapes": u32(11) + string(b"\x1b[2J\0\r\n%s") + string("en"), "trailing": u32(11) + string("x") + string("") + b"zzz",
                       "bad-length": u32(11) + u32(0xffff) + b"x"}.items():
        add(f"disconnect/{stage}/{name}", lambda c, s=stage, b=body: reach(c, s).send(b"\x01" + b))
    add(f"disconnect/{stage}/then-more", lambda c, s=stage: reach(c, s).send(b"\x01" + u32(11) + string("bye") + string(""), b"\x02" + string("x")))
for number in (0, 1, 2, 3, 4, 20, 30, 101, 192, 255):
    add(f"messages/strict/{number}", lambda c, n=number: stages.strict_keyed(c).send(bytes([n])))
