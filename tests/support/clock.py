"""The wall clock of one server, moved by libfaketime; nobody else's, and not the server's monotonic clock.

    clock = Clock(pair.eu)   # before it starts
    pair.eu.start()
    clock.set_back(3600)     # from now on, also over restarts
"""

import pathlib
import time


def library():
    """libfaketime for programs with threads, of the Debian package `faketime`."""
    found = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "libfaketime is missing: run ./dev setup"
    return found[0]


class Clock:
    """Of a server that is started after this; 0 seconds back at first."""

    def __init__(self, server):
        self.server = server
        self.back = 0
        self._file = server.directory / "clock"
        self._write()
        server.process.env = {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",  # seconds after which the file is looked at again
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # made for an older libc; MySQL's timed waits would spin with it
        }

    def _write(self):
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"-{self.back}\n", encoding="ascii")
        fresh.rename(self._file)

    def seconds_behind(self):
        """How far the server's clock is behind ours, as it says itself."""
        return time.time() - float(self.server.value("SELECT UNIX_TIMESTAMP(SYSDATE(6))"))

    def set_back(self, seconds):
        """Set it back by so many seconds, and wait until the server has noticed."""
        self.back += seconds
        self._write()
        deadline = time.monotonic() + 60
        while self.seconds_behind() < self.back - 30:
            assert time.monotonic() < deadline, f"the clock of {self.server.name} is not set back"
            time.sleep(0.05)
