"""Order and values of the key exchange: RFC 4253 section 8, 4419, 5656, 8731, and OpenSSH's strict KEX."""
import agreement
import stages
from client import Client
from probes import add
from stages import STRICT_KEXINIT
from wire import Kexinit, mpint, string, u32

BASE = Kexinit()
IGNORE, DEBUG, UNIMPLEMENTED = b"\x02" + string("x"), b"\x04\0" + string("x") + string(""), b"\x03" + u32(0)
ODD = {"ignore": IGNORE, "debug": DEBUG, "unimplemented": UNIMPLEMENTED, "unknown": b"\xa0", "service": b"\x05" + string("ssh-userauth"),
       "kexinit": BASE.payload(), "newkeys": b"\x15", "userauth": b"\x32" + string("root") + string("ssh-connection") + string("none"),
       "ext-info": b"\x07" + u32(0), "reply": b"\x1f" + string("x") * 3, "channel": b"\x5a" + string("session") + u32(0) * 3, "ping": b"\xc0" + string("x")}


def with_odd(c: Client, kexinit: Kexinit, place: str, odd: bytes) -> None:
    """A whole exchange with a message more at one place."""
    c.identify()
    c.kexinit = kexinit
    if place == "before-kexinit":
        c.send(odd)
    c.propose(kexinit)
    if place == "after-kexinit":
        c.send(odd).settle()
    c.start_exchange().wait(21)
    if place == "before-newkeys":
        c.send(odd).settle()
    c.new_keys()
    if place == "after-newkeys":
        c.send(odd)
    c.settle()
    c.service()


for mode, kexinit in {"plain": BASE, "strict": STRICT_KEXINIT}.items():
    for place in ("before-kexinit", "after-kexinit", "before-newkeys", "after-newkeys"):
        for name, odd in ODD.items():
            add(f"order/{mode}/{place}/{name}", lambda c, k=kexinit, p=place, o=odd: with_odd(c, k, p, o))

add("order/newkeys-first", lambda c: stages.clear(c).send(b"\x15"))
add("order/kexdh-first", lambda c: stages.clear(c).send(b"\x1e" + string(bytes(range(32)))))
add("order/newkeys-twice", lambda c: stages.keyed(c).send(b"\x15"))
add("order/newkeys-trailing", lambda c: stages.answered(c).send(b"\x15\0"))
add("order/newkeys-early", lambda c: stages.proposed(c).send(b"\x15"))
add("order/init-twice", lambda c: stages.answered(c).send(b"\x1e" + string(bytes(range(32)))))
add("order/init-twice-at-once", lambda c: stages.proposed(c).send(c.exchange.init(), c.exchange.init()))
add("order/service-before-newkeys-encrypted", lambda c: stages.answered(c).service())
add("order/all-at-once", lambda c: stages.clear(c).send(c.kexinit.payload(), (c.choose(), c.exchange)[1].init()).wait(21))
add("order/auth-without-service", lambda c: stages.keyed(c).send(c.request("none")))
add("order/channel-without-auth", lambda c: stages.service(c).send(ODD["channel"]))
add("order/service-twice", lambda c: stages.service(c).service())
add("order/service-connection-before-auth", lambda c: stages.service(c).service("ssh-connection"))
add("order/two-services-at-once", lambda c: stages.keyed(c).send(ODD["service"], ODD["service"]))
add("order/service-and-auth-at-once", lambda c: stages.keyed(c).send(ODD["service"], c.request("none")))
add("order/eof-after-kexinit", lambda c: stages.proposed(c).half_close())
add("order/eof-after-answer", lambda c: stages.answered(c).half_close())
add("order/eof-after-keys", lambda c: stages.keyed(c).half_close())

P14 = agreement.group_prime(14)
G = {"zero": string(bytes(32)), "one": string(b"\1" + bytes(31)), "ones": string(b"\xff" * 32), "short": string(bytes(range(31))), "long": string(bytes(range(33))),
     "empty": string(b""), "missing": b"", "truncated": u32(32) + bytes(range(10)), "huge-length": u32(0xffffffff), "trailing": string(bytes(range(32))) + b"x",
     "order-8": string(bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")), "p": string(b"\xed" + b"\xff" * 30 + b"\x7f"),
     "p-1": string(b"\xec" + b"\xff" * 30 + b"\x7f"), "high-bit": string(bytes(range(31)) + b"\xff")}
for name, value in G.items():
    add(f"values/curve25519/{name}", lambda c, v=value: c.identify().propose().send(b"\x1e" + v))
POINT = agreement.Ecdh("nistp256").public
ON_CURVE = bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
for name, value in {"not-on-curve": string(ON_CURVE[:-1] + b"\0"), "generator": string(ON_CURVE), "compressed": string(b"\x03" + ON_CURVE[1:33]), "infinity": string(b"\0"),
                    "zero": string(b"\x04" + bytes(64)), "short": string(ON_CURVE[:-1]), "long": string(ON_CURVE + b"\0"), "empty": string(b""), "hybrid": string(b"\x07" + ON_CURVE[1:]),
                    "too-large": string(b"\x04" + b"\xff" * 64), "missing": b"", "trailing": string(ON_CURVE) + b"xx", "x25519": string(bytes(range(32)))}.items():
    add(f"values/nistp256/{name}", lambda c, v=value: c.identify().propose(BASE.but(kex=b"ecdh-sha2-nistp256")).send(b"\x1e" + v))
for name, value in {"zero": mpint(0), "one": mpint(1), "two": mpint(2), "p-1": mpint(P14 - 1), "p-2": mpint(P14 - 2), "p": mpint(P14), "p+1": mpint(P14 + 1), "negative": string(b"\x80"),
                    "minus-one": string(b"\xff"), "leading-zeros": string(b"\0\0\0" + mpint(3 ** 1000)[4:]), "huge": mpint(2 ** 8000), "too-huge": mpint(2 ** 17000), "missing": b"",
                    "truncated": u32(100) + b"x", "few-bits": mpint(2 ** 5 + 2 ** 900), "trailing": mpint(3 ** 1000) + b"x", "power-of-two": mpint(2 ** 2000)}.items():
    add(f"values/group14/{name}", lambda c, v=value: c.identify().propose(BASE.but(kex=b"diffie-hellman-group14-sha256")).send(b"\x1e" + v))
GEX = BASE.but(kex=b"diffie-hellman-group-exchange-sha256")
for low, want, high in ((2048, 2048, 8192), (1024, 2048, 8192), (1, 1, 1), (0, 0, 0), (2048, 2048, 2048), (4096, 2048, 8192), (8192, 8192, 8192), (3072, 4096, 1024), (2048, 9000, 9000),
                        (16384, 16384, 16384), (1024, 1024, 1024), (512, 1024, 1536), (0xffffffff, 0xffffffff, 0xffffffff), (2047, 2047, 2049), (2048, 3000, 8192)):
    add(f"values/gex/{low}-{want}-{high}", lambda c, a=(low, want, high): c.identify().propose(GEX).ask_group(*a), "openssh")
for name, body in {"old": b"\x1e" + u32(2048), "short": b"\x22" + u32(2048), "trailing": b"\x22" + u32(2048) * 3 + b"x", "init-first": b"\x20" + mpint(4), "reply": b"\x21"}.items():
    add(f"values/gex/{name}", lambda c, b=body: c.identify().propose(GEX).send(b), "openssh")
for value in (0, 1, 2, -1):
    add(f"values/gex/e-{value}", lambda c, v=value: (c.identify().propose(GEX).choose(), c.send(b"\x22" + u32(2048) * 3).wait(31), c.send(b"\x20" + (mpint(v) if v >= 0 else string(b"\xff")))), "openssh")
add("values/gex/request-twice", lambda c: (c.identify().propose(GEX).choose(), c.send(b"\x22" + u32(2048) * 3).wait(31), c.send(b"\x22" + u32(2048) * 3)), "openssh")
SNTRUP = BASE.but(kex=b"sntrup761x25519-sha512@openssh.com")
for size in (0, 32, 1158, 1189, 1190, 1191):
    add(f"values/sntrup761/{size}-bytes", lambda c, n=size: c.identify().propose(SNTRUP).send(b"\x1e" + string(b"\x01" * n)))
