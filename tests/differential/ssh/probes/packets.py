"""Malformed binary packets at every stage (RFC 4253 section 6)."""
import stages
from client import Client
from probes import add
from wire import Kexinit, string, u32

IGNORE = b"\x02" + string(b"ignored")
AT = ("clear", "keyed", "auth")
# The length field says something else than what follows (16 bytes in clear, as much as a block).
LENGTHS = (0, 1, 4, 5, 11, 12, 13, 35000, 0x3fffc, 0x40000, 0x40001, 0x80000000, 0xffffffff)


def reach(c: Client, stage: str) -> Client:
    return stages.STAGES[stage](c)


for stage in AT:
    for length in LENGTHS:
        add(f"packets/{stage}/length-{length:#x}", lambda c, s=stage, n=length: reach(c, s).send(IGNORE, length=n))
    for padding in (0, 3, 255):
        add(f"packets/{stage}/says-padding-{padding}", lambda c, s=stage, n=padding: reach(c, s).send(IGNORE, said_padding=n))
    for padding in (3, 4, 5, 12, 20):
        add(f"packets/{stage}/real-padding-{padding}", lambda c, s=stage, n=padding: reach(c, s).send(b"\x02" + string(b"x" * 10), padding=n))
    add(f"packets/{stage}/padding-is-all", lambda c, s=stage: reach(c, s).send(b"", padding=11))
    add(f"packets/{stage}/truncated", lambda c, s=stage: reach(c, s).send(IGNORE, cut=9).half_close())
    add(f"packets/{stage}/one-byte", lambda c, s=stage: reach(c, s).send(IGNORE, cut=1))
    add(f"packets/{stage}/clear-text", lambda c, s=stage: reach(c, s).raw(u32(12) + b"\x0a\x05" + bytes(10)))
    add(f"packets/{stage}/line-again", lambda c, s=stage: reach(c, s).raw(b"SSH-2.0-OpenSSH_9.2p1\r\n"))
    add(f"packets/{stage}/32-ones", lambda c, s=stage: reach(c, s).raw(b"\xff" * 32))
    add(f"packets/{stage}/zeros-64", lambda c, s=stage: reach(c, s).raw(bytes(64)))
    for size in (32000, 34999, 100000, 262144 - 20):
        add(f"packets/{stage}/ignore-{size}", lambda c, s=stage, n=size: reach(c, s).send(b"\x02" + string(bytes(n))))

PROTECTIONS = {
    "ctr": {}, "ctr-etm": {"mac": b"hmac-sha2-256-etm@openssh.com"}, "gcm": {"cipher": b"aes128-gcm@openssh.com"},
    "chacha": {"cipher": b"chacha20-poly1305@openssh.com"}, "sha1": {"mac": b"hmac-sha1"}, "sha512-etm": {"mac": b"hmac-sha2-512-etm@openssh.com"},
}


def protected(c: Client, kind: str) -> Client:
    return stages.clear(c).exchange_keys(Kexinit().but(**PROTECTIONS[kind]))


for kind in PROTECTIONS:
    only = "openssh" if kind in ("ctr-etm", "gcm", "sha512-etm") else ""
    add(f"packets/{kind}/good", lambda c, k=kind: protected(c, k).service().send(IGNORE), only)
    add(f"packets/{kind}/wrong-mac", lambda c, k=kind: protected(c, k).send(IGNORE, damage=1), only)
    add(f"packets/{kind}/wrong-mac-then-more", lambda c, k=kind: protected(c, k).raw(c.packet(IGNORE, damage=1) + c.packet(IGNORE)), only)
    add(f"packets/{kind}/without-mac", lambda c, k=kind: protected(c, k).send(IGNORE, cut=-c.outgoing.tag_bytes), only)
    add(f"packets/{kind}/without-mac-eof", lambda c, k=kind: protected(c, k).send(IGNORE, cut=-c.outgoing.tag_bytes).half_close(), only)
    add(f"packets/{kind}/wrong-sequence", lambda c, k=kind: (protected(c, k).packet(IGNORE), c.send(IGNORE)), only)
    add(f"packets/{kind}/replayed", lambda c, k=kind: protected(c, k).raw(2 * c.packet(IGNORE)), only)
    if kind in ("sha1", "sha512-etm"):
        continue  # As their siblings.
    for length in (0, 4, 5, 12, 16, 17, 32, 4096, 262144, 262145, 0xffffffff):
        add(f"packets/{kind}/length-{length:#x}", lambda c, k=kind, n=length: protected(c, k).send(IGNORE, length=n), only)
    for padding in (0, 3, 255):
        add(f"packets/{kind}/says-padding-{padding}", lambda c, k=kind, n=padding: protected(c, k).send(IGNORE, said_padding=n), only)
    add(f"packets/{kind}/padding-is-all", lambda c, k=kind: protected(c, k).send(b"", padding=15 if c.outgoing.aad else 11), only)
    add(f"packets/{kind}/wrong-mac-huge", lambda c, k=kind: protected(c, k).send(b"\x02" + string(bytes(34000)), damage=1), only)
    add(f"packets/{kind}/wrong-mac-then-flood", lambda c, k=kind: protected(c, k).raw(c.packet(IGNORE, damage=1)).raw(bytes(300000)), only)
    add(f"packets/{kind}/bad-length-then-flood", lambda c, k=kind: protected(c, k).raw(c.packet(IGNORE, length=3)).raw(bytes(300000)), only)
