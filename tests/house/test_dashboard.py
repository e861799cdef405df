"""Dashboard and alerts ask for metrics that there are, with labels that those have, and each alert fires when it should."""

import json
import re
import shutil
import subprocess

import pytest

from support import place

DASHBOARD = place.ROOT / "conf" / "grafana" / "drc.json"
ALERTS = place.ROOT / "conf" / "prometheus" / "drc-alerts.yml"
ALERTS_TEST = place.ROOT / "tests" / "data" / "alerts-test.yml"
OF_PROMETHEUS = {"job", "instance", "le", "alertname"}
FOR_A_CLOSER_LOOK = re.compile(  # what has no panel and no alert: numbers of places, and parts of what has
    r"drc_(build_info|start_time_seconds|\w+_(seq|offset|epoch|workers)|capture_(ddl|repeated_transactions|ignored_events)_total"
    r"|capture_(commit_timestamp_seconds|queue_records|in_flight_records|held_back)|applier_(groups|duplicate_records|void_records)_total"
    r"|applier_(parked_bytes|xa_prepared_transactions)|applier_versions\w*)"
)


def metrics():
    """name -> labels, by docs/metrics.md, which a unit test holds to the table in the code."""
    found, labels = {}, set()
    for line in (place.ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("Each has the labels"):
            labels = set(re.findall(r"`(\w+)`", line))
        elif row := re.match(r"\| `(drc_\w+)` \| (\w+) \| \w* \| (?:`(\w+)`)? \|", line):
            name, kind, own = row.groups()
            for suffix in ("_bucket", "_count", "_sum") if kind == "histogram" else ("",):
                found.setdefault(name + suffix, set()).update(labels | ({own} if own else set()))
    return found


def queries():
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"], target["legendFormat"]


def check(where, query, legend, known):
    names = set(re.findall(r"\bdrc_\w+", query))
    assert names <= known.keys(), f"{where}: there is no {names - known.keys()}"
    assert names, f"{where}: asks for nothing of ours"
    labels = set().union(*(known[name] for name in names)) | OF_PROMETHEUS
    for name, matchers in re.findall(r"\b(drc_\w+)\{([^}]*)\}", query):
        used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))
        assert used <= known[name] | OF_PROMETHEUS, f"{where}: {name} has no label {used - known[name]}"
    by = {x.strip() for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", query) for x in group.split(",")}
    told = set(re.findall(r"{{\s*(?:\$labels\.)?(\w+)\s*}}", legend))
    assert by | told <= labels, f"{where}: no label {(by | told) - labels}"


def test_the_dashboard_asks_for_what_there_is(tmp_path):
    known = metrics()
    assert len(known) > 50
    asked = list(queries())
    assert len(asked) > 25
    for where, query, legend in asked:
        check(where, query, legend, known)
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in board["panels"]]
    assert len(set(places)) == len(places) and all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in board["panels"])
    if promtool := shutil.which("promtool"):  # which knows the language: each query as a rule
        plain = [query.replace("$__rate_interval", "1m").replace("$pair", ".+") for _, query, _ in asked]
        rules = [{"record": f"q{number}", "expr": query} for number, query in enumerate(plain)]
        path = tmp_path / "queries.yml"
        path.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")
        done = subprocess.run([promtool, "check", "rules", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_metric_is_shown_or_watched():
    """A new one wants a panel, an alert, or a place among those that are for a closer look."""
    asked = " ".join(query for _, query, _ in queries()) + ALERTS.read_text(encoding="utf-8")
    names = re.findall(r"^\| `(drc_\w+)` \|", (place.ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"), flags=re.M)
    assert len(names) > 50
    forgotten = [name for name in names if not re.search(rf"\b{name}(_bucket|_sum|_count)?\b", asked) and not FOR_A_CLOSER_LOOK.fullmatch(name)]
    assert not forgotten


def test_alerts_ask_for_what_there_is():
    known = metrics()
    text = ALERTS.read_text(encoding="utf-8")
    alerts = re.findall(r"- alert: (\w+)\n\s+expr: (.+)\n", text)
    assert len(alerts) == text.count("- alert:")
    for name, query in alerts:
        if "up{" not in query:
            check(name, query, "", known)
    tested = ALERTS_TEST.read_text(encoding="utf-8")
    assert all(f'alertname="{name}"' in tested and f"alertname: {name}," in tested for name, _ in alerts)


def test_each_alert_fires_when_it_should():
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed: ./dev setup was not run")
    done = subprocess.run([promtool, "test", "rules", ALERTS_TEST], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
