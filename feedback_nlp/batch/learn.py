"""What the rows tell together after the first map: which ids clash, who says the same, and the themes, phrases and aspects of a sample.

Needed of all rows are hashes, dates and numbers of products; texts are read again of the sample and of what may be a duplicate.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.batch.engine import Engine
from feedback_nlp.batch.first import LABELLED, First
from feedback_nlp.batch.rows import Reader, Rows, settle_rows
from feedback_nlp.batch.setup import Setup
from feedback_nlp.batch.space import Space
from feedback_nlp.ledger.clock import UTC_OFFSET
from feedback_nlp.ledger.day_keys import LabelCounts
from feedback_nlp.ledger.day_range import DayRange
from feedback_nlp.ledger.rising import MAX_KEYS
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.topics.aspect_words import learn_aspects
from feedback_nlp.topics.duplicates import Duplicates, group_sketches
from feedback_nlp.topics.knowledge import SAMPLE_ROWS, Knowledge, PartWords, learn_topics

Ints = NDArray[np.int64]
Objects = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Groups:
    """Duplicates as the rows need them; entry -1 of the tables stands for rows without a group.

    group: int64 (n,); repeat: bool (n,). count, customers: int64 (n_groups + 1,); representative: object (n_groups + 1,), the id that
    stands for the group.
    """

    group: Ints
    repeat: NDArray[np.bool_]
    count: Ints
    customers: Ints
    representative: Objects

    @classmethod
    def of(cls, alike: Duplicates, names: list[str]) -> "Groups":
        """From the duplicates; names: ids of the representatives."""
        count, customers = alike.groups["count"].to_numpy(np.int64), alike.groups["customers"].fillna(0).to_numpy(np.int64)
        return cls(alike.group, alike.repeat, np.append(count, 1), np.append(customers, 0), np.array([*names, ""], dtype=object))

    def other(self, group: Ints, names: Objects) -> Objects:
        """Object (n,): the id that stands for each row's group, "" where it is its own or there is none. names: ids of the rows."""
        named = self.representative[group]
        return np.asarray(np.where(named == names, "", named), dtype=object)


@dataclass(frozen=True, eq=False)
class Learned:
    """All that the second map needs to know of other rows.

    columns: of the input, of all parts. customer: the column that tells customers apart.
    days: first and last day that trends look at. labels: the products and channels that trends look at.
    aspects: aspect -> words. sampled: rows that themes, phrases and aspects were learned from.
    """

    rows: Rows
    groups: Groups
    columns: tuple[str, ...]
    customer: str | None
    days: tuple[np.datetime64, np.datetime64]
    labels: Mapping[str, tuple[str, ...]]
    knowledge: Knowledge
    aspects: Mapping[str, Iterable[str]]
    sampled: int


@dataclass(frozen=True, eq=False)
class Corpus:
    """All rows that stay, for whoever learns from them; texts are read from the space as they are needed.

    sample: int64, the rows that themes, phrases and aspects are learned from. products: names that are no theme by themselves.
    order: uint64 (n,), see `Reader.order`. customers: int64 (n,), -1 where unknown; None where the input does not tell. times:
    datetime64[us] (n,), UTC.
    """

    space: Space
    rows: Rows
    setup: Setup
    sample: Ints
    products: set[str]
    order: NDArray[np.uint64]
    customers: Ints | None
    times: NDArray[np.datetime64]

    @property
    def reader(self) -> Reader:
        """Reads the rows."""
        return Reader(self.space, self.rows)

    def texts(self) -> list[str]:
        """Of the sample."""
        return self.reader.texts(self.sample)

    def words(self, texts: list[str]) -> PartWords:
        """Of the sample's texts. Nothing is kept: who learns from them is in another process, and what is kept there is in its way."""
        return PartWords.of(self.setup.tokenizer.tokenize(texts))


def learn(space: Space, n_parts: int, setup: Setup, engine: Engine) -> tuple[Learned, Duplicates]:
    """Learn from the results of the first map; also the duplicates themselves. Raises RowError for a repeated id if the setup is strict."""
    rows = settle_rows(space, n_parts, strict=setup.strict)
    reader = Reader(space, rows)
    order, (column, customers) = reader.order(), reader.customers()
    times = reader.concatenated("created_at", "datetime64[us]")
    counts = {name: found for name in LABELLED if (found := _label_counts(reader, name)) is not None}
    products = set(counts["product"].labels.tolist()) if "product" in counts else set()
    chosen = lowest(order, SAMPLE_ROWS)
    corpus = Corpus(space, rows, setup, chosen, products, order, None if column is None else customers, times)
    # They need nothing of each other; the first takes about as long as both others.
    knowledge, alike, aspects = engine.map(_done, (_topics, _group, _aspects), corpus)
    learned = Learned(
        rows=rows,
        groups=Groups.of(alike, reader.names(alike.representative)),
        columns=tuple(dict.fromkeys(name for number in range(n_parts) for name in space.read(First, number, "columns")[0])),
        customer=column,
        days=DayRange.from_days((times + UTC_OFFSET).astype("datetime64[D]")).recent(),
        labels={name: tuple(found.most(MAX_KEYS)) for name, found in counts.items()},
        knowledge=knowledge,
        aspects=aspects,
        sampled=len(chosen),
    )
    return learned, alike


def _done(task: Callable[[Corpus], Any], corpus: Corpus) -> Any:
    return task(corpus)


def _topics(corpus: Corpus) -> Knowledge:
    """Themes and all that is known of words."""
    return learn_topics(
        corpus.words(corpus.texts()), products=corpus.products, n_themes=corpus.setup.n_themes, previous=corpus.setup.themes
    )


def _group(corpus: Corpus) -> Duplicates:
    """Who says the same."""
    reader = corpus.reader
    return group_sketches(reader.sketches(), reader.texts, order=corpus.order, customers=corpus.customers, times=corpus.times, cleaned=True)


def _aspects(corpus: Corpus) -> Mapping[str, Iterable[str]]:
    """Aspects and their words, as given or as the sample has them."""
    if corpus.setup.aspects is not None:
        return corpus.setup.aspects
    texts = corpus.texts()
    return learn_aspects(TextBatch.from_texts(texts), corpus.words(texts).batch, ignore=corpus.products)


def lowest(order: NDArray[np.uint64], size: int) -> Ints:
    """int64 (at most ``size``,), ascending: the rows with the lowest hashes, a sample by chance that the order of rows does not change."""
    if len(order) <= size:
        return np.arange(len(order))
    return np.sort(np.argpartition(order, size)[:size])


def _label_counts(reader: Reader, name: str) -> LabelCounts | None:
    """How often each product (or channel) occurs; None where no part has that column."""
    found = []
    for number in range(reader.rows.n_parts):
        names, codes = reader.space.read(First, number, "label_names", "label_codes")
        if name in names:
            here = reader.rows.kept(number, codes[name])
            found.append(LabelCounts.from_labels(names[name][here[here >= 0]]))
    return found[0].merge(*found[1:]) if found else None
