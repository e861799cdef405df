"""MariaDB of the system's packages, set up as a source and target of a pair wants it.

A data directory is a copy of one that mariadb-install-db made once a release (.cache/mariadb-RELEASE): a start takes
about a second. Options are given by name, `MariaDB(..., options={"sync_binlog": 0})`.
"""

import os
import re
import shutil
import subprocess
import time

from support import place
from support.prefix import Prefix
from support.server import Server


class MariaDB(Server):
    """The face of support.server.Server for MariaDB."""

    kind = "mariadb"
    mariadbd = ("/usr/sbin/mariadbd", "--no-defaults")
    install_db = ("/usr/bin/mariadb-install-db", "--no-defaults")

    def default_options(self):
        return {
            "user": "root" if os.geteuid() == 0 else None,
            "log_bin": "binlog",
            "binlog_format": "ROW",
            "binlog_row_image": "FULL",
            "binlog_row_metadata": "FULL",
            "gtid_strict_mode": "ON",
            "sync_binlog": 1,
            "innodb_flush_log_at_trx_commit": 1,
            "innodb_buffer_pool_size": "64M",
            "innodb_log_file_size": "48M",
            "innodb_temp_data_file_path": "ibtmp1:4M:autoextend",
            "key_buffer_size": "1M",
            "aria_pagecache_buffer_size": "4M",
            "performance_schema": "OFF",
            "character_set_server": "utf8mb4",
            "skip_name_resolve": True,
            "skip_ssl": None,
        }

    @classmethod
    def missing(cls):
        program = cls.mariadbd[0]
        return None if shutil.which(program) else f"{program} is missing: run ./dev setup"

    def program(self):
        return list(self.mariadbd)

    @classmethod
    def release(cls):
        """Such as "10.11.6"."""
        answer = subprocess.run([*cls.mariadbd, "--version"], capture_output=True, text=True, check=True).stdout
        return re.search(r"Ver (\d+\.\d+\.\d+)", answer).group(1)

    @classmethod
    def _install(cls, directory):
        words = [
            *cls.install_db,
            f"--datadir={directory}",
            f"--tmpdir={directory}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--force",  # also where the name of this host has no address
            "--innodb-log-file-size=8M",
            *(["--user=root"] if os.geteuid() == 0 else []),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def make_datadir(self):
        template = place.cached_directory(f"mariadb-{self.release()}", self._install)
        subprocess.run(["cp", "-a", "--sparse=always", "--reflink=auto", template, self.datadir], check=True)

    def executed_gtids(self):
        return self.value("SELECT @@gtid_binlog_pos")

    def is_within(self, position):
        seqs = lambda text: {gtid.split("-")[0]: int(gtid.split("-")[2]) for gtid in text.split(",") if gtid}
        read = seqs(position)
        return all(read.get(domain, 0) >= seq for domain, seq in seqs(self.executed_gtids()).items())

    def binlog_tool(self):
        return ["mariadb-binlog", "--no-defaults"]

    def binlog_end(self):
        file, offset = self.query("SHOW MASTER STATUS")[0][:2]
        return file, int(offset)

    def cut_binlog(self):
        """Purge every binlog file but a new, empty one: what a lagging capture must refuse."""
        self.sql("FLUSH BINARY LOGS")
        deadline = time.monotonic() + 30
        while len(self.query("SHOW BINARY LOGS")) > 1:  # a file stays until the engines have made a checkpoint
            assert time.monotonic() < deadline, f"old binlogs stay: {self.query('SHOW BINARY LOGS')}"
            self.sql(f"PURGE BINARY LOGS TO '{self.binlog_end()[0]}'")
            time.sleep(0.05)


class MariaDB118(MariaDB):
    """MariaDB 11.8, fetched by ./dev setup and run by its own libc."""

    prefix = Prefix("mariadb-11.8")

    @classmethod
    def missing(cls):
        return cls.prefix.missing()

    @classmethod
    def _server(cls):
        share = cls.prefix.path("share", "mariadb")
        words = [*cls.prefix.program("sbin", "mariadbd"), "--no-defaults", f"--basedir={cls.prefix.path()}"]
        return [*words, f"--lc-messages-dir={share}", f"--character-sets-dir={share}/charsets"]

    def program(self):
        return self._server()

    @classmethod
    def release(cls):
        answer = subprocess.run([*cls._server(), "--version"], capture_output=True, text=True, check=True).stdout
        return re.search(r"Ver (\d+\.\d+\.\d+)", answer).group(1)

    @classmethod
    def _install(cls, directory):
        """What mariadb-install-db does: it would run the server by the system's own libc."""
        (directory / "mysql").mkdir()
        words = [*cls._server(), "--bootstrap", f"--datadir={directory}", f"--tmpdir={directory}", "--log-warnings=0"]
        words += ["--enforce-storage-engine=", "--max-allowed-packet=8M", "--net-buffer-length=16K"]
        words += ["--innodb-log-file-size=8M", *(["--user=root"] if os.geteuid() == 0 else [])]
        script = "CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n"
        for name in ("mariadb_system_tables", "mariadb_performance_tables", "mariadb_system_tables_data"):
            script += cls.prefix.path("share", "mariadb", f"{name}.sql").read_text(encoding="utf-8")
        done = subprocess.run(words, input=script, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"mariadbd --bootstrap ended with {done.returncode}:\n{done.stdout}{done.stderr}")
