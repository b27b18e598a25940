"""Bars of themes and phrases: what is drawn, in which order, and what stands at it."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from feedback_nlp.plots import plot_contrast, plot_themes

pytestmark = pytest.mark.usefixtures("font")


def names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def ends(axes):
    return [text.get_text() for text in axes.texts]


def lengths(axes):
    return [bar.get_width() for bar in axes.patches]


def made_up():
    return pd.DataFrame(
        {
            "theme": ["物流慢", "闪退", "屏幕清晰", "退款难", "价格贵"],
            "items": [30, 1200, 30, 7, None],
            "mean_polarity": [-0.4, -1.0, 1.0, np.nan, 0.0],
            "negative_share": [0.5, 0.966, 0.001, np.nan, 0.1],
        }
    )


def test_themes_stand_by_their_items_then_by_name():
    axes = plot_themes(made_up()).axes[0]
    assert names(axes) == ["闪退", "屏幕清晰", "物流慢", "退款难"]
    assert lengths(axes) == [1200, 30, 30, 7]
    # The first bar is the one on top.
    assert axes.yaxis_inverted()


def test_the_end_of_a_bar_says_how_many_and_how_many_of_them_negative():
    assert ends(plot_themes(made_up()).axes[0]) == ["1,200 条，负面 97%", "30 条，负面 <1%", "30 条，负面 50%", "7 条"]
    table = made_up().assign(strong_negative_share=[0.2, 0.5, None, None, 0.0])
    assert ends(plot_themes(table).axes[0])[:3] == ["1,200 条，负面 97%，强烈 50%", "30 条，负面 <1%", "30 条，负面 50%，强烈 20%"]
    assert ends(plot_themes(table, lang="en").axes[0])[0] == "1,200, 97% negative, 50% strongly"


def test_colours_go_from_red_over_grey_to_blue_and_the_unknown_is_an_outline():
    table = pd.DataFrame({"theme": list("abcde"), "items": [5, 4, 3, 2, 1], "mean_polarity": [-1, -0.5, 0, 1, None], "negative_share": 0.5})
    bars = plot_themes(table).axes[0].patches
    red, pale, grey, blue, unknown = (to_hex(bar.get_facecolor()) for bar in bars)
    assert (red, blue, unknown) == ("#b2182b", "#2166ac", "#ffffff")
    assert int(pale[1:3], 16) > int(pale[5:7], 16)
    channels = [int(grey[place : place + 2], 16) for place in (1, 3, 5)]
    assert max(channels) - min(channels) <= 2
    assert [bar.get_linestyle() == "--" for bar in bars] == [False, False, False, False, True]


def test_a_larger_theme_stands_before_its_part():
    table = made_up().assign(parent=["客服", None, "", "退款难", "x"])
    assert names(plot_themes(table).axes[0]) == ["闪退", "屏幕清晰", "客服 / 物流慢", "退款难"]


def test_contrast_takes_what_contrast_keywords_makes():
    from feedback_nlp.text.tokenize import Tokenizer
    from feedback_nlp.topics import contrast_keywords

    tokens = Tokenizer().tokenize(["电池续航太差"] * 80 + ["客服态度冷淡"] * 80)
    table = contrast_keywords(tokens, ["A"] * 80 + ["B"] * 80)
    assert len(table)
    figure = plot_contrast(table)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["A", "B"]
    assert "没有数据" in [text.get_text() for text in plot_contrast(contrast_keywords(tokens, [None] * 160)).axes[0].texts]
