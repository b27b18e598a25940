"""The figures' own words, in Chinese and English."""

from typing import Literal

from feedback_nlp.errors import InputError

Lang = Literal["zh", "en"]

LABELS: dict[str, dict[str, str]] = {
    "zh": {
        "no_data": "没有数据",
        "unknown": "未知",
        "themes": "反馈主题",
        "keywords": "关键词",
        "contrast": "各组特有的说法",
        "cloud": "词云",
        "phrases": "词语",
        "aspects": "各方面的评价",
        "aspects_by_product": "各产品各方面的评价",
        "rising": "上升最快",
        "calendar": "每日反馈量",
        "items": "反馈条数",
        "of": "{what}（前 {shown} 项，共 {total} 项）",
        "polarity": "平均情感",
        "worst": "-1 负面",
        "best": "+1 正面",
        "count": "{n} 条",
        "negative": "负面 {share}",
        "strong": "强烈 {share}",
        "share": "占 {share}",
        "join": "，",
        "contrast_axis": "显著性 z（条末：本组条数 / 其余条数）",
        "polarity_axis": "平均情感（-1 负面，+1 正面）；条末为提及的反馈条数",
        "cell": "{polarity}\n{n} 条",
        "observed": "实际",
        "expected": "预期",
        "band": "预测区间",
        "alert": "预警",
        "alert_kind": "预警（{kind}）",
        "since": "自{day}起",
        "holiday": "节假日",
        "peak": "{day}：{n} 条，预期 {expected}",
        "no_row": "无记录",
        "nothing_rises": "没有上升的项",
        "year": "{year}年",
        "month": "{month}月",
        "day": "{month}月{day}日",
        "weekdays": "一二三四五六日",
    },
    "en": {
        "no_data": "No data",
        "unknown": "unknown",
        "themes": "Feedback themes",
        "keywords": "Key phrases",
        "contrast": "What each group says more than the others",
        "cloud": "Word cloud",
        "phrases": "Phrases",
        "aspects": "What is said of each aspect",
        "aspects_by_product": "What is said of each aspect, by product",
        "rising": "Rising fastest",
        "calendar": "Feedback by day",
        "items": "Items",
        "of": "{what} (top {shown} of {total})",
        "polarity": "Mean polarity",
        "worst": "-1 negative",
        "best": "+1 positive",
        "count": "{n}",
        "negative": "{share} negative",
        "strong": "{share} strongly",
        "share": "{share}",
        "join": ", ",
        "contrast_axis": "z (at the bar's end: items of the group / of the others)",
        "polarity_axis": "Mean polarity (-1 negative, +1 positive); at the bar's end the items that mention it",
        "cell": "{polarity}\nn={n}",
        "observed": "observed",
        "expected": "expected",
        "band": "predicted range",
        "alert": "alert",
        "alert_kind": "alert ({kind})",
        "since": "since {day}",
        "holiday": "holiday",
        "peak": "{day}: {n}, expected {expected}",
        "no_row": "no record",
        "nothing_rises": "Nothing rises",
        "year": "{year}",
        "month": "{month}",
        "day": "{month} {day}",
        "weekdays": "MTWTFSS",
    },
}
#: Kinds of alerts, as `feedback_nlp.trends` reports them; others are written as they are.
KINDS: dict[str, dict[str, str]] = {
    "zh": {"new": "新出现", "spike": "突增", "rise": "持续上升", "sentiment": "情感恶化", "share": "投诉占比上升", "plain": "高频"},
    "en": {"rise": "lasting rise", "share": "share of complaints", "plain": "frequent"},
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def check_lang(lang: str) -> str:
    """Return the language. Raises InputError for one there are no words in."""
    if lang not in LABELS:
        raise InputError(f"lang: expected one of {', '.join(map(repr, LABELS))}, got {lang!r}")
    return lang


def count_text(number: float) -> str:
    """Write a whole number with its thousands marked: 12345 -> 12,345."""
    return f"{round(number):,}"


def short_count(number: float, lang: str) -> str:
    """Write a number of an axis shortly: 120000 -> 12万, or 120k in English."""
    units = ((1e8, "亿"), (1e4, "万")) if lang == "zh" else ((1e9, "B"), (1e6, "M"), (1e3, "k"))
    for size, unit in units:
        if abs(number) >= size:
            return f"{number / size:.6g}{unit}"
    return f"{number:.6g}"


def share_text(share: float) -> str:
    """Write a share of 1 in per cent; what is more than none is never shown as 0 %."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def day_text(day: object, lang: str) -> str:
    """Write a date without its year: 5月3日, May 3. day: whatever has month and day."""
    month, number = getattr(day, "month", 1), getattr(day, "day", 1)
    return LABELS[lang]["day"].format(month=month_name(month, lang), day=number)


def month_name(month: int, lang: str) -> int | str:
    """Name a month for the labels ``month`` and ``day``."""
    return month if lang == "zh" else MONTHS[month - 1]
