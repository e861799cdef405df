"""What a broker can do to a stream: take less, stall, forget; and a region's stream in a cluster of its own.

That nothing is lost or told twice is proved by `support.checker`, which shares nothing with the daemons.
"""

import time

import pytest
from support import faults
from support.kafka import Kafka
from support.load import TokenLoad
from support.mixed_load import MixedLoad

MIB = 1 << 20
PAYLOAD = (
    "SET SESSION sql_log_bin = 0",
    "CREATE TABLE shop.payload (id INT PRIMARY KEY AUTO_INCREMENT, data LONGBLOB NOT NULL)",
)


def memory_mib(daemon):
    """Resident, of the process."""
    with open(f"/proc/{daemon.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) // 1024


def insert_noise(server, kib, rows=1):
    """One transaction of rows that no compression makes smaller."""
    noise = "CONCAT(" + ", ".join(["RANDOM_BYTES(1024)"] * 64) + ")"
    assert kib % 64 == 0
    blob = "CONCAT(" + ", ".join([noise] * (kib // 64)) + ")"
    server.sql(f"INSERT INTO shop.payload (data) SELECT {blob} FROM shop.seq_1_to_{rows}")


def test_records_follow_the_limit_of_the_topic(make_stream, stream):
    pair, witness = stream(pair=make_stream(config={"capture": {"fragment_bytes": 512 * 1024}}))
    capture, topic = pair.capture("eu"), pair.topic("eu")
    pair.eu.sql(*PAYLOAD)
    insert_noise(pair.eu, 64, rows=40)
    witness.wait()

    pair.kafka.alter_topic(topic, {"max.message.bytes": 150_000})
    insert_noise(pair.eu, 64, rows=40)
    witness.wait()
    # By the broker's refusal; or before it, where the look at the topic that is due now and then came between.
    assert any(said in capture.text() for said in ("its limits are asked for again", "takes records of 150000 bytes now"))

    pair.kafka.alter_topic(topic, {"max.message.bytes": 4 * MIB})
    pair.until(lambda: f"takes records of {4 * MIB} bytes now, and took 150000" in capture.text(), 60, "word of the new limit")
    pair.until(lambda: capture.status()["state"] == "running", 30, "capture to go on")
    insert_noise(pair.eu, 1024)
    witness.wait()
    print(witness.prove())

    insert_noise(pair.eu, 5 * 1024)
    assert "--add-config max.message.bytes=" in capture.expect_exit(78)

    pair.kafka.alter_topic(topic, {"max.message.bytes": 16 * MIB})
    pair.file["kafka"]["properties"] = {"queue.buffering.max.kbytes": 1024}
    pair.write_config()
    capture.launch()
    assert "queue.buffering.max.kbytes has no room for a record of 5" in capture.expect_exit(78)


@pytest.mark.own_broker
def test_a_stalled_broker_holds_the_source_back_in_bounded_memory(make_stream, stream):
    limits = {"queue_bytes": "1MiB"}
    kafka = {"properties": {"queue.buffering.max.kbytes": 4096}}
    pair, witness = stream(pair=make_stream(config={"limits": limits, "kafka": kafka}))
    capture = pair.capture("eu")
    pair.eu.sql(*PAYLOAD)
    insert_noise(pair.eu, 64)
    witness.wait()
    before = memory_mib(capture)
    pair.kafka.freeze()
    for _ in range(8):
        insert_noise(pair.eu, 64, rows=64)  # 32 MiB in all
    pair.until(lambda: capture.status()["held_back"], 30, "word that the source is held back")
    pair.until(lambda: capture.status()["phase"] == "waiting for Kafka", 30, "word of what capture waits for")
    assert capture.status()["state"] == "retrying"
    assert memory_mib(capture) - before < 25
    pair.kafka.thaw()
    at_ease = lambda: (state := capture.status())["state"] == "running" and not state["held_back"] and not state["queue_items"]
    pair.until(at_ease, 90, "capture at ease")  # the broker is without a leader for a moment
    witness.wait()
    print(witness.prove())
    assert memory_mib(capture) - before < 35


def test_a_fatal_error_of_the_producer_costs_nothing(stream):
    pair, witness = stream(programs=faults.programs("fatal-producer"))
    capture = pair.capture("eu")
    pid = capture.pid
    with MixedLoad(pair.eu, threads=3) as load:
        pair.until(lambda: capture.text().count("the producer lost its place") >= 4, 120, "some fatal errors")
    print(load.summary(), witness.prove(), sep="\n")
    assert capture.pid == pid


def test_a_regions_stream_may_be_in_a_cluster_of_its_own(make_pair, directory):
    with Kafka(directory / "other") as other:
        own = {"regions": {"us": {"kafka": {"bootstrap": other.bootstrap}}}}
        pair = make_pair(conflicts={"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}}, config=own)
        pair.stream_stands = lambda region: pair.capture(region).status()["phase"] == "streaming"
        pair.everywhere("CREATE DATABASE shop", TokenLoad.TABLE)
        pair.start()
        loads = [TokenLoad(server, rate=100) for server in (pair.eu, pair.us)]
        for load in loads:
            load.start().wait_for(50)
        other.stop()
        loads[0].wait_for(50)
        pair.wait("eu", "us")  # each link needs its own cluster only
        other.start()
        for load in loads:
            load.stop()
        pair.settle()
        pair.assert_equal("shop.token")
        for server in (pair.eu, pair.us):
            TokenLoad.check(server, loads)
        assert set(pair.kafka.topics()) == {pair.topic("eu")}
        assert set(other.topics()) == {pair.topic("us")}
        assert {link["state"] for link in pair.status().values()} == {"running"}
        assert pair.reconcile()[-1]["type"] == "summary"


QUICK = {"log.retention.check.interval.ms": 500, "log.initial.task.delay.ms": 500}
FORGETFUL = {"retention.ms": 15000, "segment.ms": 1000, "file.delete.delay.ms": 100}


def test_retention_never_eats_the_position_of_an_idle_stream(make_stream, stream, directory):
    """Nothing happens for longer than the topic keeps records; then capture and applier go on as if it had."""
    pair = make_stream(kafka=Kafka(directory / "kafka", settings=QUICK))
    topic = pair.topic("eu")
    pair.kafka.start()
    pair.kafka.create_topic(topic, config={"cleanup.policy": "delete", **FORGETFUL})
    pair.us.start()  # before there is a first record to forget
    pair.us.sql("CREATE DATABASE shop", TokenLoad.TABLE)
    pair, _ = stream(pair=pair)
    pair.start()
    applier, capture = pair.applier("eu", "us"), pair.capture("eu")
    with TokenLoad(pair.eu) as load:
        load.wait_for(30)
    pair.wait("eu", "us")
    seen = pair.kafka.topic_end(topic)
    pair.until(lambda: pair.kafka.topic_start(topic) > seen, 60, "retention to eat all that was written")
    lag = lambda: pair.status()["eu", "us"]["lag_seconds"]
    pair.until(lambda: (seconds := lag()) is not None and seconds < 5, 30, "small lag")
    for _ in range(2):
        for daemon in (capture, applier):  # no longer away than the topic keeps records
            daemon.stop()
            daemon.start()
        with TokenLoad(pair.eu) as more:
            more.wait_for(30)
        pair.wait("eu", "us")
        TokenLoad.check(pair.us, [load, more])
        start = pair.kafka.topic_end(topic)
        pair.until(lambda start=start: pair.kafka.topic_start(topic) > start, 60, "retention to come so far again")
        load.sure.extend(more.sure)


def test_the_clock_of_an_idle_source_is_in_the_stream(stream):
    pair, _ = stream()
    beats = lambda: [record for record in pair.events("eu", "--control") if record["kind"] == "heartbeat"]
    pair.until(lambda: len(beats()) >= 3, 60, "heartbeats of an idle source")
    found = beats()
    clocks = [beat["at"] for beat in found]
    assert clocks == sorted(set(clocks))
    assert all(beat["position"] == pair.eu.executed_gtids() for beat in found[-2:])


@pytest.mark.parametrize("setting", [{"cleanup.policy": "compact"}])
def test_the_topic_is_looked_at_while_capture_runs(stream, setting):
    pair, _ = stream()
    pair.kafka.alter_topic(pair.topic("eu"), setting)
    assert "cleanup.policy=compact" in pair.capture("eu").expect_exit(78, timeout=90)


ASKED_FOR = 3  # seconds at least before a tool gives a broker without a leader up


@pytest.mark.own_broker
def test_a_question_while_a_leader_is_being_chosen_is_asked_again(stream):
    pair, _ = stream()
    for _ in range(3):
        pair.kafka.freeze()
        time.sleep(6)  # more than the controller waits for its node: it leads nothing then
        pair.kafka.thaw()
        for _ in range(10):
            began = time.monotonic()
            done = pair.ctl("events", "--region", "eu", "--json", "--control", expect=None)
            asked = time.monotonic() - began
            assert done.returncode == 0 and done.stdout or done.returncode == 75 and asked > ASKED_FOR, done.stderr
        assert pair.events("eu", "--control")
