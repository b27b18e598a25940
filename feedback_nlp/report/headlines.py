"""The figures at the head of a report, and the few sentences a reader in a hurry needs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from feedback_nlp.report.curves import RisingTopics
from feedback_nlp.report.overdue import Overdue
from feedback_nlp.report.showing import count, cut, percent
from feedback_nlp.report.tables import Split
from feedback_nlp.report.words import Words
from feedback_nlp.trends.operations import CHANNEL_LIMIT
from feedback_nlp.vocabulary import SENTIMENTS

if TYPE_CHECKING:
    import pandas as pd

    from feedback_nlp.analysis import Analysis

#: How reasons name a rule that forced a level.
_RULE = r"触发规则「([^」]*)」"
NAME_LENGTH = 30


@dataclass(frozen=True)
class Headline:
    """Counts and shares of the whole. urgent: items of the first level; shares are of all items, 0 of none."""

    items: int
    urgent: int
    urgent_share: float
    negative: int
    negative_share: float
    strong: int
    strong_share: float
    overdue: int
    overdue_share: float
    rising: int


def headline(analysis: "Analysis", levels: list[str], overdue: Overdue, rising: RisingTopics) -> Headline:
    """The figures of an analysis. levels: names of priorities, most urgent first."""
    summary = analysis.summary
    items = summary["items"]
    mood = summary["sentiment"]
    strong = mood[SENTIMENTS[-2]]
    negative = strong + mood[SENTIMENTS[-1]]
    urgent = summary["priority"][levels[0]]
    shares = [number / max(items, 1) for number in (urgent, negative, strong, overdue.items)]
    ongoing = sum(line.ongoing for line in rising.lines)
    return Headline(items, urgent, shares[0], negative, shares[1], strong, shares[2], overdue.items, shares[3], ongoing)


def key_points(analysis: "Analysis", levels: list[str], overdue: Overdue, rising: RisingTopics, channels: Split, words: Words) -> list[str]:
    """Sentences on what is urgent, what rises, what is complained about most, what is late, and which channel is too large."""
    ledger, points = analysis.ledger, []
    if not len(ledger):
        return []
    rules = _rules(ledger["reasons"][(ledger["priority"] == levels[0]).to_numpy(bool)])
    if len(rules):
        named = words("、").join(f"{cut(name, NAME_LENGTH)} {count(number)}" for name, number in rules.items())
        points.append(
            words("{level}优先级中有 {n} 条触发了强制规则：{named}。").format(level=words(levels[0]), n=count(rules.sum()), named=named)
        )
    ongoing = [line for line in rising.lines if line.ongoing]
    if ongoing:
        more = words("（另有 {n} 项）").format(n=len(ongoing) - 1) if len(ongoing) > 1 else ""
        points.append(words("正在上升：{sentence}{more}。").format(sentence=ongoing[0].sentence, more=more))
    themes = analysis.themes.assign(bad=analysis.themes["items"] * analysis.themes["negative_share"])
    if len(themes) and themes["bad"].max() > 0:
        worst = themes.loc[themes["bad"].idxmax()]
        text = words("负面反馈最多的主题是「{theme}」：{n} 条，{share}为负面。")
        points.append(text.format(theme=cut(worst["theme"], NAME_LENGTH), n=count(worst["items"]), share=percent(worst["negative_share"])))
    if overdue.items:
        text = words("{n} 条未关闭的反馈已超过期限，其中{level}优先级 {urgent} 条。")
        late = ledger["priority"].iloc[overdue.rows].eq(levels[0]).sum()
        points.append(text.format(n=count(overdue.items), level=words(levels[0]), urgent=count(late)))
    if channels.rows and channels.rows[0][2] > CHANNEL_LIMIT and len(channels.rows) > 1:
        text = words("渠道「{name}」占 {share}，超过单一渠道 {limit} 的上限，其他渠道的声音可能不足。")
        points.append(text.format(name=channels.rows[0][0], share=percent(channels.rows[0][2]), limit=percent(CHANNEL_LIMIT)))
    return points


def _rules(reasons: "pd.Series") -> "pd.Series":
    """Rule -> items, most first, then by name."""
    found = reasons.astype(str).str.extract(_RULE, expand=False).dropna()
    counts = found.value_counts()
    return counts.loc[sorted(counts.index, key=lambda name: (-counts[name], name))]
