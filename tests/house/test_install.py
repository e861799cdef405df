"""`cmake --install` with a prefix and DESTDIR: all of it below them, and nothing names another place."""

import os
import subprocess

import pytest

from support import place

PARTS = (
    "bin/drc-capture",
    "bin/drc-applier",
    "bin/drc-reconcile",
    "bin/drcctl",
    "lib/systemd/system/drc-capture@.service",
    "lib/systemd/system/drc-applier@.service",
    "lib/systemd/system/drc.target",
    "lib/tmpfiles.d/drc.conf",
    "share/man/man1/drcctl.1.gz",
    "share/man/man1/drc-reconcile.1.gz",
    "share/man/man5/drc.yaml.5.gz",
    "share/man/man8/drc-capture.8.gz",
    "share/man/man8/drc-applier.8.gz",
    "share/bash-completion/completions/drcctl",
    "share/zsh/vendor-completions/_drcctl",
    "share/doc/drc/examples/two-way.yaml",
    "share/doc/drc/grafana/drc.json",
    "share/doc/drc/prometheus/drc-alerts.yml",
    "share/doc/drc/docs/tutorial.md",
)


def test_an_installation_is_where_it_is_wanted(tmp_path):
    build = place.programs().parent
    if not (build / "cmake_install.cmake").exists():
        pytest.skip(f"{build} is no build tree: DRC_BIN names programs from elsewhere")
    with place.locked(build / "packages.lock"):  # units are written anew in the build tree, as when a package is made
        words = ["cmake", "--install", str(build), "--prefix", "/opt/drc"]
        subprocess.run(words, check=True, capture_output=True, env={**os.environ, "DESTDIR": str(tmp_path)})
    prefix = tmp_path / "opt" / "drc"
    assert [path.name for path in tmp_path.iterdir()] == ["opt"] and [path.name for path in prefix.parent.iterdir()] == ["drc"]
    assert not [part for part in PARTS if not (prefix / part).is_file()]
    for unit in ("drc-capture@.service", "drc-applier@.service"):
        text = (prefix / "lib" / "systemd" / "system" / unit).read_text(encoding="utf-8")
        assert "/opt/drc/bin/drc" in text and "/usr" not in text and "@bindir@" not in text
    done = subprocess.run([prefix / "bin" / "drcctl", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("drcctl 0.")
