"""Records as docs/wire-format.md describes them, decoded without any of the project's code.

`decode` gives the fields of one record, `rows` what a data record's body holds. A cell is given as the text that
mariadb-binlog prints for it; types of which nobody compares the text are measured and given as ANYTHING.
"""

from dataclasses import dataclass

from support.checker.hashes import crc32c, xxh64

MAGIC, VERSION = 0xD7, 1
DATA, DDL, EPOCH, RESUME, HEARTBEAT, XA_END = range(1, 7)
NAMES = {DATA: "data", DDL: "ddl", EPOCH: "epoch", RESUME: "resume", HEARTBEAT: "heartbeat", XA_END: "xa-end"}
CONTROL = (EPOCH, RESUME, HEARTBEAT)
FIRST, LAST, HELD, COMMIT = 1, 2, 4, 8
FLAGS = {DATA: FIRST | LAST | HELD, DDL: FIRST | LAST, XA_END: FIRST | LAST | COMMIT}
OPS = {1: "INSERT", 2: "UPDATE", 3: "DELETE"}


class Malformed(AssertionError):
    """Bytes that are no record of the wire format."""


class _Anything:
    """Equal to every text: a cell that is not compared."""

    def __eq__(self, other):
        return True

    __hash__ = None

    def __repr__(self):
        return "?"


ANYTHING = _Anything()


class Cursor:
    """Takes bytes from the front; one that is asked for too much complains."""

    def __init__(self, data, at=0):
        self.data = data
        self.at = at

    @property
    def left(self):
        return len(self.data) - self.at

    def take(self, count):
        if count > self.left:
            raise Malformed(f"{count} bytes wanted, {self.left} left")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")

    def varint(self):
        value = 0
        for shift in range(0, 70, 7):
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >= 2**64:
                    break
                return value
        raise Malformed("a varint of more than 64 bits")

    def sized(self):
        return self.take(self.varint())


@dataclass(slots=True)
class Record:
    """One record's fields; those that its kind has not are None."""

    kind: int
    flags: int
    crc: int
    stream: bytes
    epoch: int
    instance: int
    seq: int
    chain: int
    gtid: str
    gtid_bytes: bytes
    commit_us: int
    stamp: int
    fingerprint: int
    cut: bytes
    prev_seq: int = None
    prev_chain: int = None
    prev_gtid: str = None
    fragment: int = None
    xid: bytes = None
    position: bytes = None
    before: bytes = None
    region: bytes = None
    body: bytes = b""

    @property
    def name(self):
        return NAMES[self.kind]


def _uuid(data):
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _gtid(cursor):
    """(its text, its bytes)."""
    begun = cursor.at
    flavor = cursor.number(1)
    if flavor == 0:
        text = ""
    elif flavor == 1:
        text = "-".join(str(cursor.varint()) for _ in range(3))
    elif flavor == 2:
        uuid, tag, number = _uuid(cursor.take(16)), cursor.sized().decode("ascii"), cursor.varint()
        text = ":".join(filter(None, (uuid, tag, str(number))))
    else:
        raise Malformed(f"GTID of flavour {flavor}")
    return text, cursor.data[begun : cursor.at]


def decode(data):
    """The record of a Kafka value; its body is left as it is."""
    cursor = Cursor(data)
    magic, version, kind, flags = cursor.take(4)
    crc = cursor.number(4)
    if magic != MAGIC or version != VERSION or kind not in NAMES:
        raise Malformed(f"begins with {data[:4].hex(' ')}")
    if crc32c(data[:4] + data[8:]) != crc:
        raise Malformed("wrong CRC")
    if flags & ~FLAGS.get(kind, 0):
        raise Malformed(f"{NAMES[kind]} with flags {flags:#x}")
    head = [cursor.take(16), cursor.varint(), cursor.number(8), cursor.varint(), cursor.number(8), *_gtid(cursor)]
    head += [cursor.varint(), cursor.number(8), cursor.number(8), cursor.sized()]
    record = Record(kind, flags, crc, *head)
    if kind in CONTROL:
        record.position, record.before, record.region = cursor.sized(), cursor.sized(), cursor.sized()
    else:
        record.prev_seq, record.prev_chain, record.prev_gtid = cursor.varint(), cursor.number(8), _gtid(cursor)[0]
        record.fragment, record.xid = cursor.varint(), cursor.sized()
        if bool(flags & FIRST) != (record.fragment == 0) or (kind != DATA and flags & 3 != FIRST | LAST):
            raise Malformed(f"{record.name} with flags {flags:#x} as fragment {record.fragment}")
    for _ in range(cursor.varint()):
        cursor.varint(), cursor.sized()
    record.body = cursor.take(cursor.left)
    if record.body and kind not in (DATA, DDL):
        raise Malformed(f"{record.name} with a body")
    return record


def xid_text(data):
    """An XID as a server's statements write it: X'6162',X'63',1."""
    if not data:
        return ""
    cursor = Cursor(data)
    number, gtrid, bqual = int.from_bytes(cursor.take(4), "little", signed=True), cursor.number(1), cursor.number(1)
    text = f"X'{cursor.take(gtrid).hex()}',X'{cursor.take(bqual).hex()}',{number}"
    if cursor.left:
        raise Malformed("bytes after an XID")
    return text


def next_chain(chain, gtid_bytes):
    return xxh64(gtid_bytes, chain)


def position(data):
    """A position as {what it counts in: [(first, last), ...]}: a domain of MariaDB, (uuid, tag) of MySQL."""
    cursor, found = Cursor(data), {}
    flavor, count = cursor.number(1), cursor.varint()
    for _ in range(count):
        if flavor == 1:
            domain, _, number = cursor.varint(), cursor.varint(), cursor.varint()
            found[domain] = [(1, number)]
            continue
        key, end, intervals = (_uuid(cursor.take(16)), cursor.sized().decode("ascii")), 0, []
        for _ in range(cursor.varint()):
            first = end + cursor.varint()
            end = first + cursor.varint()
            intervals.append((first, end))
        found[key] = intervals
    if cursor.left:
        raise Malformed("bytes after a position")
    return found


# ---- bodies ----


@dataclass(slots=True)
class Table:
    """A definition: full name, column names, and a function a column that reads its cell."""

    name: str
    columns: list
    cells: list


def _int(size):
    def read(data, at):
        value = int.from_bytes(data[at : at + size], "little", signed=True)
        text = str(value) if value >= 0 else f"{value} ({value + (1 << 8 * size)})"
        return text, at + size

    return read


def _quoted(data):
    text = data.decode("latin-1")
    if not text.isprintable() or not text.isascii():
        text = "".join(f"\\x{ord(c):02x}" if ord(c) < 0x20 else c for c in text)
    return f"'{text}'"


def _bytes(length_size, compared=True):
    def read(data, at):
        end = at + length_size
        end += int.from_bytes(data[at:end], "little")
        return _quoted(data[at + length_size : end]) if compared else ANYTHING, end

    return read


def _fixed(size):
    return lambda data, at: (ANYTHING, at + size)


def _timestamp(fraction):
    size = (fraction + 1) // 2

    def read(data, at):
        seconds = int.from_bytes(data[at : at + 4], "big")
        part = int.from_bytes(data[at + 4 : at + 4 + size], "big") if size else 0
        digits = f".{part * 10 ** (6 - 2 * size):06d}"[: fraction + 1] if fraction else ""
        return f"{seconds}{digits}", at + 4 + size

    return read


def _decimal_size(meta):
    part = (0, 1, 1, 2, 2, 3, 3, 4, 4)
    scale = meta & 0xFF
    return sum(digits // 9 * 4 + part[digits % 9] for digits in ((meta >> 8) - scale, scale))


_CELLS = {
    **{kind: lambda m, size=size: _int(size) for kind, size in ((1, 1), (2, 2), (9, 3), (3, 4), (8, 8))},
    **{kind: lambda m: _fixed(m) for kind in (4, 5, 247, 248)},
    **{kind: lambda m: _bytes(2 if m > 255 else 1) for kind in (15, 253, 254)},
    **{kind: lambda m: _bytes(m) for kind in (249, 250, 251, 252)},
    **{kind: lambda m: _bytes(m, False) for kind in (140, 242, 245, 255)},
    **{kind: lambda m, size=size: _fixed(size) for kind, size in ((13, 1), (10, 3), (14, 3), (11, 3), (12, 8), (7, 4))},
    141: lambda m: _bytes(2 if m > 255 else 1, False),
    246: lambda m: _fixed(_decimal_size(m)),
    16: lambda m: _fixed((m + 7) // 8),
    17: _timestamp,
    18: lambda m: _fixed(5 + (m + 1) // 2),
    19: lambda m: _fixed(3 + (m + 1) // 2),
}

_tables = {}


def _table(data):
    """The table of a definition's bytes."""
    cursor = Cursor(data)
    name = f"{cursor.sized().decode()}.{cursor.sized().decode()}"
    columns, cells = [], []
    for _ in range(cursor.varint()):
        columns.append(cursor.sized().decode())
        kind, meta = cursor.number(1), cursor.varint()
        cursor.number(1), cursor.varint(), cursor.varint(), cursor.varint(), cursor.varint()
        for _ in range(cursor.varint()):
            cursor.sized()
        if kind not in _CELLS:
            raise Malformed(f"column {columns[-1]} of type {kind}")
        cells.append(_CELLS[kind](meta))
    if cursor.left:
        raise Malformed(f"bytes after the definition of {name}")
    return Table(name, columns, cells)


def _definition(cursor):
    fingerprint, data = cursor.number(8), bytes(cursor.sized())
    if (fingerprint, data) not in _tables:
        if xxh64(data) != fingerprint:
            raise Malformed("a definition with another's fingerprint")
        _tables[fingerprint, data] = _table(data)
    return _tables[fingerprint, data]


def _image(data, at, table):
    """(cells of one image that holds all columns, where it ends)."""
    bits = (len(table.cells) + 7) // 8
    nulls, at = int.from_bytes(data[at : at + bits], "little"), at + bits
    cells = []
    for number, read in enumerate(table.cells):
        if nulls >> number & 1:
            cells.append("NULL")
        else:
            cell, at = read(data, at)
            cells.append(cell)
    if at > len(data):
        raise Malformed(f"an image of {table.name} goes {at - len(data)} bytes beyond its end")
    return tuple(cells), at


def _rows_item(cursor, tables):
    number, op = cursor.varint(), cursor.number(1)
    if number >= len(tables) or op not in OPS:
        raise Malformed(f"rows of table {number} of {len(tables)}, op {op:#x}: parts of images are not FULL")
    cursor.varint()
    table, count, data = tables[number], cursor.varint(), cursor.sized()
    at = 0
    for _ in range(count):
        before = after = None
        if op != 1:
            before, at = _image(data, at, table)
        if op != 3:
            after, at = _image(data, at, table)
        yield OPS[op], table, before, after
    if at != len(data):
        raise Malformed(f"{len(data) - at} bytes after {count} rows of {table.name}")


def rows(body):
    """Every row of a data record's body: (INSERT, UPDATE or DELETE, Table, before, after)."""
    cursor, tables = Cursor(body), []
    while cursor.left:
        item = cursor.number(1)
        if item == 1:
            tables.append(_definition(cursor))
        elif item == 2:
            yield from _rows_item(cursor, tables)
        else:
            raise Malformed(f"item {item} in a body")


def statement(body):
    """(default database, text) of a ddl record's body."""
    cursor = Cursor(body)
    cursor.number(1)
    return cursor.sized().decode("latin-1"), cursor.sized().decode("latin-1")
