"""What a correct reader accepts of a topic: the "Rules of reading" of docs/wire-format.md, and nothing else.

Feed it every record in offset order. It begins at offset 0, or, as one that joins, anywhere.
"""

from dataclasses import dataclass, field

from support.checker import wire


class Stopped(AssertionError):
    """The rules say that a reader must stop here."""


@dataclass(slots=True)
class Transaction:
    """One seq that counts; `kind` is data, held, ddl, xa-commit or xa-rollback."""

    seq: int
    gtid: str
    kind: str
    xid: str
    epoch: int
    offset: int  # of its last record
    bodies: list

    def rows(self):
        return [row for body in self.bodies for row in wire.rows(body)]

    def statement(self):
        return wire.statement(self.bodies[0])


@dataclass
class Counts:
    """Records that did not count, by reason, and what did."""

    records: int = 0
    void: int = 0
    repeated: int = 0
    unfinished: int = 0  # fragments that a new epoch made void
    most_void_in_a_row: int = 0
    epochs: list = field(default_factory=list)  # (number, instance, offset) of each that came into force

    def __str__(self):
        return (
            f"{self.records} records, {self.void} void (at most {self.most_void_in_a_row} in a row), {self.repeated} repeated, "
            f"{self.unfinished} unfinished, {len(self.epochs)} epochs"
        )


class Reader:
    """The state that the rules speak of; `transactions` and `controls` are what was accepted."""

    def __init__(self, joins=False):
        self.transactions = []
        self.controls = []  # (seqs accepted before it, kind, position) of resumes and heartbeats with a position
        self.counts = Counts()
        self.position = {}
        self.seq = self.chain = 0
        self._joining = joins
        self._stream = self._epoch = None
        self._number = 0
        self._resumed = False
        self._open = []
        self._taken = {}  # (seq, fragment) -> CRC
        self._voids = 0

    @property
    def epoch(self):
        """The number in force."""
        return self._number

    @property
    def open_fragments(self):
        """How many there are of a transaction whose end has not come."""
        return len(self._open)

    def feed(self, offset, record):
        """One record, decoded."""
        self.counts.records += 1
        voids = self.counts.void
        try:
            if record.kind == wire.EPOCH:
                self._take_epoch(offset, record)
            elif not self._joining and record.stream != self._stream:
                raise Stopped("another stream's UUID" if self._stream else "no epoch record first")
            elif (record.epoch, record.instance) != self._epoch:
                self._not_in_force(record)
            elif record.kind in wire.CONTROL:
                self._take_control(record)
            else:
                self._take_numbered(offset, record)
        except Stopped as stop:
            raise Stopped(f"offset {offset}, {record.name} of epoch {record.epoch}, seq {record.seq}: {stop}") from None
        self._voids = self._voids + 1 if self.counts.void > voids else 0
        self.counts.most_void_in_a_row = max(self.counts.most_void_in_a_row, self._voids)

    def _take_epoch(self, offset, record):
        other_stream = not self._joining and self._stream not in (None, record.stream)
        if record.epoch <= self._number or other_stream:
            self.counts.void += 1
            return
        self._stream, self._number = record.stream, record.epoch
        self._epoch = record.epoch, record.instance
        self._resumed = False
        self.counts.unfinished += len(self._open)
        for part in self._open:
            del self._taken[part.seq, part.fragment]
        self._open = []
        self.counts.epochs.append((record.epoch, record.instance, offset))

    def _not_in_force(self, record):
        if record.epoch > self._number and not self._joining:
            raise Stopped(f"its epoch was never announced, {self._number} is in force")
        self.counts.void += 1

    # Control records.

    def _take_control(self, record):
        if record.kind == wire.RESUME and self._joining:
            self._joining, self._stream = False, record.stream
            self.seq, self.chain = record.seq, record.chain
        if not self._resumed and record.kind != wire.RESUME:
            self.counts.void += 1
            return
        if self._resumed and record.seq < self.seq:
            self.counts.repeated += 1
            return
        self._must_agree(record)
        if self._open:
            raise Stopped(f"in the middle of seq {self.seq + 1}")
        self._resumed = True
        if record.position:
            self.position = wire.position(record.position)
            self.controls.append((len(self.transactions), record.name, self.position))

    def _must_agree(self, record):
        if record.seq > self.seq:
            raise Stopped(f"records are missing, seq {self.seq} is the last complete one here")
        if record.seq < self.seq:
            raise Stopped(f"it would repeat, seq {self.seq} is complete here")
        if record.chain != self.chain:
            raise Stopped("another history: its chain is another")

    # Records with a seq of their own.

    def _take_numbered(self, offset, record):
        if self._joining:
            self.counts.void += 1
            return
        if not self._resumed:
            raise Stopped("before its epoch's resume record")
        if (record.seq, record.fragment) in self._taken or record.seq <= self.seq:
            self._repetition(record)
            return
        if record.seq != self.seq + 1 or record.prev_seq != self.seq:
            raise Stopped(f"after seq {self.seq}: records are missing")
        if record.prev_chain != self.chain:
            raise Stopped("another history: its predecessor's chain is another")
        if record.chain != wire.next_chain(self.chain, record.gtid_bytes):
            raise Stopped("its chain does not come from its GTID")
        if record.fragment != len(self._open):
            raise Stopped(f"fragment {record.fragment}, {len(self._open)} is due")
        if self._open and self._open[0].gtid != record.gtid:
            raise Stopped(f"fragments of {self._open[0].gtid} and {record.gtid} under one seq")
        self._taken[record.seq, record.fragment] = record.crc
        self._open.append(record)
        if record.flags & wire.LAST:
            self._complete(offset, record)

    def _repetition(self, record):
        if record.seq == self.seq and record.chain != self.chain:
            raise Stopped("the same seq again with another chain")
        if self._taken.get((record.seq, record.fragment), record.crc) != record.crc:
            raise Stopped("the same seq and fragment again with another checksum")
        self.counts.repeated += 1

    def _complete(self, offset, record):
        kind = record.name
        if record.flags & wire.HELD:
            kind = "held"
        elif kind == "xa-end":
            kind = "xa-commit" if record.flags & wire.COMMIT else "xa-rollback"
        xid = wire.xid_text(record.xid)
        bodies = [part.body for part in self._open]
        self.transactions.append(Transaction(record.seq, record.gtid, kind, xid, record.epoch, offset, bodies))
        self.seq, self.chain = record.seq, record.chain
        self._open = []
