"""SIGKILL of an applier, of the server that it writes to, and of the broker, at random moments under load.

A kill of applier or server counts only if transactions were in hand: read, by the applier's own status, and not in effect
when it struck. Kills that hit nothing are repeated.
"""

import random
import time

from support.kills import MOST_TRIES, applied_seq

LONGEST_LIFE = 1.5  # seconds at work before the kill


class TargetKiller:
    """Kills what the link `source` to `target` of `pair` consists of. `counted=False`: one that applies twice has no count."""

    def __init__(self, pair, source="eu", target="us", seed=None, counted=True):
        self.seed = seed if seed is not None else random.SystemRandom().randrange(2**32)
        self.in_hand = {"applier": [], "target": [], "broker": []}
        self.tries = 0
        self._pair = pair
        self._link = (source, target)
        self._applier = pair.applier(source, target)
        self._target = pair.servers[target]
        self._counted = counted
        self._rng = random.Random(self.seed)

    def kill(self, **counts):
        """`applier`, `target`, `broker`: so many of each, in random order."""
        ways = {"applier": self._kill_applier, "target": self._kill_target, "broker": self._kill_broker}
        plan = [what for what, count in counts.items() for _ in range(count)]
        self._rng.shuffle(plan)
        for what in plan:
            for _ in range(MOST_TRIES):
                self._let_work()
                self.tries += 1
                count = ways[what]()
                if count > 0 or not self._counted:
                    break
            else:
                raise AssertionError(f"{MOST_TRIES} kills in a row hit nothing in hand ({self.summary()})")
            self.in_hand[what].append(count)

    def summary(self):
        return f"{self.tries} kills; transactions in hand at those that counted: {self.in_hand} (seed {self.seed})"

    def _let_work(self):
        """Until it has applied something after the last kill, and a while longer."""
        before = applied_seq(self._pair, *self._link)
        self._pair.until(lambda: self._applied() > before, 90, "progress of the applier")
        time.sleep(self._rng.uniform(0, LONGEST_LIFE))

    def _applied(self):
        return self._status().get("applied_seq", 0)

    def _status(self):
        try:
            return self._applier.status()
        except OSError:  # it is still starting
            return {}

    def _kill_applier(self):
        read = self._status().get("topic_seq", 0)
        self._applier.kill()
        count = read - applied_seq(self._pair, *self._link)
        self._applier.launch()
        return count

    def _kill_target(self):
        read = self._status().get("topic_seq", 0)
        self._target.kill()
        count = read - self._status().get("applied_seq", read)
        self._target.start()
        return count

    def _kill_broker(self):
        self._pair.kafka.kill()
        self._pair.kafka.start()
        return 1
