"""How well a model reads a user's own labelled table."""

from feedback_nlp.evaluate.report import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
