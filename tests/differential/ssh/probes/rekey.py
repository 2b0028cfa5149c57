"""Key exchange again after login, compression, and EXT_INFO."""
import stages
from client import EXT_INFO, Client
from probes import add
from probes.channels import opening
from probes.requests import request
from stages import STRICT_KEXINIT
from wire import Kexinit, string, u32

BASE = Kexinit()
GLOBAL = b"\x50" + string("x@y") + b"\1"
AT = {"keyed": stages.keyed, "strict": stages.strict_keyed, "auth": stages.authenticated}
for stage, reach in AT.items():
    add(f"rekey/{stage}/same", lambda c, r=reach: r(c).exchange_keys(BASE))
    add(f"rekey/{stage}/twice", lambda c, r=reach: (r(c).exchange_keys(BASE), c.exchange_keys(BASE)))
    add(f"rekey/{stage}/aes256", lambda c, r=reach: r(c).exchange_keys(BASE.but(cipher=b"aes256-ctr", mac=b"hmac-sha1")))
    add(f"rekey/{stage}/chacha", lambda c, r=reach: r(c).exchange_keys(BASE.but(cipher=b"chacha20-poly1305@openssh.com")))
    add(f"rekey/{stage}/other-host-key", lambda c, r=reach: r(c).exchange_keys(BASE.but(host_key=b"rsa-sha2-256")))
    add(f"rekey/{stage}/no-common-kex", lambda c, r=reach: r(c).propose(BASE.but(kex=b"x")))
    add(f"rekey/{stage}/no-common-cipher", lambda c, r=reach: r(c).propose(BASE.but(cipher=b"x")))
    add(f"rekey/{stage}/with-markers", lambda c, r=reach: r(c).exchange_keys(STRICT_KEXINIT))
    add(f"rekey/{stage}/kexinit-only", lambda c, r=reach: r(c).propose(BASE).wait(20))
    add(f"rekey/{stage}/kexinit-twice", lambda c, r=reach: r(c).propose(BASE).propose(BASE))
    add(f"rekey/{stage}/newkeys-at-once", lambda c, r=reach: (r(c).propose(BASE).wait(20), c.send(b"\x15")))
    add(f"rekey/{stage}/bad-value", lambda c, r=reach: (r(c).propose(BASE).wait(20), c.send(b"\x1e" + string(bytes(32)))))
    add(f"rekey/{stage}/eof", lambda c, r=reach: (r(c).propose(BASE).wait(20), c.half_close()))
    add(f"rekey/{stage}/wrong-guess", lambda c, r=reach: (r(c).send(BASE.but(kex=b"x,curve25519-sha256", guess=b"\1").payload(), b"\x1e" + string("guess")).wait(20), setattr(c, "kexinit", BASE.but(kex=b"x,curve25519-sha256", guess=b"\1")), c.start_exchange().wait(21), c.new_keys()))


def between(c: Client, place: str, odd: bytes) -> None:
    """A message during the exchange: RFC 4253 section 7.1 forbids those above 49, and 5 and 6."""
    stages.session(c).propose(BASE)
    c.wait(20)
    if place == "after-kexinit":
        c.send(odd).settle()
    c.start_exchange().wait(21)
    if place == "before-newkeys":
        c.send(odd).settle()
    c.new_keys()
    if place == "after-newkeys":
        c.send(odd)


ODD = {"ignore": b"\x02" + string("x"), "debug": b"\x04\0" + string("x") + string(""), "global": GLOBAL, "unknown": b"\xa0", "data": b"\x5e" + u32(0) + string("x"), "open": opening("session", 3),
       "service": b"\x05" + string("ssh-userauth"), "userauth": b"\x32" + string("x") * 3, "disconnect": b"\x01" + u32(11) + string("x") + string(""), "request": request("x")}
for place in ("after-kexinit", "before-newkeys", "after-newkeys"):
    for name, odd in ODD.items():
        add(f"rekey/between/{place}/{name}", lambda c, p=place, o=odd: between(c, p, o))
add("rekey/then-program", lambda c: (stages.session(c).exchange_keys(BASE.but(cipher=b"aes192-ctr")), c.send(request("exec", string("echo hello"))).wait(97)), races=True)
add("rekey/request-then-kexinit-at-once", lambda c: (stages.session(c).send(request("x"), BASE.payload()).wait(20), setattr(c, "kexinit", BASE), c.start_exchange().wait(21), c.new_keys()))

ZLIB = BASE.but(compression=b"zlib@openssh.com,none")
for name, offer in {"both": ZLIB, "out": BASE.but(compression_out=b"zlib@openssh.com"), "in": BASE.but(compression_in=b"zlib@openssh.com"), "strict": STRICT_KEXINIT.but(compression=b"zlib@openssh.com")}.items():
    add(f"compression/{name}/service", lambda c, o=offer: stages.clear(c).exchange_keys(o).service())
    add(f"compression/{name}/failed-login", lambda c, o=offer: stages.clear(c).exchange_keys(o).service().send(c.request("none")).wait(51))
    add(f"compression/{name}/login", lambda c, o=offer: stages.clear(c).exchange_keys(o).service().password())
    add(f"compression/{name}/global", lambda c, o=offer: (stages.clear(c).exchange_keys(o).service().password().wait(80, seconds=c.quiet), c.send(GLOBAL).wait(82)))
    add(f"compression/{name}/program", lambda c, o=offer: (stages.clear(c).exchange_keys(o).service().password().wait(80, seconds=c.quiet), c.send(opening("session")).wait(91), c.send(request("exec", string("head -c 20000 /dev/zero"))).wait(97)), races=True)
    add(f"compression/{name}/rekey", lambda c, o=offer: (stages.clear(c).exchange_keys(o).service().password().wait(80, seconds=c.quiet), c.exchange_keys(o), c.send(GLOBAL).wait(82)))


def uncompressed(c: Client) -> None:
    """What is not zlib where zlib is expected."""
    stages.clear(c).exchange_keys(ZLIB).service().password().wait(80, seconds=c.quiet)
    c.deflate = None
    c.send(GLOBAL)


add("compression/not-compressed", uncompressed)
for name, kex in {"ext-info": b"curve25519-sha256," + EXT_INFO}.items():
    add(f"ext-info/{name}", lambda c, k=kex: stages.clear(c).exchange_keys(BASE.but(kex=k)))
    add(f"ext-info/{name}-login", lambda c, k=kex: stages.clear(c).exchange_keys(BASE.but(kex=k)).service().password())
    add(f"ext-info/{name}-rekey", lambda c, k=kex: (stages.clear(c).exchange_keys(BASE.but(kex=k)), c.exchange_keys(BASE.but(kex=k))))
    add(f"ext-info/{name}-only-on-rekey", lambda c, k=kex: (stages.clear(c).exchange_keys(BASE), c.exchange_keys(BASE.but(kex=k))))
