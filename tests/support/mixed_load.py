"""Transactions of every shape that a binlog knows, each with a token of its own, for the checker of `support.checker`.

Small ones and such as take many fragments, inserts, updates and deletes, savepoints rolled back, XA committed and rolled
back, in one GTID domain or several. What must be in the topic follows from the binlog and from `shop.token` alone.
"""

import itertools

from support.load import TokenLoad


class MixedLoad(TokenLoad):
    """A share `big` of the transactions has hundreds of wide rows; `domains` go round among the writers' connections."""

    TABLES = (
        TokenLoad.TABLE,
        "CREATE TABLE shop.work (id INT PRIMARY KEY, n INT NOT NULL, text VARCHAR(300) NOT NULL)",
    )
    BUMP = "INSERT INTO shop.work VALUES (%s, 0, %s) ON DUPLICATE KEY UPDATE n = n + 1, text = VALUES(text)"

    def __init__(self, server, *, big=0.03, domains=None, **more):
        super().__init__(server, **more)
        self._big = big
        self._domains = itertools.cycle(domains) if domains else None

    @staticmethod
    def write_big(server, mark, rows=40000):
        """One transaction of some 13 MB at a MariaDB server; `mark`, of which its token is made, must be new."""
        server.sql(
            f"INSERT INTO shop.token SELECT MD5(CONCAT({mark}, '/', seq)), MD5({mark}), {rows}, '{server.name}',"
            f" REPEAT('x', 200), NOW(6) FROM shop.seq_1_to_{rows}"
        )

    def _connect(self):
        connection = super()._connect()
        if connection is not None and self._domains is not None:
            with connection.cursor() as cursor:
                cursor.execute(f"SET SESSION gtid_domain_id = {next(self._domains)}")
        return connection

    def transaction(self, cursor, rng):
        txn = self._token(rng)
        count = rng.randint(100, 400) if rng.random() < self._big else rng.randint(1, 5)
        yield (txn, count)
        shape = rng.random()
        if shape < 0.03:
            self._xa(cursor, rng, self._token(rng), 2, "ROLLBACK")
        if shape > 0.94:
            self._xa(cursor, rng, txn, count, "COMMIT" if shape > 0.97 else "ONE PHASE")
            return
        if 0.1 < shape < 0.2:
            cursor.execute("SAVEPOINT s")
            self._insert(cursor, rng, self._token(rng), 3)
            cursor.execute("ROLLBACK TO s")
        self._insert(cursor, rng, txn, count)
        if shape < 0.5:
            cursor.execute(self.BUMP, (rng.randrange(40), "y" * rng.choice((0, 30, 300))))
        if shape < 0.1:
            cursor.execute("DELETE FROM shop.work WHERE id = %s", (rng.randrange(40),))

    @staticmethod
    def _token(rng):
        return f"{rng.getrandbits(128):032x}"

    def _insert(self, cursor, rng, txn, count):
        filler = "x" * (500 if count > 5 else rng.choice((0, 10, 200)))
        cursor.executemany(self.INSERT, [(self._token(rng), txn, count, self.server.name, filler) for _ in range(count)])

    def _xa(self, cursor, rng, txn, count, end):
        cursor.execute(f"XA START '{txn}'")
        self._insert(cursor, rng, txn, count)
        cursor.execute(f"XA END '{txn}'")
        if end == "ONE PHASE":
            cursor.execute(f"XA COMMIT '{txn}' ONE PHASE")
            return
        cursor.execute(f"XA PREPARE '{txn}'")
        cursor.execute(f"XA {end} '{txn}'")
