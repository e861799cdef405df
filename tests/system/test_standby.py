"""A target that is kept read-only and has a native replica: written to all the same, equal to it, followed where it goes."""

import re

import pytest

from support import pairfile
from support.book_load import BookLoad
from support.load import TokenLoad, Watch
from support.mariadb import MariaDB
from support.mysql import MySQL
from support.spare import BY_KIND

TABLES = ("shop.token", "shop.entry", "shop.balance")
ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY)"
PRIVILEGE = {MariaDB: "READ_ONLY ADMIN", MySQL: "CONNECTION_ADMIN"}
WORKERS = 4
ROUNDS = 2


@pytest.fixture(params=[MariaDB, MySQL], ids=["mariadb", "mysql"])
def standby(make_pair, request):
    """A link to a read-only region us that has a native replica; returns (pair, that replica as a Spare)."""
    pair = make_pair(links=[("eu", "us")], server=request.param)
    schema = ("CREATE DATABASE shop", TokenLoad.TABLE, ITEM, *BookLoad.TABLES)
    pair.everywhere(*schema)
    spare = BY_KIND[request.param](pair.us)
    hosts = [f"127.0.0.1:{server.port}" for server in (pair.us, spare.server)]
    pair.file = pairfile.merge(pair.file, {"regions": {"us": {"host": hosts, "port": pairfile.DELETE}}})
    throttle = {"flag_file": str(pair.directory / "hold"), "replicas": hosts[1:], "max_lag": "2s"}
    pair.file["regions"]["us"]["throttle"] = throttle
    pair.file["links"] = [
        {"from": "eu", "to": "us", "start": "beginning", "standby": True, "apply": {"workers": WORKERS}}
    ]
    pair.write_config()
    try:
        spare.follow(*schema)
        pair.us.sql("SET GLOBAL read_only = ON")
        yield pair, spare
    finally:
        spare.server.kill()


def ledger(server):
    return server.query("SELECT slot, watermark, gtid, n FROM drc.ledger ORDER BY slot")


def identity(server):
    return f"mysql server_uuid {server.value('SELECT @@server_uuid')}" if server.kind == "mysql" else f"mariadb server_id {server.server_id}"


def named(server):
    return server.value("SELECT value FROM drc.meta WHERE name = 'standby_server'")


def equal_throughout(pair, spare):
    """Under load and kills every snapshot of the replica is whole, and whenever it has all it is equal to the target."""
    replica, applier = spare.server, pair.applier("eu", "us")
    loads = []
    with Watch(lambda: BookLoad.faults(replica), 0.2) as watch:
        for _ in range(ROUNDS):
            now = [TokenLoad(pair.eu, threads=1, rate=60).start(), BookLoad(pair.eu, threads=2, rate=120).start()]
            for load in now:
                load.wait_for(60)
            applier.kill()
            applier.launch()
            for load in now:
                load.wait_for(60)
                load.stop()
            loads += now
            pair.wait("eu", "us")
            pair.until(spare.has_all, 60, "all of it at the replica")
            # A server has a transaction in its binlog before it shows it.
            pair.until(lambda: ledger(replica) == ledger(pair.us), 60, "the ledger of the target at its replica")
            for table in TABLES:
                rows = f"SELECT * FROM {table}"
                assert sorted(replica.raw(rows)) == sorted(pair.us.raw(rows)), table
    assert set(watch.values) == {""}, f"snapshots of the replica: {watch.values}"
    TokenLoad.check(replica, loads[::2])
    BookLoad.check(replica, loads[1::2])
    return loads[::2]


def held_back(pair, spare):
    """By a flag file, and by the replica that is behind; from then on the link is not throttled any more."""
    applier, flag = pair.applier("eu", "us"), pair.directory / "hold"

    def told(word):
        return lambda: (of := applier.status())["state"] == "throttled" and word in (of["cause"] or "")

    flag.touch()
    pair.until(told("flag file"), 30, "word that it is held by the flag file")
    pair.eu.sql("INSERT INTO shop.item VALUES (100)")
    flag.unlink()
    pair.wait("eu", "us")
    spare.server.sql(spare.halt)
    pair.eu.sql("INSERT INTO shop.item VALUES (101)")
    pair.until(told("behind"), 60, "word that the replica is behind")
    pair.eu.sql("INSERT INTO shop.item VALUES (102)")
    spare.server.sql(spare.start)
    pair.wait("eu", "us")
    applier.stop()
    del pair.file["regions"]["us"]["throttle"]
    pair.write_config()
    applier.start()


def test_a_standby_is_written_to_and_its_replica_takes_its_place(standby):
    pair, spare = standby
    replica, applier = spare.server, pair.applier("eu", "us")
    pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 60, "a stream")

    for server in (pair.us, replica):
        server.sql("SET SESSION sql_log_bin = 0", f"REVOKE {PRIVILEGE[type(server)]} ON *.* FROM 'drc'@'%'")
    applier.launch()  # without the privilege it says which
    grant = re.search(r"Run: (GRANT .*;)", applier.expect_exit(77)).group(1)
    assert PRIVILEGE[type(replica)] in grant
    pair.us.sql(grant.rstrip(";"))
    pair.start()
    loads = equal_throughout(pair, spare)
    held_back(pair, spare)
    target = identity(pair.us)
    assert named(pair.us) == target

    # The replica falls behind, the target dies; until somebody says so the replica is not written to.
    replica.sql(spare.halt)
    with TokenLoad(pair.eu, threads=2, rate=100) as more:
        more.wait_for(50)
    pair.wait("eu", "us")
    pair.us.kill()
    refusal = f"drc.meta names {target}"
    pair.until(lambda: refusal in (applier.status()["last_error"] or ""), 60, "its refusal")
    assert applier.status()["state"] == "retrying"
    statement = re.search(r"run there: (UPDATE [^;]*);", applier.status()["last_error"]).group(1)
    replica.sql(spare.forget, statement)
    pair.wait("eu", "us")
    assert "DRC-3003 the target is behind" in applier.text()
    TokenLoad.check(replica, [*loads, more])
    assert replica.value("SELECT @@read_only") == 1

    # Another one is named: what was open ends, and nothing more is written here.
    replica.sql("UPDATE drc.meta SET value = 'mariadb server_id 99' WHERE name = 'standby_server'")
    before = ledger(replica)
    pair.eu.sql("INSERT INTO shop.item VALUES (1)")
    pair.until(lambda: applier.status()["state"] == "retrying", 60, "word that it waits")
    assert ledger(replica) == before
    replica.sql("SET GLOBAL read_only = OFF")  # promoted: it is the one from now on
    pair.wait("eu", "us")
    assert replica.query("SELECT id FROM shop.item WHERE id < 100") == [(1,)]
    assert named(replica) == identity(replica)
