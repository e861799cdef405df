"""A target whose disk is full: the link tries again, says so, and goes on by itself once there is room; nothing is lost or twice.

The server has a mount namespace of its own, in which a small file system holds the file of one table: no root is needed for
that, and whatever becomes of the test, nothing stays mounted.
"""

import os
import subprocess
import time

import pytest

from support.load import TokenLoad
from support.mariadb import MariaDB
from support.mysql import MySQL

SMALL, LARGE = "8m", "256m"
COVER = 'mount -t tmpfs -o size="$1" tmpfs "$2"; shift 2; exec "$@"'
ROOT = os.geteuid() == 0
WATCHED = 3  # seconds
MOST_TRIES = 60  # of four workers in that time, waiting ever longer in between


class Cramped:
    """A server whose directory `small` is a file system with little room."""

    def default_options(self):
        self.small = self.directory / "small"
        self.small.mkdir(parents=True, exist_ok=True)
        return {**super().default_options(), "user": "root"}  # who it is in there

    def program(self):
        own = ["unshare", "--mount", *([] if ROOT else ["--map-root-user"])]
        return [*own, "sh", "-ec", COVER, "sh", SMALL, self.small, *super().program()]

    def inside(self, *words, check=True):
        """Run a program where the server runs."""
        enter = ["nsenter", "--target", str(self.process.pid), "--mount"]
        enter += [] if ROOT else ["--user", "--preserve-credentials"]
        return subprocess.run([*enter, *map(str, words)], capture_output=True, text=True, check=check)

    def fill(self):
        """Somebody else's file takes all room that is left."""
        done = self.inside("dd", "if=/dev/zero", f"of={self.small}/others", "bs=4k", check=False)
        assert "No space left" in done.stderr, done.stderr

    def enlarge(self):
        self.inside("mount", "-o", f"remount,size={LARGE}", self.small)


class CrampedMariaDB(Cramped, MariaDB):
    pass


class CrampedMySQL(Cramped, MySQL):
    def default_options(self):
        options = super().default_options()
        return {**options, "innodb_directories": self.small}


def rollbacks(server):
    return int(server.query("SHOW GLOBAL STATUS LIKE 'Com_rollback'")[0][1])


@pytest.mark.parametrize("flavour", [CrampedMariaDB, CrampedMySQL], ids=["mariadb", "mysql"])
def test_a_full_disk_is_waited_for(make_pair, flavour):
    pair = make_pair(server={"eu": MariaDB, "us": flavour}, links=[("eu", "us")])
    pair.everywhere("CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    unlogged = "SET SESSION sql_log_bin = 0"
    pair.eu.sql(unlogged, TokenLoad.TABLE)
    pair.us.sql(unlogged, f"{TokenLoad.TABLE} DATA DIRECTORY = '{pair.us.small}'")
    pair.start()
    applier = pair.applier("eu", "us")
    with TokenLoad(pair.eu, threads=2) as load:
        load.wait_for(50)
        pair.us.fill()
        pair.until(lambda: applier.status()["state"] == "retrying", 60, "word that the disk is full")
        load.wait_for(50)

    # Until there is room it stays at that, and what it says is what an operator needs; it does not hammer the server.
    def stands_still():
        before, tries = applier.status(), rollbacks(pair.us)
        time.sleep(WATCHED)
        now = applier.status()
        assert rollbacks(pair.us) - tries < MOST_TRIES
        return before["state"] == now["state"] == "retrying" and before["applied_seq"] == now["applied_seq"] and tells(now["cause"])

    tells = lambda text: "token" in text and "full" in text
    pair.until(stands_still, 60, "a link that stands still for the full table, and says so")
    told = lambda: "retrying" in (said := pair.ctl("status", expect=None).stdout) and tells(said)
    pair.until(told, 30, "word of it from drcctl")
    assert "DRC-3013" in applier.text()
    assert applier.status()["applied_seq"] < pair.capture("eu").status()["seq"]

    pair.us.enlarge()
    pair.wait("eu", "us")
    pair.until(lambda: applier.status()["state"] == "running", 60, "running link")
    TokenLoad.check(pair.us, [load])
    pair.assert_equal("shop.token")
    assert pair.conflicts() == []
    assert pair.us.value("SELECT COUNT(*) FROM drc.parked") == 0
