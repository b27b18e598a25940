"""The options of a trend detector, checked as they are given."""

from dataclasses import dataclass, fields
from typing import Any

from feedback_nlp.errors import InputError
from feedback_nlp.trends.periods import check_period

#: More items a day than this are of high frequency (document 0).
DAILY_ITEMS = 10
#: Least items of a day, or of the days together, that may alert; the same for a key that was never seen before.
MIN_COUNT, MIN_NEW = 3, 5
#: Least times what was expected: what is certain but small is no news.
MIN_RATIO = 1.25
#: Share of false ones among the alerts of a period.
FDR = 0.05
#: False alarms of a test per 100 keys and weeks.
RATE = 1.0
#: Benjamini & Hochberg, Benjamini & Yekutieli, or a bound on every key by itself.
METHODS = ("bh", "by", "rate")
#: Least growth of the share of negative items, of the mean polarity downwards, and of the share among complaints.
MIN_SHARE_GAIN, MIN_POLARITY_LOSS, MIN_COMPLAINT_GAIN = 0.1, 0.15, 0.05


@dataclass(frozen=True)
class Options:
    """What a detector asks for before it alerts.

    period: hour, day, week or month. daily_items: more items a day than this are of high frequency, whatever is usual.
    min_count: least items that may alert, and least items (or complaints) whose shares are compared; min_new: the same for a new key.
    min_ratio: least times what was expected. rate: false alarms of each test per 100 keys and weeks, at most. fdr: share of false ones
    among the alerts of a period, 0 to 1, at most; the rate decides where keys are few, this one where they are many.
    method: "bh" (Benjamini & Hochberg), "by" (Benjamini & Yekutieli, whatever keys have to do with each other) or "rate", which leaves
        the number of keys out of account.
    min_history: periods learned from before counts are judged; None: two weeks of days or hours, 8 weeks, 6 months.
    memory: share of the past that is left after a period; None: 0.98 a day, which remembers about seven weeks.

    Raises InputError for a value out of its range.
    """

    period: str = "day"
    daily_items: float = DAILY_ITEMS
    min_count: int = MIN_COUNT
    min_new: int = MIN_NEW
    min_ratio: float = MIN_RATIO
    fdr: float = FDR
    method: str = "bh"
    rate: float = RATE
    min_history: int | None = None
    memory: float | None = None

    def __post_init__(self) -> None:
        check_period(self.period)
        if self.method not in METHODS:
            raise InputError(f"method: expected one of {', '.join(METHODS)}, got {self.method!r}")
        for name, low, high in (
            ("daily_items", 0.0, float("inf")),
            ("min_count", 1, float("inf")),
            ("min_new", 1, float("inf")),
            ("min_ratio", 1.0, float("inf")),
            ("fdr", 0.0, 1.0),
            ("rate", 0.0, 700.0),
            ("min_history", 2, 10_000),
            ("memory", 0.5, 0.99999),
        ):
            value = getattr(self, name)
            if value is None and name in ("min_history", "memory"):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise InputError(f"{name}: expected a number from {low:g} to {high:g}, got {value!r}")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The options by name, as scikit-learn asks for them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
