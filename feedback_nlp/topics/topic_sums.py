"""What the tables of topics count: exact sums over the rows of a part, merged in any order, as large as what is listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import TermCounts
from feedback_nlp.topics.keywords import keyword_table
from feedback_nlp.topics.knowledge import ItemTopics, Knowledge, PartWords
from feedback_nlp.topics.phrase_counts import PhraseCounts
from feedback_nlp.topics.phrase_tables import phrase_table
from feedback_nlp.topics.row_lists import pack_texts, unpack_texts
from feedback_nlp.topics.tables import Quotes, ThemeSums

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TopicSums:
    """Counts over some rows of what a `Knowledge` lists.

    themes: of its themes; it grows with the distinct pairs of theme and customer, 16 bytes each, and else with the themes alone.
    terms, pairs, phrases: int64 (2, n), rows with each term, pair and phrase of its listed counts, and occurrences.
    present: int64 (n_words,), rows with each word of the listed phrases.
    """

    themes: ThemeSums
    terms: Ints
    pairs: Ints
    phrases: Ints
    present: Ints

    @classmethod
    def from_part(
        cls,
        knowledge: Knowledge,
        tokens: Tokens | PartWords,
        items: ItemTopics,
        *,
        texts: Sequence[str],
        polarity: NDArray[np.floating],
        sentiment: NDArray[np.number],
        customers: Ints,
    ) -> "TopicSums":
        """Sum up n rows.

        tokens: of the rows, or the `PartWords` they were read by; items: what ``knowledge`` reads in them; texts: to quote from; polarity:
        float (n,) in [-1, 1]; sentiment: (n,) in -2..2; customers: int64 (n,), any number of 0 or more a customer, -1 unknown.
        Raises InputError where lengths differ.
        """
        part = PartWords.of(tokens)
        named, listed = knowledge.listed_keywords, knowledge.listed_phrases
        terms = TermCounts.from_tokens(part.batch.among(named.vocabulary)).of(named)
        phrases = PhraseCounts.from_tokens(part.spans.among(listed.vocabulary)).of(listed)
        themes = ThemeSums.from_rows(
            items.theme,
            len(knowledge.themes),
            strength=items.strength,
            texts=texts,
            polarity=polarity,
            sentiment=sentiment,
            customers=customers,
        )
        return cls(
            themes,
            np.stack([terms.documents, terms.occurrences]),
            np.stack([terms.pair_documents, terms.pair_occurrences]),
            np.stack([phrases.documents, phrases.occurrences]),
            phrases.present,
        )

    def merge(self, *others: "TopicSums") -> "TopicSums":
        """Add sums of other rows by the same knowledge. Exact, associative, commutative; many at once are cheaper than one by one."""
        parts = (self, *others)
        terms, pairs, phrases, present = (
            np.sum([getattr(part, name) for part in parts], axis=0) for name in ("terms", "pairs", "phrases", "present")
        )
        return TopicSums(self.themes.merge(*(part.themes for part in others)), terms, pairs, phrases, present)

    def themes_table(self, knowledge: Knowledge) -> "pd.DataFrame":
        """The table of `theme_table`."""
        return self.themes.table(knowledge.themes)

    def keywords_table(self, knowledge: Knowledge) -> "pd.DataFrame":
        """The table of `corpus_keywords`: what was chosen from the sample, counted in all rows."""
        listed = knowledge.listed_keywords
        counts = replace(
            listed,
            documents=self.terms[0],
            occurrences=self.terms[1],
            pair_documents=self.pairs[0],
            pair_occurrences=self.pairs[1],
            n_documents=self.themes.n_rows,
        )
        return keyword_table(counts, knowledge.listed_words, np.arange(len(listed.pairs))).reset_index(drop=True)

    def phrases_table(self, knowledge: Knowledge) -> "pd.DataFrame":
        """The table of `corpus_phrases`: what was chosen from the sample, counted in all rows."""
        documents, occurrences = self.phrases
        counts = replace(knowledge.listed_phrases, documents=documents, occurrences=occurrences, present=self.present)
        return phrase_table(replace(counts, n_documents=self.themes.n_rows))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays of numbers by name, for a file that can run no code."""
        themes = self.themes
        plain = {name: getattr(self, name) for name in ("terms", "pairs", "phrases", "present")}
        return {
            **plain,
            **{f"themes.{name}": getattr(themes, name) for name in ("items", "totals", "known", "customers")},
            "themes.n_rows": np.array(themes.n_rows, np.int64),
            "quotes.theme": themes.quotes.theme,
            "quotes.strength": themes.quotes.strength,
            **pack_texts("quotes.text", themes.quotes.text),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "TopicSums":
        """The inverse of ``to_arrays``."""
        quotes = Quotes(arrays["quotes.theme"], arrays["quotes.strength"], unpack_texts("quotes.text", arrays))
        items, totals, known, customers = (arrays[f"themes.{name}"] for name in ("items", "totals", "known", "customers"))
        themes = ThemeSums(int(arrays["themes.n_rows"]), items, totals, known, customers, quotes)
        return cls(themes, arrays["terms"], arrays["pairs"], arrays["phrases"], arrays["present"])
