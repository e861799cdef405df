"""Headers for applications: each compiles by itself, in plain C99 and with all warnings."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = sorted(path.relative_to(ROOT / "include") for path in (ROOT / "include").glob("**/*.h"))


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_a_public_header_needs_nothing_else(header, directory):
    program = directory / "program.c"
    program.write_text(f"#include <{header}>\nint main(void)\n{{\n    return 0;\n}}\n", encoding="ascii")
    words = ["cc", "-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", "-fsyntax-only"]
    subprocess.run([*words, f"-I{ROOT / 'include'}", program], check=True)
