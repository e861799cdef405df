"""A region of two servers: the source dies, its replica is promoted, and the links go on with it, or say why not."""

import pytest

from support.load import TokenLoad
from support.mariadb import MariaDB
from support.spare import MySQLSpare, Spare


BOTH_FLAVORS = pytest.mark.parametrize("two_hosts", [Spare, MySQLSpare], ids=["mariadb", "mysql"], indirect=True)


@pytest.fixture
def two_hosts(make_pair, request):
    """A two-way pair at work, whose region eu has a second server; returns (pair, spare)."""
    spare_kind = getattr(request, "param", Spare)
    rule = {"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}}
    pair = make_pair(conflicts=rule, server={"eu": spare_kind.kind, "us": MariaDB})
    schema = ("CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", TokenLoad.TABLE)
    pair.everywhere(*schema)
    spare = spare_kind(pair.eu)
    spare.share_region(pair)
    try:
        spare.follow(*schema)
        pair.start()
        yield pair, spare
    finally:
        spare.server.kill()


def name(server):
    return f"127.0.0.1:{server.port}"


@BOTH_FLAVORS
def test_a_promoted_replica_takes_over(two_hosts):
    pair, spare = two_hosts
    loads = [TokenLoad(server, threads=2, rate=50) for server in (pair.eu, pair.us)]
    for load in loads:
        load.start().wait_for(50)
    loads[0].stop()
    goal = pair.eu.executed_gtids()
    pair.until(lambda: spare.server.executed_gtids() == goal or pair.eu.executed_gtids() != goal, 30, "the replica")
    loads[1].stop()
    pair.settle()
    pair.wait_for_canaries()  # the next are minutes away, so nobody writes any more
    goal = pair.eu.executed_gtids()
    pair.until(lambda: spare.server.executed_gtids() == goal, 30, "the replica to have all")
    pair.eu.kill()
    capture, applier = pair.capture("eu"), pair.applier("us", "eu")
    pair.until(lambda: "read_only" in (applier.status()["last_error"] or ""), 30, "word that the replica is read-only")
    spare.promote()
    loads += [TokenLoad(server, threads=2, rate=50) for server in (spare.server, pair.us)]
    for load in loads[2:]:
        load.start().wait_for(50)
        load.stop()
    pair.settle()
    assert f"the source is: {name(spare.server)}" in capture.text()
    TokenLoad.check(pair.us, loads)
    TokenLoad.check(spare.server, loads)
    assert {daemon.status()["state"] for daemon in pair.daemons} == {"running"}
    assert int(pair.reconcile()[-1].get("differences", 0)) == 0


@BOTH_FLAVORS
def test_a_replica_that_lacks_what_is_published_is_refused_by_name(two_hosts):
    pair, spare = two_hosts
    with TokenLoad(pair.eu) as load:
        load.wait_for(20)
        spare.server.sql(spare.halt)
        load.wait_for(20)
    pair.wait("eu", "us")
    pair.eu.kill()
    spare.promote()
    capture = pair.capture("eu")
    pair.until(lambda: f"not taken as the source: {name(spare.server)} has come to" in capture.text(), 30, "refusal of the spare")
    assert "of what is published: not taken as the source" in capture.text()
    pair.until(lambda: capture.status()["state"] == "retrying", 30, "word that capture waits for the other host")
    assert "lacks" in capture.status()["last_error"]
    spare.server.kill()
    pair.eu.start()
    with TokenLoad(pair.eu) as more:
        more.wait_for(20)
    pair.wait("eu", "us")
    TokenLoad.check(pair.us, [load, more])


def test_a_region_without_any_host_that_has_all_stops(two_hosts):
    pair, spare = two_hosts
    with TokenLoad(pair.eu) as load:
        load.wait_for(20)
    pair.wait("eu", "us")
    capture = pair.capture("eu")
    capture.stop()
    pair.applier("us", "eu").stop()
    spare.server.sql("STOP SLAVE", "RESET SLAVE ALL", "RESET MASTER")
    pair.eu.sql("RESET MASTER")
    capture.launch()
    cause = capture.expect_exit(69)
    assert "the source lost transactions" in cause
    for server in (pair.eu, spare.server):
        assert f"not taken as the source: {name(server)} has come to" in capture.text()
