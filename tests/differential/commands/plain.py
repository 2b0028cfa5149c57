#!/usr/bin/env python3
"""Runs commands in plain containers: what `cell_runner` is for cells, with the kernel's own answers.

    plain.py IMAGE_ROOTFS IDENTITY_DIRECTORY < requests > answers

Each command gets a container of its own over the same image: user namespace with the same ids, mount, pid, network, host name
and IPC namespaces, an overlay in memory, the rights of a Docker container, no path to any network. Requests and answers are
those of cell_runner. IDENTITY_DIRECTORY holds `files/`, what the persona adds to the image, and `machine.json`.
A user namespace, because commands of attackers run here as root on a machine of ours.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback

libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
NOSUID, NODEV, NOEXEC, REMOUNT, RDONLY, BIND, REC, PRIVATE = 2, 4, 8, 32, 1, 4096, 16384, 1 << 18
SYS_PIVOT_ROOT = 155
FIRST_ID, IDS = 100000, 65536
OUTPUT_BYTES_MAX = 4 * 1024 * 1024
# Docker's default set (moby/oci/caps/defaults.go): chown dac_override fowner fsetid kill setgid setuid setpcap
# net_bind_service net_raw sys_chroot mknod audit_write setfcap.
CAPABILITIES = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def check(result: int, what: str) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def unshare(flags: int) -> None:
    check(libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    check(libc.mount(source.encode(), target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags), data.encode() or None), f"mount {target}")


class Container:
    """In the child: from a process of ours to process 1 of a container."""

    def __init__(self, lower: str, identity: str, machine: dict):
        self.lower, self.identity, self.machine = lower, identity, machine

    def network(self) -> None:
        """lo and eth0 as a cell has them. Every address is this machine's, so that nothing leaves and every port refuses."""
        lines = ["link set lo up", f"addr add {self.machine['address']} brd + dev eth0",
                 "link set eth0 up", f"route add default via {self.machine['gateway']} dev eth0",
                 "route add local 0.0.0.0/0 dev lo table local"]
        for kind in ("dummy", "ifb"):
            if subprocess.run(["ip", "link", "add", "eth0", "address", self.machine["mac"], "txqueuelen", "1000", "type", kind], check=False, stderr=subprocess.DEVNULL).returncode == 0:
                break
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines).encode(), check=True, stdout=subprocess.DEVNULL)

    def tree(self) -> None:
        mount("none", "/", None, REC | PRIVATE)
        mount("tmpfs", "/mnt", "tmpfs", 0, "mode=755")
        for name in ("upper", "work", "root"):
            os.mkdir("/mnt/" + name, 0o755)
        root = "/mnt/root"
        mount("overlay", root, "overlay", 0, f"lowerdir={self.identity}:{self.lower},upperdir=/mnt/upper,workdir=/mnt/work,userxattr")
        mount("tmpfs", root + "/dev", "tmpfs", NOSUID, "mode=755")
        for name in DEVICES:
            os.close(os.open(f"{root}/dev/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
            mount("/dev/" + name, f"{root}/dev/{name}", None, BIND)
        for target, name in (("/proc/self/fd", "fd"), ("/proc/self/fd/0", "stdin"), ("/proc/self/fd/1", "stdout"),
                             ("/proc/self/fd/2", "stderr"), ("/proc/kcore", "core"), ("pts/ptmx", "ptmx")):
            os.symlink(target, f"{root}/dev/{name}")
        for name, kind, data in (("pts", "devpts", "newinstance,gid=5,mode=620,ptmxmode=666"), ("shm", "tmpfs", "mode=1777")):
            os.mkdir(f"{root}/dev/{name}")
            mount(kind, f"{root}/dev/{name}", kind, NOSUID | (NOEXEC if name == "pts" else NODEV), data)
        mount("proc", root + "/proc", "proc", NOSUID | NODEV | NOEXEC)
        mount("sysfs", root + "/sys", "sysfs", NOSUID | NODEV | NOEXEC)
        os.chdir(root)
        check(libc.syscall(SYS_PIVOT_ROOT, b".", b"."), "pivot_root")
        check(libc.umount2(b".", 2), "umount2")
        os.chdir("/")

    def drop_rights(self) -> None:
        for number in range(64):
            if number not in CAPABILITIES and libc.prctl(24, number, 0, 0, 0) < 0:  # PR_CAPBSET_DROP
                break
        low = sum(1 << number for number in CAPABILITIES)
        check(libc.capset(struct.pack("II", 0x20080522, 0), struct.pack("6I", low, low, 0, 0, 0, 0)), "capset")

    def limits(self) -> None:
        processes = self.machine["memory_kib"] // 260
        for which, soft, hard in ((resource.RLIMIT_NOFILE, 1024, 1048576), (resource.RLIMIT_NPROC, processes, processes), (resource.RLIMIT_CORE, 0, resource.RLIM_INFINITY)):
            try:
                resource.setrlimit(which, (soft, hard))
            except (ValueError, OSError):
                pass

    def program(self, command: bytes, pipes: list[int]) -> None:
        os.setsid()
        for target, source in enumerate(pipes):
            os.dup2(source, target)
        os.umask(0o022)
        environment = self.machine["environment"]
        os.chdir(environment["HOME"])
        shell = environment["SHELL"]
        for number in range(1, 32):
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        self.drop_rights()
        os.execve(shell, [os.path.basename(shell).encode(), b"-c", command], environment)

    def first(self, command: bytes, pipes: list[int], status: int) -> None:
        """Process 1: starts the command, reports how it ended, and stays for what it left behind."""
        self.tree()
        with open("/proc/sys/kernel/ns_last_pid", "w") as file:
            file.write("2345")
        self.limits()
        child = os.fork()
        if child == 0:
            self.program(command, pipes)
        for one in pipes:
            os.close(one)
        while True:
            try:
                pid, how = os.wait()
            except ChildProcessError:
                time.sleep(60)
                continue
            if pid == child:
                with contextlib.suppress(BrokenPipeError):  # Nobody waits any more.
                    os.write(status, struct.pack("i", how))

    def become(self, command: bytes, pipes: list[int], status: int, ready: int, mapped: int) -> None:
        unshare(NEWUSER)
        os.write(ready, b"u")
        os.read(mapped, 1)
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        unshare(NEWNS | NEWNET | NEWUTS | NEWIPC | NEWCGROUP)
        host = self.machine["hostname"].encode()
        check(libc.sethostname(host, len(host)), "sethostname")
        self.network()
        unshare(NEWPID)
        libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
        init = os.fork()
        if init == 0:
            libc.prctl(1, signal.SIGKILL, 0, 0, 0)
            self.first(command, pipes, status)
        for one in [*pipes, status, ready, mapped]:
            os.close(one)
        os.waitpid(init, 0)


def run(container: Container, command: bytes, seconds: float) -> tuple[int, int, int, bytes, bytes]:
    """(whether it ended and let go of its output, exit status, signal, output, errors)"""
    pipes = [os.pipe() for _ in range(6)]  # input, output, errors, status, ready, mapped
    input_, output, errors, status, ready, mapped = pipes
    child = os.fork()
    if child == 0:
        try:
            for one in (input_[1], output[0], errors[0], status[0], ready[0], mapped[1]):
                os.close(one)
            container.become(command, [input_[0], output[1], errors[1]], status[1], ready[1], mapped[0])
        except BaseException as error:  # Process 1 too must end here.
            traceback.print_exc()
        finally:
            os._exit(9)
    for one in (input_[0], input_[1], output[1], errors[1], status[1], ready[1], mapped[0]):
        os.close(one)
    if os.read(ready[0], 1):
        for kind in ("uid_map", "gid_map"):
            pathlib.Path(f"/proc/{child}/{kind}").write_text(f"0 {FIRST_ID} {IDS}\n")
        os.write(mapped[1], b"m")
    texts = {output[0]: b"", errors[0]: b""}
    how = b""
    waiting = {output[0], errors[0], status[0]}
    end = time.monotonic() + seconds
    while waiting and (left := end - time.monotonic()) > 0:
        for one in select.select(list(waiting), [], [], left)[0]:
            part = os.read(one, 65536)
            if one == status[0]:
                how = part
                waiting.discard(one)
            elif not part:
                waiting.discard(one)
            else:
                texts[one] += part[: OUTPUT_BYTES_MAX - len(texts[one])]
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for one in (output[0], errors[0], status[0], ready[0], mapped[1]):
        os.close(one)
    code = struct.unpack("i", how)[0] if len(how) == 4 else 0
    return (int(not waiting), os.WEXITSTATUS(code) if os.WIFEXITED(code) else 0, os.WTERMSIG(code) if os.WIFSIGNALED(code) else 0,
            texts[output[0]], texts[errors[0]])


def main() -> int:
    lower, identity = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    machine = json.loads((identity / "machine.json").read_text())
    # The image lies where only its owner may look: it gets a name here that root of the containers can use.
    unshare(NEWNS)
    mount("none", "/", None, REC | PRIVATE)
    place = tempfile.mkdtemp(prefix="skep-plain-")
    os.chmod(place, 0o755)
    mount("tmpfs", place, "tmpfs", 0, "mode=755")
    for name, source in (("lower", lower), ("identity", str(identity / "files"))):
        os.mkdir(f"{place}/{name}")
        mount(source, f"{place}/{name}", None, BIND)
        mount("none", f"{place}/{name}", None, BIND | REMOUNT | RDONLY)
    container = Container(f"{place}/lower", f"{place}/identity", machine)
    print("ready", flush=True)
    try:
        for line in sys.stdin:
            number, milliseconds, command = line.split(" ")
            ended, code, sign, output, errors = run(container, bytes.fromhex(command), int(milliseconds) / 1000)
            print(f"{number} {ended} {code} {sign} {output.hex()}. {errors.hex()}.", flush=True)
    finally:
        check(libc.umount2(place.encode(), 2), "umount2")
        os.rmdir(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
