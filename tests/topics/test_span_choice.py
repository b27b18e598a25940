"""The choice of phrases against an oracle over lists, both the compiled one and its twin."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.topics import kernels
from feedback_nlp.topics.span_choice import best_spans
from feedback_nlp.topics.spans import MAX_WORDS, Spans
from feedback_nlp.topics.stream import SUBJECT, Units

#: Rows of words by number, some of which share a bit of the sets that the choice compares first.
ROWS = st.lists(st.lists(st.sampled_from([0, 1, 2, 3, 64, 65]), max_size=8), max_size=5)


@pytest.fixture(params=["compiled", "numpy"])
def path(request, monkeypatch):
    """Both ways in turn."""
    if request.param == "numpy":
        monkeypatch.setattr("feedback_nlp.topics.span_choice.compiled_module", lambda: None)
    elif os.environ.get("FEEDBACK_NLP_NO_COMPILER"):
        pytest.skip("FEEDBACK_NLP_NO_COMPILER is set")
    else:
        assert kernels.compiled()


def spans_of(rows, keep):
    """All runs of up to ``MAX_WORDS`` units of some rows for which ``keep`` holds, by size and then by place."""
    lengths = [len(row) for row in rows]
    units = Units(
        np.array([word for row in rows for word in row], np.int32),
        np.repeat(np.arange(len(rows)), lengths),
        np.arange(sum(lengths)),
        np.array([f"w{number:02}" for number in range(66)], dtype=object),
        np.full(66, SUBJECT, np.uint8),
        len(rows),
    )
    ends = np.cumsum(lengths, dtype=np.int64)
    runs = [
        (size, first)
        for size in range(1, MAX_WORDS + 1)
        for first in range(sum(lengths))
        if first + size <= ends[units.rows[first]] and keep(size, first)
    ]
    size, first = np.array(runs, np.int64).reshape(-1, 2).T
    return Spans(first.copy(), size.copy(), units)


def slow_choice(spans, scores, top):
    """One row after the other: the best, then what neither touches nor holds it, nor is held by it."""
    found = []
    words = [frozenset(row[row >= 0].tolist()) for row in spans.words]
    places = [range(first, first + size) for first, size in zip(spans.first.tolist(), spans.size.tolist(), strict=True)]
    for row in range(spans.batch.n_rows):
        left = [span for span in range(len(words)) if spans.rows[span] == row]
        left.sort(key=lambda span: (-scores[span], spans.first[span], spans.size[span]))
        for _ in range(top):
            if left:
                best = left[0]
                found.append(best)
                apart = [span for span in left if not set(places[span]) & set(places[best])]
                left = [span for span in apart if not (words[span] <= words[best] or words[best] <= words[span])]
    return found


@settings(deadline=None, database=None)
@given(rows=ROWS, seed=st.integers(0, 2**32 - 1), top=st.integers(1, 4), most=st.sampled_from([0, 2, 1 << 40]))
def test_both_choose_as_the_oracle_does(rows, seed, top, most):
    random = np.random.default_rng(seed)
    spans = spans_of(rows, lambda size, first: random.random() < 0.8)
    scores = random.integers(0, most + 1, len(spans.first))
    expected = slow_choice(spans, scores.tolist(), top)
    assert best_spans(spans, scores, top=top).tolist() == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feedback_nlp.topics.span_choice.compiled_module", lambda: None)
        assert best_spans(spans, scores, top=top).tolist() == expected


@pytest.mark.parametrize("rows", [[], [[]], [[], [1, 2, 3], []], [[1, 1, 1, 1]], [[word % 66 for word in range(5_000)]]])
def test_edges(path, rows):
    spans = spans_of(rows, lambda size, first: True)
    found = best_spans(spans, np.zeros(len(spans.first), np.int64), top=2)
    assert found.dtype == np.int64
    assert spans.rows[found].tolist() == [row for row, words in enumerate(rows) for _ in range(min(2, len(set(words))))]
