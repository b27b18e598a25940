"""``find_aspects``: what customers say of each aspect, mention by mention and in sum."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.scorer import BatchScorer, as_texts, text_chunks
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.clean import clean
from feedback_nlp.text.tokenize import Tokenizer
from feedback_nlp.topics.aspect_reading import Mentions, pieces, read_mentions
from feedback_nlp.topics.aspect_sums import AspectSums
from feedback_nlp.topics.aspect_tables import PartAspects
from feedback_nlp.topics.aspect_words import MAX_ASPECTS, AspectWords, learn_aspects, shipped_aspects

if TYPE_CHECKING:
    import pandas as pd

#: Characters read at a time, so that the arrays stay in the cache. Results do not depend on it.
CHUNK_CHARS = 1 << 18


class AspectReader:
    """Reads what texts say of aspects whose words are known. A text's answer depends on that text alone; instances pickle.

    words: aspect -> words that mention it. scorer: reads clauses, their surroundings and whole texts in one pass.
    Raises InputError on other words.

    >>> reader = AspectReader({"屏幕": ["屏幕"], "电池": ["电池", "续航"]}, BatchScorer.load())
    >>> reader.read(clean(["屏幕好电池差"]).batch).notes().tolist()
    ['屏幕+、电池−']
    """

    def __init__(self, words: Mapping[str, Iterable[str]], scorer: BatchScorer) -> None:
        self._known = AspectWords.build(words)
        self._scorer = scorer

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """Aspect -> words, each once."""
        found: dict[str, list[str]] = {name: [] for name in self._known.names}
        for word, aspect in zip(self._known.word.tolist(), self._known.aspect.tolist(), strict=True):
            found[self._known.names[aspect]].append(self._known.words[word])
        return {name: tuple(words) for name, words in found.items()}

    def read(self, batch: TextBatch, polarity: NDArray[np.floating] | None = None) -> PartAspects:
        """Read cleaned texts.

        polarity: (n_rows,), ``polarity`` of the scorer for the same texts, where it is known already. It changes nothing, but that a
        template text that names an aspect is neutral to the scorer and read like any other here.
        Raises InputError on another number of polarities.
        """
        if polarity is not None and len(polarity) != batch.n_rows:
            raise InputError(f"polarity: expected {batch.n_rows} numbers, one a text, got {len(polarity)}")
        found = []
        for first, last in _chunks(batch.indptr):
            start, end = batch.indptr[first], batch.indptr[last]
            part = TextBatch(batch.codes[start:end], batch.indptr[first : last + 1] - start)
            whole = None if polarity is None else polarity[first:last]
            found.append(read_mentions(part, self._known.tree, self._known.less, self._scorer, whole).shifted(first))
        return self._by_aspect(Mentions.join(found), batch.n_rows)

    def _by_aspect(self, mentions: Mentions, n_rows: int) -> PartAspects:
        """One line for each aspect a word belongs to."""
        known = self._known
        first, last = (np.searchsorted(known.word, mentions.word, side=side) for side in ("left", "right"))
        times = last - first
        line = np.repeat(np.arange(len(times)), times)
        pair = np.arange(len(line)) - np.repeat(np.cumsum(times) - times, times) + first[line]
        bounds = mentions.opinions.indptr
        return PartAspects(
            names=known.names,
            words=known.words,
            n_rows=n_rows,
            row=mentions.row[line],
            aspect=known.aspect[pair],
            word=mentions.word[line],
            start=mentions.start[line],
            end=mentions.end[line],
            polarity=mentions.polarity[line],
            opinions=pieces(mentions.opinions.codes, bounds[:-1][line], bounds[1:][line]),
        )


def _chunks(indptr: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """First row and end of parts of about ``CHUNK_CHARS`` characters, at least one part."""
    marks = np.arange(CHUNK_CHARS, int(indptr[-1]), CHUNK_CHARS)
    bounds = np.unique(np.concatenate([[0], np.searchsorted(indptr, marks), [len(indptr) - 1]])).tolist()
    yield from pairwise(bounds) if len(bounds) > 1 else [(0, 0)]


@dataclass(frozen=True, eq=False)
class Aspects:
    """What n texts say of aspects.

    mentions: one line a mention, in the order of the texts: row (0 to n - 1), aspect, word (the one that mentions it), opinion (a short
    phrase, "" for none), polarity (-1 to 1), start, end (of the word, in the cleaned text ``texts[row]``).
    items: one line a text and aspect: row, aspect, mentions, polarity (mean over its mentions).
    summary: one line an aspect, or an aspect and product, most items first: aspect, (product), mentions, items, polarity (mean over items),
    negative_share (of items), examples (up to three opinions, each with its aspect's word).
    words: aspect -> words, as given or found. texts: the cleaned texts.
    """

    mentions: "pd.DataFrame"
    items: "pd.DataFrame"
    summary: "pd.DataFrame"
    words: dict[str, tuple[str, ...]]
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def plot(self, **options: Any) -> Any:
        """A matplotlib figure of the summary; options: of `plots.plot_aspects`."""
        from feedback_nlp.plots import plot_aspects

        return plot_aspects(self.summary, **options)


def find_aspects(
    texts: "Sequence[str] | pd.Series",
    *,
    scorer: BatchScorer,
    aspects: Mapping[str, Iterable[str]] | str | None = None,
    products: "Sequence[object] | pd.Series | None" = None,
    n_aspects: int = MAX_ASPECTS,
) -> Aspects:
    """Find the aspects that texts mention and the polarity of what is said of each.

    texts: n of them; None and NaN count as empty. scorer: reads clauses, their surroundings and whole texts in one pass.
    aspects: aspect -> words that mention it; the name of a shipped list (car, goods, restaurant); None finds aspects in the texts.
    products: n names, None or "" where unknown; the summary then has a line for each aspect and product.
    n_aspects: aspects to find at most, where none are given.
    Raises InputError on other aspects or another number of products, TextTypeError where a text is none.
    """
    import pandas as pd

    rows = as_texts(texts)
    names = _products(products, len(rows))
    parts = [clean(chunk).batch for chunk in text_chunks(rows)] or [clean([]).batch]
    cleaned = [text for part in parts for text in part.to_texts()]
    if aspects is None:
        aspects = learn_aspects(TextBatch.from_texts(cleaned), Tokenizer().tokenize(cleaned), ignore=set(names or ()), most=n_aspects)
    reader = AspectReader(shipped_aspects(aspects) if isinstance(aspects, str) else aspects, scorer)
    found = [reader.read(part) for part in parts]
    firsts = np.cumsum([0, *(part.n_rows for part in parts)]).tolist()
    sums = [
        AspectSums.from_part(part, None if names is None else names[first : first + part.n_rows])
        for part, first in zip(found, firsts, strict=False)
    ]
    mentions, items = (
        pd.concat([table.assign(row=table["row"] + first) for table, first in zip(tables, firsts, strict=False)], ignore_index=True)
        for tables in ([part.mentions() for part in found], [part.items for part in found])
    )
    return Aspects(mentions, items, sums[0].merge(*sums[1:]).table(), reader.words, tuple(cleaned))


def _products(products: "Sequence[object] | pd.Series | None", n_rows: int) -> list[str] | None:
    """The product of each text, "" where unknown; None where none are given."""
    if products is None:
        return None
    values = list(products)
    if len(values) != n_rows:
        raise InputError(f"products: expected {n_rows} names, one a text, got {len(values)}")
    return ["" if value is None or value != value else str(value) for value in values]
