"""The priority score: nine components, each a strength in [0, 1] times its weight in the policy, in whole tenths of a point.

Points are rounded to tenths before they are added, so the printed components sum exactly to the printed score. A component can only
add: raising any strength never lowers a score.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.ledger.policy import Policy
from feedback_nlp.vocabulary import TYPE_CODES

#: Types that ask for nothing: what surrounds them (frequency, reach, customer, repetition, core function) raises no priority.
QUIET_TYPES = ("praise", "other")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What the components are computed from, arrays of n rows.

    urgency_level: float in [0, 2], expected urgency. polarity: float in [-1, 1]. risk: float (n, 6), probabilities.
    type_index: int into TYPE_CODES. day_count: int, items of the busiest of the item's themes and keywords on its day (0: none, or no
    date); busiest: object, what it is called. rising: bool, one of them alerts on that day; alert: object, what it is called.
    theme_reach: float in [0, 1], share of all customers the theme touches. high_value: bool.
    customer_theme_count: int, items of this customer on this theme (0: no customer or no theme). core: bool, names a core function.
    cued: bool (n, rules), a complaint that holds a word of the policy's rule.
    urgent: bool, the urgency head says high of a text that is not too short to tell.
    """

    urgency_level: NDArray[np.float32]
    polarity: NDArray[np.float32]
    risk: NDArray[np.float32]
    type_index: NDArray[np.intp]
    day_count: NDArray[np.int64]
    busiest: NDArray[np.object_]
    rising: NDArray[np.bool_]
    alert: NDArray[np.object_]
    theme_reach: Floats
    high_value: NDArray[np.bool_]
    customer_theme_count: NDArray[np.int64]
    core: NDArray[np.bool_]
    cued: NDArray[np.bool_]
    urgent: NDArray[np.bool_]


@dataclass(frozen=True)
class Priority:
    """tenths: int64 (n, components), points in tenths, columns in the order of ``COMPONENTS``. level: int64 (n,) into policy.levels.

    forced: int64 (n,), the policy's rule that fired (the one of the most urgent level, then the first), -1 for none.
    worst_risk: int64 (n,), into RISK_CODES.
    """

    tenths: NDArray[np.int64]
    level: NDArray[np.int64]
    forced: NDArray[np.int64]
    worst_risk: NDArray[np.int64]

    @property
    def score(self) -> Floats:
        """float64 (n,), 0-100, the sum of the components."""
        return np.asarray(self.tenths.sum(axis=1) / 10)


def fired_rules(evidence: Evidence, policy: Policy) -> NDArray[np.bool_]:
    """bool (n, rules): the rules of the policy that fire."""
    fired = evidence.cued.copy()
    for number, rule in enumerate(policy.rules):
        fired[:, number] |= (evidence.risk[:, rule.risk] >= rule.min_probability) & evidence.urgent
    return fired


def risk_strength(evidence: Evidence, policy: Policy, fired: NDArray[np.bool_]) -> Floats:
    """float64 (n, risks): probability x severity; a rule that fires makes its risk certain."""
    certain = np.zeros(evidence.risk.shape)
    for number, rule in enumerate(policy.rules):
        certain[fired[:, number], rule.risk] = 1.0
    return np.asarray(np.maximum(evidence.risk, certain) * np.asarray(policy.severity))


def strengths(evidence: Evidence, policy: Policy, fired: NDArray[np.bool_]) -> Floats:
    """float64 (n, components) in [0, 1], columns in the order of ``COMPONENTS``.

    urgency: expected level / 2, or 1 where a rule fired. negativity: -polarity where negative. risk: the largest ``risk_strength``.
    frequency: a theme or keyword had more than ``daily_items`` items that day. trend: one of them rises that day. reach: the theme
    touches more than ``customer_share`` of the customers. customer: of high value. repeat: the same customer's second item on the theme
    gives half, the third all. core: a core function is named.
    """
    loud = ~np.isin(evidence.type_index, [TYPE_CODES.index(code) for code in QUIET_TYPES])
    columns = (
        np.where(fired.any(axis=1), 1.0, evidence.urgency_level / 2.0),
        np.maximum(-evidence.polarity, 0.0),
        risk_strength(evidence, policy, fired).max(axis=1),
        loud & (evidence.day_count > policy.daily_items),
        loud & evidence.rising,
        loud & (evidence.theme_reach > policy.customer_share),
        loud & evidence.high_value,
        loud * np.clip((evidence.customer_theme_count - 1) / 2.0, 0.0, 1.0),
        loud & evidence.core,
    )
    return np.clip(np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1), 0.0, 1.0)


def prioritise(evidence: Evidence, policy: Policy) -> Priority:
    """Score and level of every item. A rule can only raise the level that the score gives."""
    fired = fired_rules(evidence, policy)
    tenths = np.rint(strengths(evidence, policy, fired) * np.asarray(policy.weights) * 10).astype(np.int64)
    bounds = np.asarray([level.min_score * 10 for level in policy.levels])
    by_score = (tenths.sum(axis=1)[:, None] < bounds).sum(axis=1)
    # The last column stands for "no rule": it can raise nothing, and is chosen where no rule before it fires.
    rule_levels = np.full((len(fired), len(policy.rules) + 1), len(policy.levels), dtype=np.int64)
    rule_levels[:, :-1][fired] = np.broadcast_to(np.asarray([rule.level for rule in policy.rules], dtype=np.int64), fired.shape)[fired]
    forced = np.where(fired.any(axis=1), rule_levels.argmin(axis=1), -1)
    worst = risk_strength(evidence, policy, fired).argmax(axis=1)
    return Priority(tenths, np.minimum(by_score, rule_levels.min(axis=1)).astype(np.int64), forced, worst.astype(np.int64))
