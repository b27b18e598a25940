"""Texts to words: a batch of strings becomes flat arrays over one sorted vocabulary.

The algorithm, the dictionary and the model are those of jieba 0.42; the work is done in arrays, for all texts of a chunk at once, so that
no string is made for a token: ``lexicon`` (the dictionary as a trie in one table), ``routes`` (the best path), ``hmm`` (words no
dictionary knows), ``cutting`` (one chunk), ``numbering`` (tokens to numbers).
"""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.text.cutting import cut
from feedback_nlp.text.dictionary import Entry, lexicon_with, read_words
from feedback_nlp.text.lexicon import Lexicon
from feedback_nlp.text.numbering import Numbering, tag_words
from feedback_nlp.text.stopwords import content_mask, read_word_list, stop_words, user_stop_words

__all__ = ["Tokenizer", "Tokens", "content_mask", "read_word_list", "stop_words"]

#: Seconds to wait for another thread that builds the dictionary, which takes less than one.
PATIENCE = 5.0
#: Characters cut at once: enough to make the cost of a step small, few enough that the arrays stay in the cache.
CHUNK_CHARS = 1 << 17


@dataclass(frozen=True, eq=False)
class Tokens:
    """The words of a batch of texts, as flat arrays in row order.

    ids: int32 (n_tokens,), positions in ``vocabulary``.
    indptr: int64 (n_rows + 1,); row ``i`` is ``ids[indptr[i]:indptr[i + 1]]``, empty for an empty text.
    vocabulary: object (n_distinct,), the distinct tokens sorted by code point, so it does not depend on the order of rows.
    tags: int8 (n_distinct,), part of speech of each word, a position in ``tag_names``; None where it was not asked for.
    stop_words: words without content, in folded case; None for the list that ships with the package.
    """

    ids: NDArray[np.int32]
    indptr: NDArray[np.int64]
    vocabulary: NDArray[np.object_]
    tags: NDArray[np.int8] | None = None
    tag_names: tuple[str, ...] = ()
    stop_words: frozenset[str] | None = None

    @property
    def n_rows(self) -> int:
        """Number of texts."""
        return len(self.indptr) - 1

    def __len__(self) -> int:
        return self.n_rows

    def rows(self) -> NDArray[np.int64]:
        """int64 (n_tokens,): the row each token stands in."""
        return np.repeat(np.arange(self.n_rows, dtype=np.int64), np.diff(self.indptr))

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """int64 (n_tokens,): where each token starts in its text; ``text[start:start + len(word)] == word``. Computed when first read."""
        lengths = np.fromiter(map(len, self.vocabulary), np.int64, len(self.vocabulary))
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths[self.ids])])
        starts: NDArray[np.int64] = ends[:-1] - np.repeat(ends[self.indptr[:-1]], np.diff(self.indptr))
        return starts

    @property
    def pos(self) -> NDArray[np.int8]:
        """int8 (n_tokens,): part of speech of each token, a position in ``tag_names``. Raises InputError where it was not asked for."""
        if self.tags is None:
            raise InputError("pos: expected parts of speech, got none; ask for them with tokenize(texts, pos=True)")
        return self.tags[self.ids]

    @cached_property
    def is_stop(self) -> NDArray[np.bool_]:
        """bool (n_distinct,): the word of ``vocabulary`` is a stop word, compared without case. Computed when first read."""
        stop = stop_words() if self.stop_words is None else self.stop_words
        return np.fromiter((word.casefold() in stop for word in self.vocabulary), np.bool_, len(self.vocabulary))

    def to_lists(self) -> list[list[str]]:
        """One list of strings a row, for display and tests."""
        words = self.vocabulary[self.ids].tolist()
        bounds = self.indptr.tolist()
        return [words[a:b] for a, b in pairwise(bounds)]


class Tokenizer:
    """Cut Chinese text into words, as jieba 0.42 does.

    user_dictionary: a file in jieba's format (UTF-8 or GBK; one ``word [frequency] [tag]`` a line, between spaces or tabs), or an iterable
        of words. A word may hold any characters but control characters: ``iPhone 15 Pro``, ``C++``, ``5G``. Each word gets at least
        the frequency that makes it one token, whatever frequency is given; longer words win over the words they contain; a word that
        begins or ends with a Latin letter or digit is not found inside a longer run of these. Texts without such words are cut as before.
    stop_words: a file (one word a line), or an iterable of words, added to the list that ships with the package. They are cut like all
        others; ``Tokens.is_stop`` marks them.
    hmm: find words outside the dictionary with jieba's hidden Markov model.
    Raises InputError for a file that cannot be read or a malformed line.

    Instances may be used from several threads and pickled; dictionary and model (0.3 s) are read at first use and shared, never changed.
    Deviations from jieba: none are known for texts without user words, but that the more probable of two readings is not decided by
    rounding errors where both are equally probable.

    >>> Tokenizer(user_dictionary=["融e联"]).cut("融e联打不开")
    ['融e联', '打不开']
    """

    def __init__(
        self,
        *,
        user_dictionary: str | Path | Iterable[str] | None = None,
        stop_words: str | Path | Iterable[str] | None = None,
        hmm: bool = True,
    ) -> None:
        self._words = read_words(user_dictionary)
        self._stop = user_stop_words(stop_words)
        self._hmm = hmm
        self._lexicon: Lexicon | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> tuple[dict[str, Entry], frozenset[str], bool]:
        return self._words, self._stop, self._hmm

    def __setstate__(self, state: tuple[dict[str, Entry], frozenset[str], bool]) -> None:
        self._words, self._stop, self._hmm = state
        self._lexicon = None
        self._lock = threading.Lock()

    @property
    def signature(self) -> str | None:
        """Checksum of the user dictionary, None without one."""
        if not self._words:
            return None
        lines = "\n".join(f"{word}\t{entry.frequency}\t{entry.tag}" for word, entry in sorted(self._words.items()))
        return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()[:12]

    def cut(self, text: str) -> list[str]:
        """Return the tokens of one text; joined they give the text back. Raises TextTypeError if it is not a string."""
        _check_strings([text])
        found = cut([text], self._build(), use_hmm=self._hmm)
        return [text[start:stop] for start, stop in zip(found.start.tolist(), found.stop.tolist(), strict=True)]

    def tokenize(self, texts: Iterable[str], *, pos: bool = False) -> Tokens:
        """Cut a batch, row in, row out.

        texts: n strings; an empty one gives an empty row.
        pos: also look up parts of speech. They are those of the dictionary, one a word whatever stands around it; of other words ``m`` for
            numbers, ``eng`` for words with Latin letters, ``x`` for the rest.
        Raises TextTypeError naming the first row that is not a string.
        """
        if isinstance(texts, str):
            raise TextTypeError("texts: expected a sequence of strings, got one string; use cut() or wrap it in a list")
        if not isinstance(texts, Iterable):
            raise TextTypeError(f"texts: expected a sequence of strings, got {type(texts).__name__}")
        _check_strings(rows := list(texts))
        lexicon = self._build()
        numbering = Numbering(lexicon)
        counts = [np.zeros(1, np.int64)]
        for chunk in _chunks(rows):
            found = cut(chunk, lexicon, use_hmm=self._hmm)
            numbering.add(found)
            counts.append(found.counts)
        ids, vocabulary = numbering.finish()
        tags, names = tag_words(vocabulary.tolist(), lexicon) if pos else (None, ())
        stop = stop_words() | self._stop if self._stop else None
        return Tokens(ids, np.cumsum(np.concatenate(counts)), vocabulary, tags, names, stop)

    def _build(self) -> Lexicon:
        if self._lexicon is None:
            # In a process forked while another thread held the lock nobody will ever give it back.
            held = self._lock.acquire(timeout=PATIENCE)
            try:
                self._lexicon = self._lexicon or lexicon_with(self._words)
            finally:
                if held:
                    self._lock.release()
        return self._lexicon


def _chunks(rows: Sequence[str]) -> Iterator[list[str]]:
    """The rows, so many at once that they hold ``CHUNK_CHARS`` characters or a little more."""
    ends = np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)) + 1)
    first = 0
    while first < len(rows):
        last = int(np.searchsorted(ends, (ends[first - 1] if first else 0) + CHUNK_CHARS)) + 1
        yield list(rows[first:last])
        first = last


def _check_strings(texts: Sequence[object]) -> None:
    if set(map(type, texts)) <= {str}:
        return
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise TextTypeError(f"text in row {row}: expected a string, got {type(text).__name__}; replace missing texts by ''")
