"""Fonts where macOS and Windows keep them, on machines made up of temporary folders: none of either is here."""

import shutil
from types import SimpleNamespace

import pytest
from plot_tables import themes
from tiny_fonts import make_font

from feedback_nlp.errors import InputError
from feedback_nlp.plots import NoChineseFontWarning, find_font, fonts, plot_themes
from feedback_nlp.plots.fonts import FALLBACK, PLACES, advice

#: What ``$WINDIR`` and ``$LOCALAPPDATA`` are on the machine of the test, below its root.
FOLDERS = {"WINDIR": "Windows", "LOCALAPPDATA": "Users/li/AppData/Local"}
EVERY_PLACE = [(system, pattern) for system, patterns in PLACES.items() for pattern in patterns]


@pytest.fixture
def machine(only_latin, monkeypatch, tmp_path):
    """A machine without other fonts: its system, and a function that puts a file where a pattern looks."""

    def become(system):
        monkeypatch.setattr(fonts, "sys", SimpleNamespace(platform=system))
        monkeypatch.setattr(fonts, "PLACES", {name: tuple(map(below, patterns)) for name, patterns in PLACES.items()})
        for name, folder in FOLDERS.items():
            monkeypatch.setenv(name, str(tmp_path / folder)) if system == "win32" else monkeypatch.delenv(name, raising=False)

    def below(pattern):
        return pattern if pattern.startswith("$") else str(tmp_path) + pattern

    def put(font, pattern):
        for name, folder in FOLDERS.items():
            pattern = pattern.replace(f"${name}", f"/{folder}")
        path = tmp_path / pattern.lstrip("/").replace("*", "7")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(font, path)
        return path

    return SimpleNamespace(become=become, put=put)


@pytest.mark.parametrize(("system", "pattern"), EVERY_PLACE)
def test_each_place_is_looked_at(machine, tiny_font, system, pattern):
    machine.become(system)
    path = machine.put(tiny_font, pattern)
    found = find_font()
    assert (found.path, found.families, found.chinese) == (str(path), (), True)


@pytest.mark.parametrize("system", PLACES)
def test_the_first_place_is_the_best(machine, tiny_font, system):
    machine.become(system)
    paths = [machine.put(tiny_font, pattern) for pattern in PLACES[system]]
    for path in paths:
        assert find_font().path == str(path)
        path.unlink()
    assert find_font().families == (FALLBACK,)


def test_the_usual_fonts_are_among_them():
    names = {system: {pattern.rpartition("/")[2] for pattern in patterns} for system, patterns in PLACES.items()}
    assert {"PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Light.ttc", "Songti.ttc"} <= names["darwin"]
    assert {"msyh.ttc", "simhei.ttf", "simsun.ttc", "Deng.ttf"} <= names["win32"] == names["linux"]


def test_the_places_of_another_system_are_not_looked_at(machine, tiny_font):
    machine.become("darwin")
    machine.put(tiny_font, "$WINDIR/Fonts/msyh.ttc")
    machine.put(tiny_font, "/mnt/c/Windows/Fonts/msyh.ttc")
    assert find_font().families == (FALLBACK,)
    machine.become("sunos5")
    assert find_font().families == (FALLBACK,)


def test_what_cannot_be_read_or_has_no_chinese_is_passed_over(machine, tiny_font, tmp_path):
    machine.become("win32")
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font at all")
    machine.put(broken, "$WINDIR/Fonts/msyh.ttc")
    machine.put(make_font(tmp_path / "latin.ttf", "abc"), "$WINDIR/Fonts/Deng.ttf")
    path = machine.put(tiny_font, "$WINDIR/Fonts/simsun.ttc")
    assert find_font().path == str(path)


def without_outlines(font, path):
    """A font that lists its characters and draws none of them."""
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import TTFont

    changed = TTFont(font)
    changed["glyf"]["box"] = TTGlyphPen(None).glyph()
    changed.save(path)
    return path


def test_a_font_without_outlines_is_passed_over(machine, tiny_font, tmp_path, monkeypatch):
    from matplotlib import font_manager

    machine.become("darwin")
    hollow = without_outlines(tiny_font, tmp_path / "hollow.ttf")
    machine.put(hollow, "/System/Library/Fonts/PingFang.ttc")
    entry = font_manager.FontEntry(fname=str(hollow), name="PingFang SC", style="normal", weight=400)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist, entry])
    assert find_font().families == (FALLBACK,)
    path = machine.put(tiny_font, "/System/Library/Fonts/Hiragino Sans GB.ttc")
    assert find_font().path == str(path)
    with pytest.raises(InputError, match="which cannot be read: its characters have no outlines that can be drawn"):
        find_font(hollow)


def test_windows_without_its_variables(machine, monkeypatch):
    machine.become("win32")
    for name in FOLDERS:
        monkeypatch.delenv(name)
    assert find_font().families == (FALLBACK,)


def test_an_installed_family_comes_first(machine, tiny_font, monkeypatch, tmp_path):
    from matplotlib import font_manager

    machine.become("darwin")
    machine.put(tiny_font, "/System/Library/Fonts/PingFang.ttc")
    installed = shutil.copy(tiny_font, tmp_path / "simhei.ttf")
    entry = font_manager.FontEntry(fname=str(installed), name="SimHei", style="normal", weight=400)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist, entry])
    assert find_font().families == ("SimHei", FALLBACK)


@pytest.mark.parametrize("system", [*PLACES, "sunos5"])
def test_figures_are_drawn_with_a_place_and_without(machine, tiny_font, system):
    machine.become(system)
    with pytest.warns(NoChineseFontWarning):
        plot_themes(themes(3)).draw_without_rendering()
    if system in PLACES:
        machine.put(tiny_font, PLACES[system][0])
        figure = plot_themes(themes(3))
        # Warnings are errors here: that it can be drawn shows that no character is missing.
        figure.draw_without_rendering()
        assert figure.axes[0].get_title(loc="left") == "反馈主题"


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("linux", "Debian, Ubuntu: apt-get install fonts-noto-cjk; Fedora: dnf install google-noto-sans-cjk-fonts"),
        ("darwin", "macOS comes with PingFang and Hiragino Sans GB: switch one on in Font Book"),
        ("win32", "Windows comes with Microsoft YaHei: add the optional feature Chinese (Simplified) Supplemental Fonts"),
        ("sunos5", "apt-get install fonts-noto-cjk"),
    ],
)
def test_the_message_says_what_to_install(machine, system, expected):
    machine.become(system)
    assert advice().startswith("install one (") and expected in advice()
    assert advice().endswith("or pass font= with the path or family of a font, or set FEEDBACK_NLP_FONT to it")
    with pytest.warns(NoChineseFontWarning) as seen:
        plot_themes(themes(2))
    assert expected in str(seen[0].message)
