"""What versions cost: a backlog through one link of a pair that is linked both ways, against the same link alone.

Nothing conflicts. The target is written to all the while, which the link back carries to the source meanwhile.
"""

import threading

import servers
import workload
from support.pair import Pair

CAUSAL = {"default": {"policy": "latest", "versions": "causal", "tie": ["eu", "us"]}}
SOURCE_WINS = {"default": {"policy": "source_wins"}}


class LocalWrites:
    """A session that writes at a server until it is ended: the server's own work, nothing of this process."""

    def __init__(self, server):
        self.server, self.connection = server, server.connect()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.ended = None

    def _run(self):
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(workload.LOCAL_WRITES)
        except Exception as error:
            self.ended = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        assert self.thread.is_alive(), f"the local writes ended by themselves: {self.ended}"
        self.server.sql(f"KILL {self.connection.thread_id()}")
        self.thread.join(30)


def _publish(pair, rows):
    """The backlog of eu, all of it in Kafka."""
    pair.start_servers()
    pair.eu.sql("CREATE DATABASE first")
    for server in pair.servers.values():
        workload.schema(server)
        workload.local_table(server)
    backlog = workload.small(pair.eu, rows)
    pair.file["regions"]["eu"]["start"] = {"gtid": backlog.start}
    pair.write_config()
    capture = pair.capture("eu")
    capture.launch()
    servers.time_until(capture, lambda status: True, lambda status: status.get("acked_seq", 0) >= backlog.transactions)
    return backlog


def _start_back(pair):
    """The other link: its capture, then its applier."""
    pair.capture("us").start()
    pair.until(lambda: pair.stream_stands("us"), 60, "a stream of us in its topic")
    pair.applier("us", "eu").start()
    pair.until(lambda: pair.state("us", "eu") == "running", 60, "link back")


def _check(pair, both):
    assert workload.checksum(pair.us) == workload.checksum(pair.eu), "the sides are not equal"
    for server in pair.servers.values() if both else [pair.us]:
        count = server.value("SELECT COUNT(*) FROM drc.conflicts")
        assert count == 0, f"{count} conflicts in the journal of {server.name}"
    if both:
        pair.wait("us", "eu", 120)
        pair.assert_equal("bench.local_item")


def apply_beside(directory, rows, both):
    """Rows a second of the link from eu to us while us is written to; `both`: it is one of two."""
    links = [("eu", "us"), ("us", "eu")] if both else [("eu", "us")]
    options = {**servers.ROOMY, **servers.DURABLE}
    rules = CAUSAL if both else SOURCE_WINS
    pair = Pair(directory, links=links, tables=["bench.*"], options=options, conflicts=rules)
    try:
        pair.file["kafka"]["properties"] = {"compression.type": "lz4"}
        backlog = _publish(pair, rows)
        if both:
            _start_back(pair)
        with LocalWrites(pair.us):
            daemon = pair.applier("eu", "us")
            daemon.launch()
            begun = lambda status: "applied_seq" in status and status.get("state") == "running"
            done = lambda status: status.get("applied_seq", 0) >= backlog.transactions
            seconds = servers.time_until(daemon, begun, done)
        _check(pair, both)
        return backlog.rows / seconds
    finally:
        pair.close()


def causal(report, directory, arguments):
    found = {False: [], True: []}
    for turn in range(arguments.rounds):
        for both in (turn % 2 == 0, turn % 2 == 1):
            found[both].append(apply_beside(directory / f"causal-{turn}-{int(both)}", arguments.rows, both))
    report.add("one_way_rows_per_s", "rows/s", found[False])
    report.add("causal_rows_per_s", "rows/s", found[True])
    report.ratio("causal_ratio", found[True], found[False])
