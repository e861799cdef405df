"""Which changes of a table met what they did not know of, and which of the two lost: an account by the topics alone.

A record says what of the other regions was in effect where it was made (`cut`), and a region's stream stands in the order of its
commits. So of two changes of one key in different regions it can be told whether either knew of the other, and what a change found
where it arrived: what had been committed there without knowledge of it. Nothing here asks an applier, an index or the journal.

    met = Meetings(pair, "shop.hot")
    met.check_latest(pair.conflicts())      # every loser is in the journal, and nothing else

Of two regions the account is an equality: as many entries as losers. Of three it is two bounds, because the topics do not say in which
order a region heard of the other two between two commits of its own: what U's change stood for when S's arrived at T, or whether it was
there at all, is known to T alone. From below: each change that met one at T that is greater than all of the third region's has its entry.
From above: an entry is of a change that something unknown to it can have met, and no change has two entries at one place. So what can
be missed is the entry of a change that met only one of the third region's, or one that a third region's may have covered.
"""

import collections


class Change:
    """What a transaction makes of one key: `row` is None where it is gone."""

    def __init__(self, region, record, key, row):
        self.region, self.seq, self.key, self.row = region, record["seq"], key, row
        self.version = (record["stamp"], region)
        self._cut = record.get("cut", {})
        self._ranges = {}

    def knows(self, stream, seq):
        """Was that transaction in effect where this one was made?"""
        if stream not in self._ranges:
            parts = [part.split("-") for part in self._cut.get(stream, "").split(", ") if part]
            self._ranges[stream] = [(int(first), int(last)) for first, last in parts]
        return any(first <= seq <= last for first, last in self._ranges[stream])

    def name(self):
        return self.region, self.seq, self.key


def _changes(record, region, table):
    db, name = table.split(".")
    for row in record.get("rows", []):
        before, after = row.get("before"), row.get("after")
        if (row.get("db"), row.get("table")) != (db, name):
            continue
        if before and (not after or after["id"] != before["id"]):
            yield Change(region, record, before["id"], None)
        if after:
            yield Change(region, record, after["id"], after)


class Meeting:
    """A change that arrives at a region and does not know of the newest one that was made there before, `there`."""

    def __init__(self, arrived, there, over, surely):
        self.arrived, self.there = arrived, there
        self.over = over  # an earlier change of its stream has won over that already
        self.surely = surely  # no third region's change can stand for the row instead

    @property
    def place(self):
        """Where the journal has it: link, seq, key."""
        return f"{self.arrived.region}:{self.there.region}", self.arrived.seq, self.arrived.key

    @property
    def verdict(self):
        return "incoming" if self.arrived.version > self.there.version else "local"

    @property
    def loser(self):
        return self.there if self.verdict == "incoming" else self.arrived


class Meetings:
    """All of a table's, from the beginning of the topics to their ends."""

    def __init__(self, pair, table):
        self.table, self.regions, self.streams, self.all = table, list(pair.servers), {}, []
        self.by_key = {region: collections.defaultdict(list) for region in self.regions}
        for region in self.regions:
            for record in pair.events(region):
                self.streams[region] = record["stream"]
                for change in _changes(record, region, table):
                    self.by_key[region][change.key].append(change)
        self.may = set()  # places where something may have been met: a third region's changes come when they come
        for source in self.regions:
            for target in self.regions:
                for key in self.by_key[source] if source != target else []:
                    self._meet(source, target, key)

    def _meet(self, source, target, key):
        others = [change for region in self.regions if region not in (source, target) for change in self.by_key[region][key]]
        outdone = 0
        for arrived in self.by_key[source][key]:
            unknown = [change for change in others if not arrived.knows(self.streams[change.region], change.seq)]
            there = [made for made in self.by_key[target][key] if not made.knows(self.streams[source], arrived.seq)]
            new = bool(there) and not arrived.knows(self.streams[target], there[-1].seq)
            if unknown or new:
                self.may.add((f"{source}:{target}", arrived.seq, key))
            if not new:
                continue
            surely = all(change.version < there[-1].version for change in others)
            meeting = Meeting(arrived, there[-1], there[-1].seq <= outdone, surely)
            self.all.append(meeting)
            if meeting.verdict == "incoming":
                outdone = there[-1].seq

    def _entries(self, journal, keys=None):
        db, name = self.table.split(".")
        mine = [entry for entry in journal if (entry["db"], entry["tbl"]) == (db, name)]
        found = collections.defaultdict(list)
        for entry in mine:
            key = entry["row_key"]["id"]
            if keys is None or key in keys:
                found[entry["link"], entry["seq"], key].append(entry)
        return found

    def check_latest(self, journal):
        """Where the later change wins, each loser is in the journal with what it was; of two regions nothing else is."""
        found = self._entries(journal)
        assert found.keys() <= self.may, f"journaled, but met nothing: {sorted(found.keys() - self.may)}"
        surely = [meeting for meeting in self.all if meeting.surely and not meeting.over]
        least = collections.Counter(meeting.place for meeting in surely)
        missing = {place: (len(found.get(place, ())), count) for place, count in least.items() if len(found.get(place, ())) < count}
        assert not missing, f"lost, and not in the journal: {missing}"
        self._check_told_once({place: len(entries) for place, entries in found.items()})
        for meeting in surely:
            self._check_images(meeting, found[meeting.place])
        if len(self.regions) > 2:
            return len(surely)
        # One entry for each change that was left out; what was overwritten once may, after a restart, be told again.
        left_out = collections.Counter(meeting.place for meeting in self.all if meeting.verdict == "local")
        told = collections.Counter()
        overwritten = set()
        for meeting in self.all:
            if meeting.verdict == "local":
                told[meeting.place] = len(found[meeting.place])
            elif meeting.place in found:
                overwritten.add(meeting.there.name())
        several = {place for place in left_out if any(m.place == place and m.verdict == "incoming" for m in self.all)}
        wrong = {place: (told[place], count) for place, count in left_out.items() if told[place] != count and place not in several}
        assert not wrong, f"entries, changes that were left out: {wrong}"
        assert overwritten == {meeting.there.name() for meeting in self.all if meeting.verdict == "incoming"}
        return len(surely)

    def _check_told_once(self, found):
        """What a transaction did to a key so many times is in each target's journal so many times at most."""
        made = collections.Counter()
        for region in self.regions:
            for changes in self.by_key[region].values():
                made.update((region, change.seq, change.key) for change in changes)
        twice = {place: count for place, count in found.items() if count > made[place[0].split(":")[0], *place[1:]]}
        assert not twice, f"more entries than changes: {twice}"

    def _check_images(self, meeting, entries):
        """The verdict that the versions say, and the row that lost: as it was written."""
        said = [entry for entry in entries if entry["verdict"] in (meeting.verdict, "same")]
        assert said, (meeting.place, meeting.verdict, [entry["verdict"] for entry in entries])
        lost = "local_image" if meeting.verdict == "incoming" else "incoming_image"
        assert meeting.loser.row in [entry[lost] for entry in said], (meeting.place, meeting.loser.row, said)

    def check_sums(self, journal, keys):
        """Where increments are added to rows that are never deleted, each that met another one is in the journal: as often as it did."""
        found = {place: len(entries) for place, entries in self._entries(journal, keys).items()}
        expected = collections.Counter(meeting.place for meeting in self.all if meeting.arrived.key in keys)
        assert found.keys() <= self.may, f"journaled, but met nothing: {sorted(found.keys() - self.may)}"
        short = {place: (found.get(place, 0), count) for place, count in expected.items() if found.get(place, 0) < count}
        assert not short, f"entries, meetings: {short}"
        self._check_told_once(found)
        assert len(self.regions) > 2 or found == dict(expected), (found, dict(expected))
