"""Sketches and their groups: any parts, in any order, in memory or not, give what `find_duplicates` gives of all rows at once."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError
from feedback_nlp.scorer import scorer
from feedback_nlp.text.clean import clean
from feedback_nlp.topics import grouping, kernels, near
from feedback_nlp.topics.contents import CONTENT_CATEGORIES, _flags, category, contents
from feedback_nlp.topics.duplicates import find_duplicates, group_sketches
from feedback_nlp.topics.sketches import MIN_CHARS, Sketches, sketch_texts

ARRAYS = ("content", "form", "length", "keys")
LONG = "我上周买的净水器一直漏水，打了三次客服电话都没有人上门处理"
TEXTS = [
    *["登录失败", "登录失败！", "登录失败", "太贵", "", "。", "此用户未填写评价内容", "好用👍", "ＡＰＰ閃退了", "app闪退了"],
    *[LONG, LONG + "！", LONG.replace("三次", "好多次"), LONG + "，地板已经泡坏了", LONG.replace("净水", "热水"), LONG],
    *["软件升级以后经常闪退，打开页面一直是黑屏", "打开页面一直是黑屏，软件升级以后经常闪退", "物流很快质量也好，会再来买", "订单3.5元"],
    *[
        "<b>软件升级以后经常闪退</b>，打开页面一直是黑屏。",
        "啊啊啊啊啊啊啊啊啊啊啊啊啊",
        "The app crashes after login",
        "the app crashes, after login",
    ],
]
ROWS = st.lists(st.sampled_from(TEXTS), max_size=30)
quickly = settings(deadline=None, max_examples=40)


def same_sketches(one, other, names=ARRAYS):
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name).dtype == getattr(other, name).dtype


def same(one, other):
    for name in ("group", "representative", "similarity", "repeat"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    pd.testing.assert_frame_equal(one.groups, other.groups)


def fetcher(texts):
    """`fetch` of a list, which insists on ascending rows without a second one."""

    def fetch(rows):
        assert rows.dtype == np.int64
        assert (np.diff(rows) > 0).all()
        return [texts[row] for row in rows.tolist()]

    return fetch


def split(texts, cuts):
    bounds = [0, *sorted(cut % (len(texts) + 1) for cut in cuts), len(texts)]
    return [texts[a:b] for a, b in pairwise(bounds)]


def test_a_sketch():
    found = sketch_texts(["登录失败", "登录失败！", "", "此用户未填写评价内容", LONG])
    assert found.n_rows == 5
    assert (found.content == 0).tolist() == [False, False, True, True, False]
    assert found.content[0] == found.content[1]
    assert len(set(found.form.tolist())) == 5
    assert found.form[2] == 0
    assert found.length.tolist() == [4, 4, 0, 0, len(contents([LONG])[0])]
    assert found.keys.shape == (38, 5)
    assert found.keys.any(axis=0).tolist() == [False, False, False, False, True]
    assert [getattr(found, name).dtype for name in ARRAYS] == [np.uint64, np.uint64, np.int32, np.uint32]
    assert sketch_texts([], threshold=0.5).keys.shape[1] == 0


def test_keys_begin_at_so_many_characters():
    found = sketch_texts(["性价比很高啊真的好"[:size] for size in (MIN_CHARS - 1, MIN_CHARS)])
    assert found.keys.any(axis=0).tolist() == [False, True]


@quickly
@given(st.lists(st.sampled_from(TEXTS) | st.text(max_size=12), max_size=12), st.integers(1, 40))
def test_a_sketch_depends_on_its_text_alone(texts, size):
    whole = sketch_texts(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scorer, "CHUNK_CHARS", size)
        same_sketches(sketch_texts(texts), whole)
    for row, text in enumerate(texts):
        alone = sketch_texts([text])
        for name in ARRAYS:
            np.testing.assert_array_equal(getattr(alone, name)[..., 0], getattr(whole, name)[..., row])


@quickly
@given(st.lists(st.sampled_from(TEXTS) | st.text("1.5 好用，的<b>", max_size=12), max_size=12))
def test_cleaned_texts_have_the_same_sketches(texts):
    cleaned = clean(texts)
    found = sketch_texts(cleaned.texts(), no_information=cleaned.no_information)
    same_sketches(found, sketch_texts(texts), ("content", "length", "keys"))
    same_sketches(found, sketch_texts(cleaned.texts()))


def test_without_the_extension_the_sketches_are_the_same(monkeypatch):
    expected = sketch_texts(TEXTS)
    groups = find_duplicates(TEXTS)
    monkeypatch.setattr(kernels, "compiled_module", lambda: None)
    same_sketches(sketch_texts(TEXTS), expected)
    same(find_duplicates(TEXTS), groups)


def test_flags_of_all_characters():
    kinds = [category(chr(code)) for code in range(0x110000)]
    says = np.array([kind in CONTENT_CATEGORIES or kind[0] in CONTENT_CATEGORIES for kind in kinds])
    np.testing.assert_array_equal((_flags() & 1) != 0, says)


@quickly
@given(ROWS, st.lists(st.integers(0, 30), max_size=4))
def test_any_parts_give_the_same_groups(texts, cuts):
    expected = find_duplicates(texts)
    same(group_sketches([sketch_texts(part) for part in split(texts, cuts)], fetcher(texts)), expected)
    cleaned = clean(texts)
    said = cleaned.texts()
    parts = [sketch_texts(said, no_information=cleaned.no_information)]
    found = group_sketches(parts, fetcher(said), cleaned=True)
    np.testing.assert_array_equal(found.group, expected.group)
    np.testing.assert_array_equal(found.similarity, expected.similarity)


@quickly
@given(ROWS, st.randoms(use_true_random=False))
def test_with_an_order_the_order_of_rows_changes_nothing(texts, random):
    n = len(texts)
    order = np.array(random.sample(range(2**63, 2**63 + 1000), n), np.uint64)
    customers = np.array([random.choice([-1, 2**63 - 1, 2**62, 7]) for _ in range(n)], np.int64)
    times = np.array([random.choice(["2024-06-01", "2024-06-02", "NaT"]) for _ in range(n)], "datetime64[s]")
    shuffled = np.array(random.sample(range(n), n), np.int64)

    def grouped(rows):
        mine = [texts[row] for row in rows.tolist()]
        options = {"order": order[rows], "customers": customers[rows], "times": times[rows]}
        return group_sketches([sketch_texts(mine)], fetcher(mine), **options)

    one, other = grouped(np.arange(n)), grouped(shuffled)
    for name in ("group", "similarity", "repeat"):
        np.testing.assert_array_equal(getattr(one, name)[shuffled], getattr(other, name))
    np.testing.assert_array_equal(one.representative, shuffled[other.representative])
    pd.testing.assert_frame_equal(one.groups.drop(columns="representative"), other.groups.drop(columns="representative"))


def slow_table(texts, group, similarity, customers, times, order):
    """The oracle of what is said of groups, group by group: rows, representative, customers, first and last time, repeats."""
    lines, repeats = [], set()
    for number in range(max(group, default=-1) + 1):
        rows = [row for row in range(len(texts)) if group[row] == number]
        exact = [row for row in rows if similarity[row] == 1]
        forms = Counter(texts[row] for row in exact)
        most = max(forms.values())
        known = {}
        for row in sorted(rows, key=lambda row: (times[row] is None, times[row] or "", order[row])):
            if customers[row] >= 0 and known.setdefault(customers[row], row) != row:
                repeats.add(row)
        dates = [times[row] for row in rows if times[row]]
        best = [row for row in exact if forms[texts[row]] == most]
        lines.append((len(rows), best, len(known), min(dates, default=None), max(dates, default=None)))
    return lines, repeats


@quickly
@given(ROWS, st.randoms(use_true_random=False))
def test_the_table_matches_the_oracle(texts, random):
    n = len(texts)
    customers = [random.choice([-1, 2**63 - 1, 2**62, 7, 0]) for _ in range(n)]
    times = [random.choice(["2024-06-01", "2024-06-02", "2024-06-03", None]) for _ in range(n)]
    order = random.sample(range(n), n)
    options = {"order": np.array(order, np.uint64), "customers": np.array(customers, np.int64), "times": np.array(times, "datetime64[D]")}
    found = group_sketches([sketch_texts(texts)], fetcher(texts), **options)
    lines, repeats = slow_table(texts, found.group.tolist(), found.similarity.tolist(), customers, times, order)
    assert found.groups["count"].tolist() == [line[0] for line in lines]
    assert found.groups["customers"].tolist() == [line[2] for line in lines]
    assert [str(time.date()) if time is not pd.NaT else None for time in found.groups["first_time"]] == [line[3] for line in lines]
    assert [str(time.date()) if time is not pd.NaT else None for time in found.groups["last_time"]] == [line[4] for line in lines]
    assert set(np.flatnonzero(found.repeat).tolist()) == repeats
    assert found.groups["text"].tolist() == [texts[row] for row in found.representative.tolist()]
    for row, line in zip(found.representative.tolist(), lines, strict=True):
        assert row in line[1]
        assert order[row] == min(order[other] for other in line[1] if texts[other] == texts[row])


def test_memory_mapped_parts(tmp_path):
    expected = find_duplicates(TEXTS * 2)
    parts = []
    for number, part in enumerate([TEXTS, TEXTS]):
        made = sketch_texts(part)
        arrays = {}
        for name in ARRAYS:
            np.save(tmp_path / f"{number}_{name}.npy", getattr(made, name))
            arrays[name] = np.load(tmp_path / f"{number}_{name}.npy", mmap_mode="r")
        parts.append(Sketches(**arrays))
    for _ in range(2):
        same(group_sketches(parts, fetcher(TEXTS * 2)), expected)


@pytest.mark.parametrize("size", [1, 20, 60, 1000])
def test_the_size_of_pieces_changes_nothing(monkeypatch, size):
    texts = [LONG[start:] + LONG[:start] + extra for start in range(0, 20, 3) for extra in ("", "谢谢", "请尽快", "顺便说一句")] + TEXTS
    expected = find_duplicates(texts)
    assert len(expected.groups) > 4
    monkeypatch.setattr(near, "PIECE_CHARS", size)
    monkeypatch.setattr(near, "TEXTS_FETCHED", 3)
    monkeypatch.setattr(grouping, "TEXTS_FETCHED", 2)
    same(group_sketches([sketch_texts(texts)], fetcher(texts)), expected)


def test_pieces_hold_each_pair_once(monkeypatch):
    random = np.random.default_rng(0)
    pairs = np.unique(np.sort(random.integers(0, 300, (200, 2)), axis=1).astype(np.int32), axis=0)
    monkeypatch.setattr(near, "PIECE_CHARS", 100)
    pieces = list(near._pieces(pairs, np.full(300, 10, np.int32)))
    assert len(pieces) > 5
    assert sorted(np.concatenate(pieces).tolist()) == list(range(len(pairs)))
    assert max(len(np.unique(pairs[piece])) for piece in pieces) * 10 <= 300


@pytest.mark.parametrize(
    ("texts", "groups", "fetched"),
    [
        (["快递包装破损，客服不处理"] * 20_000, 1, 1),
        ([f"{number}号柜台的服务员态度很好，办事也快" for number in range(100)] * 200, 100, 200),
        ([""] * 20_000, 0, 0),
        (["".join(map(chr, range(0x4E00, 0x9E00))) * 10, *["登录失败"] * 10, "好用"], 1, 1),
    ],
    ids=["one text", "100 texts", "empty", "a long row"],
)
def test_much_of_the_same(texts, groups, fetched):
    """Texts are fetched of one row a content, and again of the representatives."""
    asked = []

    def fetch(rows):
        asked.extend(rows.tolist())
        return [texts[row] for row in rows.tolist()]

    found = group_sketches([sketch_texts(texts[begin : begin + 7000]) for begin in range(0, len(texts), 7000)], fetch)
    assert len(found.groups) == groups
    said = [text for text in texts if text]
    assert found.n_superfluous == len(said) - len(set(said))
    assert len(asked) <= fetched


@pytest.mark.parametrize(
    ("parts", "options", "message"),
    [
        ([], {}, "parts: expected sketch_texts.*got no part"),
        ([sketch_texts(["好"], threshold=0.5)], {}, "parts: expected .*threshold=0.8.*of 38 bands, got keys of 45 bands"),
        ([sketch_texts(["好"])], {"threshold": 2}, "threshold: expected a number"),
        ([sketch_texts(["好"])], {"order": np.zeros(2, np.uint64)}, "order: expected 1 values"),
        ([sketch_texts(["好"])], {"customers": np.zeros(0, np.int64)}, "customers: expected 1 values"),
        ([sketch_texts(["好"])], {"times": np.zeros(2, "datetime64[s]")}, "times: expected 1 values"),
    ],
)
def test_errors(parts, options, message):
    with pytest.raises(InputError, match=message):
        group_sketches(parts, fetcher(["好"]), **options)


def test_errors_of_sketches():
    with pytest.raises(InputError, match="no_information: expected 1 values"):
        sketch_texts(["好"], no_information=np.zeros(2, bool))
    with pytest.raises(InputError, match=r"threshold: expected a number from 0\.5 to 1, got 0\.3"):
        sketch_texts(["好"], threshold=0.3)
