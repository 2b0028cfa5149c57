"""A client that can say anything at any time: identification, binary packets, key exchange, login."""
import hashlib
import select
import socket
import time
import zlib

import agreement
import ciphers
from masks import rule_of_padding
from transcript import Packet, Transcript
from wire import Kexinit, Reader, boolean, chosen, name_of, string, u32

IDENTIFICATION = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10"
USER, PASSWORD = "skepdiff", "Pw-1234x"
STRICT, EXT_INFO = b"kex-strict-c-v00@openssh.com", b"ext-info-c"


class Client:
    """One connection to a server. Methods that send do nothing once the server has ended it, as a probe may go on."""

    def __init__(self, address: tuple[str, int], quiet: float, patience: float, source: str = ""):
        self.address, self.source = address, source
        self.quiet, self.patience = quiet, patience
        self.log = Transcript()
        self.socket = socket.create_connection(address, timeout=30, source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.ended = self.garbled = self.was_reset = self.told_to_go = False
        self.buffer = b""
        self.identification, self.server_identification = IDENTIFICATION, b""
        self.incoming: ciphers.Clear = ciphers.Clear()
        self.outgoing: ciphers.Clear = ciphers.Clear()
        self.next_incoming: ciphers.Clear | None = None
        self.next_outgoing: ciphers.Clear | None = None
        self.sequence_in = self.sequence_out = 0
        self.received: list[bytes] = []  # Payloads that wait() has not looked at.
        self.kexinit, self.server_kexinit = Kexinit(), b""
        self.session_id, self.host_key, self.strict, self.logged_in = b"", b"", False, False
        self.agreed = {"compression_in": "none", "compression_out": "none"}
        self.exchange: agreement.X25519 | None = None
        self.inflate: zlib._Decompress | None = None
        self.deflate: zlib._Compress | None = None
        # Both servers speak first. Until sshd has started for this connection, silence means nothing; how long that takes
        # tells how busy the machine is, and so how long silence must last to mean something.
        start = time.monotonic()
        while not self.server_identification and not self.ended and time.monotonic() < start + patience:
            self.pump(start + patience - time.monotonic())
        self.quiet = max(quiet, 4 * (time.monotonic() - start))

    def sibling(self) -> "Client":
        """Another connection from here to the same server, which nobody compares."""
        return Client(self.address, self.quiet, self.patience, self.source)

    # --- bytes ---

    def raw(self, data: bytes, why: str = "") -> "Client":
        if self.ended or self.told_to_go:
            return self  # What follows a DISCONNECT only races with the end.
        self.log.sent(why or f"{len(data)} bytes {data[:160]!r}")
        view = memoryview(data)
        while view and not self.ended:
            readable, writable, _ = select.select([self.socket], [self.socket], [], self.patience)
            if readable:
                self.feed()
            elif not writable:
                break  # Neither takes nor says anything: settle() and finish() tell the rest.
            if writable and not self.ended:
                try:
                    view = view[self.socket.send(view):]
                except (ConnectionResetError, BrokenPipeError):
                    self.was_reset = True  # What came before the reset can still be read.
                    while not self.ended:
                        self.feed()
                except BlockingIOError:
                    pass
        return self

    def end(self, how: str) -> None:
        if self.buffer:
            self.log.said(f"not a packet: {self.buffer[:400]!r}")
        self.ended = True
        self.log.said(f"end: {how}")

    def feed(self) -> None:
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            data = b""
            if not self.was_reset:
                return
        except ConnectionResetError:
            self.end("RST")
            return
        if not data:
            self.end("RST" if self.was_reset else "FIN")
            return
        self.buffer += data
        self.parse()

    def pump(self, seconds: float) -> bool:
        """Reads once if something comes within that time; whether it did."""
        if self.ended or not select.select([self.socket], [], [], max(0.0, seconds))[0]:
            return False
        self.feed()
        return True

    def parse(self) -> None:
        while not self.server_identification:
            line, found, rest = self.buffer.partition(b"\n")
            if not found:
                return
            self.log.said(f"line {line + found!r}")
            self.buffer = rest
            if line.startswith(b"SSH-"):
                self.server_identification = line.removesuffix(b"\r")
        while not self.garbled and len(self.buffer) >= (4 if self.incoming.aad else self.incoming.block):
            if not self.packet_came():
                return

    def packet_came(self) -> bool:
        layer = self.incoming
        length = layer.length(self.sequence_in, self.buffer)
        whole = 4 + length + layer.tag_bytes
        if length > 300000 or length < 5:
            self.garbled = True  # Text, as sshd's complaints about an identification: kept until the end.
            return False
        if len(self.buffer) < whole:
            return False
        data, self.buffer = self.buffer[:whole], self.buffer[whole:]
        try:
            plain = layer.open(self.sequence_in, data)
        except ciphers.BadPacket as error:
            self.log.said(f"{error} in a packet of {length} bytes")
            self.buffer, self.garbled = b"", True
            return False
        padding = plain[length - plain[0]:]
        payload = plain[1:length - plain[0]]
        kind = "encrypted" if layer.name != "clear" else "random" if any(padding) else "zero"
        packet = Packet("", layer.name, self.sequence_in, length, plain[0], kind, payload)
        if self.inflate is not None:
            packet.payload = self.inflate.decompress(payload)
            # Mask `compressed`: how well random bytes (keys, padding of zlib's history) compress is random too.
            packet.as_computed = packet.padding == rule_of_padding(len(payload), layer.block, layer.aad)
        self.log.entries.append(packet)
        self.sequence_in += 1
        self.told_to_go = self.told_to_go or packet.payload[:1] == b"\x01"
        self.react(packet)
        self.received.append(packet.payload)
        return True

    # --- waiting ---

    def wait(self, *types: int, seconds: float = 0) -> bytes:
        """The next message of one of these types (or any), or nothing if the connection ends or stays silent."""
        start = time.monotonic()
        end = start + (seconds or self.patience)
        while True:
            while self.received:
                payload = self.received.pop(0)
                if not types or payload[:1] and payload[0] in types:
                    self.log.slow = self.log.slow or time.monotonic() - start > 1.2
                    return payload
            if self.ended or time.monotonic() > end:
                return b""
            self.pump(end - time.monotonic())

    def settle(self) -> "Client":
        """Reads until the server has been quiet for a while."""
        while self.pump(self.quiet):
            pass
        return self

    def finish(self) -> None:
        """Tells whether the connection is still open, then ends our side and reads what the server has left to say."""
        self.settle()
        if not self.ended:
            self.log.said("still open")
            self.half_close()
        end = time.monotonic() + self.patience
        while not self.ended and time.monotonic() < end:
            self.pump(end - time.monotonic())
        if not self.ended:
            self.end("none after our FIN")
        self.socket.close()

    def half_close(self) -> "Client":
        if not self.ended:
            self.log.sent("FIN")
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # It ended meanwhile; reading says how.
        return self

    # --- packets ---

    def packet(self, payload: bytes, padding: int | None = None, length: int | None = None, said_padding: int | None = None,
               damage: int = 0, cut: int | None = None) -> bytes:
        """A sealed binary packet. `padding` bytes really follow, the others only lie: about the length, about the padding;
        `damage` is XORed to the last byte (the MAC's), `cut` leaves so many bytes."""
        layer = self.outgoing
        if self.deflate is not None:
            payload = self.deflate.compress(payload) + self.deflate.flush(zlib.Z_PARTIAL_FLUSH)
        if padding is None:
            padding = rule_of_padding(len(payload), layer.block, layer.aad)
        body = bytes([(padding if said_padding is None else said_padding) & 255]) + payload + bytes(padding)
        sealed = layer.seal(self.sequence_out, u32(len(body) if length is None else length) + body)
        self.sequence_out = (self.sequence_out + 1) % 2**32
        if damage:
            sealed = sealed[:-1] + bytes([sealed[-1] ^ damage])
        return sealed if cut is None else sealed[:cut]

    def send(self, *payloads: bytes, **odd: int) -> "Client":
        """All in one write, so that the server reads them at once."""
        sealed = b"".join(self.packet(one, **odd) for one in payloads)
        said = "; ".join(f"{name_of(one)} {one[:200]!r}" for one in payloads)
        return self.raw(sealed, said + (f" {odd}" if odd else ""))

    # --- key exchange ---

    def identify(self, line: bytes | None = None) -> "Client":
        """Sends our identification line and waits for the server's KEXINIT."""
        if line is not None:
            self.identification = line
        self.raw(self.identification + b"\r\n")
        self.wait(20)
        return self

    def propose(self, kexinit: Kexinit | None = None) -> "Client":
        self.kexinit = kexinit or self.kexinit
        return self.send(self.kexinit.payload())

    def choose(self) -> dict[str, str]:
        """What the two KEXINITs agree on; makes our half of the exchange ready."""
        agreed = chosen(self.kexinit, self.server_kexinit)
        if not self.session_id:
            self.strict = STRICT in self.kexinit.kex.split(b",") and b"kex-strict-s-v00@openssh.com" in self.server_kexinit
        if agreed["kex"] != "diffie-hellman-group-exchange-sha256":
            self.exchange = agreement.make(agreed["kex"])
        self.agreed = agreed
        return agreed

    def start_exchange(self) -> "Client":
        self.choose()
        if self.agreed["kex"] == "diffie-hellman-group-exchange-sha256":
            return self.ask_group(2048, 3072, 8192)
        assert self.exchange is not None
        return self.send(self.exchange.init())

    def ask_group(self, low: int, preferred: int, high: int) -> "Client":
        self.choose()
        asked = u32(low) + u32(preferred) + u32(high)
        group = Reader(self.send(b"\x22" + asked).wait(31)[1:])
        if not self.ended and group.rest:
            self.exchange = agreement.Gex(group.mpint(), group.mpint(), "sha256", asked)
            self.send(self.exchange.init())
        return self

    def react(self, packet: Packet) -> None:
        """What the client must do when a message comes, whoever waits for it."""
        kind = packet.payload[0] if packet.payload else 0
        if kind == 20:
            self.server_kexinit = packet.payload
        elif kind == 31 and "group-exchange" in self.kexinit.kex.decode("latin-1"):
            self.group_came(packet)
        elif kind in (31, 33) and len(packet.payload) > 100:
            self.answer_of_kex(packet)
        elif kind == 21 and self.next_incoming is not None:
            self.incoming, self.next_incoming = self.next_incoming, None
            self.compress_in()
            if self.strict:
                self.sequence_in = 0
        elif kind == 52:
            self.logged_in = True
            self.compress_in()
            self.compress_out()
        elif kind == 81 and len(packet.payload) > 60:
            self.proofs_came(packet)

    def compress_in(self) -> None:
        """zlib@openssh.com begins after login, and anew with each key exchange."""
        self.inflate = zlib.decompressobj() if self.logged_in and self.agreed["compression_in"] == "zlib@openssh.com" else None

    def compress_out(self) -> None:
        self.deflate = zlib.compressobj() if self.logged_in and self.agreed["compression_out"] == "zlib@openssh.com" else None

    def group_came(self, packet: Packet) -> None:
        group = Reader(packet.payload[1:])
        prime, generator = group.mpint(), group.mpint()
        packet.note = f"group of {prime.bit_length()} bits, generator {'2 or 5' if generator in (2, 5) else generator}, {len(group.rest)} more bytes"

    def proofs_came(self, packet: Packet) -> None:
        reader, kinds = Reader(packet.payload[1:]), []
        while reader.rest:
            signature = reader.string()
            kinds.append(f"{Reader(signature).string().decode()} of {len(signature)} bytes")
        packet.note = "signatures " + ", ".join(kinds)

    def answer_of_kex(self, packet: Packet) -> None:
        """Checks the host's signature, makes the keys, and describes the message for the comparison."""
        reader = Reader(packet.payload[1:])
        blob, answer, signature = reader.string(), reader.string(), reader.string()
        self.host_key = blob
        kind = Reader(blob).string().decode()
        signed = Reader(signature).string().decode()
        is_number = b"diffie" in self.kexinit.kex
        varies = packet.as_computed or is_number or kind.startswith("ecdsa")
        size = "" if varies else f" {len(answer)}, signature {len(signature)}"
        canonical = not is_number or answer[:1] != b"\0" or answer[1] > 127
        packet.as_computed = varies and packet.padding == rule_of_padding(len(packet.payload), self.incoming.block, self.incoming.aad)
        packet.note = f"{kind} {len(blob)}{size} {signed} +{len(reader.rest)}"
        if self.exchange is None:
            return  # The probe's own value was sent, for which there is no private key.
        try:
            secret = self.exchange.secret(answer)
        except ValueError as error:
            packet.note += f" no shared secret: {error}"
            return
        text = [string(one) for one in (self.identification, self.server_identification, self.kexinit.payload(),
                                        self.server_kexinit, blob)]
        whole = b"".join(text) + self.exchange.exchanged(answer) + secret
        digest = hashlib.new(self.exchange.hash_name, whole).digest()
        good = agreement.signature_is_good(signed, blob, signature, digest)
        packet.note += f" signature {'good' if good else 'BAD'}{'' if canonical else ', odd mpint'}"
        self.session_id = self.session_id or digest
        derive = agreement.derivation(self.exchange.hash_name, secret, digest, self.session_id)
        self.next_outgoing = ciphers.make(self.agreed["cipher_out"], self.agreed["mac_out"], derive, "ACE")
        self.next_incoming = ciphers.make(self.agreed["cipher_in"], self.agreed["mac_in"], derive, "BDF")

    def new_keys(self) -> "Client":
        """Sends NEWKEYS and uses the new keys for what follows."""
        self.send(b"\x15")
        if self.next_outgoing is not None:
            self.outgoing, self.next_outgoing = self.next_outgoing, None
            self.compress_out()
            if self.strict:
                self.sequence_out = 0
        return self

    def exchange_keys(self, kexinit: Kexinit | None = None) -> "Client":
        """A whole key exchange after the identification; also a re-exchange, which the server then answers."""
        again = bool(self.session_id)
        self.propose(kexinit)
        if again:
            self.wait(20)
        self.start_exchange().wait(21)
        return self.new_keys()

    # --- login ---

    def service(self, name: str = "ssh-userauth") -> "Client":
        self.send(b"\x05" + string(name)).wait(6)
        return self

    def request(self, method: str, rest: bytes = b"", user: str | bytes = USER, service: str = "ssh-connection") -> bytes:
        return b"\x32" + string(user) + string(service) + string(method) + rest

    def password(self, password: str | bytes = PASSWORD, user: str | bytes = USER) -> "Client":
        self.send(self.request("password", boolean(False) + string(password), user)).wait(51, 52, 60, 1)
        return self
