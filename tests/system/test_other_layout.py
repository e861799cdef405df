"""A target whose tables are laid out otherwise: columns in another order, wider, of its own, generated.

Rows go there by name; what only the target has stays its own. Each story ends with the rows as SQL shows them, and asks
that before images were found as expected: nothing was doubtful.
"""

import json

import pytest

from support.statements import Statements


@pytest.fixture(params=["binlog", "sql"])
def writer(request):
    return request.param


@pytest.fixture
def layouts(writer, make_pair):
    """A function: statements for eu's schema, statements for us; a running one-way link."""

    def make(here, there, workers=4, **more):
        pair = make_pair(links=[("eu", "us")], **more)
        pair.file["links"][0]["apply"] = {"writer": writer, "workers": workers}
        pair.write_config()
        pair.everywhere("CREATE DATABASE shop")
        pair.eu.sql("SET SESSION sql_log_bin = 0", *here)
        pair.us.sql("SET SESSION sql_log_bin = 0", *there)
        return pair.start()

    return make


def rows(pair, query):
    pair.wait("eu", "us")
    return pair.us.query(query)


def assert_undoubted(pair):
    found = json.loads(pair.applier("eu", "us").ask("status json")[0])
    assert (found["exact"], found["conflicts"]) == (0, 0)


def test_columns_of_another_order_and_width(layouts):
    pair = layouts(
        [
            "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(20), price DECIMAL(8,2), at DATETIME(2), kind ENUM('a','b'), note TEXT)",
            "CREATE TABLE shop.log (a INT, b VARCHAR(20))",
        ],
        [
            "CREATE TABLE shop.item (note LONGTEXT, kind ENUM('c','b','a'), at DATETIME(6), price DECIMAL(20,4), name VARCHAR(300), id BIGINT, PRIMARY KEY (id))",
            "CREATE TABLE shop.log (b TEXT, a BIGINT)",
        ],
    )
    pair.eu.sql(
        "INSERT INTO shop.item VALUES (1, 'ä', -12.5, '2026-11-22 10:20:30.25', 'a', 'first'), (-2, NULL, NULL, NULL, NULL, NULL)",
        "INSERT INTO shop.log VALUES (1, 'x'), (1, 'x'), (NULL, NULL)",
        "UPDATE shop.item SET price = 7, kind = 'b' WHERE id = 1",
        "UPDATE shop.item SET id = 5 WHERE id = -2",
        "INSERT INTO shop.item VALUES (3, 'gone', 1, NULL, 'a', '')",
        "DELETE FROM shop.item WHERE id = 3",
        "UPDATE shop.log SET b = 'y' WHERE a = 1 LIMIT 1",
        "DELETE FROM shop.log WHERE a IS NULL",
    )
    wanted = [(1, "ä", "7.0000", "2026-11-22 10:20:30.250000", "b", "first"), (5, None, None, None, None, None)]
    query = "SELECT id, name, CAST(price AS CHAR), CAST(at AS CHAR), kind, note FROM shop.item ORDER BY id"
    assert rows(pair, query) == wanted
    assert rows(pair, "SELECT a, b FROM shop.log ORDER BY b") == [(1, "x"), (1, "y")]
    # Members that change places at the target while the link runs: nothing else of its definition tells.
    pair.us.sql("ALTER TABLE shop.item MODIFY kind ENUM('b','a','c')")
    pair.eu.sql("INSERT INTO shop.item (id, kind) VALUES (6, 'a'), (7, 'b')", "UPDATE shop.item SET kind = 'a' WHERE id = 1")
    assert rows(pair, "SELECT id, kind FROM shop.item ORDER BY id") == [(1, "a"), (5, None), (6, "a"), (7, "b")]


def read_once_a_group(pair):
    """Before images are verified by one read a table and group, however many rows it has; with keys of numbers and of text."""
    applier, tables, link = pair.applier("eu", "us"), ("item", "word"), ["--from", "eu", "--to", "us", "--why", "a group"]
    pair.eu.sql(*[f"INSERT INTO shop.{table} SELECT seq, 0 FROM shop.seq_1_to_400" for table in tables])
    pair.wait("eu", "us")
    pair.ctl("pause", *link)
    for first in range(0, 400, 10):
        keys = f"id > {first} AND id <= {first + 10}"
        change = "DELETE FROM shop.{} WHERE " if first % 40 == 0 else "UPDATE shop.{} SET n = n + 1 WHERE "
        pair.eu.sql("BEGIN", *[change.format(table) + keys for table in tables], "COMMIT")
    pair.eu.sql("BEGIN", *[f"UPDATE shop.{table} SET n = 7" for table in tables], "COMMIT")
    pair.captured("eu")
    pair.until(lambda: applier.status()["topic_seq"] == pair.capture("eu").status()["seq"], 60, "all of it at the applier")
    before = applier.status()
    with Statements(pair.us) as asked:
        pair.ctl("resume", *link)
        pair.wait("eu", "us")
    pair.until(lambda: applier.status()["rows"] - before["rows"] == 1400, 60, "its own count")
    groups = applier.status()["groups"] - before["groups"]
    assert 1 <= groups <= 4, "41 transactions of 1400 rows"
    reads = {table: asked.executed(f"%FROM `shop`.`{table}` FORCE INDEX%FOR UPDATE") for table in tables}
    assert reads == dict.fromkeys(tables, groups)
    for table in tables:
        assert pair.us.query(f"SELECT COUNT(*), SUM(n) FROM shop.{table}") == [(300, 2100)]


def test_how_many_statements_rows_take(layouts, writer):
    """One read a group verifies all of a table's rows. Rows of a table without a key go few a statement, as each of them reads it
    from its beginning: an answer to thousands at once would be waited for in vain.
    """
    log = "CREATE TABLE shop.log (a INT, b VARCHAR(20))"
    item = "CREATE TABLE shop.item (id INT PRIMARY KEY, n INT)"
    word = "CREATE TABLE shop.word (id VARCHAR(20) PRIMARY KEY, n INT)"
    pair = layouts([log, item, word], [log, item, word], workers=1)
    sent = lambda: int(pair.us.query("SHOW GLOBAL STATUS WHERE Variable_name = 'Com_binlog'")[0][1])
    pair.eu.sql(f"INSERT INTO shop.log VALUES {', '.join(f'({n}, 0)' for n in range(40))}")
    pair.wait("eu", "us")
    before = sent()
    pair.eu.sql("UPDATE shop.log SET b = a", "DELETE FROM shop.log WHERE a >= 20")
    assert rows(pair, "SELECT COUNT(*), SUM(a = b) FROM shop.log") == [(20, 20)]
    assert sent() - before == (60 / 4 if writer == "binlog" else 0)
    assert_undoubted(pair)
    read_once_a_group(pair)
    assert_undoubted(pair)


TABLES = 90  # which three numbers of keys make more statements of than the server is told to keep
STATEMENTS = 262


def test_tables_beyond_what_a_server_keeps_statements_for(make_pair):
    """A schema may have more tables than sessions may prepare statements."""
    pair = make_pair(links=[("eu", "us")])
    pair.file["links"][0]["apply"] = {"workers": 1}
    pair.write_config()
    pair.everywhere("CREATE DATABASE shop", *[f"CREATE TABLE shop.t{n} (id INT PRIMARY KEY, n INT)" for n in range(TABLES)])
    pair.us.sql(f"SET GLOBAL max_prepared_stmt_count = {STATEMENTS}")
    pair.start()
    fill, change = "INSERT INTO shop.t{} SELECT seq, 0 FROM shop.seq_1_to_60", "UPDATE shop.t{} SET n = n + 1 WHERE id <= "
    for statement in (fill, f"{change} 1", f"{change} 20", f"{change} 60"):
        pair.eu.sql("BEGIN", *[statement.format(n) for n in range(TABLES)], "COMMIT")
        pair.wait("eu", "us")
    sums = " UNION ALL ".join(f"SELECT COUNT(*), SUM(n) FROM shop.t{n}" for n in range(TABLES))
    assert pair.us.query(sums) == [(60, 81)] * TABLES
    again = [line for line in pair.applier("eu", "us").text().splitlines() if "DRC-3013" in line and "prepared" in line]
    assert not again, "it had to try again"
    assert_undoubted(pair)


SOURCE = "CREATE TABLE shop.item (id INT PRIMARY KEY, n INT)"
OWN = """CREATE TABLE shop.item (
    own INT DEFAULT 7,
    id INT PRIMARY KEY,
    shown INT AS (n + 1) VIRTUAL,
    hidden INT INVISIBLE DEFAULT 9,
    bits BIT(3) DEFAULT b'101',
    n INT,
    word VARCHAR(10) NOT NULL DEFAULT 'it''s',
    nothing INT
)"""
COMPUTED = """CREATE TABLE shop.item (
    tag VARCHAR(36) DEFAULT (UUID()),
    id INT PRIMARY KEY,
    made TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6),
    total INT AS (n * 2) STORED,
    shown INT AS (n + 1) VIRTUAL,
    n INT,
    KEY (total), KEY (shown)
)"""


def change(pair):
    pair.eu.sql(
        "UPDATE shop.item SET n = 11 WHERE id = 1",
        "UPDATE shop.item SET id = 4 WHERE id = 2",
        "DELETE FROM shop.item WHERE id = 3",
        "INSERT INTO shop.item VALUES (3, NULL)",
    )


def test_columns_that_only_the_target_has(layouts):
    pair = layouts([SOURCE], [OWN])
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 10), (2, 20), (3, 30)")
    query = "SELECT id, n, own, shown, hidden, bits + 0, word, nothing FROM shop.item ORDER BY id"
    fresh = lambda id_, n: (id_, n, 7, n + 1, 9, 5, "it's", None)
    assert rows(pair, query) == [fresh(1, 10), fresh(2, 20), fresh(3, 30)]
    pair.us.sql("UPDATE shop.item SET own = 70, hidden = 90, word = 'mine', nothing = 1 WHERE id = 1")
    change(pair)
    assert rows(pair, query) == [
        (1, 11, 70, 12, 90, 5, "mine", 1),
        (3, None, 7, None, 9, 5, "it's", None),
        fresh(4, 20),
    ]
    assert_undoubted(pair)


MAY_WRITE = "GRANT INSERT, UPDATE, DELETE ON shop.* TO 'drc'@'%'"


def test_values_that_only_statements_compute(layouts):
    """Where rows go by BINLOG, these go by plain SQL all the same, in their order among the others."""
    pair = layouts([SOURCE], [COMPUTED, MAY_WRITE])
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 10), (2, 20), (3, 30)")
    query = "SELECT id, n, total, LENGTH(tag), made > '2026-01-01' FROM shop.item ORDER BY id"
    fresh = lambda id_, n: (id_, n, 2 * n, 36, 1)
    assert rows(pair, query) == [fresh(1, 10), fresh(2, 20), fresh(3, 30)]
    assert pair.us.value("SELECT COUNT(DISTINCT tag) FROM shop.item") == 3
    change(pair)
    assert rows(pair, query) == [fresh(1, 11), (3, None, None, 36, 1), fresh(4, 20)]
    assert pair.us.query("SELECT id FROM shop.item FORCE INDEX (shown) WHERE shown IN (11, 12, 21) ORDER BY id") == [(1,), (4,)]
    assert pair.us.query("CHECK TABLE shop.item EXTENDED")[0][3] == "OK"
    assert_undoubted(pair)


def test_plain_sql_of_computed_values_runs_no_triggers(layouts):
    pair = layouts([SOURCE], [COMPUTED, MAY_WRITE, "CREATE TRIGGER shop.t BEFORE INSERT ON shop.item FOR EACH ROW SET NEW.n = 0"])
    applier = pair.applier("eu", "us")
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 10)")
    pair.until(lambda: "it has triggers at the target" in (applier.status()["cause"] or ""), 30, "cause")
    pair.us.sql("DROP TRIGGER shop.t")
    assert rows(pair, "SELECT id, n, total FROM shop.item") == [(1, 10, 20)]


def test_a_conflict_keeps_what_only_the_target_has(layouts):
    pair = layouts(
        ["CREATE TABLE shop.item (id INT PRIMARY KEY, n INT)"],
        ["CREATE TABLE shop.item (n INT, own INT DEFAULT 7, id INT PRIMARY KEY)"],
        conflicts={"default": {"policy": "source_wins"}},
    )
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 1), (2, 2)")
    pair.wait("eu", "us")
    pair.us.sql("UPDATE shop.item SET own = 70, n = 5 WHERE id = 1", "DELETE FROM shop.item WHERE id = 2")
    pair.eu.sql("UPDATE shop.item SET n = 11 WHERE id = 1", "UPDATE shop.item SET n = 22 WHERE id = 2")
    assert rows(pair, "SELECT id, n, own FROM shop.item ORDER BY id") == [(1, 11, 70), (2, 22, 7)]
    assert sorted(conflict["kind"] for conflict in pair.conflicts()) == ["update/changed", "update/missing"]


LATIN1 = "CREATE TABLE shop.item (id INT PRIMARY KEY, v TINYTEXT CHARACTER SET latin1)"
UTF8 = "CREATE TABLE shop.item (id INT PRIMARY KEY, v TINYTEXT CHARACTER SET utf8mb4)"


def test_a_value_that_does_not_fit_is_parked_or_stops_the_link(layouts):
    pair = layouts([LATIN1], [UTF8])
    applier = pair.applier("eu", "us")
    long = "INSERT INTO shop.item VALUES ({}, REPEAT('ä', 128))"
    pair.eu.sql(long.format(1), "INSERT INTO shop.item VALUES (2, 'ä')", "UPDATE shop.item SET v = 'x' WHERE id = 1")
    pair.until(lambda: applier.status()["parked_transactions"] == 2, 30, "the value that is put aside, and what waits for it")
    pair.wait("eu", "us", expect=69)
    parked = pair.ctl("parked", "list", "--from", "eu", "--to", "us").stdout
    assert "column `v` of `shop`.`item`" in parked and "longer than the target's column" in parked
    assert pair.us.query("SELECT id FROM shop.item") == [(2,)]

    pair.file["apply"] = {"on_data_error": "stop"}
    pair.write_config()
    pair.ctl("reload", "--from", "eu", "--to", "us")
    pair.eu.sql(long.format(3))
    last = applier.expect_exit(69)
    assert "column `v` of `shop`.`item`" in last
    assert "longer than the target's column" in last
