"""The slow, obvious ledger: one dictionary an item. It exists so that merging and the store can be compared with it, edit by edit."""

from hypothesis import strategies as st
from ledgers import LEVELS, ledger

PEOPLE = ("status", "owner", "result", "corrected_type", "corrected_priority")
NAMES = {"service": "服务投诉", "inquiry": "使用咨询"}


class Model:
    """Items by id, and the history as (id, column, from, to) in no particular order within a step."""

    def __init__(self):
        self.items, self.history = {}, []

    def run(self, found, *, partial=False):
        """found: id -> (level, type, satisfaction, owner) as the run brings them."""
        for name, (level, code, satisfaction, owner) in found.items():
            item = self.items.get(name)
            if item is None:
                fresh = {"status": "待分析", "owner": owner, "result": None, "corrected_type": None, "corrected_priority": None}
                item = self.items[name] = {**fresh, "reopened": 0, "satisfaction": satisfaction, "machine": level, "type": code}
            else:
                before = dict(item, priority=shown_priority(item))
                if item["status"] in ("已解决", "已关闭") and satisfaction == "不满意" and item["satisfaction"] != "不满意":
                    item["status"] = "处理中"
                    item["reopened"] += 1
                item.update(satisfaction=satisfaction, machine=level, type=code)
                self._record(name, before)
            item["vanished"] = False
        for name, item in self.items.items():
            if name not in found and not partial:
                item["vanished"] = True

    def edit(self, name, column, value):
        item = self.items[name]
        before = dict(item, priority=shown_priority(item))
        item[column] = value
        self._record(name, before)

    def _record(self, name, before):
        after = dict(self.items[name], priority=shown_priority(self.items[name]))
        self.history += [
            (name, column, before[column], after[column]) for column in ("priority", *PEOPLE) if before[column] != after[column]
        ]


def shown_priority(item):
    return item["corrected_priority"] or item["machine"]


def as_ledger(found):
    """What a run brings, as analyze would make it."""
    columns = list(zip(*found.values(), strict=True)) or [(), (), (), ()]
    frame = ledger(*((name, level, 50.0, code) for name, (level, code, _, _) in found.items()))
    return frame.assign(satisfaction=list(columns[2]), owner=list(columns[3])).astype({"satisfaction": "str", "owner": "str"})


def check(model, frame):
    """The frame says what the model says: every item once, and of each all that the model knows."""
    assert sorted(frame["feedback_id"]) == sorted(model.items)
    names = (*PEOPLE, "reopened", "vanished", "priority", "machine_priority", "type", "type_label")
    for row in frame[["feedback_id", *names]].astype(object).itertuples(index=False, name=None):
        item = model.items[row[0]]
        label = item["corrected_type"] or {"defect": "产品故障", **NAMES}[item["type"]]
        told = [None if value != value else value for value in row[1:]]
        shown = (shown_priority(item), item["machine"], item["type"], label)
        assert told == [*(item[name] for name in PEOPLE), item["reopened"], item["vanished"], *shown]


IDS = ("a", "b", "c", "d")
ITEM = st.tuples(
    st.sampled_from(LEVELS),
    st.sampled_from(("defect", "service")),
    st.sampled_from((None, "满意", "不满意")),
    st.sampled_from((None, "甲")),
)
RUN = st.tuples(st.just("run"), st.dictionaries(st.sampled_from(IDS), ITEM), st.booleans())
VALUES = {
    "status": ("待分析", "处理中", "待测试", "已解决", "已关闭"),
    "owner": (None, "乙", "丙"),
    "result": (None, "已修复", "'; DROP TABLE feedback_ledger; --"),
    "corrected_type": (None, *NAMES.values()),
    "corrected_priority": (None, *LEVELS),
}
EDIT = st.sampled_from(IDS).flatmap(
    lambda name: st.sampled_from(PEOPLE).flatmap(
        lambda column: st.tuples(st.just("edit"), st.just(name), st.just(column), st.sampled_from(VALUES[column]))
    )
)
#: Runs and people's edits in any order.
STEPS = st.lists(st.one_of(RUN, EDIT), max_size=12)
