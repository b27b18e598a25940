"""Whose column is whose: what people write, what a run writes, and what merging adds."""

from feedback_nlp.ledger.assemble import HEADERS
from feedback_nlp.vocabulary import STATUSES

#: People's columns: a run gives them to an item it brings and never changes them afterwards, except that one it reopens gets another
#: status and is no longer resolved at any time.
PEOPLE = (
    *("status", "owner", "result", "remark", "due_at", "acknowledged_at", "interim_at", "resolved_at"),
    *("corrected_type", "corrected_priority"),
)

#: Those that hold times, datetime64[us, Asia/Shanghai]; the others hold text.
PEOPLES_TIMES = ("due_at", "acknowledged_at", "interim_at", "resolved_at")

#: What merging adds behind all others: the machine's own priority and category where a correction is shown, how often the item was
#: reopened, and whether the last run that should have held it did not.
ADDED = ("machine_priority", "machine_category", "reopened", "vanished")

#: Columns whose every change is a row of the history, in the order of its rows.
TRACKED = ("priority", *PEOPLE)

#: A history: what changed from which value to which; ``who`` is missing where nobody was named, ``run`` where a person did it.
HISTORY = ("feedback_id", "column", "from", "to", "who", "run", "at")

#: Columns a ledger must have to be merged.
REQUIRED = ("feedback_id", "priority", "priority_score", "text", "type", "type_label", "category", "status")

NEW, REOPENED = STATUSES[0], STATUSES[1]
#: Statuses of an item that is done; a dissatisfied customer reopens it.
DONE = STATUSES[3:]

#: Chinese header of every column of a merged ledger that has one.
MERGED_HEADERS = {
    "corrected_type": "更正类型",
    "corrected_priority": "更正优先级",
    "acknowledged_at": "响应时间",
    "interim_at": "方案时间",
    "resolved_at": "解决时间",
    "machine_priority": "系统优先级",
    "machine_category": "系统归类",
    "reopened": "重新打开次数",
    "vanished": "不在最近数据中",
    **HEADERS,
}
