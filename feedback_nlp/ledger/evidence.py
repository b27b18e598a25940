"""What surrounds an item and may raise its priority: integer counts over the whole, then a map over rows."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.ledger.policy import ForceRule, Policy
from feedback_nlp.ledger.priority import QUIET_TYPES, Evidence
from feedback_nlp.ledger.rising import Trends
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics import Topics
from feedback_nlp.vocabulary import TYPE_CODES, URGENCY_CODES

Ints = NDArray[np.int64]

#: A cue word shortly behind one of these is not meant: 不漏电, 没有漏电, 不会起火, 防触电, 以免漏电.
NEGATIONS = frozenset("不没无防怕别未免")
NEGATION_REACH = 3
_CLAUSE_END = re.compile(r"[,.!?;，。！？；、\s]")

#: Cue words count up to this polarity: the model may take 「爆炸了」 for mild praise, but 好吃到爆炸 is clearly positive.
CLEARLY_POSITIVE = 0.6

#: Of a text shorter than this (「恶心」) the model's word alone fires no rule.
MIN_CHARS = 6

#: With fewer known customers, the share of them that a theme touches says nothing.
MIN_CUSTOMERS = 10


def gather_evidence(
    frame: pd.DataFrame,
    texts: list[str],
    scores: Scores,
    tokens: Tokens,
    found: Topics,
    repeat: NDArray[np.bool_],
    trends: Trends,
    policy: Policy,
) -> Evidence:
    """Everything the priority of n items rests on; frame, cleaned texts, scores, tokens and topics in the same row order.

    repeat: bool (n,), the same text again from the same customer; it makes no repeated complaint.
    """
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    complaint = ~np.isin(scores.type_index, [TYPE_CODES.index(code) for code in QUIET_TYPES])
    return Evidence(
        urgency_level=scores.urgency_level,
        polarity=scores.polarity,
        risk=scores.risk,
        type_index=scores.type_index,
        day_count=trends.day_count,
        busiest=trends.busiest,
        rising=trends.rising,
        alert=trends.alert,
        theme_reach=theme_reach(found.theme, found.customers, len(found.model)),
        high_value=high_value(frame, policy),
        customer_theme_count=customer_theme_count(found.theme, found.customers, complaint, repeat),
        core=mentions(tokens, policy.core_words),
        theme_people=theme_people(found.theme, found.customers, repeat, len(found.model)),
        cued=cued(texts, policy.rules) & (scores.polarity < CLEARLY_POSITIVE)[:, None],
        urgent=(scores.urgency_index == len(URGENCY_CODES) - 1) & (lengths >= MIN_CHARS),
    )


def customers_of_theme(theme: NDArray[np.int32], customer: Ints, n_themes: int) -> tuple[Ints, int]:
    """Distinct customers per theme, int64 (n_themes,), and distinct customers in all. Rows without either count nowhere."""
    known = (theme >= 0) & (customer >= 0)
    width = int(customer.max(initial=-1)) + 1
    pairs = np.unique(theme[known].astype(np.int64) * max(width, 1) + customer[known])
    return np.bincount(pairs // max(width, 1), minlength=n_themes).astype(np.int64), len(np.unique(customer[customer >= 0]))


def theme_reach(theme: NDArray[np.int32], customer: Ints, n_themes: int) -> NDArray[np.float64]:
    """float64 (n,): the share of all customers that the item's theme touches; 0 without theme, or below MIN_CUSTOMERS."""
    per_theme, total = customers_of_theme(theme, customer, n_themes)
    if total < MIN_CUSTOMERS:
        return np.zeros(len(theme))
    return np.append(per_theme / max(total, 1), 0.0)[theme]


def theme_people(theme: NDArray[np.int32], customer: Ints, repeat: NDArray[np.bool_], n_themes: int) -> Ints:
    """int64 (n,): how many people speak of the item's theme, 0 without theme.

    An item of an unknown customer counts as one more person, unless it says once more what somebody said.
    """
    per_theme, _ = customers_of_theme(theme, customer, n_themes)
    unknown = (theme >= 0) & (customer < 0) & ~repeat
    return np.append(per_theme + np.bincount(theme[unknown], minlength=n_themes), 0)[theme]


def customer_theme_count(theme: NDArray[np.int32], customer: Ints, complaint: NDArray[np.bool_], repeat: NDArray[np.bool_]) -> Ints:
    """int64 (n,): complaints of this customer on this theme, the same text again not counted; 0 where any of that is missing."""
    known = np.flatnonzero((theme >= 0) & (customer >= 0) & complaint)
    result = np.zeros(len(theme), dtype=np.int64)
    keys = customer[known] * (int(theme.max(initial=-1)) + 1) + theme[known]
    place = np.unique(keys, return_inverse=True)[1]
    result[known] = np.bincount(place[~repeat[known]], minlength=int(place.max(initial=-1)) + 1)[place]
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


def cued(texts: list[str], rules: tuple[ForceRule, ...]) -> NDArray[np.bool_]:
    """bool (n, rules): the text holds a word of the rule that is not negated and not part of one of its idioms.

    All texts are searched at once, as one string with a row a line; cleaned texts hold no line feed.
    """
    found = np.zeros((len(texts), len(rules)), dtype=bool)
    joined = "\n".join(texts)
    ends = np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) + 1)
    for column, rule in enumerate(rules):
        starts = np.fromiter((start for start, _ in cue_spans(joined, rule.words, rule.idioms)), dtype=np.int64)
        found[np.searchsorted(ends, starts, side="right"), column] = True
    return found


def cue_spans(text: str, words: tuple[str, ...], idioms: tuple[str, ...] = (), *, negations: bool = True) -> Iterator[tuple[int, int]]:
    """Where words stand in a text, (start, end), that are not part of an idiom, nor negated if ``negations`` count."""
    if not words:
        return
    # An idiom is matched first and passed over; longer words come before the words they contain.
    passed, wanted = ("|".join(map(re.escape, sorted(group, key=len, reverse=True))) for group in (idioms, words))
    for match in re.finditer(f"(?P<word>{wanted})" if not passed else f"(?:{passed})|(?P<word>{wanted})", text):
        if match["word"] and not (negations and _negated(text, match.start())):
            yield match.span()


def _negated(text: str, start: int) -> bool:
    """A negation stands shortly before, in the same clause: 没有漏电, 不会起火, 防触电."""
    before = _CLAUSE_END.split(text[max(start - NEGATION_REACH, 0) : start])[-1]
    return not NEGATIONS.isdisjoint(before)


def mentions(tokens: Tokens, words: tuple[str, ...]) -> NDArray[np.bool_]:
    """bool (n_rows,): the row has a token that contains one of the words. Looks at the vocabulary, not at the rows."""
    vocabulary = tokens.vocabulary.tolist()
    hit = np.fromiter((any(word in token for word in words) for token in vocabulary), dtype=bool, count=len(vocabulary))
    found = np.zeros(tokens.n_rows, dtype=bool)
    found[tokens.rows()[hit[tokens.ids]]] = True
    return found
