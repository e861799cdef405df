"""What `./dev fuzz` runs: libFuzzer programs over their kept inputs, and what those inputs cover of each decoder.

Every tests/fuzz/fuzz_NAME.c is a program; its kept inputs are tests/fuzz/corpus/NAME, what was learnt on this machine
is in .cache/fuzz/NAME. SOURCES says which files of the project each is there for.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "fuzz"))

import seeds  # noqa: E402

BUILD = ROOT / "build-fuzz"
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
LEARNT = ROOT / ".cache" / "fuzz"
COVERED_AT_LEAST = 90  # percent of a decoder's lines, by the kept inputs
KEPT_AT_MOST = 64 << 10  # bytes of a kept input

SOURCES = {
    "binlog": [
        *(f"common/binlog/{name}.c" for name in ("assemble", "assemble_group", "assemble_rows", "event", "event_control")),
        *(f"common/binlog/{name}.c" for name in ("event_gtid", "event_query", "query_classify", "rows_event", "xid")),
        "common/binlog/file_reader.c",
        "common/binlog/partial_rows.c",
    ],
    "table_map": ["common/binlog/table_map.c", "common/binlog/column_meta.c"],
    "cell": [f"common/model/{name}.c" for name in ("cell", "cell_text", "cell_order", "compressed", "decimal", "temporal")],
    "payload": ["common/binlog/payload.c", "common/binlog/uncompress.c", "common/base/inflate.c"],
    "json_binary": ["common/model/json_binary.c"],
    "json_diff": ["common/model/json_diff.c", "common/model/json_tree.c"],
    "record": [f"common/model/{name}.c" for name in ("record", "record_body", "table", "ddl", "cut", "act", "permit")],
    "config": [
        *(f"common/link/{name}.c" for name in ("yaml", "config_read", "config_value", "config_check", "config_enter")),
        *(f"common/link/{name}.c" for name in ("config_collection", "config_conflicts")),
    ],
    "ddl_text": ["common/model/ddl_text.c", "common/model/ddl_token.c"],
    "gtid": [*(f"common/model/{name}.c" for name in ("gtid", "position", "position_codec")), "common/binlog/gtid_set.c"],
}


def program(name):
    return BUILD / "fuzz" / f"fuzz_{name}"


def kept(name):
    """The kept inputs; a directory that is there."""
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    return CORPUS / name


def run(name, *words, profile=os.devnull):
    """Run a fuzz program; returns (exit code, what it said)."""
    environment = {**os.environ, "LLVM_PROFILE_FILE": str(profile)}
    argv = [program(name), "-rss_limit_mb=2048", "-timeout=10", f"-artifact_prefix={BUILD}/{name}-", *words]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace", env=environment, check=False)
    (BUILD / f"{name}.log").write_text(done.stderr, encoding="utf-8")
    return done.returncode, done.stderr


def say(text):
    print(f"dev: {text}", flush=True)


def broken(name, log):
    """Say what broke and where the input lies."""
    lines = log.splitlines()
    marks = ("ERROR", "runtime error", "Assertion")
    first = next((i for i, line in enumerate(lines) if any(mark in line for mark in marks)), 0)
    inputs = [line.split("Test unit written to ")[1] for line in lines if "Test unit written to " in line]
    print("\n".join(lines[first : first + 40]), file=sys.stderr)
    say(f"{name} breaks; the input: {' '.join(inputs) or 'none'}, all of it: {BUILD / name}.log")


def fuzz(name, seconds):
    """True when nothing broke."""
    (LEARNT / name).mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    code, log = run(
        name, f"-max_total_time={seconds}", "-max_len=65536", "-print_final_stats=1", LEARNT / name, kept(name)
    )
    if code:
        broken(name, log)
        return False
    (count,) = [line.split()[-1] for line in log.splitlines() if "number_of_executed_units" in line]
    say(f"{name}: {count} inputs in {time.monotonic() - began:.0f} s, nothing broke")
    return True


def keep(name):
    """Of the kept, the learnt and the made inputs keep the few that reach all that any of them reaches."""
    with tempfile.TemporaryDirectory(dir=BUILD) as directory:
        made, best = pathlib.Path(directory) / "made", pathlib.Path(directory) / "best"
        seeds.write(name, made)
        best.mkdir()
        (LEARNT / name).mkdir(parents=True, exist_ok=True)
        code, log = run(name, "-set_cover_merge=1", "-use_counters=0", f"-max_len={KEPT_AT_MOST}", best, kept(name), made, LEARNT / name)
        if code:
            broken(name, log)
            return False
        shutil.rmtree(CORPUS / name)
        shutil.copytree(best, CORPUS / name)
    files = list((CORPUS / name).iterdir())
    say(f"{name}: {len(files)} inputs of {sum(file.stat().st_size for file in files)} bytes are kept")
    return True


def lines_covered(name):
    """{source: (lines, of them covered)} by the kept inputs."""
    raw, data = BUILD / f"{name}.profraw", BUILD / f"{name}.profdata"
    code, log = run(name, "-runs=0", f"-max_len={KEPT_AT_MOST}", kept(name), profile=raw)
    if code:
        broken(name, log)
        return None
    sources = [ROOT / source for source in SOURCES[name]]
    subprocess.run(["llvm-profdata-14", "merge", "-sparse", raw, "-o", data], check=True)
    told = subprocess.run(
        ["llvm-cov-14", "export", "--summary-only", f"--instr-profile={data}", program(name), *sources],
        stdout=subprocess.PIPE,
        check=True,
    )
    found = {}
    for file in json.loads(told.stdout)["data"][0]["files"]:
        lines = file["summary"]["lines"]
        found[str(pathlib.Path(file["filename"]).relative_to(ROOT))] = (lines["count"], lines["covered"])
    return found


def coverage(name):
    """Print it; True when the decoder is covered as it should be."""
    found = lines_covered(name)
    if found is None:
        return False
    missing = [source for source in SOURCES[name] if source not in found]
    total, covered = (sum(column) for column in zip(*found.values()))
    percent = 100 * covered / total
    print(f"{name:<12} {percent:5.1f} % of {total} lines")
    for source, (lines, hit) in found.items():
        print(f"  {source:<38} {100 * hit / lines:5.1f} % of {lines}")
    if missing:
        say(f"{name}: not measured: {', '.join(missing)}")
    if percent < COVERED_AT_LEAST:
        say(f"{name}: the kept inputs cover {percent:.1f} %, wanted are {COVERED_AT_LEAST} %")
    return not missing and percent >= COVERED_AT_LEAST


def arguments():
    known = sorted(path.stem.removeprefix("fuzz_") for path in (ROOT / "tests" / "fuzz").glob("fuzz_*.c"))
    parser = argparse.ArgumentParser(
        prog="./dev fuzz",
        description="Fuzz the decoders under ASan and UBSan (libFuzzer), each from its kept inputs in tests/fuzz/corpus. "
        "An input that breaks something is kept in build-fuzz/, its place is printed, and the exit code is 1.",
        epilog=f"Names: {', '.join(known)}.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to fuzz (default: everything)")
    parser.add_argument("--seconds", type=int, default=60, metavar="N", help="how long each (default: 60)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="how many at once")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--coverage",
        action="store_true",
        help=f"instead: which lines of each decoder the kept inputs reach; exit code 1 below {COVERED_AT_LEAST} %%",
    )
    what.add_argument(
        "--keep", action="store_true", help="instead: take what was learnt on this machine into the kept inputs"
    )
    args = parser.parse_args()
    for name in args.names:
        if name not in known:
            parser.exit(64, f"dev: nothing to fuzz is called '{name}': one of {', '.join(known)}\n")
    if args.seconds < 1 or args.jobs < 1:
        parser.exit(64, "dev: --seconds and --jobs take a number from 1\n")
    args.names = args.names or known
    return args


def main():
    args = arguments()
    if args.coverage:
        return 0 if all([coverage(name) for name in args.names if name in SOURCES]) else 1
    with ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(keep if args.keep else lambda name: fuzz(name, args.seconds), args.names))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
