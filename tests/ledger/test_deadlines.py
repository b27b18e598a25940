"""When an item is due under a policy; the arithmetic of clocks has its own tests."""

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.ledger.clock import DUE_COLUMNS, ZONE
from feedback_nlp.ledger.deadlines import deadlines
from feedback_nlp.ledger.policy import load_policy

POLICY = load_policy()
#: Sunday 2026-03-01 is an ordinary weekend, Friday 2026-03-06 an ordinary Friday.
FRIDAY = "2026-03-06 15:00"


def due(created, levels, **options):
    frame = pd.DataFrame(index=range(len(levels)))
    if created is not None:
        frame["created_at"] = pd.to_datetime(pd.Series(created)).dt.tz_localize(ZONE)
    found = deadlines(frame, np.array(levels), POLICY, **{"as_of": None, **options})
    assert tuple(found.columns) == DUE_COLUMNS
    return [[None if pd.isna(time) else time.strftime("%m-%d %H:%M") for time in row] for row in found.itertuples(index=False)]


def test_each_level_has_its_clocks():
    assert due([FRIDAY] * 3, [0, 1, 2]) == [
        ["03-06 17:00", "03-07 15:00", "03-11 15:00"],
        ["03-07 15:00", None, "03-13 15:00"],
        ["03-08 15:00", None, "03-20 15:00"],
    ]


NOTHING = [None, None, None]
NINE = ["03-02 11:00", "03-03 09:00", "03-05 09:00"]


@pytest.mark.parametrize(
    ("created", "as_of", "expected"),
    [
        (None, None, [NOTHING]),
        ([None], None, [NOTHING]),
        (None, "2026-03-02 09:00", [NINE]),
        ([None], "2026-03-02 09:00", [NINE]),
        ([None], "2026年3月2日 9时", [NINE]),
        ([None], "2026-03-02T01:00:00Z", [NINE]),
        ([None], pd.Timestamp("2026-03-02 01:00", tz="UTC"), [NINE]),
        ([None], pd.Timestamp("2026-03-02 09:00"), [NINE]),
        (["2026-03-02 09:00"], "2026-01-01", [NINE]),
        ([], None, []),
    ],
)
def test_items_without_a_date(created, as_of, expected):
    assert due(created, [0] * len(expected), as_of=as_of) == expected


@pytest.mark.parametrize("as_of", ["whenever", "", "1900-01-01", pd.NaT, float("nan"), object()])
def test_a_moment_that_is_none(as_of):
    with pytest.raises(InputError, match="as_of: expected a time such as"):
        due([FRIDAY], [0], as_of=as_of)
