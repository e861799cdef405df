"""Rows that no BINLOG statement can carry under the target's max_allowed_packet: they go by plain SQL, or are waited for."""

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL

MIB = 1 << 20
PACKET = {"max_allowed_packet": "16M"}
BIG = "CREATE TABLE shop.big (id INT PRIMARY KEY, n INT, a LONGBLOB, b LONGTEXT)"


@pytest.fixture(params=[MariaDB, MySQL], ids=["mariadb", "mysql"])
def one_way(make_pair, request):
    """A source that takes rows of any size, and a target that takes packets of 16 MiB."""
    options = {"eu": {"max_allowed_packet": "256M"}, "us": PACKET}
    conflicts = {"default": {"policy": "source_wins"}}
    pair = make_pair(server=request.param, links=[("eu", "us")], options=options, conflicts=conflicts)
    pair.everywhere("CREATE DATABASE shop", BIG)
    pair.us.sql("SET SESSION sql_log_bin = 0", "GRANT INSERT, UPDATE, DELETE ON shop.* TO 'drc'@'%'")
    return pair.start()


def same(pair):
    pair.wait("eu", "us")
    sums = "SELECT id, n, LENGTH(a), SHA2(a, 256), LENGTH(b), SHA2(b, 256) FROM shop.big ORDER BY id"
    assert pair.us.query(sums) == pair.eu.query(sums)


def fill(column, byte, mib):
    return f"{column} = REPEAT('{byte}', {mib} * {MIB})"


def mend(pair, what):
    """Do what the link waits for."""
    applier = pair.applier("eu", "us")
    pair.until(lambda: applier.status()["state"] == "waiting", 30, "waiting link")
    cause = applier.status()["cause"]
    assert what in cause and "SET GLOBAL max_allowed_packet = " in cause
    wanted = int(cause.rsplit("max_allowed_packet = ", 1)[1].split()[0])
    pair.us.sql(f"SET GLOBAL max_allowed_packet = {wanted}")


def test_rows_beyond_binlog_go_by_sql(one_way):
    pair = one_way
    most = 24 if pair.us.kind == "mariadb" else 12  # that BINLOG can carry: 3/2 of the packet, or 3/4
    pair.eu.sql(
        f"INSERT INTO shop.big SET id = 1, n = 1, {fill('a', 'a', most * 3 // 4)}",
        "UPDATE shop.big SET n = 2 WHERE id = 1",  # with both images beyond it, but only n has to be sent
        f"INSERT INTO shop.big SET id = 2, n = 1, {fill('a', 'a', 15)}, {fill('b', 'b', 15)}",
        "BEGIN",
        f"INSERT INTO shop.big SET id = 3, n = 1, {fill('a', 'a', 8)}, {fill('b', 'b', 8)}",
        f"UPDATE shop.big SET {fill('b', 'c', 9)} WHERE id = 3",
        "COMMIT",
        "DELETE FROM shop.big WHERE id = 2",
    )
    same(pair)
    pair.until(lambda: pair.state("eu", "us") == "running", 60, "running link")


def test_a_row_beyond_both_is_waited_for(one_way):
    pair = one_way
    pair.eu.sql(f"INSERT INTO shop.big SET id = 1, n = 1, {fill('a', 'a', 30)}")
    mend(pair, "`shop`.`big`")
    same(pair)
    pair.until(lambda: pair.state("eu", "us") == "running", 60, "running link")


def test_a_conflict_that_no_entry_can_keep_is_waited_for(one_way):
    """An entry has all images of its row, and the row is not touched without it."""
    pair = one_way
    pair.eu.sql(f"INSERT INTO shop.big SET id = 1, n = 1, {fill('a', 'a', 7)}")
    same(pair)
    pair.us.sql(f"UPDATE shop.big SET {fill('a', 'u', 7)}")
    pair.eu.sql(f"UPDATE shop.big SET {fill('a', 'e', 7)}")
    mend(pair, "conflict journal")
    same(pair)
    assert pair.us.query("SELECT kind, verdict FROM drc.conflicts") == [("update/changed", "incoming")]
