"""Apply: a backlog in Kafka into a target, against a native replica of the same binlog, as durable.

At our target ten rows differ from what the backlog expects: the run fails unless exactly these are in the journal and
the tables are equal in the end. With --peer, another product takes the native replica's place.
"""

import dataclasses
import typing

import peer_debezium
import servers
import workload
from link import Link
from replica import NATIVE
from report import Report
from support.mariadb import MariaDB
from support.mysql import MySQL

HUGE_ROWS = 1_000_000
PEERS = {"debezium": peer_debezium.Sink}


@dataclasses.dataclass
class Comparison:
    """A backlog and how it is applied; `threads` are those of the native replica: the fastest of these counts."""

    make: typing.Callable
    options: dict
    writer: str = "binlog"
    kind: type = MariaDB
    threads: tuple = (0, 4)


COMPARISONS = {
    "durable": Comparison(workload.small, servers.DURABLE),
    "small": Comparison(workload.small, servers.RELAXED),
    "big": Comparison(workload.big, servers.RELAXED),
    "mysql_durable": Comparison(workload.small, servers.DURABLE, kind=MySQL, threads=(4,)),
    "hot_row_durable": Comparison(workload.hot, servers.DURABLE),
    "sql_writer_durable": Comparison(workload.small, servers.DURABLE, writer="sql"),
}
MEMORY = "memory"


def native(link, threads, expected, least):
    """Rows a second of a native replica; one that does not come to `least` is stopped then."""
    number, rows = link.number(), link.backlog.rows
    replica = NATIVE[link.kind](link.directory / f"replica-{number}", link.source, 100 + number, link.options, threads)
    try:
        link.prepare(replica.server)
        replica.follow(link.backlog.start)
        replica.fetch()
        seconds, share = replica.apply(rows / least if least else 3600)
        assert least or share == 1, f"the replica applied {100 * share:.0f} % of its relay log in an hour"
        assert share < 1 or workload.checksum(replica.server) == expected, "the replica is not equal to the source"
        return share * rows / seconds
    finally:
        replica.close()


def ours(link, expected):
    rate, _, found = link.run()
    assert found == expected, "the target is not equal to the source"
    return rate


def compare(report, directory, name, comparison, rows, rounds):
    link = Link(directory / name, comparison.options, kind=comparison.kind, writer=comparison.writer)
    try:
        link.start().publish(comparison.make, rows)
        expected = workload.checksum(link.source)
        rates, natives = [], {threads: [] for threads in comparison.threads}
        for turn in range(rounds):
            for is_reference in (turn % 2 == 0, turn % 2 == 1):
                if not is_reference:
                    rates.append(ours(link, expected))
                    continue
                best = 0
                for threads, found in natives.items():
                    found.append(native(link, threads, expected, best))
                    best = max(best, found[-1])
        for threads, found in natives.items() if len(natives) > 1 else ():
            report.add(f"{name}_native_{f'{threads}_threads' if threads else 'serial'}_rows_per_s", "rows/s", found)
        best = [max(turn) for turn in zip(*natives.values())]
        report.add(f"{name}_native_rows_per_s", "rows/s", best)
        report.add(f"{name}_rows_per_s", "rows/s", rates)
        report.ratio(f"{name}_vs_native", rates, best)
    finally:
        link.close()


def compare_peer(report, directory, name, rows, rounds):
    """The durable backlog from MySQL to MySQL, by us and by a peer that has it in Kafka beforehand, too."""
    comparison = COMPARISONS["mysql_durable"]
    assert not comparison.kind.missing(), comparison.kind.missing()
    link = Link(directory / name, comparison.options, kind=comparison.kind)
    peer = PEERS[name](link, directory / f"{name}-own")
    try:
        link.start()
        peer.capture()
        link.publish(comparison.make, rows)
        peer.captured()
        expected = workload.checksum(link.source)
        rates, references = [], []
        for turn in range(rounds):
            for is_reference in (turn % 2 == 0, turn % 2 == 1):
                if is_reference:
                    references.append(peer.apply(expected))
                else:
                    rates.append(ours(link, expected))
        report.add(f"{name}_rows_per_s", "rows/s", references)
        report.add("mysql_durable_rows_per_s", "rows/s", rates)
        report.ratio(f"mysql_durable_vs_{name}", rates, references)
    finally:
        peer.close()
        link.close()


def memory(report, directory, rows, rounds):
    """The most that the applier ever holds, with one transaction of a million rows."""
    link = Link(directory / "huge", servers.RELAXED)
    try:
        link.start().publish(workload.huge, rows)
        expected, peaks = workload.checksum(link.source), []
        for _ in range(rounds):
            _, peak, found = link.run()
            assert found == expected, "the target is not equal to the source"
            peaks.append(peak)
        report.add("rss_mib_1m_row_trx", "MiB", peaks)
    finally:
        link.close()


def run(arguments, directory):
    report = Report("apply", rows=arguments.rows, compression="lz4", **servers.ROOMY)
    if arguments.peer:
        compare_peer(report, directory, arguments.peer, arguments.rows, arguments.rounds)
        return report
    known = [*COMPARISONS, MEMORY]
    for name in arguments.only.split(",") if arguments.only else known:
        assert name in known, f"--only {name}: not one of {', '.join(known)}"
        if name == MEMORY:
            memory(report, directory, HUGE_ROWS, arguments.rounds)
        elif COMPARISONS[name].kind.missing():
            print(f"  {name} is left out: {COMPARISONS[name].kind.missing()}")
        else:
            compare(report, directory, name, COMPARISONS[name], arguments.rows, arguments.rounds)
    return report
