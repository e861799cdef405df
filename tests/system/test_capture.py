"""The capture daemon against a real source and broker: exactly once into the topic, whatever is killed or cut.

What is published is counted by the record headers that people see in kcat (drc-epoch, drc-seq, drc-gtid, drc-kind),
under the rule that every reader follows: a record counts if its epoch is the highest announced before it.
"""

import time

import pymysql
import pytest
from support import pairfile
from support.load import TokenLoad


@pytest.fixture
def eu(make_pair):
    """A pair of which only the source and the broker run; its capture is not started."""
    pair = make_pair(links=[("eu", "us")])
    pair.eu.start()
    pair.kafka.start()
    pair.eu.sql("CREATE DATABASE shop", TokenLoad.TABLE)
    return pair


def position(pair):
    """The seq of the newest transaction in the source's binlog."""
    return int(pair.eu.executed_gtids().split("-")[2])


def published(pair):
    """The transactions that count, in order: (seq, GTID's seq); fragments are one."""
    found, epoch = [], 0
    for record in pair.kafka.records(pair.topic("eu")):
        headers = record["headers"]
        number, kind = int(headers["drc-epoch"]), headers.get("drc-kind", "data")
        if kind == "epoch":
            epoch = max(epoch, number)
        elif number == epoch and kind in ("data", "ddl"):
            entry = (int(headers["drc-seq"]), int(headers["drc-gtid"].split("-")[2]))
            if not found or found[-1] != entry:
                found.append(entry)
    return found


def begin(pair):
    """Start the capture, and wait until its stream stands; returns the daemon and the GTID's seq it begins after."""
    capture = pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 90, "a stream in the topic")
    return capture, position(pair)


def capture_until(pair, timeout=90):
    """Wait until the capture has read all that is in the source's binlog now; returns what it published."""
    pair.captured("eu", timeout)
    return published(pair)


def assert_exactly(found, first, last):
    """Everything after GTID `first` up to `last`, each once, under contiguous seqs."""
    gtids = [gtid for _, gtid in found]
    assert gtids == sorted(set(gtids)), "out of order, or twice"
    assert gtids == list(range(first + 1, last + 1)), f"{last - first - len(gtids)} lost"
    assert [seq for seq, _ in found] == list(range(1, len(found) + 1))


def insert(pair, count):
    values = ", ".join(["('t', 'x', 1, 'eu', '')"] * 3)
    for _ in range(count):
        pair.eu.sql(f"INSERT INTO shop.token (token, txn, rows_in_txn, region, filler) VALUES {values}")


def test_killed_under_load_it_loses_and_repeats_nothing(eu, long_run):
    capture, first = begin(eu)
    kills, counted = (20 if long_run else 5), 0
    with TokenLoad(eu.eu, threads=3) as load:
        while counted < kills:
            load.wait_for(200)
            capture.kill()
            behind = position(eu) - (published(eu) or [(0, first)])[-1][1]
            counted += behind > 0  # something was under way
            capture.start()
    found = capture_until(eu)
    assert_exactly(found, first, position(eu))
    assert int(eu.kafka.records(eu.topic("eu"))[-1]["headers"]["drc-epoch"]) >= kills


def test_a_transaction_cut_by_a_kill_is_published_whole_once(eu):
    capture, first = begin(eu)
    eu.eu.sql(
        "INSERT INTO shop.token SELECT MD5(seq), 'big', 1, 'eu', REPEAT('y', 400), NOW(6) FROM shop.seq_1_to_100000",
    )
    eu.until(lambda: eu.kafka.topic_end(eu.topic("eu")) > 5, 90, "fragments")
    capture.kill()
    insert(eu, 3)
    capture.start()
    assert_exactly(capture_until(eu), first, position(eu))


def test_sigterm_in_a_big_transaction_ends_in_time(eu):
    capture, first = begin(eu)
    eu.eu.sql(
        "INSERT INTO shop.token SELECT MD5(seq), 'big', 1, 'eu', REPEAT('y', 400), NOW(6) FROM shop.seq_1_to_100000",
    )
    assert capture.stop() == 0
    assert "stopped" in capture.last_lines(1)[0]
    capture.start()
    assert_exactly(capture_until(eu), first, position(eu))


def second_capture(pair, directory):
    """Another capture of the same region, as if on another host."""
    other = pair._daemon("drc-capture", "capture-again", "--region", "eu")
    config = pairfile.merge(pair.file, {"control": {"socket": f"{pair.run}/again.sock"}})
    other.argv[2] = directory / "again.yaml"
    other.argv[2].write_text(pairfile.render(config), encoding="utf-8")
    other.argv = [str(word) for word in other.argv]
    other.control = pair.run / "again.sock.capture-eu"
    return other


def test_the_newer_of_two_wins(eu, directory):
    capture, first = begin(eu)
    insert(eu, 5)
    other = second_capture(eu, directory)
    try:
        with TokenLoad(eu.eu) as load:
            load.wait_for(50)
            other.start()
            cause = capture.expect_exit(77)
            load.wait_for(50)
        assert "fenced by a newer instance" in cause
        goal = position(eu)
        eu.until(lambda: published(eu) and published(eu)[-1][1] == goal, 90, "the newer one's records")
        assert_exactly(published(eu), first, goal)
        other.check()
    finally:
        other.kill()


def test_a_second_one_on_the_same_host_is_refused(eu):
    capture, _ = begin(eu)
    again = eu._daemon("drc-capture", "capture-twin", "--region", "eu")
    again.launch()
    again.expect_exit(69)
    insert(eu, 2)
    capture_until(eu)


@pytest.mark.own_broker
def test_source_and_broker_may_go_and_come_back(eu):
    capture, first = begin(eu)
    insert(eu, 3)
    eu.kafka.stop()
    insert(eu, 3)
    eu.kafka.start()
    capture_until(eu)
    eu.eu.restart()
    insert(eu, 3)
    assert_exactly(capture_until(eu), first, position(eu))
    eu.eu.kill()
    eu.eu.start()
    insert(eu, 3)
    assert_exactly(capture_until(eu), first, position(eu))


def test_what_is_not_of_the_pair_only_moves_the_position(eu):
    capture, _ = begin(eu)
    eu.eu.sql("CREATE DATABASE other", "CREATE TABLE other.t (i INT)", "INSERT INTO other.t VALUES (1)")
    assert capture_until(eu) == []
    insert(eu, 1)
    assert [seq for seq, _ in capture_until(eu)] == [1]
    eu.eu.sql("ALTER TABLE shop.token ADD extra INT")
    assert [seq for seq, _ in capture_until(eu)] == [1, 2]


SETTINGS = {
    "binlog_format": ("STATEMENT", "SET GLOBAL binlog_format = 'ROW'"),
    "binlog_row_image": ("MINIMAL", "SET GLOBAL binlog_row_image = 'FULL'"),
    "binlog_row_metadata": ("MINIMAL", "SET GLOBAL binlog_row_metadata = 'FULL'"),
    "sync_binlog": (0, "SET GLOBAL sync_binlog = 1"),
    "innodb_flush_log_at_trx_commit": (2, "SET GLOBAL innodb_flush_log_at_trx_commit = 1"),
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


def test_durability_may_be_waived(eu):
    eu.eu.sql("SET GLOBAL sync_binlog = 0")
    eu.file["regions"]["eu"]["durability"] = "relaxed"
    eu.write_config()
    begin(eu)
    insert(eu, 1)
    assert len(capture_until(eu)) == 1


def test_missing_grants_are_named(eu):
    eu.eu.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'drc'@'%'")
    capture = eu.capture("eu")
    capture.launch()
    assert "GRANT REPLICATION SLAVE ON *.* TO 'drc'@'%'" in capture.expect_exit(77)
    eu.eu.sql("ALTER USER 'drc'@'%' IDENTIFIED BY 'another'")
    capture.launch()
    assert eu.eu.password not in capture.expect_exit(77)


def test_a_truncated_topic_stops_it(eu):
    capture, _ = begin(eu)
    insert(eu, 3)
    capture_until(eu)
    capture.stop()
    eu.kafka.delete_records(eu.topic("eu"), eu.kafka.topic_end(eu.topic("eu")))
    capture.launch()
    assert "truncated" in capture.expect_exit(69)


def test_a_topic_recreated_under_it_stops_it(eu):
    capture, _ = begin(eu)
    insert(eu, 3)
    capture_until(eu)
    eu.kafka.delete_topic(eu.topic("eu"))
    eu.kafka.create_topic(eu.topic("eu"), config={"cleanup.policy": "delete"})
    insert(eu, 3)
    assert "recreated" in capture.expect_exit(69)


def test_a_compacted_topic_is_refused(eu):
    eu.kafka.create_topic(eu.topic("eu"), config={"cleanup.policy": "compact"})
    capture = eu.capture("eu")
    capture.launch()
    assert "cleanup.policy=delete" in capture.expect_exit(78)


def test_a_source_that_lost_transactions_stops_it(eu):
    capture, _ = begin(eu)
    insert(eu, 5)
    capture_until(eu)
    capture.stop()
    eu.eu.sql("RESET MASTER")
    capture.launch()
    assert "lost transactions" in capture.expect_exit(69)
    # The same number of other transactions: the GTIDs are there again, what stands under them is not the same.
    eu.eu.sql("SET GLOBAL gtid_binlog_state = '0-1-1'")
    goal = int(published(eu)[-1][1])
    while position(eu) < goal + 2:
        eu.eu.sql("DELETE FROM shop.token LIMIT 1")
    capture.launch()
    last = capture.expect_exit(69)
    assert "lost transactions" in last or "refuses the dump" in last


def test_a_purged_source_stops_it(eu):
    capture, _ = begin(eu)
    insert(eu, 3)
    capture_until(eu)
    capture.stop()
    insert(eu, 3)
    eu.eu.cut_binlog()
    capture.launch()
    assert "purged" in capture.expect_exit(69)


def test_the_last_transaction_may_be_purged(eu):
    capture, first = begin(eu)
    insert(eu, 3)
    capture_until(eu)
    capture.stop()
    eu.eu.cut_binlog()
    capture.start()
    insert(eu, 3)
    assert_exactly(capture_until(eu), first, position(eu))
    assert "cannot be compared" in capture.text()


def test_status_and_check_tell(eu):
    capture = eu.capture("eu")
    done = eu.tool("drc-capture", "--region", "eu", "--check")
    assert "not there yet" in done.stdout
    begin(eu)
    insert(eu, 2)
    capture_until(eu)
    status = "\n".join(capture.ask("status json"))
    assert '"state":"running"' in status and '"last_error":null' in status and '"seq":2' in status
    with eu.eu.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW PROCESSLIST")
        dumps = [row for row in cursor.fetchall() if row[4] == "Binlog Dump"]
        assert len(dumps) == 1
        cursor.execute(f"KILL {dumps[0][0]}")
    time.sleep(0.1)
    insert(eu, 2)
    assert len(capture_until(eu)) == 4
    with pytest.raises(pymysql.err.OperationalError):
        eu.eu.connect(user="drc", password="wrong")


def test_xa_and_create_select_are_published_in_parts(eu):
    begin(eu)
    eu.eu.sql(
        "USE shop",
        "CREATE TABLE a (i INT PRIMARY KEY)",
        "XA START 'x'",
        "INSERT INTO a VALUES (1)",
        "XA END 'x'",
        "XA PREPARE 'x'",
        "XA COMMIT 'x'",
        "CREATE TABLE b SELECT * FROM a",
    )
    capture_until(eu)
    kinds = [record["headers"].get("drc-kind", "data") for record in eu.kafka.records(eu.topic("eu"))]
    assert [kind for kind in kinds if kind in ("data", "ddl", "xa-end")] == ["ddl", "data", "xa-end", "ddl", "data"]
