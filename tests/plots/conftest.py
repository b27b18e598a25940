"""A font that writes what the tests write: they do not depend on what is installed, and a machine without Chinese fonts runs them all."""

from pathlib import Path

import matplotlib
import pytest

from feedback_nlp.plots.fonts import ENVIRONMENT
from feedback_nlp.plots.labels import LABELS

from plot_tables import EVERYTHING_WRITTEN  # isort: skip


@pytest.fixture(scope="session")
def tiny_font(tmp_path_factory):
    """Path of a font in which every character is the same box: all of ASCII, the labels, and what the tests' tables say."""
    labels = "".join(text for words in LABELS.values() for text in words.values())
    return make_font(tmp_path_factory.mktemp("fonts") / "tiny.ttf", {*map(chr, range(32, 127)), *labels, *EVERYTHING_WRITTEN})


@pytest.fixture
def font(tiny_font, monkeypatch):
    """The same, as the font of every figure that names none."""
    monkeypatch.setenv(ENVIRONMENT, str(tiny_font))
    return str(tiny_font)


@pytest.fixture
def only_latin(monkeypatch):
    """A machine with no other font than the one matplotlib brings."""
    from matplotlib import font_manager

    own = [entry for entry in font_manager.fontManager.ttflist if Path(matplotlib.get_data_path()) in Path(entry.fname).parents]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])
    monkeypatch.delenv(ENVIRONMENT, raising=False)


def make_font(path, characters, *, family="Tiny Test"):
    """Write a TrueType font of one box for all characters."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    boxes = {}
    for name, left, right in (("box", 80, 920), ("half", 40, 510)):
        pen = TTGlyphPen(None)
        pen.moveTo((left, 0))
        for spot in ((left, 800), (right, 800), (right, 0)):
            pen.lineTo(spot)
        pen.closePath()
        boxes[name] = pen.glyph()
    # As in real fonts, Latin characters are half as wide as Chinese ones.
    glyphs = [".notdef", "box", "half", "space"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(glyphs)
    kinds = {sign: "space" if sign == " " else "half" if sign.isascii() else "box" for sign in sorted({*characters, " "} - {"\n"})}
    builder.setupCharacterMap({ord(sign): kind for sign, kind in kinds.items()})
    builder.setupGlyf({name: boxes.get(name) or TTGlyphPen(None).glyph() for name in glyphs})
    builder.setupHorizontalMetrics({name: (1000, 80) if name == "box" else (550, 40) for name in glyphs})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.save(path)
    return path
