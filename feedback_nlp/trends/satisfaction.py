"""Answers about satisfaction, in words or as ratings, to one scale from 1 to 5."""

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.io.texts import is_missing

if TYPE_CHECKING:
    import pandas as pd

#: From this score on a customer is satisfied.
SATISFIED = 4.0
LOWEST, HIGHEST = 1.0, 5.0

#: The five-point scale of questionnaires; the three words of the documents (满意, 一般, 不满意) are its 4, 3 and 2.
WORDS = {
    **dict.fromkeys(("非常满意", "很满意", "十分满意", "very satisfied"), 5.0),
    **dict.fromkeys(("满意", "比较满意", "较满意", "基本满意", "satisfied"), 4.0),
    **dict.fromkeys(("一般", "中立", "neutral"), 3.0),
    **dict.fromkeys(("不满意", "较不满意", "比较不满意", "不太满意", "dissatisfied", "unsatisfied"), 2.0),
    **dict.fromkeys(("非常不满意", "很不满意", "十分不满意", "very dissatisfied"), 1.0),
}

_RATING = re.compile(r"(\d{1,2}(?:\.\d{1,6})?)\s*[分星]?")


def read_satisfaction(values: "pd.Series") -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read a column of answers.

    values: (n,) words of ``WORDS``, numbers from 1 to 5, or such numbers as text (4, 4.0, 4分, 4星).
    Returns (score, bad): float64 (n,) from 1 to 5, NaN where there is no answer or none that can be read; bool (n,), True for the latter.
    One value is always read the same way, whatever stands beside it.
    """
    import pandas as pd

    codes, found = pd.factorize(values.astype(object), use_na_sentinel=True)
    scores = [_score(value) for value in found]
    blank = [isinstance(value, str) and not value.strip() for value in found]
    score = np.append(np.asarray([np.nan if s is None else s for s in scores], np.float64), np.nan)[codes]
    bad = np.append(np.asarray([s is None and not b for s, b in zip(scores, blank, strict=True)], np.bool_), False)[codes]
    return score, bad


def _score(value: Any) -> float | None:
    """The score of one value, None where it has none."""
    if is_missing(value) or isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | float | np.number):
        number = float(value)
    else:
        text = " ".join(unicodedata.normalize("NFKC", str(value)).split()).lower()
        rating = _RATING.fullmatch(text)
        number = float(rating[1]) if rating else WORDS.get(text, 0.0)
    return number if LOWEST <= number <= HIGHEST else None
