import random
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.scorer.ngrams import accumulate, bucket_slots, text_norm
from feedback_nlp.text.batch import TextBatch

# The oracle: hashing and summing as the docstrings say, with Python's integers and one loop per text. The fast path hashes all rows
# at once, wraps in 32 bits and sums through a sparse matrix; every way that can go wrong shows as a difference from this.

FIRST, STEP, MIX, SHIFT = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 15


def slow_bucket(codes: list[int], bits: int) -> int:
    """hash(c1) = c1 * FIRST; hash(c1..cn) = (hash(c1..c(n-1)) + cn) * STEP; (h ^ h >> 15) * MIX; top ``bits`` bits; modulo 2**32."""
    value = codes[0] * FIRST % 2**32
    for code in codes[1:]:
        value = (value + code) * STEP % 2**32
    mixed = (value ^ value >> SHIFT) * MIX % 2**32
    return mixed >> (32 - bits)


def slow_slots(text: str, orders: int, bits: int) -> list[list[int]]:
    """For each position the buckets of the n-grams that start there; 2**bits for one that would run over the end."""
    codes = list(map(ord, text))
    grams = [[codes[at : at + n] for n in range(1, orders + 1)] for at in range(len(codes))]
    return [[slow_bucket(gram, bits) if len(gram) == n else 2**bits for n, gram in enumerate(row, 1)] for row in grams]


def slow_sums(text: str, table: np.ndarray, orders: int, bits: int) -> np.ndarray:
    """float32, one n-gram after another in the order of the text: the order of additions is part of the contract."""
    total = np.zeros(table.shape[1], dtype=np.float32)
    for row in slow_slots(text, orders, bits):
        for slot in row:
            total = total + table[slot]
    return total


def random_table(bits: int, columns: int) -> np.ndarray:
    """float32 (2**bits + 1, columns); the last row zeros."""
    table = np.random.default_rng(bits).normal(size=(2**bits + 1, columns)).astype(np.float32)
    table[-1] = 0
    return table


ALPHABET = string.ascii_lowercase + "0123 ,.的一是了我不人在有他这为之大来以个中上们国\U0001f600\U0010ffff\x00é"


def seeded_texts(seed: int, count: int) -> list[str]:
    dice = random.Random(seed)
    return ["".join(dice.choices(ALPHABET, k=dice.choice([0, 0, 1, 1, 2, 3, 4, 5, dice.randrange(40)]))) for _ in range(count)]


def same_slots(texts: list[str], orders: int, bits: int) -> None:
    batch = TextBatch.from_texts(texts)
    slots = bucket_slots(batch.codes, batch.indptr, orders=orders, bits=bits)
    assert slots.shape == (len(batch.codes), orders)
    assert slots.dtype == np.int32
    assert slots.tolist() == [row for text in texts for row in slow_slots(text, orders, bits)]


EMPTY_ROWS = [
    [],
    [""],
    ["", "", ""],
    ["", "好"],
    ["好", ""],
    ["", "", "好用", "", "a", "", ""],
    ["a", "b", "c"],
    ["ab", "", "c"],
    ["", "abc", "", "", "abcd", "abcde", ""],
]


@pytest.mark.parametrize(
    ("codes", "bits", "bucket"),
    [([0], 8, 0), ([0], 18, 0), ([97], 8, 166), ([97, 98], 12, 2613), ([22909, 29992], 17, 2837), ([0x10FFFF] * 4, 18, 148510)],
)
def test_buckets_never_change(codes, bits, bucket):
    """A saved model is worthless once these move."""
    assert slow_bucket(codes, bits) == bucket
    slots = bucket_slots(np.array(codes, dtype=np.uint32), np.array([0, len(codes)]), orders=len(codes), bits=bits)
    assert slots[0, -1] == bucket


@pytest.mark.parametrize("orders", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 9, 12, 17, 18])
def test_buckets_are_those_of_the_oracle(orders, bits):
    for texts in EMPTY_ROWS:
        same_slots(texts, orders, bits)
    for texts in (seeded_texts(orders * 100 + bits, 300), ["", *seeded_texts(bits, 20), "", "", *seeded_texts(orders, 20), ""]):
        same_slots(texts, orders, bits)


@settings(deadline=None, max_examples=200, database=None)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=8), max_size=12), st.integers(1, 4), st.integers(8, 18))
def test_buckets_are_those_of_the_oracle_for_any_text(texts, orders, bits):
    same_slots(texts, orders, bits)


@pytest.mark.parametrize("orders", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 13, 18])
def test_sums_equal_the_oracle_to_the_bit(orders, bits):
    table = random_table(bits, 5)
    for texts in [*EMPTY_ROWS, seeded_texts(orders + bits, 250)]:
        batch = TextBatch.from_texts(texts)
        sums = accumulate(bucket_slots(batch.codes, batch.indptr, orders=orders, bits=bits), batch.indptr, table)
        assert sums.dtype == np.float32
        assert sums.shape == (len(texts), 5)
        assert sums.tolist() == [slow_sums(text, table, orders, bits).tolist() for text in texts]


@pytest.mark.parametrize(
    ("squares", "limit", "norm"), [(0, 4, 1), (1, 4, 1), (4, 4, 2), (16, 4, 8), (0.25, 4, 0.5), (100, 1, 100), (9, 1e30, 3)]
)
def test_norm(squares, limit, norm):
    for dtype in (np.float32, np.float64):
        result = text_norm(np.array([squares, 0], dtype=dtype), limit)
        assert result.tolist() == [norm, 1]
        assert result.dtype == dtype


@pytest.mark.parametrize("bits", [8, 12, 17])
def test_buckets_are_spread_evenly(bits):
    """Consecutive ideographs must not share buckets more often than chance: chi-squared within six standard deviations."""
    n = 20_000
    codes = np.arange(0x4E00, 0x4E00 + n, dtype=np.uint32)
    slots = bucket_slots(codes, np.array([0, n]), orders=2, bits=bits)[:-1]
    for column in slots.T:
        counts = np.bincount(column, minlength=2**bits)
        expected = len(column) / 2**bits
        assert ((counts - expected) ** 2 / expected).sum() < 2**bits + 6 * np.sqrt(2 * 2**bits)
