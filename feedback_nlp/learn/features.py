"""What a classifier reads of a text: the columns of one sparse matrix, and the model's own logits.

Columns: the constant; from a model its pooled features and its logits; then hashed character n-grams. Every row is made from its text
and the model alone, and a sparse product sums a row in the order of its columns, so batches and neighbours change no bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.model import N_LOGITS
from feedback_nlp.scorer.ngrams import bucket_slots, text_norm
from feedback_nlp.scorer.pool import BLOCKS, LIMIT
from feedback_nlp.scorer.scorer import BatchScorer, text_chunks
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import clean

#: Character n-grams of order 1 to 3, as in the bundled model.
ORDERS = 3

#: N-grams share 2**bits columns; only columns that texts speak about are ever stored.
MIN_BITS, MAX_BITS = 8, 22

#: Number of n-grams beyond which a text counts as long where no model says it; see ``ngrams.text_norm``.
NORM_LIMIT = 500.0


@dataclass(frozen=True)
class Scales:
    """What the blocks of columns are multiplied by. A weight moves with the square of its column's scale; a small one is stiff.

    constant, features, logits: the dense columns. unigrams: n-grams of one character. ngrams: longer ones.
    Saved classifiers depend on the three sets below: whoever changes one gives ``files.FORMAT`` another number.
    """

    constant: float
    features: float
    logits: float
    unigrams: float
    ngrams: float


#: For labels of the user's own, with a model and without: the best mean macro-F1 with 50, 200 and 500 labels among 60 sets, none of which
#: may lose more than 0.02 to n-grams alone, on six tables: kinds of city messages, food safety, sources; and, where only the subject
#: counts, domains, goods and apps. Stronger logits gain on the first three and lose on the others.
OWN = Scales(1.0, 1.2, 0.1, 16.0, 16.0)
SCRATCH = Scales(1.0, 0.0, 0.0, 16.0, 16.0)

#: For a head of the model: the columns that all texts share were learned from tens of thousands of labels and are held as if they had been
#: seen often (elastic weight consolidation, Kirkpatrick et al. 2017), so that a correction speaks through its words. Chosen among 30 sets
#: with 100 and 300 corrections of three sources a model had not seen: other sources lose 0.1 macro-F1 with these columns free, so 0.01.
ADAPTED = Scales(0.1, 0.1, 0.03, 5.0, 16.0)


@dataclass(frozen=True)
class Reading:
    """n texts, read.

    matrix: scipy CSR float64 (n, n_columns), no entry twice. logits: float32 (n, N_LOGITS) of the model, (n, 0) without one.
    silent: bool (n,), True where a text says nothing.
    """

    matrix: Any
    logits: NDArray[np.float32]
    silent: NDArray[np.bool_]


@dataclass(frozen=True)
class TextFeatures:
    """How texts are read. scorer: of the model to start from, None for n-grams alone. bits: n-grams share 2**bits columns."""

    scorer: BatchScorer | None
    bits: int
    scales: Scales = SCRATCH

    @property
    def signature(self) -> str | None:
        """That of the model; None without one."""
        return self.scorer.model.signature if self.scorer else None

    @property
    def n_dense(self) -> int:
        """Columns before those of the n-grams."""
        return 1 + (BLOCKS * self.scorer.model.embedding.shape[1] + N_LOGITS if self.scorer else 0)

    @property
    def n_columns(self) -> int:
        """Columns of the matrix."""
        return self.n_dense + (1 << self.bits)

    def read(self, texts: list[str]) -> Reading:
        """All texts at once, in their order."""
        from scipy.sparse import vstack

        parts = list(self.read_parts(texts))
        return Reading(
            vstack([part.matrix for part in parts], format="csr"),
            np.concatenate([part.logits for part in parts]),
            np.concatenate([part.silent for part in parts]),
        )

    def read_parts(self, texts: list[str]) -> Iterator[Reading]:
        """The texts in their order, part by part, one part at least: memory stays flat however many there are."""
        yield from map(self._read_part, text_chunks(texts) if texts else [[]])

    def _read_part(self, texts: list[str]) -> Reading:
        from scipy.sparse import csr_array, hstack

        cleaned, scales = clean(texts), self.scales
        batch = cleaned.batch
        dense = [np.full((batch.n_rows, 1), scales.constant)]
        logits, norm_limit = np.zeros((batch.n_rows, 0), np.float32), NORM_LIMIT
        if self.scorer:
            logits, norm_limit = self.scorer.logits(batch), self.scorer.model.norm_limit
            dense += [self.scorer.features(batch) * (scales.features / LIMIT), logits * scales.logits]
        ngrams = ngram_weights(batch, bits=self.bits, norm_limit=norm_limit, scales=scales)
        matrix = hstack([csr_array(np.concatenate(dense, axis=1, dtype=np.float64)), ngrams], format="csr")
        return Reading(matrix, logits, cleaned.no_information)


def ngram_weights(batch: TextBatch, *, bits: int, norm_limit: float, scales: Scales) -> Any:
    """Occurrences of each bucket, times their scale, over ``text_norm`` of the number of n-grams: scipy CSR float64 (n_rows, 2**bits)."""
    from scipy.sparse import csr_array

    slots = bucket_slots(character_table().fold[batch.codes], batch.indptr, orders=ORDERS, bits=bits)
    real = slots < 1 << bits
    indptr = np.concatenate([[0], np.cumsum(real)])[batch.indptr * ORDERS]
    sizes = np.diff(indptr)
    scale = np.broadcast_to([scales.unigrams] + [scales.ngrams] * (ORDERS - 1), slots.shape)[real]
    data = scale / np.repeat(text_norm(sizes.astype(np.float64), norm_limit), sizes)
    weights = csr_array((data, slots[real], indptr), shape=(batch.n_rows, 1 << bits))
    weights.sum_duplicates()
    return weights
