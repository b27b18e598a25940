"""Which words belong together: association of terms from counts of documents, and groups of associated terms.

Arrays in, arrays out. Terms come sorted by code point, so results do not depend on the order of rows.
"""

import numpy as np
from numpy.typing import NDArray

#: Groups are not joined above this mean distance (1 - NPMI, from 0 to 2).
LOOSEST = 0.75
#: Words such a group may have; a larger one must be tighter, as LARGEST_WORDS / words to this power: templates are large and tight.
LARGEST_WORDS = 12
TIGHTENING = 0.4
#: One chance meeting is no evidence.
DISCOUNT = 1


def npmi(met: NDArray[np.int64], first: NDArray[np.int64], second: NDArray[np.int64], n_documents: int) -> NDArray[np.float64]:
    """Normalised pointwise mutual information, ln(p(a,b) / p(a)p(b)) / -ln p(a,b) (Bouma 2009).

    met: documents with both terms; first, second: documents with each; int64 arrays that broadcast; n_documents: at least 1.
    Returns float64 in [-1, 1]: -1 where terms never meet, 0 where both are everywhere.
    """
    pairs = np.maximum(met, 1) / n_documents
    expected = (first / n_documents) * (second / n_documents)
    value = np.log(pairs / np.maximum(expected, np.finfo(float).tiny)) / np.maximum(-np.log(pairs), np.finfo(float).tiny)
    value = np.where(pairs >= 1.0, 0.0, value)
    return np.clip(np.where(met > 0, value, -1.0), -1.0, 1.0)


def association(together: NDArray[np.int64], n_documents: int) -> NDArray[np.float64]:
    """Return `npmi` of all pairs less a chance meeting, float64 (n, n), 1 on the diagonal.

    together: int64 (n, n), documents with both terms, document frequencies on the diagonal.
    """
    frequency = np.diag(together)
    value = npmi(together - DISCOUNT, frequency[:, None], frequency[None, :], n_documents)
    np.fill_diagonal(value, 1.0)
    return value


def group_terms(together: NDArray[np.int64], n_documents: int) -> list[NDArray[np.int64]]:
    """Split terms into groups that occur together, by average linkage read from the top.

    together: int64 (n, n) as for `association`.
    Returns positions of each group's terms, ascending; every term is in one group, often alone.
    """
    size = len(together)
    if size < 2:
        return [np.arange(size, dtype=np.int64)] if size else []
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    distance = 1.0 - association(together, n_documents)
    tree = linkage(squareform(distance, checks=False), "average")
    members = [np.array([i], np.int64) for i in range(size)]
    for left, right in tree[:, :2].astype(np.int64).tolist():
        members.append(np.concatenate([members[left], members[right]]))
    groups, stack = [], [2 * size - 2]
    while stack:
        node = stack.pop()
        if node < size or tree[node - size, 2] <= _loosest(len(members[node])):
            groups.append(np.sort(members[node]))
        else:
            stack += tree[node - size, :2].astype(np.int64).tolist()
    return groups


def _loosest(n_words: int) -> float:
    """Return the mean distance up to which so many words may form one group."""
    return float(LOOSEST * min(1.0, LARGEST_WORDS / n_words) ** TIGHTENING)


def coverage(together: NDArray[np.int64], members: NDArray[np.int64]) -> int:
    """Estimate the documents with any of some terms: each term adds those in which no stronger term of the group is expected.

    Exact for one or two terms; never less than the largest document frequency.
    """
    frequency = np.diag(together)[members]
    order = members[np.lexsort((members, -frequency))]
    counts = together[np.ix_(order, order)]
    overlap = np.tril(counts, -1).max(axis=1, initial=0)
    return int((np.diag(counts) - overlap).sum())
