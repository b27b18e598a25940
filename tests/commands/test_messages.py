"""In which language the command line speaks, and whether all of it does."""

import gettext
import os
import re
import string

import pytest
from catalogue import MO, PO, compiled, constants, helps, literals, read_po

from feedback_nlp.cli import main
from feedback_nlp.messages import VARIABLE, asked_language, click_speaks, say, show, show_list
from feedback_nlp.terminal import STEPS

ENTRIES = read_po(PO.read_text(encoding="utf-8"))
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"LANG": "C"}, None),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "POSIX"}, None),
        ({"LANG": ""}, None),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh"}, "zh"),
        ({"LANG": "zh_TW.Big5"}, "zh"),
        ({"LANG": "Chinese_China.936"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8", "LC_ALL": "en_GB"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, None),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        ({"LANG": "en_US.UTF-8", VARIABLE: "zh"}, "zh"),
        ({"LC_ALL": "C", VARIABLE: "en"}, "en"),
        ({"LANG": "zh_CN.UTF-8", VARIABLE: ""}, "zh"),
    ],
)
def test_the_language(monkeypatch, environment, expected):
    monkeypatch.delenv("LC_ALL")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert asked_language() == expected
    # Results are Chinese and messages English where nothing is asked for.
    assert show("Results: {folder}", folder="x") == ("Results: x" if expected == "en" else "结果：x")
    assert say("interrupted") == ("已中断" if expected == "zh" else "interrupted")
    assert show_list("ab") == ("a, b" if expected == "en" else "a、b")


def test_another_language_is_refused(monkeypatch, capsys):
    monkeypatch.setenv(VARIABLE, "fr")
    assert main(["schemes"]) == 2
    assert capsys.readouterr().err == "Error: FEEDBACK_NLP_LANG: expected zh or en, got 'fr'\n"


def test_what_has_no_translation_stays_as_it_is(monkeypatch):
    monkeypatch.setenv(VARIABLE, "zh")
    assert (say("never {seen}", seen=1), say("")) == ("never 1", "")


@pytest.mark.parametrize("before", [None, "fr"])
def test_click_speaks_for_a_while(monkeypatch, before):
    if before:
        monkeypatch.setenv("LANGUAGE", before)
    for lang, expected in (("zh", "错误：{message}"), ("en", "Error: {message}")):
        with click_speaks(lang):
            assert gettext.gettext("Error: {message}") == expected
        assert (gettext.textdomain(), os.environ.get("LANGUAGE")) == ("messages", before)


# The catalogue


def test_it_is_compiled():
    assert MO.read_bytes() == compiled(ENTRIES), "run: python tests/commands/catalogue.py"


def test_everything_said_is_translated():
    wanted = {*helps(), *literals(), *STEPS.values()}
    assert sorted(wanted - {one for one, _ in ENTRIES}) == []


def test_nothing_is_translated_in_vain():
    said = {*helps(), *constants()}
    assert sorted({text for entry in ENTRIES for text in entry if text} - said) == []


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry[0]])
def test_a_translation_has_the_same_fields(entry):
    def fields(text):
        return {(name, form) for _, name, form, _ in string.Formatter().parse(text) if name is not None}

    one, many = entry
    assert fields(ENTRIES[entry]) <= fields(one) | fields(many or "")
    assert fields(one) <= fields(ENTRIES[entry]) or many
    assert ENTRIES[entry]


# All of it together


def shown(capsys, *argv):
    code = main(list(argv))
    return (code, *capsys.readouterr())


@pytest.mark.parametrize(("lang", "chinese"), [("zh", True), ("en", False), (None, False)])
def test_errors(monkeypatch, capsys, tmp_path, lang, chinese):
    monkeypatch.chdir(tmp_path)
    if lang:
        monkeypatch.setenv(VARIABLE, lang)
    cases = {
        ("rum",): ("没有命令 'rum'", "No such command 'rum'"),
        ("demo",): ("缺少选项 '--out'", "Missing option '--out'"),
        ("run", "--out", "o"): ("缺少参数 'INPUT...'", "Missing argument 'INPUT...'"),
        ("demo", "--ou", "o"): ("没有选项 '--ou'", "No such option '--ou'"),
        ("demo", "--out"): ("选项 '--out' 需要 1 个参数", "Option '--out' requires an argument"),
        ("demo", "--out", "o", "--lang", "de"): ("'--lang' 的值无效：'de' 应为 'zh', 'en' 之一", "'de' is not one of 'zh', 'en'"),
        ("demo", "--out", "o", "--themes", "0"): ("0 不在范围 x>=1 内", "0 is not in the range x>=1"),
        ("demo", "--out", "o", "--max-quarantine", "2"): ("应为比例", "expected a share such as 1% or 0.01, got '2'"),
        ("demo", "x", "--out", "o"): ("多余的参数（x）", "Got unexpected extra argument (x)"),
        ("run", "f.csv", "--out", "o", "--map", "x"): ("--map：应为 HEADER=COLUMN", "--map: expected HEADER=COLUMN"),
    }
    for argv, (zh, en) in cases.items():
        code, out, err = shown(capsys, *argv)
        assert (code, out) == (2, "")
        assert (zh if chinese else en) in err and ("错误：" if chinese else "Error: ") in err
    assert shown(capsys, "rum")[2].startswith("用法:" if chinese else "Usage:")
    # The library's own words are English; the line around them is not.
    assert shown(capsys, "run", "none.csv", "--out", "o")[2].startswith("错误：none.csv: there" if chinese else "Error: none.csv: there")


@pytest.mark.parametrize(("lang", "chinese"), [("zh", True), ("en", False), (None, True)])
def test_results(monkeypatch, capsys, tmp_path, lang, chinese):
    if lang:
        monkeypatch.setenv(VARIABLE, lang)
    code, out, err = shown(capsys, "demo", "--out", str(tmp_path))
    assert (code, err) == (0, "")
    for zh, en in (
        ("最紧急的 10 条", "The 10 most urgent"),
        ("┃ 优先级 ┃ 得分 ┃", "┃ priority ┃ score ┃"),
        ("┃ 升级原因", "┃ why so urgent"),
        ("台账 395 条（高 ", "Ledger: 395 items (高 "),
        ("预警：主题「", "Alert: theme “"),
        ("高频：2026-10-12 主题「", "Frequent: 2026-10-12 theme “"),
        ("，见 trends.parquet", "in all, see trends.parquet"),
        ("结果：", "Results: "),
    ):
        assert (zh in out, en in out) == (chinese, not chinese), (zh, en)
    frames = [re.sub("[“「][^”」]*[”」]", "", line) for line in out.splitlines() if line.startswith(("Alert", "Frequent"))]
    assert [line for line in frames if CHINESE.search(line)] == []
    # The files do not depend on it.
    assert (tmp_path / "ledger.csv").read_text(encoding="utf-8").startswith("反馈编号,")
    code, _, err = shown(capsys, "demo", "--out", str(tmp_path))
    assert (code, err.startswith("注意：" if lang == "zh" else "Note: ")) == (0, True)


@pytest.mark.parametrize("command", ["policies", "schemes"])
def test_settings_in_english(monkeypatch, capsys, command):
    monkeypatch.setenv(VARIABLE, "en")
    assert "(default: handling-measures)" in shown(capsys, command)[1]
    out = shown(capsys, command, "handling-measures")[1]
    expected = {
        "policies": [
            "level",
            "time allowed",
            "ack 2 h",
            "working days",
            "What the score is made of",
            "Rules (at least this level)",
            "or one of",
        ],
        "schemes": ["feedback types", "defect"],
    }
    assert [part for part in expected[command] if part not in out] == []
    # What people wrote stays as they wrote it; the rest has no Chinese.
    assert not CHINESE.search("".join(line.split("│")[0] for line in out.splitlines()).replace("改善客户反馈处理对策", ""))
