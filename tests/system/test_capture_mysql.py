"""The capture daemon against a MySQL source: its events, its GTIDs, its settings; exactly once into the topic."""

import pytest
from support.load import TokenLoad
from support.mysql import MySQL


@pytest.fixture
def make_eu(make_pair):
    """A function that makes a pair of which only the MySQL source and the broker run; its capture is not started."""

    def make(**arguments):
        pair = make_pair(links=[("eu", "us")], server=MySQL, **arguments)
        pair.eu.start()
        pair.kafka.start()
        pair.eu.sql("CREATE DATABASE shop", TokenLoad.TABLE)
        return pair

    return make


@pytest.fixture
def eu(make_eu):
    return make_eu()


def begin(pair):
    capture = pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 90, "a stream in the topic")
    return capture


def published(pair):
    """Data and DDL records that count, fragments of one as one: (seq, GTID), in order."""
    found, epoch = [], 0
    for record in pair.events("eu"):
        if record["kind"] == "epoch":
            epoch = max(epoch, record["epoch"])
        elif record["epoch"] == epoch and record["kind"] in ("data", "ddl", "xa-end"):
            entry = (record["seq"], record["gtid"])
            if not found or found[-1] != entry:
                found.append(entry)
    return found


def rows(pair):
    """All rows of data records: (op, table, before, after)."""
    return [
        (row["op"], row["table"], row.get("before"), row.get("after"))
        for record in pair.events("eu")
        if record["kind"] == "data"
        for row in record["rows"]
    ]


def event_names(pair):
    """Of all events in the newest file of the source's binlog."""
    return {row[2] for row in pair.eu.query(f"SHOW BINLOG EVENTS IN '{pair.eu.binlog_end()[0]}'")}


def test_rows_and_statements_reach_the_topic(eu):
    begin(eu)
    eu.eu.sql(
        "USE shop",
        "CREATE TABLE a (id INT PRIMARY KEY, name VARCHAR(20))",
        "INSERT INTO a VALUES (1, 'one'), (2, 'two')",
        "UPDATE a SET name = 'zwei' WHERE id = 2",
        "DELETE FROM a WHERE id = 1",
    )
    eu.captured("eu")
    assert rows(eu) == [
        ("insert", "a", None, {"id": 1, "name": "one"}),
        ("insert", "a", None, {"id": 2, "name": "two"}),
        ("update", "a", {"id": 2, "name": "two"}, {"id": 2, "name": "zwei"}),
        ("delete", "a", {"id": 1, "name": "one"}, None),
    ]


DOCUMENT = (
    '{"a": 1, "b": [10, "x", {"k": null}], "name with space": "s", "n": 12345678901234567890, "o": {"x": 1.5, "y": true}}'
)

# Each is an expression over the column j, and changes a document in place, so that the binlog has the change only.
CHANGES = [
    "JSON_SET(j, '$.a', 2)",
    "JSON_SET(j, '$.a', 'a longer value than was there before')",
    "JSON_SET(j, '$.b[2].k', CAST('[1, 2, 3]' AS JSON), '$.\"name with space\"', 70000)",
    "JSON_REPLACE(j, '$.n', -1, '$.o.x', 1e100)",
    "JSON_REMOVE(j, '$.b[0]')",
    "JSON_REMOVE(j, '$.\"name with space\"', '$.o.y')",
    "JSON_SET(j, '$.fresh', REPEAT('y', 300))",
    "JSON_SET(j, '$.b[10]', 'appended')",
    "JSON_SET(j, '$.\"quoted \\\\\" \\\\u00fc\"', 'ü')",
    "JSON_SET(j, '$.a', REPEAT('z', 70000))",  # the document needs the large form
    "JSON_SET(j, '$.a', 1)",
    "JSON_SET(j, '$.o.z', CAST('2026-01-31 10:00:00.123456' AS DATETIME(6)), '$.o.d', CAST(-1.25 AS DECIMAL(10,2)))",
    "JSON_SET(j, '$.b[last]', 'last')",
    "JSON_SET(j, '$.a[0]', 'wrapped')",
    "JSON_SET(j, '$.a[1]', 'second')",
    "JSON_REMOVE(j, '$.b[last-1]')",
]


def test_partial_json_updates_are_published_whole(make_eu):
    eu = make_eu(options={"binlog_row_value_options": "PARTIAL_JSON"})
    begin(eu)
    eu.eu.sql(
        "CREATE TABLE shop.doc (id INT PRIMARY KEY, j JSON, other JSON, n INT)",
        f"INSERT INTO shop.doc VALUES (1, '{DOCUMENT}', '{DOCUMENT}', 0), (2, '[1, 2]', NULL, 0), (3, NULL, '7', 0)",
    )
    expected = []
    shown = "SELECT id, CAST(j AS CHAR), CAST(other AS CHAR), n FROM shop.doc ORDER BY id"
    for number, change in enumerate(CHANGES):
        eu.eu.sql(f"UPDATE shop.doc SET j = {change}, n = {number + 1} WHERE id = 1")
        expected.append(eu.eu.query(shown)[0])
    eu.eu.sql("UPDATE shop.doc SET j = JSON_SET(j, '$[0]', id), other = JSON_SET(other, '$', 5), n = 99 WHERE id > 1")
    expected += eu.eu.query(shown)[1:]
    eu.captured("eu")
    found = [after for op, table, _, after in rows(eu) if op == "update" and table == "doc"]
    assert [(row["id"], row["j"], row["other"], row["n"]) for row in found] == expected
    assert "Update_rows_partial" in event_names(eu)
