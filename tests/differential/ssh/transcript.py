"""What one connection said, in order: the server's words, which are compared, and ours, which only explain them."""
from dataclasses import dataclass, field

from wire import name_of


@dataclass
class Said:
    """One thing that the server did. `text` is compared; everything random in it is already masked."""

    text: str


@dataclass
class Sent:
    """One thing that we did."""

    text: str


@dataclass
class Packet(Said):
    """A whole binary packet of the server, kept apart so that masks can join and order messages."""

    layer: str = ""
    sequence: int = 0
    length: int = 0
    padding: int = 0
    padding_kind: str = ""
    payload: bytes = b""
    note: str = ""  # Replaces the payload where it is described instead of compared.
    as_computed: bool = False  # The payload's length is random: length and padding were checked against the rule instead.

    def line(self) -> str:
        size = "len=ok pad=ok" if self.as_computed else f"len={self.length} pad={self.padding}"
        said = self.note or repr(self.payload)[1:]
        return f"#{self.sequence} [{self.layer}] {size} {self.padding_kind} {name_of(self.payload)} {said}"


@dataclass
class Transcript:
    """All of one connection; `slow` says that an answer took about PAM's two seconds (for information, not compared)."""

    entries: list[Said | Sent] = field(default_factory=list)
    slow: bool = False

    def said(self, text: str) -> None:
        self.entries.append(Said(text))

    def sent(self, text: str) -> None:
        self.entries.append(Sent(text))

    def server_lines(self) -> list[str]:
        return [one.line() if isinstance(one, Packet) else one.text for one in self.entries if isinstance(one, Said)]

    def all_lines(self) -> list[str]:
        return ["    > " + one.text if isinstance(one, Sent) else
                "< " + (one.line() if isinstance(one, Packet) else one.text) for one in self.entries]
