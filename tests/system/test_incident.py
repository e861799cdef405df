"""drc-reconcile incident: the keys of a window, and no others; what makes keys not enough sends a table whole."""

import json
import time

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL
from system.test_lost_tail import rescue

BOTH = pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])
TABLES = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(60))",
    "CREATE TABLE shop.part (a VARCHAR(20), b DECIMAL(10,2), c BINARY(6), day DATETIME(3), v INT, PRIMARY KEY (a, b, c, day))",
    "CREATE TABLE shop.heap (a INT, b VARCHAR(20))",
    "CREATE TABLE shop.late (id INT PRIMARY KEY, v INT)",
    "CREATE TABLE shop.idle (id INT PRIMARY KEY, v INT)",
)


def plant(server, *statements):
    server.sql("SET SESSION sql_log_bin = 0", *statements)


def incident(pair, *words, expect=None):
    done = pair.tool("drc-reconcile", "incident", "--pair", "eu,us", "--json", "-", *words, expect=expect)
    report = [json.loads(line) for line in done.stdout.splitlines()]
    return report, sorted(
        (line["table"], json.dumps(line["key"], sort_keys=True), line["class"])
        for line in report
        if line["type"] == "difference"
    )


@BOTH
def test_only_what_the_window_touched_is_compared(make_pair, directory, server):
    pair = make_pair(server=server, conflicts={"default": {"policy": "latest"}})
    pair.everywhere("CREATE DATABASE shop", *TABLES)
    pair.start()
    pair.eu.sql(
        "INSERT INTO shop.item VALUES (1, 'a'), (2, 'a'), (3, 'a'), (4, 'a'), (5, 'a')",
        "INSERT INTO shop.part VALUES ('o''ne', -1.50, X'0100', '2026-01-31 01:02:03.5', 1), ('two', 2, X'01', '2026-01-31', 1)",
        "INSERT INTO shop.heap VALUES (1, 'x'), (1, 'x'), (2, 'y')",
        "INSERT INTO shop.idle VALUES (1, 1), (2, 2)",
    )
    pair.settle()
    pair.eu.sql("UPDATE shop.item SET name = 'b' WHERE id = 1")
    pair.captured("eu")
    (begin,) = [event["gtid"] for event in pair.events("eu")[-1:]]
    pair.us.sql("UPDATE shop.item SET name = 'us' WHERE id = 2", "DELETE FROM shop.item WHERE id = 5")
    pair.eu.sql("UPDATE shop.part SET v = 2 WHERE a = 'o''ne'")
    pair.settle()
    assert incident(pair, "--since", begin, expect=0)[1] == []

    plant(pair.us, "UPDATE shop.item SET name = 'planted' WHERE id IN (1, 3)")  # 3 was not touched in the window
    plant(pair.eu, "UPDATE shop.item SET name = 'planted' WHERE id = 2", "INSERT INTO shop.item VALUES (5, 'back')")
    plant(pair.us, "DELETE FROM shop.part WHERE a = 'o''ne'", "UPDATE shop.part SET v = 7 WHERE a = 'two'")
    plant(pair.us, "UPDATE shop.idle SET v = 7")
    report, found = incident(pair, "--since", begin, expect=1)
    assert [(table, kind) for table, _, kind in found] == [
        ("item", "diverged"), ("item", "diverged"), ("item", "missing_at_target"), ("part", "missing_at_target")
    ]
    assert [json.loads(key)["id"] for table, key, _ in found if table == "item"] == [1, 2, 5]
    facts = json.dumps(report)
    assert f"{begin} .. " in facts and "drc.shop.us" in facts

    # A time is widened; what has no key goes whole; a table that nobody touched does not.
    pair.us.sql("INSERT INTO shop.heap VALUES (3, 'z')")
    pair.settle()
    plant(pair.us, "DELETE FROM shop.heap WHERE a = 2")
    _, found = incident(pair, "--since", "1h", expect=1)
    assert {table for table, _, _ in found} == {"item", "part", "heap", "idle"}
    assert len(found) == 4 + 2 + 1 + 2
    _, found = incident(pair, "--since", "1h", "--until", "30m", expect=0)
    assert found == []

    # Rescued files tell what no topic does.
    pair.capture("us").stop()
    pair.us.sql("INSERT INTO shop.late VALUES (1, 1)")
    files = rescue(pair.us, directory / "rescued")
    report, found = incident(
        pair, "--since", begin, "--tables", "shop.late", "--timeout", 1, "--binlog-of", "us", "--binlog", *files, expect=2
    )
    assert "ends inside an event" in json.dumps(report)
    assert any(line["type"] == "unsettled" and line["table"] == "late" for line in report), report


def test_a_window_that_is_purged_or_unknown_is_said(make_pair):
    pair = make_pair(links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop", TABLES[0])
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.settle()
    done = pair.tool("drc-reconcile", "incident", "--pair", "eu,us", "--since", "0-77-12", expect=2)
    assert "no topic of the pair holds that transaction" in done.stdout + done.stderr
    done = pair.tool("drc-reconcile", "incident", "--pair", "eu,us", "--since", "soon", expect=64)
    assert "wants a time" in done.stderr
