"""Changes of definition in the middle of a load, under each policy, with applier and target killed around them.

What the load wrote is there once at both ends, in the same tables.
"""

import random
import time

import pytest

from system.ddl import CHANGES, COPY, GH_OST, Rows, assert_same, definition, journal, one_way, resume, waits

WORKERS = 4
OTHER = "CREATE TABLE shop.other LIKE shop.item"
SWAP = CHANGES[6]

# What an operator does by hand at the target when the link comes to it, with `pause` and `ignore`; the last undoes them.
BY_HAND = [
    "ALTER TABLE shop.item ADD COLUMN first INT NOT NULL DEFAULT 3 FIRST",
    "ALTER TABLE shop.item MODIFY name VARCHAR(80), ADD COLUMN made DATETIME DEFAULT '2026-01-01' AFTER id",
    "ALTER TABLE shop.item DROP COLUMN first",
    "ALTER TABLE shop.item MODIFY qty BIGINT NOT NULL DEFAULT 1 FIRST",
    "ALTER TABLE shop.item DROP COLUMN made, MODIFY name VARCHAR(40), MODIFY qty INT NOT NULL DEFAULT 1 AFTER name",
]


class Trouble:
    """Kills of applier and target, at moments that chance decides; prints its seed."""

    def __init__(self, pair, targets):
        self.seed = random.SystemRandom().randrange(2**32)
        self._pair = pair
        self._targets = targets  # how many kills of the target there may be
        self._rng = random.Random(self.seed)
        print("seed", self.seed)

    def strike(self):
        """Now, or a moment later, or not at all."""
        time.sleep(self._rng.choice((0, 0, self._rng.uniform(0, 0.4))))
        if self._targets > 0 and self._rng.random() < 0.3:
            self._targets -= 1
            self._pair.us.kill()
            self._pair.us.start()
        elif self._rng.random() < 0.7:
            self._pair.applier("eu", "us").kill()
            self._pair.applier("eu", "us").launch()


def come_to(pair):
    """Until the link has come to where the source was, or waits for somebody before it."""
    applier = pair.applier("eu", "us")

    def there():
        try:
            waiting = applier.status()["state"] == "waiting"
        except OSError:
            return False
        return waiting or pair.wait("eu", "us", timeout=1, expect=None).returncode == 0

    pair.until(there, 90, "place in the stream where the source was")


def test_changes_are_run_once_under_load_and_kills(make_pair, long_run):
    pair = one_way(make_pair, "apply", apply={"workers": WORKERS})
    trouble = Trouble(pair, 20 if long_run else 2)
    for _ in range(3 if long_run else 1):
        pair.eu.sql("DROP TABLE IF EXISTS shop.other, shop.copy", OTHER)
        with Rows(pair.eu, threads=2, rate=60) as load:
            for statement in ["ALTER TABLE shop.item COMMENT 'begin'", *CHANGES]:
                load.wait_for(10)
                pair.eu.sql(statement)
                trouble.strike()
        undo = ["DROP KEY by_both", "DROP COLUMN made", "MODIFY qty INT NOT NULL DEFAULT 1", "MODIFY name VARCHAR(40)"]
        pair.eu.sql("ALTER TABLE shop.item " + ", ".join(undo))
    pair.wait("eu", "us", timeout=120)
    assert_same(pair)
    assert pair.conflicts() == []
    assert pair.us.query("SELECT ddl_state FROM drc.links") == [("done",)]


@pytest.mark.parametrize("policy", ["pause", "ignore"])
def test_changes_by_hand_under_load_and_kills(make_pair, policy, long_run):
    pair = one_way(make_pair, policy, apply={"workers": WORKERS})
    trouble = Trouble(pair, 10 if long_run else 1)
    pair.everywhere(OTHER)
    with Rows(pair.eu, threads=2, rate=60) as load:
        for statement in BY_HAND * (5 if long_run else 1):
            load.wait_for(10)
            pair.eu.sql(statement)
            load.wait_for(10)
            trouble.strike()
            come_to(pair)
            trouble.strike()
            pair.us.sql(statement)
            trouble.strike()
            pair.wait("eu", "us", timeout=120)
            if policy == "pause" and statement == BY_HAND[-1]:
                swap_by_hand(pair, trouble)
                swap_by_hand(pair, trouble)
    if policy == "pause":
        what_goes_on_by_itself(pair, trouble)
    pair.wait("eu", "us", timeout=120)
    assert_same(pair)
    kinds = {(policy, verdict) for policy, verdict, _ in journal(pair)}
    assert kinds == ({("ignore", "ignored")} if policy == "ignore" else {("pause", "passed")})
    assert {entry["kind"] for entry in pair.conflicts()} == {"ddl"}


def swap_by_hand(pair, trouble):
    """A swap cannot be seen: the link stands before it until it is told to go on, whoever is killed meanwhile."""
    pair.eu.sql(SWAP)
    waits(pair, "RENAME TABLE")
    trouble.strike()
    waits(pair, "RENAME TABLE")
    pair.us.sql(SWAP)
    resume(pair, "--why", "swapped by hand")
    pair.wait("eu", "us")


def what_goes_on_by_itself(pair, trouble):
    """TRUNCATE, RENAME and DROP, done by hand while the link waits for them."""
    for statement, word in (
        ("TRUNCATE TABLE shop.other", "TRUNCATE"),
        ("RENAME TABLE shop.other TO shop.third", "RENAME"),
        ("DROP TABLE shop.third", "DROP"),
    ):
        table = statement.split()[2]
        pair.eu.sql(f"INSERT INTO {table} (name) VALUES ('before it')", statement)
        waits(pair, word)
        trouble.strike()
        waits(pair, word)
        pair.us.sql(statement)
        trouble.strike()


def test_an_online_change_by_hand_under_load(make_pair):
    """Policy pause, shadow tables excluded: the target is altered while the link stands before the swap."""
    shadow, before, after = GH_OST
    pair = one_way(make_pair, "pause", tables_exclude=["shop._*"], apply={"workers": WORKERS})
    trouble = Trouble(pair, 0)
    with Rows(pair.eu, threads=1, rate=60) as load:
        load.wait_for(20)
        pair.eu.sql(*before, COPY.format(shadow))
        load.wait_for(20)
    pair.eu.sql(f"REPLACE INTO shop.{shadow} (id, name, qty) SELECT id, name, qty FROM shop.item")
    with Rows(pair.eu, threads=1, rate=60) as load:
        pair.eu.sql(*after)
        load.wait_for(20)
        gtid = waits(pair, "RENAME TABLE shop.item").rsplit(" ", 1)[1]
        trouble.strike()
        waits(pair, "RENAME TABLE shop.item")
        pair.us.sql("ALTER TABLE shop.item ADD COLUMN size INT NOT NULL DEFAULT 7")
        resume(pair, "--gtid", gtid, "--why", "altered by hand")
        pair.wait("eu", "us")
        trouble.strike()
        load.wait_for(20)
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")
    assert definition(pair.us, "shop.item") == definition(pair.eu, "shop.item")
