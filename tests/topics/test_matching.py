"""The search for words in running text, against a slow, obvious one: every place, every word, the longest first."""

import numpy as np
import pytest

from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import clean
from feedback_nlp.topics.matching import WordTree, find_in_rows, find_words


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


@pytest.mark.parametrize("seed", range(3))
def test_long_lists_of_words_are_found(seed):
    """Many characters and branches, so that the double array has to grow."""
    random = np.random.default_rng(seed)
    table = character_table()
    chars = [chr(code) for code in range(0x4E00, 0x5200) if clean([chr(code)]).texts() == [chr(code)] and table.fold[code] == code][:300]
    words = list(dict.fromkeys("".join(random.choice(chars[:40], random.integers(1, 4))) for _ in range(800))) + chars[40:]
    random.shuffle(words)
    texts = ["".join(random.choice(chars, 40)) + "".join(random.choice(chars[:40], 40)) for _ in range(5)]
    batch = TextBatch.from_texts(texts)
    found = find_words(batch.codes, batch.indptr, WordTree.build(words))
    expected = [
        (a + start, b + start, w) for text, start in zip(texts, batch.indptr.tolist(), strict=False) for a, b, w in slow_search(text, words)
    ]
    assert list(zip(found.start.tolist(), found.end.tolist(), found.word.tolist(), strict=True)) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [("app", ["app"]), ("happy", []), ("好app好", ["app"]), ("apps", []), ("app ok", ["app", "ok"]), ("appp", []), ("用app2", ["app"])],
)
def test_latin_words_stand_alone(text, words):
    batch = TextBatch.from_texts([text])
    names = ["app", "ok", "p"]
    assert [names[word] for word in find_words(batch.codes, batch.indptr, WordTree.build(names)).word] == words


def test_a_word_does_not_go_on_in_the_next_row():
    batch = TextBatch.from_texts(["手机屏", "幕", "", "手机", "手机屏幕", "ap", "p"])
    words = ["手机", "手机屏幕", "幕", "app"]
    found = find_words(batch.codes, batch.indptr, WordTree.build(words))
    assert [words[word] for word in found.word] == ["手机", "幕", "手机", "手机屏幕"]


def test_rows_without_a_word_are_left_out():
    texts = ["", "好屏幕", "没有", "", "电池屏幕"]
    rows, part, found = find_in_rows(TextBatch.from_texts(texts), WordTree.build(["屏幕", "电池"]))
    assert rows.tolist() == [1, 4]
    assert part.to_texts() == ["好屏幕", "电池屏幕"]
    assert list(zip(found.start.tolist(), found.end.tolist(), found.word.tolist(), strict=True)) == [(1, 3, 0), (3, 5, 1), (5, 7, 0)]
