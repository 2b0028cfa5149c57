"""Authentication (RFC 4252, 4256): methods, malformed requests, counting, changes of user and service."""
import stages
from client import PASSWORD, USER, Client
from probes import add
from wire import boolean, string, u32

NO = boolean(False)


def asking(c: Client, *requests: bytes) -> Client:
    """One request after the other, each after the answer to the one before."""
    stages.service(c)
    for one in requests:
        if not c.ended:
            c.send(one).wait(51, 52, 60, 1)
    return c


def request(method: str | bytes, rest: bytes = b"", user: str | bytes = USER, service: str | bytes = "ssh-connection") -> bytes:
    return b"\x32" + string(user) + string(service) + string(method) + rest


def password(text: str | bytes, user: str | bytes = USER) -> bytes:
    return request("password", NO + string(text), user)


NONE = request("none")
for name, user in {"known": USER, "root": "root", "unknown": "nosuchuser", "empty": "", "nul": b"root\0x", "long": "u" * 300, "very-long": "u" * 30000, "non-ascii": b"\xff\xfe",
                   "escapes": b"\x1b[2J%s\r\n", "with-style": "root:pam", "with-slash": "root/x", "daemon": "daemon", "spaces": " root ", "huge": "u" * 100000}.items():
    add(f"userauth/none/{name}", lambda c, u=user: asking(c, request("none", user=u)))
    if name in ("known", "root", "unknown", "empty", "daemon"):
        add(f"userauth/none-twice/{name}", lambda c, u=user: asking(c, request("none", user=u), request("none", user=u)))
for method in ("none", "password", "publickey", "hostbased", "keyboard-interactive", "gssapi-with-mic", "gssapi-keyex", "x", "", "None", "PASSWORD", "none,password", "none\0", "m" * 3000):
    label = method[:30].replace("\0", "-nul") or "empty"
    add(f"userauth/method/{label}", lambda c, m=method: asking(c, request(m)))
    if len(method) > 2:
        add(f"userauth/method-with-more/{label}", lambda c, m=method: asking(c, request(m, NO + string("x") + string("y") + string("z"))))
for service in ("ssh-userauth", "x", "", "ssh-connection\0", "SSH-CONNECTION", "s" * 1000):
    label = service[:20].replace("\0", "-nul") or "empty"
    add(f"userauth/service/{label}", lambda c, s=service: asking(c, request("none", service=s)))
    add(f"userauth/service-password/{label}", lambda c, s=service: asking(c, request("password", NO + string(PASSWORD), service=s)))
add("userauth/change-user", lambda c: asking(c, NONE, request("none", user="root")))
add("userauth/change-user-from-unknown", lambda c: asking(c, request("none", user="nosuchuser"), NONE))
add("userauth/change-service", lambda c: asking(c, NONE, request("none", service="x")))
add("userauth/change-user-and-password", lambda c: asking(c, request("none", user="root"), password(PASSWORD)))
add("userauth/change-style", lambda c: asking(c, NONE, request("none", user=USER + ":x")))

FULL = password(PASSWORD)
for cut in (1, 3, 5, 9, 13, 20, 30, 31, 40, 43, 44, 46, len(FULL) - 1):
    add(f"userauth/truncated-{cut}", lambda c, n=cut: asking(c, FULL[:n]))
add("userauth/trailing-none", lambda c: asking(c, NONE + b"x"))
add("userauth/trailing-password", lambda c: asking(c, FULL + b"x"))
add("userauth/user-length-huge", lambda c: asking(c, b"\x32" + u32(0xffffffff) + b"x" * 20))
add("userauth/method-length-huge", lambda c: asking(c, b"\x32" + string(USER) + string("ssh-connection") + u32(0x7fffffff) + b"x"))
for byte in (2, 255):
    add(f"userauth/password-boolean-{byte}", lambda c, b=byte: asking(c, request("password", bytes([b]) + string(PASSWORD) + string("New-1234"))), slow=True)

for name, one in {"wrong": password("wrong"), "empty": password(""), "nul": password(PASSWORD + "\0"), "nul-in": password(b"Pw\0-1234x"), "long": password("p" * 1024), "1025": password("p" * 1025),
                  "very-long": password("p" * 30000), "non-ascii": password(b"\xff\xfe"), "unknown-user": password("x", "nosuchuser"), "root": password("x", "root"), "empty-user": password("x", ""),
                  "daemon": password("x", "daemon"), "nologin-empty": password("", "daemon"), "long-user": password("x", "u" * 300), "nul-user": password(PASSWORD, USER.encode() + b"\0"),
                  "style": password(PASSWORD, USER + ":pam"), "change": request("password", boolean(True) + string("wrong") + string("new")), "escapes": password(b"%s%n\x1b[2J\r\n")}.items():
    add(f"userauth/password/{name}", lambda c, o=one: asking(c, o), slow=True)
add("userauth/password/right", lambda c: asking(c, FULL))
add("userauth/password/right-change", lambda c: asking(c, request("password", boolean(True) + string(PASSWORD) + string("New-1234"))), slow=True)
add("userauth/password/none-then-right", lambda c: asking(c, NONE, FULL))
add("userauth/password/wrong-then-right", lambda c: asking(c, password("wrong"), FULL), slow=True)
add("userauth/password/right-then-more", lambda c: asking(c, FULL).send(NONE))
add("userauth/password/right-then-password", lambda c: asking(c, FULL).send(FULL))
add("userauth/password/eof-while-waiting", lambda c: stages.service(c).send(password("wrong")).half_close(), slow=True)
add("userauth/password/two-at-once", lambda c: (stages.service(c).send(password("wrong"), password("wrong2")).wait(51), c.wait(51)), slow=True)
add("userauth/password/wrong-then-right-at-once", lambda c: (stages.service(c).send(password("wrong"), FULL).wait(51), c.wait(52)), slow=True)
add("userauth/password/none-and-right-at-once", lambda c: stages.service(c).send(NONE, FULL).wait(52))
add("userauth/password/ignore-while-waiting", lambda c: stages.service(c).send(password("wrong"), b"\x02" + string("x"), b"\xa0").wait(51), slow=True)
add("userauth/password/disconnect-while-waiting", lambda c: stages.service(c).send(password("wrong"), b"\x01" + u32(11) + string("x") + string("")), slow=True)
add("userauth/password/kexinit-while-waiting", lambda c: (stages.service(c).send(password("wrong"), c.kexinit.payload()).wait(51), c.wait(20)), slow=True)

# MaxAuthTries: 6 for OpenSSH, of which failures after the first `none` count; 10 for dropbear.
for count in (2, 5, 6, 7, 9, 10, 11, 12):
    add(f"userauth/tries/none-{count}", lambda c, n=count: asking(c, *n * [NONE]))
    if count in (5, 6, 10, 11):
        add(f"userauth/tries/unknown-method-{count}", lambda c, n=count: asking(c, *n * [request("x")]))
    if count in (6, 10):
        add(f"userauth/tries/keyboard-interactive-{count}", lambda c, n=count: asking(c, *n * [request("keyboard-interactive", string("") + string(""))]))
for count in (5, 6, 7):
    add(f"userauth/tries/password-{count}", lambda c, n=count: asking(c, *n * [password("wrong")]), slow=True)
    add(f"userauth/tries/none-password-{count}", lambda c, n=count: asking(c, NONE, *n * [password("wrong")]), slow=True)
add("userauth/tries/password-12", lambda c: asking(c, *12 * [password("wrong")]), "dropbear", slow=True)
add("userauth/tries/unknown-user-password-7", lambda c: asking(c, *7 * [password("x", "nosuchuser")]), slow=True)
add("userauth/tries/mixed", lambda c: asking(c, NONE, request("x"), password("wrong"), request("none"), password("wrong"), request("x"), password("wrong"), NONE), slow=True)
add("userauth/tries/five-then-right", lambda c: asking(c, *5 * [NONE], FULL))
add("userauth/tries/five-wrong-then-right", lambda c: asking(c, *5 * [password("wrong")], FULL), slow=True)
add("userauth/tries/twenty-at-once", lambda c: stages.service(c).send(*20 * [NONE]))

KI = request("keyboard-interactive", string("") + string(""))
for name, one in {"plain": KI, "submethods": request("keyboard-interactive", string("en") + string("pam,bsdauth")), "short": request("keyboard-interactive", string("")),
                  "unknown-user": request("keyboard-interactive", string("") + string(""), "nosuchuser"), "trailing": KI + b"x"}.items():
    add(f"userauth/keyboard-interactive/{name}", lambda c, o=one: asking(c, o))
    add(f"userauth/keyboard-interactive/{name}-answered", lambda c, o=one: asking(c, o).send(b"\x3d" + u32(1) + string(PASSWORD)))
for name, one in {"info-response": b"\x3d" + u32(0), "pk-ok": b"\x3c", "success": b"\x34", "failure": b"\x33" + string("x") + b"\0", "banner": b"\x35" + string("x") + string(""),
                  "ext-info": b"\x07" + u32(0), "global": b"\x50" + string("x") + b"\1", "channel": b"\x5a" + string("session") + u32(0) * 3}.items():
    add(f"userauth/out-of-place/{name}-after-failure", lambda c, o=one: asking(c, NONE).send(o))
for name, markers in {"ext-info": stages.STRICT_KEXINIT}.items():
    add(f"userauth/after-{name}/none", lambda c: stages.strict_keyed(c).service().send(NONE).wait(51))
    add(f"userauth/after-{name}/right", lambda c: stages.strict_keyed(c).service().password())
    add(f"userauth/after-{name}/rekey-between", lambda c: (stages.strict_keyed(c).service().send(NONE).wait(51), c.exchange_keys(), c.password()))
