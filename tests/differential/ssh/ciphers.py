"""Protection of binary packets (RFC 4253 section 6, RFC 5647, OpenSSH's PROTOCOL.chacha20poly1305 and -etm MACs)."""
import hashlib
import hmac
import struct
from typing import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.poly1305 import Poly1305

KEY_BYTES = {"aes128-ctr": 16, "aes192-ctr": 24, "aes256-ctr": 32, "aes128-gcm@openssh.com": 16, "aes256-gcm@openssh.com": 32,
             "chacha20-poly1305@openssh.com": 64}
MACS = {"hmac-sha1": ("sha1", 20), "hmac-sha2-256": ("sha256", 32), "hmac-sha2-512": ("sha512", 64)}
Derive = Callable[[str, int], bytes]


class BadPacket(Exception):
    """What came cannot be decrypted with the keys in use."""


class Clear:
    """No cipher, no MAC: before the first NEWKEYS."""

    name, block, aad, tag_bytes = "clear", 8, 0, 0

    def seal(self, sequence: int, packet: bytes) -> bytes:
        return packet

    def length(self, sequence: int, data: bytes) -> int:
        return int(struct.unpack(">I", data[:4])[0])

    def open(self, sequence: int, data: bytes) -> bytes:
        return data[4:]


class CtrMac(Clear):
    """AES in counter mode with HMAC, over the clear text or (-etm) over the cipher text."""

    block = 16

    def __init__(self, cipher: str, mac: str, derive: Derive, letters: str):
        self.name = f"{cipher} {mac}"
        self.etm = mac.endswith("-etm@openssh.com")
        self.aad = 4 if self.etm else 0
        self.digest, self.tag_bytes = MACS[mac.removesuffix("-etm@openssh.com")]
        key = derive(letters[1], KEY_BYTES[cipher])
        both = Cipher(algorithms.AES(key), modes.CTR(derive(letters[0], 16)))
        self.encryptor, self.decryptor = both.encryptor(), both.decryptor()
        self.mac_key = derive(letters[2], self.tag_bytes)
        self.head = b""

    def tag(self, sequence: int, data: bytes) -> bytes:
        return hmac.new(self.mac_key, struct.pack(">I", sequence) + data, getattr(hashlib, self.digest)).digest()

    def seal(self, sequence: int, packet: bytes) -> bytes:
        if self.etm:
            sealed = packet[:4] + self.encryptor.update(packet[4:])
            return sealed + self.tag(sequence, sealed)
        return self.encryptor.update(packet) + self.tag(sequence, packet)

    def length(self, sequence: int, data: bytes) -> int:
        if self.etm:
            return int(struct.unpack(">I", data[:4])[0])
        if not self.head:
            self.head = self.decryptor.update(data[:4])
        return int(struct.unpack(">I", self.head)[0])

    def open(self, sequence: int, data: bytes) -> bytes:
        body, tag = data[4:-self.tag_bytes], data[-self.tag_bytes:]
        plain = self.decryptor.update(body)
        signed = data[:-self.tag_bytes] if self.etm else self.head + plain
        self.head = b""
        if not hmac.compare_digest(tag, self.tag(sequence, signed)):
            raise BadPacket("wrong MAC")
        return plain


class Gcm(Clear):
    """AES in Galois/counter mode; the length is authenticated and in clear."""

    block, aad, tag_bytes = 16, 4, 16

    def __init__(self, cipher: str, derive: Derive, letters: str):
        self.name = cipher
        self.cipher = AESGCM(derive(letters[1], KEY_BYTES[cipher]))
        self.nonce = derive(letters[0], 12)

    def next_nonce(self) -> bytes:
        used = self.nonce
        self.nonce = used[:4] + struct.pack(">Q", (struct.unpack(">Q", used[4:])[0] + 1) % 2**64)
        return used

    def seal(self, sequence: int, packet: bytes) -> bytes:
        return packet[:4] + self.cipher.encrypt(self.next_nonce(), packet[4:], packet[:4])

    def open(self, sequence: int, data: bytes) -> bytes:
        try:
            return self.cipher.decrypt(self.next_nonce(), data[4:], data[:4])
        except Exception as error:
            raise BadPacket("wrong tag") from error


class ChaChaPoly(Clear):
    """Two ChaCha20 keys: the second for the length, the first for the rest and for the one-time MAC key."""

    name, block, aad, tag_bytes = "chacha20-poly1305@openssh.com", 8, 4, 16

    def __init__(self, derive: Derive, letters: str):
        key = derive(letters[1], 64)
        self.main, self.header = key[:32], key[32:]

    @staticmethod
    def crypt(key: bytes, sequence: int, counter: int, data: bytes) -> bytes:
        nonce = struct.pack("<Q", counter) + struct.pack(">Q", sequence)
        return Cipher(algorithms.ChaCha20(key, nonce), None).encryptor().update(data)

    def tag(self, sequence: int, sealed: bytes) -> bytes:
        return Poly1305.generate_tag(self.crypt(self.main, sequence, 0, bytes(32)), sealed)

    def seal(self, sequence: int, packet: bytes) -> bytes:
        sealed = self.crypt(self.header, sequence, 0, packet[:4]) + self.crypt(self.main, sequence, 1, packet[4:])
        return sealed + self.tag(sequence, sealed)

    def length(self, sequence: int, data: bytes) -> int:
        return int(struct.unpack(">I", self.crypt(self.header, sequence, 0, data[:4]))[0])

    def open(self, sequence: int, data: bytes) -> bytes:
        sealed, tag = data[:-16], data[-16:]
        if self.tag(sequence, sealed) != tag:
            raise BadPacket("wrong tag")
        return self.crypt(self.main, sequence, 1, sealed[4:])


def make(cipher: str, mac: str, derive: Derive, letters: str) -> Clear:
    """`letters` are those of RFC 4253 section 7.2 for IV, key and MAC key of one direction."""
    if cipher.startswith("chacha20"):
        return ChaChaPoly(derive, letters)
    if "gcm" in cipher:
        return Gcm(cipher, derive, letters)
    return CtrMac(cipher, mac, derive, letters)
