"""A scorer without a model: what a text says about itself is what the scorer reads in it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.scorer.model import HEADS, N_LOGITS, head_slices

#: A word in a text -> the class it speaks for. Texts without such a word are read as the first class of each head, without certainty.
WORDS = {
    "闪退": [("type", "defect"), ("sentiment", "-1"), ("urgency", "medium"), ("risk", "outage")],
    "冒烟": [("type", "defect"), ("sentiment", "-2"), ("urgency", "high"), ("risk", "safety")],
    "态度": [("type", "service"), ("sentiment", "-1"), ("urgency", "low")],
    "请问": [("type", "inquiry"), ("sentiment", "0"), ("urgency", "low")],
    "满意": [("type", "praise"), ("sentiment", "2"), ("urgency", "low")],
}

#: How much a word adds to the logit of its class.
WEIGHT = 4.0


def logits_of(text):
    """float32 (N_LOGITS,)."""
    parts, values = head_slices(), np.zeros(N_LOGITS, dtype=np.float32)
    values[parts["risk"]] = -3
    for word, pairs in WORDS.items():
        for head, label in pairs if word in text else ():
            # A longer text is a little less certain, so that confidences differ.
            values[parts[head].start + HEADS[head].index(label)] += WEIGHT - 0.01 * min(len(text), 100) + (2 if head == "risk" else 0)
    return values


class WordScorer:
    """Looks like a ``BatchScorer``."""

    model = SimpleNamespace(signature="words/1/000000000000", decision=np.zeros(N_LOGITS, dtype=np.float32), thresholds={})

    def logits(self, batch):
        return np.array([logits_of(text) for text in batch.to_texts()], dtype=np.float32).reshape(batch.n_rows, N_LOGITS)

    def explain(self, text, *, head, label, against=None):
        from feedback_nlp.text.clean import clean

        cleaned = clean([text]).texts()[0]
        rows = []
        for word, pairs in WORDS.items():
            start = cleaned.find(word)
            if start >= 0:
                strength = -1 + (WEIGHT if (head, label) in pairs else 0) - (WEIGHT if (head, against) in pairs else 0)
                rows.append((word, start, start + len(word), strength))
        # Digits speak for everything: what is masked must not come back as a reason.
        digits = [(cleaned[i : i + 4], i, i + 4, 9.0) for i in range(len(cleaned) - 3) if cleaned[i : i + 4].isdigit()]
        phrases = pd.DataFrame(rows + digits, columns=["phrase", "start", "end", "contribution"])
        return SimpleNamespace(text=cleaned, phrases=phrases)


@pytest.fixture
def scorer():
    return WordScorer()


def table(rows, columns=("text", "type", "sentiment", "urgency", "risk")):
    return pd.DataFrame(rows, columns=list(columns))


@pytest.fixture
def labelled_table():
    """Ten rows; the scorer is wrong about the type of two, the urgency of one, and misses one risk."""
    return table(
        [
            ("一打开就闪退", "defect", -1, "medium", "outage"),
            ("充电时冒烟", "defect", -2, "high", "safety"),
            ("冒烟了，还好没人受伤", "defect", -2, "high", "safety,legal"),
            ("客服态度不好", "service", -1, "low", ""),
            ("师傅态度很冷淡，等了很久", "process", -1, "low", ""),
            ("请问怎样退款", "inquiry", 0, "low", ""),
            ("请问为什么总是很慢", "experience", -1, "medium", ""),
            ("很满意", "praise", 2, "low", ""),
            ("满意，会再来", "praise", 2, "low", ""),
            ("", "other", 0, "low", ""),
        ]
    )
