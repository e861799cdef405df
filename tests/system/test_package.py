"""The Debian package in a clean machine: installed, its services run by systemd, removed; and upgraded
under load from the newest release."""

import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

import pytest

from support import place, release
from support.machine import Machine
from support.pairfile import DELETE

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))"
UNITS = ("drc-capture@eu", "drc-capture@us", "drc-applier@eu:us", "drc-applier@us:eu")
PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000  # waitpid: threads too


@pytest.fixture
def machine(directory):
    missing = Machine.missing()
    if missing:
        pytest.skip(missing)
    machine = Machine(directory / "machine")
    yield machine
    machine.remove()


@pytest.fixture
def pair(make_pair, machine):
    """Servers and broker of this machine; the pair file and the passwords are in the other one."""
    credential = {"credential": "drc-us", "password_file": DELETE}
    pair = make_pair(conflicts={"default": {"policy": "latest"}}, config={"regions": {"us": credential}})
    pair.file["control"] = {"socket": "/run/drc/{name}.sock"}
    pair.everywhere("CREATE DATABASE shop", ITEM)
    return pair


def install(machine, package):
    shutil.copy(package, machine.path("root"))
    machine.run("dpkg", "--force-confold", "--install", f"/root/{package.name}", timeout=300)
    assert "ii" in machine.run("dpkg", "--list", "drc").stdout


def configure(machine, pair):
    """What README tells operators to do."""
    pair.write_config()
    etc = machine.path("etc/drc")
    shutil.copy(pair.config, etc / "drc.yaml")
    for region, server in pair.servers.items():
        secret = etc / f"{region}.password"
        secret.touch(mode=0o600)
        secret.write_text(server.password + "\n", encoding="utf-8")
    machine.run("chown", "drc", "/etc/drc/eu.password")  # us: root's, handed over by systemd
    for unit in ("drc-capture@", "drc-applier@"):
        dropin = machine.path(f"etc/systemd/system/{unit}.service.d")
        dropin.mkdir(parents=True)
        (dropin / "password.conf").write_text("[Service]\nLoadCredential=drc-us:/etc/drc/us.password\n")
    machine.run("systemctl", "daemon-reload")


def write(pair, first, count):
    for number in range(first, first + count):
        server = pair.eu if number % 2 else pair.us
        server.sql(f"INSERT INTO shop.item VALUES ({number}, 'n{number}')")


def wait_equal(machine, pair, count):
    counts = lambda: [server.query("SELECT COUNT(*) FROM shop.item")[0][0] for server in pair.servers.values()]
    machine.until(lambda: counts() == [count, count], 60, f"{count} rows on both sides")
    pair.assert_equal("shop.item")


def wait_running(machine, unit):
    machine.until(lambda: "running" in machine.show(unit, "StatusText")["StatusText"], 30, f"{unit} to run")


def halt_thread(pid, name):
    """Stop one thread as a debugger does; returns its number, at which it is to be reaped when it has been killed."""
    libc = ctypes.CDLL(None, use_errno=True)
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            tid = int(task.name)
            for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
                assert libc.ptrace(request, tid, None, None) == 0, os.strerror(ctypes.get_errno())
            os.waitpid(tid, WALL)
            return tid
    raise AssertionError(f"no thread {name} in {pid}")


def main_pid(machine, unit):
    """Of the unit's daemon, as this machine sees it."""
    inside = machine.show(unit, "MainPID")["MainPID"]
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue
        numbers = lines.get("NSpid", "").split()
        if lines["Name"].startswith("drc-") and len(numbers) == 2 and numbers[1] == inside:
            return int(numbers[0])
    raise AssertionError(f"no process of {unit}")


def test_from_installing_to_purging(machine, pair):
    package = release.package()
    subprocess.run(["lintian", "--fail-on", "error", str(package)], check=True, capture_output=True)
    machine.boot()
    install(machine, package)
    assert machine.run("id", "--name", "--user", "drc").stdout == "drc\n"
    for unit in ("drc-capture@.service", "drc-applier@.service", "drc.target"):
        assert machine.run("systemd-analyze", "verify", f"/usr/lib/systemd/system/{unit}").stderr == ""
    for unit in ("drc-capture@.service", "drc-applier@.service"):
        file = f"/usr/lib/systemd/system/{unit}"
        machine.run("systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", file)

    configure(machine, pair)
    done = machine.run("systemctl", "enable", "--now", *UNITS, check=False, timeout=180)
    assert done.returncode == 0, machine.run("journalctl", "--no-pager", "--lines=60").stdout
    for unit in UNITS:
        wait_running(machine, unit)
    write(pair, 1, 20)
    wait_equal(machine, pair, 20)
    for unit in UNITS:
        facts = machine.show(unit, "ActiveState", "StatusText", "NRestarts", "User")
        assert facts["ActiveState"] == "active" and facts["NRestarts"] == "0" and facts["User"] == "drc", facts

    # One that is killed comes again; one whose pair file is wrong does not.
    machine.run("systemctl", "kill", "--signal=KILL", UNITS[2])
    machine.until(lambda: machine.show(UNITS[2], "NRestarts")["NRestarts"] == "1", 30, "a new start")
    write(pair, 21, 10)
    wait_equal(machine, pair, 30)
    # A reload takes up what differs, or fails, and then nothing has changed.
    good = machine.path("etc/drc/drc.yaml").read_text()
    before = machine.show(UNITS[2], "MainPID")
    machine.path("etc/drc/drc.yaml").write_text(good.replace("bootstrap", "bootstrip"))
    assert machine.run("systemctl", "reload", UNITS[2], check=False).returncode != 0
    machine.path("etc/drc/drc.yaml").write_text(good + "limits: {queue_bytes: 16MiB}\n")
    machine.run("systemctl", "reload", UNITS[2])
    assert machine.show(UNITS[2], "MainPID") == before
    assert "limits.queue_bytes: 32MiB -> 16MiB" in machine.journal(UNITS[2])
    machine.run("bash", "-n", "/usr/share/bash-completion/completions/drcctl")
    machine.path("etc/drc/drc.yaml").write_text(good.replace("bootstrap", "bootstrip"))
    machine.run("systemctl", "restart", UNITS[3], check=False)
    machine.until(lambda: machine.show(UNITS[3], "ActiveState")["ActiveState"] == "failed", 30, "the end")
    facts = machine.show(UNITS[3], "ExecMainStatus", "NRestarts")
    assert facts == {"ExecMainStatus": "78", "NRestarts": "0"}
    assert "did you mean" in machine.journal(UNITS[3])
    machine.path("etc/drc/drc.yaml").write_text(good)
    machine.run("systemctl", "start", UNITS[3])

    # The watchdog: a thread that hangs is noticed, a quiet source is not.
    for unit in (UNITS[0], UNITS[2]):
        dropin = machine.path(f"etc/systemd/system/{unit}.service.d")
        dropin.mkdir()
        (dropin / "watchdog.conf").write_text("[Service]\nWatchdogSec=12s\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNITS[0], UNITS[2])
    for unit in (UNITS[0], UNITS[2]):
        wait_running(machine, unit)
    quiet, before = (machine.show(unit, "NRestarts", "MainPID") for unit in (UNITS[0], UNITS[2]))
    since = time.monotonic()
    halted = halt_thread(main_pid(machine, UNITS[2]), "worker 1")
    machine.until(lambda: os.waitpid(halted, WALL | os.WNOHANG)[0], 60, "the watchdog")
    machine.until(lambda: int(machine.show(UNITS[2], "NRestarts")["NRestarts"]) == int(before["NRestarts"]) + 1, 30, "a new start")
    assert 'the watchdog is not fed threads="worker 1" seconds=6' in machine.journal(UNITS[2])
    time.sleep(max(0, 14 - (time.monotonic() - since)))  # its whole time, for the capture that has nothing to read
    assert machine.show(UNITS[0], "NRestarts", "MainPID") == quiet
    write(pair, 31, 10)
    wait_equal(machine, pair, 40)

    machine.run("dpkg", "--remove", "drc", timeout=180)
    assert all(machine.show(unit, "ActiveState")["ActiveState"] != "active" for unit in UNITS)
    machine.run("dpkg", "--purge", "drc", timeout=180)
    assert machine.run("id", "drc", check=False).returncode != 0
    assert machine.path("etc/drc/us.password").exists()  # it is not the package's
    leftover = machine.run("find", "/usr", "/lib", "-name", "drc*").stdout
    assert leftover == ""


class Tokens:
    """Load on both sides: transactions of a row in a table without a key, where one that came twice would stand twice."""

    TABLE = "CREATE TABLE shop.token (region CHAR(2) NOT NULL, n INT NOT NULL)"

    def __init__(self, pair):
        self.pair = pair
        self.written = dict.fromkeys(pair.servers, 0)
        self.ending = threading.Event()
        self.failed = []
        self.threads = [threading.Thread(target=self._write, args=(region,)) for region in pair.servers]

    def _write(self, region):
        try:
            with self.pair.servers[region].connect() as connection, connection.cursor() as cursor:
                while not self.ending.wait(0.03):
                    cursor.execute("INSERT INTO shop.token VALUES (%s, %s)", (region, self.written[region]))
                    self.written[region] += 1
        except Exception as error:  # told by the thread that waits
            self.failed.append(f"{region}: {error}")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def arrived(self, region):
        """How many of the other region's are there."""
        return self.pair.servers[region].value("SELECT COUNT(*) FROM shop.token WHERE region <> %s", (region,))

    def go_on(self, machine, count=50):
        """Wait until so many more have crossed in either direction."""
        before = {region: self.arrived(region) for region in self.written}
        done = lambda: all(self.arrived(region) >= before[region] + count for region in self.written)
        machine.until(lambda: self.failed or done(), 120, "tokens to cross")
        assert not self.failed

    def check(self):
        """Each is there once, on both sides."""
        wanted = sorted((region, n) for region, count in self.written.items() for n in range(count))
        for region, server in self.pair.servers.items():
            found = sorted(server.query("SELECT region, n FROM shop.token"))
            assert found == wanted, f"{region}: {len(found)} of {len(wanted)}, {len(set(wanted) - set(found))} lost"


def schema_versions(pair):
    return [int(server.value("SELECT value FROM drc.meta WHERE name = 'schema_version'")) for server in pair.servers.values()]


@pytest.mark.timeout(900)
def test_upgrade_from_the_newest_release_under_load(machine, pair):
    new = release.package()
    old = new if release.missing() else release.newest_package()
    print(f"from {old.name} to {new.name}", release.missing() or "")
    pair.everywhere(Tokens.TABLE)
    machine.boot()
    install(machine, old)
    configure(machine, pair)
    done = machine.run("systemctl", "enable", "--now", *UNITS, check=False, timeout=180)
    story = lambda: machine.run("journalctl", "--no-pager", "--output=cat", "--lines=80", "--unit=drc-*").stdout
    assert done.returncode == 0, story()
    machine.until(lambda: all(map(pair.stream_stands, pair.servers)), 60, "streams, which begin with what is written then")
    with Tokens(pair) as tokens:
        tokens.go_on(machine)
        pids = {unit: machine.show(unit, "MainPID")["MainPID"] for unit in UNITS}
        versions = schema_versions(pair)
        install(machine, new)
        for unit in UNITS:
            wait_running(machine, unit)
        tokens.go_on(machine)
    header = (place.ROOT / "common" / "target" / "schema.h").read_text(encoding="utf-8")
    now = int(re.search(r"SCHEMA_VERSION (\d+)", header)[1])
    assert schema_versions(pair) == [now, now] and all(version <= now for version in versions)
    for unit in UNITS:
        facts = machine.show(unit, "ActiveState", "MainPID", "NRestarts")
        assert facts["ActiveState"] == "active" and facts["MainPID"] not in ("0", pids[unit]), story()
        assert facts["NRestarts"] == "0", story()
    others = {"eu": "us", "us": "eu"}
    missing = lambda: {region: tokens.written[other] - tokens.arrived(region) for region, other in others.items()}
    try:
        machine.until(lambda: not any(missing().values()), 120, "the last tokens")
    except AssertionError as error:
        raise AssertionError(f"{error}: of {tokens.written} {missing()}\n{story()}") from None
    tokens.check()
