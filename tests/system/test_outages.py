"""Broker and servers go and come back, in order or not: the links go on by themselves, and nothing is lost.

Each daemon says meanwhile what it is waiting for.
"""

import time

import pymysql
import pytest

from support.load import TokenLoad

SHORT = 4  # seconds
BROKER_AWAY = 20
NO_SUCH_THREAD = 1094  # the server's error


@pytest.fixture
def loads(pair):
    """Both regions are written all the time."""
    pair.everywhere(TokenLoad.TABLE)
    pair.start()
    started = [TokenLoad(server, threads=2, rate=100).start() for server in (pair.eu, pair.us)]
    for load in started:
        load.wait_for(100)
    yield started
    for load in started:
        load.stop()


def assert_goes_on(pair, loads):
    """The daemons are those that were started, all is carried over, and then they work as before."""
    for load in loads:
        load.wait_for(100)
        load.stop()
    pair.settle()
    pair.check()
    for server in pair.servers.values():
        TokenLoad.check(server, loads)
    pair.assert_equal("shop.token")
    assert {daemon.status()["state"] for daemon in pair.daemons} == {"running"}


def state_is(daemon, state):
    return lambda: daemon.status()["state"] == state


@pytest.mark.own_broker
def test_the_broker_is_away_for_a_while(pair, loads):
    pids = [daemon.pid for daemon in pair.daemons]
    pair.kafka.stop()
    gone = time.monotonic()
    for daemon in pair.daemons:
        pair.until(state_is(daemon, "retrying"), BROKER_AWAY, f"word of {daemon.name} that it is retrying")
    time.sleep(max(0, gone + BROKER_AWAY - time.monotonic()))
    pair.kafka.start()
    for load in loads:
        load.wait_for(100)
    pair.kafka.kill()
    time.sleep(SHORT)
    pair.kafka.start()
    assert_goes_on(pair, loads)
    assert [daemon.pid for daemon in pair.daemons] == pids


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_server_is_away_for_a_while(pair, loads, end):
    """Each server is the source of one link and the target of the other."""
    for name, server in pair.servers.items():
        others = [other for other in pair.servers if other != name]
        getattr(server, end)()
        pair.until(state_is(pair.capture(name), "retrying"), 30, f"word of {name}'s capture that it is retrying")
        for other in others:
            applier = pair.applier(other, name)
            pair.until(state_is(applier, "retrying"), 30, f"word of {name}'s applier that it is retrying")
        time.sleep(SHORT)
        server.start()
        for load in loads:
            load.wait_for(50)
    assert_goes_on(pair, loads)


def kill_connection(server, connection):
    """Whether it was still there."""
    try:
        server.sql(f"KILL {connection}")
    except pymysql.err.OperationalError as error:
        if error.args[0] != NO_SUCH_THREAD:
            raise
        return False
    return True


def test_workers_lose_their_connections_one_after_another(pair, loads):
    """Each goes on by itself: the session with all that was read stays."""
    applier = pair.applier("eu", "us")
    holders = "SELECT IS_USED_LOCK(CONCAT('drc.', LOWER(HEX(owner)), '.', slot)) FROM drc.ledger ORDER BY slot"
    killed = 0
    for _ in range(3):
        for (connection,) in pair.us.query(holders):
            if connection:
                killed += kill_connection(pair.us, connection)
            loads[0].wait_for(20)
    assert_goes_on(pair, loads)
    log = applier.log.read_text()
    assert killed >= 4 and log.count("has lost its connection, the others go on") > 2
    assert log.count("DRC-3001 the link goes on") == 1
