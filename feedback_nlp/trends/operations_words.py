"""Names of operating figures and their notes, in Chinese and English."""

LANGUAGES = ("zh", "en")

#: Figure code -> (Chinese, English), in the order of a report.
FIGURES = {
    "volume": ("反馈量", "volume"),
    "channel_share": ("渠道占比", "share by channel"),
    "type_share": ("类型占比", "share by type"),
    "priority_share": ("优先级占比", "share by priority"),
    "response_in_time": ("响应及时率", "responded in time"),
    "resolution_in_time": ("解决及时率", "resolved in time"),
    "resolved_share": ("解决率", "resolved"),
    "reopened_share": ("重开率", "reopened"),
    "satisfied_share": ("满意率", "satisfied"),
    "mean_score": ("平均评分", "mean score"),
    "invalid_share": ("无效反馈占比", "invalid feedback"),
    "completeness": ("信息完整率", "completeness of fields"),
}

#: Flag code -> (Chinese, English).
FLAGS = {
    "over_limit": ("渠道过于集中", "channel over its limit"),
    "silent": ("沉默渠道", "silent channel"),
    "incomplete": ("本期未完", "period not over"),
    "undated": ("无日期", "undated"),
    "not_available": ("无法计算", "not available"),
}

#: Headers of the report: period, first day, last day, what was flagged.
WIDE = {"zh": ("周期", "开始", "结束", "提示"), "en": ("period", "start", "end", "hints")}

#: Notes by language; the braces are filled by the figures.
TEXTS = {
    "zh": {
        "undated": "无日期",
        "unspecified": "未注明",
        "undated_note": "这些反馈没有可用的反馈时间，不属于任何一期",
        "incomplete": "本期尚未结束",
        "over_limit": "占比超过 {limit:.0%}",
        "silent": "本期无反馈",
        "no_column": "台账没有「{names}」列，无法计算",
        "untimed": "另有 {n} 条已处理但无时间，未计入",
        "pending": "另有 {n} 条尚未到期，未计入",
        "unread": "另有 {n} 条的值无法识别，未计入",
        "only": "仅按「{names}」列统计",
        "missing": "—",
        "pair": "{value:.1%}（{count}/{of}）",
        "mean": "{value:.2f}（{of} 个回答）",
        "join": "；",
        "item": "{figure}·{group}",
        "hint": "{group}：{note}",
    },
    "en": {
        "undated": "undated",
        "unspecified": "unspecified",
        "undated_note": "items without a usable time, in no period",
        "incomplete": "the period is not over",
        "over_limit": "share above {limit:.0%}",
        "silent": "no feedback in this period",
        "no_column": "the ledger has no column {names}: not available",
        "untimed": "{n} more are done without a time and left out",
        "pending": "{n} more are not due yet and left out",
        "unread": "{n} more hold what cannot be read and are left out",
        "only": "from the column {names} alone",
        "missing": "n/a",
        "pair": "{value:.1%} ({count}/{of})",
        "mean": "{value:.2f} ({of} answers)",
        "join": "; ",
        "item": "{figure}: {group}",
        "hint": "{group}: {note}",
    },
}
