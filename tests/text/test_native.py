"""The compiled half of cleaning: the bits of its numpy twins, and no buffer it does not check."""

import os
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedback_nlp.scorer.clauses import MAX_CLAUSE, clause_end_table, fold_and_split, split_clauses
from feedback_nlp.text import batch as batch_module
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import RARE, character_table
from feedback_nlp.text.clean import clean, tidy, tidy_numpy
from feedback_nlp.text.native import MODULE, VERSION, native

#: Set where there is no compiler on purpose. Everywhere else, CI included, a missing extension is a failure and not a skip.
NO_COMPILER = "FEEDBACK_NLP_NO_COMPILER"

pytestmark = pytest.mark.skipif(bool(os.environ.get(NO_COMPILER)), reason=f"{NO_COMPILER} is set")


def test_the_extension_is_there_unless_said_otherwise():
    assert native() is not None, f"{MODULE} is missing or of another version: install the package again, or set {NO_COMPILER}=1"
    assert native().VERSION == VERSION


@pytest.mark.parametrize("module", [None, SimpleNamespace(), SimpleNamespace(VERSION=-1)])
def test_a_missing_or_foreign_extension_is_not_used(monkeypatch, module):
    expected = clean(["好用。。。。。 ", "<b>坏</b>"]).texts()
    monkeypatch.setitem(sys.modules, MODULE, module)
    native.cache_clear()
    try:
        assert native() is None
        assert clean(["好用。。。。。 ", "<b>坏</b>"]).texts() == expected
    finally:
        monkeypatch.undo()
        native.cache_clear()


def same(left, right):
    assert left.dtype == right.dtype
    assert left.tolist() == right.tolist()


#: What the loops treat each in its own way: blanks, repeats, digits, dropped characters, what needs the rules, full width, beyond the BMP.
ALPHABET = "  \t\u3000\u200b\ufeff..//w:_#@<&。，！!~…aaＡ110０*好好用坏沒\u0301\ufffd\ud800\U0001f600\U0010ffff\x00"
ANY_TEXT = st.text(st.sampled_from(ALPHABET), max_size=40) | st.text(st.characters(exclude_categories=()), max_size=8)
TEXTS = st.lists(ANY_TEXT, max_size=8)
CASES = [[], [""], ["", "", ""], [" "], ["   "], [" 好 "], ["好  好"], ["\u200b"], [".", "w", ".a"], ["www", ".com"], [":/", "/"], ["//"]]
LONG = ["好" * 200, "1" * 200, " " * 200, "好用，" * 100, "。" * 63 + "好" * 66, "a" * 64 + "。" + "b" * 63 + "，" + "c" * 65, "x. " * 90]


def check_tidy(texts, *, ruled):
    batch = TextBatch.from_texts(texts)
    (left, rows), (right, expected) = tidy(batch, ruled=ruled), tidy_numpy(batch, ruled=ruled)
    same(left.codes, right.codes)
    same(left.indptr, right.indptr)
    same(rows, expected)


@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize("texts", [*CASES, LONG, [*LONG, "", *LONG]])
def test_cleaning_gives_the_same_bits(texts, ruled):
    check_tidy(texts, ruled=ruled)


@settings(deadline=None, max_examples=500, database=None)
@given(texts=TEXTS, ruled=st.booleans())
def test_cleaning_any_texts_gives_the_same_bits(texts, ruled):
    check_tidy(texts, ruled=ruled)


def test_every_code_point_gives_the_same_bits():
    """Alone, twice, four times, between letters: what depends on a character depends on no more around it."""
    codes = np.arange(0x110000, dtype=np.uint32)
    for pattern in ([0], [0, 0], [0] * 4, [ord("w"), 0, ord("a")]):
        rows = np.where(np.array(pattern) == 0, codes[:, None], np.array(pattern, np.uint32)).astype(np.uint32)
        batch = TextBatch(rows.ravel(), np.arange(len(codes) + 1) * len(pattern))
        (left, found), (right, expected) = tidy(batch), tidy_numpy(batch)
        assert np.array_equal(left.codes, right.codes)
        assert np.array_equal(left.indptr, right.indptr)
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("texts", [[".", "w"], ["w", "."], ["ww", ".x"], ["/", "/"], ["a:/", "/b"]])
def test_what_a_row_needs_does_not_depend_on_the_row_before(texts):
    for path in (tidy, tidy_numpy):
        assert path(TextBatch.from_texts(texts))[1].tolist() == []


@settings(deadline=None, max_examples=200, database=None)
@given(texts=TEXTS)
def test_strings_become_the_same_code_points(monkeypatch_native, texts):
    fast = TextBatch.from_texts(texts)
    with monkeypatch_native(batch_module):
        slow = TextBatch.from_texts(texts)
    same(fast.codes, slow.codes)
    same(fast.indptr, slow.indptr)
    assert fast.to_texts() == list(texts)


@pytest.fixture(scope="module")
def monkeypatch_native():
    """A context in which a module finds no extension."""

    def without(module):
        patch = pytest.MonkeyPatch()
        patch.setattr(module, "native", lambda: None)

        class Undo:
            def __enter__(self):
                return None

            def __exit__(self, *error):
                patch.undo()

        return Undo()

    return without


@settings(deadline=None, max_examples=300, database=None)
@given(texts=TEXTS)
@example(texts=LONG)
@example(
    texts=["好" * (MAX_CLAUSE - 1), "好" * MAX_CLAUSE, "好" * (MAX_CLAUSE + 1), "，" * 3 * MAX_CLAUSE + "好", "", "好，" + "坏" * 9000]
)
@example(texts=["，", "，好", "，，", "好，", ""])
def test_clauses_are_the_same(texts):
    batch = TextBatch.from_texts(texts)
    folded = character_table().fold[batch.codes]
    for left, right in zip(fold_and_split(batch), (folded, *split_clauses(folded, batch.indptr)), strict=True):
        same(left, right)


def test_other_strings_than_lists():
    for texts in (("好", "坏"), np.array(["好", "坏"], object), ["好", "坏"]):
        assert TextBatch.from_texts(texts).to_texts() == ["好", "坏"]


# Wrong calls: what is right, and per case the one argument that is not.


def right(name):
    table, codes, indptr = character_table(), np.array([97, 98, 99], np.uint32), np.array([0, 2, 2, 3])
    if name == "flatten":
        return {"codes": codes.copy(), "indptr": indptr, "texts": ["ab", "", "c"]}
    if name == "clean":
        fixed = {"codes": codes, "indptr": indptr, "clean": table.clean, "flags": table.flags}
        return fixed | {"out": np.zeros(3, np.uint32), "out_indptr": np.zeros(4, np.int64), "rare": np.zeros(3, bool), "check": True}
    fixed = {"codes": codes, "indptr": indptr, "fold": table.fold, "ends": clause_end_table(), "folded": np.zeros(3, np.uint32)}
    return fixed | {"clause_ptr": np.zeros(4, np.int64), "text_ptr": np.zeros(4, np.int64)}


def read_only(array):
    array.setflags(write=False)
    return array


POINTERS = [[0, 2, 2, 4], [0, 2, 1, 3], [1, 2, 2, 3], [0, -1, 2, 3], [0, 2, 2, 2], [0, 2**62, -(2**62), 3], [0, 2, 3], []]
WRONG = [
    *((name, "indptr", np.array(pointers, np.int64)) for name in ("flatten", "clean", "split") for pointers in POINTERS),
    *((name, "indptr", np.array([0, 2, 2, 3], np.int32)) for name in ("flatten", "clean", "split")),
    *((name, "codes", np.array([97, 98, 99], np.int64)) for name in ("flatten", "clean", "split")),
    *((name, "codes", np.zeros(2, np.uint32)) for name in ("flatten", "clean", "split")),
    *((name, "codes", np.array([97, 98, 0x110000], np.uint32)) for name in ("clean", "split")),
    ("flatten", "codes", read_only(np.zeros(3, np.uint32))),
    *(("flatten", "texts", texts) for texts in (["ab", "", ""], ["ab", "c", ""], ["abc", "", "c"], ["ab", "c"], ["ab", "", 7])),
    ("clean", "clean", np.zeros(9, np.uint32)),
    ("clean", "flags", np.zeros(9, np.uint8)),
    ("clean", "flags", np.zeros(0x110000, np.int64)),
    ("clean", "out", np.zeros(2, np.uint32)),
    ("clean", "out", read_only(np.zeros(3, np.uint32))),
    ("clean", "out_indptr", np.zeros(3, np.int64)),
    ("clean", "rare", np.zeros(4, bool)),
    ("clean", "rare", None),
    ("split", "fold", np.zeros(9, np.uint32)),
    ("split", "ends", np.zeros(9, bool)),
    ("split", "folded", np.zeros(4, np.uint32)),
    ("split", "clause_ptr", np.zeros(3, np.int64)),
    ("split", "text_ptr", np.zeros(3, np.int64)),
]


@pytest.mark.parametrize(("function", "argument", "value"), WRONG, ids=[f"{name}-{key}-{at}" for at, (name, key, _) in enumerate(WRONG)])
def test_wrong_arguments_are_refused(function, argument, value):
    getattr(native(), function)(*right(function).values())
    with pytest.raises(ValueError, match=": expected "):
        getattr(native(), function)(*(right(function) | {argument: value}).values())


@pytest.mark.parametrize("function", ["clean", "split"])
def test_tables_beyond_unicode_do_no_harm(function):
    """A table is trusted to be right, not to be safe to follow."""
    arguments = right(function)
    key = "clean" if function == "clean" else "fold"
    arguments[key] = np.full(0x110000, 0xFFFFFFFF, np.uint32)
    getattr(native(), function)(*arguments.values())


def test_the_flags_of_the_extension_are_those_of_the_table():
    """A character flagged RARE, and only that, sends its row to the rules."""
    table = character_table()
    rows = TextBatch(np.arange(0x110000, dtype=np.uint32), np.arange(0x110001))
    expected = np.flatnonzero(table.flags & RARE)
    assert sorted(set(expected.tolist()) - set(tidy(rows)[1].tolist())) == sorted(map(ord, "./"))
