"""Killed at random moments under load, daemons lose nothing and repeat nothing.

The load goes to a table without any key, where a transaction applied twice shows as rows that are there twice.
"""

from support.kills import Killer
from support.load import BankLoad, TokenLoad


def test_killed_daemons_lose_nothing_and_repeat_nothing(pair, long_run):
    kills = 20 if long_run else 4
    pair.everywhere(TokenLoad.TABLE, BankLoad.TABLE, BankLoad.fill("eu"), BankLoad.fill("us"))
    pair.start()
    loads = [TokenLoad(server, threads=2, rate=400) for server in (pair.eu, pair.us)]
    loads += [BankLoad(server, threads=1, rate=100) for server in (pair.eu, pair.us)]
    for load in loads:
        load.start()
    killer = Killer(pair, loads)
    killer.kill(captures=kills, appliers=kills)
    for load in loads:
        load.stop()
    print(killer.summary(), *[load.summary() for load in loads], sep="\n")
    pair.settle(180)

    for server in pair.servers.values():
        TokenLoad.check(server, [load for load in loads if isinstance(load, TokenLoad)])
        assert BankLoad.total(server) == 2 * 50 * 1000
    pair.assert_equal("shop.token", "shop.account")
    assert pair.conflicts() == []
    pair.reconcile()
