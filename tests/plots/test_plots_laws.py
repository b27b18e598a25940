"""What holds for every figure."""

import io
import itertools
import pickle

import matplotlib
import numpy as np
import pandas as pd
import plot_tables as tables
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from feedback_nlp.errors import InputError
from feedback_nlp.plots import plot_aspects, plot_calendar, plot_contrast, plot_keywords, plot_rising, plot_series, plot_themes, word_cloud
from feedback_nlp.plots.fonts import find_font

#: name -> (function, table, columns it cannot do without)
KINDS = {
    "themes": (plot_themes, tables.themes, ("theme", "items", "mean_polarity", "negative_share")),
    "keywords": (plot_keywords, tables.keywords, ("items",)),
    "contrast": (plot_contrast, tables.contrast, ("group", "phrase", "count", "rest_count", "z")),
    "cloud": (word_cloud, tables.keywords, ("phrase",)),
    "aspects": (plot_aspects, tables.aspects, ("aspect", "items", "polarity")),
    "aspect bars": (plot_aspects, lambda: tables.aspects().drop(columns="product"), ("aspect", "items", "polarity")),
    "series": (plot_series, lambda: tables.trend(keys=("闪退",)), ("key", "period", "observed", "expected", "low", "high", "alert")),
    "rising": (plot_rising, tables.trend, ("key", "period", "observed", "expected", "low", "high", "alert")),
    "calendar": (plot_calendar, tables.trend, ("period", "observed")),
}
#: Columns of numbers of a trend.
MEASURES = ("observed", "expected", "low", "high")
#: Tables at the edge of what comes.
HARD = {
    "one theme": (plot_themes, lambda: tables.themes(1)),
    "500 themes": (plot_themes, lambda: tables.themes(500)),
    "nothing known of themes": (plot_themes, lambda: tables.themes().assign(mean_polarity=np.nan, negative_share=np.nan)),
    "strong themes with parents": (plot_themes, lambda: tables.themes().assign(strong_negative_share=0.123, parent=tables.LONG)),
    "huge themes": (plot_themes, lambda: tables.themes().assign(items=[10**9] * 10, theme=tables.LONG)),
    "one keyword": (plot_keywords, lambda: tables.keywords(1)),
    "long keywords": (plot_keywords, lambda: tables.keywords().assign(phrase=tables.LONG, items=10**9)),
    "one contrast": (plot_contrast, lambda: tables.contrast(1)[:1]),
    "long contrasts": (plot_contrast, lambda: tables.contrast().assign(phrase=tables.LONG, group=tables.LONG, count=10**9)),
    "one word": (word_cloud, lambda: tables.keywords(1).assign(phrase=tables.LONG)),
    "500 words": (lambda table, **options: word_cloud(table, top=500, **options), lambda: tables.keywords(500)),
    "one aspect": (plot_aspects, lambda: tables.aspects()[:1]),
    "long aspects": (
        plot_aspects,
        lambda: tables.aspects().assign(aspect=tables.LONG, product=tables.LONG, items=10**9),
    ),
    "one period": (plot_series, lambda: tables.trend(1, keys=("闪退",))),
    "730 days": (plot_series, lambda: tables.trend(730, keys=(tables.LONG,))),
    "hours": (plot_series, lambda: tables.trend(48, keys=("闪退",), freq="h")),
    "months": (plot_series, lambda: tables.trend(100, keys=("闪退",), freq="MS")),
    "huge series": (plot_series, lambda: tables.trend(keys=("闪退",), scale=1e8)),
    "nothing known of a series": (
        plot_series,
        lambda: tables.trend(keys=("闪退",)).assign(**dict.fromkeys(MEASURES, np.nan)),
    ),
    "rising of one": (plot_rising, lambda: tables.trend(keys=(tables.LONG,), scale=1e8)),
    "rising for 730 days": (plot_rising, lambda: tables.trend(730, keys=tables.NAMES).assign(alert=True)),
    "calendar of a day": (plot_calendar, lambda: tables.trend(1)),
    **{
        f"calendar of {days} days": (plot_calendar, lambda days=days, scale=scale: tables.trend(days, keys=("闪退",), scale=scale))
        for days, scale in ((5, 1e5), (30, 1e5), (84, 1), (85, 1), (120, 1), (200, 1e8), (371, 1), (378, 1e4))
    },
    "calendar of 730 days": (plot_calendar, lambda: tables.trend(730, scale=1e8).drop(index=range(100, 110))),
}
OTHER_SETTINGS = {
    **{"axes.facecolor": "black", "axes.edgecolor": "red", "text.color": "white", "axes.grid": True, "font.size": 20, "figure.dpi": 50},
    **{"lines.marker": "x", "lines.linestyle": ":", "axes.titleweight": "bold", "xtick.color": "red", "axes.spines.top": True},
    **{"text.usetex": True, "savefig.dpi": "figure", "xtick.direction": "in", "legend.fontsize": 30, "axes.xmargin": 1},
    **{"patch.force_edgecolor": True, "image.cmap": "gray", "ytick.minor.visible": True, "font.family": "serif", "legend.frameon": True},
}
every_kind = pytest.mark.parametrize(("draw", "table", "columns"), KINDS.values(), ids=KINDS)


def picture(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def written(figure):
    """All texts of a figure that are seen, once they have their places."""
    figure.draw_without_rendering()
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def words_of(figure):
    return [text.get_text() for text in written(figure)]


@every_kind
def test_a_figure_of_matplotlib_comes_back_and_the_table_stays(draw, table, columns, font):
    given = table()
    figure = draw(given)
    assert isinstance(figure, Figure)
    pd.testing.assert_frame_equal(given, table())


@every_kind
def test_the_same_table_gives_the_same_bytes_in_any_order_of_rows(draw, table, columns, font):
    once = picture(draw(table()))
    assert picture(draw(table())) == once
    assert picture(draw(table().sample(frac=1, random_state=3))) == once


@every_kind
def test_the_callers_settings_change_nothing(draw, table, columns, font):
    once = picture(draw(table()))
    with matplotlib.rc_context(OTHER_SETTINGS):
        assert picture(draw(table())) == once


@every_kind
def test_matplotlibs_settings_and_fonts_stay_as_they_are(draw, table, columns, font):
    from matplotlib.font_manager import fontManager

    before = dict(matplotlib.rcParams), list(fontManager.ttflist)
    draw(table()).draw_without_rendering()
    assert (dict(matplotlib.rcParams), fontManager.ttflist) == before


@every_kind
@pytest.mark.parametrize(("lang", "says"), [("zh", "没有数据"), ("en", "No data")])
def test_an_empty_table_says_so(draw, table, columns, lang, says, font):
    assert says in words_of(draw(table()[:0], lang=lang))
    assert "十月" in words_of(draw(table()[:0], title="十月"))


@every_kind
def test_a_missing_column_is_named(draw, table, columns, font):
    for column in columns:
        with pytest.raises(InputError, match=rf"expected .*\b{column}\b.*got: ") as error:
            draw(table().drop(columns=column))
        assert draw.__name__ in str(error.value)


@every_kind
@pytest.mark.parametrize(("options", "message"), [({"lang": "fr"}, "lang: expected"), ({"font": "no.ttf"}, "font: expected")])
def test_wrong_options(draw, table, columns, options, message, font):
    with pytest.raises(InputError, match=message):
        draw(table(), **options)


@every_kind
def test_what_is_no_table(draw, table, columns, font):
    with pytest.raises(InputError, match=f"{draw.__name__}: expected a pandas DataFrame, got list"):
        draw([1, 2])


@pytest.mark.parametrize("draw", [plot_themes, plot_keywords, plot_contrast, word_cloud, plot_aspects, plot_rising])
@pytest.mark.parametrize("top", [0, -1, 1.5, True, "3"])
def test_wrong_numbers_of_rows(draw, top, font):
    with pytest.raises(InputError, match="top: expected a whole number of 1 or more"):
        draw(tables.themes(), top=top)


@every_kind
def test_titles_are_the_callers(draw, table, columns, font):
    assert "十月 $5 到 $9" in words_of(draw(table(), title="十月 $5 到 $9"))


@every_kind
def test_all_texts_are_in_the_language_and_the_font(draw, table, columns, font):
    known = find_font()
    for lang in ("zh", "en"):
        for text in words_of(draw(table(), lang=lang)):
            assert known.lacks(text.replace("\n", "")) == ""


@every_kind
def test_a_figure_can_be_pickled_and_shown_by_a_notebook(draw, table, columns, font):
    copied = pickle.loads(pickle.dumps(draw(table())))  # noqa: S301
    assert copied._repr_png_() == draw(table())._repr_png_()
    assert copied._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(("draw", "table"), [*((draw, table) for draw, table, _ in KINDS.values()), *HARD.values()], ids=[*KINDS, *HARD])
def test_nothing_is_cut_off_and_no_tick_labels_overlap(draw, table, font):
    figure = draw(table())
    texts = written(figure)
    edge = figure.bbox.padded(1)
    assert [text.get_text() for text in texts if not contains(edge, text.get_window_extent())] == []
    for axes in figure.axes:
        for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
            boxes = [label.get_window_extent() for label in labels if label.get_text() and label.get_visible()]
            assert not [1 for a, b in itertools.pairwise(boxes) if a.padded(-1).overlaps(b.padded(-1))]


@every_kind
def test_long_titles_are_broken_and_not_cut_off(draw, table, columns, font):
    figure = draw(table(), title=f"{tables.LONG * 3}，{tables.LONG}\n十月")
    edge = figure.bbox.padded(1)
    texts = written(figure)
    assert [text.get_text() for text in texts if not contains(edge, text.get_window_extent())] == []
    (title,) = (text.get_text() for text in texts if text.get_text().endswith("\n十月"))
    assert title.replace("\n", "") == f"{tables.LONG * 3}，{tables.LONG}十月"


def contains(outer, inner):
    return outer.x0 <= inner.x0 and inner.x1 <= outer.x1 and outer.y0 <= inner.y0 and inner.y1 <= outer.y1
