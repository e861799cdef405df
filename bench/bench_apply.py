"""Apply: a backlog in Kafka into a target, against a native MariaDB replica of the same binlog, as durable.

At our target ten rows differ from what the backlog expects: the run fails unless exactly these are in the journal and
the tables are equal in the end.
"""

import servers
import workload
from report import Report
from support.mariadb import MariaDB
from support.pair import Pair

HUGE_ROWS = 1_000_000
REPLICA_THREADS = (0, 4)  # serial, and four optimistic threads: the better one counts


def native(directory, source, backlog, options, number):
    """Rows a second of the faster native replica, and what it left in the table."""
    rates = []
    for threads in REPLICA_THREADS:
        replica = servers.Replica(directory / f"replica-{number}-{threads}", source, 100 + threads, options, threads)
        try:
            workload.schema(replica.server)
            replica.follow(backlog.start)
            replica.fetch()
            rates.append(backlog.rows / replica.apply())
            found = workload.checksum(replica.server)
        finally:
            replica.close()
    return max(rates), found


def fresh_target(pair, backlog, options, number):
    """A new server for the target, with all that stands in the way of the backlog; the pair's file leads to it."""
    pair.servers["us"].remove()
    target = MariaDB("us", pair.directory / f"us-{number}", 2, options={**servers.ROOMY, **options})
    pair.servers["us"] = target
    target.start()
    workload.schema(target)
    grant = "GRANT INSERT, UPDATE, DELETE ON bench.* TO 'drc'@'%'"  # only the writer by plain SQL needs it
    target.sql("SET SESSION sql_log_bin = 0", grant, *backlog.planted)
    pair.file["regions"]["us"].update(host=target.host, port=target.port)
    pair.write_config()
    return target


def apply(pair, backlog, target):
    """Rows a second of the applier, and the most memory that it held."""
    daemon = pair.applier("eu", "us")
    daemon.launch()
    begun = lambda status: "applied_seq" in status and status.get("state") == "running"
    seconds = servers.time_until(daemon, begun, lambda status: status.get("applied_seq", 0) >= backlog.transactions)
    peak = servers.peak_mib(daemon.pid)
    daemon.stop()
    journal = target.value("SELECT COUNT(*) FROM drc.conflicts")
    assert journal == backlog.conflicts, f"{journal} conflicts in the journal, not {backlog.conflicts}"
    return backlog.rows / seconds, peak


def ours(pair, backlog, options, number):
    """Rows a second of the applier into a new target, and what it left in the table."""
    target = fresh_target(pair, backlog, options, number)
    rate, _ = apply(pair, backlog, target)
    return rate, workload.checksum(target)


def publish(pair, make, rows, options, writer):
    """The source with a backlog, all of it in Kafka."""
    source = pair.eu.start()
    workload.schema(source)
    backlog = make(source, rows)
    pair.file["regions"]["eu"]["start"] = {"gtid": backlog.start}
    pair.file["kafka"]["properties"] = {"compression.type": "lz4"}
    pair.file["links"][0]["apply"] = {"writer": writer}
    if options is servers.RELAXED:
        pair.file["regions"]["us"]["durability"] = "relaxed"
    pair.write_config()
    pair.kafka.start()
    capture = pair.capture("eu")
    capture.launch()
    servers.time_until(capture, lambda status: True, lambda status: status.get("acked_seq", 0) >= backlog.transactions)
    capture.stop()
    return source, backlog


def new_pair(directory):
    conflicts = {"default": {"policy": "source_wins"}}
    return Pair(directory, links=[("eu", "us")], tables=["bench.*"], options=servers.ROOMY, conflicts=conflicts)


def compare(report, directory, name, make, rows, rounds, options, writer="binlog"):
    pair = new_pair(directory / name)
    try:
        source, backlog = publish(pair, make, rows, options, writer)
        expected = workload.checksum(source)
        reference, rates = [], []
        for turn in range(rounds):
            for is_reference in (turn % 2 == 0, turn % 2 == 1):
                run = native(directory / name, source, backlog, options, turn) if is_reference else ours(pair, backlog, options, turn)
                assert run[1] == expected, f"round {turn}: the target is not equal to the source"
                (reference if is_reference else rates).append(run[0])
        report.add(f"{name}_native_rows_per_s", "rows/s", reference)
        report.add(f"{name}_rows_per_s", "rows/s", rates)
        report.ratio(f"{name}_vs_native", rates, reference)
    finally:
        pair.close()


def memory(report, directory, rows, rounds):
    """The most that the applier ever holds, with one transaction of a million rows."""
    pair = new_pair(directory / "huge")
    try:
        source, backlog = publish(pair, workload.huge, rows, servers.RELAXED, "binlog")
        expected, peaks = workload.checksum(source), []
        for turn in range(rounds):
            target = fresh_target(pair, backlog, servers.RELAXED, turn)
            peaks.append(apply(pair, backlog, target)[1])
            assert workload.checksum(target) == expected, f"round {turn}: the target is not equal to the source"
        report.add("rss_mib_1m_row_trx", "MiB", peaks)
    finally:
        pair.close()


COMPARISONS = {
    "durable": (workload.small, servers.DURABLE, "binlog"),
    "small": (workload.small, servers.RELAXED, "binlog"),
    "big": (workload.big, servers.RELAXED, "binlog"),
    "hot_row_durable": (workload.hot, servers.DURABLE, "binlog"),
    "sql_writer_durable": (workload.small, servers.DURABLE, "sql"),
}


def run(arguments, directory):
    report = Report("apply", rows=arguments.rows, compression="lz4", **servers.ROOMY)
    wanted = arguments.only.split(",") if arguments.only else [*COMPARISONS, "memory"]
    for name in wanted:
        if name == "memory":
            memory(report, directory, HUGE_ROWS, arguments.rounds)
            continue
        make, options, writer = COMPARISONS[name]
        compare(report, directory, name, make, arguments.rows, arguments.rounds, options, writer)
    return report
