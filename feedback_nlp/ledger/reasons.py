"""One Chinese sentence per item: what raised its priority, and by how much."""

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.ledger.policy import COMPONENTS, Level, Policy
from feedback_nlp.ledger.priority import Evidence, Priority
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.vocabulary import RISKS, URGENCIES

#: Components below this many tenths of a point are summed up as 其余.
MIN_TENTHS = 20

#: A level whose name ends so says itself that it is one: 紧急关键型.
LEVEL_NOUNS = ("型", "类", "级")

Objects = NDArray[np.object_]


def reasons(evidence: Evidence, priority: Priority, policy: Policy, *, scores: Scores, notes: Objects | str = "") -> Objects:
    """Object (n,) of sentences such as 「紧急程度高（+31.2）、强烈负面（+22.9）、服务中断风险（+13.0）；评为高优先级。」

    notes: what each sentence ends with, 「；相同内容共 3 条」.
    String work is array-wise; there are few distinct phrases.
    """
    rules = [f"触发规则「{rule.label}」" for rule in policy.rules]
    urgency = [f"紧急程度{label}" for label in URGENCIES.values()]
    phrases = {
        "urgency": take_names(urgency + rules, np.where(priority.forced < 0, scores.urgency_index, priority.forced + len(urgency))),
        "negativity": take_names(["强烈负面", "负面情绪", "语气略负"], np.clip(scores.sentiment.astype(np.intp) + 2, 0, 2)),
        "risk": take_names([label if label.endswith("风险") else f"{label}风险" for label in RISKS.values()], priority.worst_risk),
        "frequency": evidence.busiest + "当日" + evidence.day_count.astype(str).astype(object) + "条",
        "trend": evidence.alert,
        "reach": "主题触及" + _percent(evidence.theme_reach) + "客户",
        "repeat": "同一客户同一主题" + evidence.customer_theme_count.astype(str).astype(object) + "次反馈",
    }
    points = np.asarray([f"（+{tenths / 10:g}）" for tenths in range(1001)], dtype=object)
    total = np.full(len(scores), "", dtype=object)
    rest = priority.tenths.sum(axis=1)
    for number, (component, name) in enumerate(COMPONENTS.items()):
        tenths = priority.tenths[:, number]
        said = tenths >= MIN_TENTHS
        phrase = phrases[component][said] if component in phrases else name
        total[said] += phrase + points[tenths[said]] + "、"
        rest = rest - np.where(said, tenths, 0)
    found = total != ""
    total[found & (rest > 0)] += "其余" + points[rest[found & (rest > 0)]] + "、"
    total[found] = np.frompyfunc(lambda text: text[:-1], 1, 1)(total[found])
    total[~found] = "没有明显的升级因素"
    placed = take_names([*(f"按规则「{rule.label}」" for rule in policy.placements), ""], priority.placed)
    levels = take_names([_verdict(level) for level in policy.levels], priority.level)
    return np.asarray(total + "；" + placed + levels + notes + "。", dtype=object)


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
