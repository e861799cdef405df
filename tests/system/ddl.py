"""What the tests of changes of definition share: a one-way link, the statements, and what has to be the same at both ends."""

import json

from support.load import Load

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), qty INT NOT NULL DEFAULT 1)"


def one_way(make_pair, ddl, tables_exclude=(), **link):
    """A pair at work with shop.item; `link` is more of the link's part of the pair file."""
    config = {"links": [{"from": "eu", "to": "us", "start": "beginning", "ddl": ddl, **link}]}
    if tables_exclude:
        config["tables"] = {"exclude": list(tables_exclude)}
    pair = make_pair(links=[("eu", "us")], config=config)
    pair.everywhere("CREATE DATABASE shop", ITEM)
    return pair.start()


def definition(server, table):
    """As the server shows it, without the counter that rows move."""
    text = server.query(f"SHOW CREATE TABLE {table}")[0][1]
    return " ".join(word for word in text.split() if not word.startswith("AUTO_INCREMENT="))


def tables(server, database="shop"):
    return sorted(row[0] for row in server.query(f"SHOW TABLES FROM {database}"))


def assert_same(pair, database="shop"):
    """Tables, their definitions and their rows."""
    assert tables(pair.us, database) == tables(pair.eu, database)
    for table in tables(pair.eu, database):
        name = f"`{database}`.`{table}`"
        assert definition(pair.us, name) == definition(pair.eu, name)
        pair.assert_equal(name)


def journal(pair):
    """The statements in the target's journal: (policy, verdict, text)."""
    rows = pair.us.query("SELECT policy, verdict, incoming_image FROM drc.conflicts WHERE kind = 'ddl' ORDER BY id")
    return [(policy, verdict, json.loads(image)["statement"]) for policy, verdict, image in rows]


def waits(pair, *words):
    """The link waits, and says these words."""
    applier = pair.applier("eu", "us")

    def told():
        try:
            status = applier.status()
        except OSError:  # it is still starting
            return False
        return status["state"] == "waiting" and all(word in status["cause"] for word in words)

    pair.until(told, 30, f"link that waits and says {words}")
    return applier.status()["cause"]


def resume(pair, *arguments, expect=0):
    return pair.ctl("resume", "--from", "eu", "--to", "us", *arguments, expect=expect)


# Each changes shop.item or what lies beside it, whoever comes before it; rows between them are of every definition.
CHANGES = [
    "ALTER TABLE shop.item ADD COLUMN first INT NOT NULL DEFAULT 3 FIRST",
    "ALTER TABLE shop.item ADD COLUMN made DATETIME DEFAULT CURRENT_TIMESTAMP AFTER id",
    "ALTER TABLE shop.item MODIFY name VARCHAR(80) CHARACTER SET utf8mb4",
    "ALTER TABLE shop.item DROP COLUMN first",
    "ALTER TABLE shop.item MODIFY qty BIGINT NOT NULL DEFAULT 1 AFTER id",
    "CREATE INDEX by_name ON shop.item (name)",
    "RENAME TABLE shop.item TO shop.thing, shop.other TO shop.item, shop.thing TO shop.other",
    "RENAME TABLE shop.item TO shop.thing, shop.other TO shop.item, shop.thing TO shop.other",
    "TRUNCATE TABLE shop.other",
    "CREATE TABLE shop.copy AS SELECT id, name FROM shop.item",
    "CREATE TABLE shop.like_it LIKE shop.item",
    "ALTER TABLE shop.like_it RENAME TO shop.liked",
    "DROP TABLE shop.liked",
    "ALTER TABLE shop.item DROP INDEX by_name, ADD UNIQUE KEY by_both (name, id)",
]


class Rows(Load):
    """Inserts into shop.item and changes of it, by the columns that every definition has."""

    def transaction(self, cursor, rng):
        yield rng.random()
        cursor.execute("INSERT INTO shop.item (name) VALUES (%s)", (rng.random(),))
        cursor.execute("UPDATE shop.item SET qty = qty + 1 ORDER BY id DESC LIMIT 3")


# What gh-ost and pt-online-schema-change do, as far as a binlog shows it: the shadow table's name, the statements
# before the copy, and the swap with what follows it.
GH_OST = (
    "_item_gho",
    ["CREATE TABLE shop._item_gho LIKE shop.item", "ALTER TABLE shop._item_gho ADD COLUMN size INT NOT NULL DEFAULT 7"],
    ["RENAME TABLE shop.item TO shop._item_del, shop._item_gho TO shop.item", "DROP TABLE shop._item_del"],
)
PT_OSC = (
    "_item_new",
    ["CREATE TABLE shop._item_new LIKE shop.item", "ALTER TABLE shop._item_new ADD COLUMN size INT AFTER id"]
    + [
        f"CREATE TRIGGER shop.pt_{event} AFTER {event} ON shop.item FOR EACH ROW "
        "REPLACE INTO shop._item_new (id, name, qty) VALUES (NEW.id, NEW.name, NEW.qty)"
        for event in ("INSERT", "UPDATE")
    ],
    ["RENAME TABLE shop.item TO shop._item_old, shop._item_new TO shop.item", "DROP TABLE IF EXISTS shop._item_old"]
    + [f"DROP TRIGGER IF EXISTS shop.pt_{event}" for event in ("INSERT", "UPDATE")],
)
COPY = "INSERT IGNORE INTO shop.{} (id, name, qty) SELECT id, name, qty FROM shop.item"
