"""drc-reconcile full names exactly what was planted, while both sides are written: every kind of difference, every pair of
flavours.

Differences are made at us with sql_log_bin = 0, so that no stream carries them. Writers change other rows of the same
tables all the while, and rows beside the planted ones; what is told of those would be a false one.
"""

import threading

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL
from system.test_reconcile import differences, expected, plant

ROWS = 3000
WRITTEN = 100  # rows from this id on, at every tenth, are written by both sides

TABLES = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, a VARCHAR(40), b VARCHAR(40), f FLOAT, d DOUBLE, n INT,"
    " u INT NOT NULL, j JSON, UNIQUE KEY by_u (u)) DEFAULT COLLATE utf8mb4_general_ci",
    "CREATE TABLE shop.word (word VARCHAR(60) COLLATE utf8mb4_general_ci, no INT, v VARBINARY(20), PRIMARY KEY (word, no))",
    "CREATE TABLE shop.heap (a INT, b VARCHAR(40)) DEFAULT COLLATE utf8mb4_general_ci",
    "CREATE TABLE shop.gone (id INT PRIMARY KEY)",
    "CREATE TABLE shop.`it``s \"a\"\nline, '` (`ke``y '` INT PRIMARY KEY, `v\"al` VARCHAR(20)) DEFAULT COLLATE utf8mb4_general_ci",
)
NASTY = "shop.`it``s \"a\"\nline, '`"

PLANTED = (
    "DELETE FROM shop.item WHERE id IN (1, 1503, 3000)",
    "INSERT INTO shop.item (id, u) VALUES (0, 900000), (5000, 900001)",
    "UPDATE shop.item SET a = 'changed' WHERE id = 11",
    "UPDATE shop.item SET a = CONCAT(a, ' ') WHERE id = 12",  # only a trailing space
    "UPDATE shop.item SET a = UPPER(a) WHERE id = 13",  # only case
    "UPDATE shop.item SET a = NULL WHERE id = 14",
    "UPDATE shop.item SET a = '' WHERE id = 15",
    "UPDATE shop.item SET a = 'N' WHERE id = 16",  # NULL at eu
    "UPDATE shop.item SET a = ',' WHERE id = 17",  # NULL at eu
    "UPDATE shop.item SET a = 'x,y', b = 'z' WHERE id = 18",  # 'x' and 'y,z' at eu
    "UPDATE shop.item SET d = 19 / 11e0 + 4.44e-16 WHERE id = 19",  # only the last bits
    "UPDATE shop.item SET f = f * 1.0000001 + 1e-5 WHERE id = 23",
    "UPDATE shop.item SET a = 'row 22' WHERE id = 21",  # swapped between two rows of a chunk
    "UPDATE shop.item SET a = 'row 21' WHERE id = 22",
    "UPDATE shop.item SET n = n + 5 WHERE id IN (24, 25)",  # two equal changes
    "UPDATE shop.item SET a = b, b = 'row 26' WHERE id = 26",  # swapped within a row
    "UPDATE shop.item SET u = 800000 WHERE id = 27",  # a unique value that moves from one row to another
    "UPDATE shop.item SET u = 27 WHERE id = 28",
    "UPDATE shop.item SET j = '{\"a\": [1, 2.0]}' WHERE id = 29",  # [1, 2.5] at eu
    "UPDATE shop.word SET v = X'00ff' WHERE word = 'Wort 7' AND no = 7",  # X'00fe' at eu
    "DELETE FROM shop.word WHERE word = 'ß' AND no = 8",
    "INSERT INTO shop.heap VALUES (1, 'v1')",
    "DELETE FROM shop.heap WHERE a = 7 AND b = 'v7' LIMIT 3",
    "INSERT INTO shop.heap VALUES (NULL, 'NULL'), (NULL, 'NULL')",  # two equal ones would cancel in an exclusive or
    "DROP TABLE shop.gone",
    f"UPDATE {NASTY} SET `v\"al` = '</script>' WHERE `ke``y '` = 2",
)

# What the streams know of, and how it came to differ: written by eu, then changed behind the back of one side.
STREAMED = (
    "UPDATE shop.item SET a = 'once' WHERE id IN (40, 41, 42, 43)",
    "UPDATE shop.item SET a = 'twice', j = '{\"a\": [1, 3]}', f = 1.1, d = 0.1 WHERE id IN (40, 41, 42)",
    "INSERT INTO shop.item (id, u) VALUES (6000, 906000)",
)
PLANTED_LATER = {
    "us": (
        "UPDATE shop.item SET a = 'once', j = '{\"a\": [1, 2.5]}', f = 40 / 7e0, d = 40 / 11e0 WHERE id = 40",
        "UPDATE shop.item SET a = 'never heard of' WHERE id = 41",
        "DELETE FROM shop.item WHERE id = 6000",
    ),
    "eu": ("UPDATE shop.item SET a = 'past the binlog' WHERE id = 42", "DELETE FROM shop.item WHERE id = 43"),
}
LATER = {
    40: ("stale", "lost_in_transit"),
    41: ("diverged", "foreign_write"),
    42: ("diverged", "never_published"),
    43: ("extra_at_target", "never_published"),
    6000: ("missing_at_target", "lost_in_transit"),
}
DIVERGED = (11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29)


def truth():
    name = 'it`s "a"\nline, \''
    return expected(
        *[("item", {"id": n}, "missing_at_target") for n in (1, 1503, 3000)],
        *[("item", {"id": n}, "extra_at_target") for n in (0, 5000)],
        *[("item", {"id": n}, "diverged") for n in DIVERGED],
        *[("item", {"id": n}, kind) for n, (kind, _) in LATER.items()],
        ("word", {"word": "Wort 7", "no": 7}, "diverged"),
        ("word", {"word": "ß", "no": 8}, "missing_at_target"),
        ("heap", {"a": 1, "b": "v1"}, "extra_at_target"),
        ("heap", {"a": 7, "b": "v7"}, "missing_at_target"),
        ("heap", {"a": None, "b": "NULL"}, "extra_at_target"),
        ("gone", {}, "missing_at_target"),
        (name, {"ke`y '": 2}, "diverged"),
    )


def numbers(first, last):
    return ", ".join(f"({n})" for n in range(first, last + 1))


def fill(server):
    plant(
        server,
        *TABLES,
        "CREATE TEMPORARY TABLE shop.numbers (n INT PRIMARY KEY)",
        f"INSERT INTO shop.numbers VALUES {numbers(1, ROWS)}",
        "INSERT INTO shop.item SELECT n, CONCAT('row ', n), CONCAT('b ', n), n / 7e0, n / 11e0, n * 3, n, NULL FROM shop.numbers",
        "UPDATE shop.item SET a = NULL WHERE id IN (15, 16, 17)",
        "UPDATE shop.item SET a = 'x', b = 'y,z' WHERE id = 18",
        "UPDATE shop.item SET u = -id WHERE id = 28",
        "UPDATE shop.item SET j = '{\"a\": [1, 2.5]}' WHERE id BETWEEN 29 AND 99",
        "INSERT INTO shop.word SELECT CONCAT('Wort ', n), n, X'00fe' FROM shop.numbers WHERE n <> 8",
        "INSERT INTO shop.word VALUES ('ß', 8, NULL)",
        "INSERT INTO shop.heap SELECT n MOD 50, CONCAT('v', n MOD 10) FROM shop.numbers",
        f"INSERT INTO {NASTY} VALUES (1, 'a'), (2, 'b')",
    )


def write(server, first, stop, broken):
    """Change rows beside the planted ones, each side rows of its own."""
    try:
        with server.connect() as connection, connection.cursor() as cursor:
            n = 0
            while not stop.wait(0.01):
                n += 1
                row = WRITTEN + first + 2 * (n * 37 % 1400)
                row += 2 * (row in (1, 1503, 3000))
                cursor.execute(f"UPDATE shop.item SET n = n + 1, a = 'written {n}' WHERE id = {min(row, ROWS - 2 + first)}")
                cursor.execute(f"UPDATE shop.word SET v = CONCAT('x', {n}) WHERE no = {row % 1000 + WRITTEN}")
                if n % 3 == 0:
                    cursor.execute(f"INSERT INTO shop.heap VALUES ({100 + n}, '{server.name}')")
    except Exception as error:  # pylint: disable=broad-except
        broken.append(error)


PAIRS = [(MariaDB, MariaDB), (MySQL, MySQL), (MariaDB, MySQL)]


@pytest.mark.parametrize("kinds", PAIRS, ids=lambda kinds: "-".join(kind.kind for kind in kinds))
def test_exactly_what_was_planted(make_pair, kinds, long_run):
    pair = make_pair(server=dict(zip(("eu", "us"), kinds)), conflicts={"default": {"policy": "latest", "tie": ["eu", "us"]}})
    pair.everywhere("CREATE DATABASE shop")
    for server in pair.servers.values():
        fill(server)
    plant(pair.us, *PLANTED)
    pair.start()
    pair.eu.sql(*STREAMED)
    pair.settle()
    for region, statements in PLANTED_LATER.items():
        plant(pair.servers[region], *statements)
    stop, broken = threading.Event(), []
    writers = [threading.Thread(target=write, args=(server, n, stop, broken)) for n, server in enumerate((pair.eu, pair.us))]
    for writer in writers:
        writer.start()
    try:
        for _ in range(5 if long_run else 1):
            report = pair.reconcile("--chunk-rows", 500, expect=None)
            summary, planted = report[-1], truth()
            rows = [line for line in report if line.get("class") != "definition"]
            rows[-1] = {**summary, "differences": sum(line["type"] == "difference" for line in rows)}
            found = differences(rows)
            assert found == planted, f"false: {found - planted}\nnot found: {planted - found}\n{summary}"
            causes = {line["key"]["id"]: line["cause"] for line in rows if line["type"] == "difference" and line["table"] == "item"}
            assert causes == {n: LATER[n][1] if n in LATER else "before_start" for n in causes}
            assert summary["problems"] == 0, [line for line in report if line["type"] == "problem"]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not broken, broken
