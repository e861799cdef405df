"""Which writer the appliers of a pair use: row events by BINLOG, which is usual, or plain SQL.

    pair = by_sql(make_pair(...))
"""


def by_sql(pair):
    """Let every link of a pair that is not started yet write by plain SQL."""
    for link in pair.file["links"]:
        link["apply"] = {"writer": "sql"}
    pair.write_config()
    pair.start_servers()
    return pair


WRITERS = {"binlog": lambda pair: pair, "sql": by_sql}
