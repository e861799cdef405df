"""Which writer the appliers of a pair use: row events by BINLOG, which is usual, or plain SQL.

    pair = by_sql(make_pair(...))
"""

USER = "'drc'@'%'"


def by_sql(pair):
    """Let every link of a pair that is not started yet write by plain SQL, with what that needs and without BINLOG."""
    for link in pair.file["links"]:
        link["apply"] = {"writer": "sql"}
    pair.write_config()
    pair.start_servers()
    for server in pair.servers.values():
        binlog = "BINLOG REPLAY" if server.kind == "mariadb" else "REPLICATION_APPLIER"
        server.sql(
            "SET SESSION sql_log_bin = 0",
            f"REVOKE {binlog} ON *.* FROM {USER}",
            f"GRANT INSERT, UPDATE, DELETE ON shop.* TO {USER}",
        )
    return pair


WRITERS = {"binlog": lambda pair: pair, "sql": by_sql}
