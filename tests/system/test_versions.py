"""Versions instead of version columns: what is concurrent is told by stamps and cuts, and the later change wins.

The tables have no column that says when a row was written. In the stories the appliers are down while both regions write,
so that neither knows of the other.
"""

import json
import os
import random
import re
import threading
import time

import pymysql
import pytest
from support.mariadb import MariaDB
from support.mysql import MySQL

CAUSAL = {"default": {"policy": "latest", "versions": "causal", "tie": ["eu", "us"]}}
ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40), n INT NOT NULL DEFAULT 0)"
SECOND = 1.1  # MariaDB's binlog says when a statement began to the second


def rename(number, name):
    return f"UPDATE shop.item SET name = '{name}' WHERE id = {number}"


def delete(number):
    return f"DELETE FROM shop.item WHERE id = {number}"


def insert(number, name):
    return f"INSERT INTO shop.item (id, name) VALUES ({number}, '{name}')"


def names(server):
    return dict(server.query("SELECT id, name FROM shop.item"))


def journal(server):
    """{id: [(kind, verdict)]}, in the order of the entries."""
    found = {}
    for key, kind, verdict in server.query("SELECT row_key, kind, verdict FROM drc.conflicts ORDER BY id"):
        found.setdefault(int(json.loads(key)["id"]), []).append((kind, verdict))
    return found


def meet(pair, first, then):
    """(server, statements) each: `first` writes, a second later `then` does, and neither hears of the other before both have."""
    for applier in pair.appliers.values():
        applier.stop()
    first[0].sql(*first[1])
    time.sleep(SECOND)
    then[0].sql(*then[1])
    pair.start()
    pair.settle()


def two_regions(make_pair, **more):
    pair = make_pair(conflicts=CAUSAL, **more)
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql(*[insert(number, "same") for number in range(1, 11)])
    pair.settle()
    assert journal(pair.eu) == journal(pair.us) == {}
    return pair


@pytest.mark.parametrize("server", [None, MySQL], ids=["mariadb", "mysql"])
def test_the_later_change_wins_without_a_version_column(make_pair, server):
    pair = two_regions(make_pair, **({"server": server} if server else {}))
    later_at_us = [
        *(rename(1, name) for name in ("b", "same")),  # it leads back: the images say that nothing has happened
        rename(2, "us"),
        delete(3),
        rename(4, "us"),
        insert(21, "us"),
        insert(22, "both"),
        insert(23, "gone"),
        delete(23),
    ]
    meet(
        pair,
        (pair.eu, [rename(1, "eu"), rename(2, "eu"), rename(3, "eu"), delete(4), insert(21, "eu"), insert(22, "both"), insert(23, "eu")]),
        (pair.us, later_at_us),
    )
    pair.assert_equal("shop.item")
    found = names(pair.eu)
    assert (found[1], found[2], found[4], found[21], found[22]) == ("same", "us", "us", "us", "both")
    assert 3 not in found and 23 not in found
    lost_at_us = journal(pair.us)
    assert lost_at_us[1] == lost_at_us[2] == [("update/changed", "local")]
    assert lost_at_us[21] == [("insert/exists", "local")]
    assert lost_at_us[22] == [("insert/exists", "same")]
    assert sorted(lost_at_us) == [1, 2, 3, 4, 21, 22, 23], lost_at_us
    assert journal(pair.eu)[1][0] == ("update/changed", "incoming")

    # What knows of all that was there before is no conflict, whoever wrote that.
    before = (journal(pair.eu), journal(pair.us))
    pair.eu.sql(rename(1, "eu again"), rename(2, "eu again"), delete(22))
    pair.wait("eu", "us")
    pair.us.sql(rename(1, "us again"), insert(22, "us again"))
    pair.settle()
    pair.assert_equal("shop.item")
    assert (journal(pair.eu), journal(pair.us)) == before


def test_without_its_own_regions_capture_a_link_waits(make_pair):
    """Whether a local change is concurrent only its stream can tell; nothing is guessed, and nothing stays locked."""
    pair = two_regions(make_pair)
    pair.capture("us").kill()
    pair.us.sql(rename(1, "us"))  # not in the topic
    time.sleep(SECOND)
    pair.eu.sql(rename(1, "eu"))

    def told():
        link = pair.applier("eu", "us").status()
        return link["state"] == "waiting" and "capture of region us" in link["cause"]

    pair.until(told, 60, "the link to say what it waits for")
    pair.us.sql("SET SESSION innodb_lock_wait_timeout = 20", rename(2, "not locked"))
    assert names(pair.us)[1] == "us"
    pair.capture("us").start()
    pair.settle()
    pair.assert_equal("shop.item")
    assert names(pair.us)[1] == "eu"
    assert journal(pair.us) == {1: [("update/changed", "incoming")]}


@pytest.mark.parametrize("flavour", ["mariadb", "mysql"])
def test_what_can_be_seen_under_a_lock_is_in_the_position(request, flavour, long_run):
    """The position that an applier takes has every transaction that let go of the lock before: what it waits for is enough."""
    db = request.getfixturevalue(flavour)
    db.sql("CREATE DATABASE shop", ITEM, insert(1, "a"))
    mysql = flavour == "mysql"
    queries = ["SELECT @@GLOBAL.gtid_owned", "SELECT @@GLOBAL.gtid_executed"] if mysql else ["SELECT @@GLOBAL.gtid_binlog_pos"]

    def newest(text):
        numbers = re.findall(r":(?:\d+-)?(\d+)", text) if mysql else [text.rsplit("-", 1)[1]]
        return max((int(number) for number in numbers), default=0)

    base = newest(db.value(queries[-1]))
    done = threading.Event()

    def write():
        with db.connect() as connection, connection.cursor() as cursor:
            while not done.is_set():
                cursor.execute("UPDATE shop.item SET n = n + 1 WHERE id = 1")

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        with db.connect(autocommit=False) as connection, connection.cursor() as cursor:
            for _ in range(3000 if long_run else 300):
                cursor.execute("SELECT n FROM shop.item WHERE id = 1 FOR UPDATE")
                seen = base + cursor.fetchone()[0]
                told = []
                for query in queries:
                    cursor.execute(query)
                    told.append(newest(cursor.fetchone()[0]))
                connection.rollback()
                assert max(told) >= seen, (told, seen)
    finally:
        done.set()
        for writer in writers:
            writer.join()


HOT = 6
GAVE_WAY = (1205, 1213)  # lock wait, deadlock


def transactions(rng, region):
    """Hot keys: values that return to what they were, deletes, re-inserts, moved keys."""
    for _ in range(rng.randrange(20, 40)):
        statements = ["BEGIN"]
        for _ in range(rng.randrange(1, 4)):
            number, other, name = rng.randrange(HOT), rng.randrange(HOT), f"{region}{rng.randrange(3)}"
            put = f"INSERT IGNORE INTO shop.hot VALUES ({number}, '{name}')"
            change = f"UPDATE shop.hot SET name = '{name}' WHERE id = {number}"
            gone = f"DELETE FROM shop.hot WHERE id = {number}"
            there = f"UPDATE shop.hot SET name = CONCAT(name, '+') WHERE id = {number}"
            back = f"UPDATE shop.hot SET name = TRIM(TRAILING '+' FROM name) WHERE id = {number}"
            moved = f"UPDATE IGNORE shop.hot SET id = {other} WHERE id = {number}"
            statements += rng.choice([[put], [change], [change], [there, back], [gone], [gone, put], [moved]])
        yield [*statements, "COMMIT"]


def write(server, rng, errors):
    try:
        for statements in transactions(rng, server.name):
            try:
                server.sql(*statements)
            except pymysql.err.OperationalError as error:
                if error.args[0] not in GAVE_WAY:
                    raise
            time.sleep(rng.choice([0, 0, 0.01, 0.1]))
    except Exception as error:  # shown by the test's own thread
        errors.append(error)


def disturb(pair, rng):
    """Stop or kill a daemon for a while."""
    daemon = rng.choice([*pair.appliers.values(), *pair.appliers.values(), *pair.captures.values()])
    rng.choice([daemon.stop, daemon.kill])()
    time.sleep(rng.choice([0, 0.3, 1]))
    daemon.start()


SERVERS = {"mariadb": (None, 5, 50), "mixed": ({"eu": MariaDB, "us": MySQL}, 2, 20)}


@pytest.mark.parametrize("servers", SERVERS)
def test_random_histories_end_equal(make_pair, servers, long_run):
    """Whatever the regions write at once, however late each hears of the other: they end equal, and no difference is unexplained."""
    server, few, many = SERVERS[servers]
    pair = make_pair(conflicts=CAUSAL, config={"capture": {"canary": "0s"}}, **({"server": server} if server else {}))
    pair.everywhere("CREATE DATABASE shop", "CREATE TABLE shop.hot (id INT PRIMARY KEY, name VARCHAR(40))")
    pair.start()
    seed = int(os.environ.get("DRC_SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed {seed} (DRC_SEED={seed} repeats it)")
    for number in range(many if long_run else few):
        rng, errors = random.Random(f"{seed}/{number}"), []
        writers = [
            threading.Thread(target=write, args=(region, random.Random(f"{seed}/{number}/{region.name}"), errors))
            for region in pair.servers.values()
        ]
        for writer in writers:
            writer.start()
        for _ in range(rng.randrange(3)):
            disturb(pair, rng)
        for writer in writers:
            writer.join()
        assert not errors, errors
        pair.start()
        pair.settle(120)
        pair.assert_equal("shop.hot")
        unexplained = [entry for entry in pair.conflicts() if entry["kind"] == "foreign/write"]
        assert not unexplained, (seed, number, unexplained)
    assert pair.conflicts(), "nothing happened at once"
