"""Trends from counts that merge: what is looked at, what is counted of a part, what all parts say together, and of each row."""

import io
from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError
from feedback_nlp.ledger import key_counts
from feedback_nlp.ledger.day_counts import DayCounts
from feedback_nlp.ledger.day_keys import Keys, LabelCounts
from feedback_nlp.ledger.day_range import MAX_DAYS, DayRange, within
from feedback_nlp.ledger.rising import DIMENSIONS, OF_ITEMS, find_bursts, judge_days, judge_saved
from feedback_nlp.ledger.trend_lookup import TrendLookup
from feedback_nlp.trends import TrendDetector
from feedback_nlp.trends.sentences import KINDS

START = np.datetime64("2025-03-03", "D")
NEVER = np.datetime64("NaT", "D")
THEMES, PARENTS = ("闪退", "物流", "电池", "物流"), ("软件", "配送", "", "配送")
WORDS, CHANNELS = ("登录", "快递", "充电"), ("APP", "门店")


def days_of(*numbers):
    return np.array([START + number for number in numbers], dtype="datetime64[D]")


# --- the days that are looked at


RANGES = [
    # what, days of items counted from START, the last one that is believed
    ("one item", [0], 0),
    ("two items on one day", [5, 5], 5),
    ("two items far apart", [0, 5000], 5000),
    ("few items, the last after a pause of 32 days", [*range(10), 41], 41),
    ("few items, the last after a pause of a year", [*range(10), 400], 400),
    ("few items, the last after a pause of nearly all days", [0, 0, MAX_DAYS - 1], MAX_DAYS - 1),
    ("a lone item whose years would hold no other", [0, 0, MAX_DAYS], 0),
    ("two such items, on one day", [0, 0, 0, 9000, 9000], 9000),
    ("99 items and one a year later", [*[1] * 98, 366], 366),
    ("100 items, the last after a pause of 31 days", [*[1] * 99, 32], 32),
    ("100 items, the last after a pause of 32 days", [*[1] * 99, 33], 1),
    ("100 items, the last two after a pause", [*[1] * 98, 40, 40], 40),
    ("200 items, the last two after a pause", [*[1] * 198, 40, 41], 1),
    ("200 items, one after a pause, and one after another", [*[1] * 198, 40, 500], 1),
    ("1000 items, the last ten sparse but without a pause", [*[1] * 990, *range(31, 310, 31)], 279),
]


@pytest.mark.parametrize(("items", "last"), [pytest.param(items, last, id=name) for name, items, last in RANGES])
def test_the_days_that_are_looked_at_end_with_the_last_one_that_is_believed(items, last):
    assert DayRange.from_days(days_of(*items)).recent() == (START + last - MAX_DAYS + 1, START + last)


def test_without_dates_no_day_is_looked_at():
    for days in (np.array([], "datetime64[D]"), np.array([NEVER, NEVER])):
        first, last = DayRange.from_days(days).recent()
        assert np.isnat(first)
        assert np.isnat(last)
        assert np.isnat(within(days_of(0, 1), first, last)).all()


def test_days_outside_are_none():
    found = within(np.append(days_of(0, 1, 2, 3), NEVER), START + 1, START + 2)
    assert found.astype(str).tolist() == ["NaT", str(START + 1), str(START + 2), "NaT", "NaT"]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 6000), max_size=8), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_days_of_parts_are_those_of_the_whole(parts, random):
    every = [number for part in parts for number in part]
    whole = DayRange.from_days(np.append(days_of(*every), NEVER))
    random.shuffle(parts)
    merged = DayRange.from_days(days_of(*parts[0])).merge(*(DayRange.from_days(days_of(*part)) for part in parts[1:]))
    assert merged.days.tolist() == whole.days.tolist() == [START.item() + pd.Timedelta(days=n) for n in sorted(set(every))]
    assert merged.counts.tolist() == whole.counts.tolist() == [every.count(number) for number in sorted(set(every))]


# --- the labels that are looked at


def test_the_most_frequent_labels_by_count_then_by_name():
    counts = LabelCounts.from_labels(pd.Series(["乙", None, "甲", "丙", "甲", "", float("nan"), "乙", 7, "丙"], dtype=object))
    assert counts.most(9) == ["丙", "乙", "甲", "7"]
    assert counts.most(2) == ["丙", "乙"]
    assert LabelCounts.from_labels([]).most(3) == []


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["甲", "乙", "丙", "a", "", "a\x00", "𠮷"]), max_size=6), min_size=1, max_size=4))
def test_labels_of_parts_are_those_of_the_whole(parts):
    merged = LabelCounts.from_labels(parts[0]).merge(*(LabelCounts.from_labels(part) for part in parts[1:]))
    expected = Counter(label for part in parts for label in part if label)
    assert dict(zip(merged.labels, merged.counts, strict=True)) == expected
    assert merged.most(3) == sorted(expected, key=lambda label: (-expected[label], label))[:3]


def test_keys_by_name():
    keys = Keys.from_labels(pd.Series(["甲", None, "乙", "丙", "", "甲"]), ["丙", "甲"])
    assert keys.codes.tolist() == [1, -1, -1, 0, -1, 1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Keys(["甲"], np.array([0, 1])), "codes: expected -1 to 0, as there are 1 labels, got 0 to 1"),
        (lambda: Keys(["甲"], np.array([-2])), "codes: expected -1 to 0"),
        (lambda: Keys(["甲"], np.array([0, 0]), np.array([1])), "rows: expected one for each of 2 codes, got 1"),
        (lambda: Keys(["甲"], np.array([0])).pairs(2), "codes: expected one for each of 2 rows, got 1; give rows"),
        (lambda: Keys(["甲"], np.array([0]), np.array([2])).pairs(2), "rows: expected 0 to 1, got 2 to 2"),
        (lambda: Keys(["甲"], np.array([0]), np.array([-1])).pairs(2), "rows: expected 0 to 1, got -1 to -1"),
    ],
)
def test_keys_that_do_not_fit(make, message):
    with pytest.raises(InputError, match=message):
        make()


# --- what is counted of a part


class Part:
    """Rows of everything that is counted: (day or None, sentiment, polarity or None, repeat, customer, theme, words, channel)."""

    def __init__(self, rows):
        self.rows = list(rows)
        day, sentiment, polarity, repeat, customer, theme, words, channel = zip(*self.rows, strict=True) if self.rows else [()] * 8
        self.days = np.array([NEVER if number is None else START + number for number in day], dtype="datetime64[D]")
        self.sentiment, self.repeat = np.array(sentiment, np.int8), np.array(repeat, np.bool_)
        self.polarity = np.array([np.nan if value is None else value for value in polarity], np.float32)
        self.customers = np.array(customer, np.int64)
        pairs = [(row, word) for row, own in enumerate(words) for word in own]
        rows_of, words_of = (np.array(values, np.int64) for values in (zip(*pairs, strict=True) if pairs else ((), ())))
        self.keys = {
            "theme": Keys(THEMES, np.array(theme, np.int32)),
            "parent": Keys(PARENTS, np.array(theme, np.int32)),
            "keyword": Keys(WORDS, words_of, rows_of),
            "channel": Keys(CHANNELS, np.array(channel, np.int64)),
        }

    def counts(self):
        return DayCounts.from_part(self.days, self.sentiment, self.polarity, self.repeat, self.customers, self.keys)

    def keys_of(self, name):
        """The labels of each row: a set, for every row."""
        keys = self.keys[name]
        found = [set() for _ in self.rows]
        for row, code in zip(range(len(self.rows)) if keys.rows is None else keys.rows.tolist(), keys.codes.tolist(), strict=True):
            if code >= 0 and keys.labels[code]:
                found[row].add(keys.labels[code])
        return found

    def table(self, *, daily_items):
        """Slow and obvious: the detector over a frame of all rows, one dimension after the other."""
        frame = pd.DataFrame({"created_at": self.days.astype("datetime64[s]"), "sentiment": self.sentiment, "polarity": self.polarity})
        frame["repeat"] = self.repeat
        frame["customer_id"] = [str(number) if number >= 0 else "" for number in self.customers.tolist()]
        tables = []
        for name, noun in DIMENSIONS.items():
            if name in self.keys:
                pairs = [(row, label) for row, labels in enumerate(self.keys_of(name)) for label in sorted(labels)]
                rows, labels = zip(*pairs, strict=True) if pairs else ((), ())
                table = TrendDetector(daily_items=daily_items).detect(frame, key=noun, pairs=(rows, labels), repeat="repeat")
                table.insert(0, "dimension", pd.Series(name, index=table.index, dtype="str"))
                tables.append(table)
        return pd.concat(tables, ignore_index=True)

    def of_items(self, table):
        """Slow and obvious: a look at the table for each row."""
        cells = {(row.dimension, row.key, row.period.date()): row for row in table.itertuples()}
        result = []
        for row, day in enumerate(self.days):
            own = [(order, label, name) for order, name in enumerate(OF_ITEMS) for label in self.keys_of(name)[row]]
            found = [(*key, cells[(key[2], key[1], day.item())]) for key in own if (key[2], key[1], day.item()) in cells]
            busy = min(found, key=lambda one: (-one[3].observed, one[0], one[1]), default=None)
            alerts = [one for one in found if one[3].alert]
            loud = min(alerts, key=lambda one: (one[0], -np.nan_to_num(one[3].ratio, nan=-np.inf), one[1]), default=None)
            result.append(
                (
                    busy[3].observed if busy else 0,
                    f"{DIMENSIONS[busy[2]]}「{busy[1]}」" if busy else "",
                    loud is not None,
                    f"{DIMENSIONS[loud[2]]}「{loud[1]}」{KINDS[loud[3].kind]}" if loud else "",
                )
            )
        return result


ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 40),
        st.integers(-2, 2),
        st.none() | st.floats(-1, 1, width=32),
        st.booleans(),
        st.sampled_from([-1, 0, 1, 5, 2**62, 2**63 - 1]),
        st.integers(-1, len(THEMES) - 1),
        st.lists(st.integers(0, len(WORDS) - 1), max_size=4),
        st.integers(-1, len(CHANNELS) - 1),
    ),
    max_size=25,
)


def scene(n_days=45, seed=0):
    """Rows of some weeks with two bursts, repeats, unknown days and customers, words given twice."""
    random = np.random.default_rng(seed)
    rows = []
    for day in range(n_days):
        for theme, level in ((0, 6), (1, 3), (2, 12), (3, 1), (-1, 2)):
            for _ in range(random.poisson(level) + (25 if (theme, day) in {(0, 30), (0, 31), (0, 33), (2, 40)} else 0)):
                when = None if random.random() < 0.02 else day
                customer = int(random.choice([-1, *(2**62 + np.arange(40))]))
                words = random.integers(0, len(WORDS), random.integers(0, 4)).tolist()
                sentiment, repeat = int(random.integers(-2, 3)), bool(random.random() < 0.1)
                polarity = None if random.random() < 0.1 else sentiment / 3
                rows.append((when, sentiment, polarity, repeat, customer, theme, words, int(random.integers(-1, 2))))
    return rows


def same(one, other):
    """Whether two counts are equal to the byte."""
    one, other = one.to_arrays(), other.to_arrays()
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name]) for name in one
    )


CUSTOMER = 4
MEASURES = {
    "observed": lambda row: 1,
    "negative": lambda row: int(row[1] < 0),
    "rated": lambda row: int(row[2] is not None),
    "polarity": lambda row: round((row[2] or 0.0) * 10_000),
    "squares": lambda row: round((row[2] or 0.0) * 10_000) ** 2 // 10_000,
}


@settings(deadline=None)
@given(ROWS)
def test_counts_of_a_part_against_a_loop(rows):
    part = Part(rows)
    counts = part.counts()
    kept = [row for row in range(len(rows)) if rows[row][0] is not None and not rows[row][3]]
    for name, dimension in counts.dimensions.items():
        tally, cells = dimension.tally, {}
        for row in kept:
            for label in part.keys_of(name)[row]:
                cells.setdefault((part.days[row].astype(int).item(), label), []).append(row)
        cells = dict(sorted(cells.items()))
        assert tally.keys[:, 0].tolist() == sorted({label for _, label in cells})
        assert list(zip(tally.numbers.tolist(), tally.keys[tally.codes, 0].tolist(), strict=True)) == list(cells)
        people = [sorted({rows[row][CUSTOMER] for row in own} - {-1}) for own in cells.values()]
        assert counts.customers[dimension.members].tolist() == [customer for own in people for customer in own]
        assert tally.values["customers"].tolist() == [len(own) for own in people]
        for measure, value in MEASURES.items():
            assert tally.values[measure].tolist() == [sum(value(rows[row]) for row in own) for own in cells.values()]
    assert counts.whole.values["observed"].tolist() == [n for _, n in sorted(Counter(rows[row][0] for row in kept).items())]


@settings(max_examples=40, deadline=None)
@given(ROWS, st.lists(st.integers(0, 25), max_size=3), st.randoms(use_true_random=False))
def test_any_split_and_any_order_give_the_same(rows, cuts, random):
    whole = Part(rows).counts()
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert same(Part(shuffled).counts(), whole)
    bounds = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    parts = [Part(shuffled[start:end]).counts() for start, end in pairwise(bounds)] + [Part([]).counts()]
    random.shuffle(parts)
    assert same(parts[0].merge(*parts[1:]), whole)
    one_by_one = parts[0]
    for part in parts[1:]:
        one_by_one = part.merge(one_by_one)
    assert same(one_by_one, whole)


def test_all_orders_of_three_parts_however_many_wait(monkeypatch):
    rows = scene()
    whole = Part(rows).counts()
    parts = [Part(rows[place::3]).counts() for place in range(3)]
    for at_once in (key_counts.AT_ONCE, 1):
        monkeypatch.setattr(key_counts, "AT_ONCE", at_once)
        for a, b, c in permutations(parts):
            assert same(a.merge(b, c), whole)
            assert same(a.merge(b).merge(c), whole)


def test_a_dimension_that_a_part_lacks_has_no_items_there():
    rows = scene()
    parts = [Part(rows[:200]), Part(rows[200:])]
    del parts[1].keys["channel"]
    lacking = [part.counts() for part in parts]
    empty = Part([(*row[:7], -1) for row in rows[200:]])
    whole = parts[0].counts().merge(empty.counts())
    assert same(lacking[0].merge(lacking[1]), whole)
    assert same(lacking[1].merge(lacking[0]), whole)


def test_lengths_that_differ():
    part = Part(scene(2))
    for name in ("sentiment", "polarity", "repeat", "customers"):
        values = {other: getattr(part, other) for other in ("sentiment", "polarity", "repeat", "customers")}
        values[name] = values[name][:-1]
        message = f"{name}: expected one value for each of {len(part.days)} days, got {len(part.days) - 1}"
        with pytest.raises(InputError, match=message):
            DayCounts.from_part(part.days, **values, keys=part.keys)


def saved(counts):
    """Written to a file and opened again."""
    file = io.BytesIO()
    np.savez(file, **counts.to_arrays())
    file.seek(0)
    return np.load(file, allow_pickle=False)


@settings(deadline=None)
@given(ROWS)
def test_saved_counts_come_back(rows):
    counts = Part(rows).counts()
    back = DayCounts.from_arrays(saved(counts))
    assert same(back, counts)
    assert back.customers.dtype == np.int64
    for name, each in counts.dimensions.items():
        assert back.dimensions[name].tally.keys.tolist() == each.tally.keys.tolist()
        assert {values.dtype for values in back.dimensions[name].tally.values.values()} == {np.dtype(np.int64)}


def test_labels_of_any_characters_come_back():
    labels = ["a", "a\x00", "𠮷野家", "half \ud800", "，", " "]
    part = Part([(0, 0, 0.0, False, 1, 0, [], 0)] * len(labels))
    part.keys = {"theme": Keys(labels, np.arange(len(labels)))}
    back = DayCounts.from_arrays(saved(part.counts()))
    assert back.dimensions["theme"].tally.keys[:, 0].tolist() == sorted(labels)
    assert back.merge(back).dimensions["theme"].tally.values["observed"].tolist() == [2] * len(labels)


def test_arrays_that_are_missing():
    arrays = Part(scene(2)).counts().to_arrays()
    for name in ("customers", "whole.numbers", "of.theme.codes", "of.theme.text"):
        some = {other: values for other, values in arrays.items() if other != name}
        with pytest.raises(InputError, match=f"without '{name}'; count the part again"):
            DayCounts.from_arrays(some)


# --- what all parts together say


CASES = {
    "bursts": scene(),
    "two weeks": scene(12, seed=3),
    "one row": [(0, -1, -0.5, False, 7, 0, [1], 1)],
    "one row without a date": [(None, -1, -0.5, False, 7, 0, [1], 1)],
    "a repeat before its key's first item, and after": [
        (0, 0, 0.1, True, 7, 0, [], 1),
        (1, 0, 0.1, False, 7, 0, [], 1),
        (2, 0, 0.1, True, 7, 0, [], 1),
        (3, 0, 0.1, False, 8, 1, [], 1),
    ],
    "no row": [],
}


@pytest.mark.parametrize("rows", CASES.values(), ids=CASES)
@pytest.mark.parametrize("daily_items", [3, 10])
def test_the_table_is_that_of_the_detector(rows, daily_items):
    part = Part(rows)
    table = part.table(daily_items=daily_items)
    counts = [Part(rows[place::3]).counts() for place in range(3)]
    for found in (
        judge_days(part.counts(), daily_items=daily_items),
        judge_days(counts[2].merge(counts[0], counts[1]), daily_items=daily_items),
        judge_saved([saved(each) for each in counts], daily_items=daily_items),
        judge_saved([saved(part.counts())], daily_items=daily_items),
    ):
        pd.testing.assert_frame_equal(found.table, table, check_exact=True)
    assert table["alert"].any() == (rows is CASES["bursts"])


@pytest.mark.parametrize("rows", CASES.values(), ids=CASES)
def test_what_is_said_of_each_row(rows):
    part = Part(rows)
    trends = judge_days(part.counts(), daily_items=3)
    wanted = part.of_items(trends.table)
    day_count, busiest, rising, alert = trends.of_items(part.days, part.keys)
    assert (day_count.dtype, busiest.dtype, rising.dtype, alert.dtype) == (np.int64, object, np.bool_, object)
    assert list(zip(day_count.tolist(), busiest, rising.tolist(), alert, strict=True)) == wanted
    for place in range(3):
        some = Part(rows[place::3])
        assert list(zip(*(values.tolist() for values in trends.of_items(some.days, some.keys)), strict=True)) == wanted[place::3]
    assert rising.any() == (rows is CASES["bursts"])


TIES = [
    # what, (dimension, key, items, whether it alerts, ratio) of one day, busiest, alert
    ("most items", [("theme", "甲", 4, False, 1), ("keyword", "乙", 5, False, 1)], "关键词「乙」", ""),
    (
        "dimension, then label",
        [("keyword", "甲", 5, False, 1), ("theme", "丙", 5, False, 1), ("theme", "乙", 5, False, 1)],
        "主题「丙」",
        "",
    ),
    ("alert of the first dimension", [("theme", "乙", 5, True, 2), ("keyword", "甲", 9, True, 9)], "关键词「甲」", "主题「乙」突增"),
    ("alert of the larger ratio", [("keyword", "甲", 5, True, 2), ("keyword", "乙", 4, True, 3)], "关键词「甲」", "关键词「乙」突增"),
    (
        "a ratio that is not known",
        [("keyword", "丙", 5, True, np.nan), ("keyword", "乙", 5, True, 0.5)],
        "关键词「丙」",
        "关键词「乙」突增",
    ),
    ("alerts alike but for the label", [("keyword", "丙", 5, True, 2), ("keyword", "乙", 5, True, 2)], "关键词「丙」", "关键词「丙」突增"),
    ("no item and no alert", [("theme", "甲", 0, False, np.nan)], "主题「甲」", ""),
]


@pytest.mark.parametrize(("cells", "busiest", "alert"), [pytest.param(*case[1:], id=case[0]) for case in TIES])
def test_of_several_keys_of_a_row(cells, busiest, alert):
    table = pd.DataFrame(cells, columns=["dimension", "key", "observed", "alert", "ratio"]).assign(kind="spike")
    other = table.assign(observed=99, alert=False, period=pd.Timestamp(START))
    table = pd.concat([other, table.assign(period=pd.Timestamp(START + 1))], ignore_index=True)
    lookup = TrendLookup.from_table(table, {name: DIMENSIONS[name] for name in OF_ITEMS})
    keys = {}
    for name in OF_ITEMS:
        own = [key for dimension, key, *_ in cells if dimension == name]
        keys[name] = Keys(own, np.tile(np.arange(len(own)), 2), np.repeat([0, 1], len(own)))
    day_count, found, rising, said = lookup.of_items(days_of(1, 2), keys)
    assert (found.tolist(), said.tolist()) == ([busiest, ""], [alert, ""])
    assert rising.tolist() == [bool(alert), False]
    assert day_count.tolist() == [max(cell[2] for cell in cells), 0]


def test_of_rows_that_the_counts_do_not_know():
    trends = judge_days(Part(scene()).counts(), daily_items=3)
    keys = {"theme": Keys(["闪退", "从未见过"], np.array([0, 1, 0, 0, -1])), "product": Keys(["甲"], np.zeros(5, int))}
    days = np.append(days_of(30, 30, -1, 4000), NEVER)
    day_count, busiest, rising, alert = trends.of_items(days, keys)
    assert day_count[0] > 20
    assert busiest.tolist() == ["主题「闪退」", "", "", "", ""]
    assert rising.tolist() == [True, False, False, False, False]
    assert alert.tolist() == ["主题「闪退」突增", "", "", "", ""]


def test_a_dimension_that_does_not_exist():
    part = Part(scene(2))
    part.keys["mood"] = part.keys["theme"]
    with pytest.raises(InputError, match="keys: expected dimensions of theme, parent, keyword, type, product, channel, got 'mood'"):
        judge_days(part.counts(), daily_items=3)


# --- a burst is said once


BURSTS = [
    # alerts by day, bursts as (first, last, days that alert)
    ("one day", [3], [(3, 3, 1)]),
    ("days in a row", [3, 4, 5], [(3, 5, 3)]),
    ("two quiet days between", [3, 6], [(3, 6, 2)]),
    ("three quiet days between", [3, 7], [(3, 3, 1), (7, 7, 1)]),
    ("the first and the last day", [0, 9], [(0, 0, 1), (9, 9, 1)]),
    ("nothing", [], []),
]


def trend_table(alerts, n_days=10):
    """alerts: {(dimension, key): days}. A key has 2 ** day items on each day."""
    rows = [
        (dimension, key, START.astype("datetime64[s]") + np.timedelta64(day, "D"), 2**day, day in days, "spike", day / 100, f"{key}{day}")
        for (dimension, key), days in alerts.items()
        for day in range(n_days)
    ]
    table = pd.DataFrame(rows, columns=["dimension", "key", "period", "observed", "alert", "kind", "q", "sentence"])
    return table.astype({"alert": bool}).sort_values(["dimension", "period", "key"], ignore_index=True)


def wanted_bursts(bursts, key, dimension="theme"):
    return [
        (
            dimension,
            key,
            START + first,
            START + last,
            n,
            sum(2**day for day in range(first, last + 1)),
            "spike",
            first / 100,
            f"{key}{first}",
        )
        for first, last, n in bursts
    ]


def rows_of(bursts):
    return [(*row[:2], *(np.datetime64(moment, "D") for moment in row[2:4]), *row[4:]) for row in bursts.itertuples(index=False, name=None)]


@pytest.mark.parametrize(("alerts", "bursts"), [pytest.param(alerts, bursts, id=name) for name, alerts, bursts in BURSTS])
def test_alerts_of_following_days_are_one_burst(alerts, bursts):
    found = find_bursts(trend_table({("theme", "闪退"): alerts}))
    assert found.columns.tolist() == ["dimension", "key", "first", "last", "alerts", "items", "kind", "q", "sentence"]
    assert rows_of(found) == wanted_bursts(bursts, "闪退")


def test_bursts_of_keys_and_dimensions_are_apart():
    found = find_bursts(trend_table({("channel", "闪退"): [0], ("theme", "乙"): [8, 9], ("theme", "甲"): [9, 1], ("theme", "丙"): []}))
    expected = [*wanted_bursts([(1, 1, 1)], "甲"), *wanted_bursts([(8, 9, 2)], "乙"), *wanted_bursts([(9, 9, 1)], "甲")]
    assert rows_of(found) == [*expected, *wanted_bursts([(0, 0, 1)], "闪退", "channel")]


def test_bursts_of_counted_parts():
    trends = judge_days(Part(scene()).counts(), daily_items=10)
    found = trends.first_alerts
    assert found["alerts"].sum() == trends.table["alert"].sum() > len(found)
    known = found[found["dimension"] == "theme"].set_index(["key", "first"])
    own = trends.table.query("dimension == 'theme' and key == '闪退'").set_index("period")["observed"]
    burst = known.loc[("闪退", pd.Timestamp(START + 30))]
    assert burst["last"] >= pd.Timestamp(START + 33)
    assert burst["items"] == own[pd.Timestamp(START + 30) : burst["last"]].sum()
    assert ("电池", pd.Timestamp(START + 40)) in known.index
    assert judge_days(Part([]).counts(), daily_items=10).first_alerts.empty
