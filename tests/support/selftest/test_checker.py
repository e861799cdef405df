"""The checker itself: it reads what docs/wire-format.md shows, and each kind of broken topic is told as what it is."""

import struct

import pytest

from support.checker import Broken, Reader, Stopped, listing, prove, wire
from support.checker.hashes import crc32c, xxh64

STREAM, OTHER = b"0123456789abcdef", b"fedcba9876543210"
EXAMPLE = (  # the one at the end of docs/wire-format.md
    "d7010103 c53a23fd 30313233343536373839616263646566 03 8877665544332211 01 010f6e0b3f978703 010001ac02"
    "8080f9c0c1c48203 010000e48141a260 1100ffeeddccbbaa 00 00 0000000000000000 00 00 00 00"
)


def varint(value):
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def sized(data):
    return varint(len(data)) + data


def gtid(number):
    return b"\x01" + varint(0) + varint(1) + varint(number) if number else b"\0"


def position(number):
    return b"\x01" + varint(1) + varint(0) + varint(1) + varint(number)


def record(kind, flags, epoch, seq, chain, number, tail, stream=STREAM):
    """The bytes of a record whose own fields and body are `tail`."""
    rest = stream + varint(epoch) + struct.pack("<Q", epoch * 1000) + varint(seq) + struct.pack("<Q", chain) + gtid(number)
    rest += varint(0) + bytes(8) + bytes(8) + sized(b"") + tail
    head = bytes([0xD7, 1, kind, flags])
    return head + struct.pack("<I", crc32c(head + rest)) + rest


def token_body(rows):
    """A body that inserts rows (token, txn, rows_in_txn) into shop.token."""
    column = lambda name, kind, meta: sized(name) + bytes([kind]) + varint(meta) + bytes(6)
    table = sized(b"shop") + sized(b"token") + varint(3)
    table += column(b"token", 15, 128) + column(b"txn", 15, 128) + column(b"rows_in_txn", 3, 0)
    images = b"".join(b"\0" + sized(token) + sized(txn) + struct.pack("<i", count) for token, txn, count in rows)
    return b"\x01" + struct.pack("<Q", xxh64(table)) + sized(table) + b"\x02\0\x01\x01" + varint(len(rows)) + sized(images)


class Writer:
    """Makes the records of a stream whose transactions have the GTIDs 0-1-101, 0-1-102 …, three rows each."""

    def __init__(self):
        self.values = []
        self.seq, self.chain, self.number = 0, 0, 100

    def control(self, kind, epoch, at=None, stream=STREAM):
        where = b"" if kind == wire.EPOCH else position(self.number if at is None else at)
        tail = sized(where) + sized(b"") + sized(b"eu") + b"\0"
        seq, chain, number = (0, 0, 0) if kind == wire.EPOCH else (self.seq, self.chain, self.number if self.seq else 0)
        self.values.append(record(kind, 0, epoch, seq, chain, number, tail, stream))

    def begin(self, epoch):
        self.control(wire.EPOCH, epoch)
        self.control(wire.RESUME, epoch)

    def rows(self, number):
        return [(b"%d/%d" % (number, i), b"%d" % number, 3) for i in range(3)]

    def transaction(self, epoch, number=None, parts=(3,), last=True):
        """Its rows split into fragments of so many each."""
        number = number or self.number + 1
        tail = varint(self.seq) + struct.pack("<Q", self.chain) + gtid(self.number if self.seq else 0)
        chain, rows = xxh64(gtid(number), self.chain), self.rows(number)
        for fragment, count in enumerate(parts):
            part, rows = rows[:count], rows[count:]
            flags = (fragment == 0) | (last and fragment == len(parts) - 1) << 1
            own = tail + varint(fragment) + sized(b"") + b"\0" + token_body(part)
            self.values.append(record(wire.DATA, flags, epoch, self.seq + 1, chain, number, own))
        if last:
            self.seq, self.chain, self.number = self.seq + 1, chain, number


def entry(number):
    rows = [("INSERT", "shop.token", None, (f"'{number}/{i}'", f"'{number}'", "3")) for i in range(3)]
    return f"0-1-{number}", "data", "", rows


def judge(writer, numbers, tokens=None):
    """Prove that the written records are those of the GTIDs `numbers`."""
    reader, records = Reader(), []
    for offset, value in enumerate(writer.values):
        records.append((offset, wire.decode(value)))
        reader.feed(*records[-1])
    tokens = {str(number): 3 for number in numbers} if tokens is None else tokens
    return prove(records, reader, [entry(number) for number in numbers], tokens)


@pytest.fixture
def writer():
    made = Writer()
    made.begin(1)
    return made


def test_hashes_are_the_known_ones():
    assert crc32c(b"123456789") == 0xE3069283 and crc32c(b"") == 0
    assert xxh64(b"") == 0xEF46DB3751D8E999 and xxh64(b"abc") == 0x44BC2CF5AD770999
    assert xxh64(bytes(range(100)), 7) == 0x80653E7E9B887CDD


def test_the_documents_example_is_read():
    found = wire.decode(bytes.fromhex(EXAMPLE))
    assert (found.name, found.epoch, found.seq, found.gtid, found.stream) == ("data", 3, 1, "0-1-300", STREAM)
    assert found.chain == wire.next_chain(0, found.gtid_bytes) and list(wire.rows(found.body)) == []
    with pytest.raises(wire.Malformed, match="CRC"):
        wire.decode(bytes.fromhex(EXAMPLE)[:-1] + b"\x01")


def test_a_good_stream_is_proved(writer):
    writer.transaction(1)
    writer.control(wire.HEARTBEAT, 1)
    writer.transaction(1, parts=(1, 1), last=False)
    writer.begin(2)
    writer.transaction(2, parts=(1, 1, 1))
    writer.values.append(writer.values[-1])  # a broker repeated it
    zombie = Writer()
    zombie.seq, zombie.chain, zombie.number = 1, xxh64(gtid(101)), 101
    zombie.transaction(1)
    writer.values += zombie.values
    writer.control(wire.EPOCH, 2, stream=OTHER)
    writer.begin(3)
    writer.transaction(3)
    said = judge(writer, [101, 102, 103])
    assert "3 transactions" in said and "2 void" in said and "1 repeated" in said and "2 unfinished" in said


def test_what_is_not_as_committed_is_told(writer):
    for number in (101, 102, 103):
        writer.transaction(1, number)
    with pytest.raises(Broken, match="are lost: 1, such as .'0-1-104'"):
        judge(writer, [101, 102, 103, 104])
    with pytest.raises(Broken, match="never were: 1, such as .'0-1-103'"):
        judge(writer, [101, 102])
    with pytest.raises(Broken, match="out of order: place 1"):
        judge(writer, [101, 103, 102])
    with pytest.raises(Broken, match="by the source's tables, transactions are lost: 1, such as '104'"):
        judge(writer, [101, 102, 103], {"101": 3, "102": 3, "103": 3, "104": 3})
    with pytest.raises(Broken, match="by the source's tables, transactions never were"):
        judge(writer, [101, 102, 103], {"101": 3, "102": 3})
    with pytest.raises(Broken, match="by the source's tables, transactions are not whole"):
        judge(writer, [101, 102, 103], {"101": 3, "102": 3, "103": 2})


def test_a_transaction_published_again_is_told(writer):
    writer.transaction(1, 101)
    writer.control(wire.EPOCH, 2)
    writer.control(wire.RESUME, 2)
    writer.transaction(2, 101)
    with pytest.raises(Broken, match="are there more than once: 1, such as .'0-1-101'"):
        judge(writer, [101])


def test_a_torn_transaction_is_told(writer):
    writer.transaction(1, parts=(2,))
    with pytest.raises(Broken, match="0-1-101 is not whole: 2 rows of 3"):
        judge(writer, [101])
    with pytest.raises(Broken, match="row 0 is"):
        reader, value = Reader(), writer.values
        for offset, data in enumerate(value):
            reader.feed(offset, wire.decode(data))
        prove([], reader, [("0-1-101", "data", "", entry(102)[3][:2])], {})


def test_a_position_ahead_of_its_effect_is_told(writer):
    writer.transaction(1)
    writer.control(wire.HEARTBEAT, 1, at=102)
    writer.transaction(1)
    with pytest.raises(Broken, match="claims 0-1-102"):
        judge(writer, [101, 102])
    writer.values[3] = writer.values[1]
    writer.control(wire.HEARTBEAT, 1, at=101)
    with pytest.raises(Broken, match="lacks 0-1-102"):
        judge(writer, [101, 102])


@pytest.mark.parametrize(
    "what, why",
    [
        (lambda w: w.transaction(2), "never announced"),
        (lambda w: (w.control(wire.EPOCH, 2), w.transaction(2)), "before its epoch's resume"),
        (lambda w: (setattr(w, "seq", 7), w.transaction(1)), "records are missing"),
        (lambda w: (setattr(w, "chain", 7), w.transaction(1)), "another history"),
        (lambda w: (w.transaction(1), w.values.pop(2), w.control(wire.HEARTBEAT, 1)), "records are missing"),
        (lambda w: (w.transaction(1, parts=(1, 1, 1)), w.values.pop(3)), "fragment 2, 1 is due"),
        (lambda w: (w.transaction(1), w.transaction(1), w.values.__setitem__(2, w.values[3])), "records are missing"),
        (lambda w: w.control(wire.HEARTBEAT, 1, stream=OTHER), "another stream"),
    ],
)
def test_where_the_rules_stop_a_reader_it_stops(writer, what, why):
    what(writer)
    with pytest.raises(Stopped, match=why):
        judge(writer, [101])


LISTING = """# at 4
#261122  7:23:40 server id 1  end_log_pos 367 CRC32 0xa4067497 \tGTID 0-1-7 ddl
/*M!100001 SET @@session.gtid_seq_no=7*//*!*/;
#261122  7:23:40 server id 1  end_log_pos 2700 CRC32 0xa85f4368 \tQuery\tthread_id=6\texec_time=0\terror_code=0\txid=24
use `shop`/*!*/;
SET TIMESTAMP=1795332220/*!*/;
ALTER TABLE t
  ADD z INT
/*!*/;
#261122  7:23:40 server id 1  end_log_pos 797 CRC32 0x577e7c44 \tGTID 0-1-8 trans
START TRANSACTION
/*!*/;
### UPDATE `shop`.`t`
### WHERE
###   @1=1
###   @2=NULL
### SET
###   @1=1
###   @2='### SET'
### DELETE FROM `other`.`t`
### WHERE
###   @1=1
# Number of rows: 1
COMMIT/*!*/;
#261122  7:23:40 server id 1  end_log_pos 797 CRC32 0x577e7c44 \tGTID 0-1-9 trans
START TRANSACTION
/*!*/;
### INSERT INTO `drc`.`ledger`
### SET
###   @1=1
### INSERT INTO `shop`.`t`
### SET
###   @1=1
###   @2=NULL
COMMIT/*!*/;
#261122  7:23:40 server id 1  end_log_pos 797 CRC32 0x577e7c44 \tGTID 0-1-10 trans
START TRANSACTION
/*!*/;
### INSERT INTO `shop`.`t`
### SET
###   @1=1
###   @2=NULL
ROLLBACK/*!*/;
SET @@SESSION.GTID_NEXT= '3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:23'/*!*/;
XA START X'78',X'',1/*!*/;
### INSERT INTO `shop`.`t`
### SET
###   @1=2
###   @2=NULL
XA END X'78',X'',1
/*!*/;
XA PREPARE X'78',X'',1
/*!*/;
"""


def test_a_listing_is_read():
    found = list(listing.of_stream(listing.parse(LISTING.split("\n")), ["shop.*"]))
    assert found == [
        ("0-1-7", "ddl", "ALTER TABLE t\n  ADD z INT", []),
        ("0-1-8", "data", "", [("UPDATE", "shop.t", ("1", "NULL"), ("1", "'### SET'"))]),
        (
            "3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:23",
            "held",
            "X'78',X'',1",
            [("INSERT", "shop.t", None, ("2", "NULL"))],
        ),
    ]
