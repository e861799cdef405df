"""Probes and repairs: rows compared, and mended, at one point of their history while others write them.

Differences are planted behind the binlog's back (`sql_log_bin=0`), so that no link can carry or mend them.
"""

import subprocess
import threading
import time

import pytest

from support import causal as causal_support
from support import place
from support.mariadb import MariaDB
from support.mysql import MySQL


def plant(server, *statements):
    server.sql("SET SESSION sql_log_bin = 0, sql_mode = ''", *statements)


class Toggling:
    """Rows that somebody keeps changing to and fro between two states, as fast as it goes."""

    def __init__(self, server, *statements):
        self.server = server
        self.statements = statements
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.turns = 0

    def _run(self):
        connection = self.server.connect(autocommit=True)
        with connection.cursor() as cursor:
            while not self.stop.is_set():
                for statement in self.statements:
                    cursor.execute(statement)
                self.turns += 1
        connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        assert self.turns > 10, "nothing was toggled: this test showed nothing"


def found(report, kind="difference"):
    return sorted((x["table"], str(x["key"]), x["class"]) for x in report if x["type"] == kind)


ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, v VARCHAR(20), n INT, u INT UNIQUE)"


@pytest.fixture
def causal(make_pair):
    """A pair linked both ways whose conflicts are told by versions, with shop.item of a hundred rows."""
    pair = make_pair(conflicts={"default": {"policy": "latest"}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql("USE shop", "INSERT INTO item SELECT seq, CONCAT('v', seq), 0, seq FROM seq_1_to_100")
    pair.settle()
    return pair


def toggle(row, *more):
    return (f"UPDATE shop.item SET v = 'a' WHERE id = {row}", f"UPDATE shop.item SET v = 'b' WHERE id = {row}", *more)


def test_rows_that_toggle_are_no_differences_and_those_that_differ_beside_it_are(causal, long_run):
    pair = causal
    plant(pair.us, "UPDATE shop.item SET n = 7 WHERE id = 50")
    eu = Toggling(pair.eu, *toggle(1), "DELETE FROM shop.item WHERE id = 3", "INSERT INTO shop.item VALUES (3, 'back', 1, 3)")
    us = Toggling(pair.us, *toggle(2))
    with eu, us:
        for _ in range(20 if long_run else 3):
            report = pair.reconcile("--timeout", 60, expect=None)
            assert found(report) == [("item", "{'id': 50}", "diverged")], report[-1]
    pair.settle()
    assert found(pair.reconcile(expect=1)) == [("item", "{'id': 50}", "diverged")]
    for server in (pair.eu, pair.us):
        assert server.value("SELECT COUNT(*) FROM drc.repair") == 0


PLANTED = (
    "UPDATE shop.item SET n = 7 WHERE id = 50",
    "UPDATE shop.item SET v = NULL WHERE id = 51",
    "UPDATE shop.item SET v = CONCAT(v, ' ') WHERE id = 52",
    "DELETE FROM shop.item WHERE id IN (53, 54)",
    "INSERT INTO shop.item VALUES (1000, 'it''s \\\\ here', 0, 1000), (0, NULL, NULL, NULL)",
    "UPDATE shop.item SET u = -60 WHERE id = 60",  # unique values exchanged
    "UPDATE shop.item SET u = 60 WHERE id = 61",
    "UPDATE shop.item SET u = 61 WHERE id = 60",
    "UPDATE shop.item SET u = 2000 WHERE id = 62",  # and moved: 62 has to give it up before 2001 comes
    "INSERT INTO shop.item VALUES (2001, 'in the way', 0, 62)",
)
COUNT = 11


def state(server):
    return server.raw("SELECT * FROM shop.item WHERE id NOT BETWEEN 1 AND 9 ORDER BY id")


def outcomes(report):
    (sums,) = [x for x in report if x["type"] == "repairs"]
    return {k: v for k, v in sums.items() if k != "type" and v}


def run_sql(server, path):
    """Run a file as an operator does, with the client program."""
    client = ["/usr/bin/mariadb", "--no-defaults", f"--socket={server.socket}", "--user=root"]
    with path.open("rb") as file:
        subprocess.run(client, stdin=file, check=True, timeout=60)


def in_binlog(server, table):
    """How often rows of `table` of shop come in the newest binlog; what the product writes for itself does not count."""
    events = server.raw(f"SHOW BINLOG EVENTS IN '{server.binlog_end()[0]}'")
    return sum(row[2] == b"Table_map" and b"(shop.%s)" % table.encode() in row[5] for row in events)


def test_apply_mends_once_under_load_and_the_undo_restores_what_was(causal):
    pair = causal
    plant(pair.us, *PLANTED)
    planted = state(pair.us)
    undo = pair.directory / "undo.sql"
    eu, us = Toggling(pair.eu, *toggle(1)), Toggling(pair.us, *toggle(2))
    with eu, us:
        dry = pair.reconcile("--apply", "--dry-run", "--winner", "eu", expect=None)
        assert outcomes(dry) == {"would_repair": COUNT} and state(pair.us) == planted
        report = pair.reconcile("--apply", "--winner", "eu", "--undo-sql", undo, expect=None)
        assert outcomes(report) == {"repaired": COUNT}, [x for x in report if x["type"] == "repair"]
        assert state(pair.us) == state(pair.eu)
        again = pair.reconcile("--apply", "--winner", "eu", expect=0)
        assert outcomes(again) == {} and again[-1]["differences"] == 0
    pair.settle()
    pair.assert_equal("shop.item")
    assert pair.conflicts() == []
    logged = in_binlog(pair.us, "item")
    run_sql(pair.us, undo)
    assert state(pair.us) == planted
    run_sql(pair.us, undo)
    assert state(pair.us) == planted
    pair.settle()
    assert in_binlog(pair.us, "item") == logged > 0, "the undo has come into the binlog"
    assert len(found(pair.reconcile(expect=1))) == COUNT


def test_a_row_that_moves_on_is_left_alone_and_named(causal):
    pair = causal
    plant(pair.us, "UPDATE shop.item SET n = 1 WHERE id IN (20, 21)")
    moving = Toggling(pair.us, "SET SESSION sql_log_bin = 0", "UPDATE shop.item SET n = n + 1 WHERE id = 20")
    with moving:
        report = pair.reconcile("--apply", "--winner", "eu", expect=None)
        assert outcomes(report) == {"repaired": 1, "moved": 1}
        (moved,) = [x for x in report if x["type"] == "repair"]
        assert (moved["key"], moved["outcome"]) == ({"id": 20}, "moved")
    assert pair.us.value("SELECT n FROM shop.item WHERE id = 20") > 1
    assert pair.us.value("SELECT n FROM shop.item WHERE id = 21") == 0
    assert outcomes(pair.reconcile("--apply", "--winner", "us", expect=1)) == {"repaired": 1}
    pair.settle()
    pair.assert_equal("shop.item")
    assert pair.conflicts() == []


def test_kills_in_the_middle_leave_nothing_half_done(causal, long_run):
    pair = causal
    count = 3000 if long_run else 600
    filling = f"INSERT INTO item SELECT 10000 + seq, 'x', seq, NULL FROM seq_1_to_{count}"
    pair.eu.sql("USE shop", filling)
    pair.settle()
    plant(pair.us, "UPDATE shop.item SET n = -n WHERE id > 10000 AND id % 3 = 0", "DELETE FROM shop.item WHERE id > 10000 AND id % 3 = 1")
    words = [place.programs() / "drc-reconcile", "full", "--config", pair.config, "--pair", "eu,us"]
    words += ["--apply", "--winner", "eu", "--quiet", "--undo-sql", pair.directory / "undo.sql"]
    for n in range(12 if long_run else 4):
        with subprocess.Popen([str(w) for w in words], stdout=subprocess.DEVNULL) as child:
            before = pair.us.value("SELECT COUNT(*) FROM shop.item WHERE n > 0 AND id > 10000")
            deadline = time.monotonic() + 30
            while child.poll() is None and time.monotonic() < deadline:
                if pair.us.value("SELECT COUNT(*) FROM shop.item WHERE n > 0 AND id > 10000") > before:
                    break
                time.sleep(0.01)
            if n % 2 == 0:
                pair.applier("eu", "us").kill()
            child.kill()
        if n % 2 == 0:
            pair.applier("eu", "us").start()
    report = pair.reconcile("--apply", "--winner", "eu", expect=None)
    assert set(outcomes(report)) <= {"repaired", "equal"}
    pair.settle()
    pair.assert_equal("shop.item")
    assert outcomes(pair.reconcile("--apply", "--winner", "eu", expect=0)) == {}
    assert pair.conflicts() == []


def test_a_mesh_of_three_ends_equal(make_pair):
    """What one pair repairs holds in the third region too; what differs there as well is told to be looked at."""
    pair = make_pair(regions=("eu", "us", "ap"), conflicts=causal_support.CONFLICTS)
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql("USE shop", "INSERT INTO item SELECT seq, CONCAT('v', seq), 0, seq FROM seq_1_to_30")
    pair.settle()
    plant(pair.us, "UPDATE shop.item SET n = 7 WHERE id = 10", "DELETE FROM shop.item WHERE id = 11")
    plant(pair.us, "INSERT INTO shop.item VALUES (900, 'extra', 0, 900)")
    with Toggling(pair.ap, *toggle(1)), Toggling(pair.us, *toggle(2)):
        report = pair.reconcile("--apply", "--winner", "eu", expect=1)
        assert outcomes(report) == {"repaired": 3}, [x for x in report if x["type"] == "repair"]
    assert [fact["text"][:3] for fact in report[-1]["facts"] if fact["name"] == "other regions"] == ["ap:"]
    pair.settle()
    pair.assert_equal("shop.item")
    # The other way round the third region has what the loser had: its own pair mends it.
    plant(pair.us, "UPDATE shop.item SET n = 8 WHERE id = 12", "DELETE FROM shop.item WHERE id = 13")
    assert outcomes(pair.reconcile("--apply", "--winner", "us", expect=1)) == {"repaired": 2}
    done = pair.tool("drc-reconcile", "full", "--pair", "us,ap", "--apply", "--winner", "us", "--quiet", expect=1)
    assert "repairs: 2 repaired" in done.stdout, done.stdout
    pair.eu.sql("UPDATE shop.item SET v = 'later' WHERE id IN (10, 11, 12, 13)")  # on top of all that
    pair.settle()
    pair.assert_equal("shop.item")
    assert pair.us.value("SELECT COUNT(*) FROM shop.item WHERE v = 'later' AND n IN (0, 8)") == 3
    assert pair.conflicts() == []


FAMILY = (
    "CREATE TABLE shop.a_child (id INT PRIMARY KEY, parent INT NOT NULL, FOREIGN KEY (parent) REFERENCES z_parent (id) ON DELETE CASCADE)",
    "CREATE TABLE shop.made (id INT PRIMARY KEY, a INT, twice INT AS (a * 2) STORED, t TIMESTAMP NOT NULL DEFAULT '2026-01-01' "
    "ON UPDATE CURRENT_TIMESTAMP, big LONGTEXT, f FLOAT, d DOUBLE, bn BINARY(6), e ENUM('x','y'), dt DATETIME(6))",
    "CREATE TABLE shop.heap (a INT)",
)


@pytest.fixture
def one_way(make_pair):
    """eu to us, with families, generated columns, and triggers at us that must not fire."""
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "source_wins"}})
    pair.everywhere("CREATE DATABASE shop", "USE shop", "CREATE TABLE z_parent (id INT PRIMARY KEY, v INT)", *FAMILY)
    plant(pair.us, "CREATE TABLE shop.fired (id INT)", "USE shop", "CREATE TRIGGER fire AFTER UPDATE ON made FOR EACH ROW INSERT INTO fired VALUES (NEW.id)")
    pair.start()
    pair.eu.sql(
        "USE shop",
        "INSERT INTO z_parent SELECT seq, seq FROM seq_1_to_20",
        "INSERT INTO a_child SELECT seq, 1 + seq % 20 FROM seq_1_to_100",
        "INSERT INTO made (id, a, big, f, d, bn, e, dt) SELECT seq, seq, REPEAT('text ', 10 + seq), seq / 7, seq / 11, X'0100', 'y',"
        " '2026-01-01 00:00:00.000001' FROM seq_1_to_30",
    )
    pair.wait("eu", "us")
    plant(
        pair.us,
        "DELETE FROM shop.z_parent WHERE id = 3",  # with its children
        "INSERT INTO shop.z_parent VALUES (900, 1)",
        "INSERT INTO shop.a_child VALUES (901, 900), (902, 900)",
        "DROP TRIGGER shop.fire",
        "UPDATE shop.made SET a = -1, big = REPEAT('ü', 70000), d = d + 1e-15, t = '2026-01-02' WHERE id = 5",
        "UPDATE shop.made SET bn = X'01000000FF', e = 0, t = '2026-01-01' WHERE id = 6",
        "DELETE FROM shop.made WHERE id = 7",
        "CREATE TRIGGER shop.fire AFTER UPDATE ON shop.made FOR EACH ROW INSERT INTO fired VALUES (NEW.id)",
        "INSERT INTO shop.heap VALUES (1)",
    )
    return pair


def everything(server):
    tables = ("z_parent", "a_child", "made")
    return {table: server.raw(f"SELECT * FROM shop.{table} ORDER BY id") for table in tables}


def test_families_computed_columns_and_triggers_over_the_link(one_way):
    pair, undo = one_way, one_way.directory / "undo.sql"
    report = pair.reconcile("--apply", "--undo-sql", undo, "--tables", "shop.*", expect=None)
    passed_over = {x["table"] for x in report if x.get("outcome") == "not_repaired"}
    assert passed_over == {"heap", "fired"}, [x for x in report if x["type"] == "repair"]
    assert set(outcomes(report)) <= {"repaired", "equal", "not_repaired"}
    assert everything(pair.us) == everything(pair.eu)
    assert pair.us.value("SELECT COUNT(*) FROM shop.fired") == 0
    assert found(pair.reconcile("--tables", "shop.[amz]*", expect=None)) == []

    # A row that no packet carries is refused by itself.
    plant(pair.eu, "UPDATE shop.made SET big = REPEAT('b', 2000000) WHERE id = 8")
    plant(pair.us, "UPDATE shop.made SET a = -9 WHERE id = 9")
    pair.eu.sql("SET GLOBAL max_allowed_packet = 1048576")
    report = pair.reconcile("--apply", "--tables", "shop.made", "--causes-time", 0, expect=1)
    assert outcomes(report) == {"repaired": 1, "refused": 1}, [x for x in report if x["type"] == "repair"]
    assert ["raise its max_allowed_packet" in x["detail"] for x in report if x["type"] == "repair"] == [True]


def test_sql_for_a_target_whose_applier_is_stopped(one_way):
    pair, undo, repair = one_way, one_way.directory / "undo.sql", one_way.directory / "repair.sql"
    tables = ("--tables", "shop.made")
    plant(pair.us, "DROP TRIGGER shop.fire")
    planted = everything(pair.us)
    pair.applier("eu", "us").stop()
    report = pair.reconcile(*tables, "--no-probe", "--repair-sql", repair, "--undo-sql", undo, expect=1)
    assert outcomes(report) == {"written": 3} and everything(pair.us) == planted
    run_sql(pair.us, repair)
    assert everything(pair.us)["made"] == everything(pair.eu)["made"]
    run_sql(pair.us, repair)
    assert everything(pair.us)["made"] == everything(pair.eu)["made"]
    plant(pair.us, "UPDATE shop.made SET a = 1000 WHERE id = 6")
    run_sql(pair.us, undo)
    undone = everything(pair.us)
    assert [row for row in undone["made"] if row[0] != b"6"] == [row for row in planted["made"] if row[0] != b"6"]
    assert pair.us.value("SELECT a FROM shop.made WHERE id = 6") == 1000, "a row that was changed since was undone"
    pair.applier("eu", "us").start()


def copies(server):
    return server.raw("SELECT a, COUNT(*) FROM shop.heap GROUP BY a ORDER BY a")


NEW = "`new``\n'`"


def test_rows_without_a_key_and_tables_on_one_side_have_sql(one_way):
    pair, undo, repair = one_way, one_way.directory / "undo.sql", one_way.directory / "repair.sql"
    pair.eu.sql("INSERT INTO shop.heap VALUES (2), (2), (3), (3), (3), (NULL), (5)")
    pair.wait("eu", "us")
    plant(
        pair.us,
        "INSERT INTO shop.heap VALUES (5), (5)",
        "DELETE FROM shop.heap WHERE a = 3 LIMIT 2",
        "DELETE FROM shop.heap WHERE a = 2 OR a IS NULL",
    )
    plant(pair.eu, "USE shop", f"CREATE TABLE {NEW} (id INT PRIMARY KEY, `a\n'``b` TEXT DEFAULT 'x\ny')")
    plant(pair.eu, f"INSERT INTO shop.{NEW} VALUES (1, 'one')")
    planted = copies(pair.us)
    tables = ("--tables", "shop.heap", "--tables", "shop.new*", "--tables", "shop.fired")
    report = pair.reconcile(*tables, "--apply", expect=1)
    told = {x["table"]: x for x in report if x["type"] == "repair"}
    assert "--repair-sql" in told["heap"]["detail"]
    assert told["new`\n'"]["sql"].startswith(f"CREATE TABLE IF NOT EXISTS `shop`.{NEW} (")
    assert told["fired"]["sql"] == "DROP TABLE `shop`.`fired`"
    pair.applier("eu", "us").stop()
    report = pair.reconcile(*tables, "--no-probe", "--repair-sql", repair, "--undo-sql", undo, expect=1)
    # 1 and 5 have too many, 2, 3 and NULL too few; and the new table.
    assert outcomes(report) == {"written": 6, "not_repaired": 1}, [x for x in report if x["type"] == "repair"]
    for _ in range(2):
        run_sql(pair.us, repair)
        assert copies(pair.us) == copies(pair.eu)
    assert pair.us.query("SHOW TABLES FROM shop LIKE 'fired'"), "a table was dropped"
    pair.applier("eu", "us").start()
    report = pair.reconcile("--tables", "shop.heap", "--tables", "shop.new*", "--apply", expect=1)
    assert outcomes(report) == {"repaired": 1}, [x for x in report if x["type"] == "repair"]
    assert pair.us.raw(f"SELECT * FROM shop.{NEW}") == pair.eu.raw(f"SELECT * FROM shop.{NEW}")
    for _ in range(2):
        run_sql(pair.us, undo)
        assert copies(pair.us) == planted


def test_the_rule_says_who_wins(causal):
    """`latest`: what was written last, wherever; what the topics do not tell is left to the operator."""
    pair = causal
    pair.eu.sql("UPDATE shop.item SET v = 'eu' WHERE id = 50", "DELETE FROM shop.item WHERE id = 52")
    pair.us.sql("UPDATE shop.item SET v = 'us' WHERE id = 51")
    pair.settle()
    plant(pair.us, "UPDATE shop.item SET v = 'lost' WHERE id = 50")
    plant(pair.us, "INSERT INTO shop.item VALUES (52, 'back', 0, 52), (900, 'whose?', 0, 900)")
    plant(pair.eu, "UPDATE shop.item SET v = 'lost' WHERE id = 51")
    report = pair.reconcile("--apply", expect=1)
    assert outcomes(report) == {"repaired": 3, "not_repaired": 1}, [x for x in report if x["type"] == "repair"]
    (left,) = [x for x in report if x["type"] == "repair"]
    assert left["key"] == {"id": 900} and "--winner" in left["detail"]
    assert pair.us.value("SELECT v FROM shop.item WHERE id = 50") == "eu"
    assert pair.eu.value("SELECT v FROM shop.item WHERE id = 51") == "us"
    assert pair.us.value("SELECT COUNT(*) FROM shop.item WHERE id = 52") == 0
    assert found(pair.reconcile(expect=1)) == [("item", "{'id': 900}", "extra_at_target")]
    assert pair.conflicts() == []


DOCUMENTS = (
    "CREATE TABLE shop.doc (id BIGINT PRIMARY KEY, j JSON, dt DATETIME(6), ts TIMESTAMP(6) NULL, f FLOAT, d DECIMAL(30,10), "
    "t VARCHAR(40) CHARACTER SET latin1, bn BINARY(8), e ENUM('a','b','c'), y YEAR) "
    "DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_general_ci"
)


def test_two_flavours(make_pair):
    pair = make_pair(server={"eu": MariaDB, "us": MySQL}, conflicts={"default": {"policy": "latest"}})
    pair.everywhere("CREATE DATABASE shop", DOCUMENTS)
    pair.start()
    rows = ", ".join(
        f"({n}, '{{\"n\": {n}, \"x\": [1, 2.5, null]}}', '2026-01-01 00:00:00.{n:06}', '2026-03-03 01:02:03.{n:06}', {n} / 7, {n}.0000000001, "
        f"'é{n}', X'0{n % 10}00', {1 + n % 3}, 2000 + {n})"
        for n in range(1, 21)
    )
    pair.eu.sql(f"INSERT INTO shop.doc VALUES {rows}")
    pair.settle()
    plant(
        pair.us,
        "UPDATE shop.doc SET j = '{\"n\": 1, \"x\": [1, 2.5]}' WHERE id = 1",
        "UPDATE shop.doc SET dt = dt + INTERVAL 1 MICROSECOND, f = f + 1 WHERE id = 2",
        "UPDATE shop.doc SET t = 'è', bn = X'FF', e = 'c', y = 1999 WHERE id = 3",
        "DELETE FROM shop.doc WHERE id IN (4, 5)",
        "INSERT INTO shop.doc (id, j) VALUES (99, '[]')",
    )
    with Toggling(pair.eu, "UPDATE shop.doc SET y = 1970 WHERE id = 10", "UPDATE shop.doc SET y = 1971 WHERE id = 10"):
        report = pair.reconcile("--apply", "--winner", "missing_at_target=eu", "--winner", "eu", expect=None)
        assert outcomes(report) == {"repaired": 6}, [x for x in report if x["type"] == "repair"]
    pair.settle()
    assert found(pair.reconcile("--apply", "--winner", "eu", expect=0)) == []
    plant(pair.eu, "UPDATE shop.doc SET e = 'a', j = '[7]' WHERE id = 6")
    other = pair.reconcile("--apply", "--winner", "us", expect=1)
    assert outcomes(other) == {"repaired": 1}, [x for x in other if x["type"] == "repair"]
    assert found(pair.reconcile(expect=0)) == []
    assert pair.conflicts() == []
