"""Rows that the target refuses are put aside with what depends on them, while the rest of the stream flows on."""

import json

import pytest

from support.load import Load
from support.mariadb import MariaDB
from support.mysql import MySQL
from system.ddl import waits

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40), code INT UNIQUE)"
PARENT = "CREATE TABLE shop.parent (id INT PRIMARY KEY, name VARCHAR(20))"
CHILD = "CREATE TABLE shop.child (id INT PRIMARY KEY, parent INT)"
REFERS = "ALTER TABLE shop.child ADD CONSTRAINT refers FOREIGN KEY (parent) REFERENCES shop.parent (id)"


BOTH = pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])


@pytest.fixture
def one_way(make_pair):
    """A function that starts a link; `link` is more of the link's part of the pair file, the rest is of `apply`."""

    def make(server=MariaDB, link=None, **apply):
        pair = make_pair(server=server, links=[("eu", "us")], config={"apply": apply} if apply else None)
        pair.file["links"][0].update(link or {})
        pair.write_config()
        pair.everywhere("CREATE DATABASE shop", ITEM, PARENT, CHILD)
        return pair.start()

    return make


def parked(pair, *arguments):
    found = pair.ctl("parked", "list", "--json", *arguments).stdout
    return [json.loads(line) for line in found.splitlines()]


def seqs(pair, *arguments):
    return [(each["seq"], each["behind"], each["state"]) for each in parked(pair, *arguments)]


def retry(pair, *what):
    pair.ctl("parked", "retry", "--from", "eu", "--to", "us", "--why", "mended", *what)


def settled(pair):
    """State, resolution and reason of the entries of what was parked, in order."""
    entries = [entry for entry in pair.conflicts() if entry["verdict"] == "park"]
    return [(e["state"], (e["resolution"] or {}).get("parked"), e["resolved_why"]) for e in sorted(entries, key=lambda e: e["id"])]


def names(server):
    return dict(server.query("SELECT id, name FROM shop.item"))


@BOTH
def test_a_refused_row_parks_what_depends_on_it_and_nothing_else(one_way, server):
    pair = one_way(server)
    pair.us.sql("INSERT INTO shop.item VALUES (90, 'of us', 7)")
    pair.eu.sql(
        "INSERT INTO shop.item VALUES (1, 'clashes', 7)",  # 1: refused
        "INSERT INTO shop.item VALUES (2, 'flows', 8)",
        "UPDATE shop.item SET name = 'later' WHERE id = 1",  # 3: behind 1, by its key
        "UPDATE shop.item SET code = 9 WHERE id = 1",  # 4: behind 3
        "INSERT INTO shop.item VALUES (3, 'takes 7', 7)",  # 5: behind 4, by the value that 4 gives up
        "UPDATE shop.item SET name = 'flowed' WHERE id = 2",
        "INSERT INTO shop.parent VALUES (1, 'free')",
    )
    done = pair.wait("eu", "us", expect=69)
    assert "4 transactions are parked" in done.stderr and "Duplicate entry" in done.stderr
    assert names(pair.us) == {90: "of us", 2: "flowed"}
    assert pair.us.value("SELECT COUNT(*) FROM shop.parent") == 1
    first = parked(pair)[0]["seq"]
    assert seqs(pair) == [
        (first, 0, "parked"),
        (first + 2, first, "parked"),
        (first + 3, first + 2, "parked"),
        (first + 4, first + 3, "parked"),
    ]
    link = pair.status()["eu", "us"]
    assert link["state"] == "parked" and link["parked_transactions"] == 4
    kinds = [(entry["kind"], entry["verdict"]) for entry in reversed(pair.conflicts())]
    assert kinds == [("unique/clash", "park")] + 3 * [("parked", "park")]
    assert '"clashes"' in pair.ctl("parked", "show", str(first), "--json").stdout

    # Tried too early it stays; a restart forgets nothing.
    retry(pair, "--all")
    pair.until(lambda: "stays parked" in pair.applier("eu", "us").text(), 60, "another try")
    pair.until(lambda: seqs(pair)[0][2] == "parked", 60, "end of another try")
    assert settled(pair) == [("open", None, "mended")] + 3 * [("open", None, None)]
    applier = pair.applier("eu", "us")
    applier.stop()
    pair.us.sql("DELETE FROM shop.item WHERE id = 90")
    pair.eu.sql("UPDATE shop.item SET name = 'last' WHERE id = 3")
    applier.start()
    pair.until(lambda: len(seqs(pair)) == 5, 60, "the later one behind the others")
    assert names(pair.us) == {2: "flowed"}

    retry(pair, str(first))
    pair.until(lambda: not seqs(pair), 60, "an empty park")
    pair.wait("eu", "us")
    pair.assert_equal("shop.item", "shop.parent")
    assert names(pair.us)[3] == "last"
    assert pair.status()["eu", "us"]["state"] == "running"
    acts = [entry for entry in pair.conflicts() if entry["kind"] == "operator_act"]
    assert [(entry["policy"], entry["why"]) for entry in acts] == 2 * [("parked-retry", "mended")]
    assert settled(pair) == [("resolved", "applied", "mended")] + 4 * [("resolved", "applied", None)]


def test_a_missing_parent_is_waited_for_and_what_is_given_up_stays_known(one_way):
    pair = one_way()
    pair.us.sql(REFERS)
    pair.eu.sql(
        "INSERT INTO shop.child VALUES (1, 10)",  # refused: no parent
        "UPDATE shop.child SET parent = NULL WHERE id = 1",  # behind it
        "INSERT INTO shop.child VALUES (2, 20)",  # refused as well
    )
    pair.wait("eu", "us", expect=69)
    (first, _, _), (_, behind, _), (third, _, _) = seqs(pair)
    assert behind == first
    assert {entry["kind"] for entry in pair.conflicts()} == {"parent/missing", "parked"}
    pair.ctl("parked", "discard", str(third), "--from", "eu", "--to", "us", "--why", "not needed here")
    pair.us.sql("INSERT INTO shop.parent VALUES (10, 'found')")
    retry(pair, str(first))
    pair.until(lambda: not seqs(pair), 60, "an empty park")
    pair.wait("eu", "us")
    assert pair.us.query("SELECT id, parent FROM shop.child") == [(1, None)]
    assert settled(pair)[2] == ("resolved", "discarded", "not needed here")
    assert {state for state, _, _ in settled(pair)} == {"resolved"}
    assert [(each["seq"], each["state"]) for each in parked(pair, "--all")] == [(third, "discarded")]


def test_who_gives_up_while_it_is_tried_again_is_heard(one_way):
    pair = one_way()
    pair.us.sql("INSERT INTO shop.item VALUES (90, 'of us', 7)")
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'clashes', 7)")
    pair.wait("eu", "us", expect=69)
    ((first, _, _),) = seqs(pair)
    with pair.us.connect(autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT id FROM shop.item WHERE code = 7 FOR UPDATE")
        retry(pair, str(first))
        waiting = "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'"
        pair.until(lambda: pair.us.value(waiting) > 0, 60, "another try, which waits for the row")
        pair.ctl("parked", "discard", str(first), "--from", "eu", "--to", "us", "--why", "lost patience")
        holder.rollback()
    pair.until(lambda: not seqs(pair), 60, "an empty park")
    assert seqs(pair, "--all") == [(first, 0, "discarded")]
    assert names(pair.us) == {90: "of us"}
    pair.wait("eu", "us")


def test_a_big_transaction_is_parked_whole(one_way):
    pair = one_way()
    pair.applier("eu", "us").stop()
    pair.file["capture"] = {"fragment_bytes": "16KiB"}
    pair.write_config()
    pair.capture("eu").stop()
    pair.start()
    pair.us.sql("INSERT INTO shop.item VALUES (5000, 'of us', 900)")
    rows = ", ".join(f"({number}, '{'x' * 36}', {number})" for number in range(1, 1201))
    pair.eu.sql(f"INSERT INTO shop.item VALUES {rows}", "UPDATE shop.item SET name = 'after' WHERE id = 1200")
    pair.wait("eu", "us", expect=69)
    assert names(pair.us) == {5000: "of us"}
    (big, after) = parked(pair)
    assert big["rows"] == 1200 and after["behind"] == big["seq"]
    assert pair.us.value("SELECT COUNT(*) FROM drc.parked") > 2  # its fragments
    pair.us.sql("DELETE FROM shop.item WHERE id = 5000")
    retry(pair, "--all")
    pair.until(lambda: not seqs(pair), 60, "an empty park")
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")


def test_at_its_bound_the_park_stops_the_link_and_can_be_led_out_of(one_way):
    pair = one_way(park={"max_rows": 2})
    applier = pair.applier("eu", "us")
    pair.us.sql("INSERT INTO shop.item VALUES (90, 'of us', 7)")
    applier.wanted = False
    pair.eu.sql(
        "INSERT INTO shop.item VALUES (1, 'clashes', 7)",
        *[f"UPDATE shop.item SET name = 'v{n}' WHERE id = 1" for n in range(3)],
    )
    last = applier.expect_exit(69)
    assert "apply.park.max_rows" in last and "drcctl parked retry" in last
    assert len(seqs(pair)) == 2
    pair.us.sql("DELETE FROM shop.item WHERE id = 90")
    retry(pair, "--all")
    applier.start()
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")


def test_a_change_of_definition_waits_for_what_is_parked_of_its_tables(one_way):
    """Or rows would come back behind a TRUNCATE, and meet another definition behind an ALTER."""
    pair = one_way(link={"ddl": "apply"})
    pair.us.sql("INSERT INTO shop.item VALUES (90, 'of us', 7)")
    pair.eu.sql(
        "INSERT INTO shop.item VALUES (1, 'clashes', 7)",
        "INSERT INTO shop.parent VALUES (1, 'gone')",
        "TRUNCATE TABLE shop.parent",  # not of what is parked
        "CREATE TABLE shop.like_it LIKE shop.item",  # nor does it change it
        "INSERT INTO shop.parent VALUES (2, 'there')",
        "TRUNCATE TABLE shop.item",
        "INSERT INTO shop.item VALUES (2, 'behind it', 7)",
    )
    pair.until(lambda: len(seqs(pair)) == 1, 30, "a parked transaction")
    ((first, _, _),) = seqs(pair)
    waits(pair, "TRUNCATE TABLE shop.item", f"seq {first}, which is parked", "drcctl parked retry")
    assert pair.us.query("SELECT id FROM shop.parent") == [(2,)]
    assert pair.us.value("SHOW TABLES FROM shop LIKE 'like_it'") == "like_it"
    pair.applier("eu", "us").kill()
    pair.applier("eu", "us").start()
    waits(pair, "TRUNCATE TABLE shop.item", "which is parked")
    pair.us.sql("DELETE FROM shop.item WHERE id = 90")
    retry(pair, str(first))
    pair.wait("eu", "us")
    assert names(pair.us) == {2: "behind it"}

    pair.us.sql("INSERT INTO shop.item VALUES (90, 'of us', 8)")
    pair.eu.sql(
        "INSERT INTO shop.item VALUES (3, 'clashes', 8)",
        "ALTER TABLE shop.item DROP COLUMN code, ADD COLUMN size INT DEFAULT 3 FIRST",
        "INSERT INTO shop.item (id, name) VALUES (4, 'of the new one')",
    )
    waits(pair, "ALTER TABLE shop.item", "which is parked")
    pair.ctl("parked", "discard", str(seqs(pair)[0][0]), "--from", "eu", "--to", "us", "--why", "not needed here")
    pair.wait("eu", "us")
    assert names(pair.us) == {90: "of us", 2: "behind it", 4: "of the new one"}


CLASHES = 20
COUNTERS = 5
PARKED = "SELECT COUNT(DISTINCT seq) FROM drc.parked WHERE state <> 'discarded'"
COUNTER = "CREATE TABLE shop.counter (id INT PRIMARY KEY, n INT NOT NULL)"
FULL = f"INSERT INTO shop.counter VALUES {', '.join(f'({number}, 0)' for number in range(COUNTERS))}"


class Orders(Load):
    """Rows of which some have a code that the target has given to another one, and changes that depend on them."""

    def transaction(self, cursor, rng):
        number, last = rng.randrange(1000, 10**9), getattr(rng, "last", 0)
        yield number
        code = rng.randrange(CLASHES) if rng.random() < 0.1 else 100 + number
        cursor.execute("INSERT IGNORE INTO shop.item VALUES (%s, 'new', %s)", (number, code))
        if rng.random() < 0.7:
            cursor.execute("UPDATE shop.item SET name = CONCAT(name, '+') WHERE id = %s AND LENGTH(name) < 30", (last,))
        if rng.random() < 0.1:
            cursor.execute("DELETE FROM shop.item WHERE id = %s", (last,))
        if rng.random() < 0.1:
            cursor.execute("UPDATE shop.counter SET n = n + 1 WHERE id = %s", (rng.randrange(COUNTERS),))
        rng.last = number


def drained_no_further_than_the_last(pair, applier, waiting):
    """Killed in the middle of a drain, for certain: the last one is locked meanwhile. How many are left."""
    applier.freeze()
    retry(pair, "--all")
    with pair.us.connect(autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT id FROM drc.parked WHERE topic = %s AND seq = %s FOR UPDATE", (pair.topic("eu"), waiting[-1]))
        applier.thaw()
        pair.until(lambda: pair.us.value(PARKED) < len(waiting), 60, "smaller park")
        applier.kill()
        left = pair.us.value(PARKED)
    assert 0 < left < len(waiting)
    applier.launch()
    return left


@BOTH
def test_killed_while_it_parks_and_drains(one_way, server, long_run):
    """Each transaction is parked once or in effect once, in order, whoever is killed in between."""
    pair = one_way(server, link={"apply": {"workers": 4}})
    applier = pair.applier("eu", "us")
    pair.everywhere(COUNTER, FULL)
    of_us = ", ".join(f"({number}, 'of us', {number})" for number in range(CLASHES))
    pair.us.sql("SET SESSION sql_log_bin = 0", f"INSERT INTO shop.item VALUES {of_us}")
    with Orders(pair.eu, threads=2, rate=150) as load:
        for number in range(20 if long_run else 3):
            before = len(seqs(pair))
            pair.until(lambda before=before: len(seqs(pair)) > before + 2, 60, "more that is parked")
            applier.kill()
            if number % 3 == 2:
                pair.us.kill()
                pair.us.start()
            applier.launch()
        load.wait_for(50)
    pair.wait("eu", "us", timeout=120, expect=69)
    entries = [entry["seq"] for entry in pair.conflicts()]
    waiting = [seq for seq, _, _ in seqs(pair)]
    assert sorted(set(entries)) == sorted(waiting) and len(entries) == len(waiting), "each in the journal once"

    pair.us.sql("SET SESSION sql_log_bin = 0", f"DELETE FROM shop.item WHERE id < {CLASHES}")
    left, cut = drained_no_further_than_the_last(pair, applier, waiting), 1
    while left > 0 and cut < (20 if long_run else 3):
        pair.until(lambda left=left: pair.us.value(PARKED) < left, 60, "smaller park")
        applier.kill()
        left = pair.us.value(PARKED)
        cut += left > 0
        applier.launch()
    print(f"{len(waiting)} were parked, {cut} kills in the middle of the drain; {load.summary()}")
    pair.until(lambda: pair.us.value(PARKED) == 0, 60, "empty park")
    pair.wait("eu", "us")
    pair.assert_equal("shop.item", "shop.counter")
    assert {entry["kind"] for entry in pair.conflicts()} == {"unique/clash", "parked", "operator_act"}
