"""Apply: a backlog in Kafka into a target, against a native MariaDB replica of the same binlog, as durable."""

import servers
import workload
from report import Report
from support.mariadb import MariaDB
from support.pair import Pair

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


def ours(pair, backlog, options, number):
    """Rows a second of the applier into a new target, and what it left in the table."""
    pair.servers["us"].remove()
    target = MariaDB("us", pair.directory / f"us-{number}", 2, options={**servers.ROOMY, **options})
    pair.servers["us"] = target
    target.start()
    workload.schema(target)
    pair.file["regions"]["us"].update(host=target.host, port=target.port)
    pair.write_config()
    daemon = pair.applier("eu", "us")
    daemon.launch()
    begun = lambda status: "applied_seq" in status and status.get("state") == "running"
    seconds = servers.time_until(daemon, begun, lambda status: status.get("applied_seq", 0) >= backlog.transactions)
    daemon.stop()
    journal = target.value("SELECT COUNT(*) FROM drc.conflicts")
    assert journal == 0, f"{journal} conflicts in a backlog that has none"
    return backlog.rows / seconds, workload.checksum(target)


def compare(report, directory, name, make, rows, rounds, options):
    pair = Pair(directory / name, links=[("eu", "us")], tables=["bench.*"], options=servers.ROOMY)
    try:
        source = pair.eu.start()
        workload.schema(source)
        backlog = make(source, rows)
        pair.file["regions"]["eu"]["start"] = {"gtid": backlog.start}
        pair.file["kafka"]["properties"] = {"compression.type": "lz4"}
        if options is servers.RELAXED:
            pair.file["regions"]["us"]["durability"] = "relaxed"
        pair.write_config()
        pair.kafka.start()
        capture = pair.capture("eu")
        capture.launch()
        servers.time_until(capture, lambda status: True, lambda status: status.get("acked_seq", 0) >= backlog.transactions)
        capture.stop()
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


def run(arguments, directory):
    report = Report("apply", rows=arguments.rows, compression="lz4", **servers.ROOMY)
    compare(report, directory, "durable", workload.small, arguments.rows, arguments.rounds, servers.DURABLE)
    compare(report, directory, "small", workload.small, arguments.rows, arguments.rounds, servers.RELAXED)
    compare(report, directory, "big", workload.big, arguments.rows, arguments.rounds, servers.RELAXED)
    return report
