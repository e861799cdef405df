"""One man page out of its source: text that people wrote, with options, commands and keys as the program itself tells them.

    man/make.py SOURCE.in VERSION PROGRAM PAGE

A line @OPTIONS@ stands for the program's options, @COMMANDS@ for those commands that it has with their options, @KEYS@ for the
keys of the pair file, @EXIT@ for what its help says of exit codes. Called by the build.
"""

import os
import pathlib
import re
import subprocess
import sys

WIDE = {**os.environ, "ARGP_HELP_FMT": "rmargin=4000,opt-doc-col=60", "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}
OPTION = re.compile(r"^ {2,6}(-\S.*?)(?:  +(\S.*))?$")
COMMON = {"config", "help-config", "help", "usage", "version"}  # of each command


def roff(text):
    """Text as roff takes it: no line of it is a request, no hyphen a line's end."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def help_of(program, *words):
    return subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=True, env=WIDE).stdout


def parts(text):
    """Usage lines, the first paragraphs, option lines and headings, and what stands behind them."""
    lines, usage = text.splitlines(), []
    while lines and re.match(r"(Usage:|  or:)", lines[0]):
        usage.append(re.sub(r"^(Usage:|  or:) *", "", lines.pop(0)))
    first = next((i for i, line in enumerate(lines) if OPTION.match(line) or re.match(r" \w.*:$", line)), len(lines))
    last = next((i for i, line in enumerate(lines) if line.startswith("Mandatory or optional")), len(lines))
    return usage, lines[:first], lines[first:last], lines[last + 1 :]


def names(option):
    return re.findall(r"--([\w-]+)", option)


def put_options(lines, without=()):
    text, skipped = [], False
    for line in lines:
        match = OPTION.match(line)
        if match:
            skipped = bool(set(names(match[1])) & set(without))
            if not skipped:
                text += [".TP", f"\\fB{roff(match[1])}\\fR", roff(match[2] or "")]
        elif line.startswith(" " * 20) and not skipped:
            text.append(roff(line.strip()))
        elif re.match(r" \w.*:$", line):
            text += [".PP", roff(line.strip())]
    return text


def put_text(lines):
    """Paragraphs; what is indented stays as it is."""
    text, as_is = [], False
    for line in lines:
        if line.startswith("  ") != as_is and line.strip():
            as_is = not as_is
            text.append(".nf" if as_is else ".fi")
        text.append(roff(line.strip()) if line.strip() else ".PP")
    text += [".fi"] if as_is else []
    joined = re.sub(r"(^\.PP\n)+", ".PP\n", "\n".join(text) + "\n", flags=re.M)
    return re.sub(r"\A\.PP\n|\.PP\n\Z", "", joined).splitlines()


def commands(text):
    """The names in a list of commands or modes."""
    behind = re.split(r"^(?:Commands|Modes):$", text, flags=re.M)
    return re.findall(r"^  (\S+(?: \S+)?)  +\S", behind[1], flags=re.M) if len(behind) > 1 else []


def put_command(program, name):
    usage, before, options, behind = parts(help_of(program, *name.split()))
    text = [f".SS {roff(name)}"]
    for line in usage:
        text += [f"\\fB{roff(line)}\\fR", ".br"]
    return [*text[:-1], ".PP", *put_text(before), *put_options(options, COMMON), *([".PP"] if behind else []), *put_text(behind)]


def put_keys(program):
    told = subprocess.run([program, "--help-config"], capture_output=True, text=True, check=True, env=WIDE).stdout
    text = []
    for block in told.split("\n\n")[1:]:
        key, *lines = block.strip().splitlines()
        text += [".TP", f"\\fB{roff(key)}\\fR", *[roff(line.strip()) for line in lines]]
    return text


def main():
    source, version, program, page = sys.argv[1:]
    _, _, options, behind = parts(help_of(program))
    exits = re.search(r"Exit codes: (.*)", "\n".join(behind))
    found = {
        "@OPTIONS@": lambda: put_options(options),
        "@COMMANDS@": lambda: [line for name in commands(help_of(program)) for line in put_command(program, name)],
        "@KEYS@": lambda: put_keys(program),
        "@EXIT@": lambda: [roff(exits.group(1))],
    }
    lines = []
    for line in pathlib.Path(source).read_text(encoding="utf-8").splitlines():
        lines += found[line]() if line in found else [line.replace("@VERSION@", version)]
    pathlib.Path(page).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
