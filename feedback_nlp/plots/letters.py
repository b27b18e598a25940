"""What is written in a figure: every text in a font that has its characters, names short enough for their place."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback_nlp.plots.fonts import Font, find_font, warn_of_missing_font
from feedback_nlp.plots.labels import LABELS, check_lang

#: Colours of texts: full and faint.
INK = "#262626"
FAINT = "#6B6B6B"
#: Sizes of texts, in points.
SMALL, NORMAL, LARGE = 8.5, 10.0, 13.0
#: A name with a larger share of letters that cannot be written is shown as a number instead.
MOST_LACKING = 0.25
_CLOSING = "，。！？；：、）」』》”’…,.!?;:)%"


@dataclass(frozen=True)
class Letters:
    """The font and language of one figure.

    font: for all texts. lang: of the figure's own words, a key of ``LABELS``.
    """

    font: Font
    lang: str

    def word(self, key: str, **values: object) -> str:
        """One of the figure's own words."""
        return LABELS[self.lang][key].format(**values)

    def name(self, value: object, *, place: int, columns: int = 40) -> str:
        """Write a name that comes from the data, on one line.

        value: the name; None or "" is written as unknown. place: what stands for it, as #3, where most of its letters cannot be written.
        columns: its greatest width, a Chinese character being two.
        """
        text = " ".join(str(value).split()) if value is not None else ""
        if not text:
            return self.word("unknown")
        if not readable(text, self.font):
            return f"#{place}"
        kept = "".join(sign if not self.font.lacks(sign) else "?" if sign.isalnum() else "" for sign in text if sign.isprintable())
        return elide(kept, columns, self.ellipsis) if kept.strip() else f"#{place}"

    def title(self, given: str | None, default: str) -> str:
        """Write a title of the caller, or the figure's own where there is none or it cannot be written."""
        if given is None or not readable(given, self.font):
            return default
        return "\n".join(self.name(line, place=1, columns=10_000) if line.strip() else "" for line in given.split("\n"))

    @property
    def ellipsis(self) -> str:
        """The sign of an omission."""
        return "..." if self.font.lacks("…") else "…"

    def style(self, size: float = NORMAL, color: str = INK) -> dict[str, Any]:
        """Arguments of a matplotlib text. ``$`` is a dollar: names are no formulae."""
        return {"fontproperties": self.font.properties(size), "color": color, "parse_math": False, "usetex": False}


def choose_letters(names: Iterable[object], *, font: str | Path | None, lang: str, stacklevel: int = 3) -> Letters:
    """Choose the font of a figure, and English where no Chinese can be written.

    names: texts of the data that will stand in it. font: as for `find_font`. lang: "zh" or "en". stacklevel: of a warning.
    Gives one NoChineseFontWarning where the figure's own words or a name cannot be written. Raises InputError on another font or language.
    """
    check_lang(lang)
    found = find_font(font)
    chinese = lang == "zh" and not found.chinese
    if chinese or (not found.chinese and any(not readable(str(name), found) for name in names if name is not None)):
        warn_of_missing_font(found, stacklevel=stacklevel + 1)
    return Letters(found, "en" if chinese else lang)


def readable(text: str, font: Font) -> bool:
    """Tell whether a text is still one after the letters are taken away that a font lacks."""
    letters = [sign for sign in text if sign.isalnum()]
    return len(font.lacks("".join(letters))) <= MOST_LACKING * len(letters)


def width(text: str) -> int:
    """Columns of a text in print: two for a wide character, one for others (Unicode Standard Annex 11)."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def elide(text: str, columns: int, ellipsis: str = "…") -> str:
    """Cut the end of a text that is wider than ``columns``, and say so by the ellipsis."""
    if width(text) <= columns:
        return text
    room, kept = columns - width(ellipsis), 0
    for end, sign in enumerate(text):
        kept += width(sign)
        if kept > room:
            return text[:end].rstrip() + ellipsis
    return text


def wrap(text: str, columns: int) -> str:
    """Break a text into lines about ``columns`` wide, between any two characters, but before no mark that closes something."""
    lines, used = [""], 0
    for sign in text:
        if used + width(sign) > columns and sign not in _CLOSING:
            lines.append("")
            used = 0
        lines[-1] += sign
        used += width(sign)
    return "\n".join(line.strip() for line in lines)
