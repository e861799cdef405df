"""Reconcile: a full comparison beside pt-table-checksum on the same two servers, while both are written, what it costs who
writes, what an incident's window costs, and memory with a million differences.

Both servers hold the same rows of about 200 bytes, put there behind their binlogs. pt-table-checksum (Debian's
percona-toolkit) runs under native replication between them, reconcile with the links of a pair idle.
"""

import json
import os
import shutil
import subprocess
import threading
import time

import servers
import workload
from report import Report
from support import place
from support.pair import Pair

DIFFERENT = 100
WRITES_PER_S = 500
WINDOW_KEYS = 10_000
GROWN = 10  # the table of the incident's figures has so many times the rows
FILL = 1_000_000  # rows of one INSERT
WRITERS = 4  # on each side


def fill(server, table, first, last):
    """Rows first to last of a table as workload.TABLE, not in the binlog."""
    statements = [
        f"INSERT INTO bench.{table} SELECT {workload.VALUES.format(id='seq')}"
        f" FROM seq_{begin}_to_{min(begin + FILL - 1, last)}"
        for begin in range(first, last + 1, FILL)
    ]
    server.sql("SET SESSION sql_log_bin = 0", "USE bench", *statements)


def on_both(pair, work):
    threads = [threading.Thread(target=work, args=(server,)) for server in pair.servers.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Bench:
    """The pair with its tables; drc-reconcile on it."""

    def __init__(self, directory, rows):
        self.rows = rows
        conflicts = {"default": {"policy": "latest", "tie": ["eu", "us"]}}
        self.pair = Pair(directory, tables=["bench.*"], options=servers.ROOMY | servers.DURABLE, conflicts=conflicts)
        self.pair.everywhere("CREATE DATABASE bench", workload.TABLE)
        on_both(self.pair, lambda server: fill(server, "item", 1, rows))

    def table(self, name, rows):
        self.pair.everywhere(f"CREATE TABLE bench.{name} LIKE bench.item")
        on_both(self.pair, lambda server: fill(server, name, 1, rows))

    def reconcile(self, mode, table, *words, expect):
        """(seconds, summary, MiB at most) of one run."""
        out = self.pair.directory / "report.json"
        argv = [place.programs() / "drc-reconcile", "--config", self.pair.config, mode, "--pair", "eu,us"]
        argv += ["--tables", f"bench.{table}", "--json", out, *words]
        begin = time.monotonic()
        with open(self.pair.directory / "reconcile.log", "wb") as log:
            child = subprocess.Popen([str(word) for word in argv], stdout=log, stderr=log)  # pylint: disable=R1732
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        said = (self.pair.directory / "reconcile.log").read_text(encoding="utf-8", errors="replace")[-2000:]
        assert child.returncode in expect, f"drc-reconcile {mode}: exit code {child.returncode}, not {expect}\n{said}"
        with open(out, "rb") as file:
            file.seek(max(0, out.stat().st_size - 65536))
            summary = json.loads(file.read().splitlines()[-1])
        return seconds, summary, usage.ru_maxrss / 1024

    def close(self):
        self.pair.close()


# ---- beside pt-table-checksum ----


def replicate(pair):
    """Native replication from eu to us, with the tables of pt-table-checksum."""
    pair.eu.sql(
        "CREATE DATABASE IF NOT EXISTS percona",
        "CREATE OR REPLACE TABLE percona.dsns (id INT PRIMARY KEY AUTO_INCREMENT, parent_id INT, dsn VARCHAR(255) NOT NULL)",
        f"INSERT INTO percona.dsns (dsn) VALUES ('h=localhost,S={pair.us.socket},u=root')",
    )
    pair.us.sql("SET SESSION sql_log_bin = 0", "CREATE DATABASE IF NOT EXISTS percona")
    pair.eu.create_user("replica", "copies", ["GRANT REPLICATION SLAVE ON *.* TO {user}"])
    pair.us.sql(
        f"SET GLOBAL gtid_slave_pos = '{pair.eu.executed_gtids()}'",
        f"CHANGE MASTER TO master_host='{pair.eu.host}', master_port={pair.eu.port}, master_user='replica',"
        " master_password='copies', master_use_gtid=slave_pos",
        "START SLAVE",
    )


def checksum(pair, expect):
    """Seconds of pt-table-checksum on bench.item; its exit code has to be `expect`."""
    argv = ["pt-table-checksum", f"h=localhost,S={pair.eu.socket},u=root", "--databases", "bench", "--tables", "item"]
    argv += ["--replicate", "percona.checksums", "--recursion-method", f"dsn=S={pair.eu.socket},u=root,D=percona,t=dsns"]
    argv += ["--no-check-binlog-format", "--no-check-replication-filters", "--no-version-check"]
    begin = time.monotonic()
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=1200)
    seconds = time.monotonic() - begin
    assert done.returncode == expect, f"pt-table-checksum: {done.returncode}\n{done.stdout}{done.stderr}"
    assert "bench.item" in done.stdout, done.stdout + done.stderr
    return seconds


def plant(bench):
    step = bench.rows // DIFFERENT
    change = f"UPDATE bench.item SET note = CONCAT('x', note) WHERE id MOD {step} = 0 AND id <= {step * DIFFERENT}"
    bench.pair.us.sql("SET SESSION sql_log_bin = 0", change)


def beside_pt(report, directory, arguments):
    assert shutil.which("pt-table-checksum"), "no pt-table-checksum: ./dev bench reconcile installs percona-toolkit"
    bench = Bench(directory / "pt", arguments.rows)
    try:
        ours, theirs = {}, {}
        bench.pair.start()
        for different in (0, DIFFERENT):
            if different:
                plant(bench)
            ours[different] = [
                bench.reconcile("full", "item", expect={min(different, 1)})[0] for _ in range(arguments.rounds)
            ]
        for daemon in bench.pair.daemons:
            daemon.stop()
        replicate(bench.pair)
        for different in (DIFFERENT, 0):
            if not different:
                step = bench.rows // DIFFERENT
                back = f"UPDATE bench.item SET note = SUBSTR(note, 2) WHERE id MOD {step} = 0 AND id <= {step * DIFFERENT}"
                bench.pair.us.sql("SET SESSION sql_log_bin = 0", back)
            theirs[different] = [checksum(bench.pair, 16 if different else 0) for _ in range(arguments.rounds)]
        report.add("full_seconds", "s", ours[0])
        report.add("pt_checksum_seconds", "s", theirs[0])
        report.ratio("full_vs_pt_checksum", theirs[0], ours[0])
        report.ratio("full_vs_pt_checksum_100", theirs[DIFFERENT], ours[DIFFERENT])
        report.add("full_idle_rows_per_s", "rows/s", [bench.rows / seconds for seconds in ours[0]])
    finally:
        bench.close()


# ---- under load ----


class Writers:
    """Single-row updates of both sides, each side of rows of its own; `rate` a second on each, None for as many as go."""

    def __init__(self, pair, rows, rate):
        self.rows, self.rate = rows, rate
        self.done, self._stop = 0, threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._write, args=(server, side, number))
            for side, server in enumerate(pair.servers.values())
            for number in range(WRITERS)
        ]

    def _write(self, server, side, number):
        pause, count = (WRITERS / self.rate if self.rate else 0), 0
        with server.connect() as connection, connection.cursor() as cursor:
            next_at = time.monotonic()
            while not self._stop.is_set():
                count += 1
                row = 1 + ((count * WRITERS + number) * 7919 * 2 + side) % self.rows
                cursor.execute(f"UPDATE bench.item SET stock = stock + 1, made = NOW(3) WHERE id = {row}")
                with self._lock:
                    self.done += 1
                next_at += pause
                self._stop.wait(max(0, next_at - time.monotonic()) if pause else 0)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        time.sleep(2)
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def per_second(self, work):
        """What `work` returns, and writes a second while it ran."""
        before, begin = self.done, time.monotonic()
        result = work()
        return result, (self.done - before) / (time.monotonic() - begin)


def under_load(report, directory, arguments):
    bench = Bench(directory / "load", arguments.rows)
    try:
        bench.pair.start()
        run = lambda *words: bench.reconcile("full", "item", *words, expect={0, 2})[0]
        rates, written = [], []
        for _ in range(arguments.rounds):
            with Writers(bench.pair, bench.rows, WRITES_PER_S) as writers:
                seconds, beside = writers.per_second(lambda: run("--share", 100))
            rates.append(bench.rows / seconds)
            written.append(beside / len(bench.pair.servers))
            bench.pair.settle(timeout=300)
        report.add("rows_per_s", "rows/s", rates)
        report.add("written_beside_per_s", "on each side", written)
        drops, shares = [], []
        for _ in range(arguments.rounds):
            with Writers(bench.pair, bench.rows, None) as writers:
                _, alone = writers.per_second(lambda: time.sleep(15))
                seconds, beside = writers.per_second(run)
                _, after = writers.per_second(lambda: time.sleep(15))
            bench.pair.settle(timeout=600)
            drops.append(1 - beside / ((alone + after) / 2))
            shares.append(bench.rows / seconds)
        report.add("load_on_writers", "share", drops)
        report.add("throttled_rows_per_s", "rows/s", shares)
        report.ratio("throttled_of_unthrottled", shares, rates)
    finally:
        bench.close()


# ---- incident ----


def touch(bench, table, rows):
    """Change the window's keys at eu, spread over the table, and wait for them; the time of the window's beginning."""
    time.sleep(1.1)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    step = max(1, rows // WINDOW_KEYS)
    for begin in range(0, WINDOW_KEYS, 500):
        keys = ", ".join(str(1 + n * step) for n in range(begin, begin + 500) if n * step < rows)
        bench.pair.eu.sql(f"UPDATE bench.{table} SET stock = stock + 1 WHERE id IN ({keys})")
    bench.pair.settle(timeout=300)
    return since


def incident(report, directory, arguments):
    bench = Bench(directory / "incident", arguments.rows)
    try:
        bench.table("big", arguments.rows * GROWN)
        bench.pair.start()
        full = [bench.reconcile("full", "big", expect={0})[0] for _ in range(arguments.rounds)]
        runs = {}
        for name, rows in (("item", arguments.rows), ("big", arguments.rows * GROWN)):
            since = touch(bench, name, rows)
            runs[name] = [
                bench.reconcile("incident", name, "--since", since, expect={0})[0] for _ in range(arguments.rounds)
            ]
        report.add("incident_seconds", "s", runs["big"])
        report.add("incident_full_seconds", "s", full)
        report.ratio("incident_vs_full", runs["big"], full)
        report.ratio("incident_growth", runs["big"], runs["item"])
    finally:
        bench.close()


# ---- memory ----


def memory(report, directory, arguments):
    bench = Bench(directory / "memory", arguments.rows)
    try:
        bench.pair.start()
        many = bench.rows // 2
        bench.pair.us.sql("SET SESSION sql_log_bin = 0", f"UPDATE bench.item SET note = CONCAT('x', note) WHERE id <= {many}")
        rates, peaks = [], []
        for _ in range(arguments.rounds):
            seconds, summary, peak = bench.reconcile("full", "item", expect={1})
            assert summary["differences"] == many, f"{summary['differences']} differences, not {many}"
            rates.append(many / seconds)
            peaks.append(peak)
        report.add("rss_mib_1m_differences" if many == 1_000_000 else f"rss_mib_{many // 1000}k_differences", "MiB", peaks)
        report.add("differences_per_s", "rows/s", rates)
    finally:
        bench.close()


PARTS = {"pt": beside_pt, "load": under_load, "incident": incident, "memory": memory}


def run(arguments, directory):
    report = Report("reconcile", rows=arguments.rows, **servers.ROOMY, **servers.DURABLE)
    for name in arguments.only.split(",") if arguments.only else PARTS:
        assert name in PARTS, f"--only {name}: not one of {', '.join(PARTS)}"
        PARTS[name](report, directory, arguments)
        shutil.rmtree(directory / name, ignore_errors=True)
    return report
