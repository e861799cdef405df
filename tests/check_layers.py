"""The order of layers, checked on every #include: base <- model <- {conflict, binlog, link} <- target <- stream <- programs.

Beside stream stands check: what servers, tables and topics have to be like.

Siblings may not include each other. Foreign headers of servers and libraries appear only in common/link and in files
named *_net, *_kafka or *_db. What CMake lets a layer link is held against the same table.

    /usr/bin/python3 tests/check_layers.py [ROOT]
"""

import pathlib
import re
import sys

BELOW_TARGET = {"base", "model", "conflict", "binlog", "link"}
ALLOWED = {
    "base": set(),
    "model": {"base"},
    "conflict": {"base", "model"},
    "binlog": {"base", "model"},
    "link": {"base", "model"},
    "target": BELOW_TARGET,
    "stream": BELOW_TARGET | {"target"},
    "check": BELOW_TARGET | {"target"},
    "capture": BELOW_TARGET | {"target", "stream", "check"},
    "applier": BELOW_TARGET | {"target", "check"},
    "reconcile": BELOW_TARGET | {"target", "stream"},
    "ctl": BELOW_TARGET | {"target", "stream", "check"},
}
FOLDERS = {
    layer: ("common/" if layer in {"base", "model", "binlog", "link", "target", "stream", "check"} else "") + layer
    for layer in ALLOWED
}
FOREIGN = re.compile(r"^(mysql|mariadb/|errmsg|mysqld_error|librdkafka/|rdkafka|yaml|microhttpd)")
FOREIGN_FILES = re.compile(r"_(net|kafka|db)\.[ch]$")
PUBLIC = "include/drc/"  # headers for applications: they include nothing of ours, and whoever wants may include them
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)
CMAKE_LAYER = re.compile(r"^drc_layer\((\w+)\s+([^\s)]+)([^)]*)\)", re.MULTILINE)


def layer_of(path):
    """The layer of a path relative to the root, or None."""
    for layer, folder in FOLDERS.items():
        if path.startswith(folder + "/"):
            return layer
    return None


def includer_of(path):
    """The layer by whose rights a file includes: a unit test has those of the layer that it tests."""
    match = re.match(r"tests/unit/(\w+)/", path)
    return match.group(1) if match and match.group(1) in ALLOWED else layer_of(path)


def check_include(root, path, kind, header):
    """The complaint about one #include, or None."""
    own, is_test = includer_of(path), path.startswith("tests/")
    if kind == "<":
        if layer_of(header):
            return f'write our own header as "{header}"'
        if FOREIGN.match(header) and own not in {None, "link"} and not FOREIGN_FILES.search(path) and not is_test:
            return f"<{header}> belongs in common/link or a file named *_net, *_kafka or *_db"
        return None
    if not (root / header).is_file():
        return f'"{header}" is not a path from the root'
    target = layer_of(header)
    if own and target and target != own and target not in ALLOWED[own]:
        return f'{own} may not include {target} ("{header}")'
    if own and not target and not header.startswith(PUBLIC) and not (is_test and header.startswith("tests/")):
        return f'"{header}" is in no layer'
    return None


def check_cmake(root):
    """Complaints about the links that CMakeLists.txt declares."""
    path = root / "CMakeLists.txt"
    if not path.is_file():
        return
    declared = {}
    for name, folder, rest in CMAKE_LAYER.findall(path.read_text(encoding="utf-8")):
        declared[name] = set(re.findall(r"drc::(\w+)", rest))
        if name not in ALLOWED:
            yield f"CMakeLists.txt: layer {name} is not in the order of layers"
        elif folder != FOLDERS[name]:
            yield f"CMakeLists.txt: layer {name} lies in {FOLDERS[name]}, not in {folder}"
    for name, links in declared.items():
        for link in sorted(links - ALLOWED.get(name, set())):
            yield f"CMakeLists.txt: {name} may not link {link}"


def complaints(root):
    """Every breach under `root`, as "file:line: what"."""
    root = pathlib.Path(root)
    folders = [root / folder for folder in (*FOLDERS.values(), "tests", "bench")]
    for file in sorted(file for folder in folders for file in folder.rglob("*.[ch]")):
        path, text = file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")
        for match in INCLUDE.finditer(text):
            complaint = check_include(root, path, match.group(1), match.group(2))
            if complaint:
                yield f"{path}:{text.count(chr(10), 0, match.start(1)) + 1}: {complaint}"
    yield from check_cmake(root)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[1]
    found = list(complaints(root))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
