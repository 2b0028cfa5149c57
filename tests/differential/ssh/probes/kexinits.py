"""What clients propose (RFC 4253 section 7.1)."""
import stages
from client import EXT_INFO, STRICT, Client
from probes import add
from wire import LISTS, Kexinit

BASE = Kexinit()
X = b"curve25519-sha256"


def proposing(c: Client, kexinit: Kexinit) -> None:
    """To the service request, if the server goes that far."""
    c.identify().propose(kexinit)
    if c.settle().ended:
        return
    if not c.kexinit.kex.startswith(b"kexguess2") and all(c.choose()[name] for name in ("kex", "host_key", "cipher_out", "cipher_in")):
        c.start_exchange()
        if c.wait(21):
            c.new_keys().service()


def with_lists(name: str, only: str = "", **changes: bytes) -> None:
    add(f"kexinit/{name}", lambda c: proposing(c, BASE.but(**changes)), only)


for field in LISTS:
    with_lists(f"empty-{field}", **{field: b""})
    with_lists(f"unknown-{field}", **{field: b"x"})
    with_lists(f"unknown-then-known-{field}", **{field: b"x@y,z," + getattr(BASE, field)})
    with_lists(f"nul-in-{field}", **{field: b"a\0b," + getattr(BASE, field)})
    with_lists(f"comma-first-{field}", **{field: b"," + getattr(BASE, field)})
    with_lists(f"long-{field}", **{field: b",".join(b"name%d@example" % i for i in range(400)) + b"," + getattr(BASE, field)})
for field in ("kex", "cipher_in", "language_out"):
    with_lists(f"twice-{field}", **{field: getattr(BASE, field) + b"," + getattr(BASE, field)})
    with_lists(f"comma-last-{field}", **{field: getattr(BASE, field) + b","})
    with_lists(f"very-long-{field}", **{field: b",".join(b"name%d@example" % i for i in range(1800)) + b"," + getattr(BASE, field)})
    with_lists(f"long-name-{field}", **{field: b"n" * 300 + b"," + getattr(BASE, field)})
    with_lists(f"space-in-{field}", **{field: getattr(BASE, field) + b" ,x"})
    with_lists(f"non-ascii-{field}", **{field: b"\xff\xfe," + getattr(BASE, field)})

KEX = ("curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
       "diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group-exchange-sha256", "diffie-hellman-group18-sha512",
       "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1", "diffie-hellman-group-exchange-sha1", "kexguess2@matt.ucc.asn.au")
for one in KEX:
    with_lists(f"only-{one}", kex=one.encode())
for one in ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256", "ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp384",
            "ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519@openssh.com"):
    with_lists(f"only-{one}", host_key=one.encode())
for one in ("aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com",
            "aes128-cbc", "3des-cbc", "none", "arcfour", "rijndael-cbc@lysator.liu.se"):
    with_lists(f"only-{one}", cipher=one.encode())
for one in ("hmac-sha1", "hmac-sha2-256", "hmac-sha2-512", "hmac-sha1-etm@openssh.com", "hmac-sha2-256-etm@openssh.com",
            "hmac-sha2-512-etm@openssh.com", "hmac-md5", "hmac-sha1-96", "none"):
    with_lists(f"mac-{one}", mac=one.encode())
for one in ("zlib", "zlib@openssh.com", "zlib,none", "none,zlib@openssh.com", "x"):
    with_lists(f"compression-{one}", compression=one.encode())
with_lists("different-directions", cipher_in=b"aes256-ctr", mac_in=b"hmac-sha1")
with_lists("gcm-in-ctr-out", "openssh", cipher_in=b"aes128-gcm@openssh.com", mac_in=b"")
with_lists("chacha-without-macs", cipher=b"chacha20-poly1305@openssh.com", mac=b"")
with_lists("chacha-unknown-macs", cipher=b"chacha20-poly1305@openssh.com", mac=b"x")
with_lists("languages", language_in=b"en-US,de", language_out=b"fr")
for one in (1, 0x80000000, 0xffffffff):
    with_lists(f"reserved-{one:#x}", reserved=one.to_bytes(4, "big"))
for size in (1, 2, 100):
    with_lists(f"trailing-{size}", trailer=b"\xaa" * size)
with_lists("zero-cookie", cookie=bytes(16))
for one in (2, 0xff):
    with_lists(f"guess-byte-{one}", guess=bytes([one]))
for name, kex in {"ext-info": (EXT_INFO,), "strict": (STRICT,), "both": (EXT_INFO, STRICT), "strict-server": (b"kex-strict-s-v00@openssh.com",),
                  "ext-info-server": (b"ext-info-s",), "openssh-9.2": (b"curve25519-sha256@libssh.org", EXT_INFO)}.items():
    with_lists(f"marker-{name}", kex=b",".join((X,) + kex))
    with_lists(f"marker-first-{name}", kex=b",".join(kex + (X,)))
with_lists("only-markers", kex=EXT_INFO + b"," + STRICT)
with_lists("ext-info-rsa", kex=X + b"," + EXT_INFO, host_key=b"rsa-sha2-512")
with_lists("ext-info-zlib", kex=X + b"," + EXT_INFO, compression=b"zlib@openssh.com,none")

OFFER = BASE.payload()
for size in (1, 2, 16, 17, 18, 20, 21, 40, 100, len(OFFER) - 5, len(OFFER) - 4, len(OFFER) - 1):
    add(f"kexinit/truncated-{size}", lambda c, n=size: stages.clear(c).send(OFFER[:n]))
for size in (0x7fffffff, 0xffffffff, 0x10000, 300, 18):
    add(f"kexinit/list-says-{size:#x}", lambda c, n=size: stages.clear(c).send(OFFER[:17] + n.to_bytes(4, "big") + OFFER[21:]))


def guessing(c: Client, kexinit: Kexinit, right: bool) -> None:
    """first_kex_packet_follows: the guess comes in the same write, and the same value again if the server should drop it."""
    c.identify()
    c.kexinit = kexinit
    c.choose()
    assert c.exchange is not None
    c.send(kexinit.payload(), c.exchange.init())
    if not right:
        c.settle().send(c.exchange.init())
    if c.wait(21):
        c.new_keys().service()


add("kexinit/guess-kex-differs", lambda c: guessing(c, BASE.but(kex=b"x,curve25519-sha256", guess=b"\1"), False))
add("kexinit/guess-hostkey-differs", lambda c: guessing(c, BASE.but(host_key=b"x,ssh-ed25519", guess=b"\1"), False))
add("kexinit/guess-first-differs-taken-as-right", lambda c: guessing(c, BASE.but(guess=b"\1"), True))
add("kexinit/guess-first-differs-taken-as-wrong", lambda c: guessing(c, BASE.but(guess=b"\1"), False))
add("kexinit/guess-right", lambda c: guessing(c, BASE.but(guess=b"\1"), True), "dropbear")
for name, kex in {"kexguess2": b"curve25519-sha256,kexguess2@matt.ucc.asn.au", "kexguess2-first": b"kexguess2@matt.ucc.asn.au,curve25519-sha256"}.items():
    for right in (True, False):
        add(f"kexinit/{name}-{right}", lambda c, k=kex, r=right: guessing(c, BASE.but(kex=k, guess=b"\1"), r))
