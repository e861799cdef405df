"""A topic that is there already and not as the pair file says: refused where records could be lost, else warned of."""

from support.kafka import Kafka

DAY_MS = 24 * 3600 * 1000


def capture_alone(make_pair, **more):
    pair = make_pair(links=[("eu", "us")], **more)
    pair.eu.start()
    pair.kafka.start()
    return pair, pair.topic("eu")


def command(pair, topic):
    broker = pair.kafka.bootstrap[0]
    return f"Run: kafka-configs.sh --bootstrap-server {broker} --entity-type topics --entity-name {topic} --alter --add-config "


def test_a_topic_that_forgets_too_soon_is_warned_of(make_pair):
    pair, topic = capture_alone(make_pair)
    pair.kafka.create_topic(topic, config={"cleanup.policy": "delete", "retention.ms": "3600000"})
    pair.until(lambda: pair.kafka.leader(topic)[0] >= 0, 60, "the topic")
    advice = command(pair, topic) + f"retention.ms={7 * DAY_MS}"

    checked = pair.tool("drc-capture", "--region", "eu", "--check").stdout
    assert "keeps records for 1h, kafka.topic.retention asks for 7d" in checked and advice in checked
    pair.capture("eu").start()
    pair.until(lambda: pair.stream_stands("eu"), 60, "a stream")
    lines = [line for line in pair.capture("eu").text().splitlines() if advice in line]
    assert lines and all(" warning: " in line for line in lines)

    pair.capture("eu").stop()
    pair.file["kafka"]["topic"]["retention"] = "30m"
    pair.write_config()
    assert "warning" not in pair.tool("drc-capture", "--region", "eu", "--check").stdout


def test_a_topic_with_too_few_copies_is_refused(make_pair, directory):
    brokers = Kafka(directory / "kafka", nodes=3)
    copies = {"durability": "replicated", "topic": {"replication_factor": 3, "min_insync_replicas": 2}}
    pair, topic = capture_alone(make_pair, kafka=brokers, config={"kafka": copies})

    def refused(words, replication, insync):
        config = {"cleanup.policy": "delete", "min.insync.replicas": str(insync)}
        pair.kafka.create_topic(topic, replication=replication, config=config)
        told = []

        def is_told():
            told.append(pair.tool("drc-capture", "--region", "eu", "--check", expect=None))
            return told[-1].returncode == 78 and words in told[-1].stderr

        pair.until(is_told, 60, "refusal")  # 75 while not all brokers know the topic, the former one's where one is late
        last = told[-1].stderr
        pair.capture("eu").launch()
        assert last.splitlines()[-1].split(" error: ")[-1] in pair.capture("eu").expect_exit(78)
        pair.kafka.delete_topic(topic)
        pair.until(lambda: topic not in pair.kafka.topics(), 30, "deletion")
        return last

    refused("is kept on 2 brokers, kafka.topic.replication_factor asks for 3", replication=2, insync=2)
    last = refused("min.insync.replicas=1, kafka.topic.min_insync_replicas asks for 2", replication=3, insync=1)
    assert command(pair, topic) + "min.insync.replicas=2" in last
