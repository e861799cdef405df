"""The main job on real servers, told step by step: every line that claims something is what a query or command that has
just run answered, shown with it. Run by `./dev demo [--keep]`; exits 1 as soon as something is not as told.
"""

import argparse
import json
import pathlib
import random
import shutil
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from stage import Stage, section  # noqa: E402
from support import load, place  # noqa: E402
from support.pair import Pair  # noqa: E402

ITEM = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(60) NOT NULL, price DECIMAL(8,2) NOT NULL,"
    " updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"
)
RULES = {"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"], "delete": "never"}}
KILLS = 6
COUNT_TOKENS = "SELECT COUNT(*), COUNT(DISTINCT token) FROM shop.token"


def bring_up(stage, pair):
    section("Two regions, a broker between them, and the four daemons")
    pair.everywhere("CREATE DATABASE shop", ITEM, load.TokenLoad.TABLE)
    for region in ("eu", "us"):
        stage.query(region, "SELECT @@version, @@server_id, @@binlog_format, @@port")
    stage.show_file(pair.config)
    pair.start()
    stage.tool("drcctl", "status")


def replicate(stage):
    section("What is committed in one region appears in the other")
    stage.sql("eu", "INSERT INTO shop.item (id, name, price) VALUES (1, 'night train to Vienna', 89.90)")
    stage.sql("us", "INSERT INTO shop.item (id, name, price) VALUES (2, 'flight to Boston', 412.00)")
    stage.settle()
    rows = stage.query("eu", "SELECT id, name, price FROM shop.item ORDER BY id")
    stage.expect(len(rows) == 2, "both rows are in eu")
    stage.expect(stage.query("us", "SELECT id, name, price FROM shop.item ORDER BY id") == rows, "and the same in us")


def collide(stage, pair):
    section("The same primary key is taken on both sides while the regions are cut off from each other")
    for applier in pair.appliers.values():
        applier.stop()
    stage.sql("eu", "INSERT INTO shop.item (id, name, price) VALUES (7, 'written in eu', 10)")
    time.sleep(0.05)  # so that us is the later one beyond doubt
    stage.sql("us", "INSERT INTO shop.item (id, name, price) VALUES (7, 'written in us, later', 20)")
    pair.start()
    stage.settle()
    ours = stage.query("eu", "SELECT name, price FROM shop.item WHERE id=7")
    theirs = stage.query("us", "SELECT name, price FROM shop.item WHERE id=7")
    stage.expect(ours == theirs and ours[0][0] == "written in us, later", "both sides settled on the later row")
    out = stage.tool("drcctl", "conflicts", "list", "--json").stdout
    entries = [json.loads(line) for line in out.splitlines()]
    kept = [entry for entry in entries if entry["tbl"] == "item" and "written in eu" in json.dumps(entry)]
    stage.expect(bool(kept), "the row that lost is in the journal with its images")
    stage.expect({entry["kind"] for entry in kept} == {"insert/exists"}, "as a conflict of kind insert/exists")


def kill_under_load(stage, pair):
    section(f"Load on both sides, and {KILLS} times SIGKILL for a capture or an applier")
    loads = [load.TokenLoad(pair.eu, threads=2), load.TokenLoad(pair.us, threads=2)]
    seed = random.SystemRandom().randrange(2**32)
    rng = random.Random(seed)
    print(f"  seed of the kills: {seed}")
    for one in loads:
        one.start()
    for number in range(KILLS):
        time.sleep(rng.uniform(0.5, 1.5))
        victim = pair.captures["eu"] if number % 2 == 0 else pair.appliers["eu", "us"]
        print(f"  $ kill -9 {victim.pid}    # {victim.name}, {sum(len(one.sure) for one in loads)} transactions committed so far")
        victim.kill()
        victim.start()
    for one in loads:
        one.stop()
    sure = sum(count for one in loads for _, count in one.sure)
    print(f"  the writers committed {sure} rows in {sum(len(one.sure) for one in loads)} transactions; waiting for both links")
    stage.settle()
    for region in ("eu", "us"):
        ((rows, distinct),) = stage.query(region, COUNT_TOKENS)
        stage.expect(rows == sure, f"{region} holds every one of the {sure} rows")
        stage.expect(rows == distinct, f"and none of them twice (the table has no key that would hide it)")
        load.TokenLoad.check(pair.servers[region], loads)


def no_loop(stage):
    section("Writers have stopped: do the binlogs stop growing?")
    for capture in stage.pair.captures.values():  # the proof of the loop mark, due at its start, is a transaction too
        stage.pair.until(lambda capture=capture: capture.status()["canary_us"] > 0, 30, "the loop mark's proof")
    before = [stage.query(region, "SELECT @@gtid_binlog_pos") for region in ("eu", "us")]
    time.sleep(3)
    after = [stage.query(region, "SELECT @@gtid_binlog_pos") for region in ("eu", "us")]
    stage.expect(before == after, "nothing was written to either binlog in 3 seconds: no loop")


def reconcile(stage):
    section("Reconcile: equal, then one difference planted behind the binlog's back")
    stage.tool("drc-reconcile", "full", "--pair", "eu,us", expect=0)
    stage.sql("us", "SET SESSION sql_log_bin=0", "UPDATE shop.item SET price=1 WHERE id=2")
    out = stage.tool("drc-reconcile", "full", "--pair", "eu,us", "--json", "-", expect=1).stdout
    found = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    differences = [line for line in found if line["type"] == "difference"]
    stage.expect(len(differences) == 1, "the report names exactly one difference")
    one = differences[0]
    stage.expect((one["db"], one["table"], one["key"]) == ("shop", "item", {"id": 2}), "and it is the one that was planted")


def main():
    parser = argparse.ArgumentParser(prog="./dev demo", description="Watch a pair of regions at work on this machine.")
    parser.add_argument("--keep", action="store_true", help="leave the pair running and print how to look around")
    keep = parser.parse_args().keep
    directory = place.run_directory("demo")
    pair = Pair(directory, conflicts=RULES, outlive=keep)
    stage = Stage(pair)
    done = False
    try:
        bring_up(stage, pair)
        replicate(stage)
        collide(stage, pair)
        kill_under_load(stage, pair)
        no_loop(stage)
        reconcile(stage)
        done = True
    except (AssertionError, KeyboardInterrupt) as error:
        print(f"\nNOT AS TOLD: {error or type(error).__name__}\nlogs are kept in {directory}", file=sys.stderr)
    if done and keep:
        stage.look_around()
        return 0
    pair.close()
    if done:
        shutil.rmtree(directory)
        stage.expect(not stage.left_running(), "nothing is left running")
        print("\nEverything was as told.")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
