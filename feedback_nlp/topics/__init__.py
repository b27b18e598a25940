"""Keywords, themes, duplicates and trends: what the feedback is about, and since when."""

from feedback_nlp.topics.aspect_words import shipped_aspects, theme_aspects
from feedback_nlp.topics.aspects import Aspects, find_aspects
from feedback_nlp.topics.contrast import contrast_keywords
from feedback_nlp.topics.counts import TermCounts
from feedback_nlp.topics.discover import Topics, discover
from feedback_nlp.topics.duplicates import Duplicates, find_duplicates
from feedback_nlp.topics.key_phrases import RowPhrases, item_phrases
from feedback_nlp.topics.keywords import corpus_keywords, item_keywords
from feedback_nlp.topics.new_words import find_new_words
from feedback_nlp.topics.phrase_counts import PhraseCounts
from feedback_nlp.topics.phrase_tables import corpus_phrases, group_phrases
from feedback_nlp.topics.tables import theme_table
from feedback_nlp.topics.theme_files import read_themes, write_themes
from feedback_nlp.topics.theme_fit import fit_themes
from feedback_nlp.topics.themes import Themes
from feedback_nlp.topics.trends import DailyCounts, daily_counts, high_frequency_items, trend_table

__all__ = [
    "Aspects",
    "DailyCounts",
    "Duplicates",
    "PhraseCounts",
    "RowPhrases",
    "TermCounts",
    "Themes",
    "Topics",
    "contrast_keywords",
    "corpus_keywords",
    "corpus_phrases",
    "daily_counts",
    "discover",
    "find_aspects",
    "find_duplicates",
    "find_new_words",
    "fit_themes",
    "group_phrases",
    "high_frequency_items",
    "item_keywords",
    "item_phrases",
    "read_themes",
    "shipped_aspects",
    "theme_aspects",
    "theme_table",
    "trend_table",
    "write_themes",
]
