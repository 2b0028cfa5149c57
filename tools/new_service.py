#!/usr/bin/env python3
"""Starts a protocol: the folder src/service/NAME with a dialog and its test, a golden transcript's place, a page of
documentation, and the line in src/service/services.def. What is written compiles and refuses politely.

Usage: tools/new_service.py NAME
"""
import pathlib
import re
import sys

DIALOG = '''// {name}: the dialog.
#include "service/service.hpp"

namespace skep::service::{name} {{
namespace {{

constexpr std::size_t request_bytes_max = 1024;

/// Keeps the first bytes that the peer sends as an event, and closes.
Task<Result<void>> serve(Session& session) {{
    CO_TRY(auto request, co_await session.peer.read_some(request_bytes_max, session.login_within));
    event::Event input{{"command.input", session.events.now()}};
    input.set("input", std::move(request));
    session.events.record(std::move(input));
    co_return Result<void>{{}};
}}

/// What the played server sets: `strace -f -e setsockopt` tells.
net::SocketOptions socket_options(const persona::Persona&) {{
    return {{}};
}}

}} // namespace

extern const Service entry{{.name = "{name}",
                           .default_port = 0,
                           .summary = "what it is (RFC or server that it plays)",
                           .serve = serve,
                           .socket_options = socket_options}};

}} // namespace skep::service::{name}
'''
README = '''# service/{name}
The protocol {name}: its codec and its dialog.
- Owns: the bytes of this protocol and nothing else.
- Enters: a Session (peer, events, authentication, shells, persona). Leaves: bytes to the peer, events.
- Must never: open a socket or a file, read a clock, or use another service.
'''
PAGE = '''# {name}

What a client sees, which real server it is compared with, and its settings.
'''


def main(name):
    if not re.fullmatch(r"[a-z][a-z0-9]*", name):
        sys.exit("a service's name is lower-case letters and digits, as `finger`")
    folder = pathlib.Path("src/service") / name
    if folder.exists():
        sys.exit(f"{folder} is already there")
    files = {folder / f"{name}.cpp": DIALOG, folder / "README.md": README, pathlib.Path(f"docs/services/{name}.md"): PAGE}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(name=name))
        print(f"wrote {path}")
    table = pathlib.Path("src/service/services.def")
    lines = table.read_text().splitlines()
    rows = sorted({line for line in lines if line.startswith("SERVICE(")} | {f"SERVICE({name})"})
    table.write_text("\n".join([line for line in lines if not line.startswith("SERVICE(")] + rows) + "\n")
    print(f"added SERVICE({name}) to {table}\n"
          f"Next: {folder}/{name}_test.cpp, tests/golden/{name}/, tests/differential/, tests/fuzz/corpus/{name}/; and the\n"
          f"choice `{name}` of `service.*.kind` in src/base/settings.def.")


if len(sys.argv) != 2:
    sys.exit("usage: tools/new_service.py NAME")
main(sys.argv[1])
