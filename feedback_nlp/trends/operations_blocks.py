"""Each operating figure as one small function: a ledger's columns and its periods in, counts by period and group out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.trends.operations_columns import DONE, OPTIONAL_COLUMNS, LedgerColumns
from feedback_nlp.trends.operations_periods import Periods
from feedback_nlp.trends.satisfaction import SATISFIED, read_satisfaction
from feedback_nlp.vocabulary import INPUT_COLUMNS, LEDGER_HEADERS, STATUSES, TYPES

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Objects = NDArray[np.object_]

#: Figure -> (when it happened, by when it had to).
CLOCKS = {"response_in_time": ("acknowledged_at", "ack_due_at"), "resolution_in_time": ("resolved_at", "resolve_due_at")}


@dataclass(frozen=True, eq=False)
class Reading:
    """What every figure is read from.

    as_of: datetime64[us] in UTC, NaT in a ledger without any time. texts: the notes of ``lang``, see ``TEXTS``.
    """

    columns: LedgerColumns
    periods: Periods
    as_of: np.datetime64
    texts: Mapping[str, Any]
    lang: str

    @cached_property
    def n_items(self) -> int:
        """Rows of the ledger."""
        return len(self.periods.codes)

    @cached_property
    def volume(self) -> Ints:
        """int64 (n_lines,)."""
        return self.periods.count(np.ones(self.n_items, bool))

    @cached_property
    def done(self) -> Bools | None:
        """bool (n,): the status says so; None without a status."""
        status = self.columns.words("status")
        return None if status is None else np.isin(status.astype(str), DONE)

    def name(self, column: str) -> str:
        """What people call a column."""
        if self.lang == "en":
            return column
        headers = {known.name: known.header for known in INPUT_COLUMNS} | LEDGER_HEADERS
        return (headers | {name: aliases[0] for name, aliases in OPTIONAL_COLUMNS.items()})[column]

    def note(self, key: str, numbers: Ints) -> Objects:
        """object (n_lines,): the text with each line's number, "" where that is 0."""
        return np.array([self.texts[key].format(n=n) if n else "" for n in numbers.tolist()], dtype=object)

    def joined(self, *notes: Objects) -> Objects:
        """Notes of a line behind one another, object (n_lines, 1)."""
        return np.array([self.texts["join"].join(filter(None, line)) for line in zip(*notes, strict=True)], dtype=object)[:, None]


@dataclass(frozen=True, eq=False)
class Block:
    """One figure: value float64, count and of int64, flag and note object, all (n_lines, n_groups)."""

    figure: str
    groups: tuple[str, ...]
    value: NDArray[np.float64]
    count: Ints
    of: Ints
    flag: Objects
    note: Objects


def shares(figure: str, groups: Sequence[str], count: Ints, of: Ints, *, flag: Objects | None = None, note: Objects | None = None) -> Block:
    """A block of count / of, NaN of nothing; of: as count, or (n_lines, 1) for all groups."""
    of = np.broadcast_to(of, count.shape)
    value = np.divide(count, of, out=np.full(count.shape, np.nan), where=of > 0)
    flag, note = (np.full(count.shape, "", dtype=object) if words is None else words for words in (flag, note))
    return Block(figure, tuple(groups), value, count, of, flag, note)


def missing_block(reading: Reading, figure: str, *columns: str) -> Block:
    """The figure cannot be had: NaN of nothing, with the columns it would need."""
    shape = (reading.periods.n_lines, 1)
    zero = np.zeros(shape, np.int64)
    note = reading.texts["no_column"].format(names="、".join(map(reading.name, columns)) if reading.lang == "zh" else ", ".join(columns))
    return shares(figure, ("",), zero, zero, flag=np.full(shape, "not_available", dtype=object), note=np.full(shape, note, dtype=object))


def volume_block(reading: Reading) -> Block:
    """All items; flags the period that is not over and the line of those without a day."""
    count = reading.volume[:, None]
    flag, note = (np.full(count.shape, "", dtype=object) for _ in range(2))
    # The day in which the clocks are read counts as whole.
    local = (reading.as_of + np.timedelta64(8, "h")).astype("datetime64[D]")
    n = len(reading.periods.starts)
    flag[:n, 0][reading.periods.ends > local] = "incomplete"
    flag[n:] = "undated"
    note[flag == "incomplete"] = reading.texts["incomplete"]
    note[flag == "undated"] = reading.texts["undated_note"]
    return Block("volume", ("",), count.astype(np.float64), count, count, flag, note)


def channel_block(reading: Reading, *, limit: float, known: Sequence[str] | None) -> Block:
    """Share by channel; flags those above the limit, and those known that are silent in a period."""
    words = reading.columns.words("channel")
    if words is None:
        return missing_block(reading, "channel_share", "channel")
    found = words[words != ""].astype(str)
    names, times = np.unique(found, return_counts=True)
    ordered = names[np.lexsort((names, -times))].tolist()
    expected = ordered if known is None else list(dict.fromkeys(map(str, known)))
    block = _grouped(reading, "channel_share", words, [*ordered, *(name for name in expected if name not in set(ordered))])
    real = np.array([name != reading.texts["unspecified"] or name in set(ordered) for name in block.groups], bool)
    dated = (np.arange(len(block.count)) < len(reading.periods.starts))[:, None]
    over = np.nan_to_num(block.value) > limit
    silent = (block.count == 0) & np.isin(np.array(block.groups, dtype=object), expected)
    block.flag[over & real & dated] = "over_limit"
    block.flag[silent & dated] = "silent"
    block.note[block.flag == "over_limit"] = reading.texts["over_limit"].format(limit=limit)
    block.note[block.flag == "silent"] = reading.texts["silent"]
    return block


def group_block(reading: Reading, figure: str) -> Block:
    """Share by type (all nine are always listed) or by priority (most urgent first)."""
    if figure == "priority_share":
        words = reading.columns.words("priority")
        return missing_block(reading, figure, "priority") if words is None else _grouped(reading, figure, words, _levels(reading, words))
    words = _types(reading)
    if words is None:
        return missing_block(reading, figure, "type")
    labels = list(TYPES.values() if reading.lang == "zh" else TYPES)
    return _grouped(reading, figure, words, [*labels, *sorted(set(words.tolist()) - {*labels, ""})])


def clock_block(reading: Reading, figure: str) -> Block:
    """Share in time of what happened or was due; see ``CLOCKS``."""
    happened, due = (reading.columns.times(name) for name in CLOCKS[figure])
    if happened is None or due is None:
        absent = [name for name, times in zip(CLOCKS[figure], (happened, due), strict=True) if times is None]
        return missing_block(reading, figure, *absent)
    # What happened after the clocks are read has not happened yet; comparisons with NaT are False.
    there = happened <= reading.as_of
    known = ~np.isnat(due)
    untimed = np.isnat(happened) & _evident(reading, figure) & known
    in_time = there & (happened <= due)
    late = known & ~in_time & ~untimed & (there | (due < reading.as_of))
    count, of = reading.periods.count(in_time), reading.periods.count(in_time | late)
    pending = reading.periods.count(known & ~in_time & ~late & ~untimed)
    notes = reading.joined(reading.note("untimed", reading.periods.count(untimed)), reading.note("pending", pending))
    return shares(figure, ("",), count[:, None], of[:, None], note=notes)


def resolved_block(reading: Reading) -> Block:
    """Share that is done, of those with a status."""
    status, done = reading.columns.words("status"), reading.done
    if status is None or done is None:
        return missing_block(reading, "resolved_share", "status")
    known = np.isin(status.astype(str), STATUSES)
    unread = reading.joined(reading.note("unread", reading.periods.count(~known & (status != ""))))
    return shares("resolved_share", ("",), reading.periods.count(done)[:, None], reading.periods.count(known)[:, None], note=unread)


def reopened_block(reading: Reading) -> Block:
    """Share that was opened again, of those ever done; of all items where there is no status."""
    given = reading.columns.reopened
    if given is None:
        return missing_block(reading, "reopened_share", "reopened", "status_history")
    reopened, unread = given
    base = (np.ones(reading.n_items, bool) if reading.done is None else reopened | reading.done) & ~unread
    note = reading.joined(reading.note("unread", reading.periods.count(unread)))
    return shares("reopened_share", ("",), reading.periods.count(reopened)[:, None], reading.periods.count(base)[:, None], note=note)


def satisfaction_blocks(reading: Reading) -> tuple[Block, Block]:
    """Share of satisfied answers and their mean score from 1 to 5."""
    column = reading.columns.find("satisfaction")
    if column is None:
        return missing_block(reading, "satisfied_share", "satisfaction"), missing_block(reading, "mean_score", "satisfaction")
    score, bad = read_satisfaction(column)
    answered = ~np.isnan(score)
    of = reading.periods.count(answered)[:, None]
    note = reading.joined(reading.note("unread", reading.periods.count(bad)))
    satisfied = shares("satisfied_share", ("",), reading.periods.count(score >= SATISFIED)[:, None], of, note=note)
    # In order of size, so that the order of rows does not show in the last digit.
    order = np.argsort(score[answered], kind="stable")
    weights, codes = score[answered][order], reading.periods.codes[answered][order]
    sums = np.bincount(codes, weights=weights, minlength=reading.periods.n_lines)[:, None]
    mean = np.divide(sums, of, out=np.full(of.shape, np.nan), where=of > 0)
    return satisfied, Block("mean_score", ("",), mean, of, of, np.full(of.shape, "", dtype=object), note.copy())


def invalid_block(reading: Reading) -> Block:
    """Share of type other or without information, of all items."""
    types, flags = _types(reading), reading.columns.flags("no_information")
    if types is None and flags is None:
        return missing_block(reading, "invalid_share", "type", "no_information")
    invalid = np.zeros(reading.n_items, bool) if flags is None else flags[0]
    if types is not None:
        invalid = invalid | (types == (TYPES["other"] if reading.lang == "zh" else "other"))
    only = "no_information" if types is None else "type"
    one = types is None or flags is None
    note = np.full((reading.periods.n_lines, 1), reading.texts["only"].format(names=reading.name(only)) if one else "", dtype=object)
    return shares("invalid_share", ("",), reading.periods.count(invalid)[:, None], reading.volume[:, None], note=note)


def completeness_block(reading: Reading, fields: Sequence[str]) -> Block:
    """Filled cells: of all fields the ledger has, then of each; a field it has not is not available and not in the first."""
    filled = [reading.columns.filled(name) for name in fields]
    there = [column for column in filled if column is not None]
    nothing = np.zeros(reading.periods.n_lines, np.int64)
    columns = [nothing if column is None else reading.periods.count(column) for column in filled]
    count = np.stack([sum((c for c, f in zip(columns, filled, strict=True) if f is not None), nothing), *columns], axis=1)
    of = np.stack([reading.volume * len(there), *(nothing if column is None else reading.volume for column in filled)], axis=1)
    block = shares("completeness", ("", *map(reading.name, fields)), count, of)
    absent = np.array([not there, *(column is None for column in filled)])
    block.flag[:, absent] = "not_available"
    for place in np.flatnonzero(absent[1:]).tolist():
        block.note[:, place + 1] = reading.texts["no_column"].format(names=reading.name(fields[place]))
    return block


def _grouped(reading: Reading, figure: str, words: Objects, groups: Sequence[str]) -> Block:
    """Share of each group; words: object (n,), all of them groups or "", which come last as unspecified where there are any."""
    names = [*groups]
    if bool((words == "").any()):
        words = np.where(words == "", reading.texts["unspecified"], words)
        names += [reading.texts["unspecified"]] if reading.texts["unspecified"] not in names else []
    place = {name: number for number, name in enumerate(names)}
    codes = np.fromiter((place[word] for word in words.tolist()), np.int64, len(words))
    width, lines = max(len(names), 1), reading.periods.n_lines
    count = np.bincount(reading.periods.codes * width + codes, minlength=lines * width).reshape(lines, width).astype(np.int64)
    return shares(figure, names, count[:, : len(names)], reading.volume[:, None])


def _types(reading: Reading) -> Objects | None:
    """The type of each item in the words of ``lang``, object (n,); other words as they are; None without a type."""
    words = reading.columns.words("type")
    if words is None:
        words = reading.columns.words("type_label")
    if words is None:
        return None
    labels = TYPES if reading.lang == "zh" else {label: code for code, label in TYPES.items()}
    return np.array([labels.get(word, word) for word in words.tolist()], dtype=object)


def _levels(reading: Reading, words: Objects) -> list[str]:
    """Levels of priority by the mean score of their items, highest first, then by name."""
    import pandas as pd

    names = sorted(set(words.tolist()) - {""})
    score = reading.columns.find("priority_score")
    if score is None:
        return names
    points = pd.to_numeric(pd.Series(score.to_numpy(), dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    means = {name: points[(words == name) & ~np.isnan(points)] for name in names}
    return sorted(names, key=lambda name: (-float(np.sort(means[name]).mean()) if len(means[name]) else 0.0, name))


def _evident(reading: Reading, figure: str) -> Bools:
    """bool (n,): the status says that it happened, whatever the time."""
    status = reading.columns.words("status")
    if status is None or reading.done is None:
        return np.zeros(reading.n_items, bool)
    return reading.done if figure == "resolution_in_time" else np.isin(status.astype(str), STATUSES[1:])
