"""Words that say nothing about a subject, and which words of a vocabulary do say something."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import TextTypeError
from feedback_nlp.text.dictionary import read_lines

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ebef\U0002f800-\U0002fa1f"
#: What a word with content is made of.
_PLAIN = re.compile(rf"[0-9A-Za-z+#&._%\-{_CJK}]+")
_TWO_CJK = re.compile(rf"[{_CJK}].*[{_CJK}]")
_TWO_LETTERS = re.compile(r"[A-Za-z].*[A-Za-z]")
#: Words whose answer is remembered: parts of one corpus share most of theirs.
KNOWN_WORDS = 1 << 17
#: Tokens that say nothing though they are long enough.
_EMPTY = re.compile(
    # numbers with a measure word: 一个, 第二次, 三百块, 半小时, 两个多
    r"第?[〇零一二两三四五六七八九十百千万亿几数半多]+"
    r"(?:小时|分钟|星期|礼拜|个月|[个年月日号天次块元毛分秒点时周岁张条件台款只种名位家遍回步些份杯盒碗袋包瓶箱斤克米套本把双层间单行句声片字对股])?[半多]?"
    r"|[我你您他她它这那]."  # a pronoun with whatever stood behind it: 我点, 你家, 这款
    r"|([哈呵嘿嘻呜啊哦噢嗯额呃唉哎哇呀嘛])\1+"  # laughter and sighs of any length
)


def content_mask(vocabulary: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which words carry content for keywords and themes.

    vocabulary: object (n,) of strings.
    Returns bool (n,): true for words with two Chinese characters or two Latin letters; false for punctuation, numbers, numbers with a
    measure word, single characters, laughter, and the words of ``data/stop_words.txt`` (compared without case).
    """
    return np.fromiter(map(_is_content, vocabulary), np.bool_, len(vocabulary))


@cache
def stop_words() -> frozenset[str]:
    """Return the words that say nothing about a subject: the project's own list, under its license."""
    return read_word_list("stop_words.txt")


def read_word_list(name: str) -> frozenset[str]:
    """Read a word list of the package's data folder: one or more words a line, ``#`` starts a comment."""
    text = resources.files("feedback_nlp").joinpath("data").joinpath(name).read_text("utf-8")
    return frozenset(word for line in text.splitlines() for word in line.partition("#")[0].split())


def user_stop_words(source: str | Path | Iterable[str] | None) -> frozenset[str]:
    """Read stop words, in folded case, from a file (UTF-8 or GBK, one a line, lines that begin with ``#`` are comments) or an iterable.

    Raises InputError for a file that cannot be read, TextTypeError naming the first entry that is not a string.
    """
    if isinstance(source, (str, Path)):
        lines = map(str.strip, read_lines(Path(source), "stop words"))
        return frozenset(line.casefold() for line in lines if line and not line.startswith("#"))
    words = list(source or ())
    for number, word in enumerate(words):
        if not isinstance(word, str):
            raise TextTypeError(f"stop_words[{number}]: expected a string, got {type(word).__name__}")
    return frozenset(word.strip().casefold() for word in words)


@lru_cache(maxsize=KNOWN_WORDS)
def _is_content(word: str) -> bool:
    if not (_TWO_CJK.search(word) or _TWO_LETTERS.search(word)) or not _PLAIN.fullmatch(word):
        return False
    return word.casefold() not in stop_words() and not _EMPTY.fullmatch(word)
