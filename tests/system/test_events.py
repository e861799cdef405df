"""drcctl events: what an operator reaches for first, on kept binlogs without a server, and on a pair's topic."""

import datetime
import json
import subprocess
import zlib

import pytest
from support import place

BINLOGS = place.ROOT / "tests" / "data" / "binlog"


def events(*words, expect=0):
    argv = [place.programs() / "drcctl", "events", *[str(word) for word in words]]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == expect, done.stderr
    return done


def groups(*words, expect=0):
    return [json.loads(line) for line in events("--json", *words, expect=expect).stdout.splitlines()]


def binlog(name):
    return BINLOGS / f"{name}.bin"


def test_text_shows_keys_changes_and_ends():
    lines = events("--binlog", binlog("groups"), "--gtid", "0-101-6..8").stdout.splitlines()
    assert lines[0].startswith("groups.bin:624 gtid 0-101-6 at 2023-11-14T22:13:20.000000Z server 101")
    assert '  insert g.b {"id": 1, "v": "one"}' in lines  # latin1 at the source
    assert '  update g.a {"id": 1} "v": "one" -> "x"' in lines
    assert '  delete g.a {"id": 2, "v": "x"}' in lines
    assert "  savepoint 0" in lines and "  rollback to 0" in lines
    assert lines[-1] == "  rollback"
    whole = events("--binlog", binlog("groups"), "--gtid", "0-101-6", "--verbose").stdout.splitlines()
    assert '  update g.a {"id": 1, "v": "one"} -> {"id": 1, "v": "x"}' in whole
    assert whole[1] == "  # INSERT INTO b SELECT * FROM a" and not any(line.startswith("  # ") for line in lines)


def test_statements_are_told_where_servers_wrote_them():
    (group,) = [g for g in groups("-v", "--binlog", binlog("mysql_groups")) if any(r["op"] == "statement" for r in g["rows"])]
    assert [row["op"] for row in group["rows"]] == ["statement", "insert"]
    assert group["rows"][0]["statement"] == "INSERT INTO a VALUES (30, 'a', 0, 2021, 0)"
    # They are no change: of another table there is nothing to show.
    assert groups("-v", "--binlog", binlog("mysql_groups"), "-T", "m.a", "-g", group["gtid"]) == [group]
    assert groups("-v", "--binlog", binlog("mysql_groups"), "-T", "m.b", "-g", group["gtid"]) == []


def test_long_values_are_cut_for_people_only():
    def longest(*words):
        return max(len(line) for line in events("--binlog", binlog("types"), "-T", "types.t*", *words).stdout.splitlines())

    assert longest() < 7000 < 66000 < longest("--verbose")
    (cut,) = [line for line in events("--binlog", binlog("types")).stdout.splitlines() if "66003 bytes" in line]
    assert cut.startswith("  insert ") and len(cut) < 400


def test_filters_select():
    file = binlog("groups")
    everything = groups("--binlog", file)
    gtids = [group["gtid"] for group in everything]
    assert gtids[:3] == ["0-101-5", "0-101-6", "0-101-7"] and gtids[-1] == "5-4711-1"
    assert [group["gtid"] for group in groups("--binlog", file, "--gtid", "0-101-6,5-*-1..")] == ["0-101-6", "5-4711-1"]
    assert [group["gtid"] for group in groups("--binlog", file, "--limit", 2)] == gtids[:2]
    assert [group["gtid"] for group in groups("--binlog", file, "--from", 1000, "--limit", 1)] == ["0-101-7"]
    assert groups("--binlog", file, "--since", "2023-11-14T22:13:20") == everything
    assert groups("--binlog", file, "--since", "2023-11-14T22:13:21") == []
    assert groups("--binlog", file, "--until", "2023-11-14T22:13:20") == []
    assert groups("--binlog", file, "--until", "1d") == everything
    of_b = groups("--binlog", file, "--table", "g.b")
    assert [group["gtid"] for group in of_b] == ["0-101-6"]
    assert {row["table"] for row in of_b[0]["rows"]} == {"b"}
    ddl = groups("--binlog", file, "--table", "g.e")
    assert {row["class"] for group in ddl for row in group["rows"]} == {"rename", "truncate", "alter", "drop"}
    assert groups("--binlog", file, "--table", "nothing.*") == []
    mysql = groups("--binlog", binlog("mysql_groups"))
    uuid = mysql[0]["gtid"].split(":")[0]
    tagged = [group["gtid"] for group in mysql if group["gtid"].count(":") == 2]
    assert tagged and [
        group["gtid"] for group in groups("--binlog", binlog("mysql_groups"), "-g", f"{uuid}:blue_tag:1-9")
    ] == tagged


def test_steps_of_xa_are_told():
    steps = [(group["end"], group.get("xid")) for group in groups("--binlog", binlog("groups")) if "xid" in group]
    assert ("xa prepare", "X'6774726964',X'6271',77") in steps
    assert ("xa commit", "X'6774726964',X'6271',77") in steps
    assert ("xa rollback", "X'00ff',X'',1") in steps
    # Of a table, an XA's end is shown where its body was.
    ends = [group["end"] for group in groups("--binlog", binlog("groups"), "-T", "g.a") if "xid" in group]
    assert ends == ["xa prepare", "xa commit", "xa prepare", "xa rollback"]
    assert not [group for group in groups("--binlog", binlog("groups"), "-T", "g.b") if "xid" in group]


def test_control_shows_what_is_no_transaction():
    plain = groups("--binlog", binlog("groups"))
    both = groups("--binlog", binlog("groups"), "--control")
    assert [group for group in both if group["kind"] == "transaction"] == plain
    extra = {group["kind"]: group for group in both if group["kind"] != "transaction"}
    assert extra["gtids"]["before"] == "0-101-4"
    assert "MariaDB" in extra["format"]["server"] and extra["rotate"]["next"] == "binlog.000003"


def test_several_files_are_one_history():
    files = [binlog("keys"), binlog("groups"), binlog("compressed")]
    assert groups("--binlog", *files) == [group for file in files for group in groups("--binlog", file)]


def test_a_file_that_ends_in_the_middle_is_printed_to_there(directory):
    data = binlog("groups").read_bytes()
    whole = groups("--binlog", binlog("groups"))
    inside = directory / "inside.bin"
    inside.write_bytes(data[:1000])
    done = events("--json", "--binlog", inside, expect=69)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["rows"] == whole[0]["rows"] and lines[0]["end"] == "commit"
    assert lines[1]["end"] == "cut off" and lines[1]["rows"] == whole[1]["rows"][: len(lines[1]["rows"])]
    (said,) = done.stderr.splitlines()
    assert "inside.bin:" in said and "the file ends inside an event" in said
    # Between two events, but inside a transaction; another file that follows begins after a crash.
    between = directory / "between.bin"
    between.write_bytes(data[:1449 + 42])
    done = events("--binlog", between, expect=69)
    assert "between.bin: the file ends inside the transaction 0-101-7" in done.stderr
    assert done.stdout.splitlines()[-1] == "  cut off"
    after = groups("--binlog", between, binlog("keys"))
    assert [group["end"] for group in after].count("cut off") == 1 and len(after) > 10
    # Where the cut is not reached, it is no matter.
    events("--binlog", inside, "--limit", 1)


def test_what_is_no_readable_binlog_is_refused_in_one_line(directory):
    data = binlog("groups").read_bytes()
    encrypted = directory / "mysql-encrypted"
    encrypted.write_bytes(b"\xfdbin" + bytes(600))
    format_end = 4 + int.from_bytes(data[13:17], "little")
    start_encryption = bytearray(bytes(4) + b"\xa4" + bytes(4) + (19 + 17 + 4).to_bytes(4, "little") + bytes(6 + 21))
    maria = directory / "maria-encrypted"
    maria.write_bytes(data[:format_end] + bytes(start_encryption) + bytes(100))
    text = directory / "text"
    text.write_text("no binlog\n", encoding="utf-8")
    for file, why in ((encrypted, "is encrypted"), (maria, "is encrypted"), (text, "is no binlog file")):
        (said,) = events("--binlog", file, expect=69).stderr.splitlines()
        assert file.name in said and why in said
    assert "there is no such file" in events("--binlog", directory / "nothing", expect=64).stderr


def with_event(data, kind, flags):
    """The binlog with one more event after its first, of a type that nobody knows; positions stay as they were."""
    at = 4 + int.from_bytes(data[13:17], "little")
    event = bytes(4) + bytes([kind]) + bytes(4) + (19 + 8 + 4).to_bytes(4, "little")
    event += at.to_bytes(4, "little") + flags.to_bytes(2, "little") + bytes(8)
    return data[:at] + event + zlib.crc32(event).to_bytes(4, "little") + data[at:]


def test_an_unknown_event_is_passed_over_only_where_it_says_that_it_may(directory):
    data = binlog("groups").read_bytes()
    file = directory / "newer.bin"
    file.write_bytes(with_event(data, 99, 0x80))
    done = events("--json", "--binlog", file)
    assert [json.loads(line)["gtid"] for line in done.stdout.splitlines()] == [
        group["gtid"] for group in groups("--binlog", binlog("groups"))
    ]
    assert "passed over 1 events of unknown types" in done.stderr
    file.write_bytes(with_event(data, 99, 0))
    (said,) = events("--binlog", file, expect=69).stderr.splitlines()
    assert "newer.bin:" in said and "event of type 99" in said and "does not know" in said
    file.write_bytes(with_event(data, 99, 0)[:-1000] + b"x" + data[-999:])
    assert "event of type 99" in events("--binlog", file, expect=69).stderr  # the first thing that is wrong is told


def test_wrong_words_are_told():
    file = binlog("groups")
    for words, said in (
        (("--binlog", file, "--gtid", "nonsense"), "names no GTIDs"),
        (("--binlog", file, "--table", "shop"), "has one part"),
        (("--binlog", file, "--since", "yesterday"), "--since wants"),
        (("--binlog", file, "--until", "never"), "--until wants"),
        (("--binlog", file, "--limit", "-1"), "--limit wants a number"),
        (("--binlog", file, "--follow"), "--follow is for topics"),
        (("--binlog",), "--binlog FILE"),
        ((file,), "--binlog FILE"),
        ((), "--region REGION, --topic NAME"),
    ):
        assert said in events(*words, expect=64).stderr


@pytest.fixture
def running(make_pair):
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "target_wins"}})
    pair.everywhere("CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))")
    return pair.start()


def test_a_topic_is_read_as_readers_read_it(running):
    pair = running

    def lines(*words):
        return [json.loads(line) for line in pair.ctl("events", "--json", *words).stdout.splitlines()]

    pair.us.sql("CREATE TABLE shop.made (id INT)")
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')", "CREATE TABLE shop.made (id INT)")
    pair.eu.sql("INSERT INTO shop.made VALUES (7)")
    pair.eu.sql("XA START 'x'", "INSERT INTO shop.item VALUES (2, 'x')", "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'")
    pair.wait("eu", "us")
    shown = lines("--region", "eu")
    assert [line["kind"] for line in shown] == ["data", "ddl", "data", "data", "xa-end"]
    assert shown[3]["held"] and shown[3]["xid"] == shown[4]["xid"] == "X'78',X'',1" and shown[4]["commit"]
    assert lines("--topic", "eu") == lines("--topic", pair.topic("eu")) == shown
    assert [line["kind"] for line in lines("--region", "eu", "--table", "shop.item")] == ["data", "data", "xa-end"]
    assert [line["kind"] for line in lines("--region", "eu", "--table", "shop.made")] == ["ddl", "data"]
    assert lines("--region", "eu", "--gtid", shown[2]["gtid"]) == [shown[2]]
    assert lines("--region", "eu", "--since", "1h") == shown and lines("--region", "eu", "--until", "1h") == []
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    assert lines("--region", "eu", "--since", tomorrow.strftime("%Y-%m-%d")) == []
    assert lines("--region", "eu", "--from", shown[1]["offset"], "--limit", 2) == shown[1:3]
    control = lines("--region", "eu", "--control")
    assert [line["kind"] for line in control[:2]] == ["epoch", "resume"] and control[0]["region"] == "eu"
    assert [line["offset"] for line in control] == list(range(len(control)))
    text = pair.ctl("events", "--region", "eu", "--control").stdout
    assert " held for XA COMMIT X'78',X'',1" in text and " XA COMMIT X'78',X'',1" in text
    assert "  create in shop" not in text and "  create in : CREATE TABLE shop.made (id INT)" in text
    assert "no region of this pair" in pair.ctl("events", "--topic", "drc.other.eu", expect=64).stderr


def test_what_readers_pass_over_is_left_out(running):
    """A record of an epoch that is no longer in force: written by hand, as a zombie would."""
    pair = running
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.wait("eu", "us")
    topic = pair.topic("eu")
    (old,) = [record for record in pair.kafka.records(topic) if record["headers"].get("drc-kind", "data") == "data"]
    pair.capture("eu").stop()
    pair.capture("eu").start()
    pair.eu.sql("INSERT INTO shop.item VALUES (2, 'b')")
    pair.wait("eu", "us")
    pair.kafka.produce(topic, old["value"])
    done = pair.ctl("events", "--region", "eu", "--json")
    assert [json.loads(line)["rows"][0]["after"]["id"] for line in done.stdout.splitlines()] == [1, 2]
    assert "left out 1 records that readers pass over" in done.stderr
    (forged,) = [record for record in pair.events("eu", "--control") if record.get("void") or record.get("duplicate")]
    assert forged["kind"] == "data"
