"""What the lints share: how a file of this repository is compiled, and many commands at once."""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess


def commands(build):
    """The compiler's words for each source file, by its path relative to the repository."""
    root = pathlib.Path.cwd()
    found = {}
    for entry in json.loads((pathlib.Path(build) / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if path.is_relative_to(root):
            found[str(path.relative_to(root))] = (entry["directory"], shlex.split(entry["command"]))
    return found


def flags(words):
    """Only what changes the meaning of a file: include paths, macros, the language."""
    kept, i = [], 0
    while i < len(words):
        if words[i] in ("-isystem", "-I", "-D", "-include"):
            kept += words[i:i + 2]
            i += 1
        elif words[i].startswith(("-I", "-D", "-std", "-W", "-isystem")):
            kept.append(words[i])
        i += 1
    return kept


def each(jobs, run):
    """run(job) for every job, as many at once as there are processors; the results in the order of the jobs."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(run, jobs))


def output(words, cwd=None):
    """Exit status and everything that the command printed."""
    done = subprocess.run(words, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout
