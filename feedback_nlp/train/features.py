"""Training features: the very n-grams the scorer sums, as a sparse matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.ngrams import bucket_slots, text_norm
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import clean


def ngram_counts(texts: Sequence[str], *, orders: int, bits: int) -> Any:
    """Occurrences of each bucket in each text: scipy CSR float32 (n, 2**bits)."""
    from scipy.sparse import csr_array

    batch = clean(texts).batch
    slots = bucket_slots(character_table().fold[batch.codes], batch.indptr, orders=orders, bits=bits).reshape(-1)
    real = slots < 1 << bits
    kept_before = np.concatenate([[0], np.cumsum(real)])
    data = np.ones(int(kept_before[-1]), dtype=np.float32)
    counts = csr_array((data, slots[real], kept_before[batch.indptr * orders]), shape=(batch.n_rows, 1 << bits))
    counts.sum_duplicates()
    return counts


def idf(counts: Any) -> NDArray[np.float32]:
    """Smoothed inverse document frequency, ``ln((1 + n) / (1 + df)) + 1`` (scikit-learn's TfidfTransformer); float32 (buckets,)."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + frequency)) + 1, dtype=np.float32)


def squares(counts: Any, idf_values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum of ``tf * idf**2`` of each text, float64 (n,)."""
    return np.asarray(counts @ idf_values.astype(np.float64) ** 2)


def weighted(counts: Any, idf_values: NDArray[np.float32], *, norm_limit: float) -> Any:
    """``tf * idf / text_norm(sum of tf * idf**2)``: the weight each n-gram has in ``BatchScorer.logits``. CSR float32, same shape.

    The norm is not the L2 norm of the row (that would need ``tf**2``): the scorer accumulates it in its one pass over occurrences.
    """
    from scipy.sparse import diags_array

    norm = text_norm(squares(counts, idf_values), norm_limit)
    return (diags_array(1 / norm) @ counts @ diags_array(idf_values)).tocsr().astype(np.float32)
