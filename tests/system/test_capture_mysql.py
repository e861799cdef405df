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
