"""What systemd is told of a start: READY when the stream stands, more time until then, and what it waits for."""

import socket
import time

import pytest

ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40))"


class Notified:
    """A daemon's notify socket: what has come through it, in order."""

    def __init__(self, daemon, directory):
        self.path = directory / f"{daemon.name}.notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.setblocking(False)
        self.daemon = daemon
        self.said = []
        daemon.env = {"NOTIFY_SOCKET": str(self.path)}

    def all(self):
        try:
            while True:
                self.said.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return self.said

    def begin(self):
        """Start anew, with nothing said yet."""
        self.all()
        self.said.clear()
        self.daemon.launch()
        return self

    def until(self, condition, what, timeout=60):
        deadline = time.monotonic() + timeout
        while not condition(self.all()):
            self.daemon.check()
            assert time.monotonic() < deadline, f"no {what} in {self.said}"
            time.sleep(0.05)

    @property
    def ready(self):
        return "READY=1" in self.all()


PATIENCE = 20  # seconds after which one that waits for what is away is READY all the same


@pytest.fixture
def told(pair):
    """The capture of eu and its link's applier, with their notify sockets; nothing of ours runs yet."""
    pair.everywhere(ITEM)
    daemons = (pair.capture("eu"), pair.applier("eu", "us"))
    found = [Notified(daemon, pair.directory) for daemon in daemons]
    yield pair, *found
    for one in found:
        one.daemon.env = None
        one.socket.close()


def test_a_service_is_ready_when_its_stream_stands(told):
    pair, capture, applier = told

    # No stream of eu yet: the applier's start is given time, says what it waits for, and is not READY.
    begun = time.monotonic()
    applier.begin()
    applier.until(lambda said: any(line.startswith("STATUS=retrying: topic") for line in said), "word of the topic")
    assert "EXTEND_TIMEOUT_USEC=60000000" in applier.said and not applier.ready

    # With it: READY, after STATUS has said that it runs; and so it does.
    capture.begin()
    capture.until(lambda _: capture.ready, "READY of capture")
    line = [text for text in capture.said[: capture.said.index("READY=1")] if text.startswith("STATUS=")][-1]
    assert line.startswith("STATUS=running: streaming")
    assert pair.stream_stands("eu")
    runs = lambda said: next((i for i, text in enumerate(said) if text.startswith("STATUS=running")), None)
    applier.until(lambda said: applier.ready and runs(said) is not None, "READY of the applier")
    assert runs(applier.said) < applier.said.index("READY=1") or time.monotonic() - begun > PATIENCE

    # One that may not do its work never says READY: `systemctl start` fails.
    applier.daemon.stop()
    secret = pair.directory / "us.password"
    right = secret.read_text()
    secret.write_text("wrong\n")
    applier.begin()
    applier.daemon.expect_exit(77)
    assert not applier.ready and any(text.startswith("STOPPING=1\nSTATUS=Stopped, exit code 77") for text in applier.said)
    secret.write_text(right)

    # One that is held by an operator is at work: the word is over restarts, and a start does not hang at it.
    applier.begin()
    applier.until(lambda _: applier.ready, "READY")
    pair.ctl("pause", "--from", "eu", "--to", "us", "--why", "test")
    applier.daemon.stop()
    applier.begin()
    applier.until(lambda _: applier.ready, "READY although paused")
    pair.ctl("resume", "--from", "eu", "--to", "us")

    # A reload tells systemd so; READY comes again when it is in force.
    applier.said.clear()
    pair.file["links"][0]["group_rows"] = 77
    pair.write_config()
    pair.ctl("reload", "--from", "eu", "--to", "us")
    applier.until(lambda said: "READY=1" in said, "the end of the reload")
    assert any(text.startswith("RELOADING=1\nMONOTONIC_USEC=") for text in applier.said)


@pytest.mark.own_broker
def test_a_broker_that_is_away_is_told_and_waited_for(told):
    """For how long READY is kept back is tests/unit/link/test_notify.c's."""
    pair, capture, applier = told
    both = (capture, applier)
    for one in both:
        one.begin()
        one.until(lambda _, one=one: one.ready, "READY")
    for one in both:
        one.daemon.stop()
    pair.kafka.stop()
    for one in both:
        one.begin()
    for one in both:
        one.until(lambda said: any(line.startswith("STATUS=retrying: ") for line in said), "the cause")
        assert "EXTEND_TIMEOUT_USEC=60000000" in one.said, one.said
    pair.kafka.start()
    for one in both:
        one.until(lambda _, one=one: one.ready, "READY")
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.wait("eu", "us")
