"""The third map: priority, reasons and deadlines of each row, as rows of the ledger in their order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from feedback_nlp.batch.first import First
from feedback_nlp.batch.judge import Judged
from feedback_nlp.batch.learn import Learned
from feedback_nlp.batch.second import Second, kept_scores, local_days, topic_keys
from feedback_nlp.batch.setup import Setup
from feedback_nlp.io.cells import ZONE
from feedback_nlp.ledger.assemble import LedgerParts, assemble
from feedback_nlp.ledger.day_range import within
from feedback_nlp.ledger.deadlines import deadlines
from feedback_nlp.ledger.notes import copy_notes
from feedback_nlp.ledger.priority import Evidence, prioritise
from feedback_nlp.ledger.reasons import reasons
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.summary import Figures


def rank_part(first: First, second: Second, number: int, learned: Learned, judged: Judged, setup: Setup) -> pd.DataFrame:
    """The rows of a part that stay as they stand in the ledger, most urgent first."""
    rows, groups, policy = learned.rows, learned.groups, setup.policy
    here = slice(int(rows.starts[number]), int(rows.starts[number + 1]))
    scores, group = kept_scores(first.scores, rows, number), groups.group[here]
    frame = _frame(first, number, learned)
    evidence = _evidence(first, second, scores, number, learned, judged)
    priority = prioritise(evidence, policy)
    themes = np.array([*learned.knowledge.themes.names, ""], dtype=object)
    parts = LedgerParts(
        frame=frame,
        texts=rows.kept(number, first.texts),
        originals=rows.kept(number, first.originals),
        scores=scores,
        priority=priority,
        category=rows.kept(number, first.category),
        theme=themes[second.theme],
        theme_strength=second.strength,
        keywords=second.keywords,
        key_phrases=second.key_phrases,
        aspects=second.aspects,
        duplicates=groups.count[group],
        duplicate_of=groups.other(group, frame["feedback_id"].to_numpy(dtype=object)),
        reasons=reasons(evidence, priority, policy, scores=scores, notes=copy_notes(groups.count[group], groups.customers[group])),
        due=deadlines(frame, priority.level, policy, as_of=setup.as_of),
        lines=rows.kept(number, first.lines),
        source=first.source,
        no_information=rows.kept(number, first.no_information),
        damaged=rows.kept(number, first.damaged),
    )
    return assemble(parts, policy)


def _frame(first: First, number: int, learned: Learned) -> pd.DataFrame:
    """The input's columns but for the text, those of all parts in their order; personal data are masked."""
    rows, n_rows = learned.rows, len(learned.rows.kept(number, first.lines))
    again, _ = rows.again(number)
    given = first.given.drop(index=again).reset_index(drop=True) if len(again) and len(first.given) else first.given
    own = {"feedback_id": rows.kept(number, rows.names(number, first.names.names))}
    if "created_at" in learned.columns:
        own["created_at"] = pd.Series(rows.kept(number, first.created_at)).dt.tz_localize("UTC").dt.tz_convert(ZONE)
    missing = np.full(n_rows, None, dtype=object)
    columns = {name: own[name] if name in own else given.get(name, missing) for name in learned.columns if name != "text"}
    return pd.DataFrame(columns, index=pd.RangeIndex(n_rows))


def _evidence(first: First, second: Second, scores: Scores, number: int, learned: Learned, judged: Judged) -> Evidence:
    rows = learned.rows
    days = within(local_days(rows.kept(number, first.created_at)), *learned.days)
    keys = topic_keys(learned.knowledge, second.theme, second.mention_rows, second.mention_subjects)
    day_count, busiest, rising, alert = judged.trends.of_items(days, keys)
    return Evidence(
        urgency_level=scores.urgency_level,
        polarity=scores.polarity,
        risk=scores.risk,
        type_index=scores.type_index,
        day_count=day_count,
        busiest=busiest,
        rising=rising,
        alert=alert,
        theme_reach=judged.people.reach[second.theme],
        high_value=rows.kept(number, first.high_value),
        customer_theme_count=judged.people.complaints(second.theme, second.customers, second.complaint),
        core=second.core,
        theme_people=judged.people.people[second.theme],
        cued=rows.kept(number, first.cued),
        urgent=rows.kept(number, first.urgent),
    )


@dataclass(frozen=True, eq=False)
class Third:
    """What the third map leaves of a part: its rows of the ledger, most urgent first, and figures of them."""

    ledger: pd.DataFrame
    figures: Figures
