"""Man pages: without a warning of man, and with every option, command and key that the programs have, and no other."""

import os
import re
import shutil
import subprocess

import pytest
from support import place

MAN = place.programs().parent / "man"
PAGES = {
    "drcctl.1": "drcctl", "drc-reconcile.1": "drc-reconcile", "drc-capture.8": "drc-capture", "drc-applier.8": "drc-applier",
}  # fmt: skip
LONG = re.compile(r"(?<![\w-])--([a-z][\w-]+)")


def said(program, *words):
    argv = [place.programs() / program, *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def help_of(program, *words):
    """Its help, with hyphenated breaks of lines undone."""
    return said(program, *words, "--help")


def options(text):
    """Long options that a help describes: at the beginning of a line."""
    return {name for line in text.splitlines() if re.match(r" {2,6}-", line) for name in LONG.findall(line[:45])}


def names(program):
    """Commands or modes of a program."""
    behind = re.split(r"^(?:Commands|Modes):$", help_of(program), flags=re.M)
    return re.findall(r"^  (\S+(?: \S+)?)  +\S", behind[1], flags=re.M) if len(behind) > 1 else []


def page(name):
    return (MAN / name).read_text(encoding="utf-8").replace("\\-", "-").replace("\\e", "\\")


@pytest.mark.parametrize("name", [*PAGES, "drc.yaml.5"])
def test_man_has_nothing_to_say_against_it(name):
    if not shutil.which("man"):
        pytest.skip("man is missing: run ./dev setup")
    words = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(MAN / name)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env={**os.environ, "MANWIDTH": "80"})
    assert done.stderr == "" and len(done.stdout.splitlines()) > 30


@pytest.mark.parametrize("name", PAGES)
def test_each_option_and_command_is_there(name):
    program = PAGES[name]
    told = options(help_of(program))
    commands = names(program)
    for command in commands:
        told |= options(help_of(program, *command.split()))
    text = page(name)
    described = {found for line in text.splitlines() if line.startswith("\\fB-") for found in LONG.findall(line[3:])}
    assert described == told
    assert re.findall(r"^\.SS (.*)$", text, re.M) == commands
    assert commands or program in ("drc-capture", "drc-applier")


def test_each_key_of_the_pair_file_is_there():
    keys = re.findall(r"^([a-z]\S*)$", said("drcctl", "--help-config"), re.M)
    assert len(keys) > 50
    assert re.findall(r"^\.TP\n\\fB(.*)\\fR$", page("drc.yaml.5"), re.M) == keys
