#!/usr/bin/env python3
"""Scanners, password guessers and file clients, each run against Skep and against Debian's sshd or dropbear: what they print is
compared, after hosts, ports, keys and times are masked.

Usage: ssh_scanners.py SKEP IMAGES [TEST...]
"""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from skep_e2e import Deployment, main, skip, wait_for  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "differential" / "ssh"))
try:
    import servers
    from client import PASSWORD, Client
    from wire import Reader
except ImportError:
    if pathlib.Path(sys.executable).resolve() != pathlib.Path("/usr/bin/python3").resolve() and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])  # Debian's package is for Debian's Python.
    skip("python3-cryptography is missing: apt-get install python3-cryptography")

SERVICES = {"openssh": "ssh", "dropbear": "router-ssh"}
USER = "skepscan"  # Not that of the differential tests, which may run at the same time.
# What the guessers try. One pair is right; each name and each password is also part of wrong ones.
USERS, PASSWORDS = ("root", USER), ("123456", PASSWORD, "admin")
LIBSSH = str(pathlib.Path(__file__).resolve().parent / "libssh_client.py")


class Both:
    """Debian's server and Skep, with the same tool run against both at once."""

    def __init__(self, real, deployment, address):
        self.real, self.deployment, self.address = real, deployment, address
        self.folder = deployment.directory

    def outputs(self, run):
        """What run(address, an empty folder) returns for each of them: the real server's first."""
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(run, address, tempfile.mkdtemp(dir=self.folder)) for address in (self.real, self.address)]
            return [job.result() for job in jobs]

    def same(self, run):
        """The same, which must be equal; returned once."""
        real, ours = self.outputs(run)
        assert real == ours, f"the real server:\n{real}\nSkep:\n{ours}"
        return ours


@contextlib.contextmanager
def both(skep, images, server, tool="", package="", users=False):
    """Skips unless `tool` and the real server are here; `users` makes the account that logs in."""
    if tool and shutil.which(tool) is None:
        skip(f"{tool} is missing: apt-get install {package}")
    if reason := servers.missing(server):
        skip(reason)
    if server == "openssh" and (inside := image_revision(images)) != package_revision():
        skip(f"the image has openssh-server {inside}, this machine {package_revision()}: build the image again or upgrade")
    settings = ["auth.policy=list", f'auth.accept=["{USER}:{PASSWORD}"]']
    with servers.test_user(server, USER) if users else contextlib.nullcontext(), servers.real(server) as real, \
            Deployment(skep, settings, images) as deployment:
        if users:
            os.chmod(f"/home/{USER}", 0o700)  # As Debian's adduser makes it, and so the cell.
        deployment.start()
        yield Both(real, deployment, deployment.address(SERVICES[server]))


def package_revision():
    """Of the installed openssh-server, as its greeting shows it: 2+deb12u10."""
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "openssh-server"], capture_output=True, text=True, check=False).stdout
    return version.rsplit("-", 1)[-1]


def image_revision(images):
    """The same of the persona's image, whose greeting must be that."""
    for line in pathlib.Path(images, "debian", "packages").read_text(encoding="utf-8").splitlines():
        if line.split()[0] == "openssh-server":
            return line.split()[1].rsplit("-", 1)[-1]
    return "none"


def run(words, folder, seconds=120, **options):
    """A tool in a home of its own; standard error is part of what it says."""
    environment = dict(os.environ, HOME=folder, LANG="C", TERM="dumb")
    done = subprocess.run([str(word) for word in words], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=seconds, check=False, **options)
    return f"{done.stdout.decode(errors='replace')}exit {done.returncode}\n"


def masked(text, address):
    """Host, port, fingerprints and times of day are of the run, everything else of the server."""
    host, port = address
    text = re.sub(rf"\b{port}\b", "PORT", text.replace(host, "HOST"))
    text = re.sub(r"SHA256:[A-Za-z0-9+/]{43}", "SHA256:FINGERPRINT", text)
    text = re.sub(r"\b[0-9a-f]{2}(:[0-9a-f]{2}){15}\b|\b[0-9a-f]{32}\b", "FINGERPRINT", text)
    text = re.sub(r"\b[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d\b", "DATE", text)
    return re.sub(r"\d{4}-\d\d-\d\d (at )?\d\d:\d\d(:\d\d| UTC)", "DATE", text)


def recognised(deployment, tool):
    wait_for("the event that names " + tool,
             lambda: any(event["name"] == tool for event in deployment.events("--eventid", "client.recognised")))


# --- scanners ---


def nmap(scripts):
    def ask(address, folder):
        words = ["nmap", "-sV", "--unprivileged", "-Pn", "-n", "-p", address[1], "--script", scripts, "-oX", "found.xml", address[0]]
        said = run(words, folder)
        port = xml.etree.ElementTree.parse(os.path.join(folder, "found.xml")).find(".//port")
        assert port is not None, said
        service = port.find("service")
        found = {"state": port.find("state").attrib["state"], "service": service.attrib, "cpe": [one.text for one in service.findall("cpe")]}
        for script in port.findall("script"):
            found[script.attrib["id"]] = masked(script.attrib["output"], address)
        return json.dumps(found, indent=1, sort_keys=True)

    return ask


def nmap_sees_openssh(skep, images):
    with both(skep, images, "openssh", "nmap", "nmap") as pair:
        found = json.loads(pair.same(nmap("ssh2-enum-algos,ssh-hostkey,ssh-auth-methods")))
        assert found["service"]["product"] == "OpenSSH", found
        assert found["service"]["version"] == "9.2p1 Debian " + package_revision(), found
        for part, script in (("sntrup761x25519-sha512@openssh.com", "ssh2-enum-algos"), ("(ED25519)", "ssh-hostkey"), ("password", "ssh-auth-methods")):
            assert part in found[script], found
        recognised(pair.deployment, "Nmap")


def nmap_sees_dropbear(skep, images):
    # Not ssh-hostkey: it loses the KEXINIT that either server sends together with its greeting, and gives up after 90 s.
    with both(skep, images, "dropbear", "nmap", "nmap") as pair:
        found = json.loads(pair.same(nmap("ssh2-enum-algos,ssh-auth-methods")))
        assert found["service"]["product"] == "Dropbear sshd" and found["service"]["version"] == "2022.83", found
        assert "kexguess2@matt.ucc.asn.au" in found["ssh2-enum-algos"] and "password" in found["ssh-auth-methods"], found


def audit(address, folder):
    host, port = address
    listing = json.loads(run(["ssh-audit", "-j", "-p", port, host], folder).rsplit("exit", 1)[0])
    for fingerprint in listing["fingerprints"]:
        fingerprint["hash"] = "FINGERPRINT"
    text = run(["ssh-audit", "-n", "-p", port, host], folder)
    return masked(json.dumps(listing, indent=1, sort_keys=True) + "\n" + text, address)


def ssh_audit_lists_openssh(skep, images):
    with both(skep, images, "openssh", "ssh-audit", "ssh-audit") as pair:
        found = pair.same(audit)
        assert "(gen) software: OpenSSH 9.2p1" in found and "(kex) diffie-hellman-group-exchange-sha256" in found, found


def ssh_audit_lists_dropbear(skep, images):
    with both(skep, images, "dropbear", "ssh-audit", "ssh-audit") as pair:
        found = pair.same(audit)
        assert "(gen) software: Dropbear SSH 2022.83" in found and "(kex) curve25519-sha256" in found, found


def introduction(address, _folder):
    """The greeting, HASSHServer (github.com/salesforce/hassh: key exchange; ciphers, MACs, compression to the client) and
    every field of the KEXINIT but its cookie."""
    client = Client(address, 0.1, 20)
    greeting = client.server_identification
    kexinit = client.identify().server_kexinit
    client.socket.close()
    reader = Reader(kexinit[17:])
    lists = [reader.string().decode("ascii") for _ in range(10)]
    hassh = hashlib.md5(";".join((lists[0], lists[3], lists[5], lists[7])).encode(), usedforsecurity=False).hexdigest()
    return "\n".join([repr(greeting), "hasshServer " + hassh, *lists, reader.rest.hex()])


def hassh_and_banner(skep, images, server, beginning):
    with both(skep, images, server) as pair:
        found = pair.same(introduction)
        assert beginning in found.splitlines()[0], found
        print("\n".join(found.splitlines()[:2]))


def hassh_and_banner_of_openssh(skep, images):
    hassh_and_banner(skep, images, "openssh", "SSH-2.0-OpenSSH_9.2p1 Debian-")


def hassh_and_banner_of_dropbear(skep, images):
    hassh_and_banner(skep, images, "dropbear", "SSH-2.0-dropbear_2022.83")


# --- password guessers ---


def lists_for(folder):
    for name, words in (("users", USERS), ("passwords", PASSWORDS)):
        pathlib.Path(folder, name).write_text("".join(word + "\n" for word in words), encoding="ascii")


def hydra(address, folder):
    lists_for(folder)
    said = run(["hydra", "-I", "-t", "4", "-L", "users", "-P", "passwords", "-s", address[1], f"ssh://{address[0]}"], folder)
    return masked(said, address)


def ncrack(address, folder):
    lists_for(folder)
    said = run(["ncrack", "-U", "users", "-P", "passwords", f"ssh://{address[0]}:{address[1]}"], folder)
    return re.sub(r"in [0-9.]+ seconds", "in SECONDS", masked(said, address))


def guessed(pair, found):
    """The right pair and no other is found, and Skep has seen all of them."""
    assert found == [(USER, PASSWORD)], found
    logins = wait_for("the login", lambda: pair.deployment.events("--eventid", "login.success"))
    assert {(event["username"], event["password"]) for event in logins} == {(USER, PASSWORD)}, logins
    wrong = {(user, password) for user in USERS for password in PASSWORDS} - {(USER, PASSWORD)}
    # A guesser stops with a user whose password it has.
    needed = {(user, password) for user, password in wrong if user != USER}
    wait_for("the wrong ones", lambda: needed <= (seen := failures(pair.deployment)) <= wrong or seen - wrong)
    assert failures(pair.deployment) <= wrong, failures(pair.deployment)


def failures(deployment):
    return {(event["username"], event["password"]) for event in deployment.events("--eventid", "login.failed") if event.get("password")}


def hydra_finds(skep, images, server):
    with both(skep, images, server, "hydra", "hydra", users=True) as pair:
        said = pair.same(hydra)
        guessed(pair, re.findall(r"^\[PORT\]\[ssh\] host: HOST +login: (\S+) +password: (\S+)$", said, re.MULTILINE))


def hydra_finds_the_password_of_openssh(skep, images):
    hydra_finds(skep, images, "openssh")


def hydra_finds_the_password_of_dropbear(skep, images):
    hydra_finds(skep, images, "dropbear")


def ncrack_finds_the_password(skep, images):
    # Only OpenSSH: ncrack waits forever for a KEXINIT that came together with the greeting, as dropbear's does.
    with both(skep, images, "openssh", "ncrack", "ncrack", users=True) as pair:
        said = pair.same(ncrack)
        guessed(pair, re.findall(r"^HOST PORT/tcp ssh: '(\S+)' '(\S+)'$", said, re.MULTILINE))


# --- file clients and libraries ---


def payload_in(folder):
    content = hashlib.shake_256(b"payload").digest(100_000)
    pathlib.Path(folder, "payload").write_bytes(content)
    return content


def returned(folder, content):
    """What a download brought; removed, so that the next one is another."""
    back = pathlib.Path(folder, "back")
    if not back.exists():
        return "nothing came back\n"
    same = back.read_bytes() == content
    back.unlink()
    return "came back unchanged\n" if same else "came back changed\n"


def uploads_are_kept(pair, content, paths):
    digest = hashlib.sha256(content).hexdigest()

    def names():
        return {event["destfile"] for event in pair.deployment.events("--eventid", "file.captured") if event["shasum"] == digest}

    wait_for("the uploads", lambda: {f"/home/{USER}/{path}" for path in paths} <= names())


def without_directory_sizes(listing):
    """What a directory weighs depends on the file system."""
    return re.sub(r"(?m)^(d\S+ +\d+ \S+ +\S+ +)\d+", r"\1SIZE", listing)


PSFTP = """pwd
put payload by-psftp
ls by-*
mkdir folder
mv by-psftp folder/renamed
chmod 600 folder/renamed
ls folder
get folder/renamed back
get /nowhere
rmdir folder
del folder/renamed
rmdir folder
ls folder
put payload by-psftp
"""


def host_key_options(address):
    host, port = address
    keys = subprocess.run(["ssh-keyscan", "-p", str(port), host], capture_output=True, timeout=30, check=True).stdout
    fingerprints = subprocess.run(["ssh-keygen", "-l", "-f", "-"], input=keys, capture_output=True, timeout=30, check=True).stdout.decode()
    return [word for key in re.findall(r"SHA256:\S+", fingerprints) for word in ("-hostkey", key)]


def putty(address, folder):
    host, port = address
    content = payload_in(folder)
    pathlib.Path(folder, "batch").write_text(PSFTP, encoding="ascii")
    common = ["-batch", *host_key_options(address), "-P", port]
    said = run(["psftp", "-b", "batch", "-be", *common, "-pw", PASSWORD, f"{USER}@{host}"], folder) + returned(folder, content)
    said += run(["psftp", "-b", "batch", *common, "-pw", "wrong", f"{USER}@{host}"], folder)
    for way in ("-sftp", "-scp"):
        words = ["pscp", "-q", way, *common, "-pw", PASSWORD]
        said += run([*words, "payload", f"{USER}@{host}:by-pscp{way}"], folder)
        said += run([*words, f"{USER}@{host}:by-pscp{way}", "back"], folder) + returned(folder, content)
        said += run([*words, f"{USER}@{host}:nowhere", "back"], folder) + returned(folder, content)
        said += run([*words, "payload", f"{USER}@{host}:/nowhere/payload"], folder)
    return without_directory_sizes(masked(said, address))


def putty_moves_files(skep, images):
    with both(skep, images, "openssh", "psftp", "putty-tools", users=True) as pair:
        said = pair.same(putty)
        assert said.count("came back unchanged") == 3, said
        uploads_are_kept(pair, payload_in(pair.folder), ["by-psftp", "by-pscp-sftp", "by-pscp-scp"])
        recognised(pair.deployment, "PuTTY")


def curl(address, folder):
    host, port = address
    content = payload_in(folder)
    words = ["curl", "--disable", "--silent", "--show-error", "--insecure", "--user"]
    said = ""
    for scheme in ("sftp", "scp"):
        home = f"{scheme}://{host}:{port}/home/{USER}/"
        said += run([*words, f"{USER}:{PASSWORD}", "--upload-file", "payload", f"{home}by-{scheme}"], folder)
        said += run([*words, f"{USER}:{PASSWORD}", "--output", "back", f"{home}by-{scheme}"], folder) + returned(folder, content)
        said += run([*words, f"{USER}:{PASSWORD}", "--output", "back", f"{home}nowhere"], folder) + returned(folder, content)
        said += run([*words, f"{USER}:wrong", "--output", "back", f"{home}by-{scheme}"], folder) + returned(folder, content)
    home = f"sftp://{host}:{port}/home/{USER}/"
    asked = [word for command in ("mkdir {0}folder", "rename {0}by-scp {0}folder/a", "chmod 640 {0}folder/a", "symlink a {0}folder/b")
             for word in ("--quote", command.format(f"/home/{USER}/"))]
    said += run([*words, f"{USER}:{PASSWORD}", *asked, home + "folder/"], folder)
    # A listing comes in the order of the directory, which is the file system's.
    return "\n".join(sorted(without_directory_sizes(masked(said, address)).splitlines()))


def curl_moves_files(skep, images):
    with both(skep, images, "openssh", "curl", "curl", users=True) as pair:
        version = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
        if "libssh2/" not in version or " sftp " not in version:
            skip("this curl is not built with libssh2")
        said = pair.same(curl)
        assert said.count("came back unchanged") == 2, said
        uploads_are_kept(pair, payload_in(pair.folder), ["by-sftp", "by-scp"])
        recognised(pair.deployment, "libssh2")


def libssh(address, folder):
    return masked(run([sys.executable, LIBSSH, *address, USER, PASSWORD], folder), address)


def libssh_works(skep, images, server):
    with both(skep, images, server, users=True) as pair:
        said = pair.same(libssh)
        if "skipped: " in said:
            skip(said.split("skipped: ")[1].split("\n")[0])
        assert "output b'42\\n' status 7" in said and "password wrong: denied" in said and said.endswith("exit 0\n"), said
        recognised(pair.deployment, "libssh")


def libssh_works_with_openssh(skep, images):
    libssh_works(skep, images, "openssh")


def libssh_works_with_dropbear(skep, images):
    libssh_works(skep, images, "dropbear")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that what was started is stopped, too.
    main([nmap_sees_openssh, nmap_sees_dropbear, ssh_audit_lists_openssh, ssh_audit_lists_dropbear, hassh_and_banner_of_openssh,
          hassh_and_banner_of_dropbear, hydra_finds_the_password_of_openssh, hydra_finds_the_password_of_dropbear,
          ncrack_finds_the_password, putty_moves_files, curl_moves_files, libssh_works_with_openssh, libssh_works_with_dropbear])
