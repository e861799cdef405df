"""The brokers of the tests: they start, carry any bytes, keep them, and leave no process."""

import os

import pytest

from support import kafka_admin


def test_records_come_back_byte_by_byte(kafka):
    kafka.create_topic("t", config={"retention.ms": -1})
    value = bytes(range(256)) * 3 + b"\n"
    kafka.produce("t", value, headers={"drc-seq": "7", "drc-gtid": "0-1-7"})
    kafka.produce("t", b"second", key="k")
    assert kafka.topic_end("t") == 2
    first, second = kafka.records("t")
    assert first == {"offset": 0, "key": None, "headers": {"drc-seq": "7", "drc-gtid": "0-1-7"}, "value": value}
    assert (second["offset"], second["key"], second["value"]) == (1, b"k", b"second")
    assert kafka.records("t", start=1) == [second]
    assert kafka.records("t", count=1) == [first]
    assert kafka.records("t", start=2) == []


def test_records_stay_over_stop_and_kill(kafka):
    kafka.create_topic("t")
    kafka.produce("t", b"one")
    addresses = kafka.bootstrap
    kafka.restart()
    kafka.produce("t", b"two")
    kafka.kill()
    kafka.start()
    assert kafka.bootstrap == addresses
    assert [record["value"] for record in kafka.records("t")] == [b"one", b"two"]


def test_topics_are_made_cut_and_deleted(kafka):
    kafka.create_topic("t", partitions=2)
    assert kafka.topics()["t"] == 2
    with pytest.raises(kafka_admin.AdminError, match="already exists"):
        kafka.create_topic("t")
    kafka.produce("t", b"one")
    kafka.produce("t", b"two")
    kafka.delete_records("t", before=1)
    assert (kafka.topic_start("t"), kafka.topic_end("t")) == (1, 2)
    kafka.delete_topic("t")
    assert "t" not in kafka.topics()


def test_it_leaves_no_process(kafka):
    pid = kafka.nodes[0].process.pid
    kafka.stop()
    assert not kafka.running
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
