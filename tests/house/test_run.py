"""The counting of `./dev test`: every cmocka case and every pytest test once, and no crash goes by."""

import pathlib
import subprocess
import sys
import xml.sax.saxutils

import run
from support import place

PASSED = "[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\nnoise[       OK ] b\n[  PASSED  ] 2 test(s).\n"
MIXED = (
    "[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n[  FAILED  ] b\n[ RUN      ] c\n[  SKIPPED ] c\n"
    "[  PASSED  ] 1 test(s).\n[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] c\n"
    "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] b\n"
)
CRASHED = "[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\nSegmentation fault\n"


def unit_report(path, *programs):
    cases = "".join(
        f'<testcase name="p{n}" status="{status}"><system-out>{xml.sax.saxutils.escape(text)}</system-out></testcase>'
        for n, (status, text) in enumerate(programs)
    )
    path.write_text(f"<testsuite>{cases}</testsuite>")
    return path


def test_unit_cases_are_counted_one_by_one(tmp_path):
    report = unit_report(tmp_path / "u.xml", ("run", PASSED), ("fail", MIXED), ("fail", CRASHED))
    counts = run.read_unit_results(report)
    assert counts.line() == "4 passed, 2 failed, 1 skipped"
    assert counts.notes == ["failed: p1", "failed: p2"]


def test_a_pytest_test_counts_once(tmp_path):
    (tmp_path / "p.xml").write_text(
        '<testsuites><testsuite><testcase classname="m" name="a"/>'
        '<testcase classname="m" name="b"><failure/></testcase><testcase classname="m" name="b"><error/></testcase>'
        '<testcase classname="m" name="c"><skipped/></testcase></testsuite></testsuites>'
    )
    counts = run.read_pytest_results(tmp_path / "p.xml")
    assert counts.line() == "1 passed, 1 failed, 1 skipped"


def run_dev(*arguments):
    return subprocess.run([place.ROOT / "dev", *arguments], capture_output=True, text=True, check=False, timeout=120)


def test_unknown_words_are_usage_errors():
    for words in (["nonsense"], ["test", "--nonsense"], ["build", "nonsense"], ["lint", "nonsense"], ["setup", "x"]):
        done = run_dev(*words)
        assert done.returncode == 64, words
        assert "nonsense" in done.stderr or "x" in done.stderr


def test_every_command_has_help():
    commands = [line.split()[0] for line in run_dev("help").stdout.splitlines() if line.startswith("  ")]
    assert {"setup", "build", "test", "demo", "bench", "lint"} <= set(commands)
    for command in commands:
        done = run_dev(command, "--help")
        assert done.returncode == 0 and "usage: ./dev" in done.stdout


def test_the_runner_uses_debians_python():
    assert pathlib.Path(sys.executable) == pathlib.Path("/usr/bin/python3")
