"""Debian packages for tests: of the tree as it is, and of the newest release, built from its commit and kept in the cache."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from support import place

FIRST = ("0.1.0", "bf53fca6cf19eeb7a420c91c1c7b038ee9c61eab")  # where there are no tags: the release that this file was written beside
CONTROL = """Package: drc
Version: {version}
Architecture: {architecture}
Maintainer: The DRC authors <drc@drc.example>
Depends: adduser
Section: database
Priority: optional
Description: cross-datacentre replication for MariaDB and MySQL, as it was released
"""


def _run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout.strip()


def _cpack(build, directory):
    _run("cpack", "--config", build / "CPackConfig.cmake", "-B", directory, cwd=build)
    shutil.rmtree(directory / "_CPack_Packages")


def package():
    """What ./dev package makes of the tree; made once for what is built, and written, now."""
    build, kept = place.ROOT / "build", place.ROOT / "build" / "packages"
    parts = [*build.glob("bin/*"), *build.glob("man/*"), build / "CPackConfig.cmake", place.ROOT / "README.md"]
    for pattern in ("docs/*.md", "conf/*", "packaging/debian/*"):
        parts += place.ROOT.glob(pattern)
    facts = [(str(part), part.stat().st_mtime_ns) for part in sorted(parts)]
    directory = kept / hashlib.sha256(repr(facts).encode()).hexdigest()[:12]
    with place.locked(build / "packages.lock"):
        if not list(directory.glob("drc_*.deb")):
            shutil.rmtree(kept, ignore_errors=True)
            directory.mkdir(parents=True)
            _cpack(build, directory)
    return next(directory.glob("drc_*.deb"))


def _git(*words):
    done = subprocess.run(["git", "-C", str(place.ROOT), *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def newest():
    """(version, commit) of the newest release below the tree's own version; the commit is None where it is not to be had."""
    tags = [tag for tag in (_git("tag", "--list") or "").split() if re.fullmatch(r"\d+\.\d+\.\d+", tag)]
    own = re.search(r"VERSION (\d+\.\d+\.\d+)", (place.ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
    number = lambda tag: [int(part) for part in tag.split(".")]
    older = sorted((tag for tag in tags if number(tag) < number(own)), key=number)
    version, name = (older[-1], older[-1]) if older else FIRST
    return version, _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def missing():
    """None, or why there is no package of the newest release to be had."""
    version, commit = newest()
    if commit:
        return None
    return f"commit {FIRST[1]} of release {version} is not in this clone (git fetch --tags, or a clone with its history)"


def _install_by_hand(tree, build, package):
    """Of a release that made no package yet: what its README told operators to install, beside today's scripts."""
    _run("cmake", "--install", build, "--prefix", "/usr", "--strip", env={**os.environ, "DESTDIR": str(package)})
    units = package / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    for unit in [*(tree / "conf").glob("*.service"), *(tree / "conf").glob("*.target")]:
        shutil.copy(unit, units)


def _make(commit, version, directory):
    with tempfile.TemporaryDirectory(prefix="release-", dir=place.CACHE) as work:
        tree, build = pathlib.Path(work) / "tree", pathlib.Path(work) / "build"
        tree.mkdir()
        archive = subprocess.run(["git", "-C", str(place.ROOT), "archive", commit], capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(tree)], input=archive, check=True)
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        options = ["-DCMAKE_BUILD_TYPE=Release", "-DDRC_TESTS=OFF", *launcher]
        _run("cmake", "-G", "Ninja", "-S", tree, "-B", build, *options)
        _run("cmake", "--build", build)
        if (build / "CPackConfig.cmake").exists():
            _cpack(build, directory)
            return
        package = pathlib.Path(work) / "package"
        _install_by_hand(tree, build, package)
        (package / "DEBIAN").mkdir()
        architecture = _run("dpkg", "--print-architecture")
        text = CONTROL.format(version=version, architecture=architecture)
        (package / "DEBIAN/control").write_text(text, encoding="ascii")
        for script in ("postinst", "prerm", "postrm"):
            shutil.copy(place.ROOT / "packaging/debian" / script, package / "DEBIAN" / script)
            (package / "DEBIAN" / script).chmod(0o755)
        _run("dpkg-deb", "--root-owner-group", "--build", package, directory / f"drc_{version}_{architecture}.deb")


def newest_package():
    """The package of the newest release; built once a commit, which takes a minute or two."""
    version, commit = newest()
    kept = place.cached_directory(f"release-{commit[:12]}", lambda directory: _make(commit, version, directory))
    return next(kept.glob("drc_*.deb"))
