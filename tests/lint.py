"""What `./dev lint` runs: clang-format, the house rules, the order of layers, shellcheck, clang-tidy.

All checks run, whatever one of them finds; the last line says how many complained.
"""

import json
import os
import pathlib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import check_layers
import check_style

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCRIPTS = ("dev", ".ci/run", "tests/support/fetch-server")


def run(*command):
    """A command's complaint: what it printed if it failed, else ""."""
    done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or f"{command[0]}: {done.returncode}"


def c_files():
    return [path for path in check_style.files(ROOT) if path.suffix in {".c", ".h"}]


def check_format():
    bad = [str(path.relative_to(ROOT)) for path in c_files() if run("clang-format-14", "--dry-run", "-Werror", path)]
    return f"not as .clang-format says; to mend: clang-format-14 -i {' '.join(bad)}" if bad else ""


def check_shell():
    return run("shellcheck", *[script for script in SCRIPTS if (ROOT / script).exists()])


def tidy_one(path):
    command = ["clang-tidy-14", "-p", "build", "--quiet", "--extra-arg=-w"]
    if not path.endswith("common/base/err.c"):  # which defines what the hints are about
        command += [f"--extra-arg=-I{ROOT}", "--extra-arg=-include", f"--extra-arg={ROOT}/tests/analyzer_hints.h"]
    if "/tests/" in path:  # the analyzer takes long and does not know that cmocka's asserts do not return
        command.append("--checks=-clang-analyzer-*,-cert-exp42-c,-cert-flp37-c,-bugprone-suspicious-memory-comparison")
    done = subprocess.run([*command, path], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout.strip() or done.stderr.strip()


def check_tidy():
    commands = json.loads((ROOT / "build" / "compile_commands.json").read_text(encoding="utf-8"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return "\n".join(text for text in pool.map(tidy_one, [command["file"] for command in commands]) if text)


CHECKS = {
    "format": check_format,
    "house rules": lambda: "\n".join(check_style.complaints(ROOT)),
    "order of layers": lambda: "\n".join(check_layers.complaints(ROOT)),
    "shell": check_shell,
    "clang-tidy": check_tidy,
}


def main():
    complaining = []
    for name, check in CHECKS.items():
        begun = time.monotonic()
        text = check()
        print(f"{name}: {'complains' if text else 'fine'} ({time.monotonic() - begun:.0f} s)")
        if text:
            print(text)
            complaining.append(name)
    print(f"lint: {len(complaining)} of {len(CHECKS)} checks complain" if complaining else "lint: all fine")
    return 1 if complaining else 0


if __name__ == "__main__":
    sys.exit(main())
