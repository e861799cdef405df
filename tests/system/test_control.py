"""drcctl as the one control: reload, set, throttle, positions, switchover, skip, status --watch, other releases' daemons."""

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

import pymysql
import pytest

from support import documents, place, release
from support.daemon import Daemon
from support.mysql import MySQL

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))"
OTHER = "CREATE TABLE shop2.item (id INT PRIMARY KEY, name VARCHAR(40))"
LINK = ("--from", "eu", "--to", "us")


@pytest.fixture
def running(pair):
    pair.everywhere(ITEM, "CREATE DATABASE shop2", OTHER)
    return pair.start()


def drcctl(pair, *words, **more):
    argv = [place.programs() / "drcctl", "--config", pair.config, *words]
    return subprocess.Popen([str(word) for word in argv], cwd=pair.directory, **more)


# Reload, set, throttle.


def test_reload_set_and_throttle(running):
    pair = running
    applier, capture = pair.applier("eu", "us"), pair.capture("eu")
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    before = pair.config.read_text()

    # Nothing differs; a bad file and a key that needs a restart change nothing at all, though others could be taken.
    assert "applier-eu-us: nothing differs" in pair.ctl("reload").stdout
    pair.config.write_text(before + "log: {levle: debug}\n")
    done = pair.ctl("reload", expect=78)
    assert 'did you mean "level"?' in done.stderr and done.stderr.count("pair.yaml:") >= 1
    pair.file["regions"]["eu"]["replica_id"] = 7999
    pair.file["limits"] = {"queue_bytes": "8MiB"}
    pair.write_config()
    done = pair.ctl("reload", expect=78)
    assert "a restart is needed for regions.eu.replica_id (now 7001, then 7999)" in done.stderr
    assert applier.status()["reloads_accepted"] == capture.status()["reloads_accepted"] == 0

    # What can be taken is, everywhere, under load: a table that was not the pair's, and a bound of memory.
    pair.file["regions"]["eu"]["replica_id"] = 7001
    pair.file["tables"]["include"] = ["shop.*", "shop2.*"]
    pair.write_config()
    assert "would change tables.include: [shop.*] -> [shop.*, shop2.*]" in pair.ctl("reload", "--check").stdout
    writing = threading.Event()
    last = []

    def write():
        number = 100
        while not writing.is_set():
            pair.eu.sql(f"INSERT INTO shop.item VALUES ({number}, 'load')")
            last[:] = [number]
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        words = pair.ctl("reload").stdout
    finally:
        writing.set()
        thread.join()
    assert words.count("changed tables.include") == 4
    pair.eu.sql("INSERT INTO shop2.item VALUES (1, 'new')")
    pair.wait("eu", "us")
    assert pair.us.query("SELECT * FROM shop2.item") == [(1, "new")]
    pair.assert_equal("shop.item")
    assert applier.status()["reloads_in_force"] == 1

    # SIGHUP is the same for one daemon; a pattern is not taken away while it runs.
    pair.file["tables"]["include"] = ["shop.*"]
    pair.write_config()
    applier.signal(signal.SIGHUP)
    pair.until(lambda: "patterns can be added while it runs" in applier.log.read_text(), 30, "refusal in the log")
    assert applier.status()["reloads_accepted"] == 1
    pair.file["tables"]["include"] = ["shop.*", "shop2.*"]
    pair.write_config()

    # What is taken is in force: a bound, the throttle of a region, the form of the log.
    flag = pair.directory / "flag"
    pair.file["apply"] = {"park": {"max_rows": 77}}
    pair.file["log"] = {"format": "json"}
    pair.file["regions"]["us"]["throttle"] = {"flag_file": str(flag)}
    pair.write_config()
    pair.ctl("reload")
    assert applier.status()["parked_rows_limit"] == 77
    assert json.loads(applier.last_lines(1)[0])["level"]
    flag.touch()
    pair.until(lambda: applier.status()["state"] == "throttled", 30, "throttled")
    flag.unlink()
    pair.until(lambda: applier.status()["state"] == "running", 30, "no throttle")
    for key in ("apply", "log"):
        del pair.file[key]
    del pair.file["regions"]["us"]["throttle"]
    pair.write_config()
    pair.ctl("reload")
    assert applier.status()["parked_rows_limit"] > 77

    # set: one key of one daemon, checked as in the file, seen in status, kept over reloads, taken back.
    done = pair.ctl("set", *LINK, "links[1].group_rows", "0", expect=78)
    assert "is out of range; give a number from 1 to 100000" in done.stderr
    assert "cannot be changed while a daemon runs" in pair.ctl("set", *LINK, "pair", "x", expect=78).stderr
    pair.ctl("set", *LINK, "links[1].group_rows", "3")
    pair.ctl("set", "--region", "eu", "log.level", "debug")
    pair.ctl("reload")
    assert applier.status()["settings"] == "links[1].group_rows=3"
    assert capture.status()["settings"] == "log.level=debug"
    assert "log.level: error, warning, notice, info or debug; " in pair.ctl("set", "--list").stdout
    pair.ctl("set", *LINK, "--reset", "links[1].group_rows")
    assert applier.status()["settings"] is None

    # throttle: rows a second, between transactions, until it is released.
    assert "throttled: at most 1 rows/s" in pair.ctl("throttle", *LINK, "--rate", "1", "--why", "night").stdout
    assert applier.status()["throttle"].endswith(": night")
    for number in range(1000, 1040):
        pair.eu.sql(f"INSERT INTO shop.item VALUES ({number}, 'slow')")
    pair.wait("eu", "us", timeout=1, expect=75)
    assert "released" in pair.ctl("throttle", *LINK, "--release").stdout
    pair.wait("eu", "us")
    assert "no throttle of an operator" in pair.ctl("throttle", *LINK, "--release", expect=75).stderr
    assert "ratio SHARE" in pair.ctl("throttle", *LINK, "--ratio", "2", expect=64).stderr
    pair.assert_equal("shop.item", "shop2.item")

    # positions, version.
    found = json.loads(pair.ctl("positions", "--json").stdout)["regions"]
    eu = next(region for region in found if region["region"] == "eu")
    assert eu["executed"] == eu["in_topic"] == eu["captured"]
    assert eu["applied"][0]["to"] == "us" and eu["applied"][0]["seq"] == eu["topic_seq"]
    assert f"in topic            {eu['in_topic']}" in pair.ctl("positions").stdout
    told = pair.ctl("version", "--daemons").stdout
    assert "applier-eu-us: drc-applier " in told and "control protocol 1, schema " in told


# Switchover.


def test_switchover_and_back(running):
    pair = running
    for server in pair.servers.values():
        server.sql(
            "SET SESSION sql_log_bin = 0",
            "CREATE USER mover@'%' IDENTIFIED BY 'move'",
            "GRANT READ_ONLY ADMIN ON *.* TO mover@'%'",
            "CREATE USER app@'%' IDENTIFIED BY 'app'",
            "GRANT ALL ON shop.* TO app@'%'",
        )
    secret = pair.directory / "mover.password"
    secret.touch(mode=0o600)
    secret.write_text("move\n")
    account = ("--user", "mover", "--password-file", secret)
    state = lambda: tuple(server.value("SELECT @@GLOBAL.read_only") for server in (pair.eu, pair.us))
    pair.us.sql("SET GLOBAL read_only = 1")

    # The pair's own account may not; nothing changed. us cannot be written to without standby: so let it be, for now.
    assert "GRANT READ_ONLY ADMIN" in pair.ctl("switchover", *LINK, expect=77).stderr
    pair.us.sql("SET GLOBAL read_only = 0")
    assert state() == (0, 0)

    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    assert "nothing is changed" in pair.ctl("switchover", *LINK, *account, "--dry-run").stdout
    assert state() == (0, 0)

    # Not in time: eu is put back.
    pair.ctl("pause", *LINK, "--why", "test")
    pair.eu.sql("INSERT INTO shop.item VALUES (2, 'b')")
    done = pair.ctl("switchover", *LINK, *account, "--timeout", "2", expect=75)
    assert "eu is read-only now" in done.stdout and "eu is writable again" in done.stdout
    assert state() == (0, 0)

    # Ctrl-C likewise; killed outright, eu stays read-only, and the same command goes on from there.
    for number, expected in ((signal.SIGINT, 0), (signal.SIGKILL, 1)):
        with drcctl(pair, "switchover", *LINK, *account, stdout=subprocess.PIPE, text=True) as moving:
            for line in moving.stdout:
                if "eu is read-only now" in line:
                    moving.send_signal(number)
                    break
            rest = moving.stdout.read()
        assert state() == (expected, 0)
        assert ("eu is writable again" in rest) == (number == signal.SIGINT)
    pair.ctl("resume", *LINK)
    done = pair.ctl("switchover", *LINK, *account)
    assert "us is writable now: send the writers there" in done.stdout and state() == (1, 0)
    assert pair.us.query("SELECT name FROM shop.item ORDER BY id") == [("a",), ("b",)]

    # The way back is the same command. Its link waits while eu is read-only: the wait is for what us has alone.
    pair.us.sql("INSERT INTO shop.item VALUES (3, 'c')")
    done = pair.ctl("switchover", "--from", "us", "--to", "eu", *account, "--timeout", "3", expect=75)
    assert state() == (1, 0), done.stdout
    pair.eu.sql("SET GLOBAL read_only = 0")
    pair.wait("us", "eu")
    pair.ctl("switchover", "--from", "us", "--to", "eu", *account)
    assert state() == (0, 1)
    pair.us.sql("SET GLOBAL read_only = 0")

    # Without read_only: who still writes is noticed, and nothing is changed by us.
    pair.ctl("switchover", *LINK, "--no-read-only", "--reconcile")
    assert state() == (0, 0)


def test_switchover_on_mysql(make_pair):
    """super_read_only holds back everybody, so not where a link writes; what fails is put back whole."""
    pair = make_pair(server=MySQL, conflicts={"default": {"policy": "latest"}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    for server in pair.servers.values():
        server.sql(
            "SET SESSION sql_log_bin = 0",
            "CREATE USER mover@'%' IDENTIFIED BY 'move'",
            "GRANT SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN ON *.* TO mover@'%'",
            "CREATE USER app@'%' IDENTIFIED BY 'app'",
            "GRANT ALL ON shop.* TO app@'%'",
        )
    pair.start()
    secret = pair.directory / "mover.password"
    secret.touch(mode=0o600)
    secret.write_text("move\n")
    account = ("--user", "mover", "--password-file", secret)
    back = ("--from", "us", "--to", "eu")
    state = lambda server: server.query("SELECT @@GLOBAL.read_only, @@GLOBAL.super_read_only")[0]
    states = lambda: (state(pair.eu), state(pair.us))
    writable = (0, 0)

    def write(server, number, user="app"):
        with server.connect(user=user, password="app" if user == "app" else "") as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO shop.item VALUES (%s, 'x')", (number,))

    # Two ways: read_only, since the link from us goes on writing to eu as soon as it may. There and back.
    write(pair.eu, 1)
    assert "GRANT SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN" in pair.ctl("switchover", *LINK, expect=77).stderr
    assert states() == (writable, writable)
    pair.ctl("switchover", *LINK, *account)
    assert states() == ((1, 0), writable)
    with pytest.raises(pymysql.err.OperationalError, match="read-only"):
        write(pair.eu, 2)
    write(pair.us, 3)
    pair.eu.sql("SET GLOBAL read_only = 0")
    pair.wait("us", "eu")
    pair.ctl("switchover", *back, *account)
    assert states() == (writable, (1, 0))
    write(pair.eu, 5)
    pair.us.sql("SET GLOBAL read_only = 0")
    pair.settle()
    pair.assert_equal("shop.item")

    # One way, by the pair file that drcctl sees: super_read_only holds back administrators as well. Not in time: put back.
    pair.wait_for_canaries()
    pair.file["links"] = [link for link in pair.file["links"] if link["from"] == "eu"]
    pair.file["conflicts"] = {"default": {"policy": "stop"}}
    pair.write_config()
    pair.ctl("pause", *LINK, "--why", "test")
    write(pair.eu, 6)
    done = pair.ctl("switchover", *LINK, *account, "--timeout", "2", expect=75)
    assert "eu is read-only now" in done.stdout and "eu is writable again" in done.stdout
    assert states() == (writable, writable)
    pair.ctl("resume", *LINK)
    pair.ctl("switchover", *LINK, *account)
    assert states() == ((1, 1), writable)
    with pytest.raises(pymysql.err.OperationalError, match="super-read-only"):
        pair.eu.sql("INSERT INTO shop.item VALUES (7, 'root')")
    write(pair.us, 8)
    assert sorted(row[0] for row in pair.us.query("SELECT id FROM shop.item")) == [1, 3, 5, 6, 8]


# Skip.


def test_skip_of_what_blocks_a_link(make_pair):
    pair = make_pair(links=[("eu", "us")], conflicts={"default": {"policy": "stop"}})
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.start()
    applier = pair.applier("eu", "us")
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.wait("eu", "us")
    first = pair.eu.value("SELECT @@gtid_binlog_pos")
    pair.us.sql("UPDATE shop.item SET name = 'local' WHERE id = 1")
    pair.eu.sql("UPDATE shop.item SET name = 'b' WHERE id = 1")
    blocks = pair.eu.value("SELECT @@gtid_binlog_pos")
    assert "conflict" in applier.expect_exit(69)
    pair.eu.sql("INSERT INTO shop.item VALUES (2, 'after')")
    later = pair.eu.value("SELECT @@gtid_binlog_pos")
    pair.captured("eu")

    skip = lambda gtid, *more, **kinds: pair.ctl("skip", *LINK, "--gtid", gtid, "--why", "it is wrong", *more, **kinds)
    assert "is in effect already" in skip(first, expect=64).stderr
    assert f"is not the next one: that is {blocks}" in skip(later, expect=64).stderr
    assert "was never published" in skip("0-9-999", expect=64).stderr
    assert "would be skipped" in skip(blocks, "--dry-run").stdout
    assert pair.us.value("SELECT COUNT(*) FROM drc.parked") == 0
    skip(blocks)
    skip(blocks)  # said again: the same
    applier.start()
    pair.wait("eu", "us")
    assert pair.us.query("SELECT * FROM shop.item ORDER BY id") == [(1, "local"), (2, "after")]
    found = pair.us.query("SELECT gtid, state, why FROM drc.parked")
    assert len(found) == 1 and found[0][:2] == (blocks, "discarded") and found[0][2].endswith(": it is wrong")
    entries = [entry for entry in pair.conflicts() if entry["kind"] == "skipped"]
    assert len(entries) == 1 and entries[0]["gtid"] == blocks and "it is wrong" in entries[0]["why"]

    # Once: an applier that is killed and started again neither applies nor skips it anew.
    applier.kill()
    applier.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (3, 'more')")
    pair.wait("eu", "us")
    assert pair.us.query("SELECT * FROM shop.item ORDER BY id") == [(1, "local"), (2, "after"), (3, "more")]
    assert "is in effect already" in skip(blocks, expect=64).stderr


# Watching.


def read_until(fd, text, timeout=60):
    seen, deadline = "", time.monotonic() + timeout
    while text not in seen:
        assert time.monotonic() < deadline, f"no {text!r} in {seen[-2000:]!r}"
        seen += os.read(fd, 65536).decode(errors="replace")
    return seen


@pytest.mark.parametrize("end", ["q", "\x03", "SIGTERM", "SIGHUP"])
def test_watch_leaves_the_terminal_as_it_was(tmp_path, end):
    """No server is needed: what cannot be reached is shown as such."""
    config = tmp_path / "pair.yaml"
    config.write_text(
        "pair: shop\nkafka: {bootstrap: ['127.0.0.1:1'], durability: single}\n"
        "regions:\n  eu: {host: 127.0.0.1, port: 1, user: d, replica_id: 1, start: now}\n"
        "  us: {host: 127.0.0.1, port: 1, user: d, replica_id: 2, start: now}\n"
        f"links: [{{from: eu, to: us, start: now}}]\ntables: {{include: ['s.*']}}\ncontrol: {{socket: '{tmp_path}/{{name}}.sock'}}\n"
    )
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 60, 0, 0))
    before = termios.tcgetattr(side)
    argv = [str(place.programs() / "drcctl"), "--config", str(config), "status", "--watch", "--interval", "0.2"]
    control = lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    with subprocess.Popen(argv, stdin=side, stdout=side, stderr=side, preexec_fn=control) as watching:
        seen = read_until(main, "LINK")
        assert "\x1b[?1049h" in seen
        fcntl.ioctl(main, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 30, 0, 0))
        read_until(main, "\x1b[H")
        if end.startswith("SIG"):
            watching.send_signal(getattr(signal, end))
        else:
            os.write(main, end.encode())
        seen = read_until(main, "\x1b[?1049l")
        assert "\x1b[?25h" in seen
        assert watching.wait(30) == 0
    assert termios.tcgetattr(side) == before
    os.close(main)
    os.close(side)


def test_watch_without_a_terminal_prints_lines(running):
    pair = running
    for words, check in (
        ([], lambda line: "link=eu:us state=running" in line),
        (["--json"], lambda line: json.loads(line)["links"][0]["state"] == "running"),
    ):
        with drcctl(pair, "status", "--watch", "--interval", "0.2", *words, stdout=subprocess.PIPE, text=True) as watching:
            lines = [watching.stdout.readline() for _ in range(4)]
            watching.send_signal(signal.SIGINT)
            watching.stdout.read()
        assert watching.returncode == 0
        assert any(check(line) for line in lines)


# Daemons of other releases.


def lonely_pair_file(directory):
    """Of servers that are not there; passwords are."""
    config, secret = directory / "pair.yaml", directory / "password"
    secret.touch(mode=0o600)
    secret.write_text("d\n")
    region = "host: 127.0.0.1, port: 1, user: d, password_file: password, start: now"
    config.write_text(
        "pair: shop\nkafka: {bootstrap: ['127.0.0.1:1'], durability: single}\n"
        f"regions:\n  eu: {{{region}, replica_id: 1}}\n  us: {{{region}, replica_id: 2}}\n"
        "links: [{from: eu, to: us, start: now}]\ntables: {include: ['s.*']}\nconflicts: {default: {policy: stop}}\n"
        f"control: {{socket: '{directory}/{{name}}.sock'}}\n"
    )
    return config


def test_a_daemon_of_the_newest_release_is_told_what_it_cannot_do(directory):
    """The real one: what it knows works, what has come since is refused as such."""
    if release.missing():
        pytest.skip(release.missing())
    config = lonely_pair_file(directory)
    subprocess.run(["dpkg-deb", "-x", release.newest_package(), directory / "old"], check=True)
    argv = [directory / "old/usr/bin/drc-applier", "--config", config, *LINK]
    daemon = Daemon("applier-eu-us", argv, directory / "old.log", directory / "applier-eu-us.sock", cwd=directory)
    told = lambda *words: subprocess.run(
        [place.programs() / "drcctl", "--config", config, *words], capture_output=True, text=True, timeout=60, check=False
    )
    try:
        daemon.start()
        known = "\n".join(daemon.ask("help"))
        another = "speaks control protocol" in told("version", "--daemons").stderr
        for words in (["reload", *LINK], ["throttle", *LINK, "--rate", "5"], ["set", *LINK, "links[1].group_rows", "5"]):
            done = told(*words)
            if another:
                assert done.returncode == 69 and "of an older release: it speaks control protocol" in done.stderr
            elif words[0] not in known:
                assert done.returncode == 69, done
                assert "applier-eu-us is of an older release, which cannot do that" in done.stderr
        assert daemon.running
    finally:
        daemon.kill()


@pytest.mark.parametrize("version, word", [(0, "an older release"), (2, "a newer release")])
def test_a_daemon_of_another_protocol_is_refused(tmp_path, version, word):
    config = lonely_pair_file(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "applier-eu-us.sock"))
        listener.listen(8)

        def serve():
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line:
                    line.sendall(f"drc-applier eu:us protocol {version}\n".encode())
                    line.recv(100)

        threading.Thread(target=serve, daemon=True).start()
        for words in (["pause", *LINK], ["reload", *LINK], ["throttle", *LINK, "--rate", "5"], ["version", "--daemons"]):
            argv = [str(place.programs() / "drcctl"), "--config", str(config), *words]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 69, done
            assert f"of {word}: it speaks control protocol {version}, this program 1" in done.stderr
        listener.shutdown(socket.SHUT_RDWR)


# Completions.


def complete(script, line):
    """What bash offers behind `line`."""
    words = line.split(" ")
    program = (
        f"source {script}; COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1};"
        f" compopt() {{ :; }}; _{script.name.replace('-', '_')}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_completions_say_what_the_program_does(tmp_path):
    made = place.programs().parent / "completions"
    script = made / "drcctl"
    config = tmp_path / "pair.yaml"
    config.write_text("pair: shop\nregions:\n  north:\n    port: 1\n  south: {port: 2}\nlinks: []\n")
    assert {"status", "switchover", "conflicts", "stream"} <= set(complete(script, "drcctl "))
    assert complete(script, "drcctl swi") == ["switchover"]
    assert set(complete(script, "drcctl parked ")) == {"list", "show", "retry", "discard"}
    assert {"--watch", "--json", "--interval"} <= set(complete(script, "drcctl status --"))
    assert "--watch" not in complete(script, "drcctl wait --")
    assert "--gtid" in complete(script, "drcctl stream skip --") or "--at" in complete(script, "drcctl stream skip --")
    assert complete(script, f"drcctl --config {config} wait --from ") == ["north", "south"]
    assert complete(script, f"drcctl wait --config {config} --to so") == ["south"]
    assert "log.level" in complete(script, "drcctl set l")
    assert str(config) in complete(script, f"drcctl --config {tmp_path}/")


PROGRAMS = ("drcctl", "drc-reconcile", "drc-capture", "drc-applier")


@pytest.mark.parametrize("program", PROGRAMS)
def test_bash_completes_every_command_and_option(program):
    """Those of --help, which are asked for here by other means than the build's."""
    script = place.programs().parent / "completions" / program
    subprocess.run(["bash", "-n", script], check=True)
    names = documents.commands_of(program)
    assert set(complete(script, f"{program} ")) == {name.split()[0] for name in names}
    for name in ["", *names]:
        offered = set(complete(script, " ".join(filter(None, [program, name, "--"]))))
        wanted = {option for option in documents.options_of(documents.help_of(program, *name.split())) if option.startswith("--")}
        assert offered == wanted, f"{program} {name}: {offered ^ wanted}"


class Zsh:
    """A terminal with a zsh in it that has our completions and nothing of anybody's own."""

    def __init__(self, directory):
        self.main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        made = place.programs().parent / "completions"
        own = {"PATH": f"{place.programs()}:/usr/bin:/bin", "HOME": str(directory), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        control = lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.child = subprocess.Popen(["zsh", "-f", "-i"], stdin=side, stdout=side, stderr=side, env=own, preexec_fn=control)
        os.close(side)
        setup = f"fpath=({made} $fpath); autoload -Uz compinit; compinit -u -D; unsetopt auto_menu menu_complete; PS1=; print RE''ADY"
        self.send(setup + "\n")
        read_until(self.main, "READY")

    def send(self, text):
        os.write(self.main, text.encode())

    def completes(self, line, to):
        """Whether Tab behind `line` shows that; the line is taken back."""
        self.send(line + "\t")
        seen = read_until(self.main, to)
        self.send("\x15print EN''DED\n")
        read_until(self.main, "ENDED")
        return seen

    def end(self):
        self.child.kill()
        self.child.wait()
        os.close(self.main)


def test_zsh_completes_as_well(tmp_path):
    if not shutil.which("zsh"):
        pytest.skip("zsh is missing: run ./dev setup")
    config = lonely_pair_file(tmp_path)
    for program in PROGRAMS:
        script = place.programs().parent / "completions" / f"_{program}"
        assert script.read_text().startswith(f"#compdef {program}\n")
        subprocess.run(["zsh", "-n", script], check=True)
        for name in ["", *documents.commands_of(program)]:  # all options stand in the script, by command
            wanted = {option for option in documents.options_of(documents.help_of(program, *name.split())) if option.startswith("--")}
            arm = re.search(rf'^ *"{name}"(?:\|.*)?\) options=\((.*)\) ;;$', script.read_text(), flags=re.M)
            assert arm and set(arm[1].split()) == wanted, f"{program} {name}"
    zsh = Zsh(tmp_path)
    try:
        zsh.completes("drcctl swi", "drcctl switchover ")
        zsh.completes("drcctl conflicts res", "drcctl conflicts resolve ")
        zsh.completes("drcctl status --wa", "drcctl status --watch ")
        zsh.completes("drcctl stream accept-branch --reg", "--region ")
        zsh.completes(f"drcctl wait --config {config} --to u", "--to us ")
        zsh.completes("drcctl set log.l", "log.level ")
        zsh.completes("drc-reconcile inc", "drc-reconcile incident ")
        zsh.completes("drc-applier --sha", "drc-applier --shadow ")
        listed = zsh.completes("drcctl parked ", "retry")
        assert "discard" in listed
    finally:
        zsh.end()
