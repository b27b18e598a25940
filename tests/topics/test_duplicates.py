"""Duplicates against slow oracles over sets of strings, and the laws they keep."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.scorer import scorer
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.topics import find_duplicates, minhash
from feedback_nlp.topics.contents import COPY_CHARS, Readings, contents
from feedback_nlp.topics.kernels import GRAM_BITS, band_keys, gram_hashes
from feedback_nlp.topics.sketches import MIN_CHARS

COMPLAINT = "我上周买的净水器一直漏水，打了三次客服电话都没有人上门处理，地板已经泡坏了，请尽快赔偿"
CLAUSES = (
    "软件升级以后经常闪退",
    "打开页面一直是黑屏",
    "客服电话半天没人接",
    "快递员把东西扔在门口就走了",
    "包装箱已经破损变形",
    "要求退款到现在没有到账",
    "说明书写得不清楚",
    "the app crashes after login",
    "价格比别家贵了一百多元",
    "希望增加夜间模式",
)


def slow_grams(content):
    """The oracle of `gram_hashes`: n-grams as strings."""
    ends = [(k, k + (2 if ord(char) >= 0x2E80 else 4)) for k, char in enumerate(content)]
    return {content[start:end] for start, end in ends if end <= len(content)}


def slow_similarity(one, other):
    """The oracle of `similarities`: what both share against what is changed (counts twice) and what is added (counts half)."""
    a, b = slow_grams(one), slow_grams(other)
    changed, added = min(len(a - b), len(b - a)), abs(len(a - b) - len(b - a))
    return len(a & b) / (len(a & b) + 2 * changed + added / 2) if a & b else 0.0


def slow_agreed(one, other):
    """The oracle of `Readings.agreed`, by regular expressions."""
    numbers = [set(re.findall("[0-9](?:[.,:/-]?[0-9])*", text)) for text in (one, other)]
    negations = [len(re.findall("[不没未无]", text)) for text in (one, other)]
    long = min(len(one), len(other)) >= COPY_CHARS
    return (numbers[0] <= numbers[1] or numbers[1] <= numbers[0]) and (negations[0] == negations[1] or long)


def slow_leaders(pairs, size):
    """The oracle of `leaders`, text by text."""
    near = {(a, b): value for (a, b), value in pairs.items()}
    leading, result = [], []
    for text in range(size):
        found = [(-near[leader, text], leader) for leader in leading if (leader, text) in near]
        if not found:
            leading.append(text)
        result.append(min(found)[1] if found else text)
    return result


def edited(seed, n_bases=60, n_edits=3):
    """Complaints of two to six clauses, each with edits of a character, a word and a clause, in random order."""
    random = np.random.default_rng(seed)
    texts = []
    for _ in range(n_bases):
        base = "，".join(random.choice(CLAUSES, random.integers(2, 7), replace=False))
        texts.append(base)
        for _ in range(n_edits):
            place = int(random.integers(len(base)))
            texts.append(
                [base[:place] + "的" + base[place + 1 :], base[:place] + "其实" + base[place:], base + "！谢谢"][random.integers(3)]
            )
    return [texts[row] for row in random.permutation(len(texts))]


def partition(group):
    return {frozenset(np.flatnonzero(group == number).tolist()) for number in set(group.tolist()) - {-1}}


def same(one, other):
    for name in ("group", "representative", "similarity", "repeat"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    pd.testing.assert_frame_equal(one.groups, other.groups)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("物流很快，满意！", "物流很快满意"),
        ("ＡＰＰ閃退了", "app闪退了"),
        ("  好用 ", "好用。。。"),
        ("<b>好用</b>&nbsp;推荐", "好用推荐"),
        ("太贵了(12,000元)", "太贵了12,000元"),
        ("啊啊啊啊啊啊啊", "啊啊啊"),
        ("涨了3.5元。", "涨了 3.5 元"),
    ],
)
def test_same_content(text, other):
    assert contents([text]) == contents([other]) != [""]
    assert find_duplicates([text, other]).group.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("text", "other"),
    [("好用", "不好用"), ("涨了3.5元", "涨了35元"), ("👍", "👎"), ("好评", "好评👍"), ("10:30到", "1030到"), ("物流很快", "物流快")],
)
def test_other_content(text, other):
    assert contents([text]) != contents([other])
    assert find_duplicates([text, other]).group.tolist() == [-1, -1]


@pytest.mark.parametrize("text", ["", " ", "，。！", "?!", "\u200b", "此用户未填写评价内容", None, float("nan")])
def test_rows_without_information_are_no_group(text):
    found = find_duplicates([text, text, "登录失败", text, "登录失败"])
    assert found.group.tolist() == [-1, -1, 0, -1, 0]
    assert found.similarity.tolist() == [0, 0, 1, 0, 1]


def test_joints_at_the_ends_of_rows_do_not_join_neighbours():
    assert contents(["1.", ".2", "3", ".", "4-", "-5"]) == ["1", "2", "3", "", "4", "5"]


@pytest.mark.parametrize(
    "other",
    [
        COMPLAINT.replace("泡坏", "跑坏"),
        COMPLAINT.replace("一直", "从上周起一直"),
        COMPLAINT.replace("已经", ""),
        COMPLAINT.replace("，", "！！ "),
        "我上週買的淨水器一直漏水，打了三次客服電話都沒有人上門處理，地板已經泡壞了，請盡快賠償",
        "打了三次客服电话都没有人上门处理，" + COMPLAINT.replace("打了三次客服电话都没有人上门处理，", ""),
        COMPLAINT + "。——来自我的手机客户端",
    ],
)
def test_near_duplicates(other):
    found = find_duplicates([COMPLAINT, "请问怎么开发票", other])
    assert found.group.tolist() == [0, -1, 0]
    assert found.similarity[[0, 2]].max() == 1
    assert found.similarity[[0, 2]].min() >= 0.8


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (
            "我在直播间下单的套装，订单20240611到现在都没有发货，客服也一直不回复消息，请帮我查一下",
            "我在直播间下单的套装，订单20240618到现在都没有发货，客服也一直不回复消息，请帮我查一下",
        ),
        ("这款手机的电池很耐用，我用了一个月很满意", "这款手机的电池不耐用，我用了一个月很满意"),
        ("今天又多扣了我25元会员费，请马上把多扣的钱退给我，谢谢配合", "今天又多扣了我9元会员费，请马上把多扣的钱退给我，谢谢配合"),
    ],
)
def test_texts_that_contradict_each_other(text, other):
    assert find_duplicates([text, other]).group.tolist() == [-1, -1]
    assert find_duplicates([text, other], guard=False).group.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("没有数字", "没有数字了", True),
        ("订单12", "订单", True),
        ("订单12", "订单12共3件", True),
        ("订单12", "订单13", False),
        ("订单12共3件", "订单12共4件", False),
        ("很好", "不好", False),
        ("很好" * COPY_CHARS, "不好" * COPY_CHARS, True),
        ("1.5", "1.50", False),
    ],
)
def test_agreed(text, other, expected):
    said = Readings.from_contents(TextBatch.from_texts([text, "", other]))
    assert said.agreed(np.array([[0, 2], [2, 0], [0, 1]], np.int32)).tolist() == [expected, expected, slow_agreed(text, "")]
    assert slow_agreed(text, other) == slow_agreed(other, text) == expected


@settings(deadline=None)
@given(st.lists(st.text("1.5不好", max_size=8), min_size=2, max_size=5))
def test_agreed_matches_the_oracle(texts):
    said = contents(texts)
    pairs = np.array([(a, b) for b in range(len(said)) for a in range(b)], np.int32)
    found = Readings.from_contents(TextBatch.from_texts(said)).agreed(pairs)
    assert found.tolist() == [slow_agreed(said[a], said[b]) for a, b in pairs]
    joined = Readings.joined([Readings.from_contents(TextBatch.from_texts([text])) for text in said])
    np.testing.assert_array_equal(joined.agreed(pairs), found)


def test_short_texts_are_compared_exactly():
    text = "性价比很高啊真的好"
    assert len(text) == MIN_CHARS + 1
    assert find_duplicates([text, text[:-1]]).group.tolist() == [0, 0]
    assert find_duplicates([text[:-1], text[:-2]]).group.tolist() == [-1, -1]


@pytest.mark.parametrize("seed", range(3))
def test_grams_and_similarities_match_the_oracle(seed):
    texts = [*contents(edited(seed, n_bases=10)), "👍👍👍👍好用好用", "abcdefgh", "登录login失败，4G"]
    batch = TextBatch.from_texts(texts)
    grams, indptr = gram_hashes(batch.codes, batch.indptr)
    values, sets_ptr = sets = minhash.gram_sets(grams, indptr)
    assert np.diff(sets_ptr).tolist() == [len(slow_grams(text)) for text in texts]
    assert all((np.diff(values[a:b]) > 0).all() for a, b in pairwise(sets_ptr))
    pairs = np.array([(a, b) for b in range(len(texts)) for a in range(b)], np.int32)
    expected = [slow_similarity(texts[a], texts[b]) for a, b in pairs]
    np.testing.assert_allclose(minhash.similarities(sets, pairs, threshold=1e-9), expected, rtol=1e-12)
    above = minhash.similarities(sets, pairs, threshold=0.8) >= 0.8
    np.testing.assert_array_equal(above, np.asarray(expected) >= 0.8)


@pytest.mark.parametrize("jaccard", [1 / 3, 0.5, 0.6, 2 / 3, 0.8, 0.9, 1.0])
def test_plan_keeps_its_promise(jaccard):
    size, bands = minhash.plan(jaccard)
    assert size * bands <= minhash.MAX_MINIMA
    assert 1 - (1 - jaccard**size) ** bands >= minhash.MIN_RECALL


def test_bands_meet_as_often_as_the_theory_says():
    """Sets of a known similarity: the share of equal minima is the Jaccard similarity, within five standard deviations."""
    random = np.random.default_rng(3)
    for shared, own in ((40, 5), (30, 15), (20, 40)):
        equal = []
        for _ in range(40):
            grams = random.choice(1 << GRAM_BITS, shared + 2 * own, replace=False).astype(np.uint32)
            both = np.concatenate([grams[: shared + own], grams[:shared], grams[shared + own :]])
            keys = band_keys(both, np.array([0, shared + own, len(both)]), size=1, bands=192)
            equal.append(np.mean(keys[:, 0] == keys[:, 1]))
        jaccard = shared / (shared + 2 * own)
        assert np.mean(equal) == pytest.approx(jaccard, abs=5 * np.sqrt(jaccard * (1 - jaccard) / 192 / 40))


def test_pairs_grow_with_the_texts_not_with_their_square():
    keys = np.zeros((3, 2000), np.uint32)
    pairs = minhash.bucket_pairs(keys)
    assert pairs.tolist() == [[0, text] for text in range(1, 2000)]
    few = minhash.bucket_pairs(np.zeros((2, 5), np.uint32))
    assert few.tolist() == [[a, b] for a in range(5) for b in range(a + 1, 5)]
    assert minhash.bucket_pairs(np.zeros((2, 0), np.uint32)).shape == (0, 2)


def test_pairs_do_not_depend_on_when_they_are_merged(monkeypatch):
    keys = np.random.default_rng(0).integers(0, 60, (6, 500)).astype(np.uint32)
    expected = minhash.bucket_pairs(keys)
    monkeypatch.setattr(minhash, "PAIRS_HELD", 10)
    np.testing.assert_array_equal(minhash.bucket_pairs(keys), expected)


def test_company_counts_rows():
    keys = np.array([[1, 1, 2], [5, 6, 6]], np.uint32)
    assert minhash.company(keys, np.array([1, 10, 100])).tolist() == [11 + 1, 11 + 110, 100 + 110]


@settings(deadline=None)
@given(st.integers(0, 12), st.randoms(use_true_random=False))
def test_leaders_match_the_oracle(size, random):
    near = {(a, b): random.choice([0.8, 0.9, 1.0]) for a in range(size) for b in range(a + 1, size) if random.random() < 0.3}
    pairs = np.array(list(near), np.int32).reshape(-1, 2)
    leader, alike = minhash.leaders(pairs, np.array(list(near.values())), size)
    assert leader.tolist() == slow_leaders(near, size)
    assert alike.tolist() == [np.float32(near.get((leader[text], text), 1.0)) for text in range(size)]


@pytest.mark.parametrize("guard", [True, False])
@pytest.mark.parametrize("threshold", [0.6, 0.8, 0.9])
def test_groups_match_all_pairs(threshold, guard):
    """Every member is near its representative, as similar as said; and hardly a text is left alone that is near a leader."""
    texts = edited(11)
    said = contents(texts)
    found = find_duplicates(texts, threshold=threshold, guard=guard)

    def near(one, other):
        return one == other or (slow_similarity(one, other) >= threshold and (not guard or slow_agreed(one, other)))

    missed = 0
    leaders = [*found.representative.tolist(), *np.flatnonzero(found.group < 0).tolist()]
    for row, group in enumerate(found.group.tolist()):
        if group >= 0:
            leader = found.representative[group]
            assert near(said[leader], said[row])
            assert found.similarity[row] == np.float32(slow_similarity(said[leader], said[row]))
        else:
            missed += any(near(said[other], said[row]) for other in leaders if other != row)
    assert missed <= len(texts) // 100
    assert len(found.groups) > 20


def test_similarity_is_not_passed_along_a_chain():
    chain = [COMPLAINT[k : k + 24] for k in range(0, len(COMPLAINT) - 24)]
    found = find_duplicates(chain, guard=False)
    said = contents(chain)
    for row, group in enumerate(found.group.tolist()):
        assert group < 0 or slow_similarity(said[row], said[found.representative[group]]) >= 0.8
    assert len(found.groups) > 1


ROWS = st.lists(st.sampled_from([*edited(2, n_bases=8), *CLAUSES, "", "好评", "好评！", "👍", "此用户未填写评价内容"]), max_size=40)


@settings(deadline=None, max_examples=40)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(texts, random):
    order = list(range(len(texts)))
    random.shuffle(order)
    one, other = find_duplicates(texts), find_duplicates([texts[row] for row in order])
    np.testing.assert_array_equal(one.group[order], other.group)
    np.testing.assert_array_equal(one.similarity[order], other.similarity)
    pd.testing.assert_frame_equal(one.groups.drop(columns="representative"), other.groups.drop(columns="representative"))


@settings(deadline=None, max_examples=40)
@given(ROWS)
def test_every_row_twice(texts):
    one, twice = find_duplicates(texts), find_duplicates(texts * 2)
    group, again = np.split(twice.group, 2)
    np.testing.assert_array_equal(group, again)
    np.testing.assert_array_equal(group >= 0, [text != "" for text in contents(texts)])
    assert {rows for rows in partition(group) if len(rows) > 1} == partition(one.group)
    assert twice.groups["text"].head(len(one.groups)).tolist() == one.groups["text"].tolist()


@settings(deadline=None, max_examples=20)
@given(ROWS, st.integers(1, 60))
def test_the_size_of_parts_changes_nothing(texts, size):
    expected = find_duplicates(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scorer, "CHUNK_CHARS", size)
        same(find_duplicates(texts), expected)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_text_passes(texts):
    found = find_duplicates(texts)
    assert found.group.shape == found.similarity.shape == found.repeat.shape == (len(texts),)
    assert found.groups["count"].sum() == (found.group >= 0).sum()
    assert (found.groups["exact"] <= found.groups["count"]).all()
    assert (found.groups["count"] >= 2).all()


@pytest.mark.parametrize(
    ("texts", "groups"), [([], 0), (["登录失败"], 0), (["登录失败"] * 2, 1), (["登录失败", "太贵了"], 0), ([""] * 3, 0)]
)
def test_few_rows(texts, groups):
    found = find_duplicates(texts)
    assert (len(found.groups), found.n_superfluous) == (groups, max(len(texts) - 1, 0) if groups else 0)
    columns = ["representative", "text", "count", "exact", "customers", "first_time", "last_time"]
    assert found.groups.columns.tolist() == columns
    assert (found.group.dtype, found.representative.dtype, found.similarity.dtype, found.repeat.dtype) == (int, int, np.float32, bool)


def test_corpora_of_other_tests(edge):
    found = find_duplicates(edge)
    said = contents(edge)
    assert partition(found.group) == {
        frozenset(row for row, text in enumerate(said) if text == content) for content in set(said) - {""} if said.count(content) > 1
    }


def test_a_million_copies():
    found = find_duplicates(["快递包装破损，客服不处理"] * 1_000_000)
    assert found.groups[["representative", "count", "exact"]].to_numpy().tolist() == [[0, 1_000_000, 1_000_000]]
    assert found.n_superfluous == 999_999


def test_a_long_paste():
    random = np.random.default_rng(0)
    paste = "".join(map(chr, random.integers(0x4E00, 0x9000, 100_000)))
    found = find_duplicates([paste, "好用", paste[:50_000] + "顺便说一句" + paste[50_000:], paste[:60_000]])
    assert found.group.tolist() == [0, -1, 0, -1]


def test_english_and_emoji():
    english = "The app crashes every time I open the order page, please fix it soon"
    found = find_duplicates(
        [english, english.upper().replace(",", " -"), english.replace("please", "so please"), "👍" * 2, "👍👍", "👍👍👍"]
    )
    assert found.group.tolist() == [0, 0, 0, 1, 1, -1]
    other = "The delivery was late again and nobody at the support line could tell me where my parcel was"
    assert find_duplicates([english, other]).group.tolist() == [-1, -1]


def test_customers_times_and_repeats():
    texts = ["登录失败", "太贵", "登录失败！", "登录失败", "登录失败。", "登录失败", "太贵了吧"]
    customers = ["甲", "甲", "乙", "甲", None, "", "乙"]
    times = ["2024-06-03", "2024-06-01", "2024-06-04", "2024-06-02", None, "2024-06-09", None]
    found = find_duplicates(texts, customers=customers, times=times)
    assert found.group.tolist() == [0, -1, 0, 0, 0, 0, -1]
    row = found.groups.iloc[0]
    assert (row["representative"], row["text"], row["count"], row["exact"], row["customers"]) == (0, "登录失败", 5, 5, 2)
    assert (row["first_time"], row["last_time"]) == (pd.Timestamp("2024-06-02"), pd.Timestamp("2024-06-09"))
    # 甲 said it on the second first; nobody knows whether those without a number are one person.
    assert found.repeat.tolist() == [True, False, False, False, False, False, False]


def test_numbers_as_customers_and_what_was_not_given():
    texts = ["登录失败"] * 4
    assert find_duplicates(texts, customers=np.array([7, 7, -1, 8])).groups["customers"].tolist() == [2]
    assert find_duplicates(texts, customers=[None, float("nan"), pd.NA, ""]).groups["customers"].tolist() == [0]
    found = find_duplicates(pd.Series(texts, index=[5, 6, 7, 8]))
    assert found.groups[["customers", "first_time", "last_time"]].isna().all(axis=None)
    assert not found.repeat.any()


def test_times_keep_their_zone():
    times = pd.Series(pd.to_datetime(["2024-06-01 08:00", "2024-06-01 09:00"]).tz_localize("Asia/Shanghai"), index=[3, 4])
    found = find_duplicates(["登录失败"] * 2, times=times)
    assert found.groups["first_time"].tolist() == [times.iloc[0]]
    assert found.groups["last_time"].tolist() == [times.iloc[1]]


def test_the_representative_is_chosen_by_content():
    texts = [COMPLAINT + "谢谢", COMPLAINT.replace("一直", "总是"), "好！用", *[COMPLAINT + "！"] * 2, COMPLAINT, "好用", "好，用", "好用"]
    for shift in range(len(texts)):
        rows = [*texts[shift:], *texts[:shift]]
        found = find_duplicates(rows)
        assert found.groups["text"].tolist() == [COMPLAINT + "！", "好用"]
        assert [rows[row] for row in found.representative.tolist()] == found.groups["text"].tolist()
        assert found.groups["exact"].tolist() == [3, 4]
        assert found.groups["count"].tolist() == [5, 4]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0.4}, "threshold: expected a number from 0.5 to 1, got 0.4"),
        ({"threshold": float("nan")}, "threshold: expected a number"),
        ({"customers": ["甲"]}, "customers: expected 2 values, one a text, got 1"),
        ({"times": ["2024-06-01"] * 3}, "times: expected 2 values, one a text, got 3"),
        ({"times": ["gestern", "heute"]}, "times: expected datetimes or ISO 8601 strings"),
    ],
)
def test_errors(options, message):
    with pytest.raises(InputError, match=message):
        find_duplicates(["登录失败", "太贵"], **options)


def test_what_is_no_text():
    with pytest.raises(TextTypeError, match="position 1"):
        find_duplicates(["登录失败", 3])
    with pytest.raises(TextTypeError, match="single text"):
        find_duplicates("登录失败")
