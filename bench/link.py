"""One link under measurement: a source with its backlog in Kafka, and new targets into which the applier takes it."""

import servers
import workload
from support.mariadb import MariaDB
from support.pair import Pair

SOURCE_WINS = {"default": {"policy": "source_wins"}}


class Link:
    """From eu to us, servers of one `kind`; `options` are those of every target, replicas included."""

    def __init__(self, directory, options, *, kind=MariaDB, writer="binlog", conflicts=None):
        self.directory, self.options, self.kind = directory, options, kind
        conflicts, room = conflicts or SOURCE_WINS, servers.roomy(kind)
        pair = Pair(directory, links=[("eu", "us")], tables=["bench.*"], server=kind, options=room, conflicts=conflicts)
        self.pair, self.source = pair, pair.eu
        self.backlog = None
        self._targets = 0
        pair.file["kafka"]["properties"] = {"compression.type": "lz4"}
        pair.file["links"][0]["apply"] = {"writer": writer}
        if options is servers.RELAXED:
            pair.file["regions"]["us"]["durability"] = "relaxed"

    def start(self):
        """Source and broker, the source with the table and a GTID to begin at."""
        self.source.start()
        self.source.sql("CREATE DATABASE first")
        workload.schema(self.source)
        self.pair.kafka.start()
        return self

    def publish(self, make, rows):
        """Make the backlog, and see that all of it is in Kafka."""
        self.backlog = make(self.source, rows)
        self.pair.file["regions"]["eu"]["start"] = {"gtid": self.backlog.start}
        self.pair.write_config()
        capture = self.pair.capture("eu")
        capture.launch()
        done = lambda status: status.get("acked_seq", 0) >= self.backlog.transactions
        servers.time_until(capture, lambda status: True, done)
        capture.stop()
        return self.backlog

    def number(self):
        """A number for the next server, so that each has a directory of its own."""
        self._targets += 1
        return self._targets

    def prepare(self, server):
        """Make on a server what stood in the source's table before the backlog."""
        workload.schema(server)
        if self.backlog.standing:
            server.sql("SET SESSION sql_log_bin = 0", *self.backlog.standing)

    def fresh_target(self, planted):
        """A new server for the target, with all that stands in the way of the backlog; the pair's file leads to it."""
        self.pair.servers["us"].remove()
        options = {**servers.roomy(self.kind), **self.options}
        target = self.kind("us", self.directory / f"us-{self.number()}", 2, options=options)
        self.pair.servers["us"] = target
        self.pair.admit("us", target)
        target.start()
        self.prepare(target)
        grant = "GRANT INSERT, UPDATE, DELETE ON bench.* TO 'drc'@'%'"  # only the writer by plain SQL needs it
        target.sql("SET SESSION sql_log_bin = 0", grant, *planted)
        self.pair.file["regions"]["us"].update(host=target.host, port=target.port)
        self.pair.write_config()
        return target

    def apply(self):
        """Rows a second of the applier into the target, and the most memory that it held."""
        daemon = self.pair.applier("eu", "us")
        daemon.launch()
        begun = lambda status: "applied_seq" in status and status.get("state") == "running"
        done = lambda status: status.get("applied_seq", 0) >= self.backlog.transactions
        seconds = servers.time_until(daemon, begun, done)
        peak = servers.peak_mib(daemon.pid)
        daemon.stop()
        return self.backlog.rows / seconds, peak

    def run(self):
        """Rows a second into a new target with the planted conflicts, its peak of memory, and the table's checksum."""
        target = self.fresh_target(self.backlog.planted)
        rate, peak = self.apply()
        journal = target.value("SELECT COUNT(*) FROM drc.conflicts")
        assert journal == self.backlog.conflicts, f"{journal} conflicts in the journal, not {self.backlog.conflicts}"
        return rate, peak, workload.checksum(target)

    def close(self):
        self.pair.close()
