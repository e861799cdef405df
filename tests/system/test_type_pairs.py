"""Every type between any two of MariaDB 10.11, MariaDB 11.8 and MySQL 9.7, by either writer, compared cell by cell on the servers.

Three regions in a mesh are six pairs at once: each writes tables of its own, whose columns the others have as they can
(docs/conversions.md). What drc-reconcile says of the same cells is asked as well. Of the pairs of one release those are
in every run that no other test has (MariaDB 10.11: test_apply_types.py; MySQL by statements: test_sql_writer_mysql.py).
"""

import json
import os

import pytest

from support.mariadb import MariaDB, MariaDB118
from support.mysql import MySQL
from support.writers import WRITERS
from system import apply_types, mysql_types
from system.test_types import MARIADB_118
from system.type_matrix import charset_of, expected, expression

MESH = {"ten": MariaDB, "eleven": MariaDB118, "nine": MySQL}
TYPES = {MariaDB: apply_types.TYPES, MariaDB118: MARIADB_118, MySQL: mysql_types.TYPES}

# What a server has for a type that it lacks, by the definition's beginning; None: nothing has its values.
AT_MYSQL = {
    "UUID": "BINARY(16)",
    "INET6": "BINARY(16)",
    "INET4": "BINARY(4)",
    "VARCHAR(1000) COMPRESSED": "VARCHAR(1000)",
    "VARBINARY(1000) COMPRESSED": "VARBINARY(1000)",
    "BLOB COMPRESSED": "BLOB",
    "LONGTEXT COMPRESSED": "LONGTEXT",
    "VARCHAR(50) COLLATE utf8mb4_uca1400_ai_ci": "VARCHAR(50) COLLATE utf8mb4_bin",
}
AT_MARIADB = {
    "VARCHAR(50) COLLATE utf8mb4_0900_ai_ci": "VARCHAR(50) COLLATE utf8mb4_bin",
    "VARCHAR(50) CHARACTER SET gb18030": None,
    "POINT SRID 4326": "POINT",
}
AT_MARIADB_10 = {"VECTOR(1)": "VARBINARY(4)", "VECTOR(2048)": "VARBINARY(8192)"}


def counterpart(definition, server):
    """The column of `server` that takes what a column of that definition has."""
    if server is MySQL:
        return AT_MYSQL.get(definition, definition)
    found = AT_MARIADB.get(definition, definition)
    return AT_MARIADB_10.get(found, found) if server is MariaDB else found


class Table:
    """Some types of one server as columns: row n holds the n-th value of each, over again from the first."""

    number = "id"

    def __init__(self, name, types):
        self.name = name
        self.types = types
        self.height = max(len(values) for _, values in types.values()) + 1

    def create(self, server):
        columns = {name: counterpart(definition, server) for name, (definition, _) in self.types.items()}
        body = ", ".join(f"`{name}` {definition} NULL" for name, definition in columns.items() if definition)
        return f"CREATE TABLE {self.name} (id INT PRIMARY KEY, {body})"

    def _row(self, number):
        return [(*values, "NULL")[number % (len(values) + 1)] for _, values in self.types.values()]

    def inserts(self):
        return [f"INSERT INTO {self.name} VALUES ({n}, {', '.join(self._row(n))})" for n in range(self.height)]

    def updates(self):
        """Each row gets what the next one has."""
        found = []
        for n in range(self.height):
            words = zip(self.types, self._row(n + 1))
            found.append(f"UPDATE {self.name} SET {', '.join(f'`{name}` = {value}' for name, value in words)} WHERE id = {n}")
        return found

    def deletes(self):
        return [f"DELETE FROM {self.name} WHERE id % 2 = 0"]

    def cells(self, server):
        """(id, column) -> what is compared, as the server prints it."""
        kind = type(server)
        columns = {name: counterpart(definition, kind) for name, (definition, _) in self.types.items()}
        words = ", ".join(expression(f"`{name}`", definition) for name, definition in columns.items())
        connection = server.connect(init_command="SET NAMES utf8mb4, time_zone = '+00:00'", use_unicode=False, conv={})
        with connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {self.number}, {words} FROM {self.name}")
            rows = cursor.fetchall()
        return {
            (int(id_), name): _seen(definition, text)
            for id_, *texts in rows
            for (name, definition), text in zip(columns.items(), texts)
        }


class KeyTable(Table):
    """A type as the key; the other part of it is the value's number."""

    number = "n"

    def __init__(self, name, definition, values):
        super().__init__(name, {"k": (self.collated(definition), values), "v": ("VARCHAR(10)", ["NULL"])})

    @staticmethod
    def collated(definition):
        """Texts by their bytes: the releases do not agree on the collation that a character set has by itself."""
        text = definition.startswith(("CHAR", "VARCHAR", "ENUM", "SET"))
        return f"{definition} COLLATE {charset_of(definition)}_bin" if text and "COLLATE" not in definition else definition

    def create(self, server):
        definition, _ = self.types["k"]
        key = counterpart(definition, server)
        return f"CREATE TABLE {self.name} (v VARCHAR(10), k {key} NOT NULL, n INT, PRIMARY KEY (k, n))"

    def inserts(self):
        return [f"INSERT INTO {self.name} VALUES ('a', {value}, {n})" for n, value in enumerate(self.types["k"][1])]

    def updates(self):
        return [f"UPDATE {self.name} SET v = 'b'", f"UPDATE {self.name} SET n = n + 100 WHERE n = 1"]

    def deletes(self):
        return [f"DELETE FROM {self.name} WHERE n % 2 = 0"]


def _seen(definition, text):
    """JSON by what it says: MySQL keeps neither spaces nor order. Zeros without a sign, which is none in SQL."""
    if text is not None and definition.startswith("JSON"):
        return json.loads(text)
    return expected(definition, b"0" if text == b"-0" else text)


def carried(entry, server, targets, writer, key=False):
    """The type with those values only that the writer can bring to all the targets (docs/conversions.md)."""
    definition, values = entry
    refused = []
    if writer == "sql" or key:
        refused += ["838:59:59."] if MySQL in targets and server is not MySQL else []
        refused += ["[-3.402823e38]"] if MariaDB118 in targets else []
    if key:  # MariaDB 10.11 hands such a key out as 0: its row is found by the exact way only
        refused += ["-0e0"]
    return definition, [value for value in values if not any(part in value for part in refused)]


def tables_of(prefix, server, targets, writer, width):
    """All types of a server that all the targets can have, `width` to a table; long ones alone."""
    types = {
        name: carried(entry, server, targets, writer)
        for name, entry in TYPES[server].items()
        if all(counterpart(entry[0], target) for target in targets)
    }
    long = [name for name in types if name in ("varchar_16000", "varbinary_60000")]
    short = [name for name in types if name not in long]
    groups = [[name] for name in long] + [short[at : at + width] for at in range(0, len(short), width)]
    return [Table(f"shop.{prefix}_{number}", {name: types[name] for name in group}) for number, group in enumerate(groups)]


def keys_of(prefix, server, targets, writer):
    """Every type that can be a key as a whole, but for texts of a collation that only one release has."""
    types = {name: entry for name, entry in TYPES[server].items() if name in apply_types.KEYS and "uca" not in name}
    return [KeyTable(f"shop.{prefix}_k_{name}", *carried(entry, server, targets, writer, key=True)) for name, entry in types.items()]


def write(server, statements):
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'")
        cursor.execute("BEGIN")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("COMMIT")


def assert_same(pair, tables):
    wrong = []
    for region, mine in tables.items():
        for table in mine:
            wanted = table.cells(pair.servers[region])
            for other, server in pair.servers.items():
                found = table.cells(server) if other != region else wanted
                assert found.keys() == wanted.keys(), f"{table.name} at {other}: other rows"
                wrong += [
                    f"{region} -> {other}, {name} of row {id_}: {_short(value)}, {_short(found[id_, name])}"
                    for (id_, name), value in wanted.items()
                    if found[id_, name] != value
                ]
    assert not wrong, f"{len(wrong)} cells differ\n" + "\n".join(wrong[:40])


def _short(value):
    text = repr(value)
    return text if len(text) < 100 else f"{text[:60]}… ({len(text)} characters)"


def assert_undoubted(pair):
    for (source, target), applier in pair.appliers.items():
        journal = pair.servers[target].query("SELECT kind, tbl, row_key FROM drc.conflicts")
        found = json.loads(applier.ask("status json")[0])
        assert (journal, found["exact"], found["conflicts"]) == ([], 0, 0), f"{source} -> {target}"


def assert_reconciled(pair, regions):
    """Told by other means than ours above: JSON by what it says, UUID by its bytes, and so on.

    Definitions may differ: the columns that name no collation have each server's own default.
    """
    done = pair.tool("drc-reconcile", "full", "--pair", ",".join(regions), "--json", "-", expect=None)
    told = [line for line in map(json.loads, done.stdout.splitlines()) if line["type"] != "summary"]
    rows = [line for line in told if line.get("class") != "definition"]
    assert (done.returncode, rows[:20]) == (1 if told else 0, []), done.stderr


def make_tables(pair, tables):
    for server in pair.servers.values():
        creates = [table.create(type(server)) for mine in tables.values() for table in mine]
        server.sql("SET SESSION sql_log_bin = 0, sql_mode = 'NO_ENGINE_SUBSTITUTION'", *creates)


def write_by(pair, writer):
    """Let the appliers write in that way from now on."""
    for applier in pair.appliers.values():
        if applier.running:
            applier.stop()
    WRITERS[writer](pair)
    pair.start(180)


def go_through(pair, tables):
    """Insert, change and delete all of it; the same everywhere after each."""
    for change in ("inserts", "updates", "deletes"):
        for region, mine in tables.items():
            write(pair.servers[region], [statement for table in mine for statement in getattr(table, change)()])
        pair.settle(180)
        assert_same(pair, tables)
    assert_undoubted(pair)


def by_each_writer(pair, names, tables_for):
    """The whole story once by each of the writers; `tables_for` says with which tables."""
    pair.everywhere("CREATE DATABASE shop CHARACTER SET utf8mb4")
    for writer in names:
        tables = tables_for(writer)
        make_tables(pair, tables)
        write_by(pair, writer)
        go_through(pair, tables)


@pytest.mark.timeout(1800)
def test_every_type_between_every_two(make_pair, long_run):
    pair = make_pair(regions=tuple(MESH), server=MESH, conflicts={"default": {"policy": "stop"}})
    others = lambda server: [other for other in MESH.values() if other is not server]

    def tables_for(writer, region, server):
        words = (f"{writer}_{region}", server, others(server), writer)
        return [*tables_of(*words, 1), *keys_of(*words)] if long_run else tables_of(*words, 16)

    by_each_writer(
        pair, WRITERS, lambda writer: {region: tables_for(writer, region, server) for region, server in MESH.items()}
    )
    for regions in (("ten", "eleven"), ("eleven", "nine"), ("nine", "ten")):
        assert_reconciled(pair, regions)


LONG = os.environ.get("DRC_LONG") == "1"  # what is run depends on it, not only how much
ONE_RELEASE = {MariaDB: list(WRITERS), MariaDB118: list(WRITERS), MySQL: list(WRITERS)} if LONG else {MariaDB118: list(WRITERS), MySQL: ["binlog"]}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("server", ONE_RELEASE, ids=lambda server: server.__name__)
def test_every_type_between_two_of_one_release(make_pair, server, long_run):
    pair = make_pair(links=[("eu", "us")], server=server, conflicts={"default": {"policy": "stop"}})
    width = 1 if long_run else 16
    by_each_writer(pair, ONE_RELEASE[server], lambda writer: {"eu": tables_of(writer, server, [server], writer, width)})
    assert_reconciled(pair, ("eu", "us"))
