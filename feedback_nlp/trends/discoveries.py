"""False discovery rate over the keys of each period."""

import numpy as np

from feedback_nlp.trends.pooling import Floats


def adjusted(p: Floats, *, arbitrary: bool = False) -> Floats:
    """Adjust p values row by row, so that taking those up to a bound keeps the share of false ones among the taken below it.

    p: float64 (n_periods, n_keys), NaN where nothing was tested. arbitrary: whether keys may depend on each other in any way.
    Returns float64 of the same shape, NaN where ``p`` is: Benjamini & Hochberg (1995), step-up; with ``arbitrary`` Benjamini & Yekutieli
    (2001), larger by the sum of 1/i over the tests. A period is adjusted by itself, so that later ones never change it.
    """
    order = np.argsort(p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)
    tests = np.isfinite(p).sum(axis=1, keepdims=True)
    scale = tests / np.arange(1, p.shape[1] + 1)
    if arbitrary:
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, p.shape[1] + 1))])
        scale = scale * harmonic[tests]
    steps = np.where(np.isfinite(ranked), ranked * scale, np.inf)
    steps = np.minimum.accumulate(steps[:, ::-1], axis=1)[:, ::-1]
    q = np.full(p.shape, np.nan)
    np.put_along_axis(q, order, np.minimum(steps, 1.0), axis=1)
    return np.where(np.isfinite(p), q, np.nan)
