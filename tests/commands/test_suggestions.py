"""What is meant where a word is mistyped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp.cli import main
from feedback_nlp.errors import did_you_mean


@pytest.mark.parametrize(
    ("word", "words", "options", "expected"),
    [
        ("polcy", ["policy", "scheme"], {}, ", did you mean 'policy'?"),
        ("闪腿", ["闪退", "登录"], {}, ", did you mean '闪退'?"),
        ("xyz", ["policy", "scheme"], {}, ""),
        ("policy", [], {}, ""),
        ("name", ["names", "game", "other"], {"most": 3}, ", did you mean 'names' or 'game'?"),
        ("12", [123, 7], {"form": " Did you mean {}?"}, " Did you mean '123'?"),
        (None, ["Nome"], {}, ", did you mean 'Nome'?"),
        ("a{b}", ["a{b}c"], {}, ", did you mean 'a{b}c'?"),
    ],
)
def test_did_you_mean(word, words, options, expected):
    assert did_you_mean(word, words, **options) == expected


@given(st.text(min_size=1), st.lists(st.text(), max_size=5))
def test_the_word_itself_is_always_found(word, others):
    assert did_you_mean(word, [*others, word]) == f", did you mean {word!r}?"


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["rnu"], "Did you mean 'run'?"),
        (["doctr"], "Did you mean 'doctor'?"),
        (["ledger", "lst"], "Did you mean 'list'?"),
        (["run", "f.csv", "--ouput", "o"], "Did you mean '--out'?"),
        (["run", "f.csv", "--out", "o", "--max-quarantin", "1%"], "Did you mean '--max-quarantine'?"),
        (["run", "f.csv", "--out", "o", "--policy", "improvment-plan"], "Did you mean 'improvement-plan'?"),
        (["run", "f.csv", "--out", "o", "--scheme", "chanel-plan"], "Did you mean 'channel-plan'?"),
        (["policies", "improvment-plan"], "Did you mean 'improvement-plan'?"),
        (["schemes", "chanel-plan"], "Did you mean 'channel-plan'?"),
        (["run", "f.csv", "--out", "o", "--aspects", "resturant"], "got 'resturant', did you mean 'restaurant'?"),
        (["run", "f.csv", "--out", "o", "--map", "产品=prodct"], "'prodct' is no column of a feedback record, did you mean 'product'?"),
        (["run", "f.csv", "--out", "o", "--map", "产瓶=product"], "there is no column '产瓶', did you mean '产品'?"),
        (["score", "f.csv", "--out", "o.csv", "--text-column", "问题描"], "there is no column '问题描', did you mean '问题描述'?"),
    ],
)
def test_on_the_command_line(tmp_path, monkeypatch, capsys, argv, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.csv").write_text("问题描述,产品\n很好用,手机\n", encoding="utf-8")
    assert main(argv) == 2
    assert expected in " ".join(capsys.readouterr().err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]
