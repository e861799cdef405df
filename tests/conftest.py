"""Fixtures of all tests that pytest runs: a directory, servers, a broker, a pair; nothing outlives its test.

A passed test leaves nothing behind. Of a failed one the logs and configurations are kept, under
build/test-results/logs/, and the report says where.
"""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import time

import pytest

from support import place
from support.checker import Witness
from support.kafka import Kafka
from support.mariadb import MariaDB, MariaDB118
from support.mixed_load import MixedLoad
from support.mysql import MySQL
from support.pair import Pair, by_region
from support.shared_kafka import SharedKafka

PR_SET_PDEATHSIG = 1
LOGS = place.ROOT / "build" / "test-results" / "logs"
KEPT = (".log", ".yaml", ".json", ".properties")


def pytest_configure(config):
    config.addinivalue_line("markers", "own_broker: the test stops its broker or sets it up, so it does not share one")
    # A worker must not outlive the pytest that started it, or its servers would.
    if hasattr(config, "workerinput"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def pytest_terminal_summary(terminalreporter):
    """What was tested against: releases move under the same name, and a failure may come from one."""
    found = [f"{server.kind} {server.release()}" for server in (MariaDB, MariaDB118, MySQL) if not server.missing()]
    terminalreporter.write_line(f"servers: {', '.join(found)}")


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


@pytest.fixture(scope="session")
def shared_kafka():
    """The broker of this worker's tests."""
    shared = SharedKafka()
    yield shared
    shared.remove()


@pytest.fixture
def make_pair(request, directory, shared_kafka):
    """A function that makes a Pair (its arguments are Pair's); nothing is started yet. Without its servers: a skip."""
    made = []
    shares = request.node.get_closest_marker("own_broker") is None

    def make(**arguments):
        if shares and "kafka" not in arguments:
            arguments["kafka"] = shared_kafka.lodge()
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


@pytest.fixture
def make_stream(make_pair):
    """A function that makes a pair of which only the source eu and the broker run, with the tables of MixedLoad."""

    def make(**arguments):
        usual = {"links": [("eu", "us")], "config": {"capture": {"fragment_bytes": 16384}}}
        pair = make_pair(**{**usual, **arguments})
        pair.eu.start()
        pair.eu.sql("CREATE DATABASE shop", *MixedLoad.TABLES)
        return pair

    return make


@pytest.fixture
def stream(make_stream):
    """A function that also starts captures of eu, `rivals` beside the usual one; returns the pair and a Witness of the stream."""

    def start(rivals=0, pair=None, **arguments):
        pair = pair or make_stream(**arguments)
        pair.kafka.running or pair.kafka.start()
        for capture in (pair.capture("eu"), *(pair.rival(pair.capture("eu")) for _ in range(rivals))):
            capture.launch().wanted = rivals == 0  # of several, all but one leave again
        pair.until(lambda: pair.stream_stands("eu"), 60, "stream of eu")
        return pair, Witness(pair, "eu")

    return start


@pytest.fixture
def room():
    """For a test with several brokers: it runs beside none of its like, and once there is memory for them."""
    with place.locked(place.CACHE / "room.lock"):
        deadline = time.monotonic() + 120
        while _available_mb() < 2000 and time.monotonic() < deadline:
            time.sleep(1)
        yield


def _available_mb():
    meminfo = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    return int(re.search(r"MemAvailable: +(\d+)", meminfo).group(1)) // 1024


@pytest.fixture(scope="session")
def long_run():
    """True when full counts are asked for (`./dev test --long`)."""
    return os.environ.get("DRC_LONG") == "1"
