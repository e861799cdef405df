"""The writer by plain SQL on MySQL, where several rows go in one statement: every type, and what BINLOG would do by itself."""

import pytest

from support.mysql import MySQL
from support.writers import by_sql
from system import mysql_types as types


@pytest.fixture
def one_way(make_pair):
    pair = by_sql(make_pair(links=[("eu", "us")], server=MySQL))
    pair.everywhere("CREATE DATABASE shop")
    return pair


def write(server, statements):
    with server.connect(charset="utf8mb4", autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = '', time_zone = '+00:00'")
        for statement in statements:
            cursor.execute(statement)


def same(pair, tables):
    """By the stored bytes of every cell, so that no text form can hide a difference."""
    pair.wait("eu", "us")
    sums = [{table: server.query(f"CHECKSUM TABLE {table} EXTENDED")[0][1] for table in tables} for server in (pair.eu, pair.us)]
    different = [table for table in tables if sums[0][table] != sums[1][table]]
    assert not different


def test_every_type_as_a_value(one_way):
    pair = one_way
    tables = [f"shop.p_{name}" for name in types.TYPES]
    pair.everywhere(*[f"CREATE TABLE shop.p_{name} (id INT PRIMARY KEY, v {entry[0]} NULL)" for name, entry in types.TYPES.items()])
    pair.start()
    inserts, updates, deletes = [], [], []
    for name, (_, values) in types.TYPES.items():
        rows = [*values, "NULL"]
        turned = [*rows[1:], rows[0]]
        inserts.append(f"INSERT INTO shop.p_{name} VALUES " + ", ".join(f"({n}, {value})" for n, value in enumerate(rows)))
        updates += [f"UPDATE shop.p_{name} SET v = {value} WHERE id = {n}" for n, value in enumerate(turned)]
        deletes.append(f"DELETE FROM shop.p_{name} WHERE id % 2 = 0")
    for change in (inserts, updates, deletes):
        write(pair.eu, change)
        same(pair, tables)
    assert pair.conflicts() == []


CHANGES = [
    "INSERT INTO shop.node VALUES (1, NULL), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6), (8, 7)",
    "DELETE FROM shop.node WHERE id > 1 ORDER BY id DESC",
    "INSERT INTO shop.item (id, code) WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 900) SELECT n, n FROM s",
    "UPDATE shop.item SET name = CONCAT('n', id), code = -code",
    "UPDATE shop.item SET id = id + 10000 WHERE id % 3 = 0",
    "DELETE FROM shop.item WHERE id % 2 = 0",
    "INSERT INTO shop.pairs VALUES (1, 'a'), (1, 'b'), (2, 'ä'), (3, 'c'), (4, 'd'), (5, 'e')",
    "UPDATE shop.pairs SET a = a + 10, b = CONCAT(b, 'x')",
    "DELETE FROM shop.pairs WHERE a < 15",
    "INSERT INTO shop.docs VALUES (JSON_ARRAY(CAST(1.50 AS DECIMAL(10,2)), NOW(6)), 1), ('[1]', 1), ('[1]', 1)",
    "UPDATE shop.docs SET n = 2",
    "DELETE FROM shop.docs LIMIT 2",
]
TABLES = [
    "CREATE TABLE shop.node (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES shop.node (id))",
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40), code INT UNIQUE, twice INT AS (code * 2) STORED)",
    "CREATE TABLE shop.pairs (a INT, b VARCHAR(20) CHARACTER SET latin1, PRIMARY KEY (a, b))",
    "CREATE TABLE shop.docs (d JSON, n INT)",
]


def test_many_rows_in_one_statement(one_way):
    pair = one_way
    pair.everywhere(*TABLES)
    pair.start()
    write(pair.eu, ["SET SESSION cte_max_recursion_depth = 2000", *CHANGES])
    same(pair, ["shop.node", "shop.item", "shop.pairs", "shop.docs"])
    assert pair.conflicts() == []
