"""Keywords, themes and trends: what the feedback is about, and since when."""

from feedback_nlp.topics.counts import TermCounts, ThemeCounts, select_terms
from feedback_nlp.topics.discover import Topics, discover
from feedback_nlp.topics.keywords import corpus_keywords, item_keywords
from feedback_nlp.topics.tables import theme_table
from feedback_nlp.topics.themes import ThemeModel, fit_themes
from feedback_nlp.topics.trends import DailyCounts, daily_counts, high_frequency_items, trend_table

__all__ = [
    "DailyCounts",
    "TermCounts",
    "ThemeCounts",
    "ThemeModel",
    "Topics",
    "corpus_keywords",
    "daily_counts",
    "discover",
    "fit_themes",
    "high_frequency_items",
    "item_keywords",
    "select_terms",
    "theme_table",
    "trend_table",
]
