"""What documents show to be typed: their fenced blocks, and the commands in them.

A block is run by tests as it stands, so that nothing is shown that does not work:

    ```console us            each line after `$ ` is a command; what follows it is its output, `…` stands for anything
    ```sh                    each line is a command
    ```sql eu us             statements; a line `-- 1 | lamp` behind one is a row that it gives
    ```yaml /etc/drc/x eu    a file

The words behind the language, which nobody sees, say where: at the hosts, or the servers, of these regions (eu if none is
named). A comment in the line before the block says what is special about it:

    <!-- run: exit 0 1 -->          these exit codes are as good
    <!-- run: for 3 -->             it does not end by itself: seconds after which it is stopped
    <!-- run: entries -->           4711 stands for an open entry of us's journal, each time for another one
    <!-- run: parked -->            4711 stands for a transaction that is parked in us
    <!-- run: copy -->              0-1-4711 stands for the position that the last dump has told
    <!-- run: not: REASON -->       it cannot be run here; programs and options are looked up all the same

Of docs/tutorial.md and docs/operations.md every block is done. In other documents SQL, files and settings that name no region are
examples, for which there are tests of their own (EXAMPLES).
"""

import functools
import os
import pathlib
import re
import shlex
import subprocess
from dataclasses import dataclass, field

from support import place

OURS = ("drcctl", "drc-capture", "drc-applier", "drc-reconcile")
FENCE = re.compile(r"^( *)```(\S+)(.*)$")
RULES = re.compile(r"^ *<!-- run: (.*?) -->$")
REGIONS = ("eu", "us")
GENERATED = {"check.md": "exit 0 1 2"}  # rules of what has no place for comments
EXAMPLES = {  # the test that looks at each block of that language in that document; yaml: one test for all
    ("apply.md", "sql"): "tests/system/test_grants.py",
    ("servers.md", "sql"): "tests/system/test_grants.py",
    ("servers.md", "ini"): "tests/test_documents.py",
}


@dataclass
class Command:
    """`text` as a shell takes it, `output` as it is shown."""

    text: str
    line: int
    output: list = field(default_factory=list)


@dataclass
class Block:
    """A fenced block: `words` stand behind its language, `rules` in the comment before it."""

    path: pathlib.Path
    line: int
    language: str
    words: list
    lines: list
    rules: str = ""

    @property
    def regions(self):
        return [word for word in self.words if word in REGIONS]

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"

    @property
    def refused(self):
        """Why it is not run, or None."""
        match = re.search(r"not: (.*)", self.rules)
        return match[1] if match else None

    @property
    def stands_for(self):
        """What the number 4711 in it is to be replaced by: "entries", "parked", or None."""
        return self.rules if self.rules in ("entries", "parked") else None

    @property
    def exits(self):
        match = re.search(r"exit ([\d ]+)", self.rules)
        return [int(code) for code in match[1].split()] if match else [0]

    @property
    def limit(self):
        match = re.search(r"for (\d+)", self.rules)
        return int(match[1]) if match else None

    def commands(self):
        found = []
        for number, line in enumerate(self.lines, self.line + 1):
            if self.language == "console" and line.startswith("$ "):
                found.append(Command(line[2:], number))
            elif self.language == "console" and found and not found[-1].output and found[-1].text.endswith("\\"):
                found[-1].text += "\n" + line
            elif self.language == "console" and line.strip():
                found[-1].output.append(line)
            elif self.language == "sh" and line.strip() and not line.startswith("#"):
                found.append(Command(line, number))
        return found

    def statements(self):
        """Of SQL: (statement, rows that are shown for it as strings)."""
        found, statement = [], ""
        for line in self.lines:
            if line.startswith("-- ") and found and not statement:
                found[-1][1].append(line[3:])
                continue
            statement = f"{statement}\n{line}" if statement else line
            if line.endswith(";"):
                found.append((statement, []))
                statement = ""
        assert not statement, f"{self.path.name}:{self.line}: a statement without its end"
        return found


def blocks(path):
    """Of a Markdown file, in order."""
    found, block, before = [], None, ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = FENCE.match(line)
        if block and line.strip() == "```":
            block = None
        elif block:
            block.lines.append(line[indent:])
        elif fence:
            indent, rules = len(fence[1]), RULES.match(before)
            block = Block(path, number, fence[2], fence[3].split(), [], rules[1] if rules else GENERATED.get(path.name, ""))
            found.append(block)
        before = line
    assert block is None, f"{path.name}: a block without its end"
    return found


def is_run(block):
    """Is it done in the world of tests/system/test_tutorial.py?"""
    whole = block.path.name in ("tutorial.md", "operations.md")
    return block.refused is None and (whole or bool(block.commands()) or bool(block.regions))


def examples(path):
    """The examples of a man page's source: a block for each .EX."""
    found, block, lines = [], None, path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if line == ".EX":
            rules = re.match(r'\.\\" run: (.*)', lines[number - 2])
            block = Block(path, number, "sh", [], [], rules[1] if rules else "")
            found.append(block)
        elif line == ".EE":
            block = None
        elif block:
            block.lines.append(line.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\"))
    return found


def documents():
    """All that people read."""
    names = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
    found = [place.ROOT / name for name in names if (place.ROOT / name).exists()]
    return found + sorted((place.ROOT / "docs").glob("*.md"))


def man_sources():
    return sorted((place.ROOT / "man").glob("*.in"))


# Whether there is what a command names.


@functools.lru_cache(maxsize=None)
def help_of(program, *words):
    """The help of one of our programs, on wide lines; None if it has no such command."""
    wide = {**os.environ, "ARGP_HELP_FMT": "rmargin=4000,opt-doc-col=60", "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}
    argv = [str(place.programs() / program), *words, "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=wide)
    return done.stdout if done.returncode == 0 else None


@functools.lru_cache(maxsize=None)
def commands_of(program):
    """The names in its list of commands or modes."""
    behind = re.split(r"^(?:Commands|Modes):$", help_of(program), flags=re.M)
    return re.findall(r"^  ([a-z-]+(?: [a-z-]+)?)  +\S", behind[1], flags=re.M) if len(behind) > 1 else []


def options_of(text):
    """Option names in a help text."""
    lines = [re.split(r"  +", line.strip())[0] for line in text.splitlines() if re.match(r" {2,6}-", line)]
    return {name for line in lines for name in re.findall(r"(?:^|[\s,])(--?[A-Za-z?][\w-]*)", line)}


def unknown(words):
    """What of a command of ours, as a list of words, does not exist: a text, or None."""
    program, *rest = words
    names, used = commands_of(program), []
    if rest and rest[0].isupper():
        return None  # a word for any command
    if rest[1:2] in ([], ["…"], ["COMMAND"]) and any(name.startswith(f"{word} ") for word in rest[:1] for name in names):
        return None  # a group of commands
    if names and rest and not rest[0].startswith("-"):
        two = " ".join(rest[:2])
        used = two.split() if two in names else rest[:1]
        if " ".join(used) not in names:
            return f"{program} has no command {two!r}"
    text = help_of(program, *used)
    if text is None:
        return f"{program} {' '.join(used)} --help fails"
    known = options_of(text)
    for word in rest[len(used) :]:
        name = word.split("=")[0]
        if re.match(r"--[a-z]", name) and name not in known:
            return f"{' '.join([program, *used])} has no option {name}"
        if re.fullmatch(r"-[A-Za-z]", name) and name not in known:
            return f"{' '.join([program, *used])} has no option {name}"
    return None


def ours(text):
    """The commands of ours in a line of shell, each as a list of words."""
    text = re.sub(r"(\s|^)#.*", "", text.replace("\\\n", " "))
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|&;()<>")
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return []
    found, current = [], None
    for word in words:
        if re.fullmatch(r"[|&;()<>]+", word):
            current = None
        elif current is None and word in OURS:
            current = [word]
            found.append(current)
        elif current is not None:
            current.append(word)
    return found


def spans(path):
    """Commands of ours in running text: (line, text) of each code span that begins with one."""
    text = re.sub(r"^( *)```.*?^ *```$", lambda match: "\n" * match[0].count("\n"), path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for match in re.finditer(r"`((?:drcctl|drc-(?:capture|applier|reconcile)) [^`]+)`", text):
        yield text[: match.start()].count("\n") + 1, " ".join(match[1].split())


def matches(shown, said):
    """Whether each line that is shown stands in what was said, in this order; returns the first that does not, or None."""
    squeeze = lambda line: " ".join(line.split())
    lines = iter([squeeze(line) for line in said.splitlines()])
    for line in shown:
        pattern = ".*".join(re.escape(part) for part in squeeze(line).split("…"))
        if not any(re.fullmatch(pattern, other) for other in lines):
            return line
    return None
