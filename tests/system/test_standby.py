"""A target that is kept read-only and has a native replica: written to all the same, and followed where it goes."""

import re

import pytest

from support import pairfile
from support.load import TokenLoad
from support.mariadb import MariaDB

TOKENS = "SELECT token, txn, filler, updated_at FROM shop.token"
ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY)"


@pytest.fixture
def standby(make_pair):
    """A link to a read-only region us that has a native replica; returns (pair, replica)."""
    pair = make_pair(links=[("eu", "us")])
    replica = MariaDB("us2", pair.directory / "us2", 12, options={"log_slave_updates": "ON", "read_only": "ON"})
    schema = ("CREATE DATABASE shop", TokenLoad.TABLE, ITEM)
    pair.everywhere(*schema)
    replica.start()
    replica.sql("SET SESSION sql_log_bin = 0", *schema)
    replica.sql(
        f"CHANGE MASTER TO master_host='127.0.0.1', master_port={pair.us.port}, master_user='drc',"
        f" master_password='{pair.us.password.replace(chr(39), chr(39) * 2)}', master_use_gtid=slave_pos,"
        " master_connect_retry=1",
        "START SLAVE",
    )
    pair.us.sql("SET GLOBAL read_only = ON")
    hosts = [f"127.0.0.1:{server.port}" for server in (pair.us, replica)]
    pair.file = pairfile.merge(pair.file, {"regions": {"us": {"host": hosts, "port": pairfile.DELETE}}})
    pair.file["links"] = [{"from": "eu", "to": "us", "start": "beginning", "standby": True}]
    pair.write_config()
    try:
        yield pair, replica
    finally:
        replica.kill()


def ledger(server):
    return server.query("SELECT watermark, gtid, n FROM drc.ledger")


def test_a_standby_is_written_to_and_its_replica_takes_its_place(standby):
    pair, replica = standby
    applier = pair.applier("eu", "us")
    pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 30, "a stream")

    applier.launch()  # without the privilege it says which
    grant = re.search(r"Run: (GRANT .*;)", applier.expect_exit(77)).group(1)
    assert "READ_ONLY ADMIN" in grant
    pair.us.sql(grant.rstrip(";"))
    pair.start()
    with TokenLoad(pair.eu, threads=2, rate=100) as load:
        load.wait_for(50)
    pair.wait("eu", "us")
    pair.until(lambda: ledger(replica) == ledger(pair.us), 30, "all of it at the replica")
    assert sorted(replica.raw(TOKENS)) == sorted(pair.us.raw(TOKENS))
    assert pair.us.value("SELECT value FROM drc.meta WHERE name = 'standby_server'") == "mariadb server_id 2"

    # The replica falls behind, the target dies; until somebody says so the replica is not written to.
    replica.sql("STOP SLAVE")
    with TokenLoad(pair.eu, threads=2, rate=100) as more:
        more.wait_for(50)
    pair.wait("eu", "us")
    pair.us.kill()
    pair.until(lambda: "drc.meta names mariadb server_id 2" in (applier.status()["last_error"] or ""), 30, "its refusal")
    assert applier.status()["state"] == "retrying"
    statement = re.search(r"run there: (UPDATE [^;]*);", applier.status()["last_error"]).group(1)
    replica.sql("RESET SLAVE ALL", statement)
    pair.wait("eu", "us")
    assert "is behind: it has up to seq" in applier.text()
    TokenLoad.check(replica, [load, more])
    assert replica.value("SELECT @@read_only") == 1

    # Another one is named: what was open ends, and nothing more is written here.
    replica.sql("UPDATE drc.meta SET value = 'mariadb server_id 99' WHERE name = 'standby_server'")
    before = ledger(replica)
    pair.eu.sql("INSERT INTO shop.item VALUES (1)")
    pair.until(lambda: applier.status()["state"] == "retrying", 30, "word that it waits")
    assert ledger(replica) == before
    replica.sql("SET GLOBAL read_only = OFF")  # promoted: it is the one from now on
    pair.wait("eu", "us")
    assert replica.query("SELECT * FROM shop.item") == [(1,)]
    assert replica.value("SELECT value FROM drc.meta WHERE name = 'standby_server'") == "mariadb server_id 12"
