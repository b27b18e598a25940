"""The tables of aspects: mentions, items, and the summary a manager reads."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.topics.aspect_reading import Mentions
from feedback_nlp.topics.aspect_words import AspectWords

if TYPE_CHECKING:
    import pandas as pd

#: A polarity closer to 0 counts as neither positive nor negative.
NEUTRAL_WITHIN = 0.1
#: Examples of an aspect.
N_EXAMPLES = 3
#: Polarities are counted in these units, so that sums do not depend on order.
UNIT = 1e-6

_MARKS = " ，。！？；,.!?;…~\n:：、（）()\"'“”的了呢吧啊"


def mentions_table(
    found: Mentions, polarity: NDArray[np.float64], known: AspectWords, texts: list[str], indptr: NDArray[np.int64], first_row: int
) -> "pd.DataFrame":
    """Mentions of a part of the texts, a line for each aspect a word belongs to.

    texts, indptr: of the part. first_row: number of its first text.
    """
    import pandas as pd

    first, last = np.searchsorted(known.word, found.word), np.searchsorted(known.word, found.word, side="right")
    times = last - first
    line = np.repeat(np.arange(len(found.word)), times)
    pair = np.arange(len(line)) - np.repeat(np.cumsum(times) - times, times) + first[line]
    begins = indptr[found.row]
    phrases = (found.opinion - begins[:, None]).tolist()
    opinions = [texts[row][a:b].strip(_MARKS) for row, (a, b) in zip(found.row.tolist(), phrases, strict=True)]
    columns = {
        "row": found.row[line] + first_row,
        "aspect": np.array(known.names, dtype=object)[known.aspect[pair]],
        "word": np.array(known.words, dtype=object)[found.word[line]],
        "opinion": np.array(opinions, dtype=object)[line],
        "polarity": polarity[line],
        "start": (found.start - begins)[line],
        "end": (found.end - begins)[line],
    }
    return pd.DataFrame(columns).astype(dict.fromkeys(("aspect", "word", "opinion"), str))


def items_table(mentions: "pd.DataFrame") -> "pd.DataFrame":
    """One line a text and aspect, in the order of rows and aspects: row, aspect, mentions, polarity."""
    import pandas as pd

    aspect, names = pd.factorize(mentions["aspect"], sort=True)
    keys, group = np.unique(mentions["row"].to_numpy(np.int64) * max(len(names), 1) + aspect, return_inverse=True)
    row, number = np.divmod(keys, max(len(names), 1))
    count = np.bincount(group, minlength=len(keys))
    columns = {"row": row, "aspect": names.take(number), "mentions": count, "polarity": _means(group, mentions["polarity"], count)}
    return pd.DataFrame(columns)


def summary_table(mentions: "pd.DataFrame", products: list[str] | None) -> "pd.DataFrame":
    """One line an aspect, or an aspect and product; see ``Aspects``. products: of each text, "" where unknown."""
    import pandas as pd

    items = items_table(mentions)
    named = pd.Series(["" for _ in range(0)] if products is None else products, dtype=str)
    keys = ["aspect"] if products is None else ["aspect", "product"]
    if products is not None:
        items["product"] = named.to_numpy()[items["row"]]
    group = items.groupby(keys, sort=True).ngroup().to_numpy(np.int64)
    first = np.unique(group, return_index=True)[1]
    table = items.iloc[first][keys].reset_index(drop=True)
    count = np.bincount(group, minlength=len(first))
    table["mentions"] = np.bincount(group, weights=items["mentions"], minlength=len(first)).astype(np.int64)
    table["items"] = count
    table["polarity"] = _means(group, items["polarity"], count)
    table["negative_share"] = np.bincount(group, weights=items["polarity"] < -NEUTRAL_WITHIN, minlength=len(first)) / np.maximum(count, 1)
    table["examples"] = pd.Series(_examples(mentions, items, group, table["polarity"].to_numpy()), dtype=object)
    return table.sort_values(["items", *keys], ascending=[False] + [True] * len(keys), kind="stable", ignore_index=True)


def _means(group: NDArray[np.int64], values: "pd.Series", count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of each group, the same whatever the order: sums of whole numbers."""
    whole = np.round(values.to_numpy(np.float64) / UNIT)
    return np.bincount(group, weights=whole, minlength=len(count)) * UNIT / np.maximum(count, 1)


def _examples(mentions: "pd.DataFrame", items: "pd.DataFrame", group: NDArray[np.int64], mean: NDArray[np.float64]) -> list[list[str]]:
    """Up to three phrases a group, 「word: opinion」: of the sign of its mean, the strongest first, then by the string."""
    chosen: list[list[str]] = [[] for _ in mean]
    places = items[["row", "aspect"]].assign(group=group)
    table = mentions[mentions["opinion"] != ""].merge(places, on=["row", "aspect"])
    table = table.assign(phrase=table["word"] + ": " + table["opinion"], agrees=-table["polarity"] * np.sign(mean[table["group"]]))
    table = table.sort_values(["group", "agrees", "phrase"], kind="stable").drop_duplicates(["group", "phrase"])
    for number, phrase in table.groupby("group").head(N_EXAMPLES)[["group", "phrase"]].itertuples(index=False):
        chosen[number].append(phrase)
    return chosen
