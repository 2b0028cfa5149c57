#!/usr/bin/env python3
"""A client made with libssh, through ctypes so that nothing needs compiling: logs in, runs a command, moves a file by SFTP.

Usage: libssh_client.py HOST PORT USER PASSWORD     Prints what libssh says; all of it is comparable between two servers.
"""
import ctypes
import os
import sys

# Of libssh/libssh.h and libssh/sftp.h, 0.10.
OPTION_HOST, OPTION_PORT, OPTION_USER, OPTION_SSH_DIR, OPTION_TIMEOUT = 0, 1, 4, 5, 9
AUTH = {0: "success", 1: "denied", 2: "partial", 3: "info", -1: "error"}
METHODS = {1: "none", 2: "password", 4: "publickey", 8: "hostbased", 16: "keyboard-interactive"}


def load():
    try:
        library = ctypes.CDLL("libssh.so.4")
    except OSError:
        print("skipped: libssh.so.4 is missing: apt-get install libssh-4")
        sys.exit(0)
    for name in ("ssh_new", "ssh_channel_new", "sftp_new", "sftp_open"):
        getattr(library, name).restype = ctypes.c_void_p
    for name in ("ssh_get_serverbanner", "ssh_get_kex_algo", "ssh_get_cipher_in", "ssh_get_cipher_out", "ssh_get_hmac_in", "ssh_get_hmac_out",
                 "ssh_get_error", "ssh_version"):
        getattr(library, name).restype = ctypes.c_char_p
    for name in ("sftp_write", "sftp_read"):
        getattr(library, name).restype = ctypes.c_ssize_t
    return library


class Session:
    def __init__(self, library, host, port, user):
        self.library = library
        self.handle = ctypes.c_void_p(library.ssh_new())
        number = ctypes.c_int(port)
        seconds = ctypes.c_long(30)
        for option, value in ((OPTION_HOST, host.encode()), (OPTION_PORT, ctypes.byref(number)), (OPTION_USER, user.encode()),
                              (OPTION_SSH_DIR, os.getcwd().encode()), (OPTION_TIMEOUT, ctypes.byref(seconds))):
            assert library.ssh_options_set(self.handle, option, value) == 0, option
        assert library.ssh_connect(self.handle) == 0, library.ssh_get_error(self.handle)

    def describe(self):
        print("server", self.library.ssh_get_serverbanner(self.handle), "OpenSSH", hex(self.library.ssh_get_openssh_version(self.handle)))
        for name in ("kex_algo", "cipher_in", "cipher_out", "hmac_in", "hmac_out"):
            print(name, getattr(self.library, "ssh_get_" + name)(self.handle))

    def log_in(self, wrong, right):
        print("none:", AUTH[self.library.ssh_userauth_none(self.handle, None)])
        offered = self.library.ssh_userauth_list(self.handle, None)
        print("offered:", *[name for bit, name in METHODS.items() if offered & bit])
        for label, password in (("wrong", wrong), ("right", right)):
            print(f"password {label}:", AUTH[self.library.ssh_userauth_password(self.handle, None, password.encode())])

    def run(self, command):
        library = self.library
        channel = ctypes.c_void_p(library.ssh_channel_new(self.handle))
        assert library.ssh_channel_open_session(channel) == 0, library.ssh_get_error(self.handle)
        assert library.ssh_channel_request_exec(channel, command.encode()) == 0, library.ssh_get_error(self.handle)
        output, buffer = b"", ctypes.create_string_buffer(4096)
        while (count := library.ssh_channel_read(channel, buffer, len(buffer), 0)) > 0:
            output += buffer.raw[:count]
        library.ssh_channel_send_eof(channel)
        library.ssh_channel_close(channel)
        print("output", output, "status", library.ssh_channel_get_exit_status(channel))
        library.ssh_channel_free(channel)

    def move_a_file(self):
        """Only where there is an sftp-server; dropbear's machines need not have one."""
        library = self.library
        sftp = ctypes.c_void_p(library.sftp_new(self.handle))
        assert sftp.value, library.ssh_get_error(self.handle)
        print("sftp", library.sftp_init(sftp), "version", library.sftp_server_version(sftp))
        content = bytes(range(256)) * 400
        file = ctypes.c_void_p(library.sftp_open(sftp, b"by-libssh", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644))
        written = 0
        while written < len(content):
            part = content[written:written + 16384]
            assert library.sftp_write(file, part, ctypes.c_size_t(len(part))) == len(part), library.ssh_get_error(self.handle)
            written += len(part)
        print("written", written, "close", library.sftp_close(file))
        file = ctypes.c_void_p(library.sftp_open(sftp, b"by-libssh", os.O_RDONLY, 0))
        back, buffer = b"", ctypes.create_string_buffer(16384)
        while (count := library.sftp_read(file, buffer, ctypes.c_size_t(len(buffer)))) > 0:
            back += buffer.raw[:count]
        print("read back", back == content, "close", library.sftp_close(file))
        print("nowhere", library.sftp_open(sftp, b"/nowhere", os.O_RDONLY, 0), "error", library.sftp_get_error(sftp))
        library.sftp_free(sftp)


def main():
    host, port, user, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    library = load()
    session = Session(library, host, port, user)
    session.describe()
    session.log_in("wrong", password)
    session.run("echo $((6*7)); exit 7")
    if b"dropbear" not in library.ssh_get_serverbanner(session.handle):
        session.move_a_file()
    library.ssh_disconnect(session.handle)


if __name__ == "__main__":
    main()
