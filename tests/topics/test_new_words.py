"""New words against counts and entropies of substrings written out in pure Python, and the laws they must keep."""

import math
import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.text.tokenize import Tokenizer
from feedback_nlp.topics import find_new_words, substrings
from feedback_nlp.topics.new_words import join_parts
from feedback_nlp.topics.substrings import UnitText, cohesions, entropies, levels

COLUMNS = ["word", "count", "documents", "cohesion", "left_entropy", "right_entropy", "score", "examples"]
UNIT = re.compile(r"[\u4e00-\u9fff]|[0-9A-Za-z]+|.", re.S)


def slow_rows(texts):
    """Units of each text, None for a break."""
    rows = []
    for text in texts:
        row = []
        for unit in UNIT.findall(text):
            word = unit.isascii() and unit.isalnum()
            good = (len(unit) <= substrings.MAX_RUN and not unit.isdigit()) if word else "\u4e00" <= unit <= "\u9fff"
            row.append(unit if good else None)
        rows.append([None, *row, None])
    return rows


def slow_counts(texts, min_count, max_length):
    """The oracle: {units: (count, cohesion, left entropy, right entropy)}."""
    rows = slow_rows(texts)
    total = sum(unit is not None for row in rows for unit in row)
    count, left, right = Counter(), {}, {}
    for row in rows:
        for length in range(1, max_length + 1):
            for at in range(1, len(row) - length):
                gram = tuple(row[at : at + length])
                if None not in gram:
                    count[gram] += 1
                    left.setdefault(gram, []).append(row[at - 1])
                    right.setdefault(gram, []).append(row[at + length])
    return {
        gram: (times, slow_cohesion(gram, count, total), slow_entropy(left[gram]), slow_entropy(right[gram]))
        for gram, times in count.items()
        if times >= min_count and len(gram) > 1
    }


def slow_cohesion(gram, count, total):
    return min(math.log(count[gram] * total / (count[gram[:cut]] * count[gram[cut:]])) for cut in range(1, len(gram)))


def slow_entropy(neighbours):
    """A break is a neighbour of its own each time."""
    shares = [times for unit, times in Counter(neighbours).items() if unit is not None] + [1] * neighbours.count(None)
    return sum(-times / len(neighbours) * math.log(times / len(neighbours)) for times in shares)


WORDS = ("闪退", "花呗", "5G卡", "客服", "登录", "K歌", "的", "了", "很", "慢", "app", "。", "，", " ", "😀", "123", "Lovebetting")


def some_texts(n, seed=5):
    random = np.random.default_rng(seed)
    return ["".join(random.choice(WORDS, random.integers(0, 12))) for _ in range(n)]


BEFORE = ("打开", "昨天", "软件", "更新", "手机", "为什么", "经常", "马上", "又见", "每次", "点击", "账户")
AFTER = ("怎么办", "严重", "三次", "问题", "没人管", "退款", "真烦", "两回", "客服", "页面", "提示", "失败")


def real_texts():
    """Each new word once beside each of twelve neighbours, among texts without any."""
    words = [a + word + b for word in ("闪退", "花呗", "5G卡") for a, b in zip(BEFORE, AFTER, strict=True)]
    return words + [a + b for a in BEFORE for b in AFTER]


@pytest.mark.parametrize(("min_count", "max_length"), [(2, 2), (3, 4), (5, 6)])
def test_counts_match_the_oracle(min_count, max_length):
    texts = some_texts(150)
    text, built, found = UnitText.from_texts(texts), [], {}
    for level in levels(text, min_count=min_count, max_length=max_length):
        built.append(level)
        if level.length > 1:
            everything = np.ones(len(level.count), bool)
            columns = [cohesions(built, int((text.units > 0).sum())), *(entropies(text, level, everything, side=side) for side in (-1, 1))]
            for number, word in enumerate(text.spell(level.position, level.length)):
                found[word] = (level.count[number], *(column[number] for column in columns))
    expected = {"".join(gram): values for gram, values in slow_counts(texts, min_count, max_length).items()}
    assert found.keys() == expected.keys()
    for word, values in expected.items():
        assert found[word] == pytest.approx(values), word


def test_units_of_a_text():
    text = UnitText.from_texts(["5G卡，好 app", "", "12306 Lovebetting 𠮷\n\ud800"])
    shown = [text.text[a:b] if unit else "|" for unit, a, b in zip(text.units, text.start, text.end, strict=True)]
    assert "".join(shown) == "|5G卡|好|app||||||𠮷|||"
    assert text.rows.tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2]


def test_finds_words_the_dictionary_lacks():
    table = find_new_words(real_texts(), min_count=5)
    assert set(table["word"]) >= {"闪退", "花呗", "5G卡"}
    row = table.set_index("word").loc["闪退"]
    assert (row["count"], row["documents"]) == (12, 12)
    assert len(row["examples"]) == 2
    assert all("闪退" in quote for quote in row["examples"])
    assert table["score"].tolist() == sorted(table["score"], reverse=True)
    assert not {"客服", "手机", "退怎"} & set(table["word"])


def test_a_user_dictionary():
    words = find_new_words(real_texts(), min_count=5)["word"].tolist()
    assert Tokenizer(user_dictionary=words).cut("我的花呗闪退")[-2:] == ["花呗", "闪退"]
    assert "闪退" not in set(find_new_words(real_texts(), min_count=5, known=Tokenizer(user_dictionary=["闪退"], hmm=False))["word"])


def test_longer_words_absorb_their_parts():
    texts = [text.replace("闪退", "萌咖猫") for text in real_texts()]
    assert [word for word in find_new_words(texts, min_count=5)["word"] if set(word) & set("萌咖猫")] == ["萌咖猫"]


def test_order_and_duplicates_change_nothing():
    texts = real_texts()
    whole = find_new_words(texts, min_count=5)
    order = np.random.default_rng(1).permutation(len(texts))
    pd.testing.assert_frame_equal(find_new_words([texts[i] for i in order], min_count=5), whole)
    pd.testing.assert_frame_equal(find_new_words(texts * 3 + texts[:7], min_count=5), whole)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_slices_change_nothing(monkeypatch, size):
    texts = real_texts()[::3]
    whole = find_new_words(texts, min_count=3)
    monkeypatch.setattr(substrings, "SLICE", size)
    pd.testing.assert_frame_equal(find_new_words(texts, min_count=3), whole)


def test_edges(edge):
    table = find_new_words(edge, min_count=2)
    assert table.columns.tolist() == COLUMNS
    assert table.empty
    assert table.dtypes.astype(str).tolist() == ["str", "int64", "int64", "float64", "float64", "float64", "float64", "object"]


def test_top():
    assert (
        find_new_words(real_texts(), min_count=5, top=1)["word"].tolist() == find_new_words(real_texts(), min_count=5)["word"][:1].tolist()
    )


@pytest.mark.parametrize(
    ("tokens", "words", "expected"),
    [
        ([], {"闪退"}, []),
        (["一直", "闪", "退"], {"闪退"}, ["一直", "闪退"]),
        (["花", "呗", "闪", "退"], {"花呗", "呗闪"}, ["花呗", "闪", "退"]),
    ],
)
def test_join_parts(tokens, words, expected):
    assert join_parts(tokens, words) == expected


def test_errors():
    with pytest.raises(InputError, match="expected 2 or more, got 1 and 6"):
        find_new_words([], min_count=1)
    with pytest.raises(TextTypeError, match="got one string"):
        find_new_words("闪退")
    with pytest.raises(TextTypeError, match="row 1: expected a string, got NoneType"):
        find_new_words(["闪退", None])
