"""The capture daemon against a MariaDB source: the events that only MariaDB writes, or writes only when it is told to."""

import os
import pathlib
import subprocess

import pytest
from support import place
from support.mariadb import MariaDB, MariaDB118

PLUGINS = [pathlib.Path("/usr/lib/mysql/plugin"), place.CACHE / "servers" / "mariadb-plugins"]  # ./dev setup sees to one of them

both_releases = pytest.mark.parametrize("make_eu", [MariaDB, MariaDB118], indirect=True, ids=["10.11", "11.8"])


@pytest.fixture
def make_eu(request, make_pair):
    """A function that makes a pair of which only the source and the broker run, and starts its capture."""

    def make(**arguments):
        server = getattr(request, "param", MariaDB)
        pair = make_pair(links=[("eu", "us")], server=server, **arguments)
        pair.eu.start()
        pair.kafka.start()
        pair.eu.sql("CREATE DATABASE shop")
        pair.capture("eu").start()
        pair.until(lambda: pair.stream_stands("eu"), 90, "a stream in the topic")
        return pair

    return make


def rows(pair):
    """All rows of data records: (op, table, before, after)."""
    return [
        (row["op"], row["table"], row.get("before"), row.get("after"))
        for record in pair.events("eu")
        if record["kind"] == "data"
        for row in record["rows"]
    ]


def inserted(pair, table):
    return [after["id"] for op, name, _, after in rows(pair) if (op, name) == ("insert", table)]


def statements(pair):
    return [record["statement"] for record in pair.events("eu") if record["kind"] == "ddl"]


def event_names(server):
    """Of all events in the newest file of the binlog."""
    return {row[2] for row in server.query(f"SHOW BINLOG EVENTS IN '{server.binlog_end()[0]}'")}


@both_releases
def test_compressed_events(make_eu):
    pair = make_eu(options={"log_bin_compress": "ON", "log_bin_compress_min_len": 10})
    pair.eu.sql(
        "USE shop",
        "CREATE TABLE t (id INT PRIMARY KEY, v TEXT) COMMENT 'long enough to be worth it, long enough to be worth it'",
        "INSERT INTO t VALUES (1, REPEAT('insert ', 300)), (2, REPEAT('more ', 300))",
        "UPDATE t SET v = CONCAT(v, 'ä')",
        "DELETE FROM t WHERE id = 1",
    )
    seen = event_names(pair.eu)
    assert {"Query_compressed", "Write_rows_compressed_v1", "Update_rows_compressed_v1"} <= seen
    assert {"Delete_rows_compressed_v1", "Annotate_rows"} <= seen
    pair.captured("eu")
    one, two = {"id": 1, "v": "insert " * 300}, {"id": 2, "v": "more " * 300}
    changed = [{**row, "v": row["v"] + "ä"} for row in (one, two)]
    assert rows(pair) == [
        ("insert", "t", None, one),
        ("insert", "t", None, two),
        ("update", "t", one, changed[0]),
        ("update", "t", two, changed[1]),
        ("delete", "t", changed[0], None),
    ]
    assert len(statements(pair)) == 1 and statements(pair)[0].startswith("CREATE TABLE t")


def test_encrypted_binlogs_come_in_clear(make_eu, directory):
    plugins = next((each for each in PLUGINS if (each / "file_key_management.so").exists()), None)
    if plugins is None:
        pytest.skip("no plugin file_key_management: ./dev setup fetches it")
    keys = directory / "keys"
    keys.write_text("1;a7addd9adea9978fda19f21e6be987880e68ac92632ca052e5bb42b1a506939a\n", encoding="utf-8")
    os.chmod(keys, 0o600)
    pair = make_eu(
        options={
            "plugin_dir": plugins,
            "plugin_load_add": "file_key_management",
            "file_key_management_filename": keys,
            "encrypt_binlog": "ON",
        }
    )
    pair.eu.sql("CREATE TABLE shop.t (id INT PRIMARY KEY, v TEXT)", "INSERT INTO shop.t VALUES (1, 'in clear?')")
    pair.eu.sql("FLUSH BINARY LOGS", "INSERT INTO shop.t VALUES (2, 'in the next file')")
    pair.captured("eu")
    assert "Start_encryption" in event_names(pair.eu)
    file = pair.eu.datadir / pair.eu.binlog_end()[0]
    assert b"in the next file" not in file.read_bytes()
    assert inserted(pair, "t") == [1, 2]
    pair.capture("eu").kill()
    pair.eu.sql("INSERT INTO shop.t VALUES (3, 'x')")
    pair.capture("eu").start()
    pair.captured("eu")
    assert inserted(pair, "t") == [1, 2, 3]
    argv = [place.programs() / "drcctl", "events", "--binlog", file]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 69 and done.stderr.count("\n") == 1 and "is encrypted" in done.stderr


@both_releases
def test_two_phase_alter_is_one_statement_or_none(make_eu):
    pair = make_eu()
    pair.eu.sql("CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)", "INSERT INTO shop.t VALUES (1, 5), (2, 5)")
    with pair.eu.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION binlog_alter_two_phase = 1")
        cursor.execute("ALTER TABLE shop.t ADD w INT DEFAULT 7")
        with pytest.raises(Exception, match="Duplicate entry"):
            cursor.execute("ALTER TABLE shop.t ADD UNIQUE (v)")
        cursor.execute("INSERT INTO shop.t (id) VALUES (3)")
    said = " ".join(str(row[5]) for row in pair.eu.query(f"SHOW BINLOG EVENTS IN '{pair.eu.binlog_end()[0]}'"))
    assert "START ALTER" in said and "COMMIT ALTER" in said and "ROLLBACK ALTER" in said
    pair.captured("eu")
    assert statements(pair)[1:] == ["ALTER TABLE shop.t ADD w INT DEFAULT 7"]
    assert rows(pair)[-1] == ("insert", "t", None, {"id": 3, "v": None, "w": 7})


@both_releases
def test_what_is_rolled_back_is_not_published(make_eu):
    pair = make_eu()
    pair.eu.sql("USE shop", "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE m (id INT) ENGINE=MyISAM")
    pair.eu.sql(
        "USE shop",
        *("BEGIN", "INSERT INTO t VALUES (1)", "SAVEPOINT `a b`", "INSERT INTO t VALUES (2)", "SAVEPOINT c"),
        *("INSERT INTO t VALUES (3)", "CREATE TEMPORARY TABLE tmp (i INT)", "ROLLBACK TO C", "INSERT INTO t VALUES (4)"),
        *("ROLLBACK TO `a b`", "INSERT INTO t VALUES (5)", "COMMIT"),
    )
    pair.eu.sql("USE shop", "BEGIN", "INSERT INTO t VALUES (6)", "INSERT INTO m VALUES (1)", "ROLLBACK")
    pair.eu.sql("USE shop", "BEGIN", "INSERT INTO t VALUES (7)", "CREATE TEMPORARY TABLE u (i INT)", "ROLLBACK")
    pair.eu.sql(
        "USE shop",
        *("BEGIN", "INSERT INTO t VALUES (8)", "SAVEPOINT s", "INSERT INTO t VALUES (9)", "INSERT INTO m VALUES (2)"),
        *("ROLLBACK TO s", "INSERT INTO t VALUES (10)", "COMMIT"),
    )
    pair.eu.sql("INSERT INTO shop.t VALUES (11)")
    pair.captured("eu")
    kept = [row[0] for row in pair.eu.query("SELECT id FROM shop.t ORDER BY id")]
    assert inserted(pair, "t") == kept == [1, 5, 8, 10, 11]
    assert inserted(pair, "m") == [1, 2]


def test_events_over_16_mib(make_eu):
    """One ROWS event of 22 MB comes in more than one packet of the protocol, and goes in fragments."""
    pair = make_eu(options={"binlog_row_event_max_size": 1 << 30, "max_allowed_packet": 64 << 20})
    pair.eu.sql(
        "CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(2000))",
        "INSERT INTO shop.t SELECT seq, REPEAT('y', 1500) FROM shop.seq_1_to_15000",
        "INSERT INTO shop.t VALUES (20000, 'after')",
    )
    listing = pair.eu.query(f"SHOW BINLOG EVENTS IN '{pair.eu.binlog_end()[0]}'")
    assert max(row[4] - row[1] for row in listing) > 22_000_000
    pair.captured("eu")
    assert inserted(pair, "t") == [*range(1, 15001), 20000]
    (big,) = {r["seq"] for r in pair.events("eu") if r["kind"] == "data" and not r["last"]}
    assert len([r for r in pair.events("eu") if r["seq"] == big]) > 20


def test_checksums_off_on_and_off_again(make_eu):
    pair = make_eu(options={"binlog_checksum": "NONE"})
    pair.eu.sql("CREATE TABLE shop.t (id INT PRIMARY KEY)", "INSERT INTO shop.t VALUES (1)")
    for number, checksum in enumerate(("CRC32", "NONE", "CRC32")):
        pair.eu.sql(f"SET GLOBAL binlog_checksum = {checksum}", f"INSERT INTO shop.t VALUES ({number + 2})")
        pair.captured("eu")
        if checksum == "NONE":  # and a dump that begins there
            pair.capture("eu").kill()
            pair.eu.sql("INSERT INTO shop.t VALUES (100)")
            pair.capture("eu").start()
    pair.captured("eu")
    assert inserted(pair, "t") == [1, 2, 3, 100, 4]


def test_several_domains_keep_their_order_and_places(make_eu):
    pair = make_eu()
    pair.eu.sql("CREATE TABLE shop.t (id INT PRIMARY KEY)")
    for number in range(30):
        pair.eu.sql(f"SET SESSION gtid_domain_id = {number % 3}", f"INSERT INTO shop.t VALUES ({number})")
        if number % 10 == 9:
            pair.capture("eu").kill()
            pair.eu.sql("FLUSH BINARY LOGS")
            pair.capture("eu").start()
    pair.captured("eu")
    assert inserted(pair, "t") == list(range(30))
    domains = {record["gtid"].split("-")[0] for record in pair.events("eu")}
    assert domains == {"0", "1", "2"}
