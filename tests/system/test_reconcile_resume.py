"""drc-reconcile full: killed at any moment and gone on with, held up, cut short; what its progress looks like."""

import os
import pty
import random
import re
import select
import signal
import subprocess
import time

import pytest

from support import place
from support.pair import json_lines
from system.test_reconcile import plant

ROWS = 6000
TABLES = (
    "CREATE TABLE shop.first (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(40))",
    "CREATE TABLE shop.heap (a INT, b VARCHAR(40))",
    "CREATE TABLE shop.last (word VARCHAR(20), no INT, v INT, PRIMARY KEY (word, no), KEY by_v (v))",
)
PLANTED = (
    "UPDATE shop.first SET v = 'other' WHERE id MOD 97 = 0",
    "DELETE FROM shop.last WHERE no MOD 500 = 7",
    "INSERT INTO shop.heap VALUES (1, 'v1')",
    "ALTER TABLE shop.last DROP KEY by_v",
    "ALTER TABLE shop.first AUTO_INCREMENT = 1000000",
)
DIFFERENCES = ROWS // 97 + ROWS // 500 + 3
WHOLE_STATE = 30_000  # bytes, about, with chunks of 20 rows


@pytest.fixture
def filled(make_pair):
    """A pair whose daemons do not run: rows are put into both sides by hand."""
    pair = make_pair()
    pair.everywhere("CREATE DATABASE shop")
    for server in (pair.eu, pair.us):
        plant(server, *TABLES)
        plant(server, "USE shop", f"INSERT INTO shop.first SELECT seq, CONCAT('v', seq) FROM seq_1_to_{ROWS}")
        plant(server, "USE shop", "INSERT INTO shop.heap SELECT seq MOD 50, CONCAT('v', seq MOD 10) FROM seq_1_to_2000")
        plant(server, "USE shop", f"INSERT INTO shop.last SELECT CONCAT('w', seq MOD 3), seq, seq FROM seq_1_to_{ROWS}")
    plant(pair.us, *PLANTED)
    return pair.start()


def command(pair, *words):
    program = str(place.programs() / "drc-reconcile")
    return [program, "--config", str(pair.config), "full", "--pair", "eu,us", *[str(word) for word in words]]


def size_of(state):
    """In bytes; 0 before there is one, and when the comparison took it away."""
    try:
        return state.stat().st_size
    except FileNotFoundError:
        return 0


def told(report):
    """All that a report says, but for what depends on when it was made."""
    known = lambda told: {k: v for k, v in told.items() if k not in ("seconds", "chunks", "facts")}
    *lines, summary = map(known, report)
    return [*lines, {**summary, "by_table": [known(table) for table in summary["by_table"]]}]


def test_killed_at_random_moments_it_tells_the_same(filled, long_run):
    pair, seed = filled, random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    state, report = pair.directory / "state", pair.directory / "resumed.json"
    whole = pair.reconcile("--chunk-rows", 100, expect=1)
    assert whole[-1]["differences"] == DIFFERENCES
    assert {line["detail"] for line in whole if line.get("class") == "definition"} == {
        "index `by_v` (`v`) is only at the source",
        f"AUTO_INCREMENT is {ROWS + 1} at the source and 1000000 at the target",
    }
    words = ["--chunk-rows", 20, "--json", report, "--state", state]
    kills, wanted, farthest = 0, 30 if long_run else 6, 0
    for _ in range(5 * wanted):
        # It is killed after a way that was drawn, not after a time: how far a time reaches depends on the machine.
        enough = size_of(state) + dice.randrange(1, 2 * WHOLE_STATE // wanted)
        with subprocess.Popen(command(pair, *words), stdout=subprocess.DEVNULL) as child:
            while size_of(state) < enough and child.poll() is None:
                time.sleep(dice.uniform(0, 0.01))
            kills += child.poll() is None  # one that came to its end leaves no state: the next begins anew
            child.kill()
        farthest = max(farthest, size_of(state))
        if kills == wanted:
            break
    pair.tool("drc-reconcile", *command(pair, *words)[3:], expect=1)
    print(f"{kills} kills, the farthest at {farthest} bytes")
    assert kills == wanted and farthest > 100
    assert told(json_lines(report.read_text(encoding="utf-8"))) == told(whole)
    assert not state.exists(), "a run that came to its end leaves nothing to go on with"


def test_a_signal_ends_it_in_order_and_it_is_gone_on_with(filled):
    pair = filled
    state, report, flag, errors = (pair.directory / name for name in ("state", "stopped.json", "hold", "errors"))
    whole = pair.reconcile("--chunk-rows", 100, expect=1)

    def stopped(number, ready, *words):
        # A shell without job control has its background jobs ignore SIGINT.
        argv = ["env", "--default-signal=INT,TERM", *command(pair, "--state", state), *[str(word) for word in words]]
        with errors.open("w", encoding="utf-8") as said:
            with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=said, text=True, cwd=pair.directory) as child:
                pair.until(lambda: ready() or child.poll() is not None, 60, "something to be stopped in")
                child.send_signal(number)
                out = child.communicate(timeout=60)[0]
        assert child.returncode == 2, errors.read_text()
        assert f"drc-reconcile: {signal.Signals(number).name}: it ends" in errors.read_text()
        assert "it was stopped by a signal" in errors.read_text()
        return out

    # In the middle of the chunks; what was found until then is told, as text and as objects.
    grown = lambda: state.exists() and state.stat().st_size > 1500
    text = stopped(signal.SIGINT, grown, "--chunk-rows", 1)
    assert "\nDifferences:\n  shop.first " in text and "; incomplete, see above" in text
    size = state.stat().st_size
    grown = lambda: state.stat().st_size > size + 500
    stopped(signal.SIGTERM, grown, "--chunk-rows", 1, "--json", report)
    lines = json_lines(report.read_text(encoding="utf-8"))
    assert lines[-1]["exit_code"] == 2 and 0 < lines[-1]["differences"] < DIFFERENCES
    # While it stands still, too.
    flag.touch()
    stopped(signal.SIGINT, lambda: f"the flag file {flag} is there" in errors.read_text(), "--flag-file", flag)
    assert told(pair.reconcile("--state", state, expect=1)) == told(whole)
    assert not state.exists()


def test_a_state_of_something_else_is_refused(filled):
    pair, state = filled, filled.directory / "state"
    refused = lambda *words: pair.tool("drc-reconcile", *command(pair, "--state", state, *words)[3:], expect=64).stderr
    done = pair.tool("drc-reconcile", *command(pair, "--state", state, "--max-diffs", 5, "--chunk-rows", 100)[3:], expect=2)
    assert "as many differences as --max-diffs asks for" in done.stderr
    assert 5 <= len(re.findall(r"^  \S", done.stdout, re.MULTILINE)) < 20
    assert "is the state of another comparison" in refused("--tables", "shop.first")
    assert "is the state of another comparison" in refused("--mask", "v")
    kept = state.read_bytes()
    state.write_bytes(kept.replace(b"state 1\n", b"state 9\n", 1))
    assert "has the format of another release" in refused()
    state.write_bytes(b"my diary")
    assert "is no state of drc-reconcile" in refused()
    assert state.read_bytes() == b"my diary"
    state.write_bytes(kept[:-3])  # torn in its last record: what stands before counts
    report = pair.reconcile("--state", state, expect=1)
    assert report[-1]["differences"] == DIFFERENCES


def read_terminal(argv, cwd):
    """Run it on a terminal: what it writes there while it runs."""
    primary, secondary = pty.openpty()
    seen = b""
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=secondary, cwd=cwd) as child:
        os.close(secondary)
        while True:
            ready, _, _ = select.select([primary], [], [], 0.1)
            if ready:
                try:
                    seen += os.read(primary, 65536)
                except OSError:
                    break
            yield seen.decode("utf-8"), child
    os.close(primary)


def test_progress_on_a_terminal_and_a_flag_file(filled):
    pair, flag = filled, filled.directory / "hold"
    flag.touch()
    waited = False
    for seen, child in read_terminal(command(pair, "--flag-file", flag, "--chunk-rows", 50), pair.directory):
        if f"the flag file {flag} is there" in seen and not waited:
            assert child.poll() is None
            waited = True
            flag.unlink()
    assert waited
    assert re.search(r"\[[#.]{20}\] +\d+ % shop\.first: comparing, \d+ rows, \d+ rows/s, 0:\d\d:\d\d to go", seen), seen
    assert seen.endswith("\r\x1b[K"), "the line is taken away at the end"


def test_an_account_that_may_only_read(filled):
    pair = filled
    for server in (pair.eu, pair.us):
        server.create_user("reader", "reads", ["GRANT SELECT ON shop.* TO {user}", "GRANT SELECT ON drc.* TO {user}"])
    for name in ("eu", "us"):
        secret = pair.directory / f"{name}.reader"
        secret.write_text("reads", encoding="utf-8")
        secret.chmod(0o600)
        pair.file["regions"][name].update(user="reader", password_file=str(secret))
    pair.write_config()
    report = pair.reconcile("--no-probe", expect=1)
    assert report[-1]["differences"] == DIFFERENCES


def test_a_server_that_is_lost_in_the_middle(filled):
    pair, state = filled, filled.directory / "state"
    words = command(pair, "--chunk-rows", 2, "--state", state)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=pair.directory) as child:
        while not state.exists() or state.stat().st_size < 1500:
            assert child.poll() is None
            time.sleep(0.005)
        pair.us.kill()
        out, errors = child.communicate(timeout=240)
    assert child.returncode == 2, (out, errors)
    assert b"trying again" in errors and b"the tables after this one were not compared" in errors
    pair.us.start()
    pair.settle()
    assert pair.reconcile("--state", state, expect=1)[-1]["differences"] == DIFFERENCES
