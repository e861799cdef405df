"""Changes of definition between two MySQL servers: run where they stand, cut off, and marked by a GTID's tag."""

import re

from support.mysql import MySQL

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), qty INT NOT NULL DEFAULT 1)"
CHANGES = [
    "ALTER TABLE shop.item ADD COLUMN made DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6) AFTER id",
    "ALTER TABLE shop.item MODIFY name VARCHAR(80) FIRST",
    "CREATE TABLE shop.copy AS SELECT id, name FROM shop.item",
    "CREATE TABLE shop._item_gho LIKE shop.item",
    "ALTER TABLE shop._item_gho DROP COLUMN made",
    "INSERT INTO shop._item_gho (id, name, qty) SELECT id, name, qty FROM shop.item",
    "RENAME TABLE shop.item TO shop._item_del, shop._item_gho TO shop.item",
    "DROP TABLE shop._item_del",
    "TRUNCATE TABLE shop.copy",
]
WAITS = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'drc' AND state LIKE 'Waiting for table%'"


def shape(server):
    tables = [row[0] for row in server.query("SHOW TABLES FROM shop")]
    shown = {table: server.query(f"SHOW CREATE TABLE shop.{table}")[0][1] for table in tables}
    return {table: text.split(" AUTO_INCREMENT=")[0] for table, text in shown.items()}


def test_changes_are_run_once_and_marked(make_pair):
    config = {"links": [{"from": "eu", "to": "us", "start": "beginning", "ddl": "apply"}]}
    pair = make_pair(server=MySQL, links=[("eu", "us")], config=config)
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.us.sql("SET SESSION sql_log_bin = 0", "REVOKE TRANSACTION_GTID_TAG ON *.* FROM drc")
    pair.start()
    pair.eu.sql("ALTER TABLE shop.item COMMENT 'marked'")
    grant = re.search(r"Run: (GRANT .*);", pair.applier("eu", "us").expect_exit(77)).group(1)
    assert "TRANSACTION_GTID_TAG" in grant
    pair.us.sql("SET SESSION sql_log_bin = 0", grant)
    pair.start()
    for statement in CHANGES:
        pair.eu.sql("INSERT INTO shop.item (name) VALUES ('before')", statement, "UPDATE shop.item SET qty = qty + 1")
    pair.wait("eu", "us")
    assert shape(pair.us) == shape(pair.eu)
    pair.assert_equal("shop.item", "shop.copy")

    with pair.us.connect(autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM shop.item")
        pair.eu.sql("ALTER TABLE shop.item ADD COLUMN size INT NOT NULL DEFAULT 7 FIRST")
        pair.until(lambda: pair.us.value(WAITS), 30, "ALTER that waits for the lock")
        pair.applier("eu", "us").kill()
        holder.rollback()
    pair.applier("eu", "us").start()
    pair.wait("eu", "us")
    assert shape(pair.us) == shape(pair.eu)
    pair.assert_equal("shop.item")
    assert pair.us.value("SELECT ddl_state FROM drc.links") == "done"
    assert ":drc:1" in pair.us.value("SELECT @@GLOBAL.gtid_executed")  # what a capture of us tells them by
    assert pair.us.query("SELECT id FROM drc.conflicts") == []
