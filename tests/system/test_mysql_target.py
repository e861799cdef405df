"""MySQL as a target: what the other files show on MariaDB, on two MySQL servers, and between the flavours.

Two servers of 300 MB each take their time to start, so that each pair here serves several checks.
"""

import contextlib
import json
import re
import time

import pytest
from support.kills import Killer
from support.load import BankLoad, TokenLoad
from support.mariadb import MariaDB, MariaDB118
from support.mysql import MySQL
from system.test_target import assert_held

LATEST = {"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}}
STAMP = "updated_at TIMESTAMP(6) NOT NULL DEFAULT '2026-01-01 00:00:00'"
ACCOUNT = "'drc'@'%'"
BUSY = 60  # connections: more than the daemons and a test need


def kinds(server):
    """{(id, kind, verdict)} of the journal."""
    entries = server.query("SELECT row_key, kind, verdict FROM drc.conflicts")
    return {(json.loads(key).get("id"), kind, verdict) for key, kind, verdict in entries}


def numbers(first, last):
    """A table expression with one column n."""
    return f"WITH RECURSIVE s AS (SELECT {first} AS n UNION ALL SELECT n + 1 FROM s WHERE n < {last})"


def test_two_ways_under_kills(make_pair, long_run):
    """Both daemons of both regions are killed; nothing is lost, nothing is there twice, nothing goes round."""
    pair = make_pair(server=MySQL, conflicts=LATEST, config={"capture": {"canary": "0s"}})
    pair.everywhere("CREATE DATABASE shop", TokenLoad.TABLE, BankLoad.TABLE, BankLoad.fill("eu"), BankLoad.fill("us"))
    pair.start()
    loads = [TokenLoad(server, threads=1, rate=150) for server in (pair.eu, pair.us)]
    loads += [BankLoad(server, threads=1, rate=50) for server in (pair.eu, pair.us)]
    for load in loads:
        load.start()
    killer = Killer(pair, loads)
    kills = 20 if long_run else 2
    killer.kill(captures=kills, appliers=kills)
    for load in loads:
        load.stop()
    pair.settle()
    for server in pair.servers.values():
        TokenLoad.check(server, loads[:2])
        assert BankLoad.total(server) == 2 * 50 * 1000, killer.summary()
    pair.assert_equal("shop.token", "shop.account")
    assert pair.conflicts() == []
    assert pair.reconcile()[-1]["type"] == "summary"
    assert {link["state"] for link in pair.status().values()} == {"running"}
    assert all("GRANT" not in daemon.text() for daemon in pair.daemons), "a grant is missing"

    quiet = {name: (server.executed_gtids(), server.binlog_bytes()) for name, server in pair.servers.items()}
    time.sleep(3)
    assert {name: (s.executed_gtids(), s.binlog_bytes()) for name, s in pair.servers.items()} == quiet


TYPES = (
    "CREATE TABLE shop.types (id BIGINT PRIMARY KEY, j JSON, v VECTOR(3), g GEOMETRY, p POINT SRID 4326, dc DECIMAL(65,30),"
    " d DOUBLE, f FLOAT, ts TIMESTAMP(6) NULL, tm TIME(3), y YEAR, bt BIT(64), e ENUM('a','b','ö'), s SET('x','y','z'),"
    f" bn BINARY(6), lb LONGBLOB, u16 VARCHAR(40) CHARACTER SET utf16, n INT, gen INT AS (n + 1) STORED, {STAMP})"
)
HEAP = "CREATE TABLE shop.heap (n INT, j JSON, v VECTOR(2), f FLOAT, d DOUBLE)"
ITEM = f"CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40), code INT UNIQUE, {STAMP})"
DOCUMENT = (
    "JSON_OBJECT('b', 1, 'aa', JSON_ARRAY(1.5, 'x', CAST(-12.50 AS DECIMAL(10,2)), NULL, TRUE, 18446744073709551615),"
    " 't', CAST('2026-01-31 10:00:00.5' AS DATETIME(6)), 'bin', CAST('é' AS BINARY), 'd', 1e20)"
)
ROW = (
    f"{DOCUMENT}, TO_VECTOR('[1,-2.5,3e38]'), ST_GeomFromText('LINESTRING(1 2,3 4)'), ST_SRID(POINT(10, 20), 4326),"
    " -99999999999999999999999999999999999.999999999999999999999999999999, 1/3e0, 1/3e0, '2026-01-31 23:59:59.123456',"
    " '-838:59:59', 2155, X'FFFFFFFFFFFFFFFF', 'ö', 'x,z', X'0100', REPEAT(X'00FF', 70000), '\U0001f600', 1"
)
COLUMNS = "(id, j, v, g, p, dc, d, f, ts, tm, y, bt, e, s, bn, lb, u16, n)"


def at(second):
    return f"'2026-01-01 00:00:{second:02d}'"


def rename(number, name, second):
    return f"UPDATE shop.item SET name = '{name}', updated_at = {at(second)} WHERE id = {number}"


def test_types_conflicts_and_tools(make_pair):
    """Before images of MySQL's own types are verified without a doubt; conflicts are settled, journaled and found by the tools."""
    partial = {"binlog_row_value_options": "PARTIAL_JSON"}
    pair = make_pair(server=MySQL, conflicts=LATEST, options=partial, config={"capture": {"canary": "1s"}})
    pair.everywhere("CREATE DATABASE shop", TYPES, HEAP, ITEM)
    pair.start()
    pair.eu.sql(
        f"INSERT INTO shop.types {COLUMNS} VALUES (1, {ROW}), (2, {ROW}), (3, {ROW})",
        "INSERT INTO shop.types (id) VALUES (4)",
        "INSERT INTO shop.item (id, name, code) VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, 'd', 4)",
        f"INSERT INTO shop.heap VALUES (1, {DOCUMENT}, TO_VECTOR('[1,2]'), 0.1, 0.1), (2, '[1]', NULL, NULL, 1e-300)",
        "INSERT INTO shop.heap SELECT * FROM shop.heap",
    )
    pair.eu.sql(
        f"UPDATE shop.types SET n = n + 1, j = JSON_SET(j, '$.b', 2, '$.fresh', 'x'), updated_at = {at(1)} WHERE id = 1",
        "UPDATE shop.types SET v = TO_VECTOR('[0,0,0]'), g = POINT(0, 0), d = -d, lb = 'short',"
        f" updated_at = {at(1)} WHERE id = 2",
        "DELETE FROM shop.types WHERE id = 3",
        "UPDATE shop.heap SET n = 3, j = JSON_SET(j, '$.b', 'long enough to need another place') WHERE n = 1 LIMIT 1",
        "DELETE FROM shop.heap WHERE n = 2 LIMIT 1",
    )
    pair.settle()
    pair.assert_equal("shop.types", "shop.heap", "shop.item")
    assert pair.conflicts() == []
    assert pair.applier("eu", "us").status()["conflicts"] == 0
    pair.wait_for_canaries()

    for applier in pair.appliers.values():
        applier.stop()
    pair.eu.sql(
        rename(1, "eu", 20), rename(2, "eu", 10), "DELETE FROM shop.item WHERE id = 3",
        f"UPDATE shop.types SET j = '[2]', updated_at = {at(9)} WHERE id = 1",
    )
    pair.us.sql(
        rename(1, "us", 10), rename(2, "us", 20), "DELETE FROM shop.item WHERE id = 3",
        f"UPDATE shop.types SET j = '{{\"x\": 1}}', updated_at = {at(8)} WHERE id = 1",
    )
    pair.start()
    pair.settle()
    pair.assert_equal("shop.types", "shop.heap", "shop.item")
    assert dict(pair.us.query("SELECT id, name FROM shop.item")) == {1: "eu", 2: "us", 4: "d"}
    found = {(entry["link"], entry["kind"], entry["verdict"]) for entry in pair.conflicts()}
    assert ("eu:us", "update/changed", "incoming") in found and ("us:eu", "update/changed", "local") in found
    assert {kind for _, kind, _ in found} == {"update/changed", "delete/missing"}
    number = pair.conflicts()[0]["id"]
    assert "update/changed" in pair.ctl("conflicts", "list", "--to", "us").stdout
    assert str(number) in pair.ctl("conflicts", "show", number, "--to", pair.conflicts()[0]["link"].split(":")[1]).stdout

    report = pair.reconcile()
    assert (report[-1]["tables"], report[-1]["problems"]) == (3, 0)
    pair.us.sql(
        "SET SESSION sql_log_bin = 0",
        "UPDATE shop.types SET d = d + 6e-17 WHERE id = 1",
        "UPDATE shop.types SET v = TO_VECTOR('[0,0,1]') WHERE id = 2",
        "UPDATE shop.types SET j = '[]' WHERE id = 4",
        "DELETE FROM shop.heap WHERE n = 3",
        "UPDATE shop.item SET name = 'D' WHERE id = 4",
    )
    report = pair.reconcile(expect=1)
    told = {(line["table"], line["class"], line["key"].get("id")) for line in report if line["type"] == "difference"}
    assert told == {
        ("types", "diverged", 1), ("types", "diverged", 2), ("types", "diverged", 4), ("item", "diverged", 4),
        ("heap", "missing_at_target", None),
    }


def test_missing_grants_are_named(make_pair):
    pair = make_pair(server={"eu": MariaDB, "us": MySQL}, links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop", ITEM)

    def grant_only(*grants):
        pair.us.sql("SET SESSION sql_log_bin = 0", f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {ACCOUNT}", *grants)

    grant_only(f"GRANT REPLICATION SLAVE ON *.* TO {ACCOUNT}", f"GRANT SELECT ON shop.* TO {ACCOUNT}")
    pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 60, "a stream")
    applier = pair.applier("eu", "us")
    applier.launch()
    applier.expect_exit(77)
    told = set(re.findall(r"Run: (GRANT .*?;)", applier.text()))
    least = {f"GRANT REPLICATION_APPLIER ON *.* TO {ACCOUNT};", f"GRANT ALL PRIVILEGES ON `drc`.* TO {ACCOUNT};"}
    assert told == least | {f"GRANT {word} ON `shop`.* TO {ACCOUNT};" for word in ("INSERT", "UPDATE", "DELETE")}
    pair.us.sql("SET SESSION sql_log_bin = 0", *least)
    pair.start()
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (1, 'a')")
    statement = f"GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.* TO {ACCOUNT};"
    assert f"Run: {statement}" in applier.expect_exit(77)

    grant_only(*least)
    report = pair.ctl("wait", "--from", "eu", "--to", "us", "--timeout", 30, expect=69).stderr
    assert "not running" in report or "applier" in report
    said = pair.tool("drc-reconcile", "full", "--pair", "eu,us", expect=2)
    assert statement in said.stdout + said.stderr, "a table that is not seen is not a table that is missing"

    pair.us.sql("SET SESSION sql_log_bin = 0", statement)
    applier.start()
    pair.eu.sql("UPDATE shop.item SET name = 'b'")
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")


FILLER = f"CREATE TABLE shop.filler (id INT PRIMARY KEY, body VARCHAR(2000), n INT NOT NULL DEFAULT 0, {STAMP}) CHARACTER SET latin1"
PARENT = f"CREATE TABLE shop.parent (id INT PRIMARY KEY, name VARCHAR(20), {STAMP})"
CHILD = (
    f"CREATE TABLE shop.child (id INT PRIMARY KEY, parent INT, n INT, {STAMP},"
    " FOREIGN KEY (parent) REFERENCES shop.parent (id) ON DELETE CASCADE ON UPDATE CASCADE)"
)
ORPHAN = (
    f"CREATE TABLE shop.orphan (id INT PRIMARY KEY, parent INT, {STAMP},"
    " FOREIGN KEY (parent) REFERENCES shop.parent (id) ON DELETE SET NULL)"
)
FAMILY = (
    "INSERT INTO shop.parent (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c')",
    "INSERT INTO shop.child (id, parent, n) VALUES (10, 1, 0), (11, 1, 0), (20, 2, 0), (30, 3, 0)",
    "INSERT INTO shop.orphan (id, parent) VALUES (10, 1), (20, 2)",
    "DELETE FROM shop.parent WHERE id = 1",
    "UPDATE shop.parent SET id = 4 WHERE id = 3",
    "UPDATE shop.child SET n = n + 1 WHERE parent = 4",
    "SET SESSION foreign_key_checks = 0",
    "INSERT INTO shop.child (id, parent, n) VALUES (90, 9, 0)",
)


def held_by_load_and_slowed_by_an_operator(pair, applier):
    """More connections than the limit hold the link; `drcctl throttle` slows it down; both end as they are told."""
    with contextlib.ExitStack() as stack:
        for _ in range(BUSY):
            stack.enter_context(pair.us.connect())
        assert_held(pair, applier, f"Threads_connected of the target is above {BUSY}", "(id, name) VALUES ({}, 'load')", 1000)
    pair.wait("eu", "us")

    pair.ctl("throttle", "--from", "eu", "--to", "us", "--rate", "1", "--why", "a test")
    pair.eu.sql(*[f"INSERT INTO shop.item (id, name) VALUES ({number}, 'slow')" for number in range(101, 141)])
    pair.wait("eu", "us", timeout=1, expect=75)
    assert pair.us.value("SELECT COUNT(*) FROM shop.item WHERE id BETWEEN 101 AND 140") < 40
    pair.ctl("throttle", "--from", "eu", "--to", "us", "--release")
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")


def test_one_way_trouble(make_pair):
    """Cascades, XA, a big transaction, a throttle, a target that is read-only, one that restarts, one that its applier has locked out."""
    throttle = {"regions": {"us": {"throttle": {"max_load": [f"Threads_connected={BUSY}"]}}}}
    pair = make_pair(server=MySQL, links=[("eu", "us")], conflicts={"default": {"policy": "source_wins"}}, config=throttle)
    pair.everywhere("CREATE DATABASE shop", FILLER, PARENT, CHILD, ORPHAN, ITEM)
    pair.start()
    applier = pair.applier("eu", "us")
    pair.eu.sql(*FAMILY)
    pair.wait("eu", "us")
    pair.assert_equal("shop.parent", "shop.child", "shop.orphan")
    assert pair.us.query("SELECT id, parent, n FROM shop.child ORDER BY id") == [(20, 2, 0), (30, 4, 1), (90, 9, 0)]
    assert pair.conflicts() == []
    assert applier.status()["exact"] == 2  # a parent that takes children along goes that way

    pair.eu.prepare_xa("a", "INSERT INTO shop.item (id, name) VALUES (1, 'held')")
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (2, 'between')")
    pair.wait("eu", "us")
    assert pair.us.query("SELECT id FROM shop.item") == [(2,)]
    pair.eu.sql("XA COMMIT 'a'")

    more = "SET SESSION cte_max_recursion_depth = 100000"
    fill = f"INSERT INTO shop.filler (id, body) {numbers(1, 6000)} SELECT n, REPEAT(CHAR(97 + n MOD 26), 1500) FROM s"
    pair.eu.sql(more, "BEGIN", fill, "UPDATE shop.filler SET n = id", "DELETE FROM shop.filler WHERE id % 3 = 0", "COMMIT")
    counts = set()
    while applier.status()["applied_seq"] < pair.capture("eu").status()["seq"]:
        counts.add(pair.us.value("SELECT COUNT(*) FROM shop.filler"))
        pair.check()
        time.sleep(0.02)
    assert counts <= {0, 4000}
    pair.wait("eu", "us")
    pair.assert_equal("shop.filler", "shop.item")
    assert applier.status()["exact"] == 2

    held_by_load_and_slowed_by_an_operator(pair, applier)

    pair.us.sql("SET GLOBAL read_only = ON")
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (3, 'later')")
    pair.until(lambda: applier.status()["state"] in ("retrying", "waiting"), 30, "word that the target is read-only")
    assert "read-only" in applier.status()["last_error"] or "read_only" in applier.status()["last_error"]
    word = ["--from", "eu", "--to", "us", "--why", "a test"]
    said = pair.ctl("pause", *word, expect=75).stderr
    assert "is retrying what it has in hand" in said and re.search("read[-_]only", said)
    pair.us.sql("SET GLOBAL read_only = OFF")
    pair.until(lambda: applier.status()["state"] == "paused", 30, "the pause")
    pair.ctl("resume", *word)
    pair.wait("eu", "us")

    with TokenLoadOf(pair) as load:
        load.wait_for(20)
        pair.us.kill()
        load.wait_for(20)
        pair.us.start()
        load.wait_for(20)
    pair.wait("eu", "us")
    TokenLoad.check(pair.us, [load])

    applier.freeze()
    rival = pair.rival(applier).start()
    applier.wanted = False
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (4, 'by the rival')")
    pair.wait("eu", "us")
    applier.thaw()
    pair.eu.sql("UPDATE shop.item SET name = 'still' WHERE id = 4")
    assert "fenced by a newer instance" in applier.expect_exit(77)
    pair.wait("eu", "us")
    pair.assert_equal("shop.item", "shop.token")
    assert rival.status()["state"] == "running"


def TokenLoadOf(pair):
    pair.everywhere(TokenLoad.TABLE)
    return TokenLoad(pair.eu, threads=1, rate=100)


@pytest.mark.parametrize("other", [MariaDB, MariaDB118], ids=["mariadb10.11", "mariadb11.8"])
def test_two_flavours_both_ways(make_pair, other):
    """eu is MySQL, us is MariaDB: rows of plain types go both ways, conflicts are settled alike, nothing goes round."""
    pair = make_pair(server={"eu": MySQL, "us": other}, conflicts=LATEST, config={"capture": {"canary": "0s"}})
    item = ITEM + " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
    pair.everywhere("CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", item, TokenLoad.TABLE)
    pair.start()
    loads = [TokenLoad(server, threads=1, rate=100) for server in (pair.eu, pair.us)]
    for load in loads:
        load.start()
    pair.eu.sql("INSERT INTO shop.item (id, name, code) VALUES (1, 'a', 1), (2, 'é', 2), (3, NULL, NULL)")
    pair.us.sql("INSERT INTO shop.item (id, name, code) VALUES (11, 'A', 11), (12, 'b', 12)")
    pair.settle(60)
    for load in loads:
        load.wait_for(50)
        load.stop()
    for applier in pair.appliers.values():
        applier.stop()
    pair.eu.sql(rename(1, "eu", 20), rename(11, "eu", 10), "DELETE FROM shop.item WHERE id = 3")
    pair.us.sql(rename(1, "us", 10), rename(11, "us", 20), rename(2, "us", 30), "UPDATE shop.item SET id = 13 WHERE id = 12")
    pair.start()
    pair.settle()
    for server in pair.servers.values():
        TokenLoad.check(server, loads)
        assert dict(server.query("SELECT id, name FROM shop.item")) == {1: "eu", 2: "us", 11: "us", 13: "b"}
    assert {(entry["link"], entry["verdict"]) for entry in pair.conflicts()} >= {("eu:us", "incoming"), ("us:eu", "local")}
    assert pair.reconcile()[-1]["problems"] == 0
    quiet = {name: (server.executed_gtids(), server.binlog_bytes()) for name, server in pair.servers.items()}
    time.sleep(3)
    assert {name: (s.executed_gtids(), s.binlog_bytes()) for name, s in pair.servers.items()} == quiet
