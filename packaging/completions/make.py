"""The completions of one program for bash and zsh, out of what the built program says of itself: its commands, modes and options.

    packaging/completions/make.py PROGRAM BASH ZSH

Called by the build, so that they are never older than the program.
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "man"))
import make as man  # noqa: E402


def options_of(program, *words):
    """[(short or None, long, placeholder or None)] of a command."""
    _, _, lines, _ = man.parts(man.help_of(program, *words))
    found = []
    for line in lines:
        match = man.OPTION.match(line)
        short = None
        for name in match[1].split(", ") if match else []:
            parts = re.fullmatch(r"(--[\w-]+)(?:(\[)?=(\S+?)\]?)?", name)
            if parts:
                found.append((short, parts[1], parts[3] if not parts[2] else None))
                short = None
            elif re.fullmatch(r"-.", name):
                short = name
    return found


def commands_with_help(text):
    behind = re.split(r"^(?:Commands|Modes):$", text, flags=re.M)
    return re.findall(r"^  (\S+(?: \S+)?)  +(\S.*)", behind[1], flags=re.M) if len(behind) > 1 else []


def kind(placeholder):
    if placeholder and ("FILE" in placeholder or "DIR" in placeholder):
        return "files"
    return "regions" if placeholder == "REGION" else "value"


REGIONS = r"""awk '/^regions:/ { inside = 1; next } /^[^ #]/ { inside = 0 }
        inside && /^  [A-Za-z0-9_-]+:/ { sub(/:.*/, ""); print $1 }' "$config" 2>/dev/null"""


class Program:
    def __init__(self, path):
        self.path = path
        self.name = pathlib.Path(path).name
        self.commands = commands_with_help(man.help_of(path))
        self.options = {"": options_of(path)} | {name: options_of(path, *name.split()) for name, _ in self.commands}
        told = man.subprocess.run([path, "set", "--list"], capture_output=True, text=True, env=man.WIDE, check=False).stdout
        self.keys = re.findall(r"^(\S+): ", told, flags=re.M) if "set" in dict(self.commands) else []

    def taking(self, what):
        """Options whose value is of that kind, however they are written; of several kinds the first one that can be offered."""
        kinds = {}
        for all_ in self.options.values():
            for short, long, holder in all_:
                for word in (short, long) if holder else ():
                    kinds.setdefault(word, set()).add(kind(holder))
        first = lambda found: next(name for name in ("files", "regions", "value") if name in found)
        return sorted(word for word, found in kinds.items() if word and first(found) == what)

    def firsts(self):
        return list(dict.fromkeys(name.split()[0] for name, _ in self.commands))

    def seconds(self):
        """{first word: [second words]}"""
        found = {}
        for name, _ in self.commands:
            first, *rest = name.split()
            if rest:
                found.setdefault(first, []).append(rest[0])
        return found

    def fixed(self):
        """Keys whose path is the same in each pair file."""
        return [key for key in self.keys if "<" not in key and "[" not in key]


def arms(pairs, indent):
    return "\n".join(f"{' ' * indent}{pattern}) {action} ;;" for pattern, action in pairs)


def words_of(all_):
    return " ".join(long for _, long, _ in all_)


def bash(p):
    values = [(" | ".join(p.taking(what)), what) for what in ("files", "regions", "value") if p.taking(what)]
    function = "_" + p.name.replace("-", "_")
    seconds = p.seconds()
    return f"""# bash completion for {p.name}, made by the build out of its own help.
{function}() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}
    local first= second= skip= word options= config=/etc/drc/drc.yaml i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${{COMP_WORDS[i]}}
        if [[ $skip ]]; then
            [[ $skip == --config || $skip == -c ]] && config=$word
            skip=
            continue
        fi
        case $word in
{arms([(" | ".join(pattern for pattern, _ in values), "skip=$word")], 12)}
            -*) ;;
            *) if [[ -z $first ]]; then first=$word; elif [[ -z $second ]]; then second=$word; fi ;;
        esac
    done
    case $prev in
{arms([(pattern, {"files": 'mapfile -t COMPREPLY < <(compgen -f -- "$cur"); compopt -o filenames; return',
                  "regions": f'mapfile -t COMPREPLY < <(compgen -W "$({REGIONS})" -- "$cur"); return',
                  "value": "return"}[what]) for pattern, what in values], 8)}
    esac
    case $first in
{arms([(first, f'[[ $second ]] || options="{" ".join(rest)}"') for first, rest in seconds.items()] or [("-", "")], 8)}
        "") options="{" ".join(p.firsts())}" ;;
{arms([("set", f'[[ $second ]] || options="{" ".join(p.fixed())}"')], 8) if p.keys else ""}
    esac
    [[ $cur == -* ]] && case "$first${{second:+ $second}}" in
{arms([(f'"{name}"' + (f' | "{name} "*' if name and name not in seconds else ""), f'options="{words_of(all_)}"')
       for name, all_ in p.options.items()], 8)}
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}}
complete -F {function} {p.name}
"""


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def zsh(p):
    values = [("|".join(p.taking(what)), what) for what in ("files", "regions", "value") if p.taking(what)]
    seconds = p.seconds()
    helps = dict(p.commands)
    described = [f"{first}:{helps.get(first, 'its commands')}".replace(":", r":", 1) for first in p.firsts()]
    return f"""#compdef {p.name}
# zsh completion for {p.name}, made by the build out of its own help.
local first= second= skip= word config=/etc/drc/drc.yaml cur=${{words[CURRENT]}} prev=${{words[CURRENT-1]}}
local -a options
integer i
for ((i = 2; i < CURRENT; i++)); do
    word=${{words[i]}}
    if [[ -n $skip ]]; then
        [[ $skip == --config || $skip == -c ]] && config=$word
        skip=
        continue
    fi
    case $word in
{arms([("|".join(pattern for pattern, _ in values), "skip=$word")], 8)}
        -*) ;;
        *) if [[ -z $first ]]; then first=$word; elif [[ -z $second ]]; then second=$word; fi ;;
    esac
done
case $prev in
{arms([(pattern, {"files": "_files; return", "regions": f'compadd -- $({REGIONS}); return', "value": "return"}[what])
       for pattern, what in values], 4)}
esac
if [[ $cur == -* ]]; then
    case "$first${{second:+ $second}}" in
{arms([(f'"{name}"' + (f'|"{name} "*' if name and name not in seconds else ""), f"options=({words_of(all_)})")
       for name, all_ in p.options.items()], 8)}
    esac
    compadd -- $options
    return
fi
case $first in
{arms([('""', f"options=({' '.join(quoted(line) for line in described)}); _describe command options")], 4) if p.commands else ""}
{arms([(first, f'[[ -n $second ]] || compadd -- {" ".join(rest)}') for first, rest in seconds.items()], 4)}
{arms([("set", f'[[ -n $second ]] || compadd -- {" ".join(p.fixed())}')], 4) if p.keys else ""}
esac
"""


def main():
    program, to_bash, to_zsh = sys.argv[1:]
    p = Program(program)
    for path, text in ((to_bash, bash(p)), (to_zsh, zsh(p))):
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_text(re.sub(r"\n\n+", "\n", text), encoding="utf-8")


if __name__ == "__main__":
    main()
