"""Headers as people write them to the canonical column names."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache

import pandas as pd

from feedback_nlp.errors import InputError, did_you_mean
from feedback_nlp.io.headers import free_name
from feedback_nlp.text.privacy import mask_texts
from feedback_nlp.vocabulary import INPUT_COLUMNS

TEXT = "text"

_SPACES = re.compile(r"[\s_\-*:]+")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")

#: Headers as the vocabulary spells them.
_LITERAL = frozenset(word for column in INPUT_COLUMNS for word in (column.name, column.header, *column.aliases))

#: How well a header fits a canonical name, least is best: place among name/header (0) and aliases (1, 2 ...), brackets dropped or not,
#: written otherwise than in the vocabulary or not.
_Fit = tuple[int, bool, bool]


def fold(header: str, *, drop_brackets: bool = True) -> str:
    """Return what is compared of a header: NFKC, lower case, without blanks, ``_ - * :`` and what stands in brackets."""
    text = unicodedata.normalize("NFKC", header).lower()
    short = _BRACKETS.sub("", text) if drop_brackets else text
    return _SPACES.sub("", short) or _SPACES.sub("", text)


def map_columns(frame: pd.DataFrame, *, text_column: str | None = None, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the frame with recognised headers renamed to canonical names; the frame itself is not changed.

    frame: any frame; unknown columns keep their header, the index and all values are kept.
    text_column: header of the column that holds the feedback text; wins over everything else.
    columns: {header in the frame: canonical name or Chinese header}; wins over recognition.
    Of several headers that fit one name the best wins (the name itself or its Chinese header, then aliases in their order,
    then position); the others keep their header, with a number behind it where that name is taken.
    Raises InputError for a header that is not there, a name that does not exist, a missing text column, or one of a type
    that cannot hold text.
    """
    headers = [str(header) for header in frame.columns]
    repeated = [header for header, times in Counter(headers).items() if times > 1]
    if repeated:
        raise InputError(f"columns: expected different headers, got {', '.join(repeated)} more than once; rename or drop one of each")
    chosen = _explicit(headers, text_column, columns or {})
    for header, name in _recognised(headers, set(chosen)).items():
        if name not in chosen.values():
            chosen[header] = name
    if TEXT not in chosen.values():
        raise InputError(
            f"no column holds the feedback text: got {_listed(headers)}; name one with text_column=... (command line: --text-column ...)"
        )
    renamed = frame.set_axis(_final_names(headers, chosen), axis="columns")
    _check_text_type(renamed[TEXT], next(header for header, name in chosen.items() if name == TEXT))
    return renamed


def _explicit(headers: list[str], text_column: str | None, columns: Mapping[str, str]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for header, target in columns.items():
        name = _target(target)
        _check_present(header, headers, "columns")
        if name in chosen.values():
            raise InputError(
                f"columns: expected one header for {name}, got {_listed([h for h in columns if _target(columns[h]) == name])}; keep one"
            )
        chosen[header] = name
    if text_column is not None:
        _check_present(text_column, headers, "text_column")
        if chosen.get(text_column, TEXT) != TEXT:
            raise InputError(f"text_column={text_column!r} is mapped to {chosen[text_column]} by columns=... as well; drop one of the two")
        chosen = {header: name for header, name in chosen.items() if name != TEXT}
        chosen[text_column] = TEXT
    return chosen


def _recognised(headers: list[str], taken: set[str]) -> dict[str, str]:
    """Return the best header of each canonical name, as {header: name}."""
    best: dict[str, tuple[_Fit, str]] = {}
    for header in headers:
        found = None if header in taken else _recognise(header)
        if found is not None and (found[0] not in best or found[1] < best[found[0]][0]):
            best[found[0]] = (found[1], header)
    return {header: name for name, (_, header) in best.items()}


def _recognise(header: str) -> tuple[str, _Fit] | None:
    known = _known()
    for drop_brackets in (False, True):
        found = known.get(fold(header, drop_brackets=drop_brackets))
        if found is not None:
            return found[0], (found[1], drop_brackets, header not in _LITERAL)
    return None


@cache
def _known() -> dict[str, tuple[str, int]]:
    """Folded header -> (canonical name, place in the order of preference)."""
    known: dict[str, tuple[str, int]] = {}
    for column in INPUT_COLUMNS:
        for place, header in enumerate((column.header, *column.aliases), 1):
            known.setdefault(fold(header), (column.name, place))
            known.setdefault(fold(header, drop_brackets=False), (column.name, place))
    for column in INPUT_COLUMNS:
        for header in (column.name, column.header):
            known[fold(header)] = known[fold(header, drop_brackets=False)] = (column.name, 0)
    return known


def _final_names(headers: list[str], chosen: Mapping[str, str]) -> list[str]:
    taken = set(chosen.values()) | {header for header in headers if header not in chosen}
    names = []
    for header in headers:
        name = chosen.get(header) or header
        if header not in chosen and name in chosen.values():
            name = free_name(name, taken)
            taken.add(name)
        names.append(name)
    return names


def _target(target: str) -> str:
    names = {column.header: column.name for column in INPUT_COLUMNS} | {column.name: column.name for column in INPUT_COLUMNS}
    if target not in names:
        raise InputError(
            f"columns: {target!r} is no column of a feedback record{did_you_mean(target, names)}; known are {_listed(list(names))}"
        )
    return names[target]


def _check_present(header: str, headers: list[str], option: str) -> None:
    if header not in headers:
        raise InputError(f"{option}: there is no column {header!r}{did_you_mean(header, headers)}; the columns are {_listed(headers)}")


#: A header with so many digits is a customer's number, and the file has no header row.
DIGITS_OF_DATA = 7


def _listed(names: list[str], most: int = 40) -> str:
    if any(sum(map(str.isdigit, name)) >= DIGITS_OF_DATA for name in names):
        return f"{len(names)} names that look like data; does the file have a header row?"
    shown = ", ".join(name if len(name) <= most else name[:most] + "…" for name in mask_texts(names[:most]))
    return (shown or "no column at all") + (f" and {len(names) - most} more" if len(names) > most else "")


def _check_text_type(column: pd.Series, header: str) -> None:
    types = pd.api.types
    if any(test(column.dtype) for test in (types.is_numeric_dtype, types.is_datetime64_any_dtype, types.is_timedelta64_dtype)):
        raise InputError(
            f"text column {header!r}: expected strings, got dtype {column.dtype}; name the column that holds the text with text_column=..."
        )
