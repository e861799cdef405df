"""drc-reconcile incident: the keys of a window, and no others; what makes keys not enough sends a table whole."""

import json

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
    assert f"{begin} .. " in facts and pair.topic("us") in facts

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


def at(server, expression="NOW(6)"):
    """A time of the server's, as the options take it."""
    return server.value(f"SELECT DATE_FORMAT(CONVERT_TZ({expression}, @@session.time_zone, '+00:00'), '%Y-%m-%dT%H:%i:%s')")


def ids(found):
    return [json.loads(key)["id"] for _, key, _ in found]


def test_no_window_hides_what_was_written_in_it(make_pair):
    """Clocks that sessions set, bounds that are not where they should be, differences enough."""
    pair = make_pair(conflicts={"default": {"policy": "latest"}})
    pair.everywhere("CREATE DATABASE shop", TABLES[0], TABLES[4])
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a'), (2, 'a'), (3, 'a'), (4, 'a'), (5, 'a'), (6, 'a')", "INSERT INTO shop.idle VALUES (1, 1)")
    pair.us.sql("UPDATE shop.item SET name = 'us' WHERE id = 0")
    pair.settle()
    pair.us.sql("UPDATE shop.item SET name = 'us' WHERE id = 4")
    pair.captured("us")
    of_us = pair.events("us")[-1]["gtid"]
    pair.eu.sql(
        "SET timestamp = 1000000000",  # as mysqlbinlog's output does
        "UPDATE shop.item SET name = 'of old' WHERE id = 1",
        "SET timestamp = UNIX_TIMESTAMP(SYSDATE()) + 86400",
        "UPDATE shop.item SET name = 'of tomorrow' WHERE id = 2",
        "SET timestamp = DEFAULT",
        "UPDATE shop.item SET name = 'now' WHERE id = 3",
    )
    pair.settle()
    first, last = [event["gtid"] for event in pair.events("eu")][0], pair.events("eu")[-1]["gtid"]
    plant(pair.us, "UPDATE shop.item SET name = 'planted'", "UPDATE shop.idle SET v = 2")
    until = at(pair.eu)
    for words in (["--since", "10m"], ["--since", "10m", "--until", until], ["--since", first, "--until", last]):
        _, found = incident(pair, *words, expect=1)
        assert len(found) == 7 and ids(found) == [1, 1, 2, 3, 4, 5, 6], words
    _, found = incident(pair, "--since", of_us, expect=1)  # a transaction of the other region; eu's are taken by time
    assert 4 in ids(found)

    report, found = incident(pair, "--since", "10m", "--max-diffs", 2, expect=2)
    assert {table for table, _, _ in found} == {"item"} and "--max-diffs" in json.dumps(report)
    assert report[-1]["differences"] == len(found) >= 2
    refused = lambda *words: pair.tool("drc-reconcile", "incident", "--pair", "eu,us", *words, expect=None)
    for words, why in (
        (["--since", "5m", "--until", "10m"], "is before --since"),
        (["--since", at(pair.eu, "NOW() + INTERVAL 3 HOUR")], "lies ahead"),
        (["--until", "1m"], "--since is needed"),
    ):
        done = refused(*words)
        assert done.returncode == 64 and why in done.stderr, done
    done = refused("--since", last, "--until", first)
    assert done.returncode == 2 and "before it begins" in done.stderr, done
    done = refused("--since", last, "--until", at(pair.eu, "NOW() - INTERVAL 3 HOUR"))
    assert done.returncode == 2 and "before it begins" in done.stderr, done

    # Of topics that have lost their beginning it is said; of a window that has not, nothing.
    pair.stop()
    pair.kafka.delete_records(pair.topic("eu"), pair.events("eu")[2]["offset"])
    report, found = incident(pair, "--since", "10m", "--timeout", 1, expect=2)
    assert "no longer holds the beginning of the window" in json.dumps(report)


def test_statements_in_the_window_send_their_tables_whole(make_pair):
    pair = make_pair(links=[("eu", "us")], config={"links": [{"from": "eu", "to": "us", "start": "beginning", "ddl": "apply"}]})
    pair.everywhere("CREATE DATABASE shop", *TABLES)
    pair.start()
    pair.eu.sql(
        "USE shop",
        "INSERT INTO item VALUES (1, 'a')",
        "INSERT INTO late VALUES (1, 1), (2, 2)",
        "INSERT INTO idle VALUES (1, 1), (2, 2)",
        "TRUNCATE TABLE item",
        "ALTER TABLE late ADD COLUMN more INT",
        "UPDATE late SET v = 3 WHERE id = 1",
        "RENAME TABLE idle TO former",
        "UPDATE former SET v = 3 WHERE id = 1",
        "CREATE TABLE gone (id INT PRIMARY KEY)",
        "INSERT INTO gone VALUES (1)",
        "DROP TABLE gone",
    )
    pair.settle()
    report, found = incident(pair, "--since", "1h", expect=0)
    assert not found, found
    # What nobody touched: a statement says nothing about rows.
    plant(pair.us, "INSERT INTO shop.item VALUES (7, 'left')", "UPDATE shop.late SET more = 1 WHERE id = 2", "DELETE FROM shop.former WHERE id = 2")
    _, found = incident(pair, "--since", "1h", expect=1)
    assert [(table, kind) for table, _, kind in found] == [
        ("former", "missing_at_target"), ("item", "extra_at_target"), ("late", "diverged")
    ]
    done = pair.tool("drc-reconcile", "incident", "--pair", "eu,us", "--since", "0-77-12", expect=2)
    assert "no topic of the pair holds that transaction" in done.stdout + done.stderr
    done = pair.tool("drc-reconcile", "incident", "--pair", "eu,us", "--since", "soon", expect=64)
    assert "wants a time" in done.stderr
