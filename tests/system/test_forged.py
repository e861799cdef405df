"""Whoever can write the topic must not be able to write tables that are not the pair's: BINLOG asks for no table grants.

A forged record follows the last genuine one in every respect (epoch, seq, chain, checksum); only its table is another.
"""

import subprocess

import pytest
from support import place

FORGE = place.programs().parent / "tests" / "forge"
COLUMNS = "(id INT PRIMARY KEY, name VARCHAR(20)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"


@pytest.fixture
def poisoned(make_pair):
    """A one-way pair with one genuine row, its capture stopped, and tables elsewhere that a record could aim at."""
    pair = make_pair(links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop", f"CREATE TABLE shop.item {COLUMNS}")
    pair.us.sql("CREATE DATABASE other", *[f"CREATE TABLE {name} {COLUMNS}" for name in ("other.item", "mysql.item")])
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'genuine')")
    pair.wait("eu", "us")
    pair.us.sql(f"CREATE TABLE drc.item {COLUMNS}")
    pair.capture("eu").stop()
    return pair


def forge(pair, *arguments):
    topic = pair.topic("eu")
    data = [record for record in pair.kafka.records(topic) if "drc-kind" not in record["headers"]]
    genuine = [record["value"] for record in data if record["headers"]["drc-seq"] == "1"]
    assert len(genuine) == 1, "the topic holds one transaction"
    made = subprocess.run([FORGE, *arguments], input=genuine[0], stdout=subprocess.PIPE, check=True)
    pair.kafka.produce(topic, made.stdout)


def ledger(pair):
    return pair.us.query("SELECT watermark, n FROM drc.ledger")


@pytest.mark.parametrize(
    "table, keep",
    [("mysql.item", ()), ("drc.ledger", ()), ("other.item", ()), ("drc.item", ("keep",)), ("other.item", ("keep",))],
    ids=lambda value: value if isinstance(value, str) else "behind genuine rows" if value else "alone",
)
def test_a_record_for_a_table_outside_the_pair_stops_the_link(poisoned, table, keep):
    pair = poisoned
    before = ledger(pair)
    binlog = pair.us.binlog_end()

    forge(pair, *table.split("."), *keep)

    last_line = pair.applier("eu", "us").expect_exit(69)
    database, name = table.split(".")
    assert f"`{database}`.`{name}`" in last_line, last_line
    assert ledger(pair) == before
    assert pair.us.binlog_end() == binlog, "something was written"
    for untouched in ("mysql.item", "drc.item", "other.item"):
        assert pair.us.query(f"SELECT * FROM {untouched}") == []
    assert pair.us.query("SELECT * FROM shop.item") == [(1, "genuine")]


def test_the_same_forgery_of_a_table_of_the_pair_is_taken(poisoned):
    """So that the tests above fail for the right reason: everything but the table's name is good."""
    pair = poisoned
    pair.us.sql(f"CREATE TABLE shop.more {COLUMNS}")
    forge(pair, "shop", "more")
    pair.until(lambda: pair.us.query("SELECT * FROM shop.more") == [(1, "genuine")], 20, "row of the forged record")
    assert ledger(pair)[0][0] == 2


def test_a_system_schema_cannot_be_included(make_pair):
    """Even a pair file that names everything does not open the system schemas."""
    pair = make_pair(links=[("eu", "us")], tables=["*.*"])
    pair.everywhere("CREATE DATABASE shop", f"CREATE TABLE shop.item {COLUMNS}", f"CREATE TABLE mysql.item {COLUMNS}")
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'genuine')")
    pair.wait("eu", "us")
    pair.capture("eu").stop()
    forge(pair, "mysql", "item")
    assert "`mysql`.`item`" in pair.applier("eu", "us").expect_exit(69)
    assert pair.us.query("SELECT * FROM mysql.item") == []


def test_damaged_bytes_stop_the_link(poisoned):
    pair = poisoned
    before = ledger(pair)
    pair.kafka.produce(pair.topic("eu"), b"DRC? not at all")
    pair.applier("eu", "us").expect_exit(69)
    assert ledger(pair) == before
