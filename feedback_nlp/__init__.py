"""Chinese customer feedback in, a priority ledger out.

>>> import feedback_nlp as fn
>>> fn.analyze(["我的软件总是闪退，太影响工作了"]).ledger["priority"].tolist()
['高']
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feedback_nlp import engines
    from feedback_nlp.analysis import Analysis
    from feedback_nlp.errors import (
        FeedbackError,
        InputError,
        MissingExtraError,
        ModelError,
        PolicyError,
        QuarantineError,
        RowError,
        TextTypeError,
    )
    from feedback_nlp.learn.classifiers import FeedbackClassifier, SentimentClassifier
    from feedback_nlp.learn.vectorizer import TokenVectorizer
    from feedback_nlp.ledger.clock_state import clock_state
    from feedback_nlp.pipeline import analyze, run_files
    from feedback_nlp.scorer.scorer import BatchScorer
    from feedback_nlp.store.ledger_store import LedgerStore
    from feedback_nlp.store.merge import merge_ledger
    from feedback_nlp.text.tokenize import Tokenizer
    from feedback_nlp.topics.theme_model import ThemeModel
    from feedback_nlp.trends.detector import TrendDetector
    from feedback_nlp.trends.effect import verify_effect
    from feedback_nlp.trends.operations import operating_figures
    from feedback_nlp.trends.operations_wide import wide_figures

#: Where each public name lives; a name is imported when it is first used (PEP 562), so that importing the package costs nothing.
_HOMES = {
    "Analysis": "feedback_nlp.analysis",
    "BatchScorer": "feedback_nlp.scorer.scorer",
    "FeedbackClassifier": "feedback_nlp.learn.classifiers",
    "LedgerStore": "feedback_nlp.store.ledger_store",
    "SentimentClassifier": "feedback_nlp.learn.classifiers",
    "ThemeModel": "feedback_nlp.topics.theme_model",
    "TokenVectorizer": "feedback_nlp.learn.vectorizer",
    "Tokenizer": "feedback_nlp.text.tokenize",
    "TrendDetector": "feedback_nlp.trends.detector",
    "analyze": "feedback_nlp.pipeline",
    "clock_state": "feedback_nlp.ledger.clock_state",
    "merge_ledger": "feedback_nlp.store.merge",
    "operating_figures": "feedback_nlp.trends.operations",
    "run_files": "feedback_nlp.pipeline",
    "verify_effect": "feedback_nlp.trends.effect",
    "wide_figures": "feedback_nlp.trends.operations_wide",
    **dict.fromkeys(
        ("FeedbackError", "InputError", "MissingExtraError", "ModelError", "PolicyError", "QuarantineError", "RowError", "TextTypeError"),
        "feedback_nlp.errors",
    ),
}

__all__ = [
    "Analysis",
    "BatchScorer",
    "FeedbackClassifier",
    "FeedbackError",
    "InputError",
    "LedgerStore",
    "MissingExtraError",
    "ModelError",
    "PolicyError",
    "QuarantineError",
    "RowError",
    "SentimentClassifier",
    "TextTypeError",
    "ThemeModel",
    "TokenVectorizer",
    "Tokenizer",
    "TrendDetector",
    "__version__",
    "analyze",
    "clock_state",
    "engines",
    "merge_ledger",
    "operating_figures",
    "run_files",
    "verify_effect",
    "wide_figures",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module, metadata

    if name == "__version__":
        return metadata.version("feedback_nlp")
    if name == "engines":
        return import_module("feedback_nlp.engines")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
