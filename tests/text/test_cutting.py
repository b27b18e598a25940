"""The compiled cutting and its numpy twin: the same tokens and keys. That they are those of jieba is the matter of ``test_tokenize``."""

import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedback_nlp.text import cutting, hmm
from feedback_nlp.text.cutting import UNKNOWN, cut, cut_numpy
from feedback_nlp.text.lexicon import N_CODES, kinds
from feedback_nlp.text.tokenize import Tokenizer

#: Set where there is no compiler on purpose. Everywhere else, CI included, a missing extension is a failure and not a skip.
NO_COMPILER = "FEEDBACK_NLP_NO_COMPILER"
needs_compiler = pytest.mark.skipif(bool(os.environ.get(NO_COMPILER)), reason=f"{NO_COMPILER} is set")

#: User words of each sort: longer than any of the dictionary, bound to stand alone, of one character, with spaces and signs, over segments.
USER = [
    "融e联",
    "登录失败页面打不开了怎么办呢急急急急",
    "C++",
    "5G",
    "iPhone 15",
    "4G/5G",
    "😀👍",
    "e",
    "好",
    "的登",
    "\ud800好",
    "日日日日",
]
PLAIN, WITH_USER = Tokenizer()._build(), Tokenizer(user_dictionary=USER)._build()
LEXICONS = {"plain": PLAIN, "user": WITH_USER}

PIECES = st.one_of(
    st.sampled_from(["登录失败", "客服", "中国国人", "不好", "了", "日日日", "鱫鿕鿖", "结合成分子时", "研究生命起源", *USER]),
    st.sampled_from([*"+#&._%-aZ09 \r\n\t，。😀𠀀々１é\x00", "\ud800", "\udfff", "\U0010ffff", "\r\n", "1.5%", "3.", ".5", "1.2.3", "%%"]),
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FD5), max_size=6),
    st.text(st.characters(exclude_categories=()), max_size=3),
)
ROWS = st.lists(st.lists(PIECES, max_size=14).map("".join), max_size=5)
EDGES = [
    [],
    [""],
    ["", "", ""],
    ["", "好", "", "登录失败", ""],
    ["登录失", "败页面", "a ", "b"],
    ["\n", "\r", "\r\n", "\r", "\n", "\n\r\n\n\r\r\n"],
    [*"鱫a。9%\ud800\x00😀\r"],
    ["\x00", "\x00\x00", "好\x00"],
    ["日" * 3000, "鱫" * 3000, "好用" * 1500, "a1.5%" * 600, "1." * 1500, "登录失败页面" * 500],
    ["用户体验不好，" * 14_286],
    [chr(code) for code in range(0x4DFE, 0x9FDA, 37)],
]


def same(texts, lexicon, *, use_hmm):
    ours, twin = cut(texts, lexicon, use_hmm=use_hmm), cut_numpy(texts, lexicon, use_hmm=use_hmm)
    assert ours.text == twin.text
    for name in ("codes", "start", "stop", "key", "counts"):
        left, right = getattr(ours, name), getattr(twin, name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


@needs_compiler
def test_the_extension_is_there_unless_said_otherwise():
    assert cutting.compiled()


@needs_compiler
@pytest.mark.parametrize("use_hmm", [True, False])
@pytest.mark.parametrize("lexicon", LEXICONS.values(), ids=LEXICONS)
@pytest.mark.parametrize("texts", EDGES, ids=range(len(EDGES)))
def test_both_ways_cut_alike_at_the_edges(texts, lexicon, use_hmm):
    same(texts, lexicon, use_hmm=use_hmm)


@needs_compiler
@settings(max_examples=400, deadline=None)
@given(ROWS, st.sampled_from(list(LEXICONS.values())), st.booleans())
@example(["iPhone 15Pro", "5G15G 5GB", "C++C+++VC++", "ee e 融e联e"], WITH_USER, True)
def test_both_ways_cut_wild_text_alike(texts, lexicon, use_hmm):
    same(texts, lexicon, use_hmm=use_hmm)


@needs_compiler
@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("登录失败页面a1 +", min_size=1, max_size=5).map(str.strip).filter(bool), min_size=1, max_size=6), st.data())
def test_both_ways_cut_alike_with_any_dictionary(words, data):
    texts = data.draw(st.lists(st.lists(st.sampled_from([*words, *"登录失败页面a1 +\r\n"]), max_size=12).map("".join), max_size=4))
    same(texts, Tokenizer(user_dictionary=words)._build(), use_hmm=True)


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_every_character_is_in_one_token_and_a_key_names_one_word(texts):
    found = cut(texts, WITH_USER, use_hmm=True)
    tokens = [found.text[start:stop] for start, stop in zip(found.start.tolist(), found.stop.tolist(), strict=True)]
    rows = np.split(np.array(tokens, object), np.cumsum(found.counts)[:-1]) if texts else []
    assert ["".join(row) for row in rows] == texts
    known = {(key, token) for key, token in zip(found.key.tolist(), tokens, strict=True) if key != UNKNOWN}
    assert len({key for key, _ in known}) == len({token for _, token in known}) == len(known)
    assert all(len(token) > 1 for key, token in zip(found.key.tolist(), tokens, strict=True) if key == UNKNOWN)


@pytest.mark.parametrize("module", [None, SimpleNamespace(), SimpleNamespace(VERSION=-1)])
def test_a_missing_or_foreign_extension_is_not_used(monkeypatch, module):
    monkeypatch.setitem(sys.modules, "_feedback_nlp_cut", module)
    cutting._compiled_module.cache_clear()
    try:
        assert not cutting.compiled()
        assert Tokenizer(user_dictionary=["融e联"]).cut("融e联闪退1.5%\r\n") == ["融e联", "闪退", "1.5%", "\r\n"]
    finally:
        monkeypatch.undo()
        cutting._compiled_module.cache_clear()


def arguments(**changed):
    """What the extension is given for one row of two characters, with some of it changed."""
    model = hmm.jieba_model()
    wanted = {
        "codes": np.array([0x767B, 0x5F55, 0], np.uint32),
        "indptr": np.array([0, 3]),
        **{name: getattr(PLAIN, name) for name in ("keys", "weight")},
        "whole": np.zeros(0, np.bool_),
        **{name: getattr(PLAIN, name) for name in ("first", "single")},
        "kinds": kinds(),
        **{name: getattr(model, name) for name in ("start", "move", "emit")},
        **{f"out_{name}": np.zeros(3, np.int64) for name in ("start", "stop", "key")},
        "counts": np.zeros(1, np.int64),
    }
    return [*(wanted | changed).values(), True]


@needs_compiler
def test_the_extension_fills_what_it_is_given():
    filled = arguments()
    slot = int(PLAIN.follow(PLAIN.first[[0x767B]], np.array([0x5F55]))[0])
    assert cutting._compiled_module().cut(*filled) == 1
    assert [array.tolist()[0] for array in filled[11:15]] == [0, 2, slot + N_CODES, 1]


@needs_compiler
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"codes": np.zeros(3, np.int64)}, "codes: expected a C-contiguous uint32"),
        ({"codes": np.zeros(6, np.uint32)[::2]}, "codes: expected a C-contiguous uint32"),
        ({"codes": np.array([1, N_CODES, 0], np.uint32)}, "codes: expected code points"),
        ({"indptr": np.zeros(0, np.int64)}, "expected as many as codes and rows"),
        ({"indptr": np.array([0, 4])}, "indptr: expected pointers"),
        ({"indptr": np.array([0, 2])}, "indptr: expected pointers"),
        ({"indptr": np.array([1, 3])}, "indptr: expected pointers"),
        ({"indptr": np.array([0, -1, 3]), "counts": np.zeros(2, np.int64)}, "indptr: expected pointers"),
        ({"indptr": np.array([0, 0, 3]), "counts": np.zeros(2, np.int64)}, "indptr: expected pointers"),
        ({"keys": np.zeros(3, np.int64), "weight": np.zeros(3)}, "a power of two"),
        ({"keys": np.zeros(0, np.int64), "weight": np.zeros(0)}, "a power of two"),
        ({"weight": np.zeros(4)}, "as many slots"),
        ({"whole": np.zeros(4, np.bool_)}, "as many slots"),
        ({"first": np.zeros(9, np.int64)}, "one element a code point"),
        ({"single": np.zeros(9)}, "one element a code point"),
        ({"kinds": np.zeros(9, np.uint8)}, "one element a code point"),
        ({"start": np.zeros(3)}, "four states"),
        ({"move": np.zeros((4, 3))}, "four states"),
        ({"emit": np.zeros((4, 3))}, "four states"),
        ({"out_start": np.zeros(2, np.int64)}, "expected as many as codes"),
        ({"out_key": np.zeros(2, np.int64)}, "expected as many as codes"),
        ({"out_key": bytes(24)}, "key: expected a writable"),
        ({"counts": np.zeros(2, np.int64)}, "expected as many as codes and rows"),
    ],
)
def test_the_extension_refuses_what_would_go_over_the_edge(changed, message):
    with pytest.raises(ValueError, match=message):
        cutting._compiled_module().cut(*arguments(**changed))


@needs_compiler
def test_a_table_without_a_free_slot_is_searched_once():
    full = {"keys": np.zeros(2, np.int64), "weight": np.zeros(2), "first": np.zeros(N_CODES, np.int64)}
    assert cutting._compiled_module().cut(*arguments(**full)) in (1, 2)
