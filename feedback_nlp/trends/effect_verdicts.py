"""What figures before and after a change mean: the documents' bars, and when there is too little to tell."""

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from feedback_nlp.errors import InputError

if TYPE_CHECKING:
    from feedback_nlp.trends.effect import Effect

#: Verdict code -> what people read.
VERDICTS = {
    "met": "达标",
    "below": "未达预期，需二次优化",
    "general": "与整体变化无法区分，不能归功于本次改动",
    "too_little_data": "数据不足",
}


@dataclass(frozen=True)
class EffectTargets:
    """What a change has to reach, and how much must be known before anything is said.

    per_day: most items a day after the change, above 0 (document 0: 故障反馈 ≤ 1 次/日); None sets no such bar, as for what is no fault.
    gain: least relative gain of the share of satisfied answers (document 0: under 5 % is 未达预期), 0 or more.
    drop: a fall of the rate by less than this share is no effect worth the name, within [0, 1).
    days: observed days each side must have. items: items of the key both sides must have together.
    answers: answers about satisfaction each side must have before satisfaction counts.

    >>> EffectTargets(per_day=None, days=14).gain
    0.05

    Raises InputError for a value outside its range.
    """

    per_day: float | None = 1.0
    gain: float = 0.05
    drop: float = 0.2
    days: int = 7
    items: int = 10
    answers: int = 10

    def __post_init__(self) -> None:
        limits = {"per_day": (0.0, math.inf), "gain": (0.0, math.inf), "drop": (0.0, 1.0), "days": (1, math.inf)}
        for field in fields(self):
            value, (low, high) = getattr(self, field.name), limits.get(field.name, (0, math.inf))
            if field.name == "per_day" and value is None:
                continue
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and low <= value < high) or (field.name == "per_day" and value == 0):
                raise InputError(f"EffectTargets: {field.name}: expected a number from {low:g} to below {high:g}, got {value!r}")


def judge(effect: "Effect") -> tuple[str, str]:
    """Return (code, why): a code of ``VERDICTS`` and the reason in Chinese. The first rule that holds decides.

    1. too_little_data: fewer observed days on a side, or fewer items on both together, than ``EffectTargets`` asks for.
    2. below: satisfaction has its answers, and the whole interval of its gain lies under the bar.
    3. below: the whole interval of items a day after the change lies over the bar.
    4. below: the whole interval of the ratio lies above 1 - drop: no fall worth the name.
    5. too_little_data: the interval of the ratio includes 1.
    6. general: the rate fell, but the interval of the ratio against the comparison includes 1 (or lies above).
    7. too_little_data: the rate fell, the items a day are over the bar, but their interval includes it.
    8. met.
    """
    bar, before, after = effect.targets, effect.before, effect.after
    days, items = min(before.days, after.days), before.count + after.count
    if days < bar.days:
        return "too_little_data", f"一侧只有 {days} 天数据，少于 {bar.days} 天"
    if items < bar.items:
        return "too_little_data", f"前后合计只有 {items} 条，少于 {bar.items} 条"
    if effect.enough_answers and effect.satisfaction_ratio.high < 1 + bar.gain:
        return "below", f"满意率提升不足 {bar.gain:.0%}"
    if bar.per_day is not None and effect.daily_after.low > bar.per_day:
        return "below", f"改动后日均仍高于 {bar.per_day:g} 条"
    if effect.ratio.low > 1 - bar.drop:
        return "below", f"数量没有下降 {bar.drop:.0%} 以上"
    if not effect.ratio.fell:
        return "too_little_data", "前后比值的区间包含 1，尚不能断定有变化"
    if effect.relative.known and not effect.relative.fell:
        return "general", "数量下降，但与其他反馈的同期变化无法区分"
    if effect.reached is False:
        return "too_little_data", f"数量下降，但日均是否不高于 {bar.per_day:g} 条尚不能断定"
    more = "，降幅超过其他反馈的同期变化" if effect.relative.known else "；没有对照，不能排除整体下降"
    return "met", ("数量下降" if bar.per_day is None else f"数量下降，日均不高于 {bar.per_day:g} 条") + more


def plain_verdict(effect: "Effect") -> str:
    """The documents' two rules on the observed figures alone, whatever chance had to do with them: a code of ``VERDICTS``.

    below: more items a day after the change than the bar, or a gain in satisfaction under its bar; met otherwise;
    too_little_data where the days after the change, or answers on either side with no bar on items, are missing.
    """
    gain, reached = effect.gain, effect.reached
    if reached is False or (not math.isnan(gain) and gain < effect.targets.gain):
        return "below"
    return "too_little_data" if reached is None and (effect.targets.per_day is not None or math.isnan(gain)) else "met"
