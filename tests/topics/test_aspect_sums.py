"""Sums of aspects against a slow, obvious table of plain loops, over wild mentions, splits and orders."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import feedback_nlp.topics.aspect_sums as sums_module
from feedback_nlp.errors import InputError
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.topics.aspect_sums import AspectSums
from feedback_nlp.topics.aspect_tables import PartAspects

NAMES, SPOKEN = ("电池", "屏幕", "价格"), ("续航", "电池", "屏", "贵")
POLARITIES = (-1.0, -0.5, -0.1, -0.000001, 0.0, 0.1, 0.100001, 0.333333, 0.5, 1.0)
OPINIONS = ("", "好", "差", "很好", "太差", "不错")

mention = st.tuples(
    st.integers(0, 7), st.sampled_from(range(3)), st.sampled_from(range(4)), st.sampled_from(OPINIONS), st.sampled_from(POLARITIES)
)
mention_lists = st.lists(mention, max_size=40)
product_lists = st.none() | st.lists(st.sampled_from(["", "甲", "乙"]), min_size=8, max_size=8)
owner_lists = st.lists(st.integers(0, 2), min_size=8, max_size=8)


def part_of(mentions, n_rows=8):
    """A part with these mentions: (row, aspect, word, opinion, polarity)."""
    rows, aspects, words, opinions, polarities = zip(*sorted(mentions, key=lambda line: line[0]), strict=True) if mentions else ((),) * 5
    row, aspect, word = (np.array(values, dtype=np.int64) for values in (rows, aspects, words))
    place = np.zeros(len(row), np.int64)
    return PartAspects(NAMES, SPOKEN, n_rows, row, aspect, word, place, place, np.array(polarities), TextBatch.from_texts(opinions))


def slow_table(mentions, products):
    """The summary by loops over mentions, in millionths where sums are made."""
    items, phrases = defaultdict(list), defaultdict(list)
    for row, aspect, word, opinion, polarity in mentions:
        group = (NAMES[aspect], *(() if products is None else (products[row],)))
        items[group, row].append(round(polarity * 1e6))
        if opinion:
            phrases[group].append((polarity, f"{SPOKEN[word]}: {opinion}"))
    groups = defaultdict(list)
    for (group, _), values in items.items():
        groups[group].append((len(values), sum(values) * 1e-6 / len(values)))
    lines = []
    for group, found in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        mean = sum(round(value / 1e-6) for _, value in found) * 1e-6 / len(found)
        ranked = sorted(phrases[group], key=lambda pair: (-pair[0] if mean >= 0 else pair[0], pair[1]))
        examples = list(dict.fromkeys(phrase for _, phrase in ranked))[:3]
        negative = sum(value < -0.1 for _, value in found) / len(found)
        lines.append((*group, sum(count for count, _ in found), len(found), mean, negative, examples))
    keys = ["aspect"] if products is None else ["aspect", "product"]
    columns = [*keys, "mentions", "items", "polarity", "negative_share", "examples"]
    table = pd.DataFrame(lines, columns=columns)
    kinds = dict.fromkeys(keys, str) | {"mentions": np.int64, "items": np.int64, "polarity": float, "negative_share": float}
    return table.astype(kinds | {"examples": object})


@pytest.mark.parametrize("windows", [(), (1,), (2,), (1, 3), sums_module.WINDOWS])
@settings(deadline=None, database=None)
@given(mentions=mention_lists, products=product_lists)
def test_the_table_is_that_of_the_slow_one(windows, mentions, products):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums_module, "WINDOWS", windows)
        table = AspectSums.from_part(part_of(mentions), products).table()
    assert_frame_equal(table, slow_table(mentions, products))


@settings(deadline=None, database=None)
@given(mentions=mention_lists, products=product_lists, owner=owner_lists, order=st.permutations(range(3)))
def test_any_split_merged_in_any_order_is_the_whole(mentions, products, owner, order):
    parts = []
    for number in order:
        rows = [row for row in range(8) if owner[row] == number]
        own = [(rows.index(row), *rest) for row, *rest in mentions if row in rows]
        parts.append(AspectSums.from_part(part_of(own, len(rows)), None if products is None else [products[row] for row in rows]))
    whole = AspectSums.from_part(part_of(mentions), products).table()
    assert_frame_equal(parts[0].merge(*parts[1:]).table(), whole)
    assert_frame_equal(parts[0].merge(parts[1].merge(parts[2])).table(), whole)
    assert_frame_equal(parts[0].merge(parts[1]).merge(parts[2]).table(), whole)


def test_examples_do_not_grow_with_texts():
    random = np.random.default_rng(0)
    mentions = [(row, 0, 0, f"好{row}", float(random.integers(-10, 11)) / 10) for row in range(500)]
    sums = AspectSums.from_part(part_of(mentions, 500), None)
    assert len(sums.examples.phrase) == 6
    assert_frame_equal(sums.table(), slow_table(mentions, None))


def test_what_is_often_said_does_not_hide_the_rest():
    """More of one phrase than are looked at first."""
    mentions = [(row, 0, 0, "好", 1.0) for row in range(3 * sums_module.WINDOWS[-1])] + [(0, 0, 0, "不错", 0.5), (1, 0, 1, "很好", 0.4)]
    examples = AspectSums.from_part(part_of(mentions, 3 * sums_module.WINDOWS[-1]), None).table()["examples"].tolist()
    assert examples == [["续航: 好", "续航: 不错", "电池: 很好"]]


def test_other_sums_are_refused():
    part = part_of([(0, 0, 0, "好", 1.0)], 1)
    with pytest.raises(InputError, match="products: expected 1 names, one a text, got 2"):
        AspectSums.from_part(part, ["甲", "乙"])
    with pytest.raises(InputError, match="merge: expected sums that all tell products apart, or none, got both"):
        AspectSums.from_part(part, ["甲"]).merge(AspectSums.from_part(part, None))
