"""The priority score: nine components, each a strength in [0, 1] times its weight in the policy, in whole tenths of a point.

Points are rounded to tenths before they are added, so the printed components sum exactly to the printed score. A component can only
add: raising any strength never lowers a score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    theme_people: int, how many people speak of the item's theme (0: no theme).
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
    theme_people: NDArray[np.int64]
    cued: NDArray[np.bool_]
    urgent: NDArray[np.bool_]


@dataclass(frozen=True)
class Priority:
    """tenths: int64 (n, components), points in tenths, columns in the order of ``COMPONENTS``. level: int64 (n,) into policy.levels.

    forced: int64 (n,), the policy's rule that fired (the one of the most urgent level, then the first), -1 for none.
    placed: int64 (n,), the policy's placement that made the level, -1 where score or forcing rule give as urgent a level.
    worst_risk: int64 (n,), into RISK_CODES.
    """

    tenths: NDArray[np.int64]
    level: NDArray[np.int64]
    forced: NDArray[np.int64]
    placed: NDArray[np.int64]
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
    loud = _is_loud(evidence)
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


def placements_that_hold(evidence: Evidence, policy: Policy, strength: Floats) -> NDArray[np.bool_]:
    """bool (n, placements): all conditions of a placement rule hold. strength: of ``strengths``.

    A rule that names no types holds for none of ``QUIET_TYPES``.
    """
    loud = _is_loud(evidence)
    held = np.ones((len(loud), len(policy.placements)), dtype=bool)
    for number, rule in enumerate(policy.placements):
        held[:, number] = np.isin(evidence.type_index, rule.types) if rule.types else loud
        if rule.when:
            found = strength[:, rule.when]
            held[:, number] &= ((found > 0) & (found >= rule.min_strength)).any(axis=1)
        held[:, number] &= evidence.theme_people >= rule.min_people
    return held


def prioritise(evidence: Evidence, policy: Policy) -> Priority:
    """Score and level of every item. A rule can only raise the level that the score gives."""
    fired = fired_rules(evidence, policy)
    strength = strengths(evidence, policy, fired)
    tenths = np.rint(strength * np.asarray(policy.weights) * 10).astype(np.int64)
    bounds = np.asarray([level.min_score * 10 for level in policy.levels])
    by_score = (tenths.sum(axis=1)[:, None] < bounds).sum(axis=1)
    forced, forced_level = _most_urgent(fired, [rule.level for rule in policy.rules], len(policy.levels))
    held = placements_that_hold(evidence, policy, strength)
    placed, placed_level = _most_urgent(held, [rule.level for rule in policy.placements], len(policy.levels))
    others = np.minimum(by_score, forced_level)
    level = np.minimum(others, placed_level).astype(np.int64)
    worst = risk_strength(evidence, policy, fired).argmax(axis=1)
    return Priority(tenths, level, forced, np.where(placed_level < others, placed, -1), worst.astype(np.int64))


def ledger_order(
    level: NDArray[Any], tenths: NDArray[np.int64], age: NDArray[Any], ids: "Sequence[str] | NDArray[Any]"
) -> NDArray[np.intp]:
    """int (n,): rows from the most urgent on, by level, then score, then age (oldest first, NaT last), then id by code point.

    level: int (n,); tenths: int64 (n,), the score in tenths; age: datetime64 (n,), or numbers; ids: n of str, or an Arrow array of them.
    Nothing but what an item is decides its place, so the order of the input is of no importance.
    """
    order = np.lexsort((age, -tenths, level))
    same = np.ones(max(len(order) - 1, 0), np.bool_)
    for values in (level[order], tenths[order], age[order]):
        both = np.isnat(values) if values.dtype.kind == "M" else np.zeros(len(values), np.bool_)
        same &= (values[1:] == values[:-1]) | (both[1:] & both[:-1])
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same)[: len(order)])
    if len(tied):
        run = np.cumsum(~np.append(False, same)[: len(order)])[tied]
        order[tied] = order[tied][_by_id(run, ids, order[tied])]
    return order


def _by_id(run: NDArray[np.int64], ids: Any, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """The order of some rows by run, then id: UTF-8 sorts as code points do."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = ids if isinstance(ids, pa.Array | pa.ChunkedArray) else pa.array(ids, type=pa.large_string())
    table = pa.table({"run": run, "id": names.take(pa.array(rows))})
    return np.asarray(pc.sort_indices(table, sort_keys=[("run", "ascending"), ("id", "ascending")]))


def _most_urgent(holds: NDArray[np.bool_], levels: list[int], n_levels: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rule of the most urgent level, then the first, of those that hold, and its level; -1 and ``n_levels`` for none.

    holds: bool (n, rules). levels: of the rules.
    """
    # The last column stands for "no rule": it can raise nothing, and is chosen where no rule before it holds.
    found = np.full((len(holds), len(levels) + 1), n_levels, dtype=np.int64)
    found[:, :-1] = np.where(holds, np.asarray(levels, dtype=np.int64), n_levels)
    return np.where(holds.any(axis=1), found.argmin(axis=1), -1).astype(np.int64), found.min(axis=1)


def _is_loud(evidence: Evidence) -> NDArray[np.bool_]:
    return ~np.isin(evidence.type_index, [TYPE_CODES.index(code) for code in QUIET_TYPES])
