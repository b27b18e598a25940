"""What a group says more than the rest: log-odds with an informative prior (Monroe, Colaresi & Quinn 2008, "Fightin' Words", eq. 15-22)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.key_phrases import RowPhrases
from feedback_nlp.topics.phrase_counts import Ints, covered, number_phrases, spell_phrases
from feedback_nlp.topics.phrase_tables import ABSORBED_SHARE, group_codes, items_by_group
from feedback_nlp.topics.spans import Spans, find_spans
from feedback_nlp.topics.stream import SUBJECT

if TYPE_CHECKING:
    import pandas as pd

#: Items with a phrase in all groups together, at least.
MIN_COUNT = 5
#: Imaginary mentions that every group starts with, spread over phrases as the whole corpus spreads them.
PRIOR = 100.0
#: Where one difference is more than chance, two-sided at one in twenty; of very many phrases some pass by chance, at the end of the list.
MIN_Z = 1.96

Floats = NDArray[np.float64]


def contrast_keywords(
    phrases: Tokens | Spans | RowPhrases,
    groups: Sequence[object] | NDArray[np.object_],
    *,
    top: int = 10,
    min_count: int = MIN_COUNT,
    min_z: float = MIN_Z,
    prior: float = PRIOR,
) -> "pd.DataFrame":
    """List what each group says more than all others together.

    phrases: n rows: tokens, of which all phrases are taken, or chosen ones, as by `item_phrases`.
    groups: n labels of any kind that sorts as text, None or NaN for rows of no group, which are left out.
    top: phrases a group at most. min_count: items with the phrase in all groups. min_z: least z. prior: strength of the prior, in mentions,
        above 0; the larger, the more a rare phrase must differ.
    Returns [group, phrase, count, rest_count, log_odds, z], groups by label, highest z first, then by the string: items of the group and of
    the rest with the phrase, the log-odds-ratio in nats, and it over its standard error.
    Raises InputError where labels and rows differ in number, or the prior is not positive.
    """
    import pandas as pd

    if not prior > 0:
        raise InputError(f"prior: expected more than 0, got {prior}")
    spans = find_spans(phrases) if isinstance(phrases, Tokens) else phrases
    names, codes = group_codes(groups, spans.n_rows if isinstance(spans, RowPhrases) else spans.batch.n_rows)
    words, items = _chosen(spans, codes, len(names)) if isinstance(spans, RowPhrases) else _all(spans, codes, len(names))
    held = np.flatnonzero(items.sum(axis=0) >= min_count)
    words, items = words[held], items[:, held]
    odds, z = log_odds(items, prior=prior)
    tables = []
    for number, name in enumerate(names):
        order = np.lexsort((words, -z[number]))
        order = order[z[number, order] >= min_z][:top]
        count = items[number, order]
        columns = {"phrase": pd.Series(words[order], dtype="str"), "count": count, "rest_count": items[:, order].sum(axis=0) - count}
        tables.append(pd.DataFrame({**columns, "log_odds": odds[number, order], "z": z[number, order]}).assign(group=name))
    header = ["group", "phrase", "count", "rest_count", "log_odds", "z"]
    return pd.concat(tables, ignore_index=True)[header] if tables else pd.DataFrame(columns=header)


def log_odds(counts: Ints, *, prior: float) -> tuple[Floats, Floats]:
    """Compare each group with the sum of all others.

    counts: int64 (n_groups, n_phrases); prior: imaginary mentions of each side.
    Returns log-odds-ratios and z, float64 (n_groups, n_phrases); 0 where a side has nothing to compare.
    """
    total = counts.sum(axis=0)
    share = total / max(int(total.sum()), 1)
    own, rest = counts + prior * share, total - counts + prior * share
    own_all, rest_all = own.sum(axis=1, keepdims=True), rest.sum(axis=1, keepdims=True)
    valid = (own > 0) & (rest > 0) & (own < own_all) & (rest < rest_all)
    own, rest = np.where(valid, own, 1.0), np.where(valid, rest, 1.0)
    own_other, rest_other = np.where(valid, own_all - own, 1.0), np.where(valid, rest_all - rest, 1.0)
    odds = np.where(valid, np.log(own / own_other) - np.log(rest / rest_other), 0.0)
    return odds, odds / np.sqrt(1 / own + 1 / rest)


def _all(spans: Spans, codes: Ints, n_groups: int) -> tuple[NDArray[np.object_], Ints]:
    """All phrases with their items by group, those of judgement alone and those swallowed by longer ones left out."""
    batch = spans.batch
    words, _ = number_phrases(spans.words, max(len(batch.vocabulary), 1))
    items = items_by_group(spans, codes, n_groups)
    total = items.sum(axis=0)
    free = covered(words, total, len(batch.vocabulary)) < ABSORBED_SHARE * total
    free &= (words[:, 1] >= 0) | (np.append(batch.kinds, SUBJECT)[words[:, 0]] == SUBJECT)
    return _by_name(spell_phrases(words[free], batch.vocabulary), items[:, free])


def _chosen(phrases: RowPhrases, codes: Ints, n_groups: int) -> tuple[NDArray[np.object_], Ints]:
    size = len(phrases.vocabulary)
    group = codes[phrases.rows]
    keys = group[group >= 0] * size + phrases.ids[group >= 0]
    return phrases.vocabulary, np.bincount(keys, minlength=n_groups * size).reshape(n_groups, size).astype(np.int64)


def _by_name(names: NDArray[np.object_], items: Ints) -> tuple[NDArray[np.object_], Ints]:
    """Order phrases by their string; of two ways to cut one string the more frequent stands."""
    order = np.lexsort((-items.sum(axis=0), names)) if len(names) else np.zeros(0, np.int64)
    names, items = names[order], items[:, order]
    first = np.append(True, names[1:] != names[:-1])[: len(names)]
    return names[first], items[:, first]
