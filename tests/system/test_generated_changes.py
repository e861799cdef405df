"""Rows that lack generated columns, while all around them changes: definitions, triggers, servers; and what people do then."""

import json

import pytest

from support.mariadb import MariaDB, MariaDB118
from support.mysql import MySQL
from support.spare import Spare

COLUMNS = "id INT PRIMARY KEY, n INT, s INT AS (n + 2) STORED, t VARCHAR(20) COLLATE utf8mb4_general_ci"
KEYLESS = COLUMNS.replace(" PRIMARY KEY", "")
LEARN = ["INSERT INTO shop.{0} (id, n, t) VALUES (1, 1, 'x'), (2, 2, 'x')", "UPDATE shop.{0} SET n = n + 10"]
UNLOGGED = "SET SESSION sql_log_bin = 0"
MAY_WRITE = "GRANT INSERT, UPDATE, DELETE ON shop.* TO 'drc'@'%'"
TRIGGER = "CREATE TRIGGER shop.own BEFORE {1} ON shop.{0} FOR EACH ROW SET NEW.t = 'triggered'"
both_targets = pytest.mark.parametrize("target", [MariaDB, MariaDB118], ids=["10.11", "11.8"])


@pytest.fixture
def learned(make_pair):
    """A function: a running link whose target has seen that rows of each of these tables (name -> columns) lack columns."""

    def make(target, tables, workers=1, **more):
        pair = make_pair(links=[("eu", "us")], server={"eu": MariaDB118, "us": target}, **more)
        pair.file["links"][0]["apply"] = {"workers": workers}
        pair.write_config()
        pair.everywhere("CREATE DATABASE shop", *(f"CREATE TABLE shop.{name} ({columns})" for name, columns in tables.items()))
        if target is not MySQL:
            pair.us.sql(UNLOGGED, MAY_WRITE)
        pair.start()
        for table in tables:
            pair.eu.sql(*(statement.format(table) for statement in LEARN))
        pair.wait("eu", "us")
        return pair

    return make


def waits(pair, cause):
    applier = pair.applier("eu", "us")
    waiting = lambda: (of := applier.status())["state"] == "waiting" and cause in (of["cause"] or "")
    pair.until(waiting, 60, "waiting link")


def same(pair, table):
    pair.wait("eu", "us")
    query = f"SELECT * FROM shop.{table} ORDER BY id"
    assert pair.us.query(query) == pair.eu.query(query)
    assert pair.us.query(f"CHECK TABLE shop.{table} EXTENDED")[0][3] == "OK"


def test_a_table_that_is_refused_leaves_nothing_of_others_behind(learned):
    """The rows before it in its transaction are rolled back, here and in what was gathered; each try begins anew."""
    pair = learned(MariaDB, {"a": KEYLESS, "b": COLUMNS, "c": COLUMNS})
    pair.us.sql(TRIGGER.format("b", "UPDATE"))
    pair.eu.sql(
        "BEGIN", "INSERT INTO shop.a (id, n, t) VALUES (7, 7, 'once')", "UPDATE shop.c SET t = 'there'",
        "UPDATE shop.b SET t = 'there' WHERE id = 1", "COMMIT",
    )  # fmt: skip
    waits(pair, "rows lack `s`, without which only plain SQL can write them: it has triggers at the target")
    pair.us.sql(UNLOGGED, "ALTER TABLE shop.c ADD own VARCHAR(300) DEFAULT 'mine', ADD more TEXT")
    waits(pair, "it has triggers at the target")
    pair.us.sql("DROP TRIGGER shop.own")
    same(pair, "a")
    same(pair, "b")
    assert pair.us.query("SELECT id, t, own FROM shop.c") == [(1, "there", "mine"), (2, "there", "mine")]
    assert not pair.conflicts()


def test_triggers_of_mysql_do_not_run(learned):
    """It computes generated columns of rows by BINLOG as well: nothing goes by plain SQL."""
    pair = learned(MySQL, {"a": f"{COLUMNS}, v INT AS (n + 5) VIRTUAL, KEY (v), KEY (s)", "b": KEYLESS})
    pair.us.sql(TRIGGER.format("a", "UPDATE"))
    for table in "ab":
        pair.eu.sql(f"UPDATE shop.{table} SET n = n * 3", f"DELETE FROM shop.{table} WHERE id = 1")
        same(pair, table)


@both_targets
def test_a_column_that_becomes_an_ordinary_one(learned, target):
    """Its TABLE_MAPs are the same ones; the rows bring it from then on."""
    pair = learned(target, {"a": COLUMNS})
    for server in (pair.eu, pair.us):
        server.sql(UNLOGGED, "ALTER TABLE shop.a DROP s", "ALTER TABLE shop.a ADD s INT AFTER n")
    pair.eu.sql("INSERT INTO shop.a (id, n, s) VALUES (3, 3, 77)", "UPDATE shop.a SET s = 9, n = 4 WHERE id < 3")
    pair.eu.sql("INSERT INTO shop.a (id, n, s) VALUES (4, 4, 78)")
    same(pair, "a")
    assert not pair.conflicts()


@both_targets
def test_a_column_that_becomes_an_ordinary_one_at_the_target(learned, target):
    pair = learned(target, {"a": COLUMNS})
    pair.us.sql(UNLOGGED, "ALTER TABLE shop.a MODIFY s INT")
    pair.eu.sql("UPDATE shop.a SET n = 4 WHERE id = 1")
    waits(pair, "`s` is generated at the source, which leaves it out of its binlog, and not at the target")
    pair.us.sql(UNLOGGED, "ALTER TABLE shop.a MODIFY s INT AS (n + 2) STORED")
    same(pair, "a")


def test_a_virtual_column_that_is_stored_from_now_on(learned):
    pair = learned(MariaDB, {"a": COLUMNS.replace("STORED", "VIRTUAL")})
    pair.us.sql(UNLOGGED, "ALTER TABLE shop.a DROP s", "ALTER TABLE shop.a ADD s INT AS (n + 2) STORED AFTER n")
    pair.eu.sql("UPDATE shop.a SET n = n + 10")
    same(pair, "a")
    pair.us.sql(UNLOGGED, "ALTER TABLE shop.a DROP s", "ALTER TABLE shop.a ADD s INT AS (n + 2) VIRTUAL AFTER n, ADD KEY (s)")
    pair.eu.sql("UPDATE shop.a SET n = n + 10")
    same(pair, "a")
    assert pair.us.query("SELECT s FROM shop.a FORCE INDEX (s) WHERE s > 0 ORDER BY s") == pair.eu.query("SELECT s FROM shop.a ORDER BY s")


def test_tables_that_are_gone_when_their_rows_are_read(learned):
    """The source cannot be asked about them any more, and nothing of theirs is missing."""
    pair = learned(MariaDB, {"a": COLUMNS, "b": COLUMNS})
    capture = pair.capture("eu")
    for _ in range(5):
        pair.eu.sql(f"CREATE TABLE shop.short ({COLUMNS})", *(statement.format("short") for statement in LEARN), "DROP TABLE shop.short")
    capture.stop()
    pair.eu.sql("UPDATE shop.b SET n = 30", "RENAME TABLE shop.b TO shop.c", "UPDATE shop.a SET n = 31")
    capture.start()
    pair.captured("eu")
    assert capture.running


class Spare118(Spare):
    kind = MariaDB118
    change = Spare.change + ", master_ssl_verify_server_cert = 0, master_ssl = 0"


@pytest.mark.parametrize("primary", [MariaDB118, MariaDB], ids=["11.8", "10.11"])
def test_a_replica_that_has_other_columns_takes_over(make_pair, primary):
    """A row that is replaced has them at a primary of 11.8.9 or not, as it comes to be; its replica writes what it gets."""
    pair = make_pair(links=[("eu", "us")], server={"eu": primary, "us": MariaDB})
    schema = ["CREATE DATABASE shop", f"CREATE TABLE shop.a ({COLUMNS}, u INT, UNIQUE KEY (u))"]
    pair.everywhere(*schema)
    pair.us.sql(UNLOGGED, MAY_WRITE)
    spare = Spare118(pair.eu)
    spare.share_region(pair)
    try:
        spare.follow(*schema)
        pair.start()
        pair.eu.sql("INSERT INTO shop.a (id, n, u) VALUES (5, 1, 1), (6, 1, 6)")
        pair.eu.sql("REPLACE INTO shop.a (id, n, u) VALUES (5, 7, 7)" if primary is MariaDB118 else "UPDATE shop.a SET n = 9")
        pair.wait("eu", "us")
        pair.until(spare.has_all, 30, "replica")
        pair.eu.kill()
        spare.promote()
        spare.server.sql("INSERT INTO shop.a (id, n) VALUES (3, 3)")
        pair.until(lambda: pair.us.query("SELECT s FROM shop.a WHERE id = 3") == [(5,)], 60, "rows of the new primary")
        assert pair.us.query("SELECT * FROM shop.a ORDER BY id") == spare.server.query("SELECT * FROM shop.a ORDER BY id")
    finally:
        spare.server.kill()


@both_targets
def test_resolving_computes_anew(learned, target):
    columns = f"{COLUMNS}, v INT AS (n + 5) VIRTUAL, KEY (v)"
    pair = learned(target, {"a": columns}, conflicts={"default": {"policy": "target_wins"}})
    pair.us.sql("UPDATE shop.a SET t = 'here', n = 777 WHERE id = 1")
    pair.eu.sql("UPDATE shop.a SET t = 'there', n = 50 WHERE id = 1")
    pair.wait("eu", "us")
    (conflict,) = pair.conflicts()
    for taken, n in (("source", 50), ("target", 777), ("before", 11)):
        pair.ctl("conflicts", "resolve", conflict["id"], "--to", "us", "--take", taken)
        assert pair.us.query("SELECT n, s, v FROM shop.a WHERE id = 1") == [(n, n + 2, n + 5)]
        assert pair.us.query("CHECK TABLE shop.a EXTENDED")[0][3] == "OK"
        pair.ctl("conflicts", "undo", conflict["id"], "--to", "us")


def test_what_is_parked_does_not_hold_up_others(learned):
    pair = learned(MariaDB, {"a": COLUMNS, "b": COLUMNS}, conflicts={"default": {"policy": "park"}}, workers=4)
    pair.us.sql("UPDATE shop.a SET t = 'here' WHERE id = 1")
    pair.eu.sql("UPDATE shop.a SET t = 'there' WHERE id = 1")
    pair.until(lambda: pair.applier("eu", "us").status()["parked_transactions"] == 1, 30, "parked transaction")
    pair.us.sql("UPDATE shop.a SET t = 'x' WHERE id = 1", TRIGGER.format("a", "UPDATE"))
    seq = json.loads(pair.ctl("parked", "list", "--json", "--to", "us").stdout.splitlines()[0])["seq"]
    pair.ctl("parked", "retry", "--from", "eu", "--to", "us", seq, "--why", "a test", expect=None)
    pair.eu.sql("INSERT INTO shop.b (id, n) VALUES (9, 9)")
    pair.until(lambda: pair.us.query("SELECT s FROM shop.b WHERE id = 9") == [(11,)], 30, "what has nothing to do with it")


def test_a_repair_that_is_refused_holds_up_nobody(make_pair):
    pair = make_pair(links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop", *(f"CREATE TABLE shop.{name} (id INT PRIMARY KEY, t VARCHAR(20))" for name in "ab"))
    pair.us.sql("ALTER TABLE shop.a ADD u VARCHAR(40) DEFAULT (UUID())", TRIGGER.format("a", "INSERT"))
    pair.eu.sql(UNLOGGED, "INSERT INTO shop.a VALUES (1, 'missing')")
    pair.start()
    report = pair.reconcile("--apply", "--winner", "eu", expect=None)
    (repair,) = [line for line in report if line["type"] == "repair"]
    assert repair["outcome"] == "refused" and "rows lack `u`, without which only plain SQL can write them" in repair["detail"], repair
    pair.eu.sql("INSERT INTO shop.b VALUES (1, 'x')")
    same(pair, "b")
