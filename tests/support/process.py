"""A child process with a log file, stopped by its pid, that does not outlive us whatever happens.

The kernel kills it (PR_SET_PDEATHSIG, through setpriv) when the *thread* that started it ends; so one thread, which
lives as long as this process, starts all of them. With `outlive=True` it is left alone instead (demo --keep).
"""

import os
import pathlib
import queue
import signal
import subprocess
import threading
import time


class ProcessDied(AssertionError):
    """A process ended that should be running; the text carries the end of its log."""


class _Launcher:
    """One thread that starts every child, made when first needed (so a forked process makes its own)."""

    def __init__(self):
        self._lock = threading.Lock()
        self._pid = None
        self._orders = None

    def _loop(self, orders):
        while True:
            arguments, answers = orders.get()
            try:
                answers.put((subprocess.Popen(**arguments), None))
            except BaseException as error:  # handed to whoever asked
                answers.put((None, error))

    def start(self, **arguments):
        with self._lock:
            if self._pid != os.getpid():
                self._orders = queue.SimpleQueue()
                threading.Thread(target=self._loop, args=(self._orders,), name="launcher", daemon=True).start()
                self._pid = os.getpid()
        answers = queue.SimpleQueue()
        self._orders.put((arguments, answers))
        child, error = answers.get()
        if error is not None:
            raise error
        return child


_launcher = _Launcher()


class Process:
    """One program, started any number of times; each start appends to the same log."""

    def __init__(self, name, argv, log, *, env=None, cwd=None, outlive=False):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = pathlib.Path(log)
        self.env = env  # beside our own; taken at each start
        self._cwd = cwd
        self._outlive = outlive
        self._child = None

    @property
    def pid(self):
        return self._child.pid if self._child else None

    @property
    def running(self):
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self):
        """None while running or never started; -N when signal N ended it."""
        return self._child.poll() if self._child else None

    def start(self):
        assert not self.running, f"{self.name} is running already (pid {self.pid})"
        guard = [] if self._outlive else ["setpriv", "--pdeathsig", "KILL", "--"]
        with open(self.log, "ab") as log:
            self._child = _launcher.start(
                args=guard + self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=None if self.env is None else {**os.environ, **self.env},
                cwd=self._cwd,
                start_new_session=True,
            )

    def signal(self, number):
        if self.running:
            self._child.send_signal(number)

    def freeze(self):
        """Stop it from running without ending it (SIGSTOP)."""
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        """SIGKILL, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        if self._child:
            self._child.wait()

    def stop(self, timeout=30):
        """SIGTERM, and wait; returns the exit code. One that does not end in `timeout` seconds is killed: an error."""
        self.thaw()
        self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProcessDied(f"{self.name} did not end within {timeout} s of SIGTERM{self.excerpt()}") from None

    def wait(self, timeout=None):
        """Wait for its end; returns the exit code, raises subprocess.TimeoutExpired."""
        return self._child.wait(timeout) if self._child else None

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def last_lines(self, count=20):
        return self.text().splitlines()[-count:]

    def excerpt(self, count=20):
        """The end of the log, for an error message."""
        return "\n--- end of {} ---\n{}".format(self.log, "\n".join(self.last_lines(count)))

    def check_alive(self):
        if not self.running:
            raise ProcessDied(f"{self.name} is not running (exit code {self.exit_code}){self.excerpt()}")

    def wait_ready(self, ready, timeout):
        """Wait until `ready()` is true, at most `timeout` seconds; an end of the process meanwhile is an error."""
        deadline = time.monotonic() + timeout
        while not ready():
            self.check_alive()
            if time.monotonic() > deadline:
                raise ProcessDied(f"{self.name} was not ready within {timeout} s{self.excerpt()}")
            time.sleep(0.03)
