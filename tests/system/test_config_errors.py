"""A wrong pair file is refused by every program alike: exit 78, one line, the place, what is wrong and what is right.

And a right one never shows its passwords: not in a command line, a log, a report, nor where logging in fails.
"""

import os
import pathlib
import subprocess

import pytest

from support import pairfile, place
from support.mariadb import MariaDB

PROGRAMS = {
    "drc-capture": ["--region", "eu"],
    "drc-applier": ["--from", "eu", "--to", "us"],
    "drcctl": ["config", "check"],
    "drc-reconcile": ["full", "--pair", "eu,us"],
}
MARKER = "never'to-be-seen%20\"42"


class MarkedServer(MariaDB):
    """Its account `drc` has the password that must never be seen."""

    def __init__(self, *words, **more):
        super().__init__(*words, password=MARKER, **more)


def read_cases():
    """(text of a pair file, message) out of tests/data: a good file, and what is replaced in it each time."""
    blocks = (place.ROOT / "tests" / "data" / "bad-pair-files.txt").read_text(encoding="utf-8").split("\n\n")
    good = ""
    for block in blocks:
        parts = {mark: [] for mark in "#=<>!"}
        for line in block.splitlines():
            parts[line[0]].append(line[2:])
        if parts["="]:
            good = "".join(line + "\n" for line in parts["="])
        if parts["!"]:
            yield good.replace("\n".join(parts["<"]), "\n".join(parts[">"]), 1), "\n".join(parts["!"])


def run(program, path, **environment):
    argv = [place.programs() / program, "--config", path, *PROGRAMS[program]]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DRC_PASSWORD")}
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env={**clean, **environment})


def assert_refused(program, path, message):
    done = run(program, path)
    assert done.returncode == 78, f"{program}: {done.returncode}, {done.stderr}"
    (line,) = done.stderr.splitlines()
    assert line.endswith(message), f"{program} says\n{line}\nand should end with\n{message}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_class_of_error_is_told_in_one_line(directory, program):
    cases = list(read_cases())
    assert len(cases) > 100
    path = directory / "pair.yaml"
    for text, message in cases:
        path.write_text(text, encoding="utf-8")
        assert_refused(program, path, f"{path}:{message}")


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_no_pair_file_may_be(directory, program):
    path = directory / "pair.yaml"
    missing = "cannot be opened: No such file or directory; name the pair file with --config"
    assert_refused(program, path, f"{path}: {missing}")
    refused = {
        "too large": b"#" * (1 << 20) + b"\npair: shop\n",
        "too deep": b"pair: " + b"[" * 40 + b"]" * 40 + b"\n",
        "two documents": b"pair: shop\n---\npair: shop\n",
        "not UTF-8": b"pair: \xff\xfe\n",
        "empty": b"",
    }
    for what, content in refused.items():
        path.write_bytes(content)
        done = run(program, path)
        assert done.returncode == 78, f"{what}: {done.returncode}, {done.stderr}"
        assert str(path) in done.stderr and len(done.stderr.splitlines()) == 1, f"{what}: {done.stderr}"


@pytest.fixture
def place_of_secrets(directory):
    """A good pair file of two regions that nobody serves, with a password file each."""
    region = {"host": "127.0.0.1", "port": 1, "user": "drc", "start": "now"}
    file = {
        "pair": "shop",
        "kafka": {"bootstrap": ["127.0.0.1:1"], "durability": "single"},
        "regions": {
            "eu": {**region, "replica_id": 7001, "password_file": "eu.password"},
            "us": {**region, "replica_id": 7002, "password_file": "us.password"},
        },
        "links": [{"from": "eu", "to": "us", "start": "beginning"}],
        "tables": {"include": ["shop.*"]},
        "control": {"socket": f"{directory}/{{name}}.sock"},
    }
    pairfile.write(directory, file, {"eu": MARKER, "us": MARKER})
    return directory


DAEMONS = {"drc-capture": "eu", "drc-applier": "us"}  # and the region whose database it logs in to


@pytest.mark.parametrize("program", DAEMONS)
def test_a_password_that_others_can_read_is_refused(place_of_secrets, program):
    secret = place_of_secrets / f"{DAEMONS[program]}.password"
    secret.chmod(0o644)
    done = run(program, place_of_secrets / "pair.yaml")
    assert done.returncode == 78
    assert f"{secret} can be read by others (mode 0644); run: chmod 600 {secret}" in done.stderr
    assert MARKER not in done.stderr


@pytest.mark.parametrize("program", DAEMONS)
def test_a_password_comes_from_exactly_one_place(place_of_secrets, program):
    region = DAEMONS[program]
    variable = f"DRC_PASSWORD_{region.upper()}"
    path = place_of_secrets / "pair.yaml"
    twice = run(program, path, **{variable: MARKER})
    assert twice.returncode == 78 and "given twice" in twice.stderr and variable in twice.stderr
    assert MARKER not in twice.stderr

    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f'    password_file: "{region}.password"\n', ""), encoding="utf-8")
    none = run(program, path)
    assert none.returncode == 78 and "it has no password" in none.stderr and variable in none.stderr


@pytest.fixture
def shown(make_pair):
    """A running pair whose passwords are the marker, and that tells in its logs all that it can."""
    pair = make_pair(server=MarkedServer, config={"log": {"level": "debug"}})
    pair.everywhere("CREATE DATABASE shop", "CREATE TABLE shop.item (id INT PRIMARY KEY, name TEXT)")
    return pair.start()


def files_with_marker(directory):
    """The files below `directory` that hold the marker (data directories of servers left out), by name."""
    found = []
    for folder, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if name != "data"]
        paths = [pathlib.Path(folder) / name for name in names]
        found += [path.name for path in paths if path.is_file() and MARKER.encode() in path.read_bytes()]
    return sorted(found)


def test_no_password_is_ever_shown(shown):
    pair = shown
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.settle()
    for daemon in pair.daemons:
        told = pathlib.Path(f"/proc/{daemon.pid}/cmdline").read_bytes() + "".join(daemon.ask("status")).encode()
        assert MARKER.encode() not in told
    commands = ["status"], ["status", "--json"], ["config", "check"], ["conflicts", "list"]
    said = [pair.ctl(*words).stdout for words in commands]
    said.append(pair.tool("drc-reconcile", "full", "--pair", "eu,us", "--json", "-").stdout)

    # Logging in fails: the cause is told without what was tried.
    for server in pair.servers.values():
        server.sql("SET PASSWORD FOR drc@'%' = PASSWORD('another one')", "FLUSH PRIVILEGES")
    pair.stop()
    for daemon in (pair.capture("eu"), pair.applier("eu", "us")):
        daemon.launch()
        assert "Access denied" in daemon.expect_exit(77)
    denied = pair.wait("eu", "us", timeout=5, expect=77)
    said += [denied.stdout, denied.stderr]

    assert not [text for text in said if MARKER in text]
    assert files_with_marker(pair.directory) == ["eu.password", "us.password"]
