"""Every block of code of the documentation runs, or is checked where it cannot; what a page says is printed is what is printed."""

import configparser
import re
import shlex
from pathlib import Path

import pytest
from page_blocks import blocks_of, commands, fences, is_shown
from page_checks import DATA, check_cron, check_python, check_shell

from feedback_nlp.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SAMPLE = ROOT / "feedback_nlp" / "data" / "sample.csv"
#: Its blocks are programs of their own: tests/service/test_example.py.
ELSEWHERE = {"service.md"}
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).as_posix() not in ELSEWHERE)


def name(path):
    return path.relative_to(DOCS).as_posix()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder with the sample as feedback.csv, and a terminal of one kind."""
    for variable in ("FEEDBACK_NLP_LANG", "FEEDBACK_NLP_STORE", "LC_MESSAGES", "LANG", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feedback.csv").write_bytes(SAMPLE.read_bytes())
    return tmp_path


def run_shell(block, where):
    *before, last = commands(block.source)
    for line in [*before, last]:
        words = shlex.split(line, comments=True)
        assert words[0] == "feedback-nlp", f"{where}: what is no command of ours is to be marked as not run: {line}"
        assert main(words[1:]) == (int(block.marks.get("exit", 0)) if line is last else 0), f"{where}: {line}"


def run(block, where, namespace, folder):
    """Run a block, or check it."""
    if "file" in block.marks:
        (folder / block.marks["file"]).write_text(block.source, encoding="utf-8")
    if block.language in DATA:
        DATA[block.language](block.source)
    elif block.language == "cron":
        check_cron(block.source)
    elif block.language == "python":
        check_python(block.source, where)
        if "not run" not in block.marks:
            exec(compile("\n" * (block.line - 1) + block.source, str(where), "exec"), namespace)
    elif block.language == "sh":
        check_shell(block.source)
        if "not run" not in block.marks:
            run_shell(block, where)
    else:
        assert block.language == "text", f"{where}:{block.line}: expected a language that is checked, got {block.language!r}"


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_the_code_of_a_page_runs(path, folder, capsys):
    text = path.read_text(encoding="utf-8")
    blocks = blocks_of(text)
    shown = sum(block.printed is not None for block in blocks)
    assert fences(text) == 2 * (len(blocks) + shown), "every block begins at the start of its line"
    namespace = {}
    for block in blocks:
        run(block, path, namespace, folder)
        printed = capsys.readouterr().out
        if block.printed is not None and "not run" not in block.marks:
            assert is_shown(printed, block.printed), f"{path}:{block.line} prints\n{printed}"


def test_there_are_pages_for_all_three_users():
    assert {"tutorial/notebook.md", "tutorial/nightly.md", "tutorial/service.md"} <= set(map(name, PAGES))


def test_the_shell_of_pages_that_run_elsewhere_is_read():
    blocks = [block for page in ELSEWHERE for block in blocks_of((DOCS / page).read_text(encoding="utf-8"))]
    assert {block.language for block in blocks} <= {"sh", "python"}
    for block in blocks:
        (check_shell if block.language == "sh" else lambda source: check_python(source, DOCS))(block.source)


def test_extras_that_are_named_exist():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    texts = [path.read_text(encoding="utf-8") for path in (*DOCS.rglob("*.md"), ROOT / "README.md")]
    named = {extra for text in texts for extra in re.findall(r"(?:feedback_nlp|'\.)\[(\w+)\]", text)}
    assert len(named) > 5 and named <= set(config["options.extras_require"])


def test_why_a_block_is_not_run_is_said():
    reasons = [
        block.marks["not run"] for path in PAGES for block in blocks_of(path.read_text(encoding="utf-8")) if "not run" in block.marks
    ]
    assert reasons and all(len(reason) > 10 for reason in reasons)
