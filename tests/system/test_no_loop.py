"""No loop: what an applier wrote is not sent back, so that both binlogs stop growing once the writers have stopped."""

import time

from support.load import BankLoad, TokenLoad

QUIET = 5  # seconds, several heartbeats of every daemon


def position(server):
    return server.executed_gtids(), server.binlog_bytes()


def test_both_binlogs_stop_growing_when_the_writers_stop(pair):
    pair.file["capture"] = {"canary": "0s"}  # which writes now and then, to prove that nothing goes round
    pair.write_config()
    pair.everywhere(TokenLoad.TABLE, BankLoad.TABLE, BankLoad.fill("eu"), BankLoad.fill("us"))
    pair.start()
    loads = [kind(server, threads=1, rate=150) for server in (pair.eu, pair.us) for kind in (TokenLoad, BankLoad)]
    for load in loads:
        load.start()
    for load in loads:
        load.wait_for(200)
    for load in loads:
        load.stop()
    pair.settle()

    quiet = {name: position(server) for name, server in pair.servers.items()}
    time.sleep(QUIET)
    assert {name: position(server) for name, server in pair.servers.items()} == quiet

    pair.assert_equal("shop.token", "shop.account")
    for server in pair.servers.values():
        TokenLoad.check(server, [load for load in loads if isinstance(load, TokenLoad)])
    assert pair.conflicts() == []
