"""Sketches: what is kept of each text to find its duplicates, exact and near. A row's sketch depends on its text alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.scorer import text_chunks
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.topics.contents import content_batch, said
from feedback_nlp.topics.kernels import band_keys, gram_hashes, hash_rows
from feedback_nlp.topics.minhash import jaccard_bound, plan

#: Contents whose sets of n-grams overlap by this much are near duplicates.
THRESHOLD = 0.8
#: Looser ones group what only shares a subject.
MIN_THRESHOLD = 0.5

#: A shorter content (好评, 物流很快) is a duplicate of its equals only: two people may well say it, and one edit makes it another.
MIN_CHARS = 8


@dataclass(frozen=True, eq=False)
class Sketches:
    """Sketches of n rows: 20 bytes a row and 4 a band, 172 at the usual threshold. The arrays may be memory-mapped.

    content: uint64 (n,), a hash of what the text says, see ``contents.content_batch``; 0 where it says nothing.
    form: uint64 (n,), a hash of the text as it came. length: int32 (n,), characters of the content.
    keys: uint32 (bands, n), see ``kernels.band_keys``; 0 where the content is shorter than ``MIN_CHARS``.
    """

    content: NDArray[np.uint64]
    form: NDArray[np.uint64]
    length: NDArray[np.int32]
    keys: NDArray[np.uint32]

    @property
    def n_rows(self) -> int:
        """Number of texts."""
        return len(self.content)


def check_threshold(threshold: float) -> None:
    """Raise InputError on a threshold outside its range."""
    if not MIN_THRESHOLD <= threshold <= 1:
        raise InputError(f"threshold: expected a number from {MIN_THRESHOLD} to 1, got {threshold}")


def sketch_texts(texts: list[str], *, no_information: NDArray[np.bool_] | None = None, threshold: float = THRESHOLD) -> Sketches:
    """Sketches of n texts.

    texts: n str, as they came: they are cleaned here. Where ``no_information``, bool (n,), is given, that of their ``clean``, they are
    cleaned already, masked or not, and are not cleaned again; content, length and keys are the same.
    threshold: 0.5 to 1, that of the grouping to come: it decides how many bands find the pairs.
    Equal texts are worked on once. Raises InputError on a threshold outside its range and on another length of ``no_information``.
    """
    check_threshold(threshold)
    if no_information is not None and len(no_information) != len(texts):
        raise InputError(f"no_information: expected {len(texts)} values, one a text, got {len(no_information)}")
    batches = [TextBatch.from_texts(chunk) for chunk in text_chunks(texts)]
    form = np.concatenate([np.empty(0, np.uint64), *(hash_rows(batch.codes, batch.indptr) for batch in batches)])
    _, first, row = np.unique(form, return_index=True, return_inverse=True)
    distinct = np.zeros(len(texts), bool)
    distinct[first] = True
    size, bands = plan(jaccard_bound(threshold))
    parts, done = [_sketch(content_batch([]), size, bands)], 0
    for batch in batches:
        chosen, here = distinct[done : done + batch.n_rows], slice(done, done + batch.n_rows)
        if no_information is None:
            said_by = content_batch([text for text, new in zip(texts[here], chosen.tolist(), strict=True) if new])
        else:
            said_by = said(_rows(batch, chosen), no_information[here][chosen])
        parts.append(_sketch(said_by, size, bands))
        done += batch.n_rows
    row = (np.cumsum(distinct) - 1)[first][row]
    content, length, keys = (np.concatenate(arrays, axis=-1)[..., row] for arrays in zip(*parts, strict=True))
    return Sketches(content, form, length, keys)


_Parts = tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.uint32]]


def _rows(batch: TextBatch, chosen: NDArray[np.bool_]) -> TextBatch:
    """The rows where ``chosen``, bool (n_rows,), holds, as a batch of their own."""
    if chosen.all():
        return batch
    lengths = batch.lengths
    return TextBatch(batch.codes[np.repeat(chosen, lengths)], np.append(0, np.cumsum(lengths[chosen])))


def _sketch(batch: TextBatch, size: int, bands: int) -> _Parts:
    """content, length and keys of a batch of contents; equal ones are worked on once."""
    content = hash_rows(batch.codes, batch.indptr)
    keys = np.zeros((bands, batch.n_rows), np.uint32)
    long = np.flatnonzero(batch.lengths >= MIN_CHARS)
    _, first, row = np.unique(content[long], return_index=True, return_inverse=True)
    chosen = np.zeros(batch.n_rows, bool)
    chosen[long[first]] = True
    kept = _rows(batch, chosen)
    place = np.cumsum(chosen)[long[first]] - 1
    keys[:, long] = band_keys(*gram_hashes(kept.codes, kept.indptr), size=size, bands=bands)[:, place[row]]
    return content, batch.lengths.astype(np.int32), keys
