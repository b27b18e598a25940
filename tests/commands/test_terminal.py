"""What the terminal shows while a run goes on, and when it is in colour."""

import dataclasses
import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress

import feedback_nlp
from feedback_nlp import terminal
from feedback_nlp.cli import main
from feedback_nlp.commands import doctor
from feedback_nlp.commands.checks import Finding
from feedback_nlp.messages import VARIABLE

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9]m")


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def screen(monkeypatch):
    """A terminal 80 columns wide; returns what is on it at the end."""
    file = io.StringIO()
    monkeypatch.setattr(terminal, "Console", lambda stderr: Console(file=file, force_terminal=True, width=80, color_system=None))

    def shown():
        # Each frame ends where the cursor is moved up or what was written is erased.
        return [frame for frame in re.split(r"\x1b\[[0-9?;]*[A-Za-z]", file.getvalue()) if frame.strip()]

    return shown


def test_the_steps_are_those_of_a_run(tmp_path):
    (tmp_path / "f.csv").write_text("text\n很好用\n闪退\n", encoding="utf-8")
    seen = []
    feedback_nlp.run_files(tmp_path / "f.csv", tmp_path / "out", progress=lambda step, done, rows: seen.append(step))
    assert list(dict.fromkeys(seen)) == list(terminal.STEPS)


@pytest.mark.parametrize(
    ("seconds", "done", "total", "rows", "left"),
    [
        # Nothing is known yet; then a count and a rate; then what is left.
        (2, 0, None, "", ""),
        (2, 30_000, None, "30,000  15,000 条/秒", ""),
        (2, 0, 50_000, "", ""),
        (4, 20_000, 50_000, "20,000 / 50,000  5,000 条/秒", "剩余 0:06"),
        (100, 1_000_000, 10_000_000, "1,000,000 / 10,000,000  10,000 条/秒", "剩余 15:00"),
        (4, 50_000, 50_000, "50,000 / 50,000  12,500 条/秒", ""),
        (4, 1, 1, "", ""),
        (0, 1000, 2000, "1,000 / 2,000  ", "剩余 0:00"),
    ],
)
def test_rows_rate_and_time_left(seconds, done, total, rows, left):
    clock = Clock()
    bars = Progress(get_time=clock)
    task = bars.add_task("x", total=None)
    clock.now = seconds
    bars.update(task, completed=done, total=total)
    assert terminal._Rows().render(bars.tasks[0]).plain == rows
    assert terminal._Left().render(bars.tasks[0]).plain == left


@pytest.mark.parametrize(("lang", "first", "rate"), [("zh", "读取打分", "条/秒"), ("en", "reading", "/s")])
def test_a_run_on_the_screen(monkeypatch, screen, lang, first, rate):
    monkeypatch.setenv(VARIABLE, lang)
    with terminal.progress_bar() as report:
        report("read", 0, 0)
        report("read", 9_000_000, 0)
        report("read", 10_000_000, 0)
        # A step whose rows were not known says 1 of 1 at its end: the count stays.
        report("read", 1, 1)
        report("find", 0, 10_000_000)
        report("find", 5_000_000, 10_000_000)
        report("something new", 0, 0)
    lines = [line for frame in screen() for line in frame.splitlines() if line.strip()]
    assert any(line.startswith(first) and "10,000,000 / 10,000,000" in line and rate in line for line in lines)
    assert any("something new" in line for line in lines)
    assert max(map(cell_len, lines)) <= 80


@pytest.mark.parametrize(
    ("environment", "codes", "colour"),
    [
        ({}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        # An empty NO_COLOR is none (no-color.org).
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True, True),
    ],
)
def test_colours(monkeypatch, capsys, environment, codes, colour):
    """In a pipe there are none, unless they are asked for."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(doctor, "CHECKS", (lambda: [Finding("a", "ok", "b"), Finding("c", "broken", "d", "e")],))
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert ("\x1b" in out, COLOUR.search(out) is not None) == (codes, colour)


@pytest.mark.parametrize(("frequent", "line"), [(5, None), (12_345, "预警共 {alerts} 项，高频共 12345 项，见 trends.parquet")])
def test_all_that_is_frequent_is_counted(monkeypatch, capsys, tmp_path, frequent, line):
    """The summary lists some of it; the last line has the number of all."""
    monkeypatch.setenv(VARIABLE, "zh")
    analysis = feedback_nlp.analyze(["闪退", "很好用"])
    entries = [{"dimension": "theme", "key": f"话题{number}", "date": "2026-03-01", "count": 20 - number} for number in range(frequent)]
    summary = {**analysis.summary, "high_frequency": entries[:100], "n_high_frequency": frequent}
    terminal.print_analysis(dataclasses.replace(analysis, summary=summary), tmp_path)
    out = capsys.readouterr().out.splitlines()
    assert [text for text in out if text.startswith("高频：")] == [
        f"高频：2026-03-01 主题「话题{number}」{20 - number} 条" for number in range(terminal.TOP_BURSTS)
    ]
    expected = [] if line is None else [line.format(alerts=len(summary["alerts"]))]
    assert [text for text in out if "trends.parquet" in text] == expected
