"""`drcctl pause`: nothing in flight when it returns, and a position that says exactly what the target has; and `resume`."""

import contextlib
import json
import re
import subprocess
import time

import pymysql
from support import place
from support.load import Load

LINK = ["--from", "eu", "--to", "us"]
ITEM = "CREATE TABLE shop.item (id BIGINT AUTO_INCREMENT PRIMARY KEY, filler VARCHAR(300))"
OTHER = "CREATE TABLE shop.other (id INT PRIMARY KEY, n INT)"


class Rows(Load):
    """One row a transaction, of many sizes: so workers are through at different times."""

    def transaction(self, cursor, rng):
        yield 1
        cursor.execute("INSERT INTO shop.item (filler) VALUES (%s)", ("x" * rng.choice((0, 50, 300)),))


def one_way(make_pair):
    pair = make_pair(links=[("eu", "us")])
    pair.file["links"][0] |= {"apply": {"workers": 4}, "group_rows": 3, "ddl": "apply"}
    pair.write_config()
    pair.everywhere("CREATE DATABASE shop", ITEM, OTHER)
    pair.start()
    return pair


def leave_nobody(server):
    """What a daemon that was killed had said is not done once the lock goes. True: none of its sessions is left."""
    sessions = server.query("SELECT id, info FROM information_schema.processlist WHERE user = 'drc'")
    for number, statement in sessions:
        if statement:
            with contextlib.suppress(pymysql.err.MySQLError):  # it has gone by itself
                server.sql(f"KILL {number}")
    return not sessions


def stands(pair):
    """How many rows the target has, the furthest seq of the ledger's rows with its GTID, and what `positions` says."""
    told = re.search(r"applied by us +(\S+) +\(seq (\d+)", pair.ctl("positions").stdout)
    (ledger,) = pair.us.query("SELECT watermark, gtid FROM drc.ledger ORDER BY watermark DESC LIMIT 1")
    return pair.us.value("SELECT COUNT(*) FROM shop.item"), ledger, (int(told[2]), told[1])


def assert_consistent(pair):
    """While it runs: each transaction is one of the server's GTIDs from the first on."""
    text = pair.ctl("positions").stdout
    told = re.search(r"applied by us +(?:0-1-(\d+)|-) +\(seq (\d+)(?:, (\d+) past this GTID)?(?:, some up to (\d+))?\)", text)
    gtid, seq, past, newest = (int(number or 0) for number in told.groups())
    assert seq == gtid + past or (gtid, past) == (0, 0), text
    assert newest == 0 or newest > seq, text


def test_what_is_in_effect_is_one_position(make_pair, long_run):
    pair = one_way(make_pair)
    positions = set()
    with Rows(pair.eu, threads=4, rate=400):
        for _ in range(40 if long_run else 8):
            pair.until(lambda: pair.applier("eu", "us").status()["rows"] > 0, 60, "rows")
            for _ in range(10):
                assert_consistent(pair)
            assert "gaps" not in pair.ctl("pause", *LINK, "--why", "to be looked at").stdout
            found = stands(pair)
            rows, ledger, told = found
            assert rows == ledger[0] == told[0] and ledger == told, found
            status = pair.applier("eu", "us").status()
            assert (status["state"], status["applied_seq"], status["newest_seq"]) == ("paused", rows, rows)
            time.sleep(0.5)
            assert stands(pair) == found, "nothing comes after it"
            positions.add(rows)
            pair.ctl("resume", *LINK)
            pair.until(lambda rows=rows: pair.us.value("SELECT COUNT(*) FROM shop.item") > rows, 60, "the link to go on")
    pair.settle(200)
    pair.assert_equal("shop.item")
    assert len(positions) > 4


def test_what_cannot_come_into_effect_is_told(make_pair):
    pair = one_way(make_pair)
    pair.us.sql("SET SESSION sql_log_bin = 0", "ALTER TABLE shop.other MODIFY n TINYINT")
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.settle()
    pair.eu.sql("INSERT INTO shop.other VALUES (1, 1)", *[f"INSERT INTO shop.item VALUES ({n}, 'b')" for n in range(2, 6)])
    pair.until(lambda: pair.us.value("SELECT COUNT(*) FROM shop.item") == 5, 60, "what does not wait")
    pair.until(lambda: pair.applier("eu", "us").status()["state"] == "waiting", 60, "the link to wait")
    said = pair.ctl("pause", *LINK, "--why", "to be looked at").stdout
    assert "what is in effect has gaps: all up to seq 1, of the next ones up to 6 some" in said, said
    status = pair.applier("eu", "us").status()
    assert (status["state"], status["applied_seq"], status["newest_seq"]) == ("paused", 1, 6)
    assert "(seq 1, some up to 6)" in pair.ctl("positions").stdout
    (applied,) = json.loads(pair.ctl("positions", "--json").stdout)["regions"][0]["applied"]
    assert (applied["gtid_seq"], applied["seq"], applied["newest_seq"]) == (1, 1, 6)

    # Over a restart too; mended, the gap is filled before the pause is reached.
    pair.applier("eu", "us").stop()
    pair.us.sql("SET SESSION sql_log_bin = 0", "ALTER TABLE shop.other MODIFY n INT")
    pair.eu.sql("INSERT INTO shop.item VALUES (6, 'not begun')")
    pair.applier("eu", "us").start()
    pair.until(lambda: pair.applier("eu", "us").status()["state"] == "paused", 60, "the pause")
    status = pair.applier("eu", "us").status()
    assert (status["applied_seq"], status["newest_seq"]) == (6, 6)
    assert pair.us.query("SELECT MAX(id) FROM shop.item") == [(5,)] and pair.us.query("SELECT * FROM shop.other") == [(1, 1)]
    pair.ctl("resume", *LINK)
    pair.settle()
    pair.assert_equal("shop.item", "shop.other")


def test_a_statement_that_waits_for_a_lock_does_not_keep_it_off(make_pair):
    pair = one_way(make_pair)
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.settle()
    reader = pair.us.connect(autocommit=False)
    with reader.cursor() as cursor:
        cursor.execute("SELECT * FROM shop.item")
    pair.eu.sql("ALTER TABLE shop.item ADD COLUMN n INT", "INSERT INTO shop.item VALUES (2, 'b', 2)")
    applier = pair.applier("eu", "us")
    pair.until(lambda: applier.status()["state"] == "retrying", 60, "the statement to wait")
    pair.ctl("pause", *LINK, "--why", "to be looked at")
    assert "(seq 1)" in pair.ctl("positions").stdout
    reader.close()
    applier.stop()
    applier.start()
    pair.until(lambda: applier.status()["state"] == "paused", 60, "the pause, after a restart too")
    assert len(pair.us.query("SELECT * FROM shop.item LIMIT 1")[0]) == 2
    pair.ctl("resume", *LINK)
    pair.settle()
    pair.assert_equal("shop.item")


def test_a_resume_that_returned_holds_over_a_restart(make_pair):
    """The target is told that it is paused no more: until then it would be again, were the daemon started anew."""
    pair = one_way(make_pair)
    applier = pair.applier("eu", "us")
    pair.ctl("pause", *LINK, "--why", "to be looked at")
    with pair.us.connect(autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT * FROM drc.links FOR UPDATE")
        words = [place.programs() / "drcctl", "--config", pair.config, "resume", *LINK]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as resuming:
            pair.until(lambda: applier.status()["pause_kept"] == 0, 60, "the word at the daemon")
            time.sleep(2)
            assert resuming.poll() is None, "the target does not know it yet"
            holder.rollback()
            assert resuming.wait(60) == 0
    applier.kill()
    applier.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.settle()

    # One that ended before it had told the target has forgotten it, and that is told.
    pair.ctl("pause", *LINK, "--why", "to be looked at")
    with pair.us.connect(autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT * FROM drc.links FOR UPDATE")
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as resuming:
            pair.until(lambda: applier.status()["pause_kept"] == 0, 60, "the word at the daemon")
            applier.kill()
            pair.until(lambda: leave_nobody(pair.us), 60, "end of what it said last")
            holder.rollback()
            applier.start()
            errors = resuming.communicate(timeout=120)[1]
    assert resuming.returncode == 75 and "has not told the target yet" in errors
    pair.until(lambda: applier.status()["state"] == "paused", 60, "the pause of before")
    pair.ctl("resume", *LINK)
