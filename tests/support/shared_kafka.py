"""One broker for the tests of a worker, one after another: starting Kafka costs more than all else that a usual test starts.

Each test lodges with it: it sees only the topics that were made since it came, and they go when it leaves. Its pair has a name of
its own, so that nothing the broker remembers (such as a producer's epoch) is another test's. A test that stops, kills or freezes
its broker, or wants settings of its own, is marked `own_broker`.
"""

import itertools
import shutil

from support import place
from support.kafka import Kafka

_numbers = itertools.count(1)


class SharedKafka:
    """The broker; it starts with its first lodger."""

    def __init__(self):
        self._broker = None

    def lodge(self):
        if self._broker is None or not self._broker.running:
            self.remove()
            self._broker = Kafka(place.run_directory("kafka")).start()
        return Lodger(self._broker, f"shop{next(_numbers)}")

    def remove(self):
        if self._broker is not None:
            self._broker.kill()
            shutil.rmtree(self._broker.directory, ignore_errors=True)


class Lodger:
    """A test's part of the broker: a Kafka that runs already and has no topics yet. `pair_name` is for the test's pair."""

    running = True

    def __init__(self, broker, pair_name):
        self.pair_name = pair_name
        self._broker = broker
        self._others = set(broker.topics())

    def __getattr__(self, name):
        if name in ("stop", "restart", "freeze", "thaw", "settings", "lead_through", "nodes"):
            raise AssertionError(f"kafka.{name}: the broker is shared; mark the test own_broker")
        return getattr(self._broker, name)

    def start(self):
        return self

    def topics(self):
        """Name -> number of partitions, of the topics made since the test began."""
        return {name: count for name, count in self._broker.topics().items() if name not in self._others}

    def kill(self):
        """Leave."""
        for name in self.topics():
            if not name.startswith("__"):
                self._broker.delete_topic(name)
