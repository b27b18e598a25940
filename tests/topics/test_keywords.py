import math

import numpy as np
import pytest

from feedback_nlp.topics import TermCounts, corpus_keywords, item_keywords
from feedback_nlp.topics import keywords as module
from feedback_nlp.topics.counts import find_terms
from feedback_nlp.topics.keywords import phrase_mask
from feedback_nlp.topics.stream import SUBJECT, phrase_roles, units


def slow_weight(documents, n):
    share = min(max((documents + 1) / (n + 2), module.RARE_SHARE), 1.0)
    weight = max(round(-1000 * math.log(share)), 1)
    return weight if documents >= max(2, module.SOLITARY_SHARE * n) else (weight + 1) // 2


def slow_phrases(counts):
    """The oracle of `phrase_mask`: {(first, second): documents}."""
    documents = dict(zip(counts.vocabulary, counts.documents.tolist(), strict=True))
    found, n = {}, counts.n_documents
    for (a, b), met in zip(counts.vocabulary[counts.pairs].tolist(), counts.pair_documents.tolist(), strict=True):
        gain = math.log(met * n / (documents[a] * documents[b]))
        npmi = gain / -math.log(met / n) if met < n else 0.0
        if met >= module.MIN_PHRASE_DOCUMENTS and npmi >= module.MIN_PHRASE_NPMI:
            found[a, b] = met
    return found


def slow_item_keywords(tokens, counts, top):
    """The oracle of `item_keywords`, row by row."""
    batch, n = units(tokens), counts.n_documents
    documents = dict(zip(counts.vocabulary, counts.documents.tolist(), strict=True))
    phrases = slow_phrases(counts)
    words, kinds = batch.vocabulary[batch.ids].tolist(), batch.kinds[batch.ids].tolist()
    opens, closes = phrase_roles(batch.vocabulary, batch.kinds)
    plain = (opens & closes)[batch.ids].tolist()
    touching = set(batch.touching.tolist())
    rank = {key: (-met, key) for key, met in phrases.items()}
    result = []
    for row in range(batch.n_rows):
        at = np.flatnonzero(batch.rows == row).tolist()
        here = [i for i in at if i in touching and (words[i], words[i + 1]) in phrases]
        key = {i: rank[words[i], words[i + 1]] for i in here}
        here = [i for i in here if all(key[i] < key[j] for j in (i - 1, i + 1) if j in key)]
        taken = {words[j] for i in here for j in (i, i + 1)}
        scores = {}
        for i in here:
            name = words[i] + words[i + 1]
            scores[name] = scores.get(name, 0) + slow_weight(phrases[words[i], words[i + 1]], n)
        named = any(kinds[i] == SUBJECT for i in at)
        for i in at:
            if words[i] not in taken and (kinds[i] == SUBJECT or (plain[i] and not named)):
                scores[words[i]] = scores.get(words[i], 0) + slow_weight(documents.get(words[i], 0), n)
        result.append("、".join(sorted(scores, key=lambda name: (-scores[name], name))[:top]))
    return result


@pytest.mark.parametrize("top", [1, 2, 5])
def test_item_keywords_match_the_oracle(tokenize, corpus, top):
    tokens = tokenize(corpus)
    counts = TermCounts.from_tokens(tokens)
    assert item_keywords(tokens, counts, top=top).tolist() == slow_item_keywords(tokens, counts, top)


def test_item_keywords_of_edges(tokenize, edge):
    tokens = tokenize(edge)
    counts = TermCounts.from_tokens(tokens)
    got = item_keywords(tokens, counts)
    assert got.dtype == object
    assert got.tolist() == slow_item_keywords(tokens, counts, 5)
    assert corpus_keywords(counts).columns.tolist() == ["keyword", "items", "share", "count", "weight"]


def test_item_keywords_of_rows_the_counts_do_not_know(tokenize, corpus):
    counts = TermCounts.from_tokens(tokenize(corpus))
    tokens = tokenize(["登录失败，蓝牙断连", "", "蓝牙"])
    assert item_keywords(tokens, counts).tolist() == slow_item_keywords(tokens, counts, 5)
    assert item_keywords(tokens, TermCounts.from_tokens(tokenize([]))).tolist()[2] == "蓝牙"


def test_phrases_replace_their_parts(tokenize):
    texts = ["登录失败"] * 6 + ["客服态度差"] * 6 + ["登录失败，登录"] + ["质量好", "价格高"] * 5
    counts = TermCounts.from_tokens(tokenize(texts))
    got = item_keywords(tokenize(["登录失败，客服", "登录页面", "不错"]), counts).tolist()
    assert got == ["客服、登录失败", "页面、登录", "不错"]


def test_permutation_and_chunks_change_nothing(tokenize, corpus):
    counts = TermCounts.from_tokens(tokenize(corpus))
    whole = item_keywords(tokenize(corpus), counts)
    order = np.random.default_rng(3).permutation(len(corpus))
    shuffled = item_keywords(tokenize([corpus[i] for i in order]), counts)
    np.testing.assert_array_equal(shuffled, whole[order])
    parts = [item_keywords(tokenize(corpus[a : a + 33]), counts) for a in range(0, len(corpus), 33)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_corpus_keywords(tokenize, corpus):
    counts = TermCounts.from_tokens(tokenize(corpus))
    table = corpus_keywords(counts, top=12)
    assert len(table) == 12
    assert table["keyword"].is_unique
    assert {"客服态度", "包装破损"} & set(table["keyword"])
    documents = dict(zip(counts.vocabulary, counts.documents.tolist(), strict=True))
    documents |= {a + b: met for (a, b), met in slow_phrases(counts).items()}
    assert table["items"].tolist() == [documents[word] for word in table["keyword"]]
    assert table["share"].tolist() == pytest.approx([documents[word] / len(corpus) for word in table["keyword"]])
    weights = table["weight"].tolist()
    assert weights == sorted(weights, reverse=True)
    assert weights == pytest.approx([c * slow_weight(i, len(corpus)) / 1000 for c, i in zip(table["count"], table["items"], strict=True)])


def test_phrase_mask_matches_the_oracle(tokenize, corpus):
    counts = TermCounts.from_tokens(tokenize(corpus))
    chosen = [tuple(pair) for pair in counts.vocabulary[counts.pairs[phrase_mask(counts)]].tolist()]
    assert chosen == list(slow_phrases(counts))
    assert find_terms(np.array(["登录"], dtype=object), np.empty(0, dtype=object)).tolist() == [-1]
