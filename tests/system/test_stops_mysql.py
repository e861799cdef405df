"""Stops whose ways out depend on MySQL's sets of GTIDs, walked with a MySQL source and a MariaDB target."""

import json

import pytest
from support.mariadb import MariaDB
from support.mysql import MySQL
from system.stops import act, acts, backup, drop_lost, insert, restore, settled


@pytest.fixture
def eu_us(make_pair):
    """MySQL to MariaDB, one way, not started."""
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "target_wins"}}, server={"eu": MySQL, "us": MariaDB})
    pair.start_servers()
    for one in pair.servers.values():
        one.sql(
            "SET SESSION sql_log_bin = 0",
            "CREATE DATABASE shop",
            "CREATE TABLE shop.item (n INT, text VARCHAR(1000)) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        )
    return pair


def test_a_lost_topic_is_rebuilt_and_a_gap_is_named(eu_us):
    pair = eu_us.start()
    capture, applier = pair.capture("eu"), pair.applier("eu", "us")
    insert(pair, 1, 5)
    pair.wait("eu", "us")
    applier.stop()
    pair.eu.prepare_xa("a", "INSERT INTO shop.item VALUES (50, 'a')")
    insert(pair, 10, 5)
    pair.captured("eu")
    pair.kafka.delete_topic(pair.topic("eu"))
    insert(pair, 20, 5)
    assert "drcctl stream rebuild --region eu --from-ledgers" in capture.expect_exit(69)
    act(pair, "rebuild", "--from-ledgers")
    pair.start()
    pair.eu.sql("XA COMMIT 'a'")
    settled(pair)
    assert [kind for kind, *_ in acts(pair)] == ["rebuild"]

    applier.stop()
    insert(pair, 30, 5)
    pair.captured("eu")
    capture.stop()
    pair.kafka.delete_topic(pair.topic("eu"))
    pair.eu.cut_binlog()
    gap = act(pair, "rebuild", "--from-ledgers", expect=69).stderr
    assert "no longer reaches that far" in gap and pair.eu.value("SELECT @@GLOBAL.gtid_purged").replace("\n", "") in gap


def test_a_restored_source_is_told_and_its_branch_accepted(eu_us):
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 5)
    kept = backup(pair)
    uuid, _, last = pair.eu.executed_gtids().rpartition("-")
    insert(pair, 10, 3)
    lost = [f"{uuid.split(':')[0]}:{int(last) + n}" for n in (1, 2, 3)]
    pair.wait("eu", "us")
    capture.stop()
    restore(pair, kept)
    capture.launch()
    cause = capture.expect_exit(69)
    assert "3 published transactions" in cause and "drcctl stream accept-branch --region eu --why TEXT" in cause
    assert all(f"published and not in the source gtid={gtid} " in capture.text() for gtid in lost)
    told = json.loads(act(pair, "accept-branch", "--json").stdout)["details"]
    assert [one["gtid"] for one in told["transactions"]] == lost
    capture.start()
    insert(pair, 20, 5)
    pair.wait("eu", "us")
    drop_lost(pair, 10, 12)
    settled(pair)


def test_a_tag_that_nobody_reckoned_with(eu_us):
    eu_us.file["regions"]["eu"]["gtid_tags"] = ["-"]
    eu_us.write_config()
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 3)
    pair.wait("eu", "us")
    pair.eu.sql("SET gtid_next = 'AUTOMATIC:batch'", "INSERT INTO shop.item VALUES (10, 'x')")
    cause = capture.expect_exit(69)
    assert ":batch:1 is of tag batch, which regions.eu.gtid_tags does not list" in cause
    pair.file["regions"]["eu"]["gtid_tags"] = ["-", "batch"]
    pair.write_config()
    capture.start()
    insert(pair, 20, 3)
    settled(pair)


def test_what_was_purged_unpublished_is_passed_over_by_name(eu_us):
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 5)
    pair.wait("eu", "us")
    capture.stop()
    insert(pair, 10, 3)
    pair.eu.cut_binlog()
    insert(pair, 20, 3)
    capture.launch()
    assert "drcctl stream accept-branch --region eu --purged --why TEXT" in capture.expect_exit(69)
    assert json.loads(act(pair, "accept-branch", "--purged", "--json").stdout)["details"]["never_published"] == 3
    capture.start()
    pair.wait("eu", "us")
    pair.us.sql("INSERT INTO shop.item VALUES (10, 'x'), (11, 'x'), (12, 'x')")
    settled(pair)
