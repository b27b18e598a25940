"""Units and counts against slow oracles over lists of strings."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from feedback_nlp.text.tokenize import content_mask
from feedback_nlp.topics import TermCounts
from feedback_nlp.topics.counts import NumberTable, find_terms, information, npmi
from feedback_nlp.topics.stream import (
    NEGATIONS,
    QUALITY,
    SUBJECT,
    VARIANTS,
    Folded,
    evaluative_words,
    few_members,
    members,
    merge_words,
    phrase_roles,
    rank_words,
    spell,
    unit_kinds,
    units,
)


def kind_of(word):
    return int(unit_kinds(np.array([word], dtype=object))[0])


def slow_row(words):
    """The oracle of `units`: (place, unit) of one row, place by place."""
    words = [VARIANTS.get(word.casefold(), word.casefold()) for word in words if word != "的"]
    found = []
    for place, word in enumerate(words):
        if not kind_of(word):
            continue
        before, after = words[place - 1] if place else "", words[place + 1] if place + 1 < len(words) else ""
        if word in NEGATIONS and after and kind_of(after) and after not in NEGATIONS:
            continue
        found.append((place, before + word if before in NEGATIONS and word not in NEGATIONS else word))
    return found


def slow_pairs(row, kinds):
    """The oracle of `Units.touching`: the phrases possible in one row."""
    pairs = []
    for (place, a), (next_place, b) in pairwise(row):
        lead, tail = phrase_roles(np.array([a, b], dtype=object), np.array([kinds[a], kinds[b]], np.uint8))
        if next_place == place + 1 and a != b and SUBJECT in (kinds[a], kinds[b]) and lead[0] and tail[1]:
            pairs.append((a, b))
    return pairs


def slow_counts(tokens):
    rows = [slow_row(words) for words in tokens.to_lists()]
    batch = units(tokens)
    kinds = dict(zip(batch.vocabulary, batch.kinds.tolist(), strict=True))
    pairs = [slow_pairs(row, kinds) for row in rows]
    return (
        Counter(word for row in rows for word in {word for _, word in row}),
        Counter(word for row in rows for _, word in row),
        Counter(pair for row in pairs for pair in set(row)),
        Counter(pair for row in pairs for pair in row),
    )


def as_counters(counts):
    words = counts.vocabulary.tolist()
    pairs = [(words[a], words[b]) for a, b in counts.pairs.tolist()]
    return (
        Counter(dict(zip(words, counts.documents.tolist(), strict=True))),
        Counter(dict(zip(words, counts.occurrences.tolist(), strict=True))),
        Counter(dict(zip(pairs, counts.pair_documents.tolist(), strict=True))),
        Counter(dict(zip(pairs, counts.pair_occurrences.tolist(), strict=True))),
    )


def same(a, b):
    for name in a.__dataclass_fields__:
        left, right = getattr(a, name), getattr(b, name)
        np.testing.assert_array_equal(left, right)
        assert getattr(left, "dtype", None) == getattr(right, "dtype", None), name


def test_units_match_the_oracle(tokenize, corpus):
    tokens = tokenize(corpus)
    batch = units(tokens)
    got = [[] for _ in corpus]
    for row, word in zip(batch.rows.tolist(), batch.vocabulary[batch.ids].tolist(), strict=True):
        got[row].append(word)
    assert got == [[word for _, word in slow_row(words)] for words in tokens.to_lists()]
    assert batch.vocabulary.tolist() == sorted(set(batch.vocabulary))
    assert batch.n_rows == len(corpus)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("连接不稳定", ["连接", "不稳定"]),
        ("连接稳定", ["连接", "稳定"]),
        ("没反应", ["没反应"]),
        ("WiFi和WIFI", ["wifi", "wifi"]),
        ("登陆", ["登录"]),
        ("不的了吗", []),
        ("", []),
    ],
)
def test_units(tokenize, text, expected):
    batch = units(tokenize([text]))
    assert batch.vocabulary[batch.ids].tolist() == expected


@pytest.mark.parametrize(
    ("word", "kind"), [("登录", SUBJECT), ("不错", QUALITY), ("不稳定", QUALITY), ("很漂亮", QUALITY), ("太阳", SUBJECT)]
)
def test_kinds(word, kind):
    assert kind_of(word) == kind


@pytest.mark.parametrize(("text", "kind"), [("不兼容", QUALITY), ("不太冷", QUALITY), ("没反应", SUBJECT)])
def test_a_denied_word_is_of_one_kind_whatever_else_is_read(tokenize, text, kind):
    """Where one text has it in two tokens, and another in one."""
    tokens = tokenize([text])
    assert tokens.to_lists() != [[text]]
    batch = units(tokens)
    assert dict(zip(batch.vocabulary, batch.kinds.tolist(), strict=True)) == {text: kind_of(text)} == {text: kind}


@pytest.mark.parametrize("words", [[], ["a", "c"], ["b"]])
@pytest.mark.parametrize("more", [[], ["b", "d", "b"], ["c", "a", "0", "a0"]])
def test_merge_words(words, more):
    merged, of_words, of_more = merge_words(np.array(words, dtype=object), np.array(more, dtype=object))
    assert merged.tolist() == sorted({*words, *more})
    assert merged[of_words].tolist() == words and merged[of_more].tolist() == more


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("客服的态度", "客服态度"),
        ("登录失败", "登录失败"),
        ("无法登录", "无法登录"),
        ("态度差", "态度差"),
        ("app store", None),
        ("客服，态度", None),
        ("不错垃圾", None),
        ("差服务", None),
        ("登录登录", None),
        ("登录无法", None),
    ],
)
def test_touching(tokenize, text, expected):
    batch = units(tokenize([text]))
    words = batch.vocabulary[batch.ids]
    assert spell(words[batch.touching], words[batch.touching + 1]).tolist() == ([expected] if expected else [])


def test_spell_parts_latin_words():
    assert spell(np.array(["app", "登录"], dtype=object), np.array(["store", "app"], dtype=object)).tolist() == ["app store", "登录app"]


def test_counts_match_the_oracle(tokenize, corpus):
    tokens = tokenize(corpus)
    assert as_counters(TermCounts.from_tokens(tokens)) == slow_counts(tokens)


def test_counts_of_edges(tokenize, edge):
    tokens = tokenize(edge)
    counts = TermCounts.from_tokens(tokens)
    assert as_counters(counts) == slow_counts(tokens)
    assert counts.n_documents == len(edge)
    same(counts.merge(TermCounts.from_tokens(tokenize([]))), counts)


def test_merged_chunks_equal_the_whole(tokenize, corpus):
    whole = TermCounts.from_tokens(tokenize(corpus))
    parts = [TermCounts.from_tokens(tokenize(corpus[a : a + 61])) for a in range(0, len(corpus), 61)]
    same(parts[0].merge(*parts[1:]), whole)
    same(parts[-1].merge(*parts[:-1]), whole)
    same(parts[0].merge(parts[1]).merge(parts[2].merge(*parts[3:])), whole)
    shuffled = np.random.default_rng(1).permutation(np.array(corpus, dtype=object)).tolist()
    same(TermCounts.from_tokens(tokenize(shuffled)), whole)


def test_npmi():
    n, a, b, ab = 100, 10, 20, 8
    expected = math.log((ab / n) / ((a / n) * (b / n))) / -math.log(ab / n)
    value = npmi(np.array([ab, 0, n, 10]), np.array([a, a, n, 10]), np.array([b, b, n, 10]), n)
    np.testing.assert_allclose(value, [expected, -1.0, 0.0, 1.0])


def test_information():
    assert information(np.array([0, 9, 99]), 98, rarest=0.05).tolist() == [2996, 2303, 1]
    assert information(np.array([0]), 0, rarest=0.05).tolist() == [693]


def test_word_lists():
    qualities = evaluative_words()
    assert {"好", "不错", "垃圾", "差评", "满意", "喜欢", "推荐"} <= qualities
    assert not {"登录", "客服", "价格", "质量", "闪退", "物流"} & qualities
    assert not content_mask(np.array(["无法"], dtype=object))[0]


def test_some_of_the_counts(tokenize, corpus):
    counts = TermCounts.from_tokens(tokenize(corpus))
    terms, pairs = np.arange(0, len(counts.vocabulary), 5), np.arange(1, len(counts.pairs), 7)
    some = counts.only(terms, pairs)
    parts = set(counts.vocabulary[counts.pairs[pairs]].ravel())
    assert some.vocabulary.tolist() == sorted(set(counts.vocabulary[terms]) | parts)
    documents, occurrences, pair_documents, pair_occurrences = as_counters(counts)
    assert as_counters(some) == (
        {word: documents[word] for word in some.vocabulary},
        {word: occurrences[word] for word in some.vocabulary},
        {pair: pair_documents[pair] for pair in map(tuple, counts.vocabulary[counts.pairs[pairs]].tolist())},
        {pair: pair_occurrences[pair] for pair in map(tuple, counts.vocabulary[counts.pairs[pairs]].tolist())},
    )
    same(counts.of(some), some)


def test_the_same_terms_in_other_rows(tokenize, corpus):
    listed = TermCounts.from_tokens(tokenize(["登录失败", "蓝牙断连"]))
    found = TermCounts.from_tokens(tokenize(corpus)).of(listed)
    documents, occurrences, pair_documents, pair_occurrences = slow_counts(tokenize(corpus))
    assert found.vocabulary.tolist() == listed.vocabulary.tolist() and found.n_documents == len(corpus)
    assert found.documents.tolist() == [documents[word] for word in listed.vocabulary]
    assert found.occurrences.tolist() == [occurrences[word] for word in listed.vocabulary]
    pairs = [tuple(pair) for pair in listed.vocabulary[listed.pairs].tolist()]
    assert found.pair_documents.tolist() == [pair_documents[pair] for pair in pairs]
    assert found.pair_occurrences.tolist() == [pair_occurrences[pair] for pair in pairs]


@pytest.mark.parametrize("asked", [["b"], ["a", "c", "e", "zz"], [], ["b"] * 40])
def test_find_terms(asked):
    for terms in (np.array(["b", "c", "d", "e"] + [f"x{n:02d}" for n in range(40)], dtype=object), np.empty(0, dtype=object)):
        place = {word: number for number, word in enumerate(terms.tolist())}
        found = find_terms(np.array(asked, dtype=object), terms)
        assert found.dtype == np.int64 and found.tolist() == [place.get(word, -1) for word in asked]


#: Numbers that fall into one slot of a small table, the first and the last ones, and others.
CROWDED = [place * 2**61 for place in range(-4, 4)]


@pytest.mark.parametrize("numbers", [[], [7], CROWDED, [-(2**63), 2**63 - 1, 0, -1], list(range(0, 9_000, 3)), [n * n for n in range(999)]])
def test_number_table(numbers):
    asked = [*numbers, *range(-3, 40), *CROWDED, *numbers[::-1]]
    place = {number: at for at, number in enumerate(numbers)}
    found = NumberTable.of(np.array(numbers, np.int64)).find(np.array(asked, np.int64))
    assert found.dtype == np.int64 and found.tolist() == [place.get(number, -1) for number in asked]


@pytest.mark.parametrize("words", [[], ["b"], ["a", "b", "一", "的", "\ud800"]])
@pytest.mark.parametrize("chosen", [frozenset(), frozenset("b"), frozenset(["", "a", "的", "ab", "zz", "龥"])])
def test_few_members_are_members(words, chosen):
    words = np.array(words, dtype=object)
    assert few_members(words, chosen).tolist() == members(words, chosen).tolist() == [word in chosen for word in words]


@pytest.mark.parametrize("words", [[], ["b", "a", "b"], ["一", "", "\ud800", "a"]])
def test_rank_words(words):
    different, place = rank_words(words)
    assert different.dtype == object and different.tolist() == sorted(set(words))
    assert different[place].tolist() == words


def test_a_vocabulary_folded_before_gives_the_same_units(tokenize, corpus):
    tokens = tokenize(corpus)
    same(units(tokens, Folded.of(tokens.vocabulary)), units(tokens))
