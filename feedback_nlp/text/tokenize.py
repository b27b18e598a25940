"""Texts to words: a batch of strings becomes flat arrays over one sorted vocabulary.

Engine: ``rjieba``, jieba's algorithm and dictionary in Rust. It is about 25 times as fast, keeps its dictionary in an object (jieba: one a
process, cached in the shared temp folder), and cuts alike but for the places listed at `Tokenizer`.
"""

import hashlib
import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain, count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, TextTypeError

if TYPE_CHECKING:
    import rjieba

#: Texts cut before their tokens are turned into numbers: few enough that the token strings are still in the cache.
CHUNK_ROWS = 512

DICTIONARY_FORMAT = "'word', 'word frequency', 'word tag' or 'word frequency tag', e.g. '融e联 1000 n'"

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ebef\U0002f800-\U0002fa1f"
#: The engine first splits a text at every character outside this class (RE_HAN_DEFAULT of jieba-rs), so no word can reach across one.
_KEEPABLE = re.compile(rf"[0-9A-Za-z+#&._%\-{_CJK}]+")
_FREQUENCY = re.compile(r"[0-9]{1,9}")
_TAG = re.compile(r"[A-Za-z]+")

_TWO_CJK = re.compile(rf"[{_CJK}].*[{_CJK}]")
_TWO_LETTERS = re.compile(r"[A-Za-z].*[A-Za-z]")
#: Tokens that say nothing though they are long enough.
_EMPTY = re.compile(
    # numbers with a measure word: 一个, 第二次, 三百块, 半小时, 两个多
    r"第?[〇零一二两三四五六七八九十百千万亿几数半多]+"
    r"(?:小时|分钟|星期|礼拜|个月|[个年月日号天次块元毛分秒点时周岁张条件台款只种名位家遍回步些份杯盒碗袋包瓶箱斤克米套本把双层间单行句声片字对股])?[半多]?"
    r"|[我你您他她它这那]."  # a pronoun with whatever stood behind it: 我点, 你家, 这款
    r"|([哈呵嘿嘻呜啊哦噢嗯额呃唉哎哇呀嘛])\1+"  # laughter and sighs of any length
)


#: Longest word of a user dictionary; the engine's time grows with the square of overlapping words.
MAX_WORD = 64


@dataclass(frozen=True, eq=False)
class Tokens:
    """The words of a batch of texts, as flat arrays in row order.

    ids: int32 (n_tokens,), positions in ``vocabulary``.
    indptr: int64 (n_rows + 1,); row ``i`` is ``ids[indptr[i]:indptr[i + 1]]``, empty for an empty text.
    vocabulary: object (n_distinct,), the distinct tokens sorted by code point, so it does not depend on the order of rows.
    """

    ids: NDArray[np.int32]
    indptr: NDArray[np.int64]
    vocabulary: NDArray[np.object_]

    @property
    def n_rows(self) -> int:
        """Number of texts."""
        return len(self.indptr) - 1

    def __len__(self) -> int:
        return self.n_rows

    def rows(self) -> NDArray[np.int64]:
        """int64 (n_tokens,): the row each token stands in."""
        return np.repeat(np.arange(self.n_rows, dtype=np.int64), np.diff(self.indptr))

    def to_lists(self) -> list[list[str]]:
        """One list of strings a row, for display and tests."""
        words = self.vocabulary[self.ids].tolist()
        bounds = self.indptr.tolist()
        return [words[a:b] for a, b in pairwise(bounds)]


class Tokenizer:
    """Cut Chinese text into words.

    user_dictionary: a file in jieba's format (UTF-8 or GBK; one ``word [frequency] [tag]`` a line), or an iterable of words. Each word
        gets at least the frequency that makes it one token, whatever frequency is given; longer words win over the words they contain.
    hmm: find words outside the dictionary with jieba's hidden Markov model.
    Raises InputError for a dictionary that cannot be read, a malformed line, or a word the engine always splits.

    Instances share nothing and may be used from several threads and pickled; the engine (0.1 s) is built at first use.
    Deviations from jieba 0.42: a hyphen or dot between letters and digits may stay inside the token (``K-12``, ``2020-01``), and rare
    characters beyond U+9FD5 are read as Chinese.

    >>> Tokenizer(user_dictionary=["融e联"]).cut("融e联打不开")
    ['融e联', '打不开']
    """

    def __init__(self, *, user_dictionary: str | Path | Iterable[str] | None = None, hmm: bool = True) -> None:
        self._words = _read_words(user_dictionary)
        self._hmm = hmm
        self._engine: rjieba.Jieba | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> tuple[dict[str, int], bool]:
        return self._words, self._hmm

    def __setstate__(self, state: tuple[dict[str, int], bool]) -> None:
        self._words, self._hmm = state
        self._engine = None
        self._lock = threading.Lock()

    @property
    def signature(self) -> str | None:
        """Checksum of the user dictionary, None without one."""
        if not self._words:
            return None
        return hashlib.sha256(repr(sorted(self._words.items())).encode("utf-8")).hexdigest()[:12]

    def cut(self, text: str) -> list[str]:
        """Return the tokens of one text; joined they give the text back. Raises TextTypeError if it is not a string."""
        _check_strings([text])
        return self._cut_all([text])[0]

    def tokenize(self, texts: Iterable[str]) -> Tokens:
        """Cut a batch, row in, row out.

        texts: n strings; an empty one gives an empty row.
        Raises TextTypeError naming the first row that is not a string.
        """
        if isinstance(texts, str):
            raise TextTypeError("texts: expected a sequence of strings, got one string; use cut() or wrap it in a list")
        _check_strings(rows := list(texts))
        numbers: defaultdict[str, int] = defaultdict(count().__next__)
        ids, lengths = [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
        for start in range(0, len(rows), CHUNK_ROWS):
            cut = self._cut_all(rows[start : start + CHUNK_ROWS])
            ids.append(np.fromiter(map(numbers.__getitem__, chain.from_iterable(cut)), np.int32))
            lengths.append(np.fromiter(map(len, cut), np.int64, len(cut)))
        vocabulary, rank = _sorted_vocabulary(list(numbers))
        return Tokens(rank[np.concatenate(ids)], np.cumsum(np.concatenate(lengths)), vocabulary)

    def _cut_all(self, texts: Sequence[str]) -> list[list[str]]:
        engine = self._engine or self._build()
        try:
            return [engine.cut(text, self._hmm) for text in texts]
        except UnicodeEncodeError:  # a lone surrogate half cannot pass into Rust; U+FFFD takes its place
            return [engine.cut(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), self._hmm) for text in texts]

    def _build(self) -> "rjieba.Jieba":
        import rjieba

        with self._lock:
            if self._engine is None:
                engine = rjieba.Jieba()
                # Shorter first: the frequency a word needs depends on the words inside it.
                for word in sorted(self._words, key=lambda word: (len(word), word)):
                    engine.add_word(word, max(self._words[word], engine.suggest_freq(word)), None)
                self._engine = engine
            return self._engine


def content_mask(vocabulary: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which words carry content for keywords and themes.

    vocabulary: object (n,) of strings.
    Returns bool (n,): true for words with two Chinese characters or two Latin letters; false for punctuation, numbers, numbers with a
    measure word, single characters, laughter, and the words of ``data/stop_words.txt`` (compared without case).
    """
    stop = stop_words()
    return np.fromiter((_is_content(word, stop) for word in vocabulary), np.bool_, len(vocabulary))


@cache
def stop_words() -> frozenset[str]:
    """Return the words that say nothing about a subject."""
    return read_word_list("stop_words.txt")


def read_word_list(name: str) -> frozenset[str]:
    """Read a word list of the package's data folder: one or more words a line, ``#`` starts a comment."""
    text = resources.files("feedback_nlp").joinpath("data").joinpath(name).read_text("utf-8")
    return frozenset(word for line in text.splitlines() for word in line.partition("#")[0].split())


def _is_content(word: str, stop: frozenset[str]) -> bool:
    if not (_TWO_CJK.search(word) or _TWO_LETTERS.search(word)) or not _KEEPABLE.fullmatch(word):
        return False
    return word.casefold() not in stop and not _EMPTY.fullmatch(word)


def _sorted_vocabulary(words: list[str]) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    vocabulary = np.array(words, dtype=object)
    order = np.argsort(vocabulary)
    rank = np.empty(len(words), np.int32)
    rank[order] = np.arange(len(words), dtype=np.int32)
    return vocabulary[order], rank


def _check_strings(texts: Sequence[object]) -> None:
    if set(map(type, texts)) <= {str}:
        return
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise TextTypeError(f"text in row {row}: expected a string, got {type(text).__name__}; replace missing texts by ''")


def _read_words(source: str | Path | Iterable[str] | None) -> dict[str, int]:
    """Read ``{word: frequency asked for, or 0}`` from a dictionary file or an iterable."""
    words: dict[str, int] = {}
    if isinstance(source, (str, Path)):
        for number, line in enumerate(_decode(Path(source)).splitlines(), 1):
            if line.strip():
                word, frequency = _parse_line(line, f"{source}, line {number}")
                words[word] = max(frequency, words.get(word, 0))
        return words
    for number, word in enumerate(source or ()):
        if not isinstance(word, str):
            raise TextTypeError(f"user_dictionary[{number}]: expected a string, got {type(word).__name__}")
        words[_check_word(word.strip(), f"user_dictionary[{number}]")] = 0
    return words


def _decode(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise InputError(f"user dictionary {path}: expected a text file, got a folder, device or pipe")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"user dictionary {path}: cannot be read ({error.strerror}); give the path of a text file") from error
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    raise InputError(f"user dictionary {path}: expected UTF-8 or GBK text, got neither; save it again as UTF-8")


def _parse_line(line: str, place: str) -> tuple[str, int]:
    word, *rest = line.split()
    frequency = int(rest.pop(0)) if rest and _FREQUENCY.fullmatch(rest[0]) else 0
    if len(rest) > 1 or (rest and not _TAG.fullmatch(rest[0])):
        raise InputError(f"{place}: expected {DICTIONARY_FORMAT}, got {line.strip()!r}")
    return _check_word(word, place), frequency


def _check_word(word: str, place: str) -> str:
    if len(word) > MAX_WORD:
        raise InputError(f"{place}: expected a word of at most {MAX_WORD} characters, got {len(word)}")
    if not _KEEPABLE.fullmatch(word):
        raise InputError(
            f"{place}: expected a word of Chinese characters, Latin letters, digits and + # & . _ % - only, got {word!r}; "
            "text is always split at other characters, so remove them or enter the parts"
        )
    return word
