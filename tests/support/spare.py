"""A native replica of a pair's server, read-only until it is promoted: MariaDB's and MySQL's alike."""

from support import pairfile
from support.mariadb import MariaDB
from support.mysql import MySQL


class Spare:
    """A replica of `primary`: its server is `self.server`, stopped until follow()."""

    kind = MariaDB
    options = {"log_slave_updates": "ON", "read_only": "ON"}
    change = (
        "CHANGE MASTER TO master_host='127.0.0.1', master_port=%s, master_user='replica', master_password=%s,"
        " master_use_gtid=slave_pos, master_connect_retry=1"
    )
    start, halt, forget = "START SLAVE", "STOP SLAVE", "RESET SLAVE ALL"

    def __init__(self, primary, options=None):
        name = f"{primary.name}2"
        self.primary = primary
        self.server = self.kind(
            name, primary.directory.with_name(name), 10 + primary.server_id, options={**self.options, **(options or {})}
        )
        self.server.grants = primary.grants

    def share_region(self, pair):
        """Let the pair file name both servers as the hosts of their region."""
        hosts = [f"127.0.0.1:{server.port}" for server in (self.primary, self.server)]
        pair.file = pairfile.merge(pair.file, {"regions": {self.primary.name: {"host": hosts, "port": pairfile.DELETE}}})
        pair.write_config()

    def follow(self, *schema):
        """Start it with `schema`, which the primary has out of its binlog, and let it replicate from the beginning."""
        self.primary.admit_replica()
        self.server.start()
        self.server.sql("SET SESSION sql_log_bin = 0", *schema)
        with self.server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(self.change, (self.primary.port, self.primary.password))
            cursor.execute(self.start)

    def has_all(self):
        """Whether it has what is in the primary's binlog now."""
        goal = self.primary.executed_gtids()
        return self.server.executed_gtids() == goal

    def promote(self):
        self.server.sql(self.halt, self.forget, "SET GLOBAL read_only = OFF")


class MySQLSpare(Spare):
    kind = MySQL
    options = {"read_only": "ON"}
    change = (
        "CHANGE REPLICATION SOURCE TO source_host='127.0.0.1', source_port=%s, source_user='replica', source_password=%s,"
        " source_auto_position=1, get_source_public_key=1, source_connect_retry=1"
    )
    start, halt, forget = "START REPLICA", "STOP REPLICA", "RESET REPLICA ALL"


BY_KIND = {MariaDB: Spare, MySQL: MySQLSpare}
