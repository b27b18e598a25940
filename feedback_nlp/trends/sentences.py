"""What an alert says to people, in Chinese."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

#: Kinds of alerts and what they are called.
KINDS = {"new": "新出现", "spike": "突增", "rise": "持续上升", "sentiment": "情感恶化", "share": "投诉占比上升", "plain": "高频"}
#: States of a key in a period.
NORMAL, ALERT, FREQUENT, NEW, SHORT, MISSING = "正常", "预警", "高频", "新出现", "历史不足", "缺数据"
#: Columns a key may be of and what they are called.
NOUNS = {
    **{"theme": "主题", "product": "产品", "channel": "渠道", "type": "类型", "type_label": "类型", "phrase": "短语", "region": "地区"},
    **{"keywords": "关键词", "aspect": "方面", "category": "类别", "priority": "优先级", "customer_type": "客户类型"},
}
#: Items expected from which on it is said how many times that came.
LEAST_EXPECTED = 0.05
_PER = {"hour": "每小时", "day": "每日", "week": "每周", "month": "每月"}


class Facts(NamedTuple):
    """What one sentence is made of; None for what is not known.

    name: see `key_name`; moment: see `moment_text`. ratio: times the expected. since: when the rise or the key began, as a text.
    limit: of the plain rule. negative, polarity, complaints: what is and what was expected, shares from 0 to 1.
    """

    period: str
    name: str
    moment: str
    kinds: tuple[str, ...]
    observed: int
    expected: float | None
    ratio: float | None
    since: str | None
    customers: int | None
    limit: float
    negative: tuple[float, float] | None = None
    polarity: tuple[float, float] | None = None
    complaints: tuple[float, float] | None = None


def key_name(names: Sequence[str], parts: Sequence[str]) -> str:
    """主题「电池续航」, of several columns 主题「电池续航」、渠道「天猫」."""
    return "、".join(f"{NOUNS.get(column, column)}「{part}」" for column, part in zip(names, parts, strict=True))


def sentence(facts: Facts) -> str:
    """One sentence of what is seen, what was expected, since when, and whom it touches."""
    parts = [f"{facts.name}{facts.moment} {facts.observed} 条"]
    if facts.expected is not None and facts.ratio is not None:
        times = f"（{facts.ratio:.1f} 倍）" if facts.expected >= LEAST_EXPECTED else ""
        parts.append(f"预期 {facts.expected:.1f} 条{times}")
    if "new" in facts.kinds and facts.since is not None:
        parts.append(f"{facts.since} 首次出现")
    elif "rise" in facts.kinds and facts.since is not None:
        parts.append(f"自 {facts.since} 起上升")
    if "sentiment" in facts.kinds and facts.negative is not None:
        parts.append(f"负面占 {_percent(facts.negative[0])}，平时 {_percent(facts.negative[1])}")
    if "sentiment" in facts.kinds and facts.polarity is not None:
        parts.append(f"情感均值 {facts.polarity[0]:.2f}，平时 {facts.polarity[1]:.2f}")
    if "share" in facts.kinds and facts.complaints is not None:
        parts.append(f"占投诉 {_percent(facts.complaints[0])}，平时 {_percent(facts.complaints[1])}")
    if "plain" in facts.kinds:
        parts.append(f"超过{_PER[facts.period]} {facts.limit:g} 条，属高频")
    if facts.customers:
        parts.append(f"涉及 {facts.customers} 位客户")
    return "，".join(parts)


def moment_text(moment: np.datetime64, period: str) -> str:
    """10月12日, 10月12日 9时, 10月12日当周, 2025年10月."""
    year, month, day = str(moment.astype("datetime64[D]")).split("-")
    if period == "month":
        return f"{year}年{int(month)}月"
    text = f"{int(month)}月{int(day)}日"
    if period == "hour":
        return f"{text} {int(moment.astype('datetime64[h]').astype(np.int64)) % 24}时"
    return f"{text}当周" if period == "week" else text


def _percent(share: float) -> str:
    return f"{share * 100:.0f}%"
