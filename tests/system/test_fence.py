"""A daemon that was frozen (a stalled host) and replaced meanwhile leaves when it wakes, and harms nothing."""

import pytest

from support import faults
from support.load import TokenLoad


@pytest.fixture
def one_way(make_pair):
    """A function that starts a pair with the link from eu to us only."""

    def make(**arguments):
        pair = make_pair(links=[("eu", "us")], **arguments)
        pair.everywhere("CREATE DATABASE shop", TokenLoad.TABLE)
        return pair.start()

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
    with pytest.raises(AssertionError, match="rows are there more than once"):
        TokenLoad.check(pair.us, [load])
