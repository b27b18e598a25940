"""The movement that all keys share on a day: a general rise of traffic is no news of each key."""

from dataclasses import dataclass

import numpy as np

from feedback_nlp.trends.pooling import Floats, total

#: Share of the past movement that is left after a day, and days' worth of the belief that there is none.
MEMORY, PRIOR_DAYS = 0.98, 10.0
#: The same for the lasting part of the movement: 0.97 remembers about 33 days.
DRIFT_MEMORY = 0.97
#: Variances of noise beyond which a movement is believed that the past does not know of: 2.5 standard deviations.
SURPRISE = 6.0
#: Least and largest factor: however quiet the others are, a key is expected to have this share of its own.
LEAST, MOST = 0.05, 20.0


@dataclass
class Movement:
    """How far the sum of all keys moved from what was expected of it.

    moved, days: discounted sums of the squared relative movement beyond noise, and of days.
    drift: float64 (n_keys,) or 1, the mean factor of late. What lasts belongs to the levels: they are learned from counts over the factor
    relative to its drift, or they would be free to sink while the common movement rises.
    """

    moved: float = 0.0
    days: float = 0.0
    drift: Floats | float = 1.0

    def read(self, clipped: Floats, expected: Floats, variance: Floats) -> tuple[Floats, Floats]:
        """Factor of each key on a day from the counts of all others, shrunk by past movement over noise (James & Stein 1961).

        clipped, expected, variance: float64 (n_keys,), the counts, what was expected of them and the variance about that, 0 for keys not
        seen yet. Returns (factor, doubt), float64 (n_keys,); doubt is the squared relative error of the factor.
        """
        whole, items, noise = total(expected), total(clipped), total(variance)
        left = np.maximum(whole - expected, 1e-9)
        ratio = np.maximum(items - clipped, 0.0) / left
        unsure = np.maximum(noise - variance, 0.0) / left**2 + 1e-12
        past = self.moved / (self.days + PRIOR_DAYS)
        real = np.maximum(past, (ratio - 1) ** 2 - SURPRISE * unsure)
        trust = np.where(left > 1e-6, real / (real + unsure), 0.0)
        factor = np.clip(1 + trust * (ratio - 1), LEAST, MOST)
        beyond = min((items / whole - 1) ** 2, 1.0) - noise / whole**2
        self.moved = max(MEMORY * self.moved + max(beyond, -0.5 * noise / whole**2), 0.0)
        self.days = MEMORY * self.days + 1
        return factor, trust * unsure / factor**2

    def beside_drift(self, factor: Floats) -> Floats:
        """The factor of a day relative to what it was of late, float64 (n_keys,), which then has it in it."""
        relative = factor / self.drift
        self.drift = DRIFT_MEMORY * self.drift + (1 - DRIFT_MEMORY) * factor
        return relative
