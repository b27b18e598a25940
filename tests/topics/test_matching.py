"""The search for words in running text, against a slow, obvious one: every place, every word, the longest first."""

import numpy as np
import pytest

from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table
from feedback_nlp.topics.matching import WordTree, find_words


def slow_search(text, words):
    found, place = [], 0
    while place < len(text):
        here = [word for word in words if text.startswith(word, place)]
        if here:
            found.append((place, place + len(max(here, key=len)), words.index(max(here, key=len))))
        place = found[-1][1] if here else place + 1
    return found


@pytest.mark.parametrize("seed", range(30))
def test_words_are_found_like_the_slow_search(seed):
    random = np.random.default_rng(seed)
    word = lambda longest: "".join(random.choice(list("甲乙丙"), random.integers(1, longest + 1)))  # noqa: E731
    # Cleaning shortens longer runs, of words too.
    words = list(dict.fromkeys(found for found in (word(5) for _ in range(6)) if not any(char * 4 in found for char in found)))
    texts = ["".join(random.choice(list("甲乙丙丁"), random.integers(0, 30))) for _ in range(8)]
    batch = TextBatch.from_texts(texts)
    found = find_words(character_table().fold[batch.codes], batch.indptr, WordTree.build(words))
    expected = [
        (a + start, b + start, w) for text, start in zip(texts, batch.indptr.tolist(), strict=False) for a, b, w in slow_search(text, words)
    ]
    assert list(zip(found.start.tolist(), found.end.tolist(), found.word.tolist(), strict=True)) == expected


def test_no_words_are_found_nowhere():
    batch = TextBatch.from_texts(["屏幕", ""])
    assert len(find_words(batch.codes, batch.indptr, WordTree.build([]))) == 0
    assert len(find_words(batch.codes[:0], np.zeros(1, np.int64), WordTree.build(["屏幕"]))) == 0
