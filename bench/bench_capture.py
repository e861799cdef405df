"""Capture: a backlog of binlog into Kafka, against a dump of the same binlog that decodes nothing; its decoder alone, its
memory with one huge transaction, and the time from COMMIT to Kafka's ack at a steady load."""

import json
import os
import subprocess

import servers
import workload
from report import Report
from support import place
from support.mariadb import MariaDB
from support.mysql import MySQL
from support.pair import Pair

PROGRAMS = place.ROOT / "build" / "bench"
HUGE_ROWS = 1_000_000
RATE, ROWS = 1000, 5


def _program(name, *words, password=""):
    command = [str(PROGRAMS / name), *map(str, words)]
    environment = {**os.environ, "DRC_BENCH_PASSWORD": password}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{name}: {done.stderr}"
    return json.loads(done.stdout)


def raw_dump(server, backlog):
    """Rows a second of the reference."""
    first = server.query("SHOW BINARY LOGS")[0][0]
    done = _program("raw_dump", server.host, server.port, "drc", first, password=server.password)
    return backlog.rows / done["seconds"]


def decode_only(server):
    """Million rows a second of the decoder, from files, on one core."""
    names = [row[0] for row in server.query("SHOW BINARY LOGS")]
    done = _program("decode", *(server.datadir / name for name in names))
    return done["rows"] / done["seconds"] / 1e6


def _cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _new_topic(pair):
    if pair.topic("eu") in pair.kafka.topics():
        pair.kafka.delete_topic(pair.topic("eu"))
        pair.until(lambda: pair.topic("eu") not in pair.kafka.topics(), 30, "end of the old topic")


def capture(pair, backlog):
    """Into a new topic: rows a second, processor seconds, peak MiB."""
    _new_topic(pair)
    daemon = pair.capture("eu")
    daemon.launch()
    begun = lambda status: status.get("epoch", 0) > 0
    seconds = servers.time_until(daemon, begun, lambda status: status.get("acked_seq", 0) >= backlog.transactions)
    pair.until(lambda: servers.poll_status(daemon)["rows"] == backlog.rows, 10, "count of the whole backlog")
    cpu, peak = _cpu_seconds(daemon.pid), servers.peak_mib(daemon.pid)
    daemon.stop()
    return backlog.rows / seconds, cpu, peak


def source(pair, make, rows):
    """The server of eu with a backlog, and the pair's file and broker ready for it."""
    server = pair.eu.start()
    server.sql("CREATE DATABASE first")  # so that there is a GTID to start from
    workload.schema(server)
    backlog = make(server, rows)
    pair.file["regions"]["eu"]["start"] = {"gtid": backlog.start}
    pair.file["kafka"]["properties"] = {"compression.type": "lz4"}
    pair.write_config()
    pair.kafka.start()
    return server, backlog


def compare(report, directory, name, make, arguments, kind=MariaDB, factor=1):
    pair = Pair(directory / name, links=[("eu", "us")], tables=["bench.*"], options=servers.roomy(kind), server=kind)
    try:
        server, backlog = source(pair, make, factor * arguments.rows)
        raw_dump(server, backlog)
        capture(pair, backlog)  # neither counts: file cache and broker are warm from here on
        raw, ours, cpu, decoded = [], [], [], []
        for turn in range(arguments.rounds):
            for reference in (turn % 2 == 0, turn % 2 == 1):
                if reference:
                    raw.append(raw_dump(server, backlog))
                else:
                    rate, seconds, _ = capture(pair, backlog)
                    ours.append(rate)
                    cpu.append(seconds * 1e6 / backlog.rows)
            decoded.append(decode_only(server))
        report.add(f"{name}_raw_rows_per_s", "rows/s", raw)
        report.add(f"{name}_rows_per_s", "rows/s", ours)
        report.ratio(f"{name}_vs_raw", ours, raw)
        prefix = "" if name == "small" else f"{name}_"
        report.add(f"{prefix}cpu_s_per_mrows", "s per million rows", cpu)
        report.add(f"{prefix}decode_only_mrows_s", "million rows/s", decoded)
    finally:
        pair.close()


def memory(report, directory, rounds):
    """The most that capture ever held, with one transaction of a million rows."""
    pair = Pair(directory / "huge", links=[("eu", "us")], tables=["bench.*"], options=servers.ROOMY)
    try:
        _, backlog = source(pair, workload.huge, HUGE_ROWS)
        report.add("rss_mib_1m_row_trx", "MiB", [capture(pair, backlog)[2] for _ in range(rounds)])
    finally:
        pair.close()


def ack_latency(directory, turn, seconds, skip):
    pair = Pair(directory / f"ack-{turn}", links=[("eu", "us")], tables=["bench.*"], options={**servers.ROOMY, **servers.DURABLE})
    try:
        pair.eu.start()
        workload.latency_table(pair.eu)
        pair.write_config()
        pair.kafka.start()
        pair.capture("eu").start()
        pair.until(lambda: pair.stream_stands("eu"), 60, "a stream in the topic")
        words = (pair.eu.port, workload.LOAD_USER, RATE, ROWS, seconds, skip, ",".join(pair.kafka.bootstrap), pair.topic("eu"))
        return _program("acked", *words, password=pair.eu.password)
    finally:
        pair.close()


def run(arguments, directory):
    settings = {"acks": "all", "compression": "lz4", "latency_rate": RATE, **servers.ROOMY, **servers.DURABLE}
    report = Report("capture", rows=arguments.rows, **settings)
    compare(report, directory, "small", workload.small, arguments)
    compare(report, directory, "big", workload.big, arguments, factor=3)
    if MySQL.missing():
        print(f"  MySQL is left out: {MySQL.missing()}")
    else:
        compare(report, directory, "mysql_small", workload.small, arguments, MySQL)
    memory(report, directory, arguments.rounds)
    seconds, skip = servers.steady_seconds(arguments)
    runs = [ack_latency(directory, turn, seconds, skip) for turn in range(arguments.rounds)]
    report.add("p50_ms_commit_to_ack", "ms", [run["p50_ms"] for run in runs])
    report.add("p99_ms_commit_to_ack", "ms", [run["p99_ms"] for run in runs])
    report.add("late_transactions", "count", [run["late"] for run in runs])
    return report
