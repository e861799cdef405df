"""A daemon under test: a process of which we know whether it should be running.

`kill`, `stop` and `expect_exit` make its end expected; any other end is found by `check` and fails the test with the
last lines of its log.
"""

import json
import socket
import subprocess

from support.process import Process, ProcessDied

STOP_LIMIT = 30  # seconds that a daemon may take after SIGTERM; that it is quick is for test_applier to show


class Daemon(Process):
    """One of our programs; `control` is the unix socket on which it answers once it is up."""

    def __init__(self, name, argv, log, control, **more):
        super().__init__(name, argv, log, **more)
        self.control = control
        self.wanted = False

    def launch(self):
        """Start it and do not wait for anything."""
        super().start()
        self.wanted = True
        return self

    def start(self, timeout=60):
        """Start it and wait until it answers on its control socket."""
        self.launch()
        self.wait_ready(self.answers, timeout)
        return self

    def answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            try:
                probe.connect(str(self.control))
                with probe.makefile("r", encoding="utf-8") as greeting:
                    return bool(greeting.readline())
            except OSError:
                return False

    def ask(self, command, timeout=10):
        """The answer to one command of the control socket, without the greeting, as lines."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(timeout)
            line.connect(str(self.control))
            with line.makefile("rw", encoding="utf-8") as both:
                both.readline()
                both.write(command + "\n")
                both.flush()
                answer = []
                while (text := both.readline()).strip():
                    answer.append(text.rstrip("\n"))
                return answer

    def status(self):
        """What `status json` of the control socket says; OSError while nobody answers there."""
        return json.loads(self.ask("status json")[0])

    def kill(self):
        self.wanted = False
        super().kill()

    def stop(self, timeout=STOP_LIMIT):
        """SIGTERM; it must end by itself, in time and with 0."""
        self.wanted = False
        code = super().stop(timeout)
        assert code in (0, None), f"{self.name} ended with {code} on SIGTERM{self.excerpt()}"
        return code

    def expect_exit(self, code, timeout=60):
        """Wait for it to end with this exit code; returns the last line of its log, which must name the cause."""
        self.wanted = False
        try:
            found = self.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {timeout} s, should exit {code}{self.excerpt()}") from None
        assert found == code, f"{self.name} ended with {found}, not {code}{self.excerpt()}"
        return self.last_lines(1)[0]

    def check(self):
        """Raise ProcessDied if it should be running and is not."""
        if self.wanted and not self.running:
            raise ProcessDied(f"{self.name} ended unexpectedly (exit code {self.exit_code}){self.excerpt()}")
