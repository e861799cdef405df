"""Fixtures of all tests that pytest runs: a directory, servers, a broker, a pair; nothing outlives its test.

A passed test leaves nothing behind. Of a failed one the logs and configurations are kept, under
build/test-results/logs/, and the report says where.
"""

import ctypes
import os
import re
import shutil
import signal

import pytest

from support import place
from support.kafka import Kafka
from support.mariadb import MariaDB, MariaDB118
from support.mysql import MySQL
from support.pair import Pair, by_region

PR_SET_PDEATHSIG = 1
LOGS = place.ROOT / "build" / "test-results" / "logs"
KEPT = (".log", ".yaml", ".json", ".properties")


def pytest_configure(config):
    """A worker must not outlive the pytest that started it, or its servers would."""
    if hasattr(config, "workerinput"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _logs_of(item):
    return LOGS / re.sub(r"[^\w.\[\]=-]+", "_", item.nodeid)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        item.stash[_failed] = True
        if "directory" in item.fixturenames:
            report.sections.append(("logs", f"kept in {_logs_of(item)}"))


_failed = pytest.StashKey()


def _keep_logs(directory, kept):
    shutil.rmtree(kept, ignore_errors=True)
    for folder, _, files in os.walk(directory):
        for name in files:
            source = os.path.join(folder, name)
            if name.endswith(KEPT) and os.path.isfile(source):
                target = kept / os.path.relpath(source, directory)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)


@pytest.fixture
def directory(request):
    """A new directory; after a failure the logs in it are kept."""
    path = place.run_directory(re.sub(r"\W+", "-", request.node.name))
    shutil.rmtree(_logs_of(request.node), ignore_errors=True)
    yield path
    if request.node.stash.get(_failed, False):
        _keep_logs(path, _logs_of(request.node))
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def mariadb(directory):
    """A MariaDB server, started."""
    with MariaDB("db", directory / "db", 1) as server:
        yield server


def _need(server):
    """Skip the test where that server cannot be run."""
    reason = server.missing()
    if reason:
        pytest.skip(reason)


@pytest.fixture
def mysql(directory):
    """A MySQL server, started."""
    _need(MySQL)
    with MySQL("db", directory / "db", 1) as server:
        yield server


@pytest.fixture
def mariadb118(directory):
    """A MariaDB 11.8 server, started."""
    _need(MariaDB118)
    with MariaDB118("db", directory / "db", 1) as server:
        yield server


@pytest.fixture
def kafka(directory):
    """A broker, started."""
    with Kafka(directory / "kafka") as broker:
        yield broker


@pytest.fixture
def make_pair(request, directory):
    """A function that makes a Pair (its arguments are Pair's); nothing is started yet. Without its servers: a skip."""
    made = []

    def make(**arguments):
        for name in arguments.get("regions", ("eu", "us")):
            _need(by_region(arguments.get("server", MariaDB), name))
        pair = Pair(directory / f"pair{len(made) + 1}" if made else directory, **arguments)
        made.append(pair)
        return pair

    yield make
    try:
        if not request.node.stash.get(_failed, False):
            for pair in made:
                pair.check()
    except AssertionError:
        request.node.stash[_failed] = True
        raise
    finally:
        for pair in made:
            pair.close()


@pytest.fixture
def pair(make_pair):
    """eu and us on MariaDB, linked both ways over the tables shop.*, with servers up and the schema `shop` there."""
    made = make_pair(conflicts={"default": {"policy": "latest", "by": ["updated_at"], "tie": ["eu", "us"]}})
    made.everywhere("CREATE DATABASE shop")
    return made


@pytest.fixture(scope="session")
def long_run():
    """True when full counts are asked for (`./dev test --long`)."""
    return os.environ.get("DRC_LONG") == "1"
