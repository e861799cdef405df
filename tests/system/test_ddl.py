"""Changes of definition in the middle of a load: run at the target, waited for, or put down, as links[].ddl says."""

import contextlib
import json
import time

import pytest

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), qty INT NOT NULL DEFAULT 1)"
GRANT = "GRANT ALTER, CREATE, DROP, INDEX, INSERT, REFERENCES ON shop.* TO drc"  # what apply needs


def one_way(make_pair, ddl, **more):
    config = {"links": [{"from": "eu", "to": "us", "start": "beginning", "ddl": ddl}]}
    pair = make_pair(links=[("eu", "us")], config=config, **more)
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.us.sql("SET SESSION sql_log_bin = 0", GRANT)
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
        status = applier.status()
        return status["state"] == "waiting" and all(word in status["cause"] for word in words)

    pair.until(told, 30, f"link that waits and says {words}")
    return applier.status()["cause"]


def resume(pair, *arguments, expect=0):
    return pair.ctl("resume", "--from", "eu", "--to", "us", *arguments, expect=expect)


@contextlib.contextmanager
def locked(server, table):
    """Nobody can change the definition of that table meanwhile."""
    with server.connect(autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        yield
        holder.rollback()


def running(server, word):
    """Sessions of the applier that wait for a metadata lock in a statement like that."""
    return server.value(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'drc' AND state LIKE 'Waiting for table%%' "
        "AND info LIKE %s",
        (f"%{word}%",),
    )


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


def change(pair, statement):
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('before')", "INSERT INTO shop.other (id) VALUES (NULL)")
    pair.eu.sql("SET SESSION time_zone = '+03:00'", statement)
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('after')", "UPDATE shop.item SET qty = qty + 1")


def test_every_change_is_run_where_it_stands(make_pair):
    pair = one_way(make_pair, "apply")
    pair.eu.sql("CREATE TABLE shop.other (id INT PRIMARY KEY AUTO_INCREMENT, note TEXT)".replace("note TEXT", ITEM[ITEM.index("name") : -1]))
    for statement in CHANGES:
        change(pair, statement)
    pair.wait("eu", "us")
    assert_same(pair)
    assert journal(pair) == []
    before = pair.us.value("SELECT MAX(ddl_state) FROM drc.links")
    assert before == "done"
