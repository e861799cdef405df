"""What statements of a source do beside their own rows, and in other ways than by INSERT, UPDATE, DELETE, arrives as rows alone.

The target has the source's triggers as well: its own must not fire for what was replayed.
"""

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL

SCHEMA = [
    "CREATE DATABASE shop",
    "CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) UNIQUE, qty INT NOT NULL DEFAULT 1)",
    "CREATE TABLE shop.audit (id INT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(40))",
    "CREATE TABLE shop.made (id INT PRIMARY KEY, n INT, kept INT AS (n * 2) STORED, shown INT AS (n + 1) VIRTUAL)",
    "CREATE TABLE shop.hidden (id INT PRIMARY KEY, n INT, unseen INT INVISIBLE DEFAULT 7)",
    "CREATE TABLE shop.parent (id INT PRIMARY KEY, name VARCHAR(20))",
    "CREATE TABLE shop.child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES shop.parent (id))",
    "CREATE TABLE shop.loaded (id INT PRIMARY KEY, name VARCHAR(40), n INT)",
    "CREATE TABLE shop.total (name VARCHAR(40), n INT)",
    "CREATE TABLE shop.emptied (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40))",
    "CREATE TRIGGER shop.added AFTER INSERT ON shop.item FOR EACH ROW"
    " INSERT INTO shop.audit (what) VALUES (CONCAT('added ', NEW.name))",
    "CREATE TRIGGER shop.changed BEFORE UPDATE ON shop.item FOR EACH ROW SET NEW.qty = NEW.qty + 100",
    "CREATE TRIGGER shop.gone AFTER DELETE ON shop.item FOR EACH ROW"
    " INSERT INTO shop.audit (what) VALUES (CONCAT('gone ', OLD.name))",
]  # fmt: skip
TABLES = [f"shop.{name}" for name in ("item", "audit", "made", "hidden", "parent", "child", "loaded", "total", "emptied")]

STATEMENTS = [
    "USE shop",
    "INSERT INTO shop.item (name) VALUES ('a'), ('b'), ('c'), ('d')",
    "INSERT INTO shop.item (id, name) VALUES (500, 'far')",
    "UPDATE shop.item SET qty = 5 WHERE id < 3",
    "DELETE FROM shop.item WHERE name = 'c'",
    "REPLACE INTO shop.item (id, name) VALUES (1, 'b')",  # takes two rows' places, by either key
    "INSERT INTO shop.item (name, qty) VALUES ('d', 9) ON DUPLICATE KEY UPDATE qty = qty + 9",
    "INSERT IGNORE INTO shop.item (name) VALUES ('far'), ('e')",
    "UPDATE shop.item SET qty = qty * 2 ORDER BY id DESC LIMIT 2",
    "INSERT INTO shop.made (id, n) VALUES (1, 10), (2, NULL)",
    "UPDATE shop.made SET n = n + 1",
    "INSERT INTO shop.hidden (id, n) VALUES (1, 1)",
    "INSERT INTO shop.hidden (id, n, unseen) VALUES (2, 2, 2)",
    "UPDATE shop.hidden SET unseen = unseen + 1",
    "INSERT INTO shop.parent VALUES (1, 'one'), (2, 'two')",
    "INSERT INTO shop.child VALUES (1, 1), (2, 2), (3, NULL)",
    "SET SESSION foreign_key_checks = 0",
    "INSERT INTO shop.child VALUES (90, 9)",
    "DELETE FROM shop.parent WHERE id = 2",
    "SET SESSION foreign_key_checks = 1",
    # several tables at once
    "UPDATE shop.child c JOIN shop.parent p ON p.id = c.parent SET p.name = CONCAT(p.name, '!'), c.parent = NULL WHERE c.id = 1",
    "INSERT INTO shop.total SELECT name, qty FROM shop.item",
    "UPDATE shop.total t JOIN shop.item i ON i.name = t.name SET t.n = t.n + i.qty, i.qty = 0",
    "DELETE t, i FROM shop.total t JOIN shop.item i ON i.name = t.name WHERE i.name = 'e'",
    # what only this session sees
    "CREATE TEMPORARY TABLE shop.scratch (id INT PRIMARY KEY, name VARCHAR(40))",
    "INSERT INTO shop.scratch VALUES (1, 'x'), (2, 'y')",
    "BEGIN",
    "INSERT INTO shop.scratch VALUES (3, 'z')",
    "INSERT INTO shop.loaded SELECT id, name, 0 FROM shop.scratch",
    "COMMIT",
    "UPDATE shop.loaded l JOIN shop.scratch s ON s.id = l.id SET l.n = 7, s.name = 'w' WHERE l.id = 2",
    "DROP TEMPORARY TABLE shop.scratch",
    # one that hides a table of the pair
    "CREATE TEMPORARY TABLE shop.total (name VARCHAR(40), n INT)",
    "INSERT INTO shop.total VALUES ('only here', 1)",
    "DROP TEMPORARY TABLE shop.total",
    "INSERT INTO shop.emptied (name) VALUES ('x'), ('y'), ('z')",
    "TRUNCATE TABLE shop.emptied",
    "INSERT INTO shop.emptied (name) VALUES ('again')",
    "CREATE PROCEDURE shop.fill(many INT) BEGIN DECLARE i INT DEFAULT 0;"
    " WHILE i < many DO INSERT INTO shop.emptied (name) VALUES (i); SET i = i + 1; END WHILE; END",
    "BEGIN",
    "CALL shop.fill(3)",
    "SAVEPOINT s",
    "CALL shop.fill(5)",
    "ROLLBACK TO s",
    "COMMIT",
    "INSERT INTO shop.emptied (name) VALUES (UUID()), (RAND()), (NOW(6))",
]


@pytest.fixture(params=[MariaDB, MySQL], ids=["mariadb", "mysql"])
def one_way(make_pair, request):
    links = [{"from": "eu", "to": "us", "start": "beginning", "ddl": "apply"}]
    options = {"local_infile": "ON"}
    pair = make_pair(server=request.param, links=[("eu", "us")], config={"links": links}, options=options)
    pair.everywhere(*SCHEMA)
    return pair.start()


def load_file(pair):
    """LOAD DATA, with REPLACE, of values that look like others."""
    path = pair.directory / "rows.tsv"
    path.write_text("1\tnew one\t5\n2\t\\N\t-1\n10\ttab\\\there\t0\n11\tüñï\t\\N\n", encoding="utf-8")
    with pair.eu.connect(local_infile=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"LOAD DATA LOCAL INFILE '{path}' REPLACE INTO TABLE shop.loaded CHARACTER SET utf8mb4")


def tick(pair):
    """An event that fires by itself, twice at least."""
    pair.eu.sql(
        "SET GLOBAL event_scheduler = ON",
        "CREATE EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.audit (what) VALUES ('tick')",
    )
    ticks = "SELECT COUNT(*) FROM shop.audit WHERE what = 'tick'"
    pair.until(lambda: pair.eu.value(ticks) >= 2, 30, "second tick")
    pair.wait("eu", "us")
    assert pair.us.value("SELECT COUNT(*) FROM information_schema.events WHERE event_schema = 'shop'") == 0
    pair.eu.sql("SET GLOBAL event_scheduler = OFF")
    running = "SELECT COUNT(*) FROM information_schema.processlist WHERE command <> 'Sleep' AND info LIKE 'INSERT INTO shop.audit%'"
    pair.until(lambda: pair.eu.value(running) == 0, 30, "end of the last tick")
    pair.eu.sql("DROP EVENT shop.tick")


def next_number(server, table):
    """What the server's own counter of the table gives next."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_log_bin = 0")
        cursor.execute("BEGIN")
        cursor.execute(f"INSERT INTO {table} () VALUES ()")
        number = cursor.lastrowid
        cursor.execute("ROLLBACK")
    return number


def test_what_a_source_can_do_arrives_as_its_rows(one_way):
    pair = one_way
    pair.eu.sql(*STATEMENTS)
    load_file(pair)
    tick(pair)
    pair.wait("eu", "us")
    pair.assert_equal(*TABLES)
    unseen = "SELECT id, n, unseen FROM shop.hidden ORDER BY id"
    assert pair.us.query(unseen) == pair.eu.query(unseen) == [(1, 1, 8), (2, 2, 3)]
    assert pair.us.query("SELECT id, parent FROM shop.child ORDER BY id") == [(1, None), (2, 2), (3, None), (90, 9)]
    assert pair.us.value("SELECT COUNT(*) FROM shop.audit WHERE what LIKE 'added %'") >= 7
    assert pair.conflicts() == []
    for table in ("shop.item", "shop.audit", "shop.emptied"):
        highest = pair.eu.value(f"SELECT MAX(id) FROM {table}")
        assert next_number(pair.us, table) > highest, f"the target's counter of {table} has not moved on"


# A source keeps history as rows whose key ends with row_end, which a target without versioning of its own may take.
VERSIONED = "CREATE TABLE shop.price (id INT PRIMARY KEY, n INT, note INT WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING"
HISTORY = (
    "CREATE TABLE shop.price (id INT, n INT, note INT, row_start TIMESTAMP(6) NOT NULL DEFAULT 0,"
    " row_end TIMESTAMP(6) NOT NULL DEFAULT 0, PRIMARY KEY (id, row_end))"
)
ALL_ROWS = "SELECT id, n, note, row_start, row_end FROM shop.price{} ORDER BY id, row_end"


def test_versions_of_rows_arrive_as_rows(make_pair):
    pair = make_pair(links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop")
    pair.eu.sql("SET SESSION sql_log_bin = 0", VERSIONED)
    pair.us.sql("SET SESSION sql_log_bin = 0", VERSIONED)
    pair.start()
    pair.eu.sql(
        "INSERT INTO shop.price (id, n) VALUES (1, 10), (2, 20), (3, 30)",
        "UPDATE shop.price SET n = n + 1 WHERE id < 3",
        "UPDATE shop.price SET note = 1 WHERE id = 1",
        "DELETE FROM shop.price WHERE id = 2",
    )
    applier = pair.applier("eu", "us")
    pair.until(lambda: applier.status()["state"] == "waiting", 30, "link that waits for a table that it can write")
    assert "`shop`.`price`" in applier.status()["cause"] and "VERSIONED" in applier.status()["cause"].upper()
    pair.us.sql("SET SESSION sql_log_bin = 0", "DROP TABLE shop.price", HISTORY)
    pair.wait("eu", "us")
    assert pair.us.query(ALL_ROWS.format("")) == pair.eu.query(ALL_ROWS.format(" FOR SYSTEM_TIME ALL"))
    assert pair.conflicts() == []
