"""Hand-written cases for aspects, ``tests/topics/aspect_cases.csv``: what a careful native reader says of each aspect of one text."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.common import ROOT
from feedback_nlp import BatchScorer
from feedback_nlp.topics.aspect_words import shipped_aspects
from feedback_nlp.topics.aspects import find_aspects

CASES = ROOT / "tests" / "topics" / "aspect_cases.csv"
RECORD_COMMAND = "python -m benchmarks.aspects --record"

#: Words for the cases: the shipped list of goods, and what it does not name.
CASE_ASPECTS = {
    **shipped_aspects("goods"),
    "声音": ("音质", "声音", "音效"),
    "噪音": ("噪音", "噪声"),
    "油耗": ("油耗", "耗油"),
    "空间": ("空间",),
    "味道": ("味道", "异味", "气味"),
    "尺寸": ("尺寸", "尺码"),
    "气味": ("香气",),
}
#: A polarity that close to 0 passes as neutral.
NEUTRAL_WITHIN = 0.35


def read_cases(path: Path = CASES) -> pd.DataFrame:
    """The hand-written cases: phenomenon, text, expect (「屏幕+ 电池-」), passes (yes or no, as recorded)."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def holds(sign: str, polarity: float) -> bool:
    """Whether a polarity has the sign +, - or 0; NaN, an aspect not found, has none."""
    return {"+": polarity > 0, "-": polarity < 0, "0": abs(polarity) <= NEUTRAL_WITHIN}[sign]


def case_outcomes(cases: pd.DataFrame, scorer: BatchScorer) -> list[bool]:
    """Whether every aspect of each case has its sign."""
    items = find_aspects(cases["text"], scorer=scorer, aspects=CASE_ASPECTS).items.set_index(["row", "aspect"])["polarity"].to_dict()
    wanted = [[(row, part[:-1], part[-1]) for part in expect.split()] for row, expect in enumerate(cases["expect"])]
    return [all(holds(sign, items.get((row, aspect), np.nan)) for row, aspect, sign in parts) for parts in wanted]
