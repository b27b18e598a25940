"""Without the extra ``plot`` the package works, and a figure asked for says what to install; pyplot and windows are never touched."""

import subprocess
import sys

import pytest

BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
import pandas as pd
import feedback_nlp.plots as plots
from feedback_nlp.errors import MissingExtraError

themes = pd.DataFrame({{"theme": ["a"], "items": [1], "mean_polarity": [0.0], "negative_share": [0.0]}})
phrases = pd.DataFrame({{"phrase": ["a"], "items": [1], "share": [1.0], "weight": [1.0]}})
contrast = pd.DataFrame({{"group": ["a"], "phrase": ["a"], "count": [1], "rest_count": [1], "log_odds": [1.0], "z": [2.0]}})
aspects = pd.DataFrame({{"aspect": ["a"], "items": [1], "polarity": [0.0]}})
row = {{"key": ["a"], "period": ["2025-01-01"], "observed": [1], "expected": [0.5], "low": [0], "high": [2], "alert": [True]}}
trend = pd.DataFrame(row)
calls = {{
    "plot_themes": themes, "plot_keywords": phrases, "plot_contrast": contrast, "word_cloud": phrases, "plot_aspects": aspects,
    "plot_series": trend, "plot_rising": trend, "plot_calendar": trend,
}}
for name, table in calls.items():
    for given in (table, table[:0]):
        try:
            getattr(plots, name)(given, lang="en")
            print(name, len(given), "drawn")
        except MissingExtraError as error:
            print(name, len(given), error)
"""

DRAWS = ("plot_themes", "plot_keywords", "plot_contrast", "word_cloud", "plot_aspects", "plot_series", "plot_rising", "plot_calendar")


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8").stdout


@pytest.fixture(scope="module")
def without_matplotlib():
    return run(BLOCKED.format(package="matplotlib")).splitlines()


def test_without_matplotlib_every_figure_says_what_to_install(without_matplotlib):
    assert len(without_matplotlib) == 2 * len(DRAWS)
    for line in without_matplotlib:
        assert "figures need the package matplotlib, which cannot be imported (No module named 'matplotlib" in line
        assert line.endswith("install it with: python -m pip install 'feedback_nlp[plot]'")


def test_without_wordcloud_only_the_cloud_cannot_be_drawn():
    lines = run(BLOCKED.format(package="wordcloud")).splitlines()
    assert [line for line in lines if not line.endswith(" drawn")] == [
        "word_cloud 1 a word cloud needs the package wordcloud, which cannot be imported (No module named 'wordcloud'); "
        "install it with: python -m pip install 'feedback_nlp[plot]'"
    ]
    assert len(lines) == 2 * len(DRAWS)


def test_importing_loads_neither_library():
    assert run("import sys, feedback_nlp.plots; print({'matplotlib', 'wordcloud', 'PIL'} & set(sys.modules))") == "set()\n"


def test_no_figure_needs_pyplot(tiny_font):
    code = (
        "import sys; import pandas as pd; import feedback_nlp.plots as plots;"
        "figure = plots.plot_keywords(pd.DataFrame({'phrase': ['闪退'], 'items': [1]}), font=sys.argv[1]);"
        "figure._repr_png_(); plots.word_cloud({'闪退': 1}, font=sys.argv[1])._repr_png_();"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, tiny_font], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_public_names():
    from feedback_nlp import plots

    assert sorted(plots.__all__) == plots.__all__
    assert [name for name in plots.__all__ if not hasattr(plots, name)] == []
    assert {*DRAWS} <= set(plots.__all__)
