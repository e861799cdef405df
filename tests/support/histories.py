"""Random histories for the two ways to apply: what a source writes, and what stands in its way at a target.

Every history has keys and unique values of its own, so that many of them live in the same tables. What is planted at the
targets never takes a unique value or a parent from a row that the source writes: such clashes stop or park, by either way.
"""

SIZE = 1000  # keys of one history
KEYS = 6  # of these in use
BIG = 16 * 1024  # bytes from which on a transaction is to be a big one, in fragments of that size
TABLES = ("item", "slot", "word", "pairs", "note", "parent", "child", "family", "member", "tree", "made", "fixed")

SCHEMA = [
    "CREATE DATABASE shop",
    # judged by version
    "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40), n DECIMAL(10,2), at DATETIME(6) NOT NULL)",
    # unique values that move from row to row
    "CREATE TABLE shop.slot (id INT PRIMARY KEY, place INT UNIQUE, name VARCHAR(40))",
    # keys that equal each other in several spellings
    "CREATE TABLE shop.word (word VARCHAR(20) PRIMARY KEY, n INT) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci",
    "CREATE TABLE shop.pairs (a INT, b SMALLINT UNSIGNED, name VARCHAR(40), PRIMARY KEY (b, a))",
    "CREATE TABLE shop.note (n INT, name VARCHAR(40))",
    "CREATE TABLE shop.parent (id INT PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE shop.child (id INT PRIMARY KEY, parent INT, name VARCHAR(40),"
    " FOREIGN KEY (parent) REFERENCES shop.parent (id))",
    # changes of children below the binlog
    "CREATE TABLE shop.family (id INT PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE shop.member (id INT PRIMARY KEY, family INT, second INT, name VARCHAR(40),"
    " FOREIGN KEY (family) REFERENCES shop.family (id) ON DELETE CASCADE ON UPDATE CASCADE,"
    " FOREIGN KEY (second) REFERENCES shop.family (id) ON DELETE SET NULL ON UPDATE CASCADE)",
    "CREATE TABLE shop.tree (id INT PRIMARY KEY, up INT, name VARCHAR(40), FOREIGN KEY (up) REFERENCES shop.tree (id))",
    "CREATE TABLE shop.made (id INT PRIMARY KEY, n INT, twice INT AS (n * 2) STORED, name VARCHAR(40))",
    "CREATE TABLE shop.fixed (id BINARY(4) PRIMARY KEY, n INT, name VARCHAR(40))",
    # what makes a transaction a big one
    "CREATE TABLE shop.bulk (id BIGINT PRIMARY KEY, filler VARCHAR(2500))",
]

CONFLICTS = {
    "default": {"policy": "source_wins"},
    "tables": {
        "shop.item": {"policy": "latest", "by": ["at"], "tie": ["eu", "us"]},
        "shop.pairs": {"policy": "target_wins"},
    },
}


class History:
    """One of them: `before` is on both sides, `changes` are transactions of the source, `plants` of a target."""

    def __init__(self, random, number):
        self.random, self.base, self.clock, self.bulk = random, number * SIZE, 0, 0
        self.before = [self.write(table, key) for table in TABLES for key in range(0, KEYS, 2)]
        self.changes = [self.transaction() for _ in range(random.randrange(5, 25))]
        self.plants = [self.plant() for _ in range(random.choice((0, 8, 20)))]

    def pick(self):
        return self.random.randrange(KEYS)

    def name(self):
        return f"'{self.random.choice('abcdef')}{self.random.randrange(10)}'"

    def version(self):
        self.clock += 1
        return f"'2026-01-01 00:00:00' + INTERVAL {self.clock} SECOND"

    def old_version(self):
        return f"'2026-01-01 00:00:00' + INTERVAL {self.random.randrange(self.clock + 1)} SECOND"

    def id(self, key):
        return self.base + key

    def word(self, key, other=False):
        word = f"w{self.base}-{'abcdef'[key]}"
        return f"'{word.upper() if other else word}'"

    def values(self, table, key):
        other = self.pick()
        family = self.random.choice(("NULL", self.id(self.pick())))
        return {
            "item": f"{self.id(key)}, {self.name()}, {self.random.randrange(999)}, {self.version()}",
            "slot": f"{self.id(key)}, {self.random.choice(('NULL', self.id(key)))}, {self.name()}",
            "word": f"{self.word(key, self.random.random() < 0.2)}, {self.random.randrange(9)}",
            "pairs": f"{self.id(key)}, {self.base % 60000 + key % 3}, {self.name()}",
            "note": f"{self.id(key)}, {self.name()}",
            "parent": f"{self.id(key)}, {self.name()}",
            "child": f"{self.id(key)}, {self.id(other)}, {self.name()}",
            "family": f"{self.id(key)}, {self.name()}",
            "member": f"{self.id(key)}, {self.id(other)}, {family}, {self.name()}",
            "tree": f"{self.id(key)}, {self.random.choice(('NULL', self.id(other)))}, {self.name()}",
            "made": f"{self.id(key)}, {self.random.randrange(9)}, {self.name()}",
            "fixed": f"{self.fixed(key)}, {self.random.randrange(9)}, {self.name()}",
        }[table]

    def fixed(self, key):
        return f"UNHEX(LPAD(HEX({self.id(key) * 256 if key % 2 else self.id(key)}), 8, '0'))"

    def key_is(self, table, key):
        if table in ("word", "fixed", "pairs", "note"):
            return {
                "word": f"word = {self.word(key)}",
                "fixed": f"id = {self.fixed(key)}",
                "pairs": f"a = {self.id(key)}",
                "note": f"n = {self.id(key)}",
            }[table]
        return f"id = {self.id(key)}"

    def write(self, table, key):
        columns = "(id, n, name)" if table == "made" else ""
        return f"INSERT IGNORE INTO shop.{table} {columns} VALUES ({self.values(table, key)})"

    def change(self, table, key):
        if table == "item":
            return f"n = n + 1, name = {self.name()}, at = {self.version()}"
        column, value = ("n", "n + 1") if table in ("word", "made", "fixed") else ("name", self.name())
        return f"{column} = {value}"

    def update(self, table, key):
        return f"UPDATE shop.{table} SET {self.change(table, key)} WHERE {self.key_is(table, key)}"

    def delete(self, table, key):
        return f"DELETE IGNORE FROM shop.{table} WHERE {self.key_is(table, key)}"

    # What a source does.

    def special(self):
        """Statements by which keys, unique values and parents move."""
        a, b = self.random.sample(range(KEYS), 2)
        one, two = self.id(a), self.id(b)
        swap = [
            f"UPDATE shop.slot SET place = -{one} - 1 WHERE id = {one}",
            f"UPDATE IGNORE shop.slot SET place = {two} WHERE id = {two} AND place IS NULL",
            f"UPDATE IGNORE shop.slot SET place = {one} WHERE id = {two}",
            f"UPDATE IGNORE shop.slot SET place = {two} WHERE id = {one}",
        ]
        renamed = f"UPDATE IGNORE shop.word SET word = {self.word(a, self.random.random() < 0.5)} WHERE word = {self.word(b)}"
        return self.random.choice(
            [
                swap,
                [renamed],
                [f"UPDATE IGNORE shop.item SET id = {one}, at = {self.version()} WHERE id = {two}"],
                [f"UPDATE shop.item SET name = 'late' WHERE id = {one}"],  # its version does not rise
                [f"UPDATE IGNORE shop.parent SET id = {one} WHERE id = {two}"],
                [f"UPDATE IGNORE shop.family SET id = {one} WHERE id = {two}"],
                [f"UPDATE IGNORE shop.child SET parent = {one} WHERE id = {two}"],
                [f"UPDATE IGNORE shop.tree SET up = {one} WHERE id = {two}"],
                [f"UPDATE IGNORE shop.pairs SET b = b + 1 WHERE a = {one}"],
                [f"REPLACE INTO shop.slot VALUES ({self.values('slot', a)})"],
                [f"UPDATE shop.note SET name = {self.name()} WHERE n = {one} LIMIT 1"],
                [self.write("slot", a), self.update("slot", a), self.delete("slot", a), self.write("slot", a)],
                [self.write("item", a), self.update("item", a), self.delete("item", a)],
                # with its members, below the binlog, and all come back
                [self.delete("family", a), self.write("family", a), *(self.write("member", key) for key in range(KEYS))],
            ]
        )

    def fill(self):
        """A statement that fills a fragment."""
        first, count = self.base * SIZE + self.bulk, BIG // 2000 + 1
        self.bulk += count
        rows = ", ".join(f"({first + number}, REPEAT('x', 2000))" for number in range(count))
        return f"INSERT INTO shop.bulk VALUES {rows}"

    def spread(self, statements):
        """The same over several fragments."""
        for place in sorted(self.random.sample(range(len(statements) + 1), self.random.choice((1, 2))), reverse=True):
            statements.insert(place, self.fill())

    def transaction(self):
        statements = []
        for _ in range(self.random.randrange(1, 4)):
            table, key = self.random.choice(TABLES), self.pick()
            kind = self.random.choices(("write", "update", "delete", "special"), (4, 6, 2, 4))[0]
            statements += self.special() if kind == "special" else [getattr(self, kind)(table, key)]
        if self.random.random() < 0.15:
            self.spread(statements)
        return ["BEGIN", *statements, "COMMIT"]

    # What stands in its way at a target.

    def plant(self):
        table, key = self.random.choice(("item", "slot", "word", "pairs", "note", "child", "member", "made", "fixed")), self.pick()
        where = self.key_is(table, key)
        if table == "item":
            values = f"{self.id(key)}, 'planted', 0, {self.old_version()}"
            update = f"UPDATE shop.item SET name = 'planted', at = {self.old_version()} WHERE {where}"
            write = f"INSERT IGNORE INTO shop.item VALUES ({values})"
        else:
            column, value = ("n", "-5") if table in ("word", "made", "fixed") else ("name", "'planted'")
            update = f"UPDATE shop.{table} SET {column} = {value} WHERE {where}"
            write = {
                "slot": f"INSERT IGNORE INTO shop.slot VALUES ({self.id(key)}, NULL, 'planted')",
                "word": f"UPDATE shop.word SET word = {self.word(key, True)} WHERE {where}",
                "pairs": f"INSERT IGNORE INTO shop.pairs VALUES ({self.values('pairs', key)})",
                "child": f"INSERT IGNORE INTO shop.child VALUES ({self.id(key)}, NULL, 'planted')",
                "member": f"INSERT IGNORE INTO shop.member VALUES ({self.id(key)}, NULL, NULL, 'planted')",
                "made": f"INSERT IGNORE INTO shop.made (id, n, name) VALUES ({self.id(key)}, -7, 'planted')",
                "fixed": f"INSERT IGNORE INTO shop.fixed VALUES ({self.fixed(key)}, -7, 'planted')",
                "note": update,
            }[table]
        delete = f"DELETE FROM shop.{table} WHERE {where}"
        return self.random.choice((update, update, write, delete))
