"""SIGKILL of a capture at work, at random moments, each held against what was in flight when it struck.

A kill counts only if the instance had published transactions of its own, and more had been committed than were in the
topic after its death. Between those that count some strike while it starts.
"""

import random
import time

MOST_TRIES = 20  # for each kill that counts
LONGEST_LIFE = 0.7  # seconds at work before the kill
AFTERMATH = 0.05  # seconds after its death in which the broker may still take what was sent


class CaptureKiller:
    """Kills the capture whose stream `witness` follows. `counted=False`: one that publishes twice has no count."""

    def __init__(self, pair, region, witness, seed=None, counted=True):
        self.seed = seed if seed is not None else random.SystemRandom().randrange(2**32)
        self.in_flight = []  # transactions, one number a kill that counted
        self.cut = 0  # kills that left a transaction's fragments without their end
        self.early = 0  # kills at a start
        self._pair = pair
        self._region = region
        self._capture = pair.capture(region)
        self._witness = witness
        self._counted = counted
        self._rng = random.Random(self.seed)

    def kill(self, count):
        for _ in range(count):
            for _ in range(MOST_TRIES):
                if self._kill_at_work():
                    break
            else:
                raise AssertionError(f"{MOST_TRIES} kills in a row hit nothing in flight: {self.summary()}")

    def kill_inside(self, write_big):
        """Kill it when `write_big(mark)` has brought a part of a transaction's fragments into the topic."""
        kafka, topic = self._pair.kafka, self._pair.topic(self._region)
        for _ in range(MOST_TRIES):
            before, cut = kafka.topic_end(topic), self.cut
            write_big(before)
            while kafka.topic_end(topic) < before + 20:
                self._pair.check()
            self._strike()
            self._witness.wait()
            if self.cut > cut:
                return
        raise AssertionError(f"{MOST_TRIES} kills in a row came after the end of a big transaction: {self.summary()}")

    def summary(self):
        return (
            f"{len(self.in_flight)} kills with {self.in_flight} transactions in flight, {self.cut} of them inside one, "
            f"{self.early} more at a start (seed {self.seed})"
        )

    def _works(self):
        reader = self._witness.read()
        return bool(reader.transactions) and reader.transactions[-1].epoch == reader.epoch

    def _strike(self):
        """Kill it, see what it had in flight, and start it again; whether the kill counts."""
        committed = self._witness.committed()
        self._capture.kill()
        time.sleep(AFTERMATH)
        count = committed - self._witness.published()
        hit = count > 0 or not self._counted
        if hit:
            self.in_flight.append(count)
            self.cut += self._witness.reader.open_fragments > 0
        self._capture.launch()
        return hit

    def _kill_at_work(self):
        self._pair.until(self._works, 60, "transaction of the new epoch")
        time.sleep(self._rng.uniform(0, LONGEST_LIFE))
        self._pair.check()
        hit = self._strike()
        if self._rng.random() < 0.25:
            time.sleep(self._rng.uniform(0, 0.4))
            self._capture.kill()
            self._capture.launch()
            self.early += 1
        return hit
