"""Labels and weights as callers give them, checked: lists in, arrays out."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.scorer import as_texts

#: Labels named in a message.
SHOWN = 5


def as_labels(values: Any, *, name: str = "y") -> list[Any]:
    """A list of hashable labels of one kind out of a list, tuple, array or Series. Raises InputError."""
    if values is None:
        raise InputError(f"{name}: expected one label per text, got None (it requires y to be passed, but the target y is None)")
    if not hasattr(values, "__len__") and hasattr(values, "__array__"):
        values = np.asarray(values)
    if isinstance(values, str | bytes | Mapping | Set) or not hasattr(values, "__len__") or getattr(values, "ndim", 1) != 1:
        got = f"shape {values.shape}" if hasattr(values, "shape") else type(values).__name__
        raise InputError(f"{name}: expected a list, tuple, array or Series with one label per text, got {got}")
    labels = [value.item() if isinstance(value, np.generic) else value for value in values]
    missing = [position for position, label in enumerate(labels) if _is_missing(label)]
    if missing:
        places = ", ".join(map(str, missing[:SHOWN]))
        raise InputError(f"{name}: {len(missing)} labels are missing (NaN or None), first at position {places}; leave those texts out")
    kinds = {type(label) for label in labels}
    if len(kinds) > 1:
        raise InputError(
            f"{name}: expected labels of one kind, got {', '.join(sorted(kind.__name__ for kind in kinds))}; convert them first"
        )
    if kinds == {float} and not all(label.is_integer() for label in labels):
        raise InputError(f"{name}: Unknown label type: fractions; expected classes (str, int, ...), not amounts to predict")
    try:
        set(labels)
    except TypeError as error:
        raise InputError(f"{name}: expected hashable labels, got {next(iter(kinds)).__name__}") from error
    return labels


def training_rows(texts: Any, y: Any, sample_weight: Any) -> tuple[list[str], list[Any], NDArray[np.float64]]:
    """Texts, labels and weights of n rows. Raises InputError (TextTypeError for texts)."""
    read, labels = as_texts(texts), as_labels(y)
    if len(read) != len(labels):
        raise InputError(f"expected one label per text, got {len(read)} texts and {len(labels)} labels")
    return read, labels, as_weights(sample_weight, len(read))


def _is_missing(label: Any) -> bool:
    return label is None or label is pd.NA or label is pd.NaT or (isinstance(label, float) and label != label)


def class_array(labels: Sequence[Any]) -> NDArray[Any]:
    """The different labels, ascending: an array of their own dtype, of objects where numpy has none. Raises InputError."""
    try:
        classes = sorted(set(labels))
    except TypeError as error:
        raise InputError(f"y: expected labels that can be sorted, got {type(labels[0]).__name__}; use str or int") from error
    if classes and isinstance(classes[0], str | int | float):
        return np.asarray(classes)
    array = np.empty(len(classes), dtype=object)
    array[:] = classes
    return array


def class_numbers(labels: Sequence[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """Number of each label's class: (n,). Raises InputError where one is not among ``classes``."""
    known = {label: number for number, label in enumerate(classes.tolist())}
    unknown = sorted({str(label) for label in labels if label not in known})
    if unknown:
        raise InputError(f"y: {shown(unknown)} not among the classes {shown(known)}; a new class needs a new fit")
    return np.asarray([known[label] for label in labels], dtype=np.intp)


def as_weights(values: Any, n: int) -> NDArray[np.float64]:
    """float64 (n,), ones for None. Raises InputError."""
    if values is None:
        return np.ones(n)
    try:
        weights = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"sample_weight: expected numbers ({error})") from error
    if weights.shape != (n,):
        raise InputError(f"sample_weight: expected one number per text, {n}, got shape {weights.shape}")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise InputError("sample_weight: expected finite numbers of at least 0")
    return weights


def shown(labels: Any) -> str:
    """The first few labels, for a message."""
    listed = list(labels)
    return ", ".join(map(repr, listed[:SHOWN])) + (f", ... ({len(listed)})" if len(listed) > SHOWN else "")
