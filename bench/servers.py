"""Servers as benchmarks want them: the same settings on both sides of every comparison, buffer pool above the data."""

import json
import time

from support.mariadb import MariaDB

ROOMY = {
    "innodb_buffer_pool_size": "1G",
    "innodb_log_file_size": "1G",
    "max_connections": 50,
    "innodb_io_capacity": 2000,
}
DURABLE = {"sync_binlog": 1, "innodb_flush_log_at_trx_commit": 1}
RELAXED = {"innodb_flush_log_at_trx_commit": 2, "log_bin": None}


def roomy(kind):
    """The same room for servers of that kind, by the names that it gives its settings."""
    if kind is MariaDB:
        return ROOMY
    return {**{k: v for k, v in ROOMY.items() if k != "innodb_log_file_size"}, "innodb_redo_log_capacity": "1G"}


def steady_seconds(arguments):
    """How long a steady load lasts, and how much of its beginning does not count."""
    return arguments.seconds, min(10, arguments.seconds // 6)


def poll_status(daemon):
    """The daemon's own status as a dictionary; {} while it does not answer."""
    try:
        return json.loads(daemon.ask("status json")[0])
    except (OSError, IndexError, ValueError):
        return {}


def peak_mib(pid):
    """The most memory that the process ever held."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def time_until(daemon, started, done, timeout=600):
    """Seconds from the first status for which `started` holds to the first for which `done` does."""
    begin, deadline = None, time.monotonic() + timeout
    while time.monotonic() < deadline:
        daemon.check()
        status = poll_status(daemon)
        if begin is None and status and started(status):
            begin = time.monotonic()
        if begin is not None and done(status):
            return time.monotonic() - begin
        time.sleep(0.01)
    raise AssertionError(f"{daemon.name} was not done within {timeout} s{daemon.excerpt()}")


class Replica:
    """A native replica of `source` whose relay log is fetched before the clock starts."""

    def __init__(self, directory, source, server_id, options, threads):
        extra = {"log_slave_updates": True, "slave_parallel_threads": threads, "slave_parallel_mode": "optimistic"}
        if threads:
            extra["slave_domain_parallel_threads"] = threads
        self.source = source
        self.server = MariaDB(f"replica{server_id}", directory, server_id, options={**ROOMY, **options, **extra})
        self.server.start()

    def follow(self, position):
        """Be a replica from `position` on, not started."""
        password = self.source.password.replace("'", "''")
        self.server.sql(
            f"SET GLOBAL gtid_slave_pos = '{position}'",
            f"CHANGE MASTER TO master_host='{self.source.host}', master_port={self.source.port}, master_user='drc',"
            f" master_password='{password}', master_use_gtid=slave_pos",
        )

    def fetch(self, timeout=300):
        """Fill the relay log with all that the source has; the fetching thread stays, or the log would be thrown away."""
        end = self.source.binlog_end()
        self.server.sql("START SLAVE IO_THREAD")
        deadline = time.monotonic() + timeout
        while True:
            status = self._status()
            if (status["Master_Log_File"], status["Read_Master_Log_Pos"]) == end:
                break
            assert not status["Last_IO_Error"], status["Last_IO_Error"]
            assert time.monotonic() < deadline, "the relay log was not fetched in time"
            time.sleep(0.1)

    def apply(self, timeout=1200):
        """Seconds that it takes for the relay log to be applied."""
        goal, begin = self.source.executed_gtids(), time.monotonic()
        self.server.sql("START SLAVE SQL_THREAD")
        while self.server.value("SELECT @@gtid_slave_pos") != goal:
            error = self._status()["Last_SQL_Error"]
            assert not error, error
            assert time.monotonic() - begin < timeout, "the replica did not apply its relay log in time"
            time.sleep(0.02)
        return time.monotonic() - begin

    def start(self):
        self.server.sql("START SLAVE")

    def _status(self):
        with self.server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW SLAVE STATUS")
            names = [column[0] for column in cursor.description]
            return dict(zip(names, cursor.fetchone()))

    def close(self):
        self.server.remove()
