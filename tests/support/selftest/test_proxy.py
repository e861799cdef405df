"""The proxy: it carries bytes, and does to a line what it says."""

import socket
import threading
import time

import pytest

from support import ports
from support.proxy import COMMIT, CUTS, Proxy


@pytest.fixture
def echo_port():
    """A server that sends back what it gets, each connection until its end."""
    port = ports.free_port()
    listener = socket.create_server(("127.0.0.1", port))

    def serve(line):
        with line:
            try:
                while data := line.recv(65536):
                    line.sendall(data)
            except OSError:
                pass

    def accept():
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(line,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield port
    listener.close()


@pytest.fixture
def proxy(echo_port):
    with Proxy(echo_port) as made:
        yield made


def connect(proxy):
    line = socket.create_connection((proxy.host, proxy.port), timeout=5)
    line.sendall(b"hello")
    assert line.recv(5) == b"hello"
    return line


def read_exactly(line, count):
    got = b""
    while len(got) < count:
        got += line.recv(count - len(got))
    return got


def test_it_carries_much(proxy):
    data = bytes(range(256)) * 8192
    with connect(proxy) as line:
        sender = threading.Thread(target=line.sendall, args=(data,))
        sender.start()
        assert read_exactly(line, len(data)) == data
        sender.join()


def test_a_cut_resets_and_refuses_until_mended(proxy):
    with connect(proxy) as line:
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            line.recv(1)
    with pytest.raises(OSError):
        connect(proxy)
    proxy.mend()
    connect(proxy).close()


def test_a_stall_carries_nothing_and_loses_nothing(proxy):
    with connect(proxy) as line:
        proxy.stall()
        line.sendall(b"later")
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            line.recv(5)
        proxy.mend()
        line.settimeout(5)
        assert read_exactly(line, 5) == b"later"


def test_a_stall_may_wait_for_much_at_once(proxy):
    with connect(proxy) as line:
        proxy.stall_at(10000)
        line.sendall(b"few")
        assert read_exactly(line, 3) == b"few"
        line.sendall(bytes(40000))
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            line.recv(1)
        assert proxy.stalled
        proxy.mend()
        line.settimeout(5)
        assert read_exactly(line, 40000) == bytes(40000)


def test_half_closed_to_the_client(proxy):
    with connect(proxy) as line:
        proxy.half_close("client")
        assert line.recv(1) == b""
        line.sendall(b"still accepted")


def test_delay(proxy):
    with connect(proxy) as line:
        proxy.delay(0.2)
        begun = time.monotonic()
        line.sendall(b"x")
        assert line.recv(1) == b"x"
        assert time.monotonic() - begun >= 0.4


def test_it_cuts_at_commits_in_each_way(proxy):
    """Other packets pass; of three ways to lose a COMMIT each happens, and what follows is a new connection's."""
    proxy.cut_at_commit(1, seed=7)
    answers = 0
    while not all(proxy.cuts[where] for where in CUTS):
        line = connect(proxy)
        line.sendall(COMMIT)
        try:
            answers += len(line.recv(100))
        except ConnectionResetError:
            pass
        assert sum(proxy.cuts[where] for where in CUTS) < 100, proxy.cuts
    assert answers == 0, "the echo of a COMMIT came through"
    proxy.cut_at_commit(0, seed=7)
    line = connect(proxy)
    line.sendall(COMMIT)
    assert read_exactly(line, len(COMMIT)) == COMMIT
