"""Changes of definition in the middle of a load: run at the target, waited for, or put down, as links[].ddl says."""

import contextlib
import subprocess
import time

import pytest

from support import pairfile, place
from support.daemon import Daemon
from support.proxy import Proxy
from system.ddl import CHANGES, COPY, GH_OST, ITEM, PT_OSC, Rows, assert_same, journal, one_way, resume, tables, waits


@contextlib.contextmanager
def locked(server, table):
    """Nobody can change the definition of that table meanwhile."""
    with server.connect(autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        yield
        holder.rollback()


def running(server, word):
    """Sessions of the applier that wait for a metadata lock in a statement like that."""
    return server.value(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'drc' AND state LIKE 'Waiting for table%%' "
        "AND info LIKE %s",
        (f"%{word}%",),
    )


def change(pair, statement):
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('before')", "INSERT INTO shop.other (id) VALUES (NULL)")
    pair.eu.sql("SET SESSION time_zone = '+03:00'", statement)
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('after')", "UPDATE shop.item SET qty = qty + 1")


def test_every_change_is_run_where_it_stands(make_pair):
    pair = one_way(make_pair, "apply")
    pair.eu.sql("CREATE TABLE shop.other LIKE shop.item")
    for statement in CHANGES:
        change(pair, statement)
    pair.wait("eu", "us")
    assert_same(pair)
    assert journal(pair) == []
    assert pair.us.query("SELECT topic, ddl_state FROM drc.links") == [(pair.topic("eu"), "done")]


@pytest.mark.parametrize("tool", [GH_OST, PT_OSC], ids=["gh_ost", "pt_osc"])
def test_an_online_change_replays_like_everything_else(make_pair, tool):
    """The shadow table is the pair's: its rows have come when the names are swapped."""
    shadow, before, after = tool
    pair = one_way(make_pair, "apply")
    with Rows(pair.eu) as load:
        load.wait_for(20)
        pair.eu.sql(*before, COPY.format(shadow))
        pair.applier("eu", "us").kill()
        load.wait_for(5)
        pair.applier("eu", "us").start()
    # gh-ost brings the shadow table up to date from the binlog, behind a lock
    pair.eu.sql(f"REPLACE INTO shop.{shadow} (id, name, qty) SELECT id, name, qty FROM shop.item")
    with Rows(pair.eu) as load:
        pair.eu.sql(*after)
        load.wait_for(20)
    pair.wait("eu", "us")
    assert tables(pair.us) == ["item"]
    assert_same(pair)
    assert pair.us.query("SHOW TRIGGERS FROM shop") == []


def test_a_table_that_comes_in_without_its_rows_is_waited_for(make_pair):
    """The shadow table is excluded: the target's own change takes its place."""
    shadow, before, after = GH_OST
    pair = one_way(make_pair, "apply", tables_exclude=["shop._*"])
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('a')", *before, COPY.format(shadow), *after)
    pair.eu.sql("INSERT INTO shop.item (name, size) VALUES ('b', 2)")
    cause = waits(pair, "RENAME TABLE shop.item", "new definition", "drcctl resume --from eu --to us --gtid 0-1-")
    assert pair.us.query("SELECT name FROM shop.item") == [("a",)]
    gtid = cause.rsplit(" ", 1)[1]
    assert "is that of" in resume(pair, "--gtid", "0-1-999999", expect=75).stderr
    pair.us.sql("ALTER TABLE shop.item ADD COLUMN size INT NOT NULL DEFAULT 7")
    resume(pair, "--gtid", gtid, "--why", "altered by hand")
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")
    assert [(policy, verdict) for policy, verdict, _ in journal(pair)] == [("apply", "passed")]
    assert "altered by hand" in pair.us.value("SELECT why FROM drc.conflicts WHERE kind = 'ddl'")
    assert tables(pair.us) == ["item"]


# Statements, each with what is waited for at the target when the applier is killed in the middle.
CUT = [
    "ALTER TABLE shop.item ADD COLUMN size INT NOT NULL DEFAULT 7 FIRST",
    "TRUNCATE TABLE shop.item",
    "RENAME TABLE shop.item TO shop.thing",
    "RENAME TABLE shop.thing TO shop.item",
    "ALTER TABLE shop.item DROP COLUMN size, ADD COLUMN kind VARCHAR(9) DEFAULT 'x' AFTER id",
    "DROP TABLE shop.item",
]


@pytest.mark.parametrize("server_goes_on", [True, False], ids=["it_ran", "it_did_not"])
def test_a_statement_that_was_cut_off_is_run_once(make_pair, server_goes_on):
    """Between intent and finish for certain: it waits for a lock at the target while the applier is killed."""
    pair = one_way(make_pair, "apply")
    applier = pair.applier("eu", "us")
    applier.stop()
    with Proxy(pair.us.port) as proxy:
        pair.file["regions"]["us"]["port"] = proxy.port
        pair.write_config()
        applier.start()
        for number, statement in enumerate(CUT):
            cut_off(pair, proxy, number, statement, server_goes_on)
        assert journal(pair) == []
        log = applier.text()
    if server_goes_on:  # found done, or found not done where no definition shows it: TRUNCATE
        assert log.count("begun before and found done") == len(CUT) - 1
    else:
        assert log.count("begun before and not done") == len(CUT)


def cut_off(pair, proxy, number, statement, server_goes_on):
    applier = pair.applier("eu", "us")
    table = "shop.thing" if "thing TO" in statement else "shop.item"
    pair.eu.sql(f"INSERT INTO {table} (name) VALUES ('{number}')")
    pair.wait("eu", "us")
    with locked(pair.us, table):
        pair.eu.sql(statement)
        word = statement.split("shop.")[0]
        pair.until(lambda: running(pair.us, word), 30, f"{word} that waits for the lock")
        assert pair.us.value("SELECT ddl_state FROM drc.links") == "begun"
        proxy.lose()  # a server gives up, at its next look, a statement whose client is gone
        applier.kill()
        if server_goes_on:
            applier.start()  # while the former one's statement still waits
        else:
            kill_sessions(pair.us, word)
            pair.until(lambda: not running(pair.us, word), 30, f"end of {word}")
    if not server_goes_on:
        applier.start()
    pair.wait("eu", "us")
    assert_same(pair)


def kill_sessions(server, word):
    """As if the server had been restarted under them."""
    sessions = "SELECT id FROM information_schema.processlist WHERE user = 'drc' AND info LIKE %s"
    found = server.query(sessions, (f"%{word}%",))
    assert found
    for (number,) in found:
        server.sql(f"KILL {number}")


def test_what_no_definition_tells_is_left_to_the_operator(make_pair):
    pair = one_way(make_pair, "apply")
    applier = pair.applier("eu", "us")
    pair.eu.sql(
        "CREATE TABLE shop.part (id INT PRIMARY KEY, name TEXT) PARTITION BY RANGE (id) "
        "(PARTITION p VALUES LESS THAN (9))",
        "CREATE TABLE shop.plain (id INT PRIMARY KEY, name TEXT)",
        "INSERT INTO shop.part VALUES (1, 'part')",
        "INSERT INTO shop.plain VALUES (2, 'plain')",
    )
    pair.wait("eu", "us")
    with locked(pair.us, "shop.part"):
        pair.eu.sql("ALTER TABLE shop.part EXCHANGE PARTITION p WITH TABLE shop.plain")
        pair.until(lambda: running(pair.us, "EXCHANGE"), 30, "EXCHANGE that waits for the lock")
        applier.freeze()  # a server gives up, at its next look, a statement whose client is gone
    pair.until(lambda: pair.us.query("SELECT id FROM shop.part") == [(2,)], 30, "end of the exchange")
    applier.kill()
    applier.start()
    waits(pair, "whether it ran cannot be told", "drcctl resume")
    applier.stop()
    applier.start()
    waits(pair, "whether it ran cannot be told")
    resume(pair)
    pair.wait("eu", "us")
    assert_same(pair)


def test_what_is_not_the_pairs_is_not_run(make_pair):
    pair = one_way(make_pair, "apply")
    pair.us.sql("SET SESSION sql_log_bin = 0", "CREATE TABLE drc.mine (id INT)", "CREATE DATABASE archive")
    pair.us.sql("SET SESSION sql_log_bin = 0", "GRANT ALL ON archive.* TO drc")
    pair.eu.sql(
        "CREATE DATABASE archive",
        "CREATE TABLE archive.item (id INT)",
        "CREATE DATABASE drc",
        "CREATE TABLE drc.mine (id INT)",
        "DROP TABLE drc.mine",
        "CREATE VIEW shop.seen AS SELECT * FROM shop.item",
        "CREATE TABLE shop.side LIKE shop.item",
        "CREATE TRIGGER shop.before_it BEFORE INSERT ON shop.side FOR EACH ROW SET NEW.qty = 5",
        "CREATE USER somebody",
    )
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('a')", "RENAME TABLE shop.item TO archive.old_item")
    waits(pair, "RENAME TABLE", "not the pair's", "once the tables have their new names")
    assert tables(pair.us, "archive") == [] and tables(pair.us) == ["item", "side"] and "mine" in tables(pair.us, "drc")
    pair.us.sql("DROP TABLE shop.item")
    pair.wait("eu", "us")
    assert pair.us.query("SHOW TRIGGERS FROM shop") == []
    pair.us.sql("SET SESSION sql_log_bin = 0", "CREATE TABLE shop.local_one (id INT)")
    pair.eu.sql("DROP DATABASE shop")
    pair.wait("eu", "us")  # every table there is the pair's, by its name
    assert pair.us.query("SHOW DATABASES LIKE 'shop'") == []


def test_what_it_ran_is_marked_for_captures(make_pair):
    """A capture of the target, of another pair even, publishes what is done there, and nothing that was replayed."""
    pair = one_way(make_pair, "apply")
    second = pair.directory / "second.yaml"
    links = [{"from": "us", "to": "eu", "start": "beginning"}]
    regions = {"us": {"replica_id": 8002}, "eu": {"replica_id": 8001}}
    socket = {"socket": f"{pair.run}/second-{{name}}.sock"}
    file = pairfile.merge(pair.file, {"pair": "second", "links": links, "regions": regions, "control": socket})
    second.write_text(pairfile.render(file), encoding="utf-8")
    pair.us.sql("SET SESSION sql_log_bin = 0", *pair.printed_grants("us", "mariadb", "--config", second))
    argv = [pair.programs / "drc-capture", "--config", second, "--region", "us"]
    control = pair.run / "second-capture-us.sock"
    capture = Daemon("second", argv, pair.directory / "second.log", control, cwd=pair.directory)
    pair.rivals.append(capture)
    capture.start()
    pair.until(lambda: capture.status()["state"] == "running", 60, "second capture")
    pair.eu.sql("ALTER TABLE shop.item ADD COLUMN size INT", "INSERT INTO shop.item (name) VALUES ('a')")
    pair.eu.sql("CREATE TABLE shop.more (id INT PRIMARY KEY)", "DROP TABLE shop.more")
    pair.wait("eu", "us")
    pair.us.sql("ALTER TABLE shop.item ADD COLUMN local_one INT")
    pair.until(lambda: pair.us.is_within(capture.status()["position"]), 60, "capture of all that is in us")
    told = pair.ctl("events", "--config", second, "--region", "us", "--json").stdout
    assert "local_one" in told and "size" not in told and "more" not in told


def test_the_link_waits_for_what_it_may_not_run(make_pair):
    """Policy pause: on its own as soon as the target is there, or by a word."""
    pair = one_way(make_pair, "pause")
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('a')", "TRUNCATE TABLE shop.item")
    waits(pair, "TRUNCATE TABLE shop.item", "once the table is empty")
    assert pair.us.value("SELECT COUNT(*) FROM shop.item") == 1
    pair.us.sql("DELETE FROM shop.item")
    pair.wait("eu", "us")

    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (7, 'b')", "TRUNCATE TABLE shop.item")
    waits(pair, "TRUNCATE TABLE shop.item")
    pair.applier("eu", "us").kill()
    pair.applier("eu", "us").start()
    waits(pair, "TRUNCATE TABLE shop.item")
    assert "passes the statement" in resume(pair, "--why", "kept on purpose").stdout
    pair.wait("eu", "us")
    assert pair.us.value("SELECT COUNT(*) FROM shop.item") == 1
    assert journal(pair) == [("pause", "passed", "TRUNCATE TABLE shop.item")]
    pair.us.sql("DELETE FROM shop.item")

    pair.eu.sql("RENAME TABLE shop.item TO shop.thing", "INSERT INTO shop.thing (name) VALUES ('c')")
    waits(pair, "RENAME TABLE", "new names")
    pair.us.sql("RENAME TABLE shop.item TO shop.thing")
    pair.wait("eu", "us")
    pair.assert_equal("shop.thing")

    pair.eu.sql("DROP TABLE shop.thing")
    waits(pair, "DROP TABLE", "once the tables are gone")
    pair.us.sql("DROP TABLE shop.thing")
    pair.eu.sql(ITEM, "INSERT INTO shop.item (name) VALUES ('d')")
    waits(pair, "`shop`.`item`", "no such table")
    assert "neither paused" in resume(pair, expect=75).stderr
    pair.us.sql(ITEM)
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")


def test_what_is_ignored_is_in_the_journal(make_pair):
    pair = one_way(make_pair, "ignore")
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('a')", "TRUNCATE TABLE shop.item")
    pair.eu.sql("CREATE INDEX i ON shop.item (qty)", "INSERT INTO shop.item (id, name) VALUES (5, 'b')")
    pair.eu.sql("CREATE DATABASE elsewhere")
    pair.wait("eu", "us")
    assert pair.us.query("SELECT name FROM shop.item ORDER BY id") == [("a",), ("b",)]
    assert journal(pair) == [
        ("ignore", "ignored", "TRUNCATE TABLE shop.item"),
        ("ignore", "ignored", "CREATE INDEX i ON shop.item (qty)"),
    ]
    entry = [found for found in pair.conflicts() if found["kind"] == "ddl"][-1]
    assert (entry["db"], entry["tbl"]) == ("shop", "item")


def test_a_paused_link_stays_so_over_a_restart(make_pair):
    pair = one_way(make_pair, "pause")
    applier = pair.applier("eu", "us")
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('a')")
    pair.wait("eu", "us")
    pair.ctl("pause", "--from", "eu", "--to", "us", "--why", "the target is moved")
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('b')")
    pair.captured("eu")
    assert pair.status()["eu", "us"]["state"] == "paused"
    assert "the target is moved" in pair.wait("eu", "us", timeout=1, expect=75).stderr
    assert "paused already" in pair.ctl("pause", "--from", "eu", "--to", "us", expect=75).stderr
    applier.kill()
    applier.start()
    pair.until(lambda: applier.status()["state"] == "paused", 30, "paused link")
    assert "the target is moved" in applier.status()["cause"]
    assert pair.us.value("SELECT COUNT(*) FROM shop.item") == 1
    assert "it was paused by" in resume(pair).stdout
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")
    assert pair.us.value("SELECT paused FROM drc.links") == ""
    applier.stop()
    assert "does not run here" in resume(pair, expect=75).stderr


def test_a_definition_under_way_is_no_difference(make_pair):
    """Reconcile looks again once the links have brought what they carry: tables, columns, and what has gone."""
    pair = one_way(make_pair, "apply")
    pair.eu.sql("CREATE TABLE shop.first LIKE shop.item", "CREATE TABLE shop.old LIKE shop.item")
    pair.wait("eu", "us")
    chosen = [word for name in ("item", "fresh", "old") for word in ("--tables", f"shop.{name}")]
    words = [place.programs() / "drc-reconcile", "full", "--config", pair.config, "--pair", "eu,us", *chosen]
    with locked(pair.us, "shop.first"):
        pair.eu.sql(
            "ALTER TABLE shop.first ADD COLUMN size INT",
            "ALTER TABLE shop.item ADD COLUMN size INT, ADD KEY (size)",
            "CREATE TABLE shop.fresh LIKE shop.item",
            "INSERT INTO shop.fresh (name) VALUES ('a')",
            "DROP TABLE shop.old",
        )
        pair.until(lambda: running(pair.us, "ALTER TABLE"), 60, "the statement that waits for the lock")
        reconcile = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(3)
        assert reconcile.poll() is None, reconcile.communicate()[0]
    said = reconcile.communicate(timeout=120)[0]
    assert reconcile.returncode == 0, said
    pair.us.sql("SET SESSION sql_log_bin = 0", "ALTER TABLE shop.item ADD COLUMN foreign_one INT", "CREATE TABLE shop.old (id INT)")
    found = pair.reconcile("--tables", "shop.item", "--tables", "shop.old", expect=1)
    assert [(line["table"], line["class"]) for line in found if line["type"] == "difference"] == [
        ("item", "definition"),
        ("old", "extra_at_target"),
    ]
