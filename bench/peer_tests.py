"""Runs the tests of modelaudit (PyPI) and has sakimori examine every file and folder that they make it scan.

    python3 bench/peer_tests.py --program target/release/sakimori [--tests tests/scanners/test_nemo_scanner.py …]

The tests make thousands of small files: attacks, near misses, and files that are broken in all ways. What modelaudit answers
is no label, as many of its tests are about its own limits; where the two differ, somebody has to look. So the table counts
both answers, and every file on which they differ is written down with the name of its test.

The source comes from PyPI into a folder of the cache (`SAKIMORI_PEERS`, or ~/.cache/sakimori-peers), and runs there in an
environment of its own. The tests take an hour or two on two cores.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter, defaultdict
from pathlib import Path

VERSION = "0.2.54"
PACKAGES = [
    f"modelaudit=={VERSION}", "h5py", "pyyaml", "safetensors", "onnx", "dill", "joblib", "scikit-learn", "msgpack", "tflite",
    "xgboost<3.3", "py-ubjson", "py7zr", "mlflow-skinny", "huggingface-hub", "pytest", "pytest-asyncio", "pytest-timeout",
    "defusedxml",
]
TESTS = ["tests/scanners", "tests/analysis", "tests/detectors", "tests/utils/file"]
# Bytes of a file or folder that is kept; seconds of one test.
KEPT_BYTES_MAX = 30 << 20
TEST_SECONDS = 60
# Files that one process examines.
BATCH = 60


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--program", required=True, type=Path)
    arguments.add_argument("--tests", nargs="*", default=TESTS)
    arguments = arguments.parse_args()
    cache = Path(os.environ.get("SAKIMORI_PEERS", Path.home() / ".cache/sakimori-peers")) / "tests"
    source, python = prepare(cache)
    kept = cache / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parent), SAKIMORI_KEPT=str(kept), NO_ANALYTICS="1",
                       PROMPTFOO_DISABLE_TELEMETRY="1")
    pytest = [str(python), "-m", "pytest", "-p", "peer_tests", "-q", "--no-header", "--timeout", str(TEST_SECONDS)]
    subprocess.run(pytest + arguments.tests, cwd=source, env=environment, check=False)
    judge(arguments.program.resolve(), kept, cache)


def prepare(cache):
    """The unpacked source, and the Python of an environment that has what its tests need."""
    cache.mkdir(parents=True, exist_ok=True)
    python = cache / "environment/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parent.parent)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], check=True)
    source = cache / f"modelaudit-{VERSION}"
    if not source.exists():
        command = [str(python), "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--no-build-isolation"]
        subprocess.run([*command, f"modelaudit=={VERSION}", "-d", str(cache)], check=True)
        with tarfile.open(cache / f"modelaudit-{VERSION}.tar.gz") as archive:
            archive.extractall(cache, filter="data")
    return source, python


def judge(program, kept, cache):
    """Examines what was kept and prints the table."""
    answers = defaultdict(list)
    for record in sorted(kept.glob("record-*.jsonl")):
        for line in record.read_text().splitlines():
            answer = json.loads(line)
            answers[answer["file"]].append(answer)
    files = sorted(file for file in answers if os.path.exists(file))
    environment = dict(os.environ, SAKIMORI_HOME=str(cache / "home"), SAKIMORI_LANG="en")
    table, differ = Counter(), []
    for start in range(0, len(files), BATCH):
        command = [str(program), "vet", "-q", "--format", "jsonl", "--fail-on", "never", *files[start : start + BATCH]]
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
        for line in output.splitlines():
            result = json.loads(line)
            theirs = worst(answers[result["path"]])
            table[theirs, result["decision"]] += 1
            if (theirs == "critical") == (result["decision"] == "allow"):
                tests = sorted({answer["test"] for answer in answers[result["path"]]})
                differ.append(f"{theirs}\t{result['decision']}\t{result['path']}\t{tests[0]}")
    (cache / "differ.tsv").write_text("\n".join(sorted(differ)) + "\n")
    print(f"| modelaudit {VERSION} says | allow | review | block |\n|---|---|---|---|")
    for theirs in ["critical", "warning", "nothing", "not wholly examined"]:
        ours = [table[theirs, decision] for decision in ("allow", "review", "block")]
        print(f"| {theirs} | {ours[0]} | {ours[1]} | {ours[2]} |")
    print(f"\n{len(files)} files and folders; where the two differ: {cache / 'differ.tsv'}")


def worst(answers):
    for severity in ("critical", "warning"):
        if any(answer["severities"].get(severity) for answer in answers):
            return severity
    return "nothing" if all(answer["whole"] for answer in answers) else "not wholly examined"


# From here on: the plug-in of pytest, which keeps what is scanned.
current, depth = [""], [0]


def keep(path):
    """Copies what is at a path into the folder of what is kept, once for each content, and returns where it lies."""
    path = Path(str(path))
    if not path.exists():
        return None
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    if sum(file.stat().st_size for file in files) > KEPT_BYTES_MAX:
        return None
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(path)).encode() + b"\0" + file.read_bytes())
    place = Path(os.environ["SAKIMORI_KEPT"]) / digest.hexdigest()[:20] / path.name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            shutil.copyfile(path, place)
        else:
            shutil.copytree(path, place, symlinks=True, ignore_dangling_symlinks=True)
    return str(place)


def note(file, result):
    issues = [str(getattr(issue.severity, "value", issue.severity)) for issue in getattr(result, "issues", None) or []]
    whole = bool(getattr(result, "success", True)) and "inconclusive" not in str(getattr(result, "metadata", ""))
    answer = {"test": current[0], "file": file, "severities": Counter(issues), "whole": whole}
    with open(Path(os.environ["SAKIMORI_KEPT"]) / f"record-{os.getpid()}.jsonl", "a") as out:
        out.write(json.dumps(answer) + "\n")


def watched(function, is_method):
    """The same function, which keeps what it is asked to scan, unless another one that is watched asks it."""

    def scan(*arguments, **named):
        if depth[0] or not current[0]:
            return function(*arguments, **named)
        place = 1 if is_method else 0
        path = named.get("path", arguments[place] if len(arguments) > place else None)
        try:
            file = keep(path) if path is not None else None
        except OSError:
            file = None
        depth[0] += 1
        try:
            result = function(*arguments, **named)
        finally:
            depth[0] -= 1
        if file:
            note(file, result)
        return result

    return scan


def pytest_configure(config):
    from modelaudit import core
    from modelaudit.scanners import base

    def watch(cls, **named):
        super(base.BaseScanner, cls).__init_subclass__(**named)
        if "scan" in cls.__dict__:
            cls.scan = watched(cls.__dict__["scan"], True)

    base.BaseScanner.__init_subclass__ = classmethod(watch)
    for name in ("scan_file", "scan_model_directory_or_file"):
        setattr(core, name, watched(getattr(core, name), False))


def pytest_runtest_call(item):
    current[0], depth[0] = item.nodeid, 0


if __name__ == "__main__":
    main()
