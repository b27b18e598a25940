"""Counts of several batches added at once."""

from functools import reduce
from itertools import permutations

import numpy as np
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.trends.tally import MEASURES, WHOLE, Tally, tallied

CELLS = [
    [(3, "乙", 2), (3, "", 5), (9, "甲", 1)],
    [(3, "乙", 4), (1, "丙", 1)],
    [],
    [(9, "", 7), (9, "a", 1), (9, "a\x00", 2)],
]


def tally(cells, measures=("observed", "negative")):
    keys = sorted({key for _, key, _ in cells} - {""})
    table = np.empty((len(keys), 1), dtype=object)
    table[:, 0] = keys
    codes = np.array([keys.index(key) if key else WHOLE for _, key, _ in cells], np.int64)
    values = {name: np.array([count for *_, count in cells], np.int64) for name in measures}
    return tallied("day", ("theme",), table, np.array([number for number, *_ in cells], np.int64), codes, values)


def cells_of(counts):
    labels = [*counts.keys[:, 0].tolist(), ""]
    return {(n, labels[code]): value for n, code, value in zip(counts.numbers, counts.codes, counts.values["observed"], strict=True)}


def test_all_at_once_is_one_after_the_other_in_any_order():
    wanted = {(3, "乙"): 6, (3, ""): 5, (9, "甲"): 1, (1, "丙"): 1, (9, ""): 7, (9, "a"): 1, (9, "a\x00"): 2}
    for parts in permutations(map(tally, CELLS)):
        for counts in (parts[0].add(*parts[1:]), reduce(Tally.add, parts), Tally.empty("day", ("theme",)).add(*parts)):
            assert cells_of(counts) == wanted
            assert counts.keys[:, 0].tolist() == ["a", "a\x00", "丙", "乙", "甲"]
            assert counts.values.keys() == {"observed", "negative"}


def test_a_measure_that_one_lacks_is_dropped_unless_it_has_no_cell():
    full, less = tally(CELLS[0]), tally(CELLS[1], ("observed",))
    assert full.add(tally([]), full).values.keys() == {"observed", "negative"}
    assert full.add(less, full).values.keys() == less.add(full).values.keys() == {"observed"}


def test_nothing_added_to_nothing():
    empty = Tally.empty("day", ("theme",))
    assert set(empty.add(empty, empty).values) == set(MEASURES)
    assert full_length(empty.add()) == 0


def full_length(counts):
    return len(counts.numbers) + len(counts.keys)


def test_counts_of_other_periods_or_keys_are_refused():
    for other in (Tally.empty("week", ("theme",)), Tally.empty("day", ("product",))):
        with pytest.raises(InputError, match="expected counts by day"):
            tally(CELLS[0]).add(tally(CELLS[1]), other)
