"""Rows that the target's table cannot take make the link wait, naming table and difference, until the table fits.

Nobody restarts anything in these stories: neither for a table that is mended nor for one that is new.
"""

import pytest

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))"


@pytest.fixture
def one_way(make_pair):
    """A running link from eu to us; `eu_only` are statements for eu's schema, `us_only` for that of us."""

    def make(eu_only, us_only=()):
        pair = make_pair(links=[("eu", "us")])
        pair.everywhere("CREATE DATABASE shop")
        pair.eu.sql("SET SESSION sql_log_bin = 0", *eu_only)
        pair.us.sql("SET SESSION sql_log_bin = 0", *us_only)
        return pair.start()

    return make


def assert_waits(pair, *words):
    """The link's state, the log and drcctl say that it waits, and each says these words."""
    applier = pair.applier("eu", "us")
    pair.until(lambda: applier.status()["state"] == "waiting", 30, "waiting link")
    told = pair.status()["eu", "us"]
    assert told["state"] == "waiting"
    logged = [line for line in applier.text().splitlines() if "is waiting" in line][-1]
    pair.captured("eu")
    waited = pair.wait("eu", "us", timeout=3, expect=75)
    for word in words:
        for where in (applier.status()["cause"], told["last_error"], logged, waited.stderr):
            assert word in where, f"{word!r} is not in {where!r}"


def assert_goes_on(pair, rows, table="item"):
    pair.wait("eu", "us")
    assert pair.us.query(f"SELECT * FROM shop.{table} ORDER BY id") == rows
    pair.until(lambda: pair.state("eu", "us") == "running", 60, "running link")


def test_a_missing_table_is_waited_for(one_way):
    pair = one_way([ITEM])
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')", "INSERT INTO shop.item VALUES (2, 'b')")
    assert_waits(pair, "`shop`.`item`")
    pair.us.sql(ITEM)
    assert_goes_on(pair, [(1, "a"), (2, "b")])


# Tables of the target for a source's (id INT PRIMARY KEY, name VARCHAR(40)): what is told, and what mends it.
DIFFERENCES = {
    "column_missing": ("id INT PRIMARY KEY", "`name`", "ADD COLUMN name VARCHAR(40)"),
    "column_more": (
        "id INT PRIMARY KEY, name VARCHAR(40), size INT NOT NULL",
        "`size` is only at the target, and has no default",
        "DROP COLUMN size",
    ),
    "shorter": (
        "name VARCHAR(39), id INT PRIMARY KEY",
        "`name`: the target's column cannot hold all that the source's can",
        "MODIFY name VARCHAR(40) AFTER id",
    ),
    "other_type": ("id INT PRIMARY KEY, name INT", "`name`: no rule turns one type into the other", "MODIFY name VARCHAR(40)"),
    "not_null": (
        "id INT PRIMARY KEY, name VARCHAR(40) NOT NULL",
        "`name` may be NULL at the source",
        "MODIFY name VARCHAR(40)",
    ),
}


def test_a_key_of_another_collation_is_waited_for(one_way):
    word = "CREATE TABLE shop.word (k VARCHAR(10) COLLATE {} PRIMARY KEY)"
    pair = one_way([word.format("utf8mb4_bin")], [word.format("utf8mb4_general_ci")])
    pair.eu.sql("INSERT INTO shop.word VALUES ('a'), ('A')")
    assert_waits(pair, "`shop`.`word`", "`k` of key PRIMARY has collation 46 at the source and 45 at the target")
    pair.us.sql("ALTER TABLE shop.word MODIFY k VARCHAR(10) COLLATE utf8mb4_bin")
    pair.wait("eu", "us")
    assert sorted(pair.us.query("SELECT k FROM shop.word")) == [("A",), ("a",)]


def test_what_is_not_a_plain_table_is_waited_for(one_way):
    pair = one_way([ITEM], ["CREATE TABLE shop.behind (id INT PRIMARY KEY, name VARCHAR(40))"])
    pair.us.sql("SET SESSION sql_log_bin = 0", "CREATE VIEW shop.item AS SELECT * FROM shop.behind")
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    assert_waits(pair, "`shop`.`item`", "it is a VIEW at the target")
    pair.us.sql("SET SESSION sql_log_bin = 0", "DROP VIEW shop.item", ITEM)
    assert_goes_on(pair, [(1, "a")])


def test_a_table_that_differs_is_waited_for(one_way):
    here = [f"CREATE TABLE shop.{table} (id INT PRIMARY KEY, name VARCHAR(40))" for table in DIFFERENCES]
    there = [f"CREATE TABLE shop.{table} ({columns})" for table, (columns, *_) in DIFFERENCES.items()]
    pair = one_way(here, there)
    for table, (_, word, mend) in DIFFERENCES.items():
        pair.eu.sql(f"INSERT INTO shop.{table} VALUES (1, 'a')", f"INSERT INTO shop.{table} VALUES (2, NULL)")
        assert_waits(pair, f"`shop`.`{table}`", word)
        assert pair.us.query(f"SELECT * FROM shop.{table}") == []
        pair.us.sql(f"ALTER TABLE shop.{table} {mend}")
        assert_goes_on(pair, [(1, "a"), (2, None)], table)


def test_a_change_at_the_source_is_waited_for(one_way):
    """The table changes while the link is at work: its rows before the change are there, those behind it wait."""
    pair = one_way([ITEM], [ITEM])
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.wait("eu", "us")
    alter = "ALTER TABLE shop.item ADD COLUMN size INT NOT NULL DEFAULT 7"
    pair.eu.sql("INSERT INTO shop.item VALUES (2, 'b')", alter, "INSERT INTO shop.item VALUES (3, 'c', 9)")
    assert_waits(pair, "`shop`.`item`", "`size`")
    assert pair.us.query("SELECT * FROM shop.item ORDER BY id") == [(1, "a"), (2, "b")]
    pair.us.sql(alter)
    assert_goes_on(pair, [(1, "a", 7), (2, "b", 7), (3, "c", 9)])


def test_databases_and_tables_made_later_are_of_the_pair(make_pair):
    pair = make_pair(tables=("*.*",))
    pair.everywhere("CREATE DATABASE shop")
    pair.start()
    for server in pair.servers.values():
        server.sql("CREATE DATABASE later", "CREATE TABLE later.new (id INT PRIMARY KEY, name TEXT)")
    pair.eu.sql("INSERT INTO later.new VALUES (1, 'from eu')")
    pair.us.sql("INSERT INTO later.new VALUES (2, 'from us')")
    pair.us.sql("CREATE USER somebody", "CREATE TABLE mysql.mine (id INT)", "INSERT INTO mysql.mine VALUES (1)")
    pair.settle()
    for server in pair.servers.values():
        assert server.query("SELECT * FROM later.new ORDER BY id") == [(1, "from eu"), (2, "from us")]
    assert pair.eu.value("SELECT COUNT(*) FROM mysql.user WHERE user = 'somebody'") == 0
    pair.until(lambda: {daemon.status()["state"] for daemon in pair.daemons} == {"running"}, 60, "all daemons running")
