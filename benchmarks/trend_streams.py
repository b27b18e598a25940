"""Bursts added to real day counts: products and words of dated reviews. The true distribution is not known here, so there is no oracle.

False alarms are counted on the series as they are: real bursts are among them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import markdown_table, read_table
from benchmarks.trend_baselines import DETECTORS, Detector
from benchmarks.trend_experiment import REAL
from benchmarks.trend_scoring import RATES, Floats, Ints, around, carried, first_alarm, thresholds
from benchmarks.trend_simulation import AFTER, Series, Shape, calendar, extra_factors

#: Table, its first and last day, where the reviews are many.
STREAMS = (
    ("stream_app_reviews", "2018-07-01", "2019-09-30"),
    ("stream_hotel", "2020-01-01", "2020-08-26"),
    ("stream_scenic", "2015-04-01", "2017-12-31"),
)
WORDS = 300
#: Characters from which on a repeated text is a paste.
LONG = 20
#: Least items a day of a key.
LEAST = 0.2
#: Days of history before the first burst; days on each side whose mean a burst multiplies; size r of the added counts.
HISTORY, AROUND, SIZE = 70, 14, 20.0
SHAPES = (*(Shape("spike", factor, days) for factor in (2.0, 3.0, 5.0) for days in (1, 3)), Shape("ramp", 2.0, 7))
REPEATS = 12


def read_stream(name: str, first: str, last: str) -> Series:
    """Counts by day of every product and of the most frequent words, with the calendar; a day without any review is missing."""
    from feedback_nlp.text.tokenize import Tokenizer, content_mask

    table = read_table(name)
    day = table["created_at"].to_numpy().astype("datetime64[D]")
    inside = (day >= np.datetime64(first)) & (day <= np.datetime64(last)) & table["text"].notna().to_numpy()
    inside[inside] = ~repeated(table.loc[inside, "text"].tolist())
    table, day = table[inside], (day[inside] - np.datetime64(first)).astype(np.int64)
    n_days = int((np.datetime64(last) - np.datetime64(first)).astype(int)) + 1
    products = np.unique(table["product"].fillna("").to_numpy(), return_inverse=True)[1]
    tokens = Tokenizer().tokenize(table["text"].tolist())
    size = len(tokens.vocabulary)
    pairs = np.unique(tokens.rows() * size + tokens.ids)
    row, word = pairs // size, pairs % size
    frequency = np.bincount(word, minlength=size) * content_mask(tokens.vocabulary) * (np.array([len(w) for w in tokens.vocabulary]) > 1)
    chosen = np.argsort(-frequency, kind="stable")[:WORDS]
    place = np.full(size, -1)
    place[chosen] = np.arange(len(chosen))
    kept = place[word] >= 0
    counts = np.concatenate([_table(day, products, n_days), _table(day[row[kept]], place[word[kept]], n_days)], axis=1)
    off, _, weekday = calendar(last, n_days)
    return Series(counts[:, counts.mean(axis=0) >= LEAST], np.bincount(day, minlength=n_days), off, weekday)


def repeated(texts: list[str]) -> NDArray[np.bool_]:
    """bool (n,): longer texts that are pasted again; one of each is kept. Short ones are said by many in the same words."""
    from feedback_nlp.topics import find_duplicates

    found = find_duplicates(texts)
    again = (found.group >= 0) & (np.fromiter(map(len, texts), np.int64, len(texts)) >= LONG)
    again[found.representative] = False
    return again


def _table(day: Ints, key: NDArray[np.integer[Any]], n_days: int) -> Ints:
    n_keys = int(key.max()) + 1
    return np.bincount(day * n_keys + key, minlength=n_days * n_keys).reshape(n_days, n_keys)


def with_bursts(series: Series, shapes: Sequence[Shape], random: np.random.Generator) -> tuple[Series, Ints, Ints]:
    """The series with one burst a key. Returns (series, shape, start), the last two int64 (n_keys,)."""
    n_days, n_keys = series.counts.shape
    possible = np.flatnonzero(series.observed[HISTORY : n_days - AFTER + 1]) + HISTORY
    shape, start = np.asarray(random.integers(len(shapes), size=n_keys)), random.choice(possible, n_keys)
    total = np.concatenate([np.zeros((1, n_keys)), np.cumsum(series.counts, axis=0)])
    low, high = np.maximum(start - AROUND, 0), np.minimum(start + AROUND + 1, n_days)
    keys = np.arange(n_keys)
    mean = (total[high, keys] - total[low, keys]) / (high - low)
    extra = extra_factors(shapes, shape, start, n_days) * mean * random.standard_gamma(SIZE, (n_days, n_keys)) / SIZE
    extra[~series.observed] = 0
    return replace(series, counts=series.counts + random.poisson(extra)), shape, start


def stream_results(
    streams: Sequence[tuple[str, Series]], *, seed: int, repeats: int = REPEATS, detectors: dict[str, Detector] = DETECTORS
) -> Iterator[tuple[str, Series, dict[str, NDArray[np.int16]], Ints]]:
    """For every stream (name, series, days to the first alarm (len(RATES), n_bursts) by detector, shape (n_bursts,))."""
    for number, (name, series) in enumerate(streams):
        random = np.random.default_rng([seed, REAL, number])
        observed, weeks = series.observed, series.observed[HISTORY:].sum() / 7 * series.counts.shape[1]

        def scores(detector: Detector, of: Series, observed: Any = observed, random: Any = random) -> Floats:
            return carried(detector(of), observed, random)[HISTORY - 1 :]

        limits = {which: thresholds(scores(detect, series), np.array(RATES) / 100 * weeks) for which, detect in detectors.items()}
        days: dict[str, list[NDArray[np.int16]]] = {which: [] for which in detectors}
        shapes = []
        for _ in range(repeats):
            changed, shape, start = with_bursts(series, SHAPES, random)
            shapes.append(shape)
            for which, detect in detectors.items():
                window = around(scores(detect, changed), start - HISTORY + 1)
                days[which].append(np.stack([first_alarm(window, np.full(len(shape), limit)) for limit in limits[which]]))
        yield name, series, {which: np.concatenate(found, axis=1) for which, found in days.items()}, np.concatenate(shapes)


def stream_table(results: Sequence[tuple[str, Series, dict[str, NDArray[np.int16]], Ints]]) -> str:
    """Recall of the spikes within one and three days, of the ramps within seven, at one and at five false alarms per 100 key-weeks."""
    spike = np.array([shape.kind == "spike" for shape in SHAPES])
    rows = []
    for which in results[0][2]:
        row = [which]
        for _, _, days, shape in results:
            for target in (RATES.index(1.0), RATES.index(5.0)):
                found, some = days[which][target], spike[shape]
                shares = [(found[some] <= 1).mean(), (found[some] <= 3).mean(), (found[~some] <= 7).mean()]
                row.append(" / ".join(f"{share:.3f}" for share in shares))
        rows.append(row)
    names = [f"{name}, {series.counts.shape[1]} keys, {rate} false" for name, series, _, _ in results for rate in (1, 5)]
    return markdown_table(["real day counts: spikes 1 day / 3 days / ramps 7 days", *names], rows)
