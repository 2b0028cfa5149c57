"""The client's side of the key exchanges (RFC 4253 section 8, 4419, 5656, 8731) and the check of the host's signature."""
import hashlib
import os
from typing import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wire import Reader, mpint, string

CURVES = {"nistp256": ec.SECP256R1(), "nistp384": ec.SECP384R1(), "nistp521": ec.SECP521R1()}
# RFC 3526: 2^b - 2^(b-64) - 1 + 2^64 * (floor(2^(b-130) * pi) + c)
PI_OFFSETS = {14: (2048, 124476), 16: (4096, 240904), 18: (8192, 4743158)}


def floor_of_pi(bits: int) -> int:
    """floor(pi * 2^bits), by Machin's formula with guard bits."""
    one = 1 << (bits + 64)

    def arctan_inverse(x: int) -> int:
        term = total = one // x
        n, sign = 3, -1
        while term:
            term //= x * x
            total += sign * (term // n)
            n, sign = n + 2, -sign
        return total

    return (4 * (4 * arctan_inverse(5) - arctan_inverse(239))) >> 64


def group_prime(number: int) -> int:
    bits, offset = PI_OFFSETS[number]
    return 2**bits - 2 ** (bits - 64) - 1 + 2**64 * (floor_of_pi(bits - 130) + offset)


class X25519:
    """curve25519-sha256"""

    hash_name = "sha256"

    def __init__(self) -> None:
        self.key = x25519.X25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def init(self) -> bytes:
        return b"\x1e" + string(self.public)

    def secret(self, answer: bytes) -> bytes:
        return mpint(int.from_bytes(self.key.exchange(x25519.X25519PublicKey.from_public_bytes(answer)), "big"))

    def exchanged(self, answer: bytes) -> bytes:
        return string(self.public) + string(answer)


class Ecdh(X25519):
    """ecdh-sha2-nistp256, -384, -521"""

    def __init__(self, curve: str):
        self.curve = CURVES[curve]
        self.hash_name = {"nistp256": "sha256", "nistp384": "sha384", "nistp521": "sha512"}[curve]
        self.private = ec.generate_private_key(self.curve)
        self.public = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def secret(self, answer: bytes) -> bytes:
        peer = ec.EllipticCurvePublicKey.from_encoded_point(self.curve, answer)
        return mpint(int.from_bytes(self.private.exchange(ec.ECDH(), peer), "big"))


class Dh(X25519):
    """diffie-hellman-group14-sha256, group16-sha512, group18-sha512, and a group that the server gave."""

    message = b"\x1e"

    def __init__(self, prime: int, generator: int, hash_name: str, asked: bytes = b""):
        self.prime, self.hash_name, self.asked = prime, hash_name, asked
        self.generator = generator
        self.x = int.from_bytes(os.urandom(32), "big")
        self.e = pow(generator, self.x, prime)

    def init(self) -> bytes:
        return self.message + mpint(self.e)

    def secret(self, answer: bytes) -> bytes:
        return mpint(pow(int.from_bytes(answer, "big"), self.x, self.prime))

    def exchanged(self, answer: bytes) -> bytes:
        group = self.asked + mpint(self.prime) + mpint(self.generator) if self.asked else b""
        return group + mpint(self.e) + string(answer)


class Gex(Dh):
    """diffie-hellman-group-exchange-sha256: `asked` are the three numbers of the request as they were sent."""

    message = b"\x20"


def make(name: str) -> X25519:
    if name.startswith("curve25519"):
        return X25519()
    if name.startswith("ecdh-sha2-"):
        return Ecdh(name.removeprefix("ecdh-sha2-"))
    number = int(name.removeprefix("diffie-hellman-group")[:2])
    return Dh(group_prime(number), 2, name.rsplit("-", 1)[1])


def signature_is_good(algorithm: str, blob: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether the host key `blob` signed; any exception of a malformed one counts as no."""
    key, sig = Reader(blob), Reader(signature)
    try:
        kind, sig_kind = key.string().decode(), sig.string().decode()
        body = sig.string()
        if sig_kind != algorithm or sig.rest:
            return False
        if kind == "ssh-ed25519":
            ed25519.Ed25519PublicKey.from_public_bytes(key.string()).verify(body, signed)
        elif kind == "ssh-rsa":
            e, n = key.mpint(), key.mpint()
            digest = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512(), "ssh-rsa": hashes.SHA1()}[sig_kind]
            rsa.RSAPublicNumbers(e, n).public_key().verify(body, signed, padding.PKCS1v15(), digest)
        else:
            curve = CURVES[key.string().decode()]
            point = ec.EllipticCurvePublicKey.from_encoded_point(curve, key.string())
            numbers = Reader(body)
            encoded = utils.encode_dss_signature(numbers.mpint(), numbers.mpint())
            digest = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[curve.key_size]
            point.verify(encoded, signed, ec.ECDSA(digest))
    except Exception:
        return False
    return True


def derivation(hash_name: str, secret: bytes, exchange_hash: bytes, session_id: bytes) -> Callable[[str, int], bytes]:
    """RFC 4253 section 7.2."""

    def derive(letter: str, size: int) -> bytes:
        key = hashlib.new(hash_name, secret + exchange_hash + letter.encode() + session_id).digest()
        while len(key) < size:
            key += hashlib.new(hash_name, secret + exchange_hash + key).digest()
        return key[:size]

    return derive
