"""Probes and repairs: rows compared, and mended, at one point of their history while others write them.

Differences are planted behind the binlog's back (`sql_log_bin=0`), so that no link can carry or mend them.
"""

import subprocess
import threading

import pytest


def plant(server, *statements):
    server.sql("SET SESSION sql_log_bin = 0, sql_mode = ''", *statements)


class Toggling:
    """Rows that somebody keeps changing to and fro between two states, as fast as it goes."""

    def __init__(self, server, *statements):
        self.server = server
        self.statements = statements
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.turns = 0

    def _run(self):
        connection = self.server.connect(autocommit=True)
        with connection.cursor() as cursor:
            while not self.stop.is_set():
                for statement in self.statements:
                    cursor.execute(statement)
                self.turns += 1
        connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        assert self.turns > 10, "nothing was toggled: this test showed nothing"


def found(report, kind="difference"):
    return sorted((x["table"], str(x["key"]), x["class"]) for x in report if x["type"] == kind)


ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, v VARCHAR(20), n INT, u INT UNIQUE)"


@pytest.fixture
def causal(make_pair):
    """A pair linked both ways whose conflicts are told by versions, with shop.item of a hundred rows."""
    pair = make_pair(conflicts={"default": {"policy": "latest"}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql("USE shop", "INSERT INTO item SELECT seq, CONCAT('v', seq), 0, seq FROM seq_1_to_100")
    pair.settle()
    return pair


def toggle(row, *more):
    return (f"UPDATE shop.item SET v = 'a' WHERE id = {row}", f"UPDATE shop.item SET v = 'b' WHERE id = {row}", *more)


def test_rows_that_toggle_are_no_differences_and_those_that_differ_beside_it_are(causal, long_run):
    pair = causal
    plant(pair.us, "UPDATE shop.item SET n = 7 WHERE id = 50")
    eu = Toggling(pair.eu, *toggle(1), "DELETE FROM shop.item WHERE id = 3", "INSERT INTO shop.item VALUES (3, 'back', 1, 3)")
    us = Toggling(pair.us, *toggle(2))
    with eu, us:
        for _ in range(20 if long_run else 3):
            report = pair.reconcile("--timeout", 60, expect=None)
            assert found(report) == [("item", "{'id': 50}", "diverged")], report[-1]
    pair.settle()
    assert found(pair.reconcile(expect=1)) == [("item", "{'id': 50}", "diverged")]
    for server in (pair.eu, pair.us):
        assert server.value("SELECT COUNT(*) FROM drc.repair") == 0


PLANTED = (
    "UPDATE shop.item SET n = 7 WHERE id = 50",
    "UPDATE shop.item SET v = NULL WHERE id = 51",
    "UPDATE shop.item SET v = CONCAT(v, ' ') WHERE id = 52",
    "DELETE FROM shop.item WHERE id IN (53, 54)",
    "INSERT INTO shop.item VALUES (1000, 'it''s \\\\ here', 0, 1000), (0, NULL, NULL, NULL)",
    "UPDATE shop.item SET u = -60 WHERE id = 60",  # unique values exchanged
    "UPDATE shop.item SET u = 60 WHERE id = 61",
    "UPDATE shop.item SET u = 61 WHERE id = 60",
    "UPDATE shop.item SET u = 2000 WHERE id = 62",  # and moved: 62 has to give it up before 2001 comes
    "INSERT INTO shop.item VALUES (2001, 'in the way', 0, 62)",
)
COUNT = 11


def state(server):
    return server.raw("SELECT * FROM shop.item WHERE id NOT BETWEEN 1 AND 9 ORDER BY id")


def outcomes(report):
    (sums,) = [x for x in report if x["type"] == "repairs"]
    return {k: v for k, v in sums.items() if k != "type" and v}


def run_sql(server, path):
    """Run a file as an operator does, with the client program."""
    client = ["/usr/bin/mariadb", "--no-defaults", f"--socket={server.socket}", "--user=root"]
    with path.open("rb") as file:
        subprocess.run(client, stdin=file, check=True, timeout=60)


def test_apply_mends_once_under_load_and_the_undo_restores_what_was(causal):
    pair = causal
    plant(pair.us, *PLANTED)
    planted = state(pair.us)
    undo = pair.directory / "undo.sql"
    eu, us = Toggling(pair.eu, *toggle(1)), Toggling(pair.us, *toggle(2))
    with eu, us:
        dry = pair.reconcile("--apply", "--dry-run", "--winner", "eu", expect=None)
        assert outcomes(dry) == {"would_repair": COUNT} and state(pair.us) == planted
        report = pair.reconcile("--apply", "--winner", "eu", "--undo-sql", undo, expect=None)
        assert outcomes(report) == {"repaired": COUNT}, [x for x in report if x["type"] == "repair"]
        assert state(pair.us) == state(pair.eu)
        again = pair.reconcile("--apply", "--winner", "eu", expect=0)
        assert outcomes(again) == {} and again[-1]["differences"] == 0
    pair.settle()
    pair.assert_equal("shop.item")
    assert pair.conflicts() == []
    ends = [server.executed_gtids() for server in (pair.eu, pair.us)]
    run_sql(pair.us, undo)
    assert state(pair.us) == planted
    run_sql(pair.us, undo)
    assert state(pair.us) == planted
    pair.settle()
    assert [server.executed_gtids() for server in (pair.eu, pair.us)] == ends, "the undo has come into a binlog"
    assert len(found(pair.reconcile(expect=1))) == COUNT
