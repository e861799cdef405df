"""What lost can be had again: `drcctl conflicts resolve` and `undo`, from the journal's lossless images.

In the stories the applier is down while both sides write, so that the conflict is certain.
"""

import json

import pytest

from support.mariadb import MariaDB
from support.mysql import MySQL
from system import apply_types, mysql_types

ITEM = (
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40), code INT UNIQUE,"
    " updated_at TIMESTAMP(6) NOT NULL DEFAULT '2026-01-01 00:00:00')"
)
LATE, LATER = "'2026-01-01 00:00:01'", "'2026-01-01 00:00:02'"


def insert(number, name, at=LATE, code="NULL"):
    return f"INSERT INTO shop.item VALUES ({number}, '{name}', {code}, {at})"


def rename(number, name, at):
    return f"UPDATE shop.item SET name = '{name}', updated_at = {at} WHERE id = {number}"


def names(server):
    return dict(server.query("SELECT id, name FROM shop.item"))


def meet(pair, eu, us):
    for applier in pair.appliers.values():
        applier.stop()
    pair.eu.sql(*eu)
    pair.us.sql(*us)
    pair.start()
    pair.settle()


def listed(pair, *words):
    return [json.loads(line) for line in pair.ctl("conflicts", "list", "--json", *words).stdout.splitlines()]


def entry(pair, number, region="us"):
    """The entry of a row in one region's journal."""
    (found,) = [each for each in listed(pair, "--to", region) if each["row_key"] == {"id": number}]
    return found


def resolve(pair, found, *words, region="us", expect=0):
    return pair.ctl("conflicts", "resolve", found["id"], "--to", region, *words, expect=expect)


def undo(pair, found, *words, region="us", expect=0):
    return pair.ctl("conflicts", "undo", found["id"], "--to", region, *words, expect=expect)


# ---- every type ----

BIG = ("varchar_16000", "varbinary_60000")  # each fills a row by itself
FLAVOURS = {"mariadb": (MariaDB, apply_types.TYPES), "mysql": (MySQL, mysql_types.TYPES)}


def tables_of(types):
    """name -> {column: (definition, values)}: all types side by side, where a row has the room."""
    tables = {f"big_{name}": {name: types[name]} for name in BIG}
    tables["wide"] = {name: types[name] for name in types if name not in BIG}
    return tables


def rows_of(columns, count, turn):
    """Row n has the n-th value of each type, or NULL behind the last one; `turn` shifts all of them."""
    for number in range(count):
        values = [[*values, "NULL"][(number + turn) % (len(values) + 1)] for _, values in columns.values()]
        yield f"({number}, {', '.join(values)})"


def write(server, *statements):
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = '', time_zone = '+00:00'")
        for statement in statements:
            cursor.execute(statement)


def checksums(server, tables, prefix=""):
    """By the stored bytes of every cell."""
    return [server.query(f"CHECKSUM TABLE shop.{prefix}{table} EXTENDED")[0][1] for table in tables]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_type_is_restored_bit_for_bit(make_pair, flavour, long_run):
    server, types = FLAVOURS[flavour]
    rounds = 23 if long_run else 5
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "source_wins"}}, server=server)
    tables = tables_of(types)
    pair.start_servers()
    for region in ("eu", "us"):
        write(pair.servers[region], "SET SESSION sql_log_bin = 0", "CREATE DATABASE shop")
        for table, columns in tables.items():
            body = ", ".join(f"`{name}` {definition} NULL" for name, (definition, _) in columns.items())
            write(pair.servers[region], "SET SESSION sql_log_bin = 0", f"CREATE TABLE shop.{table} (id INT PRIMARY KEY, {body})")
    for region, turn in (("us", 1), ("eu", 0)):
        if region == "eu":
            pair.start()
        for table, columns in tables.items():
            rows = rows_of(columns, rounds if table == "wide" else 2, turn)
            write(pair.servers[region], *[f"INSERT INTO shop.{table} VALUES {row}" for row in rows])
    # What loses, once more in tables beside them: it is not there any more when it is compared.
    write(pair.us, "SET SESSION sql_log_bin = 0", *[f"CREATE TABLE shop.lost_{table} LIKE shop.{table}" for table in tables])
    for table, columns in tables.items():
        rows = rows_of(columns, rounds if table == "wide" else 2, 1)
        write(pair.us, "SET SESSION sql_log_bin = 0", *[f"INSERT INTO shop.lost_{table} VALUES {row}" for row in rows])
    pair.wait("eu", "us", timeout=120)
    won = checksums(pair.eu, tables)
    assert checksums(pair.us, tables) == won

    entries = listed(pair)
    assert {each["kind"] for each in entries} == {"insert/exists"} and len(entries) == rounds + 4
    for found in entries:
        resolve(pair, found, "--take", "target")
    assert checksums(pair.us, tables) == checksums(pair.us, tables, "lost_")
    for found in entries:
        undo(pair, found)
    assert checksums(pair.us, tables) == won
    assert {each["state"] for each in listed(pair, "--kind", "insert/exists")} == {"undone"}


# ---- the stories ----


@pytest.fixture
def both(pair):
    pair.everywhere(ITEM)
    return pair.start()


def test_a_resolution_is_guarded_goes_on_and_is_undone(both):
    pair = both
    pair.eu.sql(*[insert(number, "old", "'2026-01-01'") for number in range(1, 5)])
    pair.settle()
    changes = [[rename(number, region, at) for number in range(1, 5)] for region, at in (("eu", LATE), ("us", LATER))]
    meet(pair, *changes)
    assert names(pair.eu) == names(pair.us) == {number: "us" for number in range(1, 5)}
    first, second, third, fourth = [entry(pair, number) for number in range(1, 5)]
    assert (first["state"], first["changed"]) == ("open", ["name", "updated_at"])

    # Tried, then done: the row changes at both sides, and back again.
    said = resolve(pair, first, "--take", "source", "--dry-run").stdout
    assert "name: us -> eu" in said and "nothing was changed" in said
    assert names(pair.us)[1] == "us" and entry(pair, 1)["state"] == "open"
    resolve(pair, first, "--take", "source", "--why", "the customer's word")
    assert names(pair.us)[1] == "eu"
    done = entry(pair, 1)
    assert (done["state"], done["resolved_why"]) == ("resolved", "the customer's word")
    assert "@" in done["resolved_by"] and done["resolution"]["done"] == "update"
    pair.settle()
    pair.assert_equal("shop.item")
    assert "resolved already" in resolve(pair, first, "--take", "target", expect=64).stderr
    undo(pair, first)
    pair.settle()
    assert names(pair.eu) == names(pair.us) == {number: "us" for number in range(1, 5)}
    assert "only what is resolved" in undo(pair, first, expect=64).stderr
    assert entry(pair, 1)["state"] == "undone"
    resolve(pair, first, "--take", "before")
    assert names(pair.us)[1] == "old"
    acts = [each["policy"] for each in listed(pair, "--kind", "operator_act", "--to", "us")]
    assert acts == ["conflict-resolve", "conflict-undo", "conflict-resolve"]

    # Somebody has written since: nothing is done.
    pair.us.sql("UPDATE shop.item SET name = 'meanwhile' WHERE id = 2")
    assert "has been changed since" in resolve(pair, second, "--take", "source", expect=69).stderr
    assert names(pair.us)[2] == "meanwhile" and entry(pair, 2)["state"] == "open"
    pair.us.sql("DELETE FROM shop.item WHERE id = 2")
    refusal = resolve(pair, second, "--take", "source", expect=69).stderr
    assert "now none)" in refusal and refusal.rstrip().endswith("--over none"), refusal
    # But for who says that it is meant, of the very row that is there now.
    assert "now none)" in resolve(pair, second, "--take", "source", "--over", "0123456789abcdef", expect=69).stderr
    resolve(pair, second, "--take", "source", "--over", "none")
    assert names(pair.us)[2] == "eu"
    undo(pair, second)
    assert 2 not in names(pair.us)
    resolve(pair, third, "--take", "source")
    pair.us.sql("UPDATE shop.item SET code = 1 WHERE id = 3")
    assert "since it was resolved" in undo(pair, third, expect=69).stderr
    assert pair.us.query("SELECT name, code FROM shop.item WHERE id = 3") == [("eu", 1)]

    # Single columns; what does not fit is refused, by the column's type or by the server.
    assert "no value of `code` int" in resolve(pair, fourth, "--set", "code=x", expect=64).stderr
    assert "no column `cod`" in resolve(pair, fourth, "--set", "cod=1", expect=64).stderr
    assert "Duplicate entry" in resolve(pair, fourth, "--set", "code=1", expect=69).stderr
    resolve(pair, fourth, "--take", "source", "--set", "code=4", "--set", "name='it''s'")
    pair.settle()
    assert pair.eu.query("SELECT name, code FROM shop.item WHERE id = 4") == [("it's", 4)]
    pair.assert_equal("shop.item")
    assert "no entry has the ID" in resolve(pair, {"id": 10**9}, "--take", "source", expect=64).stderr
    assert "--to is needed" in pair.ctl("conflicts", "undo", 1, expect=64).stderr

    assert listed(pair, "--to", "us", "--state", "open") == []
    stats = [json.loads(line) for line in pair.ctl("conflicts", "stats", "--to", "us", "--json").stdout.splitlines()]
    assert {"region": "us", "table": "shop.item", "kind": "update/changed", "cause": "", "open": 0, "noted": 0,
            "resolved": 3, "undone": 1, "total": 4} in stats
    assert "--kind wants insert/exists, " in pair.ctl("conflicts", "list", "--kind", "update/chnged", expect=64).stderr
    drawn = pair.ctl("conflicts", "stats", "--to", "us", "--table", "shop.*").stdout
    check_pages_of_a_long_journal(pair)
    assert "by kind" in drawn and "by cause" not in drawn and "update/changed          4 ####" in drawn


def rows_read(server):
    return sum(int(count) for _, count in server.query("SHOW GLOBAL STATUS LIKE 'Handler_read%'"))


def check_pages_of_a_long_journal(pair, entries=50000):
    """A page reads some hundred entries of the index, however many there are: counted by the server, whatever the machine."""
    columns = "at, link, gtid, seq, db, tbl, row_key, kind, cause, policy, verdict, why, images, state"
    values = (
        "UTC_TIMESTAMP(6) - INTERVAL 60000 - seq SECOND, 'eu:us', '', seq, 'shop', IF(seq % 2, 'item', 'other'), '{}',"
        " IF(seq % 3, 'update/changed', 'insert/exists'), IF(seq % 5, '', 'foreign_write'), 'latest', 'local', '', '',"
        " IF(seq < 100, 'open', 'noted')"
    )
    pair.us.sql(f"INSERT INTO drc.conflicts ({columns}) SELECT {values} FROM drc.seq_1_to_{entries}", "ANALYZE TABLE drc.conflicts")
    for words in (
        ("--table", "shop.other"),
        ("--table", "shop.*", "--state", "open"),
        ("--cause", "foreign_write"),
        ("--kind", "insert/exists", "--state", "open"),
        ("--since", "3h"),
    ):
        before = rows_read(pair.us)
        assert pair.ctl("conflicts", "list", "--to", "us", "--limit", 5, *words).stdout.count("\n") == 6, words
        read = rows_read(pair.us) - before
        assert read < entries // 10, (words, read)


def test_rows_that_are_not_there_and_parked_transactions(make_pair):
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "target_wins"}})
    pair.everywhere("CREATE DATABASE shop", ITEM, *[insert(number, "old") for number in range(1, 4)])
    create_what_forbids(pair)
    pair.start()
    meet(
        pair,
        eu=[rename(1, "eu", LATER), "DELETE FROM shop.item WHERE id = 2", insert(5, "eu", code=7), rename(5, "then", LATER)],
        us=["DELETE FROM shop.item WHERE id = 1", rename(2, "us", LATER)],
    )
    assert names(pair.us) == {2: "us", 3: "old", 5: "then"}
    missing, changed = entry(pair, 1), entry(pair, 2)
    assert (missing["kind"], changed["kind"]) == ("update/missing", "delete/changed")
    resolve(pair, missing, "--take", "source")
    resolve(pair, changed, "--take", "source")
    assert names(pair.us) == {1: "eu", 3: "old", 5: "then"}
    assert_told_as_foreign_writes(pair, missing, changed)
    undo(pair, missing)
    undo(pair, changed)
    assert names(pair.us) == {2: "us", 3: "old", 5: "then"}
    assert "say --take as well" in resolve(pair, missing, "--set", "name=x", expect=64).stderr
    resolve(pair, missing, "--take", "before", "--set", "code=9")
    assert pair.us.query("SELECT name, code FROM shop.item WHERE id = 1") == [("old", 9)]

    # A transaction that the target refuses is tried again, or given up, as a whole.
    pair.us.sql(insert(90, "of us", code=8))
    pair.eu.sql(insert(6, "clashes", code=8), rename(6, "behind", LATER), insert(7, "clashes", code=9))
    pair.wait("eu", "us", expect=69)
    clash, other = entry(pair, 6), entry(pair, 7)
    assert (clash["verdict"], clash["state"]) == ("park", "open")
    assert "is parked" in resolve(pair, clash, "--take", "before", expect=64).stderr
    pair.us.sql("DELETE FROM shop.item WHERE id = 90")
    resolve(pair, clash, "--take", "source")
    resolve(pair, other, "--take", "target")
    pair.until(lambda: not pair.ctl("parked", "list", "--json").stdout, 60, "an empty park")
    pair.wait("eu", "us")
    assert names(pair.us)[6] == "behind" and 7 not in names(pair.us)
    assert "nothing to undo" in undo(pair, clash, expect=64).stderr
    assert clash["cause"] == "", "whose row it is that holds a unique value, nobody can tell"
    check_what_is_forbidden(pair)
    check_children_stay(pair, changed)


def assert_told_as_foreign_writes(pair, *entries):
    """A link that nothing leads back of is the only writer at its target: whatever it meets there came past it."""
    assert [each["cause"] for each in entries] == ["foreign_write"] * len(entries)
    assert pair.appliers["eu", "us"].status()["conflicts_by_cause"] == {"concurrent": 0, "foreign_write": len(entries)}
    told = [line for line in pair.appliers["eu", "us"].text().splitlines() if "cause=foreign_write" in line]
    assert len(told) == len(entries) and "kind=update/missing" in told[0], told
    assert {each["id"] for each in listed(pair, "--cause", "foreign_write")} == {each["id"] for each in entries}
    assert listed(pair, "--cause", "concurrent") == []
    assert "--cause wants" in pair.ctl("conflicts", "list", "--cause", "foreign", expect=64).stderr
    assert "foreign_write" in pair.ctl("conflicts", "list", "--kind", "update/missing").stdout
    assert "cause        foreign_write" in pair.ctl("conflicts", "show", entries[0]["id"]).stdout
    stats = [json.loads(line) for line in pair.ctl("conflicts", "stats", "--json").stdout.splitlines()]
    assert [each["cause"] for each in stats if each["kind"] in ("update/missing", "delete/changed")] == ["foreign_write"] * 2
    assert "by cause" in pair.ctl("conflicts", "stats").stdout


def create_what_forbids(pair):
    """Tables whose target demands more than their source; BINLOG asks neither for a CHECK of MariaDB."""
    columns = "id INT PRIMARY KEY, item INT NOT NULL, qty INT NOT NULL"
    twice = "twice INT AS (qty * 2) STORED"
    pair.eu.sql(f"CREATE TABLE shop.plain ({columns})", f"CREATE TABLE shop.made ({columns}, {twice})")
    pair.us.sql(
        f"CREATE TABLE shop.plain ({columns} CHECK (qty < 100), FOREIGN KEY (item) REFERENCES shop.item (id))",
        f"CREATE TABLE shop.made ({columns}, {twice}, CONSTRAINT few CHECK (twice < 100))",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.made TO 'drc'@'%'",
        "CREATE TABLE shop.note (id INT PRIMARY KEY, item INT,"
        " FOREIGN KEY (item) REFERENCES shop.item (id) ON DELETE CASCADE ON UPDATE CASCADE)",
    )


def check_children_stay(pair, deleted):
    """What the server would change along with a row is in no journal, and no undo could bring it back."""
    pair.us.sql("INSERT INTO shop.note VALUES (1, 2)")
    for words in (("--take", "source"), ("--set", "id=22")):
        said = resolve(pair, deleted, *words, expect=69).stderr
        assert "rows of `shop`.`note` refer to the row" in said and "nothing is done" in said, said
    assert names(pair.us)[2] == "us" and pair.us.query("SELECT * FROM shop.note") == [(1, 2)]
    resolve(pair, deleted, "--set", "name=kept")
    undo(pair, deleted)
    pair.us.sql("DELETE FROM shop.note")
    resolve(pair, deleted, "--set", "id=22")
    assert names(pair.us)[22] == "us" and 2 not in names(pair.us)
    undo(pair, deleted)
    resolve(pair, deleted, "--take", "source")
    assert 2 not in names(pair.us)
    undo(pair, deleted)
    assert names(pair.us)[2] == "us" and 22 not in names(pair.us)


def check_what_is_forbidden(pair):
    """A resolution is a local write: what the table refuses of those it refuses of this one, in one line."""
    for table in ("plain", "made"):
        pair.eu.sql(f"INSERT INTO shop.{table} (id, item, qty) VALUES (1, 3, 7)")
    pair.wait("eu", "us")
    for table in ("plain", "made"):
        pair.us.sql(f"UPDATE shop.{table} SET qty = 8")
        pair.eu.sql(f"UPDATE shop.{table} SET qty = 100")
    pair.wait("eu", "us")
    plain, made = [next(x for x in listed(pair) if x["tbl"] == table) for table in ("plain", "made")]
    for words, found, because in (
        (("--take", "source"), plain, "CONSTRAINT `qty` failed"),
        (("--set", "qty=100"), plain, "CONSTRAINT `qty` failed"),
        (("--set", "item=99"), plain, "a foreign key constraint fails"),
        (("--take", "source"), made, "CONSTRAINT `few` failed"),
        (("--set", "qty=50"), made, "CONSTRAINT `few` failed"),
    ):
        said = resolve(pair, found, *words, expect=69).stderr
        assert "the target refuses the row: " in said and because in said and said.count("\n") == 1, said
    assert pair.us.query("SELECT qty FROM shop.plain") == [(8,)] and pair.us.query("SELECT qty, twice FROM shop.made") == [(8, 16)]
    resolve(pair, plain, "--take", "source", "--set", "qty=99")
    resolve(pair, made, "--set", "qty=49")
    assert pair.us.query("SELECT qty FROM shop.plain") == [(99,)] and pair.us.query("SELECT qty, twice FROM shop.made") == [(49, 98)]
    undo(pair, made)
    assert pair.us.query("SELECT qty, twice FROM shop.made") == [(8, 16)]


def test_what_is_masked_is_not_told(make_pair):
    rule = {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}
    conflicts = {"default": rule, "mask": ["NAME", "shop.item.updated_at", "shop.other.code"]}
    pair = make_pair(links=[("eu", "us")], conflicts=conflicts)
    pair.everywhere("CREATE DATABASE shop", ITEM, "ALTER TABLE shop.item ADD UNIQUE (name)", insert(1, "old-secret"))
    pair.start()
    eu = [rename(1, "eu-secret", LATE), insert(2, "us-private", code=3)]
    meet_refused = [rename(1, "us-secret", LATER), insert(9, "us-private", code=2)]
    pair.applier("eu", "us").stop()
    pair.eu.sql(*eu)
    pair.us.sql(*meet_refused)
    pair.start()
    pair.wait("eu", "us", expect=69)
    told = pair.ctl("conflicts", "list", "--json").stdout + pair.ctl("conflicts", "list").stdout
    clash, found = entry(pair, 2), entry(pair, 1)
    assert found["incoming_image"] == {"id": 1, "name": {"masked": True}, "code": None, "updated_at": {"masked": True}}
    assert found["images"] is None and clash["incoming_image"]["code"] == 3 and "'***'" in clash["why"]
    for found_one in (clash, found):
        told += pair.ctl("conflicts", "show", found_one["id"]).stdout
    told += pair.ctl("conflicts", "show", found["id"], "--json").stdout
    told += resolve(pair, found, "--take", "source").stdout
    assert pair.us.value("SELECT name FROM shop.item WHERE id = 1") == "eu-secret"
    seq = clash["seq"]
    told += pair.ctl("parked", "show", seq).stdout + pair.ctl("parked", "show", seq, "--json").stdout
    binlog, journal = (["--binlog", *sorted(str(path) for path in server.datadir.glob("binlog.0*"))] for server in (pair.eu, pair.us))
    for source in (["--region", "eu"], binlog, journal):
        told += pair.ctl("events", "--verbose", *source).stdout + pair.ctl("events", "--json", *source).stdout
        assert "eu-secret" in pair.ctl("events", "--unmask", *source).stdout
    assert "us-private" in pair.ctl("parked", "show", seq, "--unmask").stdout
    told += undo(pair, found).stdout + pair.applier("eu", "us").text()
    for secret in ("secret", "private", "00:00:01", b"secret".hex()):
        assert secret not in told.replace(pair.applier("eu", "us").log.name, ""), secret
    assert "eu-secret" in pair.ctl("conflicts", "show", found["id"], "--unmask").stdout
    assert b"secret".hex() in pair.ctl("conflicts", "list", "--json", "--unmask").stdout
