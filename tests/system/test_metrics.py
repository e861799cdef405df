"""Metrics, health and the status page of a running pair: checked by promtool, scraped by a real Prometheus, opened in a real
browser, wide and narrow, light and dark; pictures in build/test-results/pages/."""

import re
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from support import browser, place, prometheus
from support.browser import Browser
from support.load import TokenLoad
from support.ports import free_port
from support.prometheus import Prometheus

EVIL = "ev`il</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module", autouse=True)
def _need_programs():
    if reason := browser.missing() or prometheus.missing():
        pytest.skip(reason)


def fetch(port, path="/", method="GET", host=None):
    """(status, headers, body as text)"""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode("utf-8")


@pytest.fixture
def watched(make_pair):
    """A pair of which every daemon has a port; a conflict and a name that is none for a page."""
    pair = make_pair(conflicts={"default": {"policy": "latest"}})
    ports = {}
    for name, region in pair.file["regions"].items():
        region["metrics"] = ports[f"capture-{name}"] = free_port()
    for link in pair.file["links"]:
        link["metrics"] = ports[f"applier-{link['from']}-{link['to']}"] = free_port()
    pair.write_config()
    table = EVIL.replace("`", "``")
    pair.everywhere(
        "CREATE DATABASE shop",
        TokenLoad.TABLE,
        "CREATE TABLE shop.clash (id INT PRIMARY KEY, v INT)",
        f"CREATE TABLE shop.`{table}` (id INT PRIMARY KEY, v INT)",
    )
    for region in ("eu", "us"):
        pair.capture(region).start(60)
        pair.until(lambda region=region: pair.stream_stands(region), 60, f"a stream of {region}")
    pair.eu.sql("INSERT INTO shop.clash VALUES (1, 1)", f"INSERT INTO shop.`{table}` VALUES (1, 1)")
    pair.us.sql("INSERT INTO shop.clash VALUES (1, 2)", f"INSERT INTO shop.`{table}` VALUES (1, 2)")
    pair.start()
    return pair, ports


def check_http(ports):
    port = ports["applier-eu-us"]
    assert fetch(port, "/healthz")[::2] == (200, "ok\n")
    assert fetch(port, "/nothing")[0] == 404
    assert fetch(port, "/metrics", method="POST")[0] == 405
    assert fetch(port, "/", host="evil.example")[0] == 421
    status, headers, body = fetch(port, "/metrics", method="HEAD")
    assert (status, body) == (200, "") and headers["Content-Type"].startswith("text/plain; version=0.0.4")


def check_metrics(pair, ports):
    """By promtool, and each value that the daemons' own status has too."""
    for name, port in ports.items():
        text = fetch(port, "/metrics")[2]
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), name
        assert password(pair) not in text
    text = fetch(ports["applier-eu-us"], "/metrics")[2]
    labels = f'pair="{pair.name}",from="eu",to="us"'
    conflicts = dict(re.findall(rf'^drc_applier_conflicts_total{{{labels},kind="([^"]+)"}} (\d+)$', text, re.M))
    told = pair.appliers["eu", "us"].status()["conflicts_by_kind"]
    assert {kind: int(count) for kind, count in conflicts.items()} == told
    assert sum(told.values()) == len([x for x in pair.conflicts() if x["link"] == "eu:us"]) > 0
    for stage in ("transported", "applied", "total"):
        assert int(re.search(rf'^drc_applier_stage_seconds_count{{{labels},stage="{stage}"}} (\d+)$', text, re.M)[1]) > 0


def password(pair):
    return (pair.directory / "eu.password").read_text(encoding="utf-8").strip()


def check_prometheus(pair, ports, directory):
    """What a real one has scraped is what the daemons say."""
    server = Prometheus(
        directory / "prometheus",
        [f"127.0.0.1:{port}" for port in ports.values()],
        [place.ROOT / "conf" / "prometheus" / "drc-alerts.yml"],
    )
    server.start()
    try:
        server.wait_ready(server.answers, 60)
        pair.until(lambda: [value for _, value in server.query('up{job="drc"}')] == [1.0] * 4, 60, "scrape of all four")
        # A scrape that takes longer than a second is none: its series are away until the next.
        rows = pair.captures["eu"].status()["rows"]
        first = lambda asked: max((value for _, value in server.query(asked)), default=-1)
        pair.until(lambda: first('drc_capture_rows_total{region="eu"}') >= rows, 60, "the rows in Prometheus")
        states = lambda: {(x["from"], x["to"]): x["state"] for x, _ in server.query("drc_applier_state == 1")}
        pair.until(lambda: states() == {("eu", "us"): "running", ("us", "eu"): "running"}, 60, "both links running")
        quantile = "histogram_quantile(0.99, sum by (le, from) (drc_applier_stage_seconds_bucket{stage='total'}))"
        lags = lambda: {x["from"]: value for x, value in server.query(quantile)}
        pair.until(lambda: lags().keys() == {"eu", "us"}, 60, "the lag of both links")
        assert all(0 < value < 600 for value in lags().values())
        rules = server.api("rules")["groups"][0]["rules"]
        assert len(rules) > 10 and all(rule["health"] in ("ok", "unknown") for rule in rules)
    finally:
        server.kill()


def check_page(ports, directory):
    with Browser(directory) as chromium:
        for name in ("applier-eu-us", "capture-eu"):
            port = ports[name]
            address = f"http://127.0.0.1:{port}/"
            for width, dark in ((1280, False), (1280, True), (390, False), (390, True)):
                page = chromium.open(address, width=width, dark=dark)
                assert page.overflow() == [0, []]
                page.picture(f"status-{name}-{'dark' if dark else 'light'}-{width}", whole=True)
            page = chromium.open(address)
            first = page.ask("document.querySelector('footer time').textContent")
            page.ask(
                f"new Promise(done => {{ const look = () => document.querySelector('footer time').textContent !== {first!r}"
                " ? done(true) : setTimeout(look, 100); look(); })"
            )  # renewed by its own script
            assert page.complaints == []
            assert set(page.requests) <= {address, f"http://127.0.0.1:{port}/favicon.ico"}
            assert page.ask("[document.scripts.length, document.querySelectorAll('img, iframe, link, object').length]") == [1, 0]
            lanes = page.ask("[...document.querySelectorAll('.lane h3')].map(e => e.textContent)")
            assert lanes == ["eu \u2192 us", "us \u2192 eu"]
            words = "[...document.querySelectorAll('.daemon .word')].map(e => e.textContent)"
            deadline = time.monotonic() + 60
            while page.ask(words) != ["running"] * 4:  # all four answer on this host; one that was slow a moment ago is silent
                assert time.monotonic() < deadline, page.ask(words)
                time.sleep(0.5)
        bare = chromium.open(address, script=False)
        assert bare.ask("document.querySelectorAll('.log li').length") > 3 and bare.complaints == []


def test_what_a_pair_shows(watched, directory):
    pair, ports = watched
    with TokenLoad(pair.eu) as load:
        load.wait_for(50)
    pair.settle()
    for port in ports.values():
        pair.until(lambda port=port: fetch(port, "/readyz")[0] == 200, 60, "readiness")
    check_http(ports)
    check_metrics(pair, ports)
    check_prometheus(pair, ports, directory)
    check_page(ports, directory)
    pair.capture("eu").stop()
    pair.eu.kill()  # which its capture then cannot reach: not ready, and still healthy
    pair.capture("eu").launch()
    port = ports["capture-eu"]
    pair.until(lambda: answers(port) and fetch(port, "/readyz")[0] == 503, 60, "a capture that is not ready")
    assert fetch(port, "/healthz")[0] == 200
    assert re.match(r"(starting|retrying): .+\n$", fetch(port, "/readyz")[2])


def answers(port):
    try:
        return bool(fetch(port, "/healthz"))
    except OSError:
        return False
