"""The cloud: large for heavy, no word on another, always the same."""

import itertools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from plot_tables import NAMES, keywords

from feedback_nlp.errors import InputError
from feedback_nlp.plots import word_cloud
from feedback_nlp.plots.cloud import CANVAS

pytestmark = pytest.mark.usefixtures("font")


def boxes(figure):
    """Word -> the box of its ink, in the units of the canvas."""
    return {patch.get_label(): patch.get_path().get_extents() for patch in figure.axes[0].patches}


def test_every_word_is_there_larger_when_heavier():
    weights = {name: 2.0**-number for number, name in enumerate(NAMES)}
    found = boxes(word_cloud(weights))
    assert found.keys() == weights.keys()
    heights = [found[name].height for name in NAMES]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > heights[-1]


def test_no_word_lies_on_another_or_leaves_the_canvas():
    found = boxes(word_cloud({f"{a}{b}": 1 + number % 7 for number, (a, b) in enumerate(itertools.product(NAMES, NAMES))}))
    assert len(found) > 50
    for box in found.values():
        assert min(box.x0, box.y0) >= -1
        assert (box.x1 <= CANVAS[0] + 1, box.y1 <= CANVAS[1] + 1) == (True, True)
    assert not [1 for a, b in itertools.combinations(found.values(), 2) if a.padded(-1).overlaps(b.padded(-1))]


def test_a_table_says_the_same_as_its_words():
    table = keywords()
    said = boxes(word_cloud(dict(zip(table["phrase"], table["weight"], strict=True))))
    assert {word: box.bounds for word, box in boxes(word_cloud(table)).items()} == {word: box.bounds for word, box in said.items()}
    other = table.rename(columns={"phrase": "theme"}).drop(columns="weight")
    assert boxes(word_cloud(other)).keys() == said.keys()


def test_words_that_weigh_nothing_are_left_out():
    weights = {"闪退": 3, "退款难": 0, "物流慢": -1, "价格贵": float("nan"), "电池续航": float("inf")}
    assert boxes(word_cloud(weights)).keys() == {"闪退"}
    for empty in ({}, {"闪退": 0}):
        assert [text.get_text() for text in word_cloud(empty).axes[0].texts] == ["没有数据"]


def test_top_and_what_is_left_out_for_want_of_room():
    assert boxes(word_cloud(keywords(), top=3)).keys() == set(NAMES[:3])
    figure = word_cloud({f"{a}{b}": 1 for a, b in itertools.product(range(100, 200), NAMES)}, top=400)
    assert figure.axes[0].get_xlabel() == f"词语（前 {len(boxes(figure))} 项，共 400 项）"


def test_names_that_are_written_alike_are_one():
    found = word_cloud({"闪退": 1, "闪退 ": 2, "物流慢": 2.5})
    assert [patch.get_label() for patch in found.axes[0].patches] == ["闪退", "物流慢"]


def test_words_are_coloured_by_polarity_where_it_is_known():
    table = pd.DataFrame({"phrase": ["闪退", "屏幕清晰", "价格贵"], "items": [3, 2, 1], "polarity": [-1, 1, np.nan]})
    figure = word_cloud(table)
    assert [to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches[:2]] == ["#b2182b", "#2166ac"]
    assert len(figure.axes) == 2
    assert len(word_cloud(table.drop(columns="polarity")).axes) == 1


def test_dollars_are_no_formula():
    assert boxes(word_cloud({"$x$": 1, "a_b^c": 2, "\\frac": 2})).keys() == {"$x$", "a_b^c", "\\frac"}


def test_weights_that_are_no_numbers():
    with pytest.raises(InputError, match="word_cloud: expected numbers as weights"):
        word_cloud({"闪退": "heavy"})
    with pytest.raises(InputError, match="word_cloud: expected one of the columns weight, items, count; got: phrase"):
        word_cloud(pd.DataFrame({"phrase": ["闪退"]}))


def test_another_process_places_them_alike(tiny_font):
    code = (
        "import sys, hashlib, io; from feedback_nlp.plots import word_cloud; out = io.BytesIO();"
        "word_cloud({'闪退': 3, '退款难': 2, '物流慢': 1}, font=sys.argv[1]).savefig(out, metadata={'Software': None});"
        "print(hashlib.sha256(out.getvalue()).hexdigest())"
    )
    runs = [subprocess.run([sys.executable, "-c", code, tiny_font], capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert runs[0] == runs[1] != ""
