"""``find_aspects``: what customers say of each aspect, mention by mention and in sum."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.scorer import BatchScorer, as_texts, text_chunks
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.clean import clean
from feedback_nlp.topics.aspect_reading import combine, read_mentions
from feedback_nlp.topics.aspect_tables import items_table, mentions_table, summary_table
from feedback_nlp.topics.aspect_words import MAX_ASPECTS, AspectWords, discover_aspects, shipped_aspects

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Aspects:
    """What n texts say of aspects.

    mentions: one line a mention, in the order of the texts: row (0 to n - 1), aspect, word (the one that mentions it), opinion (a short
    phrase, "" for none), polarity (-1 to 1), start, end (of the word, in the cleaned text ``texts[row]``).
    summary: one line an aspect, or an aspect and product, most items first: aspect, (product), mentions, items, polarity (mean over items),
    negative_share (of items), examples (up to three opinions, each with its aspect's word).
    words: aspect -> words, as given or found. texts: the cleaned texts.
    """

    mentions: "pd.DataFrame"
    summary: "pd.DataFrame"
    words: dict[str, tuple[str, ...]]
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def items(self) -> "pd.DataFrame":
        """One line a text and aspect: row, aspect, mentions, polarity (mean over its mentions)."""
        return items_table(self.mentions)

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
    parts = [clean(chunk).batch for chunk in text_chunks(rows)]
    if aspects is None:
        whole = TextBatch.from_texts([text for part in parts for text in part.to_texts()])
        aspects = discover_aspects(whole, ignore=set(names or ()), most=n_aspects)
    known = AspectWords.build(shipped_aspects(aspects) if isinstance(aspects, str) else aspects)
    tables, cleaned, first = [], [], 0
    for part in parts or [clean([]).batch]:
        strings = part.to_texts()
        found = read_mentions(part, known.tree, known.less, scorer)
        tables.append(mentions_table(found, combine(found), known, strings, part.indptr, first))
        cleaned += strings
        first += part.n_rows
    mentions = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    used = {name: tuple(known.words[word] for word in known.word[known.aspect == number]) for number, name in enumerate(known.names)}
    return Aspects(mentions, summary_table(mentions, names), used, tuple(cleaned))


def _products(products: "Sequence[object] | pd.Series | None", n_rows: int) -> list[str] | None:
    """The product of each text, "" where unknown; None where none are given."""
    if products is None:
        return None
    values = list(products)
    if len(values) != n_rows:
        raise InputError(f"products: expected {n_rows} names, one a text, got {len(values)}")
    return ["" if value is None or value != value else str(value) for value in values]
