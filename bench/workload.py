"""What is measured: one table of 10 columns and about 200 bytes a row, written in small or in big transactions.

small: transactions of 5 rows, two inserts to one full-row update; hot: the same, but a tenth of the updates hits one row;
big: inserts of 20,000 and updates of 100,000 rows. Ten rows stand in the table beforehand, and each is updated by a
transaction of its own, spread over the backlog: so that a target where some were changed meets conflicts.
contested: as small, but updates go to rows that stood there before, each to others.
"""

TABLE = """CREATE TABLE bench.item (
    id BIGINT NOT NULL PRIMARY KEY, kind INT NOT NULL, stock INT UNSIGNED NOT NULL, total BIGINT NOT NULL,
    price DECIMAL(12,2) NOT NULL, made DATETIME(3) NOT NULL, seen TIMESTAMP(6) NOT NULL,
    code VARCHAR(40) NOT NULL, name VARCHAR(60) NOT NULL, note VARCHAR(120) NOT NULL)"""

LOAD_USER = "load"
LATENCY = (
    "CREATE TABLE bench.latency (k INT UNSIGNED NOT NULL, r INT UNSIGNED NOT NULL, filler VARCHAR(200) NOT NULL,"
    " PRIMARY KEY (k, r))"
)

VALUES = (
    "{id}, {id} MOD 97, {id} MOD 1000, {id} * 1000003, ({id} MOD 100000) / 100, '2026-01-02 03:04:05.678',"
    " '2026-01-02 03:04:05.678901', CONCAT('code-', {id}), REPEAT('n', 40), REPEAT('t', 70)"
)
ROW = f"({VALUES})"
CHANGE = (
    "kind = kind + 1, stock = stock + 1, total = total + 1, price = price + 1, made = made + INTERVAL 1 SECOND,"
    " seen = seen + INTERVAL 1 SECOND, code = CONCAT('code+', id), name = REPEAT('m', 40), note = REPEAT('u', 70)"
)

LAST = "SELECT COUNT(*) FROM bench.item WHERE id = -10 AND note = REPEAT('u', 70)"  # is the end of a backlog there?

SMALL_ROWS = 5
STANDING = 10  # rows that are there before: ids -1 to -10
HOT = 0  # and the hot one
BIG_INSERT, BIG_UPDATE = 20_000, 100_000

SMALL = f"""CREATE PROCEDURE bench.small(IN first BIGINT, IN rounds INT, IN hot BOOL)
BEGIN
    DECLARE at BIGINT DEFAULT first;
    WHILE rounds > 0 DO
        INSERT INTO bench.item VALUES {", ".join(ROW.format(id=f"(at + {n})") for n in range(SMALL_ROWS))};
        INSERT INTO bench.item VALUES {", ".join(ROW.format(id=f"(at + {n + SMALL_ROWS})") for n in range(SMALL_ROWS))};
        IF hot AND rounds MOD 2 THEN
            UPDATE bench.item SET {CHANGE} WHERE id BETWEEN at AND at + {SMALL_ROWS - 2} OR id = {HOT};
        ELSE
            UPDATE bench.item SET {CHANGE} WHERE id BETWEEN at AND at + {SMALL_ROWS - 1};
        END IF;
        SET at = at + {2 * SMALL_ROWS}, rounds = rounds - 1;
    END WHILE;
END"""

CONTESTED = f"""CREATE PROCEDURE bench.contested(IN first BIGINT, IN rounds INT)
BEGIN
    DECLARE at BIGINT DEFAULT first;
    DECLARE old BIGINT DEFAULT 1;
    WHILE rounds > 0 DO
        INSERT INTO bench.item VALUES {", ".join(ROW.format(id=f"(at + {n})") for n in range(SMALL_ROWS))};
        INSERT INTO bench.item VALUES {", ".join(ROW.format(id=f"(at + {n + SMALL_ROWS})") for n in range(SMALL_ROWS))};
        UPDATE bench.item SET {CHANGE} WHERE id BETWEEN old AND old + {SMALL_ROWS - 1};
        SET at = at + {2 * SMALL_ROWS}, old = old + {SMALL_ROWS}, rounds = rounds - 1;
    END WHILE;
END"""
CONTESTED_FIRST = 100_000_000  # ids of what is inserted; those that stand there are counted from 1
CONTESTED_IDS = {1: "id MOD 100 IN (10, 43, 76)", 10: "id MOD 10 IN (1, 4, 7)"}  # of each hundred rows, inserts included
NEWER_HERE = "id DIV 100 MOD 2 = 0"  # at the target than at the source


class Backlog:
    """Transactions in a source's binlog: from GTID position `start`, `transactions` of them with `rows` rows.

    `standing` are statements that make the rows which stand there besides those of schema(). `planted` are statements
    that make a target differ, so that applying meets `conflicts` conflicts.
    """

    standing = ()

    def __init__(self, start, transactions, rows, inserted=()):
        self.start, self.transactions, self.rows = start, transactions, rows
        changed = [f"UPDATE bench.item SET note = 'planted' WHERE id = {-n}" for n in range(1, STANDING - len(inserted) + 1)]
        self.planted = changed + [f"INSERT INTO bench.item VALUES {ROW.format(id=number)}" for number in inserted]
        self.planted += [f"UPDATE bench.item SET note = 'planted' WHERE id = {number}" for number in inserted]
        self.conflicts = STANDING


def schema(server):
    """Make the table and the rows that stand in it, out of the binlog."""
    rows = [f"({-n}, {VALUES.format(id=n).partition(', ')[2]})" for n in range(HOT, STANDING + 1)]
    server.sql("SET SESSION sql_log_bin = 0", "CREATE DATABASE bench", TABLE, f"INSERT INTO bench.item VALUES {', '.join(rows)}")


def _without_fsync(server, work):
    """Generating a backlog is not what is measured."""
    server.sql("SET GLOBAL sync_binlog = 0", "SET GLOBAL innodb_flush_log_at_trx_commit = 0")
    work()
    server.sql("SET GLOBAL sync_binlog = 1", "SET GLOBAL innodb_flush_log_at_trx_commit = 1")


def _update_standing(server, number):
    server.sql(f"UPDATE bench.item SET {CHANGE} WHERE id = {-number}")


def small(server, rows, hot=False):
    """About `rows` rows in transactions of five."""
    server.sql("SET SESSION sql_log_bin = 0", SMALL)
    start, part = server.executed_gtids(), max(1, rows // (3 * SMALL_ROWS * STANDING))

    def write():
        for number in range(STANDING):
            server.sql(f"CALL bench.small({1 + number * 2 * SMALL_ROWS * part}, {part}, {int(hot)})")
            _update_standing(server, number + 1)

    _without_fsync(server, write)
    rounds = STANDING * part
    inserted = [1 + number * 4 * SMALL_ROWS * part for number in range(STANDING // 2)]
    return Backlog(start, 3 * rounds + STANDING, 3 * SMALL_ROWS * rounds + STANDING, inserted)


def hot(server, rows):
    """The same with a hot row."""
    return small(server, rows, hot=True)


def contested(server, rows):
    """About `rows` rows, a multiple of 600, of which contest() can take any share."""
    rounds = max(1, rows // (3 * SMALL_ROWS * 40)) * 40
    standing = f"INSERT INTO bench.item SELECT {VALUES.format(id='seq')} FROM bench.seq_1_to_{SMALL_ROWS * rounds}"
    server.sql("SET SESSION sql_log_bin = 0", CONTESTED, standing)
    backlog = Backlog(server.executed_gtids(), 3 * rounds, 3 * SMALL_ROWS * rounds)
    backlog.standing = (standing,)
    _without_fsync(server, lambda: server.sql(f"CALL bench.contested({CONTESTED_FIRST}, {rounds})"))
    return backlog


def _contested_where(percent):
    return f"id BETWEEN 1 AND {CONTESTED_FIRST - 1} AND {CONTESTED_IDS[percent]}" if percent else "FALSE"


def contest(percent):
    """Statements by which so many of a hundred rows of a contested backlog conflict: half of them are newer here."""
    change = "stock = stock + 7, name = REPEAT('l', 40), note = 'contested'"
    made = f"made = made + INTERVAL IF({NEWER_HERE}, 1, -1) DAY"
    return [f"UPDATE bench.item SET {change}, {made} WHERE {_contested_where(percent)}"] if percent else []


def uncontested(percent):
    """A query for what the table holds but for those rows that the target keeps as they were."""
    columns = "id, kind, stock, total, price, made, seen, code, name, note"
    row = f"CRC32(CONCAT_WS('|', {columns}))"
    kept = f"{_contested_where(percent)} AND {NEWER_HERE}"
    return f"SELECT COUNT(*), BIT_XOR({row}), SUM({row}) FROM bench.item WHERE NOT ({kept})"


def big(server, rows):
    """About `rows` rows: batches of five inserts of 20,000 rows and an update of these 100,000."""
    start, batches = server.executed_gtids(), max(1, rows // (2 * BIG_UPDATE))

    def write():
        for batch in range(batches):
            base = 10_000_000 + batch * BIG_UPDATE
            for part in range(BIG_UPDATE // BIG_INSERT):
                first = base + part * BIG_INSERT
                values = VALUES.format(id=f"({first} + seq)")
                server.sql(f"INSERT INTO bench.item SELECT {values} FROM bench.seq_0_to_{BIG_INSERT - 1}")
            server.sql(f"UPDATE bench.item SET {CHANGE} WHERE id BETWEEN {base} AND {base + BIG_UPDATE - 1}")
        for number in range(STANDING):
            _update_standing(server, number + 1)

    _without_fsync(server, write)
    inserted = [10_000_000 + number * BIG_INSERT for number in range(STANDING // 2)]
    return Backlog(start, 6 * batches + STANDING, 2 * BIG_UPDATE * batches + STANDING, inserted)


def huge(server, rows):
    """One transaction of `rows` inserts, and those of the rows that stand there."""
    start = server.executed_gtids()
    values = VALUES.format(id="seq")

    def write():
        server.sql(f"INSERT INTO bench.item SELECT {values} FROM bench.seq_1_to_{rows}")
        for number in range(STANDING):
            _update_standing(server, number + 1)

    _without_fsync(server, write)
    return Backlog(start, 1 + STANDING, rows + STANDING)


def latency_table(*servers):
    """Make the table of the latency measurements, and the user who writes and watches it, out of the binlog."""
    for server in servers:
        server.sql("SET SESSION sql_log_bin = 0", "CREATE DATABASE IF NOT EXISTS bench", "DROP TABLE IF EXISTS bench.latency", LATENCY)
        server.create_user(LOAD_USER, server.password, ["GRANT ALL ON bench.* TO {user}"])


LOCAL_TABLE = "CREATE TABLE bench.local_item (id BIGINT NOT NULL PRIMARY KEY, note VARCHAR(120) NOT NULL)"
LOCAL = f"""CREATE PROCEDURE bench.local()
BEGIN
    DECLARE at BIGINT DEFAULT 1;
    LOOP
        INSERT INTO bench.local_item VALUES {", ".join(f"(at + {n}, REPEAT('l', 100))" for n in range(SMALL_ROWS))};
        SET at = at + {SMALL_ROWS};
        DO SLEEP(0.005);
    END LOOP;
END"""
LOCAL_WRITES = "CALL bench.local()"  # at most 200 transactions of five rows a second, until it is ended


def local_table(server):
    """Make the table of those writes, out of the binlog."""
    server.sql("SET SESSION sql_log_bin = 0", LOCAL_TABLE, LOCAL)


def checksum(server):
    """What the table holds, as one number."""
    return server.query("CHECKSUM TABLE bench.item")[0][1]
