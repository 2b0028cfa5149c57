"""Channels (RFC 4254 section 5): opening all types, windows, data, end of file and close in all orders."""
import stages
from client import Client
from probes import add
from wire import string, u32

BIG = 0x200000


def opening(kind: str | bytes, number: int = 0, window: int = BIG, packet: int = 0x8000, rest: bytes = b"") -> bytes:
    return b"\x5a" + string(kind) + u32(number) + u32(window) + u32(packet) + rest


def in_auth(c: Client, *messages: bytes) -> Client:
    """Each in its own write, with time to answer."""
    stages.authenticated(c)
    for one in messages:
        c.send(one)
        c.wait(*range(80, 101), 3, 1, seconds=c.quiet)
    return c


def in_session(c: Client, *messages: bytes) -> Client:
    stages.session(c)
    for one in messages:
        c.send(one)
        c.wait(*range(80, 101), 3, 1, seconds=c.quiet)
    return c


TCPIP = string("127.0.0.1") + u32(1) + string("127.0.0.1") + u32(4000)
TYPES: dict[str, bytes] = {
    "session": b"", "session\0": b"", "SESSION": b"", "": b"", "x": b"", "x11": string("127.0.0.1") + u32(6010), "auth-agent@openssh.com": b"",
    "forwarded-tcpip": TCPIP, "direct-tcpip": TCPIP, "direct-streamlocal@openssh.com": string("/nonexistent") + string("") + u32(0),
    "forwarded-streamlocal@openssh.com": string("/nonexistent") + string(""), "tun@openssh.com": u32(1) + u32(0), "auth-agent": b"", "c" * 2000: b"", "\x1b[2J%s": b"",
}
for kind, rest in TYPES.items():
    label = kind[:34].replace("\0", "-nul").replace("\x1b[2J%s", "escapes") or "empty"
    add(f"channel/open/{label}", lambda c, k=kind, r=rest: in_auth(c, opening(k, rest=r)))
    if label in ("session", "x", "direct-tcpip", "direct-streamlocal@openssh.com", "x11"):
        add(f"channel/open-truncated/{label}", lambda c, k=kind, r=rest: in_auth(c, opening(k, rest=r)[:-1]))
    if label in ("session", "x", "direct-tcpip", "direct-streamlocal@openssh.com", "x11"):
        add(f"channel/open-trailing/{label}", lambda c, k=kind, r=rest: in_auth(c, opening(k, rest=r + b"xyz")))
for name, number in {"1": 1, "7": 7, "max": 0xffffffff, "high": 0x80000000}.items():
    add(f"channel/number-{name}", lambda c, n=number: in_auth(c, opening("session", n), b"\x62" + u32(0) + string("x") + b"\1"))
for window in (0, 1, 0x7fffffff, 0x80000000, 0xffffffff):
    add(f"channel/window-{window:#x}", lambda c, n=window: in_auth(c, opening("session", 0, n)))
for packet in (0, 1, 8, 0x7fff, 0x8001, 0x10000, 0x40000, 0xffffffff):
    add(f"channel/packet-{packet:#x}", lambda c, n=packet: in_auth(c, opening("session", 0, BIG, n)))
for count in (2, 3, 9, 10, 11, 12):
    add(f"channel/sessions-{count}", lambda c, n=count: in_auth(c, *[opening("session", 100 + i) for i in range(n)]))
add("channel/sessions-11-at-once", lambda c: stages.authenticated(c).send(*[opening("session", 100 + i) for i in range(11)]))
add("channel/same-number-twice", lambda c: in_auth(c, opening("session", 5), opening("session", 5)))
add("channel/close-and-open-again", lambda c: in_auth(c, opening("session", 5), b"\x61" + u32(0), opening("session", 6)))
add("channel/open-after-10-closed", lambda c: in_auth(c, *[m for i in range(4) for m in (opening("session", i), b"\x61" + u32(0))]))
for label, rest in {"refused": string("127.0.0.1") + u32(1) + string("127.0.0.1") + u32(4000), "port-0": string("127.0.0.1") + u32(0) + string("127.0.0.1") + u32(0), "port-huge": string("127.0.0.1") + u32(70000) + string("x") + u32(1),
                    "no-such-host": string("nosuchhost.invalid") + u32(80) + string("x") + u32(1), "empty-host": string("") + u32(1) + string("") + u32(0), "nul-host": string("127.0.0.1\0x") + u32(1) + string("x") + u32(1),
                    "empty-originator": string("127.0.0.1") + u32(1) + string("") + u32(0), "port-max": string("127.0.0.1") + u32(0xffffffff) + string("x") + u32(1), "short": string("127.0.0.1")}.items():
    add(f"channel/direct-tcpip/{label}", lambda c, r=rest: (stages.authenticated(c).send(opening("direct-tcpip", rest=r)).wait(91, 92)))
for label, rest in {"absent": string("/nonexistent") + string("") + u32(0), "empty": string("") + string("") + u32(0), "directory": string("/tmp") + string("") + u32(0), "long": string("/" + "x" * 300) + string("") + u32(0),
                    "nul": string("/tmp\0x") + string("") + u32(0), "short": string("/tmp")}.items():
    add(f"channel/direct-streamlocal/{label}", lambda c, r=rest: (stages.authenticated(c).send(opening("direct-streamlocal@openssh.com", rest=r)).wait(91, 92)))

# To a session without a program, and to no channel at all.
for target, number in {"open": 0, "unknown": 1}.items():
    on = u32(number)
    for name, one in {
        "data": b"\x5e" + on + string("hello"), "data-empty": b"\x5e" + on + string(""), "data-short": b"\x5e" + on + u32(9) + b"x", "data-no-string": b"\x5e" + on, "data-trailing": b"\x5e" + on + string("x") + b"y",
        "extended-0": b"\x5f" + on + u32(0) + string("x"), "extended-1": b"\x5f" + on + u32(1) + string("x"), "extended-2": b"\x5f" + on + u32(2) + string("x"), "extended-short": b"\x5f" + on + u32(1),
        "adjust-0": b"\x5d" + on + u32(0), "adjust-1": b"\x5d" + on + u32(1), "adjust-max": b"\x5d" + on + u32(0xffffffff), "adjust-short": b"\x5d" + on, "adjust-trailing": b"\x5d" + on + u32(1) + b"x",
        "eof": b"\x60" + on, "eof-trailing": b"\x60" + on + b"x", "close": b"\x61" + on, "close-trailing": b"\x61" + on + b"x", "success": b"\x63" + on, "failure": b"\x64" + on,
        "confirmation": b"\x5b" + on + u32(0) + u32(BIG) + u32(0x8000), "open-failure": b"\x5c" + on + u32(1) + string("no") + string(""), "request": b"\x62" + on + string("x") + b"\1",
        "request-quiet": b"\x62" + on + string("x") + b"\0",
    }.items():
        add(f"channel/{target}/{name}", lambda c, o=one: in_session(c, o))
DATA, EOF, CLOSE = b"\x5e" + u32(0) + string("hello"), b"\x60" + u32(0), b"\x61" + u32(0)
for name, row in {"eof-eof": (EOF, EOF), "eof-data": (EOF, DATA), "close-close": (CLOSE, CLOSE), "close-data": (CLOSE, DATA), "close-eof": (CLOSE, EOF), "eof-close": (EOF, CLOSE), "data-eof-close": (DATA, EOF, CLOSE)}.items():
    add(f"channel/end/{name}", lambda c, r=row: in_session(c, *r))
    add(f"channel/end/{name}-at-once", lambda c, r=row: stages.session(c).send(*r))


def overflow(c: Client, size: int, count: int, kind: bytes = b"\x5e" + u32(0)) -> None:
    """More than the window that the server gave when it opened the channel; it takes nothing without a program."""
    stages.session(c)
    for _ in range(count):
        c.send(kind + string(b"x" * size))


add("channel/window/fill", lambda c: overflow(c, 32768, 60))
add("channel/window/overflow", lambda c: overflow(c, 32768, 66))
for size in (32768, 32769, 33000, 65536, 200000):
    add(f"channel/packet-of-{size}", lambda c, n=size: overflow(c, n, 1))
