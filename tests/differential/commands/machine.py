"""The machine that both sides claim to be: this host's processors, memory and kernel, with the persona's name and addresses.

So the persona tells what the plain container sees anyway, and nothing of it needs a mask.
"""
import io
import json
import os
import pathlib
import platform
import re
import tarfile
import tomllib

FIRST_ID = 100000
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLIENT = {"SSH_CLIENT": "192.0.2.7 4711 22", "SSH_CONNECTION": "192.0.2.7 4711 192.0.2.1 22"}  # As tests/cell/harness.cpp asks.
# What sshd and dropbear set (src/cell/standalone/environment.cpp).
ENVIRONMENT = {
    "debian": {"USER": "root", "LOGNAME": "root", "HOME": "/root", "PATH": PATH, "SHELL": "/bin/bash", "MOTD_SHOWN": "pam", "LANG": "en_US.UTF-8", **CLIENT},
    "router": {"USER": "root", "LOGNAME": "root", "HOME": "/root", "SHELL": "/bin/sh", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **CLIENT},
}
# What the cell adds to its image, and only there.
IDENTITY = ("etc/hostname etc/hosts etc/resolv.conf etc/machine-id etc/mailname etc/network/interfaces etc/fstab etc/motd run "
            "etc/passwd etc/shadow etc/group etc/gshadow")
IDENTITY_COMMAND = f"cd / && tar cf - $(ls -d {IDENTITY} 2>/dev/null)"


def first(pattern: str, file: str) -> str:
    found = re.search(pattern, pathlib.Path(file).read_text(), re.MULTILINE)
    return found[1].strip() if found else ""


def persona_lines() -> list[str]:
    """Lines for the persona file."""
    cpu = "/proc/cpuinfo"
    values: dict[str, object] = {
        "kernel_release": platform.release(), "kernel_version": platform.version(),
        "proc_version": pathlib.Path("/proc/version").read_text().strip(),
        "cpu_model": first(r"^model name\s*: (.*)$", cpu), "cpu_vendor": first(r"^vendor_id\s*: (.*)$", cpu),
        "cpu_family": int(first(r"^cpu family\s*: (\d+)", cpu)), "cpu_model_number": int(first(r"^model\s*: (\d+)", cpu)),
        "cpu_stepping": int(first(r"^stepping\s*: (\d+)", cpu)), "cpu_mhz": int(first(r"^cpu MHz\s*: (\d+)", cpu)),
        "cpu_cache_kib": int(first(r"^cache size\s*: (\d+)", cpu)), "cpu_flags": first(r"^flags\s*: (.*)$", cpu),
        "cpus": os.cpu_count(), "memory_kib": int(first(r"^MemTotal:\s+(\d+)", "/proc/meminfo")),
        "swap_kib": int(first(r"^SwapTotal:\s+(\d+)", "/proc/meminfo")), "boot_time": int(first(r"^btime (\d+)", "/proc/stat")),
    }
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]


def write_identity(directory: pathlib.Path, persona: str, persona_file: pathlib.Path, archive: bytes) -> None:
    """`directory` becomes what plain.py wants: `archive` is the output of IDENTITY_COMMAND in a fresh cell."""
    files = directory / "files"
    files.mkdir(mode=0o755)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(files, members=[one for one in tar if one.isfile() or one.isdir()], numeric_owner=True)
    for place, names, others in os.walk(files):
        for name in names + others:
            path = os.path.join(place, name)
            info = os.lstat(path)
            os.lchown(path, FIRST_ID + info.st_uid, FIRST_ID + info.st_gid)
    os.chown(files, FIRST_ID, FIRST_ID)
    told = tomllib.loads(persona_file.read_text())
    machine = {key: told[key] for key in ("hostname", "mac", "address", "gateway", "memory_kib")}
    (directory / "machine.json").write_text(json.dumps({**machine, "environment": ENVIRONMENT[persona]}))
