"""An analysis as one HTML file for people: no network, no other file, the same at ten and at a million rows."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback_nlp.errors import InputError
from feedback_nlp.io.atomic import atomic_path
from feedback_nlp.io.cells import plain
from feedback_nlp.ledger.clock import DUE_COLUMNS
from feedback_nlp.report.curves import RisingTopics, rising_topics
from feedback_nlp.report.headlines import Headline, headline, key_points
from feedback_nlp.report.marks import load_marker
from feedback_nlp.report.moments import Periods, local_days, make_periods, reading_moment
from feedback_nlp.report.overdue import CLOCKS, Overdue, find_overdue
from feedback_nlp.report.sections import aspect_heat, duplicate_views, heat_style, quality_of, theme_groups
from feedback_nlp.report.showing import moment as shown_moment
from feedback_nlp.report.showing import page_environment, showable, span
from feedback_nlp.report.tables import Split, level_colour, over_time, split_by
from feedback_nlp.report.urgent import Item, urgent_items
from feedback_nlp.report.words import Words, asset, words_of
from feedback_nlp.vocabulary import INPUT_COLUMNS

if TYPE_CHECKING:
    from feedback_nlp.analysis import Analysis
    from feedback_nlp.scorer.scorer import BatchScorer

TEMPLATE, STYLE, SCRIPT = "report.html.jinja", "report.css", "report.js"
#: The charting library, as published; see ``report_echarts_licences.txt``.
LIBRARY = "report_echarts.common.min.js"

#: Items in the table of the most urgent ones, by default and at most; overdue items that are listed.
TOP, MAX_TOP = 50, 500
LATE_ITEMS, LATE_LENGTH = 15, 90

#: Columns of a ledger that a report looks at; of a large one that was saved the others need not be read.
COLUMNS = (
    *(column.name for column in INPUT_COLUMNS),
    *("priority", "priority_score", "tag", "text", "reasons", "type_label", "sentiment", "sentiment_label", "polarity", "urgency_label"),
    *("theme", "key_phrases", "department", *DUE_COLUMNS),
)

#: Columns an item can be filtered by, and what each is called.
FILTERS = {"priority": "优先级", "type": "类型", "product": "产品", "channel": "渠道"}
#: Columns whose division is drawn.
SPLITS = {"channel": "渠道", "product": "产品", "type_label": "类型"}


def write_report(
    analysis: "Analysis",
    path: str | Path,
    *,
    lang: str = "zh",
    as_of: Any = None,
    top: int = TOP,
    scorer: "BatchScorer | None" = None,
) -> Path:
    """Write an analysis as one self-contained HTML file and return its path. Equal input gives equal bytes.

    The page holds the ``top`` most urgent items and aggregates; it does not grow with the ledger. It loads nothing from anywhere, and
    scripts other than its own do not run in it (Content-Security-Policy with their hashes).
    lang: of headings, "zh" or "en"; what comes from the analysis (reasons, themes, trend sentences) stays Chinese.
    as_of: when deadlines are read, a time or its text; by default what ``analyze`` was given, else the time of the last item.
    top: items in the table, 0 to ``MAX_TOP``. scorer: the one that made the analysis, to mark the words that made an item urgent; by
    default the bundled one where it did, else each item's key phrases are marked.
    Raises InputError for another language, a number out of range, what is no time, and where the file cannot be written.
    """
    page = render(analysis, lang=lang, as_of=as_of, top=top, scorer=scorer)
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return Path(path)


@dataclass(frozen=True, eq=False)
class _View:
    """What the parts of the page share."""

    analysis: "Analysis"
    words: Words
    levels: list[str]
    overdue: Overdue
    periods: Periods
    rising: RisingTopics
    splits: Mapping[str, Split]
    scorer: "BatchScorer | None"


def render(analysis: "Analysis", *, lang: str = "zh", as_of: Any = None, top: int = TOP, scorer: "BatchScorer | None" = None) -> str:
    """The page as a string; see ``write_report``."""
    words = words_of(lang)
    if type(top) is not int or not 0 <= top <= MAX_TOP:
        raise InputError(f"top: expected a whole number from 0 to {MAX_TOP}, got {top!r}")
    analysis = showable(analysis)
    ledger, levels = analysis.ledger, list(analysis.summary["priority"])
    moment = reading_moment(ledger, as_of, analysis.signature.get("options", {}).get("as_of"))
    periods = make_periods(local_days(ledger))
    splits = {name: split_by(ledger, name, levels, words) for name in SPLITS}
    view = _View(
        analysis=analysis,
        words=words,
        levels=levels,
        overdue=find_overdue(ledger, levels, moment),
        periods=periods,
        rising=rising_topics(analysis.trends, words),
        splits={name: split for name, (split, _) in splits.items()},
        scorer=scorer if scorer is not None or not len(ledger) else load_marker(analysis.signature["model"]),
    )
    charts = [*over_time(ledger, periods, levels, words), *view.rising.charts, *(chart for _, chart in splits.values() if chart)]
    return _fill(view, charts, lang=lang, top=top)


def _fill(view: _View, charts: list[dict[str, Any]], *, lang: str, top: int) -> str:
    analysis, words = view.analysis, view.words
    environment = page_environment()
    # jinja2's tojson escapes <, >, & and the apostrophe.
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "allow_nan": False, "separators": (",", ":")}
    environment.filters.update(moment=shown_moment)
    scripts = {"library": asset(LIBRARY), "script": asset(SCRIPT)}
    items = urgent_items(analysis.ledger.head(top), view.levels, words, scorer=view.scorer)
    groups, more_themes = theme_groups(analysis.themes)
    figures: Headline = headline(analysis, view.levels, view.overdue, view.rising)
    return environment.from_string(asset(TEMPLATE)).render(
        _=words,
        lang=lang,
        policy=_policy(list(scripts.values())),
        style=asset(STYLE),
        **scripts,
        charts=plain(charts),
        drawn=[chart["id"] for chart in charts],
        summary=analysis.summary,
        signature=json.dumps(analysis.signature, ensure_ascii=False, indent=2, sort_keys=True, default=str),
        figures=figures,
        points=key_points(analysis, view.levels, view.overdue, view.rising, view.splits["channel"], words),
        items=items,
        filters={name: (words(noun), _choices(items, name, view)) for name, noun in FILTERS.items()},
        n_items=len(analysis.ledger),
        marked_by_model=view.scorer is not None,
        rising=view.rising,
        overdue=view.overdue,
        late=_late_items(view),
        clocks={clock: words(clock) for clock in CLOCKS.values()},
        levels=[words(level) for level in view.levels],
        level_colour=level_colour,
        groups=groups,
        more_themes=more_themes,
        n_themes=len(analysis.themes),
        periods=view.periods,
        splits={name: (words(noun), view.splits[name]) for name, noun in SPLITS.items()},
        heat=aspect_heat(analysis.aspects, words),
        heat_style=heat_style,
        duplicates=duplicate_views(analysis.duplicates),
        n_duplicates=len(analysis.duplicates),
        quality=quality_of(analysis, words),
    )


def _policy(scripts: list[str]) -> str:
    """A Content-Security-Policy: nothing is loaded, and only these scripts run."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii") for script in scripts]
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}; base-uri 'none'; form-action 'none'"


def _choices(items: list[Item], name: str, view: _View) -> list[str]:
    """The values an item can be filtered by; priorities in their order, others by how often they occur."""
    values = [getattr(item, name) for item in items]
    if name == "priority":
        return [view.words(level) for level in view.levels if view.words(level) in values]
    return sorted({value for value in values if value}, key=lambda value: (-values.count(value), value))


def _late_items(view: _View) -> list[tuple[Item, list[str], str]]:
    """The most urgent of the overdue items: the item, the clocks it is late by, and for how long."""
    rows = view.overdue.rows[:LATE_ITEMS]
    found = view.analysis.ledger.iloc[rows]
    items = urgent_items(found, view.levels, view.words, scorer=view.scorer, length=LATE_LENGTH)
    late = []
    for row, item in zip(rows.tolist(), items, strict=True):
        number, unit = span(float(view.overdue.hours[row]))
        clocks = [view.words(clock) for clock, mask in view.overdue.late.items() if mask[row]]
        late.append((item, clocks, f"{number:,} {view.words(unit)}"))
    return late
