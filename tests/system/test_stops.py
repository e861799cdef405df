"""Every stop of a stream: its message, its exit code, and its documented way out, walked until both sides are equal.

`shop.item` has no key, so that what takes effect twice shows as duplicate rows.
"""

import json
import zlib

import pytest
from system.stops import act, acts, backup, drop_lost, insert, restore, settled

OVER = "--delete-topic"


@pytest.fixture
def eu_us(make_pair):
    """One way, not started; two more targets may be asked for by the tests that need them."""
    return prepared(make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "target_wins"}}))


def prepared(pair):
    pair.everywhere(
        "CREATE DATABASE shop",
        "CREATE TABLE shop.item (n INT, text VARCHAR(1000))",
        "CREATE TABLE shop.stock (id INT PRIMARY KEY, qty INT)",
        "INSERT INTO shop.stock VALUES (1, 10), (2, 10)",
    )
    for server in pair.servers.values():  # what the commands need beside the daemons' grants
        server.sql("GRANT BINLOG MONITOR ON *.* TO 'drc'@'%'")
    return pair


# ---- the topic is lost ----


def test_a_lost_topic_is_rebuilt_from_the_ledger(eu_us):
    pair = eu_us.start()
    capture, applier = pair.capture("eu"), pair.applier("eu", "us")
    insert(pair, 1, 5)
    pair.wait("eu", "us")
    insert(pair, 6, 5)
    pair.wait("eu", "us")
    applier.stop()
    insert(pair, 100, 5)  # published, and in no target yet
    pair.until(lambda: "queued 0" in "\n".join(capture.ask("status")), 30, "publishing")
    pair.kafka.delete_topic(pair.topic("eu"))
    insert(pair, 200, 5)
    cause = capture.expect_exit(69)
    assert f"topic {pair.topic('eu')}" in cause and "drcctl stream rebuild --region eu --from-ledgers" in cause

    told = act(pair, "rebuild", "--from-ledgers", "--dry-run")
    assert "nothing was changed" in told.stdout and pair.topic("eu") not in pair.kafka.topics()
    done = json.loads(act(pair, "rebuild", "--from-ledgers", "--json").stdout)
    assert done["done"] and done["details"]["ledgers"][0]["to"] == "us"
    pair.start()
    settled(pair)
    assert acts(pair) == [("rebuild", "test of rebuild", done["details"])]
    applier.kill()
    applier.start()
    insert(pair, 300, 5)
    settled(pair)
    assert len(acts(pair)) == 1


def test_an_applier_that_is_started_anew_right_after_a_rebuild_goes_on(eu_us):
    """With nothing but the act in its ledger: that has the epoch and the chain of its new place, not the act's own."""
    pair = eu_us.start()
    capture, applier = pair.capture("eu"), pair.applier("eu", "us")
    for first in (1, 6):
        insert(pair, first, 5)
        pair.wait("eu", "us")
    capture.stop()
    pair.kafka.delete_topic(pair.topic("eu"))
    act(pair, "rebuild", "--from-ledgers")
    capture.start()
    pair.until(lambda: acts(pair), 60, "the act in the journal")
    applier.stop()
    applier.start()
    insert(pair, 11, 5)
    settled(pair)
    assert len(acts(pair)) == 1


def test_targets_at_different_places_and_prepared_bodies_find_their_own(make_pair):
    """`us` stands before transactions that `ap` has; bodies prepared long before the loss are captured again."""
    pair = prepared(make_pair(regions=("eu", "us", "ap"), conflicts={"default": {"policy": "stop"}})).start()
    capture, us = pair.capture("eu"), pair.applier("eu", "us")
    insert(pair, 1, 3)
    pair.settle()
    pair.eu.prepare_xa("early", "INSERT INTO shop.item VALUES (50, 'early')")
    insert(pair, 10, 3)
    pair.settle()
    us.stop()
    pair.eu.prepare_xa("late", "INSERT INTO shop.item VALUES (60, 'late')")
    insert(pair, 20, 3)
    pair.wait("eu", "ap")
    pair.eu.sql("XA ROLLBACK 'late'")
    pair.eu.prepare_xa("later", "INSERT INTO shop.item VALUES (70, 'later')")
    pair.wait("eu", "ap")

    pair.kafka.delete_topic(pair.topic("eu"))
    insert(pair, 30, 3)
    capture.expect_exit(69)
    act(pair, "rebuild", "--from-ledgers")
    pair.eu.sql("XA COMMIT 'early'")
    pair.start()
    settled(pair)
    pair.eu.sql("XA COMMIT 'later'")
    settled(pair)
    assert [kind for kind, *_ in acts(pair, "us")] == [kind for kind, *_ in acts(pair, "ap")] == ["rebuild"]


def test_a_new_stream_in_the_place_of_the_lost_one_is_told_and_taken_back(eu_us):
    """Started again on an empty topic, capture begins a new stream; the applier stops, and the former one is rebuilt."""
    pair = eu_us.start()
    capture, applier = pair.capture("eu"), pair.applier("eu", "us")
    insert(pair, 1, 5)
    pair.wait("eu", "us")
    capture.stop()
    insert(pair, 6, 5)
    applier.stop()
    pair.kafka.delete_topic(pair.topic("eu"))
    capture.start()
    insert(pair, 11, 5)
    pair.until(lambda: pair.stream_stands("eu"), 30, "a new stream")
    applier.launch()
    cause = applier.expect_exit(69)
    assert "another stream" in cause and "drcctl stream rebuild --region eu --from-ledgers --delete-topic" in cause

    busy = act(pair, "rebuild", "--from-ledgers", OVER, expect=75)
    assert "capture of eu runs on this host" in busy.stderr
    capture.stop()
    there = act(pair, "rebuild", "--from-ledgers", expect=69)
    assert OVER in there.stderr
    act(pair, "rebuild", "--from-ledgers", OVER)
    pair.start()
    settled(pair)


def test_a_truncated_topic_is_rebuilt(eu_us):
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 5)
    pair.wait("eu", "us")
    insert(pair, 6, 1)
    pair.wait("eu", "us")
    capture.stop()
    pair.kafka.delete_records(pair.topic("eu"), pair.kafka.topic_end(pair.topic("eu")))
    insert(pair, 7, 5)
    capture.launch()
    cause = capture.expect_exit(69)
    assert "truncated" in cause and f"drcctl stream rebuild --region eu --from-ledgers {OVER}" in cause
    act(pair, "rebuild", "--from-ledgers", OVER)
    pair.start()
    settled(pair)
    assert [kind for kind, *_ in acts(pair)] == ["rebuild"]


def test_a_rebuild_that_the_binlog_does_not_reach_names_the_gap(eu_us):
    pair = eu_us.start()
    capture, applier = pair.capture("eu"), pair.applier("eu", "us")
    insert(pair, 1, 5)
    pair.wait("eu", "us")
    applier.stop()
    insert(pair, 6, 5)
    pair.captured("eu")
    capture.stop()
    pair.kafka.delete_topic(pair.topic("eu"))
    pair.eu.cut_binlog()
    gap = act(pair, "rebuild", "--from-ledgers", expect=69).stderr
    assert "no longer reaches that far" in gap and pair.eu.executed_gtids() in gap
    assert pair.topic("eu") not in pair.kafka.topics()


# ---- the source is not what it was ----


def test_a_restored_source_is_told_and_its_branch_accepted(eu_us):
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 5)
    kept = backup(pair)
    first = pair.eu.executed_gtids()
    insert(pair, 10, 3)
    lost = [f"0-1-{int(first.split('-')[2]) + n}" for n in (1, 2, 3)]
    pair.wait("eu", "us")
    capture.stop()
    restore(pair, kept)
    capture.launch()
    cause = capture.expect_exit(69)
    assert "lost transactions" in cause and "3 published transactions" in cause
    assert "drcctl stream accept-branch --region eu --why TEXT" in cause
    assert all(f"published and not in the source gtid={gtid} " in capture.text() for gtid in lost)

    dry = act(pair, "accept-branch", "--dry-run")
    assert all(gtid in dry.stdout for gtid in lost) and "nothing was changed" in dry.stdout
    told = json.loads(act(pair, "accept-branch", "--json").stdout)["details"]
    assert [one["gtid"] for one in told["transactions"]] == lost and told["position"] == first
    capture.start()
    insert(pair, 20, 5)  # under the GTIDs of those that are lost
    pair.wait("eu", "us")
    drop_lost(pair, 10, 12)
    settled(pair)
    assert acts(pair) == [("accept-branch", "test of accept-branch", told)]
    (entry,) = pair.conflicts()
    assert entry["kind"] == "operator_act" and entry["incoming_image"] == told
    assert "test of accept-branch" in pair.ctl("conflicts", "list").stdout
    assert lost[0] in pair.ctl("conflicts", "show", entry["id"]).stdout


def test_a_source_that_went_on_by_itself_is_told_by_what_its_gtids_hold(eu_us):
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 5)
    kept = backup(pair)
    common = pair.eu.executed_gtids()
    insert(pair, 10, 3)
    pair.wait("eu", "us")
    capture.stop()
    restore(pair, kept)
    insert(pair, 20, 6, "other")
    capture.launch()
    cause = capture.expect_exit(69)
    assert "lost transactions" in cause and "accept-branch --region eu --at POSITION --why TEXT" in cause
    nothing = act(pair, "accept-branch", expect=64)
    assert "--at" in nothing.stderr
    wrong = act(pair, "accept-branch", "--at", "0-1-1000", expect=64)
    assert "do not both have it" in wrong.stderr
    act(pair, "accept-branch", "--at", common)
    capture.start()
    pair.wait("eu", "us")
    drop_lost(pair, 10, 12)
    settled(pair)


def test_a_reset_source_goes_on_from_its_new_beginning(eu_us):
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 5)
    pair.wait("eu", "us")
    capture.stop()
    pair.eu.sql("RESET MASTER")
    insert(pair, 10, 3)
    capture.launch()
    assert "lost transactions" in capture.expect_exit(69)
    act(pair, "accept-branch")  # by its GTIDs; but under them stand other transactions
    capture.launch()
    assert "--at POSITION" in capture.expect_exit(69)
    act(pair, "accept-branch", "--at", "none")
    capture.start()
    insert(pair, 20, 5)
    settled(pair)
    assert [kind for kind, *_ in acts(pair)] == ["accept-branch", "accept-branch"]


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
    cause = capture.expect_exit(69)
    assert "purged" in cause and "drcctl stream accept-branch --region eu --purged --why TEXT" in cause
    told = json.loads(act(pair, "accept-branch", "--purged", "--json").stdout)["details"]
    assert told["never_published"] == 3
    capture.start()
    pair.wait("eu", "us")
    pair.us.sql("INSERT INTO shop.item VALUES (10, 'x'), (11, 'x'), (12, 'x')")
    settled(pair)
    assert acts(pair)[0][2] == told


# ---- single events ----


def test_events_without_column_names_are_read_with_accepted_ones(eu_us):
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 3)
    pair.wait("eu", "us")
    pair.eu.sql("SET GLOBAL binlog_row_metadata = MINIMAL")
    insert(pair, 10, 3)
    pair.eu.sql("UPDATE shop.stock SET qty = qty + 1 WHERE id = 1", "CREATE TABLE shop.more (a ENUM('x', 'y'), b INT)")
    cause = capture.expect_exit(69)
    assert "shop.item" in cause and "binlog.0" in cause and "SET GLOBAL binlog_row_metadata='FULL'" in cause
    way_out = "drcctl stream accept-definition --region eu --table shop.{} --why TEXT"
    assert way_out.format("item") in cause
    still = act(pair, "accept-definition", "--table", "shop.item", expect=78)
    assert "still writes binlog_row_metadata=MINIMAL" in still.stderr
    pair.eu.sql("SET GLOBAL binlog_row_metadata = 'FULL'")

    pair.eu.sql("ALTER TABLE shop.item ADD extra INT")  # the live table does not fit those events any more
    act(pair, "accept-definition", "--table", "shop.item")
    capture.launch()
    assert "count or types of its columns are others" in capture.expect_exit(69)
    act(pair, "accept-definition", "--table", "shop.item", "--definition", "us")
    capture.launch()
    assert way_out.format("stock") in capture.expect_exit(69)
    told = json.loads(act(pair, "accept-definition", "--table", "shop.stock", "--json").stdout)["details"]
    assert [column["name"] for column in told["columns"]] == ["id", "qty"]
    capture.start()
    pair.us.sql("SET SESSION sql_log_bin = 0", "ALTER TABLE shop.item ADD extra INT")
    insert_more = "INSERT INTO shop.item VALUES (20, 'x', 1)"
    pair.eu.sql(insert_more, "UPDATE shop.stock SET qty = qty + 1 WHERE id = 2")
    settled(pair, "shop.stock")
    assert [kind for kind, *_ in acts(pair)] == ["accept-definition"] * 3


def test_replayed_transactions_need_no_column_names(make_pair):
    """What an applier wrote is known by the ledger's own layout, and dropped: metadata does not matter."""
    pair = prepared(make_pair(conflicts={"default": {"policy": "stop"}})).start()
    insert(pair, 1, 3)
    pair.wait("eu", "us")
    pair.us.sql("SET GLOBAL binlog_row_metadata = MINIMAL")
    insert(pair, 10, 3)
    settled(pair)
    pair.check()
    pair.us.sql("INSERT INTO shop.item VALUES (20, 'local')")
    assert "shop.item" in pair.capture("us").expect_exit(69)


UNKNOWN = 250  # no server writes it


def make_unknown(pair, number):
    """Turn the annotation of the statement that inserted `number` into an event of a type that nobody knows."""
    pair.eu.stop()
    for path in sorted(pair.eu.datadir.glob("binlog.0*")):
        data = bytearray(path.read_bytes())
        offset = 4
        while offset + 19 <= len(data):
            size = int.from_bytes(data[offset + 9 : offset + 13], "little")
            if data[offset + 4] == 160 and f"VALUES ({number},".encode() in data[offset : offset + size]:
                data[offset + 4] = UNKNOWN
                checksum = zlib.crc32(data[offset : offset + size - 4])
                data[offset + size - 4 : offset + size] = checksum.to_bytes(4, "little")
                path.write_bytes(data)
                pair.eu.start()
                return f"{path.name}:{offset}"
            offset += size
    raise AssertionError(f"no annotation of {number}")


def test_an_unknown_event_is_passed_over_where_it_was_said(eu_us):
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 3)
    pair.wait("eu", "us")
    capture.stop()
    insert(pair, 10, 3)
    places = [make_unknown(pair, 10), make_unknown(pair, 12)]
    for place in places:
        capture.launch()
        cause = capture.expect_exit(69)
        assert f"{place}: event of type {UNKNOWN}" in cause
        assert f"drcctl stream skip --region eu --at {place} --why TEXT" in cause
        act(pair, "skip", "--at", place)
    capture.start()
    insert(pair, 20, 3)
    settled(pair)
    assert [details["offset"] for _, _, details in acts(pair)] == [int(place.split(":")[1]) for place in places]
    nothing = act(pair, "skip", "--at", places[0], "--dry-run", expect=75)
    assert "runs on this host" in nothing.stderr


def test_a_change_in_the_binlog_as_a_statement_is_passed_over(eu_us):
    pair = eu_us.start()
    insert(pair, 1, 3)
    pair.eu.sql("SET SESSION binlog_format = STATEMENT", "INSERT INTO shop.item VALUES (10, 'x')")
    insert(pair, 20, 3)
    cause = pair.capture("eu").expect_exit(69)
    assert "in the binlog as a statement" in cause
    place = cause.split("stream skip --region eu --at ")[1].split()[0]
    act(pair, "skip", "--at", place)
    pair.capture("eu").start()
    pair.wait("eu", "us")
    pair.us.sql("INSERT INTO shop.item VALUES (10, 'x')")
    settled(pair)


def test_rows_that_are_not_whole_are_passed_over(eu_us):
    """A session chose another binlog_row_image for itself, which no look at the server's settings shows."""
    pair = eu_us.start()
    insert(pair, 1, 3)
    pair.eu.sql("CREATE DATABASE elsewhere", "CREATE TABLE elsewhere.t (id INT PRIMARY KEY, n INT)", "INSERT INTO elsewhere.t VALUES (1, 1)")
    pair.eu.sql("SET SESSION binlog_row_image = MINIMAL", "UPDATE elsewhere.t SET n = 2")
    pair.wait("eu", "us")  # a table that is none of the pair's business
    pair.eu.sql("SET SESSION binlog_row_image = MINIMAL", "UPDATE shop.stock SET qty = 7 WHERE id = 1")
    pair.eu.sql("UPDATE shop.stock SET qty = 8 WHERE id = 2")
    cause = pair.capture("eu").expect_exit(69)
    assert "a row image is not whole" in cause and "SET GLOBAL binlog_row_image=FULL" in cause
    place = cause.split("stream skip --region eu --at ")[1].split()[0]
    act(pair, "skip", "--at", place)
    pair.capture("eu").start()
    pair.wait("eu", "us")
    assert pair.us.query("SELECT id, qty FROM shop.stock ORDER BY id") == [(1, 10), (2, 8)]


# ---- surprises ----


def test_a_domain_that_nobody_reckoned_with(eu_us):
    eu_us.file["regions"]["eu"]["gtid_domains"] = [0]
    eu_us.write_config()
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 3)
    pair.wait("eu", "us")
    pair.eu.sql("SET SESSION gtid_domain_id = 7", "INSERT INTO shop.item VALUES (10, 'x')")
    cause = capture.expect_exit(69)
    assert "7-1-1 is of domain 7, which regions.eu.gtid_domains does not list" in cause
    pair.file["regions"]["eu"]["gtid_domains"] = [0, 7]
    pair.write_config()
    capture.start()
    insert(pair, 20, 3)
    settled(pair)


def test_a_gtid_used_twice_or_out_of_order(eu_us):
    """Two servers with one server id in one domain: what would break the order stops the link."""
    pair = eu_us.start()
    capture = pair.capture("eu")
    insert(pair, 1, 5)
    pair.wait("eu", "us")
    pair.eu.sql(
        "SET GLOBAL gtid_strict_mode = 0",
        "SET SESSION gtid_seq_no = 3",
        "INSERT INTO shop.item VALUES (10, 'x')",
    )
    cause = capture.expect_exit(69)
    assert "used twice or out of order" in cause and "0-1-3" in cause and "begin a new stream" in cause
    refused = act(pair, "accept-branch", expect=78)
    assert "SET GLOBAL gtid_strict_mode=1" in refused.stderr
    # The one way out that holds: a new stream, once both sides are equal.
    pair.us.sql("INSERT INTO shop.item VALUES (10, 'x')")
    pair.applier("eu", "us").stop()
    pair.kafka.delete_topic(pair.topic("eu"))
    pair.us.sql("DELETE FROM drc.ledger")
    pair.eu.sql("SET GLOBAL gtid_strict_mode = 1", "RESET MASTER")
    pair.start()
    insert(pair, 20, 3)
    settled(pair)


def test_a_capture_on_another_host_is_noticed(eu_us):
    eu_us.file["capture"] = {"heartbeat": "3s"}  # it is looked for during three of them
    eu_us.write_config()
    pair = eu_us.start()
    insert(pair, 1, 3)
    pair.wait("eu", "us")
    pair.capture("eu").stop()
    rival = pair.rival(pair.capture("eu")).start()
    pair.until(lambda: rival.status()["state"] == "running", 60, "the other capture")
    busy = act(pair, "accept-branch", expect=75)
    assert "runs on another host" in busy.stderr
    rival.stop()
    assert acts(pair) == []


def test_both_streams_of_a_pair_are_rebuilt(make_pair):
    """The whole cluster is lost: what was replayed is recognised again, and nothing loops or comes twice."""
    pair = prepared(make_pair(conflicts={"default": {"policy": "stop"}})).start()
    insert(pair, 1, 5)
    pair.us.sql(*[f"INSERT INTO shop.item VALUES ({n}, 'us')" for n in range(100, 105)])
    pair.settle()
    pair.stop()
    insert(pair, 10, 3)
    pair.us.sql(*[f"INSERT INTO shop.item VALUES ({n}, 'us')" for n in range(110, 113)])
    for region in ("eu", "us"):
        pair.kafka.delete_topic(pair.topic(region))
    for region in ("eu", "us"):
        pair.ctl("stream", "rebuild", "--region", region, "--from-ledgers", "--why", "the cluster burned")
    pair.start()
    settled(pair)
    assert len(acts(pair, "eu")) == len(acts(pair, "us")) == 1
