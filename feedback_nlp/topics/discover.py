"""One call from tokens to keywords, phrases and themes: what is learned of a sample, read in each part, summed over all."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.knowledge import SAMPLE_ROWS, ItemTopics, Knowledge, PartWords, learn_topics
from feedback_nlp.topics.themes import Themes
from feedback_nlp.topics.topic_sums import TopicSums

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SAMPLE_ROWS", "ItemTopics", "Knowledge", "PartWords", "TopicSums", "Topics", "discover", "learn_topics"]


@dataclass(frozen=True)
class Topics:
    """What a corpus is about.

    themes, keywords, phrases: the tables. model: the themes themselves. theme: int32 (n,), the theme of each row, -1 for none;
    strength: float32 (n,).
    item_keywords, item_phrases: object (n,) of joined strings. mentions: the most frequent subjects and who names them, (rows int64 (m,),
    words object (m,)), each pair once. customers: int64 (n,), as given.
    """

    themes: "pd.DataFrame"
    keywords: "pd.DataFrame"
    phrases: "pd.DataFrame"
    model: Themes
    theme: NDArray[np.int32]
    strength: NDArray[np.float32]
    item_keywords: NDArray[np.object_]
    item_phrases: NDArray[np.object_]
    mentions: tuple[NDArray[np.int64], NDArray[np.object_]]
    customers: NDArray[np.int64]

    @property
    def theme_names(self) -> NDArray[np.object_]:
        """Object (n,): the name of each row's theme, "" for none."""
        return np.array([*self.model.names, ""], dtype=object)[self.theme]


def discover(
    tokens: Tokens,
    texts: Sequence[str],
    *,
    customers: NDArray[np.int64],
    polarity: NDArray[np.float32],
    sentiment: NDArray[np.int8],
    products: Collection[str] = (),
    n_themes: int | None = None,
    previous: Themes | None = None,
) -> Topics:
    """Find keywords, phrases and themes of n items; the sample they are learned from is all of them.

    texts: n strings to quote from. customers: int (n,), -1 where unknown. polarity, sentiment: the scorer's.
    products: names that are no theme by themselves. n_themes: themes at most. previous: themes that keep their names and numbers.
    """
    words = PartWords.of(tokens)
    known = learn_topics(words, products=products, n_themes=n_themes, previous=previous)
    items = known.read(words)
    sums = TopicSums.from_part(known, words, items, texts=texts, polarity=polarity, sentiment=sentiment, customers=customers)
    return Topics(
        themes=sums.themes_table(known),
        keywords=sums.keywords_table(known),
        phrases=sums.phrases_table(known),
        model=known.themes,
        theme=items.theme,
        strength=items.strength,
        item_keywords=items.keywords,
        item_phrases=items.key_phrases,
        mentions=(items.mention_rows, known.subjects[items.mention_subjects]),
        customers=customers,
    )
