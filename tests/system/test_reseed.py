"""The runbooks that need a copy of a whole side, as docs/operations.md has them: a region made anew, and a third one added."""

import re
import subprocess
import threading

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))"


class Writing:
    """Somebody writes at a server while the copy is made."""

    def __init__(self, server, first):
        self.server, self.number = server, first
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._write)

    def _write(self):
        while not self.ending.wait(0.02):
            self.server.sql(
                f"INSERT INTO shop.item VALUES ({self.number}, 'while it was copied')",
                f"UPDATE shop.item SET name = 'again' WHERE id = {self.number - 1}",
            )
            self.number += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()


DUMP = {  # the runbook's command, and where the dump tells its position
    "mariadb": (["mariadb-dump", "--no-defaults"], ["--gtid", "--master-data=2"], r"^-- SET GLOBAL gtid_slave_pos='([^']+)'"),
    "mysql": (None, ["--set-gtid-purged=COMMENTED"], r"GTID_PURGED='\+?([^']+)'"),
}


def copy(pair, source, target):
    """The tables of the pair, by the runbook's commands; returns the position of the copy."""
    dump = pair.directory / f"{target.name}.sql"
    program, options, position = DUMP[source.kind]
    client = ["mariadb", "--no-defaults"]
    if program is None:
        program, client = ([*source.program_words("bin", name), "--no-defaults"] for name in ("mysqldump", "mysql"))
    words = [*program, f"--socket={source.socket}", "--user=root", "--single-transaction", *options]
    text = subprocess.run([*words, "--databases", "shop"], capture_output=True, check=True).stdout
    dump.write_bytes(b"SET SESSION sql_log_bin = 0;\n" + text)
    with open(dump, "rb") as file:
        subprocess.run([*client, f"--socket={target.socket}", "--user=root"], stdin=file, check=True, capture_output=True)
    return re.search(position, text.decode(), flags=re.M)[1].replace("\n", "")


def begin_at(pair, source, target, gtid):
    """`links[].start` of that link."""
    next(link for link in pair.file["links"] if (link["from"], link["to"]) == (source, target))["start"] = {"gtid": gtid}
    pair.write_config()


@pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])
def test_a_region_is_made_anew_from_the_other(make_pair, server):
    """re-seed: us is a copy of eu, made while eu is written to."""
    pair = make_pair(server=server, conflicts={"default": {"policy": "latest"}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.us.sql("INSERT INTO shop.item VALUES (2, 'b')")
    pair.settle()
    pair.wait_for_canaries()  # nothing else is written to us
    pair.applier("eu", "us").stop()
    pair.applier("us", "eu").stop()
    pair.us.sql("SET SESSION sql_log_bin = 0", "DELETE FROM shop.item", "INSERT INTO shop.item VALUES (99, 'rubbish')")
    written = pair.us.executed_gtids()
    with Writing(pair.eu, 1000):
        pair.until(lambda: pair.eu.value("SELECT COUNT(*) FROM shop.item") > 20, 60, "rows")
        position = copy(pair, pair.eu, pair.us)
        count = pair.eu.value("SELECT COUNT(*) FROM shop.item")
        pair.until(lambda: pair.eu.value("SELECT COUNT(*) FROM shop.item") > count + 20, 60, "rows after the copy")
    pair.us.sql("SET SESSION sql_log_bin = 0", f"DELETE FROM drc.ledger WHERE topic = '{pair.topic('eu')}'")
    begin_at(pair, "eu", "us", position)
    assert pair.us.executed_gtids() == written, "nothing of the copy goes back"
    pair.start()
    pair.us.sql("INSERT INTO shop.item VALUES (3, 'c')")
    pair.settle()
    pair.assert_equal("shop.item")
    assert pair.conflicts() == []
    pair.reconcile()


def test_a_third_region_is_added_to_a_running_pair(make_pair):
    """The copy of eu has of us what the link from us had brought: so that link rests while it is made."""
    pair = make_pair(regions=("eu", "us", "ap"), conflicts={"default": {"policy": "latest"}})
    three = dict(pair.file), list(pair.file["links"])
    pair.everywhere("CREATE DATABASE shop")
    for region in ("eu", "us"):
        pair.servers[region].sql("SET SESSION sql_log_bin = 0", ITEM)
    pair.file = {**three[0], "links": [link for link in three[1] if "ap" not in (link["from"], link["to"])]}
    pair.file["regions"] = {name: region for name, region in three[0]["regions"].items() if name != "ap"}
    pair.write_config()
    for name in ("eu", "us"):
        pair.capture(name).start()
        pair.until(lambda name=name: pair.stream_stands(name), 60, f"a stream of {name}")
    two = [pair.applier("eu", "us"), pair.applier("us", "eu")]
    for applier in two:
        applier.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.us.sql("INSERT INTO shop.item VALUES (2, 'b')")
    pair.wait("eu", "us")
    pair.wait("us", "eu")

    # The copy, under load on both sides.
    with Writing(pair.eu, 1000), Writing(pair.us, 5000):
        pair.until(lambda: pair.us.value("SELECT COUNT(*) FROM shop.item") > 20, 60, "rows")
        pair.ctl("pause", "--from", "us", "--to", "eu", "--why", "a copy for ap")
        of_us = pair.eu.value("SELECT gtid FROM drc.ledger WHERE topic = %s ORDER BY watermark DESC LIMIT 1", (pair.topic("us"),))
        of_eu = copy(pair, pair.eu, pair.ap)
        pair.ctl("resume", "--from", "us", "--to", "eu")
        pair.until(lambda: pair.us.value("SELECT COUNT(*) FROM shop.item") > 60, 60, "rows after the copy")

    # The new pair file everywhere; the daemons that run are started anew, then those of ap.
    pair.file = {**three[0], "links": three[1]}
    begin_at(pair, "eu", "ap", of_eu)
    begin_at(pair, "us", "ap", of_us)
    pair.stop()
    pair.start()
    pair.ap.sql("INSERT INTO shop.item VALUES (3, 'c')")
    for source in ("eu", "us", "ap"):
        for target in ("eu", "us", "ap"):
            if source != target:
                pair.wait(source, target)
    pair.assert_equal("shop.item")
    assert pair.conflicts() == []
    assert {link["state"] for link in pair.status().values()} == {"running"}
    for two in (("eu", "us"), ("us", "ap"), ("ap", "eu")):
        pair.tool("drc-reconcile", "full", "--pair", ",".join(two), "--no-probe")
