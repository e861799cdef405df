"""A real Prometheus, Debian's, that scrapes what a test names, and its query API."""

import json
import shutil
import urllib.error
import urllib.parse
import urllib.request

from support.ports import free_port
from support.process import Process

PROGRAM = "prometheus"


def missing():
    """None, or why there is no Prometheus to start."""
    return None if shutil.which(PROGRAM) else f"{PROGRAM} is not installed: ./dev setup was not run"


class Prometheus(Process):
    """Scrapes `targets` ("127.0.0.1:port") every second; its data is in `directory`."""

    def __init__(self, directory, targets, rules=()):
        directory.mkdir(parents=True)
        self.port = free_port()
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(path) for path in rules],
            "scrape_configs": [{"job_name": "drc", "static_configs": [{"targets": list(targets)}]}],
        }
        path = directory / "prometheus.yml"
        path.write_text(json.dumps(config), encoding="utf-8")
        argv = [
            PROGRAM,
            f"--config.file={path}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
        super().__init__("prometheus", argv, directory / "prometheus.log")

    def api(self, path, **parameters):
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]

    def answers(self):
        try:
            return bool(self.api("query", query="1"))
        except (OSError, ValueError, urllib.error.URLError):
            return False

    def query(self, text):
        """[(labels, value)] of an instant vector."""
        return [(found["metric"], float(found["value"][1])) for found in self.api("query", query=text)["result"]]
