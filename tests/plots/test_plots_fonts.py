"""Which font a figure is written in."""

import shutil

import pytest
from plot_tables import themes
from tiny_fonts import make_font

from feedback_nlp.errors import InputError
from feedback_nlp.plots import NoChineseFontWarning, find_font, plot_themes
from feedback_nlp.plots.fonts import ENVIRONMENT, FALLBACK, FAMILIES, NEEDED, UNASSIGNED


def entry(path, name, **properties):
    from matplotlib.font_manager import FontEntry

    return FontEntry(fname=str(path), name=name, **{"style": "normal", "weight": 400, **properties})


def install(monkeypatch, *entries):
    """A machine with these fonts and matplotlib's own."""
    from matplotlib import font_manager

    own = [found for found in font_manager.fontManager.ttflist if found.name == FALLBACK]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*entries, *own])


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.ttf"
    path.write_bytes(b"no font at all")
    return path


def test_the_preferred_family_is_taken_wherever_it_stands_in_the_list(only_latin, tiny_font, monkeypatch):
    for first, second in [("Noto Sans CJK SC", "SimHei"), ("Microsoft YaHei", "SimSun"), ("PingFang SC", "Noto Sans CJK JP")]:
        assert FAMILIES.index(first) < FAMILIES.index(second)
        for names in ((first, second), (second, first)):
            install(monkeypatch, *(entry(tiny_font, name) for name in names))
            assert find_font().families == (first, FALLBACK)


def test_a_family_is_known_in_any_capitals(only_latin, tiny_font, monkeypatch):
    install(monkeypatch, entry(tiny_font, "simhei"))
    assert find_font().families == find_font("SIMHEI").families == ("simhei", FALLBACK)


def test_the_plain_face_of_a_family_is_read(only_latin, tiny_font, tmp_path, monkeypatch):
    other = make_font(tmp_path / "bold.ttf", "粗")
    install(monkeypatch, entry(other, "SimHei", weight=700), entry(other, "SimHei", style="italic"), entry(tiny_font, "SimHei"))
    assert find_font("SimHei").path == str(tiny_font)


def test_a_family_without_chinese_is_passed_over(only_latin, tiny_font, tmp_path, monkeypatch):
    latin = make_font(tmp_path / "latin.ttf", "abc中文")
    install(monkeypatch, entry(latin, "SimHei"), entry(tiny_font, "SimSun"))
    assert find_font().families == ("SimSun", FALLBACK)


def test_any_font_with_the_characters_will_do(only_latin, tiny_font, tmp_path, monkeypatch):
    latin = make_font(tmp_path / "latin.ttf", "abc")
    install(monkeypatch, entry(latin, "A Latin Font"), entry(tiny_font, "My Own Hand"))
    assert find_font().families == ("My Own Hand", FALLBACK)


def test_a_font_of_boxes_for_everything_is_passed_over(only_latin, tiny_font, tmp_path, monkeypatch):
    boxes = make_font(tmp_path / "boxes.ttf", {*NEEDED, UNASSIGNED})
    install(monkeypatch, entry(boxes, "A Last Resort"), entry(tiny_font, "My Own Hand"))
    assert find_font().families == ("My Own Hand", FALLBACK)


def test_a_font_installed_after_matplotlib_made_its_list_is_found(only_latin, tiny_font, broken, monkeypatch):
    from matplotlib import font_manager

    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(tiny_font), str(broken)])
    found = find_font()
    assert (found.families, found.path, found.chinese) == ((), str(tiny_font), True)


def test_a_font_whose_file_is_gone_is_passed_over(only_latin, tiny_font, tmp_path, broken, monkeypatch):
    install(monkeypatch, entry(tmp_path / "gone.ttf", "SimHei"), entry(broken, "SimSun"), entry(tiny_font, "DengXian"))
    assert find_font().families == ("DengXian", FALLBACK)


def test_without_any_matplotlibs_own_is_taken(only_latin):
    found = find_font()
    assert (found.families, found.chinese, found.lacks("a中1文")) == ((FALLBACK,), False, "中文")


def test_a_path_is_taken_as_it_is(tiny_font, monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    for given in (tiny_font, str(tiny_font)):
        found = find_font(given)
        assert (found.families, found.path, found.lacks(NEEDED + "鑫")) == ((), str(tiny_font), "鑫")


def test_the_environment_names_a_font_and_the_argument_comes_first(only_latin, tiny_font, tmp_path, monkeypatch):
    other = make_font(tmp_path / "other.ttf", NEEDED)
    monkeypatch.setenv(ENVIRONMENT, f" {other} ")
    assert find_font().path == str(other)
    assert find_font(tiny_font).path == str(tiny_font)
    monkeypatch.setenv(ENVIRONMENT, "")
    assert find_font().families == (FALLBACK,)


def test_an_installed_collection_given_by_path_is_used_by_its_best_face(only_latin, tiny_font, tmp_path, monkeypatch):
    collection = tmp_path / "noto.ttc"
    shutil.copy(tiny_font, collection)
    install(monkeypatch, *(entry(collection, f"Noto Sans CJK {face}") for face in ("JP", "SC", "TC")))
    assert find_font(collection).families == ("Noto Sans CJK SC", FALLBACK)
    # A file that is not installed can only be read as it is.
    lonely = tmp_path / "lonely.ttc"
    shutil.copy(tiny_font, lonely)
    assert find_font(lonely).families == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("no/such.ttf", "font: expected the path of a font file or an installed family, got 'no/such.ttf', and there is no such file"),
        ("No Such Family", "font: expected .* got 'No Such Family', which is neither; no Chinese family is installed here; install one"),
    ],
)
def test_a_font_that_is_not_there(only_latin, given, message):
    with pytest.raises(InputError, match=message):
        find_font(given)


def test_the_message_names_the_families_that_are_there(only_latin, tiny_font, monkeypatch):
    install(monkeypatch, entry(tiny_font, "SimHei"), entry(tiny_font, "Other"))
    with pytest.raises(InputError, match=r"Chinese families installed here: SimHei$"):
        find_font("Noto")
    monkeypatch.setenv(ENVIRONMENT, "Noto")
    with pytest.raises(InputError, match=f"^{ENVIRONMENT}: expected"):
        find_font()


def test_a_file_that_is_no_font(broken):
    with pytest.raises(InputError, match=r"expected a font file .*broken\.ttf', which cannot be read"):
        find_font(broken)


def test_without_a_chinese_font_a_figure_is_drawn_in_english_with_numbers_for_names(only_latin):
    table = themes(4).assign(theme=["闪退", "APP crash", "登录失败", "Ω电"])
    advice = r"DejaVu Sans cannot write Chinese.*apt-get install fonts-noto-cjk.*font=.*FEEDBACK_NLP_FONT"
    with pytest.warns(NoChineseFontWarning, match=advice) as seen:
        figure = plot_themes(table)
    assert [warning.filename for warning in seen] == [__file__]
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["#1", "APP crash", "#3", "#4"]
    assert (axes.get_title(loc="left"), axes.get_xlabel()) == ("Feedback themes", "Items")
    # Warnings are errors here: that it can be drawn shows that no character is missing.
    figure.draw_without_rendering()


def test_no_warning_where_no_chinese_is_written(only_latin):
    table = themes(2).assign(theme=["slow", "broken"])
    plot_themes(table, lang="en").draw_without_rendering()
    with pytest.warns(NoChineseFontWarning):
        plot_themes(themes(2), lang="en")


def test_whatever_is_installed_here_draws(monkeypatch, recwarn):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    found = find_font()
    table = themes(3) if found.chinese else themes(3).assign(theme=["a", "b", "c"])
    plot_themes(table, lang="zh" if found.chinese else "en").draw_without_rendering()
    assert found.chinese or found.families == (FALLBACK,)
    assert [str(warning.message) for warning in recwarn] == []
