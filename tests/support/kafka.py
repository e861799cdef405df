"""A Kafka cluster of our own: KRaft nodes that are broker and controller at once, on free loopback ports.

One node unless told otherwise. Ports and data stay the same over every stop, kill and restart. Nodes are tuned for a
quick start and a small heap; a formatted log directory is copied from the cache. Records are written and read by kcat,
topics managed by support.kafka_admin, so that no test needs a Java client.
"""

import functools
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from support import kafka_admin, place, ports
from support.process import Process

JARS = place.CACHE / "kafka" / "lib"
JARS_3_9 = place.CACHE / "kafka-3.9" / "lib"
CLUSTER_ID = "ZHJjLXRlc3QtY2x1c3Rlcg"

SETTINGS = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.num.partitions": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    "log.cleaner.dedupe.buffer.size": 2097152,
    "auto.create.topics.enable": "false",
    "broker.heartbeat.interval.ms": 500,
    "broker.session.timeout.ms": 4000,  # how long a killed node's next start has to wait
    "num.network.threads": 2,
    "num.io.threads": 2,
    "background.threads": 2,
}

LOGGING = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def _java(jars, heap, *words):
    flags = [f"-Xmx{heap}", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    return ["java", *flags, "-cp", f"{jars}/*", *[str(word) for word in words]]


def _properties(settings):
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def _node_settings(node_id, client_port, controller_port, voters, directory):
    copies = min(3, len(voters.split(",")))
    return {
        **SETTINGS,
        "node.id": node_id,
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://127.0.0.1:{client_port},CONTROLLER://127.0.0.1:{controller_port}",
        "log.dirs": directory,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": 1,
    }


def _prepare(jars, directory):
    """Fill `directory` with `log`, the formatted log directory of node 1, and `classes.jsa`, which halves a start."""
    config, first, second = directory / "server.properties", ports.free_port(), ports.free_port()
    own = _node_settings(1, first, second, f"1@127.0.0.1:{second}", directory / "log")
    config.write_text(_properties(own), encoding="ascii")
    tool = _java(jars, "128m", "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", config)
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"formatting a broker's directory ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    subprocess.run(["cp", "-a", directory / "log", directory / "fresh"], check=True)
    archive = _java(jars, "256m", f"-XX:ArchiveClassesAtExit={directory}/classes.jsa", "kafka.Kafka", config)
    server = Process("kafka's first run", archive, directory / "server.log")
    server.start()
    server.wait_ready(lambda: _answers(first), timeout=120)
    server.stop(timeout=120)
    shutil.rmtree(directory / "log")
    (directory / "fresh").rename(directory / "log")


def _prepared(jars):
    release = next(jars.glob("kafka_2.13-*.jar")).stem.split("-")[-1]
    return place.cached_directory(f"kafka-{release}", functools.partial(_prepare, jars))


def _answers(port, others=frozenset()):
    """Whether the node at `port` serves clients and knows the nodes `others`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return False
    try:
        seen = kafka_admin.brokers([f"127.0.0.1:{port}"], timeout=2)
    except kafka_admin.AdminError:
        return False
    return bool(seen) and seen >= others


class Node:
    """One broker of a cluster."""

    def __init__(self, node_id, directory, jars, heap, outlive):
        self.node_id = node_id
        self.prepared = _prepared(jars)
        self.directory = directory
        self.port = ports.free_port()
        self.controller_port = ports.free_port()
        self.config = directory / "server.properties"
        logging = directory / "log4j2.properties"
        classes = f"-XX:SharedArchiveFile={self.prepared}/classes.jsa"
        # What a killed broker leaves behind, such as unpacked native libraries, goes with its directory.
        own = [f"-Dlog4j2.configurationFile={logging}", f"-Djava.io.tmpdir={directory}"]
        argv = _java(jars, heap, classes, *own, "kafka.Kafka", self.config)
        directory.mkdir(parents=True, exist_ok=True)
        logging.write_text(LOGGING, encoding="ascii")
        self.process = Process(f"kafka node {node_id}", argv, directory / "server.log", outlive=outlive)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def configure(self, voters, settings):
        data = self.directory / "data"
        if not data.exists():
            subprocess.run(["cp", "-a", self.prepared / "log", data], check=True)
            meta = data / "meta.properties"
            text = re.sub(r"node\.id=\d+", f"node.id={self.node_id}", meta.read_text(encoding="ascii"))
            text = re.sub(r"directory\.id=.*", f"directory.id=ZHJj{self.node_id:04d}ZGlyZWN0b3J5Lw", text)
            meta.write_text(text, encoding="ascii")
        own = _node_settings(self.node_id, self.port, self.controller_port, voters, data)
        self.config.write_text(_properties({**own, **settings}), encoding="ascii")


class Kafka:
    """A cluster with its data in `directory`; `settings` are added to every node's server.properties; `jars` are those
    of its release."""

    def __init__(self, directory, *, nodes=1, settings=None, jars=JARS, heap="256m", outlive=False):
        self.directory = pathlib.Path(directory)
        self.settings = settings or {}
        self.nodes = [Node(i + 1, self.directory / f"node{i + 1}", jars, heap, outlive) for i in range(nodes)]

    @property
    def bootstrap(self):
        """The addresses for bootstrap.servers, as a list."""
        return [node.address for node in self.nodes]

    def lead_through(self, proxied, number=1):
        """Before the start of node `number`: who comes by the port that `proxied(port)` returns stays on that way."""
        node, port = self.nodes[number - 1], ports.free_port()
        own = f"PLAINTEXT://{node.address}"
        self.settings |= {
            "listeners": f"{own},PROXIED://127.0.0.1:{port},CONTROLLER://127.0.0.1:{node.controller_port}",
            "advertised.listeners": f"{own},PROXIED://127.0.0.1:{proxied(port)}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
        }

    # Running it; each takes one node's number (from 1), or means all.

    def _chosen(self, number):
        return self.nodes if number is None else [self.nodes[number - 1]]

    def start(self, number=None, timeout=120):
        voters = ",".join(f"{node.node_id}@127.0.0.1:{node.controller_port}" for node in self.nodes)
        chosen = self._chosen(number)
        for node in chosen:
            node.configure(voters, self.settings)
            node.process.start()
        up = {node.node_id for node in self.nodes if node.process.running}
        for node in chosen:
            node.process.wait_ready(lambda node=node: _answers(node.port, up), timeout)
        return self

    def stop(self, number=None, timeout=60):
        """SIGTERM. Without a majority of its quorum a node cannot stop in order: then it is killed after a while."""
        chosen = self._chosen(number)
        if len(chosen) == 1:
            chosen[0].process.stop(timeout)
            return
        for node in chosen:
            node.process.signal(signal.SIGTERM)
        deadline = time.monotonic() + 5
        while self.running and time.monotonic() < deadline:
            time.sleep(0.05)
        self.kill()

    def kill(self, number=None):
        for node in self._chosen(number):
            node.process.kill()

    def restart(self, number=None):
        self.stop(number)
        return self.start(number)

    def freeze(self, number=None):
        for node in self._chosen(number):
            node.process.freeze()

    def thaw(self, number=None):
        for node in self._chosen(number):
            node.process.thaw()

    @property
    def running(self):
        return any(node.process.running for node in self.nodes)

    def remove(self):
        """End it at once and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self if self.running else self.start()

    def __exit__(self, *_):
        self.kill()

    # Topics.

    def create_topic(self, name, partitions=1, replication=1, config=None):
        kafka_admin.create_topic(self.bootstrap, name, partitions, replication, config or {})

    def delete_topic(self, name):
        kafka_admin.delete_topic(self.bootstrap, name)

    def alter_topic(self, name, config):
        """These settings, and the cluster's for all that are not among them."""
        kafka_admin.alter_topic(self.bootstrap, name, config)

    def delete_records(self, name, before, partition=0):
        """Forget the records below offset `before`, as retention would."""
        kafka_admin.delete_records(self.bootstrap, name, partition, before)

    def topics(self):
        """Name -> number of partitions."""
        return kafka_admin.topics(self.bootstrap)

    def topic_start(self, topic, partition=0):
        return kafka_admin.offsets(self.bootstrap, topic, partition)[0]

    def topic_end(self, topic, partition=0):
        """The offset that the next record will get."""
        return kafka_admin.offsets(self.bootstrap, topic, partition)[1]

    def leader(self, topic):
        """(number of the node that leads the topic's partition 0, how many copies are in sync); (-1, 0) for neither."""
        try:
            return kafka_admin.leader(self.bootstrap, topic)
        except kafka_admin.AdminError:
            return -1, 0

    # Records.

    def _kcat(self, *words, **more):
        argv = ["kcat", "-q", "-m", "60", "-b", ",".join(self.bootstrap), *[str(word) for word in words]]
        return subprocess.run(argv, check=True, capture_output=True, timeout=120, **more).stdout

    def produce(self, topic, value, key=None, headers=None, partition=0):
        """Write one record: exactly these bytes as its value."""
        words = ["-P", "-t", topic, "-p", partition]
        words += [] if key is None else ["-k", key]
        for name, text in (headers or {}).items():
            words += ["-H", f"{name}={text}"]
        assert value, "kcat cannot send an empty value"
        with tempfile.NamedTemporaryFile(dir=self.directory, prefix="produce-") as file:
            file.write(value)
            file.flush()
            self._kcat(*words, file.name)

    def records(self, topic, start="beginning", count=None, partition=0):
        """Records from offset `start` to the end (at most `count`), each with offset, key, headers and value (bytes)."""
        end = self.topic_end(topic, partition)
        first = self.topic_start(topic, partition) if start == "beginning" else start
        if first >= end:
            return []
        limit = [] if count is None else ["-c", count]
        out = self._kcat(
            "-C", "-t", topic, "-p", partition, "-o", first, "-e", "-X", "fetch.wait.max.ms=20", *limit, "-f", '{"o":%o,"k":%K,"v":%S,"h":"%h"}\n%k%s\n'
        )
        return list(_parse(out))


def _parse(out):
    """What kcat printed: a line of lengths, then key and value as they are."""
    at = 0
    while at < len(out):
        line_end = out.index(b"\n", at)
        head = json.loads(out[at:line_end].decode("utf-8"))
        at = line_end + 1
        key_length, value_length = max(head["k"], 0), max(head["v"], 0)
        key = out[at : at + key_length] if head["k"] >= 0 else None
        at += key_length
        headers = dict(pair.split("=", 1) for pair in head["h"].split(",") if "=" in pair)
        yield {"offset": head["o"], "key": key, "headers": headers, "value": out[at : at + value_length]}
        at += value_length + 1
