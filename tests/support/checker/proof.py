"""The proof: what a correct reader accepts of a topic is what the source committed, once, in order, whole."""

import bisect
import random
import re
from collections import Counter, defaultdict
from dataclasses import replace

from support.checker import listing, rules, wire

JOINS = 3  # places in the topic where readers that join are tried


class Broken(AssertionError):
    """The topic does not hold what the source committed."""


# ---- GTIDs and positions: {source: [(first, last), ...]} ----


def gtid_parts(gtid):
    """(what it counts in, its number) of 0-1-300, uuid:7 or uuid:tag:7."""
    if ":" not in gtid:
        domain, _, number = gtid.split("-")
        return int(domain), int(number)
    uuid, *tag, number = gtid.split(":")
    return (uuid, "".join(tag)), int(number)


def position_of_text(text):
    """A position as the server writes it: 0-1-300,1-1-7 or uuid:1-5:7:tag:1-3,uuid:1."""
    found = {}
    for part in filter(None, re.split(r",\s*", text)):
        if ":" not in part:
            domain, number = gtid_parts(part)
            found[domain] = [(1, number)]
            continue
        uuid, *words = part.split(":")
        tag = ""
        for word in words:
            if word[0].isdigit():
                first, _, last = word.partition("-")
                found.setdefault((uuid, tag), []).append((int(first), int(last or first)))
            else:
                tag = word
    return found


def _inside(position, source, number):
    return any(first <= number <= last for first, last in position.get(source, ()))


def holds(position, gtid):
    return _inside(position, *gtid_parts(gtid))


def last_numbers(position):
    return {source: ranges[-1][1] for source, ranges in position.items()}


def covers(position, other):
    """Does a position hold all of another?"""
    return all(
        any(first <= low and high <= last for first, last in position.get(source, ()))
        for source, intervals in other.items()
        for low, high in intervals
    )


# ---- the comparison ----


def _some(items):
    items = list(items)
    return f"{len(items)}, such as {', '.join(str(item) for item in items[:3])}"


def _compare_order(expected, found):
    """Both are lists of (gtid, kind)."""
    if expected == found:
        return
    counts, wanted = Counter(found), Counter(expected)
    twice = [key for key, times in counts.items() if times > wanted[key] > 0]
    lost = [key for key, times in wanted.items() if counts[key] < times]
    alien = [key for key in counts if key not in wanted]
    for what, keys in (("are there more than once", twice), ("are lost", lost), ("never were", alien)):
        if keys:
            raise Broken(f"transactions {what}: {_some(keys)}")
    place = next(i for i, (ours, theirs) in enumerate(zip(expected, found)) if ours != theirs)
    raise Broken(f"out of order: place {place} has {found[place]}, the binlog {expected[place]}")


def _compare_content(entry, transaction):
    gtid, kind, text, rows = entry
    if kind == "ddl":
        if transaction.statement()[1] != text:
            raise Broken(f"{gtid}: the statement is {transaction.statement()[1]!r}, the binlog has {text!r}")
        return
    if transaction.xid != text:
        raise Broken(f"{gtid}: the XID is {transaction.xid!r}, the binlog has {text!r}")
    found = [(op, table.name, before, after) for op, table, before, after in transaction.rows()]
    if len(found) != len(rows):
        raise Broken(f"{gtid} is not whole: {len(found)} rows of {len(rows)}")
    for number, (ours, theirs) in enumerate(zip(rows, found)):
        if ours != theirs:
            raise Broken(f"{gtid}: row {number} is {theirs}, the binlog has {ours}")


def _check_positions(gtids, controls):
    """No position may claim more or less than what had been accepted before its record."""
    places = defaultdict(lambda: ([], []))
    for place, gtid in enumerate(gtids):
        source, number = gtid_parts(gtid)
        places[source][0].append(place)
        places[source][1].append(number)
    for count, kind, position in controls:
        for source, (at, numbers) in places.items():
            i = bisect.bisect_left(at, count)
            said = f"the position of a {kind} after {count} transactions"
            if i > 0 and not _inside(position, source, numbers[i - 1]):
                raise Broken(f"{said} lacks {gtids[at[i - 1]]}, which stands before it")
            if i < len(at) and _inside(position, source, numbers[i]) and numbers[i] not in numbers[:i][-1:]:
                raise Broken(f"{said} claims {gtids[at[i]]}, which comes later")


def _check_joining(records, transactions):
    """A reader that joins anywhere accepts the end of the same, from the first base that it finds."""
    rng = random.Random(len(records))
    for start in sorted(rng.sample(range(len(records)), min(JOINS, len(records)))):
        reader = rules.Reader(joins=True)
        for offset, record in records[start:]:
            reader.feed(offset, record)
        got = [(t.seq, t.gtid) for t in reader.transactions]
        end = [(t.seq, t.gtid) for t in transactions[len(transactions) - len(got) :]]
        if got != end:
            raise Broken(f"a reader that joins at record {start} accepts other transactions: {_some(set(got) - set(end))}")


def _one_phase(transactions):
    """A body and its end under one GTID are one transaction: MySQL's XA COMMIT ... ONE PHASE, told late."""
    whole = []
    for transaction in transactions:
        body = whole[-1] if whole else None
        end = transaction.kind == "xa-commit" and ("held", transaction.gtid, transaction.xid)
        if end and body and (body.kind, body.gtid, body.xid) == end:
            whole[-1] = replace(body, kind="data", xid="")
        else:
            whole.append(transaction)
    return whole


def _tokens(transactions):
    """Token -> rows of every transaction that took effect and wrote to a table `token`; each must be whole by itself."""
    found, held = {}, {}
    for transaction in transactions:
        if transaction.kind == "held":
            held[transaction.xid] = transaction
            continue
        if transaction.kind.startswith("xa-"):
            rolled_back, transaction = transaction.kind == "xa-rollback", held.pop(transaction.xid)
            if rolled_back:
                continue
        if transaction.kind == "ddl":
            continue
        rows = [
            dict(zip(table.columns, after))
            for op, table, _, after in transaction.rows()
            if op == "INSERT" and table.name.endswith(".token")
        ]
        for token in {row["txn"] for row in rows}:
            own = [row for row in rows if row["txn"] == token]
            if token in found:
                raise Broken(f"transactions are there more than once: token {token}")
            if any(row["rows_in_txn"] != str(len(own)) for row in own):
                raise Broken(f"token {token} is not whole: {len(own)} rows of {own[0]['rows_in_txn']}")
            found[token] = len(own)
    return found


def _check_tokens(transactions, tokens):
    found = _tokens(transactions)
    wanted = {f"'{token}'": count for token, count in tokens.items()}
    for what, keys in (("are lost", wanted.keys() - found.keys()), ("never were", found.keys() - wanted.keys())):
        if keys:
            raise Broken(f"by the source's tables, transactions {what}: {_some(sorted(keys))}")
    torn = [token for token, count in wanted.items() if found[token] != count]
    if torn:
        raise Broken(f"by the source's tables, transactions are not whole: {_some(torn)}")


def prove(records, reader, expected, tokens):
    """Hold what `reader` accepted of `records` [(offset, Record)] against the listing's entries and the tables' tokens."""
    found = _one_phase(reader.transactions)
    _compare_order([entry[:2] for entry in expected], [(t.gtid, t.kind) for t in found])
    for entry, transaction in zip(expected, found):
        _compare_content(entry, transaction)
    _check_positions([transaction.gtid for transaction in reader.transactions], reader.controls)
    _check_joining(records, reader.transactions)
    _check_tokens(found, tokens)
    return f"{len(found)} transactions, {len(tokens)} tokens, {reader.counts}: each once, in order, whole"


class Witness:
    """Follows one region's topic from its first record on; made when the stream stands and before anybody writes."""

    TOKENS = "SELECT txn, COUNT(*) FROM shop.token GROUP BY txn"

    def __init__(self, pair, region, tables=("shop.*",)):
        self.pair = pair
        self.server = pair.servers[region]
        self.topic = pair.topic(region)
        self.tables = tables
        self.reader = rules.Reader()
        self.records = []  # (offset, Record)
        self._start = position_of_text(self.server.executed_gtids())

    def read(self):
        """What has come since the last call."""
        after = self.records[-1][0] + 1 if self.records else "beginning"
        for raw in self.pair.kafka.records(self.topic, start=after):
            record = wire.decode(raw["value"])
            self._check_headers(record, raw["headers"])
            self.records.append((raw["offset"], record))
            self.reader.feed(raw["offset"], record)
        return self.reader

    @staticmethod
    def _check_headers(record, headers):
        texts = {"drc-epoch": str(record.epoch), "drc-seq": str(record.seq), "drc-gtid": record.gtid}
        if record.kind != wire.DATA:
            texts["drc-kind"] = record.name
        assert headers == texts, f"headers {headers} of a record with {texts}"

    def committed(self):
        """How many GTIDs the source has."""
        return sum(last_numbers(position_of_text(self.server.executed_gtids())).values())

    def published(self):
        """Up to how many GTIDs the stream has come, by transactions alone."""
        newest = last_numbers(self._start)
        for transaction in self.read().transactions:
            newest.update([gtid_parts(transaction.gtid)])
        return sum(newest.values())

    def wait(self, timeout=90):
        """Until the stream knows all that the source has now."""
        goal = position_of_text(self.server.executed_gtids())
        self.pair.until(lambda: covers(self.read().position, goal), timeout, f"stream that covers {goal}")

    def prove(self, timeout=90):
        """Once nobody writes any more; returns what was proved, as text."""
        self.wait(timeout)
        groups = [group for group in listing.read(self.server) if not holds(self._start, group.gtid)]
        if self.reader.controls[0][2] != self._start:
            raise Broken(f"the stream begins at {self.reader.controls[0][2]}, the source was at {self._start}")
        return prove(self.records, self.reader, list(listing.of_stream(groups, self.tables)), dict(self.server.query(self.TOKENS)))
