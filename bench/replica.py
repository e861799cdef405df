"""A server's own replication as a reference: a replica whose relay log is fetched before the clock starts."""

import time

import servers
from support.mariadb import MariaDB
from support.mysql import MySQL


class Replica:
    """A native replica of `source`, applying with `threads` (0: serially); a subclass knows its flavour's words."""

    kind = None
    status = read_file = read_offset = ""
    start_fetching = start_applying = start_both = ""

    def __init__(self, directory, source, server_id, options, threads):
        self.source = source
        own = {**servers.roomy(self.kind), **options, **self.parallel(threads)}
        self.begun = ""
        self.server = self.kind(f"replica{server_id}", directory, server_id, options=own)
        self.server.start()

    @staticmethod
    def parallel(threads):
        """The options by which it applies with so many threads, and writes what it applies to its own binlog."""
        raise NotImplementedError

    def follow(self, position):
        """Be a replica from `position` on, not started."""
        raise NotImplementedError

    def share_applied(self, goal):
        """How much of what it followed to `goal` it has applied: 1 is all."""
        raise NotImplementedError

    def fetch(self, timeout=300):
        """Fill the relay log with all that the source has; the fetching thread stays, or the log would be thrown away."""
        end = self.source.binlog_end()
        self.server.sql(self.start_fetching)
        deadline = time.monotonic() + timeout
        while True:
            status = self._status()
            if (status[self.read_file], status[self.read_offset]) == end:
                break
            assert not status["Last_IO_Error"], status["Last_IO_Error"]
            assert time.monotonic() < deadline, "the relay log was not fetched in time"
            time.sleep(0.1)

    def apply(self, limit=1200):
        """Apply the relay log, for at most `limit` seconds: (seconds, share of it that was applied)."""
        goal, begin = self.source.executed_gtids(), time.monotonic()
        self.server.sql(self.start_applying)
        while True:
            share, seconds = self.share_applied(goal), time.monotonic() - begin
            if share == 1 or seconds > limit:
                return seconds, share
            error = self._status()["Last_SQL_Error"]
            assert not error, error
            time.sleep(0.02)

    def start(self):
        self.server.sql(self.start_both)

    def _status(self):
        with self.server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(self.status)
            names = [column[0] for column in cursor.description]
            return dict(zip(names, cursor.fetchone()))

    def close(self):
        self.server.remove()


class MariaDBReplica(Replica):
    """MariaDB's, in parallel optimistically."""

    kind = MariaDB
    status, read_file, read_offset = "SHOW SLAVE STATUS", "Master_Log_File", "Read_Master_Log_Pos"
    start_fetching, start_applying, start_both = "START SLAVE IO_THREAD", "START SLAVE SQL_THREAD", "START SLAVE"

    @staticmethod
    def parallel(threads):
        words = {"log_slave_updates": True, "slave_parallel_threads": threads, "slave_parallel_mode": "optimistic"}
        return {**words, "slave_domain_parallel_threads": threads} if threads else words

    def follow(self, position):
        self.begun = position
        self.source.admit_replica()
        password = self.source.password.replace("'", "''")
        self.server.sql(
            f"SET GLOBAL gtid_slave_pos = '{position}'",
            f"CHANGE MASTER TO master_host='{self.source.host}', master_port={self.source.port}, master_user='replica',"
            f" master_password='{password}', master_use_gtid=slave_pos",
        )

    def share_applied(self, goal):
        begun, at, end = (int(gtid.rpartition("-")[2]) for gtid in (self.begun, self._at(), goal))
        return (at - begun) / (end - begun)

    def _at(self):
        return self.server.value("SELECT @@gtid_slave_pos")


def _count(gtids):
    """How many transactions a set of MySQL's GTIDs without tags has."""
    ranges = [part.split("-") for source in gtids.split(",") for part in source.split(":")[1:]]
    return sum(int(part[-1]) - int(part[0]) + 1 for part in ranges)


class MySQLReplica(Replica):
    """MySQL's: by write sets, as it does of itself, its commits in the source's order."""

    kind = MySQL
    status, read_file, read_offset = "SHOW REPLICA STATUS", "Source_Log_File", "Read_Source_Log_Pos"
    start_fetching, start_applying = "START REPLICA IO_THREAD", "START REPLICA SQL_THREAD"
    start_both = "START REPLICA"

    @staticmethod
    def parallel(threads):
        return {"log_replica_updates": "ON", "replica_parallel_workers": threads}

    def follow(self, position):
        self.begun = position
        self.source.admit_replica()
        password = self.source.password.replace("'", "''")
        self.server.sql(
            f"SET GLOBAL gtid_purged = '{position}'",
            f"CHANGE REPLICATION SOURCE TO source_host='{self.source.host}', source_port={self.source.port},"
            f" source_user='replica', source_password='{password}', source_auto_position=1, get_source_public_key=1",
        )

    def share_applied(self, goal):
        begun, at, end = (_count(gtids) for gtids in (self.begun, self.server.executed_gtids(), goal))
        return (at - begun) / (end - begun)


NATIVE = {follower.kind: follower for follower in (MariaDBReplica, MySQLReplica)}
