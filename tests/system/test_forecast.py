"""drc-applier --shadow: what conflicts a link would have, told beforehand by an account that may only SELECT; and then the link has them."""

import collections
import json
import subprocess
import time

from support import pairfile, place
from support.mariadb import MariaDB
from support.mysql import MySQL

TABLES = [
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE shop.dated (name VARCHAR(20) PRIMARY KEY, n INT, v INT NOT NULL)",
    "CREATE TABLE shop.whole (id INT PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE shop.coded (id INT PRIMARY KEY, code VARCHAR(20), secret VARCHAR(20), UNIQUE (code))",
    "CREATE TABLE shop.parent (id INT PRIMARY KEY, name VARCHAR(20))",
    "CREATE TABLE shop.child (id INT PRIMARY KEY, parent INT)",
]
REFERS = "ALTER TABLE shop.child ADD CONSTRAINT refers FOREIGN KEY (parent) REFERENCES shop.parent (id)"
RULES = {
    "default": {"policy": "latest", "versions": "causal", "tie": ["eu", "us"]},
    "mask": ["secret"],
    "tables": {
        "shop.dated": {"policy": "latest", "by": ["v"], "versions": "column", "tie": ["eu", "us"]},
        "shop.whole": {"policy": "priority", "order": ["us", "eu"], "scope": "transaction", "allow_divergence": True},
    },
}


def watcher(pair, region="us"):
    """The pair file of somebody who may SELECT at the target, and nothing else."""
    server = pair.servers[region]
    grants = pair.printed_grants(region, server.kind, "--role", "forecast", "--user", "watcher@%")
    server.sql("SET SESSION sql_log_bin = 0", "CREATE USER watcher@'%' IDENTIFIED BY 'only looks'", *grants)
    directory = pair.directory / "watcher"
    directory.mkdir()
    file = json.loads(json.dumps(pair.file))
    file["regions"][region]["user"] = "watcher"
    passwords = {name: server.password for name, server in pair.servers.items()}
    return pairfile.write(directory, file, {**passwords, region: "only looks"})


def forecast(pair, config, *arguments, expect=1, timeout=120):
    done = pair.tool(
        "drc-applier", "--config", config, "--from", "eu", "--to", "us", "--shadow", "--json", *arguments,
        expect=expect, timeout=timeout,
    )  # fmt: skip
    return json.loads(done.stdout)


def foretold(found):
    return {
        (line["table"], line["kind"], verdict): count
        for line in found["conflicts"]
        for verdict, count in line["verdicts"].items()
    }


def journaled(server):
    rows = server.query("SELECT db, tbl, kind, verdict FROM drc.conflicts")
    return collections.Counter((f"{db}.{tbl}" if tbl else None, kind, verdict) for db, tbl, kind, verdict in rows)


def state(server):
    """Everything that a forecast may not touch."""
    tables = ["item", "dated", "whole", "coded", "parent", "child"]
    ours = [f"drc.{name}" for (name,) in server.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'drc'")]
    rows = {table: sorted(server.raw(f"SELECT * FROM {table}"), key=str) for table in [f"shop.{t}" for t in tables] + ours}
    return rows, server.binlog_end()


def plant(pair):
    """Conflicts of every kind, in transactions of eu that us does not know of."""
    us, eu = pair.us, pair.eu
    us.sql(
        "INSERT INTO shop.item VALUES (20, 'of us')",
        "UPDATE shop.item SET name = 'us' WHERE id IN (2, 3, 4)",
        "DELETE FROM shop.item WHERE id IN (5, 6, 7)",
        "INSERT INTO shop.item VALUES (50, 'of us')",
        "DELETE FROM shop.item WHERE id = 50",
        "UPDATE shop.dated SET n = 1, v = 10 WHERE name IN ('b', 'c')",
        "DELETE FROM shop.dated WHERE name IN ('d', 'e')",
        "UPDATE shop.whole SET name = 'us' WHERE id = 2",
        "INSERT INTO shop.coded VALUES (90, 'taken', 'x'), (91, 'given', 'x')",
        "INSERT INTO shop.child VALUES (1, 2)",
        "SET SESSION sql_log_bin = 0",
        "UPDATE shop.item SET name = 'past the binlog' WHERE id IN (8, 9)",
    )
    time.sleep(1.1)  # MariaDB's binlog says when a statement began to the second
    eu.sql(
        "INSERT INTO shop.item VALUES (20, 'of eu'), (21, 'free')",
        "INSERT INTO shop.item VALUES (50, 'of eu')",
        "UPDATE shop.item SET name = 'eu' WHERE id = 2",
        "UPDATE shop.item SET name = 'eu again' WHERE id = 2",  # against what the first would have left
        "DELETE FROM shop.item WHERE id = 3",
        "INSERT INTO shop.item VALUES (3, 'anew')",
        "UPDATE shop.item SET id = 40 WHERE id = 4",
        "UPDATE shop.item SET name = 'late' WHERE id = 5",
        "DELETE FROM shop.item WHERE id = 6",
        "UPDATE shop.item SET name = 'eu' WHERE id = 8",
        "UPDATE shop.item SET name = 'eu' WHERE id = 21",
        "UPDATE shop.item SET name = 'fine' WHERE id = 1",
        "DELETE FROM shop.item WHERE id = 21",
        "UPDATE shop.dated SET n = 2, v = 5 WHERE name = 'B'",  # the key's other spelling
        "UPDATE shop.dated SET n = 2, v = 15 WHERE name = 'c'",
        "UPDATE shop.dated SET n = 3, v = 6 WHERE name = 'b'",
        "UPDATE shop.dated SET n = 9 WHERE name = 'a'",  # its version does not rise
        "UPDATE shop.dated SET n = 9, v = 9 WHERE name = 'd'",
        "DELETE FROM shop.dated WHERE name = 'e'",
        "BEGIN",
        "UPDATE shop.whole SET name = 'with the loser' WHERE id = 1",
        "UPDATE shop.whole SET name = 'loses' WHERE id = 2",
        "COMMIT",
        "UPDATE shop.whole SET name = 'fine' WHERE id = 1",
        "INSERT INTO shop.coded VALUES (1, 'TAKEN', 'hidden')",
        "UPDATE shop.coded SET secret = 'behind' WHERE id = 1",
        "INSERT INTO shop.coded VALUES (2, 'mine', 'y')",
        "UPDATE shop.coded SET code = 'moved' WHERE id = 2",
        "INSERT INTO shop.coded VALUES (3, 'mine', 'y')",  # what the one before gave up
        "INSERT INTO shop.child VALUES (10, 77)",
        "INSERT INTO shop.parent VALUES (5, 'new')",
        "INSERT INTO shop.child VALUES (11, 5)",  # its parent is there by then
        "DELETE FROM shop.parent WHERE id = 2",
        "DELETE FROM shop.parent WHERE id = 3",
        "INSERT INTO shop.coded VALUES " + ", ".join(f"({n}, 'big{n}', 'in fragments')" for n in range(1000, 1400)),
        "UPDATE shop.coded SET secret = 'fine' WHERE id >= 1000",
        "UPDATE shop.coded SET code = IF(id = 1380, 'given', code), secret = 'refused' WHERE id >= 1000",
        "UPDATE shop.coded SET secret = 'behind it' WHERE id = 1001",
    )


def test_what_is_foretold_comes(make_pair):
    quiet = {"fragment_bytes": "16KiB", "canary": "0s"}  # nobody else writes what a forecast may not touch
    pair = make_pair(server={"eu": MariaDB, "us": MySQL}, conflicts=RULES, config={"capture": quiet})
    pair.everywhere("CREATE DATABASE shop", *TABLES)
    pair.us.sql("SET SESSION sql_log_bin = 0", REFERS)
    pair.start()
    pair.eu.sql(
        "INSERT INTO shop.item VALUES " + ", ".join(f"({n}, 'old')" for n in range(1, 10)),
        "INSERT INTO shop.dated VALUES ('a', 0, 1), ('b', 0, 1), ('c', 0, 1), ('d', 0, 1), ('e', 0, 1)",
        "INSERT INTO shop.whole VALUES (1, 'old'), (2, 'old')",
        "INSERT INTO shop.parent VALUES (1, 'a'), (2, 'b'), (3, 'c')",
    )
    pair.settle()
    config = watcher(pair)
    assert forecast(pair, config, expect=0)["transactions"] == 0, "nothing is to come"
    for applier in pair.appliers.values():
        applier.stop()
    plant(pair)
    pair.captured("eu")  # a forecast reads what the topic holds, it waits for nobody
    before = state(pair.us)
    found = forecast(pair, config)
    assert state(pair.us) == before, "a forecast has written something"
    assert found["complete"] and found["unjudged"]["count"] == found["stops"]["count"] == 0
    kinds = {kind for _, kind, _ in foretold(found)}
    assert kinds == {
        "insert/exists", "insert/deleted", "update/changed", "update/deleted", "update/missing", "delete/changed", "delete/missing",
        "foreign/write", "order/violated", "transaction/lost",
        "unique/clash", "parent/missing", "child/exists", "parked",
    }  # fmt: skip
    assert "hidden" not in json.dumps(found) and '"id": 2' in json.dumps(found)

    # A forecast beside the applier disturbs nothing; then the journal has what was foretold, and no more is to come.
    pair.applier("eu", "us").start()
    forecast(pair, config, expect=None)
    pair.wait("eu", "us", expect=69)
    assert journaled(pair.us) == foretold(found)
    later = forecast(pair, config, expect=0)
    assert later["transactions"] == 0

    # All of it again, of somebody's own will, against the rows as they are now.
    text = pair.tool("drc-applier", "--config", config, "--from", "eu", "--to", "us", "--shadow", "--since", "1d", expect=1)
    assert "nothing was written" in text.stdout and "unique/clash" in text.stdout and "hidden" not in text.stdout
    pair.tool("drc-applier", "--config", config, "--from", "eu", "--to", "us", "--since", "1d", expect=64)
    pair.tool(
        "drc-applier", "--config", config, "--from", "eu", "--to", "us", "--shadow", "--since", "1d", "--from-beginning", expect=64
    )

    # From the beginning of the topic, and on with what comes while it is followed, for so long.
    pair.applier("eu", "us").stop()
    held = sum(record["kind"] == "data" and record["last"] for record in pair.events("eu"))
    pair.us.sql("SET SESSION sql_log_bin = 0", "INSERT INTO shop.item VALUES (600, 'past the binlog')")
    argv = [place.programs() / "drc-applier", "--config", config, "--from", "eu", "--to", "us", "--shadow", "--json"]
    began = time.monotonic()
    with subprocess.Popen([*argv, "--from-beginning", "--for", "8"], stdout=subprocess.PIPE, text=True) as follower:
        time.sleep(2)
        pair.eu.sql("INSERT INTO shop.item VALUES (600, 'comes later')")
        said = json.loads(follower.communicate(timeout=120)[0])
    assert follower.returncode == 1 and time.monotonic() - began >= 8
    assert said["transactions"] == held + 1 and said["first_seq"] == 1 and said["complete"]
    (exists,) = [line for line in said["conflicts"] if (line["table"], line["kind"]) == ("shop.item", "foreign/write")]
    assert any(example["row_key"] == {"id": 600} for example in exists["examples"]) or exists["count"] > 3
    assert pair.us.value("SELECT name FROM shop.item WHERE id = 600") == "past the binlog"
