"""drc-reconcile full between tables that are laid out otherwise, and between the two flavours.

Both sides are filled by hand, behind the binlogs' backs: what is compared does not depend on what an applier makes of it.
"""

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL
from system.test_reconcile import columns_of, differences, expected, plant

DOCUMENT = '{"b": [1.50, 2, 18446744073709551616], "a": {"y": null, "xx": "ä \\\\u0001"}}'

# Table -> (definition at eu, MariaDB; at us, MySQL; rows at eu; rows at us). All rows are the same, each side's way.
TABLES = {
    "item": (
        "id INT UNSIGNED ZEROFILL PRIMARY KEY, name VARCHAR(20) CHARACTER SET latin1, price DECIMAL(8,2), at DATETIME(2), day DATE,"
        " kind ENUM('a','b'), flags SET('x','y'), n INT, r FLOAT, bin BINARY(4), bits BIT(3), paid DECIMAL(8,2) UNSIGNED ZEROFILL",
        "own INT DEFAULT 7, flags SET('z','y','x'), kind ENUM('c','b','a'), at DATETIME(6), day DATETIME(3), price DECIMAL(20,4),"
        " NAME VARCHAR(300), id BIGINT UNSIGNED, n DECIMAL(20,3), r DOUBLE, bin BINARY(9), bits BIT(20), paid DECIMAL(8,2) UNSIGNED, PRIMARY KEY (id)",
        "(1, 'ä', -12.5, '2026-11-22 10:20:30.25', '2026-02-28', 'a', 'x,y', -7, -0e0, 'b', 5, 7.5), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
        " (3, '', 0, '2026-01-01', '2026-01-01', 'b', '', 0, 1.5, '', 0, 0)",
        "(9, 'x,y', 'a', '2026-11-22 10:20:30.25', '2026-02-28', -12.5, 'ä', 1, -7, 0, 'b', 5, 7.5), (DEFAULT, NULL, NULL, NULL, NULL, NULL, NULL, 2, NULL, NULL, NULL, NULL, NULL),"
        " (DEFAULT, '', 'b', '2026-01-01', '2026-01-01', 0, '', 3, 0, 1.5, '', 0, 0)",
    ),
    "document": (
        "id INT PRIMARY KEY, j JSON, k JSON",
        "id INT PRIMARY KEY, j JSON, k JSON",
        f"(1, '{DOCUMENT}', '[]'), (2, ' {{ }} ', NULL), (3, NULL, 'null'), (4, '[-0.0, 1e2]', '[1]')",
        f"(1, '{DOCUMENT}', '[]'), (2, '{{}}', NULL), (3, NULL, 'null'), (4, '[0, 100]', '[1]')",
    ),
    "word": (
        "word VARCHAR(40) COLLATE utf8mb4_general_ci PRIMARY KEY, n INT",
        "word VARCHAR(40) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, n INT",
        "('a', 1), ('Z', 2), ('ä1', 3), ('ß', 4), ('_', 5), ('-b', 6), ('😀', 7)",
        "('a', 1), ('Z', 2), ('ä1', 3), ('ß', 4), ('_', 5), ('-b', 6), ('😀', 7)",
    ),
    "address": (
        "u UUID PRIMARY KEY, i6 INET6, i4 INET4, t6 INET6",
        "u BINARY(16) PRIMARY KEY, i6 BINARY(16), i4 BINARY(4), t6 VARCHAR(45)",
        "('123e4567-e89b-12d3-a456-426655440000', '2001:db8::1', '192.0.2.1', '::1'), ('01890a5d-ac96-774b-bcce-b302099a8057', NULL, NULL, NULL)",
        "(X'123e4567e89b12d3a456426655440000', INET6_ATON('2001:db8::1'), INET6_ATON('192.0.2.1'), '0:0::1'), (X'01890a5dac96774bbcceb302099a8057', NULL, NULL, NULL)",
    ),
    "unseen": (
        "a INT NOT NULL, b INT NOT NULL, UNIQUE KEY by_a (a)",
        "a INT NOT NULL, b INT NOT NULL, UNIQUE KEY by_b (b), UNIQUE KEY by_a (a) INVISIBLE",
        "(1, 1), (2, 2), (3, 3)",
        "(1, 1), (2, 2), (3, 3)",
    ),
    "computed": (
        "id INT PRIMARY KEY, a INT, there INT, here INT AS (a + 1) STORED, both_ INT AS (a + 1) STORED",
        "id INT PRIMARY KEY, a INT, there INT AS (a + 2) STORED, here INT, both_ INT AS (a + 5) STORED",
        "(1, 10, 0, DEFAULT, DEFAULT), (2, 20, 0, DEFAULT, DEFAULT)",
        "(1, 10, DEFAULT, 0, DEFAULT), (2, 20, DEFAULT, 0, DEFAULT)",
    ),
    "nokey": (
        "a BIGINT, b VARCHAR(20) CHARACTER SET latin1",
        "b TEXT, a INT",
        "(1, 'ä'), (1, 'ä'), (NULL, NULL)",
        "('ä', 1), ('ä', 1), (NULL, NULL)",
    ),
}  # fmt: skip

UNICODE = "utf8mb4_general_ci at the source and utf8mb4_0900_ai_ci at the target"
LATIN = "latin1_swedish_ci at the source and utf8mb4_0900_ai_ci at the target"

# What their definitions alone make differ: what both sides' JSON is called is not among it.
DEFINITIONS = {
    "address": [
        "`i4` is inet4 at the source and binary(4) at the target",
        "`i6` is inet6 at the source and binary(16) at the target",
        "`t6` is inet6 at the source and varchar(45) at the target",
        "`u` is uuid not null at the source and binary(16) not null at the target",
    ],
    "computed": [
        "`here` is generated at the source and an ordinary column at the target",
        "`there` is generated at the target and an ordinary column at the source",
    ],
    "item": [
        "`at` is datetime(2) at the source and datetime(6) at the target",
        "`bin` is binary(4) at the source and binary(9) at the target",
        "`bits` is bit(3) at the source and bit(20) at the target",
        "`day` is date at the source and datetime(3) at the target",
        f"`flags` has the collation {UNICODE}",
        "`flags` is set('x','y') at the source and set('z','y','x') at the target",
        "`id` is int unsigned zerofill not null at the source and bigint unsigned not null at the target",
        f"`kind` has the collation {UNICODE}",
        "`kind` is enum('a','b') at the source and enum('c','b','a') at the target",
        "`n` is int at the source and decimal(20,3) at the target",
        f"`name` has the collation {LATIN}",
        "`name` is varchar(20) at the source and varchar(300) at the target",
        "`own` is only at the target",
        "`paid` is decimal(8,2) unsigned zerofill at the source and decimal(8,2) unsigned at the target",
        "`price` is decimal(8,2) at the source and decimal(20,4) at the target",
        "`r` is float at the source and double at the target",
    ],
    "nokey": [
        "`a` is bigint at the source and int at the target",
        f"`b` has the collation {LATIN}",
        "`b` is varchar(20) at the source and text at the target",
    ],
    "unseen": ["index `by_b` unique (`b`) is only at the target"],
    "word": [f"`word` has the collation {UNICODE}"],
}


@pytest.fixture
def two(make_pair):
    pair = make_pair(links=[("eu", "us")], server={"eu": MariaDB, "us": MySQL}, conflicts={"default": {"policy": "stop"}})
    pair.everywhere("CREATE DATABASE shop")
    for name, (there, here, rows, same_rows) in TABLES.items():
        plant(pair.eu, f"CREATE TABLE shop.{name} ({there})", f"INSERT INTO shop.{name} VALUES {rows}")
        plant(pair.us, f"CREATE TABLE shop.{name} ({here})", f"INSERT INTO shop.{name} VALUES {same_rows}")
    return pair.start()


def told(report):
    found = {}
    for line in report:
        if line.get("class") == "definition":
            found.setdefault(line["table"], []).append(line["detail"])
    return {table: sorted(details) for table, details in found.items()}


def of_rows(report):
    rows = [line for line in report if line["type"] == "difference" and line["class"] != "definition"]
    return differences([*rows, {**report[-1], "differences": len(rows)}])


def test_rows_are_compared_by_name_and_by_value(two):
    pair = two
    report = pair.reconcile(expect=1)
    assert told(report) == DEFINITIONS
    assert of_rows(report) == set()
    assert (report[-1]["unsettled"], report[-1]["problems"], report[-1]["in_flight"]) == (0, 0, 0)

    plant(
        pair.us,
        "UPDATE shop.item SET name = 'Ä', price = -12.5001 WHERE id = 1",
        "UPDATE shop.item SET kind = 'c', bits = 1 WHERE id = 3",
        "DELETE FROM shop.item WHERE id = 2",
        "INSERT INTO shop.item (id, name) VALUES (4294967296, '😀')",
        "UPDATE shop.document SET j = '[0, 101]' WHERE id = 4",
        "UPDATE shop.document SET k = NULL WHERE id = 3",
        "UPDATE shop.word SET n = -1 WHERE word = 'ß'",
        "DELETE FROM shop.word WHERE word = '_'",
        "UPDATE shop.address SET t6 = '::2' WHERE t6 IS NOT NULL",
        "DELETE FROM shop.address WHERE t6 IS NULL",
        "UPDATE shop.unseen SET b = 9 WHERE a = 3",
        "UPDATE shop.computed SET a = 21 WHERE id = 2",
        "DELETE FROM shop.nokey WHERE a = 1 LIMIT 1",
    )
    report = pair.reconcile(expect=1)
    assert told(report) == DEFINITIONS
    uuid = lambda digits: {"u": digits}
    assert of_rows(report) == expected(
        ("item", {"id": 1}, "diverged"),
        ("item", {"id": 2}, "missing_at_target"),
        ("item", {"id": 3}, "diverged"),
        ("item", {"id": 4294967296}, "extra_at_target"),
        ("document", {"id": 3}, "diverged"),
        ("document", {"id": 4}, "diverged"),
        ("word", {"word": "ß"}, "diverged"),
        ("word", {"word": "_"}, "missing_at_target"),
        ("address", uuid("123e4567e89b12d3a456426655440000"), "diverged"),
        ("address", uuid("01890a5dac96774bbcceb302099a8057"), "missing_at_target"),
        ("unseen", {"a": 3, "b": 3}, "missing_at_target"),
        ("unseen", {"a": 3, "b": 9}, "extra_at_target"),
        ("computed", {"id": 2}, "diverged"),
        ("nokey", {"a": 1, "b": "ä"}, "missing_at_target"),
    )
    assert columns_of(report, "item", {"id": 1}) == ["name", "price"]
    assert columns_of(report, "item", {"id": 3}) == ["kind", "bits"]
    assert columns_of(report, "document", {"id": 4}) == ["j"]
    assert columns_of(report, "computed", {"id": 2}) == ["a"]


def test_many_rows_that_the_sides_have_in_another_order(two):
    """Pages of both sides do not hold the same rows: they meet all the same, and nothing is looked for by its key."""
    pair = two
    words = [f"('{chr(97 + n % 26)}{'_-A '[n % 4]}{n}', {n})" for n in range(8, 4000)]
    for server in (pair.eu, pair.us):
        plant(server, f"INSERT INTO shop.word VALUES {', '.join(words)}")
    report = pair.reconcile("--tables", "shop.word", expect=1)
    assert (report[-1]["rows"], report[-1]["in_flight"], of_rows(report)) == (len(words) + 7, 0, set())
    plant(pair.us, "DELETE FROM shop.word WHERE n = 3000", "UPDATE shop.word SET n = 0 WHERE n = 100")
    gone, other = (next(w for w in words if w.endswith(f", {n})")) for n in (3000, 100))
    report = pair.reconcile("--tables", "shop.word", "--chunk-rows", 50, expect=1)
    name = lambda text: {"word": text.split("'")[1]}
    assert of_rows(report) == expected(("word", name(gone), "missing_at_target"), ("word", name(other), "diverged"))
