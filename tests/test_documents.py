"""What documents and man pages show exists: commands, options, files; man pages agree with --help."""

import gzip
import re
import shutil
import subprocess

import pytest

from support import documents, place
from support.mariadb import MariaDB
from support.mysql import MySQL

MAN = {"drcctl.1": "drcctl", "drc-reconcile.1": "drc-reconcile", "drc-capture.8": "drc-capture", "drc-applier.8": "drc-applier"}


def shown():
    """(where, command of ours as words) of everything that documents show."""
    for path in [*documents.documents(), *documents.man_sources()]:
        found = documents.examples(path) if path.suffix == ".in" else documents.blocks(path)
        for block in found:
            for command in block.commands():
                yield from ((f"{path.name}:{command.line}", words) for words in documents.ours(command.text))
        if path.suffix == ".md":
            for line, text in documents.spans(path):
                yield from ((f"{path.name}:{line}", words) for words in documents.ours(text))


def test_commands_and_options_that_are_shown_exist():
    found = list(shown())
    assert len(found) > 80, "the documents are not read as they are meant to be"
    wrong = [f"{where}: {documents.unknown(words)}" for where, words in found if documents.unknown(words)]
    assert not wrong, "\n".join(wrong)


def test_commands_of_the_front_door_exist():
    for path in documents.documents():
        for match in re.finditer(r"\./dev ([a-z]+)((?: +(?:--[a-z-]+|[\w./=,]+))*)", path.read_text(encoding="utf-8")):
            said = subprocess.run([place.ROOT / "dev", match[1], "--help"], capture_output=True, text=True, check=False)
            assert said.returncode == 0, f"{path.name}: ./dev {match[1]}: {said.stderr}"
            for option in re.findall(r"--[a-z-]+", match[2]):
                assert option in said.stdout, f"{path.name}: ./dev {match[1]} has no {option}"


def test_links_between_documents_lead_somewhere():
    anchor = lambda title: re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
    for path in documents.documents():
        text = re.sub(r"^ *```.*?^ *```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, part = target.partition("#")
            file = (path.parent / name) if name else path
            assert file.exists(), f"{path.name}: {target}"
            if part:
                titles = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), flags=re.M)
                assert part in {anchor(re.sub(r"`", "", title)) for title in titles}, f"{path.name}: {target}"


def test_no_command_hides_from_the_test_that_runs_them():
    """tests/system/test_tutorial.py runs each block of `console` and `sh`: so commands stand in no other kind of block."""
    for path in documents.documents():
        fences = re.findall(r"^ *```(.*)$", path.read_text(encoding="utf-8"), flags=re.M)
        assert not [word for word in fences[::2] if not word.strip()], f"{path.name}: a block that does not say what it is"
        for block in documents.blocks(path):
            assert block.language in ("console", "sh", "sql", "ini", "yaml", "python", "json", "text"), f"{path.name}:{block.line}"
            if block.language in ("console", "sh"):
                assert block.commands(), f"{path.name}:{block.line}: nothing in it is a command"
            else:
                hidden = [line for line in block.lines if re.match(r" *(\$|systemctl|\./dev|drcctl|drc-(capture|applier|reconcile)) ", line)]
                assert not hidden, f"{path.name}:{block.line}: {hidden}"


def test_every_block_is_run_or_looked_at_by_a_test():
    """But for those of the front door, each of which takes minutes to hours."""
    for path in documents.documents():
        for block in documents.blocks(path):
            where = f"{path.name}:{block.line}"
            if block.refused is not None:
                assert len(block.refused) > 10 and all(x.text.startswith(("./dev ", ".ci/run")) for x in block.commands()), where
            elif not documents.is_run(block) and block.language not in ("text", "yaml", "python"):
                test = documents.EXAMPLES.get((path.name, block.language))
                assert test, f"{where}: no test runs it or looks at it: name the regions at which it is to be run"
                assert f'"{path.name}"' in (place.ROOT / test).read_text(encoding="utf-8"), where
    for path in documents.man_sources():
        assert not [block for block in documents.examples(path) if block.refused is not None], path.name


def examples_of(language):
    """(where, text) of the blocks of a language that are not run."""
    for path in documents.documents():
        for block in documents.blocks(path):
            if block.language == language and not documents.is_run(block):
                yield f"{path.name}:{block.line}", block.text


def test_examples_of_the_pair_file_are_taken(tmp_path):
    """Each stands for one key of the whole file, whose other keys are those of a file that is shipped."""
    shipped = (place.ROOT / "conf" / "two-way.yaml").read_text(encoding="utf-8")
    found = [(where, text) for where, text in examples_of("yaml") if not text.startswith("# prometheus.yml")]
    assert len(found) >= 3
    for where, text in found:
        path, key = tmp_path / "pair.yaml", text.split(":")[0]
        others = re.sub(rf"^{key}:.*\n((?: .*)?\n)*", "", shipped, flags=re.M)
        assert others != shipped, f"{where}: {key}"
        path.write_text(others + text, encoding="utf-8")
        done = subprocess.run([place.programs() / "drcctl", "config", "check", "--config", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{where}: {done.stdout}{done.stderr}"


def test_the_example_for_prometheus_is_taken(tmp_path):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed: ./dev setup was not run")
    (text,) = [text for _, text in examples_of("yaml") if text.startswith("# prometheus.yml")]
    installed = "/usr/share/doc/drc/prometheus/"
    assert installed in text
    path = tmp_path / "prometheus.yml"
    path.write_text(text.replace(installed, f"{place.ROOT / 'conf' / 'prometheus'}/"), encoding="utf-8")
    done = subprocess.run(["promtool", "check", "config", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_option_files_that_are_shown_are_those_of_the_tests():
    """Those of "servers.md" are what the servers of all system tests are started with."""
    kinds, seen = {"[mariadbd]": MariaDB, "[mysqld]": MySQL}, set()
    for where, text in examples_of("ini"):
        head, *lines = text.splitlines()
        shown = dict(re.match(r"(\w+) = (\S+)", line).groups() for line in lines)
        assert shown.pop("server_id") == "1", where
        used = {name: str(value) for name, value in kinds[head].default_options(kinds[head]).items()}
        assert shown == {name: used.get(name) for name in shown}, where
        seen.add(head)
    assert seen == {"[mariadbd]", "[mysqld]"}


@pytest.mark.parametrize("page", [*MAN, "drc.yaml.5"])
def test_man_pages_agree_with_the_programs(page):
    path = place.programs().parent / "man" / f"{page}.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there: DRC_BIN names programs without their pages")
    text = re.sub(r"\\f.|\\&", "", gzip.decompress(path.read_bytes()).decode("utf-8")).replace("\\-", "-")
    for section in ("NAME", "DESCRIPTION", "FILES", "SEE ALSO"):
        assert f".SH {section}\n" in text, section
    if page not in MAN:
        for key in re.findall(r"^\| `([^`]+)` \|", (place.ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"), flags=re.M):
            assert f"\n{key.replace('&lt;', '<')}\n" in text, key
        return
    program = MAN[page]
    for section in ("SYNOPSIS", "OPTIONS", "EXIT STATUS", "EXAMPLES"):
        assert f".SH {section}\n" in text, section
    in_page = lambda part: documents.options_of("\n".join(f"  {line}" for line in part.splitlines() if line.startswith("-")))
    parts = re.split(r"^\.SS (.*)$", text, flags=re.M)
    assert in_page(parts[0]) == documents.options_of(documents.help_of(program))
    sections = dict(zip(parts[1::2], parts[2::2]))
    names = documents.commands_of(program)
    assert sorted(sections) == sorted(names)
    common = documents.options_of(documents.help_of(program))
    for name in names:
        own = documents.options_of(documents.help_of(program, *name.split())) - common
        assert own <= in_page(sections[name]), name
