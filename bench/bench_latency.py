"""Latency from COMMIT to visible at the target, at a steady 1,000 transactions of 5 rows a second, against a native replica."""

import json
import os
import subprocess

import servers
import workload
from replica import MariaDBReplica
from report import Report
from support import place
from support.mariadb import MariaDB
from support.pair import Pair

RATE, ROWS = 1000, 5


def measure(source, target, seconds, skip):
    program = place.ROOT / "build" / "bench" / "visible"
    words = [program, source.port, target.port, workload.LOAD_USER, RATE, ROWS, seconds, skip]
    environment = {**os.environ, "DRC_BENCH_PASSWORD": source.password}
    done = subprocess.run([str(word) for word in words], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_ours(directory, turn, seconds, skip):
    pair = Pair(directory / f"ours-{turn}", links=[("eu", "us")], tables=["bench.*"], options={**servers.ROOMY, **servers.DURABLE})
    try:
        pair.start_servers()
        workload.latency_table(pair.eu, pair.us)
        pair.start()
        return measure(pair.eu, pair.us, seconds, skip)
    finally:
        pair.close()


def run_native(directory, turn, seconds, skip):
    source = MariaDB("source", directory / f"source-{turn}", 1, options={**servers.ROOMY, **servers.DURABLE}).start()
    replica = None
    try:
        replica = MariaDBReplica(directory / f"native-{turn}", source, 2, servers.DURABLE, 4)
        workload.latency_table(source, replica.server)
        replica.follow(source.executed_gtids())
        replica.start()
        return measure(source, replica.server, seconds, skip)
    finally:
        if replica:
            replica.close()
        source.remove()


def run(arguments, directory):
    seconds, skip = servers.steady_seconds(arguments)
    report = Report("latency", rate=RATE, rows=ROWS, seconds=seconds, skipped_seconds=skip, **servers.ROOMY, **servers.DURABLE)
    ours, native = [], []
    for turn in range(arguments.rounds):
        for reference in (turn % 2 == 0, turn % 2 == 1):
            (native if reference else ours).append((run_native if reference else run_ours)(directory, turn, seconds, skip))
    for name, runs in (("", ours), ("native_", native)):
        report.add(f"{name}p50_ms", "ms", [run["p50_ms"] for run in runs])
        report.add(f"{name}p99_ms", "ms", [run["p99_ms"] for run in runs])
    report.add("late_transactions", "count", [run["late"] for run in ours])
    return report
