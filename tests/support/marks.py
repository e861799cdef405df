"""Where a secret could show: marks in passwords, looked for in all that daemons, tools and the system tell of a pair."""

import base64
import pathlib
import subprocess
import urllib.error
import urllib.request

from support import ports


def encodings(mark):
    """The mark as it would look as it is, backwards, in hex, and in base64 at each of its three alignments."""
    raw = mark.encode("ascii")
    yield from (raw, raw[::-1], raw.hex().encode("ascii"), raw.hex().upper().encode("ascii"))
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw)
        yield coded[(0, 2, 3)[shift] : -4]  # what depends on neighbours is left out


def leaks(places, marks):
    """(where, whose) for each of `marks` (whose -> mark) that is in one of `places` (where -> bytes)."""
    return sorted(
        {(where, name) for where, data in places.items() for name, mark in marks.items() for code in encodings(mark) if code in data}
    )


def files(pair):
    """All that is left in the pair's directory, but for what servers and brokers keep, and the passwords themselves."""
    apart = [server.directory for server in pair.servers.values()] + [pair.directory / "kafka"]
    found = {}
    for path in pair.directory.rglob("*"):
        own = path.is_file() and path.suffix != ".password" and not any(path.is_relative_to(a) for a in apart)
        if own:
            found[str(path.relative_to(pair.directory))] = path.read_bytes()
    return found


def processes(pair):
    """What others can see of the daemons while they run: by the system's own list, in /proc, and in the servers' lists. What
    would be written of them in a crash is settled there too: nothing."""
    shown = {"ps": subprocess.run(["ps", "axeww", "-o", "pid,args"], capture_output=True, check=True).stdout}
    shown["core_pattern"] = pathlib.Path("/proc/sys/kernel/core_pattern").read_bytes()
    for daemon in pair.daemons:
        for what in ("cmdline", "environ", "status", "comm", "limits", "coredump_filter"):
            shown[f"{daemon.name} {what}"] = pathlib.Path(f"/proc/{daemon.pid}/{what}").read_bytes()
        limits = shown[f"{daemon.name} limits"].decode()
        assert any(line.split()[4] == "0" for line in limits.splitlines() if line.startswith("Max core file")), limits
    for name, server in pair.servers.items():
        shown[f"processes of {name}"] = repr(server.query("SHOW FULL PROCESSLIST")).encode()
    return shown


def open_pages(file):
    """Give each daemon of a pair file an address for its metrics and page; returns them by name, for `pages`."""
    found = {}
    for name, region in file["regions"].items():
        region["metrics"] = found[f"capture-{name}"] = ports.free_port()
    for link in file["links"]:
        link["metrics"] = found[f"applier-{link['from']}-{link['to']}"] = ports.free_port()
    return found


def pages(where):
    """What the daemons tell over HTTP."""
    shown = {}
    for name, port in where.items():
        for path in ("/", "/metrics", "/healthz", "/readyz", "/nothing"):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
                    shown[name + path] = repr(answer.headers.items()).encode() + answer.read()
            except urllib.error.HTTPError as error:
                shown[name + path] = error.read()
    return shown
