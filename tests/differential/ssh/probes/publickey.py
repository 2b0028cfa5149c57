"""Public key authentication (RFC 4252 section 7, 8332, OpenSSH's hostbound): offers, signatures good and bad, key types."""
import stages
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from client import USER, Client
from probes import add
from wire import boolean, mpint, string

ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ED_BLOB = string("ssh-ed25519") + string(ED25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
# Made once for the whole run: no server knows them, and their bytes are sent, never compared.
RSA = rsa.generate_private_key(65537, 2048)
RSA_NUMBERS = RSA.public_key().public_numbers()
RSA_BLOB = string("ssh-rsa") + mpint(RSA_NUMBERS.e) + mpint(RSA_NUMBERS.n)
EC = ec.generate_private_key(ec.SECP256R1())
EC_BLOB = string("ecdsa-sha2-nistp256") + string("nistp256") + string(EC.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
SK_BLOB = string("sk-ssh-ed25519@openssh.com") + string(bytes(32)) + string("ssh:")
DSA_BLOB = string("ssh-dss") + mpint(2 ** 1023 + 1) + mpint(2 ** 159 + 1) + mpint(2) + mpint(3)
SMALL_RSA = string("ssh-rsa") + mpint(65537) + mpint(2 ** 1023 + 1)
Offer = tuple[str, bytes]
OFFERS: dict[str, Offer] = {
    "ed25519": ("ssh-ed25519", ED_BLOB), "rsa-sha2-512": ("rsa-sha2-512", RSA_BLOB), "rsa-sha2-256": ("rsa-sha2-256", RSA_BLOB), "ssh-rsa": ("ssh-rsa", RSA_BLOB),
    "ecdsa": ("ecdsa-sha2-nistp256", EC_BLOB), "sk-ed25519": ("sk-ssh-ed25519@openssh.com", SK_BLOB), "dss": ("ssh-dss", DSA_BLOB), "rsa-1024": ("rsa-sha2-256", SMALL_RSA),
    "unknown": ("x@y", ED_BLOB), "empty-algorithm": ("", ED_BLOB), "algorithm-nul": ("ssh-ed25519\0", ED_BLOB), "algorithm-differs": ("rsa-sha2-512", ED_BLOB), "ecdsa-is-384": ("ecdsa-sha2-nistp384", EC_BLOB),
    "empty-blob": ("ssh-ed25519", b""), "short-blob": ("ssh-ed25519", ED_BLOB[:-1]), "long-blob": ("ssh-ed25519", ED_BLOB + b"x"), "garbage-blob": ("ssh-ed25519", b"\xff" * 51),
    "short-key": ("ssh-ed25519", string("ssh-ed25519") + string(bytes(31))), "ecdsa-bad-point": ("ecdsa-sha2-nistp256", EC_BLOB[:-1] + bytes([EC_BLOB[-1] ^ 1])),
    "ecdsa-bad-curve": ("ecdsa-sha2-nistp256", string("ecdsa-sha2-nistp256") + string("nistp521") + EC_BLOB[-69:]), "rsa-zero": ("rsa-sha2-256", string("ssh-rsa") + mpint(0) + mpint(0)),
    "rsa-negative": ("rsa-sha2-256", string("ssh-rsa") + mpint(3) + string(b"\x80")), "huge-rsa": ("rsa-sha2-256", string("ssh-rsa") + mpint(65537) + mpint(2 ** 17000 + 1)),
    "certificate": ("ssh-ed25519-cert-v01@openssh.com", string("ssh-ed25519-cert-v01@openssh.com") + string(bytes(32))), "rsa-sha1-cert": ("ssh-rsa-cert-v01@openssh.com", RSA_BLOB),
    "long-algorithm": ("a" * 5000, ED_BLOB), "x509": ("x509v3-sign-rsa", RSA_BLOB),
}


def offer(algorithm: str, blob: bytes, user: str = USER, signature: bytes | None = None, method: str = "publickey", rest: bytes = b"") -> bytes:
    has = signature is not None
    tail = string(signature) if signature is not None else b""
    return b"\x32" + string(user) + string("ssh-connection") + string(method) + boolean(has) + string(algorithm) + string(blob) + rest + tail


def signed(c: Client, algorithm: str, blob: bytes, user: str = USER, method: str = "publickey", rest: bytes = b"", damage: bool = False, session: bytes | None = None,
           key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | None = None) -> bytes:
    """A request with a good signature of that key, unless it is damaged or of another session."""
    key = key or (ED25519 if algorithm == "ssh-ed25519" else RSA)
    head = b"\x32" + string(user) + string("ssh-connection") + string(method) + b"\1" + string(algorithm) + string(blob) + rest
    data = string(c.session_id if session is None else session) + head
    if isinstance(key, ed25519.Ed25519PrivateKey):
        body = key.sign(data)
    else:
        body = key.sign(data, padding.PKCS1v15(), {"rsa-sha2-512": hashes.SHA512(), "rsa-sha2-256": hashes.SHA256(), "ssh-rsa": hashes.SHA1()}[algorithm])
    if damage:
        body = body[:-1] + bytes([body[-1] ^ 1])
    return head + string(string(algorithm) + string(body))


def asking(c: Client, *requests: bytes) -> Client:
    for one in requests:
        if not c.ended:
            c.send(one).wait(51, 52, 60, 1)
    return c


for name, (algorithm, blob) in OFFERS.items():
    add(f"publickey/offer/{name}", lambda c, a=algorithm, b=blob: asking(stages.service(c), offer(a, b)))
    if name in ("ed25519", "rsa-sha2-512", "ssh-rsa", "dss", "unknown", "empty-blob", "garbage-blob"):
        add(f"publickey/offer-unknown-user/{name}", lambda c, a=algorithm, b=blob: asking(stages.service(c), offer(a, b, "nosuchuser")))
    if name in ("ed25519", "rsa-sha2-512", "ecdsa", "sk-ed25519", "ssh-rsa", "unknown", "algorithm-differs", "empty-blob", "garbage-blob"):
        add(f"publickey/bad-signature/{name}", lambda c, a=algorithm, b=blob: asking(stages.service(c), offer(a, b, signature=string(a) + string(bytes(64)))))
for algorithm, blob in (("ssh-ed25519", ED_BLOB), ("rsa-sha2-512", RSA_BLOB), ("rsa-sha2-256", RSA_BLOB), ("ssh-rsa", RSA_BLOB)):
    add(f"publickey/signed-unknown-key/{algorithm}", lambda c, a=algorithm, b=blob: asking(stages.service(c), signed(c, a, b)))
    add(f"publickey/offer-then-signed/{algorithm}", lambda c, a=algorithm, b=blob: asking(stages.service(c), offer(a, b), signed(c, a, b)))
    add(f"publickey/signed-damaged/{algorithm}", lambda c, a=algorithm, b=blob: asking(stages.service(c), signed(c, a, b, damage=True)))
for name, signature in {"empty": b"", "short": b"\0", "algorithm-only": string("ssh-ed25519"), "other-algorithm": string("rsa-sha2-256") + string(bytes(64)), "long": string("ssh-ed25519") + string(bytes(5000)),
                        "trailing": string("ssh-ed25519") + string(bytes(64)) + b"x"}.items():
    add(f"publickey/signature/{name}", lambda c, s=signature: asking(stages.service(c), offer("ssh-ed25519", ED_BLOB, signature=s)))
WHOLE = offer("ssh-ed25519", ED_BLOB)
for cut in (1, 2, 6, 20, 30, 51):
    add(f"publickey/truncated-{cut}", lambda c, n=cut: asking(stages.service(c), WHOLE[:-n]))
add("publickey/offer-trailing", lambda c: asking(stages.service(c), WHOLE + b"x"))
add("publickey/offer-with-signature", lambda c: asking(stages.service(c), WHOLE + string(string("ssh-ed25519") + string(bytes(64)))))
for byte in (2, 255):
    add(f"publickey/boolean-{byte}", lambda c, b=byte: asking(stages.service(c), WHOLE.replace(b"publickey\0", b"publickey" + bytes([b]))))
add("publickey/other-session", lambda c: asking(stages.service(c), signed(c, "ssh-ed25519", ED_BLOB, session=bytes(32))))
for count in (5, 6, 7, 10, 11, 30):
    add(f"publickey/offers-{count}", lambda c, n=count: asking(stages.service(c), *n * [WHOLE]))
add("publickey/different-offers", lambda c: asking(stages.service(c), *[offer(a, b) for a, b in list(OFFERS.values())[:5]]))

BOUND = "publickey-hostbound-v00@openssh.com"

add("publickey/hostbound/offer", lambda c: asking(stages.service(c), offer("ssh-ed25519", ED_BLOB, method=BOUND, rest=string(c.host_key))))
add("publickey/hostbound/offer-no-key", lambda c: asking(stages.service(c), offer("ssh-ed25519", ED_BLOB, method=BOUND)))
add("publickey/hostbound/offer-other-key", lambda c: asking(stages.service(c), offer("ssh-ed25519", ED_BLOB, method=BOUND, rest=string(ED_BLOB))))
add("publickey/hostbound/offer-garbage-key", lambda c: asking(stages.service(c), offer("ssh-ed25519", ED_BLOB, method=BOUND, rest=string("x"))))
add("publickey/hostbound/signed", lambda c: asking(stages.service(c), signed(c, "ssh-ed25519", ED_BLOB, method=BOUND, rest=string(c.host_key))))
add("publickey/hostbound/after-ext-info", lambda c: asking(stages.strict_keyed(c).service(), offer("ssh-ed25519", ED_BLOB, method=BOUND, rest=string(c.host_key))))
