"""Asserts are part of every build: no build type switches them off, and flags that would are refused."""

import subprocess

import pytest

from support import place


def configure(directory, *arguments):
    argv = ["cmake", "-S", str(place.ROOT), "-B", str(directory), "-G", "Ninja", "-DDRC_TESTS=OFF", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", ["RelWithDebInfo", "MinSizeRel"])
def test_no_build_type_switches_them_off(tmp_path, kind):
    done = configure(tmp_path, f"-DCMAKE_BUILD_TYPE={kind}")
    assert done.returncode == 0, done.stderr
    commands = (tmp_path / "compile_commands.json").read_text(encoding="utf-8")
    assert "schedule.c" in commands and "NDEBUG" not in commands


def test_flags_that_would_are_refused(tmp_path):
    done = configure(tmp_path, "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS=-O3 -DNDEBUG")
    assert done.returncode != 0 and "NDEBUG would switch the asserts off" in done.stderr
