"""What the demo stands on: runs a query or command, shows it with its answer, and checks what is claimed about it."""

import pathlib
import shlex
import sys

from support import place


def section(title):
    print(f"\n== {title}", flush=True)


class Stage:
    """The pair on show. Every method prints what it ran and what came back."""

    def __init__(self, pair):
        self.pair = pair

    def sql(self, region, *statements):
        for statement in statements:
            print(f"  {region}> {statement}", flush=True)
        self.pair.servers[region].sql(*statements)

    def query(self, region, statement):
        rows = [tuple(row) for row in self.pair.servers[region].query(statement)]
        print(f"  {region}> {statement}")
        for row in rows:
            print("      " + " | ".join(str(cell) for cell in row))
        sys.stdout.flush()
        return rows

    def tool(self, program, *arguments, expect=0):
        print(f"  $ {program} --config {self.pair.config} {shlex.join(arguments)}", flush=True)
        done = self.pair.tool(program, *arguments, expect=expect, timeout=180)
        for line in done.stdout.splitlines():
            print("      " + (line if len(line) <= 200 else line[:197] + "..."))
        print(f"      (exit code {done.returncode})", flush=True)
        return done

    def settle(self):
        for source, target in self.pair.links:
            self.tool("drcctl", "wait", "--from", source, "--to", target, "--timeout", "120")

    def expect(self, holds, claim):
        if not holds:
            raise AssertionError(f"it is not so that {claim}")
        print(f"  ok: {claim}", flush=True)

    def show_file(self, path):
        print(f"  $ cat {path}")
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            print("      " + line)

    def processes(self):
        pair = self.pair
        return [*pair.daemons, *(node.process for node in pair.kafka.nodes), *(s.process for s in pair.servers.values())]

    def left_running(self):
        """Names of processes of ours that still run."""
        return [process.name for process in self.processes() if process.running]

    def look_around(self):
        """Print where everything is and how to end it."""
        pids = " ".join(str(process.pid) for process in self.processes())
        bin_dir = place.programs()
        print(f"\nThe pair goes on. Its files, logs and the pair file are in {self.pair.directory}. For example:")
        for name, server in self.pair.servers.items():
            print(f"  mariadb --socket={server.socket} --user=root shop     # region {name}")
        print(f"  {bin_dir}/drcctl --config {self.pair.config} status")
        print(f"  {bin_dir}/drcctl --config {self.pair.config} conflicts list")
        print(f"  {bin_dir}/drc-reconcile full --config {self.pair.config} --pair eu,us")
        print(f"To end it:\n  kill {pids}\n  rm -rf {self.pair.directory}")
