"""Capture: a backlog of binlog into Kafka, against a dump of the same binlog that decodes nothing."""

import json
import os
import subprocess

import servers
import workload
from report import Report
from support import place
from support.pair import Pair

PROGRAMS = place.ROOT / "build" / "bench"


def raw_dump(server, backlog):
    """Rows a second of the reference."""
    words = [PROGRAMS / "raw_dump", server.host, server.port, "drc", backlog.start]
    environment = {**os.environ, "DRC_BENCH_PASSWORD": server.password}
    done = subprocess.run([str(word) for word in words], env=environment, capture_output=True, text=True, check=True)
    return backlog.rows / json.loads(done.stdout)["seconds"]


def _cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def capture(pair, backlog):
    """Rows a second into a new topic, and the processor seconds of it."""
    if pair.topic("eu") in pair.kafka.topics():
        pair.kafka.delete_topic(pair.topic("eu"))
        pair.until(lambda: pair.topic("eu") not in pair.kafka.topics(), 30, "end of the old topic")
    daemon = pair.capture("eu")
    daemon.launch()
    begun = lambda status: status.get("epoch", 0) > 0
    seconds = servers.time_until(daemon, begun, lambda status: status.get("acked_seq", 0) >= backlog.transactions)
    pair.until(lambda: servers.poll_status(daemon)["rows"] == backlog.rows, 10, "count of the whole backlog")
    cpu = _cpu_seconds(daemon.pid)
    daemon.stop()
    return backlog.rows / seconds, cpu


def compare(report, directory, name, make, rows, rounds):
    pair = Pair(directory / name, links=[("eu", "us")], tables=["bench.*"], options=servers.ROOMY)
    try:
        server = pair.eu.start()
        workload.schema(server)
        backlog = make(server, rows)
        pair.file["regions"]["eu"]["start"] = {"gtid": backlog.start}
        pair.file["kafka"]["properties"] = {"compression.type": "lz4"}
        pair.write_config()
        pair.kafka.start()
        raw, ours, cpu = [], [], []
        for turn in range(rounds):
            for reference in (turn % 2 == 0, turn % 2 == 1):
                if reference:
                    raw.append(raw_dump(server, backlog))
                else:
                    rate, seconds = capture(pair, backlog)
                    ours.append(rate)
                    cpu.append(seconds * 1e6 / backlog.rows)
        report.add(f"{name}_raw_rows_per_s", "rows/s", raw)
        report.add(f"{name}_rows_per_s", "rows/s", ours)
        report.ratio(f"{name}_vs_raw", ours, raw)
        if name == "small":
            report.add("cpu_s_per_mrows", "s per million rows", cpu)
    finally:
        pair.close()


def run(arguments, directory):
    report = Report("capture", rows=arguments.rows, acks="all", compression="lz4", **servers.ROOMY, **servers.DURABLE)
    compare(report, directory, "small", workload.small, arguments.rows, arguments.rounds)
    compare(report, directory, "big", workload.big, arguments.rows, arguments.rounds)
    return report
