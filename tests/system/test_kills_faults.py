"""The kills of test_kills.py, of daemons built without dedupe or without fence: there the same checks must fail.

A protection that no test misses when it is gone is not tested.
"""

import pytest

from support import faults
from support.kills import Killer, applied_seq
from support.load import TokenLoad

ENOUGH = 60  # transactions applied: more than the faulty appliers forget


def killed_under_load(pair, **kills):
    """Both regions write while daemons are killed; then asserts that nothing is lost and nothing is there twice."""
    pair.everywhere(TokenLoad.TABLE)
    pair.start()
    loads = [TokenLoad(server, threads=2, rate=200).start() for server in (pair.eu, pair.us)]
    for load in loads:
        load.wait_for(100)
    for source, target in pair.links:
        there = lambda source=source, target=target: applied_seq(pair, source, target) > ENOUGH
        pair.until(there, 60, "something to forget")
    killer = Killer(pair, loads, counted=False)
    killer.kill(**kills)
    for load in loads:
        load.stop()
    print(killer.summary())
    pair.settle(180)
    for server in pair.servers.values():
        TokenLoad.check(server, loads)


def test_appliers_that_forget_what_they_applied_are_caught(make_pair):
    pair = make_pair(programs=faults.programs("no-dedupe"))
    pair.everywhere("CREATE DATABASE shop")
    with pytest.raises(AssertionError, match="rows are there more than once"):
        killed_under_load(pair, appliers=6)


def test_captures_that_forget_what_they_published_are_caught(make_pair):
    pair = make_pair(programs=faults.programs("no-fence"))
    pair.everywhere("CREATE DATABASE shop")
    with pytest.raises(AssertionError, match="rows are there more than once"):
        killed_under_load(pair, captures=6)
