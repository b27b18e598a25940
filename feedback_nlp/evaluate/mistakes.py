"""The decisions in which the model is wrong and most certain of itself, with the words that led it there."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from feedback_nlp.evaluate.readings import Reading
from feedback_nlp.scorer.explain import Explanation
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.text.privacy import mask_texts
from feedback_nlp.train.given import Labelled

ERROR_COLUMNS = ("head", "row", "text", "truth", "chosen", "confidence", "phrases")

#: At most so many phrases are named per error.
PHRASES = 3


def error_table(readings: Sequence[Reading], labelled: Labelled, scorer: BatchScorer, *, worst: int) -> pd.DataFrame:
    """Per head the ``worst`` errors with the highest confidence, columns ``ERROR_COLUMNS``.

    row: name of the row. text: cleaned and masked. truth, chosen: labels; of a flag that does not hold or is not raised, the empty string.
    confidence: the model's, in [0, 1]. phrases: the strongest reasons for the choice rather than
    the truth, strongest first; each stands in ``text`` as it is.
    """
    rows = [row for reading in readings for row in _errors(reading, labelled, scorer, worst)]
    return pd.DataFrame(rows, columns=list(ERROR_COLUMNS))


def _errors(reading: Reading, labelled: Labelled, scorer: BatchScorer, worst: int) -> list[tuple[object, ...]]:
    classes, confidence = HEADS[reading.head], reading.confidence
    truth, chosen = reading.truth, reading.chosen
    wrong = np.flatnonzero(~reading.right)
    found: list[tuple[object, ...]] = []
    for decision in wrong[np.argsort(-confidence[wrong], kind="stable")][:worst].tolist():
        place, flag = (decision, 0) if reading.exclusive else divmod(decision, len(classes))
        row, name = int(reading.rows[place]), labelled.names[int(reading.rows[place])]
        if reading.exclusive:
            true, said = classes[int(truth[place].argmax())], classes[int(chosen[place].argmax())]
            explanation, sign = scorer.explain(labelled.texts[row], head=reading.head, label=said, against=true), 1
        else:
            true, said = ("", classes[flag]) if chosen[place, flag] else (classes[flag], "")
            explanation, sign = scorer.explain(labelled.texts[row], head=reading.head, label=classes[flag]), 1 if said else -1
        text = mask_texts([explanation.text])[0]
        phrases = strongest_phrases(explanation, text, sign) if reading.informed[place] else []
        found.append((reading.head, name, text, true, said, float(confidence[decision]), phrases))
    return found


def strongest_phrases(explanation: Explanation, shown: str, sign: int) -> list[str]:
    """At most ``PHRASES`` phrases that speak for what is explained (sign 1) or against it (sign -1), strongest first.

    shown: the text as it is shown, personal data masked. A phrase that does not stand in it is part of what was masked;
    one of punctuation alone explains nothing to a reader.
    """
    strength = explanation.phrases["contribution"] * sign
    ranked = explanation.phrases.loc[strength > 0, "phrase"].iloc[np.argsort(-strength[strength > 0], kind="stable")]
    return [phrase for phrase in dict.fromkeys(ranked) if phrase in shown and any(map(str.isalnum, phrase))][:PHRASES]
