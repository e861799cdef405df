"""Debezium as a peer: its MySQL connector fills a topic, its JDBC sink takes that into a target.

Both run in Kafka Connect standalone, on the link's own broker, with settings as its users tune them: batches as large as
the consumer's polls, one change a row and batch (reduction buffer), many rows a statement. One partition, hence one
task: rows in the source's order, as ours are.
"""

import json
import pathlib
import shutil
import subprocess
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree

import workload
from support import kafka, place, ports
from support.process import Process

POM = pathlib.Path(__file__).with_name("debezium-pom.xml")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
USER = "debezium"
TOPIC = "item"
BATCH = 3000
DRIVER = "rewriteBatchedStatements=true&connectionTimeZone=UTC&sslMode=DISABLED&allowPublicKeyRetrieval=true"
JSON = "org.apache.kafka.connect.json.JsonConverter"

WORKER = {
    "key.converter": JSON,
    "value.converter": JSON,
    "offset.flush.interval.ms": 1000,
    "producer.compression.type": "lz4",
    "producer.linger.ms": 20,
    "producer.batch.size": 524288,
    "consumer.max.poll.records": BATCH,
    "consumer.fetch.min.bytes": 1048576,
    "consumer.fetch.max.wait.ms": 100,
    "consumer.max.partition.fetch.bytes": 8388608,
}
SOURCE = {
    "connector.class": "io.debezium.connector.mysql.MySqlConnector",
    "database.server.id": 7990,
    "database.ssl.mode": "preferred",
    "topic.prefix": "debezium",
    "database.include.list": "bench",
    "table.include.list": "bench.item",
    "snapshot.mode": "no_data",
    "include.schema.changes": "false",
    "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
    "max.batch.size": 8192,
    "max.queue.size": 32768,
    "topic.creation.default.partitions": 1,
    "topic.creation.default.replication.factor": 1,
    "transforms": "unwrap,route",
    "transforms.unwrap.type": "io.debezium.transforms.ExtractNewRecordState",
    "transforms.route.type": "org.apache.kafka.connect.transforms.RegexRouter",
    "transforms.route.regex": "debezium\\\\.bench\\\\.(.*)",
    "transforms.route.replacement": "$1",
}
SINK = {
    "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
    "topics": TOPIC,
    "insert.mode": "upsert",
    "primary.key.mode": "record_key",
    "delete.enabled": "true",
    "schema.evolution": "none",
    "use.time.zone": "UTC",
    "use.reduction.buffer": "true",
    "batch.size": BATCH,
}


def _fetch(directory):
    words = ["mvn", "-q", "-B", "-Dstyle.color=never", "-f", POM, COPY, f"-DoutputDirectory={directory}"]
    print("  fetching Debezium's jars with Maven", flush=True)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(directory)
        raise AssertionError(f"Maven could not fetch Debezium's jars:\n{done.stdout}{done.stderr}")


def jars():
    """Where they are, fetched the first time."""
    version = xml.etree.ElementTree.parse(POM).findtext("{*}version")
    return place.cached_directory(f"debezium-{version}", _fetch)


def write_properties(path, settings):
    path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
    return path


class Connect:
    """A standalone worker with one connector."""

    def __init__(self, directory, bootstrap, name, settings):
        directory.mkdir(parents=True)
        self.name, self.port = name, ports.free_port()
        logging = directory / "log4j2.properties"
        logging.write_text(kafka.LOGGING, encoding="ascii")
        worker = {
            **WORKER,
            "bootstrap.servers": ",".join(bootstrap),
            "listeners": f"http://127.0.0.1:{self.port}",
            "offset.storage.file.filename": directory / "offsets",
        }
        argv = ["java", "-Xms256m", "-Xmx1g", f"-Dlog4j2.configurationFile={logging}", "-cp", f"{jars()}/*"]
        argv += ["org.apache.kafka.connect.cli.ConnectStandalone", write_properties(directory / "worker.properties", worker)]
        argv += [write_properties(directory / "connector.properties", {"name": name, "tasks.max": 1, **settings})]
        self.process = Process(f"connect {name}", argv, directory / "connect.log")

    def start(self, timeout=180):
        self.process.start()
        self.process.wait_ready(lambda: self.states() == {"RUNNING"}, timeout)

    def states(self):
        """The states of the connector's tasks; a failed one is an error."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/connectors/{self.name}/status", timeout=5) as answer:
                tasks = json.load(answer)["tasks"]
        except (urllib.error.URLError, OSError, ValueError):
            return set()
        for task in tasks:
            assert task["state"] != "FAILED", f"{self.name} failed: {task.get('trace')}"
        return {task["state"] for task in tasks}

    def until(self, condition, timeout, pause):
        """Seconds until `condition` holds; asks now and then whether the connector is well."""
        begin = looked = time.monotonic()
        while not condition():
            now = time.monotonic()
            assert now - begin < timeout, f"{self.name} was not done within {timeout} s{self.process.excerpt()}"
            if now - looked > 2:
                self.process.check_alive()
                self.states()
                looked = now
            time.sleep(pause)
        return time.monotonic() - begin

    def end(self):
        self.process.kill()


class Sink:
    """The peer beside `link`, whose broker and servers it shares; its own files are in `directory`."""

    def __init__(self, link, directory):
        self.link, self.directory = link, directory
        self.connect = None

    def _start(self, name, settings):
        self.connect = Connect(self.directory / name, self.link.pair.kafka.bootstrap, name, settings)
        self.connect.start()

    def _end(self):
        if self.connect:
            self.connect.end()
        self.connect = None

    def _user(self, server):
        server.create_user(USER, server.password, ["GRANT ALL ON *.* TO {user}"])

    def capture(self):
        """Begin to capture the source, before its backlog is made."""
        source = self.link.source
        self._user(source)
        own = {
            "database.hostname": source.host,
            "database.port": source.port,
            "database.user": USER,
            "database.password": source.password,
            "schema.history.internal.file.filename": self.directory / "history",
        }
        self._start("source", {**SOURCE, **own})
        reads = lambda: any(row[4].startswith("Binlog Dump") for row in source.query("SHOW PROCESSLIST"))
        self.connect.until(reads, 120, 0.1)

    def captured(self):
        """Until the whole backlog is in the topic."""
        broker, rows = self.link.pair.kafka, self.link.backlog.rows
        self.connect.until(lambda: TOPIC in broker.topics() and broker.topic_end(TOPIC) >= rows, 1200, 0.5)
        self._end()

    def apply(self, expected):
        """Rows a second into a new target, from the first commit to the last."""
        target = self.link.fresh_target(())
        self._user(target)
        own = {
            "connection.url": f"jdbc:mysql://{target.host}:{target.port}/bench?{DRIVER}",
            "connection.username": USER,
            "connection.password": target.password,
        }
        before = target.executed_gtids()
        try:
            self._start(f"sink-{target.port}", {**SINK, **own})
            self.connect.until(lambda: target.executed_gtids() != before, 300, 0.01)
            seconds = self.connect.until(lambda: target.value(workload.LAST), 3600, 0.02)
        finally:
            self._end()
        assert workload.checksum(target) == expected, "Debezium's target is not equal to the source"
        return self.link.backlog.rows / seconds

    def close(self):
        self._end()
