"""Servers of other Debian suites than the system's, unpacked under .cache/servers/ and run by their own libc.

`./dev setup` fetches them (tests/support/fetch-server). Where that is not possible, the tests that need one are skipped,
and say so.
"""

from support import place


class Prefix:
    """The unpacked packages under .cache/servers/`name`."""

    def __init__(self, name):
        self.name = name
        self.root = place.CACHE / "servers" / name

    def missing(self):
        """None, or why there is nothing to run."""
        if self.root.is_dir():
            return None
        return f"{self.name} has not been fetched: ./dev setup could not reach a Debian mirror, or was not run"

    def path(self, *parts):
        return self.root.joinpath("usr", *parts)

    def program(self, *parts):
        """The words that run a program of it: its loader, its libraries, then the program itself."""
        loader = next(self.root.glob("usr/lib*/ld-linux-*.so.*"))
        libraries = [path.parent for path in self.root.glob("usr/lib/*/libc.so.6")]
        libraries += [path for path in self.root.glob("usr/lib/mysql/private") if path.is_dir()]
        return [str(loader), "--library-path", ":".join(str(path) for path in libraries), str(self.path(*parts))]
