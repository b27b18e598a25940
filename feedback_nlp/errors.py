"""Every error this library raises on purpose, in one tree.

    FeedbackError
    ├── InputError          the input cannot be read or lacks what is needed (command line: exit code 2)
    │   ├── RowError        one row is unusable and ``strict=True`` was asked for
    │   ├── QuarantineError more rows were set aside than allowed (command line: exit code 3)
    │   └── TextTypeError   something that is not a string where a text belongs (also a TypeError)
    ├── ModelError          a model folder is missing, damaged, foreign or of another format
    ├── PolicyError         a policy or scheme file does not say what it must
    └── MissingExtraError   an optional package is needed and not installed (also an ImportError)

A message says what was expected, what came, where, and what to do. It never contains customers' text.
"""

from collections.abc import Iterable


class FeedbackError(Exception):
    """Base of all errors of this library."""


class InputError(FeedbackError, ValueError):
    """The input cannot be read, or lacks what is needed."""


class RowError(InputError):
    """One row is unusable and strict reading was asked for."""


class QuarantineError(InputError):
    """More rows were set aside than the caller allows."""


class TextTypeError(InputError, TypeError):
    """A value that is not a string stands where a text belongs."""


class ModelError(FeedbackError, ValueError):
    """A model folder is missing, damaged, foreign or of another format."""


class PolicyError(FeedbackError, ValueError):
    """A policy or scheme file does not say what it must."""


class MissingExtraError(FeedbackError, ImportError):
    """An optional package is needed and not installed."""


def did_you_mean(word: object, words: Iterable[object], *, most: int = 1, form: str = ", did you mean {}?") -> str:
    """A hint for a message: the words most like one that is unknown, "" where none is like it.

    most: how many at most. form: the hint, with braces for the words. Alike: a ratio of 0.5 (`difflib.SequenceMatcher.ratio`).
    """
    from difflib import get_close_matches

    near = get_close_matches(str(word), list(dict.fromkeys(map(str, words))), n=most, cutoff=0.5)
    return form.format(" or ".join(map(repr, near))) if near else ""
