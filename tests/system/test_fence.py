"""A daemon that was frozen (a stalled host) and replaced meanwhile leaves when it wakes, and harms nothing.

And of two appliers of one link that start together one works: never both.
"""

import random

import pytest

from support import faults
from support.load import TokenLoad

WORKERS = 4
ROWS = "SELECT COUNT(*) FROM shop.token"


@pytest.fixture
def one_way(make_pair):
    """A function that starts a pair with the link from eu to us only."""

    def make(appliers=True, **arguments):
        pair = make_pair(links=[("eu", "us")], **arguments)
        pair.file["links"][0]["apply"] = {"workers": WORKERS}
        pair.write_config()
        pair.everywhere("CREATE DATABASE shop", TokenLoad.TABLE)
        if appliers:
            return pair.start()
        pair.capture("eu").start()
        pair.until(lambda: pair.stream_stands("eu"), 60, "stream of eu")
        return pair

    return make


def replaced_while_frozen(pair, old):
    """The load of a story in which `old` is frozen at work, replaced by a second instance, and woken again."""
    with TokenLoad(pair.eu, threads=2, rate=200) as load:
        load.wait_for(100)
        old.freeze()
        load.wait_for(50)
        pair.rival(old).start()
        pair.wait("eu", "us")
        old.wanted = False
        old.thaw()
        load.wait_for(300)
    return load


def test_of_two_appliers_that_start_at_once_one_goes_on(one_way, long_run):
    """Also at the link's first start, where neither finds a row in the ledger."""
    pair = one_way(appliers=False)
    twins = [pair.applier("eu", "us"), pair.rival(pair.applier("eu", "us"))]
    rng = random.Random()
    with TokenLoad(pair.eu, threads=2, rate=200) as load:
        for left in reversed(range(50 if long_run else 5)):
            rng.shuffle(twins)
            for twin in twins:
                twin.launch().wanted = False
            winner = pair.one_of(twins)
            before = pair.us.value(ROWS)
            pair.until(lambda: pair.us.value(ROWS) > before, 60, "row by the one that goes on")
            assert winner.running
            if left:
                winner.kill()
    pair.wait("eu", "us")
    TokenLoad.check(pair.us, [load])


def test_an_applier_that_was_replaced_leaves(one_way):
    pair = one_way()
    old = pair.applier("eu", "us")
    load = replaced_while_frozen(pair, old)
    assert "fenced by a newer instance" in old.expect_exit(77)
    pair.wait("eu", "us")
    TokenLoad.check(pair.us, [load])


def test_a_capture_that_was_replaced_leaves(one_way):
    pair = one_way()
    old = pair.capture("eu")
    load = replaced_while_frozen(pair, old)
    assert "fenced by a newer instance" in old.expect_exit(77)
    pair.wait("eu", "us")
    TokenLoad.check(pair.us, [load])


def test_an_applier_without_a_fence_is_caught(one_way):
    pair = one_way(programs=faults.programs("no-fence"))
    load = replaced_while_frozen(pair, pair.applier("eu", "us"))
    pair.wait("eu", "us")
    twice = "SELECT COUNT(*) > COUNT(DISTINCT token) FROM shop.token"
    pair.until(lambda: pair.us.value(twice), 60, "work of the one that was frozen")
    with pytest.raises(AssertionError, match="rows are there more than once"):
        TokenLoad.check(pair.us, [load])
