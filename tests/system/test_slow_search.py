"""What the target needs longer for than an answer is waited for is given longer with each try: it is done in the end.

A row in a large table without a key is looked for by reading the table. The test has the server wait for that row's lock
instead, which is as long as the test likes, whatever the machine.
"""

import re

LOOSE = "CREATE TABLE shop.loose (a INT, b INT)"
ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY)"


def waits(log):
    """What was waited for in vain, and what the next try was given, in seconds."""
    return [(int(a), int(b)) for a, b in re.findall(r"DRC-3039 .*waited_s=(\d+) next_s=(\d+)", log)]


def test_a_search_beyond_the_limit_is_given_longer_until_it_ends(make_pair):
    pair = make_pair(links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop", LOOSE, ITEM, "INSERT INTO shop.loose VALUES (1, 0), (2, 0), (2, 0)")
    capture, applier = pair.capture("eu"), pair.applier("eu", "us")
    capture.start()
    pair.until(lambda: pair.stream_stands("eu"), 60, "a stream")
    for n, apply in enumerate(({}, {"path": "exact"})):
        pair.file["links"][0]["apply"] = {"answer_timeout": "1s", "workers": 2, **apply}
        pair.write_config()
        applier.start()
        said = len(applier.log.read_text())
        with pair.us.connect(autocommit=False) as holder, holder.cursor() as cursor:
            cursor.execute("SELECT * FROM shop.loose WHERE a = 1 FOR UPDATE")
            pair.eu.sql("UPDATE shop.loose SET b = b + 1", f"INSERT INTO shop.item VALUES ({n})")
            def says_what_it_looks_for():
                status = applier.status()
                words = ("looking for rows of `shop`.`loose`, which has no key", "no answer came within")
                return status["state"] == "retrying" and all(word in (status["cause"] or "") for word in words)

            pair.until(lambda: len(waits(applier.log.read_text()[said:])) >= 2, 60, "a second try")
            pair.until(says_what_it_looks_for, 60, "word of what it looks for")
        pair.wait("eu", "us")
        pair.until(lambda: applier.status()["state"] == "running", 60, "running link")
        found = waits(applier.log.read_text()[said:])
        assert found[0] in ((1, 1), (1, 2)) and found[-1][1] >= 2 and all(b in (a, 2 * a) for a, b in found), found
        for table in ("loose", "item"):
            pair.assert_equal(f"shop.{table}")
        applier.stop()
    assert pair.us.query("SELECT * FROM shop.loose ORDER BY a") == [(1, 2), (2, 2), (2, 2)]
