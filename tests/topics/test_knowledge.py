"""What is learned of a sample, read per part, and summed by merging: the laws, and the tables against those of the whole."""

import pickle
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp.errors import InputError
from feedback_nlp.topics import PhraseCounts, TermCounts, corpus_keywords, corpus_phrases, item_keywords, item_phrases, theme_table
from feedback_nlp.topics.knowledge import MAX_SUBJECTS, MIN_ITEMS, ItemTopics, PartWords, learn_topics
from feedback_nlp.topics.stream import units
from feedback_nlp.topics.tables import SHORT_QUOTE, Quotes
from feedback_nlp.topics.topic_sums import TopicSums


@pytest.fixture(scope="module")
def known(tokenize, corpus):
    return learn_topics(tokenize(corpus))


@pytest.fixture(scope="module")
def given_columns(corpus):
    """What is known of each row beside its text; customers are hashes, some unknown."""
    random = np.random.default_rng(5)
    hashes = random.integers(0, 2**63 - 1, 40)
    return {
        "texts": np.array(corpus, dtype=object),
        "polarity": np.where(random.random(len(corpus)) < 0.1, np.nan, random.uniform(-1, 1, len(corpus))).astype(np.float32),
        "sentiment": random.integers(-2, 3, len(corpus)).astype(np.int8),
        "customers": np.where(random.random(len(corpus)) < 0.3, -1, random.choice(hashes, len(corpus))),
    }


@pytest.fixture(scope="module")
def sums_of(tokenize, corpus, known, given_columns):
    """Sums over some rows."""

    def summed(rows):
        columns = {name: values[rows] for name, values in given_columns.items()}
        tokens = tokenize([corpus[row] for row in rows])
        return TopicSums.from_part(known, tokens, known.read(tokens), **columns)

    return summed


def same_arrays(a, b):
    a, b = a.to_arrays(), b.to_arrays()
    assert a.keys() == b.keys()
    for name, values in a.items():
        assert values.dtype == b[name].dtype != object, name
        np.testing.assert_array_equal(values, b[name], err_msg=name)


def same_rows(items, rows, whole):
    """Items are those of the rows of the whole."""
    for name in ("theme", "strength", "keywords", "key_phrases"):
        np.testing.assert_array_equal(getattr(items, name), getattr(whole, name)[rows], err_msg=name)
    pairs = set(zip(whole.mention_rows.tolist(), whole.mention_subjects.tolist(), strict=True))
    place = {row: place for place, row in enumerate(rows)}
    expected = sorted((place[row], subject) for row, subject in pairs if row in place)
    assert list(zip(items.mention_rows.tolist(), items.mention_subjects.tolist(), strict=True)) == expected


# A map over rows.


def test_reading_is_what_its_parts_say(tokenize, corpus, known):
    tokens = tokenize(corpus)
    items = known.read(tokens)
    theme, strength = known.themes.assign(tokens)
    np.testing.assert_array_equal(items.theme, theme)
    np.testing.assert_array_equal(items.strength, strength)
    assert (items.theme.dtype, items.strength.dtype) == (np.int32, np.float32)
    np.testing.assert_array_equal(items.keywords, item_keywords(tokens, TermCounts.from_tokens(tokens)))
    np.testing.assert_array_equal(items.key_phrases, item_phrases(tokens, PhraseCounts.from_tokens(tokens)).joined())
    batch, subjects = units(tokens), known.subjects.tolist()
    expected = {
        (row, word) for row, word in zip(batch.rows.tolist(), batch.vocabulary[batch.ids].tolist(), strict=True) if word in subjects
    }
    got = list(zip(items.mention_rows.tolist(), known.subjects[items.mention_subjects].tolist(), strict=True))
    assert got == sorted(expected)


def test_frequent_subjects(tokenize, corpus, known):
    counts = TermCounts.from_tokens(tokenize(corpus))
    often = [
        word
        for word, items, kind in zip(counts.vocabulary, counts.documents, counts.kinds, strict=True)
        if kind == 1 and items >= MIN_ITEMS
    ]
    assert known.subjects.tolist() == sorted(often) and len(often) <= MAX_SUBJECTS


@given(st.data())
def test_a_row_is_read_alike_in_any_part(tokenize, corpus, known, data):
    rows = data.draw(st.lists(st.integers(0, len(corpus) - 1), unique=True, max_size=20))
    same_rows(known.read(tokenize([corpus[row] for row in rows])), rows, _whole(known, tokenize, tuple(corpus)))


@cache
def _whole(known, tokenize, corpus):
    return known.read(tokenize(corpus))


def test_order_of_the_sample_changes_nothing(tokenize, corpus, known):
    order = np.random.default_rng(2).permutation(len(corpus))
    again = learn_topics(tokenize([corpus[row] for row in order]))
    same_rows(again.read(tokenize(corpus)), list(range(len(corpus))), known.read(tokenize(corpus)))
    assert again.themes.names == known.themes.names


def test_knowledge_survives_a_pickle(tokenize, corpus, known):
    again = pickle.loads(pickle.dumps(known))  # noqa: S301
    same_arrays(again.read(tokenize(corpus)), known.read(tokenize(corpus)))


def test_words_are_read_once_for_all(tokenize, corpus, known):
    tokens = tokenize(corpus)
    same_arrays(known.read(PartWords.of(tokens)), known.read(tokens))


def test_edges(tokenize, edge, known):
    """Whatever the sample and whatever the part."""
    tokens = tokenize(edge)
    for knowledge in (known, learn_topics(tokens), learn_topics(tokenize([]))):
        items = knowledge.read(tokens)
        same_arrays(ItemTopics.from_arrays(items.to_arrays()), items)
        assert len(items.theme) == len(items.strength) == len(items.keywords) == len(items.key_phrases) == len(edge)
        columns = {"texts": edge, "polarity": np.zeros(len(edge)), "sentiment": np.zeros(len(edge), np.int8)}
        sums = TopicSums.from_part(knowledge, tokens, items, **columns, customers=np.full(len(edge), -1))
        same_arrays(TopicSums.from_arrays(sums.to_arrays()), sums)
        assert sums.themes.customers.shape == (0, 2)
        assert sums.keywords_table(knowledge).columns.tolist() == corpus_keywords(TermCounts.from_tokens(tokens)).columns.tolist()
        assert sums.phrases_table(knowledge).columns.tolist() == corpus_phrases(PhraseCounts.from_tokens(tokens)).columns.tolist()
        assert sums.themes_table(knowledge)["items"].sum() == (items.theme >= 0).sum()


# Sums.


def test_tables_of_a_sample_that_is_the_whole(tokenize, corpus, known, given_columns, sums_of):
    sums, tokens = sums_of(np.arange(len(corpus))), tokenize(corpus)
    items = known.read(tokens)
    customers = [None if number < 0 else number for number in given_columns["customers"].tolist()]
    expected = theme_table(known.themes, items.theme, strength=items.strength, **{**given_columns, "customers": customers})
    pd.testing.assert_frame_equal(sums.themes_table(known), expected)
    pd.testing.assert_frame_equal(sums.keywords_table(known), corpus_keywords(TermCounts.from_tokens(tokens)))
    pd.testing.assert_frame_equal(sums.phrases_table(known), corpus_phrases(PhraseCounts.from_tokens(tokens)))


def test_any_split_in_any_order_gives_the_same_sums(corpus, sums_of):
    whole = sums_of(np.arange(len(corpus)))
    random = np.random.default_rng(11)
    for cuts in ([0, 0, 13, 200], [1], [len(corpus)], [50, 51, 52, 53]):
        parts = [sums_of(rows) for rows in np.split(random.permutation(len(corpus)), cuts)]
        same_arrays(parts[0].merge(*parts[1:]), whole)
        same_arrays(parts[-1].merge(*parts[:-1]), whole)
        same_arrays(parts[0].merge(parts[-1].merge(*parts[1:-1])) if len(parts) > 2 else parts[1].merge(parts[0]), whole)
    same_arrays(whole.merge(), whole)


def test_what_a_sample_lists_is_counted_in_all_rows(tokenize, corpus):
    knowledge, tokens = learn_topics(tokenize(corpus[:120])), tokenize(corpus)
    rows = {"texts": corpus, "polarity": np.zeros(len(corpus)), "sentiment": np.zeros(len(corpus), np.int8)}
    sums = TopicSums.from_part(knowledge, tokens, knowledge.read(tokens), **rows, customers=np.full(len(corpus), -1))
    counts, sample = TermCounts.from_tokens(tokens), corpus_keywords(TermCounts.from_tokens(tokenize(corpus[:120])))
    documents = dict(zip(counts.vocabulary, counts.documents.tolist(), strict=True))
    pairs = ("".join(pair) for pair in counts.vocabulary[counts.pairs].tolist())
    documents |= dict(zip(pairs, counts.pair_documents.tolist(), strict=True))
    table = sums.keywords_table(knowledge)
    assert sorted(table["keyword"]) == sorted(sample["keyword"])
    assert table["items"].tolist() == [documents[word] for word in table["keyword"]]
    assert table["share"].tolist() == [documents[word] / len(corpus) for word in table["keyword"]]
    assert table["weight"].is_monotonic_decreasing
    phrases = PhraseCounts.from_tokens(tokens)
    names = ["".join(phrases.vocabulary[word] for word in words if word >= 0) for words in phrases.words]
    items = dict(zip(names, zip(phrases.documents, phrases.occurrences, strict=True), strict=True))
    table = sums.phrases_table(knowledge)
    assert sorted(table["phrase"]) == sorted(corpus_phrases(PhraseCounts.from_tokens(tokenize(corpus[:120])))["phrase"])
    assert list(zip(table["items"], table["count"], strict=True)) == [items[phrase] for phrase in table["phrase"]]


def test_lengths_are_checked(tokenize, known):
    tokens = tokenize(["登录失败", "快递慢"])
    rows = {"texts": ["a", "b"], "polarity": np.zeros(2), "sentiment": np.zeros(2, np.int8)}
    with pytest.raises(InputError, match="customers: expected 2 values, one a row, got 1"):
        TopicSums.from_part(known, tokens, known.read(tokens), **rows, customers=np.zeros(1, np.int64))


@given(
    st.lists(
        st.tuples(
            st.integers(-1, 2),
            st.sampled_from([0.5, 1.0]),
            st.sampled_from(["短", "慢", "快递实在是太慢了", "登录的时候总是失败", "物流慢得让人着急"]),
        )
    )
)
def test_quotes_match_the_oracle(rows):
    expected = []
    for theme in range(3):
        listed = sorted((len(text) < SHORT_QUOTE, -strength, len(text), text) for number, strength, text in rows if number == theme)
        expected += [(theme, text) for text in list(dict.fromkeys(text for *_, text in listed))[:2]]
    columns = [np.array([row[k] for row in rows], kind) for k, kind in enumerate((np.int64, np.float64, object))]
    quotes = Quotes.best(*columns, n_quotes=2)
    assert list(zip(quotes.theme.tolist(), quotes.text.tolist(), strict=True)) == expected
