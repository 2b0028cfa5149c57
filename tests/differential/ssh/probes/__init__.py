"""The table of probes. Each module adds its own; a name is `theme/what`."""
import importlib
import pathlib
from collections.abc import Callable
from dataclasses import dataclass

from client import Client

Ask = Callable[[Client], object]


@dataclass(frozen=True)
class Probe:
    name: str
    ask: Ask
    servers: tuple[str, ...] = ("openssh", "dropbear")
    slow: bool = False  # Waits for PAM's delay: started first.
    races: bool = False  # Runs a program: masks `chunks` and `death`.


TABLE: dict[str, Probe] = {}


def add(name: str, ask: Ask, only: str = "", slow: bool = False, races: bool = False) -> None:
    assert name not in TABLE, f"two probes are called {name}"
    TABLE[name] = Probe(name, ask, (only,) if only else ("openssh", "dropbear"), slow, races)


def load() -> dict[str, Probe]:
    for module in sorted(pathlib.Path(__file__).parent.glob("[a-z]*.py")):
        importlib.import_module(f"probes.{module.stem}")
    return TABLE
