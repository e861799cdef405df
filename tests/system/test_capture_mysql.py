"""The capture daemon against a MySQL source: its events, its GTIDs, its settings; exactly once into the topic."""

import threading
import time

import pytest
from support import pairfile
from support.load import TokenLoad
from support.mysql import MySQL


@pytest.fixture
def make_eu(make_pair):
    """A function that makes a pair of which only the MySQL source and the broker run; its capture is not started."""

    def make(**arguments):
        pair = make_pair(links=[("eu", "us")], server=MySQL, **arguments)
        pair.eu.start()
        pair.kafka.start()
        pair.eu.sql("CREATE DATABASE shop", TokenLoad.TABLE)
        return pair

    return make


@pytest.fixture
def eu(make_eu):
    return make_eu()


def begin(pair):
    capture = pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 90, "a stream in the topic")
    return capture


def published(pair):
    """Data and DDL records, fragments of one as one: (seq, GTID), in order."""
    found = []
    for record in pair.events("eu"):
        entry = (record["seq"], record["gtid"])
        if not found or found[-1] != entry:
            found.append(entry)
    return found


def rows(pair):
    """All rows of data records: (op, table, before, after)."""
    return [
        (row["op"], row["table"], row.get("before"), row.get("after"))
        for record in pair.events("eu")
        if record["kind"] == "data"
        for row in record["rows"]
    ]


def event_names(pair):
    """Of all events in the newest file of the source's binlog."""
    return {row[2] for row in pair.eu.query(f"SHOW BINLOG EVENTS IN '{pair.eu.binlog_end()[0]}'")}


def test_rows_and_statements_reach_the_topic(eu):
    begin(eu)
    eu.eu.sql(
        "USE shop",
        "CREATE TABLE a (id INT PRIMARY KEY, name VARCHAR(20))",
        "INSERT INTO a VALUES (1, 'one'), (2, 'two')",
        "UPDATE a SET name = 'zwei' WHERE id = 2",
        "DELETE FROM a WHERE id = 1",
    )
    eu.captured("eu")
    assert rows(eu) == [
        ("insert", "a", None, {"id": 1, "name": "one"}),
        ("insert", "a", None, {"id": 2, "name": "two"}),
        ("update", "a", {"id": 2, "name": "two"}, {"id": 2, "name": "zwei"}),
        ("delete", "a", {"id": 1, "name": "one"}, None),
    ]


DOCUMENT = (
    '{"a": 1, "b": [10, "x", {"k": null}], "name with space": "s", "n": 12345678901234567890, "o": {"x": 1.5, "y": true}}'
)

# Each is an expression over the column j, and changes a document in place, so that the binlog has the change only.
CHANGES = [
    "JSON_SET(j, '$.a', 2)",
    "JSON_SET(j, '$.a', 'a longer value than was there before')",
    "JSON_SET(j, '$.b[2].k', CAST('[1, 2, 3]' AS JSON), '$.\"name with space\"', 70000)",
    "JSON_REPLACE(j, '$.n', -1, '$.o.x', 1e100)",
    "JSON_REMOVE(j, '$.b[0]')",
    "JSON_REMOVE(j, '$.\"name with space\"', '$.o.y')",
    "JSON_SET(j, '$.fresh', REPEAT('y', 300))",
    "JSON_SET(j, '$.b[10]', 'appended')",
    "JSON_SET(j, '$.\"quoted \\\\\" \\\\u00fc\"', 'ü')",
    "JSON_SET(j, '$.a', REPEAT('z', 70000))",  # the document needs the large form
    "JSON_SET(j, '$.a', 1)",
    "JSON_SET(j, '$.o.z', CAST('2026-01-31 10:00:00.123456' AS DATETIME(6)), '$.o.d', CAST(-1.25 AS DECIMAL(10,2)))",
    "JSON_SET(j, '$.b[last]', 'last')",
    "JSON_SET(j, '$.a[0]', 'wrapped')",
    "JSON_SET(j, '$.a[1]', 'second')",
    "JSON_REMOVE(j, '$.b[last-1]')",
]


def test_partial_json_updates_are_published_whole(make_eu):
    eu = make_eu(options={"binlog_row_value_options": "PARTIAL_JSON"})
    begin(eu)
    eu.eu.sql(
        "CREATE TABLE shop.doc (id INT PRIMARY KEY, j JSON, other JSON, n INT)",
        f"INSERT INTO shop.doc VALUES (1, '{DOCUMENT}', '{DOCUMENT}', 0), (2, '[1, 2]', NULL, 0), (3, NULL, '7', 0)",
    )
    expected = []
    shown = "SELECT id, CAST(j AS CHAR), CAST(other AS CHAR), n FROM shop.doc ORDER BY id"
    for number, change in enumerate(CHANGES):
        eu.eu.sql(f"UPDATE shop.doc SET j = {change}, n = {number + 1} WHERE id = 1")
        expected.append(eu.eu.query(shown)[0])
    eu.eu.sql("UPDATE shop.doc SET j = JSON_SET(j, '$[0]', id), other = JSON_SET(other, '$', 5), n = 99 WHERE id > 1")
    expected += eu.eu.query(shown)[1:]
    eu.captured("eu")
    found = [after for op, table, _, after in rows(eu) if op == "update" and table == "doc"]
    assert [(row["id"], row["j"], row["other"], row["n"]) for row in found] == expected
    assert "Update_rows_partial" in event_names(eu)


def gtids(pair):
    return [gtid for _, gtid in published(pair)]


def executed(pair, since):
    """The GTIDs of the source beyond the set `since`, one by one, in the order of their numbers."""
    found = []
    rest = pair.eu.value("SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, %s)", (since,)).replace("\n", "")
    for source in filter(None, rest.split(",")):
        uuid, *parts = source.split(":")
        tag = ""
        for part in parts:
            if not part[0].isdigit():
                tag = part + ":"
                continue
            first, _, last = part.partition("-")
            found += [f"{uuid}:{tag}{n}" for n in range(int(first), int(last or first) + 1)]
    return found


def test_killed_under_load_it_loses_and_repeats_nothing(eu, long_run):
    capture = begin(eu)
    since, kills, counted = eu.eu.executed_gtids(), 20 if long_run else 4, 0
    with TokenLoad(eu.eu, threads=3) as load:
        while counted < kills:
            load.wait_for(100)
            capture.kill()
            counted += not eu.eu.is_within(since) and len(gtids(eu)) < len(executed(eu, since))
            capture.start()
    eu.captured("eu")
    found = gtids(eu)
    assert len(found) == len(set(found)), "twice"
    assert set(found) == set(executed(eu, since)), "lost"
    assert [seq for seq, _ in published(eu)] == list(range(1, len(found) + 1))


def test_compressed_transactions(make_eu):
    eu = make_eu(options={"binlog_transaction_compression": "ON"})
    begin(eu)
    eu.eu.sql(
        "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('a', 'x', 1, 'eu', REPEAT('f', 500))",
        "SET SESSION cte_max_recursion_depth = 1000000",
        "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) WITH RECURSIVE n(i) AS"
        " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " SELECT CONCAT('t', i), 'big', 1, 'eu', REPEAT('f', 200) FROM n",
        "SET SESSION binlog_transaction_compression = OFF",
        "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('z', 'x', 1, 'eu', '')",
    )
    eu.captured("eu")
    assert [row[3]["token"] for row in rows(eu)] == ["a", *[f"t{i}" for i in range(1, 20001)], "z"]
    assert "Transaction_payload" in event_names(eu)
    assert len(published(eu)) == 3


def test_tagged_gtids_are_part_of_the_position(eu):
    capture = begin(eu)
    insert = "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('{}', 'x', 1, 'eu', '')"
    eu.eu.sql("SET gtid_next = 'AUTOMATIC:blue'", insert.format("b1"), insert.format("b2"))
    eu.eu.sql(insert.format("plain"))
    eu.captured("eu")
    capture.stop()
    eu.eu.sql("SET gtid_next = 'AUTOMATIC:green'", insert.format("g1"))
    eu.eu.sql("SET gtid_next = 'AUTOMATIC:blue'", insert.format("b3"))
    capture.start()
    eu.captured("eu")
    assert [row[3]["token"] for row in rows(eu)] == ["b1", "b2", "plain", "g1", "b3"]
    assert [gtid.split(":")[1] for gtid in gtids(eu)][:2] == ["blue", "blue"]
    assert eu.eu.value("SELECT GTID_SUBSET(%s, @@GLOBAL.gtid_executed)", (capture.status()["position"],))


def test_anonymous_transactions_are_refused_with_the_fix(eu):
    capture = begin(eu)
    eu.eu.sql("SET GLOBAL gtid_mode = ON_PERMISSIVE")
    eu.eu.sql("SET gtid_next = 'ANONYMOUS'", "CREATE TABLE shop.anonymous (i INT PRIMARY KEY)")
    last = capture.expect_exit(69)
    assert "without GTID" in last and "SET PERSIST gtid_mode = ON" in last
    capture.launch()
    assert "SET PERSIST gtid_mode = ON" in capture.expect_exit(78)


def test_an_idle_source_is_known_to_be_there(make_eu):
    eu = make_eu(config={"capture": {"heartbeat": "500ms"}})
    capture = begin(eu)
    before = eu.kafka.topic_end(eu.topic("eu"))
    eu.until(lambda: eu.kafka.topic_end(eu.topic("eu")) > before + 3, 30, "heartbeats in the topic")
    beats = [record for record in eu.events("eu", "--control") if record["kind"] == "heartbeat"]
    assert beats[-1]["position"] == eu.eu.executed_gtids()
    status = capture.status()
    assert (status["binlog_file"], status["ignored_events"]) == (eu.eu.binlog_end()[0], 0)


def test_statements_as_comments_and_checksums_do_not_matter(make_eu):
    eu = make_eu(options={"binlog_rows_query_log_events": "ON", "binlog_checksum": "NONE"})
    begin(eu)
    insert = "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('{}', 'x', 1, 'eu', '')"
    eu.eu.sql(insert.format("unchecked"))
    eu.eu.sql("SET GLOBAL binlog_checksum = CRC32", insert.format("checked"))
    eu.captured("eu")
    assert [row[3]["token"] for row in rows(eu)] == ["unchecked", "checked"]
    assert "Rows_query" in event_names(eu)


def test_xa_savepoints_and_create_select(eu):
    begin(eu)
    eu.eu.sql(
        "USE shop",
        "CREATE TABLE a (i INT PRIMARY KEY)",
        "XA START 'x'",
        "INSERT INTO a VALUES (1)",
        "XA END 'x'",
        "XA PREPARE 'x'",
        "XA COMMIT 'x'",
        "XA START 'y'",
        "INSERT INTO a VALUES (2)",
        "XA END 'y'",
        "XA PREPARE 'y'",
        "XA ROLLBACK 'y'",
        "XA START 'z'",
        "INSERT INTO a VALUES (3)",
        "XA END 'z'",
        "XA COMMIT 'z' ONE PHASE",
        "CREATE TABLE b (i INT PRIMARY KEY) SELECT i FROM a",
        "BEGIN",
        "INSERT INTO a VALUES (4)",
        "SAVEPOINT s",
        "INSERT INTO a VALUES (5)",
        "ROLLBACK TO s",
        "INSERT INTO a VALUES (6)",
        "COMMIT",
    )
    eu.captured("eu")
    found = [(event["kind"], event.get("held", False)) for event in eu.events("eu")]
    held, data, ddl, end = ("data", True), ("data", False), ("ddl", False), ("xa-end", False)
    assert [entry for entry in found if entry[0] in ("data", "ddl", "xa-end")] == [
        ddl, held, end, held, end, data, ddl, data, data,
    ]  # fmt: skip
    assert [(table, after["i"]) for _, table, _, after in rows(eu)] == [
        ("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 3), ("a", 4), ("a", 6),
    ]  # fmt: skip


def test_metadata_turned_minimal_stops_it_with_place_and_fix(eu):
    capture = begin(eu)
    eu.eu.sql("SET GLOBAL binlog_row_metadata = MINIMAL")
    file = eu.eu.binlog_end()[0]
    eu.eu.sql("DELETE FROM shop.token")
    eu.eu.sql("INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('a', 'x', 1, 'eu', '')")
    last = capture.expect_exit(69)
    assert "SET GLOBAL binlog_row_metadata" in last and f"{file}:" in last and "shop.token" in last


def test_events_larger_than_a_packet(make_eu, long_run):
    size = 64 << 20 if long_run else 20 << 20
    options = {"max_allowed_packet": "1G", "innodb_redo_log_capacity": "1G"}
    eu = make_eu(options=options)
    eu.kafka.create_topic(eu.topic("eu"), config={"cleanup.policy": "delete", "max.message.bytes": str(256 << 20)})
    begin(eu)
    eu.eu.sql(
        "CREATE TABLE shop.big (id INT PRIMARY KEY, b LONGBLOB)",
        f"INSERT INTO shop.big VALUES (1, REPEAT('0123456789abcdef', {size // 16})), (2, 'small')",
    )
    eu.captured("eu", 120)
    found = [(row[3]["id"], row[3]["b"]) for row in rows(eu) if row[1] == "big"]
    assert [id for id, _ in found] == [1, 2]
    assert found[0][1] == {"hex": "30313233343536373839616263646566" * (size // 16)}


SETTINGS = {
    "gtid_mode": ("ON_PERMISSIVE", "SET PERSIST gtid_mode = ON"),
    "binlog_format": ("MIXED", "SET PERSIST binlog_format = 'ROW'"),
    "binlog_row_image": ("MINIMAL", "SET PERSIST binlog_row_image = 'FULL'"),
    "binlog_row_metadata": ("MINIMAL", "SET PERSIST binlog_row_metadata = 'FULL'"),
    "sync_binlog": (0, "SET PERSIST sync_binlog = 1"),
    "innodb_flush_log_at_trx_commit": (2, "SET PERSIST innodb_flush_log_at_trx_commit = 1"),
}


def test_wrong_settings_are_told_with_what_mends_them(eu):
    capture = eu.capture("eu")
    for name, (value, fix) in SETTINGS.items():
        before = eu.eu.value(f"SELECT @@GLOBAL.{name}")
        eu.eu.sql(f"SET GLOBAL {name} = {value!r}")
        capture.launch()
        assert fix in capture.expect_exit(78), name
        eu.eu.sql(f"SET GLOBAL {name} = {before!r}")
    eu.file["regions"]["eu"]["replica_id"] = eu.eu.server_id
    eu.write_config()
    capture.launch()
    assert "server_id" in capture.expect_exit(78)


def test_missing_grants_are_named(eu):
    eu.eu.sql("REVOKE REPLICATION SLAVE ON *.* FROM 'drc'@'%'")
    capture = eu.capture("eu")
    capture.launch()
    assert "GRANT REPLICATION SLAVE ON *.* TO 'drc'@'%'" in capture.expect_exit(77)
    eu.eu.sql("ALTER USER 'drc'@'%' IDENTIFIED BY 'another'")
    capture.launch()
    assert eu.eu.password not in capture.expect_exit(77)


def test_tls_and_caching_sha2_password(eu):
    """MySQL's own authentication, first by the server's RSA key, then over TLS that is verified."""
    eu.eu.sql("CREATE USER tls@'%' IDENTIFIED BY 'secret' REQUIRE SSL", "GRANT REPLICATION SLAVE ON *.* TO tls@'%'")
    eu.eu.sql("GRANT ALL ON drc.* TO tls@'%'")
    assert eu.eu.value("SELECT plugin FROM mysql.user WHERE user = 'tls'") == "caching_sha2_password"
    (eu.directory / "eu.password").write_text("secret\n", encoding="utf-8")
    eu.file["regions"]["eu"] |= {"user": "tls", "password_file": "eu.password"}
    eu.config.write_text(pairfile.render(eu.file), encoding="utf-8")
    capture = eu.capture("eu")
    capture.launch()
    capture.expect_exit(77)
    eu.file["regions"]["eu"]["tls"] = {"mode": "verify-ca", "ca": str(eu.eu.datadir / "ca.pem")}
    eu.config.write_text(pairfile.render(eu.file), encoding="utf-8")
    begin(eu)
    eu.eu.sql("INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('a', 'x', 1, 'eu', '')")
    eu.captured("eu")
    assert [row[3]["token"] for row in rows(eu)] == ["a"]


def test_another_flavour_than_the_pair_file_says(eu):
    eu.file["regions"]["eu"]["flavor"] = "mariadb"
    eu.write_config()
    capture = eu.capture("eu")
    capture.launch()
    assert "regions.eu.flavor is mariadb, but the server there is 9." in capture.expect_exit(78)


def test_starts_where_it_is_told(eu):
    insert = "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('{}', 'x', 1, 'eu', '')"
    eu.eu.sql(insert.format("before"))
    start = eu.eu.executed_gtids()
    eu.eu.sql(insert.format("after"))
    eu.file["regions"]["eu"]["start"] = {"gtid": "0-1-1"}
    eu.write_config()
    capture = eu.capture("eu")
    capture.launch()
    assert "no position of the mysql server" in capture.expect_exit(78)
    eu.file["regions"]["eu"]["start"] = {"gtid": start}
    eu.write_config()
    begin(eu)
    eu.captured("eu")
    assert [row[3]["token"] for row in rows(eu)] == ["after"]


def test_a_purged_source_stops_it(eu):
    capture = begin(eu)
    insert = "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('{}', 'x', 1, 'eu', '')"
    eu.eu.sql(insert.format("a"))
    eu.captured("eu")
    capture.stop()
    eu.eu.cut_binlog()  # the last transaction cannot be compared any more, but nothing is missing
    capture.start()
    eu.eu.sql(insert.format("b"))
    eu.captured("eu")
    capture.stop()
    eu.eu.sql(insert.format("c"))
    eu.eu.cut_binlog()
    capture.launch()
    assert "purged" in capture.expect_exit(69)


def test_a_source_that_lost_transactions_stops_it(eu):
    capture = begin(eu)
    insert = "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('{}', 'x', 1, 'eu', '')"
    eu.eu.sql(*[insert.format(token) for token in "abc"])
    eu.captured("eu")
    capture.stop()
    history = eu.eu.executed_gtids()
    eu.eu.sql("RESET BINARY LOGS AND GTIDS")
    capture.launch()
    assert "lost transactions" in capture.expect_exit(69)
    # Other transactions under the same GTIDs.
    count = int(history.split("-")[-1])
    while not eu.eu.value("SELECT GTID_SUBSET(%s, @@GLOBAL.gtid_executed)", (history,)):
        count -= 1
        eu.eu.sql(insert.format(f"other{count}"))
    capture.launch()
    assert "lost transactions" in capture.expect_exit(69)


def test_a_transaction_that_waits_for_its_commit_counts_as_there(eu):
    """With a semi-synchronous replica that does not answer, a transaction is in the binlog and not committed yet."""
    hosts = [f"127.0.0.1:{eu.eu.port}", f"localhost:{eu.eu.port}"]
    eu.file = pairfile.merge(eu.file, {"regions": {"eu": {"host": hosts, "port": pairfile.DELETE}}})
    eu.write_config()
    capture = begin(eu)
    eu.eu.sql("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'")
    eu.eu.sql("SET GLOBAL rpl_semi_sync_source_wait_no_replica = ON, rpl_semi_sync_source_timeout = 600000")
    eu.eu.sql("SET GLOBAL rpl_semi_sync_source_enabled = ON")
    write = "INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES ('w', 'x', 1, 'eu', '')"
    writer = threading.Thread(target=eu.eu.sql, args=(write,), daemon=True)
    writer.start()
    eu.until(lambda: len(published(eu)) == 1, 30, "the transaction in the topic")
    assert eu.eu.value("SELECT COUNT(*) FROM shop.token") == 0
    capture.kill()
    capture.start()
    eu.until(lambda: capture.status()["state"] == "running", 30, "streaming again")
    time.sleep(1)
    eu.check()
    assert len(published(eu)) == 1 and writer.is_alive(), "its commit waits"
    eu.eu.sql("SET GLOBAL rpl_semi_sync_source_enabled = OFF")
    writer.join(60)
    assert not writer.is_alive()
