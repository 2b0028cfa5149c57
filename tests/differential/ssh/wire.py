"""SSH's data types (RFC 4251 section 5), message numbers and KEXINIT."""
import struct
from dataclasses import dataclass, field, replace

NAMES = {
    1: "DISCONNECT", 2: "IGNORE", 3: "UNIMPLEMENTED", 4: "DEBUG", 5: "SERVICE_REQUEST", 6: "SERVICE_ACCEPT", 7: "EXT_INFO",
    20: "KEXINIT", 21: "NEWKEYS", 30: "KEX_INIT", 31: "KEX_REPLY", 32: "GEX_INIT", 33: "GEX_REPLY", 34: "GEX_REQUEST",
    50: "USERAUTH_REQUEST", 51: "USERAUTH_FAILURE", 52: "USERAUTH_SUCCESS", 53: "USERAUTH_BANNER", 60: "USERAUTH_60",
    61: "USERAUTH_61", 80: "GLOBAL_REQUEST", 81: "REQUEST_SUCCESS", 82: "REQUEST_FAILURE", 90: "CHANNEL_OPEN",
    91: "OPEN_CONFIRMATION", 92: "OPEN_FAILURE", 93: "WINDOW_ADJUST", 94: "CHANNEL_DATA", 95: "EXTENDED_DATA",
    96: "CHANNEL_EOF", 97: "CHANNEL_CLOSE", 98: "CHANNEL_REQUEST", 99: "CHANNEL_SUCCESS", 100: "CHANNEL_FAILURE",
    192: "PING", 193: "PONG",
}


def name_of(payload: bytes) -> str:
    return NAMES.get(payload[0], f"message {payload[0]}") if payload else "empty payload"


def u32(number: int) -> bytes:
    return struct.pack(">I", number)


def string(value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return u32(len(data)) + data


def mpint(number: int) -> bytes:
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


def boolean(value: bool) -> bytes:
    return b"\1" if value else b"\0"


class Reader:
    """Takes fields from the front of a message; ValueError when it is too short."""

    def __init__(self, data: bytes):
        self.rest = data

    def take(self, count: int) -> bytes:
        if count > len(self.rest):
            raise ValueError("the message is too short")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def u8(self) -> int:
        return self.take(1)[0]

    def u32(self) -> int:
        return int(struct.unpack(">I", self.take(4))[0])

    def string(self) -> bytes:
        return self.take(self.u32())

    def names(self) -> list[str]:
        text = self.string().decode("latin-1")
        return text.split(",") if text else []

    def mpint(self) -> int:
        return int.from_bytes(self.string(), "big", signed=True)


@dataclass
class Kexinit:
    """What a client proposes; the order of the fields is that of the message (RFC 4253 section 7.1)."""

    kex: bytes = b"curve25519-sha256"
    host_key: bytes = b"ssh-ed25519"
    cipher_out: bytes = b"aes128-ctr"
    cipher_in: bytes = b"aes128-ctr"
    mac_out: bytes = b"hmac-sha2-256"
    mac_in: bytes = b"hmac-sha2-256"
    compression_out: bytes = b"none"
    compression_in: bytes = b"none"
    language_out: bytes = b""
    language_in: bytes = b""
    guess: bytes = b"\0"
    reserved: bytes = b"\0\0\0\0"
    trailer: bytes = b""
    cookie: bytes = field(default=bytes(range(16)))

    def lists(self) -> list[bytes]:
        return [self.kex, self.host_key, self.cipher_out, self.cipher_in, self.mac_out, self.mac_in, self.compression_out,
                self.compression_in, self.language_out, self.language_in]

    def payload(self) -> bytes:
        return b"\x14" + self.cookie + b"".join(string(one) for one in self.lists()) + self.guess + self.reserved + self.trailer

    def but(self, **changes: bytes) -> "Kexinit":
        """A copy with other fields; `cipher`, `mac` and `compression` set both directions."""
        for both in ("cipher", "mac", "compression"):
            if both in changes:
                value = changes.pop(both)
                changes[both + "_out"] = changes[both + "_in"] = value
        return replace(self, **changes)


LISTS = ("kex", "host_key", "cipher_out", "cipher_in", "mac_out", "mac_in", "compression_out", "compression_in", "language_out",
         "language_in")


def chosen(client: Kexinit, server: bytes) -> dict[str, str]:
    """The first of the client's names that the server has, for each list; empty where there is none."""
    reader = Reader(server[17:])
    result = {}
    for name, ours in zip(LISTS, client.lists()):
        theirs = reader.names()
        result[name] = next((one for one in ours.decode("latin-1").split(",") if one in theirs), "")
    return result
