"""The Debian package in a clean machine: installed, its services run by systemd, upgraded under load, removed."""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from support import place
from support.machine import Machine
from support.pairfile import DELETE

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))"
UNITS = ("drc-capture@eu", "drc-capture@us", "drc-applier@eu:us", "drc-applier@us:eu")
PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000  # waitpid: threads too


def make_package(directory, version=None):
    """As ./dev package makes it; `version` instead of the project's own."""
    words = ["cpack", "--config", place.ROOT / "build" / "CPackConfig.cmake", "-B", directory]
    if version:
        words += ["-D", f"CPACK_PACKAGE_VERSION={version}"]
    subprocess.run([str(word) for word in words], check=True, capture_output=True, cwd=place.ROOT / "build")
    return next(directory.glob("drc_*.deb"))


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


def install(machine, package, old=False):
    shutil.copy(package, machine.path("root"))
    machine.run("dpkg", "--force-confold", "--install", f"/root/{package.name}", timeout=300)
    assert old or "ii" in machine.run("dpkg", "--list", "drc").stdout


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


def test_from_installing_to_purging(machine, pair, directory):
    (directory / "new").mkdir()
    package = make_package(directory)
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
    good = machine.path("etc/drc/drc.yaml").read_text()
    machine.path("etc/drc/drc.yaml").write_text(good.replace("bootstrap", "bootstrip"))
    machine.run("systemctl", "restart", UNITS[3], check=False)
    machine.until(lambda: machine.show(UNITS[3], "ActiveState")["ActiveState"] == "failed", 30, "the end")
    facts = machine.show(UNITS[3], "ExecMainStatus", "NRestarts")
    assert facts == {"ExecMainStatus": "78", "NRestarts": "0"}
    assert "did you mean" in machine.journal(UNITS[3])
    machine.path("etc/drc/drc.yaml").write_text(good)
    machine.run("systemctl", "start", UNITS[3])

    # The watchdog: a thread that hangs is noticed, a quiet source is not.
    dropin = machine.path("etc/systemd/system/drc-applier@eu:us.service.d")
    dropin.mkdir()
    (dropin / "watchdog.conf").write_text("[Service]\nWatchdogSec=12s\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNITS[2])
    wait_running(machine, UNITS[2])
    before = machine.show(UNITS[2], "NRestarts")["NRestarts"]
    halted = halt_thread(main_pid(machine, UNITS[2]), "worker 1")
    machine.until(lambda: os.waitpid(halted, WALL | os.WNOHANG)[0], 60, "the watchdog")
    machine.until(lambda: int(machine.show(UNITS[2], "NRestarts")["NRestarts"]) == int(before) + 1, 30, "a new start")
    assert "no progress for 6 s: worker 1" in machine.journal(UNITS[2])
    write(pair, 31, 10)
    wait_equal(machine, pair, 40)

    # An upgrade under load: the daemons are those of the new package, and nothing is lost or twice.
    upgrade = make_package(directory / "new", "99.0.0")
    pids = {unit: machine.show(unit, "MainPID")["MainPID"] for unit in UNITS}
    write(pair, 41, 30)
    install(machine, upgrade)
    write(pair, 71, 30)
    wait_equal(machine, pair, 100)
    for unit in UNITS:
        assert machine.show(unit, "ActiveState")["ActiveState"] == "active"
        assert machine.show(unit, "MainPID")["MainPID"] not in ("0", pids[unit])
    assert int(machine.show(UNITS[2], "NRestarts")["NRestarts"]) <= int(before) + 1  # quiet, and not restarted

    machine.run("dpkg", "--remove", "drc", timeout=180)
    assert all(machine.show(unit, "ActiveState")["ActiveState"] != "active" for unit in UNITS)
    machine.run("dpkg", "--purge", "drc", timeout=180)
    assert machine.run("id", "drc", check=False).returncode != 0
    assert machine.path("etc/drc/us.password").exists()  # it is not the package's
    leftover = machine.run("find", "/usr", "/lib", "-name", "drc*").stdout
    assert leftover == ""
