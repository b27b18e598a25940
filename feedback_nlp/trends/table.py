"""A judged series as a table: one row for each key and period from the key's first item on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.trends.judging import Channel, Judgement
from feedback_nlp.trends.options import Options
from feedback_nlp.trends.periods import period_days
from feedback_nlp.trends.pooling import Floats, Ints, Mask
from feedback_nlp.trends.sentences import ALERT, FREQUENT, KINDS, MISSING, NEW, NORMAL, SHORT, Facts, key_name, moment_text, sentence
from feedback_nlp.trends.series import Series
from feedback_nlp.trends.tally import NEGATIVE, POLARITY, RATED, SCALE, Labels

if TYPE_CHECKING:
    import pandas as pd

#: Rows and columns of the cells a table shows, in its order.
Cells = tuple[NDArray[np.intp], NDArray[np.intp]]

#: What a sentence says of the shifts, and the columns it is read from.
_PAIRS = {
    "negative": ("negative_share", "negative_expected"),
    "polarity": ("polarity", "polarity_expected"),
    "complaints": ("complaint_share", "complaint_expected"),
}
STATES = (NORMAL, NEW, FREQUENT, SHORT, MISSING, ALERT)


def trend_rows(series: Series, judgement: Judgement, options: Options, *, alerts_only: bool = False) -> "pd.DataFrame":
    """The table of `TrendDetector.detect`, ordered by period, then key."""
    import pandas as pd

    kinds = _kinds(judgement)
    reported = np.logical_or.reduce(list(kinds.values()))
    alert = np.logical_or.reduce([mask for name, mask in kinds.items() if name != "plain"])
    wanted = (np.arange(len(series))[:, None] >= series.first) & ((reported | alert) if alerts_only else True)
    rank = np.argsort(np.argsort(series.labels.astype(str), kind="stable"), kind="stable")
    day, key = np.nonzero(wanted)
    order = np.lexsort((rank[key], day))
    day, key = day[order], key[order]
    cell = (day, key)
    expected = judgement.volume.expected[cell]
    ratio = np.where(expected > 0, series.counts[cell] / np.where(expected > 0, expected, 1.0), np.nan)
    chosen = {name: mask[cell] for name, mask in kinds.items()}
    since = np.where(judgement.volume.alert[cell], series.periods[judgement.since[cell]], np.datetime64("NaT"))
    customers = series.customers
    counted = np.zeros(len(day), np.int64) if customers is None else customers[cell]
    columns: dict[str, Any] = {
        "key": _words(series.labels, key),
        **({name: _words(series.keys[:, number], key) for number, name in enumerate(series.names)} if len(series.names) > 1 else {}),
        "period": series.periods[day],
        "observed": series.counts[cell],
        "expected": expected,
        "low": judgement.alerts.spike.low[cell],
        "high": judgement.alerts.spike.high[cell],
        "ratio": ratio,
        "p": judgement.volume.p[cell],
        "q": judgement.volume.q[cell],
        "alert": alert[cell],
        "kind": _words([*KINDS, ""], _main_kind(chosen, len(day))),
        "since": since,
        "customers": pd.arrays.IntegerArray(counted, np.full(len(day), customers is None)),
        "state": _words(STATES, _states(judgement, series, kinds["plain"], alert)[cell]),
        **chosen,
        **_shift_columns(series, judgement, cell),
    }
    table = pd.DataFrame(columns)
    table.insert(list(columns).index("state") + 1, "sentence", _sentences(table, series, judgement, options, cell))
    return table


def _kinds(judgement: Judgement) -> dict[str, Mask]:
    """What each cell is reported as, by the order in which the main kind is taken."""
    none = np.zeros(judgement.plain.shape, np.bool_)
    worse = [channel.alert for channel in (judgement.shares, judgement.polarity) if channel is not None]
    kinds = {
        "new": judgement.new,
        "spike": judgement.spike,
        "rise": judgement.rise | (judgement.volume.alert & ~judgement.spike),
        "sentiment": np.logical_or.reduce(worse) if worse else none,
        "share": none if judgement.complaints is None else judgement.complaints.alert,
        "plain": judgement.plain,
    }
    return {name: kinds[name] for name in KINDS}


def _words(words: Sequence[str] | Labels, codes: Ints) -> Any:
    """The word of each code, as a column of pandas."""
    import pandas as pd

    return pd.array(list(words), dtype="str").take(codes)


def _main_kind(kinds: dict[str, Mask], size: int) -> Ints:
    """int64 (n,): the place of the first kind that is true, the number of kinds for none."""
    main = np.full(size, len(kinds), np.int64)
    for place, mask in reversed(list(enumerate(kinds.values()))):
        main[mask] = place
    return main


def _states(judgement: Judgement, series: Series, plain: Mask, alert: Mask) -> Ints:
    """int64 (n_periods, n_keys): the place of each state in STATES; of several the last that is true."""
    states = np.zeros(alert.shape, np.int64)
    fresh = np.arange(len(series))[:, None] == series.first
    short = (judgement.history < judgement.needed)[:, None]
    for state, where in ((NEW, fresh), (FREQUENT, plain), (SHORT, short), (MISSING, judgement.missing[:, None]), (ALERT, alert)):
        states[np.broadcast_to(where, states.shape)] = STATES.index(state)
    return states


def _shift_columns(series: Series, judgement: Judgement, cell: Cells) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if judgement.shares is not None and judgement.complaints is not None:
        negative, every = series.values[NEGATIVE][cell], series.whole[NEGATIVE][cell[0]]
        columns |= {
            "negative": negative,
            "negative_share": _share(negative, series.counts[cell]),
            "negative_expected": judgement.shares.expected[cell],
            "negative_q": judgement.shares.q[cell],
            "complaint_share": _share(negative, every),
            "complaint_expected": judgement.complaints.expected[cell],
            "complaint_q": judgement.complaints.q[cell],
        }
    if judgement.polarity is not None:
        columns |= {
            "polarity": _share(series.values[POLARITY][cell] / SCALE, series.values[RATED][cell]),
            "polarity_expected": judgement.polarity.expected[cell],
            "polarity_q": judgement.polarity.q[cell],
        }
    return columns


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _sentences(table: "pd.DataFrame", series: Series, judgement: Judgement, options: Options, cell: Cells) -> "pd.Series":
    """A sentence for every row that is reported as something, "" for others."""
    import pandas as pd

    rows = np.flatnonzero(table["kind"].to_numpy() != "")
    day, key = cell[0][rows], cell[1][rows]
    moments = np.array([moment_text(start, series.period) for start in series.periods], dtype=object)
    names = np.array([key_name(series.names, parts) for parts in series.keys.tolist()], dtype=object)
    known = table["expected"].notna().to_numpy()[rows]
    began = np.where(table["new"].to_numpy()[rows], series.first[key], judgement.since[day, key])
    customers = np.full(len(rows), None) if series.customers is None else series.customers[day, key]
    shifts = {"negative": judgement.shares, "polarity": judgement.polarity, "complaints": judgement.complaints}
    columns: tuple[NDArray[Any], ...] = (
        names[key],
        moments[day],
        _kinds_of_rows(table, rows),
        series.counts[day, key],
        _or_none(table["expected"], rows, known),
        _or_none(table["ratio"], rows, known),
        moments[began],
        customers,
        (options.daily_items * period_days(series.periods, series.period))[day],
        *(_pairs(table, rows, name, channel, (day, key)) for name, channel in shifts.items()),
    )
    found = np.full(len(table), "", dtype=object)
    found[rows] = [sentence(Facts(series.period, *facts)) for facts in zip(*(column.tolist() for column in columns), strict=True)]
    return pd.Series(found, dtype="str")


def _or_none(column: "pd.Series", rows: NDArray[np.intp], known: Mask) -> Labels:
    values: Labels = column.to_numpy()[rows].astype(object)
    values[~known] = None
    return values


def _kinds_of_rows(table: "pd.DataFrame", rows: NDArray[np.intp]) -> Labels:
    """object (m,): the names of all kinds that each of these rows is."""
    masks = np.stack([table[name].to_numpy(np.bool_)[rows] for name in KINDS])
    names = np.empty(2 ** len(KINDS), dtype=object)
    names[:] = [tuple(name for place, name in enumerate(KINDS) if number >> place & 1) for number in range(len(names))]
    return np.asarray(names[2 ** np.arange(len(KINDS)) @ masks])


def _pairs(table: "pd.DataFrame", rows: NDArray[np.intp], name: str, channel: Channel | None, cell: Cells) -> Labels:
    """object (m,): what is and what was expected of a shift, a pair of floats where it alerts, None elsewhere."""
    pairs = np.full(len(rows), None, dtype=object)
    if channel is not None:
        some = np.flatnonzero(channel.alert[cell])
        now, before = (table[column].to_numpy()[rows[some]].tolist() for column in _PAIRS[name])
        for place, pair in zip(some.tolist(), zip(now, before, strict=True), strict=True):
            pairs[place] = pair
    return pairs
