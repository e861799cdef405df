"""What a column of each type holds, as the server itself prints it and as `drcctl events` shows it: held against each other.

A value is compared as text where it has one that both agree on, as bytes (hex) where its character set is not UTF-8 or
it is binary, and as a number where a server's own text is shorter than the value (FLOAT).
"""

import json
import re
import struct

UTF8 = ("utf8mb4", "utf8mb3", "utf8", "ascii")
BYTES = ("BINARY", "VARBINARY", "BLOB", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "VECTOR")
GEOMETRY = ("POINT", "LINESTRING", "POLYGON", "MULTI", "GEOMETRY")
LENGTHS = {"UUID": 16, "INET6": 16, "INET4": 4}


def charset_of(definition):
    """The character set that a definition names; the server's is utf8mb4."""
    found = re.search(r"CHARACTER SET (\w+)", definition)
    return found.group(1) if found else "utf8mb4"


def expression(column, definition):
    """SQL for the text that the column's value is compared by."""
    word = definition.upper().split("(")[0].split()[0]
    if word in ("BIT", "FLOAT") or "ZEROFILL" in definition:
        return f"CAST({column} AS DOUBLE)" if word == "FLOAT" else f"{column} + 0"
    if word in LENGTHS:
        return f"LOWER(HEX(CAST({column} AS BINARY({LENGTHS[word]}))))"
    if word in BYTES or word.startswith(GEOMETRY) or charset_of(definition) not in UTF8:
        return f"LOWER(HEX({column}))"
    return f"CONVERT({column} USING utf8mb4)"


def is_hex(definition):
    return expression("v", definition).startswith("LOWER(HEX(")


def expected(definition, text):
    """What is compared with `seen`, out of the server's text (bytes, None for NULL)."""
    if text is None:
        return None
    text = text.decode("utf-8")
    word = definition.upper().split("(")[0].split()[0]
    if word == "FLOAT":
        return struct.pack("<f", float(text))
    if word == "DOUBLE":
        return struct.pack("<d", float(text))
    return "0x" + text if is_hex(definition) else text


def seen(definition, value):
    """The same out of the JSON that drcctl printed, whose numbers were kept as text."""
    word = definition.upper().split("(")[0].split()[0]
    if isinstance(value, dict):
        return "0x" + value["hex"]
    if value is not None and word == "FLOAT":
        return struct.pack("<f", float(value))
    if value is not None and word == "DOUBLE":
        return struct.pack("<d", float(value))
    return "0x" if value == "" and is_hex(definition) else value  # of an ENUM's empty value nothing needs hex


class Matrix:
    """Tables on a source whose capture runs; each statement's rows are compared with what the server prints."""

    def __init__(self, pair, region="eu"):
        self.pair = pair
        self.region = region
        self.server = pair.servers[region]
        self.offset = 0
        self.tables = {}
        self.left_out = set()  # columns that the server leaves out of updates and deletes

    def session(self, statements):
        with self.server.connect(charset="utf8mb4") as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'")
            for statement in statements:
                cursor.execute(statement)

    def make(self, tables, tail=""):
        """`tables`: name -> {column: definition}; each gets a key `id`."""
        self.tables.update(tables)
        for name, columns in tables.items():
            body = ", ".join(f"`{column}` {definition}" for column, definition in columns.items())
            self.session([f"CREATE TABLE shop.{name} (id INT PRIMARY KEY, {body}) {tail}"])

    def rows_of_server(self):
        """(table, id) -> {column: what is compared}, as the server prints it now."""
        found = {}
        connection = self.server.connect(
            init_command="SET NAMES utf8mb4, time_zone = '+00:00'", use_unicode=False, conv={}
        )
        with connection, connection.cursor() as cursor:
            for table, columns in self.tables.items():
                words = ", ".join(expression(f"`{column}`", definition) for column, definition in columns.items())
                cursor.execute(f"SELECT id, {words} FROM shop.{table}")
                for id_, *texts in cursor.fetchall():
                    values = zip(columns.items(), texts)
                    found[table, int(id_)] = {column: expected(definition, text) for (column, definition), text in values}
        return found

    def rows_of_topic(self):
        """Rows of our tables published since the last call: (op, table, before, after), images as (id, {column: what is compared})."""
        self.pair.captured(self.region)
        out = self.pair.ctl("events", "--region", self.region, "--json", "--from-offset", self.offset).stdout
        found = []
        for line in out.splitlines():
            record = json.loads(line, parse_float=str, parse_int=str)
            self.offset = int(record["offset"]) + 1
            for row in record.get("rows", []):
                if row["table"] not in self.tables:
                    continue
                images = [self._image(row["op"], row["table"], row.get(which)) for which in ("before", "after")]
                found.append((row["op"], row["table"], *images))
        return found

    def _image(self, op, table, image):
        if image is None:
            return None
        columns = self.tables[table]
        absent = set() if op == "insert" else self.left_out
        assert columns.keys() - image.keys() == absent, f"{op} of {table}: other columns"
        return int(image["id"]), {column: seen(columns[column], image[column]) for column in columns if column in image}

    def check(self, op, before, after):
        """Exactly these rows have been published: every one of `before` changed or removed, of `after` made."""
        rows = self.rows_of_topic()
        assert {row[0] for row in rows} == {op}
        self._same("before", {(table, image[0]): image[1] for _, table, image, _ in rows if image}, before)
        self._same("after", {(table, image[0]): image[1] for _, table, _, image in rows if image}, after)
        assert len(rows) == max(len(before), len(after))

    @staticmethod
    def _same(which, found, wanted):
        assert found.keys() == wanted.keys(), f"{which}: other rows"
        wrong = [
            f"{table}.{column} of row {id_}: the server prints {_short(value)}, drcctl {_short(found[table, id_][column])}"
            for (table, id_), image in wanted.items()
            for column, value in image.items()
            if column in found[table, id_] and found[table, id_][column] != value
        ]
        assert not wrong, f"{which}: {len(wrong)} differ\n" + "\n".join(wrong[:40])

    def round(self, inserts):
        """Insert by these statements, move every row to another key, delete all: compared at each step."""
        self.rows_of_topic()
        self.session(inserts)
        first = self.rows_of_server()
        self.check("insert", {}, first)
        self.session([f"UPDATE shop.{table} SET id = id + 100000 ORDER BY id DESC" for table in self.tables])
        second = self.rows_of_server()
        self.check("update", first, second)
        self.session([f"DELETE FROM shop.{table}" for table in self.tables])
        self.check("delete", second, {})

    def values(self, types):
        """A table a type (name -> (definition, values)), one row a value and one of NULL: all through a round."""
        self.make({f"t_{name}": {"v": f"{definition} NULL"} for name, (definition, _) in types.items()})
        inserts = [
            f"INSERT INTO shop.t_{name} VALUES "
            + ", ".join(f"({number}, {value})" for number, value in enumerate([*values, "NULL"]))
            for name, (_, values) in types.items()
        ]
        self.round(inserts)

    def rows(self, table, columns, rows):
        """One table of many columns; `rows` are lists of values as SQL."""
        self.tables = {}
        self.make({table: columns})
        self.round(
            [f"INSERT INTO shop.{table} VALUES ({number}, {', '.join(row)})" for number, row in enumerate(rows)],
        )


def _short(value):
    text = repr(value)
    return text if len(text) < 200 else f"{text[:120]}… ({len(text)} characters)"
