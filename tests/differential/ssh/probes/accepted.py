"""Public keys that the user's authorized_keys holds: the probe itself puts them there, through a connection of its own before."""
import base64

import stages
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from client import Client
from probes import add
from probes.publickey import BOUND, ED_BLOB, asking, offer, signed
from probes.requests import request
from wire import mpint, string, u32

ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
BLOB = string("ssh-ed25519") + string(ED.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
RSA = rsa.generate_private_key(65537, 2048)
RSA_BLOB = string("ssh-rsa") + mpint(65537) + mpint(RSA.public_key().public_numbers().n)
CERTIFICATE = string("ssh-rsa-cert-v01@openssh.com") + string(bytes(32)) + RSA_BLOB[11:]  # Its beginning, which is all that is compared.
LINES = "".join(f"{kind} {base64.b64encode(blob).decode()} x\n" for kind, blob in (("ssh-ed25519", BLOB), ("ssh-rsa", RSA_BLOB), ("ssh-rsa-cert-v01@openssh.com", CERTIFICATE)))


def authorize(c: Client) -> None:
    """Writes the keys as another file first: probes run at the same time."""
    stages.session(c)
    c.send(request("exec", string(f"mkdir -p -m 700 .ssh && printf '{LINES}' > .ssh/$$ && chmod 600 .ssh/$$ && mv .ssh/$$ .ssh/authorized_keys"))).wait(97)
    c.socket.close()


def ready(c: Client) -> Client:
    authorize(c.sibling())
    return stages.service(c)


def ed(c: Client, **odd: object) -> bytes:
    return signed(c, "ssh-ed25519", BLOB, key=ED, **odd)  # type: ignore[arg-type]


add("accepted/offer", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB)))
add("accepted/offer-trailing", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB) + b"x"))
add("accepted/offer-twice", lambda c: asking(ready(c), *2 * [offer("ssh-ed25519", BLOB)]))
add("accepted/offer-12", lambda c: asking(ready(c), *12 * [offer("ssh-ed25519", BLOB)]))
add("accepted/signed", lambda c: asking(ready(c), ed(c)))
add("accepted/offer-then-signed", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB), ed(c)))
add("accepted/other-key-then-signed", lambda c: asking(ready(c), offer("ssh-ed25519", ED_BLOB), ed(c)))
add("accepted/damaged", lambda c: asking(ready(c), ed(c, damage=True)))
add("accepted/damaged-7", lambda c: asking(ready(c), *7 * [ed(c, damage=True)]))
add("accepted/other-session", lambda c: asking(ready(c), ed(c, session=bytes(32))))
add("accepted/trailing", lambda c: asking(ready(c), ed(c) + b"x"))
add("accepted/unknown-user", lambda c: asking(ready(c), signed(c, "ssh-ed25519", BLOB, "nosuchuser", key=ED)))
add("accepted/signature-empty", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=b"")))
add("accepted/signature-of-other-type", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=string("rsa-sha2-256") + string(bytes(256)))))
add("accepted/signature-missing", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=b"")[:-4]))
add("accepted/signature-cut", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=string("ssh-ed25519") + u32(64) + bytes(10))))
add("accepted/signature-no-length", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=string("ssh-ed25519"))))
for name, size, body in (("cut", 256, 10), ("short", 255, 255), ("long", 256, 257), ("wrong", 256, 256)):
    add(f"accepted/signature-rsa-{name}", lambda c, s=size, b=body: asking(ready(c), offer("rsa-sha2-256", RSA_BLOB, signature=string("rsa-sha2-256") + u32(s) + bytes(b))))
add("accepted/signature-long", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=string("ssh-ed25519") + string(bytes(65)))))
add("accepted/signature-short", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, signature=string("ssh-ed25519") + string(bytes(63)))))
add("accepted/offer-then-password", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB)).password())
add("accepted/then-program", lambda c: (asking(ready(c), ed(c)).wait(80, seconds=c.quiet), c.send(stages.OPEN_SESSION).wait(91), c.send(request("exec", string("echo hello"))).wait(97)), races=True)
for algorithm, blob in (("ssh-rsa", CERTIFICATE), ("rsa-sha2-256", CERTIFICATE), ("ssh-rsa", BLOB), ("ssh-ed25519", RSA_BLOB), ("ssh-rsa-cert-v01@openssh.com", CERTIFICATE), ("ssh-rsa-cert-v01@openssh.com", RSA_BLOB)):
    kind = "certificate" if blob is CERTIFICATE else "rsa" if blob is RSA_BLOB else "ed25519"
    add(f"accepted/{kind}-as-{algorithm.split('@')[0]}", lambda c, a=algorithm, b=blob: asking(ready(c), offer(a, b), signed(c, a, b, key=ED)))
for algorithm in ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"):
    add(f"accepted/offer-{algorithm}", lambda c, a=algorithm: asking(ready(c), offer(a, RSA_BLOB)))
    add(f"accepted/signed-{algorithm}", lambda c, a=algorithm: asking(ready(c), signed(c, a, RSA_BLOB, key=RSA)))
    add(f"accepted/damaged-{algorithm}", lambda c, a=algorithm: asking(ready(c), signed(c, a, RSA_BLOB, key=RSA, damage=True)))
add("accepted/hostbound-offer", lambda c: asking(ready(c), offer("ssh-ed25519", BLOB, method=BOUND, rest=string(c.host_key))))
add("accepted/hostbound-signed", lambda c: asking(ready(c), ed(c, method=BOUND, rest=string(c.host_key))))
add("accepted/hostbound-other-host", lambda c: asking(ready(c), ed(c, method=BOUND, rest=string(ED_BLOB))))
add("accepted/hostbound-damaged", lambda c: asking(ready(c), ed(c, method=BOUND, rest=string(c.host_key), damage=True)))
