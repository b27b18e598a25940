"""Words, phrases, themes, duplicates and aspects: what the feedback is about."""

from typing import TYPE_CHECKING, Any

from feedback_nlp.topics.aspect_words import shipped_aspects, theme_aspects
from feedback_nlp.topics.aspects import Aspects, find_aspects
from feedback_nlp.topics.contrast import contrast_keywords
from feedback_nlp.topics.counts import TermCounts
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

if TYPE_CHECKING:
    from feedback_nlp.topics.theme_model import ThemeModel

__all__ = [
    "Aspects",
    "Duplicates",
    "PhraseCounts",
    "RowPhrases",
    "TermCounts",
    "ThemeModel",
    "Themes",
    "contrast_keywords",
    "corpus_keywords",
    "corpus_phrases",
    "find_aspects",
    "find_duplicates",
    "find_new_words",
    "fit_themes",
    "group_phrases",
    "item_keywords",
    "item_phrases",
    "read_themes",
    "shipped_aspects",
    "theme_aspects",
    "theme_table",
    "write_themes",
]


def __getattr__(name: str) -> Any:
    """``ThemeModel`` needs scikit-learn, which the ledger can do without; it is imported when it is asked for."""
    if name == "ThemeModel":
        from feedback_nlp.topics.theme_model import ThemeModel

        return ThemeModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
