"""Both regions write the same few rows all the time: appliers and local writers wait for each other, and nobody stops."""

from support.load import Load

KEYS = 30
TABLE = (
    "CREATE TABLE shop.hot (id INT PRIMARY KEY, value BIGINT NOT NULL,"
    " updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"
)
RULES = {"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}}


class UpsertLoad(Load):
    """Transactions of one to four rows, in no order of keys, so that they also run into deadlocks."""

    UPSERT = "INSERT INTO shop.hot (id, value) VALUES (%s, %s) ON DUPLICATE KEY UPDATE value = VALUES(value)"

    def transaction(self, cursor, rng):
        yield rng.getrandbits(32)
        for _ in range(rng.randint(1, 4)):
            cursor.execute(self.UPSERT, (rng.randrange(KEYS), rng.getrandbits(62)))


def test_hot_rows_on_both_sides_end_equal_and_no_link_stops(make_pair):
    pair = make_pair(conflicts=RULES)
    pair.everywhere("CREATE DATABASE IF NOT EXISTS shop", TABLE)
    pair.start()
    loads = [UpsertLoad(server, threads=2, rate=80) for server in (pair.eu, pair.us)]
    for load in loads:
        load.start()
    for load in loads:
        load.wait_for(600)
        pair.check()
    for load in loads:
        load.stop()
    pair.settle(120)
    print(*[load.summary() for load in loads], f"{len(pair.conflicts())} conflicts", sep="\n")
    pair.assert_equal("shop.hot")
    assert len(pair.conflicts()) > 0, "the regions never met"


class Flicker(Load):
    """A row that is made and removed again all the time, out of the binlog."""

    def transaction(self, cursor, rng):
        yield rng.getrandbits(32)
        cursor.execute("SET SESSION sql_log_bin = 0, autocommit = 1")
        for _ in range(20):
            cursor.execute("INSERT IGNORE INTO shop.hot (id, value) VALUES (1, 0)")
            cursor.execute("DELETE FROM shop.hot WHERE id = 1")


def test_a_key_that_is_taken_between_look_and_write_is_looked_at_again(make_pair):
    """READ COMMITTED locks no absence: what was free when the applier looked may be taken when it writes."""
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "source_wins"}})
    pair.everywhere("CREATE DATABASE IF NOT EXISTS shop", TABLE)
    pair.start()
    with Flicker(pair.us, threads=1):
        for number in range(300):
            pair.eu.sql(f"INSERT INTO shop.hot (id, value) VALUES (1, {number})", "DELETE FROM shop.hot WHERE id = 1")
        pair.wait("eu", "us", timeout=120)
    pair.eu.sql("INSERT INTO shop.hot (id, value) VALUES (1, 300)")
    pair.wait("eu", "us")
    pair.assert_equal("shop.hot")
