from collections import Counter

import numpy as np
import pandas as pd
import pytest

import feedback_nlp.topics as topics
from feedback_nlp.errors import InputError
from feedback_nlp.topics import daily_counts, high_frequency_items, trend_table

NAMES = ["登录", "客服", "物流"]


def sample(n=500, seed=0):
    random = np.random.default_rng(seed)
    days = np.datetime64("2024-02-27") + random.integers(0, 9, n)
    days[random.random(n) < 0.1] = np.datetime64("NaT")
    return days.astype("datetime64[D]"), random.integers(-1, 3, n)


def same(a, b):
    for name in a.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_counts_match_the_oracle():
    days, keys = sample()
    counts = daily_counts(days, keys, 3)
    dated = [(str(day), int(key)) for day, key in zip(days, keys, strict=True) if not np.isnat(day)]
    cells, totals = Counter(dated), Counter(day for day, _ in dated)
    assert [str(day) for day in counts.days] == sorted(totals)
    assert counts.counts.tolist() == [[cells[str(day), key] for key in range(3)] for day in counts.days]
    assert counts.totals.tolist() == [totals[str(day)] for day in counts.days]
    assert counts.undated.tolist() == [sum(np.isnat(day) and key == k for day, key in zip(days, keys, strict=True)) for k in range(3)]
    assert counts.n_undated == np.isnat(days).sum()
    assert counts.n_items == len(days)


def test_merge_equals_the_whole_and_order_does_not_matter():
    days, keys = sample()
    whole = daily_counts(days, keys, 3)
    parts = [daily_counts(days[a : a + 37], keys[a : a + 37], 3) for a in range(0, len(days), 37)]
    same(parts[0].merge(*parts[1:]), whole)
    same(parts[-1].merge(*parts[:-1]), whole)
    same(parts[0].merge(parts[1]).merge(parts[2].merge(*parts[3:])), whole)
    same(whole.merge(daily_counts(days[:0], keys[:0], 3)), whole)
    order = np.random.default_rng(1).permutation(len(days))
    same(daily_counts(days[order], keys[order], 3), whole)


def test_trend_table_matches_the_oracle():
    days, keys = sample()
    counts = daily_counts(days, keys, 3)
    rows = []
    for day in sorted({str(day) for day in days if not np.isnat(day)}):
        here = [int(key) for other, key in zip(days, keys, strict=True) if str(other) == day]
        found = [(name, here.count(key)) for key, name in enumerate(NAMES) if here.count(key)]
        for name, count in sorted(found, key=lambda pair: (-pair[1], pair[0])):
            rows.append((name, pd.Timestamp(day), count, count / len(here), len(here), count > 10))
    table = trend_table(counts, NAMES)
    assert table.columns.tolist() == ["theme", "date", "count", "share", "total", "high_frequency"]
    assert list(table.itertuples(index=False, name=None)) == rows
    assert trend_table(counts, NAMES, threshold=1000)["high_frequency"].sum() == 0


def test_more_than_ten_a_day_is_high():
    days = np.array(["2024-01-01"] * 10 + ["2024-01-02"] * 11, dtype="datetime64[D]")
    keys = np.zeros(21, np.int32)
    assert trend_table(daily_counts(days, keys, 1), ["登录"])["high_frequency"].tolist() == [False, True]


def test_high_frequency_items_match_the_oracle():
    days, keys = sample()
    counts = daily_counts(days, keys, 3)
    flag, count = high_frequency_items(counts, days, keys, threshold=12)
    cells = Counter((str(day), int(key)) for day, key in zip(days, keys, strict=True))
    expected = [0 if np.isnat(day) or key < 0 else cells[str(day), int(key)] for day, key in zip(days, keys, strict=True)]
    assert count.tolist() == expected
    assert flag.tolist() == [number > 12 for number in expected]
    later, none = high_frequency_items(counts, np.array(["2030-01-01"], "datetime64[D]"), np.array([0]))
    assert (later.tolist(), none.tolist()) == ([False], [0])


def test_every_day_fills_silence_with_zeros():
    days = np.array(["2024-02-28T23:59:59", "2024-03-02T00:00:00"], dtype="datetime64[s]")
    filled, counts = daily_counts(days, np.array([0, 1]), 2).every_day()
    assert [str(day) for day in filled] == ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"]
    assert counts.tolist() == [[1, 0], [0, 0], [0, 0], [0, 1]]


@pytest.mark.parametrize("days", [[], ["NaT", "NaT"]])
def test_without_dates(days):
    days, keys = np.array(days, dtype="datetime64[D]"), np.zeros(len(days), np.int32)
    counts = daily_counts(days, keys, 1)
    assert counts.n_items == len(days)
    assert counts.undated.tolist() == [len(days)]
    assert len(trend_table(counts, ["登录"])) == 0
    assert high_frequency_items(counts, days, keys)[1].tolist() == [0] * len(days)
    assert counts.every_day()[1].shape == (0, 1)


def test_errors():
    days, keys = sample(4)
    with pytest.raises(InputError, match="got 4 days and 3 keys"):
        daily_counts(days, keys[:3], 3)
    with pytest.raises(InputError, match="codes from -1 to 2, got 0 to 3"):
        daily_counts(days, np.array([0, 1, 2, 3]), 3)
    with pytest.raises(InputError, match="names: expected 3, one a key, got 1"):
        trend_table(daily_counts(days, keys, 3), ["登录"])
    with pytest.raises(InputError, match="expected 3 keys in every part"):
        daily_counts(days, keys, 3).merge(daily_counts(days, keys, 4))


def test_public_names():
    assert sorted(topics.__all__) == topics.__all__
    assert all(hasattr(topics, name) for name in topics.__all__)
