"""drc-reconcile killed at random moments in each of its modes, and run again: the same report, and nothing half done."""

import random
import subprocess
import time

import pytest

from support import place
from support.pair import json_lines
from system.test_lost_tail import lost_tail, quiet, rescue
from system.test_reconcile_resume import told
from system.test_repair import plant, run_sql

LATEST = {"default": {"policy": "latest"}}
ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, v VARCHAR(20), n INT, u INT UNIQUE)"


@pytest.fixture
def dice():
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    return random.Random(seed)


def killed_after(pair, seconds, mode, *words, once=lambda: True):
    """Killed so long after `once` came true: whether it was; what it would have said goes nowhere."""
    argv = [place.programs() / "drc-reconcile", "--config", pair.config, mode, *words]
    with subprocess.Popen([str(word) for word in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        while child.poll() is None and not once():
            time.sleep(0.002)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            return True
    return False


def same_after_kills(pair, dice, rounds, mode, *words):
    """The report of an undisturbed run, and of one into the file that killed ones have left, are the same."""
    report = pair.directory / f"{mode}.json"
    words = [mode, "--pair", "eu,us", "--json", report, *words]
    begin = time.monotonic()
    pair.tool("drc-reconcile", *words, expect=1)
    usual, whole = time.monotonic() - begin, json_lines(report.read_text(encoding="utf-8"))
    kills = sum(killed_after(pair, dice.uniform(0, usual * n / rounds), *words) for n in range(1, rounds + 1))
    while kills == 0:  # the undisturbed run met a busy moment, and took longer than is usual
        usual /= 2
        assert usual > 0.01
        kills = killed_after(pair, dice.uniform(0, usual), *words)
    pair.tool("drc-reconcile", *words, expect=1)
    again = json_lines(report.read_text(encoding="utf-8"))
    assert told(again) == told(whole)
    return whole


def test_modes_that_only_look_are_simply_run_again(make_pair, dice, long_run):
    pair, rounds = make_pair(conflicts=LATEST), 20 if long_run else 4
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    pair.eu.sql("USE shop", "INSERT INTO item SELECT seq, 'eu', 0, seq FROM seq_1_to_2000")
    pair.us.sql("USE shop", "INSERT INTO item SELECT seq, 'us', 0, seq FROM seq_2001_to_3000")
    pair.settle()
    plant(pair.us, "UPDATE shop.item SET n = 1 WHERE id % 100 = 7", "DELETE FROM shop.item WHERE id = 50")
    whole = same_after_kills(pair, dice, rounds, "incident", "--since", since)
    assert whole[-1]["differences"] == 31

    pair.applier("eu", "us").stop()
    pair.eu.sql("UPDATE shop.item SET n = 2 WHERE id <= 3")
    pair.captured("eu")
    plant(pair.us, "UPDATE drc.ledger SET watermark = watermark + 100")
    whole = same_after_kills(pair, dice, rounds, "audit")
    assert any(line.get("fate") == "ledger_ahead" for line in whole)


def test_repairs_that_were_killed_are_gone_on_with_and_can_all_be_undone(make_pair, dice, long_run):
    pair, undo = make_pair(conflicts=LATEST), "undo.sql"
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql("USE shop", "INSERT INTO item SELECT seq, 'eu', seq, seq FROM seq_1_to_600")
    pair.settle()
    plant(pair.us, "UPDATE shop.item SET n = -n WHERE id % 3 = 0", "DELETE FROM shop.item WHERE id % 3 = 1")
    planted = pair.us.raw("SELECT * FROM shop.item ORDER BY id")
    words = ["full", "--pair", "eu,us", "--apply", "--winner", "eu", "--undo-sql", pair.directory / undo]
    begin = time.monotonic()
    pair.tool("drc-reconcile", *words[:-2], "--dry-run", expect=1)
    usual = time.monotonic() - begin
    files = lambda: sorted(pair.directory.glob(f"{undo}*"))
    killed_after(pair, dice.uniform(0, usual / 10), *words, once=files)
    assert files()
    for _ in range(11 if long_run else 3):
        killed_after(pair, usual * dice.uniform(0.5, 2), *words)
    pair.tool("drc-reconcile", *words, expect=None)
    pair.settle()
    pair.assert_equal("shop.item")
    assert pair.reconcile()[-1]["differences"] == 0

    # What the killed ones repaired, their files undo; the newest first.
    kept = sorted(pair.directory.glob(f"{undo}.[0-9]*"), key=lambda file: -int(file.suffix[1:]))
    for file in (pair.directory / undo, *kept):
        run_sql(pair.us, file)
    assert pair.us.raw("SELECT * FROM shop.item ORDER BY id") == planted


def test_a_replay_that_was_killed_is_gone_on_with(make_pair, directory, dice, long_run):
    pair = make_pair(conflicts=LATEST, config={"capture": {"heartbeat": "300ms"}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql("USE shop", "INSERT INTO item SELECT seq, 'both', 0, seq FROM seq_1_to_400")
    pair.settle()
    pair.capture("eu").kill()
    pair.eu.sql(*[f"UPDATE shop.item SET v = 'lost', n = n + 1 WHERE id = {1 + n % 400}" for n in range(600)])
    pair.eu.kill()
    files = rescue(pair.eu, directory / "rescued")
    time.sleep(1.1)  # MariaDB's commit times are whole seconds
    pair.us.sql("UPDATE shop.item SET v = 'us' WHERE id % 20 = 0")
    pair.captured("us")
    pair.applier("eu", "us").stop()
    replay = ["lost-tail", "--from", "eu", "--to", "us", "--binlog", *files, "--replay", "safe", "--why", "a test"]
    quiet(pair)
    begin = time.monotonic()
    pair.tool("drc-reconcile", *replay, "--dry-run", expect=1)
    usual = time.monotonic() - begin
    for _ in range(8 if long_run else 3):
        killed_after(pair, usual * dice.uniform(0.3, 2), *replay)
        quiet(pair)
    pair.tool("drc-reconcile", *replay, expect=None)
    assert not lost_tail(pair, "--binlog", *files, expect=0)[1]

    # Every transaction once: those of rows that us wrote meanwhile are put aside, all others are in effect.
    pair.applier("eu", "us").start()
    wanted = {n: ("us", 0) if n % 20 == 0 else ("lost", 2 if n <= 200 else 1) for n in range(1, 401)}
    now = lambda: {key: (v, n) for key, v, n in pair.us.query("SELECT id, v, n FROM shop.item")}
    pair.until(lambda: now() == wanted, 60, "each transaction of the tail once")
    parked = json_lines(pair.ctl("parked", "list", "--json", expect=None).stdout)
    assert len(parked) == len({each["seq"] for each in parked}) == 20 + 10
    pair.eu.start()
    pair.start()
    pair.captured("eu")
    assert now() == wanted
