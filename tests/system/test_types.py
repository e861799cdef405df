"""The types of each server: server → capture → topic → `drcctl events` shows what the server itself prints."""

import re

import pytest

from support.mariadb import MariaDB, MariaDB118
from support.mysql import MySQL
from system import apply_types, mysql_types
from system.test_generated import leaves_out
from system.type_matrix import Matrix

SERVERS = [MariaDB, MariaDB118, MySQL]

MARIADB_118 = {
    **apply_types.TYPES,
    "vector_1": ("VECTOR(1)", ["VEC_FromText('[0]')", "VEC_FromText('[-3.402823e38]')"]),
    "vector_": ("VECTOR(2048)", ["VEC_FromText(CONCAT('[', REPEAT('1.5,', 2047), '-1]'))"]),
}

TYPES = {MariaDB: apply_types.TYPES, MariaDB118: MARIADB_118, MySQL: mysql_types.TYPES}


@pytest.fixture(params=SERVERS, ids=lambda server: server.__name__)
def server(request):
    return request.param


@pytest.fixture
def matrix(make_pair, server):
    pair = make_pair(links=[("eu", "us")], server=server)
    pair.eu.start()
    pair.kafka.start()
    pair.kafka.create_topic(pair.topic("eu"), config={"cleanup.policy": "delete", "max.message.bytes": str(256 << 20)})
    pair.eu.sql("CREATE DATABASE shop CHARACTER SET utf8mb4")
    pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 90, "a stream in the topic")
    return Matrix(pair)


def test_every_type_at_its_bounds(matrix, server):
    """All types; DECIMAL of every precision, BIT of every length, every temporal with every fraction."""
    matrix.values(TYPES[server])
    precisions(matrix, server)


def precisions(matrix, server):
    most = 30 if server is MySQL else 38
    decimals = [(p, s) for p in range(1, 66) for s in sorted({0, min(p // 2, most), min(p, most)})]
    columns = {f"d{p}_{s}": f"DECIMAL({p},{s}) NULL" for p, s in decimals}
    digits = lambda p, s: "9" * (p - s) + ("." + "9" * s if s else "")
    least = lambda p, s: ("0." + "0" * (s - 1) + "1") if s else "1"
    largest = [digits(p, s).lstrip(".") if p > s else "0" + digits(p, s) for p, s in decimals]
    matrix.rows(
        "decimals",
        columns,
        [largest, ["-" + text for text in largest], [least(p, s) for p, s in decimals], ["-" + least(p, s) for p, s in decimals],
         ["0"] * len(decimals), ["NULL"] * len(decimals)],
    )  # fmt: skip
    matrix.rows(
        "bits",
        {f"b{n}": f"BIT({n}) NULL" for n in range(1, 65)},
        [[str((1 << n) - 1) for n in range(1, 65)], [str(1 << n - 1) for n in range(1, 65)], ["0"] * 64, ["1"] * 64,
         ["NULL"] * 64],
    )  # fmt: skip
    fractions = range(7)
    part = lambda n, digit: "." + digit * n if n else ""
    times = ["838:59:58", "-838:59:58", "00:00:00", "-00:00:00", "12:00:00", "-01:00:00"]
    datetimes = ["9999-12-31 23:59:59", "1000-01-01 00:00:00", "0000-00-00 00:00:00", "2024-02-29 12:34:56",
                 "2024-02-00 00:00:01", "0001-01-01 00:00:00"]  # fmt: skip
    stamps = ["2038-01-19 03:14:06", "1970-01-01 00:00:01", "0000-00-00 00:00:00", "2001-09-09 01:46:40",
              "1999-12-31 23:59:59", "2024-02-29 12:34:56"]  # fmt: skip
    values = [
        [
            *[f"'{time}{part(n, digit)}'" for n in fractions],
            *[f"'{datetime}{part(n, '0' if datetime.startswith('0000') else digit)}'" for n in fractions],
            *[f"'{stamp}{part(n, '0' if stamp.startswith('0000') else digit)}'" for n in fractions],
        ]
        for time, datetime, stamp in zip(times, datetimes, stamps)
        for digit in ("0", "1", "9")
    ]
    matrix.rows(
        "temporals",
        {f"{kind}{n}": f"{kind}({n}) NULL" for kind in ("TIME", "DATETIME", "TIMESTAMP") for n in fractions},
        [*values, ["NULL"] * 21],
    )


def test_texts(matrix):
    """Every character set byte for byte, every collation, members of ENUM and SET around one byte."""
    charsets_of(matrix)
    collations_of(matrix)
    members(matrix)


def charsets_of(matrix):
    charsets = [row[0] for row in matrix.server.query("SHOW CHARACTER SET") if row[0] not in ("binary", "filename")]
    columns = {}
    for name in charsets:
        columns[f"v_{name}"] = f"VARCHAR(40) CHARACTER SET {name} NULL"
        columns[f"c_{name}"] = f"CHAR(40) CHARACTER SET {name} NULL"
        columns[f"t_{name}"] = f"TEXT CHARACTER SET {name} NULL"
        columns[f"e_{name}"] = f"ENUM('a','bb','ccc') CHARACTER SET {name} NULL"
    texts = ["", "plain", "trailing  ", "äöüß é", "Привет", "中文", "日本語", "한국어", "€", "ελληνικά", "😀"]
    rows = []
    for text in texts:
        row = []
        for name in charsets:
            value = f"CONVERT('{text}' USING {name})"
            row += [value, value, value, "'bb'"]
        rows.append(row)
    matrix.rows("charsets", columns, [*rows, ["NULL"] * len(columns)])


def collations_of(matrix):
    """The number of each tells whether the bytes are UTF-8."""
    collations = [
        (name, charset)
        for name, charset in matrix.server.query("SELECT collation_name, character_set_name FROM information_schema.collations")
        if charset not in (None, "binary", "filename")
    ]  # fmt: skip
    for start in range(0, len(collations), 200):
        some = collations[start : start + 200]
        columns = {f"c{n}": f"VARCHAR(4) CHARACTER SET {charset} COLLATE {name} NULL" for n, (name, charset) in enumerate(some)}
        rows = [["'ab'"] * len(some), [f"CONVERT('é' USING {charset})" for _, charset in some]]
        matrix.rows(f"collations{start}", columns, rows)


def test_rows_and_tables(matrix, server):
    """NULL bitmaps of every length, keys of bytes, tables of other kinds."""
    null_bitmaps(matrix)
    keys_of_bytes(matrix)
    other_kinds(matrix, server)
    if server is not MySQL:
        old_temporals(matrix)


def null_bitmaps(matrix):
    lengths = [*range(1, 34), 63, 64, 65, 127, 128, 129, 255, 256, 257, 1015]
    matrix.tables = {}
    matrix.make({f"n{length}": {f"c{i}": "TINYINT NULL" for i in range(length)} for length in lengths})
    inserts = []
    for length in lengths:
        patterns = [lambda i: True, lambda i: False, lambda i: i % 2, lambda i: i % 3 == 0, lambda i, n=length: i == n - 1]
        rows = [", ".join("NULL" if null(i) else str(i % 100) for i in range(length)) for null in patterns]
        inserts.append(
            f"INSERT INTO shop.n{length} VALUES " + ", ".join(f"({number}, {row})" for number, row in enumerate(rows))
        )
    matrix.round(inserts)


def members(matrix):
    columns = {}
    for count in (1, 2, 254, 255, 256, 257, 2000):
        columns[f"e{count}"] = "ENUM(" + ",".join(f"'m{n}'" for n in range(count)) + ") NULL"
    for count in (1, 7, 8, 9, 16, 17, 24, 25, 32, 33, 63, 64):
        columns[f"s{count}"] = "SET(" + ",".join(f"'m{n}'" for n in range(count)) + ") NULL"
    sizes = [int(name[1:]) for name in columns]
    kinds = [name[0] for name in columns]
    last = [f"'m{size - 1}'" for size in sizes]
    whole = ["1" if kind == "e" else str((1 << size) - 1) for kind, size in zip(kinds, sizes)]
    nothing = ["'no such'" if kind == "e" else "''" for kind in kinds]
    matrix.rows("members", columns, [last, whole, nothing, ["1"] * len(sizes), ["NULL"] * len(sizes)])


OLD_FORMATS = {"d": "DATE", "dt": "DATETIME NULL", "ts": "TIMESTAMP NULL", "t": "TIME NULL", "n": "VARCHAR(9) NULL"}


def old_temporals(matrix):
    """MariaDB's formats of before 10.1: without a fraction they can be read, with one the stream stops and says why."""
    matrix.server.sql("SET GLOBAL mysql56_temporal_format = OFF")
    matrix.rows(
        "old",
        OLD_FORMATS,
        [
            ["'0000-00-00'", "'0000-00-00 00:00:00'", "'0000-00-00 00:00:00'", "'00:00:00'", "'zero'"],
            ["'9999-12-31'", "'9999-12-31 23:59:59'", "'2038-01-19 03:14:07'", "'838:59:59'", "'high'"],
            ["'1000-01-01'", "'1000-01-01 00:00:00'", "'1970-01-01 00:00:01'", "'-838:59:59'", "'low'"],
            ["NULL", "NULL", "NULL", "NULL", "NULL"],
        ],
    )
    # A cell of DATETIME(6) has as many bytes as one of DATETIME: only the source itself can tell them apart.
    matrix.session(["CREATE TABLE shop.fraction (id INT PRIMARY KEY, v DATETIME(6))"])
    matrix.server.sql("SET GLOBAL mysql56_temporal_format = ON")
    matrix.session(["INSERT INTO shop.fraction VALUES (1, '2024-02-29 12:34:56.789012')"])
    last = matrix.pair.capture("eu").expect_exit(69)
    assert "mysql56_temporal_format = ON" in last and "ALTER TABLE shop.fraction FORCE" in last
    published = {row["table"] for record in matrix.pair.events("eu") for row in record.get("rows", [])}
    assert "old" in published and "fraction" not in published
    passed_over(matrix, re.search(r"(\S+\.\d+:\d+): table", last).group(1))


def passed_over(matrix, place):
    """The way out that the message names: what was written in the former format is told though the table has the new one."""
    capture = matrix.pair.capture("eu")
    matrix.server.sql("GRANT BINLOG MONITOR ON *.* TO 'drc'@'%'", "ALTER TABLE shop.fraction FORCE")
    matrix.server.sql("INSERT INTO shop.fraction VALUES (2, '2024-02-29 12:34:56.789012')")
    capture.launch()
    assert f"{place}: table shop.fraction" in capture.expect_exit(69)
    matrix.pair.ctl("stream", "skip", "--region", "eu", "--at", place, "--why", "its format cannot be read")
    capture.start()
    matrix.pair.captured("eu")
    rows = [row for record in matrix.pair.events("eu") for row in record.get("rows", []) if row["table"] == "fraction"]
    assert [row["after"] for row in rows] == [{"id": 2, "v": "2024-02-29 12:34:56.789012"}]


def keys_of_bytes(matrix):
    """The binlog has BINARY(n) without its trailing zeros."""
    matrix.rows_of_topic()
    matrix.server.sql("CREATE TABLE shop.zeros (k BINARY(4) PRIMARY KEY, v VARBINARY(4))")
    matrix.server.sql("INSERT INTO shop.zeros VALUES (X'', X'00'), (X'01', X'0100'), (X'00000001', X''), (X'20200000', X'2020')")
    matrix.server.sql("UPDATE shop.zeros SET k = X'02000000' WHERE k = X'01000000'", "DELETE FROM shop.zeros WHERE v = X''")
    matrix.pair.captured("eu")
    shown = [
        (row["op"], *[image and (image["k"]["hex"], image["v"]["hex"]) for image in (row.get("before"), row.get("after"))])
        for record in matrix.pair.events("eu", "--from-offset", matrix.offset)
        for row in record.get("rows", [])
    ]
    assert sorted(shown, key=str) == sorted([
        ("insert", None, ("00000000", "00")), ("insert", None, ("01000000", "0100")), ("insert", None, ("00000001", "")),
        ("insert", None, ("20200000", "2020")), ("update", ("01000000", "0100"), ("02000000", "0100")),
        ("delete", ("00000001", ""), None),
    ], key=str)  # fmt: skip


def other_kinds(matrix, server):
    """Generated, invisible, partitioned, system-versioned, and 1017 columns, InnoDB's limit."""
    matrix.tables = {}
    generated = {"n": "INT NULL", "virtual": "INT AS (n + 1) VIRTUAL", "stored": "INT AS (n + 2) STORED",
                 "hidden": "INT INVISIBLE DEFAULT 3", "t": "VARCHAR(20) NULL"}  # fmt: skip
    matrix.make({"generated": generated})
    matrix.left_out = {"virtual", "stored"} if server is MariaDB118 and leaves_out(matrix.server) else set()
    matrix.round(["INSERT INTO shop.generated (id, n, t) VALUES (1, 10, 'x'), (2, NULL, NULL)"])
    matrix.left_out = set()
    if server is MySQL:
        matrix.session(["ALTER TABLE shop.generated ADD KEY f ((n + 5))", "ALTER TABLE shop.generated ADD j JSON"])
        matrix.session(["ALTER TABLE shop.generated ADD KEY m ((CAST(j->'$.a' AS UNSIGNED ARRAY)))"])
        matrix.tables = {"generated": {**generated, "j": "JSON"}}
        matrix.round(["INSERT INTO shop.generated (id, n, j) VALUES (1, 10, '{\"a\": [1, 2]}'), (2, NULL, NULL)"])
    matrix.tables = {}
    matrix.make({"parted": {"n": "INT"}}, "PARTITION BY HASH (id) PARTITIONS 5")
    matrix.round(["INSERT INTO shop.parted VALUES " + ", ".join(f"({n}, {n})" for n in range(20))])
    names = [f"c{n}" for n in range(1016)]
    matrix.rows("wide", {name: "SMALLINT NULL" for name in names}, [[str(n) for n in range(1016)], ["NULL"] * 1016])
    if server is not MySQL:
        matrix.server.sql("SET GLOBAL system_versioning_alter_history = KEEP")
        matrix.tables = {}
        matrix.make({"versioned": {"n": "INT"}}, "WITH SYSTEM VERSIONING")
        matrix.tables = {"versioned": {"n": "INT", "row_start": "TIMESTAMP(6)", "row_end": "TIMESTAMP(6)"}}
        matrix.rows_of_topic()
        matrix.session(["INSERT INTO shop.versioned (id, n) VALUES (1, 1), (2, 2)"])
        matrix.check("insert", {}, matrix.rows_of_server())


def test_large_values(matrix, long_run):
    size = (64 if long_run else 17) << 20
    matrix.server.sql(f"SET GLOBAL max_allowed_packet = {1 << 30}")
    matrix.tables = {}
    matrix.make({"large": {"b": "LONGBLOB", "t": "LONGTEXT"}})
    matrix.rows_of_topic()
    matrix.session([f"INSERT INTO shop.large VALUES (1, REPEAT(X'00FF', {size // 2}), REPEAT('ä', 1000))"])
    matrix.check("insert", {}, matrix.rows_of_server())
