"""The pair file of a test: built as a dictionary, changed by the test, written as YAML.

`merge` lays a test's own keys over the usual ones; a value of `DELETE` takes a key away.
"""

import json

DELETE = object()


def merge(base, over):
    """A new dictionary: `base` with `over` laid on it, dictionaries key by key."""
    result = dict(base)
    for key, value in over.items():
        if value is DELETE:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = value
    return result


def _lines(value, depth):
    pad = "  " * depth
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield f"{pad}{_key(key)}:"
            yield from _lines(item, depth + 1)
        else:
            yield f"{pad}{_key(key)}: {json.dumps(item, ensure_ascii=False)}"


def _key(key):
    return key if key.replace("_", "").isalnum() else json.dumps(key)


def render(value):
    """YAML: nested blocks, lists in flow style, strings quoted as JSON does (which YAML reads alike)."""
    return "\n".join(_lines(value, 0)) + "\n"


def usual(pair, regions, links, kafka, run, tables, conflicts):
    """The dictionary for servers that run: `regions` is name -> Server, `links` pairs of names, `run` a directory."""
    file = {
        "pair": pair,
        "kafka": {
            "bootstrap": kafka.bootstrap,
            "durability": "single",
            "topic": {"replication_factor": 1, "min_insync_replicas": 1},
        },
        "regions": {},
        "links": [{"from": source, "to": target, "start": "beginning"} for source, target in links],
        "tables": {"include": list(tables)},
        "control": {"socket": f"{run}/{{name}}.sock"},
    }
    for number, (name, server) in enumerate(regions.items()):
        file["regions"][name] = {
            "host": server.host,
            "port": server.port,
            "user": "drc",
            "password_file": f"{name}.password",
            "replica_id": 7001 + number,
            "start": "now",
        }
    if conflicts:
        file["conflicts"] = conflicts
    return file


def write(directory, file, passwords):
    """Write `pair.yaml` and a password file (mode 0600) for each of `passwords`; returns the path."""
    for name, password in passwords.items():
        secret = directory / f"{name}.password"
        secret.touch(mode=0o600)
        secret.write_text(password + "\n", encoding="utf-8")
    path = directory / "pair.yaml"
    path.write_text(render(file), encoding="utf-8")
    return path
