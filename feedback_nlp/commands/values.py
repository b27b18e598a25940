"""Values of options: how a share is read, and what a shell offers for the others, which the library checks itself."""

from collections.abc import Callable, Iterable
from importlib import resources
from typing import Any

import click
from click.shell_completion import CompletionItem

from feedback_nlp.messages import say

#: What click calls to complete a value: with the context, the parameter and what is typed already.
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def share(context: click.Context, parameter: click.Parameter, value: Any) -> float:
    """A share of the rows, 1% or 0.01, as a number from 0 to 1. Raises BadParameter for anything else."""
    text = str(value).strip()
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise click.BadParameter(say("expected a share such as 1% or 0.01, got {given!r}", given=text))
    return number


def folders(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Offer folders."""
    return [CompletionItem(typed, type="dir")]


def one_of(words: Iterable[str]) -> Completer:
    """Offer those that begin so."""
    return lambda context, parameter, typed: [CompletionItem(word) for word in words if word.startswith(typed)]


def shipped(folder: str, pattern: str, *, files: bool) -> Completer:
    """Offer names of what ships; where none begins so, files of one's own, if they will do (bash offers either names or files).

    folder, pattern: of the files in the package's data, an asterisk for the name.
    """

    def offer(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        fitting = [CompletionItem(name) for name in shipped_names(folder, pattern) if name.startswith(typed)]
        return fitting or ([CompletionItem(typed, type="file")] if files else [])

    return offer


def shipped_names(folder: str, pattern: str) -> list[str]:
    """Names of what ships, in order, found without the library, so that a shell need not wait for it."""
    before, _, after = pattern.partition("*")
    found = (path.name for path in resources.files("feedback_nlp").joinpath("data", folder).iterdir())
    fitting = (name for name in found if name.startswith(before) and name.endswith(after))
    return sorted(name.removeprefix(before).removesuffix(after) for name in fitting)


POLICIES = shipped("policies", "*.toml", files=True)
SCHEMES = shipped("schemes", "*.toml", files=True)
ASPECTS = shipped("", "aspects_*.txt", files=False)
