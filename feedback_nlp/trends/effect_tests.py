"""Intervals for "how much less": ratios of rates, ratios of ratios, ratios of shares, widened where days scatter more than chance.

Numbers in, numbers out. Every function treats its two sides alike: exchanging them gives the inverse ratio and the inverse limits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Added to every count of a ratio of ratios (Gart 1966, Biometrika 53:471); less biased, and defined where a count is 0.
HALF = 0.5


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval; NaN from 0 to infinity where nothing is known."""

    value: float = math.nan
    low: float = 0.0
    high: float = math.inf

    @property
    def known(self) -> bool:
        """There was something to estimate it from."""
        return not math.isnan(self.value)

    @property
    def fell(self) -> bool:
        """As a ratio: the whole interval lies below 1; False where nothing is known."""
        return self.high < 1

    @property
    def rose(self) -> bool:
        """As a ratio: the whole interval lies above 1; False where nothing is known."""
        return self.low > 1

    @property
    def inverse(self) -> "Estimate":
        """The estimate with both sides exchanged."""
        return Estimate(*(_over(1.0, number) for number in (self.value, self.high, self.low)))


@dataclass(frozen=True)
class Scatter:
    """How much daily counts vary: ``phi``, the variance of a sum over that of pure chance, 1 or more, and the degrees of freedom behind it.

    Also called design effect, or the dispersion of a quasi-likelihood (McCullagh & Nelder 1989, section 4.5). 0 degrees of freedom:
    too few days to tell; chance alone is assumed.
    """

    phi: float = 1.0
    freedom: int = 0

    def tail(self, confidence: float) -> float:
        """Probability left out on each side: Student's quantile, because phi is estimated, said as a tail of the normal distribution."""
        from scipy.stats import norm, t

        tail = (1 - confidence) / 2
        return float(norm.sf(t.isf(tail, self.freedom))) if self.freedom else tail


def poisson_scatter(sides: Sequence[tuple[Floats, Floats]]) -> Scatter:
    """How daily counts scatter around each side's own rate (Rao & Scott 1999, Statistics in Medicine 18:1373).

    sides: (counts, exposures) of each side's days, float64 (n_days,) each, exposures from 0 on.
    """
    return _scatter(sides, binomial=False)


def binomial_scatter(sides: Sequence[tuple[Floats, Floats]]) -> Scatter:
    """How the key's share of a day's items scatters (Rao & Scott 1992, Biometrics 48:577): what moves all keys alike does not count.

    sides: (items of the key, items of key and comparison) of each side's days, float64 (n_days,) each.
    """
    return _scatter(sides, binomial=True)


def _scatter(sides: Sequence[tuple[Floats, Floats]], *, binomial: bool) -> Scatter:
    """The variance of a side's sum over what chance alone would give it, by degrees of freedom over both sides, at least 1.

    Of two estimates the larger: from each day's squared residual, as if days were independent, and with the products of days close to
    each other, weighted as Newey & West (1987, Econometrica 55:703), because bursts last. A side where nothing varies says nothing.
    """
    found = []
    for counts, exposures in sides:
        used = exposures > 0
        level = counts[used].sum() / exposures[used].sum() if used.any() else 0.0
        variance = exposures[used] * level * ((1 - level) if binomial else 1.0)
        if used.sum() > 1 and variance.sum() > 0:
            # What is left of each day's variance once the level is fitted to the same days.
            left = (variance * (1 - variance / variance.sum())).sum()
            residuals = counts[used] - exposures[used] * level
            found.append((*(_long_run(residuals, lags) / left for lags in (0, _lags(len(residuals)))), len(residuals) - 1))
    freedom = sum(days for *_, days in found)
    phis = [sum(side[kind] * side[2] for side in found) / max(freedom, 1) for kind in (0, 1)]
    return Scatter(max(1.0, *phis), freedom)


def _long_run(residuals: Floats, lags: int) -> float:
    """Variance of the sum of residuals: squares, and products up to so many days apart with weights that fall to 0 (Bartlett)."""
    products = (2 * (1 - lag / (lags + 1)) * float(residuals[lag:] @ residuals[:-lag]) for lag in range(1, lags + 1))
    return float(residuals @ residuals) + sum(products)


def _lags(n_days: int) -> int:
    """4 (n / 100)^(2/9), whole days, less than n (Newey & West 1994, Review of Economic Studies 61:631)."""
    return min(int(4 * (n_days / 100) ** (2 / 9)), n_days - 1)


def rate_ratio(counts: tuple[float, float], exposures: tuple[float, float], scatter: Scatter, *, confidence: float) -> Estimate:
    """The rate of the second side over that of the first.

    counts, exposures: of both sides, from 0 on; confidence: within (0, 1).
    Given their sum, the second of two Poisson counts is binomial (Przyborowski & Wilenski 1940, Biometrika 31:313); its exact limits
    (Clopper & Pearson 1934) are taken at both counts over phi, their effective size (Rao & Scott 1999).
    0 where only the second side is empty, infinity where only the first is; unknown where both are, or a side has no exposure.
    """
    from scipy.stats import beta

    (first, second), tail = (count / scatter.phi for count in counts), scatter.tail(confidence)
    if min(exposures) <= 0 or first + second == 0:
        return Estimate()
    scale = exposures[0] / exposures[1]
    # Odds from the probability and its complement, each exact: 1 - p would lose digits near 1.
    low = _over(float(beta.ppf(tail, second, first + 1)), float(beta.isf(tail, first + 1, second))) if second else 0.0
    high = _over(float(beta.isf(tail, second + 1, first)), float(beta.ppf(tail, first, second + 1))) if first else math.inf
    return Estimate(_over(counts[1], counts[0]) * scale, low * scale, high * scale)


def rate(count: float, exposure: float, scatter: Scatter, *, confidence: float) -> Estimate:
    """count / exposure with the exact limits of a Poisson mean (Garwood 1936, Biometrika 28:437), at the count over phi."""
    from scipy.stats import gamma

    if exposure <= 0:
        return Estimate()
    tail, effective = scatter.tail(confidence), count / scatter.phi
    low = float(gamma.ppf(tail, effective)) if count else 0.0
    high = float(gamma.isf(tail, effective + 1))
    return Estimate(count / exposure, low * scatter.phi / exposure, high * scatter.phi / exposure)


def ratio_of_ratios(key: tuple[float, float], others: tuple[float, float], scatter: Scatter, *, confidence: float) -> Estimate:
    """Difference in differences on the log scale: the key's second count over its first, over the same of the others.

    key, others: counts of both sides. That is the odds ratio of their table; its logarithm is normal with the variance
    phi · Σ 1 / (count + ½) (Woolf 1955, Gart 1966). Unknown where a row or a column of the table is empty.
    """
    from scipy.stats import norm

    cells = np.asarray([*key, *others], np.float64)
    if sum(key) == 0 or sum(others) == 0 or key[0] + others[0] == 0 or key[1] + others[1] == 0:
        return Estimate()
    value = _over(key[1] * others[0], key[0] * others[1])
    centre = float(np.dot(np.log(cells + HALF), [-1, 1, 1, -1]))
    reach = float(norm.isf(scatter.tail(confidence)) * math.sqrt(scatter.phi * float((1 / (cells + HALF)).sum())))
    low = 0.0 if value == 0 else min(value, _exp(centre - reach))
    high = math.inf if value == math.inf else max(value, _exp(centre + reach))
    return Estimate(value, low, high)


def share(part: int, whole: int, *, confidence: float) -> Estimate:
    """part / whole with the interval of Wilson (1927, JASA 22:209); unknown of nothing, from 0 to 1."""
    from scipy.stats import binomtest

    if not whole:
        return Estimate(high=1.0)
    limits = binomtest(part, whole).proportion_ci(confidence, method="wilson")
    return Estimate(part / whole, float(limits.low), float(limits.high))


def share_ratio(before: Estimate, after: Estimate) -> Estimate:
    """after / before from their own limits: MOVER-R (Donner & Zou 2012, Stat Methods Med Res 21:347; Newcombe 2016, same 25:1774).

    Unknown where one of them is, or both are 0.
    """
    if not (before.known and after.known) or before.value == after.value == 0:
        return Estimate()
    product = after.value * before.value
    least = after.low * (2 * after.value - after.low), before.high * (2 * before.value - before.high)
    most = after.high * (2 * after.value - after.high), before.low * (2 * before.value - before.low)
    low = _over(least[0], product + math.sqrt(max(product**2 - least[0] * least[1], 0.0)))
    high = _over(product + math.sqrt(max(product**2 - most[0] * most[1], 0.0)), most[1])
    return Estimate(_over(after.value, before.value), low if after.value else 0.0, high if before.value else math.inf)


def _over(part: float, whole: float) -> float:
    """part / whole for numbers from 0 on: infinity over 0, NaN for 0 / 0."""
    if whole == 0:
        return math.inf if part > 0 else math.nan
    return part / whole


def _exp(number: float) -> float:
    return math.exp(number) if number < 700 else math.inf
