"""An item's explanation to look at: one HTML fragment without scripts, style sheets or network, everything escaped.

Words of rules have a solid box, core functions a dotted line, the scorer's phrases a shade: told apart without colour, too.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

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
_BOX = (
    "max-width:50em;padding:.8em 1.1em;border:1px solid #d5d5d5;border-radius:6px;background:#fff;color:#1b1b1b;text-align:left;"
    "font:15px/1.5 'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif;"
    "print-color-adjust:exact;-webkit-print-color-adjust:exact"
)
_TEXT = "margin:.6em 0;line-height:2.1;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate"
_SMALL = "font-size:13px;color:#444"
_CELL = "padding:.1em .8em .1em 0;text-align:left;border:0"

#: Characters that HTML or UTF-8 cannot hold.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def item_html(item: "ItemExplanation") -> str:
    """The whole explanation as one ``<div>``."""
    text = item.text[:SHOWN_CHARS]
    more = f'<span style="{_SMALL}">…（另有 {len(item.text) - len(text)} 字）</span>' if len(text) < len(item.text) else ""
    body = "".join(_pieces(text, item.marks)) or f'<span style="{_SMALL}">（空文本）</span>'
    rule = f"触发规则「{item.rule}」" if item.rule else f"按规则「{item.placement}」" if item.placement else "没有规则决定级别"
    return "".join(
        (
            f'<div lang="zh" style="{_show(_BOX)}">',
            f'<div style="font-weight:600">{_show(item.feedback_id)}：{_show(item.priority)}，{item.score:.1f} 分</div>',
            f'<p style="{_TEXT}">{body}{more}</p>',
            _legend(item.marks),
            f"<div>{_show(item.sentence)}</div>",
            f'<table style="{_SMALL};margin:.6em 0;border-collapse:collapse">{"".join(map(_line, item.components))}</table>',
            f'<div style="{_SMALL}">{_show(rule)}；策略 {_show(item.policy)}</div></div>',
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
        piece = _show(text[places[0] : places[-1] + 1])
        if not found:
            yield piece
            continue
        here = [marks[number] for number in found]
        order = list(_STYLES)
        style = _STYLES[min((mark.kind for mark in here), key=order.index)]
        names = "、".join(dict.fromkeys(mark.label for mark in here))
        yield f'<mark title="{_show(names)}" style="color:inherit;background:none;{_show(style)}">{piece}</mark>'


def _legend(marks: "tuple[Mark, ...]") -> str:
    """The kinds of marks that occur, each drawn as in the text."""
    found = {mark.kind for mark in marks}
    shown = [
        f'<span style="{_show(style)};margin-right:1em;padding:0 .3em">{_NAMES[kind]}</span>'
        for kind, style in _STYLES.items()
        if kind in found
    ]
    return f'<div style="{_SMALL};margin-bottom:.6em">{"".join(shown)}</div>' if shown else ""


def _line(part: "Component") -> str:
    """A row of the table: name, points of the most there is, and a bar."""
    width = f"{100 * part.strength:.0f}"
    bar = f'<div style="width:8em;background:#eee"><div style="width:{width}%;height:.7em;background:#b34700"></div></div>'
    cells = (_show(part.name), f"+{part.points:g}", f"满分 {part.weight:g}", bar)
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _show(text: str) -> str:
    return escape(_UNSHOWABLE.sub("\ufffd", text))
