"""A proof, sharing nothing with the daemons, that a topic holds what its source committed: each transaction once,
in commit order, whole, and nothing else.

    witness = Witness(pair, "eu")   # the stream stands, nobody writes yet
    ...                             # load, kills, outages
    print(witness.prove())          # AssertionError where anything is not so

`wire` decodes records and `rules` says which of them count, both written from docs/wire-format.md alone; `listing` reads
what the server's own mariadb-binlog prints of the source's binlog; `proof` holds one against the other, cell by cell, and
both against the tokens that the writers left in the source's tables.
"""

from support.checker.proof import Broken, Witness, prove
from support.checker.rules import Reader, Stopped

__all__ = ["Broken", "Reader", "Stopped", "Witness", "prove"]
