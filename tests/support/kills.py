"""SIGKILL at random moments, each held against what was in flight when it struck.

A kill counts only if something was: for a capture, transactions that had been committed and were not in the topic after
its death; for an applier, transactions that it had read (by its own status) and that the ledger did not have after its
death. Kills that hit nothing are repeated. Every number is a lower bound: what is asked first may only have grown.
"""

import random
import time

MOST_TRIES = 40  # for each kill that counts
LONGEST_LIFE = 1.5  # seconds that a daemon may have before it is killed, its start included
MORE_LIFE = 0.25  # seconds more after each kill that hit nothing: where much else runs, the start alone may take longer


class Killer:
    """Kills the daemons of `pair` while `loads` write; each transaction of theirs is one of its region's stream.

    `counted=False`: every kill counts. A daemon that publishes or applies twice makes the numbers meaningless.
    """

    def __init__(self, pair, loads, seed=None, counted=True):
        self.pair = pair
        self.loads = loads
        self.seed = seed if seed is not None else random.SystemRandom().randrange(2**32)
        self.in_flight = {}  # daemon's name -> one number for each kill that counted
        self.tries = 0
        self._counted = counted
        self._rng = random.Random(self.seed)

    def kill(self, captures=0, appliers=0):
        """Kill and start again until so many kills of each kind have counted, spread evenly, in random order."""
        sources, links = self.pair.sources, self.pair.links
        plan = [(self._kill_capture, sources[i % len(sources)]) for i in range(captures)]
        plan += [(self._kill_applier, links[i % len(links)]) for i in range(appliers)]
        self._rng.shuffle(plan)
        longest = LONGEST_LIFE
        for kill_one, which in plan:
            for _ in range(MOST_TRIES):
                self._let_live(longest)
                if kill_one(which):
                    break
                longest += MORE_LIFE
            else:
                raise AssertionError(f"{MOST_TRIES} kills in a row hit nothing in flight ({self.summary()})")

    def summary(self):
        hits = ", ".join(f"{name}: {numbers}" for name, numbers in sorted(self.in_flight.items()))
        return f"{self.tries} kills, in flight at those that counted: {hits} (seed {self.seed})"

    def _kill_capture(self, region):
        committed = sum(len(load.sure) for load in self.loads if load.server.name == region)
        self.pair.capture(region).kill()
        return self._struck(self.pair.capture(region), committed - published_seq(self.pair, region))

    def _kill_applier(self, link):
        read = self._seq_read(self.pair.applier(*link))
        self.pair.applier(*link).kill()
        return self._struck(self.pair.applier(*link), read - applied_seq(self.pair, *link))

    def _let_live(self, longest):
        time.sleep(self._rng.uniform(0.1, longest))
        self.pair.check()

    def _seq_read(self, applier):
        try:
            return applier.status()["topic_seq"]
        except OSError:  # it is still starting
            return 0

    def _struck(self, daemon, count):
        self.tries += 1
        daemon.launch()
        if not self._counted:
            return True
        if count <= 0:
            return False
        self.in_flight.setdefault(daemon.name, []).append(count)
        return True


def published_seq(pair, region):
    """The highest seq among the last records of the region's topic (an epoch record does not know it)."""
    topic = pair.topic(region)
    last = pair.kafka.records(topic, start=max(0, pair.kafka.topic_end(topic) - 100))
    return max(int(record["headers"]["drc-seq"]) for record in last)


def applied_seq(pair, source, target):
    """Up to which seq of `source` the ledger of `target` says that all is in effect."""
    rows = pair.servers[target].query("SELECT MAX(watermark) FROM drc.ledger WHERE topic = %s", (pair.topic(source),))
    return rows[0][0] or 0
