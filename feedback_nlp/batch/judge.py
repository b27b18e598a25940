"""What the counts of the second map say together: trends, who speaks of what, and the tables of the whole."""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from feedback_nlp.batch.learn import Learned
from feedback_nlp.batch.second import Second
from feedback_nlp.batch.setup import Setup
from feedback_nlp.batch.space import Space
from feedback_nlp.ledger.evidence import People
from feedback_nlp.ledger.rising import TrendTable, judge_saved
from feedback_nlp.topics.aspect_sums import AspectSums
from feedback_nlp.topics.topic_sums import TopicSums

Sums = TypeVar("Sums", bound=Any)

#: Counts of so many parts are merged at once.
AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class Judged:
    """What the third map needs to know of other rows: trends, and who speaks of which theme."""

    trends: TrendTable
    people: People


def judge(space: Space, learned: Learned, setup: Setup) -> tuple[Judged, dict[str, pd.DataFrame]]:
    """Judge the results of the second map; also the tables of themes, keywords, phrases, aspects and trends by their names."""
    numbers = range(learned.rows.n_parts)
    parts = [space.read(Second, number, "theme", "customers", "complaint") for number in numbers]
    theme, customers, complaint = (np.concatenate(column) for column in zip(*parts, strict=True))
    people = People.of(theme, customers, complaint, learned.groups.repeat, len(learned.knowledge.themes))
    trends = judge_saved([space.arrays(Second, number, "days") for number in numbers], daily_items=setup.policy.daily_items)
    topics, knowledge = _merged(space, learned, "topics", TopicSums), learned.knowledge
    tables = {
        "themes": topics.themes_table(knowledge),
        "keywords": topics.keywords_table(knowledge),
        "phrases": topics.phrases_table(knowledge),
        "aspects": _merged(space, learned, "aspect_sums", AspectSums).table(),
        "trends": trends.table,
    }
    return Judged(trends, people), tables


def _merged(space: Space, learned: Learned, name: str, kind: type[Sums]) -> Sums:
    """The sums of all parts, some at a time so that no more than these are in memory."""
    total: Any = None
    for start in range(0, learned.rows.n_parts, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, learned.rows.n_parts))
        found = [space.field(Second, number, name, kind) for number in numbers]
        total = found[0].merge(*found[1:]) if total is None else total.merge(*found)
    merged: Sums = total
    return merged
