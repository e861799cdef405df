"""Repairs whose rows stand in each other's way, and of every kind of value, over the link and as files, and undone.

Families of parents and children, rows that refer to their own table, unique values that went round: whatever has to come
first does, in both directions, and the undo brings back what was there, bit for bit.
"""

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL
from system.test_repair import outcomes, plant, run_sql

BOTH = pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])
DEEP = 60  # rows of a chain, more than one batch has
FAR = 70  # rows between two that exchange their values
ROUND = 120  # rows whose values go round in a circle, more than one batch has

TABLES = (
    "CREATE TABLE shop.z_parent (id INT PRIMARY KEY, v INT)",
    "CREATE TABLE shop.a_child (id INT PRIMARY KEY, parent INT NOT NULL, FOREIGN KEY (parent) REFERENCES z_parent (id))",
    "CREATE TABLE shop.tree (id INT PRIMARY KEY, parent INT, v INT, FOREIGN KEY (parent) REFERENCES tree (id))",
    "CREATE TABLE shop.taken (id INT PRIMARY KEY, u INT UNIQUE, v INT)",
    "CREATE TABLE shop.odd (id BIGINT UNSIGNED PRIMARY KEY, j JSON, b BIT(64), g POINT, ls GEOMETRY, dt DATETIME(6), ts TIMESTAMP(6) NULL,"
    " ti TIME(6), y YEAR, n DECIMAL(65,30), e ENUM('a','b'), s SET('x','y','z'), f FLOAT, d DOUBLE, bn BINARY(5),"
    " vb VARBINARY(40), bl LONGBLOB, l1 VARCHAR(20) CHARACTER SET latin1, u16 VARCHAR(20) CHARACTER SET utf16,"
    " made INT AS (y + 1) STORED, `a``\n\"b` VARCHAR(20))",
)
ODD = (
    "INSERT INTO shop.odd (id, j, b, g, ls, dt, ts, ti, y, n, e, s, f, d, bn, vb, bl, l1, u16, `a``\n\"b`) VALUES"
    " (18446744073709551615, '{\"a\": [1, 2.5, null, \"\\\\u00e9\"]}', b'1000000000000000000000000000000000000000000000000000000000000001',"
    " POINT(1.5, -2), ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'), '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999999',"
    " '-838:59:59.000000', 2155, 12345678901234567890123456789012345.123456789012345678901234567890, 'b', 'x,z', 0.1, 1e-308, X'0100',"
    " X'00ff', REPEAT('\\\\''\\0', 50000), 'é', 'ü😀', 'it''s')",
    "INSERT INTO shop.odd (id, j, b) VALUES (0, NULL, b'0'), (7, '[]', NULL)",
)


def chain(first, count, parent="NULL"):
    """Rows each of which refers to the one before it."""
    rows = [f"({first}, {parent}, 0)"] + [f"({first + i}, {first + i - 1}, 0)" for i in range(1, count)]
    return f"INSERT INTO shop.tree VALUES {', '.join(rows)}"


PLANTED = (
    "SET SESSION foreign_key_checks = 0",
    "DELETE FROM shop.a_child WHERE id = 1",  # 1 and its parent are to come back
    "DELETE FROM shop.z_parent WHERE id = 1",
    "INSERT INTO shop.z_parent VALUES (900, 1)",  # and 900 and its child are to go
    "INSERT INTO shop.a_child VALUES (900, 900)",
    "UPDATE shop.a_child SET parent = 900 WHERE id = 2",  # a child of both went to a parent of one side
    f"DELETE FROM shop.tree WHERE id <= {DEEP}",
    chain(1001, DEEP),
    f"UPDATE shop.tree SET parent = 1002 WHERE id = {DEEP + 1}",  # the first that is left refers to one that is to go
    "UPDATE shop.taken SET v = 1",
    "UPDATE shop.taken SET u = -u ORDER BY id",
    f"UPDATE shop.taken SET u = CASE id WHEN 1 THEN {FAR} WHEN {FAR} THEN 1 ELSE -u END",  # the first and the last exchanged
    "UPDATE shop.taken SET u = -u WHERE id >= 1000",
    f"UPDATE shop.taken SET u = IF(id = {1000 + ROUND}, 1000, id + 1) WHERE id >= 1000",
    f"UPDATE shop.taken SET u = u + 1 WHERE id BETWEEN 200 AND {200 + FAR} ORDER BY u DESC",  # and all moved up by one
    "UPDATE shop.odd SET j = '{\"a\": 1.0}', b = b'1', g = POINT(1, 1), ls = NULL, dt = '2026-01-01 00:00:00.000001', ts = NULL,"
    " ti = '00:00:00.000001', y = 0, n = -0.000000000000000000000000000001, e = NULL, s = '', f = 1e30, d = 0.1, bn = X'0100000001',"
    " vb = '', bl = X'00', l1 = 'è', u16 = '', `a``\n\"b` = '\\n' WHERE id > 10",
    "DELETE FROM shop.odd WHERE id = 0",
    "INSERT INTO shop.odd (id, b, g) VALUES (8, b'101', POINT(0, 0))",
    "UPDATE shop.odd SET bl = REPEAT('\\'\\n', 4750000) WHERE id = 7",  # twice that in hexadecimal digits is more than a packet
)
NAMES = ("z_parent", "a_child", "tree", "taken", "odd")


def state(server):
    return {name: server.raw(f"SELECT * FROM shop.{name} ORDER BY id") for name in NAMES}


@BOTH
def test_what_stands_in_the_way_goes_first_and_the_undo_restores_all(make_pair, server):
    pair = make_pair(server=server, conflicts={"default": {"policy": "latest"}}, config={"capture": {"heartbeat": "300ms"}})
    pair.everywhere("CREATE DATABASE shop", *TABLES)
    pair.start()
    rows = ", ".join(f"({n}, {n}, 0)" for n in [*range(1, FAR + 1), *range(200, 201 + FAR), *range(1000, 1001 + ROUND)])
    pair.eu.sql(
        "INSERT INTO shop.z_parent VALUES (1, 1), (2, 2)",
        "INSERT INTO shop.a_child VALUES (1, 1), (2, 2)",
        chain(1, 2 * DEEP),
        f"INSERT INTO shop.taken VALUES {rows}",
        *ODD,
    )
    pair.settle()
    plant(pair.us, *PLANTED)
    planted, undo = state(pair.us), pair.directory / "undo.sql"
    report = pair.reconcile("--causes-time", 0, "--apply", "--winner", "eu", "--undo-sql", undo, expect=1)
    assert set(outcomes(report)) == {"repaired"}, [x for x in report if x["type"] == "repair"]
    assert state(pair.us) == state(pair.eu)
    for _ in range(2):
        run_sql(pair.us, undo)
        assert state(pair.us) == planted
    # The same as statements, undone again; and the other side may lose as well.
    repair = pair.directory / "repair.sql"
    pair.applier("eu", "us").stop()
    report = pair.reconcile("--no-probe", "--causes-time", 0, "--winner", "eu", "--repair-sql", repair, "--undo-sql", undo, expect=1)
    assert set(outcomes(report)) == {"written"}, [x for x in report if x["type"] == "repair"]
    for _ in range(2):
        run_sql(pair.us, repair)
        assert state(pair.us) == state(pair.eu)
    for _ in range(2):
        run_sql(pair.us, undo)
        assert state(pair.us) == planted
    pair.applier("eu", "us").start()
    report = pair.reconcile("--causes-time", 0, "--apply", "--winner", "us", expect=1)
    assert set(outcomes(report)) == {"repaired"}, [x for x in report if x["type"] == "repair"]
    assert state(pair.eu) == planted == state(pair.us)
    assert pair.conflicts() == []
