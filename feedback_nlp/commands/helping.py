"""Help in the user's language: a copy of the commands with their texts translated, and Chinese broken into lines where it may be."""

import copy
import inspect
import re
from collections.abc import Iterable, Sequence
from typing import cast

import click

from feedback_nlp.messages import Lang, translate

#: Lets click leave the lines of a paragraph as they are.
_AS_IT_IS = "\b\n"
_EXAMPLES = "Examples:"
#: What stays on one line: what stands in brackets; a word or one wide character, with the marks around it; spaces.
_PIECES = re.compile(r"\[[^\]]*\]|[（「“]*(?:[!-~]+|[^\x00-\x7f])[，。；：、！？）」”…]*|\s+")


def examples(*lines: str) -> str:
    """The end of a command's help: how it is called."""
    return "\n  ".join((f"{_AS_IT_IS}{_EXAMPLES}", *lines))


def translated(command: click.Command, lang: Lang) -> click.Command:
    """A copy of a command and of all below it whose help is in a language. What click writes itself is up to `messages.click_speaks`."""
    twin = copy.copy(command)
    # click keeps the option --help it once made, in the language of that time.
    twin._help_option = None
    twin.params = [_translated_parameter(parameter, lang) for parameter in command.params]
    if isinstance(twin, click.Group):
        twin.commands = {name: translated(each, lang) for name, each in twin.commands.items()}
    twin.context_class = _WideContext
    if lang != "en":
        twin.help = translate(reflowed(command.help or ""), lang)
        # click finds the first sentence of English only.
        twin.short_help = twin.help.split("\n")[0].split("。")[0]
        twin.epilog = command.epilog and command.epilog.replace(_EXAMPLES, translate(_EXAMPLES, lang))
    return twin


def reflowed(text: str) -> str:
    """A docstring with each paragraph on one line, as it stands in the catalogue."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n"))


def _translated_parameter(parameter: click.Parameter, lang: Lang) -> click.Parameter:
    if not isinstance(parameter, click.Option) or not parameter.help:
        return parameter
    twin = copy.copy(parameter)
    twin.help = translate(parameter.help, lang)
    return twin


def broken(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` columns, a Chinese character being two; a word that is wider than that has a line of its own."""
    from rich.cells import cell_len

    lines = [""]
    for piece in cast(list[str], _PIECES.findall(" ".join(text.split()))):
        if cell_len(lines[-1] + piece.rstrip()) > width and lines[-1]:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]


class _WideFormatter(click.HelpFormatter):
    """Help in a script without spaces between words, whose characters are two columns wide."""

    def write_text(self, text: str) -> None:
        """Paragraphs, each broken anew unless it begins with a backspace."""
        room = max(self.width - self.current_indent, 20)
        paragraphs = [
            paragraph.removeprefix(_AS_IT_IS).split("\n") if paragraph.startswith(_AS_IT_IS) else broken(paragraph, room)
            for paragraph in text.split("\n\n")
        ]
        self._write_lines([line for lines in paragraphs for line in (*lines, "")][:-1])

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Terms, which are of ASCII, and what they mean, in two columns. Arguments as in click."""
        rows = list(rows)
        first = min(max((len(term) for term, _ in rows), default=0), col_max) + col_spacing
        room = max(self.width - self.current_indent - first, 20)
        for term, meaning in rows:
            lines = [" " * first + line for line in broken(meaning, room)]
            if len(term) > first - col_spacing:
                lines.insert(0, term)
            else:
                lines[0] = term + lines[0][len(term) :]
            self._write_lines(lines)

    def _write_lines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.write(" " * self.current_indent + line if line else "")
            self.write("\n")


class _WideContext(click.Context):
    formatter_class = _WideFormatter
