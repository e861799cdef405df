"""Where things lie: the repository, its cache, the programs under test, and directories for runs.

A run's directory is short (unix sockets allow 107 bytes) and lies under $DRC_TEST_DIR, or else under the system's
temporary directory. Caches are made under a lock and appear by a rename, so that parallel workers can share them.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"


def programs():
    """The directory of the programs under test: $DRC_BIN, or build/bin."""
    return pathlib.Path(os.environ.get("DRC_BIN") or ROOT / "build" / "bin")


def run_directory(name="run"):
    """A new directory for one run; its owner removes it."""
    base = os.environ.get("DRC_TEST_DIR") or tempfile.gettempdir()
    pathlib.Path(base).mkdir(parents=True, exist_ok=True)
    return pathlib.Path(tempfile.mkdtemp(prefix=f"drc-{name[:24]}-", dir=base))


@contextlib.contextmanager
def locked(path):
    """Hold an exclusive lock on the file `path` among all processes of this machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def cached_directory(name, make):
    """The cache directory `name`; where it is missing, `make(path)` fills it first."""
    path = CACHE / name
    if path.is_dir():
        return path
    with locked(CACHE / (name.replace("/", "-") + ".lock")):
        if not path.is_dir():
            fresh = path.with_name(path.name + ".new")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            make(fresh)
            fresh.rename(path)
    return path
