"""`./dev bench NAME [--json FILE]`: one benchmark on real servers, beside its reference, in the same run."""

import argparse
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

import bench_apply  # noqa: E402
import bench_capture  # noqa: E402
import bench_conflict  # noqa: E402
import bench_latency  # noqa: E402
import bench_reconcile  # noqa: E402
from support import place  # noqa: E402

BENCHMARKS = {
    "capture": bench_capture.run,
    "apply": bench_apply.run,
    "conflict": bench_conflict.run,
    "latency": bench_latency.run,
    "reconcile": bench_reconcile.run,
}
ROWS = {"reconcile": 2_000_000}  # where the option is left out


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("name", choices=sorted(BENCHMARKS), help="what to measure")
    parser.add_argument("--json", metavar="FILE", help="write figures and environment there, too")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side, order alternating (default 3)")
    parser.add_argument("--rows", type=int, help="rows of a backlog, or table (default 1000000; reconcile 2000000)")
    parser.add_argument("--only", metavar="NAMES", help="apply, conflict, reconcile: these and no others, comma-separated")
    parser.add_argument("--peer", choices=sorted(bench_apply.PEERS), help="apply: beside that product, and nothing else")
    parser.add_argument("--seconds", type=int, default=60, help="length of a latency run (default 60)")
    arguments = parser.parse_args()
    arguments.rows = arguments.rows or ROWS.get(arguments.name, 1_000_000)
    directory = place.run_directory("bench")
    print(f"bench {arguments.name}: {arguments.rounds} rounds", flush=True)
    try:
        report = BENCHMARKS[arguments.name](arguments, directory)
    except AssertionError as error:
        print(f"bench {arguments.name} failed: {error}\nlogs are kept in {directory}", file=sys.stderr)
        return 1
    if arguments.json:
        report.write(arguments.json)
    shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
