"""What drc's own tables keep is let go of in time: entries of the journal, tombstones; and nothing of it is replicated."""

ITEM = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40),"
    " updated_at TIMESTAMP(6) NOT NULL DEFAULT '2026-01-01 00:00:00')"
)
RULE = {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}


def tombstones(server):
    return server.query("SELECT db, tbl, region, HEX(row_key) FROM drc.tombstones WHERE region = 'eu' ORDER BY row_key")


def published(pair, region):
    return [record for record in pair.events(region) if record["kind"] == "data"]


def aged(table, part):
    return f"UPDATE drc.{table} SET `at` = UTC_TIMESTAMP(6) - INTERVAL {part} HOUR"


def test_old_entries_and_tombstones_go(pair):
    pair.everywhere(ITEM)
    pair.file["conflicts"] = {"default": RULE, "tombstones": {"keep": "1h"}}
    pair.write_config()
    pair.start()
    pair.eu.sql(*[f"INSERT INTO shop.item (id) VALUES ({number})" for number in range(1, 1301)])
    pair.settle()
    applier = pair.applier("eu", "us")
    applier.stop()
    pair.us.sql("UPDATE shop.item SET name = 'us', updated_at = '2026-01-02' WHERE id <= 8")
    pair.eu.sql("UPDATE shop.item SET name = 'eu' WHERE id <= 8", "DELETE FROM shop.item WHERE id > 20")
    pair.eu.sql("UPDATE shop.item SET id = 2000, updated_at = '2026-01-02' WHERE id = 20")
    applier.start()
    pair.settle()
    left = tombstones(pair.us)
    assert len(left) == 1281 and ("shop", "item", "eu", "0514000000") in left, "the old key of a row that moved as well"
    assert pair.us.value("SELECT COUNT(*) FROM drc.conflicts") == 8
    assert pair.us.value("SELECT HEX(kept) FROM drc.tombstones WHERE region = 'eu' LIMIT 1").startswith("0A" + b"updated_at".hex().upper())

    before = [len(published(pair, region)) for region in ("eu", "us")]
    applier.stop()
    pair.file["conflicts"]["retention"] = {"age": "1d", "rows": 5}
    pair.write_config()
    pair.us.sql(
        aged("conflicts", 23) + " WHERE id <= 7",
        aged("conflicts", 25) + " WHERE id <= 1",
        aged("tombstones", 2),
    )
    applier.start()
    pair.until(lambda: pair.us.value("SELECT COUNT(*) FROM drc.tombstones WHERE region = 'eu'") == 0, 60, "empty graves")
    assert [row[0] for row in pair.us.query("SELECT id FROM drc.conflicts ORDER BY id")] == [4, 5, 6, 7, 8]
    said = applier.text()
    assert "nears the end of conflicts.retention" in said and "open=7" in said
    assert "entries of the conflict journal are removed target=us entries=3" in said
    pair.settle()
    assert [len(published(pair, region)) for region in ("eu", "us")] == before, "none of it was published"
    pair.assert_equal("shop.item")
    check_size(pair, applier)


def check_size(pair, applier):
    """The oldest entries go by the room that all take, and only by as much as the server's statistics say."""
    applier.stop()
    warned = applier.text().count("nears the end of conflicts.retention")
    pair.us.sql(
        "DELETE FROM drc.conflicts",
        "INSERT INTO drc.conflicts (at, link, gtid, seq, db, tbl, row_key, kind, policy, verdict, why, incoming_image, images)"
        " SELECT UTC_TIMESTAMP(6), 'eu:us', '', seq, 'shop', 'item', '{}', 'update/changed', 'latest', 'local', '',"
        " REPEAT('x', 2000), '' FROM drc.seq_1_to_3000",
        "ANALYZE TABLE drc.conflicts",
    )
    newest = pair.us.value("SELECT MAX(id) FROM drc.conflicts")
    pair.file["conflicts"]["retention"] = {"age": "0s", "rows": 0, "bytes": "4MiB"}
    pair.write_config()
    told = pair.us.value(
        "SELECT DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES WHERE (TABLE_SCHEMA, TABLE_NAME) = ('drc', 'conflicts')"
    )
    assert told > 5 << 20
    applier.start()
    left = 3000 * (4 << 20) / told
    pair.until(lambda: pair.us.value("SELECT COUNT(*) FROM drc.conflicts") <= left + 2, 60, "a smaller journal")
    rows = [row[0] for row in pair.us.query("SELECT id FROM drc.conflicts ORDER BY id")]
    assert len(rows) >= left - 2 and rows == list(range(newest - len(rows) + 1, newest + 1)), (len(rows), left)
    assert applier.text().count("nears the end of conflicts.retention") == warned + 1
