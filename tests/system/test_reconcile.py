"""drc-reconcile full: names exactly the rows that differ, whatever kind they are, also while both sides are written.

Differences are planted behind the binlog's back (`sql_log_bin=0`), so that no link can carry or mend them.
"""

import json
import threading
import time

import pytest

from support.load import BankLoad, TokenLoad

STAMP = "updated_at TIMESTAMP(6) NOT NULL DEFAULT '2026-01-01'"


def plant(server, *statements):
    server.sql("SET SESSION sql_log_bin = 0, sql_mode = ''", *statements)


def differences(report):
    """{(table, key as JSON, class)}, each once."""
    found = [
        (line["table"], json.dumps(line["key"], sort_keys=True), line["class"])
        for line in report
        if line["type"] == "difference"
    ]
    assert len(found) == len(set(found)), f"told twice: {found}"
    assert report[-1]["type"] == "summary" and report[-1]["differences"] == len(found)
    return set(found)


def expected(*rows):
    return {(table, json.dumps(key, sort_keys=True), kind) for table, key, kind in rows}


def columns_of(report, table, key):
    (line,) = [x for x in report if x["type"] == "difference" and x["table"] == table and x["key"] == key]
    return line.get("columns")


def run_json(pair, regions, *words, expect):
    """drc-reconcile with its JSON on stdout: the objects, and what it said on stderr."""
    done = pair.tool("drc-reconcile", "full", "--pair", regions, "--json", "-", *words, expect=expect)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


TABLES = (
    f"CREATE TABLE shop.plain (id INT PRIMARY KEY, a VARCHAR(40), b VARBINARY(40), f FLOAT, d DOUBLE, n INT, {STAMP})",
    "CREATE TABLE shop.pairs (region VARCHAR(20), no BIGINT UNSIGNED, day DATE, v DECIMAL(20,6), "
    "PRIMARY KEY (region, no, day))",
    "CREATE TABLE shop.words (word VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, n INT)",
    "CREATE TABLE shop.second (a INT, b BINARY(8) NOT NULL, c VARCHAR(20), UNIQUE KEY the_key (b))",
    "CREATE TABLE shop.heap (a INT, b VARCHAR(40))",
    "CREATE TABLE shop.types (id BIGINT PRIMARY KEY, i TINYINT UNSIGNED, dc DECIMAL(65,30), dt DATETIME(6), tm TIME(3), "
    "ts TIMESTAMP(6) NULL, y YEAR, bt BIT(64), e ENUM('a','b','ä'), s SET('x','y','z'), j JSON, lb LONGBLOB, tx TEXT, "
    "l1 VARCHAR(40) CHARACTER SET latin1, u16 VARCHAR(40) CHARACTER SET utf16, c CHAR(20), bn BINARY(6), g GEOMETRY, "
    "u UUID, i6 INET6, gen INT AS (i + 1) STORED)",
    "CREATE TABLE shop.`na``me ``, \"quoted\"` (`ke y` INT PRIMARY KEY, `v'al` INT)",
)

FILL = (
    "INSERT INTO shop.plain (id, a, b, f, d, n) SELECT seq, CONCAT('row ', seq), CONCAT('bin ', seq), seq / 7, seq / 11,"
    " seq * 3 FROM seq_1_to_4000",
    "INSERT INTO shop.pairs SELECT ELT(1 + seq % 3, 'north', 'South', 'wEst'), seq DIV 3, '2026-01-01' + INTERVAL seq % 5 DAY,"
    " seq / 17 FROM seq_1_to_3000",
    "INSERT INTO shop.words SELECT CONCAT('Wort ', seq, ' ä'), seq FROM seq_1_to_500",
    "INSERT INTO shop.second SELECT seq, LPAD(HEX(seq), 8, '0'), CONCAT('c', seq) FROM seq_1_to_500",
    "INSERT INTO shop.heap SELECT seq % 50, CONCAT('v', seq % 10) FROM seq_1_to_2000",
    "INSERT INTO shop.types (id, i, dc, dt, tm, ts, y, bt, e, s, j, lb, tx, l1, u16, c, bn, g, u, i6) VALUES"
    " (-9223372036854775808, 255, -99999999999999999999999999999999999.999999999999999999999999999999,"
    "  '0000-00-00', '-838:59:59.999', '1970-01-01 00:00:01.000001', 0, b'1', 'ä', 'x,z', '{\"a\": [1, 2]}',"
    "  REPEAT(X'00FF', 70000), '', 'é', '\U0001f600', 'x ', X'0100', ST_GeomFromText('POINT(1 2)', 4326), UUID(), '::1'),"
    " (9223372036854775807, 0, 0, '9999-12-31 23:59:59.999999', '838:59:59', NULL, 2155,"
    "  X'FFFFFFFFFFFFFFFF', '', '', 'null', NULL, 'N', 'N', NULL, NULL, NULL, NULL, NULL, NULL),"
    " (0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "INSERT INTO shop.`na``me ``, \"quoted\"` VALUES (1, 1), (2, 2)",
)


@pytest.fixture
def filled(pair):
    """The pair with all tables, filled in eu and carried over."""
    pair.everywhere("SET sql_mode = ''", *TABLES)
    pair.start()
    pair.eu.sql("USE shop", "SET sql_mode = ''", *FILL)
    pair.settle()
    return pair


def test_equal_sides_are_equal(filled):
    report = filled.reconcile(expect=0)
    assert differences(report) == set()
    summary = report[-1]
    assert summary["tables"] == len(TABLES)
    assert summary["rows"] == 4000 + 3000 + 500 + 500 + 2000 + 3 + 2
    assert (summary["unsettled"], summary["problems"], summary["exit_code"]) == (0, 0, 0)
    assert differences(filled.reconcile("--chunk-rows", 7, "--tables", "shop.pairs")) == set()


def test_every_planted_difference_is_named_and_no_other(filled):
    us, eu = filled.us, filled.eu
    plant(
        us,
        "UPDATE shop.plain SET a = NULL WHERE id = 10",
        "UPDATE shop.plain SET a = '' WHERE id = 11",
        "UPDATE shop.plain SET a = CONCAT(a, ' ') WHERE id = 12",  # only a trailing space
        "UPDATE shop.plain SET a = UPPER(a) WHERE id = 13",  # only case
        "UPDATE shop.plain SET a = 'N' WHERE id = 14",
        "UPDATE shop.plain SET d = 15 / 11 + 2.3e-16 WHERE id = 15",  # the last bit
        "UPDATE shop.plain SET a = 'row 17' WHERE id = 16",  # swapped between two rows
        "UPDATE shop.plain SET a = 'row 16' WHERE id = 17",
        "UPDATE shop.plain SET n = n + 5 WHERE id IN (18, 19)",  # two equal changes
        "UPDATE shop.plain SET b = CONCAT(b, X'00') WHERE id = 20",
        "UPDATE shop.plain SET updated_at = '2026-01-01 00:00:00.000001' WHERE id = 21",
        "DELETE FROM shop.plain WHERE id IN (1, 2000, 4000)",
        "INSERT INTO shop.plain (id, a) VALUES (0, 'below'), (5000, 'above')",
        "DELETE FROM shop.pairs WHERE region = 'south' AND no = 333",
        "UPDATE shop.pairs SET v = v + 0.000001 WHERE region = 'north' AND no = 500",
        "INSERT INTO shop.pairs VALUES ('zz', 1, '2026-01-01', 1)",
        "UPDATE shop.words SET word = 'wort 7 Ä' WHERE n = 7",  # the key itself, equal by its collation
        "UPDATE shop.words SET n = -8 WHERE n = 8",
        "UPDATE shop.second SET c = 'other' WHERE a = 3",
        "DELETE FROM shop.second WHERE a = 4",
        "INSERT INTO shop.heap VALUES (1, 'v1')",  # one more of many equal rows
        "DELETE FROM shop.heap WHERE a = 7 AND b = 'v7' LIMIT 3",
        "INSERT INTO shop.heap VALUES (NULL, 'NULL')",
        "UPDATE shop.types SET lb = CONCAT(lb, 'x') WHERE id < 0",
        "UPDATE shop.types SET e = 0 WHERE id = 0",
        "UPDATE shop.`na``me ``, \"quoted\"` SET `v'al` = 3 WHERE `ke y` = 2",
        "CREATE TABLE shop.only_us (id INT PRIMARY KEY)",
    )
    plant(eu, "CREATE TABLE shop.only_eu (id INT PRIMARY KEY)", "CREATE TABLE shop.shape (id INT PRIMARY KEY, a INT)")
    plant(us, "CREATE TABLE shop.shape (id INT PRIMARY KEY, a DATE)")

    report = filled.reconcile(expect=1)
    changed = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
    day = {no: str(eu.value(f"SELECT day FROM shop.pairs WHERE no = {no} AND region = '{r}'")) for r, no in (("south", 333), ("north", 500))}
    assert differences(report) == expected(
        *[("plain", {"id": n}, "diverged") for n in changed],
        *[("plain", {"id": n}, "missing_at_target") for n in (1, 2000, 4000)],
        *[("plain", {"id": n}, "extra_at_target") for n in (0, 5000)],
        ("pairs", {"region": "South", "no": 333, "day": day[333]}, "missing_at_target"),
        ("pairs", {"region": "north", "no": 500, "day": day[500]}, "diverged"),
        ("pairs", {"region": "zz", "no": 1, "day": "2026-01-01"}, "extra_at_target"),
        ("words", {"word": "Wort 7 ä"}, "diverged"),
        ("words", {"word": "Wort 8 ä"}, "diverged"),
        ("second", {"b": {"hex": b"00000003".hex()}}, "diverged"),
        ("second", {"b": {"hex": b"00000004".hex()}}, "missing_at_target"),
        ("heap", {"a": 1, "b": "v1"}, "extra_at_target"),
        ("heap", {"a": 7, "b": "v7"}, "missing_at_target"),
        ("heap", {"a": None, "b": "NULL"}, "extra_at_target"),
        ("types", {"id": -9223372036854775808}, "diverged"),
        ("types", {"id": 0}, "diverged"),
        ('na`me `, "quoted"', {"ke y": 2}, "diverged"),
        ("only_us", {}, "extra_at_target"),
        ("only_eu", {}, "missing_at_target"),
        ("shape", {}, "definition"),
    )
    assert columns_of(report, "plain", {"id": 15}) == ["d"]
    assert columns_of(report, "types", {"id": 0}) == ["e"]
    assert columns_of(report, "words", {"word": "Wort 7 ä"}) == ["word"]
    (seven,) = [x for x in report if x.get("key") == {"a": 7, "b": "v7"}]
    assert (seven["count_at_source"], seven["count_at_target"]) == (40, 37)

    other_way, _ = run_json(filled, "us,eu", "--tables", "shop.only_*", expect=1)
    assert differences(other_way) == expected(
        ("only_us", {}, "missing_at_target"), ("only_eu", {}, "extra_at_target")
    )


def test_text_names_tables_differences_and_a_summary(filled):
    plant(filled.us, "DELETE FROM shop.plain WHERE id = 77")
    shown = filled.tool("drc-reconcile", "full", "--pair", "eu,us", expect=1).stdout.splitlines()
    assert shown[0].split()[-1] == "TABLE"
    assert len([line for line in shown if line.endswith(" shop.words")]) == 1
    assert '  shop.plain {"id": 77} missing_at_target, lost_in_transit' in shown
    assert shown[-2].startswith(f"{len(TABLES)} tables, ") and " 1 differences " in shown[-2]
    assert shown[-1] == "causes: 1 lost_in_transit"
    quiet = filled.tool("drc-reconcile", "full", "--pair", "eu,us", "--quiet", expect=1).stdout
    assert "shop.words" not in quiet and "shop.plain" in quiet


def test_exact_while_both_sides_are_written(filled, long_run):
    """Rows that are written all the while are no differences; planted ones among them are, and only they."""
    pair = filled
    pair.everywhere(TokenLoad.TABLE, BankLoad.TABLE, BankLoad.fill("eu"), BankLoad.fill("us"))
    plant(pair.us, "DELETE FROM shop.plain WHERE id = 5", "UPDATE shop.pairs SET v = 0 WHERE region = 'north' AND no = 900")
    plant(pair.us, "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('planted', 'x', 1, 'us', '')")
    stop = threading.Event()

    def rewrite(server, first):
        """Change the rows around the planted differences, without an end."""
        n = 0
        while not stop.is_set():
            n += 1
            row = first + 2 * (n % 40)
            server.sql(f"UPDATE shop.plain SET n = n + 1, updated_at = NOW(6) WHERE id = {row}")
            time.sleep(0.005)

    threads = [threading.Thread(target=rewrite, args=(server, first)) for server, first in ((pair.eu, 6), (pair.us, 7))]
    loads = [kind(server, threads=1, rate=60) for server in (pair.eu, pair.us) for kind in (TokenLoad, BankLoad)]
    for one in [*threads, *loads]:
        one.start()
    try:
        runs = [run_json(pair, "eu,us", expect=None) for _ in range(10 if long_run else 3)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for load in loads:
            load.stop()
    day = str(pair.eu.value("SELECT day FROM shop.pairs WHERE region = 'north' AND no = 900"))
    truth = expected(
        ("plain", {"id": 5}, "missing_at_target"), ("pairs", {"region": "north", "no": 900, "day": day}, "diverged")
    )
    in_flight = 0
    for report, complaints in runs:
        summary = report[-1]
        found = {(t, k, c) for t, k, c in differences(report) if t != "token"}
        assert found == truth, f"{summary}\n{complaints}"
        (token,) = [x for x in report if x["type"] == "difference" and x["table"] == "token"]
        assert token["key"]["token"] == "planted" and token["class"] == "extra_at_target"
        in_flight += summary["in_flight"]
        assert summary["exit_code"] == (2 if summary["unsettled"] else 1)
    assert in_flight > 0, "nothing was under way when it was looked at: this test showed nothing"
    pair.settle()
    assert {x for x in differences(pair.reconcile(expect=1)) if x[0] != "token"} == truth


def test_a_link_that_does_not_come_makes_it_incomplete(filled):
    pair = filled
    pair.applier("eu", "us").stop()
    pair.eu.sql("UPDATE shop.plain SET n = 0 WHERE id = 3")
    pair.captured("eu")
    lines, complaints = run_json(pair, "eu,us", "--timeout", 10, expect=2)
    assert [x["key"] for x in lines if x["type"] == "unsettled"] == [{"id": 3}]
    assert "applier from eu to us" in complaints
    pair.start()
    pair.settle()
    assert differences(pair.reconcile(expect=0)) == set()


def test_a_side_that_is_down_makes_it_incomplete(filled):
    filled.us.stop()
    done = filled.tool("drc-reconcile", "full", "--pair", "eu,us", expect=2, timeout=120)
    assert "us" in done.stderr
    filled.us.start()


def test_one_way_pair(make_pair):
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "source_wins"}})
    pair.everywhere("CREATE DATABASE shop", TABLES[0])
    pair.start()
    pair.eu.sql("USE shop", FILL[0])
    pair.wait("eu", "us")
    assert differences(pair.reconcile(expect=0)) == set()
    plant(pair.us, "UPDATE shop.plain SET n = 1 WHERE id = 400")
    assert differences(pair.reconcile(expect=1)) == expected(("plain", {"id": 400}, "diverged"))


def test_what_is_wrong_with_the_command_is_said(make_pair):
    pair = make_pair()

    def wrong(code, *words):
        return pair.tool("drc-reconcile", *words, expect=code).stderr

    assert "--pair is needed" in wrong(64, "full")
    assert "two regions" in wrong(64, "full", "--pair", "eu")
    assert "no mode 'half'" in wrong(64, "half", "--pair", "eu,us")
    assert "asia" in wrong(64, "full", "--pair", "eu,asia")
    assert "not eu twice" in wrong(64, "full", "--pair", "eu,eu")
    assert "--chunk-rows wants a number" in wrong(64, "full", "--pair", "eu,us", "--chunk-rows", "x")
    assert "cannot write" in wrong(64, "full", "--pair", "eu,us", "--json", "/nowhere/at/all")
    pair.config.write_text("pair: [", encoding="utf-8")
    assert "pair.yaml:2:1: not valid YAML" in wrong(78, "full", "--pair", "eu,us")


def test_a_pattern_that_matches_no_table_is_not_taken_for_equal(make_pair):
    pair = make_pair(links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY)")
    pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 60, "a stream of eu")
    for mode in (["full"], ["incident", "--since", "1h"]):
        done = pair.tool("drc-reconcile", *mode, "--pair", "eu,us", "--tables", "shop.typo", expect=2)
        assert "no table of the pair on either side matches --tables" in done.stderr
    pair.tool("drc-reconcile", "incident", "--since", "1h", "--pair", "eu,us", "--tables", "shop.item")  # nobody wrote it
