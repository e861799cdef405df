"""How each rule of drcctl check is broken on a real pair: rows for tests/system/test_check.py, in groups that are broken together.

Where a cure is no statement, command or line, the row says how it is carried out.
"""

from support import kafka_admin, pairfile
from support.daemon import Daemon

UNLOGGED = "SET SESSION sql_log_bin = 0"
LOOPBACK = "2130706433"  # 127.0.0.1, written so that nobody takes it for this host
KEYED = "(id INT PRIMARY KEY, name VARCHAR(40))"
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users": "User:ANONYMOUS",
}
BOTH = ("mariadb", "mysql")
ONCE = ("mariadb",)  # where the flavour of the servers does not matter


class Broken:
    """One rule, how it is broken, and where it is found, how often (None: as may be); `mend` replaces what the cure says in words.

    `also`: other severities than the table's that it is found with.
    """

    def __init__(self, rule, provoke, where="us", flavours=BOTH, mend=None, times=1, also=()):
        self.rule, self.provoke, self.where, self.flavours, self.mend, self.times = rule, provoke, where, flavours, mend, times
        self.also = set(also)


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
    broken_config("max_load", {"regions": {"us": {"throttle": {"max_load": ["Threads_runing=50", "threads_running=50"]}}}},
                  {"regions": {"us": {"throttle": pairfile.DELETE}}}),
    setting("time_zone", "'+05:00'"),
    Broken("character_set", lambda pair: pair.us.sql("SET GLOBAL collation_server = 'latin1_bin'")),
    Broken("clock_skew", lambda pair: pair.clock.set_back(60), mend=clock_right),
    Broken("grant_missing", sql("us", "REVOKE REPLICATION SLAVE ON *.* FROM 'drc'@'%'")),
    Broken("grant_surplus", sql("us", "GRANT PROCESS, SELECT ON *.* TO 'drc'@'%'", "GRANT ALTER ON shop.* TO 'drc'@'%'",
                                "GRANT INSERT, UPDATE, DELETE ON shop.item TO 'drc'@'%'"),
           flavours=["mariadb"]),
    Broken("grant_surplus", sql("us", "GRANT PROCESS ON *.* TO 'drc'@'%' WITH GRANT OPTION"), flavours=["mysql"]),
]  # fmt: skip

TABLES = [
    Broken("table_missing", table("missing", KEYED, None)),
    Broken("column_missing", table("lacks", "(id INT PRIMARY KEY, a INT, b VARCHAR(9) NOT NULL DEFAULT 'it''s')", "(id INT PRIMARY KEY)"),
           times=2, also=["error"]),
    Broken("column_differs", table("wide", "(id INT PRIMARY KEY, n BIGINT)", "(id INT PRIMARY KEY, n INT)"), times=2, also=["error"]),
    Broken("table_refused", table("shape", KEYED, "(id INT PRIMARY KEY, name POINT)"), mend=nothing, times=None),
    Broken("table_collation", table("texts", KEYED + " COLLATE utf8mb4_bin", KEYED + " COLLATE utf8mb4_unicode_ci")),
    Broken(
        "key_missing",
        both(table("keys_of_us", "(id INT PRIMARY KEY, name VARCHAR(40), UNIQUE KEY u (name), KEY k (name, id))",
                   "(id INT PRIMARY KEY, name VARCHAR(40), KEY k (name))"),
             table("primary_of_us", "(id INT NOT NULL AUTO_INCREMENT, n INT NOT NULL, PRIMARY KEY (id, n))",
                   "(id INT NOT NULL AUTO_INCREMENT, n INT NOT NULL, PRIMARY KEY (id))")),
        times=3, also=["note"],
    ),
    Broken("check_constraint", table("limited", "(id INT PRIMARY KEY, CONSTRAINT small CHECK (id < 100), CONSTRAINT large CHECK (id > 0))",
                                     "(id INT PRIMARY KEY, CONSTRAINT small CHECK (id < 50))"), times=2),
    Broken(
        "trigger_differs",
        both(everywhere("CREATE TABLE shop.fired (id INT PRIMARY KEY, name VARCHAR(40))"),
             sql("eu", "CREATE TRIGGER shop.one BEFORE INSERT ON shop.fired FOR EACH ROW SET NEW.name = 'x'",
                 "CREATE TRIGGER shop.two AFTER DELETE ON shop.fired FOR EACH ROW SET @a = 'eu'",
                 "CREATE TRIGGER shop.three BEFORE UPDATE ON shop.fired FOR EACH ROW BEGIN SET @a = ';'; SET @b = 1; END"),
             sql("us", "CREATE TRIGGER shop.two AFTER DELETE ON shop.fired FOR EACH ROW SET @a = 'us'")),
        times=3,
    ),
    Broken(
        "foreign_key",
        both(everywhere("CREATE TABLE shop.parent (id INT PRIMARY KEY)"),
             table("child", "(id INT PRIMARY KEY, p INT, CONSTRAINT c FOREIGN KEY (p) REFERENCES parent (id))",
                   "(id INT PRIMARY KEY, p INT, KEY c (p))"),
             table("child_of_us", "(id INT PRIMARY KEY, p INT, q INT, KEY (p), KEY (q), CONSTRAINT d FOREIGN KEY (p) REFERENCES parent (id))",
                   "(id INT PRIMARY KEY, p INT, q INT, KEY (p), KEY (q), CONSTRAINT d FOREIGN KEY (q) REFERENCES parent (id))")),
        times=2,
    ),
    Broken(
        "cascade",
        both(everywhere("CREATE TABLE shop.`par``ent` (id INT, b INT, PRIMARY KEY (id, b))",
                        "CREATE TABLE shop.follows (id INT PRIMARY KEY, p INT, q INT,"
                        " CONSTRAINT gone FOREIGN KEY (p, q) REFERENCES `par``ent` (id, b) ON DELETE CASCADE,"
                        " CONSTRAINT kept FOREIGN KEY (q) REFERENCES parent (id))")),
        flavours=["mariadb"], times=2, where=None,
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
    Broken("trigger", sql("us", "CREATE TRIGGER shop.t BEFORE INSERT ON shop.item FOR EACH ROW SET NEW.name = 'x'")),
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
    Broken("topic_partitions", bad_topics, flavours=ONCE, mend=nothing),
    Broken("topic_replication", nothing, "eu", ONCE, mend=nothing),
    Broken("topic_cleanup", nothing, "eu", ONCE),
    Broken("topic_min_insync", nothing, "eu", ONCE),
    Broken("topic_unclean", nothing, "eu", ONCE),
    Broken("topic_retention", nothing, "eu", ONCE, mend=alike),
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


def far_away(pair):
    """Addresses of this host that do not look like it: to the server without encryption, or by TLS that verifies nothing."""
    tls = {"tls": {"mode": "required"}} if pair.us.kind == "mysql" else {"tls": {"mode": "off"}, "insecure": True}
    brokers = {"bootstrap": [f"{LOOPBACK}:{pair.kafka.nodes[0].port}"], "insecure": True, "properties": {"security.protocol": "plaintext"}}
    config({"regions": {"us": {"host": LOOPBACK, "kafka": brokers, **tls}}}, {})[0](pair)


def near_again(pair):
    gone = {"kafka": pairfile.DELETE, "tls": pairfile.DELETE, "insecure": pairfile.DELETE}
    config({"regions": {"us": {"host": "127.0.0.1", **gone}}}, {})[0](pair)


def small_room(pair):
    """The check, and nobody else, finds other, small file systems at the data of us and at $TMPDIR."""
    pair.small = [pair.us.datadir, pair.directory / "spill"]
    pair.small[1].mkdir(exist_ok=True)
    pair.environment.setenv("TMPDIR", str(pair.small[1]))


def large_room(pair):
    pair.small = []
    pair.environment.delenv("TMPDIR")


ELSE = [
    Broken("server_unreachable", config({"regions": {"eu": {"port": 1}}}, {})[0], "eu", mend=port("eu")),
    Broken("control_directory", config({"control": {"socket": "run/nowhere/{name}.sock"}}, {})[0], where="this host"),
    Broken("spill_directory", lambda pair: pair.environment.setenv("TMPDIR", str(pair.directory / "nothing")), where="this host"),
    Broken("replica_id_taken", stranger),
    Broken("transport", far_away, mend=near_again, times=2),
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
    server.stop()
    if server.kind == "mysql":
        server.options |= {"log_bin": None, "skip_log_bin": True}
        (server.datadir / "auto.cnf").write_text((pair.eu.datadir / "auto.cnf").read_text(encoding="ascii"), encoding="ascii")
    else:
        server.options |= {"log_bin": None, "version": "10.6.1-MariaDB", "lower_case_table_names": 1}
        server.server_id = pair.eu.server_id
    server.start()


RESTARTED = [
    Broken("log_bin", start_otherwise),
    Broken("server_id", nothing),
    Broken("server_release", nothing, flavours=["mariadb"], mend=lambda pair: pair.us.options.pop("version")),
    Broken("lower_case_table_names", nothing, flavours=["mariadb"]),
]
ROOM = [
    Broken("server_disk", small_room, mend=large_room),
    Broken("spill_directory", nothing, where="this host", mend=nothing),
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
OWN_ID = [Broken("replica_id_own", config({"regions": {"us": {"replica_id": 2}}}, {})[0])]


def comes_as(account, *operations):
    """us asks its brokers by an account of theirs that may write to its topic, and do these operations besides; and its region's stream
    has a record."""

    def provoke(pair):
        keys = {
            "bootstrap": [f"127.0.0.1:{pair.named_port}"],
            "properties": {"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.username": account},
            "password_file": "kafka.password",
        }
        secret = pair.directory / "kafka.password"
        secret.touch(mode=0o600)
        secret.write_text(f"secret of {account}\n", encoding="ascii")
        config({"regions": {"us": {"kafka": keys}}}, {})[0](pair)
        topic, principal = pair.topic("us"), f"User:{account}"
        kafka_admin.let(pair.kafka.bootstrap, principal, ["Write", *operations], topic)
        if "Read" not in operations:
            kafka_admin.let(pair.kafka.bootstrap, principal, ["Describe"])
        if pair.kafka.topic_end(topic) == 0:
            pair.kafka.produce(topic, b"a record")

    return provoke


def wrong_password(pair):
    (pair.directory / "kafka.password").write_text("another\n", encoding="ascii")


def right_password(pair):
    (pair.directory / "kafka.password").write_text("secret of careful\n", encoding="ascii")


MAY_NOT_DESCRIBE = [Broken("kafka_denied", comes_as("drc"), flavours=ONCE)]
MAY_NOT_READ = [Broken("kafka_denied", comes_as("writer", "DescribeConfigs"), flavours=ONCE)]
MAY_NOT_ASK = [
    Broken("topic_acl", comes_as("careful", "Read", "DescribeConfigs"), flavours=ONCE,
           mend=lambda pair: kafka_admin.let(pair.kafka.bootstrap, "User:careful", ["Describe"])),
]  # fmt: skip
MAY_NOT_COME = [Broken("kafka_denied", wrong_password, flavours=ONCE, mend=right_password)]
ACCOUNTS = [MAY_NOT_DESCRIBE, MAY_NOT_READ, MAY_NOT_ASK, MAY_NOT_COME]
UNSEEN = [Broken("trigger_unseen", nothing, where=None, times=2)]  # the account as it is
GROUPS = [UNSEEN, OPEN, *ACCOUNTS, SETTINGS, TABLES, ONE_WAY, KAFKA, REACH, ELSE, OWN_ID, ROOM, SEMI_SYNC, RESTARTED]
