"""The servers that are fetched beside the system's: they start, are set up as told, and keep data and port."""

import pytest

from support.mariadb import MariaDB118
from support.mysql import MySQL


def keeps_its_data(server):
    port = server.port
    server.sql("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, b BLOB)")
    server.sql("INSERT INTO d.t VALUES (1, x'00ff27')")
    server.restart()
    server.sql("INSERT INTO d.t VALUES (2, NULL)")
    server.kill()
    server.start()
    assert server.port == port
    assert server.raw("SELECT id, b, 1.50 FROM d.t") == [(b"1", b"\x00\xff'", b"1.50"), (b"2", None, b"1.50")]


def test_mysql(mysql):
    assert mysql.value("SELECT version()").startswith("9.")
    settings = "@@gtid_mode, @@binlog_format, @@binlog_row_image, @@binlog_row_metadata, @@sync_binlog"
    assert mysql.query(f"SELECT {settings}") == [("ON", "ROW", "FULL", "FULL", 1)]
    before = mysql.executed_gtids()
    keeps_its_data(mysql)
    assert mysql.executed_gtids() != before
    mysql.cut_binlog()
    assert mysql.binlog_end()[1] == mysql.binlog_bytes()
    mysql.connect("drc", mysql.password).close()


def test_mysql_servers_have_a_uuid_each(directory, mysql):
    with MySQL("other", directory / "other", 2) as other:
        assert other.value("SELECT @@server_uuid") != mysql.value("SELECT @@server_uuid")


def test_mariadb_118(mariadb118):
    assert mariadb118.value("SELECT version()").startswith("11.8.")
    keeps_its_data(mariadb118)
    mariadb118.connect("drc", mariadb118.password).close()


def test_a_server_that_was_not_fetched_says_so(monkeypatch, directory):
    monkeypatch.setattr("support.place.CACHE", directory)
    for server in (MySQL, MariaDB118):
        prefix = type(server.prefix)(server.prefix.name)
        assert "./dev setup" in prefix.missing()


@pytest.mark.parametrize("server", [MySQL, MariaDB118])
def test_releases(server):
    if server.missing():
        pytest.skip(server.missing())
    assert server.release().split(".")[0] in ("9", "11")
