#!/usr/bin/env python3
"""What the kernel shows of a server's sockets, Skep's beside Debian's sshd and dropbear: the type of service of each packet, probes
of silent peers, urgent data.

Usage: ssh_sockets.py SKEP IMAGES [TEST...]     Needs root: packets are read from the loopback interface.
"""
import contextlib
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from skep_e2e import main, skip, wait_for  # noqa: E402
from ssh_scanners import PASSWORD, USER, both, run  # noqa: E402

OPTIONS = ["-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
           "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"]


class Sniffer:
    """The types of service of a server's packets on the last connection, in their order and without repetitions."""

    def __init__(self, port):
        self.port, self.seen, self.peer, self.ended = port, [], 0, False
        try:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))  # ETH_P_ALL
        except PermissionError:
            skip("packets can be read by root only")
        self.socket.bind(("lo", 0))
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        self.socket.settimeout(0.2)
        while not self.ended:
            with contextlib.suppress(TimeoutError):
                packet, (_, _, kind, _, _) = self.socket.recvfrom(256)
                header = (packet[0] & 15) * 4
                if kind != socket.PACKET_OUTGOING or packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
                    continue
                (port, peer), flags = struct.unpack_from("!HH", packet, header), packet[header + 13]
                if port == self.port and flags & 18 == 18:  # SYN and ACK: a connection begins
                    self.peer, self.seen = peer, []
                if port != self.port or peer != self.peer or flags & 4:  # A reset is of a socket that is no more.
                    continue
                if self.seen[-1:] != [packet[1]]:
                    self.seen.append(packet[1])

    def end(self):
        self.ended = True
        self.thread.join()
        self.socket.close()
        return self.seen


def types_of_service(*words):
    """Of one connection of OpenSSH's client."""

    def connect(address, folder):
        askpass = pathlib.Path(folder, "askpass")
        askpass.write_text(f"#!/bin/sh\necho {PASSWORD}\n", encoding="ascii")
        askpass.chmod(0o700)
        sniffer = Sniffer(int(address[1]))
        try:
            said = run(["env", f"SSH_ASKPASS={askpass}", "SSH_ASKPASS_REQUIRE=force", "ssh", *OPTIONS, "-p", address[1], *words[:-1],
                        f"{USER}@{address[0]}", *words[-1:]], folder)
        finally:
            seen = sniffer.end()
        assert "exit 0" in said, said
        # What dropbear sends after its last channel may be a reset alone.
        return seen[:-1] if len(seen) > 1 and seen[-1] == seen[0] else seen

    return connect


def packets_are_as_urgent(skep, images, server, expected):
    with both(skep, images, server, users=True) as pair:
        for words, types in expected:
            seen = pair.same(types_of_service(*words))
            assert seen == types, f"{words}: {seen}"


def packets_of_openssh(skep, images):
    packets_are_as_urgent(skep, images, "openssh", [(("true",), [0, 8]), (("-tt", "true"), [0, 16])])


def packets_of_dropbear(skep, images):
    packets_are_as_urgent(skep, images, "dropbear", [(("true",), [72, 0]), (("-tt", "true"), [72])])


def probed(address, _folder):
    """Whether the kernel will probe a peer that says nothing."""
    with socket.create_connection((address[0], int(address[1])), 10) as peer:
        peer.recv(256)

        def timer():
            return subprocess.run(["ss", "-tnoH", "sport", "=", f":{address[1]}"], capture_output=True, text=True, check=True).stdout

        wait_for("the connection", lambda: "ESTAB" in timer())
        return "keepalive" in timer()


def silent_peers(skep, images):
    for server, expected in (("openssh", True), ("dropbear", False)):
        with both(skep, images, server) as pair:
            assert pair.same(probed) is expected


def urgent(address, _folder):
    """What it says to an identification in the midst of which an urgent byte comes."""
    with socket.create_connection((address[0], int(address[1])), 10) as peer:
        peer.recv(256)
        peer.send(b"SS")
        peer.send(b"x", socket.MSG_OOB)
        peer.send(b"H-9.9-urgent\r\n")
        said = b""
        with contextlib.suppress(ConnectionError):
            while part := peer.recv(4096):
                said += part
        return said


def urgent_bytes(skep, images):
    with both(skep, images, "openssh") as pair:
        assert b"Protocol major versions differ." in pair.same(urgent)


if __name__ == "__main__":
    main([packets_of_openssh, packets_of_dropbear, silent_peers, urgent_bytes])
