"""The words of a text that raised its priority, and the excerpt that shows them."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from feedback_nlp.report.showing import clean_text

if TYPE_CHECKING:
    from feedback_nlp.scorer.scorer import BatchScorer

#: A piece of a text and whether it is marked.
Piece = tuple[str, bool]
Span = tuple[int, int]

#: Phrases that are marked at most, and from which share of the strongest one on.
MARKED, MIN_SHARE = 4, 0.3
#: Characters of a text that are read for its marks, and before the first mark where an excerpt begins later.
READ, BEFORE = 2000, 40

_WORD = re.compile(r"\w")


def load_marker(signature: str) -> "BatchScorer | None":
    """The bundled scorer where it is the one that made an analysis, else None. signature: the model's."""
    from feedback_nlp.scorer.scorer import BatchScorer

    scorer = BatchScorer.load()
    return scorer if scorer.model.signature == signature else None


def urgent_spans(text: str, scorer: "BatchScorer") -> list[Span]:
    """Where the phrases stand that speak most for high urgency, in order.

    The exact shares of the model's logit (``BatchScorer.explain``), over the first ``READ`` characters.
    """
    explanation = scorer.explain(text[:READ], head="urgency", label="high")
    if explanation.text != text[:READ]:
        return []
    found = explanation.phrases
    least = MIN_SHARE * found["contribution"].max()
    strong = [
        (first, last)
        for phrase, first, last, value in found[["phrase", "start", "end", "contribution"]].itertuples(index=False, name=None)
        if value > 0 and value >= least and _WORD.search(phrase)
    ]
    weight = dict(zip(found["start"], found["contribution"], strict=True))
    return sorted(sorted(strong, key=lambda span: (-weight[span[0]], span))[:MARKED])


def phrase_spans(text: str, phrases: Iterable[str]) -> list[Span]:
    """Where the first of each phrase stands, in order, none over another; the earlier phrase wins."""
    spans: list[Span] = []
    for phrase in phrases:
        first = text.find(phrase) if phrase else -1
        span = (first, first + len(phrase))
        if first >= 0 and all(span[1] <= other[0] or span[0] >= other[1] for other in spans):
            spans.append(span)
    return sorted(spans[:MARKED])


def pieces(text: str, spans: list[Span], length: int) -> list[Piece]:
    """An excerpt of at most about ``length`` characters around the first spans, in pieces; ellipses where the text goes on.

    spans: in order, none over another.
    """
    start = 0
    if len(text) > length and spans and spans[0][1] > length:
        start = max(0, spans[0][0] - BEFORE)
    end = min(len(text), start + length)
    found: list[Piece] = [("…", False)] if start else []
    place = start
    for first, last in spans:
        if first >= place and last <= end:
            found += [(text[place:first], False), (text[first:last], True)]
            place = last
    found += [(text[place:end], False)] + ([("…", False)] if end < len(text) else [])
    return [(clean_text(piece), marked) for piece, marked in found if piece]


def marked_text(text: str, key_phrases: str, *, scorer: "BatchScorer | None", length: int) -> list[Piece]:
    """The text in pieces, with what speaks for its urgency marked; without a scorer, its key phrases.

    key_phrases: as the ledger has them, joined by 、.
    """
    spans = urgent_spans(text, scorer) if scorer is not None else phrase_spans(text, key_phrases.split("、"))
    return pieces(text, spans, length)
