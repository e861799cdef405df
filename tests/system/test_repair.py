"""Probes and repairs: rows compared, and mended, at one point of their history while others write them.

Differences are planted behind the binlog's back (`sql_log_bin=0`), so that no link can carry or mend them.
"""

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
