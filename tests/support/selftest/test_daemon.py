"""Daemons under test: an end that nobody wanted is found, with the end of the log; nothing outlives the test."""

import os
import subprocess
import sys
import textwrap
import time

import pytest

from support import pairfile, place
from support.daemon import Daemon
from support.process import ProcessDied

PROGRAM = """
import os, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: os._exit(int(sys.argv[2])))
print("started", flush=True)
listener = socket.socket(socket.AF_UNIX)
if os.path.exists(sys.argv[1]): os.unlink(sys.argv[1])
listener.bind(sys.argv[1])
listener.listen()
while True:
    line, _ = listener.accept()
    with line, line.makefile("rw") as both:
        both.write("drc-example protocol 1\\n")
        both.flush()
        command = both.readline().strip()
        if not command:
            continue
        if command == "die":
            print("cause: told to", flush=True)
            os._exit(69)
        both.write(f"you said {command}\\nand no more\\n\\n")
"""


@pytest.fixture
def daemon(directory):
    """A program that behaves like one of ours; its second argument is the exit code on SIGTERM."""

    def make(code_on_stop=0):
        argv = ["/usr/bin/python3", "-c", PROGRAM, directory / "sock", code_on_stop]
        made.append(Daemon("example", argv, directory / "example.log", directory / "sock"))
        return made[-1].start()

    made = []
    yield make
    for one in made:
        one.kill()


def test_it_answers_and_stops(daemon):
    example = daemon()
    assert example.ask("hello") == ["you said hello", "and no more"]
    example.check()
    example.stop()
    example.check()
    assert not example.running


def test_an_end_that_nobody_wanted_is_found(daemon):
    example = daemon()
    example.ask("die")
    example.wait(10)
    with pytest.raises(ProcessDied, match=r"(?s)exit code 69.*cause: told to"):
        example.check()


def test_an_end_that_was_wanted_is_checked(daemon):
    example = daemon()
    example.ask("die")
    assert example.expect_exit(69, timeout=10) == "cause: told to"
    example.check()
    example.start()
    example.ask("die")
    with pytest.raises(AssertionError, match="69, not 78"):
        example.expect_exit(78, timeout=10)


def test_a_wrong_code_on_stop_is_an_error(daemon):
    with pytest.raises(AssertionError, match="ended with 3 on SIGTERM"):
        daemon(code_on_stop=3).stop()


def test_a_killed_one_is_not_missed(daemon):
    example = daemon()
    example.kill()
    example.check()
    assert example.exit_code == -9


def running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_no_child_outlives_a_killed_parent(directory):
    script = textwrap.dedent(
        f"""
        import sys, threading, time
        sys.path.insert(0, {str(place.ROOT / "tests")!r})
        from support.process import Process
        child = Process("sleep", ["sleep", "600"], {str(directory / "sleep.log")!r})
        starter = threading.Thread(target=child.start)
        starter.start()
        starter.join()
        time.sleep(0.3)
        print(child.pid if child.running else "ended with its thread", flush=True)
        time.sleep(600)
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert running(pid)
        parent.kill()
    deadline = time.monotonic() + 10
    while running(pid):
        assert time.monotonic() < deadline, "the child lives on"
        time.sleep(0.02)


def test_pair_files_are_merged_and_written(directory):
    base = {"pair": "shop", "kafka": {"bootstrap": ["a:1"], "durability": "single"}, "tables": {"include": ["shop.*"]}}
    over = {"kafka": {"durability": pairfile.DELETE}, "conflicts": {"tables": {"shop.item": {"policy": "stop"}}}}
    path = pairfile.write(directory, pairfile.merge(base, over), {"eu": 'a "b"'})
    assert path.read_text().splitlines() == [
        'pair: "shop"',
        "kafka:",
        '  bootstrap: ["a:1"]',
        "tables:",
        '  include: ["shop.*"]',
        "conflicts:",
        "  tables:",
        '    "shop.item":',
        '      policy: "stop"',
    ]
    secret = directory / "eu.password"
    assert secret.read_text() == 'a "b"\n' and secret.stat().st_mode & 0o777 == 0o600
    assert base["kafka"]["durability"] == "single"
