"""drcctl check: each rule of its table is broken on real servers, found, mended by the cure that is printed, and gone.

tests/system/provocations.py has all of them; a rule that nobody breaks fails a test.
"""

import functools
import json
import os
import pathlib
import re
import shlex
import subprocess
import time

import pytest
from support import kafka_admin, pairfile, place, ports
from support.clock import Clock
from support.mariadb import MariaDB
from support.mysql import MySQL
from system import provocations
from system.provocations import KEYED, config

pytestmark = pytest.mark.own_broker

ROOT = pathlib.Path(__file__).parents[2]
FLAVOURS = {"mariadb": MariaDB, "mysql": MySQL}
# Rules that test_ids.py breaks, and mends by their cures.
IDS = {"auto_increment", "auto_increment_host", "class", "headroom", "sequence", "cycle", "sequence_headroom", "generator"}



def rules():
    """What drcctl prints of its rules, and rule -> severity of it."""
    printed = subprocess.run([place.programs() / "drcctl", "check", "--rules"], capture_output=True, text=True, check=True).stdout
    return printed, dict(re.findall(r"^\| `(\w+)` \| (\w+)", printed, re.M))


def in_small_room(pair, *words):
    """Run a program in a mount namespace of its own."""
    cover = 'for room in "$1" "$2"; do mount -t tmpfs -o size=64m tmpfs "$room"; done; shift 2; exec "$@"'
    own = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else []), "sh", "-ec", cover, "sh", *pair.small]
    return subprocess.run([*own, *words], capture_output=True, text=True, check=False, cwd=pair.directory)


def check(pair, *arguments):
    if pair.small:
        done = in_small_room(pair, place.programs() / "drcctl", "--config", pair.config, "check", "--json", *arguments)
    else:
        done = pair.ctl("check", "--json", *arguments, expect=None)
    assert done.returncode in (0, 1, 2), done.stderr
    found = json.loads(done.stdout)
    assert done.returncode == (2 if found["errors"] else 1 if found["warnings"] else 0)
    return found["findings"]


def statements_of(fix):
    """As the clients that people use cut it: by the delimiter that is in force."""
    delimiter = "; "
    for part in re.split(r"\n?DELIMITER (\S+)\n?", fix + " "):
        if part in ("$$", ";"):
            delimiter = {"$$": "\n$$", ";": "; "}[part]
        else:
            yield from filter(None, map(str.strip, part.split(delimiter)))


def carry_out(pair, finding):
    """Do what a finding says, where it says."""
    fix = re.sub(r"; -- .*$", ";", finding["fix"])  # all of it can be pasted: words that are no statement are a remark
    line = re.fullmatch(r"in the pair file: ([\w.]+): (\S+)", fix)
    option = re.fullmatch(r"set (\w+)=(\S+) under \[\w+\] in the server's option file and restart it", fix)
    if line:
        *above, key = line[1].split(".")
        value = json.loads(line[2])
        config(functools.reduce(lambda inner, name: {name: inner}, reversed(above), {key: value}), {})[0](pair)
    elif option:
        server = pair.servers[finding["where"]]
        if option[1] == "server_id":
            server.server_id = int(option[2])
        else:
            server.options.pop(option[1], None)  # the last of a name counts
            server.options[option[1]] = option[2]
        pair.restarts.add(finding["where"])
    elif fix == "stop the server, remove auto.cnf from its data directory, start it":
        (pair.servers[finding["where"]].datadir / "auto.cnf").unlink()
        pair.restarts.add(finding["where"])
    elif fix.startswith("kafka-acls.sh "):
        words = shlex.split(fix)
        given = list(zip(words, [*words[1:], None]))
        topic = [value for name, value in given if name == "--topic"]
        assert topic or "--cluster" in words
        operations = [value for name, value in given if name == "--operation"]
        kafka_admin.let(pair.kafka.bootstrap, words[words.index("--allow-principal") + 1], operations, *topic)
    elif fix.startswith("install "):
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
            for statement in statements_of(fix):
                if not (statement.startswith("INSTALL PLUGIN") and server.query("SHOW VARIABLES LIKE 'rpl_semi_sync_source%'")):
                    cursor.execute(statement)


def trial(pair, group):
    """Break all of the group; just that is found; mend it; nothing is found."""
    _, severity = rules()
    pair.restarts = set()
    group = [broken for broken in group if pair.us.kind in broken.flavours]
    if not group:
        return
    for broken in group:
        broken.provoke(pair)
    found = check(pair)
    for broken in group:
        mine = [each for each in found if each["check"] == broken.rule and broken.where in (None, each["where"])]
        assert mine and len(mine) == (broken.times or len(mine)), (broken.rule, found)
        assert all(each["what"] and each["why"] and each["fix"] for each in mine)
        assert {each["severity"] for each in mine} <= {severity[broken.rule], *broken.also}, mine
    assert {each["check"] for each in found} == {broken.rule for broken in group}, found
    by_words = {broken.rule for broken in group if broken.mend}
    for finding in found:
        if finding["check"] not in by_words:
            carry_out(pair, finding)
    for broken in group:
        if broken.mend:
            broken.mend(pair)
    for region in pair.restarts:
        pair.servers[region].restart()
    deadline = time.monotonic() + 30
    while left := check(pair):  # brokers take changes to heart in their own time
        assert time.monotonic() < deadline, ([broken.rule for broken in group], left)


def name_clients(pair):
    """A listener of the broker, which has not begun, for clients with a name and a password."""
    node, pair.named_port = pair.kafka.nodes[0], ports.free_port()
    own = f"PLAINTEXT://{node.address},NAMED://127.0.0.1:{pair.named_port}"
    users = " ".join(f'user_{name}="secret of {name}"' for name in ("drc", "writer", "careful"))
    pair.kafka.settings |= {
        "listeners": f"{own},CONTROLLER://127.0.0.1:{node.controller_port}",
        "advertised.listeners": own,
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,NAMED:SASL_PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.named.plain.sasl.jaas.config": f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};",
    }


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_what_is_broken_is_found_and_mended_by_its_cure(make_pair, monkeypatch, flavour):
    ids = {name: {"auto_increment_increment": 2, "auto_increment_offset": n} for n, name in enumerate(("eu", "us"), 1)}
    options = {name: {**own, "binlog_expire_logs_seconds": 864000} for name, own in ids.items()}
    pair = make_pair(server=FLAVOURS[flavour], options=options)
    pair.environment = monkeypatch
    pair.clock = Clock(pair.us)
    pair.small = []
    name_clients(pair)
    pair.everywhere("CREATE DATABASE shop", f"CREATE TABLE shop.item {KEYED}")
    trial(pair, provocations.UNSEEN + provocations.OPEN)
    text = pair.ctl("check").stdout
    assert text == "0 errors, 0 warnings\n"
    for group in provocations.ACCOUNTS:
        trial(pair, group)
    config({"regions": {"us": {"kafka": pairfile.DELETE}}}, {})[0](pair)
    trial(pair, provocations.SETTINGS)
    trial(pair, provocations.TABLES)
    pair.everywhere("DROP TABLE shop.fired")
    trial(pair, provocations.KAFKA)
    trial(pair, provocations.REACH)
    trial(pair, provocations.ELSE)
    pair.stranger.stop()
    trial(pair, provocations.OWN_ID)
    trial(pair, provocations.ROOM)
    trial(pair, provocations.RESTARTED)
    both_ways = pair.file["links"]
    pair.file["links"] = [{"from": "eu", "to": "us", "start": "beginning", "standby": True, "apply": {"writer": "sql"}}]
    pair.write_config()
    pair.us.sql("SET GLOBAL read_only = ON")
    trial(pair, provocations.ONE_WAY)
    pair.us.sql("SET GLOBAL read_only = OFF")
    pair.file["links"] = both_ways
    pair.write_config()
    pair.everywhere("GRANT TRIGGER ON shop.* TO 'drc'@'%'")  # what is granted anew has not what no role asks for
    trial(pair, provocations.SEMI_SYNC)
    pair.eu.sql(f"SET GLOBAL rpl_semi_sync_{'source' if flavour == 'mysql' else 'master'}_enabled = OFF")


def test_no_rule_is_without_a_provocation():
    """A new rule of the table wants a row here, and a page of the documents."""
    printed, severity = rules()
    broken = {each.rule for group in provocations.GROUPS for each in group}
    assert (ROOT / "docs" / "check.md").read_text(encoding="utf-8") == printed
    assert severity.keys() - broken - IDS == set() and broken <= severity.keys()
    text = (ROOT / "tests" / "system" / "test_ids.py").read_text(encoding="utf-8")
    assert all(f'("{rule}", ' in text for rule in IDS)
