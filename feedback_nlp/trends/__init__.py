"""Trends and effect: what is rising, since when, and did the fix help."""

from feedback_nlp.trends.alerts import alert_scores
from feedback_nlp.trends.cusum import rise_scores
from feedback_nlp.trends.detector import TrendDetector
from feedback_nlp.trends.discoveries import adjusted
from feedback_nlp.trends.effect import Effect, verify_effect
from feedback_nlp.trends.operations import operating_figures
from feedback_nlp.trends.series import Series, count_series
from feedback_nlp.trends.spike import SpikeScores, spike_scores
from feedback_nlp.trends.state import TrendState

__all__ = [
    "Effect",
    "Series",
    "SpikeScores",
    "TrendDetector",
    "TrendState",
    "adjusted",
    "alert_scores",
    "count_series",
    "operating_figures",
    "rise_scores",
    "spike_scores",
    "verify_effect",
]
