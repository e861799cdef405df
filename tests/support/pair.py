"""Two regions, a broker and the daemons between them: what a system test tells its story with.

    pair.everywhere("CREATE TABLE shop.item (id INT PRIMARY KEY, name TEXT)")
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'a')")
    pair.wait("eu", "us")
    assert pair.us.query("SELECT * FROM shop.item") == [(1, 'a')]

The programs are driven only by their command lines, files and SQL. Every step that waits also watches the daemons: one
that ends unexpectedly fails the test at once, with the end of its log.
"""

import json
import pathlib
import subprocess
import time

from support import kafka as kafka_module
from support import pairfile, place
from support.daemon import Daemon
from support.kafka_admin import AdminError
from support.mariadb import MariaDB


class Pair:
    """Regions by name (`pair.eu`, `pair.us`, `pair.servers[name]`), the broker `pair.kafka`, the daemons.

    `config` is laid over the usual pair file; `links` are (from, to); `server` makes one region's server, or says by
    region which one does, and `options` may be by region likewise; `programs` is a directory with other daemons than those
    under test (tools are always the latter).
    """

    def __init__(
        self,
        directory,
        *,
        regions=("eu", "us"),
        links=None,
        tables=("shop.*",),
        conflicts=None,
        config=None,
        server=MariaDB,
        options=None,
        kafka=None,
        programs=None,
        outlive=False,
    ):
        self.directory = pathlib.Path(directory)
        self.run = self.directory / "run"
        self.run.mkdir(parents=True, exist_ok=True)
        self.name = getattr(kafka, "pair_name", "shop")
        self.outlive = outlive
        self.programs = programs or place.programs()
        self.servers = {
            name: by_region(server, name)(
                name, self.directory / name, number + 1, options=by_region(options, name), outlive=outlive
            )
            for number, name in enumerate(regions)
        }
        self.kafka = kafka or kafka_module.Kafka(self.directory / "kafka", outlive=outlive)
        self.links = list(links or [(a, b) for a in regions for b in regions if a != b])
        self.config = self.directory / "pair.yaml"
        usual = pairfile.usual(self.name, self.servers, self.links, self.kafka, self.run, tables, conflicts)
        self.file = pairfile.merge(usual, config or {})
        self.captures = {name: self._daemon("drc-capture", f"capture-{name}", "--region", name) for name in self.sources}
        self.appliers = {
            (a, b): self._daemon("drc-applier", f"applier-{a}-{b}", "--from", a, "--to", b) for a, b in self.links
        }
        self.rivals = []
        self._granted = {}  # region -> the statements that its server was last given
        for name, server in self.servers.items():
            self.admit(name, server)
        self.write_config()

    def __getattr__(self, name):
        servers = self.__dict__.get("servers", {})
        if name in servers:
            return servers[name]
        raise AttributeError(name)

    @property
    def sources(self):
        return sorted({source for source, _ in self.links})

    def topic(self, region):
        return f"drc.{self.name}.{region}"

    # Set-up.

    def _daemon(self, program, name, *arguments):
        argv = [self.programs / program, "--config", self.config, *arguments]
        control = self.run / f"{name}.sock"
        return Daemon(name, argv, self.directory / f"{name}.log", control, cwd=self.directory, outlive=self.outlive)

    def write_config(self):
        """Write the pair file from `self.file` (which a test may change first)."""
        passwords = {name: server.password for name, server in self.servers.items()}
        pairfile.write(self.directory, self.file, passwords)
        for name in list(self._granted):
            self._grant_anew(name)

    # What the daemons' account may do: what `drcctl grants` prints, and nothing else.

    def admit(self, region, server):
        """Let a server that is not started yet give the account what it needs in that region."""
        server.grants = lambda: self._granted.setdefault(region, self.printed_grants(region, server.kind))

    def printed_grants(self, region, flavor, *arguments):
        """The statements of `drcctl grants` for the account of the tests."""
        words = ["grants", "--region", region, "--flavor", flavor, "--user", "drc@%", *arguments]
        argv = [str(place.programs() / "drcctl"), "--config", str(self.config), *map(str, words)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=self.directory)
        assert done.returncode == 0, f"drcctl grants: {done.returncode}: {done.stderr}"
        return [statement.removesuffix(";") for statement in done.stdout.splitlines()]

    def _grant_anew(self, region):
        """After a change of the pair file that asks for other privileges."""
        server = self.servers[region]
        try:
            wanted = self.printed_grants(region, server.kind)
        except AssertionError:  # a pair file that a test has broken
            return
        if server.running and wanted != self._granted[region]:
            gone = [statement for statement in self._granted[region] if statement not in wanted]
            revoked = [s.replace("GRANT ", "REVOKE ", 1).replace(" TO ", " FROM ", 1) for s in gone]
            server.sql("SET SESSION sql_log_bin = 0", *revoked, *wanted)  # what stays is never away: daemons run
            self._granted[region] = wanted

    def start_servers(self):
        for server in self.servers.values():
            if not server.running:
                server.start()
        if not self.kafka.running:
            self.kafka.start()
        return self

    def everywhere(self, *statements):
        """Run statements in every region, out of the binlog: the schema that a test starts from."""
        self.start_servers()
        for server in self.servers.values():
            server.sql("SET SESSION sql_log_bin = 0", *statements)

    def start(self, timeout=60):
        """Start what does not run yet: captures until their streams stand in the topic, appliers until they have begun."""
        self.start_servers()
        for name, capture in self.captures.items():
            if not capture.running:
                capture.start(timeout)
                self.until(lambda name=name: self.stream_stands(name), timeout, f"a stream of {name} in its topic")
        for link, applier in self.appliers.items():
            if not applier.running:
                applier.start(timeout)
                self.until(lambda link=link: self.state(*link) != "starting", timeout, f"begin of the link {link}")
        return self

    def stream_stands(self, region):
        """Whether the topic holds the first two records of a stream: its epoch, and where it starts."""
        topic = self.topic(region)
        try:
            return topic in self.kafka.topics() and self.kafka.topic_end(topic) >= 2
        except AdminError:  # made a moment ago, without a leader yet
            return False

    # The daemons.

    @property
    def daemons(self):
        return [*self.captures.values(), *self.appliers.values(), *self.rivals]

    def capture(self, region):
        return self.captures[region]

    def applier(self, source, target):
        return self.appliers[source, target]

    def rival(self, daemon):
        """A second instance of a daemon, as on another host: with a control socket and a log of its own."""
        run = self.directory / f"run{len(self.rivals) + 2}"
        config = self.directory / f"{run.name}.yaml"
        file = pairfile.merge(self.file, {"control": {"socket": f"{run}/{{name}}.sock"}})
        config.write_text(pairfile.render(file), encoding="utf-8")
        argv = [str(config) if word == str(self.config) else word for word in daemon.argv]
        name = f"{daemon.name}-{run.name}"
        control = run / f"{daemon.name}.sock"
        rival = Daemon(name, argv, self.directory / f"{name}.log", control, cwd=self.directory, outlive=self.outlive)
        self.rivals.append(rival)
        return rival

    def one_of(self, twins):
        """Of two instances that have been launched, one must leave because of the other; returns the one that goes on."""
        deadline = time.monotonic() + 60
        while all(twin.running for twin in twins):
            assert time.monotonic() < deadline, f"both go on{self.tails()}"
            time.sleep(0.02)
        loser, winner = sorted(twins, key=lambda twin: twin.running)
        assert "fenced by a newer instance" in loser.expect_exit(77)
        return winner

    def state(self, source, target):
        """What the applier says of its link: starting, running, waiting, retrying, stopping."""
        return json.loads(self.applier(source, target).ask("status json")[0])["state"]

    def captured(self, region, timeout=60):
        """Wait until the capture has read all that is in its source's binlog, and Kafka has all of it."""

        def done():
            status = self.capture(region).status()
            return status["acked_seq"] == status["seq"] and self.servers[region].is_within(status["position"])

        self.until(done, timeout, f"capture of all that is in {region}")

    def events(self, region, *arguments):
        """What readers take of a region's topic, by `drcctl events`: records as dictionaries."""
        deadline = time.monotonic() + 60
        while True:
            done = self.ctl("events", "--region", region, "--json", *arguments, expect=None)
            if done.returncode == 0:
                return json_lines(done.stdout)
            # A tool soon gives up a broker that does not answer; a busy machine's may be slow.
            assert done.returncode == 75 and time.monotonic() < deadline, f"drcctl events: {done.returncode}: {done.stderr}"

    def check(self):
        """Fail if a daemon is gone that nobody stopped."""
        for daemon in self.daemons:
            daemon.check()

    def stop(self):
        """Stop the daemons in order; the servers stay."""
        for daemon in self.daemons:
            if daemon.running:
                daemon.stop()

    def close(self):
        """End everything at once; logs and data stay in the directory."""
        for daemon in self.daemons:
            daemon.kill()
        self.kafka.kill()
        for server in self.servers.values():
            server.kill()

    def until(self, condition, timeout, what):
        """Poll `condition` until it is true, watching the daemons; fail after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not self._holds(condition):
            self.check()
            assert time.monotonic() < deadline, f"no {what} within {timeout} s{self.tails()}"
            time.sleep(0.1)

    def _holds(self, condition):
        """What `condition` says. Where a daemon does not answer because it ends, that end is what fails the test."""
        try:
            return condition()
        except OSError:
            time.sleep(1)
            self.check()
            return False  # it lives, and may be slow: how long to wait is for the limit to say

    def tails(self, count=6):
        """The last lines of every daemon's log, for an error message."""
        return "".join(daemon.excerpt(count) for daemon in self.daemons if daemon.log.exists())

    # The tools.

    def tool(self, program, *arguments, expect=0, timeout=120):
        """Run one of our tools on the pair file and check its exit code (None: any); returns the finished process."""
        argv = [str(place.programs() / program), "--config", str(self.config), *[str(word) for word in arguments]]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.directory) as child:
            try:
                out, errors = self._communicate(child, timeout)
            except BaseException:
                child.kill()
                raise
        done = subprocess.CompletedProcess(argv, child.returncode, out.decode("utf-8"), errors.decode("utf-8"))
        if expect is not None and done.returncode != expect:
            words = " ".join([program, *[str(word) for word in arguments]])
            raise AssertionError(
                f"{words}: exit code {done.returncode}, not {expect}\n{done.stdout}{done.stderr}{self.tails()}"
            )
        return done

    def _communicate(self, child, timeout):
        deadline = time.monotonic() + timeout
        while True:
            try:
                return child.communicate(timeout=0.5)
            except subprocess.TimeoutExpired:
                self.check()
                if time.monotonic() > deadline:
                    raise AssertionError(f"{child.args} still runs after {timeout} s{self.tails()}") from None

    def ctl(self, *arguments, **more):
        return self.tool("drcctl", *arguments, **more)

    def wait_for_canaries(self):
        """Until each capture of a region that is written to has its proof, which it needs grants for, and rarely does again."""
        for region in {target for _, target in self.links} & set(self.captures):
            proved = lambda capture=self.captures[region]: capture.status()["canary_us"] > 0
            self.until(proved, 30, f"proof of the loop mark at {region}")

    def wait(self, source, target, timeout=60, expect=0):
        """Until all that is committed at `source` now is in effect at `target`, by `drcctl wait`."""
        words = ["wait", "--from", source, "--to", target, "--timeout", timeout]
        return self.ctl(*words, expect=expect, timeout=timeout + 30)

    def settle(self, timeout=60):
        """Wait on every link, once all writers have stopped."""
        for source, target in self.links:
            self.wait(source, target, timeout)

    def status(self):
        """`drcctl status --json`: links by (from, to)."""
        found = json.loads(self.ctl("status", "--json", expect=None).stdout)
        return {(link["from"], link["to"]): link for link in found["links"]}

    def conflicts(self):
        """`drcctl conflicts list --json`: a list of dictionaries."""
        return json_lines(self.ctl("conflicts", "list", "--json").stdout)

    def reconcile(self, *arguments, expect=0, timeout=300):
        """`drc-reconcile full` on the two regions; returns the objects of its JSON Lines, the summary last."""
        report = self.directory / "reconcile.json"
        report.unlink(missing_ok=True)
        first, second = list(self.servers)[:2]
        words = ["full", "--pair", f"{first},{second}", "--json", report, *arguments]
        self.tool("drc-reconcile", *words, expect=expect, timeout=timeout)
        return json_lines(report.read_text(encoding="utf-8")) if report.exists() else []

    # What the servers say.

    def rows(self, table, order=None):
        """The rows of `table` in each region, as bytes, sorted: region -> rows."""
        tail = f" ORDER BY {order}" if order else ""
        found = {name: server.raw(f"SELECT * FROM {table}{tail}") for name, server in self.servers.items()}
        none_first = lambda row: [(cell is not None, cell or b"") for cell in row]
        return {name: rows if order else sorted(rows, key=none_first) for name, rows in found.items()}

    def assert_equal(self, *tables):
        """Every region holds the same rows of each table, duplicates counted."""
        for table in tables:
            found = self.rows(table)
            (first, ours), *others = found.items()
            for other, theirs in others:
                assert ours == theirs, _difference(table, first, ours, other, theirs)


def by_region(value, name):
    """The region's part of a value that is given by region (dictionaries or classes); any other is for all regions."""
    by_name = isinstance(value, dict) and all(isinstance(part, (dict, type)) for part in value.values())
    return value.get(name) if by_name else value


def _difference(table, first, ours, second, theirs):
    left, right = list(ours), list(theirs)
    for row in ours:
        if row in right:
            left.remove(row)
            right.remove(row)
    lines = [f"{table}: {len(ours)} rows in {first}, {len(theirs)} in {second}"]
    lines += [f"  only in {first}: {row}" for row in left[:10]] + [f"  only in {second}: {row}" for row in right[:10]]
    return "\n".join(lines)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]
