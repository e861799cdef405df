"""Ids that no other region gives: the generator drc.next_id(), and what `drcctl ids` finds in a pair and mends."""

import heapq
import json
import threading
import time
from array import array

import pymysql
import pytest

from support.clock import Clock
from support.mariadb import MariaDB, MariaDB118
from support.mysql import MySQL

TAG_BITS = 10
TRUST = {"log_bin_trust_function_creators": 1}
FLAVOURS = {"mariadb": {"eu": MariaDB, "us": MariaDB118}, "mysql": {"eu": MySQL, "us": MySQL}}
THREADS = 8
BATCH = 100  # ids a statement
BACK = 3600


def next_ids(cursor, count=1):
    cursor.execute(f"SELECT drc.next_id() FROM shop.n LIMIT {count}")
    return [row[0] for row in cursor.fetchall()]


def install(pair, *regions):
    for region in regions:
        pair.ctl("ids", "install", "--region", region)
        pair.servers[region].sql(
            "CREATE DATABASE IF NOT EXISTS shop",
            "CREATE TABLE shop.n (n INT PRIMARY KEY)",
            f"INSERT INTO shop.n VALUES {', '.join(f'({n})' for n in range(BATCH))}",
        )


class Takers:
    """Threads that take ids of one server. Each id must be above all that had been returned when its call began."""

    def __init__(self, server, tag):
        self.server, self.tag = server, tag
        self.taken = [array("q") for _ in range(THREADS)]
        self.highest = 0
        self._lock = threading.Lock()
        self._threads, self._broken = [], None

    @property
    def count(self):
        return sum(len(ids) for ids in self.taken)

    def start(self, count):
        """Take `count` more, all threads together."""
        self._threads = [
            threading.Thread(target=self._run, args=(number, count // THREADS), daemon=True) for number in range(THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join()
        if self._broken is not None:
            raise self._broken

    def _run(self, number, count):
        try:
            with self.server.connect() as connection, connection.cursor() as cursor:
                while count > 0 and self._broken is None:
                    count -= self._take(cursor, number)
        except BaseException as error:  # raised by join
            self._broken = error

    def _take(self, cursor, number):
        """Some threads commit each statement, some several, and some take everything back: ids are given all the same."""
        before = self.highest
        cursor.execute("BEGIN" if number % 2 else "SELECT 1")
        ids = next_ids(cursor, BATCH)
        if number % 2:
            ids += next_ids(cursor, BATCH)
            cursor.execute("ROLLBACK" if number % 4 == 1 else "COMMIT")
        assert before < ids[0], f"{self.server.name}: {ids[0]} after {before}"
        assert all(a < b for a, b in zip(ids, ids[1:])), f"{self.server.name}: {ids} do not rise"
        assert all(i & ((1 << TAG_BITS) - 1) == self.tag for i in ids)
        self.taken[number].extend(ids)
        with self._lock:
            self.highest = max(self.highest, ids[-1])
        return len(ids)


def assert_no_duplicate(all_takers):
    """Of all ids of all threads and regions."""
    last = -1
    for each in heapq.merge(*(ids for takers in all_takers for ids in takers.taken)):
        assert each != last, f"{each} was given twice"
        last = each


def parse(pair, *ids):
    lines = pair.ctl("ids", "parse", "--json", *ids).stdout.splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.timeout(7200)
def test_ids_rise_and_never_come_twice(make_pair, long_run, flavour):
    pair = make_pair(server=FLAVOURS[flavour], options=TRUST)
    clocks = {name: Clock(server) for name, server in pair.servers.items()}
    for server in pair.servers.values():
        server.start()
    install(pair, "eu", "us")
    takers = [Takers(pair.servers[name], tag) for tag, name in enumerate(("eu", "us"), 1)]
    share = 5_000_000 // 2 // 4 if long_run else 2_400  # of each phase and region

    def phase(between=None):
        for each in takers:
            each.start(share)
        if between:
            between()
        for each in takers:
            each.join()

    before = time.time()
    phase()
    found = parse(pair, takers[0].taken[0][0], takers[1].taken[0][0])
    assert [each["region"] for each in found] == ["eu", "us"]
    assert all(before - 2 < each["time_us"] / 1e6 < time.time() + 2 for each in found), found

    phase(lambda: [clock.set_back(BACK) for clock in clocks.values()])
    next_one = pair.eu.value("SELECT drc.next_id()")  # committed: a crash takes back nothing that came before
    assert next_one > takers[0].highest
    pair.eu.kill()
    pair.us.stop()
    for server in pair.servers.values():
        server.start()
    assert all(clock.seconds_behind() > BACK - 30 for clock in clocks.values())
    phase()
    phase(lambda: [clock.set_back(BACK) for clock in clocks.values()])
    assert all(each.count >= 4 * share for each in takers)
    assert_no_duplicate(takers)


def transaction(server, *, isolation="REPEATABLE READ"):
    """An open one, with a table of its own."""
    connection = server.connect(autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
        cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
        cursor.execute("CREATE TEMPORARY TABLE shop.own (id BIGINT PRIMARY KEY, code INT UNIQUE)")
        cursor.execute("BEGIN")
    return connection


def same_slot(server, first):
    """One more, to whose session the generator would give the same slot as to the first one's, were it free."""
    while True:
        connection = transaction(server)
        if connection.thread_id() % 256 == first.thread_id() % 256:
            return connection
        connection.close()


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_open_transactions_never_wait_for_each_others_ids(make_pair, kind):
    pair = make_pair(server={"mariadb": MariaDB, "mysql": MySQL}[kind], options=TRUST, regions=("eu",), links=[])
    pair.eu.start()
    pair.eu.sql(*pair.printed_grants("eu", pair.eu.kind, "--role", "operator"))
    install(pair, "eu")
    insert = "INSERT INTO shop.own VALUES (drc.next_id(), {})"
    isolations = ["REPEATABLE READ", "READ COMMITTED", "SERIALIZABLE"] * 8
    open_ones = [transaction(pair.eu, isolation=isolation) for isolation in isolations]
    open_ones.append(same_slot(pair.eu, open_ones[0]))
    ids = []
    for connection in open_ones:  # each is left open while the next ones take theirs
        with connection.cursor() as cursor:
            ids += next_ids(cursor, 3)
            cursor.execute(insert.format(1))
            with pytest.raises(pymysql.err.IntegrityError):  # takes back what the generator has written for it
                cursor.execute(insert.format(1))
            cursor.execute("SAVEPOINT a")
            cursor.execute(insert.format(2))
            ids += next_ids(cursor)
            cursor.execute("ROLLBACK TO SAVEPOINT a")
            ids += next_ids(cursor)
    ids.append(pair.eu.value("SELECT drc.next_id()"))  # nor does one that commits at once
    assert len(ids) == 5 * len(open_ones) + 1 and all(a < b for a, b in zip(ids, ids[1:]))
    for number, connection in enumerate(open_ones):
        connection.rollback() if number % 2 else connection.commit()
        connection.close()

    # More sessions than there are slots.
    pair.eu.sql("SET GLOBAL max_connections = 400")
    open_ones = [transaction(pair.eu) for _ in range(260)]
    ids = []
    for connection in open_ones:
        with connection.cursor() as cursor:
            ids += next_ids(cursor)
    assert all(a < b for a, b in zip(ids, ids[1:]))
    for connection in open_ones:
        connection.close()


def test_ids_flow_through_a_pair(make_pair):
    """What the generator writes stays at home, and is no transaction for the other side."""
    pair = make_pair(
        server={"eu": MariaDB, "us": MySQL},
        options=TRUST,
        tables=("*.*",),
        config={"conflicts": {"default": {"policy": "stop"}}},
    )
    pair.everywhere(
        "CREATE DATABASE shop",
        "CREATE TABLE shop.item (id BIGINT PRIMARY KEY, origin VARCHAR(8))",
        "CREATE TABLE shop.n (n INT PRIMARY KEY)",
        "INSERT INTO shop.n VALUES (1), (2), (3)",
    )
    pair.start()
    for region in ("eu", "us"):
        pair.ctl("ids", "install", "--region", region)
        pair.servers[region].sql(
            *[f"INSERT INTO shop.item VALUES (drc.next_id(), '{region}')"] * 5,
            *["SELECT drc.next_id()"] * 5,
            "BEGIN",
            *[f"INSERT INTO shop.item SELECT drc.next_id(), '{region}' FROM shop.n LIMIT 3"] * 2,
            "COMMIT",
        )
    pair.settle()
    rows = pair.rows("shop.item", order="id")
    assert len(rows["eu"]) == 22 and rows["eu"] == rows["us"]
    for region, other in pair.links:
        assert f"{other} has everything of {region} up to seq 6" in pair.wait(region, other).stdout
        assert pair.servers[region].value("SELECT COUNT(*) FROM drc.id_tick") == 0
    found = parse(pair, *(int(row[0]) for row in rows["eu"]))
    assert [each["region"].encode() for each in found] == [row[1] for row in rows["eu"]]
    pair.ctl("ids", "remove", "--region", "eu")
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'x')")
    pair.settle()
    tables = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'drc' AND TABLE_NAME LIKE 'id\\_%'"
    assert (pair.eu.value(tables), pair.us.value(tables)) == (0, 1)


def test_installing_needs_trust_and_can_be_printed(make_pair):
    pair = make_pair(regions=("eu",), links=[])
    pair.eu.start()
    pair.eu.sql(*pair.printed_grants("eu", pair.eu.kind, "--role", "operator"))
    refused = pair.ctl("ids", "install", "--region", "eu", expect=78).stderr
    assert "SET GLOBAL log_bin_trust_function_creators = ON" in refused
    script = pair.ctl("ids", "install", "--region", "eu", "--dry-run").stdout
    head, function, tail = script.replace("DELIMITER ;", "").replace("DELIMITER $$", "$$").split("$$")
    statements = [*head.split(";\n"), function, *tail.split(";\n")]
    pair.eu.sql(*[each for each in statements if each.strip()])
    assert pair.eu.value("SELECT drc.next_id()") > 0
    assert pair.eu.value("SELECT @@GLOBAL.log_bin_trust_function_creators") == 0
    pair.ctl("ids", "install", "--region", "eu")  # nothing is left to do


# What is found, and mended by its own printed fix.


def check(pair, *arguments, expect=None):
    done = pair.ctl("ids", "check", "--json", *arguments, expect=expect)
    found = json.loads(done.stdout)
    assert done.returncode == (2 if found["errors"] else 1 if found["warnings"] else 0)
    return found["findings"]


def mend(pair, finding):
    """Do what the finding says, where it says."""
    region, _, host = finding["where"].partition(" ")
    server = next((each for each in pair.servers.values() if host == f"{each.host}:{each.port}"), pair.servers[region])
    if finding["fix"].startswith("drcctl "):
        pair.ctl(*finding["fix"].split()[1:])
    else:
        server.sql(*[each for each in finding["fix"].split("; ") if not each.startswith("--")])


def provoke(pair, expected):
    """Find just these (check, where), mend them by their fixes; then nothing is found any more."""
    found = check(pair)
    assert sorted((each["check"], each["where"]) for each in found) == sorted(expected), found
    text = pair.ctl("ids", "check", expect=None).stdout
    for each in found:
        assert each["what"] in text and f"fix: {each['fix']}" in text
        mend(pair, each)
    assert check(pair, expect=0) == []


def own_binlog(server, *statements):
    server.sql("SET SESSION sql_log_bin = 0", *statements)


@pytest.mark.parametrize("other", ["mariadb", "mysql"])
def test_findings_are_mended_by_their_own_fixes(make_pair, other):
    pair = make_pair(server={"eu": MariaDB, "us": {"mariadb": MariaDB118, "mysql": MySQL}[other]}, options=TRUST)
    for server in pair.servers.values():
        server.start()
        own_binlog(
            server,
            "CREATE DATABASE shop",
            "CREATE TABLE shop.item (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40))",
            "CREATE TABLE shop.small (id TINYINT NOT NULL AUTO_INCREMENT COMMENT 'it''s small', PRIMARY KEY (id))",
        )
    provoke(pair, [("auto_increment", "eu"), ("auto_increment", "us")])
    for server in pair.servers.values():
        server.sql("INSERT INTO shop.item (name) VALUES ('a'), ('b')")
    assert pair.eu.query("SELECT id FROM shop.item") == [(1,), (3,)]
    assert pair.us.query("SELECT id FROM shop.item") == [(2,), (4,)]

    own_binlog(pair.us, "INSERT INTO shop.item VALUES (1001, 'of the class of eu')")
    provoke(pair, [("class", "eu")])
    pair.eu.sql("INSERT INTO shop.item (name) VALUES ('c')")
    assert pair.eu.value("SELECT MAX(id) FROM shop.item") == 1003

    own_binlog(pair.eu, "INSERT INTO shop.small VALUES (109)")
    own_binlog(pair.us, "INSERT INTO shop.small VALUES (126)")
    found = {each["where"]: each["severity"] for each in check(pair, expect=2)}
    assert found == {"eu": "warning", "us": "error"}
    provoke(pair, [("headroom", "eu"), ("headroom", "us")])
    assert "it''s small" in pair.eu.query("SHOW CREATE TABLE shop.small")[0][1]

    if other == "mariadb":
        sequences(pair)
    pair.ctl("ids", "install", "--region", "us")
    pair.file["regions"]["us"]["id_tag"] = 9
    pair.write_config()
    provoke(pair, [("generator", "us")])
    assert pair.us.value("SELECT drc.next_id() & 1023") == 9
    pair.us.sql("DROP TABLE drc.id_tick")
    provoke(pair, [("generator", "us")])
    assert pair.us.value("SELECT drc.next_id() & 1023") == 9
    other_host(pair)


def sequences(pair):
    for server in pair.servers.values():
        own_binlog(server, "CREATE SEQUENCE shop.s")
    own_binlog(pair.us, "DO NEXTVAL(shop.s)")
    provoke(pair, [("sequence", "eu"), ("sequence", "us")])
    values = [server.value("SELECT NEXTVAL(shop.s)") for server in pair.servers.values()]
    assert values == [1001, 1002], "each its class, above what the other had kept ready"
    own_binlog(pair.eu, "ALTER SEQUENCE shop.s CYCLE")
    provoke(pair, [("cycle", "eu")])
    own_binlog(pair.us, "ALTER SEQUENCE shop.s MAXVALUE 3000 RESTART WITH 2800")
    provoke(pair, [("sequence_headroom", "us")])


def other_host(pair):
    """us's server as a second host of eu, and a third one that is not there."""
    second = f"{pair.us.host}:{pair.us.port}"
    pair.file["regions"]["eu"]["host"] = [f"{pair.eu.host}:{pair.eu.port}", second, "127.0.0.1:1"]
    pair.write_config()
    found = check(pair, expect=1)
    assert [(each["check"], each["where"]) for each in found] == [("auto_increment_host", f"eu {second}")]
    assert "127.0.0.1:1: not asked" in pair.ctl("ids", "check", expect=1).stdout
    mend(pair, found[0])
    assert "auto_increment_host" not in [each["check"] for each in check(pair) if each["where"].startswith("eu")]


def test_a_plan_parts_the_ids_of_more_regions(make_pair):
    pair = make_pair(server={"eu": MariaDB, "us": MySQL})
    for server in pair.servers.values():
        server.start()
        own_binlog(server, "CREATE DATABASE shop", "CREATE TABLE shop.item (id INT AUTO_INCREMENT PRIMARY KEY)")
    pair.eu.sql("CREATE SEQUENCE shop.s START 500")
    pair.ctl("ids", "plan", "--regions", 1, expect=64)
    plan = json.loads(pair.ctl("ids", "plan", "--regions", 3, "--json").stdout)
    text = pair.ctl("ids", "plan", "--regions", 3).stdout
    assert plan["spare_offsets"] == [3] and "offsets for regions to come: 3" in text
    for region in plan["regions"]:
        for statement in region["statements"]:
            assert statement in text
            pair.servers[region["region"]].sql(*statement.split("; "))
    assert plan["regions"][0]["my_cnf"][1] in text and plan["regions"][1]["my_cnf"] == []
    assert check(pair, expect=0) == []
    for offset, server in enumerate(pair.servers.values(), 1):
        server.sql("INSERT INTO shop.item VALUES (NULL), (NULL)")
        assert server.query("SELECT id FROM shop.item") == [(offset,), (offset + 3,)]
    assert pair.eu.value("SELECT NEXTVAL(shop.s)") == 502
