"""The compiled loops of duplicates and their numpy twins against Python's integers, and against each other to the bit."""

import os
import sys
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.scorer.ngrams import bucket_slots
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.topics import kernels

#: Set where there is no compiler on purpose. Everywhere else, CI included, a missing extension is a failure and not a skip.
NO_COMPILER = "FEEDBACK_NLP_NO_COMPILER"
TEXTS = st.lists(st.text("ab1好用的😀\x00", max_size=20), max_size=8)
EDGES = [
    [],
    [""],
    ["", ""],
    ["", "好", ""],
    ["好用", "", "abc", "abcd", "a好b", "的" * 300],
    ["\U0010ffff\x00", "\x00"],
    ["a" * 50_000, "好"],
]


@pytest.fixture(params=["compiled", "numpy"])
def path(request, monkeypatch):
    """Both ways in turn."""
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "compiled_module", lambda: None)
    elif os.environ.get(NO_COMPILER):
        pytest.skip(f"{NO_COMPILER} is set")
    assert kernels.compiled() == (request.param == "compiled")


def both(function, *args):
    """What the compiled function and its twin give."""
    found = [function(*args)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "compiled_module", lambda: None)
        return [*found, function(*args)]


def splitmix64(x):
    x = (x + 0x9E3779B97F4A7C15) % 2**64
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ x >> 27) * 0x94D049BB133111EB % 2**64
    return x ^ x >> 31


def slow_hash(text):
    return sum(splitmix64(place << 21 | ord(char)) for place, char in enumerate(text)) % 2**64


def slow_grams(text):
    """Places and lengths of n-grams, then the scorer's hash of each."""
    spans = [(place, 2 if ord(char) >= 0x2E80 else 4) for place, char in enumerate(text)]
    found = []
    for place, order in spans:
        if place + order <= len(text):
            gram = TextBatch.from_texts([text[place : place + order]])
            found.append(int(bucket_slots(gram.codes, gram.indptr, orders=order, bits=kernels.GRAM_BITS)[0, order - 1]))
    return found


def slow_keys(grams, size, bands):
    keys = []
    for band in range(bands):
        key = 0
        for number in range(band * size, band * size + size):
            factor, offset = kernels._mixed(2 * number) | 1, kernels._mixed(2 * number + 1)
            key = (key ^ min((gram * factor + offset) % 2**32 for gram in grams)) * 0x85EBCA77 % 2**32
            key ^= key >> 15
        keys.append(key)
    return keys


def slow_followers(pairs, size):
    leading = []
    for text in range(size):
        if not any((leader, text) in pairs for leader in leading):
            leading.append(text)
    return [text not in leading for text in range(size)]


def test_the_extension_is_there_unless_said_otherwise():
    assert kernels.compiled() or os.environ.get(NO_COMPILER)


@pytest.mark.parametrize("texts", EDGES[:-1])
def test_rows_match_the_oracle(path, texts):
    batch = TextBatch.from_texts(texts)
    assert kernels.hash_rows(batch.codes, batch.indptr).tolist() == [slow_hash(text) for text in texts]
    grams, indptr = kernels.gram_hashes(batch.codes, batch.indptr)
    assert [grams[a:b].tolist() for a, b in pairwise(indptr)] == [slow_grams(text) for text in texts]
    assert (grams.dtype, indptr.dtype) == (np.uint32, np.int64)


def test_only_empty_rows_hash_to_zero(path):
    texts = ["", "\x00", "", "\x00\x00", "好"]
    batch = TextBatch.from_texts(texts)
    found = kernels.hash_rows(batch.codes, batch.indptr)
    assert [value == 0 for value in found.tolist()] == [text == "" for text in texts]
    assert len(set(found.tolist())) == 4


@pytest.mark.parametrize(("size", "bands"), [(5, 38), (1, 192), (8, 1), (1, 1), (7, 27)])
def test_keys_match_the_oracle(path, size, bands):
    random = np.random.default_rng(size)
    rows = [random.integers(0, 1 << kernels.GRAM_BITS, count).tolist() for count in (1, 2, 40, 130)]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    keys = kernels.band_keys(np.concatenate(rows).astype(np.uint32), indptr, size=size, bands=bands)
    assert keys.T.tolist() == [slow_keys(row, size, bands) for row in rows]
    assert kernels.band_keys(np.zeros(0, np.uint32), np.zeros(1, np.int64), size=size, bands=bands).shape == (bands, 0)


def test_a_row_without_n_grams_has_no_keys(path):
    with pytest.raises(ValueError, match="at least one n-gram"):
        kernels.band_keys(np.ones(2, np.uint32), np.array([0, 1, 1, 2]), size=2, bands=2)


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(0, 12)), min_size=1, max_size=6), st.data())
def test_shared_matches_the_oracle(rows, data):
    sets = np.array([value for row in rows for value in sorted(row)], np.int32), np.concatenate([[0], np.cumsum([*map(len, rows)])])
    numbers = st.integers(0, len(rows) - 1)
    pairs = data.draw(st.lists(st.tuples(numbers, numbers), max_size=10))
    for found in both(kernels.shared, sets, np.array(pairs, np.int32).reshape(-1, 2)):
        assert found.tolist() == [len(rows[a] & rows[b]) for a, b in pairs]
        assert found.dtype == np.int32


def test_shared_does_not_depend_on_the_parts(monkeypatch):
    values, indptr = np.tile(np.arange(10, dtype=np.int32), 6), np.arange(0, 61, 10)
    pairs = np.array([(a, b) for b in range(6) for a in range(b)], np.int32)
    monkeypatch.setattr(kernels, "GRAMS_HELD", 30)
    assert kernels.shared_numpy((values, indptr), pairs).tolist() == [10] * 15


@settings(deadline=None)
@given(st.integers(0, 9), st.randoms(use_true_random=False))
def test_followers_match_the_oracle(size, random):
    pairs = [(a, b) for a in range(size) for b in range(a + 1, size) if random.random() < 0.3]
    for found in both(kernels.mark_followers, np.array(pairs, np.int32).reshape(-1, 2), size):
        assert found.tolist() == slow_followers(pairs, size)


@settings(deadline=None)
@given(TEXTS)
def test_both_ways_give_the_same_bits(texts):
    same_bits(texts)


@pytest.mark.parametrize("texts", EDGES)
def test_both_ways_give_the_same_bits_at_the_edges(texts):
    same_bits(texts)


def same_bits(texts):
    batch = TextBatch.from_texts(texts)
    np.testing.assert_array_equal(*both(kernels.hash_rows, batch.codes, batch.indptr))
    (grams, indptr), (other, other_ptr) = both(kernels.gram_hashes, batch.codes, batch.indptr)
    np.testing.assert_array_equal(grams, other)
    np.testing.assert_array_equal(indptr, other_ptr)
    filled = np.concatenate([[0], np.cumsum(np.diff(indptr)[np.diff(indptr) > 0])])
    np.testing.assert_array_equal(*both(lambda *args: kernels.band_keys(*args, size=5, bands=38), grams, filled))


def span_arrays(first=(0,), size=None, left=None, lines=1):
    """What ``best_spans`` is given, of two words of one row."""
    size = [1] * len(first) if size is None else size
    left = np.zeros(2 * len(first) if left is None else left, np.int64)
    words, scores = np.zeros(2, np.int32), np.zeros(len(first), np.int64)
    return words, np.array([0, 2]), np.array(first), np.array(size), scores, left, np.zeros((lines, 1), np.int64)


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("hash_rows", (np.zeros(2, np.int64), np.array([0, 2]), np.zeros(1, np.uint64)), "codes: expected"),
        ("hash_rows", (np.zeros(2, np.uint32), np.array([0, 3]), np.zeros(1, np.uint64)), "indptr: expected pointers"),
        ("hash_rows", (np.zeros(2, np.uint32), np.array([0, 3, 2]), np.zeros(2, np.uint64)), "indptr: expected pointers"),
        ("hash_rows", (np.zeros(2, np.uint32), np.array([0, 2]), np.zeros(2, np.uint64)), "out: expected one number"),
        ("gram_hashes", (np.zeros(2, np.uint32), np.array([0, 2]), np.zeros(1, np.uint32), np.zeros(2, np.int64)), "out, out_ptr"),
        ("band_keys", (np.zeros(2, np.uint32), np.array([0, 2]), *np.ones((2, 3), np.uint32), np.zeros((2, 1), np.uint32)), "256 orders"),
        ("band_keys", (np.zeros(2, np.uint32), np.array([0, 2]), *np.ones((2, 300), np.uint32), np.zeros((2, 1), np.uint32)), "256 orders"),
        ("shared", (np.zeros(2, np.int32), np.array([0, 2]), np.array([[0, 1]], np.int32), np.zeros(1, np.int32)), "pairs, out"),
        ("shared", (np.zeros(2, np.int32), np.array([0, 2]), np.array([[0, 0]], np.int32), np.zeros(2, np.int32)), "pairs, out"),
        ("mark_followers", (np.array([[0, -1]], np.int32), np.zeros(2, bool)), "pairs: expected"),
        ("mark_followers", (np.array([[0, 1]], np.int32), b"ab"), "follows: expected a writable"),
        ("best_spans", span_arrays(first=[2]), "first, size: expected runs"),
        ("best_spans", span_arrays(first=[-1]), "first, size: expected runs"),
        ("best_spans", span_arrays(size=[0]), "first, size: expected runs"),
        ("best_spans", span_arrays(size=[5]), "first, size: expected runs"),
        ("best_spans", span_arrays(first=[1, 0], size=[1, 1]), "first, size: expected runs"),
        ("best_spans", span_arrays(first=[0, 0], size=[2, 1]), "first, size: expected runs"),
        ("best_spans", span_arrays(left=1), "two in left"),
        ("best_spans", span_arrays(lines=0), "a line for each row"),
    ],
)
def test_the_extension_refuses_what_would_go_over_the_edge(name, args, message):
    if os.environ.get(NO_COMPILER):
        pytest.skip(f"{NO_COMPILER} is set")
    with pytest.raises(ValueError, match=message):
        getattr(kernels.compiled_module(), name)(*args)


@pytest.mark.parametrize("module", [None, SimpleNamespace(), SimpleNamespace(VERSION=-1)])
def test_a_missing_or_foreign_extension_is_not_used(monkeypatch, module):
    monkeypatch.setitem(sys.modules, "_feedback_nlp_minhash", module)
    kernels.compiled_module.cache_clear()
    try:
        assert not kernels.compiled()
        assert kernels.mark_followers(np.array([[0, 1]], np.int32), 2).tolist() == [False, True]
    finally:
        monkeypatch.undo()
        kernels.compiled_module.cache_clear()
