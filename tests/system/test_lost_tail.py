"""A region dies with transactions that nobody has: they are named one by one, judged, and brought back exactly once."""

import json
import shutil
import time

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL

BOTH = pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])
LATEST = {"default": {"policy": "latest"}}
ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(60))"


def rescue(server, directory, torn=True):
    """The binlog files of a dead server, copied; a torn one has the beginning of one more event at its end."""
    directory.mkdir()
    files = sorted(path for path in server.datadir.glob("binlog.[0-9]*"))
    for path in files:
        shutil.copy(path, directory)
    rescued = sorted(directory.iterdir())
    if torn:
        with open(rescued[-1], "ab") as last:
            last.write(rescued[0].read_bytes()[4:40])
    return rescued


def lost_tail(pair, *words, expect=1):
    done = pair.tool("drc-reconcile", "lost-tail", "--from", "eu", "--to", "us", "--json", "-", *words, expect=expect)
    report = [json.loads(line) for line in done.stdout.splitlines()]
    return report, [line for line in report if line["type"] == "transaction"]


def quiet(pair):
    """Long enough for the tool to believe that nobody writes into the dead region's topic."""
    time.sleep(3 * 0.5 + 0.2)


def text_of(report):
    return json.dumps(report)


@BOTH
def test_a_lost_tail_is_named_judged_and_brought_back_once(make_pair, directory, server):
    pair = make_pair(server=server, conflicts=LATEST, config={"capture": {"heartbeat": "500ms"}})
    pair.everywhere("CREATE DATABASE shop", "CREATE DATABASE other", ITEM, "CREATE TABLE other.t (id INT PRIMARY KEY)")
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a'), (2, 'a'), (3, 'a'), (4, 'a'), (5, 'a')")
    pair.settle()

    pair.capture("eu").kill()
    pair.eu.sql(
        "UPDATE shop.item SET name = 'eu' WHERE id = 1",  # safe
        "INSERT INTO other.t VALUES (1)",  # not of the pair
        "INSERT INTO shop.item VALUES (6, 'eu')",  # safe
        "UPDATE shop.item SET name = 'eu' WHERE id = 2",  # us writes it later
        "UPDATE shop.item SET name = 'eu' WHERE id IN (3, 4)",  # of the two us writes 3
        "UPDATE shop.item SET name = 'eu again' WHERE id = 4",  # rests on the one before
        "DELETE FROM shop.item WHERE id = 5",  # safe
    )
    pair.eu.kill()
    files = rescue(pair.eu, directory / "rescued")
    time.sleep(1.1)  # MariaDB's commit times are whole seconds
    pair.us.sql("UPDATE shop.item SET name = 'us' WHERE id IN (2, 3)", "INSERT INTO shop.item VALUES (7, 'us')")
    pair.captured("us")

    # Without the files it is bounded, and said not to be known.
    report, found = lost_tail(pair, expect=2)
    assert not found and "may be lost" in text_of(report) and "bounded, not known" in text_of(report)

    report, found = lost_tail(pair, "--binlog", *files)
    assert [line["class"] for line in found] == ["safe", "safe", "superseded", "conflicting", "conflicting", "safe"]
    first = found[0]["seq"]
    assert [line["seq"] for line in found] == list(range(first, first + 6))
    assert "ends inside an event" in text_of(report)
    (row,) = found[3]["rows"]
    assert row["key"] == {"id": 3}
    assert (row["before"]["name"], row["lost"]["name"], row["survivor"]["name"]) == ("a", "eu", "us")
    assert f"seq {first + 3}" in found[4]["why"]

    # Nothing was written by that; what is put aside needs the applier to be stopped.
    replay = ["--binlog", *files, "--replay", "safe", "--why", "a test"]
    page = directory / "tail.html"
    _, masked = lost_tail(pair, *replay, "--dry-run", "--html", page, "--mask", "na*")
    assert masked[3]["rows"][0]["lost"] == {"id": 3, "name": {"masked": True}}
    assert page.read_text(encoding="utf-8").count("<dt>transaction</dt>") == 6
    quiet(pair)
    report, _ = lost_tail(pair, *replay, expect=2)
    assert "the applier of eu:us runs" in text_of(report)
    assert dict(pair.us.query("SELECT * FROM shop.item"))[1] == "a"
    pair.applier("eu", "us").stop()
    report, _ = lost_tail(pair, *replay)
    assert "3 of them put aside" in text_of(report)

    # Again: there is nothing left to do.
    report, found = lost_tail(pair, "--binlog", *files, expect=0)
    assert not found

    pair.applier("eu", "us").start()
    wanted = {1: "eu", 2: "us", 3: "us", 4: "a", 6: "eu", 7: "us"}
    pair.until(lambda: dict(pair.us.query("SELECT * FROM shop.item")) == wanted, 60, "the safe ones")
    parked = [json.loads(line) for line in pair.ctl("parked", "list", "--json", expect=None).stdout.splitlines()]
    assert [each["seq"] for each in parked] == [first + 2, first + 3, first + 4]

    # The dead region comes back: its capture goes on behind what was published for it, and nothing takes effect twice.
    pair.us.sql("UPDATE shop.item SET name = 'us later' WHERE id = 7")
    pair.eu.start()
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (8, 'eu is back')")
    pair.ctl("parked", "retry", "--all", "--from", "eu", "--to", "us", "--why", "the rules may decide")
    pair.until(lambda: not pair.ctl("parked", "list", "--json").stdout.strip(), 60, "an end of what is parked")
    pair.settle()
    pair.assert_equal("shop.item")
    assert dict(pair.us.query("SELECT * FROM shop.item")) == {
        1: "eu", 2: "us", 3: "us", 4: "eu again", 6: "eu", 7: "us later", 8: "eu is back"
    }
    assert [each["why"] for each in pair.conflicts() if each["policy"] == "replay-tail"] == ["a test"]
