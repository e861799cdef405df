"""No password in anything that programs print, log, write or show of themselves; and no core file that would hold them.

The logs of this pair are JSON, which is looked at as well.
"""

import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import time

import pytest
from support import marks, place, ports
from support.kafka import Kafka

SASL = "sasl"
ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)"
MARKS = {"eu": "Zq7Leu5Wd", "us": "Zq7Lus5Wd", "kafka": "Zq7Lkf5Wd", "wrong": "Zq7Lno5Wd"}


def password(name):
    """One that needs quoting wherever it goes, around what is looked for."""
    return f"a'{MARKS[name]}\"; --x"


class PlainKafka(Kafka):
    """With a listener that wants a user and a password, which the client sends as they are."""

    def __init__(self, directory):
        super().__init__(directory)
        node, self.port = self.nodes[0], ports.free_port()
        own = f"PLAINTEXT://{node.address},SASL://127.0.0.1:{self.port}"
        quoted = password("kafka").replace("\\", "\\\\").replace('"', '\\"')
        module = "org.apache.kafka.common.security.plain.PlainLoginModule"
        self.settings |= {
            "listeners": f"{own},CONTROLLER://127.0.0.1:{node.controller_port}",
            "advertised.listeners": own,
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            f"listener.name.{SASL}.plain.sasl.jaas.config": f'{module} required user_drc="{quoted}";'.replace("\\", "\\\\"),
        }


@pytest.fixture
def marked(make_pair, directory):
    kafka = PlainKafka(directory / "kafka")
    secret = directory / "kafka.password"
    secret.touch(mode=0o600)
    secret.write_text(password("kafka") + "\n", encoding="ascii")
    pair = make_pair(
        kafka=kafka,
        conflicts={"default": {"policy": "target_wins"}, "allow_divergence": True},
        config={
            "kafka": {
                "bootstrap": [f"127.0.0.1:{kafka.port}"],
                "properties": {
                    "security.protocol": "sasl_plaintext",
                    "sasl.mechanism": "PLAIN",
                    "sasl.username": "drc",
                    "debug": "conf,security,broker,protocol",  # all that the library tells of itself
                },
                "password_file": "kafka.password",
            },
            "log": {"level": "debug", "format": "json"},
        },
    )
    for name, server in pair.servers.items():
        server.password = password(name)
    pair.addresses = marks.open_pages(pair.file)
    pair.write_config()
    pair.everywhere("CREATE DATABASE shop", ITEM)
    return pair


def outputs(pair):
    """What the tools say."""
    said = {}

    def run(program, *words, expect=0):
        done = pair.tool(program, *words, expect=expect)
        said[" ".join((program, *words))] = (done.stdout + done.stderr).encode("utf-8", "surrogateescape")

    run("drcctl", "config", "check")
    run("drcctl", "status")
    run("drcctl", "status", "--json")
    run("drcctl", "positions")
    run("drcctl", "version", "--daemons")
    run("drcctl", "reload", "--check")
    run("drcctl", "set", "--list")
    run("drcctl", "check", expect=None)
    run("drcctl", "check", "--json", expect=None)
    run("drcctl", "grants", "--region", "eu", "--flavor", "mariadb")
    run("drcctl", "events", "--region", "eu", "--control")
    run("drcctl", "conflicts", "list")
    run("drcctl", "conflicts", "show", "1", "--to", "us", expect=None)
    run("drcctl", "parked", "list")
    run("drc-capture", "--region", "eu", "--check", expect=None)
    written = ["--json", str(pair.directory / "full.json"), "--html", str(pair.directory / "full.html")]
    run("drc-reconcile", "full", "--pair", "eu,us", *written, expect=1)
    run("drc-reconcile", "incident", "--pair", "eu,us", "--since", "1h", expect=None)
    for daemon in pair.daemons:
        for question in ("status", "status json", "help"):
            said[f"{daemon.name}: {question}"] = "\n".join(daemon.ask(question)).encode("utf-8")
    return said


def refusals(pair):
    """What is said of a password that is not right, one after the other."""
    said = {}
    for secret, code in (("us", 77), ("kafka", None)):
        path = pair.directory / f"{secret}.password"
        before = path.read_text(encoding="ascii")
        path.write_text(password("wrong") + "\n", encoding="ascii")
        argv = [place.programs() / "drc-applier", "--config", pair.config, "--from", "eu", "--to", "us"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=pair.directory) as child:
            try:
                out, _ = child.communicate(timeout=60 if code else 3)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGTERM)
                out, _ = child.communicate(timeout=60)
        assert code is None or child.returncode == code, out
        said[f"wrong password of {secret}"] = out
        path.write_text(before, encoding="ascii")
    return said


def assert_json(places):
    """Each line of each daemon's log is one object; all but debug lines have an id."""
    ids = set()
    for name, data in places.items():
        for text in data.decode("utf-8").splitlines() if name.endswith(".log") else ():
            line = json.loads(text)
            assert {"time", "level", "message", "fields"} <= line.keys()
            assert line["level"] == "debug" or re.fullmatch(r"DRC-\d{4}", line["id"])
            ids.add(line.get("id"))
    assert {"DRC-2001", "DRC-3001", "DRC-4001", "DRC-1001"} <= ids, ids


def test_no_secret_anywhere(marked):
    pair = marked.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'from eu')")
    pair.us.sql("INSERT INTO shop.item VALUES (2, 'from us')")
    pair.settle()
    for source, target in pair.links:
        pair.ctl("pause", "--from", source, "--to", target, "--why", "neither is to know the other's change")
    pair.eu.sql("UPDATE shop.item SET name = 'one' WHERE id = 1")  # and a conflict, which is journaled
    pair.us.sql("UPDATE shop.item SET name = 'two' WHERE id = 1")
    for source, target in pair.links:
        pair.ctl("resume", "--from", source, "--to", target)
    pair.settle()
    pair.applier("eu", "us").ask("status")
    shown = marks.pages(pair.addresses)
    assert b"drc_applier_rows_total" in shown["applier-eu-us/metrics"] and b"<html" in shown["capture-eu/"]
    places = {**outputs(pair), **marks.processes(pair), **shown}
    pair.us.sql("KILL USER drc")  # what is said when connections break
    pair.settle()
    pair.stop()
    places |= refusals(pair)
    places |= marks.files(pair)
    assert marks.leaks(places, MARKS) == []
    assert any(name.endswith(".log") and b"kafka: " in data for name, data in places.items()), "the library's own words are there"
    assert "full.json" in places and "full.html" in places
    assert_json(places)

    # What is there would be found: a statement is logged as it was written.
    pair.start()
    pair.eu.sql(f"CREATE TABLE shop.later (id INT PRIMARY KEY) COMMENT '{MARKS['wrong']}'")
    pair.until(lambda: ("applier-eu-us.log", "wrong") in marks.leaks(marks.files(pair), MARKS), 60, "the planted mark")
    pair.stop()


def dumps_core(argv, directory):
    """Whether a process that ends by SIGABRT leaves a core; None where it ended before."""
    pid = os.fork()
    if pid == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            os.chdir(directory)
            null = os.open(os.devnull, os.O_RDWR)
            for fd in range(3):
                os.dup2(null, fd)
            os.execv(argv[0], [str(word) for word in argv])
        finally:
            os._exit(99)
    deadline = time.monotonic() + 60
    while b"\0" not in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() or not waits(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(pid, signal.SIGABRT)
    _, status = os.waitpid(pid, 0)
    return os.WCOREDUMP(status) if os.WIFSIGNALED(status) else None


def waits(pid):
    """It sleeps in a call: `sleep` at once, a daemon that looks for its server after its start."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return "State:\tS" in status and pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() in {"sleep", "drc-applier"}


def test_a_crash_leaves_no_core(make_pair, tmp_path):
    if not dumps_core(["/bin/sleep", "60"], tmp_path):
        pytest.skip("cores are not written on this host at all")
    pair = make_pair(links=[("eu", "us")])  # nothing is started: the applier tries to connect for ever
    argv = [place.programs() / "drc-applier", "--config", pair.config, "--from", "eu", "--to", "us"]
    assert dumps_core(argv, tmp_path) is False
