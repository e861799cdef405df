"""A region dies with transactions that nobody has: they are named one by one, judged, and brought back exactly once."""

import json
import shutil
import struct
import time
import zlib

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL

BOTH = pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])
LATEST = {"default": {"policy": "latest"}}
ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(60))"


def rescue(server, directory, torn=True):
    """The binlog files of a dead server, copied; a torn one has the beginning of one more event at its end."""
    directory.mkdir()
    files = sorted(path for path in server.datadir.glob("binlog.[0-9]*"))
    for path in files:
        shutil.copy(path, directory)
    rescued = sorted(directory.iterdir())
    if torn:
        with open(rescued[-1], "ab") as last:
            last.write(rescued[0].read_bytes()[4:40])
    return rescued


def lost_tail(pair, *words, expect=1):
    done = pair.tool("drc-reconcile", "lost-tail", "--from", "eu", "--to", "us", "--json", "-", *words, expect=expect)
    report = [json.loads(line) for line in done.stdout.splitlines()]
    return report, [line for line in report if line["type"] == "transaction"]


def quiet(pair):
    """Long enough for the tool to believe that nobody writes into the dead region's topic."""
    time.sleep(3 * 0.5 + 0.2)


def text_of(report):
    return json.dumps(report)


@BOTH
def test_a_lost_tail_is_named_judged_and_brought_back_once(make_pair, directory, server):
    pair = make_pair(server=server, conflicts=LATEST, config={"capture": {"heartbeat": "500ms"}})
    pair.everywhere("CREATE DATABASE shop", "CREATE DATABASE other", ITEM, "CREATE TABLE other.t (id INT PRIMARY KEY)")
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a'), (2, 'a'), (3, 'a'), (4, 'a'), (5, 'a')")
    pair.settle()

    pair.capture("eu").kill()
    pair.eu.sql(
        "UPDATE shop.item SET name = 'eu' WHERE id = 1",  # safe
        "INSERT INTO other.t VALUES (1)",  # not of the pair
        "INSERT INTO shop.item VALUES (6, 'eu')",  # safe
        "UPDATE shop.item SET name = 'eu' WHERE id = 2",  # us writes it later
        "UPDATE shop.item SET name = 'eu' WHERE id IN (3, 4)",  # of the two us writes 3
        "UPDATE shop.item SET name = 'eu again' WHERE id = 4",  # rests on the one before
        "DELETE FROM shop.item WHERE id = 5",  # safe
    )
    pair.eu.kill()
    files = rescue(pair.eu, directory / "rescued")
    time.sleep(1.1)  # MariaDB's commit times are whole seconds
    pair.us.sql("UPDATE shop.item SET name = 'us' WHERE id IN (2, 3)", "INSERT INTO shop.item VALUES (7, 'us')")
    pair.captured("us")

    # Without the files it is bounded, and said not to be known.
    report, found = lost_tail(pair, expect=2)
    assert not found and "may be lost" in text_of(report) and "bounded, not known" in text_of(report)

    report, found = lost_tail(pair, "--binlog", *files)
    assert [line["class"] for line in found] == ["safe", "safe", "superseded", "conflicting", "conflicting", "safe"]
    first = found[0]["seq"]
    assert [line["seq"] for line in found] == list(range(first, first + 6))
    assert "ends inside an event" in text_of(report)
    (row,) = found[3]["rows"]
    assert row["key"] == {"id": 3}
    assert (row["before"]["name"], row["lost"]["name"], row["survivor"]["name"]) == ("a", "eu", "us")
    assert f"seq {first + 3}" in found[4]["why"]

    assert lost_tail(pair, "--pair", "us,eu", "--tables", "shop.item", "--binlog", *files)[1] == found
    report, others = lost_tail(pair, "--tables", "shop.other", "--binlog", *files, expect=0)
    assert not others and "6 of them, which change none of --tables" in text_of(report)
    lost_tail(pair, "--pair", "eu,ap", "--binlog", *files, expect=64)

    # Nothing was written by that; what is put aside needs the applier to be stopped.
    replay = ["--binlog", *files, "--replay", "safe", "--why", "a test"]
    page = directory / "tail.html"
    _, masked = lost_tail(pair, *replay, "--dry-run", "--html", page, "--mask", "na*")
    assert masked[3]["rows"][0]["lost"] == {"id": 3, "name": {"masked": True}}
    assert page.read_text(encoding="utf-8").count("<dt>transaction</dt>") == 6
    quiet(pair)
    report, _ = lost_tail(pair, *replay, expect=2)
    assert "the applier of eu:us runs" in text_of(report)
    assert dict(pair.us.query("SELECT * FROM shop.item"))[1] == "a"
    pair.applier("eu", "us").stop()
    report, _ = lost_tail(pair, *replay)
    assert "3 of them put aside" in text_of(report)

    # Again: there is nothing left to do.
    report, found = lost_tail(pair, "--binlog", *files, expect=0)
    assert not found

    pair.applier("eu", "us").start()
    wanted = {1: "eu", 2: "us", 3: "us", 4: "a", 6: "eu", 7: "us"}
    pair.until(lambda: dict(pair.us.query("SELECT * FROM shop.item")) == wanted, 60, "the safe ones")
    parked = [json.loads(line) for line in pair.ctl("parked", "list", "--json", expect=None).stdout.splitlines()]
    assert [each["seq"] for each in parked] == [first + 2, first + 3, first + 4]

    # The dead region comes back: its capture goes on behind what was published for it, and nothing takes effect twice.
    pair.us.sql("UPDATE shop.item SET name = 'us later' WHERE id = 7")
    pair.eu.start()
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (8, 'eu is back')")
    pair.ctl("parked", "retry", "--all", "--from", "eu", "--to", "us", "--why", "the rules may decide")
    pair.until(lambda: not pair.ctl("parked", "list", "--json").stdout.strip(), 60, "an end of what is parked")
    pair.settle()
    pair.assert_equal("shop.item")
    assert dict(pair.us.query("SELECT * FROM shop.item")) == {
        1: "eu", 2: "us", 3: "us", 4: "eu again", 6: "eu", 7: "us later", 8: "eu is back"
    }
    assert [each["why"] for each in pair.conflicts() if each["policy"] == "replay-tail"] == ["a test"]


EVIL = "</script><script>document.title='run'</script>\n\x1b[31m\"'`"
NASTY = "shop.`ev``il\n</script>\"'`"


def relay_log(data):
    """The same file as a replica keeps what it got: its format event says so."""
    (size,) = struct.unpack_from("<I", data, 13)
    event = bytearray(data[4 : 4 + size])
    event[17] |= 0x40
    event[-4:] = struct.pack("<I", zlib.crc32(event[:-4]))
    return data[:4] + event + data[4 + size :]


def test_files_that_are_not_what_they_should_be(make_pair, directory):
    """Compressed events, nasty names and values in every form; and a line for each set of files that does not hold the tail."""
    compressed = {"eu": {"log_bin_compress": "ON", "log_bin_compress_min_len": "10"}, "us": {}}
    pair = make_pair(conflicts=LATEST, config={"capture": {"heartbeat": "500ms"}}, options=compressed)
    pair.everywhere(
        "CREATE DATABASE shop",
        f"CREATE TABLE {NASTY} (id INT PRIMARY KEY, `gtid` TEXT, `</td><script>` VARBINARY(60), `class` VARCHAR(200))",
    )
    pair.start()
    pair.eu.sql(f"INSERT INTO {NASTY} VALUES (1, 'a', X'ff3c', 'x'), (2, 'b', '', 'y'), (3, 'c', NULL, 'z')")
    pair.settle()
    pair.capture("eu").kill()
    with pair.eu.connect(autocommit=True) as connection, connection.cursor() as cursor:
        for row in (1, 2, 3):
            cursor.execute("FLUSH BINARY LOGS")
            cursor.execute(f"UPDATE {NASTY} SET gtid = %s, `</td><script>` = X'ff3c00', class = REPEAT('w', 150) WHERE id = %s", [EVIL, row])
        cursor.execute(f"UPDATE {NASTY} SET class = 'of two' WHERE id IN (2, 3)")
    pair.eu.kill()
    files, others = rescue(pair.eu, directory / "rescued", torn=False), rescue(pair.us, directory / "others", torn=False)
    time.sleep(1.1)
    pair.us.sql(f"UPDATE {NASTY} SET gtid = CONCAT('us', CHAR(10), '</script>') WHERE id = 2")
    pair.captured("us")

    page = directory / "tail.html"
    report, found = lost_tail(pair, "--binlog", *files, "--html", page)
    assert [line["class"] for line in found] == ["safe", "superseded", "safe", "conflicting"]
    (row,) = found[3]["rows"]
    assert (row["table"], row["lost"]["gtid"], row["lost"]["class"]) == ("ev`il\n</script>\"'", EVIL, "of two")
    assert row["lost"]["</td><script>"] == {"hex": "ff3c00"} and row["survivor"]["gtid"] == "us\n</script>"
    text = page.read_text(encoding="utf-8")
    assert "<h1>4 transactions lost, eu and us</h1>" in text and 'class="stats"' not in text
    assert text.count("<script") == 1 and text.count("</script>") == 1 and "\x1b" not in text
    said = pair.tool("drc-reconcile", "lost-tail", "--from", "eu", "--to", "us", "--binlog", *files, expect=1).stdout
    assert "\x1b" not in said and "2 transactions, " not in said and "4 transactions lost" in said

    def made(name, data):
        path = directory / name
        path.write_bytes(data)
        return path

    first, data = files[0], files[-1].read_bytes()
    wrong = {
        "are not in their order": list(reversed(files)),
        "one was given twice": [*files, files[-1]],
        "of different servers": [*files[:-1], *others],
        "they are of another server": others,
        "begins after": [*files[:-2], files[-1]],
        "while all before it was read up to": files[-1:],
        "is encrypted": [*files[:-1], made("encrypted", b"\xfd" + data[1:])],
        "is a relay log": [made("relay", relay_log(first.read_bytes())), *files[1:]],
        "ends inside an event": [made("torn", first.read_bytes()[:-10]), *files[1:]],
        "is no binlog file": [made("empty", b"")],
        "there is no such file": [directory / "none"],
        "wrong checksum": [*files[:-1], made("damaged", data[:300] + bytes([data[300] ^ 1]) + data[301:])],
    }
    for why, given in wrong.items():
        done = pair.tool("drc-reconcile", "lost-tail", "--from", "eu", "--to", "us", "--binlog", *given, expect=2)
        assert why in done.stderr and done.stderr.count("\n") == 1, done.stderr
    # What the disk did not get any more is not there; what it got is, whole transactions only.
    for cut in (4, 50, len(data) // 2, len(data) - 60):
        report, found = lost_tail(pair, "--binlog", *files[:-1], made("cut", data[:cut]))
        assert [line["seq"] for line in found] == [2, 3, 4, 5][: len(found)] and len(found) in (2, 3, 4)
        assert "holds nothing" in text_of(report) if cut == 4 else "torn" in text_of(report)
