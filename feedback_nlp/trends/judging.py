"""All keys and periods of a series judged: each channel's expectation, p and q, and what alerts."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.trends.alerts import TRIES, Alerts, find_alerts, rolling
from feedback_nlp.trends.baseline import Settings, learn_baseline
from feedback_nlp.trends.cusum import rise_began
from feedback_nlp.trends.discoveries import adjusted
from feedback_nlp.trends.options import MIN_COMPLAINT_GAIN, MIN_POLARITY_LOSS, MIN_SHARE_GAIN, Options
from feedback_nlp.trends.periods import SETTINGS, kinds_of_periods, period_days
from feedback_nlp.trends.pooling import Floats, Ints, Mask
from feedback_nlp.trends.series import Series
from feedback_nlp.trends.shift import polarity_shift, share_shift
from feedback_nlp.trends.tally import NEGATIVE, POLARITY, RATED, SCALE, SQUARES

#: Periods a key is new for, its first one included.
NEW_PERIODS = {"hour": 72, "day": 7, "week": 2, "month": 1}
#: Least share of the complaints of a key that would be news, in times of its share before.
COMPLAINT_RATIO = 1.5
#: Periods that tell whether a rise is still going on.
RECENT = 3
#: Share of the complaints a key is believed to have before anything is known.
PRIOR_COMPLAINTS = 0.02
#: Periods in 100 weeks: p at most one over it gives one false alarm in as many.
IN_100_WEEKS = {"hour": 16_800, "day": 700, "week": 100, "month": 23}


@dataclass(frozen=True, eq=False)
class Channel:
    """One test: what was expected, p and q, and where it alerts; each (n_periods, n_keys)."""

    expected: Floats
    p: Floats
    q: Floats
    alert: Mask


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is known of every period and key; arrays (n_periods, n_keys) unless said otherwise.

    volume: the channel of counts; spike, rise, new, plain: bool, what of it alerts, plain the rule of more than 10 a day.
    since: int64, the row a rise began. alerts: the tests behind. shares, polarity, complaints: the other channels, None without data.
    history: int64 (n_periods,), periods learned from; missing: bool (n_periods,); needed: periods to learn from before a count is judged.
    """

    volume: Channel
    spike: Mask
    rise: Mask
    new: Mask
    plain: Mask
    since: Ints
    alerts: Alerts
    history: Ints
    missing: Mask
    needed: int
    shares: Channel | None = None
    polarity: Channel | None = None
    complaints: Channel | None = None


def settings_of(options: Options) -> Settings:
    """How baselines learn under these options."""
    settings = SETTINGS[options.period]
    changes = {name: getattr(options, name) for name in ("min_history", "memory") if getattr(options, name) is not None}
    return replace(settings, **changes)


def judge(series: Series, options: Options) -> Judgement:
    """Judge every count of a series by what came before it."""
    settings = settings_of(options)
    counts = series.counts
    baseline = learn_baseline(
        counts, series.exposure, kinds_of_periods(series.periods, series.off, series.festive, series.period), settings
    )
    alerts = find_alerts(counts, baseline, settings)
    rows = np.arange(len(series))[:, None]
    seen = rows >= series.first
    fresh = seen & (rows < series.first + NEW_PERIODS[series.period])
    # Keys that are still to come are no tests of the days before.
    volume = _decided(alerts.spike.expected, np.where(seen, alerts.p, np.nan), options)
    ratio, items = _strongest(alerts, counts)
    enough = (items >= np.where(fresh, options.min_new, options.min_count)) & (ratio >= options.min_ratio)
    alert = volume.alert & enough & _still_high(counts, alerts.spike.expected, options.min_ratio)
    single = alert & (TRIES * alerts.spike.p <= _bound(alerts.p, volume.alert))
    since = np.broadcast_to(rows, counts.shape).copy()
    since[alert] = rise_began(counts, alerts.spike.expected, *np.nonzero(alert))
    single |= alert & (since >= rows)
    plain = counts > options.daily_items * period_days(series.periods, series.period)[:, None]
    judgement = Judgement(
        replace(volume, alert=alert),
        single,
        alert & (since < rows),
        alert & fresh,
        plain,
        since,
        alerts,
        baseline.history,
        baseline.missing,
        settings.min_history,
    )
    return _with_shifts(judgement, series, options, settings)


def _with_shifts(judgement: Judgement, series: Series, options: Options, settings: Settings) -> Judgement:
    counts, negative = series.counts, series.negative
    shares = polarity = complaints = None
    seen = np.arange(len(series))[:, None] >= series.first
    ready = seen & ((judgement.history >= settings.min_history) & ~judgement.missing)[:, None]
    if negative is not None:
        expected, p = share_shift(negative, counts, seen, memory=settings.memory, guard=settings.guard)
        channel = _decided(expected, np.where(ready & (counts >= options.min_count), p, np.nan), options)
        gain = negative / np.maximum(counts, 1) - expected
        shares = replace(channel, alert=channel.alert & (gain >= MIN_SHARE_GAIN) & (negative >= options.min_count))
        every = np.broadcast_to(series.whole[NEGATIVE][:, None], negative.shape)
        expected, p = share_shift(negative, every, seen, prior=PRIOR_COMPLAINTS, memory=settings.memory, guard=settings.guard)
        channel = _decided(expected, np.where(ready & (every > 0), p, np.nan), options)
        share = negative / np.maximum(every, 1)
        large = (share - expected >= MIN_COMPLAINT_GAIN) & (share >= COMPLAINT_RATIO * expected)
        complaints = replace(channel, alert=channel.alert & large & (negative >= options.min_count))
    if POLARITY in series.values and SQUARES in series.values:
        rated, total, squares = (series.values[name] for name in (RATED, POLARITY, SQUARES))
        expected, p = polarity_shift(rated, total / SCALE, squares / SCALE, memory=settings.memory, guard=settings.guard)
        channel = _decided(expected, np.where(ready & (rated >= options.min_count), p, np.nan), options)
        loss = expected - total / SCALE / np.maximum(rated, 1)
        polarity = replace(channel, alert=channel.alert & (loss >= MIN_POLARITY_LOSS))
    return replace(judgement, shares=shares, polarity=polarity, complaints=complaints)


def _decided(expected: Floats, p: Floats, options: Options) -> Channel:
    """Adjust p over the keys of each period and take what is small enough: by itself, and among so many keys."""
    q = adjusted(p, arbitrary=options.method == "by")
    small = p <= options.rate / IN_100_WEEKS[options.period]
    if options.method != "rate":
        small &= q <= options.fdr
    return Channel(expected, p, q, np.asarray(small & np.isfinite(p)))


def _still_high(counts: Ints, expected: Floats, ratio: float) -> Mask:
    """A rise that is over is no news: the period is above what was expected, and the last ones together by the least ratio."""
    known = np.isfinite(expected)
    items, mean = (rolling(np.where(known, table, 0.0), RECENT) for table in (counts, expected))
    return np.asarray((counts > expected) & (items >= ratio * mean))


def _bound(p: Floats, taken: Mask) -> Floats:
    """(n_periods, 1): the largest p that was taken."""
    return np.asarray(np.where(taken, p, 0.0).max(axis=1, initial=0.0, keepdims=True))


def _strongest(alerts: Alerts, counts: Ints) -> tuple[NDArray[np.float64], Ints]:
    """Of the stretch with the smallest tail, or of the time since the rise began, the larger ratio, and its items."""
    known = np.nan_to_num(alerts.spike.expected)
    items, expected = (np.concatenate([np.zeros((1, table.shape[1])), np.cumsum(table, axis=0)]) for table in (counts, known))
    columns = np.arange(counts.shape[1])
    end = np.arange(1, len(counts) + 1)[:, None]
    run, run_expected = items[end, columns] - items[alerts.since, columns], expected[end, columns] - expected[alerts.since, columns]
    ratio = np.maximum(alerts.window_items / np.maximum(alerts.window_expected, 1e-9), run / np.maximum(run_expected, 1e-9))
    return ratio, np.maximum(alerts.window_items, run).astype(np.int64)
