"""What surrounds an item and may raise its priority: integer counts over the whole, then a map over rows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.ledger.policy import ForceRule, Policy
from feedback_nlp.ledger.priority import QUIET_TYPES
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.vocabulary import TYPE_CODES

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


@dataclass(frozen=True, eq=False)
class People:
    """Who speaks of which theme, over all items.

    reach: float64 (n_themes + 1,), the share of all known customers that a theme touches; people: int64 (n_themes + 1,), how many speak of
    it. The last entries, 0, stand for no theme. customers, themes, counts: int64 (k,), complaints of a customer on a theme, where they are
    not exactly one, by customer and theme.
    """

    reach: NDArray[np.float64]
    people: Ints
    customers: Ints
    themes: Ints
    counts: Ints

    @classmethod
    def of(
        cls, theme: NDArray[np.int32], customer: Ints, complaint: NDArray[np.bool_], repeat: NDArray[np.bool_], n_themes: int
    ) -> "People":
        """Count n items.

        theme: int32 (n,), -1 for none. customer: int64 (n,), any number of 0 or more for each customer, -1 where unknown. complaint: bool
        (n,), see ``complaints``. repeat: bool (n,), the same text again from the same customer; it makes no repeated complaint.
        An item of an unknown customer counts as one more person, unless it says once more what somebody said.
        """
        both = (theme >= 0) & (customer >= 0)
        of_theme = np.bincount(_distinct_pairs(customer[both], theme[both])[1], minlength=n_themes)
        total = len(np.unique(customer[customer >= 0]))
        reach = of_theme / max(total, 1) if total >= MIN_CUSTOMERS else np.zeros(n_themes)
        unknown = (theme >= 0) & (customer < 0) & ~repeat
        people = of_theme + np.bincount(theme[unknown], minlength=n_themes)
        known = both & complaint
        found = _pair_counts(customer[known], theme[known], ~repeat[known])
        return cls(np.append(reach, 0.0), np.append(people, 0).astype(np.int64), *found)

    def complaints(self, theme: NDArray[np.int32], customer: Ints, complaint: NDArray[np.bool_]) -> Ints:
        """int64 (n,): complaints of the item's customer on its theme; 0 where any of that is missing."""
        result = np.where((theme >= 0) & (customer >= 0) & complaint, 1, 0)
        rows = np.flatnonzero(result)
        first = np.searchsorted(self.customers, customer[rows])
        for step in range(int(np.unique(self.customers, return_counts=True)[1].max(initial=0))):
            place = np.minimum(first + step, len(self.customers) - 1)
            same = (first + step < len(self.customers)) & (self.customers[place] == customer[rows]) & (self.themes[place] == theme[rows])
            result[rows[same]] = self.counts[place[same]]
        return result


def complaints(type_index: NDArray[np.intp]) -> NDArray[np.bool_]:
    """bool (n,): the type is one that asks for something."""
    return ~np.isin(type_index, [TYPE_CODES.index(code) for code in QUIET_TYPES])


def _distinct_pairs(customer: Ints, theme: NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Each pair once, by customer, then theme."""
    customer, theme, _ = _pair_counts(customer, theme, np.zeros(len(theme), np.bool_))
    return customer, theme


def _pair_counts(customer: Ints, theme: NDArray[np.integer], counted: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Pairs by customer, then theme, and how many of each are counted; those of exactly one are left out."""
    order = np.lexsort((theme, customer))
    customer, theme = customer[order], theme[order].astype(np.int64)
    new = np.append(True, (customer[1:] != customer[:-1]) | (theme[1:] != theme[:-1]))[: len(order)]
    place = np.cumsum(new) - 1
    counts = np.bincount(place[counted[order]], minlength=int(new.sum())).astype(np.int64)
    kept = counts != 1
    return customer[new][kept], theme[new][kept], counts[kept]


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
    rows = _with_any(texts, [word for rule in rules for word in rule.words])
    found[rows] = _cued([texts[row] for row in rows.tolist()], rules)
    return found


def _with_any(texts: Sequence[str] | NDArray[np.object_], words: Sequence[str]) -> Ints:
    """int64: the texts that hold any of the words; a search in one pass, however many words there are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not words:
        return np.zeros(0, np.int64)
    hit = pc.match_substring_regex(pa.array(texts, type=pa.large_string()), "|".join(map(re.escape, words)))
    return np.flatnonzero(hit.to_numpy(zero_copy_only=False))


def _cued(texts: list[str], rules: tuple[ForceRule, ...]) -> NDArray[np.bool_]:
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
    hit = np.zeros(len(tokens.vocabulary), dtype=bool)
    hit[_with_any(tokens.vocabulary, words)] = True
    found = np.zeros(tokens.n_rows, dtype=bool)
    found[tokens.rows()[hit[tokens.ids]]] = True
    return found
