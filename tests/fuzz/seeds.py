"""What the fuzzers begin with: pieces of the real binlogs under tests/data/binlog, and texts of the project's own tests.

    seeds.write(NAME, DIRECTORY)

Each function below yields the inputs of one fuzz program, in the form that its C file describes.
"""

import hashlib
import pathlib
import re
import struct
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINLOGS = ROOT / "tests" / "data" / "binlog"

HEADER = 19
FORMAT, TABLE_MAP, PREVIOUS_GTIDS, PAYLOAD = 15, 19, 35, 40
QUERY, QUERY_COMPRESSED, ROWS_COMPRESSED = 2, 165, range(166, 172)
GROUP_BEGINS = (33, 34, 42, 162)
PIECE_MAX = 20000  # a fuzzer makes little of large inputs


def events(data):
    """(type, body without checksum) of each event of a binlog file."""
    at, checksum = 4, False
    while at + HEADER <= len(data):
        kind, size = data[at + 4], int.from_bytes(data[at + 9 : at + 13], "little")
        event = data[at : at + size]
        if kind == FORMAT:
            checksum = event[-5] == 1
            event = event[:-4]
        elif checksum:
            event = event[:-4]
        yield kind, event[HEADER:]
        at += size


def files():
    """(data, flavour byte) of each kept binlog."""
    for path in sorted(BINLOGS.glob("*.bin")):
        data = path.read_bytes()
        yield data, b"\1" if b"MariaDB" not in data[:100] else b"\0"


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def lenenc(n):
    return bytes([n]) if n < 251 else b"\xfc" + struct.pack("<H", n)


def piece(kind, body):
    return bytes([kind]) + varint(len(body)) + body


def binlog():
    for data, flavor in files():
        yield b"\2" + data[:2000]
        group = b""
        for kind, body in [*events(data), (GROUP_BEGINS[0], b"")]:
            if kind in GROUP_BEGINS or len(group) > PIECE_MAX:
                yield bytes([flavor[0] | 4]) + group
                group = b""
            if kind != FORMAT:
                group += piece(kind, body)
    yield b"\2\xfdbin"
    yield b"\2" + b"\xfebin" + bytes(4) + b"\xa4" + bytes(4) + struct.pack("<I", HEADER) + bytes(6)
    yield b"\2" + b"\xfebin" + bytes(9) + struct.pack("<I", HEADER - 1) + bytes(6)


def table_map():
    for data, flavor in files():
        for kind, body in events(data):
            if kind == TABLE_MAP:
                yield flavor + body[8:]


def compressed_part(kind, body):
    """Where the compressed part of one of MariaDB's events begins: behind header, names or bitmaps."""
    if kind == QUERY_COMPRESSED:
        return 13 + int.from_bytes(body[11:13], "little") + body[8] + 1
    bitmap = (body[8] + 7) // 8
    return 9 + bitmap * (2 if kind in (167, 170) else 1)


def payload():
    for data, _ in files():
        for kind, body in events(data):
            if kind == PAYLOAD:
                yield b"\0" + body
            elif kind == QUERY_COMPRESSED or kind in ROWS_COMPRESSED:
                yield b"\3" + body[compressed_part(kind, body) :]
        begin = 4 + int.from_bytes(data[13:17], "little")
        yield b"\1" + data[begin : begin + 3000]
        yield b"\2" + data[begin : begin + 3000]
        yield b"\4" + data[:500]


def json_documents():
    """The documents of MySQL that a unit test has as hexadecimal digits."""
    text = (ROOT / "tests" / "unit" / "model" / "test_json_binary.c").read_text(encoding="utf-8")
    text = re.sub(r'"\s*\n\s*"', "", text)
    for digits in re.findall(r'"((?:[0-9a-f]{2})+)"', text):
        yield bytes.fromhex(digits)


def change(operation, path, document=None):
    """One change of a JSON document."""
    out = bytes([operation]) + lenenc(len(path)) + path
    return out if document is None else out + lenenc(len(document)) + document


def json_diff():
    """Documents with changes of each operation and of each form of path."""
    number, text = b"\x05\x07\x00", b"\x0c\x03new"
    paths = (b"$", b"$.a", b"$.b", b"$.b[0]", b"$.b[last]", b"$.b[last-1]", b"$[0]", b"$[0][0][0][0][0]", b'$."with space"')
    paths += (b'$."\\u00e4\\n\\ud83d\\ude00"', b"$.b[99]", b"$.a.b.c", b"$[1", b"$.", b"a", b'$."x', b'$."\\x"')
    for document in json_documents():
        if len(document) > 1000:
            continue
        head = varint(len(document)) + document
        yield head
        for path in paths:
            yield head + change(0, path, number) + change(0, path, text)
            yield head + change(1, path, text) + change(2, path)
            yield head + change(2, path) + change(1, path, number)
    small = b"\x02\x00\x00\x04\x00"
    many = b"".join(change(1, b"$[%d]" % i, text) for i in range(50))
    yield varint(len(small)) + small + many
    long = b"\x0c" + varint(70000) + b"z" * 70000
    yield varint(len(small)) + small + bytes([1]) + lenenc(4) + b"$[0]" + b"\xfd" + len(long).to_bytes(3, "little") + long


def cell():
    """Four bytes that choose a column (index into the program's list, meta, flags), and cells."""
    for document in json_documents():
        yield bytes([21, 4, 0, 0]) + struct.pack("<I", len(document)) + document
    strings = [b"", b"abc", "äöü€😀".encode(), b"\xff\xfe", b'"\\\n\0', b"x" * 200]
    for number in range(34):
        for meta, flags in ((1, 0), (2, 1), (4, 2), (6, 4), (8, 0), (64, 2), (300, 8), (0x0A02, 1), (0x411E, 0)):
            yield bytes([number]) + struct.pack("<H", meta) + bytes([flags]) + bytes(range(0x70, 0x98)) + bytes(40)
            yield bytes([number]) + struct.pack("<H", meta) + bytes([flags]) + b"".join(bytes([len(s)]) + s for s in strings)
    bare = zlib.compressobj(wbits=-15)
    for payload_bytes in (b"", b"\0abc", b"\x81\x05" + zlib.compress(b"abcde"), b"\x89\x01" + bare.compress(b"a") + bare.flush()):
        prefix = struct.pack("<H", len(payload_bytes))
        yield bytes([18, 2, 0, 2]) + (prefix + payload_bytes) * 2
        yield bytes([19, 0, 2, 2]) + (prefix + payload_bytes) * 2
    yield bytes([18, 2, 0, 2]) + b"".join(struct.pack("<H", len(p)) + p for p in (b"\0x", b"\x81\1" + zlib.compress(b"x")))


def config():
    for path in sorted((ROOT / "conf").glob("*.yaml")):
        yield path.read_bytes()
    cases = (ROOT / "tests" / "data" / "bad-pair-files.txt").read_text(encoding="utf-8")
    good = "".join(line[2:] + "\n" for line in cases.splitlines() if line.startswith("= "))
    yield good.encode()
    for case in cases.split("\n\n")[1:]:
        old = "\n".join(line[2:] for line in case.splitlines() if line.startswith("<"))
        new = "\n".join(line[2:] for line in case.splitlines() if line.startswith(">"))
        yield good.replace(old, new, 1).encode()


def ddl_text():
    for data, _ in files():
        for kind, body in events(data):
            if kind == QUERY:
                yield b"\0\x2d" + body[13 + int.from_bytes(body[11:13], "little") + body[8] + 1 :]
    test = (ROOT / "tests" / "unit" / "model" / "test_ddl_text.c").read_text(encoding="utf-8")
    for text in re.findall(r'"((?:[^"\\]|\\.)+)"', test):
        statement = text.encode().decode("unicode_escape").encode("latin1", "replace")
        for chosen in (b"\0\x2d", b"\5\x1c", b"\4\x0d", b"\1\x60"):
            yield chosen + statement


def gtid():
    uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
    yield from (b"0-1-100", b"0-1-100,1-2-5", b"4294967295-4294967295-18446744073709551615", b" 1-1-1 , 2-2-2\n")
    for text in (":1", ":1-5:7:tag:1-3", ":tag:1-3:u:9,\n" + uuid + ":4", ":1-2:3:9223372036854775806", ":7:1-3:4-5,"):
        yield (uuid + text).encode()
    yield from (b"0-1-100|0-1-99,1-1-1", b"1-1-5,2-1-5|2-2-9,3-1-1", f"{uuid}:1-5:9|{uuid}:3-12:tag:1".encode())
    for data, _ in files():
        for kind, body in events(data):
            if kind == PREVIOUS_GTIDS:
                yield body
    raw = bytes.fromhex(uuid.replace("-", ""))
    yield b"\1\2\0\1\x64\1\2\5"
    interval = struct.pack("<QQQ", 1, 1, 6)
    yield struct.pack("<Q", 2) + raw + interval + bytes(16) + struct.pack("<QQQQQ", 2, 1, 6, 9, 10)
    yield struct.pack("<Q", 1 << 56 | 2 << 8 | 1) + raw + b"\0" + interval + raw + b"\x06tag" + interval
    yield b"\2\2" + raw + b"\0\2\1\4\2\0" + raw + b"\3tag\1\1\0"


def column(name, kind, meta=0, *, flags=2, collation=0, order=0, members=()):
    """A column in the wire form of a definition."""
    out = varint(len(name)) + name + bytes([kind]) + varint(meta) + bytes([flags]) + varint(collation) + varint(order)
    out += varint(0) + varint(0) + varint(len(members))
    return out + b"".join(varint(len(m)) + m for m in members)


def rows_input(columns, how, images, bitmaps=b"", count=1):
    definition = varint(1) + b"d" + varint(1) + b"t" + varint(len(columns)) + b"".join(columns)
    return b"\1" + varint(len(definition)) + definition + bytes([how, count - 1]) + bitmaps + images


def record():
    stream, gtid_bytes = bytes(range(16)), b"\1\0\1\x64"
    common = stream + varint(3) + bytes(8) + varint(7) + bytes(8) + gtid_bytes + varint(1) + bytes(16) + varint(0)
    numbered = varint(6) + bytes(8) + gtid_bytes + varint(0) + varint(0)
    control = varint(8) + b"\1\2\0\1\x64\1\2\5" + varint(0) + varint(2) + b"eu"
    for kind, flags, rest in ((1, 3, numbered), (1, 7, numbered), (6, 11, numbered), (3, 0, control), (4, 0, control), (5, 0, control)):
        yield b"\0" + bytes(2) + bytes([kind, flags]) + bytes(4) + common + rest + b"\0"
        yield b"\0" + bytes(2) + bytes([kind, flags]) + bytes(4) + common + rest + b"\2\5\1x\6\0"
    ddl = b"\1" + varint(4) + b"shop" + varint(14) + b"CREATE TABLE t" + varint(0) + bytes(6) + b"\1\0\1t"
    yield b"\0" + bytes(2) + b"\2\3" + bytes(4) + common + numbered + b"\0" + ddl
    at_us = varint(1700000000123456)
    for session in (at_us + b"\0\6SYSTEM", at_us + b"\3\6+03:00", b"\0\1\0", at_us + b"\2\0later", at_us + b"\0\7short", at_us):
        extension = b"\1\3" + varint(len(session)) + session
        yield b"\0" + bytes(2) + b"\2\3" + bytes(4) + common + numbered + extension + ddl
    yield b"\2" + ddl
    yield b"\3\2" + stream + b"\0\5\0" + stream + b"\1\7\2\1\1\1\1"
    act = b"\4skip" + b"\6me@eu1" + varint(1700000000000000) + b"\3why" + b"\2{}"
    yield b"\4" + act
    yield b"\4" + act.replace(b"skip", b"S!ip")
    yield b"\4" + act[:-2] + b"\1}"
    until = b"\x08\1\2\0\1\x64\1\2\5"
    skip = b"\2" + until + b"\x0b\x08binlog.1\xc8\1"
    definition = b"\1d\1t\1" + column(b"id", 3, order=1)
    permit = b"\1" + until + varint(len(definition)) + definition
    yield b"\5" + skip + permit + skip
    yield b"\5" + skip.replace(b"binlog.1", b"binlog\0.") + permit
    yield b"\5" + permit[:-1]
    yield b"\5\3" + skip[1:]
    yield b"\5\2\0" + skip[10:]
    yield b"\5" + skip[:9] + b"\x0c\x08binlog.1\xc8\1\0"
    resume = b"\0" + bytes(2) + b"\4\0" + bytes(4) + common + control
    for extensions in (b"\1\1" + varint(len(act)) + act, b"\2\1" + varint(len(act)) + act + b"\2" + varint(len(skip)) + skip, b"\1\1\0", b"\2\1\1x\1\1y"):
        yield resume + extensions
    columns = [column(b"id", 3, order=1), column(b"v", 15, 40, collation=45), column(b"e", 247, 1, collation=45, members=(b"a", b"b"))]
    image = b"\0" + struct.pack("<I", 7) + b"\3abc" + b"\1"
    for op in range(3):
        yield rows_input(columns, op, image * (2 if op == 1 else 1))
        yield rows_input(columns, op | 0x60, image * 2, b"\7\7")
    yield rows_input(columns, 0x40, b"\0" + struct.pack("<I", 7), b"\1")
    for data, _ in files():  # definitions as they are on the wire cannot be had from here; images can
        for kind, body in events(data):
            if kind in (23, 24, 25) and len(body) < 300:
                yield rows_input([column(b"id", 3, order=1), column(b"v", 252, 2, collation=63)], kind - 23, body[10:])


PROGRAMS = {
    "binlog": binlog,
    "table_map": table_map,
    "cell": cell,
    "payload": payload,
    "json_binary": json_documents,
    "json_diff": json_diff,
    "record": record,
    "config": config,
    "ddl_text": ddl_text,
    "gtid": gtid,
}


def write(name, directory):
    """The inputs as files; programs without any begin from nothing."""
    directory.mkdir(parents=True, exist_ok=True)
    for data in PROGRAMS.get(name, lambda: ())():
        (directory / hashlib.sha1(data).hexdigest()).write_bytes(data)
