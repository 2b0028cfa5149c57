"""The stages of a connection that probes start from. Each is reached from the one before."""
from collections.abc import Callable

from client import EXT_INFO, STRICT, Client
from wire import Kexinit, string, u32

OPEN_SESSION = b"\x5a" + string("session") + u32(0) + u32(0x200000) + u32(0x8000)
STRICT_KEXINIT = Kexinit(kex=b"curve25519-sha256," + EXT_INFO + b"," + STRICT)


def clear(c: Client) -> Client:
    """Identification lines are exchanged and the server's KEXINIT has come."""
    return c.identify()


def proposed(c: Client) -> Client:
    """Both KEXINITs are sent."""
    clear(c).propose().choose()
    return c


def answered(c: Client) -> Client:
    """The server has sent its answer and NEWKEYS, we have not sent ours."""
    clear(c).propose().start_exchange().wait(21)
    return c


def keyed(c: Client) -> Client:
    """New keys are in use in both directions; neither strict nor EXT_INFO."""
    return clear(c).exchange_keys()


def strict_keyed(c: Client) -> Client:
    return clear(c).exchange_keys(STRICT_KEXINIT)


def service(c: Client) -> Client:
    """ssh-userauth is accepted."""
    return keyed(c).service()


def authenticated(c: Client) -> Client:
    """Logged in; the server's first global request, if it sends one, has come."""
    c = service(c).password()
    c.wait(80, seconds=c.quiet)  # hostkeys-00@openssh.com; dropbear has none.
    return c


def quiet_home(c: Client) -> Client:
    """The user's home says that shells begin without greetings, which tell the machine's name: done by a connection before."""
    other = session(c.sibling())
    other.send(b"\x62" + u32(0) + string("exec") + b"\1" + string("touch .hushlogin")).wait(97)
    other.socket.close()
    return c


def session(c: Client, window: int = 0x200000, packet: int = 0x8000, number: int = 0) -> Client:
    """A session channel is open; the server's number of it is 0."""
    authenticated(c).send(b"\x5a" + string("session") + u32(number) + u32(window) + u32(packet)).wait(91, 92)
    return c


STAGES: dict[str, Callable[[Client], Client]] = {
    "clear": clear, "proposed": proposed, "answered": answered, "keyed": keyed, "strict": strict_keyed, "service": service,
    "auth": authenticated, "session": session,
}
