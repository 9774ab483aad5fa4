"""Runs scanners of the field and sakimori over labelled artefacts, one process a file, and writes docs/peers.md.

    python3 bench/peers.py --data FOLDER --program target/release/sakimori --out docs/peers.md [--tool NAME]...

Scanners come from PyPI into a folder of the cache (`SAKIMORI_PEERS`, or ~/.cache/sakimori-peers). They run by their
command lines alone, in modes that analyse and never load a file, without telemetry and with a time limit a file.
Answers are kept in the cache by tool, version and SHA-256, so that an interrupted run goes on where it stopped.
"""

import argparse
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "peers-requirements.txt"
# Seconds of wall clock for one file; a tool that takes longer has not examined it.
TIMEOUT = 120
# Bytes of address space of one process: a scanner may not take the machine with it.
MEMORY = 8 << 30
# Part of what a tool prints that is kept to be judged.
OUTPUT_MAX = 64 << 20
# Raised when what counts as which answer changes, so that kept answers are not used.
JUDGE = 1

PASSED, FLAGGED, SKIPPED = "passed", "flagged", "not examined"


def picklescan(status, out, err, report):
    """0: no dangerous import. It says that a file was scanned although it could not be parsed: a warning, or 0 files."""
    if status == 1:
        return FLAGGED
    if status != 0 or "Scanned files: 0" in out or "could not parse" in out + err:
        return SKIPPED
    return PASSED


def modelscan(status, out, err, report):
    """0 and 1 as issues say; 2 an error, 3 no supported file. Skipped members of a passed file: not examined."""
    result = read(report)
    if status == 1:
        return FLAGGED
    if status != 0 or not result or result["errors"] or not result["summary"]["scanned"]["total_scanned"]:
        return SKIPPED
    return PASSED


def fickling(status, out, err, report):
    """1 is also its answer to what it could not parse: then it has not examined the file."""
    if re.search(r"failed to parse|invalid opcode", out + err, re.I) or status not in (0, 1):
        return SKIPPED
    return FLAGGED if status == 1 else PASSED


def modelaudit(status, out, err, report):
    """Warnings and critical issues are flags; without one, status 2, errors and inconclusive outcomes are not examined."""
    result = read(report)
    if not result:
        return SKIPPED
    if any(issue.get("severity") in ("warning", "critical") for issue in result["issues"]):
        return FLAGGED
    unsure = '"inconclusive"' in json.dumps(result.get("file_metadata", {}))
    return SKIPPED if status != 0 or unsure or not result["success"] or not result["files_scanned"] else PASSED


def sakimori(status, out, err, report):
    """Allow is passed; what is not wholly examined and shows nothing dangerous besides is not examined."""
    results = [json.loads(line) for line in out.splitlines()]
    if status not in (0, 1) or not results:
        return SKIPPED
    answers = [verdict(result) for result in results]
    return next((answer for answer in (FLAGGED, SKIPPED) if answer in answers), PASSED)


def verdict(result):
    if result["decision"] == "block" or (result["decision"] == "review" and result["examined"] is True):
        return FLAGGED
    return PASSED if result["decision"] == "allow" and result["examined"] is True else SKIPPED


TOOLS = {
    "sakimori": (["vet", "--format", "jsonl", "--quiet", "{file}"], sakimori,
                 "flagged: *block*, or *review* of a file that was examined; passed: *allow*; not examined: `examined` "
                 "is not `true` and the decision is *review*, or another exit status than 0 and 1"),
    "picklescan": (["--path", "{file}"], picklescan,
                   "flagged: exit status 1; passed: 0; not examined: 2, `Scanned files: 0`, or `could not parse`"),
    "picklescan --strict": (["--strict", "--path", "{file}"], picklescan, "as picklescan"),
    "modelscan": (["scan", "--path", "{file}", "--reporting-format", "json", "--output-file", "{report}"], modelscan,
                  "without TensorFlow. Flagged: exit status 1; passed: 0; not examined: 2, 3, an entry in `errors`, or "
                  "nothing in `scanned`"),
    "fickling": (["--check-safety", "--print-results", "--json-output", "{report}", "{file}"], fickling,
                 "flagged: exit status 1; passed: 0; not examined: it says that it failed to parse the file or that there "
                 "are invalid opcodes (also status 1), or another status. It is made for pickles and PyTorch files alone"),
    "modelaudit": (["scan", "--no-cache", "--quiet", "--format", "json", "--output", "{report}", "{file}"], modelaudit,
                   "flagged: an issue of severity warning or critical; else passed with exit status 0, and not examined "
                   "with another, with `success` false, no file scanned or the outcome `inconclusive`"),
}


def read(report):
    try:
        return json.loads(report.read_text())
    except (OSError, ValueError):
        return None


def versions():
    return dict(re.findall(r"^([a-z]+)(?:\[\w+\])?==(\S+)$", REQUIREMENTS.read_text(), re.M))


def install(cache):
    """A virtual environment for the pinned versions, made again when the pins change."""
    mark = cache / "installed.txt"
    if mark.is_file() and mark.read_text() == REQUIREMENTS.read_text():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", cache / "venv"], check=True)
    subprocess.run([cache / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS], check=True)
    mark.write_text(REQUIREMENTS.read_text())


def environment(home):
    """Nothing of the caller's settings; telemetry off by each documented switch."""
    return {
        "PATH": os.defpath, "HOME": home, "LANG": "C.UTF-8", "SAKIMORI_HOME": f"{home}/sakimori", "SAKIMORI_LANG": "en",
        "PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1", "CI": "true", "COLUMNS": "200",
    }


def without_network():
    """What to put before a command so that it runs in a network name space of its own, where there is nothing but itself."""
    command = ["unshare", "--map-root-user", "--net"]
    try:
        return command if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0 else []
    except OSError:
        return []


ALONE = without_network()


def run(program, arguments, judge, file):
    """The answer for one file, with its CPU and wall seconds."""
    with tempfile.TemporaryDirectory(prefix="sakimori-peers-") as home:
        report = Path(home, "report.json")
        command = [*ALONE, str(program)] + [a.format(file=file, report=report) for a in arguments]
        with open(f"{home}/out", "w+b") as out, open(f"{home}/err", "w+b") as err:
            start = time.monotonic()
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=home, env=environment(home),
                                     start_new_session=True, preexec_fn=bounded)
            used, late = finish(child, start + TIMEOUT)
            wall = time.monotonic() - start
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read(OUTPUT_MAX).decode(errors="replace"))
        answer = SKIPPED if late else judge(child.returncode, *texts, report)
    return {"answer": answer, "cpu": used, "wall": wall, "late": late, "status": child.returncode}


def bounded():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (TIMEOUT, TIMEOUT))


def finish(child, until):
    """CPU seconds of a child with its children, and whether it was stopped at its limit."""
    late = False
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime, late or child.returncode == -signal.SIGXCPU
        if time.monotonic() > until and not late:
            late = True
            os.killpg(child.pid, signal.SIGKILL)
        time.sleep(0.01)


def measure(name, program, version, files, cache):
    """Answers by file name; those that are kept already are not asked for again."""
    arguments, judge, _ = TOOLS[name]
    store = cache / "answers" / f"{name.replace(' ', '')}-{version}-{JUDGE}.jsonl"
    store.parent.mkdir(parents=True, exist_ok=True)
    kept = {}
    if store.is_file():
        kept = {entry["key"]: entry for entry in map(json.loads, store.read_text().splitlines())}
    with store.open("a") as sink:
        for number, (label, path) in enumerate(files.items(), 1):
            # The name counts too: scanners go by it.
            key = hashlib.sha256(path.read_bytes()).hexdigest() + " " + label
            if key not in kept:
                kept[key] = {"key": key, **run(program, arguments, judge, path)}
                sink.write(json.dumps(kept[key]) + "\n")
                sink.flush()
            files[label] = path
            if number % 50 == 0:
                print(f"{name}: {number} of {len(files)}", file=sys.stderr, flush=True)
    return {key.split(" ", 1)[1]: entry for key, entry in kept.items() if key.split(" ", 1)[1] in files}


def row(name, version, answers, labels):
    count = Counter((labels[file], entry["answer"]) for file, entry in answers.items())
    total = Counter(labels[file] for file in answers)

    def share(label, answer):
        found = count[label, answer]
        return f"{found} ({100 * found / total[label]:.1f} %)" if total[label] else "0"

    slowest = max(answers, key=lambda file: answers[file]["cpu"])
    slow = answers[slowest]
    late = sum(entry["late"] for entry in answers.values())
    zero = Counter(labels[file] for file, entry in answers.items() if entry["status"] == 0)
    return (f"| {name} {version} | {share('mal', PASSED)} | {zero['mal']} | {share('mal', SKIPPED)} | {share('ben', FLAGGED)} | {share('ben', SKIPPED)} "
            f"| {sum(entry['cpu'] for entry in answers.values()):.1f} | {slow['cpu']:.2f}: {slowest} | {late} |\n")


def document(rows, labels, missing):
    total = Counter(labels.values())
    text = ("# Beside other scanners\n\n"
            "Written by `make peers SAKIMORI_DATA=…` (`bench/peers.py`); no figure is written by hand. The files are those of\n"
            f"\"Model artefacts\" in [coverage.md](coverage.md): {total['mal']} labelled `mal`, {total['ben']} `ben`, and "
            f"{sum(total.values()) - total['mal'] - total['ben']} of other labels,\n"
            "of which only time is counted. Many are the test files of these scanners, and ours was built with them at hand, so\n"
            "the figures say more about what a tool misses here than about files that nobody has seen.\n\n"
            "| tool | malicious passed silently | malicious with exit status 0 | malicious, not examined or error | benign wrongly flagged "
            "| benign not examined or inconclusive | CPU seconds, all files | most CPU seconds | stopped at the limit |\n"
            "|---|---|---|---|---|---|---|---|---|\n" + "".join(rows))
    if missing:
        text += "\nNot measured in this run: " + ", ".join(missing) + ".\n"
    text += ("\nEvery file is one process, so each figure of CPU seconds holds the start of the program "
             f"{sum(total.values())} times; the Python\nprograms start in 0.2 to 2.5 s. A file has {TIMEOUT} s and {MEMORY >> 30} GiB. "
             "Telemetry is off by the documented switches, and\n"
             + ("no program has a network: each runs in a name space of its own.\n" if ALONE else
                "whether a program connects anyway was not checked here.\n")
             + "\n## What counts as which answer\n\n")
    return text + "".join(f"- **{name}**: {means}.\n" for name, (_, _, means) in TOOLS.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs/peers.md")
    parser.add_argument("--tool", action="append", choices=TOOLS, help="only this one; may be repeated")
    options = parser.parse_args()
    cache = Path(os.environ.get("SAKIMORI_PEERS") or Path.home() / ".cache/sakimori-peers")
    cache.mkdir(parents=True, exist_ok=True)
    install(cache)
    labels = {name: entry["label"] for name, entry in json.loads((options.data / "artefact/labels.json").read_text()).items()}
    files = {name: (options.data / "artefact" / name).resolve() for name in sorted(labels)}
    pins, rows, wanted = versions(), [], options.tool or list(TOOLS)
    for name in wanted:
        if name == "sakimori":
            program, version = options.program.resolve(), hashlib.sha256(options.program.read_bytes()).hexdigest()[:12]
        else:
            program, version = cache / "venv/bin" / name.split()[0], pins[name.split()[0]]
        answers = measure(name, program, version, files, cache)
        rows.append(row(name, "" if name == "sakimori" else version, answers, labels))
        print(rows[-1], end="", flush=True)
    options.out.write_text(document(rows, labels, [name for name in TOOLS if name not in wanted]))


if __name__ == "__main__":
    main()
