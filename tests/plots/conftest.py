"""A font that writes what the tests write: they do not depend on what is installed, and a machine without Chinese fonts runs them all."""

from pathlib import Path

import matplotlib
import pytest
from plot_tables import EVERYTHING_WRITTEN
from tiny_fonts import make_font

from feedback_nlp.plots.fonts import ENVIRONMENT
from feedback_nlp.plots.labels import KINDS, LABELS


@pytest.fixture(scope="session")
def tiny_font(tmp_path_factory):
    """Path of a font in which every character is the same box: all of ASCII, the labels, and what the tests' tables say."""
    labels = "".join(text for words in (*LABELS.values(), *KINDS.values()) for text in words.values())
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
