"""A run and the ledger as people left it become one: the machine's columns are new, people's stay, nothing vanishes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.ledger.policy import Policy
from feedback_nlp.ledger.scheme import Scheme
from feedback_nlp.store.columns import DONE, PEOPLE, REOPENED
from feedback_nlp.store.corrected import apply_corrections
from feedback_nlp.store.frames import changes, column_types, join_types, ordered, stack
from feedback_nlp.store.prepare import Moment, check_rules, moment, named, prepare, rules
from feedback_nlp.trends.satisfaction import read_satisfaction

#: At most this, of 1 to 5, is a dissatisfied customer; 不满意 is 2.
DISSATISFIED = 2.0


@dataclass(frozen=True, eq=False)
class Merged:
    """What merging made.

    ledger: DataFrame, one row per item of either side, most urgent first. history: DataFrame, ``columns.HISTORY``: what this merge changed
    in items that were there before; empty where nothing did.
    """

    ledger: pd.DataFrame
    history: pd.DataFrame


@dataclass(frozen=True)
class Stamp:
    """What a history says of a change: the run it came with, or None; who made it, or None; when."""

    run: str | None
    who: str | None
    at: pd.Timestamp


@dataclass(frozen=True, eq=False)
class Rows:
    """A run's items after merging.

    ledger: rows of the run. known: bool (n,), there before. reopened: bool (n,), by this run. history: what changed.
    """

    ledger: pd.DataFrame
    known: NDArray[np.bool_]
    reopened: NDArray[np.bool_]
    history: pd.DataFrame


def merge_ledger(
    new: pd.DataFrame,
    previous: pd.DataFrame | None,
    *,
    run: str,
    at: Moment = None,
    who: str | None = None,
    scheme: Scheme | str | Path | None = None,
    policy: Policy | str | Path | None = None,
    partial: bool = False,
) -> Merged:
    """Merge a run's ledger into the one before.

    new: the ledger of this run, as ``analyze`` made it. previous: what an earlier merge returned, people's edits included, or an
    earlier run's ledger; None for the first. run: what the run is called in the history. at: when, now by default; who: on whose behalf.
    scheme, policy: those ``new`` was made under (themselves, by slug or by path): they name the class of a corrected type and the order
    of levels. partial: ``new`` holds only a part of the feedback (one day of it), so what it lacks is not marked ``vanished``.

    - The machine's columns of an item are those of ``new``. People's columns (``columns.PEOPLE``) of an item known before are those of
      ``previous``, whatever the run's data say; a column that ``previous`` does not have at all is taken from ``new``.
    - ``corrected_type`` wins in ``type_label`` and ``category``, ``corrected_priority`` in ``priority``; the machine's own stand in
      ``type``, ``machine_category`` and ``machine_priority``. Deadlines, tag and department are the machine's.
    - Items that ``new`` lacks are kept, ``vanished``.
    - An item that is done is reopened where ``new`` brings a dissatisfied answer (``DISSATISFIED``) that was not there before: its status
      is 处理中 again, ``resolved_at`` is empty and ``reopened`` counts one more. The same answer in a later run does not reopen it again.

    Merging the same run again changes nothing and gives no history. Equal input gives equal output whatever the order of its rows.
    Raises InputError where either side is no ledger, or ``new`` was made under another scheme or policy.
    """
    view, levels = rules(scheme, policy)
    stamp = Stamp(named(run, name="run"), who, moment(at))
    mine = prepare(new, what="new")
    check_rules(mine, view, levels)
    old = prepare(previous, what="previous") if previous is not None else mine.iloc[:0]
    # What ``previous`` does not have at all cannot have been written by people, nor have changed.
    absent = [column for column in PEOPLE if previous is not None and column not in previous]
    merged = merge_rows(mine, old.drop(columns=absent), stamp, scheme=view, policy=levels)
    rest = old[~old["feedback_id"].isin(mine["feedback_id"])].reset_index(drop=True)
    kept = apply_corrections(rest if partial else rest.assign(vanished=True), view, levels)
    types = join_types(column_types(merged.ledger), column_types(old), others=len(rest) > 0)
    ledger = ordered(stack([merged.ledger, kept], types), levels)
    late = changes(rest, kept, run=stamp.run, who=stamp.who, at=stamp.at)
    history = late if not len(merged.history) else pd.concat([merged.history, late], ignore_index=True)
    return Merged(ledger, history.sort_values("feedback_id", kind="stable", ignore_index=True))


def merge_rows(new: pd.DataFrame, old: pd.DataFrame, stamp: Stamp, *, scheme: Scheme, policy: Policy) -> Rows:
    """Merge the items of a run, rows of ``new``, with what is known of them.

    new: prepared. old: at least ``feedback_id``, ``priority``, ``reopened``, those of ``PEOPLE`` that there were, and ``satisfaction``
    where it was given; rows of other items do not matter.
    """
    places = pd.Index(old["feedback_id"].astype(object)).get_indexer(pd.Index(new["feedback_id"].astype(object)))
    known = places >= 0
    before = old.iloc[places[known]].reset_index(drop=True)
    columns = {}
    for name in [name for name in (*PEOPLE, "reopened") if name in before]:
        columns[name] = new[name].copy()
        columns[name][known] = before[name].array
    ledger = new.assign(**columns, vanished=False)
    again = np.zeros(len(new), bool)
    again[known] = ledger.loc[known, "status"].isin(DONE).to_numpy(bool) & _newly_dissatisfied(new[known], before)
    undone = {"status": ledger["status"].mask(again, REOPENED), "resolved_at": ledger["resolved_at"].mask(again)}
    ledger = ledger.assign(**undone, reopened=ledger["reopened"] + again)
    ledger = apply_corrections(ledger, scheme, policy)
    after = ledger[known].reset_index(drop=True)
    return Rows(ledger, known, again, changes(before, after, run=stamp.run, who=stamp.who, at=stamp.at))


def _newly_dissatisfied(new: pd.DataFrame, before: pd.DataFrame) -> NDArray[np.bool_]:
    """Where the answer is dissatisfied and was not the same before, bool (n,)."""
    if "satisfaction" not in new:
        return np.zeros(len(new), bool)
    score, _ = read_satisfaction(new["satisfaction"])
    if "satisfaction" not in before:
        return np.asarray(score <= DISSATISFIED)
    return np.asarray((score <= DISSATISFIED) & (score != read_satisfaction(before["satisfaction"])[0]))
