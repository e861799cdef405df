"""What drc-reconcile says of nasty names and values: one page that runs nothing but its own script, JSON, text, masks.

The page is opened in a real browser, wide and narrow, light and dark; its pictures are kept in build/test-results/pages/.
"""

import json
import re

import pytest

from support import browser
from support.browser import Browser
from system.test_reconcile import plant

EVIL = "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
TABLE = "`ev``il </script>\"'`"
COLUMN = "`</td><script>alert(1)</script>`"
MANY = 1100  # of one class: more than the page shows


@pytest.fixture(scope="module", autouse=True)
def _need_browser():
    if reason := browser.missing():
        pytest.skip(reason)


@pytest.fixture
def planted(make_pair):
    """Equal tables and one conflict, then differences that no link carries."""
    pair = make_pair(conflicts={"default": {"policy": "latest"}})
    pair.everywhere(
        "CREATE DATABASE shop",
        f"CREATE TABLE shop.{TABLE} (id INT PRIMARY KEY, {COLUMN} TEXT, b VARBINARY(60), email VARCHAR(60), d DOUBLE)",
        "CREATE TABLE shop.many (id INT PRIMARY KEY, v INT)",
        "CREATE TABLE shop.clash (id INT PRIMARY KEY, v INT)",
    )
    for region in ("eu", "us"):
        pair.capture(region).start(60)
        pair.until(lambda region=region: pair.stream_stands(region), 60, f"a stream of {region}")
    pair.eu.sql("INSERT INTO shop.clash VALUES (1, 1)")
    pair.us.sql("INSERT INTO shop.clash VALUES (1, 2)")  # neither knows of the other
    pair.start()
    pair.eu.sql(
        "USE shop",
        f"INSERT INTO {TABLE} VALUES (1, 'plain', X'00ff', 'me@secret', 0.1), (2, 'x', '', NULL, -1e308)",
        f"INSERT INTO many SELECT seq, seq FROM seq_1_to_{MANY}",
    )
    pair.settle()
    plant(
        pair.us,
        "UPDATE shop.many SET v = -v",
        f"UPDATE shop.{TABLE} SET {COLUMN} = CONCAT(\"{EVIL.replace(chr(34), chr(92) + chr(34))}\", CHAR(10), CHAR(27)),"
        " b = X'ff3c7363726970743e', email = 'you@secret' WHERE id = 1",
        f"DELETE FROM shop.{TABLE} WHERE id = 2",
    )
    return pair


def run(pair, *words, mode="full"):
    page, report = pair.directory / f"{mode}.html", pair.directory / "report.jsonl"
    done = pair.tool("drc-reconcile", mode, "--pair", "eu,us", "--html", page, "--json", report, *words, expect=1)
    lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    return page, lines, done.stdout


def check_nothing_runs(page, text):
    """The page's own script alone, by the policy's hash; nothing that an element or address could bring."""
    assert page.ask("document.title") == "1,102 differences between eu and us"
    assert page.complaints == []
    assert [x for x in page.requests if not x.startswith("file:")] == [] and len(page.requests) == 1
    found = page.ask(
        "({scripts: document.scripts.length, styles: document.querySelectorAll('style').length,"
        " others: document.querySelectorAll('[src], [href], link, iframe, object, embed, form[action], base').length,"
        " handlers: [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => /^on|^style$/.test(n)),"
        " policy: document.querySelector('meta[http-equiv=Content-Security-Policy]').content})"
    )
    assert (found["scripts"], found["styles"], found["others"], found["handlers"]) == (1, 1, 0, [])
    assert re.fullmatch(
        r"default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'",
        found["policy"],
    )
    assert text.count("<script") == 1 and "alert(1)</script>" not in text
    page.ask("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">') || 0")
    page.ask("(() => { const s = document.createElement('script'); s.text = 'document.title = 2'; document.body.append(s); })()")
    assert page.ask("new Promise(done => setTimeout(() => done(document.title), 200))") == "1,102 differences between eu and us"
    assert any("Content Security Policy" in x for x in page.complaints)


def check_filters(page):
    count = lambda: page.ask("new Promise(done => setTimeout(() => done(document.getElementById('count').value), 250))")
    shown = lambda: page.ask("[...document.querySelectorAll('details.diff')].filter(e => e.offsetParent !== null).length")
    change = lambda name, value: page.ask(
        f"(() => {{ const e = document.querySelector('[name={name}]'); e.value = {json.dumps(value)};"
        " e.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    assert count() == "1,001 shown"  # a thousand that diverged, one that is missing
    change("text", "ONERROR")
    assert (count(), shown()) == ("1 of 1,001 shown", 1)
    change("text", "")
    change("table", page.ask("[...document.querySelector('[name=table]').options].find(o => o.text === 'shop.many').value"))
    assert (count(), shown()) == ("999 of 1,001 shown", 999)
    change("table", "")
    page.ask("document.querySelector('[name=kind][value=\"3\"]').click()")
    assert (count(), shown()) == ("1 of 1,001 shown", 1)
    page.ask("document.querySelector('[name=kind][value=\"3\"]').click()")


def test_the_page_is_whole_and_runs_nothing_but_its_own(planted, directory):
    path, lines, text = run(planted)
    source = path.read_text(encoding="utf-8")
    with Browser(directory) as chromium:
        page = chromium.open(path.as_uri())
        check_filters(page)
        cells = page.ask(
            "(() => { const d = [...document.querySelectorAll('details.diff')].find(e => e.textContent.includes('onerror'));"
            " d.open = true; return [...d.querySelectorAll('tbody tr')].map(r => [r.className, r.innerText]); })()"
        )
        assert [name for name, _ in cells] == ["", "differs", "differs", "differs", ""]
        assert any("0x00ff" in cell and "0xff3c7363726970743e" in cell for _, cell in cells)
        page.picture("report-light-1280", whole=True)
        check_nothing_runs(page, source)
        for width, dark in ((1280, True), (390, False), (390, True)):
            page = chromium.open(path.as_uri(), width=width, dark=dark)
            page.ask("document.querySelectorAll('details.diff').forEach((e, i) => { e.open = i < 3; })")
            assert page.overflow() == [0, []]
            page.picture(f"report-{'dark' if dark else 'light'}-{width}", whole=True)
        check_timeline(planted, chromium)
        bare = chromium.open(path.as_uri(), script=False)
        assert bare.complaints == []
    check_forms(lines, text)
    check_masks(planted)


def check_timeline(pair, chromium):
    """Of an incident the page has what the topics and the journals know: lag and conflicts, drawn and told."""
    path, lines, _ = run(pair, "--since", "1h", mode="incident")
    assert lines[-1]["mode"] == "incident" and lines[-1]["differences"] == MANY + 2
    page = chromium.open(path.as_uri(), width=390)
    panels = page.ask("[...document.querySelectorAll('.panel')].map(e => e.textContent)")
    assert [panel.split(" at most ")[0] for panel in panels][:2] == ["Lag until published", "Conflicts decided"]
    told = pair.conflicts()
    count = lambda region: sum(x["link"].endswith(f":{region}") for x in told)
    bars = set(page.ask(  # of both sides at one time the two bars say the same
        "[...[...document.querySelectorAll('.panel')].find(e => e.textContent.startsWith('Conflicts decided'))"
        ".querySelectorAll('rect[class^=side] title')].map(e => e.textContent)"
    ))
    sums = [sum(int(re.search(rf"{region} (\d+)", bar)[1]) for bar in bars if region in bar) for region in ("eu", "us")]
    assert told and sums == [count("eu"), count("us")]
    assert page.overflow() == [0, []] and page.complaints == []
    page.picture("report-incident-390", whole=True)


def check_forms(lines, text):
    """The same in JSON and as text: exact there, harmless here."""
    found = {(x["table"], x["key"]["id"]): x for x in lines if x["type"] == "difference"}
    changed, gone = found["ev`il </script>\"'", 1], found["ev`il </script>\"'", 2]
    assert len(found) == MANY + 2 == lines[-1]["differences"]
    assert changed["columns"] == ["</td><script>alert(1)</script>", "b", "email"]
    assert changed["target"]["</td><script>alert(1)</script>"] == EVIL + "\n\x1b"
    assert changed["source"]["b"] == {"hex": "00ff"} and changed["target"]["b"] == {"hex": "ff3c7363726970743e"}
    assert changed["source"]["d"] == 0.1 and changed["source"]["email"] == "me@secret"
    assert gone["target"] is None and gone["source"]["d"] == -1e308 and gone["source"]["email"] is None
    assert "\x1b" not in text and "shop.ev`il </script>\"' {\"id\": 2} missing_at_target" in text


def check_masks(pair):
    path, lines, text = run(pair, "--mask", "E*", "--mask", "shop.many.id")
    everything = path.read_text(encoding="utf-8") + text + json.dumps(lines)
    assert "@secret" not in everything and "<i>masked</i>" in everything
    assert all(x["key"] == {"id": {"masked": True}} for x in lines if x.get("table") == "many" and x["type"] == "difference")
