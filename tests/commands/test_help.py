"""Help: every command with examples that can be called, in both languages, within the width of a terminal."""

import re
import shlex

import click
import pytest
from catalogue import commands
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from feedback_nlp.cli import cli, main
from feedback_nlp.commands.helping import broken, examples, reflowed, translated
from feedback_nlp.messages import VARIABLE

ALL = dict(commands())


def lines_of(command):
    """The examples, as a shell splits them; what is a comment of the shell is left out."""
    head, *lines = (command.epilog or "").split("\n  ")
    assert head == "\b\nExamples:"
    inner = (re.sub(r'^eval "\$\((.*)\)"', r"\1", line) for line in lines)
    return [shlex.split(line, comments=True) for line in inner]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_examples_can_be_called(monkeypatch, capsys, path):
    called = []
    # A group does nothing itself before the command below it.
    monkeypatch.setattr(
        click.Command, "invoke", lambda self, ctx: None if isinstance(self, click.Group) else called.append(ctx.command_path)
    )
    lines = lines_of(ALL[path])
    assert lines
    for program, *words in lines:
        if ">" in words:
            words = words[: words.index(">")]
        assert (program, main(words)) == ("feedback-nlp", 0), capsys.readouterr().err
    own = " ".join(("feedback-nlp", *path))
    assert len(called) == len(lines) and all(name.startswith(own) for name in called)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help(monkeypatch, capsys, lang, path):
    monkeypatch.setenv(VARIABLE, lang)
    assert main([*path, "--help"]) == 0
    out = capsys.readouterr().out
    usage, options, sample = ("用法:", "选项:", "示例：") if lang == "zh" else ("Usage:", "Options:", "Examples:")
    assert out.startswith(f"{usage} {' '.join(('feedback-nlp', *path))} [OPTIONS]")
    assert f"\n{options}\n" in out and f"\n  {sample}\n    feedback-nlp " in out.replace('    eval "$(', "    ")
    text = out.partition(sample)[0]
    assert max(map(cell_len, text.splitlines())) <= 80
    for parameter in ALL[path].params:
        assert all(name in text for name in getattr(parameter, "opts", ()) if name.startswith("-"))
    if lang == "zh":
        help_text = "".join(text.split(options)[0].splitlines()[1:])
        assert re.search("[\u4e00-\u9fff]", help_text)
        assert "This" not in text and "default:" not in text and "required" not in text


def test_the_commands_stay_as_they_are(monkeypatch, capsys):
    """A Chinese page leaves no trace in the page after it."""
    main(["run", "--help"])
    before = capsys.readouterr().out
    twin = translated(cli, "zh")
    assert twin.commands["run"].help != cli.commands["run"].help and twin.commands["run"].params is not cli.commands["run"].params
    monkeypatch.setenv(VARIABLE, "zh")
    main(["run", "--help"])
    assert capsys.readouterr().out != before
    monkeypatch.setenv(VARIABLE, "en")
    main(["run", "--help"])
    assert capsys.readouterr().out == before


def test_an_epilog():
    assert examples("a", "b") == "\b\nExamples:\n  a\n  b"


def test_a_docstring_is_reflowed():
    assert reflowed("One\n    two.\n\n    Three.\n    ") == "One two.\n\nThree."


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 10, [""]),
        ("one two", 10, ["one two"]),
        ("one two three", 8, ["one two", "three"]),
        ("反馈台账", 8, ["反馈台账"]),
        ("反馈台账", 7, ["反馈台", "账"]),
        # A mark never begins a line, and none that opens ends one.
        ("反馈台账。", 8, ["反馈台", "账。"]),
        ("反馈（台账）", 6, ["反馈", "（台", "账）"]),
        ("用 CSV 文件", 8, ["用 CSV", "文件"]),
        ("默认 [默认：handling-measures]", 20, ["默认", "[默认：handling-measures]"]),
    ],
)
def test_lines_are_broken(text, width, expected):
    assert broken(text, width) == expected


@given(st.text("ab 反馈，。（）[]CSV-", max_size=60), st.integers(8, 40))
def test_breaking_loses_nothing_and_keeps_the_width(text, width):
    lines = broken(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    # Only a piece that cannot be broken is wider.
    assert all(cell_len(line) <= width or broken(line, 1)[0] == line for line in lines)


def test_a_long_term_stands_on_its_own_line(monkeypatch, capsys):
    monkeypatch.setenv(VARIABLE, "zh")
    main(["run", "--help"])
    out = capsys.readouterr().out.splitlines()
    place = out.index("  --sentiment-backend [scorer|snownlp]")
    assert out[place + 1].startswith(" " * 34 + "用什么判断情感极性")
