"""Rows that no BINLOG statement can carry under the target's max_allowed_packet: they go by plain SQL, or are waited for."""

import pytest

MIB = 1 << 20
PACKET = {"max_allowed_packet": "16M"}
BIG = "CREATE TABLE shop.big (id INT PRIMARY KEY, n INT, a LONGBLOB, b LONGTEXT)"


@pytest.fixture
def one_way(make_pair):
    """A source that takes rows of any size, and a target that takes packets of 16 MiB."""
    pair = make_pair(links=[("eu", "us")], options={"eu": {"max_allowed_packet": "256M"}, "us": PACKET})
    pair.everywhere("CREATE DATABASE shop", BIG)
    pair.us.sql("SET SESSION sql_log_bin = 0", "GRANT INSERT, UPDATE, DELETE ON shop.* TO 'drc'@'%'")
    return pair.start()


def same(pair):
    pair.wait("eu", "us")
    sums = "SELECT id, n, LENGTH(a), MD5(a), LENGTH(b), MD5(b) FROM shop.big ORDER BY id"
    assert pair.us.query(sums) == pair.eu.query(sums)


def fill(column, byte, mib):
    return f"{column} = REPEAT('{byte}', {mib} * {MIB})"


def test_rows_beyond_binlog_go_by_sql(one_way):
    pair = one_way
    pair.eu.sql(
        f"INSERT INTO shop.big SET id = 1, n = 1, {fill('a', 'a', 18)}",  # three quarters of what BINLOG can carry
        "UPDATE shop.big SET n = 2 WHERE id = 1",  # with both images beyond it, but only n has to be sent
        f"INSERT INTO shop.big SET id = 2, n = 1, {fill('a', 'a', 15)}, {fill('b', 'b', 15)}",
        "BEGIN",
        f"INSERT INTO shop.big SET id = 3, n = 1, {fill('a', 'a', 8)}, {fill('b', 'b', 8)}",
        f"UPDATE shop.big SET {fill('b', 'c', 9)} WHERE id = 3",
        "COMMIT",
        "DELETE FROM shop.big WHERE id = 2",
    )
    same(pair)
    assert pair.applier("eu", "us").status()["state"] == "running"


def test_a_row_beyond_both_is_waited_for(one_way):
    pair = one_way
    pair.eu.sql(f"INSERT INTO shop.big SET id = 1, n = 1, {fill('a', 'a', 30)}")
    applier = pair.applier("eu", "us")
    pair.until(lambda: applier.status()["state"] == "waiting", 30, "waiting link")
    cause = applier.status()["cause"]
    assert "`shop`.`big`" in cause and "SET GLOBAL max_allowed_packet = " in cause
    wanted = int(cause.rsplit("max_allowed_packet = ", 1)[1].split()[0])
    pair.us.sql(f"SET GLOBAL max_allowed_packet = {wanted}")
    same(pair)
    assert applier.status()["state"] == "running"
