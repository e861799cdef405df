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
