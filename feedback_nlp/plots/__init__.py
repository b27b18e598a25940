"""Figures of themes, phrases, aspects and trends, all by one library, matplotlib, and in one look.

Each function takes a table of this library and returns a matplotlib ``Figure``, to be shown, restyled or saved:

    figure = plot_themes(analysis.themes)
    figure.axes[0].set_title("十月")
    figure.savefig("themes.png")

A notebook shows it where it is the last expression of a cell; neither ``pyplot`` nor ``%matplotlib inline`` is needed, and no figure stays
behind. What they need is installed by ``pip install 'feedback_nlp[plot]'``. Without a Chinese font a figure is drawn in English, and
`NoChineseFontWarning` says what to do.
"""

from feedback_nlp.plots.aspects import plot_aspects
from feedback_nlp.plots.cloud import word_cloud
from feedback_nlp.plots.days import plot_calendar
from feedback_nlp.plots.fonts import Font, NoChineseFontWarning, find_font
from feedback_nlp.plots.themes import plot_themes
from feedback_nlp.plots.trends import plot_rising, plot_series
from feedback_nlp.plots.words import plot_contrast, plot_keywords

__all__ = [
    "Font",
    "NoChineseFontWarning",
    "find_font",
    "plot_aspects",
    "plot_calendar",
    "plot_contrast",
    "plot_keywords",
    "plot_rising",
    "plot_series",
    "plot_themes",
    "word_cloud",
]
