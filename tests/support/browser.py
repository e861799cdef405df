"""A headless Chromium, driven by its DevTools protocol over a pipe: opens pages, asks them, takes their picture.

    with Browser(directory) as browser:
        page = browser.open("file:///…", width=390, dark=True)
        assert page.ask("document.title") == "…"
        page.picture("name")            # build/test-results/pages/name.png

It has no network but the loopback, and a profile of its own in `directory`. What pages say on their console, what they
refuse to run and which addresses they ask for is kept: page.complaints, page.requests.
"""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time

from support import place

PICTURES = place.ROOT / "build" / "test-results" / "pages"
PROGRAM = "chromium"
TIMEOUT = 150
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root, in containers without user namespaces
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)


def missing():
    """None, or why there is no browser to drive."""
    return None if shutil.which(PROGRAM) else f"{PROGRAM} is not installed: ./dev setup was not run"


class Browser:
    """One process; each page is a tab of its own."""

    def __init__(self, directory):
        self._directory = directory / "browser"
        self._child = None
        self._numbers = itertools.count(1)
        self._pages = {}
        self._rest = b""

    def __enter__(self):
        self._directory.mkdir(parents=True)
        to_child, self._out = os.pipe()
        self._in, from_child = os.pipe()
        words = ["setpriv", "--pdeathsig", "KILL", "--", PROGRAM, *FLAGS, f"--user-data-dir={self._directory}"]
        script = f'exec "$@" 3<&{to_child} 4>&{from_child}'
        self._log = open(self._directory / "chromium.log", "wb")
        self._child = subprocess.Popen(
            ["bash", "-c", script, "browser", *words],
            pass_fds=(to_child, from_child),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        os.close(to_child)
        os.close(from_child)
        self.call("Browser.getVersion")
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
            self._child.wait(20)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            self._child.kill()
            self._child.wait()
        finally:
            os.close(self._out)
            os.close(self._in)
            self._log.close()

    # ---- the protocol: JSON objects, each ended by a zero byte

    def _read(self, deadline):
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"the browser said nothing for {TIMEOUT} s"
            data = os.read(self._in, 1 << 16)
            assert data, f"the browser ended: {(self._directory / 'chromium.log').read_text(errors='replace')[-2000:]}"
            self._rest += data
        line, self._rest = self._rest.split(b"\0", 1)
        return json.loads(line)

    def _event(self, message):
        page = self._pages.get(message.get("sessionId"))
        if page and "method" in message:
            page.take(message["method"], message["params"])

    def call(self, method, session=None, **params):
        """One command and its answer; events that come meanwhile go to their pages."""
        number = next(self._numbers)
        order = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self._out, json.dumps(order).encode() + b"\0")
        deadline = time.monotonic() + TIMEOUT
        while (message := self._read(deadline)).get("id") != number:
            self._event(message)
        assert "error" not in message, f"{method}: {message.get('error')}"
        return message["result"]

    def wait(self, ready, what):
        """Take events until `ready()`."""
        deadline = time.monotonic() + TIMEOUT
        while not ready():
            assert time.monotonic() < deadline, f"{what} did not happen in {TIMEOUT} s"
            self._event(self._read(deadline))

    def open(self, address, *, width=1280, height=900, dark=False, script=True):
        """A new page that has loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.size(width, height, dark)
        if not script:
            page.call("Emulation.setScriptExecutionDisabled", value=True)
        page.go(address)
        return page


class Page:
    """A tab."""

    def __init__(self, browser, session):
        self._browser = browser
        self._session = session
        self._loads = 0
        self._width = self._height = 0
        self.complaints = []
        self.requests = []

    def call(self, method, **params):
        return self._browser.call(method, self._session, **params)

    def take(self, method, params):
        if method == "Page.loadEventFired":
            self._loads += 1
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(" ".join(str(x.get("value")) for x in params["args"]))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {params['message']}")
            self.call("Page.handleJavaScriptDialog", accept=True)

    def size(self, width, height, dark):
        self._width, self._height = width, height
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def go(self, address):
        before = self._loads
        self.call("Page.navigate", url=str(address))
        self._browser.wait(lambda: self._loads > before, f"loading {address}")

    def ask(self, expression):
        """The value of a JavaScript expression in the page (promises awaited)."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def overflow(self):
        """By how many pixels the page is wider than its window; names of the elements that stick out, for the message."""
        return self.ask(
            "[document.documentElement.scrollWidth - document.documentElement.clientWidth,"
            " [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1"
            " && !e.closest('.scroll')).slice(0, 5).map(e => e.tagName + '.' + (e.getAttribute('class') || ''))]"
        )

    def picture(self, name, *, whole=False):
        """Keep what it looks like, as an artefact; with `whole` to its end (at most 2600 pixels)."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        height = min(self.ask("document.documentElement.scrollHeight"), 2600) if whole else self._height
        clip = {"x": 0, "y": 0, "width": self._width, "height": height, "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **({"clip": clip} if whole else {}))
        path = PICTURES / f"{name}.png"
        path.write_bytes(base64.b64decode(shot["data"]))
        return path
