"""Whose job an item is, by type, channel and level, and what it is called: 产品A-登录失败-紧急."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.io.columns import fold
from feedback_nlp.io.texts import is_missing
from feedback_nlp.ledger.policy import Policy
from feedback_nlp.ledger.priority import Priority
from feedback_nlp.ledger.reasons import take_names
from feedback_nlp.vocabulary import TYPE_CODES

Objects = NDArray[np.object_]

#: Stands for a product nobody named.
NO_PRODUCT = "未注明产品"


def route(policy: Policy, type_index: NDArray[np.intp], level: NDArray[np.int64], *, channel: pd.Series | None = None) -> Objects:
    """The department of each item, object (n,): that of its level where there is one, else of its channel, else of its type.

    type_index: int (n,) into ``TYPE_CODES``. level: int (n,) into ``policy.levels``. channel: (n,) of any dtype, or None; channels are
    told apart without case, width, blanks, and what stands in brackets.
    """
    by_type = [policy.departments[code] for code in TYPE_CODES]
    overrides = {fold(name): entry for name, entry in policy.channel_departments.items()}
    rows = [by_type, *([entry.get(code, name) for code, name in zip(TYPE_CODES, by_type, strict=True)] for entry in overrides.values())]
    table = np.array(rows, dtype=object)
    place = np.zeros(len(type_index), dtype=np.intp)
    if channel is not None and overrides:
        codes, values = pd.factorize(channel.astype(object), use_na_sentinel=True)
        numbers = {name: number for number, name in enumerate(overrides, start=1)}
        known = [0 if is_missing(value) else numbers.get(fold(str(value)), 0) for value in values]
        place = np.array([*known, 0], dtype=np.intp)[codes]
    found = table[place, type_index]
    for number, entry in enumerate(policy.levels):
        own = policy.level_departments.get(entry.name, {})
        names = take_names([own.get(code, "") for code in TYPE_CODES], type_index)
        found = np.where((level == number) & (names != ""), names, found)
    return np.asarray(found, dtype=object)


def tags(policy: Policy, priority: Priority, type_label: Objects, theme: Objects, *, product: object = None) -> Objects:
    """产品A-登录失败-紧急, object (n,). A rule that forced the level names the subject, else the theme, else the type.

    type_label, theme: object (n,), theme "" where there is none. product: (n,) of any dtype, masked, or None.
    """
    products = np.full(len(type_label), NO_PRODUCT, dtype=object)
    if product is not None:
        values = pd.Series(product, dtype=object)
        known = (values.notna() & values.ne("")).to_numpy(dtype=bool)
        products[known] = values[known].astype(str).to_numpy(dtype=object)
    subject = np.where(theme == "", type_label, theme)
    rules = take_names([*(rule.label for rule in policy.rules), ""], priority.forced)
    subject = np.where(rules == "", subject, rules)
    return np.asarray(products + "-" + subject + "-" + take_names([level.tag for level in policy.levels], priority.level), dtype=object)
