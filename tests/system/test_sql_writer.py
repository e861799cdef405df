"""The writer by plain SQL: what the server does by itself for BINLOG, and what it must not do.

That every type arrives as it was is in test_apply_types.py, for both writers.
"""

import pytest

from support.kills import Killer
from support.load import BankLoad, TokenLoad
from support.writers import by_sql

LATEST = {"tables": {"shop.item": {"policy": "latest", "by": ["updated_at"]}}}


@pytest.fixture
def one_way(make_pair):
    pair = by_sql(make_pair(links=[("eu", "us")], conflicts=LATEST))
    pair.everywhere("CREATE DATABASE shop")
    return pair

def same(pair, *tables):
    pair.wait("eu", "us")
    pair.assert_equal(*[f"shop.{table}" for table in tables])


def waits_for(pair, *words):
    applier = pair.applier("eu", "us")
    pair.until(lambda: applier.status()["state"] == "waiting", 30, "waiting link")
    for word in words:
        assert word in applier.status()["cause"]


USER = "'drc'@'%'"
KEYED = "(id INT PRIMARY KEY, name VARCHAR(40), code INT UNIQUE, updated_at TIMESTAMP(6) NOT NULL DEFAULT '2026-01-01')"

TABLES = [
    f"CREATE TABLE shop.many {KEYED}",
    "CREATE TABLE shop.node (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES shop.node (id))",
    "CREATE TABLE shop.owner (id INT PRIMARY KEY) ENGINE=InnoDB",
    "CREATE TABLE shop.owned (id INT PRIMARY KEY, owner INT, FOREIGN KEY (owner) REFERENCES shop.owner (id))",
    "CREATE TABLE shop.counted (id INT AUTO_INCREMENT PRIMARY KEY, v INT)",
    "CREATE TABLE shop.touched (id INT PRIMARY KEY, v INT, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
    "CREATE TABLE shop.timed (at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, v INT, PRIMARY KEY (at))",
    "CREATE TABLE shop.checked (id INT PRIMARY KEY, v INT CHECK (v > 0))",
    "CREATE TABLE shop.pairs (a INT, b VARCHAR(20), PRIMARY KEY (a, b))",
    "CREATE TABLE shop.cased (v VARCHAR(20), n INT)",
]  # fmt: skip

CHANGES = [
    "INSERT INTO shop.node VALUES (1, NULL), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6), (8, 7)",
    "DELETE FROM shop.node WHERE id > 1 ORDER BY id DESC",
    "INSERT INTO shop.owner VALUES (1), (2)",
    "INSERT INTO shop.owned VALUES (1, 1), (2, 2)",
    "SET SESSION foreign_key_checks = 0",
    "INSERT INTO shop.owned VALUES (3, 77)",
    "UPDATE shop.owned SET owner = 78 WHERE id = 2",
    "SET SESSION foreign_key_checks = 1",
    "UPDATE shop.owned SET owner = 1 WHERE id = 2",
    "DELETE FROM shop.owner WHERE id = 2",
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "INSERT INTO shop.counted VALUES (0, 1), (5, 2), (-3, 3)",
    "SET SESSION sql_mode = DEFAULT",
    "INSERT INTO shop.touched VALUES (1, 1, '2001-02-03 04:05:06'), (2, 2, '2001-02-03 04:05:06')",
    "UPDATE shop.touched SET v = v + 1, at = at",
    "INSERT INTO shop.timed VALUES ('2001-02-03 04:05:06', 1), ('2002-02-03 04:05:06', 1)",
    "UPDATE shop.timed SET v = 2, at = at",
    "UPDATE shop.timed SET at = '2003-02-03 04:05:06' WHERE at = '2002-02-03 04:05:06'",
    "SET SESSION check_constraint_checks = 0",
    "INSERT INTO shop.checked VALUES (1, -1), (2, 2)",
    "UPDATE shop.checked SET v = -v",
    "INSERT INTO shop.pairs VALUES (1, 'a'), (1, 'b'), (2, 'ä')",
    "UPDATE shop.pairs SET a = a + 10, b = CONCAT(b, 'x')",
    "DELETE FROM shop.pairs WHERE a = 11",
    "INSERT INTO shop.cased VALUES ('a', 1), ('A', 1), ('a', 1), ('ä', 1)",
    "UPDATE shop.cased SET n = 2 WHERE BINARY v = 'A'",
    "DELETE FROM shop.cased WHERE BINARY v = 'ä'",
    "DELETE FROM shop.cased WHERE BINARY v = 'a' LIMIT 1",
    "INSERT INTO shop.many (id, code) SELECT seq, seq FROM shop.seq_1_to_3000",
    "UPDATE shop.many SET name = CONCAT('n', id), code = -code",
    "UPDATE shop.many SET id = id + 10000 WHERE id % 3 = 0",
    "DELETE FROM shop.many WHERE id % 2 = 0",
]


def test_what_the_server_would_do_by_itself(one_way):
    pair = one_way
    pair.everywhere(*TABLES)
    pair.start()
    with pair.eu.connect(charset="utf8mb4", autocommit=True) as connection, connection.cursor() as cursor:
        for change in CHANGES:
            cursor.execute(change)
    same(pair, *[table.split("shop.")[1].split()[0] for table in TABLES])
    assert pair.us.query("SELECT MIN(at), MAX(at) FROM shop.touched") == pair.eu.query("SELECT MIN(at), MAX(at) FROM shop.touched")
    assert pair.conflicts() == []
    pair.us.sql("INSERT INTO shop.counted (v) VALUES (9)")
    assert pair.us.query("SELECT id FROM shop.counted WHERE v = 9") == [(6,)], "the counter has moved on"


def test_conflicts_are_found_and_settled(one_way):
    pair = one_way
    pair.everywhere(f"CREATE TABLE shop.item {KEYED}")
    pair.start()
    pair.eu.sql("INSERT INTO shop.item (id, name, code) SELECT seq, 'same', seq FROM shop.seq_1_to_40")
    pair.wait("eu", "us")
    pair.applier("eu", "us").stop()
    pair.us.sql(
        "SET SESSION sql_log_bin = 0",
        "UPDATE shop.item SET name = 'us', updated_at = '2027-01-01' WHERE id IN (1, 2)",
        "DELETE FROM shop.item WHERE id IN (3, 4)",
        "INSERT INTO shop.item VALUES (50, 'us', 50, '2027-01-01')",
    )
    pair.eu.sql(
        "UPDATE shop.item SET name = 'eu', updated_at = '2028-01-01' WHERE id = 1",
        "UPDATE shop.item SET name = 'eu', updated_at = '2026-06-01' WHERE id IN (2, 5, 6)",
        "UPDATE shop.item SET name = 'eu', updated_at = '2028-01-01' WHERE id = 3",
        "DELETE FROM shop.item WHERE id IN (4, 7)",
        "INSERT INTO shop.item VALUES (50, 'eu', 50, '2028-01-01'), (51, 'eu', 51, '2028-01-01')",
    )
    pair.start()
    pair.wait("eu", "us")
    found = {(conflict["kind"], conflict["verdict"]) for conflict in pair.conflicts()}
    assert {kind for kind, _ in found} == {"update/changed", "update/missing", "delete/missing", "insert/exists"}
    names = dict(pair.us.query("SELECT id, name FROM shop.item WHERE id IN (1, 2, 3, 4, 5, 6, 7, 50, 51)"))
    assert names == {1: "eu", 2: "us", 3: "eu", 5: "eu", 6: "eu", 50: "eu", 51: "eu"}


def test_killed_it_loses_nothing_and_repeats_nothing(one_way, long_run):
    pair = one_way
    pair.everywhere(TokenLoad.TABLE, BankLoad.TABLE, BankLoad.fill("eu"))
    pair.start()
    loads = [TokenLoad(pair.eu, threads=2, rate=400), BankLoad(pair.eu, threads=1, rate=100)]
    for load in loads:
        load.start()
    killer = Killer(pair, loads)
    killer.kill(appliers=20 if long_run else 3)
    for load in loads:
        load.stop()
    print(killer.summary(), *[load.summary() for load in loads], sep="\n")
    pair.wait("eu", "us")
    TokenLoad.check(pair.us, loads[:1])
    pair.assert_equal("shop.token", "shop.account")
    assert pair.conflicts() == []


def test_a_table_with_triggers_is_waited_for(one_way):
    pair = one_way
    trigger = "CREATE TRIGGER shop.t BEFORE INSERT ON shop.item FOR EACH ROW SET NEW.name = 'trigger'"
    pair.everywhere(f"CREATE TABLE shop.item {KEYED}")
    pair.us.sql("SET SESSION sql_log_bin = 0", trigger)
    pair.start()
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (1, 'a')")
    waits_for(pair, "`shop`.`item`", "triggers", "writer: binlog")
    pair.us.sql("DROP TRIGGER shop.t")
    same(pair, "item")
    pair.us.sql(trigger)  # while the link runs, on a table that it knows
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (2, 'b')")
    waits_for(pair, "`shop`.`item`", "triggers")
    pair.us.sql("DROP TRIGGER shop.t")
    same(pair, "item")
    assert pair.us.query("SELECT name FROM shop.item ORDER BY id") == [("a",), ("b",)]


def test_what_it_needs_is_told_as_sql(one_way):
    pair = one_way
    pair.everywhere(f"CREATE TABLE shop.item {KEYED}")
    pair.us.sql("SET SESSION sql_log_bin = 0", f"REVOKE UPDATE ON shop.* FROM {USER}")
    pair.start()
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (1, 'a')")
    applier = pair.applier("eu", "us")
    last = applier.expect_exit(77)
    statement = f"GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.`item` TO {USER};"
    assert f"Run: {statement}" in last
    pair.us.sql("SET SESSION sql_log_bin = 0", statement)
    applier.start()
    same(pair, "item")
