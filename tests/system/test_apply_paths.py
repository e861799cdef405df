"""The fast way to apply may decide nothing that the exact way would decide otherwise.

Two targets take the same stream: one by groups, one transaction by transaction and row by row. Whatever stands in the way
at both must lead to the same rows and the same journal.
"""

import random

import pytest

from support.histories import BIG, CONFLICTS, SCHEMA, TABLES, History

ROUND = 25  # histories that run together

JOURNAL = (
    "SELECT seq, db, tbl, row_key, kind, policy, verdict, why, before_image, incoming_image, local_image, result_image,"
    " images, result_hash FROM drc.conflicts ORDER BY id"
)


@pytest.fixture
def paths(make_pair):
    """The same stream into two targets: by groups in the first pair, by single rows in the second."""
    fast = make_pair(links=[("eu", "us")], conflicts=CONFLICTS)
    exact = make_pair(links=[("eu", "us")], conflicts=CONFLICTS, kafka=fast.kafka)
    fast.file["capture"] = {"fragment_bytes": BIG}
    fast.write_config()
    exact.servers["eu"] = fast.eu
    exact.file["regions"]["eu"] = fast.file["regions"]["eu"]
    exact.file["links"][0]["apply"] = {"path": "exact"}
    exact.write_config()
    fast.everywhere(*SCHEMA)
    exact.us.start()
    exact.us.sql("SET SESSION sql_log_bin = 0", *SCHEMA)
    fast.start()
    exact.applier("eu", "us").start()
    return fast, exact


def run(paths, histories, group_rows):
    """Both sides alike, then each for itself, then the appliers."""
    fast, exact = paths
    fast.eu.sql(*[statement for history in histories for statement in history.before])
    for pair in paths:
        pair.settle()
        pair.applier("eu", "us").stop()
    fast.file["links"][0]["group_rows"] = group_rows
    fast.write_config()
    fast.eu.sql(*[statement for history in histories for change in history.changes for statement in change])
    for pair in paths:
        pair.us.sql("SET SESSION sql_log_bin = 0", *[statement for history in histories for statement in history.plants])
        pair.applier("eu", "us").start()
    for pair in paths:
        pair.settle()


def rows(server, table):
    return sorted(server.raw(f"SELECT * FROM shop.{table}"), key=repr)


def differences(paths, seen):
    """What the two targets do not have alike: tables, and journal entries after the first `seen`; how many of these."""
    fast, exact = (pair.us for pair in paths)
    tables = {table: found for table in (*TABLES, "bulk") if (found := (rows(fast, table), rows(exact, table)))[0] != found[1]}
    journals = [server.query(JOURNAL)[seen:] for server in (fast, exact)]
    entries = [both for both in zip(*journals) if both[0] != both[1]]
    return tables, entries, [len(journal) for journal in journals]


def test_fast_and_exact_way_end_alike(paths, long_run):
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    seen, alone, all_of_them = 0, 0, 0
    for start in range(0, 500 if long_run else 50, ROUND):
        histories = [History(rng, number) for number in range(start, start + ROUND)]
        run(paths, histories, rng.choice((2, 30, 300, 2000)))
        tables, entries, (fast, exact) = differences(paths, seen)
        where = f"seed {seed}, histories {start} to {start + ROUND - 1}"
        assert not entries, f"{where}: the first of {len(entries)} entries:\n{entries[0][0]}\n{entries[0][1]}"
        assert not tables, f"{where}: {tables}"
        assert fast == exact > 0, where
        seen += fast
        status = paths[0].applier("eu", "us").status()
        alone += status["exact"]
        all_of_them += sum(len(history.changes) for history in histories)
    print(f"{seen} journal entries; {alone} of {all_of_them} transactions row by row on the fast side")
    assert alone < all_of_them / 2, "most went by groups"
