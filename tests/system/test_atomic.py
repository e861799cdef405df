"""Whole transactions only: no snapshot of the target ever shows half of one, however big it is."""

import re
import time

import pytest

from support.kills import Killer
from support.load import BankLoad, Watch
from support.proxy import Proxy

ACCOUNTS = 50
TOTAL = ACCOUNTS * 1000
MEMORY_GROWTH = 90  # MB: below the transaction; queues and batches take some 60
BIG = 100_000_000  # bytes of one transaction


def peak_memory(daemon):
    """The most memory that it has ever had resident (VmHWM), in MB."""
    with open(f"/proc/{daemon.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) / 1000


def test_every_snapshot_has_the_same_total(make_pair):
    pair = make_pair(links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop", BankLoad.TABLE, BankLoad.fill("eu", ACCOUNTS))
    pair.start()
    with BankLoad(pair.eu, accounts=ACCOUNTS, threads=2) as load, Watch(lambda: BankLoad.total(pair.us), 0.01) as watch:
        killer = Killer(pair, [load])
        killer.kill(appliers=4)
        pair.until(lambda: watch.values.total() > 100, 120, "a hundred snapshots")
        pair.wait("eu", "us")
    print(killer.summary(), f"{watch.values.total()} snapshots", load.summary(), sep="\n")
    assert set(watch.values) == {TOTAL}
    pair.wait("eu", "us")
    pair.assert_equal("shop.account")
    assert pair.us.value("SELECT COUNT(*) FROM shop.account WHERE balance <> 1000") > 0


def big_pair(make_pair, started=True):
    pair = make_pair(links=[("eu", "us")], options={"max_allowed_packet": "16M"})
    pair.everywhere("CREATE DATABASE shop", "CREATE TABLE shop.big (id INT PRIMARY KEY, body LONGBLOB NOT NULL)")
    return pair.start() if started else pair


def assert_same_content(pair):
    content = "SELECT id, SHA2(body, 256) FROM shop.big ORDER BY id"
    assert pair.us.query(content) == pair.eu.query(content)
    assert pair.conflicts() == []


def many_rows(server, count=100_000):
    """Rows of a kilobyte, made by the server."""
    server.sql(f"INSERT INTO shop.big SELECT seq, RANDOM_BYTES(1000) FROM shop.seq_1_to_{count}")


def long_rows(server):
    """Rows above what a broker takes in one record unless told otherwise."""
    row = "INSERT INTO shop.big SELECT {}, GROUP_CONCAT(RANDOM_BYTES(1000) SEPARATOR '') FROM shop.seq_1_to_1500"
    limit = "SET SESSION group_concat_max_len = 2000000"
    server.sql(limit, "BEGIN", *[row.format(number) for number in range(1, 68)], "COMMIT")


@pytest.mark.parametrize("fill", [many_rows, long_rows])
def test_a_transaction_of_100_megabytes_passes_whole_in_bounded_memory(make_pair, fill):
    """The broker keeps its default limits, and what the rows hold cannot be compressed."""
    pair = big_pair(make_pair)
    before = {daemon.name: peak_memory(daemon) for daemon in pair.daemons}
    with Watch(lambda: pair.us.value("SELECT COUNT(*) FROM shop.big WHERE id > 0"), 0.1) as watch:
        fill(pair.eu)
        begun = time.monotonic()
        rows = pair.eu.value("SELECT COUNT(*) FROM shop.big")
        pair.eu.sql("INSERT INTO shop.big VALUES (0, 'the one behind it')")
        pair.wait("eu", "us", timeout=120)
    took = time.monotonic() - begun
    growth = {daemon.name: peak_memory(daemon) - before[daemon.name] for daemon in pair.daemons}
    print(f"{rows} rows; there {took:.1f} s after the commit; memory in MB before: {before}, more at the peak: {growth}")
    print(f"counts seen at the target: {dict(watch.values)}")
    assert set(watch.values) <= {0, rows}  # the one behind it shares no key: it may be in effect before
    assert max(growth.values()) < MEMORY_GROWTH

    assert pair.us.value("SELECT SUM(LENGTH(body)) FROM shop.big") >= BIG
    assert_same_content(pair)


def test_kills_in_the_middle_of_a_big_transaction_leave_it_whole(make_pair):
    """Capture dies when a part of it is in the topic and in the target's open transaction: a new epoch fences that, and it
    is rolled back. Then the applier dies in the middle as well.
    """
    rows = 20_000
    pair = big_pair(make_pair, started=False)
    with Proxy(pair.eu.port) as proxy:
        pair.file["regions"]["eu"]["port"] = proxy.port
        pair.write_config()
        pair.start()
        capture, applier = pair.daemons
        with Watch(lambda: pair.us.value("SELECT COUNT(*) FROM shop.big"), 0.02) as watch:
            proxy.stall_after(8 << 20)
            many_rows(pair.eu, rows)
            pair.until(lambda: uncommitted_rows(pair.us) > 6000, 60, "half a transaction at the target")
            assert proxy.stalled
            capture.kill()
            proxy.stall_after(1 << 20)
            capture.start()
            pair.until(lambda: "DRC-3036" in applier.text(), 60, "word that the fragments are void")
            pair.until(lambda: uncommitted_rows(pair.us) < 4000, 60, "their end at the target")
            with pair.us.connect(autocommit=False) as writer, writer.cursor() as cursor:
                cursor.execute(f"INSERT INTO shop.big VALUES ({rows}, 'in its way')")  # it does not come to its end
                proxy.mend()
                pair.until(lambda: uncommitted_rows(pair.us) > 4000, 60, "half a transaction at the target again")
                applier.kill()
            applier.start()
            pair.wait("eu", "us")
    print(f"counts seen at the target: {dict(watch.values)}")
    assert set(watch.values) <= {0, rows}
    assert_same_content(pair)


def test_big_transactions_that_share_nothing_do_not_wait_for_each_other(make_pair):
    """The first one waits at its last row for a local writer; the second one comes into effect meanwhile."""
    pair = big_pair(make_pair)
    pair.everywhere("CREATE TABLE shop.other LIKE shop.big")
    rows = 3000
    with pair.us.connect(autocommit=False) as writer, writer.cursor() as cursor:
        cursor.execute(f"INSERT INTO shop.big VALUES ({rows}, 'a local one')")
        for table in ("big", "other"):
            pair.eu.sql(f"INSERT INTO shop.{table} SELECT seq, RANDOM_BYTES(1000) FROM shop.seq_1_to_{rows}")
        pair.until(lambda: pair.us.value("SELECT COUNT(*) FROM shop.other") == rows, 60, "the second one")
        assert pair.us.value("SELECT COUNT(*) FROM shop.big") == 0
    pair.wait("eu", "us")
    assert_same_content(pair)
    pair.assert_equal("shop.other")


def uncommitted_rows(server):
    """How many rows the largest open transaction has changed."""
    return server.value("SELECT MAX(trx_rows_modified) FROM information_schema.innodb_trx") or 0
