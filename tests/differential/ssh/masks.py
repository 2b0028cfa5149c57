"""What is random or a race in the real servers and is therefore not compared; each mask has its reason.

Packets that the client itself explains (key exchange replies, Client.answer_of_kex) are checked there: their signature must be good.
"""
from collections.abc import Callable
from dataclasses import dataclass

from transcript import Packet, Said, Transcript
from wire import Reader


def rule_of_padding(payload_bytes: int, block: int, aad: int) -> int:
    """OpenSSH's: the fewest bytes, at least four, that fill a block; `aad` bytes in front are not encrypted."""
    padding = block - (4 - aad + 1 + payload_bytes) % block
    return padding + block if padding < 4 else padding


def cookie(packet: Packet) -> None:
    if packet.payload[:1] == b"\x14":
        packet.payload = packet.payload[:1] + b"(cookie)--------" + packet.payload[17:]


def host_keys(packet: Packet) -> None:
    for name in (b"hostkeys-00@openssh.com",):
        head = b"\x50\0\0\0" + bytes([len(name)]) + name
        if packet.payload.startswith(head):
            reader, keys = Reader(packet.payload[len(head) + 1:]), []
            while reader.rest:
                blob = reader.string()
                keys.append(f"{Reader(blob).string().decode()} of {len(blob)} bytes")
            packet.note = f"{name.decode()} want_reply={packet.payload[len(head)]}: " + ", ".join(keys)


def port(packet: Packet) -> None:
    if packet.payload[:1] == b"\x51" and len(packet.payload) == 5 and packet.payload != b"\x51" + bytes(4):
        packet.note = "a port"


@dataclass(frozen=True)
class Mask:
    name: str
    reason: str
    apply: Callable[[Packet], None]


MASKS = (
    Mask("cookie", "16 random bytes of KEXINIT (RFC 4253 section 7.1)", cookie),
    Mask("host-keys", "each machine has its own host keys; their types and lengths stay", host_keys),
    Mask("port", "tcpip-forward to port 0 is answered with the port that the kernel chose", port),
)
# Made where the bytes are still at hand (client.py):
#   padding-content   random once a cipher is in use; in clear it is compared as `zero` or `random`, its length always.
#   kex-reply         host key, ephemeral key and signature are random; types, lengths and a good signature stay. Numbers of
#                     random length (DH's f, ECDSA's r and s) are checked against the padding rule instead of compared.
#   gex-group         the server draws the prime from /etc/ssh/moduli; its size stays, and that the generator is small.
#   compressed        lengths of compressed packets depend on the random ones before; padding is checked against the rule.
#   signatures        of hostkeys-prove-00@openssh.com: their types and lengths stay.


def join_data(entries: list[Said]) -> list[Said]:
    """Mask `chunks`: how a program's output is cut into messages depends on how fast it is read; the bytes stay. Lengths,
    padding and sequence numbers then cannot be compared from there on, as they depend on the cut."""
    joined: list[Said] = []
    streams: dict[tuple[bytes, ...], Said] = {}
    for entry in entries:
        if isinstance(entry, Packet) and entry.payload[:1] in (b"\x5e", b"\x5f"):
            head = entry.payload[:5] if entry.payload[0] == 94 else entry.payload[:9]
            data = Reader(entry.payload[len(head):]).string()
            known = streams.get((head,))
            if known is not None:
                known.text += repr(data)[2:-1]
            else:
                known = Said(f"data {head.hex()} " + repr(data)[2:-1])
                streams[(head,)] = known
                joined.append(known)
            continue
        if isinstance(entry, Packet) and entry.payload[:1] == b"\x5d":
            continue  # Window adjustments go with the data.
        joined.append(entry)
    return joined


def order_of_death(lines: list[str]) -> list[str]:
    """Mask `death`: whether the end of a program's output or its exit status is seen first is a race inside the server, so
    the messages between the last data and CHANNEL_CLOSE are sorted."""
    result: list[str] = []
    group: list[str] = []
    for line in lines:
        if "CHANNEL_EOF" in line or "exit-s" in line or "eow@openssh.com" in line or line.startswith("data "):
            group.append(line)
            continue
        result += sorted(group) + [line]
        group = []
    return result + sorted(group)


def without_lost_end(lines: list[str]) -> list[str]:
    """Mask `lost-end`: sshd writes its complaint about an identification and then CR LF. When it closes with bytes unread, the
    reset discards the second write if the first is not acknowledged yet (Nagle): a race inside the server's kernel."""
    if len(lines) > 1 and lines[-1] == "end: RST" and lines[-2].startswith(("not a packet: b'Invalid SSH identification string.", "not a packet: b'Protocol major versions differ.")):
        lines[-2] = lines[-2].replace("\\r\\n'", "'")
    return lines


def masked(transcript: Transcript, races: bool) -> list[str]:
    """The lines to compare. `races`: the probe runs a program, so the masks `chunks` and `death` are needed."""
    entries = [one for one in transcript.entries if isinstance(one, Said)]
    for entry in entries:
        if isinstance(entry, Packet):
            for mask in MASKS:
                mask.apply(entry)
    if not races:
        return without_lost_end([one.line() if isinstance(one, Packet) else one.text for one in entries])
    lines = []
    started = False
    for one in join_data(entries):
        started = started or not isinstance(one, Packet) and one.text.startswith("data ")
        line = one.line() if isinstance(one, Packet) else one.text
        if isinstance(one, Packet) and (started or one.payload[:1] in (b"\x60", b"\x61", b"\x62")):
            line = line.split(" ", 1)[1]  # Sequence numbers count the chunks before.
        lines.append(line)
    return order_of_death(lines)
