"""Policies that make rows of both sides, look at columns apart, or reach beyond the row; and rules that fit no table."""

import json
import re

BY = {"by": ["ver"], "tie": ["eu", "us"], "delete": "never"}
LATEST = {"policy": "latest", **BY}
RULES = {
    "shop.stock": {"policy": "delta", "columns": ["qty"], **BY},
    "shop.price": {**LATEST, "groups": [{"columns": ["price"], "policy": "latest", "by": ["price_ver"]}]},
    "shop.seen": {**LATEST, "ignore": ["seen"]},
    "shop.whole": {**LATEST, "scope": "transaction", "allow_divergence": True},
    "shop.asked": {"policy": "park"},
}
TABLES = (
    "CREATE TABLE shop.stock (id INT PRIMARY KEY, name VARCHAR(20), qty DECIMAL(8,2), ver INT)",
    "CREATE TABLE shop.price (id INT PRIMARY KEY, name VARCHAR(20), price INT, price_ver INT, ver INT)",
    "CREATE TABLE shop.seen (id INT PRIMARY KEY, name VARCHAR(20), seen INT, ver INT)",
    "CREATE TABLE shop.whole (id INT PRIMARY KEY, name VARCHAR(20), ver INT)",
    "CREATE TABLE shop.asked (id INT PRIMARY KEY, name VARCHAR(20))",
)
FIRST = (
    "INSERT INTO shop.stock VALUES (1, 'old', 10.50, 1), (2, 'old', 1.00, 1)",
    "INSERT INTO shop.price VALUES (1, 'old', 5, 1, 1)",
    "INSERT INTO shop.seen VALUES (1, 'old', 0, 1)",
    "INSERT INTO shop.whole VALUES (1, 'old', 1)",
    "INSERT INTO shop.asked VALUES (1, 'old')",
)


def journal(pair):
    """{(link, table): [(kind, verdict, policy, name in the result)]}, in the order of the journal."""
    found = {}
    for entry in reversed(pair.conflicts()):
        result = json.loads(entry["result_image"]) if isinstance(entry["result_image"], str) else entry["result_image"]
        line = entry["kind"], entry["verdict"], entry["policy"], result and result.get("name")
        found.setdefault((entry["link"], entry["tbl"]), []).append(line)
    return found


def test_columns_transactions_and_people(make_pair):
    pair = make_pair(conflicts={"default": {"policy": "stop"}, "tables": RULES})
    pair.everywhere("CREATE DATABASE shop", *TABLES, *FIRST)
    pair.start()
    for applier in pair.appliers.values():
        applier.stop()
    pair.us.sql("SET SESSION sql_log_bin = 0", "UPDATE shop.seen SET seen = 7 WHERE id = 1")
    pair.eu.sql(
        "UPDATE shop.stock SET name = 'eu', qty = qty + 3.25, ver = 2 WHERE id = 1",
        "UPDATE shop.price SET price = 6, price_ver = 2, ver = 2 WHERE id = 1",
        "UPDATE shop.seen SET name = 'eu', ver = 2 WHERE id = 1",
        "BEGIN",
        "INSERT INTO shop.whole VALUES (2, 'with it', 1)",
        "UPDATE shop.whole SET name = 'eu', ver = 2 WHERE id = 1",
        "INSERT INTO shop.whole VALUES (3, 'behind it', 1)",
        "COMMIT",
        "UPDATE shop.asked SET name = 'eu' WHERE id = 1",
        "UPDATE shop.stock SET qty = qty + 900.00, ver = 2 WHERE id = 2",
    )
    pair.us.sql(
        "UPDATE shop.stock SET name = 'us', qty = qty - 5.50, ver = 3 WHERE id = 1",
        "UPDATE shop.price SET name = 'us', ver = 3 WHERE id = 1",
        "UPDATE shop.whole SET name = 'us', ver = 3 WHERE id = 1",
    )
    pair.us.sql("SET SESSION sql_log_bin = 0", "UPDATE shop.asked SET name = 'us' WHERE id = 1")
    pair.us.sql("SET SESSION sql_log_bin = 0", "UPDATE shop.stock SET qty = 999500.00 WHERE id = 2")
    pair.start()
    pair.wait("eu", "us", expect=69)
    pair.wait("us", "eu")

    # Increments of both, in both; out of range is for people. Columns by their own version.
    for server in pair.servers.values():
        assert server.query("SELECT name, CAST(qty AS CHAR), ver FROM shop.stock WHERE id = 1") == [("us", "8.25", 3)]
        assert server.query("SELECT name, price, price_ver, ver FROM shop.price") == [("us", 6, 2, 3)]
        assert server.value("SELECT name FROM shop.seen") == "eu"
    assert pair.us.value("SELECT CAST(qty AS CHAR) FROM shop.stock WHERE id = 2") == "999500.00"
    assert pair.us.query("SELECT id, name FROM shop.whole") == [(1, "us")], "nothing of the transaction that lost"
    assert pair.eu.query("SELECT id, name FROM shop.whole") == [(1, "us"), (2, "with it"), (3, "behind it")]
    assert pair.us.value("SELECT name FROM shop.asked") == "us"
    changed = "update/changed"
    lost = ("transaction/lost", "local", "latest", None)
    assert journal(pair) == {
        ("eu:us", "stock"): [(changed, "merged", "delta", "us"), (changed, "park", "delta", None)],
        ("us:eu", "stock"): [(changed, "merged", "delta", "us")],
        ("eu:us", "price"): [(changed, "merged", "latest", "us")],
        ("us:eu", "price"): [(changed, "merged", "latest", "us")],
        ("eu:us", "whole"): [lost, (changed, "local", "latest", "us"), lost],
        ("us:eu", "whole"): [(changed, "incoming", "latest", "us")],
        ("eu:us", "asked"): [(changed, "park", "park", None)],
    }

    # What a rule says never to happen happens, and is told.
    pair.eu.sql("DELETE FROM shop.seen WHERE id = 1")
    pair.wait("eu", "us", expect=69)
    assert pair.us.query("SELECT * FROM shop.seen") == []
    (told,) = [entry for entry in pair.conflicts() if entry["tbl"] == "seen"]
    assert (told["kind"], told["verdict"], told["state"]) == ("order/violated", "incoming", "noted")
    assert told["why"] == "a row was deleted, and the rule says delete: never"

    # A rule that cannot add to its column stops the link before it does anything.
    other = "CREATE OR REPLACE TABLE shop.stock (id INT PRIMARY KEY, name VARCHAR(20), qty VARCHAR(20), ver INT)"
    for server in pair.servers.values():
        server.sql("SET SESSION sql_log_bin = 0", other)
    pair.eu.sql("INSERT INTO shop.stock (id) VALUES (9)")
    last = pair.applier("eu", "us").expect_exit(78)
    assert "column `qty` of `shop`.`stock` is varchar" in last and "needs an integer or a DECIMAL" in last, last
    assert "pair.yaml:" in last and "conflicts of shop.stock" in last, last

    # Nor does one start, and `drcctl check` tells the same: the type, or a column that is not there.
    for columns, cause in (["qty"], "column `qty` of `shop`.`stock` is varchar"), (["nowhere"], "has no column `nowhere`"):
        pair.file["conflicts"]["tables"]["shop.stock"]["columns"] = columns
        pair.write_config()
        pair.applier("eu", "us").launch()
        last = pair.applier("eu", "us").expect_exit(78)
        assert cause in last and re.search(r"pair\.yaml:\d+: conflicts of shop\.stock: ", last), last
        assert "mend the rule or the table" in last, last
        found = json.loads(pair.ctl("check", "--region", "us", "--json", expect=2).stdout)["findings"]
        (told,) = [each for each in found if each["check"] == "rule"]
        assert cause in told["what"] and "pair.yaml:" in told["what"] and told["severity"] == "error"
