"""Sums of what is said of each aspect: exact, mergeable in any order, as large as the table they make, however many texts there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.topics.aspect_tables import NEUTRAL_WITHIN, UNIT, PartAspects

if TYPE_CHECKING:
    import pandas as pd

#: Examples of an aspect.
N_EXAMPLES = 3
#: So many of the strongest mentions of a group are looked at first, then more where they hold too few different phrases, then all.
WINDOWS = (4, 32)
#: Polarities from 0 to 1.
STEPS = round(1 / UNIT)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Objects = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Examples:
    """Phrases of opinion. group: int64 (n,). polarity: float64 (n,). phrase: object (n,), 「word: opinion」."""

    group: Ints
    polarity: Floats
    phrase: Objects

    def best(self, sign: Floats) -> Ints:
        """Positions of the first ``N_EXAMPLES`` phrases of each group, group by group: the strongest first, then by the string.

        sign: float64 (n_groups,), 1 where the strongest is the highest polarity, -1 where it is the lowest.
        """
        import pandas as pd

        text, texts = pd.factorize(self.phrase, sort=True)
        order = np.lexsort((text, -self.polarity * sign[self.group], self.group))
        keys = self.group[order] * max(len(texts), 1) + text[order]
        order = order[np.sort(np.unique(keys, return_index=True)[1])]
        return order[_place(self.group[order]) < N_EXAMPLES]

    def of_both_signs(self, n_groups: int) -> "Examples":
        """Only the best of either sign."""
        kept = np.union1d(*(self.best(np.full(n_groups, sign)) for sign in (1.0, -1.0)))
        return Examples(self.group[kept], self.polarity[kept], self.phrase[kept])


@dataclass(frozen=True, eq=False)
class AspectSums:
    """What is said of each aspect, or of each aspect and product; groups in the order of their names.

    aspect, product: object (n_groups,) of str, product "" where unknown. by_product: whether products are told apart.
    mentions, items, negative: int64 (n_groups,), mentions, texts, and texts that speak badly of it.
    total: int64 (n_groups,), sum over texts of their polarity, in millionths. examples: the best of either sign, six a group at most.
    """

    aspect: Objects
    product: Objects
    by_product: bool
    mentions: Ints
    items: Ints
    negative: Ints
    total: Ints
    examples: Examples

    @classmethod
    def from_part(cls, part: PartAspects, products: Sequence[str] | None) -> "AspectSums":
        """Sum one part.

        products: of each text, "" where unknown; None where products are not told apart. Raises InputError on another number of them.
        """
        import pandas as pd

        product, names = np.zeros(part.n_rows, np.int64), np.array([""], dtype=object)
        if products is not None:
            if len(products) != part.n_rows:
                raise InputError(f"products: expected {part.n_rows} names, one a text, got {len(products)}")
            product, names = pd.factorize(np.asarray(products, dtype=object), sort=True)
        by_name, rank = part.by_name
        keys, group = np.unique(rank[part.aspect] * max(len(names), 1) + product[part.row], return_inverse=True)
        aspect, sold = np.divmod(keys, max(len(names), 1))
        pairs = part.pairs
        of_pair = group[pairs.line]
        return cls(
            np.array(part.names, dtype=object)[by_name[aspect]],
            np.asarray(names, dtype=object)[sold],
            products is not None,
            np.bincount(group, minlength=len(keys)),
            np.bincount(of_pair, minlength=len(keys)),
            np.bincount(of_pair[pairs.polarity < -NEUTRAL_WITHIN], minlength=len(keys)),
            _whole_sums(of_pair, np.round(pairs.polarity / UNIT), len(keys)),
            _examples(part, group, len(keys)),
        )

    def merge(self, *others: "AspectSums") -> "AspectSums":
        """Add sums of other texts. Exact, associative, commutative; merging many at once is cheaper than one by one.

        Raises InputError where some tell products apart and some do not.
        """
        import pandas as pd

        parts = (self, *others)
        if len({part.by_product for part in parts}) > 1:
            raise InputError(
                "merge: expected sums that all tell products apart, or none, got both; give products for all parts or for none"
            )
        aspect, aspects = pd.factorize(np.concatenate([part.aspect for part in parts]), sort=True)
        product, products = pd.factorize(np.concatenate([part.product for part in parts]), sort=True)
        keys, group = np.unique(aspect * max(len(products), 1) + product, return_inverse=True)
        groups = np.split(group, np.cumsum([len(part.aspect) for part in parts])[:-1])
        chosen = Examples(
            np.concatenate([place[part.examples.group] for place, part in zip(groups, parts, strict=True)]),
            np.concatenate([part.examples.polarity for part in parts]),
            np.concatenate([part.examples.phrase for part in parts]),
        )
        mentions, items, negative, total = (
            _whole_sums(group, np.concatenate([getattr(part, name) for part in parts]), len(keys))
            for name in ("mentions", "items", "negative", "total")
        )
        aspect, product = np.divmod(keys, max(len(products), 1))
        names = aspects[aspect], products[product]
        return AspectSums(*names, self.by_product, mentions, items, negative, total, chosen.of_both_signs(len(keys)))

    def table(self) -> "pd.DataFrame":
        """The summary: one line a group, most items first: aspect, (product), mentions, items, polarity (mean over items),
        negative_share (of items), examples: up to three opinions of the sign of the mean, good ones where it is 0."""
        import pandas as pd

        polarity = self.total * UNIT / np.maximum(self.items, 1)
        best = self.examples.best(np.where(polarity < 0, -1.0, 1.0))
        ends = np.cumsum(np.bincount(self.examples.group[best], minlength=len(polarity)))
        phrases = pd.Series([part.tolist() for part in np.split(self.examples.phrase[best], ends[:-1])][: len(ends)], dtype=object)
        columns = {
            "aspect": pd.Series(self.aspect, dtype=str),
            **({"product": pd.Series(self.product, dtype=str)} if self.by_product else {}),
            "mentions": self.mentions,
            "items": self.items,
            "polarity": polarity,
            "negative_share": self.negative / np.maximum(self.items, 1),
            "examples": phrases,
        }
        return pd.DataFrame(columns).take(np.argsort(-self.items, kind="stable")).reset_index(drop=True)


def _examples(part: PartAspects, group: Ints, n_groups: int) -> Examples:
    """The best phrases of either sign of each group. group: int64 (n_mentions,). Strings are made for the strongest mentions only."""
    kept, steps = [], np.round(part.polarity / UNIT).astype(np.int64)
    for sign in (1, -1):
        lines = np.flatnonzero(part.opinions.lengths)
        every = len(lines)
        for window in (*WINDOWS, every):
            near = lines[_strongest(group[lines], sign * steps[lines], window)]
            found = Examples(group[near], part.polarity[near], part.phrases(near))
            best = found.best(np.full(n_groups, float(sign)))
            few = np.bincount(found.group[best], minlength=n_groups) < N_EXAMPLES
            kept.append(near[best[(window == every) | ~few[found.group[best]]]])
            lines = lines[few[group[lines]]]
    chosen = np.unique(np.concatenate(kept))
    return Examples(group[chosen], part.polarity[chosen], part.phrases(chosen))


def _strongest(group: Ints, strength: Ints, most: int) -> NDArray[np.bool_]:
    """Whether each is as strong as the ``most``-th strongest of its group, bool (n,). strength: int64 (n,), -STEPS to STEPS."""
    keys = group * (2 * STEPS + 1) + STEPS - strength
    ranked = np.sort(keys)
    owner = ranked // (2 * STEPS + 1)
    last = np.flatnonzero(_place(owner) == most - 1)
    bar = np.full(int(group.max(initial=0)) + 1, np.iinfo(np.int64).max)
    bar[owner[last]] = ranked[last]
    return np.asarray(keys <= bar[group])


def _place(group: Ints) -> Ints:
    """Place of each in its group, from 0, int64 (n,); equal groups stand together."""
    begins = np.flatnonzero(np.diff(group, prepend=-1))
    return np.arange(len(group)) - np.repeat(begins, np.diff(begins, append=len(group)))


def _whole_sums(group: Ints, values: NDArray[np.number], n_groups: int) -> Ints:
    sums = np.zeros(n_groups, np.int64)
    np.add.at(sums, group, values.astype(np.int64))
    return sums
