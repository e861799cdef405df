"""Daemons judge their servers by the rules of drcctl check: when they start, and again every check.interval."""

import re
import time

import pytest
from support.load import Load
from support.mariadb import MariaDB
from support.mysql import MySQL

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))"


def told(daemon, severity, what):
    """The lines of a daemon's log about a finding, which is in all of them whole: what, why and what mends it."""
    ids = {"error": "DRC-1020", "warning": "DRC-1021", "gone": "DRC-1023"}
    lines = [line for line in daemon.text().splitlines() if ids[severity] in line and what in line]
    assert all(re.search(r"region \w+: .*: .*\. Run: .+", line) for line in lines), lines
    return lines


def test_daemons_check_their_servers_at_the_start_and_again(make_pair):
    pair = make_pair(
        links=[("eu", "us")],
        server=MariaDB,
        options={"eu": {"gtid_strict_mode": "OFF"}, "us": {}},
        config={"check": {"interval": "1s"}},
    )
    pair.everywhere("CREATE DATABASE shop", ITEM)
    capture, applier = pair.capture("eu"), pair.applier("eu", "us")
    pair.start()
    warned = told(capture, "warning", "gtid_strict_mode is OFF")
    assert warned

    breaks = {capture: ("eu", "sync_binlog", 0, 1), applier: ("us", "slave_exec_mode", "'IDEMPOTENT'", "'STRICT'")}
    for daemon, (region, name, wrong, right) in breaks.items():
        pair.servers[region].sql(f"SET GLOBAL {name} = {wrong}")
        pair.until(lambda: told(daemon, "error", f"{name} is {str(wrong).strip(chr(39))}"), 30, f"finding of {name}")
        (line,) = told(daemon, "error", f"{name} is")
        fix = re.search(r"Run: (SET GLOBAL .*?;)", line)[1]
        assert fix == f"SET GLOBAL {name} = {right};"
        pair.servers[region].sql(fix)
        pair.until(lambda: told(daemon, "gone", name), 30, f"end of the finding of {name}")
        assert len(told(daemon, "error", f"{name} is")) == 1, "each is told once"

    pair.us.sql("SET SESSION sql_log_bin = 0", "REVOKE BINLOG REPLAY ON *.* FROM drc@'%'")
    pair.until(lambda: told(applier, "error", "has not BINLOG REPLAY"), 30, "finding of a grant that was taken away")
    assert told(capture, "warning", "gtid_strict_mode is OFF") == warned, "not with each look"
    assert capture.running and applier.running, "what is found while they run stops no daemon"


class Passing(Load):
    """Tables that come and go at either side, as tools for changes of large tables make them."""

    def transaction(self, cursor, rng):
        name = f"shop._{rng.randrange(12)}_gho"
        yield name
        cursor.execute("SET SESSION sql_log_bin = 0")
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {name} (id INT PRIMARY KEY, kind ENUM('a', 'b'))")
        time.sleep(rng.uniform(0, 0.02))
        cursor.execute(f"DROP TABLE IF EXISTS {name}")


@pytest.mark.parametrize("server", [MariaDB, MySQL])
def test_a_table_that_goes_while_it_is_looked_at_stops_nobody(make_pair, server):
    pair = make_pair(links=[("eu", "us")], server=server)
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    with Passing(pair.eu, threads=8) as here, Passing(pair.us, threads=8) as there:
        for _ in range(30):
            done = pair.ctl("check", expect=None)
            assert done.returncode in (0, 1, 2), done.stderr
            assert "doesn't exist" not in done.stdout
        for _ in range(3):
            pair.applier("eu", "us").stop()
            pair.applier("eu", "us").start()
        here.wait_for(1)
        there.wait_for(1)
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.settle()
