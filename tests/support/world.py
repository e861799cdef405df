"""The world that docs/tutorial.md takes for granted: two regions, each with a database and a clean host, and a Kafka.

All of it lies in one network namespace of its own, so that every name and port is the one that the tutorial tells. What
the tutorial says is done as it says it: blocks run at the regions that they name, option files are what it shows.
"""

import pathlib
import re
import shutil
import subprocess
import time

from support import documents
from support.certificates import Authority
from support.kafka import Kafka
from support.machine import Machine
from support.mariadb import MariaDB

ADDRESSES = {"db1.eu.example": "127.0.1.1", "db1.us.example": "127.0.2.1", "kafka.example": "127.0.3.1"}
PLAIN, CONTROLLER = 9094, 9093
NUMBER = "4711"  # in documents, of an entry or a transaction
COPIED = "0-1-4711"  # and where a copy of a database stands
NO_ANSWER = re.compile("Broker transport failure|Local: Timed out|has no leader yet|no answer at")  # of a broker, in time
NETCAT = """#!/usr/bin/perl
use IO::Socket::UNIX; # nc -U -N SOCKET
my $socket = IO::Socket::UNIX->new($ARGV[2]) or die "$ARGV[2]: $!\\n";
print $socket $_ while <STDIN>;
shutdown($socket, 1);
print while <$socket>;
"""


class Database(MariaDB):
    """By the tutorial's option file; what is added are TLS, which it takes for granted, and small sizes."""

    def __init__(self, region, directory, machine, certificate, authority):
        super().__init__(region, directory, 0)
        self.machine = machine
        self.host = ADDRESSES[f"db1.{region}.example"]
        self.port = 3306
        self.option_file = self.directory / "my.cnf"
        self.option_file.touch()
        small = ("user", "innodb_", "key_buffer", "aria_", "performance_schema", "skip_name_resolve", "character_set")
        mine = {name: value for name, value in self.options.items() if name.startswith(small)}
        mine.pop("innodb_flush_log_at_trx_commit", None)
        self.options = {**mine, "ssl_ca": authority.ca, "ssl_cert": certificate.cert, "ssl_key": certificate.key}

    def program(self):
        return [*self.machine.in_its_network(), self.mariadbd[0], f"--defaults-file={self.option_file}"]

    def command(self):
        return [word for word in super().command() if not word.startswith("--server-id=")]

    def create_user(self, name, password, grants):
        """The tutorial makes the account."""


class Broker(Kafka):
    """With TLS for clients, by the certificate of kafka.example."""

    def __init__(self, directory, machine, certificate):
        super().__init__(directory)
        self.machine = machine
        node = self.nodes[0]
        node.port, node.controller_port = PLAIN, CONTROLLER
        node.process.argv = [*machine.in_its_network(), *node.process.argv]
        self.settings |= {
            "listeners": f"PLAINTEXT://127.0.0.1:{PLAIN},SSL://{ADDRESSES['kafka.example']}:9092,CONTROLLER://127.0.0.1:{CONTROLLER}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{PLAIN},SSL://kafka.example:9092",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.name.ssl.ssl.keystore.type": "PEM",
            "listener.name.ssl.ssl.keystore.location": certificate.chain,
        }

    def start(self, number=None, timeout=120):
        node = self.nodes[0]
        node.configure(f"1@127.0.0.1:{CONTROLLER}", self.settings)
        node.process.start()
        node.process.wait_ready(self.answers, timeout)
        return self

    def answers(self):
        argv = [*self.machine.in_its_network(), "kcat", "-L", "-b", f"127.0.0.1:{PLAIN}", "-m", "2"]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0


class World:
    """`machines`, `databases` by region, `broker`. Use it as a context; nothing of it outlives that."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        eu = Machine(self.directory / "eu", network=True)
        self.machines = {"eu": eu, "us": Machine(self.directory / "us", network=eu)}
        self.databases, self.broker = {}, None
        self.copied = COPIED

    def __enter__(self):
        try:
            return self._begin()
        except BaseException:
            self.__exit__()
            raise

    def _begin(self):
        authority = Authority(self.directory / "tls")
        for region, machine in self.machines.items():
            etc = machine.directory / "upper" / "etc"
            etc.mkdir(parents=True)
            lines = [f"{address} {name}" for name, address in {"localhost": "127.0.0.1", **ADDRESSES}.items()]
            (etc / "hosts").write_text("\n".join(lines) + "\n", encoding="ascii")
            (etc / "hostname").write_text(f"drc-{region}\n", encoding="ascii")
            machine.begin()
        for region, machine in self.machines.items():
            machine.wait_up(180)
            shutil.copy(authority.ca, machine.path("root/ca.pem"))
            certificate = authority.sign(f"db-{region}", f"DNS:db1.{region}.example")
            self.databases[region] = Database(region, self.directory / f"db-{region}", machine, certificate, authority)
        self.broker = Broker(self.directory / "kafka", self.machines["eu"], authority.sign("kafka", "DNS:kafka.example"))
        self.broker.start()
        return self

    def __exit__(self, *_):
        for database in self.databases.values():
            database.kill()
        if self.broker:
            self.broker.kill()
        for machine in reversed(self.machines.values()):
            machine.remove()

    # Doing what a document says.

    def do(self, block):
        """One block, at the regions that it names; returns what went wrong, a list of texts."""
        if block.refused is not None:
            return []
        wrong = []
        for region in block.regions or ["eu"]:
            if block.stands_for:
                wrong += self._type_with_numbers(region, block)
            elif block.commands():
                wrong += [text for command in block.commands() for text in self._type(region, block, command)]
            elif block.language == "sql":
                wrong += self._query(region, block)
            elif block.language == "ini":
                with self.databases[region].option_file.open("a", encoding="utf-8") as file:
                    file.write(block.text)
            elif block.words and block.words[0].startswith("/"):
                self.machines[region].path(block.words[0]).write_text(block.text, encoding="utf-8")
        return wrong

    def _type(self, region, block, command, number=None):
        text = command.text.replace(NUMBER, number) if number else command.text
        text = text.replace(COPIED, self.copied) if "copy" in block.rules else text
        words = ["bash", "-c", f"cd /root\n{text}"]
        if block.limit:
            words = ["timeout", str(block.limit), *words]
        where = f"{block.path.name}:{command.line}: at {region}: {text}"
        try:
            done = self._run(region, words)
        except subprocess.TimeoutExpired:
            return [f"{where}\n  does not end"]
        said = done.stdout + done.stderr
        if position := re.search(r"gtid_slave_pos='([^']+)'", said):
            self.copied = position[1]
        if "Try `" in said:
            return [f"{where}\n  is no command of ours\n{said}"]
        if done.returncode not in block.exits and not (block.limit and done.returncode == 124):
            return [f"{where}\n  exit code {done.returncode}\n{said}"]
        missing = documents.matches(command.output, said)
        return [f"{where}\n  shown, and not said: {missing}\n{said}"] if missing else []

    # What a document shows with a number that is another one in each world.

    def _type_with_numbers(self, region, block):
        make = {"entries": self._entries, "parked": self._parked}[block.stands_for]
        commands = block.commands()
        numbers = iter(make(sum(NUMBER in command.text for command in commands)))
        wrong, number = [], None
        for command in commands:
            if NUMBER in command.text and " undo " not in command.text:  # that is of what was resolved last
                number = next(numbers)
            wrong += self._type(region, block, command, number)
        self._forget_parked()
        return wrong

    def _write(self, region, *statements):
        with self.databases[region].connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return [str(row[0]) for row in cursor.fetchall()]

    def _wait(self, source, target):
        self.machines["eu"].run("drcctl", "wait", "--from", source, "--to", target, "--timeout", "60")

    def _entries(self, count):
        """Rows that both sides change before they know of each other: what eu wrote has lost in us."""
        rows = ", ".join(f"({10001 + 2 * i}, 'contended', 1)" for i in range(count))
        self._write("eu", f"REPLACE INTO shop.item (id, name, price) VALUES {rows}")
        self._wait("eu", "us")
        links = (("eu", "us", "us"), ("us", "eu", "eu"))
        for source, target, host in links:
            self.machines[host].run("drcctl", "pause", "--from", source, "--to", target, "--why", "entries")
        for price, region in enumerate(("eu", "us"), 2):
            self._write(region, f"UPDATE shop.item SET price = {price} WHERE name = 'contended'")
        for source, target, host in links:
            self.machines[host].run("drcctl", "resume", "--from", source, "--to", target)
        for source, target, _ in links:
            self._wait(source, target)
        found = self._write("us", f"SELECT id FROM drc.conflicts WHERE state = 'open' ORDER BY id DESC LIMIT {count}")
        assert len(found) == count
        return found

    def _parked(self, count):
        """A row of eu whose unique value another one has in us, which no stream has brought."""
        table = "CREATE TABLE IF NOT EXISTS shop.code (id INT PRIMARY KEY, code INT UNIQUE)"
        for region in ("eu", "us"):
            self._write(region, "SET SESSION sql_log_bin = 0", table)
        self._write("us", "SET SESSION sql_log_bin = 0", "INSERT INTO shop.code VALUES (2, 7)")
        self._write("eu", "INSERT INTO shop.code VALUES (1, 7)")
        seqs = lambda: self._write("us", "SELECT seq FROM drc.parked WHERE state <> 'discarded'")
        try:
            self.machines["us"].until(seqs, 60, "a parked transaction")
        except AssertionError as error:
            raise AssertionError(f"{error}{self.story('eu')}{self.story('us')}") from None
        return seqs() * count

    def _forget_parked(self):
        for region in ("eu", "us"):
            self._write(region, "SET SESSION sql_log_bin = 0", "DROP TABLE IF EXISTS shop.code")

    def _run(self, region, words):
        """Once more, for some time, where a busy machine's broker did not answer in time."""
        deadline = time.monotonic() + 60
        while True:
            done = self.machines[region].run(*words, check=False, timeout=180)
            if not NO_ANSWER.search(done.stdout + done.stderr) or time.monotonic() > deadline:
                return done

    def _query(self, region, block):
        database, wrong = self.databases[region], []
        if not database.running:
            database.start()
        with database.connect() as connection, connection.cursor() as cursor:
            for statement, shown in block.statements():
                cursor.execute(statement)
                rows = [" | ".join(map(str, row)) for row in cursor.fetchall()]
                if shown and rows != shown:
                    wrong.append(f"{block.path.name}:{block.line}: at {region}: {statement} gives {rows}, shown is {shown}")
        return wrong

    def rescue(self):
        """What other documents take for granted: files of eu's binlog on either host, clients of a database, some programs."""
        programs = {"jq": "#!/bin/sh\nexec cat\n", "editor": "#!/bin/sh\ntest -f $1\n", "nc": NETCAT}
        for machine in self.machines.values():
            machine.path("rescued").mkdir()
            for number, file in enumerate(sorted(self.databases["eu"].datadir.glob("binlog.0*")), 40):
                shutil.copy(file, machine.path(f"rescued/binlog.{number:06}"))
            for name, text in programs.items():
                machine.path("usr/bin", name).write_text(text, encoding="ascii")
                machine.path("usr/bin", name).chmod(0o755)
            self._bring_clients(machine)

    def _bring_clients(self, machine):
        """This system's own clients, with the libraries that the machine lacks, and the account of an administrator."""
        for name in ("mariadb", "mariadb-dump"):
            program = shutil.which(name)
            shutil.copy(program, machine.path("usr/bin", name))
            linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
            for library in re.findall(r"=> (/\S+)", linked):
                if not machine.path(library).exists():
                    shutil.copy(library, machine.path(library))
        machine.path("root/.my.cnf").write_text("[client]\nuser = root\n", encoding="ascii")

    def story(self, region):
        """The daemons' logs there, for an error message."""
        words = ["journalctl", "--no-pager", "--lines=60", "--output=cat", "--unit=drc-*"]
        return f"--- {region}\n{self.machines[region].run(*words, check=False).stdout}"
