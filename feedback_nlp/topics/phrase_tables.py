"""Key phrases of the whole and of each group: type, product, channel, period, theme, or any other column."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import WEIGHT_UNIT, distinct
from feedback_nlp.topics.phrase_book import firm_phrases, phrase_weights
from feedback_nlp.topics.phrase_counts import Ints, PhraseCounts, covered, number_phrases, spell_phrases
from feedback_nlp.topics.spans import Spans, find_spans
from feedback_nlp.topics.stream import SUBJECT, rank_words

if TYPE_CHECKING:
    import pandas as pd

#: Fewer items are no key phrase of a corpus or group, unless it is that small.
MIN_ITEMS = 2
#: A phrase gives way to a longer one that accounts for this share of its items.
ABSORBED_SHARE = 0.6
#: Phrases of a table.
TOP = 50
#: Words of the shortest phrase listed; 1 lists single words as well, which are always more frequent.
MIN_WORDS = 2


def corpus_phrases(counts: PhraseCounts, *, top: int = TOP, min_words: int = MIN_WORDS) -> "pd.DataFrame":
    """List what a corpus talks about.

    counts: merged counts of the corpus; top: rows at most; min_words: of a phrase, 1 to 4.
    Returns [phrase, words, items, share, count, weight], heaviest first, then by the string: words of the phrase, texts with it, their
    share of all, occurrences, and items times the weight of the phrase in nats.
    """
    return phrase_table(counts.only(choose_phrases(counts, counts.documents, counts.n_documents, top=top, min_words=min_words)))


def phrase_table(counts: PhraseCounts) -> "pd.DataFrame":
    """The table of `corpus_phrases` of all phrases that are counted."""
    table = _table(counts, np.arange(len(counts.words)), counts.documents, counts.n_documents)
    return table.assign(count=counts.occurrences[table.index])[["phrase", "words", "items", "share", "count", "weight"]].reset_index(
        drop=True
    )


def group_phrases(
    tokens: Tokens | Spans, groups: Sequence[object] | NDArray[np.object_], *, top: int = 10, min_words: int = MIN_WORDS
) -> "pd.DataFrame":
    """List what each group talks about most; `contrast_keywords` says what it talks about more than the others.

    tokens: n rows; groups: n labels of any kind that sorts as text, None or NaN for rows of no group; top: phrases a group at most;
    min_words: of a phrase, 1 to 4.
    Returns [group, phrase, words, items, share, weight], groups by label, each as in `corpus_phrases`; share is of the group's rows.
    """
    import pandas as pd

    spans = tokens if isinstance(tokens, Spans) else find_spans(tokens)
    names, codes = group_codes(groups, spans.batch.n_rows)
    counts = PhraseCounts.from_tokens(spans)
    items = items_by_group(spans, codes, len(names))
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    tables = [
        _table(counts, choose_phrases(counts, own, size, top=top, min_words=min_words), own, size).assign(group=name)
        for name, own, size in zip(names, items, sizes.tolist(), strict=True)
    ]
    table = pd.concat(tables) if tables else _table(counts, np.zeros(0, np.int64), counts.documents, 0).assign(group="")
    return table[["group", "phrase", "words", "items", "share", "weight"]].reset_index(drop=True)


def group_codes(groups: Sequence[object] | NDArray[np.object_], n_rows: int) -> tuple[list[object], Ints]:
    """Number groups in the order of their labels as text: (labels, int64 (n_rows,), -1 for none). InputError for another length."""
    import pandas as pd

    labels = pd.Series(groups, dtype=object)
    if len(labels) != n_rows:
        raise InputError(f"groups: expected one label a row, got {len(labels)} labels and {n_rows} rows")
    codes, names = pd.factorize(labels)
    order = sorted(range(len(names)), key=lambda number: str(names[number]))
    place = np.full(len(names) + 1, -1, np.int64)
    place[order] = np.arange(len(names))
    return [names[number] for number in order], place[codes]


def items_by_group(spans: Spans, codes: Ints, n_groups: int) -> Ints:
    """Count rows of each group with each phrase, int64 (n_groups, n_phrases), phrases as `number_phrases` numbers them."""
    words, numbers = number_phrases(spans.words, max(len(spans.batch.vocabulary), 1))
    size = max(len(words), 1)
    row, phrase = np.divmod(distinct(spans.rows * size + numbers), size)
    group = codes[row]
    keys = group[group >= 0] * len(words) + phrase[group >= 0]
    return np.bincount(keys, minlength=n_groups * len(words)).reshape(n_groups, len(words)).astype(np.int64)


def choose_phrases(counts: PhraseCounts, items: Ints, n_items: int, *, top: int = TOP, min_words: int = MIN_WORDS) -> Ints:
    """The phrases that a table lists: positions, int64, ascending. items: int64 (n,), how many of ``n_items`` items have each phrase."""
    held = np.flatnonzero(items >= min(MIN_ITEMS, max(n_items, 1)))
    words = counts.words[held]
    stands = firm_phrases(words, counts.documents[held], counts.present, counts.n_documents)
    stands &= ((words >= 0).sum(axis=1) >= min_words) & ((words[:, 1] >= 0) | (np.append(counts.kinds, SUBJECT)[words[:, 0]] == SUBJECT))
    firm, words = held[stands], words[stands]
    free = firm[covered(words, items[firm], len(counts.vocabulary)) < ABSORBED_SHARE * items[firm]]
    return np.sort(_table(counts, free, items, n_items).index.to_numpy()[:top])


def _table(counts: PhraseCounts, chosen: Ints, items: Ints, n_items: int) -> "pd.DataFrame":
    """Some phrases by what they weigh with ``n_items`` items; the index is their number in ``counts``."""
    import pandas as pd

    words = counts.words[chosen]
    weight = phrase_weights(words, counts.documents[chosen], counts.present, counts.kinds, counts.n_documents) * items[chosen]
    phrases = spell_phrases(words, counts.vocabulary)
    columns = {
        "phrase": pd.Series(phrases, index=chosen, dtype="str"),
        "words": (words >= 0).sum(axis=1),
        "items": items[chosen],
        "share": items[chosen] / max(n_items, 1),
        "weight": weight / WEIGHT_UNIT,
    }
    return pd.DataFrame(columns, index=chosen).iloc[np.lexsort((rank_words(phrases.tolist())[1], -weight))]
