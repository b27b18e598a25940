"""The heat map of aspects and products, and bars where there are no products."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from plot_tables import aspects

from feedback_nlp.plots import plot_aspects

pytestmark = pytest.mark.usefixtures("font")


def made_up():
    rows = [
        ("屏幕", "手机", 10, 0.6),
        ("电池", "手机", 30, -0.8),
        ("电池", "平板", 5, -0.25),
        ("电池", None, 1, np.nan),
        ("屏幕", "", 2, 0.1),
        ("物流", "平板", 6, 0.0),
        ("价格", "平板", np.nan, 1.0),
    ]
    return pd.DataFrame(rows, columns=["aspect", "product", "items", "polarity"])


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_cells_hold_the_polarity_of_an_aspect_and_product():
    axes = plot_aspects(made_up()).axes[0]
    assert (labels(axes.yaxis), labels(axes.xaxis)) == (["电池", "屏幕", "物流"], ["手机", "平板", "未知"])
    (mesh,) = (drawn for drawn in axes.collections if isinstance(drawn, QuadMesh))
    cells = mesh.get_array().filled(np.nan)
    assert np.array_equal(cells, [[-0.8, -0.25, np.nan], [0.6, np.nan, 0.1], [np.nan, 0.0, np.nan]], equal_nan=True)
    assert (mesh.norm.vmin, mesh.norm.vmax) == (-1, 1)


def test_cells_say_what_they_rest_on():
    axes = plot_aspects(made_up()).axes[0]
    spots = {(text.get_position()[1] - 0.5, text.get_position()[0] - 0.5): text.get_text() for text in axes.texts}
    assert spots == {
        (0, 0): "-0.80\n30 条",
        (0, 1): "-0.25\n5 条",
        (0, 2): "?\n1 条",
        (1, 0): "+0.60\n10 条",
        (1, 2): "+0.10\n2 条",
        (2, 1): "+0.00\n6 条",
    }
    assert plot_aspects(made_up(), lang="en").axes[0].texts[0].get_text() == "-0.80\nn=30"


def test_letters_are_light_on_dark_cells():
    axes = plot_aspects(made_up()).axes[0]
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    assert (colours["-0.80\n30 条"], colours["+0.00\n6 条"]) == ("white", "black")


def test_two_lines_of_one_cell_are_weighed_by_their_items():
    table = pd.DataFrame({"aspect": ["电池", "电池"], "product": ["手机", "手机"], "items": [1, 3], "polarity": [1.0, -1.0]})
    assert plot_aspects(table).axes[0].texts[0].get_text() == "-0.50\n4 条"


def test_top_and_products_keep_the_largest():
    axes = plot_aspects(made_up(), top=1, products=2).axes[0]
    assert (labels(axes.yaxis), labels(axes.xaxis)) == (["电池"], ["手机", "平板"])
    assert len(axes.texts) == 2


def test_without_products_bars_stand_left_and_right_of_none():
    table = made_up().drop(columns="product")[:4]
    axes = plot_aspects(table).axes[0]
    assert labels(axes.yaxis) == ["电池", "屏幕"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([(-0.8 * 30 - 0.25 * 5) / 35, 0.6])
    assert [text.get_text() for text in axes.texts] == ["-0.72，36 条", "+0.60，10 条"]
    assert axes.get_xlim() == (-1, 1)


def test_nothing_known_of_polarity():
    axes = plot_aspects(made_up().assign(polarity=np.nan)).axes[0]
    assert {text.get_text().split("\n")[0] for text in axes.texts} == {"?"}
    bars = plot_aspects(made_up().assign(polarity=np.nan).drop(columns="product")).axes[0]
    assert [bar.get_width() for bar in bars.patches] == [0, 0, 0]


def test_many_products_are_no_wider_than_a_page():
    table = aspects(products=tuple(f"P{number}" for number in range(40)))
    assert plot_aspects(table, products=40).get_size_inches()[0] == 16
