"""Did a change help: one key's items and satisfaction before and after it, beside all other keys and beside chance."""

import datetime as dt
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from feedback_nlp.errors import InputError
from feedback_nlp.trends.effect_counts import DaySpan, KeyItems, find_spans, key_items, read_exposure
from feedback_nlp.trends.effect_tests import (
    Estimate,
    Floats,
    Scatter,
    binomial_scatter,
    poisson_scatter,
    rate,
    rate_ratio,
    ratio_of_ratios,
    share,
    share_ratio,
)
from feedback_nlp.trends.effect_text import effect_html, effect_sentence, effect_table
from feedback_nlp.trends.effect_verdicts import VERDICTS, EffectTargets, judge, plain_verdict
from feedback_nlp.trends.satisfaction import SATISFIED

if TYPE_CHECKING:
    import pandas as pd

#: Days on each side: four of every weekday.
WINDOW_DAYS = 28
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Side:
    """What was counted before, or after.

    first, last: the window's days, both included; None where no day of it was observed. days: how many.
    count: items of the key. exposure: what the rate is taken over, days where none was given. others: items of the comparison.
    total: items of all. satisfied, answers: of the key's items. satisfaction: the share with its interval.
    mean_score: of the answers from 1 to 5, NaN without any.
    """

    first: dt.date | None
    last: dt.date | None
    days: int
    count: int
    exposure: float
    others: int
    total: int
    satisfied: int
    answers: int
    satisfaction: Estimate
    mean_score: float

    @property
    def per_day(self) -> float:
        """Items of the key a day; NaN without a day."""
        return self.count / self.days if self.days else math.nan

    @property
    def share_of_all(self) -> float:
        """Items of the key among all items; NaN without any."""
        return self.count / self.total if self.total else math.nan


@dataclass(frozen=True)
class Effect:
    """What became of a key after a change; see `verify_effect`.

    key, changed_on: of what, and the day (Asia/Shanghai) that lies between the windows. before, after: what was counted.
    ratio: rate after over rate before. relative: that over the same ratio of the comparison (difference in differences).
    placebo: the same within the time before, its second half against its first, where nothing was changed.
    daily_after: items a day after the change. satisfaction_ratio: share of satisfied answers after over before.
    scatter, relative_scatter: what widens the intervals. undated: items of the key without a day, on no side.
    repeats: repeated items of the key that were left out. targets: the bars.
    """

    key: Hashable
    changed_on: dt.date
    before: Side
    after: Side
    ratio: Estimate
    relative: Estimate
    placebo: Estimate
    daily_after: Estimate
    satisfaction_ratio: Estimate
    scatter: Scatter
    relative_scatter: Scatter
    undated: int
    repeats: int
    confidence: float
    targets: EffectTargets = field(default_factory=EffectTargets)

    @property
    def reached(self) -> bool | None:
        """Document 0's plain bar: no more items a day after the change than ``targets.per_day``; None without a bar or a day."""
        return None if self.targets.per_day is None or not self.after.days else self.after.per_day <= self.targets.per_day

    @property
    def gain(self) -> float:
        """Relative gain of the share of satisfied answers; NaN where a side has no answer or nobody was ever satisfied."""
        return self.satisfaction_ratio.value - 1

    @property
    def enough_answers(self) -> bool:
        """Both sides have the answers that ``targets`` asks for."""
        return min(self.before.answers, self.after.answers) >= self.targets.answers

    @cached_property
    def _judged(self) -> tuple[str, str]:
        return judge(self)

    @property
    def verdict(self) -> str:
        """A code of ``VERDICTS``; the rules stand at `judge`."""
        return self._judged[0]

    @property
    def verdict_label(self) -> str:
        """The verdict in Chinese."""
        return VERDICTS[self.verdict]

    @property
    def why(self) -> str:
        """The rule that decided, in Chinese."""
        return self._judged[1]

    @property
    def plain_verdict(self) -> str:
        """What the documents' rules say of the observed figures alone; a code of ``VERDICTS``."""
        return plain_verdict(self)

    @property
    def sentence(self) -> str:
        """All of it in one Chinese paragraph."""
        return effect_sentence(self)

    def to_frame(self) -> "pd.DataFrame":
        """[figure, label, before, after, ratio, low, high], one row a figure; see `effect_table`."""
        return effect_table(self)

    def _repr_html_(self) -> str:
        return effect_html(self)


def verify_effect(
    frame: "pd.DataFrame",
    key: Hashable,
    changed_at: Any,
    *,
    key_column: str = "theme",
    date: str = "created_at",
    window_days: int = WINDOW_DAYS,
    before: tuple[Any, Any] | None = None,
    after: tuple[Any, Any] | None = None,
    exposure: "str | Mapping[Any, float] | pd.Series | None" = None,
    satisfaction: str | None = "satisfaction",
    comparison: Sequence[Hashable] | None = None,
    repeat: str | None = None,
    targets: EffectTargets | None = None,
    confidence: float = CONFIDENCE,
) -> Effect:
    """Compare a key's items before and after a change.

    frame: one row an item, such as a ledger; any index, any order, not changed. key: a value of ``key_column``.
    changed_at: when; its day in Asia/Shanghai belongs to neither side, for nobody knows which of its items came before.
    date: column of times in any form `parse_dates` reads; items without a day are on no side and counted in ``undated``.
    window_days: days on each side, cut to the days from the frame's first to its last dated item: what lies outside was not observed
        and is no zero. Whole weeks keep weekdays out of the ratio.
    before, after: (first, last) days, both included, instead; taken at their word and not cut, so that a frame that ends with the last
        fault can still say that none came after. The change day may be in one of them.
    exposure: what the rate is taken over. None: days. "total": all items of the day. Or a number from 0 on for every day of the windows,
        by day: active users, orders.
    satisfaction: column read by `read_satisfaction`, or None; a frame without it has no answers.
    comparison: keys to compare with; None for all items of any other key or of none.
    repeat: column of True or False; True rows (`Duplicates.repeat`) count nowhere, neither for the key nor for the total.
    targets: the bars; confidence: of every interval, within (0, 1).

    A key looked at because it burst falls back by itself: take the window before the burst then, and read ``placebo``. The intervals hold
    what they say where days scatter independently, however much; where the level drifts over weeks they are too narrow (of 95 % ones 89 %
    hold at a correlation of 0.5 from day to day, 78 % at 0.8), and only a comparison that drifts alike helps.
    Raises InputError for a column or a key that is not there, for what is no date, for windows that overlap or are in the wrong order,
    for days without exposure, for numbers out of range.
    """
    _check(frame, key, key_column=key_column, columns=(date, repeat), window_days=window_days, confidence=confidence)
    items = key_items(frame, key, key_column=key_column, date=date, satisfaction=satisfaction, comparison=comparison, repeat=repeat)
    changed, spans = find_spans(changed_at, items, window_days=window_days, before=before, after=after)
    volumes = read_exposure(exposure, items, spans)
    return _compare(key, changed, items, spans, volumes, targets=targets or EffectTargets(), confidence=confidence)


def _compare(
    key: Hashable,
    changed: np.datetime64,
    items: KeyItems,
    spans: tuple[DaySpan, DaySpan],
    volumes: list[Floats],
    *,
    targets: EffectTargets,
    confidence: float,
) -> Effect:
    """Both sides, counted and compared; volumes: what the rate is taken over, float64 (n_days,) of each side."""
    before, after = (_side(items, span, float(volume.sum()), confidence) for span, volume in zip(spans, volumes, strict=True))
    daily = [items.daily(items.own, span) for span in spans]
    scatter = poisson_scatter(list(zip(daily, volumes, strict=True)))
    by_days = poisson_scatter([(counts, np.ones(len(counts))) for counts in daily])
    relative, relative_scatter = _relative(items, spans, confidence)
    return Effect(
        key=key,
        changed_on=dt.date.fromisoformat(str(changed)),
        before=before,
        after=after,
        ratio=rate_ratio((before.count, after.count), (before.exposure, after.exposure), scatter, confidence=confidence),
        relative=relative,
        placebo=_relative(items, spans[0].halves, confidence)[0],
        daily_after=rate(after.count, after.days, by_days, confidence=confidence),
        satisfaction_ratio=share_ratio(before.satisfaction, after.satisfaction),
        scatter=scatter,
        relative_scatter=relative_scatter,
        undated=items.undated,
        repeats=items.repeats,
        confidence=confidence,
        targets=targets,
    )


def _relative(items: KeyItems, spans: tuple[DaySpan, DaySpan], confidence: float) -> tuple[Estimate, Scatter]:
    """The key's ratio over that of the comparison, and what widens it."""
    own, others = ([items.daily(chosen, span) for span in spans] for chosen in (items.own, items.others))
    scatter = binomial_scatter([(mine, mine + theirs) for mine, theirs in zip(own, others, strict=True)])
    key, rest = ((float(first.sum()), float(second.sum())) for first, second in (own, others))
    return ratio_of_ratios(key, rest, scatter, confidence=confidence), scatter


def _side(items: KeyItems, span: DaySpan, exposure: float, confidence: float) -> Side:
    here = items.within(span)
    score = items.score[items.own & here]
    score = score[~np.isnan(score)]
    satisfied = int((score >= SATISFIED).sum())
    return Side(
        first=span.limits[0],
        last=span.limits[1],
        days=span.n_days,
        count=int((items.own & here).sum()),
        exposure=exposure,
        others=int((items.others & here).sum()),
        total=int(here.sum()),
        satisfied=satisfied,
        answers=len(score),
        satisfaction=share(satisfied, len(score), confidence=confidence),
        mean_score=math.fsum(score) / len(score) if len(score) else math.nan,
    )


def _check(
    frame: "pd.DataFrame", key: Hashable, *, key_column: str, columns: tuple[str | None, ...], window_days: int, confidence: float
) -> None:
    for name in (key_column, *columns):
        if name is not None and name not in frame:
            listed = ", ".join(map(str, frame.columns[:40]))
            raise InputError(f"there is no column {name!r}; the columns are {listed}; name it with key_column=, date= or repeat=")
    if isinstance(window_days, bool) or not isinstance(window_days, int) or not 1 <= window_days <= 3660:
        raise InputError(f"window_days: expected a whole number from 1 to 3660, got {window_days!r}")
    if not 0 < confidence < 1:
        raise InputError(f"confidence: expected a number between 0 and 1, got {confidence!r}")
