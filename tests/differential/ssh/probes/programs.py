"""Programs: exec, shell, pty and subsystem, what they print, how they end, and what the peer sends meanwhile."""
import stages
from client import Client
from probes import add
from probes.channels import opening
from probes.requests import MODES, SIZE, request
from wire import string, u32

EOF, CLOSE = b"\x60" + u32(0), b"\x61" + u32(0)


def data(text: str | bytes, channel: int = 0) -> bytes:
    return b"\x5e" + u32(channel) + string(text)


def running(c: Client, command: str | bytes, *then: bytes, before: tuple[bytes, ...] = (), want: bool = True) -> Client:
    """Runs a command to its end: the server closes the channel, then we do."""
    stages.session(c)
    for one in before:
        c.send(one).wait(99, 100, seconds=c.quiet * 4)
    c.send(request("exec", string(command), want))
    if want:
        c.wait(99, 100)
    for one in then:
        c.send(one)
    c.wait(97)
    c.send(CLOSE)
    return c


def program(name: str, command: str | bytes, *then: bytes, before: tuple[bytes, ...] = ()) -> None:
    add(f"program/{name}", lambda c: running(c, command, *then, before=before), races=True)


PTY = request("pty-req", string("xterm") + SIZE + string(MODES))
program("echo", "echo hello")
program("echo-no-newline", "printf hello")
program("nothing", "true")
program("empty", "")
program("only-space", " ")
program("non-ascii", b"printf '\\377\\376\\0'")
program("nul-in-command", b"echo a\0echo b")
program("newline", "echo a\necho b")
program("syntax-error", "(")
program("syntax-error-quiet", "sh -c '(' 2>&-")
program("not-found", "nosuchcommand_x")
program("not-found-quiet", "nosuchcommand_x 2>&-")
program("stderr", "echo oops >&2")
program("stdin-eof", "cat", data("some text\n"), EOF)
program("stdin-nothing", "cat", EOF)
program("stdin-closed-early", "exec <&-; echo ok", data("x" * 100))
program("count-stdin", "wc -c", *[data("x" * 30000)] * 20, EOF)
program("much-output", "head -c 300000 /dev/zero")
program("kill-shell", "kill -9 $$")
program("cat-then-exit", "read x; echo got $x; exit 5", data("line\n"))
program("background", "sleep 0.3 & echo started")
add("program/background-long", lambda c: running(c, "sleep 60 & echo started"), "dropbear", races=True)
program("closed-stdout", "exec >&- 2>&-; sleep 0.3; exit 7")
program("shell-name", "echo $0 $#")
add("program/shell-level", lambda c: running(c, "echo $SHLVL"), "openssh", races=True)
program("term-without-pty", "echo T=$TERM")
program("env-accepted", "echo $LC_TIME-$LC_SKEP-$FOO", before=(request("env", string("LC_TIME") + string("C")), request("env", string("LC_SKEP") + string("x")), request("env", string("FOO") + string("y"))))
program("user", "echo $USER $LOGNAME")
program("pty-size", "stty size; echo $TERM", before=(PTY,))
for name, modes in {"": MODES, "-none": b"", "-255": b"\x01" + u32(255) + b"\x03" + u32(255) + b"\0", "-switch": b"\x10" + u32(5) + b"\0", "-speed": b"\x80" + u32(9600) + b"\x81" + u32(1200) + b"\0",
                    "-flags": b"\x24" + u32(0) + b"\x2a" + u32(1) + b"\x35" + u32(0) + b"\x48" + u32(1) + b"\x5c" + u32(1) + b"\0", "-after-end": b"\x01" + u32(5) + b"\0xyz", "-undefined": b"\x01" + u32(5) + b"\x0b" + u32(6) + b"\x77" + u32(1) + b"\xa0\0"}.items():
    program(f"pty-modes{name}", "stty -g", before=(request("pty-req", string("xterm") + SIZE + string(modes)),))
program("pty-echo", "read x; echo got $x", data("typed\r"), before=(PTY,))
program("pty-interrupt", "sleep 20", data("\x03"), before=(PTY,))
program("pty-stderr", "echo oops >&2", before=(PTY,))
program("window-changed", "sleep 0.5; stty size", request("window-change", u32(132) + u32(43) + u32(0) + u32(0), False), before=(PTY,))
for status in (0, 1, 2, 127, 200, 255):
    program(f"exit-{status}", f"exit {status}")
for signal in ("TERM", "KILL", "HUP", "INT", "SEGV", "USR1", "PIPE", "ABRT", "ALRM", "QUIT", "FPE", "ILL"):
    program(f"dies-by-{signal}", f"ulimit -c 0; kill -{signal} $$; sleep 1")
for signal in ("TERM", "KILL", "INT", "HUP", "USR1", "USR2", "ALRM", "SEGV", "PIPE", "XYZ", "STOP"):
    add(f"program/sent-{signal}", lambda c, s=signal: signalled(c, s), races=True)


def signalled(c: Client, name: str) -> None:
    stages.session(c)
    c.send(request("exec", string("trap 'echo caught; exit 9' USR1; echo ready; sleep 2 & wait $!; echo waited"))).wait(99, 100)
    c.wait(94)
    c.send(request("signal", string(name), False))
    c.wait(97)
    c.send(CLOSE)


def quiet_exec(c: Client) -> None:
    running(c, "echo hello", want=False)


add("program/without-reply", quiet_exec, races=True)
add("program/eof-before-exec", lambda c: (stages.session(c).send(EOF), c.send(request("exec", string("cat; echo done"))).wait(97)), races=True)
add("program/eof-before-echo", lambda c: (stages.session(c).send(EOF), c.wait(97, seconds=2), c.send(request("exec", string("echo done"))).wait(97)), races=True)
add("program/close-while-running", lambda c: (stages.session(c).send(request("exec", string("sleep 20"))).wait(99), c.send(CLOSE).wait(97)), races=True)
add("program/eof-while-running", lambda c: (stages.session(c).send(request("exec", string("sleep 1; echo late"))).wait(99), c.send(EOF).wait(97)), races=True)
add("program/exec-twice", lambda c: (stages.session(c).send(request("exec", string("sleep 1; exit 4"))).wait(99), c.send(request("exec", string("echo second"))).wait(99, 100), c.wait(97)), races=True)
add("program/shell-then-exec", lambda c: (stages.session(stages.quiet_home(c)).send(request("shell")).wait(99), c.send(request("exec", string("echo second"))).wait(99, 100), c.send(EOF).wait(97)), races=True)
add("program/shell-commands", lambda c: (stages.session(stages.quiet_home(c)).send(request("shell")).wait(99), c.send(data("echo one\nexit 3\n")).wait(97)), races=True)
add("program/shell-eof", lambda c: (stages.session(stages.quiet_home(c)).send(request("shell")).wait(99), c.send(EOF).wait(97)), races=True)
add("program/pty-after-exec", lambda c: (stages.session(c).send(request("exec", string("sleep 1"))).wait(99), c.send(PTY).wait(99, 100), c.wait(97)), races=True)
add("program/unknown-request-while-running", lambda c: (stages.session(c).send(request("exec", string("sleep 1"))).wait(99), c.send(request("x")).wait(99, 100), c.wait(97)), races=True)
add("program/extended-data-while-running", lambda c: (stages.session(c).send(request("exec", string("cat"))).wait(99), c.send(b"\x5f" + u32(0) + u32(1) + string("x"))), races=True)
add("program/data-after-eof", lambda c: (stages.session(c).send(request("exec", string("cat"))).wait(99), c.send(EOF, data("x"))), races=True)
for window in (0, 1, 5):
    add(f"program/window-of-{window}", lambda c, w=window: (stages.session(c, window=w).send(request("exec", string("echo hello"))).wait(99), c.wait(97, seconds=2), c.send(b"\x5d" + u32(0) + u32(100)).wait(97)), races=True)
for packet in (1, 3, 100):
    add(f"program/packets-of-{packet}", lambda c, p=packet: (stages.session(c, packet=p).send(request("exec", string("echo hello"))).wait(99), c.wait(97, seconds=3)), races=True)


def two_at_once(c: Client) -> None:
    """The second channel's program ends first."""
    stages.session(c)
    c.send(opening("session", 1)).wait(91)
    c.send(request("exec", string("sleep 1; exit 1"))).wait(99)
    c.send(request("exec", string("exit 2"), channel=1)).wait(99)
    c.wait(97)
    c.send(b"\x61" + u32(1)).wait(97)
    c.send(CLOSE)


add("program/two-at-once", two_at_once, races=True)
add("program/ten-one-after-another", lambda c: [(c.send(opening("session", i)).wait(91) if i else stages.session(c), c.send(request("exec", string(f"exit {i}"))).wait(97), c.send(CLOSE)) for i in range(10)], races=True)
SFTP = request("subsystem", string("sftp"))
add("program/sftp-init", lambda c: (stages.session(c).send(SFTP).wait(99, 100), c.send(data(u32(5) + b"\1" + u32(3))).wait(94, seconds=3), c.send(EOF).wait(97)), "openssh", races=True)
add("program/sftp-eof", lambda c: (stages.session(c).send(SFTP).wait(99, 100), c.send(EOF).wait(97)), "openssh", races=True)
add("program/sftp-bad", lambda c: (stages.session(c).send(SFTP).wait(99, 100), c.send(data(b"\xff" * 20)).wait(97)), "openssh", races=True)
add("program/sftp-realpath", lambda c: (stages.session(c).send(SFTP).wait(99, 100), c.send(data(u32(5) + b"\1" + u32(3))).wait(94), c.send(data(u32(10) + b"\x10" + u32(7) + string("/"))).wait(94), c.send(EOF).wait(97)), "openssh", races=True)
