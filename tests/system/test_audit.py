"""drc-reconcile audit: each transaction of a source is accounted for, and what was lost in transit is named."""

import json

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL

BOTH = pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])


def audit(pair, *words, expect):
    done = pair.tool("drc-reconcile", "audit", "--pair", "eu,us", "--json", "-", *words, expect=expect)
    report = [json.loads(line) for line in done.stdout.splitlines()]
    found = {}
    for line in report:
        if line["type"] == "transaction":
            found.setdefault((line["link"], line["fate"]), []).append(line)
    return report, found


def seqs(found, link, fate):
    return [line["seq"] for line in found.get((link, fate), [])]


def last(pair, region):
    """seq and GTID of the newest transaction in a region's topic."""
    pair.captured(region)
    event = pair.events(region)[-1]
    return event["seq"], event["gtid"]


def lose(pair, topic, seq):
    """Make the topic anew without the record of that seq, as a bad copy would."""
    records = pair.kafka.records(topic)
    pair.kafka.delete_topic(topic)
    pair.until(lambda: topic not in pair.kafka.topics(), 60, "deletion")
    pair.kafka.create_topic(topic)
    for record in records:
        if record["headers"].get("drc-kind") or int(record["headers"]["drc-seq"]) != seq:
            pair.kafka.produce(topic, record["value"], headers=record["headers"])


@BOTH
def test_every_transaction_is_accounted_for_and_a_loss_is_named(make_pair, server):
    pair = make_pair(server=server, conflicts={"default": {"policy": "latest"}})
    pair.everywhere(
        "CREATE DATABASE shop",
        "CREATE DATABASE other",
        "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40), code INT UNIQUE)",
        "CREATE TABLE other.t (id INT PRIMARY KEY)",
    )
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a', 1)", "INSERT INTO other.t VALUES (1)")
    pair.us.sql("INSERT INTO shop.item VALUES (2, 'us', 2)")
    pair.settle()
    report, found = audit(pair, expect=0)
    assert not found
    (counts,) = [fact["text"] for fact in report[-1]["facts"] if fact["name"] == "eu:us"]
    assert counts.startswith("1 published, 1 applied,") and " 0 filtered" not in counts and " 0 replayed" not in counts

    for link in pair.links:
        pair.applier(*link).stop()
    pair.us.sql("INSERT INTO shop.item VALUES (5, 'us', 5), (90, 'us', 9)")
    pair.eu.sql("INSERT INTO shop.item VALUES (5, 'eu', 5)")
    journaled, _ = last(pair, "eu")
    pair.eu.sql("INSERT INTO shop.item VALUES (91, 'clashes', 9)")
    parked, _ = last(pair, "eu")
    pair.captured("us")
    pair.applier("eu", "us").start()
    pair.wait("eu", "us", expect=69)  # something is parked
    pair.applier("eu", "us").stop()
    pair.eu.sql("INSERT INTO shop.item VALUES (6, 'under way', 6)")
    flying, gtid = last(pair, "eu")
    _, found = audit(pair, "--region", "eu", expect=0)
    assert seqs(found, "eu:us", "journaled") == [journaled]
    assert seqs(found, "eu:us", "parked") == [parked]
    assert seqs(found, "eu:us", "in_flight") == [flying]
    assert "missing" not in {fate for _, fate in found}
    assert audit(pair, "--region", "eu", "--tables", "shop.it*", expect=0)[1] == found
    report, others = audit(pair, "--region", "eu", "--tables", "shop.other", expect=0)
    assert not others and " 1 parked" in json.dumps(report[-1])

    # A ledger of another history; the canary's row, which the capture may make at any moment, has no chain.
    pair.us.sql("UPDATE drc.ledger SET chain = chain + 1 WHERE chain <> 0")
    _, found = audit(pair, "--region", "eu", expect=1)
    assert len(found["eu:us", "ledger_differs"]) == 1
    pair.us.sql("UPDATE drc.ledger SET chain = chain - 1 WHERE chain <> 0")

    # A record that a copy of the topic lacks, and a ledger that was set ahead by hand.
    pair.eu.sql("INSERT INTO shop.item VALUES (7, 'behind it', 7)")
    pair.captured("eu")
    pair.stop()
    lose(pair, pair.topic("eu"), flying)
    _, found = audit(pair, "--region", "eu", expect=1)
    (missing, *again) = found["eu:us", "missing"]
    assert (missing["seq"], missing["gtid"]) == (flying, gtid)
    assert not again, again
    pair.us.sql("UPDATE drc.ledger SET watermark = watermark + 50")
    _, found = audit(pair, "--region", "eu", expect=1)
    assert len(found["eu:us", "ledger_ahead"]) == 1

    # What the source has purged is unknown, never fine.
    pair.eu.cut_binlog()
    report, _ = audit(pair, "--region", "eu", expect=2)
    assert "it is unknown whether all was published" in json.dumps(report)


def test_no_loss_passes_for_fine(make_pair):
    """Retention, topics made anew, ledger rows that are gone; and both directions of a pair by themselves."""
    pair = make_pair(conflicts={"default": {"policy": "latest"}})
    pair.everywhere("CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY)")
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1)")
    pair.us.sql("INSERT INTO shop.item VALUES (2)")
    pair.settle()
    for region in ("eu", "us"):
        assert not audit(pair, "--region", region, expect=0)[1]
    pair.applier("eu", "us").stop()
    before, _ = last(pair, "eu")
    for n in range(10, 14):
        pair.eu.sql(f"INSERT INTO shop.item VALUES ({n})")
    end, _ = last(pair, "eu")
    newest = pair.events("eu")[-1]["offset"]
    pair.until(lambda: pair.kafka.topic_end(pair.topic("eu")) > newest + 1, 30, "record that says which stream this is")
    pair.stop()

    # A ledger without its row: nothing is known to be in effect.
    row = pair.us.raw("SELECT * FROM drc.ledger")
    pair.us.sql("CREATE TABLE drc.kept AS SELECT * FROM drc.ledger", "DELETE FROM drc.ledger")
    report, _ = audit(pair, "--region", "eu", expect=2)
    assert "or the row is gone" in json.dumps(report)
    pair.us.sql("INSERT INTO drc.ledger SELECT * FROM drc.kept", "DROP TABLE drc.kept")
    assert pair.us.raw("SELECT * FROM drc.ledger") == row

    # What retention took before it was in effect.
    topic, events = pair.topic("eu"), pair.events("eu")
    (third,) = [event["offset"] for event in events if event["seq"] == before + 3]
    records = pair.kafka.records(topic)
    pair.kafka.delete_records(topic, third)
    _, found = audit(pair, "--region", "eu", expect=1)
    (missing,) = found["eu:us", "missing"]
    assert missing["seq"] == before + 2 and f"2 transactions of seq {before + 1} to {before + 2}" in missing["why"]
    pair.kafka.delete_records(topic, pair.kafka.topic_end(topic))
    report, _ = audit(pair, "--region", "eu", expect=2)
    assert "its retention has emptied it" in json.dumps(report)

    # A topic that is not there, is empty, or holds another stream.
    pair.kafka.delete_topic(topic)
    report, _ = audit(pair, "--region", "eu", expect=2)
    assert topic in json.dumps([line for line in report if line["type"] == "problem"])
    pair.kafka.create_topic(topic)
    report, _ = audit(pair, "--region", "eu", expect=2)
    assert "the topic was made anew" in json.dumps(report)
    for record in records:
        pair.kafka.produce(topic, record["value"], headers=record["headers"])
    assert seqs(audit(pair, "--region", "eu", expect=0)[1], "eu:us", "in_flight") == list(range(before + 1, end + 1))
    pair.us.sql("UPDATE drc.ledger SET stream = REVERSE(stream)")
    _, found = audit(pair, "--region", "eu", expect=1)
    (other,) = found["eu:us", "ledger_differs"]
    assert "the topic holds stream" in other["why"]
