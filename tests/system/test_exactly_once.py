"""Each committed transaction is in the topic once, in commit order, whole, whoever is killed, frozen or started twice.

The proof is the one of `support.checker`, which shares nothing with the daemons.
"""

import random
import time

import pytest
from support import faults
from support.capture_kills import CaptureKiller
from support.checker import Broken
from support.mariadb import MariaDB
from support.mixed_load import MixedLoad
from support.mysql import MySQL

HEARTBEAT = 2  # seconds
COMPRESSED = {MariaDB: {"log_bin_compress": "ON"}, MySQL: {"binlog_transaction_compression": "ON"}}


@pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])
def test_killed_at_random_moments(stream, long_run, server):
    pair, witness = stream(server=server, options={"max_binlog_size": 2**19, **COMPRESSED[server]})
    killer = CaptureKiller(pair, "eu", witness)
    with MixedLoad(pair.eu, threads=3) as load:
        killer.kill(50 if long_run else 5)
    print(killer.summary(), load.summary(), witness.prove(), sep="\n")


def test_killed_inside_a_big_transaction(stream, long_run):
    pair, witness = stream()
    killer = CaptureKiller(pair, "eu", witness)
    for _ in range(10 if long_run else 1):
        killer.kill_inside(lambda mark: MixedLoad.write_big(pair.eu, mark))
    print(killer.summary(), witness.prove(), sep="\n")
    assert witness.reader.counts.unfinished > 0


def test_killed_while_several_domains_are_written(stream, long_run):
    pair, witness = stream()
    killer = CaptureKiller(pair, "eu", witness)
    with MixedLoad(pair.eu, threads=4, domains=(0, 3, 4_000_000_000)) as load:
        killer.kill(20 if long_run else 2)
    print(killer.summary(), load.summary(), witness.prove(), sep="\n")
    assert len({transaction.gtid.split("-")[0] for transaction in witness.reader.transactions}) == 3


def test_without_its_fence_it_is_caught(stream):
    pair, witness = stream(programs=faults.programs("no-fence"))
    killer = CaptureKiller(pair, "eu", witness, counted=False)
    with MixedLoad(pair.eu, threads=3):
        killer.kill(3)
    with pytest.raises(Broken, match="are there more than once"):
        witness.prove()


def test_a_zombie_leaves(stream, long_run):
    """Also where the source does not tell it, because the newer one registered there under another id."""
    pair, witness = stream()
    pair.file["regions"]["eu"]["replica_id"] = 7099
    instances = [pair.capture("eu"), pair.rival(pair.capture("eu"))]
    with MixedLoad(pair.eu, threads=3) as load:
        for _ in range(10 if long_run else 1):
            old, new = instances
            load.wait_for(200)
            old.freeze()
            new.start()
            load.wait_for(200)
            old.thaw()
            assert "fenced by a newer instance" in old.expect_exit(77)
            instances.reverse()
    print(load.summary(), witness.prove(), sep="\n")


def test_of_two_that_start_at_once_one_goes_on(stream, long_run):
    """Also on a topic that neither finds there."""
    pair, witness = stream(rivals=1)
    twins = [pair.capture("eu"), *pair.rivals]
    rng = random.Random()
    with MixedLoad(pair.eu, threads=2, rate=200) as load:
        for left in reversed(range(50 if long_run else 5)):
            winner = pair.one_of(twins)
            before = len(witness.read().transactions)
            pair.until(lambda: len(witness.read().transactions) > before, 60, "transaction of the one that goes on")
            if left:
                winner.kill()
                rng.shuffle(twins)
                for twin in twins:
                    twin.launch()
    print(load.summary(), witness.prove(), sep="\n")


def test_a_fenced_instance_notices_within_a_heartbeat(stream):
    pair, witness = stream(config={"capture": {"heartbeat": f"{HEARTBEAT}s"}})
    old = pair.capture("eu")
    pair.file["regions"]["eu"]["replica_id"] = 7099
    new = pair.rival(old)
    time.sleep(1)
    first = witness.read().epoch
    new.launch()
    pair.until(lambda: witness.read().epoch > first, 60, "newer epoch")
    assert "fenced by a newer instance" in old.expect_exit(77)
    with MixedLoad(pair.eu, threads=1) as load:
        load.wait_for(20)
    print(witness.prove())
    (_, instance, _), (_, _, begin) = witness.reader.counts.epochs[-2:]
    late = [record for offset, record in witness.records if offset > begin and record.instance == instance]
    assert len(late) <= 3, "its first heartbeat tells it; a stall may have queued another"
