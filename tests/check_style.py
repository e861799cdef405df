"""House rules that clang-format does not know, checked on every file of ours.

C files: at most 500 lines, functions under 60, a first line that says what the file is for, no struct typedefs, no
tabs; what they log is by a name of the catalogue of messages, and all of the catalogue is used. All files: none of the
marks of unfinished work.

    /usr/bin/python3 tests/check_style.py [ROOT]
"""

import pathlib
import re
import subprocess
import sys

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
TEXT = {".c", ".h", ".py", ".sh", ".md", ".cmake", ".txt", ".yaml", ".yml", ".service", ".xml", ""}
GENERATED = re.compile(r"(build[^/]*|\.git|\.cache|.*__pycache__)/")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")


def functions(lines):
    """(first line number, number of lines) of every C function: from the brace at column 0 to the one that closes it."""
    begun = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begun = number
        elif line == "}" and begun is not None:
            yield begun, number - begun + 1
            begun = None


def check_c(lines):
    """Complaints about one C file, as (line number, what)."""
    if len(lines) > MAX_FILE_LINES:
        yield 1, f"{len(lines)} lines, more than {MAX_FILE_LINES}"
    if not lines or not re.match(r"/\* \S.*\w", lines[0]):
        yield 1, "the first line is a comment that says what the file is for"
    for number, count in functions(lines):
        if count > MAX_FUNCTION_LINES:
            yield number, f"a function of {count} lines, more than {MAX_FUNCTION_LINES}"
    for number, line in enumerate(lines, 1):
        if re.match(r"\s*typedef\s+(struct|union|enum)\b[^(]*$", line):
            yield number, "a typedef of a struct, union or enum"
        if "\t" in line:
            yield number, "a tab"


def check_text(lines):
    for number, line in enumerate(lines, 1):
        match = UNFINISHED.search(line)
        if match:
            yield number, f"unfinished work: {match.group(1)}"


MESSAGES = "common/base/messages_"  # the catalogue, several files
MESSAGE_ROW = re.compile(r"^MESSAGE(?:_EACH|_STOP)?\((\w+), (\d+), ", re.MULTILINE)
LOG_CALL = re.compile(r"\b(?:log_(?:event|plain|write|stop)\s*\(|err_stop\s*\([^,()]+,)\s*(\w+)")


def check_messages(sources):
    """Breaches of the catalogue's rules, as (path, line, what); `sources` are the texts of all C files by path."""
    rows = {}
    for path, text in sources.items():
        if path.startswith(MESSAGES):
            for match in MESSAGE_ROW.finditer(text):
                name, number, line = match.group(1), match.group(2), text.count("\n", 0, match.start()) + 1
                for other_name, (other_number, _, _) in rows.items():
                    if name == other_name or number == other_number:
                        yield path, line, f"message {number} {name} is {other_number} {other_name} already"
                rows[name] = (number, path, line)
    used = set()
    for path, text in sources.items():
        if path.startswith((MESSAGES, "tests/")):
            continue
        used.update(re.findall(r"\bMSG_(\w+)", text))
        for match in LOG_CALL.finditer(text):
            if match.group(1)[0].isdigit():
                yield path, text.count("\n", 0, match.start()) + 1, "a message by number: give its name, MSG_…"
    for name, (number, path, line) in rows.items():
        if name not in used:
            yield path, line, f"message {number} {name} is used nowhere: take the row away"


def files(root):
    """What git tracks or would track under `root`; where there is no git, every file outside of build directories."""
    command = ["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8").split("\0")
        return [root / name for name in names if name and (root / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        return [path for path in root.rglob("*") if path.is_file() and not GENERATED.match(str(path.relative_to(root)))]


def complaints(root):
    """Every breach under `root`, as "file:line: what"."""
    root = pathlib.Path(root)
    sources = {}
    for path in sorted(files(root)):
        if path.suffix not in TEXT or path.name == "LICENSE":
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found = list(check_text(lines))
        if path.suffix in {".c", ".h"}:
            found += check_c(lines)
            sources[str(path.relative_to(root))] = "\n".join(lines)
        for number, what in found:
            yield f"{path.relative_to(root)}:{number}: {what}"
    for path, number, what in check_messages(sources):
        yield f"{path}:{number}: {what}"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[1]
    found = list(complaints(root))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
