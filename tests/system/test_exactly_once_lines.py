"""Each committed transaction is in the topic once, in commit order, whole, whatever happens to brokers and lines.

The proof is the one of `support.checker`, which shares nothing with the daemons.
"""

import random
import time

import pytest
from support.kafka import Kafka
from support.mixed_load import MixedLoad
from support.pairfile import DELETE
from support.proxy import Proxy

pytestmark = pytest.mark.own_broker

FLOOD = 4000  # transactions
ATTEMPTS = 10


# ---- brokers ----


def cut_inside(pair, witness, end):
    """End the broker by `end` while a big transaction is on its way; False when it came too late."""
    capture = pair.capture("eu")
    pair.until(lambda: (of := capture.status())["acked_seq"] == of["seq"], 60, "acks of what came before")
    before = pair.kafka.topic_end(pair.topic("eu"))
    acked = capture.status()["acked_seq"]
    MixedLoad.write_big(pair.eu, before)
    while pair.kafka.topic_end(pair.topic("eu")) < before + 20:
        pair.check()
    capture.freeze()  # or the broker goes on taking records while it ends
    end()
    capture.thaw()
    time.sleep(0.2)  # the last acks show in the status
    inside = capture.status()["acked_seq"] == acked
    pair.kafka.start()
    witness.wait()
    return inside


def test_a_broker_restarted_inside_a_big_transaction(stream):
    pair, witness = stream()
    for end in (pair.kafka.kill, pair.kafka.stop):
        assert any(cut_inside(pair, witness, end) for _ in range(ATTEMPTS)), "the broker always came to its end too late"
    print(witness.prove())


def move_leader(pair, number, how):
    """Take the leading node `number` away until another leads, then let it come back."""
    topic, kafka = pair.topic("eu"), pair.kafka
    {"kill": kafka.kill, "stop": kafka.stop, "freeze": kafka.freeze}[how](number)
    pair.until(lambda: kafka.leader(topic)[0] not in (-1, number), 60, f"leader of {topic} other than {number}")
    kafka.thaw(number) if how == "freeze" else kafka.start(number)
    pair.until(lambda: kafka.leader(topic)[1] == 3, 60, "third copy in sync")


def test_leaders_move_among_three_brokers(room, stream, make_stream, directory, long_run):
    topic = {"replication_factor": 3, "min_insync_replicas": 2}
    kafka = Kafka(directory / "kafka", nodes=3, heap="160m")
    pair, witness = stream(kafka=kafka, config={"kafka": {"durability": DELETE, "topic": topic}})
    with MixedLoad(pair.eu, threads=2, rate=300) as load:
        for how in ("kill", "stop", "freeze") * (10 if long_run else 1):
            load.wait_for(100)
            move_leader(pair, kafka.leader(pair.topic("eu"))[0], how)
    print(load.summary(), witness.prove(), sep="\n")


# ---- lines ----


@pytest.fixture
def lines(make_stream):
    """A pair whose capture reaches source and broker through proxies only: (pair, to the source, to the broker)."""
    proxies = []

    def lead(port):
        proxies.append(Proxy(port))
        return proxies[-1].port

    pair = make_stream()
    pair.file["regions"]["eu"]["port"] = lead(pair.eu.port)
    pair.kafka.lead_through(lead)
    pair.file["kafka"]["bootstrap"] = [f"127.0.0.1:{proxies[1].port}"]
    pair.write_config()
    yield pair, *proxies
    for proxy in proxies:
        proxy.close()


def test_lines_cut_stalled_and_half_closed(lines, stream, long_run):
    pair, *proxies = lines
    pair, witness = stream(pair=pair)
    rng = random.Random(seed := random.randrange(2**32))
    kinds = ("cut", "drop", "stall", "close to capture", "close from capture")
    faults = [(kind, proxy) for kind in kinds for proxy in proxies] * (5 if long_run else 1)
    rng.shuffle(faults)
    print([(kind, "broker" if proxy is proxies[1] else "source") for kind, proxy in faults], f"(seed {seed})")
    with MixedLoad(pair.eu, threads=2, rate=300) as load:
        for kind, proxy in faults:
            load.wait_for(30)
            lines_before = proxy.connections
            {
                "cut": proxy.cut,
                "drop": proxy.drop,
                "stall": proxy.stall,
                "close to capture": lambda: proxy.half_close("client"),
                "close from capture": lambda: proxy.half_close("server"),
            }[kind]()
            time.sleep(rng.uniform(0.1, 15 if long_run else 1.5))
            proxy.mend()
            load.wait_for(3)  # more than there are threads: one was begun after the fault
            goal = witness.committed()
            pair.until(lambda: witness.published() >= goal, 90, f"stream after {kind}")
            assert proxy.connections > lines_before or kind not in ("cut", "drop", "close to capture"), f"nobody noticed {kind}"
    print(load.summary(), witness.prove(), sep="\n")


def test_a_line_that_died_without_a_word(lines, stream):
    """The source goes on writing into it, and starts no other dump for the same replica until it gives up."""
    pair, to_source, _ = lines
    stream(pair=pair)
    pair.until(lambda: pair.capture("eu").status()["state"] == "running", 20, "dump")  # or its line is a later one, and served
    to_source.lose()
    pair.eu.sql("CREATE TABLE shop.wide (id INT PRIMARY KEY, b LONGBLOB)")
    pair.eu.sql("INSERT INTO shop.wide SELECT seq, REPEAT('x', 1000000) FROM shop.seq_1_to_30")
    states = "SELECT state FROM information_schema.processlist WHERE command IN ('Binlog Dump', 'Killed')"
    pair.until(lambda: ("Writing to net",) in pair.eu.query(states), 20, "full line")
    pair.captured("eu", timeout=60)


def flood(server, count):
    """So many tiny transactions, one after the other."""
    server.sql(
        "BEGIN NOT ATOMIC DECLARE i INT DEFAULT 1000;"
        f" WHILE i < 1000 + {count} DO INSERT INTO shop.work VALUES (i, 0, ''); SET i = i + 1; END WHILE; END"
    )


def test_a_zombie_that_writes_thousands_between_two_later_epochs(lines, stream):
    """Its line to the broker holds back what it has, until others have taken over, twice."""
    pair, _, to_broker = lines
    pair, witness = stream(pair=pair)
    zombie = pair.capture("eu")
    pair.file["kafka"]["bootstrap"] = pair.kafka.bootstrap
    pair.file["regions"]["eu"]["replica_id"] = 7099  # or the source would tell the zombie
    second, third = pair.rival(zombie), pair.rival(zombie)
    with MixedLoad(pair.eu, threads=1) as load:
        load.wait_for(50)
    to_broker.stall()
    flood(pair.eu, FLOOD)
    pair.until(lambda: (of := zombie.status())["queue_items"] + of["in_flight"] > FLOOD // 2, 60, "queue of the zombie")
    to_broker.stall_at(32768)
    pair.until(lambda: to_broker.stalled, 60, "burst of the zombie")
    second.start()
    witness.wait()
    with MixedLoad(pair.eu, threads=2) as load:
        load.wait_for(50)
        end = pair.kafka.topic_end(pair.topic("eu"))
        to_broker.mend()
        pair.until(lambda: pair.kafka.topic_end(pair.topic("eu")) > end + FLOOD // 2, 60, "flood of old records")
        second.kill()
        third.start()
        assert "fenced by a newer instance" in zombie.expect_exit(77)
        load.wait_for(50)
    print(load.summary(), witness.prove(), sep="\n")
    (_, instance, _), (_, _, begin), (_, _, end) = witness.reader.counts.epochs
    assert sum(begin < offset < end and record.instance == instance for offset, record in witness.records) > 1000
