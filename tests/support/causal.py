"""Random histories of regions that write the same keys at once, and what must hold of them whatever they were.

    story = History(pair, "seed/1")
    story.play()                    # everybody writes; daemons are stopped, killed and started meanwhile
    story.check()                   # settled: all regions are equal, and counters are the sums of what was added

`hot` goes by the later change, `stock` adds up its column qty, and a delete wins there. Keys of `stock` below ADDED are never
deleted: of these the sum is known.
"""

import random
import re
import threading
import time

import pymysql

from support.collisions import Meetings

TABLES = [
    "CREATE DATABASE shop",
    "CREATE TABLE shop.hot (id INT PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE shop.stock (id INT PRIMARY KEY, qty INT NOT NULL, note VARCHAR(40))",
]
CONFLICTS = {"default": {"policy": "latest"}, "tables": {"shop.stock": {"policy": "delta", "columns": ["qty"]}}}
HOT = 6
ADDED = 3
GAVE_WAY = (1205, 1213)  # lock wait, deadlock


def begin(pair):
    """The tables everywhere, and the rows whose counters are known."""
    pair.everywhere(*TABLES, *[f"INSERT INTO shop.stock VALUES ({number}, 0, 'begun')" for number in range(ADDED)])


def _hot(rng, region):
    """Values that return to what they were, deletes, re-inserts, moved keys."""
    number, other, name = rng.randrange(HOT), rng.randrange(HOT), f"{region}{rng.randrange(3)}"
    put = f"INSERT IGNORE INTO shop.hot VALUES ({number}, '{name}')"
    change = f"UPDATE shop.hot SET name = '{name}' WHERE id = {number}"
    gone = f"DELETE FROM shop.hot WHERE id = {number}"
    there = f"UPDATE shop.hot SET name = CONCAT(name, '+') WHERE id = {number}"
    back = f"UPDATE shop.hot SET name = TRIM(TRAILING '+' FROM name) WHERE id = {number}"
    moved = f"UPDATE IGNORE shop.hot SET id = {other} WHERE id = {number}"
    return rng.choice([[put], [change], [change], [there, back], [gone], [gone, put], [moved]])


def _stock(rng, region):
    """Of counters that come and go."""
    number, by, note = ADDED + rng.randrange(2), rng.randrange(-3, 6), f"{region}{rng.randrange(3)}"
    put = f"INSERT IGNORE INTO shop.stock VALUES ({number}, {by}, '{note}')"
    change = f"UPDATE shop.stock SET qty = qty + {by} WHERE id = {number}"
    noted = f"UPDATE shop.stock SET note = '{note}' WHERE id = {number}"
    gone = f"DELETE FROM shop.stock WHERE id = {number}"
    return rng.choice([[put], [change], [change, noted], [noted], [gone], [gone, put]])


class Writer(threading.Thread):
    """One region's: `added` is what its committed transactions added to the counters that stay."""

    def __init__(self, server, seed):
        super().__init__()
        self.server, self.random, self.added, self.error = server, random.Random(seed), [0] * ADDED, None

    def _transaction(self):
        statements, added = ["BEGIN"], [0] * ADDED
        for _ in range(self.random.randrange(1, 4)):
            kind = self.random.randrange(5)
            if kind == 0:
                number, by = self.random.randrange(ADDED), self.random.randrange(-3, 6)
                added[number] += by
                note = f", note = '{self.server.name}'" if self.random.randrange(3) == 0 else ""
                statements.append(f"UPDATE shop.stock SET qty = qty + {by}{note} WHERE id = {number}")
            else:
                statements += (_stock if kind == 1 else _hot)(self.random, self.server.name)
        return [*statements, "COMMIT"], added

    def run(self):
        try:
            for _ in range(self.random.randrange(20, 40)):
                statements, added = self._transaction()
                try:
                    self.server.sql(*statements)
                except pymysql.err.OperationalError as error:
                    if error.args[0] not in GAVE_WAY:
                        raise
                    continue
                self.added = [sum(both) for both in zip(self.added, added)]
                time.sleep(self.random.choice([0, 0, 0.01, 0.1]))
        except Exception as error:  # shown by the test's own thread
            self.error = error


class History:
    """One of them; several may follow each other in one pair."""

    def __init__(self, pair, seed):
        self.pair, self.seed, self.random = pair, seed, random.Random(seed)
        self.before = self.counters()
        self.writers = [Writer(region, f"{seed}/{region.name}") for region in pair.servers.values()]

    def counters(self):
        first = next(iter(self.pair.servers.values()))
        return [qty for (qty,) in first.query(f"SELECT qty FROM shop.stock WHERE id < {ADDED} ORDER BY id")]

    def _disturb(self):
        """Stop or kill a daemon for a while."""
        daemons = [*self.pair.appliers.values(), *self.pair.appliers.values(), *self.pair.captures.values()]
        daemon = self.random.choice(daemons)
        self.random.choice([daemon.stop, daemon.kill])()
        time.sleep(self.random.choice([0, 0.3, 1]))
        daemon.start()

    def play(self):
        """Everybody writes; some daemons are disturbed, or a link is down from the beginning to the end."""
        late = self.random.choice([*self.pair.appliers.values(), None])
        if late:
            late.stop()
        for writer in self.writers:
            writer.start()
        for _ in range(self.random.randrange(3)):
            self._disturb()
        for writer in self.writers:
            writer.join()
            assert not writer.error, (self.seed, writer.error)
        self.pair.start()

    def check(self, timeout=180):
        self.pair.settle(timeout)
        try:
            self.pair.assert_equal("shop.hot", "shop.stock")
        except AssertionError as error:
            raise AssertionError(f"seed {self.seed}: {error}") from None
        sums = [sum(parts) for parts in zip(self.before, *(writer.added for writer in self.writers))]
        assert self.counters() == sums, (self.seed, self.counters(), sums)
        journal = self.pair.conflicts()
        unexplained = [entry for entry in journal if entry["kind"] == "foreign/write"]
        assert not unexplained, (self.seed, unexplained)
        self._check_losers(journal)

    def _check_losers(self, journal):
        """The topics tell who lost where: each of these is in the journal, and nothing else."""
        try:
            Meetings(self.pair, "shop.hot").check_latest(journal)
            Meetings(self.pair, "shop.stock").check_sums(journal, range(ADDED))
        except AssertionError as error:
            raise AssertionError(f"seed {self.seed}: {error}") from None


def restore_losers(pair, most=None):
    """What lost in shop.hot comes back by `resolve`, whatever has become of the row since, and goes again by `undo`: how many did.

    The appliers are stopped, and stay so: what is resolved in one region would change the rows of another meanwhile."""
    count = 0
    for applier in pair.appliers.values():
        applier.stop()
    for entry in pair.conflicts():
        if entry["tbl"] != "hot" or entry["state"] != "open" or entry["verdict"] not in ("incoming", "local") or count == most:
            continue
        loser, take = ("local_image", "target") if entry["verdict"] == "incoming" else ("incoming_image", "source")
        key, region = entry["row_key"]["id"], entry["link"].split(":")[1]
        server = pair.servers[region]
        rows = lambda: [{"id": number, "name": name} for number, name in server.query(f"SELECT * FROM shop.hot WHERE id = {key}")]
        stood, lost = rows(), [entry[loser]] if entry[loser] else []
        words = ["conflicts", "resolve", entry["id"], "--to", region, "--take", take]
        done = pair.ctl(*words, expect=None)
        if done.returncode == 69:  # somebody has written since: it is told what is there, and nothing is done
            assert rows() == stood, entry
            done = pair.ctl(*words, "--over", re.search(r"--over (\w+)", done.stderr).group(1))
        assert done.returncode == 0 and rows() == lost, (entry, done.stderr)
        pair.ctl("conflicts", "undo", entry["id"], "--to", region)
        assert rows() == stood, entry
        count += 1
    return count


def latest(pair, table):
    """{id: row} by the topics alone: of each key the change with the greatest version, whoever has heard of it when."""
    newest = {}
    for region in pair.servers:
        for record in pair.events(region, "--table", table):
            version = (record["stamp"], region)
            for change in record.get("rows", []):
                for row, image in ((change.get("before"), None), (change.get("after"), change.get("after"))):
                    if row and version >= newest.get(row["id"], (version,))[0]:
                        newest[row["id"]] = (version, image)
    return {number: row for number, (_, row) in newest.items() if row}
