"""Why a text has the score it has: the exact share of each n-gram in one logit."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, did_you_mean
from feedback_nlp.scorer.attribution import attribute
from feedback_nlp.scorer.model import HEADS, N_LOGITS, Model, head_slices
from feedback_nlp.scorer.network import dense_logits
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.tokenize import Tokenizer


@dataclass(frozen=True)
class Explanation:
    """The logit of one label, taken apart.

    text: the cleaned text that was read. head, label: what is explained. logit: the model's value. bias: its part of no n-gram.
    against: the label it is compared with; logit, bias and contributions are then those of ``label`` minus those of ``against``.
    contributions: DataFrame [ngram, start, end, contribution], a row per n-gram occurrence, largest absolute value first;
    ``text[start:end]`` is the n-gram. ``bias + contributions.contribution.sum()`` is the logit, up to float rounding.
    """

    text: str
    head: str
    label: str
    logit: float
    bias: float
    contributions: pd.DataFrame
    against: str | None = None
    tokenizer: Tokenizer = field(default_factory=Tokenizer, repr=False, compare=False)

    @cached_property
    def phrases(self) -> pd.DataFrame:
        """DataFrame [phrase, start, end, contribution]: the same sum over readable phrases, see ``merge_phrases``."""
        from feedback_nlp.scorer.phrases import merge_phrases

        columns = (self.contributions[name].to_numpy() for name in ("start", "end", "contribution"))
        return merge_phrases(self.text, *columns, tokenizer=self.tokenizer)

    def html(self, *, language: str = "zh", shorten: bool = False) -> str:
        """The text with its phrases coloured, as an HTML fragment that needs nothing else.

        language: of the words around the text, ``zh`` or ``en``. shorten: leave out long stretches that weigh nothing.
        """
        from feedback_nlp.scorer.highlight import explanation_html

        return explanation_html(self, language=language, shorten=shorten)

    def _repr_html_(self) -> str:
        return self.html()


def explain_text(
    model: Model,
    batch: TextBatch,
    features: NDArray[np.float32],
    *,
    head: str,
    label: str | None,
    against: str | None,
    tokenizer: Tokenizer,
) -> Explanation:
    """Explain a batch of one cleaned text and its pooled features; see ``BatchScorer.explain``."""
    logits = dense_logits(features, model.dense)[0]
    values = logits.astype(np.float64)
    # The choice in float32, as ``heads.best_class`` makes it, so that both agree at a near tie.
    column, other = _columns(logits + model.decision, head=head, label=label, against=against)
    weights = np.zeros(N_LOGITS)
    weights[column] = 1
    if other is not None:
        weights[other] = -1
    start, length, share = attribute(model, batch, features, weights)
    logit = float(weights @ values)
    text = batch.to_texts()[0]
    end = start + length
    ngrams = [text[first:last] for first, last in zip(start.tolist(), end.tolist(), strict=True)]
    frame = pd.DataFrame({"ngram": ngrams, "start": start, "end": end, "contribution": share})
    ranked = frame.iloc[np.lexsort((start, length, -np.abs(share)))].reset_index(drop=True)
    names, first_column = HEADS[head], head_slices()[head].start
    versus = None if other is None else names[other - first_column]
    return Explanation(text, head, names[column - first_column], logit, logit - float(share.sum()), ranked, versus, tokenizer=tokenizer)


def _columns(values: NDArray[np.float32], *, head: str, label: str | None, against: str | None) -> tuple[int, int | None]:
    """Positions of the label (the highest one for None) and of what it is compared with in ``values`` (N_LOGITS,)."""
    if head not in HEADS:
        raise InputError(f"unknown head {head!r}{did_you_mean(head, HEADS)}; expected one of {', '.join(HEADS)}")
    labels, part = HEADS[head], head_slices()[head]
    for where, value in (("", label), ("against: ", against)):
        if value is not None and str(value) not in labels:
            hint = did_you_mean(value, labels)
            raise InputError(f"{where}unknown label {value!r} of head {head!r}{hint}; expected one of {', '.join(labels)}")
    chosen = int(values[part].argmax()) if label is None else labels.index(str(label))
    if against is None:
        return part.start + chosen, None
    other = labels.index(str(against))
    if other == chosen:
        why = "the label chosen" if label is None else "the label itself"
        rest = ", ".join(name for name in labels if name != labels[chosen])
        raise InputError(f"against: {against!r} is {why} of head {head!r}; expected another one: {rest}")
    return part.start + chosen, part.start + other
