"""``feedback-nlp run``: what its options mean for the job."""

import json
import logging

import pytest

from feedback_nlp import pipeline
from feedback_nlp.batch.job import WORK
from feedback_nlp.cli import main
from feedback_nlp.commands.logs import log_event, log_steps, logger
from feedback_nlp.engines.dask import DaskEngine
from feedback_nlp.engines.local import LocalEngine
from feedback_nlp.engines.spark import SparkEngine


class Asked(Exception):
    """Ends the command when it has called the library."""


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """What the command calls `run_files` with."""

    def run(*arguments):
        seen = {}

        def run_files(data, out, **options):
            seen.update(options, data=data, out=out)
            raise Asked

        monkeypatch.setattr(pipeline, "run_files", run_files)
        with pytest.raises(Asked):
            main(["run", *arguments, "--out", str(tmp_path / "out")])
        return seen

    return run


@pytest.mark.parametrize(
    ("arguments", "engine"),
    [
        ([], LocalEngine(-1)),
        (["--jobs", "1"], LocalEngine(1)),
        (["--jobs", "2", "--engine", "local"], LocalEngine(2)),
        (["--engine", "dask", "--jobs", "3"], DaskEngine(None, 3)),
        (["--engine", "dask", "--scheduler", "tcp://host:8786"], DaskEngine("tcp://host:8786", LocalEngine(-1).processes)),
        (["--engine", "spark", "--jobs", "2"], SparkEngine("local[2,4]")),
        (["--engine", "spark", "--scheduler", "spark://host:7077"], SparkEngine("spark://host:7077")),
    ],
)
def test_engines(asked, tmp_path, arguments, engine):
    found = asked("feedback.csv", *arguments)["engine"]
    assert found == type(engine)(**{**vars(engine), "folder": tmp_path / "out" / WORK}), "workers share through the output folder"


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], {"resume": False, "max_quarantine": 1.0, "progress": None, "lang": "zh", "bom": False, "strict": False, "columns": {}}),
        (["--resume"], {"resume": True}),
        (["--max-quarantine", "1%"], {"max_quarantine": 0.01}),
        (["--max-quarantine", "0.01"], {"max_quarantine": 0.01}),
        (["--max-quarantine", " 2.5% "], {"max_quarantine": 0.025}),
        (["--max-quarantine", "0"], {"max_quarantine": 0.0}),
        (["--max-quarantine", "100%"], {"max_quarantine": 1.0}),
        (["--lang", "en", "--bom"], {"lang": "en", "bom": True}),
        (["--map", "主题=product", "--map", "a=b=text"], {"columns": {"主题": "product", "a=b": "text"}}),
        (["--themes", "5", "--theme-file", "t.json"], {"n_themes": 5, "themes": "t.json"}),
        (["--strict", "--abstain", "--encoding", "gbk"], {"strict": True, "abstain": True, "encoding": "gbk"}),
    ],
)
def test_options_of_a_job(asked, arguments, options):
    found = asked("feedback.csv", *arguments)
    assert {name: found[name] for name in options} == options


@pytest.mark.parametrize(
    ("inputs", "data"),
    [
        (["a.csv"], "PosixPath('a.csv')"),
        (["a.csv", "b.csv"], "[PosixPath('a.csv'), PosixPath('b.csv')]"),
        (["exports/"], "PosixPath('exports')"),
        (["s3://bucket/a.csv"], "'s3://bucket/a.csv'"),
        (["file:///a.csv"], "'file:///a.csv'"),
    ],
)
def test_inputs(asked, inputs, data):
    assert repr(asked(*inputs)["data"]) == data


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--max-quarantine", "lots"], "expected a share such as 1% or 0.01, got 'lots'"),
        (["--max-quarantine", "101%"], "expected a share such as 1% or 0.01, got '101%'"),
        (["--max-quarantine", "2"], "got '2'"),
        (["--max-quarantine", "-1%"], "got '-1%'"),
        (["--max-quarantine", "nan"], "got 'nan'"),
        (["--max-quarantine", ""], "got ''"),
        (["--scheduler", "tcp://host:8786"], "--scheduler: expected together with --engine dask or spark"),
        (["--engine", "ray"], "'ray' is not one of 'local', 'dask', 'spark'"),
        (["--log", "xml"], "'xml' is not one of 'text', 'json'"),
        (["--jobs", "0"], "n_jobs: expected a whole number of 1 or more, or -1 for all cores, got 0"),
        (["--jobs", "two"], "'two' is not a valid integer"),
        (["--map", "=text"], "--map: expected HEADER=COLUMN"),
    ],
)
def test_bad_usage(tmp_path, capsys, monkeypatch, arguments, told):
    monkeypatch.setenv("FEEDBACK_NLP_LANG", "en")
    (tmp_path / "f.csv").write_text("问题描述\n坏了\n", encoding="utf-8")
    assert main(["run", str(tmp_path / "f.csv"), "--out", str(tmp_path / "out"), *arguments]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_a_run_twice(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FEEDBACK_NLP_LANG", "en")
    (tmp_path / "f.csv").write_text("问题描述\n登录失败，闪退\n", encoding="utf-8")
    arguments = ["run", str(tmp_path / "f.csv"), "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert [main(arguments), main([*arguments, "--resume"])] == [0, 0]
    assert "holds the results of an equal run already; nothing was made again" in capsys.readouterr().err
    # What is made of the results is made all the same.
    assert main([*arguments, "--report", str(tmp_path / "report.html")]) == 0
    assert (tmp_path / "report.html").exists()


# Logs


def test_a_log_is_a_line_for_each_event(capsys):
    figures = {"rows": 5, "quarantine_reasons": {"无法识别的反馈时间": 1}}
    log_event(logger("text"), "finished", figures)
    log_event(logger("json"), "finished", figures)
    text, line = capsys.readouterr().err.splitlines()
    assert text.endswith(" INFO finished rows=5 quarantine_reasons={'无法识别的反馈时间': 1}")
    event = json.loads(line)
    assert {name: event[name] for name in ("message", "levelname", *figures)} == {"message": "finished", "levelname": "INFO", **figures}
    assert "无法识别" in line, "to be read by people too"


def test_a_log_is_heard_by_nobody_else(capsys, caplog):
    with caplog.at_level(logging.DEBUG):
        log_event(logger("json"), "finished", {})
    assert caplog.records == [] and len(capsys.readouterr().err.splitlines()) == 1
    assert "feedback_nlp.run" not in logging.Logger.manager.loggerDict


@pytest.mark.parametrize(
    ("states", "lines"),
    [
        ([("learn", 0, 0), ("learn", 1, 1)], [{"step": "learn"}]),
        ([("find", 0, 9), ("find", 4, 9), ("find", 9, 9)], [{"step": "find", "rows": 9}]),
        ([("read", 0, 0), ("read", 32, 0), ("read", 64, 0), ("read", 1, 1)], [{"step": "read"}]),
        ([("find", 0, 9), ("find", 4, 9)], []),
        ([("judge", 0, 0), ("judge", 1, 1), ("ledger", 0, 5), ("ledger", 5, 5)], [{"step": "judge"}, {"step": "ledger", "rows": 5}]),
    ],
)
def test_steps_are_logged_when_they_end(capsys, states, lines):
    report = log_steps("json")
    for state in states:
        report(*state)
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [{name: event[name] for name in ("step", "rows") if name in event} for event in events] == lines
    assert all(event["seconds"] >= 0 for event in events)
