"""The MariaDB servers of the tests: they start, keep their data and their port, and leave no process."""

import os

import pymysql
import pytest

from support.mariadb import MariaDB
from support.process import ProcessDied


def test_data_and_port_stay_over_stop_and_kill(mariadb):
    port = mariadb.port
    mariadb.sql("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, b BLOB)")
    mariadb.sql("INSERT INTO d.t VALUES (1, x'00ff27')")
    mariadb.restart()
    mariadb.sql("INSERT INTO d.t VALUES (2, NULL)")
    mariadb.kill()
    mariadb.start()
    assert mariadb.port == port
    assert mariadb.query("SELECT * FROM d.t") == [(1, b"\x00\xff'"), (2, None)]
    assert mariadb.raw("SELECT id, b, 1.50 FROM d.t") == [(b"1", b"\x00\xff'", b"1.50"), (b"2", None, b"1.50")]


def test_the_binlog_is_as_capture_wants_it(mariadb):
    settings = "@@binlog_format, @@binlog_row_image, @@binlog_row_metadata, @@sync_binlog, @@gtid_strict_mode"
    assert mariadb.query(f"SELECT {settings}") == [("ROW", "FULL", "FULL", 1, 1)]
    before, size = mariadb.executed_gtids(), mariadb.binlog_bytes()
    mariadb.sql("CREATE DATABASE d")
    assert mariadb.executed_gtids() != before
    assert mariadb.binlog_end()[1] == mariadb.binlog_bytes() > size


def test_the_daemons_user_comes_in_over_tcp_with_its_password_only(mariadb):
    mariadb.connect("drc", mariadb.password).close()
    with pytest.raises(pymysql.err.OperationalError):
        mariadb.connect("drc", "wrong")


def test_options_reach_the_server(directory):
    with MariaDB("one", directory / "one", 5, options={"sync_binlog": 0, "binlog_row_metadata": "MINIMAL"}) as server:
        assert server.query("SELECT @@server_id, @@sync_binlog, @@binlog_row_metadata") == [(5, 0, "MINIMAL")]


def test_it_leaves_no_process(directory):
    server = MariaDB("one", directory / "one", 1).start()
    pid = server.process.pid
    server.stop()
    assert not server.running
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert server.process.exit_code == 0


def test_one_that_cannot_start_shows_its_log(directory):
    server = MariaDB("bad", directory / "bad", 1, options={"no_such_option": 1})
    with pytest.raises(ProcessDied, match="unknown variable 'no-such-option=1'"):
        server.start()


def test_purged_binlogs_are_gone(mariadb):
    mariadb.sql("CREATE DATABASE d")
    mariadb.cut_binlog()
    assert len(mariadb.query("SHOW BINARY LOGS")) == 1
