"""Duplicates: the same text pasted again, to the letter or slightly edited. Grouped by what texts say, never by the order of rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.scorer import as_texts
from feedback_nlp.topics.counts import distinct
from feedback_nlp.topics.minhash import Ints
from feedback_nlp.topics.near import contents, near_groups

if TYPE_CHECKING:
    import pandas as pd

#: Contents whose sets of n-grams overlap by this much are near duplicates.
THRESHOLD = 0.8
#: Looser ones group what only shares a subject.
MIN_THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Groups of rows that say the same.

    group: int64 (n,), the number of the row's group, a row of ``groups``; -1 for a row without duplicate or without information.
    representative: int64 (n_groups,), the row that stands for the group.
    similarity: float32 (n,), to the representative, 1 where the content is the same; 0 without a group.
    repeat: bool (n,), True where the same known customer said it before within the group: reach and frequency leave these rows out.
    groups: one row a group, largest first: representative, text, count, exact (rows with the representative's very content),
    customers (distinct known ones), first_time, last_time; what was not given is missing.
    """

    group: Ints
    representative: Ints
    similarity: NDArray[np.float32]
    repeat: NDArray[np.bool_]
    groups: "pd.DataFrame"

    @property
    def n_superfluous(self) -> int:
        """Rows in groups beyond one a group; 0 where there is no group."""
        return int((self.group >= 0).sum()) - len(self.representative)


def find_duplicates(
    texts: "Sequence[str] | pd.Series",
    *,
    threshold: float = THRESHOLD,
    customers: Iterable[Any] | None = None,
    times: Iterable[Any] | None = None,
    guard: bool = True,
) -> Duplicates:
    """Group n texts into duplicates, exact and near.

    texts: n str; None and NaN count as empty. They are cleaned and folded here: script, width, case and punctuation do not matter.
    threshold: 0.5 to 1, the similarity of two contents' sets of n-grams (``minhash.similarities``) from which on they are near.
    customers: n identifiers; None, NaN, "" and numbers below 0 are unknown. times: n datetimes or ISO 8601 strings, NaT or None unknown.
    guard: near duplicates do not contradict each other: both naming a number the other lacks or, in short texts, one negated.
    The representative is the text in the company of most rows, of equals the commonest, then the first by code points. Every
    member of its group is as similar to it as the threshold asks: similarity is not passed on along a chain.
    Raises InputError on a threshold outside its range, other lengths and what is no time; TextTypeError where a text is no str.
    """
    values = as_texts(texts)
    if not MIN_THRESHOLD <= threshold <= 1:
        raise InputError(f"threshold: expected a number from {MIN_THRESHOLD} to 1, got {threshold}")
    who, when = _customer_codes(customers, len(values)), _moments(times, len(values))
    raw, form = _numbered(values)
    ranked, content_of_form = _ranked(contents(raw), np.bincount(form, minlength=len(raw)))
    content = content_of_form[form]
    rows = np.bincount(content[content >= 0], minlength=len(ranked))
    leader, alike = near_groups(ranked, rows, threshold=threshold, guard=guard)
    leads = np.append(leader, -1)[content]
    sizes = np.bincount(leads[content >= 0], minlength=len(ranked))
    chosen = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes > 1)]
    group = _places(chosen, len(ranked))[leads]
    representative = _first_rows(raw, form, content_of_form)[chosen]
    table = _group_table(group, content == leads, who=who if customers is not None else None, when=when, n_groups=len(chosen))
    table.insert(0, "representative", representative)
    table.insert(1, "text", np.asarray(values, dtype=object)[representative])
    similarity = np.where(group >= 0, np.append(alike, 0)[content], 0).astype(np.float32)
    return Duplicates(group, representative, similarity, _repeats(group, who, when), table)


def _numbered(values: Iterable[Any]) -> tuple[list[Any], Ints]:
    """Distinct values as they first come, and the number of each value among them, int64 (n,)."""
    numbers: dict[Any, int] = {}
    codes = [numbers.setdefault(value, len(numbers)) for value in values]
    return list(numbers), np.asarray(codes, np.int64)


def _places(chosen: Ints, size: int) -> Ints:
    """int64 (size + 1,): the place of each number among the chosen, -1 for others; entry -1 is -1."""
    places = np.full(size + 1, -1, np.int64)
    places[chosen] = np.arange(len(chosen))
    return places


def _ranked(contents_of_forms: list[str], counts: Ints) -> tuple[list[str], Ints]:
    """Distinct contents, those of most rows first, equals by code points; and the number of each form's content, -1 for an empty one.

    counts: int64 (n_forms,), rows of each form.
    """
    found, codes = _numbered(contents_of_forms)
    rows = np.bincount(codes, weights=counts, minlength=len(found))
    order = np.asarray(sorted((number for number, text in enumerate(found) if text), key=found.__getitem__), np.int64)
    order = order[np.argsort(-rows[order], kind="stable")]
    return [found[number] for number in order.tolist()], _places(order, len(found))[codes]


def _first_rows(raw: list[str], form: Ints, content_of_form: Ints) -> Ints:
    """The row that stands for each content, int64 (n_contents,): the first with the commonest of its forms, equals by code points."""
    count = np.bincount(form, minlength=len(raw)).tolist()
    number = content_of_form.tolist()
    best: dict[int, int] = {}
    for k in range(len(raw)):
        old = best.setdefault(number[k], k)
        if (-count[k], raw[k]) < (-count[old], raw[old]):
            best[number[k]] = k
    first = np.empty(len(raw), np.int64)
    first[form[::-1]] = np.arange(len(form))[::-1]
    return first[[best[content] for content in range(int(content_of_form.max(initial=-1)) + 1)]]


def _customer_codes(customers: Iterable[Any] | None, size: int) -> Ints:
    """A number for each customer, -1 where unknown; int64 (size,)."""
    if customers is None:
        return np.full(size, -1, np.int64)
    values = customers.tolist() if hasattr(customers, "tolist") else list(customers)
    _check_length("customers", len(values), size)
    import pandas as pd

    found, codes = _numbered(values)
    unknown = [bool(pd.isna(value)) or value == "" or (isinstance(value, int | float) and value < 0) for value in found]
    return np.where(np.asarray(unknown, bool)[codes], -1, codes) if found else codes


def _moments(times: Iterable[Any] | None, size: int) -> "pd.Series":
    """The times as a Series, NaT where unknown."""
    import pandas as pd

    if times is None:
        return pd.Series(np.full(size, np.datetime64("NaT", "ns")))
    values = times if hasattr(times, "dtype") else list(times)
    try:
        moments = pd.Series(pd.to_datetime(pd.Index(values), format="ISO8601"))
    except (ValueError, TypeError) as error:
        raise InputError(f"times: expected datetimes or ISO 8601 strings, all in one time zone or none, got {error}") from error
    _check_length("times", len(moments), size)
    return moments


def _check_length(name: str, got: int, size: int) -> None:
    if got != size:
        raise InputError(f"{name}: expected {size} values, one a text, got {got}")


def _group_table(group: Ints, exact: NDArray[np.bool_], *, who: Ints | None, when: "pd.Series", n_groups: int) -> "pd.DataFrame":
    """count, exact, customers, first_time and last_time of each group."""
    import pandas as pd

    grouped = when[group >= 0].groupby(group[group >= 0])
    customers = pd.array([None] * n_groups if who is None else _customers(group, who, n_groups), dtype="Int64")
    columns = {
        "count": np.bincount(group[group >= 0], minlength=n_groups),
        "exact": np.bincount(group[exact & (group >= 0)], minlength=n_groups),
        "customers": customers,
        "first_time": grouped.min(),
        "last_time": grouped.max(),
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(n_groups))


def _customers(group: Ints, who: Ints, n_groups: int) -> Ints:
    """Distinct known customers of each group, int64 (n_groups,)."""
    known = (group >= 0) & (who >= 0)
    width = int(who.max(initial=0)) + 1
    return np.bincount(distinct(group[known] * width + who[known]) // width, minlength=n_groups)


def _repeats(group: Ints, who: Ints, when: "pd.Series") -> NDArray[np.bool_]:
    """bool (n,): all but the first row of each known customer in each group, by time and, where that is equal or unknown, by row."""
    rows = np.flatnonzero((group >= 0) & (who >= 0))
    rows = rows[np.argsort(when.iloc[rows].to_numpy(), kind="stable")]
    pairs = group[rows] * (int(who.max(initial=0)) + 1) + who[rows]
    repeat = np.zeros(len(group), bool)
    repeat[rows] = True
    repeat[rows[np.unique(pairs, return_index=True)[1]]] = False
    return repeat
