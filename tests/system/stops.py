"""What the tests of stops and their ways out share: operators' acts, a source that goes back in time."""

import json
import shutil
import subprocess


def insert(pair, first, count, text="x"):
    pair.eu.sql(*[f"INSERT INTO shop.item VALUES ({n}, '{text}')" for n in range(first, first + count)])


def act(pair, command, *arguments, **more):
    """`drcctl stream COMMAND` for eu, with a reason."""
    return pair.ctl("stream", command, "--region", "eu", "--why", f"test of {command}", *arguments, **more)


def acts(pair, target="us"):
    """What the target's journal holds of operators' acts, oldest first: (policy, why, details)."""
    rows = pair.servers[target].query(
        "SELECT policy, why, incoming_image, row_key FROM drc.conflicts WHERE kind = 'operator_act' ORDER BY id"
    )
    assert all("@" in json.loads(key)["by"] for *_, key in rows)
    return [(policy, why, json.loads(details)) for policy, why, details, _ in rows]


def settled(pair, *tables):
    pair.settle()
    pair.assert_equal("shop.item", *tables)


def backup(pair):
    """Stop the source, keep what it holds now, start it again; the capture waits meanwhile."""
    kept = pair.directory / "backup"
    pair.eu.stop()
    subprocess.run(["cp", "-a", "--sparse=always", pair.eu.datadir, kept], check=True)
    pair.eu.start()
    return kept


def restore(pair, kept):
    pair.eu.kill()
    shutil.rmtree(pair.eu.datadir)
    kept.rename(pair.eu.datadir)
    pair.eu.start()


def drop_lost(pair, first, last):
    """What reconcile would do with rows that only the target has."""
    pair.us.sql(f"DELETE FROM shop.item WHERE n BETWEEN {first} AND {last}")
