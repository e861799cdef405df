"""Both sides change the same row before they know of each other: they settle to the same rows, and the losers are kept.

In each story the appliers are down while both regions write, so that the conflict is certain.
"""

import json
from collections import defaultdict

import pytest

TABLE = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40),"
    " updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"
)
OLD, EARLY, LATE = "2026-01-01 00:00:00.000000", "2026-01-01 00:00:01.000000", "2026-01-01 00:00:02.000000"


def insert(number, name, at):
    return f"INSERT INTO shop.item VALUES ({number}, '{name}', '{at}')"


def update(number, name, at):
    return f"UPDATE shop.item SET name = '{name}', updated_at = '{at}' WHERE id = {number}"


def delete(number):
    return f"DELETE FROM shop.item WHERE id = {number}"


def names(pair):
    """{region: {id: name}}"""
    return {region: dict(server.query("SELECT id, name FROM shop.item")) for region, server in pair.servers.items()}


def image(text):
    value = json.loads(text) if isinstance(text, str) else text
    return value and value["name"]


def journal(pair):
    """{id: [(link, kind, verdict, names in the before, incoming, local and result images)]}"""
    found = defaultdict(list)
    for entry in pair.conflicts():
        assert (entry["db"], entry["tbl"]) == ("shop", "item")
        assert entry["why"] and entry["gtid"] and entry["seq"] > 0
        key = json.loads(entry["row_key"]) if isinstance(entry["row_key"], str) else entry["row_key"]
        images = tuple(image(entry[f"{which}_image"]) for which in ("before", "incoming", "local", "result"))
        found[int(key["id"])].append((entry["link"], entry["kind"], entry["verdict"], *images))
    return {number: sorted(entries) for number, entries in found.items()}


def at_once(pair, in_eu, in_us):
    """Run statements in each region before either hears of the other, then let the links settle."""
    for applier in pair.appliers.values():
        applier.stop()
    pair.eu.sql(*in_eu)
    pair.us.sql(*in_us)
    pair.start()
    pair.settle()


# What each region does to the row of that id (of which "old" is there before where its number is above 10), the name
# that both sides hold at the end (None: no row), and what each link's journal says of it:
# kind, verdict, and the names in the before, incoming, local and result images.
CASES = {
    1: (
        [insert(1, "eu", LATE), insert(1, "us", EARLY)],
        "eu",
        ("eu:us", "insert/exists", "incoming", None, "eu", "us", "eu"),
        ("us:eu", "insert/exists", "local", None, "us", "eu", "eu"),
    ),
    2: (  # equal versions: the first region of `tie`
        [insert(2, "eu", LATE), insert(2, "us", LATE)],
        "eu",
        ("eu:us", "insert/exists", "incoming", None, "eu", "us", "eu"),
        ("us:eu", "insert/exists", "local", None, "us", "eu", "eu"),
    ),
    11: (
        [update(11, "eu", EARLY), update(11, "us", LATE)],
        "us",
        ("eu:us", "update/changed", "local", "old", "eu", "us", "us"),
        ("us:eu", "update/changed", "incoming", "old", "us", "eu", "us"),
    ),
    12: (
        [update(12, "eu", LATE), update(12, "us", LATE)],
        "eu",
        ("eu:us", "update/changed", "incoming", "old", "eu", "us", "eu"),
        ("us:eu", "update/changed", "local", "old", "us", "eu", "eu"),
    ),
    13: (  # both say the same
        [update(13, "same", LATE), update(13, "same", LATE)],
        "same",
        ("eu:us", "update/changed", "same", "old", "same", "same", "same"),
        ("us:eu", "update/changed", "same", "old", "same", "same", "same"),
    ),
    14: (  # an update beats a delete until deleted rows leave a trace
        [update(14, "eu", LATE), delete(14)],
        "eu",
        ("eu:us", "update/missing", "incoming", "old", "eu", None, "eu"),
        ("us:eu", "delete/changed", "local", "old", None, "eu", "eu"),
    ),
    15: (
        [delete(15), update(15, "us", LATE)],
        "us",
        ("eu:us", "delete/changed", "local", "old", None, "us", "us"),
        ("us:eu", "update/missing", "incoming", "old", "us", None, "us"),
    ),
    16: (
        [delete(16), delete(16)],
        None,
        ("eu:us", "delete/missing", "same", "old", None, None, None),
        ("us:eu", "delete/missing", "same", "old", None, None, None),
    ),
}


def test_every_kind_settles_to_the_same_rows_and_is_kept(pair):
    pair.everywhere(TABLE, *[insert(number, "old", OLD) for number in CASES if number > 10])
    pair.start()
    at_once(pair, *[[case[0][side] for case in CASES.values()] for side in (0, 1)])
    rows = {number: case[1] for number, case in CASES.items() if case[1]}
    assert names(pair) == {"eu": rows, "us": rows}
    pair.assert_equal("shop.item")
    assert journal(pair) == {number: list(case[2:]) for number, case in CASES.items()}
    assert {entry["policy"] for entry in pair.conflicts()} == {"latest"}


def test_the_link_goes_on_behind_a_conflict(pair):
    """The row in conflict is one of many in its transaction, and there are others behind it."""
    pair.everywhere(TABLE, insert(1, "old", OLD))
    pair.start()
    mixed = [insert(2, "two", LATE), update(1, "eu", EARLY), insert(3, "three", LATE)]
    at_once(pair, ["BEGIN", *mixed, "COMMIT", insert(4, "four", LATE)], [update(1, "us", LATE)])
    rows = {1: "us", 2: "two", 3: "three", 4: "four"}
    assert names(pair) == {"eu": rows, "us": rows}
    pair.assert_equal("shop.item")
    assert set(journal(pair)) == {1} and len(journal(pair)[1]) == 2


@pytest.fixture
def one_way(make_pair):
    """A pair with the link from eu to us and one policy, in which us has changed a row that eu then changes."""

    def make(policy):
        pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": policy}})
        pair.everywhere("CREATE DATABASE shop", TABLE, insert(1, "old", OLD))
        pair.start()
        pair.us.sql(update(1, "from us", LATE))
        pair.eu.sql(update(1, "from eu", EARLY))
        return pair

    return make


FIXED = [("source_wins", "incoming", "from eu"), ("target_wins", "local", "from us")]


@pytest.mark.parametrize("policy, verdict, winner", FIXED)
def test_a_fixed_winner_one_way(one_way, policy, verdict, winner):
    pair = one_way(policy)
    pair.wait("eu", "us")
    assert names(pair) == {"eu": {1: "from eu"}, "us": {1: winner}}
    (entry,) = pair.conflicts()
    assert (entry["kind"], entry["policy"], entry["verdict"]) == ("update/changed", policy, verdict)
    assert entry["cause"] == "foreign_write"
    images = [image(entry[f"{which}_image"]) for which in ("before", "incoming", "local")]
    assert images == ["old", "from eu", "from us"]


def test_policy_stop_stops_at_the_row(one_way):
    pair = one_way("stop")
    last = pair.applier("eu", "us").expect_exit(69)
    assert "update/changed" in last and "`shop`.`item` row id=1" in last and "foreign write: the policy is stop" in last
    assert names(pair) == {"eu": {1: "from eu"}, "us": {1: "from us"}}
    pair.wait("eu", "us", timeout=20, expect=69)
    (entry,) = pair.conflicts()
    assert (entry["kind"], entry["policy"], entry["verdict"]) == ("update/changed", "stop", "stop")
    images = [image(entry[f"{which}_image"]) for which in ("before", "incoming", "local", "result")]
    assert images == ["old", "from eu", "from us", "from us"]
    pair.applier("eu", "us").launch()
    pair.applier("eu", "us").expect_exit(69)
    assert pair.conflicts() == [entry], "the same stop is told once"

    pair.us.sql(update(1, "old", OLD))  # mended by hand: the link goes on
    pair.start()
    pair.wait("eu", "us")
    assert names(pair) == {"eu": {1: "from eu"}, "us": {1: "from eu"}}
