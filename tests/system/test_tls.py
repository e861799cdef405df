"""TLS to databases and brokers: verified by default, refused with the reason, and never left out silently."""

import subprocess
import time

import pytest

from support import marks, place, ports
from support.certificates import Authority
from support.kafka import JARS_3_9, Kafka
from support.mariadb import MariaDB
from support.mysql import MySQL

SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
PASSWORD = "a kafka'pass Xw4Lkf9Qd word"
MARKS = {"eu": "Xw4Leu9Qd", "us": "Xw4Lus9Qd", "kafka": "Xw4Lkf9Qd"}
ITEM = "CREATE TABLE shop.item (id INT PRIMARY KEY, name VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)"


class SecureKafka(Kafka):
    """Beside its plain listener one for each of `ways`: name -> its protocol and keystore, and more settings."""

    def __init__(self, directory, authority, ways):
        super().__init__(directory, jars=JARS_3_9)  # Debian 12's librdkafka speaks SCRAM to no broker above 3.9
        self.way_ports = {way: ports.free_port() for way in ways}
        node = self.nodes[0]
        own = f"PLAINTEXT://{node.address}"
        listeners = ",".join(f"{way.upper()}://127.0.0.1:{port}" for way, port in self.way_ports.items())
        protocols = ",".join(f"{way.upper()}:{protocol}" for way, (protocol, _, _) in ways.items())
        self.settings |= {
            "listeners": f"{own},{listeners},CONTROLLER://127.0.0.1:{node.controller_port}",
            "advertised.listeners": f"{own},{listeners}",
            "listener.security.protocol.map": f"CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,{protocols}",
            "inter.broker.listener.name": "PLAINTEXT",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": authority.ca,
        }
        for way, (_, certificate, more) in ways.items():
            prefix = f"listener.name.{way}"
            self.settings |= {
                f"{prefix}.ssl.keystore.type": "PEM",
                f"{prefix}.ssl.keystore.location": certificate.chain,
                f"{prefix}.scram-sha-512.sasl.jaas.config": SCRAM,
                **{f"{prefix}.{key}": value for key, value in more.items()},
            }

    def add_user(self, name, password):
        words = ["java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS_3_9}/*", "kafka.admin.ConfigCommand"]
        words += ["--bootstrap-server", self.bootstrap[0], "--alter", "--entity-type", "users", "--entity-name", name]
        words += ["--add-config", f"SCRAM-SHA-512=[iterations=4096,password={password}]"]
        subprocess.run(words, check=True, capture_output=True)

    def address(self, way):
        return f"127.0.0.1:{self.way_ports[way]}"


def server_tls(authority, certificate):
    return {"ssl_ca": authority.ca, "ssl_cert": certificate.cert, "ssl_key": certificate.key}


@pytest.fixture
def secured(make_pair, directory):
    """eu: MariaDB, us: MySQL, both ask for a client's certificate; the broker: TLS with a password by SCRAM."""
    authority = Authority(directory / "tls")
    here = authority.sign("here", "IP:127.0.0.1")
    ways = {
        "good": ("SASL_SSL", here, {}),
        "late": ("SSL", authority.sign("late", "IP:127.0.0.1", expired=True), {}),
        "elsewhere": ("SSL", authority.sign("elsewhere", "DNS:k1.eu.example"), {}),
        "mutual": ("SSL", here, {"ssl.client.auth": "required"}),
    }
    kafka = SecureKafka(directory / "kafka", authority, ways)
    secret = directory / "kafka.password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD + "\n", encoding="ascii")
    client = authority.sign("client")
    tls = {"mode": "verify-full", "ca": str(authority.ca)}
    pair = make_pair(
        kafka=kafka,
        server={"eu": MariaDB, "us": MySQL},
        options=server_tls(authority, here),
        conflicts={"default": {"policy": "stop"}},
        config={
            "kafka": {
                "bootstrap": [kafka.address("good")],
                "properties": {
                    "security.protocol": "sasl_ssl",
                    "ssl.ca.location": str(authority.ca),
                    "sasl.mechanism": "SCRAM-SHA-512",
                    "sasl.username": "drc",
                },
                "password_file": "kafka.password",
            },
            "regions": {
                "eu": {"tls": {**tls, "cert": str(client.cert), "key": str(client.key)}},
                "us": {"tls": {**tls, "cert": str(client.cert), "key": str(client.key)}},
            },
        },
    )
    for region, server in pair.servers.items():
        server.password = f"a'{MARKS[region]} word"
    pair.addresses = marks.open_pages(pair.file)
    pair.file["kafka"]["properties"]["debug"] = "conf,security,broker,protocol"  # all that the library tells of itself
    pair.file["log"] = {"level": "debug"}
    pair.write_config()
    pair.everywhere("CREATE DATABASE shop", ITEM)
    pair.eu.sql("SET SESSION sql_log_bin = 0", "ALTER USER drc@'%' REQUIRE X509")
    pair.us.sql("SET SESSION sql_log_bin = 0", "ALTER USER drc@'%' REQUIRE X509")
    kafka.add_user("drc", PASSWORD)
    pair.authority, pair.here, pair.kafka_secret = authority, here, secret
    return pair


def refusal(pair, code, region="eu", tls=None, kafka=None):
    """What capture's check of the region says of a pair file with its `tls`, or with `kafka` laid over key by key."""
    before = pair.file
    changed = {**before["regions"][region], "tls": tls or before["regions"][region]["tls"]}
    kafka = {**before["kafka"], **(kafka or {})}
    pair.file = {**before, "regions": {**before["regions"], region: changed}, "kafka": kafka}
    pair.write_config()
    try:
        words = [place.programs() / "drc-capture", "--config", pair.config, "--region", region, "--check"]
        deadline = time.monotonic() + 60
        while (done := subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)).returncode == 75:
            if time.monotonic() > deadline:  # a busy broker's answer may come too late for a tool
                break
    finally:
        pair.file = before
        pair.write_config()
    text = done.stdout + done.stderr
    assert done.returncode == code, f"ended with {done.returncode} instead of {code}: {text}"
    assert PASSWORD not in text and pair.eu.password not in text
    return text


def swap(pair, certificate, *servers):
    """What they show from now on."""
    pair.here.cert.write_text(certificate.cert.read_text(), encoding="ascii")
    pair.here.key.write_text(certificate.key.read_text(), encoding="ascii")
    for server in servers:
        server.sql("ALTER INSTANCE RELOAD TLS" if server.kind == "mysql" else "FLUSH SSL")


def test_a_pair_by_tls_and_what_is_refused(secured):
    pair = secured
    pair.start()
    pair.eu.sql("INSERT INTO shop.item VALUES (1, 'from eu')")
    pair.us.sql("INSERT INTO shop.item VALUES (2, 'from us')")
    pair.settle()
    pair.assert_equal("shop.item")
    assert pair.eu.query("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'drc'")[0][0] > 0
    pair.reconcile()
    told = pair.ctl("status", "--json").stdout + pair.ctl("check", expect=None).stdout
    places = {"tools": told.encode(), **marks.pages(pair.addresses), **marks.processes(pair)}
    pair.stop()
    assert marks.leaks({**places, **marks.files(pair)}, MARKS) == []  # more of that is in test_secrets.py

    other = Authority(pair.directory / "other")
    for region in ("eu", "us"):
        whole = pair.file["regions"][region]["tls"]
        text = refusal(pair, 77, region, tls={key: value for key, value in whole.items() if key not in ("cert", "key")})
        assert "Access denied" in text and "client certificate" in text and f"regions.{region}.tls.cert" in text
        assert "certificate" in refusal(pair, 78, region, tls={**whole, "ca": str(other.ca)})

    swap(pair, pair.authority.sign("db-elsewhere", "DNS:db1.eu.example"), pair.eu, pair.us)
    for region in ("eu", "us"):
        text = refusal(pair, 78, region)
        assert "127.0.0.1" in text and "certificate" in text
    swap(pair, pair.authority.sign("db-late", "IP:127.0.0.1", expired=True), pair.eu)
    assert "expired" in refusal(pair, 78)
    swap(pair, pair.authority.sign("db-brief", "IP:127.0.0.1", seconds=30), pair.us)  # MySQL takes none that has expired
    brief = time.monotonic() + 30

    swap(pair, pair.authority.sign("db-good", "IP:127.0.0.1"), pair.eu)
    names = {"security.protocol": "ssl", "ssl.ca.location": str(pair.authority.ca)}
    cluster = lambda way, **more: {"bootstrap": [pair.kafka.address(way)], "properties": {**names, **more}}
    assert "expired" in refusal(pair, 78, kafka=cluster("late"))
    assert "mismatch" in refusal(pair, 78, kafka=cluster("elsewhere"))
    assert "certificate" in refusal(pair, 78, kafka=cluster("mutual"))
    assert "verify failed" in refusal(pair, 78, kafka=cluster("late", **{"ssl.ca.location": str(other.ca)}))
    usual = pair.file["kafka"]["properties"]
    assert "verify failed" in refusal(pair, 78, kafka={"properties": {**usual, "ssl.ca.location": str(other.ca)}})
    assert "authentication" in refusal(pair, 77, kafka={"properties": {**usual, "sasl.username": "nobody"}}).lower()

    pair.until(lambda: time.monotonic() > brief, 60, "the end of a certificate")
    assert "expired" in refusal(pair, 78, "us")


def test_plaintext_off_loopback_has_to_be_asked_for(make_pair):
    pair = make_pair(conflicts={"default": {"policy": "stop"}})

    def check(over_eu, over_kafka, expect):
        eu = {**pair.file["regions"]["eu"], **over_eu}
        file = {**pair.file, "regions": {**pair.file["regions"], "eu": eu}, "kafka": {**pair.file["kafka"], **over_kafka}}
        before, pair.file = pair.file, file
        pair.write_config()
        pair.file = before
        done = subprocess.run(
            [place.programs() / "drcctl", "config", "check", "--config", pair.config],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == expect, done.stderr
        return done.stderr

    far, plain = {"host": "db1.eu.example"}, {"bootstrap": ["k1:9092"], "properties": {"security.protocol": "plaintext"}}
    assert "insecure: true" in check({**far, "tls": {"mode": "off"}}, {}, 78)
    assert "is not encrypted" in check({**far, "tls": {"mode": "off"}, "insecure": True}, {}, 0)
    assert "does not look at the server's certificate" in check({**far, "tls": {"mode": "required"}}, {}, 0)
    assert "insecure: true" in check({}, plain, 78)
    assert "is not encrypted" in check({}, {**plain, "insecure": True}, 0)
    assert check(far, {"bootstrap": ["k1:9092"]}, 0) == ""  # by TLS, both
