import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.scorer.clauses import CLAUSE_END, MAX_CLAUSE, clause_end_table, split_clauses
from feedback_nlp.text.batch import TextBatch

# The oracle: one character after another, as the docstring says. The fast path compares shifted arrays of the whole batch, where the
# last character of one row stands next to the first of another; every way that can go wrong shows as a difference from this.

ENDS = "，。！？；,.!?;…~\n:：、 "


def slow_clauses(text):
    clauses, start = [], 0
    for at in range(1, len(text)):
        if (text[at - 1] in ENDS and text[at] not in ENDS) or at - start == 4096:
            clauses.append(text[start:at])
            start = at
    return clauses + ([text[start:]] if text else [])


def fast_clauses(texts):
    """The clauses of each text, after a look at everything the pointers promise."""
    batch = TextBatch.from_texts(texts)
    clause_ptr, text_ptr = split_clauses(batch.codes, batch.indptr)
    assert clause_ptr.dtype == text_ptr.dtype == np.int64
    assert clause_ptr.ndim == text_ptr.ndim == 1
    assert clause_ptr.flags.c_contiguous and text_ptr.flags.c_contiguous
    assert len(text_ptr) == len(texts) + 1
    assert (clause_ptr[0], clause_ptr[-1], text_ptr[0], text_ptr[-1]) == (0, len(batch.codes), 0, len(clause_ptr) - 1)
    assert np.all((np.diff(clause_ptr) >= 1) & (np.diff(clause_ptr) <= MAX_CLAUSE))
    assert clause_ptr[text_ptr].tolist() == batch.indptr.tolist()
    clauses = TextBatch(batch.codes, clause_ptr).to_texts()
    return [clauses[first:last] for first, last in zip(text_ptr[:-1].tolist(), text_ptr[1:].tolist(), strict=True)]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("", []),
        ("好", ["好"]),
        ("。", ["。"]),
        ("好。", ["好。"]),
        ("。好", ["。", "好"]),
        ("闪退，太影响工作了！！请修", ["闪退，", "太影响工作了！！", "请修"]),
        ("ok, thanks... 好~", ["ok, ", "thanks... ", "好~"]),
        ("一\n二:三：四、五；六;七?八？九!十", ["一\n", "二:", "三：", "四、", "五；", "六;", "七?", "八？", "九!", "十"]),
        ("省略……号", ["省略……", "号"]),
        ("！。，", ["！。，"]),
        ("（好）“好”-好/好", ["（好）“好”-好/好"]),
    ],
)
def test_clauses(text, clauses):
    assert slow_clauses(text) == clauses
    assert fast_clauses([text]) == [clauses]


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["", "好"], ["好", ""], ["", "a,b", "", "", "c", ",d,", ""], ["a,", ",b", "c"]])
def test_empty_rows_and_neighbours(texts):
    assert fast_clauses(texts) == list(map(slow_clauses, texts))


@pytest.mark.parametrize("length", [4095, 4096, 4097, 8191, 8192, 8193, 20_000])
@pytest.mark.parametrize("char", ["好", "。"])
def test_a_long_clause_is_cut(length, char):
    texts = ["a,b", char * length, "", f"前，{char * length}，{char * length}后", "c"]
    assert fast_clauses(texts) == list(map(slow_clauses, texts))
    assert [len(clause) for clause in fast_clauses(["好" * 10_000])[0]] == [4096, 4096, 1808]


def test_the_text_after_a_cut_clause_begins_anew():
    assert [len(clause) for clause in fast_clauses(["好" * 5000 + "。" + "好" * 5000])[0]] == [4096, 905, 4096, 904]


def test_the_set_is_the_one_written_here():
    assert set(ENDS) == set(CLAUSE_END)
    assert len(ENDS) == len(CLAUSE_END)
    table = clause_end_table()
    assert table.shape == (0x110000,)
    assert table.dtype == bool
    assert set(map(chr, np.flatnonzero(table).tolist())) == set(ENDS)
    assert clause_end_table() is table
    assert not table.flags.writeable


def test_every_end_ends_and_its_neighbours_in_unicode_do_not():
    for char in ENDS:
        assert fast_clauses([f"好{char}好"]) == [[f"好{char}", "好"]]
        for other in {chr(ord(char) - 1), chr(ord(char) + 1)} - set(ENDS):
            assert fast_clauses([f"好{other}好"]) == [[f"好{other}好"]]


def test_importing_builds_no_table():
    code = "from feedback_nlp.scorer.clauses import clause_end_table as table; assert table.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", code], check=True)


TEXTS = st.lists(st.text(st.sampled_from("好用a1" + ENDS + "\U0001f600\U0010ffff\x00"), max_size=30), max_size=12)


@settings(deadline=None, max_examples=300, database=None)
@given(TEXTS)
def test_any_texts(texts):
    assert fast_clauses(texts) == list(map(slow_clauses, texts))


@settings(deadline=None, max_examples=100, database=None)
@given(TEXTS, TEXTS)
def test_splitting_a_batch_changes_nothing(left, right):
    assert fast_clauses(left + right) == fast_clauses(left) + fast_clauses(right)


def test_permuting_rows_changes_nothing():
    dice = random.Random(0)
    texts = ["".join(dice.choices("好用a" + ENDS, k=dice.randrange(40))) for _ in range(500)]
    order = dice.sample(range(500), 500)
    once = fast_clauses(texts)
    assert fast_clauses([texts[at] for at in order]) == [once[at] for at in order]
