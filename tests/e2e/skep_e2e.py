"""What the end-to-end tests share: a deployment of the real binary, a Telnet client, the hub's API. Standard library only."""
import http.client
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

SKIP = 77  # CTest's SKIP_RETURN_CODE
WAIT_SECONDS = float(os.environ.get("SKEP_TEST_WAIT", "30"))
# A shell's prompt; BusyBox asks for the cursor's position behind it.
PROMPT = r"[#$] (\x1b\[6n)?$"
IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def wait_for(what, condition, seconds=WAIT_SECONDS):
    """The first true value of condition(); asked again and again because other processes make it true."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.02)


class Deployment:
    """A state directory of its own, made by `skep init`, and the processes that `skep run --ephemeral` starts."""

    def __init__(self, skep, settings=(), images=None):
        self.skep = skep
        self.directory = tempfile.mkdtemp(prefix="skep-e2e-")
        self.state = os.path.join(self.directory, "state")
        self.process = None
        made = self.run("init", *[word for setting in settings for word in ("--set", setting)])
        assert made.returncode == 0, made.stderr
        found = re.search(r"^password: (\S+)$", made.stdout, re.MULTILINE)
        assert found, made.stdout
        self.password = found[1]
        if images:
            use_images(self.state, images)

    def run(self, command, *words, check=False, **options):
        return subprocess.run([self.skep, *command.split(), "--state", self.state, *words], text=True, capture_output=True,
                              check=check, timeout=300, **options)

    def start(self):
        self.log = open(os.path.join(self.directory, "log"), "ab")
        self.process = subprocess.Popen([self.skep, "run", "--state", self.state, "--ephemeral"], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("skep run ended: " + self.log_text())
        self.ready = json.loads(line)
        return self

    def log_text(self):
        with open(os.path.join(self.directory, "log"), errors="replace") as file:
            return file.read()

    def address(self, service="telnet"):
        found = next(entry for entry in self.ready["services"] if entry["service"] == service)
        host, port = found["address"].rsplit(":", 1)
        return host, int(port)

    def status(self):
        return json.loads(self.run("status", "--json").stdout)

    def pids(self):
        """Role -> its processes, by number: a deployment has several sensors."""
        found = {}
        for entry in sorted(self.status()["processes"], key=lambda entry: entry["pid"]):
            found.setdefault(entry["role"], []).append(entry["pid"])
        return found

    def report(self, role, name):
        """What the processes of `role` last reported as `name`, together."""
        return sum(entry["reports"].get(name, 0) for entry in self.status()["processes"] if entry["role"] == role)

    def events(self, *words):
        done = self.run("events", "--json", *words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.split("\n") if line]

    def stop(self, within=5.0):
        """Asks for a clean stop and returns the exit status; fails if it takes longer than `within` seconds."""
        if self.process is None:
            return 0
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=within + 10)
        finally:
            self.process.stdout.close()
            self.log.close()
            self.process = None
        took = time.monotonic() - start
        assert took < within, f"stopping took {took:.1f} s\n{self.log_text()}"
        return status

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None and self.process is not None:
            print(self.log_text()[-4000:])
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
        # Images and cells belong to ids of the user namespace: their owner removes them.
        self.run("remove", "--yes")
        shutil.rmtree(self.directory, ignore_errors=True)


def use_images(state, images):
    """Lets a deployment use base images that were built elsewhere: as other names of the same files, because cells see
    nothing outside the state directory. Needs one file system, and root for files of the user namespace's ids."""
    target = os.path.join(state, "images")
    os.rmdir(target)
    subprocess.run(["cp", "-a", "--link", os.path.realpath(images), target], check=True)


class Telnet:
    """A Telnet client that refuses every option but echo, suppress-go-ahead and, unless its width is None, the window's size."""

    def __init__(self, address, width=80, height=24, timeout=WAIT_SECONDS, source=None):
        self.socket = socket.create_connection(address, timeout=timeout, source_address=(source, 0) if source else None)
        self.timeout = timeout
        self.size = (width, height)
        self.text = b""
        self.raw = b""

    def feed(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(self.text[-400:])
        self.raw += data
        self.consume()

    def consume(self):
        out = bytearray()
        at = 0
        raw = self.raw
        while at < len(raw):
            byte = raw[at]
            if byte != IAC:
                out.append(byte)
                at += 1
                continue
            if at + 1 >= len(raw):
                break
            command = raw[at + 1]
            if command == IAC:
                out.append(IAC)
                at += 2
            elif command in (DO, DONT, WILL, WONT):
                if at + 2 >= len(raw):
                    break
                self.answer(command, raw[at + 2])
                at += 3
            elif command == SB:
                end = raw.find(bytes([IAC, SE]), at)
                if end < 0:
                    break
                at = end + 2
            else:
                at += 2
        self.raw = raw[at:]
        self.text += bytes(out)

    def answer(self, command, option):
        if command == WILL and option in (1, 3):
            self.send_raw(bytes([IAC, DO, option]))
        elif command == WILL:
            self.send_raw(bytes([IAC, DONT, option]))
        elif command == DO and option == 31 and self.size[0] is not None:
            width, height = self.size
            self.send_raw(bytes([IAC, WILL, 31, IAC, SB, 31]) + width.to_bytes(2, "big") + height.to_bytes(2, "big") + bytes([IAC, SE]))
        elif command == DO:
            self.send_raw(bytes([IAC, WONT, option]))

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, text):
        data = text.encode() if isinstance(text, str) else text
        self.send_raw(data.replace(b"\xff", b"\xff\xff"))

    def line(self, text):
        self.send((text.encode() if isinstance(text, str) else text) + b"\r\n")

    def read_until(self, pattern, seconds=None):
        """Reads until the regular expression matches; returns everything up to its end and forgets it."""
        expression = re.compile(pattern.encode() if isinstance(pattern, str) else pattern, re.DOTALL)
        end = time.monotonic() + (seconds or self.timeout)
        while True:
            found = expression.search(self.text)
            if found:
                seen = self.text[: found.end()]
                self.text = self.text[found.end():]
                return seen.decode(errors="replace")
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"no {pattern!r} in {self.text[-2000:]!r}")
            self.socket.settimeout(left)
            try:
                self.feed()
            except TimeoutError:
                raise AssertionError(f"no {pattern!r} in {self.text[-2000:]!r}") from None

    def read_to_end(self):
        """Reads until the server closes the connection."""
        self.socket.settimeout(self.timeout)
        try:
            while True:
                self.feed()
        except (EOFError, ConnectionResetError):
            pass

    def login(self, user="root", password="secret", prompt=PROMPT):
        self.read_until(r"login: ?$")
        self.line(user)
        self.read_until(r"Password: ?$")
        self.line(password)
        return self.read_until(prompt) if prompt else None

    def command(self, text, prompt=PROMPT):
        """Types a line and returns what came until the next prompt."""
        self.line(text)
        return self.read_until(prompt)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


class RealTelnet:
    """Debian's telnet program on a pseudo terminal of its own."""

    def __init__(self, address, source="127.0.0.1"):
        host, port = address
        self.text = b""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execvp("telnet", ["telnet", f"--bind={source}", host, str(port)])

    def read_until(self, pattern, seconds=WAIT_SECONDS):
        expression = re.compile(pattern.encode(), re.DOTALL)
        end = time.monotonic() + seconds
        while True:
            found = expression.search(self.text)
            if found:
                seen = self.text[: found.end()]
                self.text = self.text[found.end():]
                return seen
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no {pattern!r} in {self.text[-2000:]!r}")
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            if not data:
                raise EOFError(self.text[-400:])
            self.text += data

    def send(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.master, view):]

    def close(self):
        os.close(self.master)
        try:
            os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)


class Hub:
    """A logged-in client of the hub's API."""

    def __init__(self, deployment):
        url = urllib.parse.urlparse(deployment.ready["hub"]["url"])
        self.place = (url.hostname, url.port)
        self.cookie = None
        status, headers, body = self.request("POST", "/api/v1/login", {"password": deployment.password})
        assert status == 200, (status, body)
        self.cookie = headers["Set-Cookie"].split(";")[0]
        self.csrf = json.loads(body)["csrf"]

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection(*self.place, timeout=WAIT_SECONDS)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if self.cookie and method != "GET":
            headers["X-CSRF-Token"] = self.csrf
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, answer.headers, text

    def get(self, path, **query):
        query.setdefault("from", "-24h")
        status, _, body = self.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(query)}")
        assert status == 200, (path, status, body)
        return json.loads(body)


def main(tests):
    """Runs each test function with the path of skep and of the images; prints the plain closing line."""
    skep, images = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    chosen = sys.argv[3:]
    failed = 0
    ran = 0
    for test in tests:
        if chosen and test.__name__ not in chosen:
            continue
        ran += 1
        start = time.monotonic()
        try:
            test(skep, images)
            print(f"ok {test.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
        except SystemExit:
            raise
        except BaseException:
            import traceback
            traceback.print_exc()
            print(f"FAILED {test.__name__}", flush=True)
            failed += 1
    print(f"{ran - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
