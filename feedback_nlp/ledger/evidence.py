"""What surrounds an item and may raise its priority: integer counts over the whole, then a map over rows."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.ledger.identity import customer_codes
from feedback_nlp.ledger.policy import Policy
from feedback_nlp.ledger.priority import QUIET_TYPES, Evidence
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics import Topics
from feedback_nlp.vocabulary import TYPE_CODES

Ints = NDArray[np.int64]

#: A cue word right behind one of these is not meant: 不漏电, 没有 is not covered by one character and rarely stands before a cue.
NEGATIONS = "不没无防怕别"


def gather_evidence(frame: pd.DataFrame, texts: list[str], scores: Scores, tokens: Tokens, found: Topics, policy: Policy) -> Evidence:
    """Everything the priority of n items rests on; frame, cleaned texts, scores, tokens and topics in the same row order."""
    customer = customer_codes(frame)
    complaint = ~np.isin(scores.type_index, [TYPE_CODES.index(code) for code in QUIET_TYPES])
    return Evidence(
        urgency_level=scores.urgency_level,
        polarity=scores.polarity,
        risk=scores.risk,
        type_index=scores.type_index,
        theme_day_count=found.day_count,
        theme_reach=theme_reach(found.theme, customer, len(found.names)),
        high_value=high_value(frame, policy),
        customer_theme_count=customer_theme_count(found.theme, customer, complaint),
        core=mentions(tokens, policy.core_words),
        cued=cued(texts, [rule.words for rule in policy.rules]) & (scores.polarity < 0)[:, None],
    )


def customers_of_theme(theme: NDArray[np.int32], customer: Ints, n_themes: int) -> tuple[Ints, int]:
    """Distinct customers per theme, int64 (n_themes,), and distinct customers in all. Rows without either count nowhere."""
    known = (theme >= 0) & (customer >= 0)
    width = int(customer.max(initial=-1)) + 1
    pairs = np.unique(theme[known].astype(np.int64) * max(width, 1) + customer[known])
    return np.bincount(pairs // max(width, 1), minlength=n_themes).astype(np.int64), len(np.unique(customer[customer >= 0]))


def theme_reach(theme: NDArray[np.int32], customer: Ints, n_themes: int) -> NDArray[np.float64]:
    """float64 (n,): the share of all customers that the item's theme touches, 0 without theme."""
    per_theme, total = customers_of_theme(theme, customer, n_themes)
    return np.append(per_theme / max(total, 1), 0.0)[theme]


def customer_theme_count(theme: NDArray[np.int32], customer: Ints, counted: NDArray[np.bool_]) -> Ints:
    """int64 (n,): items of this customer on this theme among those ``counted`` (complaints, say), 0 where any of that is missing."""
    known = np.flatnonzero((theme >= 0) & (customer >= 0) & counted)
    result = np.zeros(len(theme), dtype=np.int64)
    keys = customer[known] * (int(theme.max(initial=-1)) + 1) + theme[known]
    _, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    result[known] = counts[place]
    return result


def high_value(frame: pd.DataFrame, policy: Policy) -> NDArray[np.bool_]:
    """bool (n,): customer type 高价值客户, or spend or years above the policy's bounds. What is no number counts as unknown."""
    result = np.zeros(len(frame), dtype=bool)
    if "customer_type" in frame:
        result |= frame["customer_type"].astype(str).str.strip().eq("高价值客户").to_numpy(dtype=bool)
    for column, bound in (("annual_spend", policy.annual_spend), ("tenure_years", policy.tenure_years)):
        if column in frame:
            plain = frame[column].astype(str).str.replace(r"[,，\s]", "", regex=True).str.extract(r"^[¥￥]?(-?\d+(?:\.\d+)?)(万)?[元年]?$")
            number = pd.to_numeric(plain[0], errors="coerce") * np.where(plain[1].notna(), 10_000, 1)
            result |= (number > bound).to_numpy(dtype=bool)
    return result


def cued(texts: list[str], word_lists: list[tuple[str, ...]]) -> NDArray[np.bool_]:
    """bool (n, lists): the text holds a word of the list that is not negated by the character before it.

    All texts are searched at once, as one string with a row a line; cleaned texts hold no line feed.
    """
    found = np.zeros((len(texts), len(word_lists)), dtype=bool)
    joined = "\n".join(texts)
    ends = np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1)
    for column, words in enumerate(word_lists):
        if words:
            pattern = re.compile(f"(?<![{NEGATIONS}])(?:{'|'.join(map(re.escape, words))})")
            starts = np.fromiter((match.start() for match in pattern.finditer(joined)), dtype=np.int64)
            found[np.searchsorted(ends, starts, side="right"), column] = True
    return found


def mentions(tokens: Tokens, words: tuple[str, ...]) -> NDArray[np.bool_]:
    """bool (n_rows,): the row has a token that contains one of the words. Looks at the vocabulary, not at the rows."""
    vocabulary = tokens.vocabulary.tolist()
    hit = np.fromiter((any(word in token for word in words) for token in vocabulary), dtype=bool, count=len(vocabulary))
    found = np.zeros(tokens.n_rows, dtype=bool)
    found[tokens.rows()[hit[tokens.ids]]] = True
    return found
