"""What the applier says of its target when it starts, and how it holds back: throttle, a bounded queue."""

import contextlib
import subprocess
import time

import pymysql

from support import place
from support.mariadb import MariaDB

BOUND = 1 << 20
ROWS = 40
BUSY = 60  # connections: more than the daemons and this test need


def reconcile_waits(pair, directory, replica):
    """drc-reconcile stands still for a flag file and for the replica that is behind, and goes on when it no longer is."""
    flag, said = directory / "hold-reconcile", directory / "reconcile.log"
    flag.touch()
    argv = [place.programs() / "drc-reconcile", "--config", pair.config, "full", "--pair", "eu,us", "--flag-file", flag]
    with open(said, "wb") as log, subprocess.Popen([str(word) for word in argv], stdout=log, stderr=log) as child:
        says = lambda text: text in said.read_text(encoding="utf-8")
        pair.until(lambda: says(f"the flag file {flag} is there"), 30, "reconcile to wait for the flag file")
        behind = f"replica 127.0.0.1:{replica.port} of us is more than 1 s behind"
        pair.until(lambda: says(behind), 30, "reconcile to wait for the replica")
        flag.unlink()
        time.sleep(2)
        assert child.poll() is None and not says("shop.item"), said.read_text(encoding="utf-8")
        replica.sql("START SLAVE")
        child.wait(120)
    assert child.returncode == 1 and says("shop.item"), said.read_text(encoding="utf-8")


def is_held(applier, cause):
    """Throttled for that cause: another one may stand there before it, such as a replica that does not answer yet."""
    status = applier.status()
    return status["state"] == "throttled" and cause in (status["cause"] or "")


TRIES = 5  # rows; a target that does not answer when it is asked for its load holds nothing up until the next look


def assert_held(pair, applier, cause, insert, first):
    """Of some rows, inserted while it is held for that cause, one stays out for a second."""
    for number in range(first, first + TRIES):
        pair.until(lambda: is_held(applier, cause), 60, f"word that {cause}")
        pair.eu.sql(f"INSERT INTO shop.item {insert.format(number)}")
        pair.captured("eu")
        time.sleep(1)
        if pair.us.value(f"SELECT COUNT(*) FROM shop.item WHERE id = {number}") == 0:
            return
    raise AssertionError(f"it is never held{applier.excerpt()}")


def held_by_load(pair, applier):
    """More connections than the limit hold the link, at which nothing comes into effect; when they are gone it goes on."""
    with contextlib.ExitStack() as stack:
        for _ in range(BUSY):
            stack.enter_context(pair.us.connect())
        assert_held(pair, applier, f"Threads_connected of the target is above {BUSY}", "VALUES ({}, 'load')", 200)
    pair.wait("eu", "us")
    pair.until(lambda: applier.status()["state"] == "running", 60, "running link")


def slots_that_are_gone(pair, applier):
    """A slot of the ledger that somebody took away is named, also the last one; brought back it lets the link go on."""
    applier.stop()
    pair.us.sql("CREATE TABLE drc.kept LIKE drc.ledger", "INSERT INTO drc.kept SELECT * FROM drc.ledger")
    for slot in (1, 3):
        pair.us.sql(f"DELETE FROM drc.ledger WHERE slot = {slot}")
        applier.launch()
        assert f"slot {slot} of this link is gone" in applier.expect_exit(69)
        pair.us.sql("INSERT IGNORE INTO drc.ledger SELECT * FROM drc.kept")
    applier.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (300, 'slots')")
    pair.wait("eu", "us")


def test_findings_at_the_start_and_a_throttle_that_fills_no_more_than_its_queue(make_pair, directory):
    flag = directory / "hold"
    replica = MariaDB("us2", directory / "us2", 12, options={"read_only": "ON"})
    throttle = {"flag_file": str(flag), "max_load": [f"Threads_connected={BUSY}"], "max_lag": "1s"}
    throttle["replicas"] = [f"127.0.0.1:{replica.port}"]
    pair = make_pair(
        links=[("eu", "us")], config={"limits": {"queue_bytes": "1MiB"}, "regions": {"us": {"throttle": throttle}}}
    )
    pair.everywhere("CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY, filler MEDIUMTEXT)")
    unlogged = "SET SESSION sql_log_bin = 0"
    pair.eu.sql(unlogged, "CREATE TABLE shop.narrow (id INT PRIMARY KEY, n VARCHAR(40))", "CREATE TABLE shop.gone (id INT)")
    pair.us.sql(unlogged, "CREATE TABLE shop.narrow (id INT PRIMARY KEY, n GEOMETRY)", "CREATE TABLE shop.old (id INT) ENGINE=MyISAM")
    try:
        replica.grants = pair.us.grants
        pair.us.admit_replica()
        replica.start()
        replica.sql(unlogged, "CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY, filler MEDIUMTEXT)")
        replica.sql(
            f"CHANGE MASTER TO master_host='127.0.0.1', master_port={pair.us.port}, master_user='replica',"
            f" master_password='{pair.us.password.replace(chr(39), chr(39) * 2)}', master_use_gtid=slave_pos",
            "START SLAVE",
        )
        pair.start()
        applier = pair.applier("eu", "us")
        pair.until(lambda: "`shop`.`narrow` of the source eu" in applier.text(), 60, "the findings")
        said = applier.text()
        assert "`shop`.`old` has the engine MyISAM" in said and "ENGINE = InnoDB" in said
        assert "`shop`.`gone` of the source eu is not at the target" in said and "CREATE TABLE `shop`.`gone` (" in said
        assert "`shop`.`narrow` of the source eu: `n`: no rule turns" in said

        # Held by the flag file, it reads no more than its queue holds, however much there is.
        flag.touch()
        pair.until(lambda: is_held(applier, "flag file"), 60, "word that it is throttled")
        pair.eu.sql(*[f"INSERT INTO shop.item VALUES ({n}, REPEAT('x', 400000))" for n in range(ROWS)])  # 16 MB
        pair.captured("eu")
        pair.until(lambda: applier.status()["queued_bytes"] > BOUND / 2, 60, "a full queue")
        time.sleep(1)
        held = applier.status()
        assert held["queued_bytes"] <= 2 * BOUND and held["topic_seq"] < ROWS / 2, held
        assert pair.us.value("SELECT COUNT(*) FROM shop.item") == 0
        flag.unlink()
        pair.wait("eu", "us")

        # A replica that is behind holds it as well, until it has caught up.
        pair.until(lambda: replica.value("SELECT COUNT(*) FROM shop.item") == ROWS, 60, "all of it at the replica")
        replica.sql("STOP SLAVE")
        pair.eu.sql("INSERT INTO shop.item VALUES (100, 'a')")
        pair.until(lambda: is_held(applier, "is more than 1 s behind"), 60, "word that the replica is behind")
        pair.eu.sql("INSERT INTO shop.item VALUES (101, 'b')")
        reconcile_waits(pair, directory, replica)
        pair.wait("eu", "us")
        pair.assert_equal("shop.item")

        held_by_load(pair, applier)

        # Workers that connect anew look at the server alone: what was found of its tables holds all the same.
        for (connection,) in pair.us.query("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'drc'"):
            with contextlib.suppress(pymysql.err.OperationalError):  # it may have gone by itself
                pair.us.sql(f"KILL {connection}")
        pair.eu.sql("INSERT INTO shop.item VALUES (102, 'c')")
        pair.wait("eu", "us")
        assert "connection" in applier.text() and "no longer so" not in applier.text()

        slots_that_are_gone(pair, applier)
    finally:
        replica.kill()
