"""A wrong pair file is refused by every program alike: exit 78, one line, the place, what is wrong and what is right.

And what is said of a password is not the password.
"""

import os
import subprocess

import pytest

from support import pairfile, place

PROGRAMS = {
    "drc-capture": ["--region", "eu"],
    "drc-applier": ["--from", "eu", "--to", "us"],
    "drcctl": ["config", "check"],
    "drc-reconcile": ["full", "--pair", "eu,us"],
}
MARKER = "never'to-be-seen%20\"42"


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
