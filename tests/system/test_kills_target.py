"""Applier, target server and broker are killed at random under load, and COMMITs get no answer: each transaction counts once.

The load goes to a table without any key, where what is applied twice is there twice, and to tables whose every snapshot
tells whether transactions are whole. The applier reaches its target by a proxy that cuts the line at COMMITs.
"""

import pytest

from support import faults
from support.book_load import BookLoad
from support.load import TokenLoad, Watch
from support.mariadb import MariaDB
from support.mysql import MySQL
from support.proxy import CUTS, Proxy
from support.target_kills import TargetKiller

pytestmark = pytest.mark.own_broker

WORKERS = 4
LOST_COMMITS = 0.1  # of all
TORN_TOKENS = {
    "tokens whose transaction is not whole": (
        "SELECT txn, COUNT(*) FROM shop.token GROUP BY txn HAVING COUNT(*) <> MAX(rows_in_txn) LIMIT 3"
    )
}


@pytest.fixture
def one_way(make_pair):
    """A function that starts a link whose applier has several workers and reaches its target by a proxy: (pair, proxy)."""
    proxies = []

    def start(**arguments):
        pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "source_wins"}}, **arguments)
        pair.start_servers()
        proxies.append(Proxy(pair.us.port))
        pair.file["regions"]["us"]["port"] = proxies[0].port
        pair.file["links"][0]["apply"] = {"workers": WORKERS}
        pair.write_config()
        pair.everywhere("CREATE DATABASE shop", TokenLoad.TABLE, *BookLoad.TABLES)
        return pair.start(), proxies[0]

    yield start
    for proxy in proxies:
        proxy.close()


def killed_under_load(pair, proxy, *, counted=True, cuts=1, **kills):
    """Both loads while all that is killed, and until so many COMMITs were cut in each way; then all has come, each
    transaction once, and whole at all times.
    """
    killer = TargetKiller(pair, counted=counted)
    loads = [TokenLoad(pair.eu, threads=1, rate=60), BookLoad(pair.eu, threads=3, rate=200)]
    with Watch(lambda: BookLoad.faults(pair.us, TORN_TOKENS), 0.1) as watch:
        proxy.cut_at_commit(LOST_COMMITS, killer.seed)
        for load in loads:
            load.start()
        killer.kill(**kills)
        pair.until(lambda: min(proxy.cuts[where] for where in (*CUTS, "done")) >= cuts, 300, f"{cuts} cuts of each kind")
        for load in loads:
            load.stop()
        proxy.cut_at_commit(0, None)
        pair.wait("eu", "us", timeout=120)
    print(killer.summary(), dict(proxy.cuts), f"{watch.values.total()} snapshots", sep="\n")
    TokenLoad.check(pair.us, loads[:1])
    BookLoad.check(pair.us, loads[1:])
    assert set(watch.values) == {""}, f"snapshots of the target: {watch.values} ({killer.summary()})"
    assert watch.values.total() > 20


# Kills of applier, target and broker: 50 in a long run.
FEW = {MariaDB: {"applier": 2, "target": 2, "broker": 1}, MySQL: {"applier": 1, "target": 1, "broker": 0}}
MANY = {"applier": 17, "target": 17, "broker": 16, "cuts": 20}


@pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])
def test_each_transaction_counts_once_and_whole(one_way, server, long_run):
    pair, proxy = one_way(server=server)
    killed_under_load(pair, proxy, **(MANY if long_run else FEW[server]))
    pair.assert_equal("shop.token", "shop.balance", "shop.entry")
    assert pair.conflicts() == []


def test_an_applier_that_forgets_what_it_applied_is_caught(one_way):
    pair, proxy = one_way(programs=faults.programs("no-dedupe"))
    with pytest.raises(AssertionError, match="rows are there more than once"):
        killed_under_load(pair, proxy, counted=False, applier=1, target=1, broker=0)
