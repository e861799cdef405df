"""What `./dev test` runs once all is built: unit programs by ctest, everything else by pytest, one count of both.

The last line is "N passed, N failed, N skipped": every cmocka test case and every pytest test counts as one. A unit
program that crashes counts as one failure beside the cases that had passed. Results lie in build/test-results/.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
RESULTS = BUILD / "test-results"
TEST_TIMEOUT = 600  # seconds for one test; a test's own mark may say more
TOTAL_TIMEOUT = {False: 50 * 60, True: 6 * 3600}  # by --long; far more than it takes: only a hang is ended by it
MEMORY_PER_WORKER = 1500  # MB: two database servers, a broker, the daemons


@dataclass
class Counts:
    """Results of one or several runs."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: list = field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.notes += other.notes

    def line(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def read_unit_results(path):
    """Count the cmocka test cases in ctest's report."""
    counts = Counts()
    for program in ElementTree.parse(path).getroot().iter("testcase"):
        text = program.findtext("system-out") or ""
        failed = sum(int(n) for n in re.findall(r"\[ +FAILED +\] (\d+) test", text))
        counts.passed += len(re.findall(r"\[ +OK \] \w", text))
        counts.skipped += sum(int(n) for n in re.findall(r"\[ +SKIPPED +\] (\d+) test", text))
        if program.get("status") != "run" and failed == 0:
            failed = 1  # ended without a summary: a crash, a sanitizer's report, a timeout
        counts.failed += failed
        if failed:
            counts.notes.append(f"failed: {program.get('name')}")
    return counts


def run_units(build, pattern):
    """Run the unit programs of a build directory."""
    report = build / "test-results" / "unit.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", build, "--output-on-failure", "--parallel", os.cpu_count(), "--label-regex", "unit"]
    command += ["--output-junit", report, "--test-output-size-passed", 10**7, "--test-output-size-failed", 10**7]
    command += ["--tests-regex", re.escape(pattern)] if pattern else []
    code = subprocess.run([str(word) for word in command], check=False).returncode
    counts = read_unit_results(report) if report.exists() else Counts()
    if code != 0 and counts.failed == 0:
        counts.failed = 1
        counts.notes.append(f"failed: ctest itself, exit code {code}")
    return counts


def read_pytest_results(path):
    counts, seen = Counts(), {}
    for test in ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{test.get('classname')}::{test.get('name')}"
        kinds = {child.tag for child in test}
        verdict = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        if seen.get(name) != "failed":  # an error after the test makes a second entry
            seen[name] = verdict
    for name, verdict in seen.items():
        setattr(counts, verdict, getattr(counts, verdict) + 1)
        if verdict != "passed":
            counts.notes.append(f"{verdict}: {name}")
    return counts


def workers():
    """One more than there are cores, since tests mostly wait, if there is memory for them."""
    if os.environ.get("DRC_TEST_WORKERS"):
        return int(os.environ["DRC_TEST_WORKERS"])
    meminfo = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    available = int(re.search(r"MemAvailable: +(\d+)", meminfo).group(1)) // 1024
    return max(1, min(os.cpu_count() + 1, available // MEMORY_PER_WORKER))


def run_pytest(pattern, long, deadline):
    report = RESULTS / "pytest.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "pytest", "-q", "-n", workers()]
    command += ["--dist", "worksteal" if _has_worksteal() else "load", "--durations", 10]
    command += ["--timeout", TEST_TIMEOUT * (10 if long else 1), f"--junitxml={report}", "-p", "no:cacheprovider"]
    command += ["-k", pattern] if pattern else []
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **({"DRC_LONG": "1"} if long else {})}
    with subprocess.Popen([str(word) for word in command], cwd=ROOT, env=environment) as child:
        try:
            code = child.wait(max(1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.terminate()
            code = "none: out of time"
    counts = read_pytest_results(report) if report.exists() else Counts()
    if code not in (0, 5) and counts.failed == 0:
        counts.failed = 1
        counts.notes.append(f"failed: pytest itself, exit code {code}")
    return counts


def _has_worksteal():
    import xdist  # pylint: disable=import-outside-toplevel

    return tuple(int(part) for part in xdist.__version__.split(".")[:2]) >= (3, 2)


class Parser(argparse.ArgumentParser):
    """Usage errors end with the exit code that all our programs use for them."""

    def error(self, message):
        self.exit(64, f"dev test: {message}\n")


def parse_arguments():
    parser = Parser(prog="./dev test", description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--unit", action="store_true", help="only the unit programs")
    which.add_argument("--system", action="store_true", help="only the tests run by pytest")
    parser.add_argument("--long", action="store_true", help="full counts instead of a tenth")
    parser.add_argument("-k", dest="pattern", metavar="PATTERN", help="only tests whose name matches")
    parser.add_argument("--build", type=pathlib.Path, default=BUILD, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    begun = time.monotonic()
    counts = Counts()
    if not arguments.system:
        counts.add(run_units(arguments.build.resolve(), arguments.pattern))
    if not arguments.unit:
        counts.add(run_pytest(arguments.pattern, arguments.long, begun + TOTAL_TIMEOUT[arguments.long]))
    in_ci = os.environ.get("CI") in ("1", "true")
    bad = counts.failed > 0 or (in_ci and counts.skipped > 0)
    for note in counts.notes:
        print(note)
    if in_ci and counts.skipped:
        print("under CI a skipped test is a failure")
    if counts.passed + counts.failed + counts.skipped == 0:
        print("no test matches")
        bad = True
    print(f"took {time.monotonic() - begun:.0f} s")
    print(counts.line(), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
