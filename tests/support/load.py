"""Writers under load, in threads, whose every transaction is known as committed for sure, unknown, or undone.

Unknown is one whose COMMIT got no answer (the server was killed, the line was cut): it may or may not be there, but
whole. `TokenLoad` writes rows with unique tokens into a table without a key, so that a transaction applied twice shows
as duplicate rows; `BankLoad` moves money, so that half a transaction shows as a wrong total; `Watch` samples a value
all the while. Random choices come from a seed, which a failing check prints.
"""

import random
import threading
import time
from collections import Counter

import pymysql


class Load:
    """Base: a subclass says what one transaction does."""

    def __init__(self, server, *, threads=2, rate=None, seed=None):
        """`rate`: transactions a second of all threads together, None for as many as go."""
        self.server = server
        self.seed = seed if seed is not None else random.SystemRandom().randrange(2**32)
        self.sure, self.unknown, self.undone = [], [], []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._pause = threads / rate if rate else 0
        self._broken = None
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(threads)]

    def transaction(self, cursor, rng):
        """Run the statements of one transaction, already begun; yields its mark first, then works."""
        raise NotImplementedError

    # Running.

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def stop(self, timeout=60):
        """Let every thread finish its transaction."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout)
            assert not thread.is_alive(), f"a writer on {self.server.name} hangs"
        if self._broken is not None:
            raise self._broken
        return self

    def finish(self):
        """Begin no more transactions; who waits for an answer may."""
        self._stop.set()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self._stop.set()
        if kind is None:
            self.stop()

    def wait_for(self, count, timeout=120):
        """Until `count` more transactions have been committed than now."""
        goal, deadline = len(self.sure) + count, time.monotonic() + timeout
        while len(self.sure) < goal:
            if self._broken is not None:
                raise self._broken
            assert time.monotonic() < deadline, f"only {len(self.sure)} of {goal} transactions after {timeout} s"
            time.sleep(0.02)

    def summary(self):
        return (
            f"{self.server.name}: {len(self.sure)} committed, {len(self.unknown)} unknown, "
            f"{len(self.undone)} undone (seed {self.seed})"
        )

    def _run(self, number):
        rng = random.Random(f"{self.seed}/{self.server.name}/{number}")
        connection = None
        try:
            while not self._stop.is_set():
                begun = time.monotonic()
                if connection is None:
                    connection = self._connect()
                elif not self._one(connection, rng):
                    connection = None
                self._stop.wait(max(0, self._pause - (time.monotonic() - begun)))
        except Exception as error:  # a mistake of the test itself: shown by stop()
            self._broken = error
        finally:
            if connection is not None:
                connection.close()

    def _connect(self):
        try:
            return self.server.connect(autocommit=False, connect_timeout=5, read_timeout=60, write_timeout=60)
        except pymysql.err.OperationalError:
            self._stop.wait(0.1)
            return None

    def _one(self, connection, rng):
        """One transaction; False when the connection is lost."""
        mark, reached_commit = None, False
        try:
            with connection.cursor() as cursor:
                work = self.transaction(cursor, rng)
                mark = next(work)
                for _ in work:
                    pass
                reached_commit = True
                connection.commit()
            self._note(self.sure, mark)
            return True
        except (pymysql.err.OperationalError, pymysql.err.InternalError, pymysql.err.InterfaceError, OSError) as error:
            code = error.args[0] if error.args else 0
            if code in RETRIED:
                connection.rollback()
                self._note(self.undone, mark)
                return True
            if code not in LOST and not isinstance(error, OSError):
                raise
            self._note(self.unknown if reached_commit else self.undone, mark)
            return False

    def _note(self, kind, mark):
        with self._lock:
            kind.append(mark)


RETRIED = (1205, 1213, 1020)  # lock wait, deadlock, record changed
LOST = (0, 1053, 1152, 1158, 1159, 1160, 1161, 1927, 2003, 2006, 2013, 2014)  # shutdown, net errors, killed, gone


def _unique(rng):
    return f"{rng.getrandbits(128):032x}"


class TokenLoad(Load):
    """Transactions of one to five rows in `shop.token`, a table without any key, each row with a token of its own.

    The mark of a transaction is (its id, its number of rows).
    """

    TABLE = (
        "CREATE TABLE shop.token (token CHAR(32) NOT NULL, txn CHAR(32) NOT NULL, rows_in_txn INT NOT NULL,"
        " region VARCHAR(20) NOT NULL, filler VARCHAR(500) NOT NULL,"
        " updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"
    )
    INSERT = "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES (%s, %s, %s, %s, %s)"

    def transaction(self, cursor, rng):
        txn, count = _unique(rng), rng.randint(1, 5)
        yield (txn, count)
        for _ in range(count):
            filler = "x" * rng.choice((0, 10, 200))
            cursor.execute(self.INSERT, (_unique(rng), txn, count, self.server.name, filler))

    @classmethod
    def check(cls, server, loads):
        """Assert that `server` holds what all `loads` together must have left: nothing lost, nothing twice."""
        seeds = ", ".join(load.summary() for load in loads)
        found = server.query("SELECT token, txn, rows_in_txn FROM shop.token")
        twice = [token for token, times in Counter(row[0] for row in found).items() if times > 1]
        assert not twice, f"{server.name}: {len(twice)} rows are there more than once, such as {twice[:3]} ({seeds})"
        whole = Counter(row[1] for row in found)
        sizes = {row[1]: row[2] for row in found}
        torn = [txn for txn, count in whole.items() if count != sizes[txn]]
        assert not torn, f"{server.name}: {len(torn)} transactions are not whole, such as {torn[:3]} ({seeds})"
        sure = {mark[0] for load in loads for mark in load.sure}
        allowed = sure | {mark[0] for load in loads for mark in load.unknown}
        lost = sure - set(whole)
        assert not lost, f"{server.name}: {len(lost)} of {len(sure)} transactions are lost, such as {sorted(lost)[:3]} ({seeds})"
        extra = set(whole) - allowed
        assert not extra, f"{server.name}: {len(extra)} transactions that never were, such as {sorted(extra)[:3]} ({seeds})"


class BankLoad(Load):
    """Transfers among the accounts of this server's own region in `shop.account`: the total never changes."""

    TABLE = (
        "CREATE TABLE shop.account (region VARCHAR(20) NOT NULL, id INT NOT NULL, balance BIGINT NOT NULL,"
        " updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),"
        " PRIMARY KEY (region, id))"
    )
    UPDATE = "UPDATE shop.account SET balance = balance + %s WHERE region = %s AND id = %s"

    def __init__(self, server, *, accounts=50, **more):
        super().__init__(server, **more)
        self.accounts = accounts

    @staticmethod
    def fill(region, accounts=50, balance=1000):
        """The statement that opens a region's accounts (run it in every region, out of the binlog: it is the same there)."""
        rows = ", ".join(f"('{region}', {number}, {balance}, '2026-01-01')" for number in range(accounts))
        return f"INSERT INTO shop.account (region, id, balance, updated_at) VALUES {rows}"

    def transaction(self, cursor, rng):
        amount = rng.randint(1, 100)
        ends = sorted(rng.sample(range(self.accounts), 2))
        yield (amount, *ends)
        for number, part in zip(ends, (-amount, amount)):
            cursor.execute(self.UPDATE, (part, self.server.name, number))

    @staticmethod
    def total(server, region=None):
        """The sum of all balances in one consistent snapshot."""
        where = f" WHERE region = '{region}'" if region else ""
        return int(server.value(f"SELECT SUM(balance) FROM shop.account{where}"))


class Watch:
    """Samples `function()` in a thread until the end of the `with` block; `values` counts each value seen."""

    def __init__(self, function, interval=0.05):
        self.values = Counter()
        self.unanswered = 0
        self._function = function
        self._interval = interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._stop.wait(self._interval):
            try:
                self.values[self._function()] += 1
            except (pymysql.err.OperationalError, pymysql.err.InterfaceError):
                self.unanswered += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(60)
