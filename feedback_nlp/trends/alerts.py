"""One figure for how alarming a day of a key is: its own tail, those of the last days together, and the evidence for a rise that lasts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.trends.baseline import Baseline, Settings, find_baseline
from feedback_nlp.trends.cusum import rise_scores
from feedback_nlp.trends.pooling import Floats, Ints, Mask, clipped
from feedback_nlp.trends.spike import SpikeScores, judged, mid_p, score_spikes

#: Decades by which the likelihood ratio of a lasting rise must be larger than a single day is unlikely.
RISE_HANDICAP = 0.3
#: Times the expected that the longest stretch has while a rise is going on: half of the least one that is waited for.
GOING_ON = 1.25
#: Tests in one, about: the smallest of the tails is this many times smaller than a single one would be (simulated, see the benchmarks).
TRIES = 1.7
#: Standard deviations above the mean at which a count is cut for the stretches of the days after it.
ECHO = 4.0
#: Standard deviations above the mean from which a stretch of days is judged at all.
WORTH_A_LOOK = 1.0
LEAST_P = 1e-300


@dataclass(frozen=True, eq=False)
class Alerts:
    """What is judged of every period and key, all arrays (n_periods, n_keys).

    spike: the single day. score: float64, -log10 of the smallest tail, NaN where history is too short. p: that tail, corrected for
    being the smallest of several. window_items, window_expected: the stretch of days with the smallest tail. since: int64, the row
    at which the rise began.
    """

    spike: SpikeScores
    score: Floats
    p: Floats
    window_items: Ints
    window_expected: Floats
    since: Ints


def alert_scores(
    counts: Ints, exposure: Ints | None = None, off: Mask | None = None, weekday: Ints | None = None, *, settings: Settings | None = None
) -> Floats:
    """How alarming every day of every key is, float64 (n_days, n_keys), -log10 of a tail: higher is more alarming, NaN if history is short.

    The arguments are those of `spike_scores`. A threshold chooses the rate of false alarms.
    """
    settings = settings or Settings()
    return find_alerts(counts, find_baseline(counts, exposure, off, weekday, settings=settings), settings).score


def find_alerts(counts: Ints, baseline: Baseline, settings: Settings) -> Alerts:
    """Judge the last days together (Kulldorff 2001, a scan in time) and the lasting rise; the most unlikely of all counts."""
    known = judged(baseline, settings.min_history)
    spike = score_spikes(counts, baseline, settings.min_history)
    expected, items = np.where(known, baseline.expected, 0.0), np.where(known, counts, 0)
    excess = baseline.dispersion * expected**2
    # One day that stands out is reported as such on that day, and does not echo through the stretches that follow.
    ordinary = np.floor(clipped(items, expected, baseline.dispersion, ECHO)).astype(np.int64)
    score = -np.log10(np.maximum(spike.p, LEAST_P))
    window_items, window_expected = items.copy(), expected.copy()
    for days, handicap in zip(settings.windows[1:], settings.handicaps[1:], strict=True):
        observed, mean = rolling(ordinary, days) - ordinary + items, rolling(expected, days)
        look = np.nonzero(known & (observed > mean + WORTH_A_LOOK * np.sqrt(mean)))
        m = mean[look]
        spread = rolling(excess, days)[look] / m**2 + baseline.doubt[look]
        value = -np.log10(np.maximum(mid_p(observed[look], m, spread), LEAST_P)) - handicap
        better = value > score[look]
        chosen = tuple(index[better] for index in look)
        score[chosen], window_items[chosen], window_expected[chosen] = value[better], observed[chosen], m[better]
    statistic, since = rise_scores(ordinary, spike.expected, baseline.dispersion + baseline.doubt)
    if settings.lasting:
        going = rolling(items, settings.windows[-1]) >= GOING_ON * rolling(expected, settings.windows[-1])
        score = np.maximum(score, np.where(going, statistic / np.log(10) - RISE_HANDICAP, 0.0))
    return Alerts(spike, score, np.minimum(TRIES * 10**-score, 1.0), window_items, window_expected, since)


def rolling(values: NDArray[Any], days: int) -> NDArray[Any]:
    """Sums over the last ``days`` rows."""
    result = values.copy()
    for lag in range(1, days):
        result[lag:] += values[:-lag]
    return result
