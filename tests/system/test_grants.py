"""What the account of a region may do: the grants of README suffice, and what is missing is told as SQL that mends it."""

import pathlib
import re

import pytest

ITEM = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40),"
    " updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"
)
ACCOUNT = "'drc'@'%'"
README = pathlib.Path(__file__).parents[2] / "README.md"


def readme_grants():
    """The statements that README tells operators to run, CREATE USER left out."""
    block = re.search(r"```sql\n(.*?)```", README.read_text(encoding="utf-8"), re.S).group(1)  # MariaDB's is the first
    statements = [" ".join(statement.split()) for statement in block.split(";") if statement.strip()]
    create, *grants = statements
    assert create.startswith("CREATE USER drc@'%'") and all(grant.startswith("GRANT ") for grant in grants)
    return grants


def grant_only(server, *grants):
    server.sql("SET SESSION sql_log_bin = 0", f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {ACCOUNT}", *grants)


@pytest.fixture
def granted(make_pair):
    """A pair whose accounts have what README says, and nothing else."""
    pair = make_pair(conflicts={"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    for server in pair.servers.values():
        grant_only(server, *readme_grants())
    return pair


def test_the_grants_of_readme_are_all_that_is_needed(granted):
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
    grant_only(pair.us, *[grant for grant in readme_grants() if "shop" not in grant])
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
    grant_only(pair.us, *[grant for grant in readme_grants() if "drc.*" not in grant])
    assert statement in pair.ctl("wait", "--from", "eu", "--to", "us", "--timeout", 5, expect=77).stderr
    assert statement in pair.ctl("conflicts", "list", "--to", "us", expect=77).stderr
    assert statement in pair.status()["eu", "us"]["last_error"]


def test_what_capture_could_check_with_one_more_grant_is_told(granted):
    pair = granted
    grant_only(pair.eu, f"GRANT REPLICATION SLAVE ON *.* TO {ACCOUNT}", f"GRANT ALL ON drc.* TO {ACCOUNT}")
    said = pair.tool("drc-capture", "--region", "eu", "--check").stderr
    assert f"Run: GRANT REPLICATION MASTER ADMIN ON *.* TO {ACCOUNT};" in said
    grant_only(pair.eu, *readme_grants())
    assert "GRANT" not in pair.tool("drc-capture", "--region", "eu", "--check").stderr
