"""Both READMEs say the same, and every command in them runs. (Their Python runs in tests/test_package.py.)"""

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from page_blocks import blocks_of, commands, fences
from page_checks import check_call

from feedback_nlp.cli import main

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "feedback_nlp" / "data" / "sample.csv"
ENGLISH, CHINESE = (ROOT / name for name in ("README.md", "README.zh-CN.md"))
#: What ``.ci/run`` runs, word by word.
TWO = ["python -m pip install . && feedback-nlp demo --out out", "python -m pip install '.[test]' && python -m pytest"]


def without_code(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def links(text):
    """Where the links of a page go, in order, that to the other language left out."""
    found = re.findall(r"\]\(([^)]+)\)", without_code(text))
    return [target for target in found if target not in (ENGLISH.name, CHINESE.name)]


def shape(text):
    """Headings by level, and tables by rows and columns, in order."""
    kinds = []
    for line in without_code(text).splitlines():
        if line.startswith("#"):
            kinds.append(len(line) - len(line.lstrip("#")))
        elif line.startswith("|"):
            kinds.append(f"row of {line.count('|') - 1}")
        elif line.startswith("- "):
            kinds.append("point")
    return kinds


@pytest.fixture(params=[ENGLISH, CHINESE], ids=lambda path: path.name)
def readme(request):
    return request.param.read_text(encoding="utf-8")


@pytest.mark.parametrize("part", [shape, links], ids=lambda part: part.__name__)
def test_both_languages_have_the_same_parts(part):
    english, chinese = (part(path.read_text(encoding="utf-8")) for path in (ENGLISH, CHINESE))
    assert english == chinese and english


def test_both_languages_have_the_same_code():
    english, chinese = (
        [(block.language, block.source, block.printed) for block in blocks_of(path.read_text(encoding="utf-8"))]
        for path in (ENGLISH, CHINESE)
    )
    assert english == chinese and english
    assert fences(ENGLISH.read_text(encoding="utf-8")) == 2 * sum(1 + (printed is not None) for *_, printed in english)


def test_the_chinese_one_is_chinese(readme):
    """A part that was never translated would be without Chinese; in the English one a forgotten part would be full of it."""
    chinese = "README.md)" in readme[:100]
    words = re.sub(r"\]\([^)]*\)|`[^`]*`|\|[-:|]+\|", "", without_code(readme))
    for paragraph in (part for part in words.split("\n\n") if len(part) > 100):
        share = len(re.findall(r"[\u4e00-\u9fff]", paragraph)) / len(paragraph)
        assert share > 0.2 if chinese else share < 0.1, (share, paragraph)


def test_links_lead_somewhere(readme):
    """To a file, and to a heading that is there."""
    for target in links(readme):
        path, _, anchor = target.partition("#")
        assert (ROOT / path).exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", (ROOT / path).read_text(encoding="utf-8"), re.M)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}, target


def test_the_first_screen_and_the_two_commands(readme):
    blocks = blocks_of(readme)
    assert [block.language for block in blocks[:2]] == ["python", "python"] and all(block.printed for block in blocks[:2])
    assert [block.source.strip() for block in blocks if "pip install" in block.source] == TWO
    assert readme.count("\n") < 330


def test_the_commands_run(tmp_path, monkeypatch, capsys):
    """On small files of the names they mention. Training takes too long here: its options are checked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FEEDBACK_NLP_STORE", raising=False)
    sample = pd.read_csv(SAMPLE, dtype=str)
    (tmp_path / "feedback.csv").write_bytes(SAMPLE.read_bytes())
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "day.csv").write_bytes(SAMPLE.read_bytes())
    sample.head(20)[["问题描述"]].to_parquet("reviews.parquet")
    letters = pd.DataFrame({"主题": ["App", "门锁"], "留言详情": ["今天一直登录不上", "安装师傅很专业"]})
    letters.to_csv("留言.csv", index=False, encoding="gb18030")
    pd.DataFrame({"text": ["打开就闪退", "很好用"], "type": ["defect", "praise"]}).to_excel("人工标注.xlsx", index=False)
    lines = [line for block in blocks_of(ENGLISH.read_text(encoding="utf-8")) if block.language == "sh" for line in commands(block.source)]
    assert len(lines) > 10
    for words in (shlex.split(line) for line in lines if line not in TWO):
        assert words[0] == "feedback-nlp"
        if words[1] == "train" or "my_model" in words:
            check_call(words[1:])
        else:
            assert main(words[1:]) == 0, capsys.readouterr().err
