"""An explanation to look at: the text with its phrases coloured, as one HTML fragment without scripts, style sheets or network.

Warm with a solid line speaks for the label, cool with a dashed line against it; depth of colour is weight. The line tells the sign where
colour cannot: to colour-blind readers, on black-and-white prints, on screens that drop backgrounds.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.vocabulary import RISKS, SENTIMENTS, TYPES, URGENCIES

if TYPE_CHECKING:
    from feedback_nlp.scorer.explain import Explanation

#: A phrase as it is drawn: its characters, its contribution, and the depth of its colour in [0, 1], where 0 is none.
Piece = tuple[str, float, float]

#: A phrase is coloured from this share of the strongest one on, and so many are at most: where all is coloured, nothing stands out.
MIN_VISIBLE = 0.08
COLOURED = 40

#: So many phrases of each sign are listed under the text, with their figures.
LISTED = 5

#: Where a text is shortened: phrases kept on both sides of a coloured one, and characters that are worth leaving out.
CONTEXT = 3
MIN_LEFT_OUT = 16

#: Background, line and kind of line. Orange and blue are told apart by nearly everyone, and dark text stands out on both.
_FOR = ("236,112,20", "#b34700", "solid")
_AGAINST = ("66,133,200", "#1f5a96", "dashed")
_OPACITY = (0.14, 0.78)

BOX_STYLE = (
    "max-width:50em;padding:.8em 1.1em;border:1px solid #d5d5d5;border-radius:6px;background:#fff;color:#1b1b1b;text-align:left;"
    "font:15px/1.5 'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif;"
    "print-color-adjust:exact;-webkit-print-color-adjust:exact"
)
TEXT_STYLE = "margin:.6em 0;line-height:2.1;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate"
SMALL_STYLE = "font-size:13px;color:#444"

#: Characters that HTML or UTF-8 cannot hold.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
#: Not coloured and not listed: a comma has weight because of the words around it. Its tooltip has the figure all the same.
_PAUSES = re.compile(r"""[，。、；：,.;:（）()\[\]【】《》<>“”‘’"'—\-·/\s]*""")


@dataclass(frozen=True)
class Legend:
    """The words around a highlighted text.

    language: for the ``lang`` attribute. supports, opposes: what warm and cool phrases do. none: said where no phrase does so.
    empty: stands in for an empty text. left_out: tooltip of a stretch that is left out, a template with ``{chars}`` and ``{total}``.
    """

    language: str
    supports: str
    opposes: str
    none: str
    empty: str
    left_out: str


CHINESE = Legend("zh", "支持", "反对", "没有明显的短语", "（空文本，没有可以解释的内容）", "省略 {chars} 字，合计 {total}")
ENGLISH = Legend(
    "en", "for", "against", "none of weight", "(an empty text: nothing to explain)", "{chars} characters left out, {total} in all"
)


def highlight_html(text: str, phrases: pd.DataFrame, *, title: str, note: str = "", legend: Legend = CHINESE, shorten: bool = False) -> str:
    """Draw a text with its phrases.

    phrases: DataFrame [phrase, start, end, contribution] that tiles ``text``, from ``merge_phrases``; its order is of no importance.
    title, note: a heading and a smaller line under it. legend: ``CHINESE``, ``ENGLISH`` or your own.
    shorten: a long stretch without weight becomes an ellipsis, whose tooltip says what it stands for.
    Returns a fragment: one ``<div>``, styled inline, everything escaped. Raises InputError where the phrases do not tile the text.
    """
    ordered = phrases.sort_values("start", kind="stable")
    start, end, value = ordered["start"].tolist(), ordered["end"].tolist(), ordered["contribution"].to_numpy(dtype=np.float64)
    if [*start, len(text)] != [0, *end]:
        raise InputError(
            f"phrases: expected rows that tile the {len(text)} characters of the text, got others; make them with merge_phrases"
        )
    written = [text[first:last] for first, last in zip(start, end, strict=True)]
    depth = _depths(value, np.array([not _PAUSES.fullmatch(phrase) for phrase in written], dtype=np.bool_))
    pieces = list(zip(written, value.tolist(), depth.tolist(), strict=True))
    kept = _kept(depth > 0) if shorten else np.ones(len(value), dtype=np.bool_)
    body = "".join(_spans(pieces, kept, legend)) or f'<span style="{SMALL_STYLE}">{show(legend.empty)}</span>'
    return "".join(
        (
            f'<div lang="{show(legend.language)}" style="{show(BOX_STYLE)}"><div style="font-weight:600">{show(title)}</div>',
            f'<div style="{SMALL_STYLE}">{show(note)}</div>' if note else "",
            f'<p lang="zh" style="{TEXT_STYLE}">{body}</p>',
            _listed(legend.supports, pieces, 1, legend) if pieces else "",
            _listed(legend.opposes, pieces, -1, legend) if pieces else "",
            "</div>",
        )
    )


def figure(value: float) -> str:
    """A sign and two decimals, three below 0.1; what rounds to nothing has no sign."""
    shown = f"{value:+.{2 if abs(value) >= 0.1 else 3}f}"
    return "0" if float(shown) == 0 else shown.replace("-", "−")


def _depths(value: NDArray[np.float64], telling: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Depths of colour, in [0, 1], of contributions (k,) in text order. telling: bool (k,), false for those never coloured."""
    weight = np.abs(value) * telling
    weight = weight / (weight.max(initial=0) or 1)
    weight[np.argsort(-weight, kind="stable")[COLOURED:]] = 0
    return np.where(weight >= MIN_VISIBLE, weight, 0)


def _kept(visible: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a phrase is coloured, near one that is, or at the beginning: bool (k,), as is ``visible``, both in text order."""
    kept = visible.copy()
    kept[:CONTEXT] = True
    for shift in range(1, CONTEXT + 1):
        kept[shift:] |= visible[:-shift]
        kept[:-shift] |= visible[shift:]
    return kept


def _spans(pieces: Sequence[Piece], kept: NDArray[np.bool_], legend: Legend) -> Iterator[str]:
    """One span per phrase, or per stretch that is left out."""
    for keep, group in groupby(zip(pieces, kept.tolist(), strict=True), key=itemgetter(1)):
        stretch = [piece for piece, _ in group]
        chars = sum(len(phrase) for phrase, *_ in stretch)
        if keep or chars < MIN_LEFT_OUT:
            for phrase, value, depth in stretch:
                style = f' style="{_mark(value, depth)}"' if depth else ""
                yield f'<span title="{figure(value)}"{style}>{show(phrase)}</span>'
        else:
            tip = legend.left_out.format(chars=chars, total=figure(sum(value for _, value, _ in stretch)))
            yield f'<span title="{show(tip)}" style="color:#767676"> … </span>'


def _mark(value: float, depth: float) -> str:
    """Style of a phrase: the background by its depth, above 0 up to 1, colours and line by its sign."""
    rgb, line, kind = _FOR if value > 0 else _AGAINST
    opacity = _OPACITY[0] + (_OPACITY[1] - _OPACITY[0]) * depth
    box = f"background:rgba({rgb},{opacity:.2f});border-radius:3px;margin:0 1px"
    return f"{box};text-decoration:underline {kind} {line} 2px;text-underline-offset:4px"


def _listed(name: str, pieces: Sequence[Piece], sign: int, legend: Legend) -> str:
    """A line of the legend: what a sign means, and the strongest phrases that have it, equal ones added up."""
    found: dict[str, list[float]] = {}
    for phrase, value, depth in pieces:
        if depth and value * sign > 0:
            found.setdefault(phrase, []).append(value)
    strongest = sorted(found.items(), key=lambda entry: -abs(sum(entry[1])))[:LISTED]
    entries = [_entry(phrase, values) for phrase, values in strongest]
    swatch = f'<span style="{_mark(sign, 0.6)};padding:0 .4em">{show(name)}</span>'
    return f'<div style="{SMALL_STYLE};line-height:2">{swatch}&emsp;{"".join(entries) or show(legend.none)}</div>'


def _entry(phrase: str, values: Sequence[float]) -> str:
    times = f" ×{len(values)}" if len(values) > 1 else ""
    shown = f'<bdi lang="zh">{show(phrase)}</bdi>{times} {figure(sum(values))}'
    return f'<span style="display:inline-block;margin-right:1.2em;overflow-wrap:anywhere">{shown}</span>'


def show(text: str) -> str:
    """A text as HTML: escaped, and without what HTML or UTF-8 cannot hold."""
    return escape(_UNSHOWABLE.sub("\ufffd", text))


_LEGENDS = {legend.language: legend for legend in (CHINESE, ENGLISH)}
_TEMPLATES = {
    "zh": {
        "title": "{head}：{label}",
        "contrast": "{head}：「{label}」对比「{against}」",
        "note": "logit {logit} = 常数 {bias} + 短语合计 {total}",
        "for": "支持「{label}」",
        "against": "反对「{label}」",
    },
    "en": {
        "title": "{head}: {label}",
        "contrast": "{head}: {label} versus {against}",
        "note": "logit {logit} = constant {bias} + phrases {total}",
        "for": "for {label}",
        "against": "against {label}",
    },
}
#: Names of heads and, by head, of labels; what has no name here is shown as it is.
_HEADS = {"zh": {"type": "反馈类型", "sentiment": "情感", "urgency": "紧急程度", "risk": "风险"}, "en": {}}
_LABELS: dict[str, dict[str, Mapping[str, str]]] = {
    "zh": {"type": TYPES, "sentiment": {str(level): name for level, name in SENTIMENTS.items()}, "urgency": URGENCIES, "risk": RISKS},
    "en": {"sentiment": {"-2": "strongly negative", "-1": "negative", "0": "neutral", "1": "positive", "2": "strongly positive"}},
}


def explanation_html(explanation: "Explanation", *, language: str, shorten: bool) -> str:
    """An explanation as ``highlight_html`` draws it. Raises InputError for a language other than ``zh`` and ``en``."""
    if language not in _LEGENDS:
        raise InputError(f"unknown language {language!r}; expected one of {', '.join(_LEGENDS)}")
    words, labels = _TEMPLATES[language], _LABELS[language].get(explanation.head, {})
    head = _HEADS[language].get(explanation.head, explanation.head)
    label, other = labels.get(explanation.label, explanation.label), explanation.against
    against = None if other is None else labels.get(other, other)
    phrases = explanation.phrases
    total = float(phrases["contribution"].sum())
    opposes = words["against"].format(label=label) if against is None else words["for"].format(label=against)
    return highlight_html(
        explanation.text,
        phrases,
        title=words["title" if against is None else "contrast"].format(head=head, label=label, against=against),
        note=words["note"].format(logit=figure(explanation.logit), bias=figure(explanation.bias), total=figure(total)),
        legend=replace(_LEGENDS[language], supports=words["for"].format(label=label), opposes=opposes),
        shorten=shorten,
    )
