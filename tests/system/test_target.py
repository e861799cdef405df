"""What the applier says of its target when it starts, and how it holds back: throttle, a bounded queue."""

import time

from support.mariadb import MariaDB

BOUND = 1 << 20
ROWS = 40


def test_findings_at_the_start_and_a_throttle_that_fills_no_more_than_its_queue(make_pair, directory):
    flag = directory / "hold"
    replica = MariaDB("us2", directory / "us2", 12, options={"read_only": "ON"})
    throttle = {"flag_file": str(flag), "max_load": ["Threads_connected=1000"], "max_lag": "1s"}
    throttle["replicas"] = [f"127.0.0.1:{replica.port}"]
    pair = make_pair(
        links=[("eu", "us")], config={"limits": {"queue_bytes": "1MiB"}, "regions": {"us": {"throttle": throttle}}}
    )
    pair.everywhere("CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY, filler MEDIUMTEXT)")
    unlogged = "SET SESSION sql_log_bin = 0"
    pair.eu.sql(unlogged, "CREATE TABLE shop.narrow (id INT PRIMARY KEY, n VARCHAR(40))", "CREATE TABLE shop.gone (id INT)")
    pair.us.sql(unlogged, "CREATE TABLE shop.narrow (id INT PRIMARY KEY, n GEOMETRY)", "CREATE TABLE shop.old (id INT) ENGINE=MyISAM")
    try:
        replica.grants = pair.us.grants
        pair.us.admit_replica()
        replica.start()
        replica.sql(unlogged, "CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY, filler MEDIUMTEXT)")
        replica.sql(
            f"CHANGE MASTER TO master_host='127.0.0.1', master_port={pair.us.port}, master_user='replica',"
            f" master_password='{pair.us.password.replace(chr(39), chr(39) * 2)}', master_use_gtid=slave_pos",
            "START SLAVE",
        )
        pair.start()
        applier = pair.applier("eu", "us")
        said = applier.text()
        assert "`shop`.`old` has the engine MyISAM" in said and "ENGINE = InnoDB" in said
        assert "`shop`.`gone` of the source eu is not at the target" in said and "CREATE TABLE `shop`.`gone` (" in said
        assert "`shop`.`narrow` of the source eu: `n`: no rule turns" in said

        # Held by the flag file, it reads no more than its queue holds, however much there is.
        flag.touch()
        pair.until(lambda: applier.status()["state"] == "throttled", 20, "word that it is throttled")
        assert "flag file" in applier.status()["cause"]
        pair.eu.sql(*[f"INSERT INTO shop.item VALUES ({n}, REPEAT('x', 400000))" for n in range(ROWS)])  # 16 MB
        pair.captured("eu")
        pair.until(lambda: applier.status()["queued_bytes"] > BOUND / 2, 20, "a full queue")
        time.sleep(1)
        held = applier.status()
        assert held["queued_bytes"] <= 2 * BOUND and held["topic_seq"] < ROWS / 2, held
        assert pair.us.value("SELECT COUNT(*) FROM shop.item") == 0
        flag.unlink()
        pair.wait("eu", "us")

        # A replica that is behind holds it as well, until it has caught up.
        pair.until(lambda: replica.value("SELECT COUNT(*) FROM shop.item") == ROWS, 60, "all of it at the replica")
        replica.sql("STOP SLAVE")
        pair.eu.sql("INSERT INTO shop.item VALUES (100, 'a')")
        pair.until(lambda: applier.status()["state"] == "throttled", 30, "word that the replica is behind")
        assert "is more than 1 s behind" in applier.status()["cause"]
        pair.eu.sql("INSERT INTO shop.item VALUES (101, 'b')")
        replica.sql("START SLAVE")
        pair.wait("eu", "us")
        pair.assert_equal("shop.item")
    finally:
        replica.kill()
