"""Lists of a few words for each row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp.topics.row_lists import best_first, heads, join_rows, pack_texts, ranks, unpack_texts


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=30), st.sampled_from([1, 1 << 20, 1 << 60]))
def test_best_first_matches_the_oracle(things, unit):
    """Scores so large that they do not fit one number with row and place are ordered just so."""
    things = sorted(things, key=lambda thing: thing[0])
    rows, scores = (np.array([thing[k] for thing in things], np.int64) for k in (0, 1))
    expected = sorted(range(len(things)), key=lambda k: (things[k][0], -things[k][1], k))
    assert best_first(rows, scores * unit).tolist() == expected


@pytest.mark.parametrize(
    ("rows", "first", "rank"),
    [([], [], []), ([3], [0], [0]), ([0, 0, 2, 2, 2, 5], [0, 2, 5], [0, 1, 0, 1, 2, 0])],
)
def test_heads_and_ranks(rows, first, rank):
    rows = np.array(rows, np.int64)
    assert heads(rows).tolist() == first
    assert ranks(rows).tolist() == rank


def test_join_rows():
    words, none = np.array(["b", "a", "", "c\ud800😀"], dtype=object), np.zeros(0, np.int64)
    assert join_rows(words, np.array([1, 0, 3]), np.array([0, 0, 2]), 4).tolist() == ["a、b", "", "c\ud800😀", ""]
    assert join_rows(words, np.array([2, 1, 2], np.int32), np.array([0, 0, 0]), 1, " / ").tolist() == [" / a / "]
    assert join_rows(words, none, none, 2).tolist() == ["", ""]
    assert join_rows(words[:0], none, none, 0).tolist() == []


@given(st.lists(st.text(st.characters(exclude_categories=()))))
def test_texts_survive_packing(texts):
    column = np.empty(len(texts), dtype=object)
    column[:] = texts
    packed = pack_texts("name", column)
    assert all(values.dtype != object for values in packed.values())
    assert unpack_texts("name", packed).tolist() == texts
