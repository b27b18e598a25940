"""What is rising: every key and period judged by what came before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feedback_nlp.errors import InputError
from feedback_nlp.trends.items import (
    CUSTOMER_COLUMN,
    POLARITY_COLUMN,
    SENTIMENT_COLUMN,
    Columns,
    Items,
    Pairs,
    count_frame,
    count_items,
    read_items,
)
from feedback_nlp.trends.judging import judge
from feedback_nlp.trends.options import Options
from feedback_nlp.trends.periods import period_numbers
from feedback_nlp.trends.series import JOIN, fill_series
from feedback_nlp.trends.state import TrendState
from feedback_nlp.trends.table import trend_rows
from feedback_nlp.trends.tally import Tally

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TrendDetector(Options):
    """Finds what rises: sudden bursts, slow rises, new keys, shifts of sentiment and of the share among complaints.

    See `Options` for what can be set. The object is never changed: ``dataclasses.replace(detector, fdr=0.1)`` gives another one, as checked
    as the first. ``get_params`` and ``sklearn.base.clone`` work as for estimators; there is no ``set_params``, which by scikit-learn's
    contract changes its object in place.

    >>> import pandas as pd
    >>> days = pd.date_range("2025-03-03", periods=60)
    >>> counts = pd.DataFrame({"theme": "闪退", "period": days, "observed": [5, 3, 4, 6, 4] * 12})
    >>> counts.loc[59, "observed"] = 30
    >>> TrendDetector().detect_counts(counts).query("alert")[["observed", "kind", "state"]].values.tolist()
    [[30, 'spike', '预警']]
    """

    def detect(
        self,
        frame: "pd.DataFrame",
        *,
        date: str = "created_at",
        key: str | Sequence[str] = "theme",
        customers: str | None = CUSTOMER_COLUMN,
        sentiment: str | None = SENTIMENT_COLUMN,
        polarity: str | None = POLARITY_COLUMN,
        repeat: str | None = None,
        pairs: Pairs | None = None,
        examples: int = 0,
        until: object = None,
        alerts_only: bool = False,
    ) -> "pd.DataFrame":
        """Judge every key in every period from its first item on.

        frame, date, key, customers, sentiment, polarity, repeat, pairs, until: see `count_series`. examples: items named beside each
        alert, at most. alerts_only: leave out the rows that are nothing.
        Returns, ordered by period and key: key (str, several joined by " × " and beside in their own columns), period (datetime64 by the
        clock of Shanghai), observed, expected, low and high (the central 95 %), ratio, p (upper tail of the period, of the last ones
        together and of a lasting rise, the smallest, corrected for that), q (over the keys of the period), alert, kind (the first that
        is true of new, spike, rise, sentiment, share, plain; "" for none), since (when the rise began), customers, state (正常, 预警,
        高频, 新出现, 历史不足, 缺数据), sentence, a bool for every kind, and what sentiment and complaints were expected to be, where there
        are such columns; examples: lists of index labels. NaN where nothing is known.
        The plain rule (kind plain, state 高频) reports how much there is and is no alert by itself: what always has 30 a day is no news.
        """
        if isinstance(examples, bool) or not isinstance(examples, int) or examples < 0:
            raise InputError(f"examples: expected a whole number of 0 or more, got {examples!r}")
        columns = _columns(date, key, customers, sentiment, polarity, repeat)
        items = read_items(frame, columns, self.period, pairs)
        table = self._judged(count_items(frame, items, columns, self.period), until, alerts_only)
        return _with_examples(table, frame, items, date, self.period, examples) if examples else table

    def detect_counts(
        self, counts: "pd.DataFrame", *, key: str | Sequence[str] | None = None, until: object = None, alerts_only: bool = False
    ) -> "pd.DataFrame":
        """The same from counts: columns of the key, ``period`` and ``observed``, and ``customers``, ``negative`` and such if known.

        key: by default every column that is no measure. Rows with a missing key count all items of the period.
        """
        from feedback_nlp.trends.tally import MEASURES

        names = [str(name) for name in counts.columns if name not in ("period", *MEASURES)] if key is None else key
        return self._judged(count_frame(counts, (names,) if isinstance(names, str) else tuple(names), self.period), until, alerts_only)

    def update(
        self,
        state: TrendState | None,
        rows: "pd.DataFrame",
        *,
        date: str = "created_at",
        key: str | Sequence[str] = "theme",
        customers: str | None = CUSTOMER_COLUMN,
        sentiment: str | None = SENTIMENT_COLUMN,
        polarity: str | None = POLARITY_COLUMN,
        repeat: str | None = None,
        pairs: Pairs | None = None,
        corrected: bool = False,
    ) -> TrendState:
        """Add new items to what was counted before. state: None at the start.

        Late items are added to their period, however old. corrected: the rows are all items of their periods and take their place.
        Customers of late items are added: one who is there already counts twice, unless the period is given whole with ``corrected``.
        Raises InputError where the state was counted by another period or key.
        """
        columns = _columns(date, key, customers, sentiment, polarity, repeat)
        new = count_items(rows, read_items(rows, columns, self.period, pairs), columns, self.period)
        if state is None:
            return TrendState(new)
        old = state.tally.without(np.unique(new.numbers)) if corrected else state.tally
        return TrendState(old.add(new))

    def detect_state(self, state: TrendState, *, since: object = None, until: object = None, alerts_only: bool = False) -> "pd.DataFrame":
        """Judge what was counted: the table of `detect` on all items at once, from ``since`` (a date) on."""
        table = self._judged(state.tally, until, alerts_only)
        if since is None:
            return table
        import pandas as pd

        first = pd.Timestamp(str(since))
        return table[table["period"] >= first].reset_index(drop=True)

    def _judged(self, tally: Tally, until: object, alerts_only: bool) -> "pd.DataFrame":
        if tally.period != self.period:
            raise InputError(f"period: the counts are by {tally.period}, the detector judges by {self.period}")
        series = fill_series(tally, until=until)
        return trend_rows(series, judge(series, self), self, alerts_only=alerts_only)


def _columns(
    date: str, key: str | Sequence[str], customers: str | None, sentiment: str | None, polarity: str | None, repeat: str | None
) -> Columns:
    return Columns(date, key if isinstance(key, str) else tuple(key), customers, sentiment, polarity, repeat)


def _with_examples(table: "pd.DataFrame", frame: "pd.DataFrame", items: Items, date: str, period: str, size: int) -> "pd.DataFrame":
    """The table with a column of lists: the index labels of the first items of each alert, in the order of their dates."""
    from feedback_nlp.io.dates import parse_dates

    moments = parse_dates(frame[date])[0].dt.tz_localize(None).to_numpy()
    labels = np.array([JOIN.join(parts) for parts in items.keys.tolist()] + [""], dtype=object)
    order = np.lexsort((items.rows, moments[items.rows]))
    rows, codes = items.rows[order], items.codes[order]
    alerts = table.index[table["alert"]]
    numbers = period_numbers(table.loc[alerts, "period"].to_numpy(), period)
    wanted: dict[tuple[int, str], list[Any]] = {pair: [] for pair in zip(numbers.tolist(), table.loc[alerts, "key"], strict=True)}
    keys = set(table.loc[alerts, "key"])
    some = np.isin(codes, np.flatnonzero([label in keys for label in labels[:-1]])) & np.isin(items.numbers[rows], numbers)
    for row, code in zip(rows[some].tolist(), codes[some].tolist(), strict=True):
        found = wanted.get((int(items.numbers[row]), labels[code]))
        if found is not None and len(found) < size:
            found.append(frame.index[row])
    lists = np.empty(len(table), dtype=object)
    lists[:] = [[] for _ in range(len(table))]
    for place, pair in zip(alerts, zip(numbers.tolist(), table.loc[alerts, "key"], strict=True), strict=True):
        lists[place] = wanted[pair]
    return table.assign(examples=lists)
