"""Key phrases against oracles over lists of strings, and the laws they must keep."""

import math
from collections import Counter
from functools import cache
from itertools import combinations, combinations_with_replacement

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.topics import PhraseCounts, corpus_phrases, group_phrases, item_phrases
from feedback_nlp.topics import key_phrases as module
from feedback_nlp.topics.key_phrases import _mean, _repetition, joined_phrases, span_scores
from feedback_nlp.topics.phrase_book import PhraseBook, phrase_weights
from feedback_nlp.topics.phrase_counts import cohesion, covered, number_phrases
from feedback_nlp.topics.spans import COMPLEMENTS, DEGREES, DENIALS, find_spans
from feedback_nlp.topics.stream import NEGATIONS, SUBJECT, VARIANTS, phrase_roles, unit_kinds, units, without


def text_of(words, vocabulary):
    return tuple(vocabulary[word] for word in words if word >= 0)


def slow_row(words):
    """(first place, last place, unit) of each unit of a row of tokens; a negation and what it denies are one."""
    words = [VARIANTS.get(word.casefold(), word.casefold()) for word in words if word not in DEGREES]
    found = []
    for place, word in enumerate(words):
        before, after = words[place - 1] if place else "", words[place + 1] if place + 1 < len(words) else ""
        if not kind_of(word) or (word in NEGATIONS and after and after not in NEGATIONS and kind_of(after)):
            continue
        joined = before in NEGATIONS and word not in NEGATIONS
        found.append((place - joined, place, before + word if joined else word))
    return found


@cache
def kind_of(word):
    return int(unit_kinds(np.array([word], dtype=object))[0])


def slow_spans(tokens):
    """The oracle of `find_spans`: (row, place of the first unit among all units, words) of every phrase that may stand."""
    batch, found, offset = find_spans(tokens).batch, [], 0
    kinds = dict(zip(batch.vocabulary, batch.kinds.tolist(), strict=True))
    opens, closes = (dict(zip(batch.vocabulary, role.tolist(), strict=True)) for role in phrase_roles(batch.vocabulary, batch.kinds))
    for row, tokens_of_row in enumerate(tokens.to_lists()):
        begin, end, words = zip(*slow_row(tokens_of_row), strict=True) if slow_row(tokens_of_row) else ((), (), ())
        touch = [a + 1 == b for a, b in zip(end, begin[1:], strict=False)] + [False]
        for first, last in combinations_with_replacement(range(len(words)), 2):
            run = words[first : last + 1]
            inner = all(kinds[word] == SUBJECT or len(word) > 1 for word in run[1:-1])
            ends = opens[run[0]] and run[0] not in COMPLEMENTS and (closes[run[-1]] or run[-1] in COMPLEMENTS)
            named = len(run) == 1 or any(kinds[word] == SUBJECT for word in run)
            bound = (first and touch[first - 1] and words[first - 1] in DENIALS) or (touch[last] and words[last + 1] in COMPLEMENTS)
            if len(set(run)) == len(run) <= 4 and all(touch[first:last]) and inner and ends and named and not bound:
                found.append((row, offset + first, run))
        offset += len(words)
    return found


def slow_choice(spans, weights, top):
    """The oracle of the greedy choice: weights {(row, place, words): score}; of equal scores what comes first, the shorter first."""
    chosen = []
    for row in range(spans.batch.n_rows):
        left = sorted((-score, place, len(words), words) for (r, place, words), score in weights.items() if r == row)
        taken = []
        for _, place, _, words in left:
            clear = all(place + len(words) <= p or p + len(w) <= place for _, p, w in taken)
            new = all(not set(words) <= set(w) and not set(w) <= set(words) for _, _, w in taken)
            if clear and new and len(taken) < top:
                taken.append(("".join(words), place, words))
        chosen.append([name for name, _, _ in taken])
    return chosen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("登录失败", {"登录", "失败", "登录失败"}),
        ("客服态度特别差", {"客服", "态度", "客服态度", "态度差", "客服态度差"}),
        ("客服的态度", {"客服", "态度", "客服态度"}),
        ("无法登录", {"无法登录"}),
        ("没有发票", {"没有发票"}),
        ("支付不了", {"支付不了"}),
        ("连接不稳定", {"连接", "不稳定", "连接不稳定"}),
        ("客服，态度", {"客服", "态度"}),
        ("不了", set()),
        ("差", set()),
        ("我们的", set()),
        ("", set()),
    ],
)
def test_what_may_be_a_phrase(tokenize, text, expected):
    spans = find_spans(tokenize([text]))
    assert {"".join(text_of(words, spans.batch.vocabulary)) for words in spans.words} == expected


def test_spans_match_the_oracle(tokenize, corpus):
    tokens = tokenize([*corpus, "无法正常登录支付不了", "安装师傅乱收费还不开发票", "不", "客服不不回复没", "物流不", "快递不送货"])
    spans = find_spans(tokens)
    got = [text_of(words, spans.batch.vocabulary) for words in spans.words]
    assert sorted(zip(spans.rows.tolist(), spans.first.tolist(), got, strict=True)) == sorted(slow_spans(tokens))
    assert spans.size.tolist() == list(map(len, got))


def test_without(tokenize):
    tokens = tokenize(["物流很慢", "很", "", "快递慢"])
    assert without(tokens, DEGREES).to_lists() == [["物流", "慢"], [], [], ["快递", "慢"]]
    assert units(without(tokens, DEGREES)).n_rows == 4


def test_counts_match_the_oracle(tokenize, corpus):
    tokens = tokenize(corpus)
    spans = find_spans(tokens)
    counts = PhraseCounts.from_tokens(spans)
    expected = slow_spans(tokens)
    phrases = [text_of(words, counts.vocabulary) for words in counts.words]
    assert phrases == sorted(set(phrases))
    assert dict(zip(phrases, counts.occurrences.tolist(), strict=True)) == Counter(words for _, _, words in expected)
    assert dict(zip(phrases, counts.documents.tolist(), strict=True)) == Counter(p for _, p in {(row, words) for row, _, words in expected})
    present = Counter(word for _, word in set(zip(spans.batch.rows.tolist(), spans.batch.vocabulary[spans.batch.ids], strict=True)))
    assert dict(zip(counts.vocabulary, counts.present.tolist(), strict=True)) == present


def test_counts_merge_in_any_order(tokenize, corpus):
    whole = PhraseCounts.from_tokens(tokenize(corpus))
    parts = [PhraseCounts.from_tokens(tokenize(corpus[a : a + 67])) for a in range(0, len(corpus), 67)]
    for merged in (parts[0].merge(*parts[1:]), parts[-1].merge(*parts[:-1]), parts[0].merge(parts[1].merge(*parts[2:]))):
        for name in whole.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name), err_msg=name)


def test_number_phrases():
    words = np.array([[2, -1, -1, -1], [0, 1, -1, -1], [2, -1, -1, -1], [0, 1, 2, 0], [0, -1, -1, -1]], np.int32)
    different, numbers = number_phrases(words, 3)
    assert different.tolist() == [list(row) for row in sorted(set(map(tuple, words.tolist())))]
    assert numbers.tolist() == [3, 1, 3, 2, 0]


def test_covered_matches_the_oracle(tokenize, corpus):
    counts = PhraseCounts.from_tokens(tokenize(corpus))
    phrases = [tuple(word for word in words if word >= 0) for words in counts.words.tolist()]
    documents = dict(zip(phrases, counts.documents.tolist(), strict=True))
    most = dict.fromkeys(phrases, 0)
    for phrase in phrases:
        for a, b in combinations(range(len(phrase) + 1), 2):
            if phrase[a:b] in most and phrase[a:b] != phrase:
                most[phrase[a:b]] = max(most[phrase[a:b]], documents[phrase])
    assert covered(counts.words, counts.documents, len(counts.vocabulary)).tolist() == list(most.values())


def test_cohesion():
    words = np.array([[0, 1, -1, -1], [0, 1, 2, -1], [0, -1, -1, -1]], np.int32)
    got = cohesion(np.array([10, 5, 20]), words, np.array([20, 10, 5]), 100)
    pair = math.log(0.1 / (0.2 * 0.1)) / -math.log(0.1)
    triple = math.log(0.05 / (0.2 * 0.1 * 0.05)) / (-2 * math.log(0.05))
    assert got == pytest.approx([pair, triple, 1.0])


def slow_weights(spans, counts):
    """The oracle of `PhraseBook.weights`: the weight of each span by its formula, over all phrases of the corpus."""
    vocabulary, kinds = spans.batch.vocabulary.tolist(), spans.batch.kinds.tolist()
    phrases = [text_of(words, counts.vocabulary) for words in counts.words]
    documents = dict(zip(phrases, counts.documents.tolist(), strict=True))
    present = dict(zip(counts.vocabulary, counts.present.tolist(), strict=True))
    most = dict(zip(phrases, covered(counts.words, counts.documents, len(counts.vocabulary)).tolist(), strict=True))
    words = np.full((len(spans.first), 4), -1, np.int32)
    for number, (first, size) in enumerate(zip(spans.first, spans.size, strict=True)):
        words[number, :size] = spans.batch.ids[first : first + size]
    named = [tuple(vocabulary[word] for word in row if word >= 0) for row in words.tolist()]
    met = np.array([documents.get(phrase, 0) for phrase in named])
    weights = phrase_weights(words, met, np.array([present.get(word, 0) for word in vocabulary]), np.array(kinds), counts.n_documents)
    return [
        0 if documents.get(phrase, 0) > 1 and most[phrase] == documents[phrase] else weight
        for phrase, weight in zip(named, weights.tolist(), strict=True)
    ]


def test_weights_match_the_oracle(tokenize, corpus):
    counts = PhraseCounts.from_tokens(tokenize(corpus))
    spans = find_spans(tokenize([*corpus[:80], "蓝牙登录失败", "蓝牙", ""]))
    assert PhraseBook.from_counts(counts).weights(spans).tolist() == slow_weights(spans, counts)
    nothing = PhraseCounts.from_tokens(tokenize([]))
    assert PhraseBook.from_counts(nothing).weights(spans).tolist() == slow_weights(spans, nothing)


def test_repetition_of_its_words(tokenize):
    spans = find_spans(tokenize(["登录失败，登录", "登录"]))
    names = ["".join(text_of(words, spans.batch.vocabulary)) for words in spans.words]
    got = {(row, name): score for row, name, score in zip(spans.rows.tolist(), names, _mean(_repetition(spans.batch), spans), strict=True)}
    twice = round(module.REPEAT_WEIGHT * math.log(2))
    assert got == {(0, "登录"): twice, (0, "失败"): 0, (0, "登录失败"): twice // 2, (1, "登录"): 0}


@pytest.mark.parametrize("top", [1, 3])
def test_choice_matches_the_oracle(tokenize, corpus, top):
    spans = find_spans(tokenize([*corpus[:80], "登录失败登录，失败登录失败", "包装破损快递，破损包装"]))
    counts = PhraseCounts.from_tokens(tokenize(corpus))
    scores = span_scores(spans, PhraseBook.from_counts(counts))
    keys = zip(spans.rows.tolist(), spans.first.tolist(), (text_of(w, spans.batch.vocabulary) for w in spans.words), strict=True)
    assert item_phrases(spans, counts, top=top).to_lists() == slow_choice(spans, dict(zip(keys, scores.tolist(), strict=True)), top)


def test_spans_among_some_words(tokenize, corpus):
    spans = find_spans(tokenize(corpus))
    words = np.array(sorted({"登录", "失败", "客服", "蓝牙"}), dtype=object)
    got = spans.among(words)
    expected = [text_of(row, spans.batch.vocabulary) for row in spans.words]
    assert [text_of(row, got.batch.vocabulary) for row in got.words] == [phrase for phrase in expected if set(phrase) <= set(words)]
    assert got.rows.tolist() == [row for row, phrase in zip(spans.rows.tolist(), expected, strict=True) if set(phrase) <= set(words)]
    assert got.batch.vocabulary.tolist() == [word for word in words.tolist() if word in spans.batch.vocabulary]
    assert len(got.first) > 0


def test_some_phrases_in_other_rows(tokenize, corpus):
    counts = PhraseCounts.from_tokens(tokenize(corpus))
    other = PhraseCounts.from_tokens(tokenize(["蓝牙登录失败", "客服态度"]))
    table = {text_of(w, counts.vocabulary): (d, c) for w, d, c in zip(counts.words, counts.documents, counts.occurrences, strict=True)}
    found = counts.of(other)
    assert found.n_documents == len(corpus)
    phrases = [text_of(w, other.vocabulary) for w in other.words]
    assert list(zip(found.documents, found.occurrences, strict=True)) == [table.get(phrase, (0, 0)) for phrase in phrases]
    known = dict(zip(counts.vocabulary, counts.present.tolist(), strict=True))
    assert found.present.tolist() == [known.get(word, 0) for word in other.vocabulary]


def test_only_some_phrases(tokenize, corpus):
    counts = PhraseCounts.from_tokens(tokenize(corpus))
    chosen = np.arange(0, len(counts.words), 9)
    some = counts.only(chosen)
    assert [text_of(w, some.vocabulary) for w in some.words] == [text_of(w, counts.vocabulary) for w in counts.words[chosen]]
    for name in some.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(counts.of(some), name), getattr(some, name), err_msg=name)


def test_phrases_of_items(tokenize):
    texts = ["登录失败了", "客服态度特别差", "电池续航太短", "不错", "", "无法登录"]
    tokens = tokenize(texts)
    got = item_phrases(tokens, PhraseCounts.from_tokens(tokens))
    assert [row[:1] for row in got.to_lists()] == [["登录失败"], ["客服态度差"], ["电池续航太短"], ["不错"], [], ["无法登录"]]
    assert got.joined().tolist()[4] == ""
    assert got.vocabulary.tolist() == sorted(got.vocabulary)


def test_phrases_are_joined_as_they_are_spelled(tokenize, corpus):
    spans = find_spans(tokenize([*corpus, "微信App的store闪退，App非常crash", ""]))
    chosen = np.argsort(spans.rows, kind="stable")
    phrases, numbers = module.spelled(spans, chosen)
    expected = ["、".join(phrases[numbers[spans.rows[chosen] == row]]) for row in range(spans.batch.n_rows)]
    assert joined_phrases(spans, chosen).tolist() == expected
    assert "app store闪退" in expected[-2] and "app crash" in expected[-2]


def test_permutation_and_chunks_change_nothing(tokenize, corpus):
    counts = PhraseCounts.from_tokens(tokenize(corpus))
    whole = item_phrases(tokenize(corpus), counts).joined()
    order = np.random.default_rng(3).permutation(len(corpus))
    shuffled = tokenize([corpus[i] for i in order])
    np.testing.assert_array_equal(item_phrases(shuffled, PhraseCounts.from_tokens(shuffled)).joined(), whole[order])
    parts = [item_phrases(tokenize(corpus[a : a + 33]), counts).joined() for a in range(0, len(corpus), 33)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_edges(tokenize, edge):
    tokens = tokenize(edge)
    counts = PhraseCounts.from_tokens(tokens)
    got = item_phrases(tokens, counts)
    assert got.n_rows == len(got.joined()) == len(edge)
    assert len(got.ids) == len(got.rows) == len(got.scores)
    assert corpus_phrases(counts, min_words=1).columns.tolist() == ["phrase", "words", "items", "share", "count", "weight"]
    assert group_phrases(tokens, [None] * len(edge)).empty
    table = group_phrases(tokens, ["a"] * len(edge), min_words=1)
    assert table.columns.tolist() == ["group", "phrase", "words", "items", "share", "weight"]


def test_corpus_phrases(tokenize, corpus):
    counts = PhraseCounts.from_tokens(tokenize(corpus))
    table = corpus_phrases(counts, top=12)
    assert {"客服态度", "包装破损"} & {phrase[:4] for phrase in table["phrase"]}
    assert table["phrase"].is_unique
    assert (table["words"] >= 2).all()
    names = {"".join(text_of(w, counts.vocabulary)): n for n, w in enumerate(counts.words)}
    assert table["items"].tolist() == [counts.documents[names[phrase]] for phrase in table["phrase"]]
    assert table["count"].tolist() == [counts.occurrences[names[phrase]] for phrase in table["phrase"]]
    assert table["weight"].tolist() == sorted(table["weight"], reverse=True)
    assert "登录失败密码" not in set(table["phrase"])


def test_a_part_gives_way(tokenize):
    texts = ["客服态度差"] * 5 + ["登录失败"] * 5 + ["登录页面"] * 4 + ["物流快", "价格高", "质量好"] * 4
    phrases = corpus_phrases(PhraseCounts.from_tokens(tokenize(texts)), min_words=1)["phrase"].tolist()
    assert "客服态度差" in phrases
    assert not {"客服", "客服态度", "态度差"} & set(phrases)
    assert "登录" in phrases


def test_group_phrases_are_the_corpus_phrases_of_one_group(tokenize, corpus):
    tokens = tokenize(corpus)
    whole = corpus_phrases(PhraseCounts.from_tokens(tokens), top=10)
    table = group_phrases(tokens, ["x"] * len(corpus), top=10)
    pd.testing.assert_frame_equal(table[["phrase", "words", "items", "share", "weight"]], whole.drop(columns="count"))
    assert table["group"].tolist() == ["x"] * len(whole)


def test_errors(tokenize):
    with pytest.raises(InputError, match="top: expected 1 or more, got 0"):
        item_phrases(tokenize(["登录"]), PhraseCounts.from_tokens(tokenize(["登录"])), top=0)
    with pytest.raises(InputError, match="got 1 labels and 2 rows"):
        group_phrases(tokenize(["登录", "支付"]), ["a"])
