"""Classification schemes: views of the nine canonical types, kept as data."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.ledger.settings import check, is_text, is_texts, raise_problems, read_settings
from feedback_nlp.vocabulary import TYPE_CODES

DEFAULT_SCHEME = "handling-measures"


@dataclass(frozen=True)
class SchemeClass:
    """One class: the canonical types it takes; with cues, only texts that hold one of them."""

    name: str
    types: tuple[str, ...]
    cues: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scheme:
    """Classes in the order in which they are tried."""

    slug: str
    title: str
    signature: str
    classes: tuple[SchemeClass, ...]

    def categories(self, type_index: NDArray[np.intp], texts: pd.Series) -> NDArray[np.object_]:
        """Class name of each item: object (n,). type_index: int (n,) into ``TYPE_CODES``; texts: str (n,), searched for cues."""
        result = np.full(len(type_index), None, dtype=object)
        for entry in reversed(self.classes):
            takes = np.isin(type_index, [TYPE_CODES.index(code) for code in entry.types])
            if entry.cues:
                found = np.zeros(len(takes), dtype=bool)
                for cue in entry.cues:
                    found |= texts.str.contains(cue, regex=False).to_numpy(dtype=bool)
                takes &= found
            result[takes] = entry.name
        return result


def load_scheme(name: str | Path = DEFAULT_SCHEME) -> Scheme:
    """A scheme by slug or path. Raises PolicyError with all that is wrong with the file."""
    table, where, signature = read_settings("schemes", name)
    rules = {
        "slug": ("a word", is_text),
        "title": ("a text", is_text),
        "classes": ("a list of [[classes]]", lambda v: isinstance(v, list) and v != []),
    }
    problems = check(table, rules, where=where)
    entry_rules = {
        "name": ("a text", is_text),
        "types": (f"a list out of {', '.join(TYPE_CODES)}", lambda v: is_texts(v) and set(v) <= set(TYPE_CODES)),
        "cues": ("a list of words", is_texts),
    }
    entries = table.get("classes") or []
    wrong: list[str] = []
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        wrong += check(entry, entry_rules, where=f"{where}: classes[{number}]", optional=frozenset({"cues"}))
    if isinstance(entries, list) and entries and not wrong:
        covered = {code for entry in entries if not entry.get("cues") for code in entry["types"]}
        wrong = [f"{where}: no class without cues takes the type {code}" for code in TYPE_CODES if code not in covered]
    raise_problems(problems + wrong)
    classes = tuple(SchemeClass(entry["name"], tuple(entry["types"]), tuple(entry.get("cues", ()))) for entry in entries)
    return Scheme(table["slug"], table["title"], signature, classes)
