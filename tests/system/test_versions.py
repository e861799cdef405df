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
from support import causal
from support.mariadb import MariaDB
from support.mysql import MySQL

CAUSAL = {"default": {"policy": "latest", "versions": "causal", "tie": ["eu", "us"]}}
BY_COLUMN = {"policy": "latest", "by": ["v"], "tie": ["eu", "us"], "versions": "causal", "delete": "delete_wins"}
ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40), n INT NOT NULL DEFAULT 0)"
LOCK_WAIT_TIMEOUT = 1205
SECOND = 1.1  # MariaDB's binlog says when a statement began to the second


def rename(number, name):
    return f"UPDATE shop.item SET name = '{name}' WHERE id = {number}"


def delete(number):
    return f"DELETE FROM shop.item WHERE id = {number}"


def insert(number, name):
    return f"INSERT INTO shop.item (id, name) VALUES ({number}, '{name}')"


def names(server):
    return dict(server.query("SELECT id, name FROM shop.item"))


def dated(number, name, at):
    return f"UPDATE shop.dated SET name = '{name}', v = {at} WHERE id = {number}"


def journal(server):
    """{id: [(kind, verdict)]} of shop.item, in the order of the entries."""
    found = {}
    for key, kind, verdict in server.query("SELECT row_key, kind, verdict FROM drc.conflicts WHERE tbl = 'item' ORDER BY id"):
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
    pair = make_pair(conflicts={**CAUSAL, "tables": {"shop.dated": BY_COLUMN}}, **more)
    dated_rows = "INSERT INTO shop.dated VALUES (1, 'old', 1), (2, 'old', 1), (3, 'old', 1)"
    pair.everywhere("CREATE DATABASE shop", ITEM, "CREATE TABLE shop.dated (id INT PRIMARY KEY, name VARCHAR(40), v INT)", dated_rows)
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
        (
            pair.eu,
            [rename(1, "eu"), rename(2, "eu"), rename(3, "eu"), delete(4), insert(21, "eu"), insert(22, "both"), insert(23, "eu"),
             dated(1, "eu", 9), "DELETE FROM shop.dated WHERE id = 2"],
        ),
        (pair.us, [*later_at_us, dated(1, "us", 5), dated(2, "us", 99), "DELETE FROM shop.dated WHERE id = 3"]),
    )
    pair.assert_equal("shop.item", "shop.dated")
    assert pair.us.query("SELECT * FROM shop.dated") == [(1, "eu", 9)], "by its column, though later; and deletes win"
    found = names(pair.eu)
    assert (found[1], found[2], found[4], found[21], found[22]) == ("same", "us", "us", "us", "both")
    assert 3 not in found and 23 not in found
    lost_at_us = journal(pair.us)
    assert lost_at_us[1] == lost_at_us[2] == [("update/changed", "local")]
    assert lost_at_us[21] == [("insert/exists", "local")]
    assert lost_at_us[22] == [("insert/exists", "same")]
    assert sorted(lost_at_us) == [1, 2, 3, 4, 21, 22, 23], lost_at_us
    assert journal(pair.eu)[1][0] == ("update/changed", "incoming")

    assert {entry["cause"] for entry in pair.conflicts()} == {"concurrent"}

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
        return link["state"] == "waiting" and "capture of region us" in (link["cause"] or "")

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
    """The position that an applier takes has every transaction that let go of the lock before: what it waits for is enough. And
    what such a transaction wrote elsewhere, as a link writes its ledger row, a plain reading under the lock finds."""
    db = request.getfixturevalue(flavour)
    db.sql("CREATE DATABASE shop", ITEM, insert(1, "a"), insert(2, "ledger"))
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
                cursor.execute("BEGIN")
                cursor.execute("UPDATE shop.item SET n = n + 1 WHERE id = 2")
                cursor.execute("UPDATE shop.item SET n = n + 1 WHERE id = 1")
                cursor.execute("COMMIT")

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        with db.connect(autocommit=False) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            for _ in range(3000 if long_run else 300):
                cursor.execute("SELECT n FROM shop.item WHERE id = 1 FOR UPDATE")
                count = cursor.fetchone()[0]
                seen = base + count
                cursor.execute("SELECT n FROM shop.item WHERE id = 2")
                assert cursor.fetchone()[0] >= count
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


def test_a_link_of_a_mesh_waits_for_what_its_source_knew_of(make_pair):
    """ap writes on what eu wrote: at us nothing of it comes before eu's own change has, and it is no conflict then."""
    # A capture that is killed must not have published a canary of its own in part.
    pair = make_pair(regions=("eu", "us", "ap"), conflicts=causal.CONFLICTS, config={"capture": {"canary": "0s"}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.applier("eu", "us").stop()
    pair.eu.sql(insert(1, "eu"), insert(2, "eu"))
    pair.wait("eu", "ap")
    pair.ap.sql(rename(1, "ap"), delete(2))

    def told():
        link = pair.applier("ap", "us").status()
        return link["state"] == "waiting" and "region eu, which is not in effect at us yet" in (link["cause"] or "")

    pair.until(told, 60, "the link to say what it waits for")
    assert names(pair.us) == {}
    pair.applier("ap", "us").kill()  # what it knew of eu's topic it reads again
    pair.start()
    pair.settle()
    pair.assert_equal("shop.item")
    assert names(pair.us) == {1: "ap"}
    assert pair.conflicts() == []

    # The third region's capture is not needed: what it has not published nobody has heard of.
    pair.capture("ap").kill()
    pair.eu.sql(rename(1, "eu again"))
    pair.wait("eu", "us")
    assert names(pair.us) == {1: "eu again"}
    pair.us.sql(insert(3, "us"))
    pair.wait("us", "eu")
    assert pair.applier("eu", "us").status()["versions_peer_seq"] > 0

    # Its own region's is, as where there are two.
    pair.ap.sql(rename(1, "ap again"))
    pair.eu.sql(rename(1, "eu at last"))
    said = lambda: "capture of region ap" in (pair.applier("us", "ap").status()["cause"] or "")
    pair.until(said, 60, "the link to ap to say what it waits for")
    pair.start()
    pair.settle()
    pair.assert_equal("shop.item")
    assert {entry["kind"] for entry in pair.conflicts()} == {"update/changed"}


DELETE_WINS = {"default": {"policy": "latest", "delete": "delete_wins"}}


def only(pair, source, target):
    """Let that link bring what there is, and no other."""
    for link, applier in pair.appliers.items():
        if link != (source, target) and applier.running:
            applier.stop()
    if not pair.applier(source, target).running:
        pair.applier(source, target).start()
    pair.wait(source, target)


def test_what_a_delete_has_ended_stays_ended(make_pair):
    """Where a delete wins over all that did not know of it, the newest change need not be what the row stands for. What has ended
    is kept at the target: the applier that knew it is killed before it matters."""
    pair = make_pair(conflicts=DELETE_WINS)
    pair.everywhere("CREATE DATABASE shop", ITEM, *[insert(number, "old") for number in (1, 2)])
    pair.start()
    for applier in pair.appliers.values():
        applier.stop()
    began = pair.us.value("SELECT UNIX_TIMESTAMP()")
    pair.eu.sql(delete(1), delete(2))
    pair.us.sql(delete(1))
    only(pair, "us", "eu")  # eu knows that us has deleted 1, and nothing of what us does from here on
    pair.applier("us", "eu").stop()
    time.sleep(SECOND)
    pair.us.sql(insert(1, "ended"), delete(2), insert(2, "ended"))
    only(pair, "eu", "us")
    assert names(pair.us) == {}, "eu's deletes did not know of these rows, and win"

    # eu writes 2 again and knows nothing of its delete at us, which a later change of us hides that has ended itself.
    pair.eu.sql(insert(2, "overlooked"))
    only(pair, "eu", "us")
    assert names(pair.us) == {}, "a delete that the change did not know of has been overlooked"
    assert journal(pair.us)[2][-1] == ("insert/deleted", "local")

    # eu writes 1 again and knows of us's delete, but by an earlier clock than us's row had that has ended.
    pair.applier("eu", "us").kill()
    pair.eu.sql(f"SET timestamp = {began}", insert(1, "stays"), rename(1, "stays, renamed"))
    only(pair, "eu", "us")
    assert names(pair.us) == {1: "stays, renamed"}, "what had ended came back"
    assert pair.us.value("SELECT COUNT(*) FROM drc.ends") > 0
    pair.start()
    pair.settle()
    pair.assert_equal("shop.item")
    assert names(pair.eu) == {1: "stays, renamed"}


@pytest.mark.parametrize("path", ["auto", "exact"])
def test_a_key_that_stays_free_is_held_until_the_verdict_is_committed(make_pair, path):
    """Both regions have deleted a row. While that of the other is put down nobody takes the key, who could not know of it."""
    pair = two_regions(make_pair)
    for link in pair.file["links"]:
        link["apply"] = {"path": path}
    pair.write_config()
    pair.applier("us", "eu").stop()
    pair.start()
    pair.applier("eu", "us").stop()
    pair.eu.sql(delete(1))

    def taken():
        with pair.eu.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 1, autocommit = 0")
            try:
                cursor.execute(insert(1, "eu again"))
            except pymysql.err.OperationalError as error:
                assert error.args[0] == LOCK_WAIT_TIMEOUT, error
                return True
            connection.rollback()
            return False

    with pair.eu.connect() as guard, guard.cursor() as cursor:
        cursor.execute("BACKUP STAGE START")
        cursor.execute("BACKUP STAGE BLOCK_COMMIT")  # the verdict comes as far as its COMMIT
        pair.us.sql(delete(1))
        pair.until(taken, 30, "transaction that holds the key")
        cursor.execute("BACKUP STAGE END")
    pair.wait("us", "eu")
    pair.eu.sql(insert(1, "eu again"))
    pair.start()
    pair.settle()
    pair.assert_equal("shop.item")
    assert names(pair.us)[1] == "eu again"
    assert journal(pair.eu) == {1: [("delete/missing", "same")]}


REGIONS = {
    "mariadb": (("eu", "us"), None, 3, 20),
    "mixed": (("eu", "us"), {"eu": MariaDB, "us": MySQL}, 2, 10),
    "mesh": (("eu", "us", "ap"), None, 2, 20),
}


@pytest.mark.parametrize("regions", REGIONS)
def test_random_histories_end_equal(make_pair, regions, long_run):
    """Whatever the regions write at once, however late each hears of the others: they end equal, and no difference is unexplained."""
    where, server, few, many = REGIONS[regions]
    more = {"server": server} if server else {}
    pair = make_pair(regions=where, conflicts=causal.CONFLICTS, config={"capture": {"canary": "0s"}}, **more)
    causal.begin(pair)
    pair.start()
    seed = int(os.environ.get("DRC_SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed {seed} (DRC_SEED={seed} repeats it)")
    for number in range(many if long_run else few):
        history = causal.History(pair, f"{seed}/{number}")
        history.play()
        history.check()
    assert pair.conflicts(), "nothing happened at once"
    held = {number: {"id": number, "name": name} for number, name in pair.eu.query("SELECT id, name FROM shop.hot")}
    assert held == causal.latest(pair, "shop.hot")  # as an account says that owes nothing to the appliers
    assert causal.restore_losers(pair, None if long_run else 6) > 0
    pair.start()
    pair.settle()
    pair.assert_equal("shop.hot")
