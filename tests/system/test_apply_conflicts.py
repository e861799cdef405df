"""Both regions write the same rows while nothing is applied; then the appliers meet what they did not expect.

Both sides must end with the same rows, and every loser must be in the journal of the side where it was decided.
"""

import json
import random

import pytest

from support import losers

LATEST = {"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}}
ITEM = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40), code INT UNIQUE,"
    " updated_at TIMESTAMP(6) NOT NULL DEFAULT '2026-01-01 00:00:00')"
)


def at(second):
    return f"'2026-01-01 00:00:{second:02d}'"


def row(number, name, second, code="NULL"):
    return f"INSERT INTO shop.item VALUES ({number}, '{name}', {code}, {at(second)})"


def rename(number, name, second):
    return f"UPDATE shop.item SET name = '{name}', updated_at = {at(second)} WHERE id = {number}"


def delete(number):
    return f"DELETE FROM shop.item WHERE id = {number}"


def meet(pair, eu, us):
    """Let both sides write with the appliers down, then start them and wait until all is in effect."""
    for applier in pair.appliers.values():
        applier.stop()
    pair.eu.sql(*eu)
    pair.us.sql(*us)
    pair.start()
    pair.settle()


def names(server):
    return dict(server.query("SELECT id, name FROM shop.item"))


def journal(server):
    """(link, id, kind, verdict) of every entry, sorted."""
    entries = server.query("SELECT link, row_key, kind, verdict FROM drc.conflicts")
    return sorted((link, json.loads(key).get("id"), kind, verdict) for link, key, kind, verdict in entries)


@pytest.fixture
def both(make_pair):
    """A two-way pair under `latest`, with rows 1 to 20 on both sides."""
    pair = make_pair(conflicts=LATEST)
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql(*[row(number, "same", 0) for number in range(1, 21)])
    pair.settle()
    return pair


def test_every_kind_settles_to_the_same_rows_and_is_journaled(both):
    pair = both
    meet(
        pair,
        eu=[
            row(31, "eu", 10),  # insert/insert, eu later
            row(32, "eu", 10),  # insert/insert, us later
            row(33, "eu", 10),  # insert/insert, tie
            rename(1, "eu", 20),  # update/update, eu later
            rename(2, "eu", 20),  # update/update, us later
            rename(3, "eu", 20),  # update/update, tie
            rename(4, "eu", 20),  # update against delete
            delete(5),  # delete against update
            delete(6),  # delete/delete
            row(34, "same", 9),  # both say the same
        ],
        us=[
            row(31, "us", 5),
            row(32, "us", 15),
            row(33, "us", 10),
            rename(1, "us", 15),
            rename(2, "us", 25),
            rename(3, "us", 20),
            delete(4),
            rename(5, "us", 20),
            delete(6),
            row(34, "same", 9),
        ],
    )

    pair.assert_equal("shop.item")
    found = names(pair.eu)
    assert [found[number] for number in (31, 32, 33, 1, 2, 3)] == ["eu", "us", "eu", "eu", "us", "eu"]
    assert (found[4], found[5], 6 in found) == ("eu", "us", False)

    assert journal(pair.us) == [
        ("eu:us", 1, "update/changed", "incoming"),
        ("eu:us", 2, "update/changed", "local"),
        ("eu:us", 3, "update/changed", "incoming"),
        ("eu:us", 4, "update/missing", "incoming"),
        ("eu:us", 5, "delete/changed", "local"),
        ("eu:us", 6, "delete/missing", "same"),
        ("eu:us", 31, "insert/exists", "incoming"),
        ("eu:us", 32, "insert/exists", "local"),
        ("eu:us", 33, "insert/exists", "incoming"),
        ("eu:us", 34, "insert/exists", "same"),
    ]
    assert [entry[1:] for entry in journal(pair.eu)] == [
        (1, "update/changed", "local"),
        (2, "update/changed", "incoming"),
        (3, "update/changed", "local"),
        (4, "delete/changed", "local"),
        (5, "update/missing", "incoming"),
        (6, "delete/missing", "same"),
        (31, "insert/exists", "local"),
        (32, "insert/exists", "incoming"),
        (33, "insert/exists", "local"),
        (34, "insert/exists", "same"),
    ]


def test_the_journal_holds_every_image_of_the_loser(both):
    pair = both
    meet(pair, eu=[rename(1, "eu wins", 20)], us=[rename(1, "us loses", 15)])
    columns = "kind, policy, verdict, before_image, incoming_image, local_image, result_image, why, seq, gtid"
    ((kind, policy, verdict, before, incoming, local, result, why, seq, gtid),) = pair.us.query(
        f"SELECT {columns} FROM drc.conflicts"
    )
    assert (kind, policy, verdict) == ("update/changed", "latest", "incoming")
    image = lambda text: json.loads(text)["name"]
    assert (image(before), image(incoming), image(local), image(result)) == ("same", "eu wins", "us loses", "eu wins")
    assert "00:00:20" in why and "00:00:15" in why
    assert seq > 20 and gtid.startswith("0-1-")
    age = pair.us.value("SELECT ABS(TIMESTAMPDIFF(SECOND, at, UTC_TIMESTAMP())) FROM drc.conflicts")
    assert age < 60, "the time of the decision"


def test_a_conflict_in_the_middle_leaves_its_neighbours_whole(both):
    """One doubtful row among thousands: its transaction goes row by row, all others as ever, all of them whole."""
    pair = both
    pair.everywhere("CREATE TABLE shop.ledger (id INT PRIMARY KEY, item INT)")
    changes = []
    for number in range(1000):
        changes += ["BEGIN", f"INSERT INTO shop.ledger VALUES ({number}, {number % 20 + 1})"]
        changes += [rename(number % 20 + 1, f"eu {number}", 10 + number // 20), "COMMIT"]
    meet(pair, eu=changes, us=[rename(7, "us", 5)])
    pair.assert_equal("shop.item", "shop.ledger")
    assert pair.us.value("SELECT COUNT(*) FROM shop.ledger") == 1000
    assert journal(pair.us) == [("eu:us", 7, "update/changed", "incoming")]
    assert pair.applier("eu", "us").status()["exact"] < 10


def test_conflicts_in_big_transactions_are_settled_where_they_stand(make_pair):
    """A fragment in doubt waits for what comes before its transaction, and nothing is read again for it."""
    pair = make_pair(links=[("eu", "us")], conflicts=LATEST)
    pair.file["capture"] = {"fragment_bytes": "16KiB"}
    pair.write_config()
    pair.everywhere("CREATE DATABASE shop", ITEM, "CREATE TABLE shop.bulk (id INT PRIMARY KEY, filler VARCHAR(250))")
    pair.start()
    pair.eu.sql(*[row(number, "same", 0) for number in range(1, 21)])
    pair.settle()
    changes = []
    for number in range(1, 17):
        fill = f"INSERT INTO shop.bulk SELECT {1000 * number} + seq, REPEAT('x', 200) FROM shop.seq_"
        changes += ["BEGIN", f"{fill}1_to_300", rename(number, "eu", 20), f"{fill}301_to_600", "COMMIT"]
    meet(pair, eu=changes, us=[rename(number, "us", 15 + number % 2 * 10) for number in range(1, 17)])
    expected = [("eu:us", number, "update/changed", "local" if number % 2 else "incoming") for number in range(1, 17)]
    assert journal(pair.us) == expected
    assert [names(pair.us)[number] for number in (1, 2, 16, 17)] == ["us", "eu", "eu", "same"]
    pair.assert_equal("shop.bulk")
    assert "reading it again" not in pair.applier("eu", "us").log.read_text()


def test_a_key_that_changes_on_one_side(both):
    pair = both
    meet(
        pair,
        eu=[
            f"UPDATE shop.item SET id = 101, name = 'moved', updated_at = {at(30)} WHERE id = 1",
            f"UPDATE shop.item SET id = 102, name = 'moved', updated_at = {at(30)} WHERE id = 2",
        ],
        us=[rename(1, "us", 20), row(102, "in the way", 10)],
    )
    pair.assert_equal("shop.item")
    assert names(pair.us)[102] == "moved"


def test_an_update_that_does_not_raise_the_version_is_applied_and_journaled(both):
    pair = both
    pair.eu.sql("UPDATE shop.item SET name = 'no version' WHERE id = 1")
    pair.settle()
    pair.assert_equal("shop.item")
    assert journal(pair.us) == [("eu:us", 1, "order/violated", "incoming")]


def test_a_clash_on_another_unique_key_stops_the_link_where_nothing_may_be_parked(both):
    pair = both
    pair.file["apply"] = {"on_data_error": "stop"}
    pair.write_config()
    for applier in pair.appliers.values():
        applier.stop()
    pair.eu.sql(row(41, "eu", 10, code=77))
    pair.us.sql(row(42, "us", 20, code=77))
    for applier in pair.appliers.values():
        applier.launch()
    line = pair.applier("eu", "us").expect_exit(69)
    assert "`shop`.`item`" in line and "id=41" in line, line
    pair.applier("us", "eu").expect_exit(69)
    assert 41 not in names(pair.us) and 42 not in names(pair.eu)
    (entry,) = pair.us.query("SELECT seq, kind, verdict, row_key, incoming_image FROM drc.conflicts")
    assert entry[1:4] == ("unique/clash", "stop", '{"id": 41}') and '"code": 77' in entry[4]


ONE_WAY = {
    "source_wins": {1: "eu", 2: None, 3: "eu", 4: "eu"},
    "target_wins": {1: "us", 2: "us", 3: None, 4: "us"},
}


@pytest.mark.parametrize("policy", ONE_WAY)
def test_one_way_policies(make_pair, policy):
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": policy}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql(*[row(number, "same", 0) for number in range(1, 4)])
    pair.settle()
    meet(
        pair,
        eu=[rename(1, "eu", 1), delete(2), rename(3, "eu", 1), row(4, "eu", 1)],
        us=[rename(1, "us", 2), rename(2, "us", 2), delete(3), row(4, "us", 2)],
    )
    found = names(pair.us)
    assert {number: found.get(number) for number in range(1, 5)} == ONE_WAY[policy]
    verdict = "incoming" if policy == "source_wins" else "local"
    kinds = ["update/changed", "delete/changed", "update/missing", "insert/exists"]
    assert journal(pair.us) == [("eu:us", number, kind, verdict) for number, kind in zip(range(1, 5), kinds)]


def test_stop_names_table_key_and_kind(make_pair):
    pair = make_pair(links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    pair.eu.sql(row(1, "same", 0))
    pair.settle()
    pair.us.sql(rename(1, "us", 1))
    pair.eu.sql("BEGIN", row(2, "eu", 1), rename(1, "eu", 2), "COMMIT")
    line = pair.applier("eu", "us").expect_exit(69)
    assert "update/changed" in line and "`shop`.`item`" in line and "id=1" in line, line
    assert names(pair.us) == {1: "us"}, "nothing of the transaction was written"
    assert journal(pair.us) == [("eu:us", 1, "update/changed", "stop")]
    pair.us.sql(rename(1, "same", 0), f"UPDATE shop.item SET updated_at = {at(0)}")
    pair.start()
    pair.settle()
    pair.assert_equal("shop.item")


def test_a_table_without_a_key(make_pair):
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "source_wins"}})
    pair.everywhere("CREATE DATABASE shop", "CREATE TABLE shop.note (n INT, text VARCHAR(40))")
    pair.start()
    pair.eu.sql("INSERT INTO shop.note VALUES (1, 'a'), (1, 'a'), (2, 'b'), (NULL, NULL), (3, 'c')")
    pair.settle()
    pair.us.sql("DELETE FROM shop.note WHERE n = 2", "UPDATE shop.note SET text = 'us' WHERE n = 3")
    pair.eu.sql(
        "UPDATE shop.note SET text = 'x' WHERE n = 1 LIMIT 1",
        "UPDATE shop.note SET text = 'y' WHERE n = 2",
        "DELETE FROM shop.note WHERE n = 3",
        "DELETE FROM shop.note WHERE n IS NULL",
    )
    pair.settle()
    found = sorted(pair.us.query("SELECT n, text FROM shop.note"))
    assert found == [(1, "a"), (1, "x"), (2, "y"), (3, "us")]
    kinds = [kind for _, _, kind, _ in journal(pair.us)]
    assert sorted(kinds) == ["delete/missing", "update/missing"]


def random_changes(rng, region, count):
    """Transactions over a few keys; versions rise within a region and never tie between them."""
    base = 0 if region == "eu" else 1
    for number in range(count):
        version = f"FROM_UNIXTIME({1767225600 + 2 * number + base})"
        yield "BEGIN"
        for _ in range(rng.randrange(1, 4)):
            key = rng.randrange(1, 30)
            name = f"{region} {number}"
            yield rng.choice(
                [
                    f"REPLACE INTO shop.item VALUES ({key}, '{name}', NULL, {version})",
                    f"UPDATE shop.item SET name = '{name}', updated_at = {version} WHERE id = {key}",
                    f"UPDATE shop.item SET name = '{name}', updated_at = {version} WHERE id = {key}",
                ]
            )
        yield "COMMIT"


def restore_losers(pair, most):
    """What lost in the last decision about a row that is as it was left comes back by `resolve`, and what won by `undo`."""
    rows = losers.by_id(pair.us, "shop.item")
    last = {json.dumps(entry["row_key"]): entry for entry in sorted(pair.conflicts(), key=lambda entry: entry["id"])}
    lost = [entry for entry in last.values() if entry["verdict"] in ("incoming", "local") and entry["kind"] != "order/violated"]
    lost = [entry for entry in lost if entry["result_image"] == rows.get(entry["row_key"]["id"])]
    for entry in lost[:most]:
        loser, take = ("local_image", "target") if entry["verdict"] == "incoming" else ("incoming_image", "source")
        key, image = entry["row_key"]["id"], entry[loser]
        pair.ctl("conflicts", "resolve", entry["id"], "--to", "us", "--take", take)
        now = losers.by_id(pair.us, "shop.item")
        assert now.get(key) == image and {**rows, key: image} == {**now, key: image}, entry
        pair.ctl("conflicts", "undo", entry["id"], "--to", "us")
        assert losers.by_id(pair.us, "shop.item") == rows, entry
    return len(lost)


def test_groups_decide_as_single_transactions_do(make_pair, long_run):
    """The fast path may not hide a conflict that is found when every transaction goes alone."""
    seed = random.SystemRandom().randrange(2**32)
    print("seed", seed)
    outcomes = []
    for group_rows in (1, 5000):
        rng = random.Random(seed)
        pair = make_pair(
            links=[("eu", "us")],
            conflicts={"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}},
        )
        pair.file["links"][0]["group_rows"] = group_rows
        pair.write_config()
        pair.everywhere("CREATE DATABASE shop", ITEM)
        pair.start()
        pair.eu.sql(*[row(number, "same", 0) for number in range(1, 30)])
        pair.settle()
        pair.applier("eu", "us").stop()
        known = pair.events("eu")[-1]["seq"]
        pair.us.sql(*random_changes(rng, "us", 400))
        stood = losers.by_id(pair.us, "shop.item")
        meet(pair, eu=list(random_changes(rng, "eu", 400)), us=[])
        came = [record for record in pair.events("eu") if record["kind"] == "data" and record["seq"] > known]
        left, lost = losers.fold(stood, came, "updated_at")
        assert losers.by_id(pair.us, "shop.item") == left
        assert pair.us.value("SELECT COUNT(*) FROM drc.conflicts") == lost, "one entry for each row that lost"
        local = "SELECT seq, row_key, kind, verdict, local_image, result_image FROM drc.conflicts ORDER BY id"
        outcomes.append((pair.us.query(local), pair.us.query("SELECT * FROM shop.item ORDER BY id")))
        pair.stop()
    assert restore_losers(pair, None if long_run else 5) > 0
    assert outcomes[0][0], "there were conflicts"
    assert outcomes[0] == outcomes[1]
