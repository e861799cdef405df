"""Every column type goes through both daemons and Kafka, inserted, updated and deleted, and is the same at the target.

Before images are verified on the way: a type that were read back in another form than the source sends it would show
as doubt, and as a conflict in the journal. So the tests also ask that nothing was doubtful.
"""

import json

import pytest

from support.writers import WRITERS
from system import apply_types as types


@pytest.fixture(params=WRITERS)
def one_way(request, make_pair):
    pair = WRITERS[request.param](make_pair(links=[("eu", "us")]))
    pair.everywhere("CREATE DATABASE shop")
    return pair


def status(pair):
    return json.loads(pair.applier("eu", "us").ask("status json")[0])


def assert_undoubted(pair):
    journal = pair.us.query("SELECT kind, db, tbl, row_key, before_image, local_image FROM drc.conflicts")
    assert journal == []
    found = status(pair)
    assert (found["exact"], found["conflicts"]) == (0, 0)


def write(server, statements):
    with server.connect(charset="utf8mb4", autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = '', time_zone = '+00:00'")
        for statement in statements:
            cursor.execute(statement)


def checksums(server, tables):
    """By the stored bytes of every cell, so that no text form can hide a difference."""
    return {table: server.query(f"CHECKSUM TABLE {table} EXTENDED")[0][1] for table in tables}


def same(pair, tables):
    pair.wait("eu", "us")
    assert checksums(pair.eu, tables) == checksums(pair.us, tables)
    pair.assert_equal(*tables)


def plain_table(name):
    definition, _ = types.TYPES[name]
    return f"CREATE TABLE shop.p_{name} (id INT PRIMARY KEY, v {definition} NULL)"


def test_every_type_as_a_value(one_way):
    pair = one_way
    pair.everywhere(*[plain_table(name) for name in types.TYPES])
    pair.start()
    tables = [f"shop.p_{name}" for name in types.TYPES]

    inserts, updates, deletes = [], [], []
    for name, (_, values) in types.TYPES.items():
        rows = [*values, "NULL"]
        turned = [*rows[1:], rows[0]]
        for number, (value, other) in enumerate(zip(rows, turned)):
            inserts.append(f"INSERT INTO shop.p_{name} VALUES ({number}, {value})")
            updates.append(f"UPDATE shop.p_{name} SET v = {other} WHERE id = {number}")
        deletes.append(f"DELETE FROM shop.p_{name} WHERE id % 2 = 0")

    write(pair.eu, inserts)
    same(pair, tables)
    write(pair.eu, updates)
    same(pair, tables)
    write(pair.eu, deletes)
    same(pair, tables)
    assert_undoubted(pair)


def test_every_type_as_a_key(one_way):
    pair = one_way
    tables = [f"shop.k_{name}" for name in types.KEYS]
    pair.everywhere(
        *[
            f"CREATE TABLE shop.k_{name} (k {types.TYPES[name][0]} NOT NULL, n INT, v VARCHAR(10), PRIMARY KEY (k, n))"
            for name in types.KEYS
        ]
    )
    pair.start()
    inserts = [
        f"INSERT INTO shop.k_{name} VALUES ({value}, {number}, 'a')"
        for name in types.KEYS
        for number, value in enumerate(types.TYPES[name][1])
    ]
    write(pair.eu, inserts)
    same(pair, tables)
    write(pair.eu, [f"UPDATE {table} SET v = 'b'" for table in tables])
    same(pair, tables)
    write(pair.eu, [f"UPDATE {table} SET n = n + 100 WHERE n = 1" for table in tables])
    same(pair, tables)
    write(pair.eu, [f"DELETE FROM {table}" for table in tables])
    same(pair, tables)
    assert_undoubted(pair)


def test_every_type_as_the_only_key(one_way):
    pair = one_way
    tables = [f"shop.o_{name}" for name in types.KEYS]
    pair.everywhere(
        *[f"CREATE TABLE shop.o_{name} (k {types.TYPES[name][0]} NOT NULL PRIMARY KEY, v INT)" for name in types.KEYS]
    )
    pair.start()
    write(
        pair.eu,
        [
            f"INSERT IGNORE INTO shop.o_{name} VALUES ({value}, 1)"
            for name in types.KEYS
            for value in types.TYPES[name][1]
        ],
    )
    write(pair.eu, [f"UPDATE {table} SET v = 2" for table in tables])
    same(pair, tables)
    write(pair.eu, [f"DELETE FROM {table}" for table in tables])
    same(pair, tables)
    assert_undoubted(pair)


def test_every_type_without_a_key(one_way):
    pair = one_way
    tables = [f"shop.n_{name}" for name in types.TYPES]
    pair.everywhere(*[f"CREATE TABLE shop.n_{name} (id INT, v {types.TYPES[name][0]} NULL)" for name in types.TYPES])
    pair.start()
    for change in (
        [f"INSERT INTO shop.n_{name} VALUES ({n}, {v}), ({n}, {v})" for name, (_, vs) in types.TYPES.items() for n, v in enumerate([*vs, "NULL"])],
        [f"UPDATE {table} SET id = id + 100 WHERE id % 2 = 1" for table in tables],
        [f"DELETE FROM {table} WHERE id > 50 LIMIT 1" for table in tables],
        [f"DELETE FROM {table}" for table in tables],
    ):
        write(pair.eu, change)
        same(pair, tables)
    assert_undoubted(pair)


ODD_TABLES = [
    "CREATE TABLE shop.`a``b.c` (`k``k` INT PRIMARY KEY, `sp ace` INT, `ключ` VARCHAR(10), `select` INT)",
    "CREATE TABLE shop.generated (a INT PRIMARY KEY, b INT, v INT AS (a * b) VIRTUAL, s VARCHAR(20) AS (CONCAT(a, '-', b)) PERSISTENT, UNIQUE (s))",
    "CREATE TABLE shop.hidden (a INT PRIMARY KEY, b INT INVISIBLE DEFAULT 7, c INT)",
    "CREATE TABLE shop.parts (a INT, b INT, PRIMARY KEY (a, b)) PARTITION BY HASH (b) PARTITIONS 4",
    "CREATE TABLE shop.ranges (a INT, b DATE, PRIMARY KEY (a, b)) PARTITION BY RANGE (YEAR(b)) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE)",
    "CREATE TABLE shop.prefixed (a VARCHAR(200), b TEXT, c INT, PRIMARY KEY (a(10), b(5)))",
    "CREATE TABLE shop.counted (a BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, b INT)",
    "CREATE TABLE shop.uniques (a INT PRIMARY KEY, b INT UNIQUE, c VARCHAR(10) UNIQUE)",
    "CREATE TABLE shop.unique_only (a INT NOT NULL, b INT, c INT, UNIQUE (a))",
    "CREATE TABLE shop.unique_nullable (a INT, b INT, UNIQUE (a))",
    "CREATE TABLE shop.compact (a INT PRIMARY KEY, b TEXT) ROW_FORMAT=COMPACT",
    "CREATE TABLE shop.squeezed (a INT PRIMARY KEY, b TEXT) ROW_FORMAT=COMPRESSED",
    "CREATE TABLE shop.checked (a INT PRIMARY KEY, b INT CHECK (b > 0))",
    "CREATE TABLE shop.wide (a INT PRIMARY KEY, " + ", ".join(f"c{n} TINYINT" for n in range(900)) + ")",
]  # fmt: skip

ODD_CHANGES = [
    "INSERT INTO shop.`a``b.c` VALUES (1, 2, 'ж', 3), (2, NULL, NULL, NULL)",
    "UPDATE shop.`a``b.c` SET `sp ace` = 9, `k``k` = `k``k` + 10",
    "INSERT INTO shop.generated (a, b) VALUES (1, 2), (2, 3)",
    "UPDATE shop.generated SET b = b + 1",
    "INSERT INTO shop.hidden (a, b, c) VALUES (1, 2, 3)",
    "INSERT INTO shop.hidden (a, c) VALUES (2, 3)",
    "UPDATE shop.hidden SET b = b * 2, c = a",
    "INSERT INTO shop.parts VALUES (1, 1), (1, 2), (2, 3)",
    "UPDATE shop.parts SET b = b + 1 ORDER BY b DESC",
    "INSERT INTO shop.ranges VALUES (1, '2019-01-01'), (2, '2021-01-01')",
    "UPDATE shop.ranges SET b = '2025-01-01'",
    "INSERT INTO shop.prefixed VALUES ('a', 'b', 1), (REPEAT('a', 11), 'bbbbbb', 2), ('ä', '', 3)",
    "UPDATE shop.prefixed SET c = c + 1, a = CONCAT('z', a)",
    "INSERT INTO shop.counted (b) VALUES (1), (2), (3)",
    "INSERT INTO shop.counted VALUES (18446744073709551614, 1)",
    "INSERT INTO shop.uniques VALUES (1, 1, 'a'), (2, 2, 'b'), (3, NULL, NULL), (4, NULL, NULL)",
    "BEGIN",
    "UPDATE shop.uniques SET b = 99, c = 'z' WHERE a = 1",
    "UPDATE shop.uniques SET b = 1, c = 'a' WHERE a = 2",
    "UPDATE shop.uniques SET b = 2, c = 'b' WHERE a = 1",
    "COMMIT",
    "BEGIN",
    "DELETE FROM shop.uniques WHERE a = 1",
    "INSERT INTO shop.uniques VALUES (1, 5, 'five')",
    "UPDATE shop.uniques SET b = 6 WHERE a = 1",
    "COMMIT",
    "INSERT INTO shop.unique_only VALUES (1, 1, 1), (2, 2, 2)",
    "UPDATE shop.unique_only SET b = 5",
    "INSERT INTO shop.unique_nullable VALUES (1, 1), (NULL, 2), (NULL, 2)",
    "UPDATE shop.unique_nullable SET b = 5",
    "DELETE FROM shop.unique_nullable WHERE a IS NULL LIMIT 1",
    "INSERT INTO shop.compact VALUES (1, REPEAT('c', 30000))",
    "INSERT INTO shop.squeezed VALUES (1, REPEAT('c', 30000))",
    "UPDATE shop.squeezed SET b = 'short'",
    "INSERT INTO shop.checked VALUES (1, 1)",
    "SET SESSION check_constraint_checks = 0",
    "INSERT INTO shop.checked VALUES (2, -1)",
    "INSERT INTO shop.wide (a, c0, c899) VALUES (1, 1, 1), (2, NULL, 2)",
    "UPDATE shop.wide SET c450 = 1",
    "DELETE FROM shop.wide WHERE a = 1",
]


def test_odd_tables(one_way):
    pair = one_way
    pair.everywhere(*ODD_TABLES)
    pair.start()
    write(pair.eu, ODD_CHANGES)
    tables = [f"shop.{row[0].join('``') if row[0].isidentifier() else '`a``b.c`'}" for row in pair.eu.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop'")]
    same(pair, tables)
    assert pair.us.query("SELECT a, b, c FROM shop.hidden ORDER BY a") == pair.eu.query("SELECT a, b, c FROM shop.hidden ORDER BY a")
    assert status(pair)["conflicts"] == 0
