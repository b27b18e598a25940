"""One Chinese sentence per item: what raised its priority, and by how much."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.io.joined import constant, joined
from feedback_nlp.ledger.policy import COMPONENTS, Level, Policy
from feedback_nlp.ledger.priority import Evidence, Priority
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.vocabulary import RISKS, URGENCIES

#: Components below this many tenths of a point are summed up as 其余.
MIN_TENTHS = 20

#: A level whose name ends so says itself that it is one: 紧急关键型.
LEVEL_NOUNS = ("型", "类", "级")

Objects = NDArray[np.object_]
Ints = NDArray[np.int64]


def reasons(evidence: Evidence, priority: Priority, policy: Policy, *, scores: Scores, notes: Objects | str = "") -> Any:
    """Strings (n,), an array of pandas, such as 「紧急程度高（+31.2）、强烈负面（+22.9）、服务中断风险（+13.0）；评为高优先级。」

    notes: what each sentence ends with, 「；相同内容共 3 条」.
    Arrow joins the phrases: no string of Python is made of any of them.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    points = pa.array([f"（+{tenths / 10:g}）" for tenths in range(1001)], pa.large_string())
    said = priority.tenths >= MIN_TENTHS
    named = said.any(axis=1)
    columns = []
    for number, component in enumerate(COMPONENTS):
        rows = np.flatnonzero(said[:, number])
        phrase = _phrase(component, rows, evidence, priority, policy, scores)
        words = joined(phrase, points.take(pa.array(priority.tenths[rows, number])))
        columns.append(_spread(words, rows, len(said)))
    rest = np.where(said, 0, priority.tenths).sum(axis=1)
    rows = np.flatnonzero(named & (rest > 0))
    columns.append(_spread(joined("其余", points.take(pa.array(rest[rows]))), rows, len(said)))
    # Arrow leaves out a row that is null in every column: none is.
    rows = np.flatnonzero(~named)
    columns.append(_spread(pa.array(["没有明显的升级因素"] * len(rows), pa.large_string()), rows, len(said)))
    total = pc.binary_join_element_wise(*columns, constant("、"), null_handling="skip")
    placed = take_names([*(f"按规则「{rule.label}」" for rule in policy.placements), ""], priority.placed)
    levels = take_names([_verdict(level) for level in policy.levels], priority.level)
    return pd.array(joined(total, "；", placed, levels, notes, "。"), dtype="str")


def _phrase(component: str, rows: Ints, evidence: Evidence, priority: Priority, policy: Policy, scores: Scores) -> Any:
    """What is said of a component in some rows: texts (m,), or one for all."""
    if component == "urgency":
        labels = [*(f"紧急程度{label}" for label in URGENCIES.values()), *(f"触发规则「{rule.label}」" for rule in policy.rules)]
        forced = priority.forced[rows]
        return take_names(labels, np.where(forced < 0, scores.urgency_index[rows], forced + len(URGENCIES)))
    if component == "negativity":
        return take_names(["强烈负面", "负面情绪", "语气略负"], np.clip(scores.sentiment[rows].astype(np.intp) + 2, 0, 2))
    if component == "risk":
        return take_names([label if label.endswith("风险") else f"{label}风险" for label in RISKS.values()], priority.worst_risk[rows])
    if component == "frequency":
        return joined(evidence.busiest[rows], "当日", _numbers(evidence.day_count[rows]), "条")
    if component == "trend":
        return evidence.alert[rows]
    if component == "reach":
        return joined("主题触及", _percent(evidence.theme_reach[rows]), "客户")
    if component == "repeat":
        return joined("同一客户同一主题", _numbers(evidence.customer_theme_count[rows]), "次反馈")
    return COMPONENTS[component]


def _spread(texts: Any, rows: Ints, n_rows: int) -> Any:
    """The texts at these rows of n, null elsewhere."""
    import pyarrow as pa

    place = np.zeros(n_rows, np.int64)
    place[rows] = np.arange(len(rows))
    absent = np.ones(n_rows, bool)
    absent[rows] = False
    return texts.take(pa.array(place, mask=absent))


def _numbers(numbers: Ints) -> Any:
    import pyarrow as pa

    return pa.array(numbers).cast(pa.large_string())


def _verdict(level: Level) -> str:
    """「评为高优先级」, 「评为紧急关键型，立即上报」."""
    named = f"评为{level.name}" if level.name.endswith(LEVEL_NOUNS) else f"评为{level.name}优先级"
    return f"{named}，{level.action}" if level.action else named


def take_names(names: list[str], index: NDArray[np.integer]) -> Objects:
    """The name of each number, object (n,). names: by number. index: int (n,)."""
    chosen: Objects = np.asarray(names, dtype=object)[index]
    return chosen


def _percent(share: NDArray[np.float64]) -> Objects:
    return take_names([f"{number}%" for number in range(101)], np.rint(share * 100).astype(np.intp))
