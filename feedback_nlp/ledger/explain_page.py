"""An item's explanation to look at: one HTML fragment without scripts, style sheets or network, everything escaped.

Words of rules have a solid box, core functions a dotted line, the scorer's phrases a shade: told apart without colour, too.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from feedback_nlp.scorer.highlight import BOX_STYLE, SMALL_STYLE, TEXT_STYLE, show

if TYPE_CHECKING:
    from feedback_nlp.ledger.explain import Component, ItemExplanation, Mark

#: Longest text that is shown; a pasted book would choke a notebook.
SHOWN_CHARS = 5_000

_STYLES = {
    "rule": "background:#f8c9c4;border:1px solid #a3170a;border-radius:3px;font-weight:600",
    "risk": "border:1px solid #a3170a;border-radius:3px",
    "core": "text-decoration:underline dotted #1f5a96 2px;text-underline-offset:4px",
    "urgency": "background:rgba(236,112,20,.35);border-radius:3px",
    "sentiment": "background:rgba(236,112,20,.18);border-radius:3px",
}
#: How the kinds of marks are called.
_NAMES = {"rule": "规则的词", "risk": "风险词", "core": "核心功能", "urgency": "显得紧急", "sentiment": "显得负面"}
_CELL = "padding:.1em .8em .1em 0;text-align:left;border:0"


def item_html(item: "ItemExplanation") -> str:
    """The whole explanation as one ``<div>``."""
    text = item.text[:SHOWN_CHARS]
    more = f'<span style="{SMALL_STYLE}">…（另有 {len(item.text) - len(text)} 字）</span>' if len(text) < len(item.text) else ""
    body = "".join(_pieces(text, item.marks)) or f'<span style="{SMALL_STYLE}">（空文本）</span>'
    rule = f"触发规则「{item.rule}」" if item.rule else f"按规则「{item.placement}」" if item.placement else "没有规则决定级别"
    return "".join(
        (
            f'<div lang="zh" style="{show(BOX_STYLE)}">',
            f'<div style="font-weight:600">{show(item.feedback_id)}：{show(item.priority)}，{item.score:.1f} 分</div>',
            f'<p style="{TEXT_STYLE}">{body}{more}</p>',
            _legend(item.marks),
            f"<div>{show(item.sentence)}</div>",
            f'<table style="{SMALL_STYLE};margin:.6em 0;border-collapse:collapse">{"".join(map(_line, item.components))}</table>',
            f'<div style="{SMALL_STYLE}">{show(rule)}；策略 {show(item.policy)}</div></div>',
        )
    )


def _pieces(text: str, marks: "tuple[Mark, ...]") -> Iterator[str]:
    """The text in runs of characters that have the same marks; of several, the most telling one is drawn and all are named."""
    at: list[list[int]] = [[] for _ in text]
    for number, mark in enumerate(marks):
        for place in range(mark.start, min(mark.end, len(text))):
            at[place].append(number)
    for found, run in groupby(range(len(text)), key=lambda place: tuple(at[place])):
        places = list(run)
        piece = show(text[places[0] : places[-1] + 1])
        if not found:
            yield piece
            continue
        here = [marks[number] for number in found]
        order = list(_STYLES)
        style = _STYLES[min((mark.kind for mark in here), key=order.index)]
        names = "、".join(dict.fromkeys(mark.label for mark in here))
        yield f'<mark title="{show(names)}" style="color:inherit;background:none;{show(style)}">{piece}</mark>'


def _legend(marks: "tuple[Mark, ...]") -> str:
    """The kinds of marks that occur, each drawn as in the text."""
    found = {mark.kind for mark in marks}
    shown = [
        f'<span style="{show(style)};margin-right:1em;padding:0 .3em">{_NAMES[kind]}</span>'
        for kind, style in _STYLES.items()
        if kind in found
    ]
    return f'<div style="{SMALL_STYLE};margin-bottom:.6em">{"".join(shown)}</div>' if shown else ""


def _line(part: "Component") -> str:
    """A row of the table: name, points of the most there is, and a bar."""
    width = f"{100 * part.strength:.0f}"
    bar = f'<div style="width:8em;background:#eee"><div style="width:{width}%;height:.7em;background:#b34700"></div></div>'
    cells = (show(part.name), f"+{part.points:g}", f"满分 {part.weight:g}", bar)
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"
