"""The canary and the fuse: a capture of a region that is a target too stops before anything goes round in circles.

What an applier writes is known by the change of drc.ledger in front. Here something keeps that out of the binlog, or
puts another row before it, and nobody but capture could notice.
"""

import contextlib

import pymysql
import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL

PROVE = {"capture": {"canary": "1s"}}
AUDIT = "CREATE TABLE shop.audit (id INT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(40))"
TABLE = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(20))"


@pytest.fixture
def make_two_way(make_pair):
    def make(**arguments):
        rule = {"default": {"policy": "stop", "allow_divergence": True}}
        pair = make_pair(conflicts=rule, config=PROVE, **arguments)
        pair.everywhere("CREATE DATABASE shop", TABLE, AUDIT)
        return pair

    return make


def proved(pair, region):
    return lambda: pair.capture(region).status()["canary_us"] > 0


def test_the_canary_comes_back_and_goes_nowhere(make_two_way):
    pair = make_two_way().start()
    for region in ("eu", "us"):
        pair.until(proved(pair, region), 30, f"proof of the loop mark at {region}")
        first = pair.capture(region).status()["canary_us"]
        pair.until(lambda region=region, first=first: pair.capture(region).status()["canary_us"] > first, 30, "another")
        assert pair.capture(region).status()["transactions"] == 0, "a canary was published"
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.us.sql("INSERT INTO shop.item VALUES (2, 'b')")
    pair.settle()
    pair.assert_equal("shop.item")
    assert {daemon.status()["state"] for daemon in pair.daemons} == {"running"}


def test_a_server_that_ends_idle_connections_does_not_matter(make_two_way):
    """A canary a minute, and a session's idle time limit of a minute."""
    pair = make_two_way()
    pair.file["capture"] = {"canary": "6s"}
    pair.write_config()
    pair.start()
    capture = pair.capture("us")
    pair.until(proved(pair, "us"), 30, "proof of the loop mark")
    first = capture.status()["canary_us"]
    sleeping = "SELECT id FROM information_schema.processlist WHERE user = 'drc' AND command = 'Sleep'"
    for (number,) in pair.us.query(sleeping):
        with contextlib.suppress(pymysql.err.OperationalError):  # it has ended by itself
            pair.us.sql(f"KILL {number}")
    pair.until(lambda: capture.status()["canary_us"] > first, 30, "another")
    assert "the loop mark cannot be proved" not in capture.log.read_text(encoding="utf-8")


def test_a_region_that_is_only_a_source_is_not_written_to(make_two_way):
    pair = make_two_way(links=[("eu", "us")]).start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.settle()
    before = pair.eu.executed_gtids()
    pair.until(lambda: pair.capture("eu").status()["seq"] == 1, 30, "the transaction")
    assert pair.eu.query("SHOW DATABASES LIKE 'drc'") == []
    assert pair.eu.executed_gtids() == before


@pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])
def test_a_ledger_that_is_kept_out_of_the_binlog_is_noticed(make_two_way, server):
    pair = make_two_way(options={"binlog_ignore_db": "drc"}, server={"eu": MariaDB, "us": server})
    pair.start_servers()
    capture = pair.capture("us").start()
    pair.applier("eu", "us").start()
    cause = capture.expect_exit(69)
    assert "the loop mark does not reach the binlog of region us" in cause
    assert "binlog_ignore_db" in cause


def test_a_trigger_in_front_of_the_mark_blows_the_fuse(make_two_way):
    pair = make_two_way()
    pair.start()
    pair.until(proved(pair, "us"), 30, "proof of the loop mark")
    before = pair.kafka.topic_end(pair.topic("us"))
    pair.us.sql(
        "SET SESSION sql_log_bin = 0",
        "CREATE TRIGGER drc.spy BEFORE UPDATE ON drc.ledger FOR EACH ROW INSERT INTO shop.audit (what) VALUES ('seen')",
    )
    cause = pair.capture("us").expect_exit(69)
    assert "loop fuse" in cause and "changes drc.ledger after rows of shop.audit" in cause
    kinds = {record["headers"].get("drc-kind", "data") for record in pair.kafka.records(pair.topic("us"), start=before)}
    assert "data" not in kinds, "something was sent back"

    pair.us.sql("SET SESSION sql_log_bin = 0", "DROP TRIGGER drc.spy")
    pair.file["tables"]["exclude"] = ["shop.audit"]
    pair.write_config()
    pair.capture("us").start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.us.sql("INSERT INTO shop.item VALUES (2, 'b')")
    pair.settle()
    pair.assert_equal("shop.item")


def test_a_stream_that_comes_back_to_its_own_source_blows_the_fuse(make_two_way):
    pair = make_two_way().start()
    pair.until(proved(pair, "us"), 30, "proof of the loop mark")
    stream = pair.capture("us").status()["stream"]
    columns = pair.us.query(
        "SELECT GROUP_CONCAT(CONCAT('`', column_name, '`')) FROM information_schema.columns"
        " WHERE table_schema = 'drc' AND table_name = 'ledger' AND column_name NOT IN ('stream', 'topic')"
    )[0][0]
    pair.us.sql(
        f"INSERT INTO drc.ledger (stream, topic, {columns})"
        f" SELECT X'{stream}', 'drc.ring.us', {columns} FROM drc.ledger WHERE topic LIKE 'canary%' LIMIT 1"
    )
    cause = pair.capture("us").expect_exit(69)
    assert "loop: the source's ledger has this stream itself" in cause


def test_what_the_canary_needs_is_named(make_two_way):
    pair = make_two_way()
    pair.start()
    pair.until(proved(pair, "us"), 30, "proof of the loop mark")
    capture = pair.capture("us")
    capture.stop()
    pair.applier("eu", "us").stop()
    pair.us.sql("SET SESSION sql_log_bin = 0", "REVOKE ALL ON drc.* FROM 'drc'@'%'", "REVOKE UPDATE ON *.* FROM 'drc'@'%'")
    capture.launch()
    assert "GRANT SELECT, INSERT, UPDATE ON drc.ledger TO" in capture.expect_exit(77)
