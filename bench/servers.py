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
