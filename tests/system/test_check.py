"""drcctl check: each rule of its table is broken on real servers, found, mended by the cure that is printed, and gone.

PROVOCATIONS has all of them, by the flavour of the servers, in groups that are broken together; a rule that nobody breaks fails
a test. Where a cure is no statement or command, the provocation says how it is carried out.
"""

import json
import pathlib
import re
import shlex
import subprocess

import pytest
from support import kafka_admin, pairfile, place
from support.clock import Clock
from support.daemon import Daemon
from support.mariadb import MariaDB
from support.mysql import MySQL

ROOT = pathlib.Path(__file__).parents[2]
UNLOGGED = "SET SESSION sql_log_bin = 0"
KEYED = "(id INT PRIMARY KEY, name VARCHAR(40))"
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users": "User:ANONYMOUS",
}
# What cannot be broken here, and why.
NOT_BROKEN = {"kafka_denied": "it needs a broker that knows accounts; the applier's and capture's 77 have tests of their own"}
FLAVOURS = {"mariadb": MariaDB, "mysql": MySQL}
BOTH = ("mariadb", "mysql")
# Rules that test_ids.py breaks, and mends by their cures.
IDS = {"auto_increment", "auto_increment_host", "class", "headroom", "sequence", "cycle", "sequence_headroom", "generator"}


class Broken:
    """One rule, how it is broken, and where it is found, how often (None: as may be); `mend` replaces what the cure says in words."""

    def __init__(self, rule, provoke, where="us", flavours=BOTH, mend=None, times=1):
        self.rule, self.provoke, self.where, self.flavours, self.mend, self.times = rule, provoke, where, flavours, mend, times


def sql(region, *statements):
    return lambda pair: pair.servers[region].sql(UNLOGGED, *statements)


def everywhere(*statements):
    return lambda pair: [server.sql(UNLOGGED, *statements) for server in pair.servers.values()]


def both(*functions):
    return lambda pair: [function(pair) for function in functions]


def config(over, undo):
    """(break, mend): lay one thing over the pair file, then another."""

    def write(keys):
        def change(pair):
            pair.file = pairfile.merge(pair.file, keys)
            pairfile.write(pair.directory, pair.file, {})

        return change

    return write(over), write(undo)


def setting(name, wrong, where="us", flavours=BOTH):
    return Broken(name, lambda pair: pair.servers[where].sql(f"SET GLOBAL {name} = {wrong}"), where, flavours)


def nothing(_):
    """It is broken, or mended, with another one of its group."""


def table(name, at_eu, at_us):
    """A table that is one thing in eu and another in us; None: not there."""
    return both(*[sql(r, f"CREATE TABLE shop.{name} {d}") for r, d in (("eu", at_eu), ("us", at_us)) if d])


def clock_right(pair):
    pair.clock.set_back(-60)
    pair.until(lambda: abs(pair.clock.seconds_behind()) < 0.5, 30, "clock that is right again")


def broken_config(rule, over, undo, where="us", flavours=BOTH, times=1):
    provoke, mend = config(over, undo)
    return Broken(rule, provoke, where, flavours, mend, times)


SETTINGS = [
    setting("binlog_format", "'MIXED'", "eu", ["mariadb"]),
    setting("binlog_row_image", "'MINIMAL'", "eu"),
    setting("binlog_row_metadata", "'NO_LOG'" , "eu", ["mariadb"]),
    setting("binlog_row_metadata", "'MINIMAL'", "eu", ["mysql"]),
    setting("sync_binlog", 0, "eu"),
    setting("innodb_flush_log_at_trx_commit", 2, "eu"),
    setting("gtid_strict_mode", "OFF", "eu", ["mariadb"]),
    setting("binlog_error_action", "'IGNORE_ERROR'", "eu", ["mysql"]),
    Broken(
        "gtid_mode",
        lambda pair: pair.eu.sql("SET GLOBAL gtid_mode = ON_PERMISSIVE", "SET GLOBAL gtid_mode = OFF_PERMISSIVE"),
        "eu", ["mysql"],
    ),
    setting("enforce_gtid_consistency", "OFF", "eu", ["mysql"]),
    setting("slave_exec_mode", "'IDEMPOTENT'", flavours=["mariadb"]),
    setting("replica_exec_mode", "'IDEMPOTENT'", flavours=["mysql"]),
    setting("slave_run_triggers_for_rbr", "'YES'", flavours=["mariadb"]),
    setting("max_allowed_packet", 524288),
    setting("binlog_rows_query_log_events", "ON", flavours=["mysql"]),
    Broken("binlog_retention", lambda pair: pair.us.sql("SET GLOBAL binlog_expire_logs_seconds = 3600")),
    Broken("binlog_unbounded", lambda pair: pair.eu.sql("SET GLOBAL binlog_expire_logs_seconds = 0"), "eu"),
    setting("read_only", "ON"),
    setting("time_zone", "'+05:00'"),
    Broken("character_set", lambda pair: pair.us.sql("SET GLOBAL collation_server = 'latin1_bin'")),
    Broken("clock_skew", lambda pair: pair.clock.set_back(60), mend=clock_right),
    Broken("grant_missing", sql("us", "REVOKE REPLICATION SLAVE ON *.* FROM 'drc'@'%'")),
    Broken("grant_surplus", sql("us", "GRANT PROCESS, SELECT ON *.* TO 'drc'@'%'", "GRANT DELETE ON shop.* TO 'drc'@'%'"),
           flavours=["mariadb"]),
    Broken("grant_surplus", sql("us", "GRANT PROCESS ON *.* TO 'drc'@'%' WITH GRANT OPTION"), flavours=["mysql"]),
]  # fmt: skip

TABLES = [
    Broken("table_missing", table("missing", KEYED, None)),
    Broken("column_missing", table("lacks", "(id INT PRIMARY KEY, a INT, b VARCHAR(9) NOT NULL DEFAULT 'it''s')", "(id INT PRIMARY KEY)"),
           times=2),
    Broken("column_differs", table("wide", "(id INT PRIMARY KEY, n BIGINT)", "(id INT PRIMARY KEY, n INT)"), times=2),
    Broken("table_refused", table("shape", KEYED, "(id INT PRIMARY KEY, name POINT)"), mend=nothing, times=None),
    Broken("table_collation", table("texts", KEYED + " COLLATE utf8mb4_bin", KEYED + " COLLATE utf8mb4_unicode_ci")),
    Broken("key_missing", table("unique_one", "(id INT PRIMARY KEY, name VARCHAR(40), UNIQUE KEY u (name), KEY k (name, id))", KEYED),
           times=2),
    Broken(
        "foreign_key",
        both(everywhere("CREATE TABLE shop.parent (id INT PRIMARY KEY)"),
             table("child", "(id INT PRIMARY KEY, p INT, CONSTRAINT c FOREIGN KEY (p) REFERENCES parent (id))",
                   "(id INT PRIMARY KEY, p INT, KEY c (p))")),
    ),
    Broken("table_keyless", everywhere("CREATE TABLE shop.loose (a INT NOT NULL, b INT NOT NULL, UNIQUE KEY u (a, b))",
                                       "CREATE TABLE shop.looser (a INT)"), times=4, where=None),
    Broken("engine", both(sql("eu", f"CREATE TABLE shop.old {KEYED}"), sql("us", f"CREATE TABLE shop.old {KEYED} ENGINE=MyISAM"))),
    broken_config(
        "rule",
        {"conflicts": {"tables": {"shop.item": {"policy": "latest", "by": ["nothing"], "tie": ["eu", "us"]}}}},
        {"conflicts": pairfile.DELETE}, where=None, times=2,
    ),
]  # fmt: skip

ONE_WAY = [
    Broken("column_extra", table("more", "(id INT PRIMARY KEY)", KEYED)),
    Broken("key_extra", table("stricter", KEYED, "(id INT PRIMARY KEY, name VARCHAR(40), UNIQUE KEY u (name))")),
    Broken("trigger", sql("us", "CREATE TRIGGER shop.t BEFORE INSERT ON shop.item FOR EACH ROW SET NEW.name = 'x'"),
           flavours=["mariadb"]),
    Broken("standby_writable", lambda pair: pair.us.sql("SET GLOBAL read_only = OFF")),
]  # fmt: skip


def cluster(**over):
    return {"kafka": {"durability": "replicated", "topic": {"replication_factor": 3, "min_insync_replicas": 2}, **over}}


def bad_topics(pair):
    """Topics of another pair, that nobody made by capture."""
    config(cluster() | {"pair": "odd"}, {})[0](pair)
    settings = {"cleanup.policy": "compact", "min.insync.replicas": "1", "unclean.leader.election.enable": "true"}
    pair.kafka.create_topic("drc.odd.eu", config={**settings, "retention.ms": "3600000"})
    pair.kafka.create_topic("drc.odd.us", partitions=2)
    for region in pair.servers:
        kafka_admin.let_write(pair.kafka.bootstrap, f"drc.odd.{region}", "User:drc")


def alike(pair):
    """What is left to be mended of the topics is not a broker's setting."""
    config({"pair": "shop", "kafka": {"durability": "single", "topic": {"replication_factor": 1, "min_insync_replicas": 1}}}, {})[0](pair)


KAFKA = [
    Broken("topic_partitions", bad_topics, mend=nothing),
    Broken("topic_replication", nothing, "eu", mend=nothing),
    Broken("topic_cleanup", nothing, "eu"),
    Broken("topic_min_insync", nothing, "eu"),
    Broken("topic_unclean", nothing, "eu"),
    Broken("topic_retention", nothing, "eu", mend=alike),
]

REACH = [
    broken_config("kafka_unreachable", {"regions": {"us": {"kafka": {"bootstrap": ["127.0.0.1:1"]}}}},
                  {"regions": {"us": {"kafka": pairfile.DELETE}}}),
    Broken("server_denied", sql("us", "ALTER USER 'drc'@'%' IDENTIFIED BY 'another'"),
           mend=sql("us", "ALTER USER 'drc'@'%' IDENTIFIED BY 'a pass''word'")),
    Broken("password", lambda pair: (pair.directory / "eu.password").chmod(0o644), "eu",
           mend=lambda pair: (pair.directory / "eu.password").chmod(0o600)),
]  # fmt: skip


def stranger(pair):
    """The capture of another pair comes to us by the id of ours."""
    config = pair.directory / "other.yaml"
    file = pairfile.merge(pair.file, {"pair": "other", "control": {"socket": f"{pair.run}/other-{{name}}.sock"}})
    config.write_text(pairfile.render(file), encoding="utf-8")
    argv = [pair.programs / "drc-capture", "--config", config, "--region", "us"]
    control = pair.run / "other-capture-us.sock"
    pair.stranger = Daemon("other", argv, pair.directory / "other.log", control, cwd=pair.directory)
    pair.rivals.append(pair.stranger)
    pair.stranger.start()
    pair.until(lambda: pair.stranger.status()["state"] == "running", 60, "capture of another pair")


def port(region):
    return lambda pair: config({"regions": {region: {"port": pair.servers[region].port}}}, {})[0](pair)


ELSE = [
    Broken("server_unreachable", config({"regions": {"eu": {"port": 1}}}, {})[0], "eu", mend=port("eu")),
    Broken("control_directory", config({"control": {"socket": "run/nowhere/{name}.sock"}}, {})[0], where="this host"),
    Broken("spill_directory", lambda pair: pair.environment.setenv("TMPDIR", str(pair.directory / "nothing")), where="this host"),
    Broken("replica_id_taken", stranger, mend=lambda pair: pair.stranger.stop()),
    broken_config(
        "convergence",
        {"conflicts": {"default": {"policy": "source_wins"}}},
        {"conflicts": pairfile.DELETE}, where="the pair file",
    ),
]  # fmt: skip


def semi_sync(name, wrong, flavour, provoke=None):
    """Values of eu, whose commits are to wait for its capture."""
    return Broken(name, provoke or (lambda pair: pair.eu.sql(f"SET GLOBAL {name} = {wrong}")), "eu", [flavour])


def wait_for_capture(pair):
    config({"regions": {"eu": {"semi_sync": True}}}, {})[0](pair)
    if pair.eu.kind == "mysql":
        pair.eu.sql("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'")


SEMI_SYNC = [
    semi_sync("rpl_semi_sync_master_enabled", None, "mariadb", wait_for_capture),
    semi_sync("rpl_semi_sync_master_wait_point", "'AFTER_COMMIT'", "mariadb"),
    semi_sync("rpl_semi_sync_master_timeout", 10000, "mariadb"),
    semi_sync("rpl_semi_sync_master_wait_no_slave", "OFF", "mariadb"),
    semi_sync("rpl_semi_sync_source_enabled", None, "mysql", wait_for_capture),
    semi_sync("rpl_semi_sync_source_wait_point", "'AFTER_COMMIT'", "mysql"),
    semi_sync("rpl_semi_sync_source_timeout", 10000, "mysql"),
    semi_sync("rpl_semi_sync_source_wait_no_replica", "OFF", "mysql"),
]


def start_otherwise(pair):
    """us as its option file should not have it."""
    server = pair.us
    pair.usual = dict(server.options), server.server_id
    server.stop()
    if server.kind == "mysql":
        server.options |= {"log_bin": None, "skip_log_bin": True}
        (server.datadir / "auto.cnf").write_text((pair.eu.datadir / "auto.cnf").read_text(encoding="ascii"), encoding="ascii")
    else:
        server.options |= {"log_bin": None, "version": "10.6.1-MariaDB", "lower_case_table_names": 1}
        server.server_id = pair.eu.server_id
    server.start()


def start_as_usual(pair):
    pair.us.stop()
    pair.us.options, pair.us.server_id = pair.usual
    if pair.us.kind == "mysql":
        (pair.us.datadir / "auto.cnf").unlink()
    pair.us.start()


RESTARTED = [
    Broken("log_bin", start_otherwise, mend=start_as_usual),
    Broken("server_id", nothing, mend=nothing),
    Broken("server_release", nothing, flavours=["mariadb"], mend=nothing),
    Broken("lower_case_table_names", nothing, flavours=["mariadb"], mend=nothing),
]


def open_cluster(pair):
    """Nobody has made the topics, and everybody may write to them."""


def guard_cluster(pair):
    for region in pair.servers:
        pair.kafka.create_topic(pair.topic(region), config={"cleanup.policy": "delete"})
    pair.kafka.stop()
    pair.kafka.settings |= AUTHORIZER
    pair.kafka.start()
    for region in pair.servers:
        kafka_admin.let_write(pair.kafka.bootstrap, pair.topic(region), "User:drc")


OPEN = [
    Broken("topic_missing", open_cluster, where=None, times=2, mend=nothing),
    Broken("topic_acl", nothing, where=None, times=2, mend=guard_cluster),
]
OWN_ID = [broken_config("replica_id_own", {"regions": {"us": {"replica_id": 2}}}, {"regions": {"us": {"replica_id": 7002}}})]
GROUPS = [OPEN, SETTINGS, TABLES, ONE_WAY, KAFKA, REACH, ELSE, OWN_ID, SEMI_SYNC, RESTARTED]


# Finding and mending.


def check(pair, *arguments):
    done = pair.ctl("check", "--json", *arguments, expect=None)
    assert done.returncode in (0, 1, 2), done.stderr
    found = json.loads(done.stdout)
    assert done.returncode == (2 if found["errors"] else 1 if found["warnings"] else 0)
    return found["findings"]


def carry_out(pair, finding):
    """Do what a finding says, where it says."""
    fix = re.sub(r"; \(.*\)$| \(or say .*\)$|; -- .*$", ";", finding["fix"])
    if fix.startswith("install "):
        subprocess.run(shlex.split(fix), check=True, cwd=pair.directory)
    elif fix.startswith("kafka-configs.sh "):
        words = shlex.split(fix)
        name, value = words[-1].split("=")
        assert words[2] in pair.kafka.bootstrap and words[5:8:2] == ["--entity-name", "--alter"]
        pair.kafka.alter_topic(words[6], {name: value})
    else:
        assert re.match(r"(SET|ALTER|GRANT|REVOKE|INSTALL) ", fix), fix
        server = pair.servers[finding["where"]]
        with server.connect() as connection, connection.cursor() as cursor:
            for statement in fix.removesuffix(";").split("; "):
                if not (statement.startswith("INSTALL PLUGIN") and server.query("SHOW VARIABLES LIKE 'rpl_semi_sync_source%'")):
                    cursor.execute(statement)


def trial(pair, group):
    """Break all of the group; just that is found; mend it; nothing is found."""
    group = [broken for broken in group if pair.us.kind in broken.flavours]
    for broken in group:
        broken.provoke(pair)
    found = check(pair)
    for broken in group:
        mine = [each for each in found if each["check"] == broken.rule and broken.where in (None, each["where"])]
        assert mine and len(mine) == (broken.times or len(mine)), (broken.rule, found)
        assert all(each["what"] and each["why"] and each["fix"] for each in mine)
    assert {each["check"] for each in found} == {broken.rule for broken in group}, found
    by_words = {broken.rule for broken in group if broken.mend}
    for finding in found:
        if finding["check"] not in by_words:
            carry_out(pair, finding)
    for broken in group:
        if broken.mend:
            broken.mend(pair)
    assert check(pair) == [], [broken.rule for broken in group]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_what_is_broken_is_found_and_mended_by_its_cure(make_pair, monkeypatch, flavour):
    ids = {name: {"auto_increment_increment": 2, "auto_increment_offset": n} for n, name in enumerate(("eu", "us"), 1)}
    options = {name: {**own, "binlog_expire_logs_seconds": 864000} for name, own in ids.items()}
    pair = make_pair(server=FLAVOURS[flavour], options=options)
    pair.environment = monkeypatch
    pair.clock = Clock(pair.us)
    pair.everywhere("CREATE DATABASE shop", f"CREATE TABLE shop.item {KEYED}")
    trial(pair, OPEN)
    text = pair.ctl("check").stdout
    assert text == "0 errors, 0 warnings\n"
    trial(pair, SETTINGS)
    trial(pair, TABLES)
    trial(pair, KAFKA)
    trial(pair, REACH)
    trial(pair, ELSE)
    trial(pair, OWN_ID)
    trial(pair, RESTARTED)
    both_ways = pair.file["links"]
    pair.file["links"] = [{"from": "eu", "to": "us", "start": "beginning", "standby": True, "apply": {"writer": "sql"}}]
    pair.write_config()
    pair.us.sql("SET GLOBAL read_only = ON")
    trial(pair, ONE_WAY)
    pair.us.sql("SET GLOBAL read_only = OFF")
    pair.file["links"] = both_ways
    pair.write_config()
    trial(pair, SEMI_SYNC)
    pair.eu.sql(f"SET GLOBAL rpl_semi_sync_{'source' if flavour == 'mysql' else 'master'}_enabled = OFF")


def test_no_rule_is_without_a_provocation():
    """A new rule of the table wants a row here, and a page of the documents."""
    printed = subprocess.run([place.programs() / "drcctl", "check", "--rules"], capture_output=True, text=True, check=True).stdout
    rules = set(re.findall(r"^\| `(\w+)` \|", printed, re.M))
    broken = {each.rule for group in GROUPS for each in group}
    assert (ROOT / "docs" / "check.md").read_text(encoding="utf-8") == printed
    assert rules - broken - IDS - NOT_BROKEN.keys() == set() and broken <= rules
    text = (ROOT / "tests" / "system" / "test_ids.py").read_text(encoding="utf-8")
    assert all(f'("{rule}", ' in text for rule in IDS)
