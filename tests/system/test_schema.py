"""Our own schema at the target: made when it is missing, completed when it is older, refused when it is newer."""

import pytest

from support.pair import Pair

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))"
VERSION = "SELECT value FROM drc.meta WHERE name = 'schema_version'"


@pytest.fixture
def one_way(directory):
    pair = Pair(directory, links=[("eu", "us")])
    try:
        pair.everywhere("CREATE DATABASE IF NOT EXISTS shop", ITEM)
        pair.start()
        pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
        pair.wait("eu", "us")
        yield pair
    finally:
        pair.close()


def test_a_newer_schema_is_refused_and_an_older_one_completed(one_way):
    applier = one_way.applier("eu", "us")
    newest = one_way.us.value(VERSION)

    applier.stop()
    one_way.us.sql("UPDATE drc.meta SET value = value + 1 WHERE name = 'schema_version'")
    applier.launch()
    last = applier.expect_exit(78)
    assert "schema drc" in last and f"version {int(newest) + 1}" in last and "newer release" in last

    one_way.us.sql("UPDATE drc.meta SET value = '1' WHERE name = 'schema_version'", "ALTER TABLE drc.ledger DROP anchors, DROP stamp")
    assert one_way.status()["eu", "us"]["applied_seq"] == 1  # tools read it before an applier has completed it
    applier.start()
    one_way.until(lambda: one_way.state("eu", "us") == "running", 60, "begin of the link")
    assert one_way.us.value(VERSION) == newest
    applier.stop()

    one_way.us.sql("UPDATE drc.meta SET value = '0' WHERE name = 'schema_version'", "DROP TABLE drc.conflicts")
    applier.start()
    one_way.eu.sql("INSERT INTO shop.item VALUES (2, 'b')")
    one_way.wait("eu", "us")
    assert one_way.us.value(VERSION) == newest
    assert one_way.us.value("SELECT COUNT(*) FROM drc.conflicts") in (0, "0")
    assert one_way.us.query("SELECT * FROM shop.item ORDER BY id") == [(1, "a"), (2, "b")]
