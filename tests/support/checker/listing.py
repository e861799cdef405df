"""The source's binlog as its server's own tool prints it, mariadb-binlog or mysqlbinlog."""

import fnmatch
import io
import re
import subprocess
from dataclasses import dataclass, field

OPTIONS = ("-v", "--base64-output=DECODE-ROWS")

_GTID = re.compile(r"^#\d{6} .*\tGTID (\d+-\d+-\d+)( ddl)?|^SET @@SESSION\.GTID_NEXT= '([0-9a-f-]{36}:[^']+)'")
_ROW = re.compile(r"^### (INSERT INTO|UPDATE|DELETE FROM) `(.+)`\.`(.+)`$")
_XA = re.compile(r"^XA (PREPARE|COMMIT|ROLLBACK) ((?:X'[0-9a-fA-F]*',?){2}\d+)")
_USE = re.compile(r"^use `(.+)`/\*!\*/;")
_NO_STATEMENT = re.compile(
    r"^(#|/\*|SET |START TRANSACTION|BEGIN|COMMIT|ROLLBACK|use `|DELIMITER |XA (START|END) |SAVEPOINT |\s*$)"
)


@dataclass(slots=True)
class Group:
    """One GTID's group; `kind` is data, held, ddl, xa-commit or xa-rollback."""

    gtid: str
    kind: str = "data"
    xid: str = ""
    db: str = ""
    statement: str = None
    rows: list = field(default_factory=list)  # [operation, table, before, after]
    first_table: str = None
    ended: bool = False


class _Parser:
    """Line by line; `groups` are those that took effect or were prepared, in the binlog's order."""

    def __init__(self):
        self.groups = []
        self._group = None
        self._db = ""
        self._statement = None  # lines so far

    def line(self, line):
        if line.startswith("### "):
            self._row_line(line)
        elif self._statement is not None:
            self._statement_line(line)
        elif found := _GTID.match(line):
            self._close()
            self._group = Group(found.group(1) or found.group(3))
        elif found := _USE.match(line):
            self._db = found.group(1)
        elif self._group is None:
            pass
        elif found := _XA.match(line):
            self._end_xa(found.group(1), found.group(2), line.endswith(" ONE PHASE"))
        elif line.startswith("COMMIT"):
            self._group.ended = True
        elif line.startswith("ROLLBACK") and not line.startswith("ROLLBACK TO"):
            self._group = self._group if self._group.ended else None
        elif not _NO_STATEMENT.match(line):
            self._statement = []
            self._statement_line(line)

    def _end_xa(self, how, xid, one_phase):
        self._group.ended = True
        if not one_phase:
            self._group.kind = "held" if how == "PREPARE" else f"xa-{how.lower()}"
            self._group.xid = xid

    def _row_line(self, line):
        rows = self._group.rows
        if line.startswith("###   @"):
            rows[-1][3 if rows[-1][3] is not None else 2].append(line[line.index("=") + 1 :])
        elif line == "### WHERE":
            rows[-1][2] = []
        elif line == "### SET":
            rows[-1][3] = []
        elif found := _ROW.match(line):
            table = f"{found.group(2)}.{found.group(3)}"
            self._group.first_table = self._group.first_table or table
            rows.append([found.group(1).split()[0], table, None, None])
        else:
            raise AssertionError(f"a line of a row that is not understood: {line}")

    def _statement_line(self, line):
        if line == "/*!*/;":
            self._group.db, self._group.statement = self._db, "\n".join(self._statement)
            self._statement = None
        else:
            self._statement.append(line)

    def _close(self):
        group, self._group = self._group, None
        if group is not None and (group.ended or group.statement is not None):
            self.groups.append(group)

    def end(self):
        self._close()
        return self.groups


def parse(lines):
    """The groups of a listing, whose lines come without their ends."""
    parser = _Parser()
    for line in lines:
        parser.line(line)
    return parser.end()


def read(server):
    """The groups of a server's whole binlog."""
    files = [server.datadir / row[0] for row in server.query("SHOW BINARY LOGS")]
    command = [*server.binlog_tool(), *OPTIONS, *[str(file) for file in files]]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        lines = io.TextIOWrapper(child.stdout, encoding="latin-1", newline="\n")
        groups = parse(line[:-1] for line in lines)
    assert child.returncode == 0, f"{command[0]} ended with {child.returncode}"
    return groups


def of_stream(groups, tables):
    """What a stream of the tables (patterns db.table) must hold of them: (gtid, kind, xid or statement, rows)."""
    included = lambda table: any(fnmatch.fnmatchcase(table, pattern) for pattern in tables)
    for group in groups:
        if group.first_table == "drc.ledger":
            continue  # applied here by an applier: the other region's
        if group.statement is not None and included(f"{group.db}.?"):
            yield group.gtid, "ddl", group.statement, []
        rows = [tuple(tuple(p) if isinstance(p, list) else p for p in row) for row in group.rows if included(row[1])]
        if rows or group.kind != "data":
            yield group.gtid, group.kind, group.xid, rows
