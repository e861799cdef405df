"""Semi-synchronous capture: a commit that returned is in the topic, even when the source burns the next moment.

The server waits for word of capture, without a limit, and capture gives it only for what the broker has.
"""

import shutil
import subprocess
import time

import pytest

from support.load import TokenLoad
from support.mariadb import MariaDB
from support.mysql import MySQL

pytestmark = pytest.mark.own_broker

MYSQL = {
    "plugin_load_add": "semisync_source.so",
    "rpl_semi_sync_source_enabled": "ON",
    "rpl_semi_sync_source_timeout": 4294967295,
}
MARIADB = {
    "rpl_semi_sync_master_enabled": "ON",
    "rpl_semi_sync_master_wait_point": "AFTER_SYNC",
    "rpl_semi_sync_master_timeout": 4294967295,
}


@pytest.fixture
def make_source(make_pair):
    """One region whose commits wait for its capture, and its broker; the capture is not started."""

    def make(region=None, options=None, server=MariaDB):
        region = {"semi_sync": True, **(region or {})}
        usual = MYSQL if server is MySQL else MARIADB
        config = {"regions": {"eu": region}}
        pair = make_pair(links=[("eu", "us")], server=server, options={**usual, **(options or {})}, config=config)
        pair.eu.start()
        pair.kafka.start()
        pair.eu.sql("SET SESSION sql_log_bin = 0", "CREATE DATABASE shop", TokenLoad.TABLE)
        return pair

    return make


def start_capture(pair):
    capture = pair.capture("eu").start()
    pair.until(lambda: capture.status()["phase"] == "streaming", 60, "capture at work")
    return capture


def assert_in_topic(pair, load):
    """Every transaction that was answered for is in the topic."""
    there = {change["after"]["txn"] for event in pair.events("eu", "--table", "shop.token") for change in event.get("rows", [])}
    lost = [mark for mark in load.sure if mark[0] not in there]
    assert not lost, f"{len(lost)} transactions are not in the topic ({load.summary()})"


def burn_under_load(pair):
    """The broker stalls, and while it does the region burns: the source with its data, and the capture beside it."""
    with TokenLoad(pair.eu, threads=4) as load:
        load.wait_for(300)
        pair.kafka.freeze()  # what is written now reaches capture, and nobody else
        time.sleep(2)
        pair.capture("eu").kill()
        pair.eu.kill()
        load.finish()
    shutil.rmtree(pair.eu.datadir)
    pair.kafka.thaw()
    assert_in_topic(pair, load)


@pytest.mark.parametrize("server", [MariaDB, MySQL])
def test_what_returned_is_in_the_topic_when_the_source_is_gone(make_source, server):
    pair = make_source(server=server)
    start_capture(pair)
    assert pair.eu.query("SHOW STATUS LIKE 'Rpl_semi_sync_%_clients'")[0][1] == "1"
    burn_under_load(pair)


def certificate(directory):
    key, cert = directory / "server.key", directory / "server.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*words, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return {"skip_ssl": None, "ssl_key": key, "ssl_cert": cert}


def test_the_same_over_an_encrypted_connection(make_source, directory):
    pair = make_source({"tls": {"mode": "required"}}, certificate(directory))
    start_capture(pair)
    with pair.eu.connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop.token SELECT MD5(seq), 'big', 1, 'eu', REPEAT('y', 400), NOW(6) FROM shop.seq_1_to_20000")
    burn_under_load(pair)


WRITERS = 2


def assert_stands_still(load, otherwise):
    """What was acknowledged before may still return: one of each writer."""
    before = len(load.sure)
    time.sleep(3)
    assert len(load.sure) <= before + WRITERS, otherwise


@pytest.mark.parametrize("server", [MariaDB, MySQL])
def test_commits_wait_for_the_broker_and_for_capture(make_source, server):
    pair = make_source(server=server)
    capture = start_capture(pair)
    with TokenLoad(pair.eu, threads=WRITERS) as load:
        load.wait_for(100)
        pair.kafka.freeze()
        assert_stands_still(load, "commits return that no broker has")
        pair.kafka.thaw()
        load.wait_for(100)
        capture.kill()
        assert_stands_still(load, "commits return while capture is away")
        capture.start()
        load.wait_for(100)
    assert_in_topic(pair, load)


def test_two_regions_that_wait_for_each_capture(make_pair):
    """The appliers' own transactions wait as well, from the first one on, which makes their row of the ledger."""
    both = {name: {"semi_sync": True} for name in ("eu", "us")}
    pair = make_pair(
        options=MARIADB,
        config={"regions": both, "capture": {"canary": "1s"}},
        conflicts={"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}},
    )
    pair.everywhere("CREATE DATABASE shop", TokenLoad.TABLE)
    pair.start()
    loads = [TokenLoad(server, threads=2, rate=50) for server in (pair.eu, pair.us)]
    for load in loads:
        load.start()
    for load in loads:
        load.wait_for(100)
        load.stop()
    pair.settle()
    pair.assert_equal("shop.token")
    for server in (pair.eu, pair.us):
        TokenLoad.check(server, loads)
    pair.wait_for_canaries()


def test_what_the_server_must_have_set_is_told(make_source):
    pair = make_source(options={"rpl_semi_sync_master_enabled": "OFF", "rpl_semi_sync_master_wait_point": "AFTER_COMMIT"})
    capture = pair.capture("eu")
    capture.launch()
    assert "SET GLOBAL rpl_semi_sync_master_enabled = ON;" in capture.expect_exit(78)
    assert "SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC';" in capture.text()
    pair.eu.sql("SET GLOBAL rpl_semi_sync_master_enabled = ON", "SET GLOBAL rpl_semi_sync_master_timeout = 10000")
    start_capture(pair)
    assert "SET GLOBAL rpl_semi_sync_master_timeout" in capture.text()


def test_what_a_mysql_server_must_have_set_is_told(make_source):
    pair = make_source(server=MySQL, options=dict.fromkeys(MYSQL))
    capture = pair.capture("eu")
    capture.launch()
    cause = capture.expect_exit(78)
    assert "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; SET PERSIST rpl_semi_sync_source_enabled" in cause
    pair.eu.sql("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'", "SET PERSIST rpl_semi_sync_source_enabled = ON")
    start_capture(pair)
    assert "SET PERSIST rpl_semi_sync_source_timeout = 4294967295;" in capture.text()
