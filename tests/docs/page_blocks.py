"""Blocks of code of a Markdown page, in their order, and what stands before them in comments.

    <!-- not run: why -->   the block is only checked: it needs a server, a cluster, or minutes
    <!-- file: NAME -->     the block is a file; it is written beside the page's other files
    <!-- exit: 3 -->        the last command of the block ends with this code

A block marked ``text`` right behind another one is what that one prints; a line ``…`` in it stands for any lines.
"""

import re
from dataclasses import dataclass

_BLOCK = re.compile(r"^((?:<!-- .*? -->\n+)*)```(\w*)\n(.*?)^```$(\n\n```text\n(.*?)^```$)?", re.M | re.S)
_MARK = re.compile(r"<!-- (not run|file|exit): (.*?) -->")
MORE = "…"


@dataclass(frozen=True)
class Block:
    """One block. line: of the page, where its first line stands. printed: what it shows, None where nothing is said."""

    language: str
    source: str
    line: int
    printed: str | None
    marks: dict[str, str]


def blocks_of(text):
    """All blocks of a page."""
    found = []
    for match in _BLOCK.finditer(text):
        line = text[: match.start(3)].count("\n") + 1
        found.append(Block(match[2], match[3], line, match[5], dict(_MARK.findall(match[1]))))
    return found


def fences(text):
    """How many lines begin or end a block, wherever they stand."""
    return len(re.findall(r"^\s*```", text, re.M))


def is_shown(printed, shown):
    """Whether what was printed is what a page shows."""
    pattern = "\n".join(".*" if line.strip() == MORE else re.escape(line.rstrip()) for line in shown.rstrip().splitlines())
    return re.fullmatch(pattern, "\n".join(line.rstrip() for line in printed.rstrip().splitlines()), re.S) is not None


def commands(source):
    """Commands of a block of shell, one a line, without comments and with continued lines joined."""
    lines = source.replace("\\\n", " ").splitlines()
    return [line for line in map(str.strip, lines) if line and not line.startswith("#")]
