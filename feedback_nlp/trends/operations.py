"""Operating figures (日报, 周报, 月报): what came in, through which channels, how fast it was answered, and how well it is recorded."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.trends.operations_blocks import (
    Block,
    Reading,
    channel_block,
    clock_block,
    completeness_block,
    group_block,
    invalid_block,
    reopened_block,
    resolved_block,
    satisfaction_blocks,
    volume_block,
)
from feedback_nlp.trends.operations_columns import LedgerColumns
from feedback_nlp.trends.operations_periods import Periods, make_periods
from feedback_nlp.trends.operations_words import LANGUAGES, TEXTS
from feedback_nlp.vocabulary import INPUT_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

#: One channel brings no more than this share of all feedback (document 1).
CHANNEL_LIMIT = 0.4

#: Fields that say nothing about the record: the library itself fills number and status, work on the item the times, and only a mistake
#: of the machine is corrected.
_NO_FIELDS = ("feedback_id", "status", "acknowledged_at", "interim_at", "resolved_at", "corrected_type", "corrected_priority")
#: Fields whose completeness is reported.
FIELDS = tuple(column.name for column in INPUT_COLUMNS if column.name not in _NO_FIELDS)

COLUMNS = ("period", "start", "end", "figure", "group", "value", "count", "of", "flag", "note")

_UTC_OFFSET = np.timedelta64(8, "h")


def operating_figures(
    ledger: "pd.DataFrame",
    *,
    period: str = "week",
    as_of: Any = None,
    channel_limit: float = CHANNEL_LIMIT,
    known_channels: Sequence[str] | None = None,
    fields: Sequence[str] | None = None,
    lang: str = "zh",
) -> "pd.DataFrame":
    """The figures of every day, week or month, each with the numbers it rests on.

    ledger: one row an item, with the ledger's English names or Chinese headers, any order; not changed. Optional columns (others of their
        headers stand in ``OPTIONAL_COLUMNS``), of the user's own system: ``acknowledged_at`` (响应时间), ``resolved_at`` (解决时间),
        ``reopened`` (是否重开, 重开次数) or ``status_history`` (状态历史: the item's statuses in their order, in one text).
        What a ledger does not hold is reported as not available, never guessed.
    period: day, week (ISO, from Monday) or month, of Asia/Shanghai. An item belongs to the period of its ``created_at``, with all that
        became of it later. Periods without items are listed; items without a day make a line of their own, the last.
    as_of: when the clocks are read: an answer that is due and not there is late, one not yet due does not count. A later time than the
        last item's adds the periods up to it. Default: the last time in the ledger.
    channel_limit: share of a period's items, within (0, 1], above which a channel is flagged.
    known_channels: channels expected to bring feedback, named where they are silent; default: all that occur in the ledger.
    fields: record columns whose completeness is asked for, default ``FIELDS``. lang: of groups and notes, "zh" or "en".

    Returns [period, start, end, figure, group, value, count, of, flag, note], by period, then figure in the order of ``FIGURES``, then
    group: start and end, the first and last day, datetime64, NaT where undated; group "" where the figure has none; value = count / of,
    NaN of nothing (volume: the count; mean_score: the mean of ``of`` answers); flag "" or a code of ``FLAGS``; note, for people.
    Figures: volume; share by channel, type, priority; response and resolution in time, of those answered or due; resolved, of those
    with a status; reopened, of those ever done; satisfied (score 4 or more), of those who answered; invalid (type other or without
    information); completeness: filled cells of all fields that exist ("") and of each.
    Raises InputError for another period or language, a share out of range, a field that is none, and what is no date.
    """
    _check(channel_limit=channel_limit, known_channels=known_channels, fields=fields, lang=lang)
    columns = LedgerColumns(ledger)
    created = columns.times("created_at")
    created = np.full(len(ledger), np.datetime64("NaT", "us")) if created is None else created
    moment, until = _as_of(as_of, columns, created)
    periods = make_periods((created + _UTC_OFFSET).astype("datetime64[D]"), period, until=until)
    reading = Reading(columns, periods, moment, TEXTS[lang], lang)
    blocks = [
        volume_block(reading),
        channel_block(reading, limit=channel_limit, known=known_channels),
        group_block(reading, "type_share"),
        group_block(reading, "priority_share"),
        clock_block(reading, "response_in_time"),
        clock_block(reading, "resolution_in_time"),
        resolved_block(reading),
        reopened_block(reading),
        *satisfaction_blocks(reading),
        invalid_block(reading),
        completeness_block(reading, FIELDS if fields is None else tuple(fields)),
    ]
    return _tidy(blocks, periods, undated=TEXTS[lang]["undated"])


def _tidy(blocks: list[Block], periods: Periods, *, undated: str) -> "pd.DataFrame":
    """All blocks as one table, by line, block, group."""
    import pandas as pd

    table = pd.concat([_table(block, number) for number, block in enumerate(blocks)], ignore_index=True)
    table = table.iloc[np.lexsort((table["place"], table["block"], table["line"]))].reset_index(drop=True)
    line = table["line"].to_numpy()
    nat = np.datetime64("NaT", "s")
    starts, ends = (np.append(days.astype("datetime64[s]"), nat)[line] for days in (periods.starts, periods.ends))
    labels = np.array([*periods.labels, undated], dtype=object)
    return table.assign(period=pd.Series(labels[line], dtype="str"), start=starts, end=ends)[list(COLUMNS)]


def _table(block: Block, number: int) -> "pd.DataFrame":
    """A block as rows, by line, then group."""
    import pandas as pd

    n_lines, n_groups = block.count.shape
    strings = {"group": np.tile(np.array(block.groups, dtype=object), n_lines), "flag": block.flag.ravel(), "note": block.note.ravel()}
    columns = {"figure": block.figure, "value": block.value.ravel(), "count": block.count.ravel(), "of": block.of.ravel(), **strings}
    table = pd.DataFrame(columns, index=pd.RangeIndex(n_lines * n_groups)).astype(dict.fromkeys(("figure", *strings), "str"))
    return table.assign(line=np.repeat(np.arange(n_lines), n_groups), block=number, place=np.tile(np.arange(n_groups), n_lines))


def _as_of(value: Any, columns: LedgerColumns, created: NDArray[np.datetime64]) -> tuple[np.datetime64, np.datetime64]:
    """(moment, day): when the clocks are read, datetime64[us] in UTC, and its day where it was given; NaT where there is none."""
    nat = np.datetime64("NaT", "us")
    if value is None:
        times = [created, *(found for name in ("acknowledged_at", "resolved_at") if (found := columns.times(name)) is not None)]
        every = np.concatenate(times)
        every = every[~np.isnat(every)]
        return (every.max() if len(every) else nat), nat.astype("datetime64[D]")
    from feedback_nlp.io.dates import parse_dates

    moment = np.datetime64(parse_dates([value])[0].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()[0], "us")
    if np.isnat(moment):
        raise InputError(f"as_of: expected a date or a time, got {value!r}")
    return moment, (moment + _UTC_OFFSET).astype("datetime64[D]")


def _check(*, channel_limit: float, known_channels: Sequence[str] | None, fields: Sequence[str] | None, lang: str) -> None:
    if lang not in LANGUAGES:
        raise InputError(f"unknown language {lang!r}; expected one of {', '.join(LANGUAGES)}")
    if isinstance(channel_limit, bool) or not isinstance(channel_limit, int | float) or not 0 < channel_limit <= 1:
        raise InputError(f"channel_limit: expected a share above 0 up to 1, got {channel_limit!r}")
    if isinstance(known_channels, str) or isinstance(fields, str):
        raise InputError("known_channels and fields: expected lists of names, got one string; write [...] around it")
    names = [column.name for column in INPUT_COLUMNS]
    wrong = [name for name in fields or () if name not in names]
    if wrong:
        raise InputError(f"fields: expected columns of the record ({', '.join(names)}), got {', '.join(map(repr, wrong))}")
