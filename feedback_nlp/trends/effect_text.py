"""The effect of a change for people: one Chinese paragraph, one table."""

import html
import math
from typing import TYPE_CHECKING

from feedback_nlp.trends.effect_tests import Estimate
from feedback_nlp.trends.effect_verdicts import VERDICTS

if TYPE_CHECKING:
    import pandas as pd

    from feedback_nlp.trends.effect import Effect

#: Figure code -> Chinese name, in the order of the table.
FIGURES = {
    "per_day": "日均数量",
    "rate": "每单位曝光的数量",
    "share_of_all": "占全部反馈",
    "others_per_day": "对照日均数量",
    "relative": "相对对照的变化",
    "placebo": "改动前两半段相对对照的变化",
    "satisfaction": "满意率",
    "mean_score": "平均评分",
}


def effect_table(effect: "Effect") -> "pd.DataFrame":
    """[figure, label, before, after, ratio, low, high], one row for each of ``FIGURES``; NaN where a figure has no such number.

    before, after: the figure on each side. ratio: after over before; low, high: its confidence interval.
    relative and placebo are ratios of ratios and have no sides. rate: per unit of exposure, which is a day where none was given.
    """
    import pandas as pd

    first, second = effect.before, effect.after
    rows: dict[str, tuple[float, float, Estimate | None]] = {
        "per_day": (first.per_day, second.per_day, None),
        "rate": (_share(first.count, first.exposure), _share(second.count, second.exposure), effect.ratio),
        "share_of_all": (first.share_of_all, second.share_of_all, None),
        "others_per_day": (_share(first.others, first.days), _share(second.others, second.days), None),
        "relative": (math.nan, math.nan, effect.relative),
        "placebo": (math.nan, math.nan, effect.placebo),
        "satisfaction": (first.satisfaction.value, second.satisfaction.value, effect.satisfaction_ratio),
        "mean_score": (first.mean_score, second.mean_score, None),
    }
    table = [
        (code, FIGURES[code], old, new, *((ratio.value, ratio.low, ratio.high) if ratio else (_share(new, old), math.nan, math.nan)))
        for code, (old, new, ratio) in rows.items()
    ]
    return pd.DataFrame(table, columns=["figure", "label", "before", "after", "ratio", "low", "high"])


def effect_sentence(effect: "Effect") -> str:
    """What was counted, against what, and what it means; one paragraph."""
    first, second = effect.before, effect.after
    parts = [f"「{effect.key}」于 {effect.changed_on} 改动：前 {first.days} 天 {first.count} 条，后 {second.days} 天 {second.count} 条"]
    if first.days and second.days:
        parts.append(f"日均 {_number(first.per_day)} → {_number(second.per_day)} 条")
    if effect.ratio.known:
        parts.append(f"为此前的 {_times(effect.ratio)}（{effect.confidence:.0%} 区间 {_limits(effect.ratio)}）")
    if effect.relative.known:
        parts.append(f"相对其他反馈的同期变化为 {_times(effect.relative)}（{_limits(effect.relative)}）")
    if first.answers and second.answers:
        gain = "" if math.isnan(effect.gain) or math.isinf(effect.gain) else f"，相对变化 {effect.gain:+.1%}"
        sides = (f"{side.satisfied / side.answers:.0%}（{side.satisfied}/{side.answers}）" for side in (first, second))
        parts.append(f"满意率 {' → '.join(sides)}{gain}")
    verdict = f"结论：{effect.verdict_label}（{effect.why}）。"
    if effect.plain_verdict != effect.verdict:
        verdict += f"只按文件规则看观察值：{VERDICTS[effect.plain_verdict]}。"
    if effect.placebo.fell or effect.placebo.rose:
        verdict += "注意：改动之前已与其他反馈走势不同，比较需谨慎。"
    return "；".join(parts) + "。" + verdict


def effect_html(effect: "Effect") -> str:
    """The paragraph and the table, as an HTML fragment."""
    table = effect_table(effect).drop(columns="figure").rename(columns={"label": "指标", "before": "改动前", "after": "改动后"})
    table = table.rename(columns={"ratio": "比值", "low": "区间下限", "high": "区间上限"})
    return f"<p>{html.escape(effect.sentence)}</p>" + str(table.to_html(index=False, float_format="{:.3g}".format, na_rep=""))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _number(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _times(ratio: Estimate) -> str:
    return "无穷倍" if math.isinf(ratio.value) else f"{ratio.value:.2f} 倍"


def _limits(ratio: Estimate) -> str:
    return f"{ratio.low:.2f}–" + ("∞" if math.isinf(ratio.high) else f"{ratio.high:.2f}")
