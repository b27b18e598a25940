"""The catalogue of translations: what it must hold, and how the compiled file is made from it.

``python tests/commands/catalogue.py`` compiles it and names what has no translation yet, or none any more.
"""

import ast
import inspect
import re
import struct
from pathlib import Path

import click

import feedback_nlp
from feedback_nlp.cli import cli
from feedback_nlp.commands.checks import CHECKS
from feedback_nlp.commands.helping import reflowed
from feedback_nlp.messages import DOMAIN, catalogues

PACKAGE = Path(feedback_nlp.__file__).parent
#: Modules that speak to people.
SPEAKING = (
    *(PACKAGE / name for name in ("cli.py", "terminal.py", "evaluate/show.py")),
    *sorted((PACKAGE / "commands").glob("*.py")),
)
PO = catalogues() / "zh" / "LC_MESSAGES" / f"{DOMAIN}.po"
MO = PO.with_suffix(".mo")
_ENTRY = re.compile(r'(msgid|msgid_plural|msgstr|msgstr\[0\]) ((?:"(?:[^"\\]|\\.)*"\n?)+)')


def read_po(text):
    """(msgid, msgid of the plural or None) -> translation, of the simple files that are written here."""
    found, entry = {}, {}
    for name, value in _ENTRY.findall(text):
        entry[name] = "".join(ast.literal_eval(line) for line in value.splitlines())
        if name.startswith("msgstr"):
            key = entry["msgid"], entry.get("msgid_plural")
            assert key not in found, f"twice: {key}"
            found[key] = entry[name]
            entry = {}
    return found


def compiled(entries):
    """The bytes of a .mo file (GNU gettext manual, The Format of GNU MO Files), entries sorted, no hash table."""
    rows = sorted((one if many is None else f"{one}\0{many}", translation) for (one, many), translation in entries.items())
    pairs = [(key.encode(), value.encode()) for key, value in rows]
    start = 28 + 16 * len(pairs)
    tables, texts = ([], []), b""
    for side in (0, 1):
        for pair in pairs:
            tables[side].append(struct.pack("<II", len(pair[side]), start + len(texts)))
            texts += pair[side] + b"\0"
    header = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    return header + b"".join(tables[0]) + b"".join(tables[1]) + texts


def commands(command=cli, path=()):
    """Every command with the words that call it."""
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, (*path, name))


def helps():
    """All texts of the commands' help."""
    for _, command in commands():
        yield reflowed(command.help)
        yield from (option.help for option in command.params if isinstance(option, click.Option) and option.help)


def literals():
    """Texts that are given to ``say`` and ``show`` as they are."""
    for path in SPEAKING:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("say", "show"):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield first.value


def constants():
    """All strings in the modules that speak, and in click."""
    for path in (*SPEAKING, *sorted(Path(inspect.getfile(click)).parent.glob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    # The name of a check that fails as a whole.
    yield from (check.__name__.removeprefix("check_") for check in CHECKS)


def main():
    entries = read_po(PO.read_text(encoding="utf-8"))
    MO.write_bytes(compiled(entries))
    known = {one for one, _ in entries}
    for text in dict.fromkeys((*helps(), *literals())):
        if text not in known:
            print("missing:", repr(text))
    used = {*helps(), *constants()}
    for text in known - used - {""}:
        print("unused:", repr(text))


if __name__ == "__main__":
    main()
