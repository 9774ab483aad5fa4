"""Fuzzes all parsers, or those named, from their seeds: python3 fuzz/run.py [--seconds N] [--jobs N] [TARGET]...

It needs a stable toolchain and a C++ compiler, nothing else: the one program `any` is built with coverage counters, without
a sanitizer of addresses (that is what `cargo fuzz` is for, see README.md). What is found new is kept in fuzz/corpus/TARGET,
what fails in fuzz/artifacts/TARGET. Ends with 1 when anything failed.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TRIPLE = "x86_64-unknown-linux-gnu"
# Targets whose golden corpus has another name.
CORPUS = {
    "catboost": "trees", "config": "agent", "evtx": "log", "hdf5": "keras", "json": "agent", "json_lines": "log",
    "lightgbm": "trees", "llamafile": "program", "ncnn": "trees", "npy": "numpy", "savedmodel": "tensorflow", "sevenz": "7z",
    "tf_checkpoint": "tensorflow", "tf_graph": "tensorflow", "tf_keras": "keras", "xgboost_binary": "trees",
    "xgboost_ubjson": "trees", "xml": "openvino", "yaml": "sigma", "mbox": "mail", "zarr_shard": "ocdbt",
    **dict.fromkeys("bzip2 gzip lz4 lzma xz zfile zlib zstd".split(), "stream"),
}
COVERAGE = "inline-8bit-counters pc-table trace-compares level=4".split()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("targets", nargs="*", help="names of targets; all if there are none")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at the same time (one a core)")
    options = parser.parse_args()
    known = sorted(path.stem for path in (HERE / "fuzz_targets").glob("*.rs") if path.stem != "any")
    unknown = sorted(set(options.targets) - set(known))
    if unknown:
        sys.exit(f"error: no such target: {', '.join(unknown)}\n  hint: there are {', '.join(known)}")
    program = build()
    started, failed, runs, seconds = time.time(), [], 0, 0
    print("| target | inputs tried | features covered, first and last | inputs kept | most memory | |\n|---|---|---|---|---|---|")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = [pool.submit(fuzz, program, name, options.seconds) for name in options.targets or known]
        for job in concurrent.futures.as_completed(jobs):
            name, line, tried, took, status = job.result()
            runs, seconds = runs + tried, seconds + took
            if status:
                failed.append(name)
            print(line, flush=True)
    print(f"{len(jobs)} targets, {runs} inputs in {seconds / 3600:.2f} hours of fuzzing ({(time.time() - started) / 60:.0f} min)")
    print(f"failed: {', '.join(failed) or 'none'}")
    sys.exit(1 if failed else 0)


def build():
    flags = ["-Cpasses=sancov-module", "--cfg=fuzzing"]
    flags += [f"-Cllvm-args=-sanitizer-coverage-{setting}" for setting in COVERAGE]
    environment = dict(os.environ, CARGO_ENCODED_RUSTFLAGS="\x1f".join(flags))
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target"))
    command = ["cargo", "build", "--release", "--locked", "--bin", "any", "--target", TRIPLE, "--target-dir", target]
    subprocess.run(command, cwd=HERE, env=environment, check=True)
    return target / TRIPLE / "release" / "any"


def fuzz(program, name, seconds):
    """Runs one target, and returns its name, a row on it, how many inputs were tried in how many seconds, and its status."""
    kept, artifacts = HERE / "corpus" / name, HERE / "artifacts" / name
    kept.mkdir(parents=True, exist_ok=True)
    artifacts.mkdir(parents=True, exist_ok=True)
    seeds = [HERE / "seeds" / name, *seed_folders(name)]
    command = [program, kept, *[seed for seed in seeds if seed.is_dir()], f"-artifact_prefix={artifacts}/"]
    command += [f"-max_total_time={seconds}", "-max_len=65536", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]
    start = time.time()
    # The machine's limit on time is no part of what is fuzzed: a target that does not end is ended, and has failed.
    try:
        ran = subprocess.run(
            command, env=dict(os.environ, SAKIMORI_TARGET=name), capture_output=True, text=True, errors="replace", timeout=seconds + 300
        )
        out, status = ran.stderr, ran.returncode
    except subprocess.TimeoutExpired as error:
        out, status = (error.stderr or b"").decode("utf-8", "replace"), 1
    (artifacts / "output.txt").write_text(out[-200_000:], "utf-8")
    features = re.findall(r"\bft: (\d+)", out)
    tried = int((re.findall(r"stat::number_of_executed_units:\s*(\d+)", out) or re.findall(r"^#(\d+)", out, re.M) or ["0"])[-1])
    memory = (re.findall(r"stat::peak_rss_mb:\s*(\d+)", out) or ["?"])[-1]
    span = f"{features[0]} → {features[-1]}" if features else "none"
    word = "" if status == 0 else f"**failed**: {', '.join(p.name for p in artifacts.iterdir() if p.suffix != '.txt') or 'no input'}"
    row = f"| {name} | {tried} | {span} | {len(list(kept.iterdir()))} | {memory} MiB | {word} |"
    return name, row, tried, time.time() - start, status


def seed_folders(name):
    """The golden corpora: that of the target, or all for targets of any input; rules for `sigma`."""
    corpora = ROOT / "crates" / "examine" / "corpus"
    wide = list(corpora.iterdir()) if name in ("examine", "recognise", "excerpt") else []
    return wide or [corpora / CORPUS.get(name, name.split("_")[0]), *([ROOT / "rules"] if name == "sigma" else [])]


main()
