"""Public keys that the user's authorized_keys holds: the probe itself puts them there, through a connection of its own before."""
import base64
import hashlib

import stages
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from client import Client
from probes import add
from probes.channels import BIG, opening
from probes.publickey import BOUND, ED_BLOB, asking, offer, signed
from probes.requests import MODES, SIZE, request, wide
from wire import mpint, string, u32

ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
BLOB = string("ssh-ed25519") + string(ED.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
RSA = rsa.generate_private_key(65537, 2048)
RSA_BLOB = string("ssh-rsa") + mpint(65537) + mpint(RSA.public_key().public_numbers().n)
CERTIFICATE = string("ssh-rsa-cert-v01@openssh.com") + string(bytes(32)) + RSA_BLOB[11:]  # Its beginning, which is all that is compared.


def own_key(name: str) -> tuple[ed25519.Ed25519PrivateKey, bytes]:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return key, string("ssh-ed25519") + string(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


# Options in front of keys, each with a key of its own: probes run at the same time and share one file. The bad ones are last, as
# sshd tells of each that it comes past.
GOOD = {
    "restrict": "restrict", "restrict-pty": "restrict,pty", "pty-restrict": "pty,restrict", "no-pty": "no-pty", "no-port-forwarding": "no-port-forwarding", "no-agent-forwarding": "no-agent-forwarding",
    "no-x11-forwarding": "no-X11-forwarding", "no-user-rc": "no-user-rc", "case": "NO-PTY,Port-Forwarding", "command": 'command="echo forced: $SSH_ORIGINAL_COMMAND ${SSH_ORIGINAL_COMMAND-unset}"',
    "command-quotes": r'command="echo \"a  b\""', "command-empty": 'command=""', "internal-sftp": 'command="internal-sftp -R"', "command-no-pty": 'no-pty,command="echo hello"', "environment": 'environment="FOO=bar",environment="FOO=other"',
    "expires": 'expiry-time="20380101"', "expires-seconds": 'expiry-time="20380101000000Z"', "from": 'from="127.0.0.0/8"', "from-pattern": 'from="10.*,127.?.0.*"', "from-quoted-blank": 'from="a b,*"', "from-inet-aton": 'from="*,!127.1"',
    "permitopen": 'permitopen="nosuchhost.invalid:1",permitopen="[::1]:2"', "permitopen-any": 'permitopen="*:1",permitopen="other.invalid:*"', "permitlisten": 'permitlisten="40123"', "permitlisten-pattern": 'permitlisten="local*:40124"',
    "permit-both": 'permitopen="h:1",permitlisten="h:1"', "tunnel": 'tunnel="3"', "tunnel-any": 'tunnel="any"', "no-touch-required": "no-touch-required", "verify-required": "verify-required", "comma-first": ",no-pty", "comma-twice": "no-pty,,no-user-rc",
    "comma-last": "no-pty,", "all": 'agent-forwarding,port-forwarding,pty,user-rc,x11-forwarding,command="exit 3",expiry-time="20380101",no-touch-required,permitopen="h:1",permitlisten="1",tunnel="0"',
}
BAD = {
    "cert-authority": "cert-authority", "expired": 'expiry-time="20200229"', "expired-minutes": 'expiry-time="202002291234"', "principals": 'principals="a"', "from-other": 'from="10.0.0.0/8"', "from-negated": 'from="*,!127.0.0.0/8"',
    "from-host-bits": 'from="127.0.0.1/8"', "from-empty": 'from=""', "unknown": "nonsense", "unknown-then-blank": "no-pty;x", "no-quote": "command=echo", "command-twice": 'command="a",command="b"', "bad-expiry": 'expiry-time="2038"',
    "bad-environment": 'environment="A-B=c"', "bad-permitopen": 'permitopen="80"', "bad-host": 'permitopen="[::1:80"', "bad-tunnel": 'tunnel="x"', "no-restrict": "no-restrict", "pty-value": 'pty="x"', "unended": 'command="echo',
}


def line(name: str, options: str) -> str:
    return f"{options} ssh-ed25519 {base64.b64encode(own_key(name)[1]).decode()} {name}\n"


LINES = "".join(f"{kind} {base64.b64encode(blob).decode()} x\n" for kind, blob in (("ssh-ed25519", BLOB), ("ssh-rsa", RSA_BLOB), ("ssh-rsa-cert-v01@openssh.com", CERTIFICATE)))
LINES += "\n  # options\n" + "".join(line(name, options) for name, options in (GOOD | BAD).items())


def authorize(c: Client) -> None:
    """Writes the keys as another file first: probes run at the same time."""
    stages.session(c)
    c.send(request("exec", string(f"mkdir -p -m 700 .ssh && printf %s '{LINES}' > .ssh/$$ && chmod 600 .ssh/$$ && mv .ssh/$$ .ssh/authorized_keys"))).wait(97)
    c.socket.close()


def ready(c: Client) -> Client:
    authorize(c.sibling())
    return stages.service(c)


def ed(c: Client, **odd: object) -> bytes:
    return signed(c, "ssh-ed25519", BLOB, key=ED, **odd)  # type: ignore[arg-type]


add("accepted/offer", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB)))
add("accepted/offer-trailing", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB) + b"x"))
add("accepted/offer-twice", lambda c: asking(ready(c), *2 * [offer("ssh-ed25519", BLOB)]))
add("accepted/offer-12", lambda c: asking(ready(c), *12 * [offer("ssh-ed25519", BLOB)]))
add("accepted/signed", lambda c: asking(ready(c), ed(c)))
add("accepted/offer-then-signed", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB), ed(c)))
add("accepted/other-key-then-signed", lambda c: asking(ready(c), offer("ssh-ed25519", ED_BLOB), ed(c)))
add("accepted/damaged", lambda c: asking(ready(c), ed(c, damage=True)))
add("accepted/damaged-7", lambda c: asking(ready(c), *7 * [ed(c, damage=True)]))
add("accepted/other-session", lambda c: asking(ready(c), ed(c, session=bytes(32))))
add("accepted/trailing", lambda c: asking(ready(c), ed(c) + b"x"))
add("accepted/unknown-user", lambda c: asking(ready(c), signed(c, "ssh-ed25519", BLOB, "nosuchuser", key=ED)))
add("accepted/signature-empty", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=b"")))
add("accepted/signature-of-other-type", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=string("rsa-sha2-256") + string(bytes(256)))))
add("accepted/signature-missing", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=b"")[:-4]))
add("accepted/signature-cut", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=string("ssh-ed25519") + u32(64) + bytes(10))))
add("accepted/signature-no-length", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=string("ssh-ed25519"))))
for name, size, body in (("cut", 256, 10), ("short", 255, 255), ("long", 256, 257), ("wrong", 256, 256)):
    add(f"accepted/signature-rsa-{name}", lambda c, s=size, b=body: asking(ready(c), offer("rsa-sha2-256", RSA_BLOB, signature=string("rsa-sha2-256") + u32(s) + bytes(b))))
add("accepted/signature-long", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=string("ssh-ed25519") + string(bytes(65)))))
add("accepted/signature-short", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=string("ssh-ed25519") + string(bytes(63)))))
add("accepted/offer-then-password", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB)).password())
add("accepted/then-program", lambda c: (asking(ready(c), ed(c)).wait(80, seconds=c.quiet), c.send(stages.OPEN_SESSION).wait(91), c.send(request("exec", string("echo hello"))).wait(97)), races=True)
for algorithm, blob in (("ssh-rsa", CERTIFICATE), ("rsa-sha2-256", CERTIFICATE), ("ssh-rsa", BLOB), ("ssh-ed25519", RSA_BLOB), ("ssh-rsa-cert-v01@openssh.com", CERTIFICATE), ("ssh-rsa-cert-v01@openssh.com", RSA_BLOB)):
    kind = "certificate" if blob is CERTIFICATE else "rsa" if blob is RSA_BLOB else "ed25519"
    add(f"accepted/{kind}-as-{algorithm.split('@')[0]}", lambda c, a=algorithm, b=blob: asking(ready(c), offer(a, b), signed(c, a, b, key=ED)))
for algorithm in ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"):
    add(f"accepted/offer-{algorithm}", lambda c, a=algorithm: asking(ready(c), offer(a, RSA_BLOB)))
    add(f"accepted/signed-{algorithm}", lambda c, a=algorithm: asking(ready(c), signed(c, a, RSA_BLOB, key=RSA)))
    add(f"accepted/damaged-{algorithm}", lambda c, a=algorithm: asking(ready(c), signed(c, a, RSA_BLOB, key=RSA, damage=True)))
add("accepted/hostbound-offer", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, method=BOUND, rest=string(c.host_key))))
add("accepted/hostbound-signed", lambda c: asking(ready(c), ed(c, method=BOUND, rest=string(c.host_key))))
add("accepted/hostbound-other-host", lambda c: asking(ready(c), ed(c, method=BOUND, rest=string(ED_BLOB))))
add("accepted/hostbound-damaged", lambda c: asking(ready(c), ed(c, method=BOUND, rest=string(c.host_key), damage=True)))


def used(c: Client, name: str, *messages: bytes, programs: bool = False) -> Client:
    """Logs in with the key of that name, then says the messages, each in its own write."""
    key, blob = own_key(name)
    asking(ready(c), signed(c, "ssh-ed25519", blob, key=key)).wait(80, seconds=c.quiet)
    for one in messages:
        c.send(one).wait(*range(81, 93), *range(99, 101), 97 if programs else 99, 1, seconds=c.quiet * (4 if programs else 1))
    if programs:
        c.wait(97)
    return c


SESSION = opening("session")
PTY = request("pty-req", string("xterm") + SIZE + string(MODES))
X11 = request("x11-req", b"\0" + string("MIT-MAGIC-COOKIE-1") + string("00" * 16) + u32(0))
AGENT = request("auth-agent-req@openssh.com")
EXEC, SHELL, SFTP = request("exec", string("echo asked")), request("shell"), request("subsystem", string("sftp"))


def direct(host: str, port: int, number: int = 1) -> bytes:
    return opening("direct-tcpip", number, BIG, 0x8000, string(host) + u32(port) + string("127.0.0.1") + u32(1000))


def listen(host: str, port: int, want: bool = True) -> bytes:
    return wide("tcpip-forward", string(host) + u32(port), want)


def only_openssh(name: str) -> str:
    """dropbear runs internal-sftp by a shell, whose words of that differ from the router's."""
    return "openssh" if name == "internal-sftp" else ""


for name in GOOD:
    add(f"options/{name}/login", lambda c, n=name: used(c, n))
for name in BAD:
    add(f"options/{name}/refused", lambda c, n=name: asking(ready(c), offer("ssh-ed25519", own_key(n)[1])).password())
for name in ("restrict", "restrict-pty", "pty-restrict", "no-pty", "case", "command-no-pty", "comma-twice"):
    add(f"options/{name}/pty", lambda c, n=name: used(c, n, SESSION, PTY, PTY[:-9]))
for name in ("restrict", "no-x11-forwarding"):
    add(f"options/{name}/x11", lambda c, n=name: used(c, n, SESSION, X11, X11))
for name in ("restrict", "no-agent-forwarding", "no-pty"):
    add(f"options/{name}/agent", lambda c, n=name: used(c, n, SESSION, AGENT, AGENT))
for name in ("restrict", "no-port-forwarding", "permitopen", "permitopen-any", "permit-both"):
    add(f"options/{name}/direct", lambda c, n=name: used(c, n, direct("nosuchhost.invalid", 1), direct("nosuchhost.invalid", 2), direct("NoSuchHost.invalid", 1), direct("other.invalid", 2), direct("127.0.0.1", 2)))
    add(f"options/{name}/direct-local", lambda c, n=name: used(c, n, opening("direct-streamlocal@openssh.com", 1, BIG, 0x8000, string("/nonexistent") + string("") + u32(0))))
for name in ("restrict", "no-port-forwarding", "permitlisten", "permitlisten-pattern", "permit-both"):
    add(f"options/{name}/listen", lambda c, n=name: used(c, n, listen("127.0.0.1", 0), listen("x", 0, False), listen("LocalHost", 22), listen("h", 1)))
    if name in ("restrict", "no-port-forwarding"):
        add(f"options/{name}/listen-local", lambda c, n=name: used(c, n, wide("streamlocal-forward@openssh.com", string("/nonexistent/x"))))
    add(f"options/{name}/cancel", lambda c, n=name: used(c, n, wide("cancel-tcpip-forward", string("h") + u32(1)), wide("unknown")))
for name in ("restrict", "command", "command-quotes", "command-empty", "command-no-pty", "internal-sftp", "environment", "all"):
    add(f"options/{name}/exec", lambda c, n=name: used(c, n, SESSION, EXEC, programs=True), only_openssh(name), races=True)
for name in ("command", "internal-sftp", "command-quotes"):
    add(f"options/{name}/shell", lambda c, n=name: used(c, n, SESSION, SHELL, programs=True), only_openssh(name), races=True)
    add(f"options/{name}/subsystem", lambda c, n=name: used(c, n, SESSION, SFTP, b"\x60" + u32(0), programs=True), only_openssh(name), races=True)
    add(f"options/{name}/subsystem-unknown", lambda c, n=name: used(c, n, SESSION, request("subsystem", string("x"))))
add("options/command/pty", lambda c: used(c, "command", SESSION, PTY, EXEC, programs=True), races=True)
add("options/restrict/exec-late-pty", lambda c: used(c, "restrict", SESSION, PTY, EXEC, programs=True), races=True)
add("options/environment/variable", lambda c: used(c, "environment", SESSION, request("exec", string("echo FOO=$FOO")), programs=True), races=True)
add("options/restrict/offer-then-password", lambda c: (asking(ready(c), offer("ssh-ed25519", own_key("restrict")[1])).password(), c.wait(80, seconds=c.quiet), c.send(SESSION).wait(91), c.send(PTY)))
add("options/command/damaged-then-other", lambda c: asking(ready(c), signed(c, "ssh-ed25519", own_key("command")[1], key=own_key("command")[0], damage=True), ed(c)))
add("options/command/signal", lambda c: used(c, "internal-sftp", SESSION, SFTP, request("signal", string("TERM"))), "openssh")
