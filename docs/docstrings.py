"""Docstrings of this project as Markdown: arguments become a list, examples become blocks of code."""

import re

import griffe

_ROLE = re.compile(r":(?:func|class|meth|mod|attr):(?=`)")


class PlainDocstrings(griffe.Extension):
    """Rewrites every docstring once a package has been read."""

    def on_package(self, *, pkg, **_):
        """Walk the package."""
        _walk(pkg)


def _walk(item):
    if item.is_alias:
        return
    if item.docstring:
        item.docstring.value = as_markdown(item.docstring.value, _names(item))
    for member in item.members.values():
        _walk(member)


def _names(item):
    """What the docstring may explain by name: arguments, fields."""
    if item.is_function:
        return [parameter.name for parameter in item.parameters]
    if item.is_class:
        start = item.members.get("__init__")
        given = [parameter.name for parameter in start.parameters] if start is not None and start.is_function else []
        return [*given, *(name for name, member in item.members.items() if member.is_attribute)]
    return []


def as_markdown(text, names):
    """A docstring as Markdown. names: of arguments and fields, each of which gets a line of its own where it is explained."""
    text = _ROLE.sub("", text)
    known = "|".join(sorted(map(re.escape, {*names} - {"self", "cls"}), key=len, reverse=True))
    explained = re.compile(rf"(?:^ *|(?<=[.;)] ))((?:{known})(?:, (?:{known}))*): ") if known else None
    lines, listed, fenced = [], False, False
    for line in text.splitlines():
        if line.startswith(">>> ") and not fenced:
            lines += ["", "```pycon"]
            fenced = True
        elif fenced and not line.strip():
            lines.append("```")
            fenced = False
        if fenced:
            lines.append(line)
            continue
        if re.match(r"(Raises|Returns?|Yields)\b", line) or not line.strip():
            lines.append("")
            listed = False
        for part in _parts(line, explained):
            if part.startswith("- **") and not listed:
                lines.append("")
                listed = True
            lines.append(part)
    return "\n".join([*lines, "```"] if fenced else lines)


def _parts(line, explained):
    if explained is None or line.startswith((" " * 4 + "├", " " * 4 + "│", " " * 4 + "└")):
        return [line]
    marked = explained.sub(lambda found: f"\n- **{found[1]}**: ", line)
    return marked.removeprefix("\n").split("\n")
