"""What is written: names, titles, numbers, dates."""

import datetime
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_fonts import make_font

from feedback_nlp.errors import InputError
from feedback_nlp.plots.fonts import find_font
from feedback_nlp.plots.labels import KINDS, LABELS, check_lang, count_text, day_text, share_text, short_count
from feedback_nlp.plots.letters import Letters, elide, width, wrap


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    path = make_font(tmp_path_factory.mktemp("letters") / "few.ttf", {*string.printable, *"电池续航闪退客服未知，。"} - {"…"})
    return Letters(find_font(path), "zh")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("电池续航", "电池续航"),
        ("  电池\n续航\t闪退 ", "电池 续航 闪退"),
        ("$5 闪退 $10", "$5 闪退 $10"),
        ("闪退\U0001f600", "闪退"),
        ("闪退☃\ufe0f", "闪退"),
        ("\u200b闪退\x00", "闪退"),
        # A letter in five is missing and shown to be so; a letter in two makes the name unreadable.
        ("电池续航龘", "电池续航?"),
        ("闪龘", "#7"),
        ("龘龘龘", "#7"),
        ("\U0001f600\U0001f600", "#7"),
        ("", "未知"),
        ("   ", "未知"),
        (None, "未知"),
        (2025, "2025"),
        (("电池", "闪退"), "('电池', '闪退')"),
    ],
)
def test_names(letters, name, written):
    assert letters.name(name, place=7) == written


@given(st.text(max_size=30), st.integers(5, 30))
def test_any_name_can_be_written_on_one_line_in_its_columns(letters, text, columns):
    written = letters.name(text, place=12, columns=columns)
    assert (written.strip() != "", letters.font.lacks(written), "\n" in written) == (True, "", False)
    assert width(written) <= columns


def test_long_names_are_cut_to_their_columns(letters):
    # The font has no ellipsis, so three dots stand for it.
    assert letters.name("电池续航电池续航", place=1, columns=11) == "电池续航..."
    assert letters.name("电池续航", place=1, columns=8) == "电池续航"


@pytest.mark.parametrize(
    ("given", "written"),
    [("电池", "电池"), (None, "own"), ("", ""), ("龘龘", "own"), ("电池\n闪退", "电池\n闪退")],
)
def test_titles(letters, given, written):
    assert letters.title(given, "own") == written


@pytest.mark.parametrize(
    ("text", "columns", "cut"),
    [
        ("", 0, ""),
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("电池", 4, "电池"),
        ("电池航", 4, "电…"),
        ("电池航", 5, "电池…"),
        ("a 电", 3, "a…"),
    ],
)
def test_elide(text, columns, cut):
    assert elide(text, columns) == cut


@given(st.text(max_size=30), st.integers(1, 20))
def test_an_elided_text_fits_and_is_a_beginning(text, columns):
    cut = elide(text, columns)
    assert cut == text or (width(cut) <= columns and text.startswith(cut[:-1]) and cut[-1] == "…")


def test_wrap_keeps_every_character_and_begins_no_line_with_a_closing_mark():
    text = "电池续航，闪退。客服"
    assert wrap(text, 8) == "电池续航，\n闪退。客\n服"
    assert wrap("", 8) == ""
    assert wrap(text, 100) == text


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (1500, "1500", "1.5k"),
        (20_000, "2万", "20k"),
        (1_250_000, "125万", "1.25M"),
        (3e8, "3亿", "300M"),
        (2.5e9, "25亿", "2.5B"),
    ],
)
def test_numbers_of_axes(number, zh, en):
    assert (short_count(number, "zh"), short_count(number, "en")) == (zh, en)


def test_other_numbers():
    assert [count_text(number) for number in (0, 999, 12345, 1e9)] == ["0", "999", "12,345", "1,000,000,000"]
    assert [share_text(share) for share in (0, 0.0001, 0.006, 0.349, 1)] == ["0%", "<1%", "1%", "35%", "100%"]
    assert [day_text(datetime.date(2025, 5, 3), lang) for lang in ("zh", "en")] == ["5月3日", "May 3"]


def test_both_languages_say_the_same():
    def fields(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert LABELS["zh"].keys() == LABELS["en"].keys()
    assert {key for key in LABELS["zh"] if fields(LABELS["zh"][key]) != fields(LABELS["en"][key])} == set()
    assert [len(words["weekdays"]) for words in LABELS.values()] == [7, 7]
    assert KINDS.keys() == LABELS.keys()


def test_an_unknown_language():
    with pytest.raises(InputError, match="lang: expected one of 'zh', 'en', got 'fr'"):
        check_lang("fr")
