"""MySQL 9.7, fetched by ./dev setup, set up as a source and target of a pair wants it.

A data directory is a copy of one that was initialised once a release; each copy gets a server UUID of its own.
"""

import os
import re
import subprocess
import time

from support import place
from support.prefix import Prefix
from support.server import Server


class MySQL(Server):
    """The face of support.server.Server for MySQL."""

    kind = "mysql"
    prefix = Prefix("mysql")

    @classmethod
    def missing(cls):
        return cls.prefix.missing()

    @classmethod
    def _usual(cls):
        share = cls.prefix.path("share", "mysql")
        return {
            "user": "root" if os.geteuid() == 0 else None,
            "basedir": cls.prefix.path(),
            "lc_messages_dir": share,
            "character_sets_dir": share / "charsets",
            "plugin_dir": cls.prefix.path("lib", "mysql", "plugin"),
            "secure_file_priv": "NULL",
            "mysqlx": "OFF",
            "performance_schema": "OFF",
            "innodb_buffer_pool_size": "64M",
            "innodb_redo_log_capacity": "64M",
        }

    def default_options(self):
        return {
            **self._usual(),
            "log_bin": "binlog",
            "gtid_mode": "ON",
            "enforce_gtid_consistency": "ON",
            "binlog_row_image": "FULL",
            "binlog_row_metadata": "FULL",
            "sync_binlog": 1,
            "innodb_flush_log_at_trx_commit": 1,
            "character_set_server": "utf8mb4",
            "skip_name_resolve": True,
        }

    @classmethod
    def program_words(cls, *parts):
        return cls.prefix.program(*parts)

    def program(self):
        return [*self.program_words("sbin", "mysqld"), "--no-defaults"]

    @classmethod
    def release(cls):
        """Such as "9.7.4"."""
        words = [*cls.program_words("sbin", "mysqld"), "--no-defaults", "--version"]
        answer = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return re.search(r"Ver (\d+\.\d+\.\d+)", answer).group(1)

    @classmethod
    def _initialise(cls, directory):
        words = [*cls.program_words("sbin", "mysqld"), "--no-defaults", "--initialize-insecure", "--skip-log-bin"]
        words += [f"--datadir={directory}"]
        words += [f"--{name.replace('_', '-')}={value}" for name, value in cls._usual().items() if value is not None]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"mysqld --initialize-insecure ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        (directory / "auto.cnf").unlink(missing_ok=True)

    def make_datadir(self):
        template = place.cached_directory(f"mysql-{self.release()}", self._initialise)
        subprocess.run(["cp", "-a", "--sparse=always", "--reflink=auto", template, self.datadir], check=True)

    def executed_gtids(self):
        return self.value("SELECT @@GLOBAL.gtid_executed").replace("\n", "")

    def is_within(self, position):
        return bool(self.value("SELECT GTID_SUBSET(@@GLOBAL.gtid_executed, %s)", (position,)))

    def binlog_tool(self):
        return [*self.program_words("bin", "mysqlbinlog"), "--no-defaults"]

    def binlog_end(self):
        file, offset = self.query("SHOW BINARY LOG STATUS")[0][:2]
        return file, int(offset)

    def cut_binlog(self):
        """Purge every binlog file but a new, empty one: what a lagging capture must refuse."""
        self.sql("FLUSH BINARY LOGS")
        deadline = time.monotonic() + 30
        while len(self.query("SHOW BINARY LOGS")) > 1:
            assert time.monotonic() < deadline, f"old binlogs stay: {self.query('SHOW BINARY LOGS')}"
            self.sql(f"PURGE BINARY LOGS TO '{self.binlog_end()[0]}'")
            time.sleep(0.05)
