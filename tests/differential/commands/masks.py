"""What is not compared, each with its reason: MASKS hide identity in both outputs, differences.txt lists what stays different."""
import functools
import pathlib
import re
from dataclasses import dataclass

DIFFERENCES = pathlib.Path(__file__).with_name("differences.txt")


@dataclass(frozen=True)
class Mask:
    """`commands`: an expression for the command lines to which it applies, so that it hides nothing elsewhere."""

    name: str
    reason: str
    pattern: bytes
    put: bytes
    commands: bytes = b""


MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
PROCESS_LIST = rb"\b(?:ps|top|pstree|htop)\b"
MASKS = (
    # Time goes on between the two.
    Mask("clock", "hours, minutes and seconds of now", rb"\b\d\d:\d\d:\d\d(?:\.\d+)?\b", b"HH:MM:SS"),
    Mask("wget-date", "wget prints the date of now; it may be midnight", rb"^--\d{4}-\d\d-\d\d HH", b"--DATE HH", rb"wget"),
    Mask("uptime", "minutes go on", rb"\bup +(?:\d+ days?, +)?(?:\d+:\d\d|\d+ min)", b"up TIME"),
    Mask("load", "the host's load is of this moment, the persona's is its own", rb"load average: [\d., ]+", b"load average: LOAD"),
    Mask("touched", "files that the two made in their own minute, and directories that got the persona's files",
         rb"\b" + MONTH + rb" [ \d]\d (?:\d\d:\d\d| \d{4})(?= )", b"DATE", rb"\b(?:ls|ll|dir|vdir|find|tar|stat)\b"),
    Mask("milliseconds", "how long a connection took to be refused; the cell makes far addresses slower", rb"after \d+ ms", b"after N ms", rb"curl"),
    Mask("dd", "how fast a copy was", rb"copied, [\d.e-]+ s, [\d.]+ .?B/s", b"copied", rb"\bdd\b"),
    # Which machine it is, where it cannot be told to the persona.
    Mask("mounts", "a persona has a disk, the container an overlay: `/proc/mounts` lines", rb"(?:^\S+ /\S* \S+ r[wo][,\w=./:-]* 0 0$\n?)+", b"<mounts>\n"),
    Mask("mount", "the same in `mount`'s words", rb"(?:^\S+ on /\S* type \S+ \([^)]*\)(?: \[\S*\])?$\n?)+", b"<mounts>\n", rb"mount"),
    Mask("df", "the same in `df`'s words", rb"(?:^\S+ +[\d.]+[KMGT]? +[\d.]+[KMGT]? +[\d.]+[KMGT]? +(?:\d+%|-) +/.*$\n?)+", b"<file systems>\n", rb"\bdf\b"),
    Mask("processes", "a persona's machine runs other programs than a container: rows of process lists, by their number",
         rb"(?:^ *(?:[a-z_][\w+-]* +)?\d+ +[^\n]*$\n?)+", b"<processes>\n", PROCESS_LIST),
    Mask("memory", "how much memory is in use at this moment", rb"\b\d+(?:\.\d+)?(?:[KMGTB]i?)?\b", b"N", rb"\b(?:free|vmstat|meminfo)\b"),
    Mask("lscpu", "caches, addresses and vulnerabilities of a processor: the persona's kernel is 6.1 and its processor has caches",
         rb"^(?:L\d\w? cache:|Vulnerability |Address sizes:).*\n", b"", rb"lscpu"),
    Mask("cpuinfo", "lines that the persona file does not give, or that the test machine's kernel lacks",
         rb"^(?:microcode|TLB size|bugs|address sizes)\t+:.*\n", b"", rb"cpuinfo"),
    Mask("cpu-clock", "clock speed of this moment", rb"^((?:cpu MHz|bogomips|BogoMIPS).*?:\s+)[\d.]+$", rb"\1N"),
    Mask("nobody", "to the plain container's user namespace the host's root is nobody", rb"\bnobody +nogroup\b", b"root root"),
    Mask("directories", "sizes of directories, and the sum of blocks, differ between file systems",
         rb"^(d[rwxsStT-]{9} +\d+ \S+ +\S+) +[\d.]+K?(?= )|^total [\d.]+K?$", rb"\1 SIZE", rb"\bls\b"),
    Mask("sizes", "and a longer size makes wider columns", rb"^([bclps-][rwxsStT-]{9} +\d+ \S+ +\S+) +", rb"\1 ", rb"\bls\b"),
    Mask("columns", "and a longer name makes wider columns", rb"\b(root) +(root)\b", rb"\1 \2", rb"\b(?:ls|ll)\b"),
)


def masked(text: bytes, command: bytes) -> bytes:
    for mask in MASKS:
        if re.search(mask.commands, command):
            text = re.sub(mask.pattern, mask.put, text, flags=re.MULTILINE)
    return text


@functools.cache
def differences() -> list[tuple[re.Pattern, str]]:
    """`EXPRESSION<tab>REASON` lines: commands in which a difference is accepted."""
    lines = [line.split("\t", 1) for line in DIFFERENCES.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return [(re.compile(expression), reason) for expression, reason in lines]


def reason(command: str) -> str:
    return next((why for expression, why in differences() if expression.search(command)), "")
