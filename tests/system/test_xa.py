"""XA transactions: the body is published at XA PREPARE, and takes effect at XA COMMIT, whole and once, or never.

`shop.item` has no key, so that a body that takes effect twice shows as duplicate rows.
"""

import pytest
from support import kafka_admin

FRAGMENT_BYTES = 16384


@pytest.fixture
def eu_us(make_pair):
    """One way, with one ordinary row at both sides; small fragments; not started."""
    pair = make_pair(
        links=[("eu", "us")],
        conflicts={"default": {"policy": "target_wins"}},
        config={"capture": {"fragment_bytes": FRAGMENT_BYTES}},
    )
    pair.everywhere(
        "CREATE DATABASE shop",
        "CREATE TABLE shop.item (n INT, text VARCHAR(1000))",
        "CREATE TABLE shop.stock (id INT PRIMARY KEY, qty INT)",
        "INSERT INTO shop.stock VALUES (1, 10), (2, 10)",
    )
    return pair


def insert(first, count, size=10):
    return [f"INSERT INTO shop.item VALUES ({n}, REPEAT('x', {size}))" for n in range(first, first + count)]


def numbers(server):
    return [n for (n,) in server.query("SELECT n FROM shop.item ORDER BY n")]


def prepared(pair):
    """How many the applier holds, by its status."""
    return pair.applier("eu", "us").status()["xa_prepared"]


def restart(pair, *daemons):
    for daemon in daemons:
        daemon.kill()
        daemon.start()


def fragments(pair):
    """Records by seq, of those with a seq of their own."""
    found = {}
    for record in pair.kafka.records(pair.topic("eu")):
        if record["headers"].get("drc-kind", "data") == "data":
            found.setdefault(record["headers"]["drc-seq"], []).append(record["offset"])
    return found


def test_a_body_takes_effect_at_its_commit_and_not_before(eu_us):
    pair = eu_us.start()
    pair.eu.prepare_xa("a", *insert(1, 3), "UPDATE shop.stock SET qty = 7 WHERE id = 1")
    pair.eu.sql(*insert(100, 2))
    pair.wait("eu", "us")
    assert numbers(pair.us) == [100, 101]
    assert prepared(pair) == 1
    pair.eu.sql("XA COMMIT 'a'", *insert(102, 1))
    pair.wait("eu", "us")
    assert numbers(pair.us) == [1, 2, 3, 100, 101, 102]
    assert prepared(pair) == 0
    pair.assert_equal("shop.item", "shop.stock")
    assert pair.conflicts() == []


def test_a_body_rolled_back_leaves_nothing(eu_us):
    pair = eu_us.start()
    pair.eu.prepare_xa("a", *insert(1, 3))
    pair.eu.sql(*insert(100, 1), "XA ROLLBACK 'a'", *insert(101, 1))
    pair.wait("eu", "us")
    assert numbers(pair.us) == [100, 101]
    assert prepared(pair) == 0


def test_kills_and_rotations_between_prepare_and_commit_lose_nothing(eu_us):
    pair = eu_us.start()
    capture, applier = pair.capture("eu"), pair.applier("eu", "us")
    for xid, first in (("commits", 1), ("rolls back", 20), ("commits late", 40)):
        pair.eu.prepare_xa(xid, *insert(first, 3))
        pair.eu.sql(*insert(first + 100, 1))
    pair.wait("eu", "us")
    restart(pair, applier)
    pair.eu.sql("FLUSH BINARY LOGS", *insert(200, 1))
    restart(pair, capture)
    pair.wait("eu", "us")
    assert numbers(pair.us) == [101, 120, 140, 200]
    restart(pair, applier)
    pair.eu.sql("XA COMMIT 'commits'", *insert(300, 1), "XA ROLLBACK 'rolls back'", *insert(301, 1))
    pair.wait("eu", "us")
    assert numbers(pair.us) == [1, 2, 3, 101, 120, 140, 200, 300, 301]
    assert prepared(pair) == 1
    restart(pair, capture, applier)
    pair.eu.sql("XA COMMIT 'commits late'", *insert(302, 1))
    pair.wait("eu", "us")
    restart(pair, applier)
    pair.eu.sql(*insert(303, 1))
    pair.wait("eu", "us")
    assert prepared(pair) == 0
    pair.assert_equal("shop.item")


def test_the_source_itself_restarts_between(eu_us):
    pair = eu_us.start()
    pair.eu.prepare_xa("a", *insert(1, 3))
    pair.wait("eu", "us")
    pair.eu.kill()
    pair.eu.start()
    pair.eu.sql(*insert(100, 1), "XA COMMIT 'a'")
    pair.wait("eu", "us")
    assert numbers(pair.us) == [1, 2, 3, 100]
    pair.assert_equal("shop.item")


def test_a_body_of_many_fragments(eu_us):
    pair = eu_us.start()
    pair.eu.prepare_xa("big", *insert(1, 200, 900))
    pair.eu.prepare_xa("other", *insert(1001, 200, 900))
    pair.eu.sql(*insert(2000, 3))
    pair.wait("eu", "us")
    assert sorted(len(offsets) > 5 for offsets in fragments(pair).values())[-2:] == [True, True]
    assert numbers(pair.us) == [2000, 2001, 2002]
    pair.eu.sql("XA COMMIT 'big'", *insert(3000, 3))
    pair.wait("eu", "us")
    assert numbers(pair.us) == [*range(1, 201), 2000, 2001, 2002, 3000, 3001, 3002]
    restart(pair, pair.applier("eu", "us"))
    pair.eu.sql("XA COMMIT 'other'", *insert(4000, 3))
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")


@pytest.mark.parametrize("others", [0, 200])  # none: one record; with them: several fragments
def test_a_conflict_in_a_body_is_judged_at_its_commit(eu_us, others):
    pair = eu_us.start()
    updates = [f"UPDATE shop.stock SET qty = 11 WHERE id = {n}" for n in (1, 2)]
    pair.eu.prepare_xa("a", *insert(1000, others, 900), *updates)
    pair.wait("eu", "us")
    pair.us.sql("UPDATE shop.stock SET qty = 99 WHERE id = 1")
    pair.eu.sql(*insert(100, 1))
    pair.wait("eu", "us")
    assert pair.conflicts() == []
    pair.eu.sql("XA COMMIT 'a'")
    pair.wait("eu", "us")
    (conflict,) = pair.conflicts()
    assert (conflict["db"], conflict["tbl"]) == ("shop", "stock")
    assert pair.us.query("SELECT * FROM shop.stock ORDER BY id") == [(1, 99), (2, 11)]
    pair.assert_equal("shop.item")


def test_a_body_prepared_before_the_stream_began_stops_the_link(eu_us):
    eu_us.start_servers()
    eu_us.eu.prepare_xa("early", *insert(1, 3))
    eu_us.eu.prepare_xa("early, rolled back", *insert(10, 3))
    pair = eu_us.start()
    pair.eu.sql(*insert(100, 1), "XA ROLLBACK 'early, rolled back'", *insert(101, 1))
    pair.wait("eu", "us")
    pair.eu.sql("XA COMMIT 'early'", *insert(102, 1))
    last = pair.applier("eu", "us").expect_exit(69)
    assert "XA COMMIT X'6561726c79'" in last and "prepared before" in last and "drc-reconcile" in last
    assert numbers(pair.us) == [100, 101]


def test_a_body_that_the_topic_has_lost_stops_the_link(eu_us):
    pair = eu_us.start()
    pair.eu.prepare_xa("a", *insert(1, 3))
    pair.eu.sql(*insert(100, 1))
    pair.wait("eu", "us")
    topic = pair.topic("eu")
    kafka_admin.delete_records(pair.kafka.bootstrap, topic, 0, pair.kafka.topic_end(topic) - 1)
    restart(pair, pair.applier("eu", "us"))
    pair.eu.sql(*insert(101, 1))
    pair.wait("eu", "us")
    pair.eu.sql("XA COMMIT 'a'")
    last = pair.applier("eu", "us").expect_exit(69)
    assert "XA COMMIT X'61'" in last and "not in the topic any more (the topic has been truncated)" in last
    assert numbers(pair.us) == [100, 101]


def test_a_copy_made_between_prepare_and_commit_gets_the_body(eu_us):
    pair = eu_us
    pair.start_servers()
    capture = pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 30, "a stream of eu in its topic")
    pair.eu.prepare_xa("in the copy", *insert(1, 1))
    pair.eu.prepare_xa("after the copy", *insert(10, 3))
    pair.eu.sql("XA COMMIT 'in the copy'")
    gtid = pair.eu.executed_gtids()
    pair.us.sql("SET SESSION sql_log_bin = 0", *insert(1, 1))
    pair.eu.sql(*insert(100, 1))
    restart(pair, capture)
    pair.file["links"] = [{"from": "eu", "to": "us", "start": {"gtid": gtid}}]
    pair.write_config()
    pair.applier("eu", "us").start()
    pair.wait("eu", "us")
    assert numbers(pair.us) == [1, 100]
    pair.eu.sql("XA COMMIT 'after the copy'")
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")
