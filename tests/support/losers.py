"""How many changes of a stream do not meet what they expect at a target: an account of conflicts that owes nothing to the applier.

    rows = by_id(pair.us, "shop.item")                 # before the stream reaches it
    left, met = fold(rows, records, "updated_at")      # what `latest` leaves, and how many entries the journal must have
"""

import datetime


def by_id(server, table):
    """{id: row as `drcctl events` tells it}"""
    connection = server.connect(init_command="SET time_zone = '+00:00'")
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, map(_told, row))) for row in cursor.fetchall()]
    return {row["id"]: row for row in rows}


def _told(value):
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime.datetime) else value


def fold(rows, records, version):
    """The rows that are left of `rows` once `records` came, the greater version winning; and how many changes are journaled:
    those that met another row than they expect, and updates that did not raise the version."""
    rows, met = dict(rows), 0
    for record in records:
        for change in record.get("rows", []):
            before, after = change.get("before"), change.get("after")
            key = (before or after)["id"]
            local = rows.get(key)
            expected = local == before
            met += not expected or (before is not None and after is not None and after[version] <= before[version])
            if not expected and local is not None and (after is None or after[version] < local[version]):
                continue
            if after is None:
                rows.pop(key, None)
            else:
                rows[key] = after
    return rows, met
