"""A pair of the tests: both directions work, what daemons and tools say is read, and a lost daemon is noticed."""

import os
import signal

import pytest

from support.load import TokenLoad
from support.process import ProcessDied

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name TEXT, updated_at TIMESTAMP(6) NOT NULL)"


def test_both_directions(pair):
    pair.everywhere(ITEM)
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'from eu', NOW(6))")
    pair.us.sql("INSERT INTO shop.item VALUES (2, 'from us', NOW(6))")
    pair.settle()
    assert pair.us.query("SELECT id, name FROM shop.item ORDER BY id") == [(1, "from eu"), (2, "from us")]
    pair.assert_equal("shop.item")
    status = pair.status()
    assert {link["state"] for link in status.values()} == {"running"} and set(status) == {("eu", "us"), ("us", "eu")}
    assert pair.conflicts() == []
    assert pair.applier("eu", "us").ask("status")
    pair.stop()


def test_unequal_rows_are_told(pair):
    pair.everywhere(ITEM)
    pair.us.sql("INSERT INTO shop.item VALUES (1, 'only here', '2024-01-01')")
    with pytest.raises(AssertionError, match="only in us: .*only here"):
        pair.assert_equal("shop.item")


def test_a_killed_applier_goes_on(pair):
    pair.everywhere(TokenLoad.TABLE)
    pair.start()
    with TokenLoad(pair.eu, rate=200) as load:
        load.wait_for(100)
        pair.applier("eu", "us").kill()
        load.wait_for(100)
        pair.applier("eu", "us").start()
    pair.settle()
    TokenLoad.check(pair.us, [load])


def test_a_daemon_that_is_lost_fails_the_wait(pair):
    pair.everywhere(ITEM)
    pair.start()
    os.kill(pair.capture("eu").pid, signal.SIGKILL)
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'never sent', NOW(6))")
    with pytest.raises(ProcessDied, match="capture-eu ended unexpectedly .exit code -9"):
        pair.wait("eu", "us", timeout=20)
    pair.capture("eu").wanted = False


def test_a_daemon_that_ends_by_itself_is_told_by_who_waits_for_its_answers(pair):
    pair.everywhere(ITEM)
    pair.start()
    os.kill(pair.capture("eu").pid, signal.SIGTERM)
    with pytest.raises(ProcessDied, match="capture-eu ended unexpectedly .exit code 0"):
        pair.until(lambda: pair.capture("eu").status() and False, 20, "anything")
    pair.capture("eu").wanted = False
