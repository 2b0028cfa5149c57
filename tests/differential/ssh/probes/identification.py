"""The client's identification line (RFC 4253 section 4.2)."""
from client import Client
from probes import add
from wire import Kexinit

V2 = b"SSH-2.0-OpenSSH_9.2p1"
LINES = {
    "usual": V2 + b"\r\n", "lf-only": V2 + b"\n", "cr-only": V2 + b"\r", "cr-cr-lf": V2 + b"\r\r\n", "cr-inside": b"SSH-2.0-a\rb\r\n",
    "nul-inside": b"SSH-2.0-a\0b\r\n", "nul-first": b"\0" + V2 + b"\r\n", "nul-last": V2 + b"\0\r\n", "only-lf": b"\n", "only-crlf": b"\r\n",
    "empty-then-usual": b"\r\n" + V2 + b"\r\n", "three-empty-lines": b"\r\n\r\n\r\n" + V2 + b"\r\n", "pre-line": b"hello\r\n" + V2 + b"\r\n",
    "many-pre-lines": b"hello\r\n" * 40 + V2 + b"\r\n", "1000-pre-lines": b"x\n" * 1000 + V2 + b"\r\n",
    "1024-pre-lines": b"x\n" * 1024 + V2 + b"\r\n", "1025-pre-lines": b"x\n" * 1025 + V2 + b"\r\n",
    "ssh-1.3": b"SSH-1.3-x\r\n", "ssh-1.5": b"SSH-1.5-OpenSSH_3.4\r\n", "ssh-1.99": b"SSH-1.99-OpenSSH_3.4\r\n", "ssh-1.98": b"SSH-1.98-x\r\n",
    "ssh-2.1": b"SSH-2.1-x\r\n", "ssh-2.99": b"SSH-2.99-x\r\n", "ssh-3.0": b"SSH-3.0-x\r\n", "ssh-0.0": b"SSH-0.0-x\r\n",
    "ssh-20.0": b"SSH-20.0-x\r\n", "ssh-2.00": b"SSH-2.00-x\r\n", "ssh-02.0": b"SSH-02.0-x\r\n", "ssh--2.0": b"SSH--2.0-x\r\n",
    "ssh-+2.0": b"SSH-+2.0-x\r\n", "ssh- 2.0": b"SSH- 2.0-x\r\n", "ssh-2": b"SSH-2-x\r\n", "ssh-2.": b"SSH-2.-x\r\n", "ssh-.0": b"SSH-.0-x\r\n",
    "ssh-2.0": b"SSH-2.0\r\n", "ssh-2.0-": b"SSH-2.0-\r\n", "ssh-2.0--": b"SSH-2.0--\r\n", "ssh-": b"SSH-\r\n", "ssh": b"SSH\r\n",
    "ssh-2.0-space": b"SSH-2.0- \r\n", "ssh-2.0 x": b"SSH-2.0 x\r\n", "huge-version": b"SSH-99999999999.0-x\r\n", "wrapped-version": b"SSH-4294967298.0-x\r\n",
    "letters": b"SSH-a.b-x\r\n", "lower-case": b"ssh-2.0-x\r\n", "mixed-case": b"Ssh-2.0-x\r\n", "leading-space": b" SSH-2.0-x\r\n",
    "spaces-and-comment": b"SSH-2.0-x y z  w\r\n", "comment": b"SSH-2.0-x comment\r\n", "tab": b"SSH-2.0-x\ty\r\n", "minus-inside": b"SSH-2.0-a-b\r\n",
    "non-ascii": b"SSH-2.0-\xff\xfe\x80\r\n", "utf-8": "SSH-2.0-ü ß\r\n".encode(), "escape": b"SSH-2.0-\x1b[2J\r\n", "percent": b"SSH-2.0-%s%n\r\n",
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "http-no-headers": b"GET / HTTP/1.0\r\n\r\n", "http-post": b"POST /x HTTP/1.1\r\n\r\n",
    "tls-hello": bytes.fromhex("16030100b5010000b10303") + bytes(range(174)), "rdp": bytes.fromhex("030000130ee000000000000100080003000000"),
    "rdp-cookie": b"\x03\x00\x00\x2f\x2a\xe0\0\0\0\0\0Cookie: mstshash=Administr\r\n\x01\x00\x08\x00\x03\x00\x00\x00",
    "smb": b"\0\0\0\x2f\xffSMBr" + bytes(42), "mysql": b"\x20\0\0\1\x85\xa6\x03" + bytes(29), "telnet": b"\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18",
    "socks5": b"\5\1\0", "sip": b"OPTIONS sip:nm SIP/2.0\r\n\r\n", "smtp": b"EHLO x\r\n", "ldap": bytes.fromhex("300c020101600702010304008000"),
    "nulls": bytes(64), "ones": b"\xff" * 64, "long-line-no-end": b"A" * 20000, "dropbear": b"SSH-2.0-dropbear_2022.83\r\n", "libssh": b"SSH-2.0-libssh_0.9.6\r\n",
    "go": b"SSH-2.0-Go\r\n", "paramiko": b"SSH-2.0-paramiko_2.12.0\r\n", "putty": b"SSH-2.0-PuTTY_Release_0.78\r\n", "probe-scanssh": b"SSH-2.0-SSH_Version_Mapper\r\n",
    "scanssh-1": b"SSH-1.0-SSH_Version_Mapper\n", "scanssh": b"SSH-2.0-scanssh\r\n", "nmap": b"SSH-2.0-Nmap-SSH2-Hostkey\r\n", "old-openssh": b"SSH-2.0-OpenSSH_3.0\r\n",
    "openssh-2": b"SSH-2.0-OpenSSH_2.3.0\r\n", "openssh-5.9": b"SSH-2.0-OpenSSH_5.9p1\r\n", "ttssh": b"SSH-2.0-TTSSH/2.60 Win32\r\n", "winscp": b"SSH-2.0-WinSCP_release_5.7.5\r\n",
    "ssh.com": b"SSH-2.0-3.2.9 SSH Secure Shell\r\n", "ssh.com-2.0.13": b"SSH-2.0-2.0.13 x\r\n", "cisco": b"SSH-2.0-Cisco-1.25\r\n", "psftp": b"SSH-2.0-WinSCP_release_4.1.8\r\n",
    "filezilla": b"SSH-2.0-FileZilla_3.60.2\r\n", "zgrab": b"SSH-2.0-zgrab_2.x\r\n", "mirai": b"SSH-2.0-x\n", "asyncssh": b"SSH-2.0-AsyncSSH_2.10.1\r\n",
}
for name, line in LINES.items():
    add(f"identification/{name}", lambda c, line=line: c.raw(line))

# OpenSSH's limit is 8192 bytes with the end, dropbear's 255.
for total in (253, 254, 255, 256, 257, 258, 400, 1024, 4096, 8190, 8191, 8192, 8193, 8194, 9000):
    add(f"identification/{total}-bytes", lambda c, total=total: c.raw(V2 + b"A" * (total - len(V2) - 2) + b"\r\n"))
    add(f"identification/{total}-bytes-pre-line", lambda c, total=total: c.raw(b"A" * (total - 2) + b"\r\n" + V2 + b"\r\n"))
for total in (8191, 8192, 8193):
    add(f"identification/{total}-bytes-no-end", lambda c, total=total: c.raw(V2 + b"A" * (total - len(V2))))


def in_pieces(c: Client, line: bytes) -> None:
    for byte in line:
        c.raw(bytes([byte]))
        c.pump(0.005)


add("identification/byte-by-byte", lambda c: in_pieces(c, V2 + b"\r\n"))
add("identification/byte-by-byte-ssh1", lambda c: in_pieces(c, b"SSH-1.5-x\r\n"))


def with_kexinit(c: Client, line: bytes) -> None:
    c.identification = line.rstrip(b"\r\n")
    c.raw(line + c.packet(Kexinit().payload()))
    c.wait(20)
    c.start_exchange().wait(21)
    c.new_keys()


def whole_exchange(c: Client, line: bytes) -> None:
    """The hash of the exchange covers the line as the server understands it."""
    c.identification = line.rstrip(b"\r\n")
    c.raw(line)
    c.wait(20)
    c.exchange_keys().service()


add("identification/with-kexinit", lambda c: with_kexinit(c, V2 + b"\r\n"))
add("identification/with-kexinit-lf", lambda c: with_kexinit(c, V2 + b"\n"))
add("identification/exchange-lf", lambda c: whole_exchange(c, V2 + b"\n"))
add("identification/exchange-comment", lambda c: whole_exchange(c, b"SSH-2.0-x  y z \r\n"))
add("identification/exchange-non-ascii", lambda c: whole_exchange(c, b"SSH-2.0-\xff\x80\r\n"))
add("identification/exchange-1.99", lambda c: whole_exchange(c, b"SSH-1.99-x\r\n"))
add("identification/exchange-250", lambda c: whole_exchange(c, V2 + b"A" * 229 + b"\r\n"))
add("identification/garbage-after", lambda c: c.raw(V2 + b"\r\n" + b"\xff" * 16))
add("identification/two-lines", lambda c: c.raw(V2 + b"\r\n" + V2 + b"\r\n"))
add("identification/bad-with-more-behind", lambda c: c.raw(b"SSH-1.5-x\r\n" + bytes(100)))
add("identification/ssh-3-with-more-behind", lambda c: c.raw(b"SSH-3.0-x\r\n" + bytes(100)))
add("identification/nothing", lambda c: c.wait(20, seconds=1.0))
add("identification/eof-at-once", lambda c: c.half_close())
for name, line in {"half": b"SSH-2", "cr": V2 + b"\r", "pre-line": b"x\r\n", "line": V2 + b"\r\n", "ssh1": b"SSH-1.5-x\r\n"}.items():
    add(f"identification/eof-after-{name}", lambda c, line=line: c.raw(line).half_close())
