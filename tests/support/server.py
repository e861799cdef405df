"""A database server of our own: the face that MariaDB and MySQL of any release share.

`root` logs in through the unix socket without a password; `drc`, the user that the daemons get, over TCP with one. What
that one may do is said by `grants`, which a pair sets: without, it may log in and nothing else.
A subclass says how a data directory is made and which program with which options serves it.
"""

import pathlib
import shutil
import time

import pymysql

from support import ports
from support.process import Process

DRC_USER = "drc"


class Server:
    """One server: its data in `directory`, the same port over every restart."""

    kind = "server"
    def __init__(self, name, directory, server_id, *, options=None, password="a pass'word", outlive=False):
        self.name = name
        self.directory = pathlib.Path(directory)
        self.server_id = server_id
        self.password = password
        self.host = "127.0.0.1"
        self.port = ports.free_port()
        self.datadir = self.directory / "data"
        self.tmpdir = self.directory / "tmp"
        self.socket = self.directory / "sock"
        self.options = {**self.default_options(), **(options or {})}
        self.grants = list  # a function: statements
        self.tmpdir.mkdir(parents=True, exist_ok=True)
        self.process = Process(f"{self.kind} {name}", [], self.directory / "server.log", outlive=outlive)

    # What a subclass supplies.

    @classmethod
    def missing(cls):
        """None, or why it cannot be run here: then the tests that need it are skipped."""
        return None

    def default_options(self):
        """Server options by name; True for a bare flag, None to leave one out."""
        raise NotImplementedError

    def program(self):
        """The command up to the options."""
        raise NotImplementedError

    def make_datadir(self):
        """Fill self.datadir, where it does not exist yet."""
        raise NotImplementedError

    def executed_gtids(self):
        """Everything in its binlog, as the server writes it."""
        raise NotImplementedError

    def binlog_tool(self):
        """The command that prints its binlog files as text, up to the options."""
        raise NotImplementedError

    def is_within(self, position):
        """Whether everything in its binlog is in `position`, as a capture of it says."""
        raise NotImplementedError

    def binlog_end(self):
        """(file, offset) of the end of its binlog."""
        raise NotImplementedError

    # Running it.

    def command(self):
        words = [*self.program(), f"--datadir={self.datadir}", f"--socket={self.socket}", f"--port={self.port}"]
        words += [f"--bind-address={self.host}", f"--server-id={self.server_id}"]
        words.append(f"--tmpdir={self.tmpdir}")  # of its own: a server that starts empties it
        for name, value in self.options.items():
            option = "--" + name.replace("_", "-")
            if value is True:
                words.append(option)
            elif value is not None:
                words.append(f"{option}={value}")
        return words

    def start(self, timeout=120):
        """Start it and wait until it answers; the first time with a new data directory and the user `drc`."""
        fresh = not self.datadir.exists()
        if fresh:
            self.make_datadir()
        self.process.argv = [str(word) for word in self.command()]
        self.process.start()
        self.process.wait_ready(self.answers, timeout)
        if fresh:
            self.create_user(DRC_USER, self.password, self.grants())
        return self

    def stop(self, timeout=60):
        self.process.stop(timeout)

    def kill(self):
        self.process.kill()

    def restart(self):
        """Stop and start with the options as they are now."""
        self.stop()
        return self.start()

    def remove(self):
        """End it at once and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def freeze(self):
        self.process.freeze()

    def thaw(self):
        self.process.thaw()

    @property
    def running(self):
        return self.process.running

    def answers(self):
        try:
            self.connect(connect_timeout=2).close()
        except pymysql.err.OperationalError:
            return False
        return True

    def __enter__(self):
        return self if self.running else self.start()

    def __exit__(self, *_):
        self.kill()

    # Talking to it.

    def connect(self, user="root", password="", **more):
        """A new connection, autocommit unless told otherwise: root by socket, anyone else over TCP."""
        more.setdefault("autocommit", True)
        more.setdefault("charset", "utf8mb4")
        if user == "root":
            return pymysql.connect(unix_socket=str(self.socket), user=user, password=password, **more)
        return pymysql.connect(host=self.host, port=self.port, user=user, password=password, **more)

    def create_user(self, name, password, grants):
        """Create `name`@'%'; a statement of `grants` may have {user} where the account goes."""
        account = f"'{name}'@'%'"
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_bin = 0")
            cursor.execute(f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY {connection.escape(password)}")
            for grant in grants:
                cursor.execute(grant.format(user=account))

    def admit_replica(self):
        """Let servers replicate from it as `replica`, by the password that `drc` has, whose own account may not do that everywhere."""
        self.create_user("replica", self.password, ["GRANT REPLICATION SLAVE ON *.* TO {user}"])

    def sql(self, *statements):
        """Run statements in one session, each committed by itself unless they say BEGIN."""
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def prepare_xa(self, xid, *statements):
        """Run statements as an XA transaction as far as XA PREPARE, and leave it to whoever ends it.

        A server lets another session end it only once the one that prepared it is gone, a moment after its close.
        """
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in (f"XA START '{xid}'", *statements, f"XA END '{xid}'", f"XA PREPARE '{xid}'"):
                cursor.execute(statement)
            session = connection.thread_id()
        deadline = time.monotonic() + 30
        while self.value(f"SELECT COUNT(*) FROM information_schema.processlist WHERE id = {session}"):
            assert time.monotonic() < deadline, f"session {session} is still there 30 s after its close"
            time.sleep(0.01)

    def query(self, statement, arguments=None):
        """Rows as tuples of Python values."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return list(cursor.fetchall())

    def value(self, statement, arguments=None):
        """The first column of the first row."""
        return self.query(statement, arguments)[0][0]

    def raw(self, statement):
        """Rows as tuples of bytes (None for NULL): exactly what the server sent, no conversion of any type."""
        connection = self.connect(init_command="SET NAMES binary", use_unicode=False, conv={})
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def binlog_bytes(self):
        """Total size of its binlog: does not move while nothing is written."""
        return sum(int(row[1]) for row in self.query("SHOW BINARY LOGS"))
