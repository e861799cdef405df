"""The applier by itself: where it starts, what it waits for, what stops it, and transactions of any size."""

import time

import pytest

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))"
STOP_LIMIT = 15  # what conf/drc-applier@.service allows


@pytest.fixture
def one_way(make_pair):
    pair = make_pair(links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop", ITEM)
    return pair


def status(pair):
    return pair.applier("eu", "us").status()


def until_state(pair, state, cause, timeout=40):
    def reached():
        found = status(pair)
        return found["state"] == state and cause in (found["last_error"] or "")

    pair.until(reached, timeout, f"state {state} because of {cause!r}")


def items(server):
    return [name for name, in server.query("SELECT name FROM shop.item ORDER BY id")]


def insert(number, name):
    return f"INSERT INTO shop.item VALUES ({number}, '{name}')"


# What it waits for.


def test_it_waits_for_a_table_and_goes_on_by_itself(one_way):
    pair = one_way
    pair.start()
    pair.eu.sql(insert(1, "before"), "CREATE TABLE shop.later (id INT PRIMARY KEY, n INT)")
    pair.eu.sql("INSERT INTO shop.later VALUES (1, 1)", insert(2, "behind"))
    until_state(pair, "waiting", "`shop`.`later`")
    assert items(pair.us)[:1] == ["before"], "what comes before it is in effect"
    assert pair.us.query("SELECT MAX(watermark) FROM drc.ledger")[0][0] == 2, "and the ledger stands before it"
    assert "CREATE TABLE shop.later" in pair.applier("eu", "us").log.read_text(), "the DDL is in the log"
    assert status(pair)["lag_seconds"] >= 0

    pair.us.sql("CREATE TABLE shop.later (id INT PRIMARY KEY, n INT)")
    pair.wait("eu", "us")
    pair.assert_equal("shop.item", "shop.later")
    pair.until(lambda: status(pair)["state"] == "running", 60, "running link")


def test_it_waits_for_a_column_and_names_the_difference(one_way):
    pair = one_way
    pair.start()
    pair.eu.sql("ALTER TABLE shop.item ADD extra INT", "INSERT INTO shop.item VALUES (1, 'a', 2)")
    until_state(pair, "waiting", "`extra`")
    pair.us.sql("ALTER TABLE shop.item ADD extra INT")
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")


def test_a_column_moved_at_the_target_is_noticed_at_once(one_way):
    """BINLOG goes by position: a value must never land in another column, however late the column was moved."""
    pair = one_way
    pair.everywhere("CREATE TABLE shop.twin (id INT PRIMARY KEY, a INT, b INT)")
    pair.start()
    pair.eu.sql("INSERT INTO shop.twin VALUES (1, 10, 20)")
    pair.wait("eu", "us")
    pair.us.sql("ALTER TABLE shop.twin MODIFY b INT AFTER id")
    pair.eu.sql("INSERT INTO shop.twin VALUES (2, 10, 20)", "UPDATE shop.twin SET a = 11 WHERE id = 1")
    pair.wait("eu", "us")
    assert pair.us.query("SELECT id, a, b FROM shop.twin ORDER BY id") == [(1, 11, 20), (2, 10, 20)]


def test_a_local_writer_that_holds_a_row_is_waited_for(one_way):
    pair = one_way
    pair.start()
    pair.eu.sql(insert(1, "a"), insert(2, "b"))
    pair.wait("eu", "us")
    with pair.us.connect(autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT * FROM shop.item WHERE id = 1 FOR UPDATE")
        pair.eu.sql("UPDATE shop.item SET name = 'new' WHERE id = 1")
        time.sleep(12)  # more than one lock wait
        holder.rollback()
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")
    assert pair.conflicts() == []


# Where it starts.


def test_start_now_leaves_out_what_the_topic_held(one_way):
    pair = one_way
    pair.file["links"][0]["start"] = "now"
    pair.write_config()
    pair.start_servers()
    pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 30, "a stream")
    pair.eu.sql(insert(1, "early"))
    pair.captured("eu")
    pair.applier("eu", "us").start()
    pair.until(lambda: status(pair)["state"] == "running", 30, "running link")
    pair.eu.sql(insert(2, "late"))
    pair.wait("eu", "us")
    assert items(pair.us) == ["late"]


def test_start_after_the_gtid_of_a_copy(one_way):
    """Transactions of two domains, interleaved: exactly those that the copy does not hold are applied."""
    pair = one_way
    pair.start_servers()
    pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 30, "a stream")
    other = "SET SESSION gtid_domain_id = 7"
    pair.eu.sql(insert(1, "in the copy"), other, insert(2, "not in it"))
    copy = pair.eu.value("SELECT REGEXP_SUBSTR(@@gtid_binlog_pos, '0-[0-9]+-[0-9]+')")
    pair.eu.sql(insert(3, "in it too"), other, insert(4, "not in it"))
    domain, server, number = copy.split("-")
    copy = f"{domain}-{server}-{int(number) + 1}"
    pair.us.sql(insert(1, "in the copy"), insert(3, "in it too"))

    pair.file["links"][0]["start"] = {"gtid": copy}
    pair.write_config()
    pair.applier("eu", "us").start()
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")
    assert pair.conflicts() == []
    pair.applier("eu", "us").stop()
    pair.eu.sql(insert(5, "after a restart"))
    pair.applier("eu", "us").start()
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")


def test_beginning_of_a_truncated_topic_is_refused(one_way):
    pair = one_way
    pair.start_servers()
    pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 30, "a stream")
    pair.eu.sql(insert(1, "gone"))
    pair.captured("eu")
    pair.kafka.delete_records(pair.topic("eu"), 3)
    pair.applier("eu", "us").launch()
    assert "beginning" in pair.applier("eu", "us").expect_exit(69)


def test_records_lost_between_ledger_and_topic_stop_the_link(one_way):
    pair = one_way
    pair.start()
    pair.eu.sql(insert(1, "a"))
    pair.wait("eu", "us")
    pair.applier("eu", "us").stop()
    pair.eu.sql(insert(2, "lost"), insert(3, "there"))
    topic = pair.topic("eu")
    pair.captured("eu")
    pair.kafka.delete_records(topic, pair.kafka.topic_end(topic) - 1)
    pair.applier("eu", "us").launch()
    pair.applier("eu", "us").expect_exit(69)
    assert items(pair.us) == ["a"]


def test_a_topic_made_anew_stops_the_link(one_way):
    pair = one_way
    pair.start()
    pair.eu.sql(insert(1, "a"))
    pair.wait("eu", "us")
    pair.applier("eu", "us").stop()
    pair.capture("eu").stop()
    pair.kafka.delete_topic(pair.topic("eu"))
    pair.until(lambda: pair.topic("eu") not in pair.kafka.topics(), 30, "deletion")
    pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 30, "a stream")
    pair.eu.sql(insert(2, "b"))
    pair.applier("eu", "us").launch()
    pair.applier("eu", "us").expect_exit(69)
    assert items(pair.us) == ["a"]


# Transactions of any size.

FILLER = "CREATE TABLE shop.filler (id INT PRIMARY KEY, body VARCHAR(2000), n INT NOT NULL DEFAULT 0) CHARACTER SET latin1"
FILL = "INSERT INTO shop.filler (id, body) SELECT seq, REPEAT(CHAR(97 + seq MOD 26), 1500) FROM shop.seq_1_to_{0}"


def test_a_big_transaction_is_whole_or_not_there(one_way):
    pair = one_way
    pair.everywhere(FILLER)
    pair.start()
    pair.eu.sql("BEGIN", FILL.format(8000), "UPDATE shop.filler SET n = id", "DELETE FROM shop.filler WHERE id % 3 = 0", "COMMIT")
    counts = set()
    while status(pair)["applied_seq"] < 1:
        counts.add(pair.us.value("SELECT COUNT(*) FROM shop.filler"))
        pair.check()
        time.sleep(0.02)
    assert counts <= {0, 8000 - 8000 // 3}
    pair.wait("eu", "us")
    pair.assert_equal("shop.filler")
    assert status(pair)["exact"] == 0


def test_a_conflict_deep_in_a_big_transaction(make_pair):
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "source_wins"}})
    pair.everywhere("CREATE DATABASE shop", FILLER)
    pair.start()
    pair.eu.sql(FILL.format(2500))
    pair.wait("eu", "us")
    pair.us.sql("UPDATE shop.filler SET n = 77 WHERE id = 2400", "DELETE FROM shop.filler WHERE id = 2450")
    pair.eu.sql("UPDATE shop.filler SET n = 1")
    pair.wait("eu", "us", timeout=120)
    pair.assert_equal("shop.filler")
    kinds = [kind for kind, in pair.us.query("SELECT kind FROM drc.conflicts ORDER BY id")]
    assert kinds == ["update/changed", "update/missing"]


def test_sigterm_in_the_middle_of_a_big_transaction(one_way):
    pair = one_way
    pair.everywhere(FILLER)
    pair.start()
    pair.eu.sql("BEGIN", FILL.format(20000), "UPDATE shop.filler SET n = 1", "COMMIT")
    applier = pair.applier("eu", "us")
    in_hand = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_modified > 100"
    pair.until(lambda: pair.us.value(in_hand) > 0 or status(pair)["applied_seq"] > 0, 60, "a transaction in hand")
    began = time.monotonic()
    applier.stop()
    assert time.monotonic() - began < STOP_LIMIT
    assert pair.us.value("SELECT COUNT(*) FROM shop.filler") in (0, 20000)
    applier.start()
    pair.wait("eu", "us", timeout=120)
    pair.assert_equal("shop.filler")


# What stops it.


def test_settings_of_the_target_that_hide_conflicts_are_refused(one_way):
    pair = one_way
    pair.start_servers()
    pair.us.sql("SET GLOBAL slave_exec_mode = 'IDEMPOTENT'")
    pair.applier("eu", "us").launch()
    assert "SET GLOBAL slave_exec_mode = 'STRICT'" in pair.applier("eu", "us").expect_exit(78)


def test_a_second_instance_takes_over_and_the_first_leaves(one_way):
    pair = one_way
    pair.start()
    pair.eu.sql(insert(1, "a"))
    pair.wait("eu", "us")
    first = pair.applier("eu", "us")
    pair.us.sql("UPDATE drc.ledger SET owner = X'00112233445566778899AABBCCDDEEFF', n = n + 1")
    pair.eu.sql(insert(2, "b"))
    assert "fenced" in first.expect_exit(77)
    assert items(pair.us) == ["a"]
    first.start()
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")


def test_a_table_without_the_version_column_is_warned_of_and_not_journaled(make_pair):
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "latest", "by": ["updated_at"]}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql(insert(1, "a"), *[f"UPDATE shop.item SET name = 'n{number}' WHERE id = 1" for number in range(20)])
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")
    assert pair.conflicts() == []
    log = pair.applier("eu", "us").text()
    assert "a conflict will stop the link, as long as the table has no rule of its own in conflicts.tables: " in log


def test_a_target_that_is_a_source_must_write_full_metadata(make_pair):
    pair = make_pair()
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.us.sql("SET GLOBAL binlog_row_metadata = 'MINIMAL'")
    applier = pair.applier("eu", "us")
    applier.launch()
    last = applier.expect_exit(78)
    assert "binlog_row_metadata is MINIMAL" in last and "SET GLOBAL binlog_row_metadata = 'FULL'" in last
