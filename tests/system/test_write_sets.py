"""What shares no key is applied at the same time, what shares one in the source's order: by 2, 4 and 8 workers.

The load meets nothing at the target but what it has left there itself. So whatever the applier takes for a conflict, or has
to try again in order, has been out of order.
"""

import random

import pytest

from support import place
from support.pair import Pair
from support.write_sets import SCHEMA, TABLES, DependentLoad

WORKERS = (2, 4, 8)
FINE_HASH = place.programs().parent / "tests" / "drc-applier-fine-hash"  # keys of texts by their bytes


@pytest.fixture
def target(make_pair):
    pair = make_pair(links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop", *SCHEMA)
    return pair.start()


def run(pair: Pair, load, workers, count):
    """`count` transactions wait for an applier that begins with so many workers; then nothing may have been in doubt."""
    applier, alone = pair.applier("eu", "us"), load.alone
    applier.stop()
    pair.file["links"][0] |= {"apply": {"workers": workers}, "group_rows": load.random.choice((3, 20, 200))}
    pair.write_config()
    pair.eu.sql(*[statement for transaction in load.transactions(count) for statement in transaction])
    applier.start()
    pair.wait("eu", "us")
    pair.assert_equal(*TABLES)
    assert pair.conflicts() == []
    pair.until(lambda: applier.status()["exact"] >= load.alone - alone, 60, "count of what went by itself")
    status = applier.status()
    assert status["exact"] == load.alone - alone, f"{status['exact']} in doubt, {load.alone - alone} go by themselves"


def test_dependent_changes_keep_their_order(target, long_run):
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)
    load = DependentLoad(seed)
    target.eu.sql(*load.before())
    for workers in WORKERS:
        run(target, load, workers, 5000 if long_run else 500)
    assert load.alone > 10

    # The same checks, of an applier for which two spellings of a key are two keys.
    target.applier("eu", "us").stop()
    target.applier("eu", "us").argv[0] = str(FINE_HASH)
    with pytest.raises(AssertionError) as caught:
        for _ in range(10):
            run(target, load, 8, 500)
    target.applier("eu", "us").kill()  # it may have stopped already, over what is no conflict
    print("caught:", str(caught.value).splitlines()[0])
