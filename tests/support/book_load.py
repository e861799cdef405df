"""Transfers that are put down twice, so that any one snapshot of a copy tells whether it holds whole transactions, each once."""

from support.load import Load


class BookLoad(Load):
    """Moves money among two to five accounts: each movement is a line in `shop.entry` and changes `shop.balance`.

    In every snapshot the balances sum up to nothing, each is the sum of its lines, and no transaction lacks a line. Few
    transactions share a key. The mark of one is (its id, its number of lines).
    """

    ACCOUNTS = 200
    TABLES = (
        "CREATE TABLE shop.balance (id INT PRIMARY KEY, amount BIGINT NOT NULL)",
        "CREATE TABLE shop.entry (txn CHAR(32) NOT NULL, line INT NOT NULL, account INT NOT NULL,"
        " amount BIGINT NOT NULL, lines_in_txn INT NOT NULL, PRIMARY KEY (txn, line))",
        "INSERT INTO shop.balance VALUES " + ", ".join(f"({number}, 0)" for number in range(ACCOUNTS)),
    )
    ENTRY = "INSERT INTO shop.entry VALUES (%s, %s, %s, %s, %s)"
    MOVE = "UPDATE shop.balance SET amount = amount + %s WHERE id = %s"
    FAULTS = {
        "the balances sum up to": "SELECT SUM(amount) FROM shop.balance HAVING SUM(amount) <> 0",
        "balances other than the sum of their lines": (
            "SELECT b.id, b.amount, e.total FROM shop.balance b"
            " LEFT JOIN (SELECT account, SUM(amount) AS total FROM shop.entry GROUP BY account) e ON e.account = b.id"
            " WHERE b.amount <> COALESCE(e.total, 0) LIMIT 3"
        ),
        "transactions that are not whole": (
            "SELECT txn, COUNT(*), MAX(lines_in_txn) FROM shop.entry GROUP BY txn HAVING COUNT(*) <> MAX(lines_in_txn) LIMIT 3"
        ),
    }

    def transaction(self, cursor, rng):
        txn, count = f"{rng.getrandbits(128):032x}", rng.randint(2, 5)
        yield (txn, count)
        amounts = [rng.randint(-100, 100) for _ in range(count - 1)]
        accounts = sorted(rng.sample(range(self.ACCOUNTS), count))
        for line, (account, amount) in enumerate(zip(accounts, [*amounts, -sum(amounts)])):
            cursor.execute(self.ENTRY, (txn, line, account, amount, count))
            cursor.execute(self.MOVE, (amount, account))

    @classmethod
    def faults(cls, server, more=None):
        """What is not as it should be in one snapshot of the server, as text: "" where all is; `more` are queries like FAULTS."""
        with server.connect(autocommit=False) as connection, connection.cursor() as cursor:
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            found = []
            for what, query in {**cls.FAULTS, **(more or {})}.items():
                cursor.execute(query)
                found += [f"{what}: {rows}"] if (rows := cursor.fetchall()) else []
        return "; ".join(found)

    @classmethod
    def check(cls, server, loads):
        """Assert that `server` holds what all `loads` together must have left: nothing lost, nothing that never was."""
        seeds = ", ".join(load.summary() for load in loads)
        found = {txn for txn, in server.query("SELECT DISTINCT txn FROM shop.entry")}
        sure = {mark[0] for load in loads for mark in load.sure}
        allowed = sure | {mark[0] for load in loads for mark in load.unknown}
        assert not sure - found, f"{server.name}: {len(sure - found)} of {len(sure)} transactions are lost ({seeds})"
        assert not found - allowed, f"{server.name}: {len(found - allowed)} transactions that never were ({seeds})"
        faults = cls.faults(server)
        assert not faults, f"{server.name}: {faults} ({seeds})"
