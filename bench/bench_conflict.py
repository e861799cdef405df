"""Conflicts: how fast the judge alone decides, what conflicts cost a durable backlog that is applied, and what versions
cost: in time (bench_causal.py), and in memory.

The backlog's updates go to rows that stand on both sides. At a target a share of these was changed beforehand, half of
them to a newer version than the update's, half to an older one: under `latest` either side wins as often. The run fails
unless exactly these conflicts are in the journal, the local winners are as they were, and all else is as at the source.
"""

import json
import subprocess

import servers
import workload
from bench_causal import causal
from link import Link
from report import Report
from support import place

LATEST = {"default": {"policy": "latest", "by": ["made"], "tie": ["eu", "us"], "delete": "never"}}
SHARES = {"conflict_free": 0, "one_percent": 1, "ten_percent": 10}
JUDGE_SECONDS = 5
VERSIONS = 1_000_000


def _program(name, *words):
    command = [place.ROOT / "build" / "bench" / name, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{name}: {done.stderr}"
    return json.loads(done.stdout)


def pure(report, _directory, arguments):
    """Verdicts a second of the judge, one thread."""
    runs = [_program("verdicts", JUDGE_SECONDS) for _ in range(arguments.rounds)]
    report.add("pure_verdicts_per_s", "verdicts/s", [run["verdicts"] / run["seconds"] for run in runs])


def index(report, _directory, arguments):
    """Memory of the indexes of newest versions: of two streams, as an applier in a mesh has them, which takes a little more."""
    runs = [_program("versions_held", VERSIONS, 2) for _ in range(arguments.rounds)]
    report.add("index_mib_per_m", "MiB", [run["bytes"] / run["versions"] * 1e6 / 2**20 for run in runs])


def apply_share(link, percent):
    """Rows a second into a target where so many of a hundred rows conflict."""
    target = link.fresh_target(workload.contest(percent))
    rows_per_s, _ = link.apply()
    entries = target.query("SELECT kind, verdict, COUNT(*) FROM drc.conflicts GROUP BY kind, verdict")
    found = {(kind, verdict): count for kind, verdict, count in entries}
    half = link.backlog.rows * percent // 200
    expected = {("update/changed", "incoming"): half, ("update/changed", "local"): half} if percent else {}
    assert found == expected, f"the journal has {found}, not {expected}"
    stayed = target.value("SELECT COUNT(*) FROM bench.item WHERE note = 'contested'")
    assert stayed == half * bool(percent), f"{stayed} rows are the local ones, not {half}"
    question = workload.uncontested(percent)
    assert target.query(question) == link.source.query(question), "what did not conflict is not as at the source"
    return rows_per_s


def rate(report, directory, arguments):
    """A backlog without conflicts, with one of a hundred rows, with ten."""
    link = Link(directory / "contested", servers.DURABLE, conflicts=LATEST)
    try:
        link.start().publish(workload.contested, arguments.rows)
        found = {name: [] for name in SHARES}
        for turn in range(arguments.rounds):
            for name in list(SHARES)[:: 1 if turn % 2 == 0 else -1]:
                found[name].append(apply_share(link, SHARES[name]))
        for name, rates in found.items():
            report.add(f"{name}_rows_per_s", "rows/s", rates)
        for name in list(SHARES)[1:]:
            report.ratio(f"{name}_ratio", found[name], found["conflict_free"])
    finally:
        link.close()


PARTS = {"pure": pure, "rate": rate, "causal": causal, "index": index}


def run(arguments, directory):
    report = Report("conflict", rows=arguments.rows, compression="lz4", **servers.ROOMY, **servers.DURABLE)
    for name in arguments.only.split(",") if arguments.only else PARTS:
        assert name in PARTS, f"--only {name}: not one of {', '.join(PARTS)}"
        PARTS[name](report, directory, arguments)
    return report
