"""Kinds of values on the command line: what they accept, and how a shell completes them."""

from importlib import resources
from typing import Any

import click
from click.shell_completion import CompletionItem

from feedback_nlp.messages import say


class Share(click.ParamType):
    """A share of the rows: 1% or 0.01."""

    name = "share"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """A number from 0 to 1."""
        text = str(value).strip()
        try:
            number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            number = -1.0
        if not 0 <= number <= 1:
            self.fail(say("expected a share such as 1% or 0.01, got {given!r}", given=text), param, ctx)
        return number


class Shipped(click.ParamType):
    """The name of something that ships, or what else the library takes for it, which the library checks itself.

    folder, pattern: where it is in the package's data, an asterisk for its name. files: whether a file of one's own will do.
    """

    name = "text"

    def __init__(self, folder: str, pattern: str, *, files: bool) -> None:
        self.folder, self.files = folder, files
        self.before, _, self.after = pattern.partition("*")

    def names(self) -> list[str]:
        """The names, in order."""
        found = (path.name for path in resources.files("feedback_nlp").joinpath("data", self.folder).iterdir())
        fitting = (name for name in found if name.startswith(self.before) and name.endswith(self.after))
        return sorted(name.removeprefix(self.before).removesuffix(self.after) for name in fitting)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """Names that begin so, else files; bash shows either these or those."""
        fitting = [CompletionItem(name) for name in self.names() if name.startswith(incomplete)]
        return fitting or ([CompletionItem(incomplete, type="file")] if self.files else [])


class Folder(click.Path):
    """A folder, which the library checks itself."""

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """Folders."""
        return [CompletionItem(incomplete, type="dir")]


class Known(click.ParamType):
    """A text that is usually one of a few, which the library checks itself."""

    name = "text"

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """Those that begin so."""
        return [CompletionItem(word) for word in self.words if word.startswith(incomplete)]


POLICY = Shipped("policies", "*.toml", files=True)
SCHEME = Shipped("schemes", "*.toml", files=True)
ASPECTS = Shipped("", "aspects_*.txt", files=False)
