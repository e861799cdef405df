"""Generated columns of a source that leaves them out of its binlog, as MariaDB does from 11.8.9 on.

Its updates and deletes, and inserts that may have become updates, come without them; plain inserts have them. At the
target the columns are computed, also those that are indexed; nothing is doubtful by what is not there. What a source
leaves out for other reasons stops the capture, as ever.
"""

import json

import pytest

from support.mariadb import MariaDB, MariaDB118
from support.mysql import MySQL
from system.test_lost_tail import lost_tail, quiet, rescue

COLUMNS = "n INT, v INT AS (n + 1) VIRTUAL, s INT AS (n + 2) STORED, t VARCHAR(20), b TEXT"
TABLES = {
    "plain": f"id INT PRIMARY KEY, {COLUMNS}",
    "keyed": f"id INT PRIMARY KEY, {COLUMNS}, KEY (v), UNIQUE KEY (s)",
    "shown": "id INT PRIMARY KEY, n INT, v INT AS (n + 1) VIRTUAL, t VARCHAR(20), b TEXT",
    "keyless": f"id INT, {COLUMNS}",
}
SCHEMA = ["CREATE DATABASE shop", *(f"CREATE TABLE shop.{name} ({columns}) COLLATE utf8mb4_general_ci" for name, columns in TABLES.items())]
SERVERS = {"MariaDB118": MariaDB118, "MariaDB": MariaDB, "MySQL": MySQL}


def history(table):
    """Every way by which a row comes, changes and goes; several in one transaction."""
    found = [
        f"INSERT INTO {table} (id, n, t) VALUES (1, 10, 'x'), (2, NULL, NULL), (3, 30, 'z'), (4, 40, NULL)",
        f"UPDATE {table} SET n = n + 1 WHERE id = 1",
        f"UPDATE {table} SET t = 'y', b = REPEAT('ä', 300) WHERE id = 2",
        f"UPDATE {table} SET id = id + 100 ORDER BY id DESC",
        f"UPDATE {table} SET t = 'v' WHERE v = 12",
        f"UPDATE {table} SET t = v WHERE v = 12",
        "BEGIN",
        f"INSERT INTO {table} (id, n) VALUES (5, 50), (6, 60)",
        f"UPDATE {table} SET n = n * 2 WHERE id IN (5, 101)",
        f"DELETE FROM {table} WHERE id = 6",
        f"INSERT INTO {table} (id, n) VALUES (6, 61)",
        f"UPDATE {table} SET n = 62 WHERE id = 6",
        "COMMIT",
        f"DELETE FROM {table} WHERE id = 104",
    ]
    if not table.endswith("keyless"):
        found += [
            f"INSERT INTO {table} (id, n) VALUES (101, 5), (7, 7) ON DUPLICATE KEY UPDATE n = VALUES(n), t = 'again'",
            f"REPLACE INTO {table} (id, n) VALUES (101, 6), (8, 80)",
            f"UPDATE {table} a JOIN {table} b ON a.id = b.id SET a.t = 'q', a.b = b.v",
        ]
    return found


def leaves_out(server):
    """Does it leave generated columns out? The capture reads it from events, and so does nobody else but the test."""
    release = [int(part) for part in server.value("SELECT VERSION()").split("-")[0].split(".")]
    return release[:2] == [11, 8] and release[2] >= 9


def same(pair, source="eu", target="us"):
    for table in TABLES:
        query = f"SELECT id, n, v, {'0' if table == 'shown' else 's'}, t, b FROM shop.{table} ORDER BY id, n"
        wanted = pair.servers[source].query(query)
        assert pair.servers[target].query(query) == wanted
    at = pair.servers[target]
    for key in ("v", "s"):
        found = at.query(f"SELECT id, {key} FROM shop.keyed FORCE INDEX ({key}) WHERE {key} > 0 ORDER BY id")
        assert found == at.query(f"SELECT id, {key} FROM shop.keyed IGNORE INDEX ({key}) WHERE {key} > 0 ORDER BY id")
    assert at.query("CHECK TABLE shop.keyed EXTENDED")[0][3] == "OK"


def let_sql_write(pair, region="us"):
    """What the daemon waits for where rows that go by BINLOG lack what is computed for plain SQL only, as `drcctl check` has it."""
    found = json.loads(pair.ctl("check", "--json", expect=None).stdout)["findings"]
    mends = {finding["fix"] for finding in found if "and only plain SQL can write them so" in finding["what"]}
    assert len(mends) == 1, found
    pair.servers[region].sql("SET SESSION sql_log_bin = 0", *mends.pop().rstrip(";").split("; "))


@pytest.mark.parametrize("writer", ["binlog", "sql"])
@pytest.mark.parametrize("target", SERVERS)
def test_every_change_arrives(make_pair, target, writer):
    pair = make_pair(links=[("eu", "us")], server={"eu": MariaDB118, "us": SERVERS[target]})
    pair.file["links"][0]["apply"] = {"writer": writer, "workers": 4}
    pair.write_config()
    pair.everywhere(*SCHEMA)
    pair.start()
    for table in TABLES:
        pair.eu.sql(*history(f"shop.{table}"))
    if target == "MariaDB" and writer == "binlog" and leaves_out(pair.eu):
        cause = "lack `s`, without which only plain SQL can write them: plain SQL may not write `shop`.`plain`"
        pair.until(lambda: cause in (pair.applier("eu", "us").status()["cause"] or ""), 30, "cause")
        let_sql_write(pair)
    pair.wait("eu", "us")
    same(pair)
    assert not pair.conflicts()
    assert pair.reconcile()[-1]["differences"] == 0
    shown = pair.ctl("events", "--region", "eu", "--json").stdout
    assert ('"update"' in shown) and ('"v": 12' in shown.split('"update"')[1].split("}")[0]) != leaves_out(pair.eu)


def test_what_goes_either_way_keeps_its_order(make_pair):
    """Deletes by BINLOG between inserts and updates by plain SQL, of one key: in doubt they would go row by row."""
    pair = make_pair(links=[("eu", "us")], server={"eu": MariaDB118, "us": MariaDB})
    pair.file["links"][0]["apply"] = {"workers": 1}
    pair.write_config()
    pair.everywhere(*SCHEMA)
    let_sql_write(pair)
    pair.start()
    pair.eu.sql("INSERT INTO shop.keyed (id, n) VALUES (1, 1), (2, 2)", "UPDATE shop.keyed SET n = n + 10")
    pair.wait("eu", "us")
    link = pair.applier("eu", "us")
    pair.until(lambda: link.status()["transactions"] >= 2, 30, "both to be counted")
    before = link.status()["exact"]
    assert before <= 1  # where it was seen that rows may lack columns
    for round_ in range(20):
        pair.eu.sql(
            "BEGIN",
            "INSERT INTO shop.keyed (id, n) VALUES (3, 3)",
            "DELETE FROM shop.keyed WHERE id = 3",
            f"INSERT INTO shop.keyed (id, n) VALUES (3, {100 + round_})",
            "UPDATE shop.keyed SET t = 'x' WHERE id = 3",
            "DELETE FROM shop.keyed WHERE id = 3",
            "COMMIT",
        )
    pair.wait("eu", "us")
    same(pair)
    assert (link.status()["exact"], link.status()["conflicts"]) == (before, 0)


def test_two_ways(make_pair):
    pair = make_pair(server={"eu": MariaDB118, "us": MariaDB}, conflicts={"default": {"policy": "latest"}})
    pair.everywhere(*SCHEMA)
    let_sql_write(pair)
    pair.start()
    for table in ("plain", "keyed", "shown"):
        pair.eu.sql(*history(f"shop.{table}"))
        pair.wait("eu", "us")
        pair.us.sql(f"UPDATE shop.{table} SET n = n + 1000", f"DELETE FROM shop.{table} WHERE id = 8")
        pair.wait("us", "eu")
        pair.eu.sql(f"UPDATE shop.{table} SET n = n + 3 WHERE id < 8", f"INSERT INTO shop.{table} (id, n) VALUES (8, -8)")
    pair.eu.sql(*history("shop.keyless"))
    pair.settle()
    same(pair)
    same(pair, "us", "eu")
    assert not pair.conflicts()


def test_a_conflict_is_told_by_what_is_there(make_pair):
    """Both regions changed one row: judged by its columns, not by those that nobody sent."""
    pair = make_pair(
        links=[("eu", "us")], server={"eu": MariaDB118, "us": MariaDB}, conflicts={"default": {"policy": "source_wins"}}
    )
    pair.everywhere(*SCHEMA)
    let_sql_write(pair)
    pair.start()
    for table in TABLES:
        pair.eu.sql(f"INSERT INTO shop.{table} (id, n, t) VALUES (1, 1, 'a'), (2, 2, 'a')")
    pair.wait("eu", "us")
    keyed = [table for table in TABLES if table != "keyless"]
    for table in keyed:
        pair.us.sql(f"UPDATE shop.{table} SET t = 'here', n = 7 WHERE id = 1")
        pair.eu.sql(f"UPDATE shop.{table} SET t = 'there' WHERE id = 1", f"UPDATE shop.{table} SET n = 5 WHERE id = 2")
    pair.wait("eu", "us")
    same(pair)
    assert sorted((c["tbl"], c["kind"]) for c in pair.conflicts()) == [(t, "update/changed") for t in sorted(keyed)]


def test_a_target_that_stores_it_is_waited_for(make_pair):
    pair = make_pair(links=[("eu", "us")], server={"eu": MariaDB118, "us": MariaDB})
    pair.start_servers()
    if not leaves_out(pair.eu):
        pytest.skip("this release of MariaDB 11.8 has generated columns in its binlog")
    pair.eu.sql("CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY, n INT, v INT AS (n + 1) VIRTUAL)")
    pair.us.sql("CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY, n INT, v INT DEFAULT 3)")
    found = pair.ctl("check", "--json", expect=None).stdout
    assert "`v` is generated at the source, which leaves it out of its binlog, and not at the target" in found
    pair.start()
    applier = pair.applier("eu", "us")
    pair.ctl("pause", "--from", "eu", "--to", "us", "--why", "so that both are read at once")
    pair.eu.sql("INSERT INTO shop.item (id, n) VALUES (1, 1)", "UPDATE shop.item SET n = 2")
    pair.captured("eu")
    pair.ctl("resume", "--from", "eu", "--to", "us")
    pair.until(lambda: "`v` is generated at the source" in (applier.status()["cause"] or ""), 30, "cause")
    pair.until(lambda: pair.us.query("SELECT n, v FROM shop.item") == [(1, 2)], 30, "insert, which has it")
    pair.us.sql("ALTER TABLE shop.item DROP COLUMN v", "ALTER TABLE shop.item ADD v INT AS (n + 1) VIRTUAL")
    pair.wait("eu", "us")
    assert pair.us.query("SELECT id, n, v FROM shop.item") == [(1, 2, 3)]


def test_what_is_left_out_for_other_reasons_stops_the_capture(make_pair):
    """A session chose NOBLOB for itself: `b` is not what the server computes, `v` is."""
    pair = make_pair(links=[("eu", "us")], server={"eu": MariaDB118, "us": MariaDB})
    pair.everywhere(*SCHEMA)
    let_sql_write(pair)
    pair.start()
    pair.eu.sql("INSERT INTO shop.keyed (id, n, b) VALUES (1, 1, 'kept'), (2, 2, 'kept')", "UPDATE shop.keyed SET n = 3 WHERE id = 1")
    pair.wait("eu", "us")
    pair.eu.sql("SET SESSION binlog_row_image = NOBLOB", "UPDATE shop.keyed SET n = 4 WHERE id = 1")
    cause = pair.capture("eu").expect_exit(69)
    lacks = "`v`, `s`, `b`" if leaves_out(pair.eu) else "`b`"
    assert f"shop.keyed: a row image is not whole: it lacks {lacks}, and only generated" in cause and "binlog_row_image=FULL" in cause
    assert pair.us.query("SELECT n, b FROM shop.keyed WHERE id = 1") == [(3, "kept")]


def test_a_lost_tail_of_such_rows_is_brought_back(make_pair, directory):
    """The dead server cannot be asked what it computes; the survivor, which has the same tables, is."""
    pair = make_pair(
        server=MariaDB118, conflicts={"default": {"policy": "latest"}}, config={"capture": {"heartbeat": "500ms"}}
    )
    pair.everywhere(*SCHEMA)
    pair.start()
    pair.eu.sql("INSERT INTO shop.keyed (id, n) VALUES (1, 1), (2, 2)")
    pair.settle()
    pair.capture("eu").kill()
    pair.eu.sql("UPDATE shop.keyed SET n = 5 WHERE id = 1", "REPLACE INTO shop.keyed (id, n) VALUES (2, 7)")
    pair.eu.kill()
    files = rescue(pair.eu, directory / "rescued")
    quiet(pair)
    assert any(str(file).endswith(".idx") for file in files)  # 11.8's indexes of GTIDs, as a pattern takes them along
    report, found = lost_tail(pair, "--binlog", *files)
    assert [line["class"] for line in found] == ["safe", "safe"], report
    shown = pair.ctl("events", "--binlog", *files).stdout
    assert "update shop.keyed" in shown
    pair.applier("eu", "us").stop()
    lost_tail(pair, "--binlog", *files, "--replay", "safe", "--why", "eu died")
    pair.applier("eu", "us").start()
    whole = [(1, 5, 6, 7), (2, 7, 8, 9)]
    pair.until(lambda: pair.us.query("SELECT id, n, v, s FROM shop.keyed ORDER BY id") == whole, 30, "lost tail")


@pytest.mark.parametrize("writer", ["binlog", "sql"])
@pytest.mark.parametrize(("source", "target"), [(MariaDB, MariaDB), (MariaDB118, MariaDB), (MariaDB, MariaDB118), (MariaDB118, MariaDB118)])
def test_unique_keys_over_texts(make_pair, source, target, writer):
    """MariaDB finds them by a hidden column, which its binlog has, up to 11.8.8, with every row."""
    pair = make_pair(links=[("eu", "us")], server={"eu": source, "us": target})
    pair.file["links"][0]["apply"] = {"writer": writer, "workers": 2}
    pair.write_config()
    word = "t TEXT COLLATE utf8mb4_general_ci, n INT"
    pair.everywhere(
        "CREATE DATABASE shop",
        f"CREATE TABLE shop.word (id INT PRIMARY KEY, {word}, UNIQUE KEY (t))",
        f"CREATE TABLE shop.pair (id INT PRIMARY KEY, {word}, b BLOB, UNIQUE KEY (t, b), UNIQUE KEY (b))",
    )
    pair.start()
    pair.eu.sql(
        "INSERT INTO shop.word VALUES (1, 'a', 1), (2, 'b', 2), (3, REPEAT('ä', 3000), 3), (4, NULL, 4)",
        "UPDATE shop.word SET n = n + 1",
        "UPDATE shop.word SET t = 'c' WHERE id = 1",
        "UPDATE shop.word SET t = 'a' WHERE id = 2",
        "REPLACE INTO shop.word VALUES (5, 'c', 5)",
        "BEGIN", "DELETE FROM shop.word WHERE t = 'a'", "INSERT INTO shop.word VALUES (6, 'A', 6)", "COMMIT",
        "INSERT INTO shop.pair VALUES (1, 'x', 1, 'y'), (2, 'x', 2, 'z'), (3, NULL, 3, NULL)",
        "UPDATE shop.pair SET b = CONCAT(b, 'x'), t = 'w' WHERE id < 3",
        "DELETE FROM shop.pair WHERE id = 2",
    )  # fmt: skip
    pair.wait("eu", "us")
    for table in ("word", "pair"):
        assert pair.us.query(f"SELECT * FROM shop.{table} ORDER BY id") == pair.eu.query(f"SELECT * FROM shop.{table} ORDER BY id")
        assert pair.us.query(f"CHECK TABLE shop.{table} EXTENDED")[0][3] == "OK"
    with pytest.raises(Exception, match="Duplicate entry"):
        pair.us.sql("INSERT INTO shop.word VALUES (9, 'C', 9)")
    with pytest.raises(Exception, match="Duplicate entry"):
        pair.us.sql("INSERT INTO shop.pair VALUES (9, 'new', 9, 'yx')")
    assert not pair.conflicts()
    assert pair.reconcile()[-1]["differences"] == 0
