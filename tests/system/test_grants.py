"""What the account of a region may do: what `drcctl grants` prints, as all tests; what is missing is told as SQL that mends it."""

import pathlib
import re
import subprocess

import pytest
from support import place

ITEM = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40),"
    " updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"
)
ACCOUNT = "'drc'@'%'"
ROOT = pathlib.Path(__file__).parents[2]
DDL = "ALTER, CREATE, DROP, INDEX, INSERT, REFERENCES"


def grant_only(server, *grants):
    server.sql("SET SESSION sql_log_bin = 0", f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {ACCOUNT}", *grants)


@pytest.fixture
def granted(make_pair):
    """A pair whose accounts have, as all have, what is printed, and nothing else."""
    pair = make_pair(conflicts={"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    return pair


def printed(config, *arguments, expect=0):
    argv = [str(place.programs() / "drcctl"), "--config", str(config), "grants", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == expect, done.stderr
    return done.stdout if expect == 0 else done.stderr


def test_documents_say_what_is_printed():
    blocks = re.findall(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    for flavour, block in zip(("mariadb", "mysql"), blocks, strict=True):
        create, *grants = [line.strip() for line in block.splitlines() if line.strip()]
        assert create.startswith(f"CREATE USER {ACCOUNT} IDENTIFIED BY")
        assert grants == printed(ROOT / "conf" / "two-way.yaml", "--region", "eu", "--flavor", flavour).splitlines()
    assert f"`{DDL}`" in (ROOT / "docs" / "ddl.md").read_text(encoding="utf-8")


def test_what_is_printed_follows_the_pair_file(directory):
    text = (ROOT / "conf" / "one-way.yaml").read_text(encoding="utf-8")
    path = directory / "pair.yaml"

    def of(region, *arguments, links="", include="shop.*"):
        changed = text.replace("    to: us\n", f"    to: us\n    {links}\n")
        path.write_text(re.sub(r"include:.*", f'include: ["{include}"]', changed), encoding="utf-8")
        return printed(path, "--region", region, "--user", "o'neil@10.%", "--flavor", *arguments)

    assert "TO 'o''neil'@'10.%';" in of("us", "mariadb")
    assert "REPLICATION SLAVE" not in of("us", "mariadb") and "BINLOG REPLAY" not in of("eu", "mariadb")
    assert "GRANT SELECT, CREATE, INSERT, DELETE ON `drc`.*" in of("eu", "mysql")
    sql = of("us", "mariadb", links="apply: {writer: sql}")
    assert "BINLOG" not in sql and "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.*" in sql
    ddl = of("us", "mysql", links="ddl: apply")
    assert "TRANSACTION_GTID_TAG" in ddl and "ALTER, CREATE, DROP, INDEX, REFERENCES ON `shop`.*" in ddl
    assert "READ_ONLY ADMIN" in of("us", "mariadb", links="standby: true")
    assert "CONNECTION_ADMIN" in of("us", "mysql", links="standby: true")
    assert "GRANT BINLOG REPLAY, SELECT ON *.* TO" in of("us", "mariadb", include="*.*")
    assert "ON `my\\_shop%`.* TO" in of("us", "mariadb", include="my_shop*.item")
    assert of("us", "mariadb", "--role", "reconcile").count("GRANT") == 2
    assert "BINLOG MONITOR" in of("us", "mariadb", "--role", "operator")
    assert "--flavor mariadb" in printed(path, expect=64)


def test_the_printed_grants_are_all_that_is_needed(granted):
    pair = granted
    pair.start()
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (1, 'a'), (2, 'b')", "UPDATE shop.item SET name = 'c' WHERE id = 2")
    pair.settle()
    pair.stop()
    pair.eu.sql("UPDATE shop.item SET name = 'eu' WHERE id = 1", "DELETE FROM shop.item WHERE id = 2")
    pair.us.sql("UPDATE shop.item SET name = 'us' WHERE id = 1", "DELETE FROM shop.item WHERE id = 2")
    pair.start()
    pair.settle()
    pair.assert_equal("shop.item")
    assert {conflict["kind"] for conflict in pair.conflicts()} == {"update/changed", "delete/missing"}
    assert pair.reconcile()[-1]["type"] == "summary"
    assert pair.status()["eu", "us"]["state"] == "running"
    for daemon in pair.daemons:
        assert "GRANT" not in daemon.text(), f"{daemon.name} misses a grant"


def test_the_applier_tells_all_that_it_misses_at_once(granted):
    pair = granted
    grant_only(pair.us, f"GRANT REPLICATION SLAVE ON *.* TO {ACCOUNT}", f"GRANT SELECT ON shop.* TO {ACCOUNT}")
    applier = pair.applier("eu", "us")
    applier.launch()
    last = applier.expect_exit(77)
    assert f"Run: GRANT BINLOG REPLAY ON *.* TO {ACCOUNT};" in last
    assert f"Run: GRANT ALL PRIVILEGES ON `drc`.* TO {ACCOUNT};" in applier.text()
    for statement in set(re.findall(r"Run: (GRANT .*?;)", applier.text())):
        pair.us.sql("SET SESSION sql_log_bin = 0", statement)
    applier.start()


def test_a_table_that_may_not_be_read_is_named_with_its_grant(granted):
    pair = granted
    pair.start()
    grant_only(pair.us, *[grant for grant in pair.printed_grants("us", "mariadb") if "shop" not in grant])
    pair.eu.sql("INSERT INTO shop.item (id, name) VALUES (1, 'a')")
    applier = pair.applier("eu", "us")
    last = applier.expect_exit(77)
    statement = f"GRANT SELECT ON `shop`.`item` TO {ACCOUNT};"
    assert f"Run: {statement}" in last

    report = pair.ctl("wait", "--from", "eu", "--to", "us", "--timeout", 20, expect=69).stderr
    assert statement in report
    said = pair.tool("drc-reconcile", "full", "--pair", "eu,us", expect=2)
    assert statement in said.stdout + said.stderr, "a table that is not seen is not a table that is missing"

    pair.us.sql("SET SESSION sql_log_bin = 0", statement)
    applier.start()
    pair.wait("eu", "us")
    pair.assert_equal("shop.item")


def test_tools_name_the_grant_that_they_miss(granted):
    pair = granted
    pair.start()
    pair.settle()
    pair.stop()
    statement = f"GRANT ALL PRIVILEGES ON `drc`.* TO {ACCOUNT};"
    grant_only(pair.us, *[grant for grant in pair.printed_grants("us", "mariadb") if "`drc`" not in grant])
    assert statement in pair.ctl("wait", "--from", "eu", "--to", "us", "--timeout", 5, expect=77).stderr
    assert statement in pair.ctl("conflicts", "list", "--to", "us", expect=77).stderr
    assert statement in pair.status()["eu", "us"]["last_error"]


def test_what_capture_could_check_with_one_more_grant_is_told(granted):
    pair = granted
    grant_only(pair.eu, f"GRANT REPLICATION SLAVE ON *.* TO {ACCOUNT}", f"GRANT ALL ON drc.* TO {ACCOUNT}")
    said = pair.tool("drc-capture", "--region", "eu", "--check").stderr
    assert f"Run: GRANT REPLICATION MASTER ADMIN ON *.* TO {ACCOUNT};" in said
    grant_only(pair.eu, *pair.printed_grants("eu", "mariadb"))
    assert "GRANT" not in pair.tool("drc-capture", "--region", "eu", "--check").stderr
