"""What the account of a region may do: what `drcctl grants` prints, as all tests; what is missing is told as SQL that mends it."""

import json
import pathlib
import re
import subprocess

import pytest
from support import place
from support.mariadb import MariaDB
from support.mysql import MySQL

ITEM = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40),"
    " updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"
)
ACCOUNT = "'drc'@'%'"
ROOT = pathlib.Path(__file__).parents[2]
DDL = "ALTER, CREATE, DROP, INDEX, INSERT, REFERENCES"


def grant_only(server, *grants):
    server.sql("SET SESSION sql_log_bin = 0", f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {ACCOUNT}", *grants)


BY_TIME = {"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}}


@pytest.fixture
def granted(make_pair):
    """A pair whose accounts have, as all have, what is printed, and nothing else."""
    pair = make_pair(conflicts=BY_TIME)
    pair.everywhere("CREATE DATABASE shop", ITEM)
    return pair


def printed(config, *arguments, expect=0):
    argv = [str(place.programs() / "drcctl"), "--config", str(config), "grants", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == expect, done.stderr
    return done.stdout if expect == 0 else done.stderr


def test_documents_say_what_is_printed(directory):
    blocks = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "servers.md").read_text(encoding="utf-8"), re.S)
    for flavour, block in zip(("mariadb", "mysql"), blocks, strict=True):
        create, *grants = [line.strip() for line in block.splitlines() if line.strip()]
        assert create.startswith(f"CREATE USER {ACCOUNT} IDENTIFIED BY")
        assert grants == printed(ROOT / "conf" / "two-way.yaml", "--region", "eu", "--flavor", flavour).splitlines()
    standby = re.findall(r"^GRANT (.*) ON \*\.\* TO drc@'%';  +-- (\w+)", (ROOT / "docs" / "apply.md").read_text(encoding="utf-8"), re.M)
    assert [flavour.lower() for _, flavour in standby] == ["mariadb", "mysql"], '"apply.md"'
    text = (ROOT / "conf" / "one-way.yaml").read_text(encoding="utf-8")
    (directory / "standby.yaml").write_text(text.replace("    to: us\n", "    to: us\n    standby: true\n"), encoding="utf-8")
    for privilege, flavour in standby:
        words = ("--region", "us", "--flavor", flavour.lower())
        assert privilege in printed(directory / "standby.yaml", *words) and privilege not in printed(ROOT / "conf" / "one-way.yaml", *words)
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
    assert "GRANT TRIGGER ON `shop`.* TO" in of("us", "mariadb", "--role", "operator")
    assert "TRIGGER" in of("us", "mysql", links="apply: {writer: sql}") and "TRIGGER" not in sql
    forecast = [line.split(" TO ")[0] for line in of("us", "mysql", "--role", "forecast").splitlines()]
    assert forecast == ["GRANT SELECT ON `drc`.*", "GRANT SELECT ON `shop`.*"]
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


def privileges(statements):
    """(privilege, place), one by one, of what is printed."""
    for statement in statements:
        words, place_ = re.fullmatch(r"GRANT (.*) ON (\S+) TO .*", statement).groups()
        yield from ((word, place_) for word in words.split(", "))


def missing_grants(pair, region):
    found = json.loads(pair.ctl("check", "--region", region, "--json", expect=None).stdout)["findings"]
    return [each for each in found if each["check"] == "grant_missing"]


@pytest.mark.parametrize("server", [MariaDB, MySQL], ids=["mariadb", "mysql"])
def test_each_printed_privilege_is_needed_and_missed(make_pair, server):
    pair = make_pair(server=server, conflicts=BY_TIME)
    pair.everywhere("CREATE DATABASE shop", ITEM)
    rows = ", ".join(f"({n}, 'a')" for n in range(1, 30))
    pair.start()
    pair.eu.sql(f"INSERT INTO shop.item (id, name) VALUES {rows}")
    pair.settle()
    pair.wait_for_canaries()
    applier, unlogged = pair.applier("eu", "us"), "SET SESSION sql_log_bin = 0"
    one_by_one = list(privileges(pair.printed_grants("us", pair.us.kind)))
    assert len(one_by_one) >= 5
    for number, (privilege, at) in enumerate(one_by_one):
        pair.us.sql(unlogged, f"REVOKE {privilege} ON {at} FROM {ACCOUNT}")
        (missed,) = missing_grants(pair, "us")
        assert missed["what"].endswith(f"has not {privilege} ON {at}"), missed
        if privilege.startswith("REPLICATION SLAVE"):
            refused = pair.tool("drc-capture", "--region", "us", "--check", expect=77)
            assert missed["fix"] in refused.stderr
        elif privilege == "REPLICATION MASTER ADMIN":
            assert f"Run: {missed['fix']}" in pair.tool("drc-capture", "--region", "us", "--check").stderr
        else:
            applier.stop()
            pair.eu.sql(f"INSERT INTO shop.item (id, name) VALUES ({100 + number}, 'b')", f"DELETE FROM shop.item WHERE id = {2 + number}",
                        "UPDATE shop.item SET name = CONCAT(name, 'c') WHERE id = 1")  # fmt: skip
            applier.launch()
            assert privilege in applier.expect_exit(77), privilege
        pair.us.sql(unlogged, missed["fix"])
        if not applier.running:
            applier.start()
            pair.wait("eu", "us")
    assert missing_grants(pair, "us") == []
    pair.assert_equal("shop.item")


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
    pair.wait_for_canaries()  # one that is committed and not published yet would be waited for
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
