"""Make the small real binlogs under tests/data/binlog/ anew, from the system's MariaDB and the servers of ./dev setup.

    /usr/bin/python3 tests/data/make_binlogs.py [--directory DIRECTORY] [NAME...]

Each story below becomes one file: its statements run on a server of its own, between two FLUSH BINARY LOGS. Of the stories
of all types also the server's own text of every value is kept (*.values): what decoding is held against. The expected
texts beside the files come from the decoder itself (DRC_WRITE_EXPECTED=1 build/tests/unit_binlog_test_files): read their
difference before you commit it.
"""

import argparse
import pathlib
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support import place  # noqa: E402
from support.mariadb import MariaDB, MariaDB118  # noqa: E402
from support.mysql import MySQL  # noqa: E402

NOW = "SET TIMESTAMP = 1700000000.123456"

# Every column type: (SQL type, values as SQL). A table of each, with an id; the values are inserted one by one.
TYPES = [
    ("tinyint", ["-128", "0", "127"]),
    ("tinyint unsigned", ["0", "128", "255"]),
    ("smallint", ["-32768", "32767"]),
    ("smallint unsigned", ["32768", "65535"]),
    ("mediumint", ["-8388608", "-1", "8388607"]),
    ("mediumint unsigned", ["8388608", "16777215"]),
    ("int", ["-2147483648", "2147483647"]),
    ("int unsigned", ["2147483648", "4294967295"]),
    ("bigint", ["-9223372036854775808", "9223372036854775807"]),
    ("bigint unsigned", ["9223372036854775808", "18446744073709551615"]),
    ("decimal(65,30)", ["99999999999999999999999999999999999." + "9" * 30, "-0." + "0" * 29 + "1", "-" + "9" * 35]),
    ("decimal(65,0)", ["9" * 65, "-" + "9" * 65]),
    ("decimal(30,30)", ["0." + "9" * 30, "-0." + "0" * 29 + "1"]),
    ("decimal(10,2) unsigned", ["0", "99999999.99"]),
    ("decimal(1,0)", ["-9", "9"]),
    ("float", ["0", "-1.5", "1234.5"]),
    ("double", ["0", "-1.5", "0.1", "123456789.125"]),
    ("bit(1)", ["b'0'", "b'1'"]),
    ("bit(9)", ["b'100000001'"]),
    ("bit(64)", ["b'1" + "0" * 62 + "1'", "18446744073709551615"]),
    ("year", ["0", "1901", "2155"]),
    ("date", ["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-02-00'"]),
    ("time", ["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"]),
    ("time(1)", ["'-00:00:00.1'", "'838:59:59.9'"]),
    ("time(3)", ["'-10:11:12.345'"]),
    ("time(6)", ["'-838:59:59.999999'", "'-00:00:00.000001'", "'00:00:00.000001'"]),
    ("datetime", ["'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'"]),
    ("datetime(2)", ["'1000-01-01 00:00:00.01'"]),
    ("datetime(6)", ["'9999-12-31 23:59:59.999999'"]),
    ("timestamp null", ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00 00:00:00'"]),
    ("timestamp(4) null", ["'2038-01-19 03:14:07.9999'"]),
    ("timestamp(6) null", ["'2001-09-09 01:46:40.123456'"]),
    ("char(10) character set latin1", ["''", "'abc'", "'ü'"]),
    ("char(255) character set utf8mb4", ["''", "repeat('€', 255)"]),
    ("varchar(10) character set utf8mb3", ["''", "'äöü'"]),
    ("varchar(300) character set utf8mb4", ["'a'", "repeat('x', 256)", "'😀'"]),
    ("varchar(20) character set cp1251", ["'Привет'"]),
    ("varchar(20) character set ucs2", ["'Привет'"]),
    ("binary(5)", ["'a'", "x'0000000000'", "x'00ff00ff01'", "x'6100620000'"]),
    ("varbinary(300)", ["''", "x'00'", "repeat(x'ff', 300)"]),
    ("tinyblob", ["''", "repeat(x'00', 255)"]),
    ("blob", ["repeat('b', 300)"]),
    ("mediumblob", ["repeat('m', 66000)"]),
    ("longblob", ["'l'"]),
    ("tinytext character set latin1", ["'t'"]),
    ("text character set utf8mb4", ["'ä'", "''"]),
    ("mediumtext character set utf8mb4", ["'m'"]),
    ("longtext character set utf8mb4", ["repeat('€', 100)"]),
    ("json", ["'{\"a\": [1, 2.5, null, true, \"x\"]}'", "'null'"]),
    ("enum('', 'b', 'c,d', 'é') character set utf8mb4", ["'b'", "'é'", "'c,d'", "1"]),
    ("enum(" + ", ".join(f"'m{i}'" for i in range(300)) + ") character set latin1", ["'m0'", "'m299'"]),
    ("set('a', 'b', 'c') character set latin1", ["''", "'a'", "'a,b,c'"]),
    ("set(" + ", ".join(f"'s{i}'" for i in range(64)) + ") character set utf8mb4", ["'s0,s63'", "18446744073709551615"]),
    ("uuid", ["'123e4567-e89b-12d3-a456-426655440000'"]),
    ("inet4", ["'255.255.255.255'", "'0.0.0.0'"]),
    ("inet6", ["'2001:db8::ff00:42:8329'"]),
    ("point", ["point(1, -2.5)"]),
    ("geometry", ["st_geomfromtext('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))', 4326)"]),
    ("polygon", ["st_geomfromtext('POLYGON((0 0,0 1,1 1,0 0))')"]),
    ("varchar(100) character set utf8mb4 compressed", ["''", "'kurz'", "repeat('lang ', 20)"]),
    ("blob compressed", ["repeat('packed ', 100)"]),
    ("longtext character set utf8mb4 compressed", ["repeat('€', 500)"]),
]

# MySQL has no types of those words, and one more; a large value in one file is enough.
NOT_MYSQL = ("uuid", "inet", "compressed", "mediumblob")
MYSQL_TYPES = [entry for entry in TYPES if not any(word in entry[0] for word in NOT_MYSQL)] + [
    ("vector(3)", ["string_to_vector('[1, -2.5, 0]')"]),
]

# MariaDB 11.8 has one more than 10.11, and wants COMPRESSED before the character set.
MARIADB118_TYPES = [
    (re.sub(r"( character set \w+) compressed", r" compressed\1", sql_type), values) for sql_type, values in TYPES
    if sql_type != "mediumblob"
] + [("vector(3)", ["vec_fromtext('[1, -2.5, 0]')"])]

# In the texts of values a byte string is shown as hex, other character sets than UTF-8 likewise.
HEX = ("binary", "varbinary", "blob", "tinyblob", "mediumblob", "longblob", "point", "geometry", "polygon", "vector")
HEX_SETS = ("latin1", "cp1251", "ucs2")


def as_text(sql_type):
    """The SQL expression for column v whose text the decoder should give as well."""
    if sql_type.startswith("bit"):
        return "v + 0"
    if sql_type.startswith(("uuid", "inet4", "inet6")):
        length = {"uuid": 16, "inet4": 4, "inet6": 16}[sql_type]
        return f"concat('0x', lower(hex(cast(v as binary({length})))))"
    if sql_type.startswith(HEX) or any(f"character set {name}" in sql_type for name in HEX_SETS):
        return "concat('0x', lower(hex(v)))"
    return "convert(v using utf8mb4)"


def types_story(types):
    yield "SET time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES'"
    for number, (sql_type, values) in enumerate(types):
        table = f"types.t{number}"
        yield f"CREATE TABLE {table} (id int PRIMARY KEY, v {sql_type}) ENGINE=InnoDB"
        rows = ", ".join(f"({i}, {value})" for i, value in enumerate(["NULL", *values]))
        yield f"INSERT INTO {table} VALUES {rows}"
    yield "UPDATE types.t0 SET v = v - 1 WHERE id >= 2"


def wide_table(columns):
    names = ", ".join(f"c{i} smallint" for i in range(columns))
    return f"CREATE TABLE s.wide (id int PRIMARY KEY, {names}) ENGINE=InnoDB"


MARIADB_STORIES = {
    "types": ({}, ["CREATE DATABASE types CHARACTER SET utf8mb4"], types_story(TYPES)),
    "groups": (
        {},
        [
            "CREATE DATABASE g CHARACTER SET latin1",
            "CREATE TABLE g.a (id int PRIMARY KEY, v varchar(10)) ENGINE=InnoDB",
            "CREATE TABLE g.b (id int PRIMARY KEY, v varchar(10)) ENGINE=InnoDB",
            "CREATE TABLE g.m (id int) ENGINE=MyISAM",
        ],
        [
            "USE g",
            "INSERT INTO a VALUES (1, 'one'), (2, NULL)",
            # Several statements and tables in one transaction.
            "BEGIN", "INSERT INTO b SELECT * FROM a", "UPDATE a, b SET a.v = 'x', b.v = 'y' WHERE a.id = b.id",
            "DELETE a, b FROM a JOIN b USING (id) WHERE id = 2", "COMMIT",
            # A transaction that is rolled back leaves nothing; a statement that fails neither.
            "BEGIN", "INSERT INTO a VALUES (8, 'gone')", "ROLLBACK",
            # Savepoints, one set again, names with a quote and in two cases.
            "BEGIN", "INSERT INTO a VALUES (10, 'kept')", "SAVEPOINT `s``1`", "INSERT INTO a VALUES (11, 'gone')",
            "SAVEPOINT two", "CREATE TEMPORARY TABLE tmp (x int)", "INSERT INTO a VALUES (12, 'gone')",
            "ROLLBACK TO TWO", "INSERT INTO a VALUES (13, 'gone too')", "ROLLBACK TO `s``1`",
            "SAVEPOINT two", "INSERT INTO a VALUES (14, 'gone')", "ROLLBACK TO two", "INSERT INTO a VALUES (15, 'kept')",
            "COMMIT", "DROP TEMPORARY TABLE tmp",
            # A temporary table makes the server keep what is rolled back, and say so at the end.
            "BEGIN", "INSERT INTO a VALUES (18, 'gone')", "CREATE TEMPORARY TABLE tmp (x int)",
            "INSERT INTO a VALUES (19, 'gone')", "ROLLBACK",
            # The same in a transaction that is rolled back after it touched what cannot be.
            "BEGIN", "INSERT INTO a VALUES (20, 'gone')", "INSERT INTO m VALUES (1)", "SAVEPOINT s",
            "INSERT INTO a VALUES (21, 'gone')", "ROLLBACK TO s", "ROLLBACK",
            "INSERT INTO m VALUES (2), (3)",
            # DDL of several kinds.
            "CREATE TABLE c SELECT 1 AS x, 'y' AS y", "CREATE TABLE d LIKE c", "ALTER TABLE d ADD z int, ADD KEY (x)",
            "RENAME TABLE c TO e, d TO c", "TRUNCATE TABLE e", "CREATE INDEX i ON e (y)", "DROP TABLE IF EXISTS e, nothing",
            "CREATE VIEW v AS SELECT 1", "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.v = 'trigger'",
            "INSERT INTO a VALUES (30, 'x')", "DROP TRIGGER t", "ANALYZE TABLE a", "FLUSH TABLES",
            "SET SESSION binlog_alter_two_phase = 1", "ALTER TABLE c ADD w int", "SET SESSION binlog_alter_two_phase = 0",
            "CREATE SEQUENCE q", "SELECT NEXTVAL(q)",
            # XA: a body and its end in groups of their own; in one phase.
            "XA START 'gtrid', 'bq', 77", "INSERT INTO a VALUES (40, 'xa')", "XA END 'gtrid', 'bq', 77",
            "XA PREPARE 'gtrid', 'bq', 77", "XA COMMIT 'gtrid', 'bq', 77",
            "XA START x'00ff'", "INSERT INTO a VALUES (41, 'xa')", "XA END x'00ff'", "XA PREPARE x'00ff'",
            "XA ROLLBACK x'00ff'",
            "XA START 'one'", "INSERT INTO a VALUES (42, 'xa')", "XA END 'one'", "XA COMMIT 'one' ONE PHASE",
            # Another domain, another server id.
            "SET SESSION gtid_domain_id = 5, SESSION server_id = 4711", "INSERT INTO a VALUES (50, 'far')",
        ],
    ),
    "keys": (
        {},
        ["CREATE DATABASE k"],
        [
            "USE k",
            "CREATE TABLE p (id int PRIMARY KEY) ENGINE=InnoDB",
            "CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE"
            " ON UPDATE SET NULL) ENGINE=InnoDB",
            "INSERT INTO p VALUES (1), (2)", "INSERT INTO c VALUES (1, 1), (2, 2)",
            "DELETE FROM p WHERE id = 1", "UPDATE p SET id = 3 WHERE id = 2",
            "SET foreign_key_checks = 0, unique_checks = 0", "INSERT INTO c VALUES (9, 999)",
            "SET foreign_key_checks = 1, unique_checks = 1",
            "CREATE TABLE compound (a varchar(20), b int, c varchar(10), PRIMARY KEY (c(3), a, b)) ENGINE=InnoDB",
            "INSERT INTO compound VALUES ('a', 1, 'cccc')",
            "CREATE TABLE reversed (x int, a int, b int, PRIMARY KEY (b, a)) ENGINE=InnoDB",
            "INSERT INTO reversed VALUES (1, 2, 3)",
            "CREATE TABLE none (a int, b int, UNIQUE (a)) ENGINE=InnoDB", "INSERT INTO none VALUES (1, 2), (NULL, NULL)",
        ],
    ),
    "shapes": (
        {},
        ["CREATE DATABASE s"],
        [
            "USE s", NOW,
            "CREATE TABLE gen (id int PRIMARY KEY, v int AS (id + 1) VIRTUAL, st int AS (id + 2) STORED,"
            " i int INVISIBLE DEFAULT 3, s int AS (id) STORED INVISIBLE) ENGINE=InnoDB",
            "INSERT INTO gen (id) VALUES (1)", "UPDATE gen SET id = 2", "DELETE FROM gen",
            "CREATE TABLE part (id int PRIMARY KEY, v int) ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 4",
            "INSERT INTO part VALUES (1, 1), (2, 2), (3, 3)",
            "UPDATE part SET id = id + 10",
            "CREATE TABLE versioned (id int PRIMARY KEY, v int) ENGINE=InnoDB WITH SYSTEM VERSIONING",
            "INSERT INTO versioned VALUES (1, 1)", "UPDATE versioned SET v = 2", "DELETE FROM versioned",
            wide_table(300), "INSERT INTO wide (id, c7, c8, c254, c299) VALUES (1, 7, 8, 254, 299)",
            "UPDATE wide SET c255 = 255", "CREATE TABLE `odd ``name` (`a``b` int, `ü` int) ENGINE=InnoDB",
            "INSERT INTO `odd ``name` VALUES (1, 2)",
        ],
    ),
    "compressed": (
        {"log_bin_compress": "ON", "log_bin_compress_min_len": 10},
        ["CREATE DATABASE z", "CREATE TABLE z.t (id int PRIMARY KEY, v text) ENGINE=InnoDB"],
        [
            "INSERT INTO z.t VALUES (1, repeat('insert ', 100)), (2, repeat('more ', 60))",
            "UPDATE z.t SET v = concat(v, 'update')", "DELETE FROM z.t", "ALTER TABLE z.t COMMENT 'a comment long enough'",
        ],
    ),
    "unchecked": (
        {"binlog_checksum": "NONE"},
        ["CREATE DATABASE u", "CREATE TABLE u.t (id int PRIMARY KEY) ENGINE=InnoDB"],
        ["INSERT INTO u.t VALUES (1)"],
    ),
    # What must be refused, each with its fix.
    "bad_metadata": (
        {"binlog_row_metadata": "MINIMAL"},
        ["CREATE DATABASE b", "CREATE TABLE b.t (id int PRIMARY KEY, v int) ENGINE=InnoDB"],
        ["INSERT INTO b.t VALUES (1, 1)"],
    ),
    "bad_image": (
        {},
        ["CREATE DATABASE b", "CREATE TABLE b.t (id int PRIMARY KEY, v int) ENGINE=InnoDB"],
        ["INSERT INTO b.t VALUES (1, 1)", "SET SESSION binlog_row_image = MINIMAL", "UPDATE b.t SET v = 2"],
    ),
    "bad_format": (
        {},
        ["CREATE DATABASE b", "CREATE TABLE b.t (id int PRIMARY KEY, v varchar(10)) ENGINE=InnoDB"],
        ["SET SESSION binlog_format = STATEMENT", "INSERT INTO b.t VALUES (1, 'secret')"],
    ),
}


MYSQL_STORY = [
    "USE m",
    "CREATE TABLE a (id int PRIMARY KEY, e enum('a','bb') CHARACTER SET latin1, u tinyint unsigned, y year, i int unsigned)",
    "INSERT INTO a VALUES (1, 'a', 255, 2020, 4000000000)",
    "CREATE TABLE h (id int, v int AS (id + 1) VIRTUAL, s int AS (id + 2) STORED INVISIBLE, j json, g point, t text,"
    " PRIMARY KEY (id), KEY f ((id + 1)), KEY mv ((cast(j->'$.a' AS UNSIGNED ARRAY))))",
    "INSERT INTO h (id, j, g, t) VALUES (1, '{\"a\": [1, 2]}', point(3, 4), 'text')",
    "CREATE TABLE prefixed (id int, c char(2) CHARACTER SET utf8mb3, PRIMARY KEY (id, c(1)))",
    "INSERT INTO prefixed VALUES (1, 'b')",
    "SET SESSION sql_generate_invisible_primary_key = 1", "CREATE TABLE hidden_key (a int)",
    "INSERT INTO hidden_key VALUES (1)", "SET SESSION sql_generate_invisible_primary_key = 0",
    "BEGIN", "INSERT INTO a VALUES (2, 'a', 0, 2021, 0)", "SAVEPOINT s", "INSERT INTO a VALUES (3, 'a', 0, 2021, 0)",
    "ROLLBACK TO s", "UPDATE a SET e = 'bb' WHERE id = 2", "COMMIT",
    "CREATE TABLE c AS SELECT * FROM a",
    "XA START 'abc', 'd', 7", "INSERT INTO a VALUES (7, 'a', 0, 2021, 0)", "XA END 'abc', 'd', 7",
    "XA PREPARE 'abc', 'd', 7", "XA COMMIT 'abc', 'd', 7",
    "XA START 'abd'", "INSERT INTO a VALUES (8, 'a', 0, 2021, 0)", "XA END 'abd'", "XA PREPARE 'abd'", "XA ROLLBACK 'abd'",
    "XA START 'abe'", "INSERT INTO a VALUES (9, 'a', 0, 2021, 0)", "XA END 'abe'", "XA COMMIT 'abe' ONE PHASE",
    "SET SESSION binlog_transaction_compression = ON", "BEGIN", "UPDATE a SET u = u - 1 WHERE u > 0", "DELETE FROM c",
    "COMMIT", "SET SESSION binlog_transaction_compression = OFF",
    "SET gtid_next = 'automatic:blue_tag'", "INSERT INTO a VALUES (20, 'a', 0, 2021, 0)", "SET gtid_next = 'automatic'",
    "CREATE TABLE p (id int PRIMARY KEY)",
    "CREATE TABLE k (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)",
    "INSERT INTO p VALUES (1)", "INSERT INTO k VALUES (1, 1)", "DELETE FROM p",
    "SET SESSION binlog_rows_query_log_events = 1", "INSERT INTO a VALUES (30, 'a', 0, 2021, 0)",
    "DROP TABLE c, k, p",
]


# Documents of which only the changes are in the binlog, at every depth, and large ones.
MYSQL_PARTIAL = [
    "USE m", "SET SESSION binlog_row_value_options = PARTIAL_JSON",
    "CREATE TABLE d (id int PRIMARY KEY, n int, j json, k json)",
    """INSERT INTO d VALUES (1, 0, '{"a": 1, "b": [10, "x", {"k": null}], "with space": "s", "o": {"x": 1.5, "y": true}}', '[]'),
       (2, 0, NULL, '[1, 2, 3]'), (3, 0, json_object('long', repeat('x', 300)), '{"k": 1}')""",
    "UPDATE d SET j = json_set(j, '$.a', 2) WHERE id = 1",
    "UPDATE d SET j = json_set(j, '$.b[1]', 'longer than before', '$.\"with space\"', 1) WHERE id = 1",
    "UPDATE d SET j = json_remove(j, '$.o.x', '$.b[0]'), n = n + 1 WHERE id = 1",
    "UPDATE d SET j = json_set(j, '$.new', cast('2026-01-31 10:00:00.5' AS datetime(6))), k = json_array_insert(k, '$[0]', 1.25)"
    " WHERE id = 1",
    "UPDATE d SET k = json_set(k, '$[last]', 'end') WHERE id IN (1, 2)",
    "UPDATE d SET j = json_set(j, '$.long', repeat('y', 66000)) WHERE id = 3",
    "UPDATE d SET j = json_replace(j, '$.long', 'short'), k = json_set(k, '$.\"\\u00e4\"', 2) WHERE id = 3",
    "UPDATE d SET j = NULL WHERE id = 1", "UPDATE d SET j = '{}' WHERE id = 2", "DELETE FROM d WHERE id = 1",
]


def write_values(cursor, types, path):
    """Lines of table, id, text as the server has it after the story."""
    cursor.execute("SET NAMES utf8mb4")
    with open(path, "w", encoding="utf-8") as out:
        for number, (sql_type, _) in enumerate(types):
            cursor.execute(f"SELECT id, {as_text(sql_type)} FROM types.t{number} ORDER BY id")
            for key, value in cursor.fetchall():
                text = value.decode() if isinstance(value, bytes) else value
                if text is not None and len(str(text)) > 1000:
                    continue  # the long ones are told by their checksums in the binlog itself
                out.write(f"t{number}\t{key}\t{'NULL' if text is None else text}\n")


# name: (server, its options, statements before, statements of the story, types of which the values are kept)
STORIES = {
    **{name: (MariaDB, *story, TYPES if name == "types" else None) for name, story in MARIADB_STORIES.items()},
    "mariadb118_types": (MariaDB118, {}, MARIADB_STORIES["types"][1], types_story(MARIADB118_TYPES), MARIADB118_TYPES),
    "mariadb118_groups": (MariaDB118, {"log_bin_compress": "ON", "log_bin_compress_min_len": 40}, *MARIADB_STORIES["groups"][1:], None),
    "mysql_types": (MySQL, {}, ["CREATE DATABASE types CHARACTER SET utf8mb4"], types_story(MYSQL_TYPES), MYSQL_TYPES),
    "mysql_groups": (MySQL, {}, ["CREATE DATABASE m"], MYSQL_STORY, None),
    "mysql_partial": (MySQL, {}, ["CREATE DATABASE m"], MYSQL_PARTIAL, None),
}


def make(name, work, out):
    """Run one story and copy its binlog file."""
    kind, options, before, story, types = STORIES[name]
    server = kind(name, work / name, 101, options=options)
    with server:
        with server.connect() as connection, connection.cursor() as cursor:
            for statement in [*before, "FLUSH BINARY LOGS", NOW]:
                cursor.execute(statement)
            file = server.binlog_end()[0]
            for statement in story:
                cursor.execute(statement)
            if types:
                write_values(cursor, types, out / f"{name}.values")
            cursor.execute("FLUSH BINARY LOGS")
        shutil.copyfile(server.datadir / file, out / f"{name}.bin")
    server.remove()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", default=ROOT / "tests" / "data" / "binlog", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *STORIES], help="default: all")
    args = parser.parse_args()
    args.directory.mkdir(parents=True, exist_ok=True)
    work = place.run_directory("binlogs")
    try:
        for name in args.names or STORIES:
            make(name, work, args.directory)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
