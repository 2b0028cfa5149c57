"""The servers that are asked: Debian's sshd and dropbear with a user made for the time of the test, Skep, or any address."""
import fcntl
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from client import PASSWORD, USER

Address = tuple[str, int]
# Debian's /etc/ssh/sshd_config (openssh-server 1:9.2p1-2+deb12u10) without its comments and its Include.
SSHD_CONFIG = """
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
"""
# What differs from it: where it listens, whose keys, and that many probes at once are not what is compared.
SSHD_PLACE = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/rsa
HostKey {folder}/ecdsa
HostKey {folder}/ed25519
PidFile {folder}/pid
MaxStartups 1000
"""
PROGRAMS = {"openssh": ("/usr/sbin/sshd", "openssh-server"), "dropbear": ("/usr/sbin/dropbear", "dropbear-bin")}
# The user's shell: Debian's usual one, and for dropbear the one of its allowed shells that is nearest to BusyBox's.
SHELLS = {"openssh": "/bin/bash", "dropbear": "/bin/sh"}
# What init gives a service. Dropbear hands its LANG on to programs.
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
VERSIONS = {"openssh": ("openssh-server", "1:9.2p1-2+deb12u10"), "dropbear": ("dropbear-bin", "2022.83-1+deb12u3")}


def missing(server: str) -> str:
    """Why the real server cannot be run here, or nothing."""
    program, package = PROGRAMS[server]
    if os.geteuid() != 0:
        return "this needs root: real logins run"
    for path in (program, "/usr/sbin/useradd", "/usr/bin/ssh-keygen"):
        if not os.path.exists(path):
            return f"{path} is missing: apt-get install {package} openssh-client passwd"
    return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_listener(address: Address, process: subprocess.Popen[bytes], log: pathlib.Path) -> None:
    for _ in range(500):
        try:
            socket.create_connection(address, timeout=5).close()
            return
        except ConnectionRefusedError:
            if process.poll() is not None:
                break
            time.sleep(0.02)
    raise RuntimeError("the real server does not start: " + log.read_text(errors="replace"))


def quietly(*words: str) -> int:
    return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode


@contextmanager
def test_user(server: str, name: str = USER) -> Iterator[None]:
    """A user with a known password, home and shell; gone afterwards, with what it still runs."""
    lock = open(f"/run/lock/{name}", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # Another run would remove its user beneath it.
    quietly("userdel", "-f", "-r", name)
    secret = subprocess.run(["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run(["useradd", "-m", "-s", SHELLS[server], "-p", secret, name], check=True)
    try:
        yield
    finally:
        quietly("pkill", "-KILL", "-u", name)  # What its sessions still run.
        quietly("userdel", "-f", "-r", name)
        lock.close()


def host_keys(folder: pathlib.Path) -> None:
    for kind in ("rsa", "ecdsa", "ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", folder / kind], check=True)


def sshd_command(folder: pathlib.Path, port: int) -> list[str]:
    (folder / "config").write_text(SSHD_PLACE.format(port=port, folder=folder) + SSHD_CONFIG)
    pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # Where its unprivileged half lives; made at boot otherwise.
    host_keys(folder)
    return ["/usr/sbin/sshd", "-D", "-f", str(folder / "config"), "-E", str(folder / "log")]


def dropbear_command(folder: pathlib.Path, port: int) -> list[str]:
    words = ["/usr/sbin/dropbear", "-F", "-E", "-p", f"127.0.0.1:{port}", "-P", str(folder / "pid")]
    for kind, size in (("rsa", ["-s", "2048"]), ("ecdsa", ["-s", "256"]), ("ed25519", [])):
        subprocess.run(["dropbearkey", "-t", kind, *size, "-f", folder / kind], check=True, capture_output=True)
        words += ["-r", str(folder / kind)]
    return words


def hear_signals() -> None:
    """A job in the background of a shell ignores these, and what dropbear starts would inherit it."""
    for one in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(one, signal.SIG_DFL)


@contextmanager
def real(server: str) -> Iterator[Address]:
    """Debian's server on a free port of loopback."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="skepdiff-ssh-"))
    address = ("127.0.0.1", free_port())
    try:
        command = (sshd_command if server == "openssh" else dropbear_command)(folder, address[1])
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                       env=ENVIRONMENT, preexec_fn=hear_signals)
        try:
            wait_for_listener(address, process, folder / "log")
            yield address
        finally:
            process.terminate()
            process.wait(timeout=10)
            if os.environ.get("SKEP_TEST_KEEP_LOG"):
                shutil.copy(folder / "log", os.environ["SKEP_TEST_KEEP_LOG"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def skep(program: str, images: str, server: str) -> Iterator[Address]:
    """A deployment of Skep that plays that server and lets the same user in."""
    sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "e2e"))
    import skep_e2e

    persona = "debian" if server == "openssh" else "router"
    settings = ["service.ssh.kind=ssh", f"service.ssh.persona={persona}", "service.ssh.address=127.0.0.1:0", "auth.policy=list",
                f'auth.accept=["{USER}:{PASSWORD}"]', "ssh.limit_startups=false"]
    settings += [one for one in os.environ.get("SKEP_TEST_SETTINGS", "").split("\n") if one]
    with skep_e2e.Deployment(os.path.abspath(program), settings, images) as deployment:
        deployment.start()
        yield deployment.address("ssh")
