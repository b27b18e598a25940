"""Operating figures for people: one line a period, Chinese headers, every share with the numbers it rests on."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.trends.operations_words import FIGURES, LANGUAGES, TEXTS, WIDE

if TYPE_CHECKING:
    import pandas as pd

#: Flags that are told in the column of hints.
_HINTS = ("over_limit", "silent", "incomplete", "undated")


def wide_figures(figures: "pd.DataFrame", *, fields: bool = False, lang: str = "zh") -> "pd.DataFrame":
    """Turn what `operating_figures` returns into a report.

    figures: as returned, whole or filtered by row. fields: also the completeness of each single field. lang: of headers, "zh" or "en";
    groups and notes stay as they are in ``figures``.
    Returns one row a period, columns of str: 周期, 开始, 结束, then one for each figure and group such as 渠道占比·APP, with cells such as
    45.2%（19/42）, or — where there is no number; last 提示, what was flagged. Volume is a number, int64.
    Raises InputError for another language or a frame without these columns.
    """
    import pandas as pd

    if lang not in LANGUAGES:
        raise InputError(f"unknown language {lang!r}; expected one of {', '.join(LANGUAGES)}")
    needed = ["period", "start", "end", "figure", "group", "value", "count", "of", "flag", "note"]
    if not set(needed) <= set(figures.columns):
        raise InputError(f"figures: expected the columns {', '.join(needed)}, got {', '.join(map(str, figures.columns))}")
    texts = TEXTS[lang]
    rows = figures if fields else figures[(figures["figure"] != "completeness") | (figures["group"] == "")]
    periods = rows.drop_duplicates("period")[["period", "start", "end"]].reset_index(drop=True)
    days = [periods[name].dt.strftime("%Y-%m-%d").fillna("").astype("str") for name in ("start", "end")]
    report = pd.DataFrame(dict(zip(WIDE[lang], (periods["period"], *days), strict=False)))
    line = pd.Index(periods["period"]).get_indexer(rows["period"])
    for (figure, group), part in rows.assign(line=line).groupby(["figure", "group"], sort=False):
        name = FIGURES[figure][LANGUAGES.index(lang)]
        cells = np.full(len(periods), texts["missing"], dtype=object)
        cells[part["line"].to_numpy()] = _cells(part, figure, lang)
        header = texts["item"].format(figure=name, group=group) if group else name
        report[header] = cells.astype(np.int64) if figure == "volume" else pd.Series(cells, dtype="str")
    return report.assign(**{WIDE[lang][3]: pd.Series(_hints(rows, line, len(periods), lang), dtype="str")})


def _cells(part: "pd.DataFrame", figure: str, lang: str) -> list[object]:
    """The cells of one figure and group."""
    texts = TEXTS[lang]
    if figure == "volume":
        return list(part["count"])
    form = texts["mean" if figure == "mean_score" else "pair"]
    numbers = zip(part["value"].tolist(), part["count"].tolist(), part["of"].tolist(), strict=True)
    return [form.format(value=value, count=count, of=of) if of else texts["missing"] for value, count, of in numbers]


def _hints(rows: "pd.DataFrame", line: NDArray[np.intp], n: int, lang: str) -> list[str]:
    """What was flagged in each period, one string a period."""
    texts = TEXTS[lang]
    found: list[list[str]] = [[] for _ in range(n)]
    told = rows["flag"].isin(_HINTS).to_numpy()
    flagged = rows[told]
    for place, group, note in zip(line[told].tolist(), flagged["group"], flagged["note"], strict=True):
        found[place].append(texts["hint"].format(group=group, note=note) if group else note)
    return [texts["join"].join(notes) for notes in found]
