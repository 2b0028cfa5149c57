#!/usr/bin/env python3
"""The command line of the real binary: help, init and what it refuses, configuration errors, config, check."""
import json
import os
import re
import stat
import subprocess
import sys
import tempfile

from skep_e2e import main


class Call:
    """One run of skep, with what it printed and how it ended."""

    def __init__(self, skep, *words, environment=None):
        done = subprocess.run([skep, *words], text=True, capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
                              env=environment or os.environ)
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def expect(self, status, *err):
        """The exit status, and texts that standard error must have; on failure standard output must be empty."""
        assert self.status == status, (self.status, self.out, self.err)
        for text in err:
            assert text in self.err, (text, self.err)
        if status == 2:
            assert self.out == "", self.out
        return self


class Place(tempfile.TemporaryDirectory):
    """A directory for one test; `state` in it is not there yet."""

    def __enter__(self):
        return os.path.join(super().__enter__(), "state")


def commands(skep):
    listed = Call(skep, "--help").expect(0).out.split("Commands:\n")[1].split("\n\n")[0]
    return [re.match(r"  ((?:\S+ )*\S+)  ", line)[1] for line in listed.splitlines()]


def every_command_has_help_with_an_example(skep, _images):
    names = commands(skep)
    assert {"init", "run", "status", "check", "config", "image build"} <= set(names), names
    assert "role" not in names and "reference" not in names, names
    for name in names:
        text = Call(skep, *name.split(), "--help").expect(0).out
        assert f"Usage: skep {name}" in text, text
        assert re.search(r"^Example: skep ", text, re.MULTILINE), text


def wrong_words_are_refused(skep, _images):
    assert Call(skep).status == 2
    Call(skep, "innit").expect(2, "there is no command `innit`", "skep --help")
    Call(skep, "init", "--stat", "x").expect(2, "has no option --stat", "skep init --help")
    Call(skep, "init", "--state").expect(2, "--state needs DIR")
    Call(skep, "init", "--force=yes").expect(2, "--force takes no value")
    Call(skep, "init", "word").expect(2, "takes no word `word`")


def init_makes_a_private_deployment(skep, _images):
    with Place() as state:
        made = Call(skep, "init", "--state", state).expect(0)
        assert len(re.findall(r"^password: [a-z0-9]{20}$", made.out, re.MULTILINE)) == 1, made.out
        assert "http://127.0.0.1:8080/" in made.out, made.out
        for place, folders, files in os.walk(state):
            for name in folders:
                assert stat.S_IMODE(os.stat(os.path.join(place, name)).st_mode) == 0o700, name
            for name in files:
                assert stat.S_IMODE(os.stat(os.path.join(place, name)).st_mode) == 0o600, name
        assert stat.S_IMODE(os.stat(state).st_mode) == 0o700
        assert set(os.listdir(state)) == {"skep.toml", "conf.d", "personas", "hub", "journal", "vault", "recordings", "cells",
                                          "images", "auth", "run", "keys"}, os.listdir(state)
        keys = {"ssh_host_ed25519_key", "ssh_host_ecdsa_key", "ssh_host_rsa_key"}
        for name in ("debian", "router"):
            assert set(os.listdir(os.path.join(state, "keys", name))) == keys
            assert len(re.findall(rf"^SSH host key of {name}: \S+ SHA256:\S{{43}} ", made.out, re.MULTILINE)) == 3, made.out
        assert sorted(os.listdir(os.path.join(state, "personas"))) == ["debian.toml", "router.toml"]
        with open(os.path.join(state, "hub", "password"), encoding="ascii") as file:
            stored = file.read()
        assert stored.startswith("$argon2id$") and re.search(r"password: (\S+)", made.out)[1] not in stored, stored


def init_answers_in_json(skep, _images):
    with Place() as state:
        answer = json.loads(Call(skep, "init", "--json", "--state", state).expect(0).out)
        assert answer["state"] == state and len(answer["password"]) == 20, answer
        rsa = {key["persona"]: key["bits"] for key in answer["host_keys"] if key["type"] == "ssh-rsa"}
        assert len(answer["host_keys"]) == 6 and rsa == {"debian": 3072, "router": 2048}, answer


def host_keys_never_change(skep, _images):
    def shown(out):
        return re.findall(r"SSH host key of .*", out)

    with Place() as state:
        first = shown(Call(skep, "init", "--state", state).expect(0).out)
        again = shown(Call(skep, "init", "--force", "--state", state).expect(0).out)
        assert len(first) == 6 and first == again, (first, again)
        for name in ("ecdsa", "rsa"):  # ssh-keygen 9.2 reads no Ed25519 key in PKCS 8
            file = os.path.join(state, "keys", "debian", f"ssh_host_{name}_key")
            public = subprocess.run(["ssh-keygen", "-y", "-f", file], capture_output=True, check=True).stdout
            told = subprocess.run(["ssh-keygen", "-l", "-f", "-"], input=public, capture_output=True, check=True).stdout.decode().split()
            assert any(f" {told[1]} ({told[0]} bits)" in line for line in first), (told, first)


def two_deployments_share_nothing(skep, _images):
    with Place() as one, Place() as other:
        first, second = (Call(skep, "init", "--state", state).expect(0).out for state in (one, other))
        assert re.search(r"password: (\S+)", first)[1] != re.search(r"password: (\S+)", second)[1]
        for name in ("debian", "router"):
            texts = []
            for state in (one, other):
                with open(os.path.join(state, "personas", f"{name}.toml"), encoding="utf-8") as file:
                    texts.append(file.read())
            assert texts[0] != texts[1]


def init_refuses_a_wrong_setting_before_it_makes_anything(skep, _images):
    wrong = {
        "auth.polcy=any": "there is no key `auth.polcy`; did you mean `auth.policy`?",
        "auth.policy=some": "must be one of list, any, never, after",
        "limits.cells=0": "must be from 1 to 100000 cells",
        "limits.cells=many": "`limits.cells` must be 1 to 100000 cells",
        "hub.enabled=maybe": "`hub.enabled` must be true or false",
        "auth.policy": "is not KEY=VALUE",
        "hub.address=localhost": "it must be like `127.0.0.1:23`",
        "hub.address=127.0.0.1:2323": "each needs its own port",
        "service.telnet.persona=windows": "must be one of debian, router",
    }
    for setting, text in wrong.items():
        with Place() as state:
            Call(skep, "init", "--state", state, "--set", setting).expect(2, text)
            assert not os.path.exists(state), setting


def the_last_set_of_a_key_wins(skep, _images):
    with Place() as state:
        words = [word for value in ("any", "never") for word in ("--set", f"auth.policy={value}")]
        Call(skep, "init", "--state", state, *words, "--set", 'auth.accept=["root:x"]').expect(0)
        shown = Call(skep, "config", "--state", state).expect(0).out
        assert 'auth.policy = "never"\n' in shown and 'auth.accept = ["root:x"]\n' in shown, shown
        assert 'service.router.persona = "router"\n' in shown and "limits.cells = 1000  # default\n" in shown, shown


def an_existing_deployment_is_kept(skep, _images):
    with Place() as state:
        first = Call(skep, "init", "--state", state, "--set", "auth.policy=any").expect(0).out
        again = Call(skep, "init", "--state", state).expect(1, "already holds a deployment", "--force")
        assert again.out == "", again.out
        os.mkdir(os.path.join(state, "journal", "kept"))
        anew = Call(skep, "init", "--state", state, "--force").expect(0).out
        assert re.search(r"password: (\S+)", first)[1] != re.search(r"password: (\S+)", anew)[1]
        assert os.path.isdir(os.path.join(state, "journal", "kept"))
        assert 'auth.policy = "after"  # default' in Call(skep, "config", "--state", state).expect(0).out


def other_directories_are_left_alone(skep, _images):
    with Place() as state:
        os.mkdir(state)
        with open(os.path.join(state, "letter.txt"), "w", encoding="ascii") as file:
            file.write("mine")
        Call(skep, "init", "--state", state).expect(1, "holds other files")
        assert os.listdir(state) == ["letter.txt"]
        Call(skep, "init", "--state", os.path.join(state, "letter.txt")).expect(1, "is not a directory")


def configuration_errors_name_file_and_line(skep, _images):
    wrong = {
        "[auth]\n\npolicy = 3\n": (3, "`auth.policy` must be a text in quotes"),
        "[auth]\npolicy = 'all'\n": (2, "must be one of list, any, never, after"),
        "[hub]\n\n\nadress = '127.0.0.1:1'\n": (4, "did you mean `hub.address`?"),
        "limits.cells = 1\nlimits.cells = 2\n": (2, ""),
        "[auth\n": (1, ""),
    }
    with Place() as state:
        Call(skep, "init", "--state", state).expect(0)
        file = os.path.join(state, "conf.d", "90-mine.toml")
        for text, (line, what) in wrong.items():
            with open(file, "w", encoding="utf-8") as stream:
                stream.write(text)
            for command in ("config", "check", "run"):
                Call(skep, command, "--state", state).expect(2, f"90-mine.toml:{line}: ", what)


def check_says_what_is_wrong(skep, _images):
    with Place() as state:
        Call(skep, "check", "--state", state).expect(2, "skep.toml: cannot be read")
        Call(skep, "init", "--state", state).expect(0)
        seen = Call(skep, "check", "--state", state)
        assert seen.status == 1 and "wrong  image debian is not built" in seen.out, seen.out
        assert re.search(r"^ok     persona router: ", seen.out, re.MULTILINE), seen.out
        for name, recipe in (("debian", "another"), ("router", "another")):
            os.makedirs(os.path.join(state, "images", name))
            with open(os.path.join(state, "images", name, "manifest.json"), "w", encoding="utf-8") as file:
                file.write(f'{{"name":"{name}","recipe":"{recipe}","built":"2026","init":"/sbin/init","files":[\n]}}')
        seen = Call(skep, "check", "--state", state)
        assert seen.status == 1 and "wrong  image debian was built from another recipe" in seen.out, seen.out
        persona = os.path.join(state, "personas", "router.toml")
        with open(persona, encoding="utf-8") as file:
            text = file.read()
        with open(persona, "w", encoding="utf-8") as file:
            file.write(re.sub(r"^cpus = .*$", "cpus = 0", text, flags=re.MULTILINE))
        line = text[:text.index("\ncpus = ")].count("\n") + 2
        seen = Call(skep, "check", "--state", state)
        assert f"personas/router.toml:{line}: `cpus` must be a whole number from 1 to 256" in seen.out, seen.out
        with open(os.path.join(state, "conf.d", "90.toml"), "w", encoding="utf-8") as file:
            file.write("[service.telnet]\naddress = '127.0.0.1:2324'\n")
        seen = Call(skep, "check", "--state", state)
        assert "`service.router.address` and `service.telnet.address` are both 127.0.0.1:2324" in seen.out, seen.out


def config_explains_a_key(skep, _images):
    said = Call(skep, "config", "--explain", "limits.cells").expect(0).out
    assert "Default: 1000" in said and "1 to 100000 cells" in said, said
    assert "name that you choose" in Call(skep, "config", "--explain", "service.web.address").expect(0).out
    Call(skep, "config", "--explain", "limits.cell").expect(2, "did you mean `limits.cells`?")


def the_environment_names_the_state(skep, _images):
    with Place() as state:
        environment = {**os.environ, "SKEP_STATE": state}
        Call(skep, "init", environment=environment).expect(0)
        assert os.path.exists(os.path.join(state, "skep.toml"))
        with Place() as other:
            Call(skep, "init", "--state", other, environment=environment).expect(0)
            assert os.path.exists(os.path.join(other, "skep.toml"))


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main([every_command_has_help_with_an_example, wrong_words_are_refused, init_makes_a_private_deployment, init_answers_in_json, host_keys_never_change,
          two_deployments_share_nothing, init_refuses_a_wrong_setting_before_it_makes_anything, the_last_set_of_a_key_wins,
          an_existing_deployment_is_kept, other_directories_are_left_alone, configuration_errors_name_file_and_line,
          check_says_what_is_wrong, config_explains_a_key, the_environment_names_the_state])
