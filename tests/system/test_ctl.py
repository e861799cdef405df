"""drcctl: waits for a link, says how far it is and what collided, prints topics and binlogs, checks the pair file."""

import json
import re
import subprocess
import time

import pytest

from support import place

ITEM = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40), price INT,"
    " updated_at DATETIME(6) NOT NULL DEFAULT '2026-01-01')"
)


@pytest.fixture
def running(pair):
    pair.everywhere(ITEM)
    return pair.start()


def names(server):
    return [row[0] for row in server.query("SELECT name FROM shop.item ORDER BY id")]


def test_wait_returns_once_everything_is_in_effect(running):
    pair = running
    for number in range(20):
        pair.eu.sql(f"INSERT INTO shop.item (id, name) VALUES ({number}, 'n{number}')")
        done = pair.wait("eu", "us")
        assert names(pair.us)[-1] == f"n{number}"
    assert done.stdout.startswith("us has everything of eu up to seq 20")

    # What is filtered, was replayed, or took no binlog event leaves nothing to wait for.
    pair.eu.sql("CREATE DATABASE other", "CREATE TABLE other.t (id INT PRIMARY KEY)", "INSERT INTO other.t VALUES (1)")
    pair.wait("eu", "us", timeout=20)
    pair.wait("us", "eu", timeout=20)
    pair.us.sql("UPDATE shop.item SET price = 1")
    pair.wait("us", "eu")
    assert pair.eu.value("SELECT SUM(price) FROM shop.item") == 20
    pair.wait("eu", "us", timeout=20)
    assert pair.ctl("wait", "--from", "eu", "--to", "us", "--quiet").stdout == ""


def test_wait_goes_through_a_kill_and_a_restart(running):
    pair = running
    applier = pair.applier("eu", "us")
    applier.kill()
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (1, 'a')")
    argv = [place.programs() / "drcctl", "--config", pair.config, "wait", "--from", "eu", "--to", "us", "--timeout", "60"]
    with subprocess.Popen([str(word) for word in argv], stdout=subprocess.PIPE, text=True) as waiting:
        time.sleep(4)
        assert waiting.poll() is None, "it gave up while the applier was only being restarted"
        applier.start()
        assert waiting.wait(60) == 0
    assert names(pair.us) == ["a"]


def test_wait_tells_slow_from_stopped(running):
    pair = running
    applier, capture = pair.applier("eu", "us"), pair.capture("eu")

    pair.settle()
    applier.freeze()  # it has not ended: there, but slow
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (1, 'a')")
    pair.captured("eu")
    late = pair.wait("eu", "us", timeout=3, expect=75).stderr
    assert "the applier from eu to us has applied up to seq 0 of 1" in late
    applier.thaw()
    pair.wait("eu", "us")

    applier.stop()
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (2, 'b')")
    pair.captured("eu")
    gone = pair.wait("eu", "us", timeout=12, expect=69).stderr
    assert "applier-eu-us is stopped" in gone and "up to seq 1 of 2" in gone
    began = time.monotonic()
    pair.ctl("wait", "--from", "eu", "--to", "us", expect=69)
    assert time.monotonic() - began < 60, "without a limit it must find out as well"
    pair.wait("us", "eu")  # the other direction has nothing to do with it

    capture.stop()
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (3, 'c')")
    gone = pair.wait("eu", "us", timeout=15, expect=69).stderr
    assert "capture-eu is stopped" in gone and "1 transactions of the source are to come" in gone
    pair.start()
    pair.settle()
    assert names(pair.us) == ["a", "b", "c"]


def test_wait_names_what_the_operator_has_to_mend(running):
    pair = running
    pair.everywhere("CREATE TABLE shop.later (id INT PRIMARY KEY, a INT)")
    pair.us.sql("SET SESSION sql_log_bin = 0", "ALTER TABLE shop.later DROP COLUMN a")
    pair.eu.sql("INSERT INTO shop.later VALUES (1, 2)")
    pair.until(lambda: pair.status()["eu", "us"]["state"] == "waiting", 60, "waiting link")
    said = pair.wait("eu", "us", timeout=5, expect=75).stderr
    assert "applier-eu-us is waiting" in said and "later" in said and "`a`" in said
    link = pair.status()["eu", "us"]
    assert link["state"] == "waiting" and "`a`" in link["last_error"]
    pair.us.sql("SET SESSION sql_log_bin = 0", "ALTER TABLE shop.later ADD COLUMN a INT")
    pair.wait("eu", "us")
    assert pair.us.query("SELECT * FROM shop.later") == [(1, 2)]


def test_a_link_that_stopped_for_good_says_why(make_pair):
    pair = make_pair(conflicts={"default": {"policy": "stop"}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    applier = pair.applier("eu", "us")
    pair.us.sql("SET SESSION sql_log_bin = 0", "INSERT INTO shop.item (id, name) VALUES (1, 'there')")
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (1, 'here')")
    last_line = applier.expect_exit(69)
    assert "insert/exists" in last_line

    said = pair.wait("eu", "us", timeout=60, expect=69).stderr
    assert "applier-eu-us is stopped: " in said and "insert/exists" in said and "up to seq 0 of 1" in said
    link = pair.status()["eu", "us"]
    assert link["state"] == "stopped" and "insert/exists" in link["last_error"]
    assert "insert/exists" in pair.ctl("status").stdout

    pair.us.sql("SET SESSION sql_log_bin = 0", "DELETE FROM shop.item")
    pair.start()
    pair.wait("eu", "us")
    link = pair.status()["eu", "us"]
    assert link["state"] == "running" and link["last_error"] is None


def test_status_tells_positions_lag_and_state(running):
    pair = running
    pair.wait_for_canaries()  # nobody else writes while positions are compared
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (1, 'a')", "INSERT INTO shop.item (id, name) VALUES (2, 'b')")
    pair.wait("eu", "us")
    link = pair.status()["eu", "us"]
    assert (link["state"], link["topic_seq"], link["applied_seq"]) == ("running", 2, 2)
    assert link["source_gtid"] == pair.eu.executed_gtids()
    assert 0 <= link["lag_seconds"] < 30 and link["last_error"] is None
    assert link["lag_bytes"] == 0

    pair.applier("eu", "us").stop()
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (3, 'c')")
    pair.until(lambda: pair.status()["eu", "us"]["topic_seq"] == 3, 30, "third transaction in the topic")
    time.sleep(2.5)
    link = pair.status()["eu", "us"]
    assert (link["state"], link["topic_seq"], link["applied_seq"]) == ("stopped", 3, 2)
    assert 2 <= link["lag_seconds"] < 60, "the transaction that waits has waited that long"
    assert 50 < link["lag_bytes"] < 1000000, "of the topic, by its newest records' size"

    pair.applier("us", "eu").stop()
    pair.us.stop()
    link = pair.status()["eu", "us"]
    assert (link["state"], link["applied_seq"], link["lag_seconds"]) == ("unknown", None, None)
    assert "us" in link["last_error"]
    text = pair.ctl("status").stdout
    assert "eu:us" in text and "unknown" in text and pair.eu.executed_gtids() in text
    pair.us.start()


def captures(pair):
    return {capture["region"]: capture for capture in json.loads(pair.ctl("status", "--json").stdout)["captures"]}


def test_a_daemon_that_was_killed_is_seen_at_once(running):
    pair = running
    pair.settle()
    pair.capture("eu").kill()
    eu, link = captures(pair)["eu"], pair.status()["eu", "us"]
    assert (eu["state"], link["state"]) == ("stopped", "stopped")
    assert "ended without a word" in eu["last_error"] and "ended without a word" in link["last_error"]
    assert captures(pair)["us"]["state"] == "running"

    elsewhere = pair.rival(pair.capture("eu")).start()
    pair.until(lambda: captures(pair)["eu"]["state"] == "running", 30, "sign of life from the other host")
    assert captures(pair)["eu"]["last_error"] is None
    elsewhere.stop()
    pair.capture("eu").start()
    pair.until(lambda: captures(pair)["eu"]["state"] == "running", 30, "running capture")
    assert pair.status()["eu", "us"]["last_error"] is None

    pair.applier("eu", "us").kill()
    link = pair.status()["eu", "us"]
    assert link["state"] == "stopped" and "ended without a word" in link["last_error"]


@pytest.mark.own_broker
def test_what_cannot_be_reached_is_not_known(running):
    pair = running
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (1, 'a')")
    pair.settle()
    pair.us.stop()
    said = pair.wait("eu", "us", timeout=8, expect=75).stderr
    assert "how far the applier from eu to us has come is not known" in said and "region us" in said
    assert "seq 0" not in said
    pair.us.start()
    pair.kafka.stop()
    said = pair.wait("eu", "us", timeout=8, expect=75).stderr
    assert "how far capture of eu has published is not known" in said and "kafka" in said.lower()
    pair.kafka.start()
    pair.eu.stop()
    said = pair.wait("eu", "us", timeout=8, expect=75).stderr
    assert "region eu" in said
    pair.eu.start()
    pair.settle()
    fine = lambda: all((link["state"], link["last_error"]) == ("running", None) for link in pair.status().values())
    pair.until(fine, 40, "end of what has been overcome")


def test_conflicts_are_listed_and_shown(running):
    pair = running
    pair.stop()
    pair.eu.sql("INSERT INTO shop.item VALUES (7, 'from eu', 10, '2026-01-01 10:00:00')")
    pair.us.sql("INSERT INTO shop.item VALUES (7, 'from us, \"later\"', NULL, '2026-01-01 10:00:01')")
    pair.start()
    pair.settle()
    assert names(pair.eu) == names(pair.us) == ['from us, "later"']

    entries = pair.conflicts()
    columns = [row[0] for row in pair.us.query("SHOW COLUMNS FROM drc.conflicts")]
    assert {entry["link"] for entry in entries} == {"eu:us", "us:eu"}
    (at_us,) = [entry for entry in entries if entry["link"] == "eu:us"]
    (at_eu,) = [entry for entry in entries if entry["link"] == "us:eu"]
    assert list(at_us) == columns
    assert (at_us["kind"], at_us["policy"]) == ("insert/exists", "latest")
    assert (at_us["verdict"], at_eu["verdict"]) == ("local", "incoming")
    assert at_us["row_key"] == {"id": 7}
    assert at_us["incoming_image"] == {"id": 7, "name": "from eu", "price": 10, "updated_at": "2026-01-01 10:00:00.000000"}
    assert at_us["local_image"]["name"] == at_us["result_image"]["name"] == 'from us, "later"'
    assert at_us["local_image"]["price"] is None and at_us["before_image"] is None
    assert at_us["result_hash"] == at_eu["result_hash"], "both sides ended with the same row"
    assert "2026-01-01 10:00:01" in at_us["why"]

    def listed(*words):
        return [json.loads(line) for line in pair.ctl("conflicts", "list", "--json", *words).stdout.splitlines()]

    assert listed("--to", "us") == [at_us]
    assert listed("--table", "shop.i*", "--to", "us") == [at_us] and listed("--table", "shop.other") == []
    assert len(listed("--since", "10m")) == 2 and listed("--since", "2199-01-01T00:00:00") == []
    pair.us.sql("INSERT INTO drc.conflicts SELECT NULL, `at`, link, gtid, c.seq, db, tbl, row_key, kind, cause, policy, verdict, why,"
                " before_image, incoming_image, local_image, result_image, images, result_hash, state, changed, NULL, NULL, NULL, NULL, NULL"
                " FROM drc.conflicts c, shop.seq_1_to_200")
    assert [entry["id"] for entry in listed("--to", "us", "--limit", 3)] == [201, 200, 199]
    assert len(listed("--to", "us")) == 201

    shown = pair.ctl("conflicts", "show", at_us["id"], "--to", "us").stdout
    assert "insert/exists" in shown and "from eu" in shown
    (price,) = [line for line in shown.splitlines() if line.startswith("price ")]
    assert price.split()[1:] == ["-", "*10", "NULL", "NULL"]
    assert "no entry has that ID" in pair.ctl("conflicts", "show", 999999, expect=64).stderr


def test_events_of_topic_and_binlog(running):
    pair = running
    pair.eu.sql("BEGIN", "INSERT INTO shop.item (id, name) VALUES (1, 'ä')", "UPDATE shop.item SET price = 5", "COMMIT")
    pair.eu.sql("CREATE TABLE shop.made (id INT)")
    pair.wait("eu", "us")
    told = pair.ctl("events", "--region", "eu", "--control", "--json").stdout
    lines = [json.loads(line) for line in told.splitlines()]
    assert [line["offset"] for line in lines] == list(range(len(lines)))
    assert [line["kind"] for line in lines[:2]] == ["epoch", "resume"]
    (data,) = [line for line in lines if line["kind"] == "data"]
    image = {"id": 1, "name": "ä", "price": None, "updated_at": "2026-01-01 00:00:00.000000"}
    assert data["seq"] == 1 and data["last"]
    assert data["rows"] == [
        {"op": "insert", "db": "shop", "table": "item", "after": image},
        {"op": "update", "db": "shop", "table": "item", "before": image, "after": {**image, "price": 5}},
    ]
    (ddl,) = [line for line in lines if line["kind"] == "ddl"]
    assert ddl["class"] == "create" and ddl["tables"] == [{"db": "shop", "table": "made"}]
    one = pair.ctl("events", "--region", "eu", "--from-offset", data["offset"], "--limit", 1).stdout.splitlines()
    assert "seq 1" in one[0] and one[1].startswith("  insert shop.item {")

    file = pair.eu.datadir / pair.eu.binlog_end()[0]
    groups = [json.loads(line) for line in pair.ctl("events", "--json", "--binlog", file).stdout.splitlines()]
    (group,) = [line for line in groups if line["gtid"] == data["gtid"]]
    assert group["rows"] == data["rows"] and group["end"] == "commit"


def test_config_check_sums_up_without_secrets(make_pair):
    pair = make_pair(conflicts={"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}})
    said = pair.ctl("config", "check").stdout
    assert f"pair {pair.name} (" in said and "link eu to us (two-way)" in said and f"topic {pair.topic('eu')}" in said
    assert "conflicts by default: latest by updated_at tie eu,us" in said
    assert pair.eu.password not in said
    (pair.directory / "us.password").unlink()
    assert "password of us: not on this host" in pair.ctl("config", "check").stdout
    pair.config.write_text(pair.config.read_text(encoding="utf-8") + "unknown_key: 1\n", encoding="utf-8")
    assert "unknown_key" in pair.ctl("config", "check", expect=78).stderr


def test_what_is_wrong_with_the_command_is_said(make_pair):
    pair = make_pair()

    def wrong(*words, expect=64):
        return pair.ctl(*words, expect=expect).stderr

    assert "no command given" in wrong()
    assert "no command 'nonsense'" in wrong("nonsense") and "no command 'nonsense'" in wrong("nonsense", "status")
    assert "--json" in wrong("--json", "nonsense")
    assert "'conflicts' wants one of: list, show" in wrong("conflicts")
    listed = pair.ctl("--help").stdout.split("Commands:\n")[1].split("\n\n")[0].splitlines()
    assert all(len(line) < 80 and re.match(r"  \w| {29}\S", line) for line in listed), listed
    assert "--from and --to are needed" in wrong("wait", "--from", "eu")
    assert "asia" in wrong("wait", "--from", "eu", "--to", "asia")
    assert "--timeout wants a number" in wrong("wait", "--from", "eu", "--to", "us", "--timeout", "soon")
    assert "--since wants" in wrong("conflicts", "list", "--since", "yesterday")
    assert "--limit wants" in wrong("conflicts", "list", "--limit", "0")
    assert "ID" in wrong("conflicts", "show")
    assert "--region REGION, --topic NAME, or --binlog" in wrong("events")
    assert "cannot be opened" in pair.ctl("--config", "/nowhere.yaml", "status", expect=78).stderr
    assert pair.ctl("version").stdout.startswith("drcctl ")
    for words in (["--json", "status"], ["status", "--json"], ["-j", "--config", pair.config, "status"]):
        assert len(json.loads(pair.ctl(*words).stdout)["links"]) == 2, "options may stand on either side of the command"
    assert "asia" in wrong("--from", "eu", "wait", "--to", "asia")
    for command in ("status", "wait", "events", "version"):
        assert "Usage: drcctl " + command in pair.ctl(command, "--help").stdout


def test_an_answer_that_cannot_be_written_is_none():
    argv = [place.programs() / "drcctl", "check", "--rules"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.returncode == 75
    assert done.stderr == "drcctl: not all of the answer could be written to stdout: No space left on device\n"
