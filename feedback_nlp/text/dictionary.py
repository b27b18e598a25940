"""Words of the user: read from a file in jieba's format or from an iterable, checked, and weighed so that each is one token."""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.text.lexicon import BREAK, Floats, Ints, Lexicon, WordTable, extend, jieba_lexicon, jieba_words, word_table
from feedback_nlp.text.routes import best_words

FORMAT = "'word', 'word frequency', 'word tag' or 'word frequency tag', e.g. '融e联 1000 n'"

#: Longest word of a user dictionary.
MAX_WORD = 64
#: Parts of speech that may stand behind a word without a frequency (jieba's): ``galaxy s`` is a word and its tag, ``iphone pro`` is not.
_TAGS = (
    "a ad ag an b c d df dg e eng f g h i j k l m mg mq n ng nr nrfg nrt ns nt nz o p q r rg rr rz s t tg u ud ug uj ul uv uz v vd vg vi vn"
)
TAGS = frozenset((*_TAGS.split(), "vq", "x", "y", "z", "zg"))
_MAX_TAGS = 127
_TAIL = re.compile(r"(?P<word>.+?)(?: (?P<frequency>[0-9]+))?(?: (?P<tag>[a-z]+))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Entry(NamedTuple):
    """What is known of a user word. frequency: 0 where none is given. tag: "" where none is given."""

    frequency: int
    tag: str


def read_words(source: str | Path | Iterable[str] | None) -> dict[str, Entry]:
    """Read a user dictionary: a file, or an iterable of words, taken as they are.

    Raises InputError naming the line or place of what cannot be a word, TextTypeError for an entry that is not a string.
    """
    words: dict[str, Entry] = {}
    if isinstance(source, (str, Path)):
        for number, line in enumerate(read_lines(Path(source), "user dictionary"), 1):
            if line := line.strip():
                word, entry = _parse(line, f"{source}, line {number}")
                known = words.get(word, entry)
                words[word] = Entry(max(entry.frequency, known.frequency), entry.tag or known.tag)
        return words
    for number, word in enumerate(source or ()):
        if not isinstance(word, str):
            raise TextTypeError(f"user_dictionary[{number}]: expected a string, got {type(word).__name__}")
        words[_check(word.strip(), f"user_dictionary[{number}]")] = Entry(0, "")
    return words


def read_lines(path: Path, what: str) -> list[str]:
    """Lines of a text file in UTF-8, with or without BOM, or in GBK (GB18030). Raises InputError, which begins with ``what``."""
    if path.exists() and not path.is_file():
        raise InputError(f"{what} {path}: expected a text file, got a folder, device or pipe")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{what} {path}: cannot be read ({error.strerror}); give the path of a text file") from error
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    raise InputError(f"{what} {path}: expected UTF-8 or GBK text, got neither; save it again as UTF-8")


def _parse(line: str, place: str) -> tuple[str, Entry]:
    """A line to word and entry. Fields stand between single spaces, read from the end as jieba does; or, surely, between tabs."""
    if "\t" in line:
        word, *rest = (field.strip() for field in line.split("\t"))
        frequency = rest.pop(0) if rest and rest[0].isascii() and rest[0].isdigit() else ""
        tag = rest.pop(0) if rest else ""
        if rest or not (tag == "" or (tag.isascii() and tag.isalpha())):
            raise InputError(f"{place}: expected {FORMAT}, with a tab between two fields, got {line!r}")
    else:
        found = _TAIL.fullmatch(line)
        word, frequency, tag = (found.group(name) or "" for name in ("word", "frequency", "tag")) if found else (line, "", "")
        if tag and not frequency and tag not in TAGS:
            word, tag = line, ""
    if len(frequency) > 9:
        raise InputError(
            f"{place}: expected a frequency below 1,000,000,000, got {frequency}; put a tab behind a word that ends in a number"
        )
    return _check(word, place), Entry(int(frequency or 0), tag)


def _check(word: str, place: str) -> str:
    if not 0 < len(word) <= MAX_WORD:
        raise InputError(f"{place}: expected a word of 1 to {MAX_WORD} characters, got {len(word)}")
    if _CONTROL.search(word):
        raise InputError(f"{place}: expected a word without control characters or line breaks, got {word!r}")
    return word


@cache
def _base() -> tuple[Lexicon, WordTable]:
    return jieba_lexicon(), jieba_words()


def lexicon_with(entries: dict[str, Entry]) -> Lexicon:
    """jieba's lexicon and the words of the user; nothing else in it changes, so texts without these words are cut as before.

    Raises InputError for more parts of speech than fit.
    """
    base, words = _base()
    if not entries:
        return base
    tags = (*base.tags, *sorted({entry.tag for entry in entries.values()} - {"", *base.tags}))
    if len(tags) > _MAX_TAGS:
        raise InputError(
            f"user dictionary: expected at most {_MAX_TAGS - len(base.tags)} parts of speech of your own, got {len(tags) - len(base.tags)}"
        )
    place = {tag: number for number, tag in enumerate(tags)} | {"": -1}
    frequency = np.fromiter((entry.frequency for entry in entries.values()), np.int64, len(entries))
    tag = np.fromiter((place[entry.tag] for entry in entries.values()), np.int8, len(entries))
    table = word_table(list(entries), frequency, tag, tags)
    lexicon, slots = extend(base, table, words)
    _weigh(lexicon, table, slots)
    return lexicon


def _weigh(lexicon: Lexicon, words: WordTable, slots: Ints) -> None:
    """Give every word the least frequency at which it is one token (jieba's ``suggest_freq``), or more where more is asked for.

    Shorter words first: what a word needs depends on the words inside it. All words of a length are weighed at once.
    """
    known = lexicon.weight[slots]
    lengths = words.lengths
    lexicon.weight[slots] = -np.inf
    for length in np.unique(lengths).tolist():
        these = np.flatnonzero(lengths == length)
        codes = np.full((len(these), length + 1), BREAK)
        codes[:, :length] = words.codes[words.indptr[these][:, None] + np.arange(length)]
        enough = _just_above(_best_value(codes, lexicon) + lexicon.log_total) if length > 1 else np.zeros(len(these))
        asked = np.maximum(np.log(np.maximum(words.frequency[these], 1)), enough) - lexicon.log_total
        lexicon.weight[slots[these]] = np.maximum(known[these], asked)
        if length == 1:
            lexicon.single[codes[:, 0]] = lexicon.weight[slots[these]]


def _just_above(value: Floats) -> Floats:
    """Logarithm of the least whole number above exp(value); beyond what a whole number of a dictionary can be, a little more."""
    least: Floats = np.where(value < 30, np.log(np.floor(np.exp(np.minimum(value, 30))) + 1), value + 1e-6)
    return least


def _best_value(codes: Ints, lexicon: Lexicon) -> Floats:
    """float64 (n_rows,): log probability of the best reading of each row; codes: int64 (n_rows, length + 1), BREAK in the last column."""
    value = np.where(codes == BREAK, 0.0, lexicon.single.take(codes))
    words, _ = best_words(codes.ravel(), lexicon)
    before = np.concatenate([[0.0], np.cumsum(value)])
    gain = words.weight - (before[words.start + words.length] - before[words.start])
    best: Floats = value.sum(axis=1) + np.bincount(words.start // codes.shape[1], weights=gain, minlength=len(codes))
    return best
