"""Themes as a JSON file: small, readable, and nothing in it can run code."""

import json
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, ModelError
from feedback_nlp.io.atomic import atomic_path
from feedback_nlp.topics.stream import unit_kinds
from feedback_nlp.topics.themes import Themes

FORMAT = "feedback_nlp.themes/2"
#: No file of themes is larger.
MAX_FILE_BYTES = 256 * 1024 * 1024


def write_themes(themes: Themes, path: str | Path) -> Path:
    """Write a file; equal themes give equal bytes. Raises InputError where it cannot be written."""
    with atomic_path(path) as temporary:
        temporary.write_text(themes_text(themes), encoding="ascii")
    return Path(path)


def themes_text(themes: Themes) -> str:
    """What such a file holds: the themes, and of each word its texts, the themes it occurs in by their place, and how often in each."""
    listed = [
        {"id": number, "name": name, "parent": parent, "pinned": pinned, "size": size, "phrases": list(phrases)}
        for number, name, parent, pinned, size, phrases in zip(
            themes.ids.tolist(), themes.names, themes.parents, themes.pinned.tolist(), themes.sizes.tolist(), themes.phrases, strict=True
        )
    ]
    rows, places = np.nonzero(themes.occurrences)
    numbers, values = places.tolist(), themes.occurrences[rows, places].tolist()
    bounds = pairwise(np.searchsorted(rows, np.arange(len(themes.vocabulary) + 1)).tolist())
    words = {
        word: [documents, numbers[first:last], values[first:last]]
        for word, documents, (first, last) in zip(themes.vocabulary.tolist(), themes.documents.tolist(), bounds, strict=True)
    }
    content = {"format": FORMAT, "documents": themes.n_documents, "next_id": themes.next_id, "themes": listed, "words": words}
    return json.dumps(content, ensure_ascii=True, separators=(",", ":"))


def read_themes(path: str | Path) -> Themes:
    """Read what `write_themes` wrote. Raises ModelError that says what is wrong with the file, InputError where it cannot be read."""
    try:
        if Path(path).stat().st_size > MAX_FILE_BYTES:
            raise ModelError(f"{path}: expected at most {MAX_FILE_BYTES} bytes; it is no file of themes")
        content = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"{path}: expected a file of themes ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: expected JSON, got {error}; write it again with save()") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ModelError(f"{path}: expected the format {FORMAT!r}; write it again with save()")
    try:
        themes = _themes(content)
        _check(themes)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise ModelError(
            f"{path}: its themes or words are not as save() writes them ({type(error).__name__}: {error}); write it again"
        ) from error
    return themes


def _themes(content: dict[str, Any]) -> Themes:
    listed, words = content["themes"], content["words"]
    vocabulary = np.empty(len(words), dtype=object)
    vocabulary[:] = sorted(words)
    entries = [(documents, places, values) for documents, places, values in map(words.__getitem__, vocabulary.tolist())]
    return Themes(
        ids=np.array([entry["id"] for entry in listed], np.int64),
        names=tuple(str(entry["name"]) for entry in listed),
        parents=tuple(str(entry["parent"]) for entry in listed),
        phrases=tuple(tuple(map(str, entry["phrases"])) for entry in listed),
        pinned=np.array([entry["pinned"] is True for entry in listed], np.bool_),
        vocabulary=vocabulary,
        kinds=unit_kinds(vocabulary),
        documents=np.array([documents for documents, *_ in entries], np.int64),
        occurrences=_occurrences([places for _, places, _ in entries], [values for *_, values in entries], len(listed)),
        sizes=np.array([entry["size"] for entry in listed], np.float64),
        n_documents=int(content["documents"]),
        next_id=int(content["next_id"]),
    )


def _occurrences(places: list[list[int]], values: list[list[float]], n_themes: int) -> NDArray[np.float64]:
    """float64 (words, n_themes): how often each word occurs in each theme, 0 where it is not listed."""
    sizes = list(map(len, places))
    if sizes != list(map(len, values)):
        raise ValueError("expected a number for each theme of a word")
    columns = np.array(list(chain.from_iterable(places)) or np.zeros(0, np.int64))
    if columns.dtype.kind != "i" or columns.min(initial=0) < 0:
        raise ValueError("expected places of themes from 0 on")
    occurrences = np.zeros((len(places), n_themes))
    occurrences[np.repeat(np.arange(len(places)), sizes), columns] = np.fromiter(chain.from_iterable(values), np.float64)
    return occurrences


def _check(themes: Themes) -> None:
    if len(set(themes.names)) < len(themes) or not all(themes.names):
        raise ValueError("expected distinct names that are not empty")
    if len(set(themes.ids.tolist())) < len(themes) or themes.ids.max(initial=-1) >= themes.next_id or themes.ids.min(initial=0) < 0:
        raise ValueError("expected distinct ids from 0 on, below next_id")
    numbers = (themes.occurrences, themes.sizes, themes.documents)
    if not all(np.isfinite(values).all() and (values >= 0).all() for values in numbers) or themes.n_documents < themes.documents.max(
        initial=0
    ):
        raise ValueError("expected counts from 0 on, and no word in more texts than there are")
