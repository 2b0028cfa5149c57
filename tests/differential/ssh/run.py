"""Skep's SSH service beside Debian's sshd or dropbear: the same probes, compared byte by byte after decryption.

  run.py --server openssh|dropbear SKEP IMAGES     Skep against the real server
  run.py --server openssh --self                   the real server against itself: all probes must agree
  run.py --server openssh --second HOST:PORT       the real server against another one
  run.py --list                                    names of the probes
  run.py ... --probe NAME -v                       one probe, both transcripts in full

Ends with 77 (skipped) where the real server cannot be run.
"""
import argparse
import contextlib
import os
import pathlib
import signal
import sys

try:
    import cryptography  # noqa: F401
except ImportError:
    if pathlib.Path(sys.executable).resolve() != pathlib.Path("/usr/bin/python3").resolve() and pathlib.Path("/usr/bin/python3").exists():
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])  # Debian's package is for Debian's Python.
    print("skipped: python3-cryptography is missing: apt-get install python3-cryptography")
    sys.exit(77)

import compare
import probes
import servers

HERE = pathlib.Path(__file__).parent
# Probes at once: they mostly wait. dropbear closes the thirty-first connection without a login.
THREADS = {"openssh": 40, "dropbear": 24}
# Of the probes, how many must be answered as the real server does.
FLOOR_PERCENT = {"openssh": 99.5, "dropbear": 98.0}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=("openssh", "dropbear"), default="openssh")
    parser.add_argument("--self", action="store_true", dest="itself")
    parser.add_argument("--second", metavar="HOST:PORT")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--probe", action="append", default=[], metavar="NAME", help="a name, or its beginning with *")
    parser.add_argument("--threads", type=int, default=0, help="probes at once; 40, for dropbear 24")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("skep", nargs="?")
    parser.add_argument("images", nargs="?")
    return parser.parse_args()


def selected(options: argparse.Namespace) -> list[probes.Probe]:
    def wanted(name: str) -> bool:
        return not options.probe or any(name == one or one.endswith("*") and name.startswith(one[:-1]) for one in options.probe)

    return [probe for probe in probes.load().values() if options.server in probe.servers and wanted(probe.name)]


@contextlib.contextmanager
def second_server(options: argparse.Namespace):
    if options.second:
        host, port = options.second.rsplit(":", 1)
        yield host, int(port)
    elif options.itself:
        with servers.real(options.server) as address:
            yield address
    else:
        with servers.skep(options.skep, options.images, options.server) as address:
            yield address


def show(outcome: compare.Outcome, verbose: bool) -> None:
    print(f"--- {outcome.probe.name}: {'same' if outcome.same else 'DIFFERENT'} after {outcome.attempts} attempt(s), {outcome.seconds:.1f} s"
          f"{', slow answers' if outcome.first.slow else ''}{' (second server too)' if outcome.second.slow else ''}")
    if verbose:
        print("\n".join("  " + line for line in compare.beside(outcome)))
    else:
        print("\n".join("  " + line[:1000] for line in compare.difference(outcome)))


def report(options: argparse.Namespace, outcomes: list[compare.Outcome]) -> int:
    known = compare.accepted(HERE / "differences.txt", options.server) if not options.itself else {}
    different = [one for one in outcomes if not one.same]
    for one in outcomes:
        if not one.same and (options.verbose or one.probe.name not in known) or options.verbose:
            show(one, options.verbose)
        if one.same and one.probe.name in known:
            print(f"note: {one.probe.name} is listed as a difference and is none")
    unlisted = [one.probe.name for one in different if one.probe.name not in known]
    percent = 100.0 * (len(outcomes) - len(different)) / max(1, len(outcomes))
    again = sum(one.attempts > 1 for one in outcomes)
    print(f"{len(outcomes)} probes, {percent:.1f} % the same, {len(different)} different of which {len(different) - len(unlisted)} are "
          f"accepted; {again} asked more than once")
    return 1 if unlisted or not options.probe and percent < (100.0 if options.itself else FLOOR_PERCENT[options.server]) else 0


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that what was started is stopped, too.
    options = arguments()
    chosen = selected(options)
    if options.list:
        print("\n".join(one.name for one in chosen))
        return 0
    reason = servers.missing(options.server)
    if reason:
        print(f"skipped: {reason}")
        return 77
    if not (options.itself or options.second or options.images):
        sys.exit("say SKEP IMAGES, --self or --second HOST:PORT")
    with servers.test_user(options.server), servers.real(options.server) as first, second_server(options) as second:
        outcomes = compare.compare_all(first, second, chosen, options.threads or THREADS[options.server])
    return report(options, outcomes)


if __name__ == "__main__":
    sys.exit(main())
