"""A load in which every change depends on some that came before it, by every kind of key that there is.

Each row counts its changes in `n`, so that a change which is written too early or too late finds another row than the
source did. The load knows what the source's tables hold, hence every statement does what it says, and how many of its
transactions the applier has to take one by one (those that change children below the binlog).
"""

import random

SCHEMA = [
    "CREATE TABLE shop.counter (id INT PRIMARY KEY, n INT NOT NULL)",
    # a value that comes back: what is out of place is not seen by the row that it meets
    "CREATE TABLE shop.switch (id INT PRIMARY KEY, is_on INT NOT NULL)",
    # keys in several spellings
    "CREATE TABLE shop.word (word VARCHAR(20) PRIMARY KEY, n INT NOT NULL) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci",
    # unique values that go from row to row, in several spellings
    "CREATE TABLE shop.seat (id INT PRIMARY KEY, label VARCHAR(20) UNIQUE, n INT NOT NULL)"
    " DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci",
    # primary keys that go from row to row
    "CREATE TABLE shop.mover (id INT PRIMARY KEY, name INT NOT NULL, n INT NOT NULL)",
    "CREATE TABLE shop.parent (id INT PRIMARY KEY, n INT NOT NULL)",
    "CREATE TABLE shop.child (id INT PRIMARY KEY, parent INT NOT NULL, n INT NOT NULL,"
    " FOREIGN KEY (parent) REFERENCES shop.parent (id))",
    "CREATE TABLE shop.family (id INT PRIMARY KEY, n INT NOT NULL)",
    "CREATE TABLE shop.member (id INT PRIMARY KEY, family INT, second INT, n INT NOT NULL,"
    " FOREIGN KEY (family) REFERENCES shop.family (id) ON DELETE CASCADE ON UPDATE CASCADE,"
    " FOREIGN KEY (second) REFERENCES shop.family (id) ON DELETE SET NULL ON UPDATE CASCADE)",
]
TABLES = [f"shop.{name}" for name in "counter switch word seat mover parent child family member".split()]

SPELLINGS = [
    ("Arena", "arena", "ARENA", "Aréna", "àrena"),
    ("nino", "niño", "NIÑO", "Nino"),
    ("zebra", "ZEBRA", "zébra"),
    ("cote", "côté", "COTÉ", "coté"),
]
KEYS = 8  # rows of each table, at most


class DependentLoad:
    """Call `transactions` any number of times; each call goes on where the last one ended."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.alone = 0  # transactions so far that change children below the binlog
        self.words = {}  # number -> spelling
        self.seats = {key: None for key in range(KEYS)}  # id -> number of its label
        self.movers = set(range(0, 2 * KEYS, 2))
        self.parents, self.children = set(), {}  # id -> parent
        self.families, self.members = set(), {}  # id -> [family, second]

    @staticmethod
    def before():
        """Statements by which the source begins."""
        return [
            f"INSERT INTO shop.{row}"
            for key in range(KEYS)
            for row in (
                f"counter VALUES ({key}, 0)",
                f"switch VALUES ({key}, 0)",
                f"seat VALUES ({key}, NULL, 0)",
                f"mover VALUES ({2 * key}, {key}, 0)",
            )
        ]

    def transactions(self, count):
        """That many, as lists of statements."""
        return [self.transaction() for _ in range(count)]

    def transaction(self):
        statements = []
        if self.families and self.random.random() < 0.04:
            self.alone += 1
            statements += self.change_family_with_members()
        kinds = (self.count, self.turn, self.spell, self.sit, self.sit, self.move, self.parent, self.child, self.family, self.member)
        for kind in self.random.choices(kinds, k=self.random.randint(1, 3)):
            statements += kind()
        return ["BEGIN", *statements, "COMMIT"]

    # One change each. What is not possible as things stand becomes another one.

    def chance(self, share):
        return self.random.random() < share

    def pick(self, keys):
        return self.random.choice(sorted(keys))

    def free(self, keys, of=KEYS):
        """A number that is not among `keys`, or None."""
        left = set(range(of)) - set(keys)
        return self.pick(left) if left else None

    def change(self, table, key):
        return [f"UPDATE shop.{table} SET n = n + 1 WHERE id = {key}"]

    def count(self):
        return self.change("counter", self.random.randrange(KEYS))

    def turn(self):
        return [f"UPDATE shop.switch SET is_on = 1 - is_on WHERE id = {self.random.randrange(KEYS)}"]

    def spell(self):
        number = self.random.randrange(len(SPELLINGS))
        word, was = self.random.choice(SPELLINGS[number]), self.words.pop(number, None)
        if was is None:
            self.words[number] = word
            return [f"INSERT INTO shop.word VALUES ('{word}', 0)"]
        if self.chance(0.3):
            return [f"DELETE FROM shop.word WHERE word = '{was}'"]
        self.words[number] = word
        return [f"UPDATE shop.word SET word = '{word}', n = n + 1 WHERE word = '{was}'"]

    def sit(self):
        seat, taken = self.random.randrange(KEYS), {number for number in self.seats.values() if number is not None}
        number, free = self.seats[seat], self.free(taken, len(SPELLINGS))
        if number is None and free is None:
            seat = next(key for key, held in self.seats.items() if held is not None)
            number = self.seats[seat]
        if number is None:
            number = free
        elif self.chance(0.7):
            self.seats[seat] = None
            return [f"UPDATE shop.seat SET label = NULL, n = n + 1 WHERE id = {seat}"]
        self.seats[seat] = number
        return [f"UPDATE shop.seat SET label = '{self.random.choice(SPELLINGS[number])}', n = n + 1 WHERE id = {seat}"]

    def move(self):
        old, new = self.pick(self.movers), self.free(self.movers, 2 * KEYS)
        self.movers ^= {old, new}
        return [f"UPDATE shop.mover SET id = {new}, n = n + 1 WHERE id = {old}"]

    def parent(self):
        idle, free = self.parents - set(self.children.values()), self.free(self.parents)
        if free is not None and (not idle or self.chance(0.4)):
            self.parents.add(free)
            return [f"INSERT INTO shop.parent VALUES ({free}, 0)"]
        if not idle or self.chance(0.2):
            return self.change("parent", self.pick(self.parents))
        old = self.pick(idle)
        self.parents.remove(old)
        if free is None or self.chance(0.5):
            return [f"DELETE FROM shop.parent WHERE id = {old}"]
        self.parents.add(free)
        return [f"UPDATE shop.parent SET id = {free}, n = n + 1 WHERE id = {old}"]

    def child(self):
        free = self.free(self.children)
        if not self.parents:
            return self.parent()
        if free is not None and (not self.children or self.chance(0.5)):
            self.children[free] = self.pick(self.parents)
            return [f"INSERT INTO shop.child VALUES ({free}, {self.children[free]}, 0)"]
        child = self.pick(self.children)
        if self.chance(0.5):
            del self.children[child]
            return [f"DELETE FROM shop.child WHERE id = {child}"]
        self.children[child] = self.pick(self.parents)
        return [f"UPDATE shop.child SET parent = {self.children[child]}, n = n + 1 WHERE id = {child}"]

    def family(self):
        free = self.free(self.families)
        if free is None or (self.families and self.chance(0.3)):
            return self.change("family", self.pick(self.families))
        self.families.add(free)
        return [f"INSERT INTO shop.family VALUES ({free}, 0)"]

    def member(self):
        free = self.free(self.members)
        if not self.families:
            return self.family()
        if free is not None and (not self.members or self.chance(0.6)):
            first = self.pick(self.families)
            second = self.pick(self.families)
            self.members[free] = [first, None if second == first else second]
            values = ", ".join("NULL" if each is None else str(each) for each in (free, *self.members[free], 0))
            return [f"INSERT INTO shop.member VALUES ({values})"]
        member = self.pick(self.members)
        if self.chance(0.7):
            return self.change("member", member)
        del self.members[member]
        return [f"DELETE FROM shop.member WHERE id = {member}"]

    def change_family_with_members(self):
        old, new = self.pick(self.families), self.free(self.families)
        self.families.remove(old)
        if new is None or self.chance(0.5):
            kept = {key: ends for key, ends in self.members.items() if ends[0] != old}
            self.members = {key: [first, None if second == old else second] for key, (first, second) in kept.items()}
            return [f"DELETE FROM shop.family WHERE id = {old}"]
        self.families.add(new)
        self.members = {key: [new if end == old else end for end in ends] for key, ends in self.members.items()}
        return [f"UPDATE shop.family SET id = {new}, n = n + 1 WHERE id = {old}"]
