"""Requests of channels (RFC 4254 section 6) and global requests (section 4), well formed and not."""
import stages
from probes import add
from probes.channels import BIG, in_auth, in_session, opening
from wire import boolean, string, u32

SIZE = u32(80) + u32(24) + u32(640) + u32(480)
MODES = b"\x01" + u32(3) + b"\x35" + u32(1) + b"\x80" + u32(38400) + b"\x81" + u32(38400) + b"\0"


def request(name: str | bytes, rest: bytes = b"", want_reply: bool = True, channel: int = 0) -> bytes:
    return b"\x62" + u32(channel) + string(name) + boolean(want_reply) + rest


BODIES: dict[str, tuple[str, bytes]] = {
    "pty": ("pty-req", string("xterm") + SIZE + string(MODES)), "pty-empty-term": ("pty-req", string("") + SIZE + string(b"\0")), "pty-no-modes": ("pty-req", string("xterm") + SIZE + string("")),
    "pty-bad-modes": ("pty-req", string("xterm") + SIZE + string(b"\x01\0")), "pty-unknown-modes": ("pty-req", string("xterm") + SIZE + string(b"\x9f" + u32(1) + b"\xff" + u32(1) + b"\0")),
    "pty-short": ("pty-req", string("xterm") + SIZE[:9]), "pty-trailing": ("pty-req", string("xterm") + SIZE + string(b"\0") + b"xx"), "pty-huge": ("pty-req", string("xterm") + u32(0xffffffff) * 4 + string(b"\0")),
    "pty-nul-term": ("pty-req", string("x\0y") + SIZE + string(b"\0")), "pty-long-term": ("pty-req", string("t" * 5000) + SIZE + string(b"\0")),
    "env-lang": ("env", string("LANG") + string("C")), "env-lc": ("env", string("LC_X") + string("C")), "env-path": ("env", string("PATH") + string("/")), "env-empty": ("env", string("") + string("")),
    "env-short": ("env", string("LANG")), "env-trailing": ("env", string("LANG") + string("C") + b"x"), "env-nul": ("env", string("LANG\0") + string("C")), "env-preload": ("env", string("LD_PRELOAD") + string("x")),
    "window-change": ("window-change", SIZE), "window-change-short": ("window-change", SIZE[:7]), "window-change-trailing": ("window-change", SIZE + b"x"), "signal": ("signal", string("TERM")),
    "signal-unknown": ("signal", string("XYZ")), "signal-empty": ("signal", string("")), "signal-short": ("signal", b"\0\0"), "x11": ("x11-req", b"\0" + string("MIT-MAGIC-COOKIE-1") + string("00" * 16) + u32(0)),
    "x11-short": ("x11-req", b"\0" + string("x")), "x11-odd": ("x11-req", b"\1" + string("\0") + string("zz") + u32(70000)), "agent": ("auth-agent-req@openssh.com", b""), "agent-old": ("auth-agent-req", b""),
    "agent-trailing": ("auth-agent-req@openssh.com", b"xyz"), "subsystem-unknown": ("subsystem", string("nosuch")), "subsystem-empty": ("subsystem", string("")), "subsystem-short": ("subsystem", b"\0\0\0\x09x"),
    "exec-short": ("exec", b"\0\0\0\x09x"), "shell-trailing": ("shell", b"x"), "exec-trailing": ("exec", string("exit 3") + b"x"), "break": ("break", u32(500)), "xon-xoff": ("xon-xoff", b"\1"), "eow": ("eow@openssh.com", b""),
    "keepalive": ("keepalive@openssh.com", b""), "simple": ("simple@putty.projects.tartarus.org", b""), "winadj": ("winadj@putty.projects.tartarus.org", b""), "unknown": ("x", b""), "empty": ("", b""), "long": ("r" * 5000, b""),
    "nul": ("shell\0", b""), "exit-status": ("exit-status", u32(0)), "exit-signal": ("exit-signal", string("KILL") + b"\0" + string("") + string("")), "info": ("info@openssh.com", b""),
}
BOTH = ("pty", "pty-short", "env-lang", "env-path", "window-change", "signal", "x11", "agent", "subsystem-unknown", "unknown", "exec-short", "shell-trailing")
for name, (kind, rest) in BODIES.items():
    for want in (True, False) if name in BOTH else (True,):
        add(f"request/{name}{'' if want else '-quiet'}", lambda c, k=kind, r=rest, w=want: in_session(stages.quiet_home(c) if k.startswith("shell") else c, request(k, r, w)), races=kind in ("shell", "exec"))
add("request/pty-twice", lambda c: in_session(c, *2 * [request("pty-req", string("xterm") + SIZE + string(MODES))]))
add("request/agent-twice", lambda c: in_session(c, *2 * [request("auth-agent-req@openssh.com")]))
add("request/truncated", lambda c: in_session(c, request("shell")[:12]))
add("request/no-boolean", lambda c: in_session(c, request("shell")[:-1]))
add("request/boolean-2", lambda c: in_session(c, request("x")[:-1] + b"\2"))
add("request/window-change-without-pty", lambda c: in_session(c, request("window-change", SIZE)))
add("request/env-200", lambda c: in_session(c, *5 * [request("env", string("LC_A") + string("x"))]))
add("request/other-session", lambda c: in_session(c, opening("session", 1), request("x", channel=1), request("x", channel=0), request("x", channel=2)))


def wide(name: str | bytes, rest: bytes = b"", want_reply: bool = True) -> bytes:
    return b"\x50" + string(name) + boolean(want_reply) + rest


GLOBALS: dict[str, tuple[str, bytes]] = {
    "keepalive": ("keepalive@openssh.com", b""), "unknown": ("x", b""), "empty": ("", b""), "nul": ("x\0y", b""), "long": ("g" * 5000, b""), "no-more-sessions": ("no-more-sessions@openssh.com", b""),
    "hostkeys": ("hostkeys-00@openssh.com", b""), "prove-none": ("hostkeys-prove-00@openssh.com", b""), "prove-garbage": ("hostkeys-prove-00@openssh.com", string("x")), "prove-short": ("hostkeys-prove-00@openssh.com", u32(9)),
    "prove-unknown": ("hostkeys-prove-00@openssh.com", string(string("ssh-ed25519") + string(bytes(32)))), "forward-low-port": ("tcpip-forward", string("127.0.0.1") + u32(0x10001)), "forward-huge": ("tcpip-forward", string("x") + u32(0xffffffff)),
    "forward-short": ("tcpip-forward", string("127.0.0.1")), "forward-bad-host": ("tcpip-forward", string("nosuchhost.invalid") + u32(0)), "cancel-unknown": ("cancel-tcpip-forward", string("127.0.0.1") + u32(9)), "cancel-short": ("cancel-tcpip-forward", b""),
    "streamlocal-short": ("streamlocal-forward@openssh.com", b""), "streamlocal-long": ("streamlocal-forward@openssh.com", string("/tmp/" + "x" * 300)), "streamlocal-nodir": ("streamlocal-forward@openssh.com", string("/nonexistent/x")),
    "cancel-streamlocal": ("cancel-streamlocal-forward@openssh.com", string("/nonexistent/x")), "cancel-streamlocal-short": ("cancel-streamlocal-forward@openssh.com", b""), "ping": ("ping@openssh.com", string("x")), "escapes": ("\x1b[2J%s", b"")}
BOTH_GLOBALS = ("keepalive", "unknown", "prove-none", "prove-garbage", "forward-low-port", "forward-short", "cancel-unknown", "streamlocal-short", "no-more-sessions")
for name, (kind, rest) in GLOBALS.items():
    for want in (True, False) if name in BOTH_GLOBALS else (True,):
        add(f"global/{name}{'' if want else '-quiet'}", lambda c, k=kind, r=rest, w=want: in_auth(c, wide(k, r, w)))
    if name in BOTH_GLOBALS:
        add(f"global/{name}-trailing", lambda c, k=kind, r=rest: in_auth(c, wide(k, r + b"zz")))
add("global/truncated", lambda c: in_auth(c, b"\x50" + u32(40) + b"x"))
add("global/no-boolean", lambda c: in_auth(c, wide("x")[:-1]))
add("global/boolean-255", lambda c: in_auth(c, wide("x")[:-1] + b"\xff"))
add("global/success-unasked", lambda c: in_auth(c, b"\x51"))
add("global/failure-unasked", lambda c: in_auth(c, b"\x52"))
add("global/five-at-once", lambda c: stages.authenticated(c).send(*[wide(f"x{i}") for i in range(5)]))
add("global/no-more-sessions-then-open", lambda c: in_auth(c, opening("session"), wide("no-more-sessions@openssh.com", b"", False), opening("session", 1)))
add("global/no-more-sessions-then-direct", lambda c: in_auth(c, wide("no-more-sessions@openssh.com", b"", False), opening("direct-tcpip", 1, BIG, 0x8000, string("127.0.0.1") + u32(1) + string("x") + u32(1))))
add("global/prove-ed25519", lambda c: (stages.authenticated(c), c.send(wide("hostkeys-prove-00@openssh.com", string(c.host_key))).wait(81, 82)), "openssh")
add("global/prove-twice", lambda c: (stages.authenticated(c), c.send(wide("hostkeys-prove-00@openssh.com", 2 * string(c.host_key))).wait(81, 82)), "openssh")
