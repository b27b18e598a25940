"""A scheduled run: made once, made again only when something changed, alone in its folder, and clear about what went wrong."""

import json
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest
from varied import MARKER, PHONE, varied

import feedback_nlp as fn
from feedback_nlp import pipeline
from feedback_nlp.analysis import FILES, MANIFEST
from feedback_nlp.batch.bundle import load_bundle
from feedback_nlp.batch.job import LOCK, WORK
from feedback_nlp.cli import main
from feedback_nlp.engines.local import LocalEngine
from feedback_nlp.errors import InputError, QuarantineError, RowError
from feedback_nlp.ledger.settings import shipped
from feedback_nlp.scorer.model import bundled_models

N_ROWS = 40
OPTIONS = {"part_rows": 12}
NOBODY = 65534


@pytest.fixture(scope="module")
def scorer():
    return fn.BatchScorer.load()


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "input" / "feedback.csv"
    path.parent.mkdir()
    varied(N_ROWS).to_csv(path, index=False)
    return path


@pytest.fixture
def run(scorer, data):
    """``run_files`` of the data, in this process."""
    return lambda out, given=None, **options: fn.run_files(
        data if given is None else given, out, **{"engine": LocalEngine(1), "model": scorer, **OPTIONS, **options}
    )


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LOCK and path.is_file()}


def marks(folder):
    """When each file was last written, and its number on the disk."""
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.iterdir() if path.name != LOCK}


class Interrupted(Exception):
    """Stands for whatever ends a process in the middle."""


def interrupting(at):
    def progress(step, done, rows):
        if step == at and not done:
            raise Interrupted

    return progress


# Again


def test_a_relative_folder_is_that_of_this_process_and_not_of_workers_that_stand_elsewhere(run, tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert run("out", engine=LocalEngine(2))
    assert contents(tmp_path / "one" / "out") == contents(tmp_path / "two" / "out")


def test_a_finished_run_is_not_made_again(run, tmp_path):
    out = tmp_path / "out"
    assert run(out) is True
    assert {path.name for path in out.iterdir()} - {LOCK} == {*FILES, MANIFEST}
    before = marks(out)
    assert [run(out), run(out, resume=True), run(out, max_quarantine=0.9)] == [False] * 3
    assert marks(out) == before


def changed_file(data):
    data.write_text(data.read_text(encoding="utf-8") + "又一条：登录失败\n", encoding="utf-8")


CHANGES = {
    "input": ({}, changed_file),
    "lang": ({"lang": "en"}, None),
    "bom": ({"bom": True}, None),
    "abstain": ({"abstain": True}, None),
    "n_themes": ({"n_themes": 2}, None),
    "as_of": ({"as_of": "2026-03-01"}, None),
    "scheme": ({"scheme": "channel-plan"}, None),
    "policy": ({"policy": "improvement-plan"}, None),
    "aspects": ({"aspects": {"登录": ["登录", "验证码"]}}, None),
    "columns": ({"columns": {"标签": "industry"}}, None),
    "user_dictionary": ({"user_dictionary": ["扫地机器人"]}, None),
    "part_rows": ({"part_rows": 9}, None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_makes_it_run_again(run, data, tmp_path, change):
    options, touch = CHANGES[change]
    assert run(tmp_path / "out")
    if touch:
        touch(data)
    assert run(tmp_path / "out", **options) is True
    assert run(tmp_path / "out", **options) is False


def test_the_same_bytes_under_another_date_are_no_change(run, data, tmp_path):
    assert run(tmp_path / "out")
    os.utime(data, (1, 1))
    assert run(tmp_path / "out") is False


def test_a_policy_file_with_other_contents(run, tmp_path):
    policy = tmp_path / "policy.toml"
    text = shipped("policies")["handling-measures"].read_text(encoding="utf-8")
    policy.write_text(text, encoding="utf-8")
    assert run(tmp_path / "out", policy=policy)
    assert run(tmp_path / "out", policy=policy) is False
    number = next(line for line in text.splitlines() if line.startswith("daily_items"))
    policy.write_text(text.replace(number, "daily_items = 7"), encoding="utf-8")
    assert run(tmp_path / "out", policy=policy) is True


def test_another_model_with_the_same_weights_but_another_name(run, tmp_path):
    shutil.copytree(bundled_models() / "default", tmp_path / "model")
    assert run(tmp_path / "out", model=str(tmp_path / "model"))
    assert run(tmp_path / "out", model=str(tmp_path / "model")) is False
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "model" / "manifest.json").write_text(json.dumps({**manifest, "name": "another"}), encoding="utf-8")
    assert run(tmp_path / "out", model=str(tmp_path / "model")) is True


def test_another_program(run, tmp_path, monkeypatch):
    assert run(tmp_path / "out")
    monkeypatch.setattr(pipeline, "code_digest", lambda: "another")
    assert run(tmp_path / "out") is True


@pytest.mark.parametrize("name", ["ledger.csv", "summary.json", "themes.parquet", MANIFEST])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_results_that_were_touched_are_made_again(run, tmp_path, name, how):
    out = tmp_path / "out"
    run(out)
    before = contents(out)
    if how == "gone":
        (out / name).unlink()
    else:
        (out / name).write_bytes((out / name).read_bytes() + b"\n{")
    assert run(out) is True
    assert contents(out) == before


# Resume


@pytest.mark.parametrize("at", ["read", "learn", "find", "judge", "ledger", "write"])
def test_resumed_from_any_step(run, tmp_path, at):
    assert run(tmp_path / "whole")
    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        run(out, progress=interrupting(at))
    assert out.exists() == (at != "read"), "where nothing was made, nothing is left"
    made = {path.name: path.stat().st_ino for path in (out / WORK).glob("*.npz")}
    seen = {}
    with pytest.raises(Interrupted):
        run(out, resume=True, progress=interrupting("write"))
    for path in (out / WORK).glob("*.npz"):
        seen[path.name] = path.stat().st_ino
    assert made.items() <= seen.items(), "what was there is not made again"
    assert run(out, resume=True) is True
    assert contents(out) == contents(tmp_path / "whole")
    assert not (out / WORK).exists()


def test_without_resume_everything_is_made_again(run, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        run(out, progress=interrupting("judge"))
    (out / WORK / "first-000000.npz").write_bytes(b"damaged")
    assert run(out) is True
    run(tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")


@pytest.mark.parametrize("damage", ["cut", "holed"])
@pytest.mark.parametrize("kind", ["first", "second", "third"])
def test_a_damaged_part_is_made_again(run, tmp_path, kind, damage):
    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        run(out, progress=interrupting("write"))
    part = out / WORK / f"{kind}-000000.npz"
    data = part.read_bytes()
    middle = len(data) // 2
    part.write_bytes(data[:middle] if damage == "cut" else data[:middle] + bytes(64) + data[middle + 64 :])
    assert run(out, resume=True) is True
    run(tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")


def test_resuming_upon_a_damaged_journal_is_told(run, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        run(out, progress=interrupting("judge"))
    (out / WORK / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="without --resume"):
        run(out, resume=True)
    assert run(out) is True


@pytest.mark.parametrize(
    ("change", "named"),
    [("input", "input"), ("lang", "files"), ("policy", "setup"), ("abstain", "setup"), ("part_rows", "part_rows"), ("columns", "reading")],
)
def test_resuming_after_a_change_is_refused(run, data, tmp_path, change, named):
    out, (options, touch) = tmp_path / "out", CHANGES[change]
    with pytest.raises(Interrupted):
        run(out, progress=interrupting("judge"))
    before = sorted(path.name for path in (out / WORK).iterdir())
    if touch:
        touch(data)
    with pytest.raises(InputError, match=rf"the unfinished run cannot go on, {named} changed since; run without --resume to begin anew"):
        run(out, resume=True, **options)
    assert sorted(path.name for path in (out / WORK).iterdir()) == before
    assert run(out, **options) is True


def test_resuming_what_never_began_is_a_run(run, tmp_path):
    assert run(tmp_path / "out", resume=True) is True


def test_a_strict_run_leaves_nothing(run, tmp_path):
    """The input has to be repaired, and is another one then."""
    with pytest.raises(RowError):
        run(tmp_path / "out", strict=True)
    assert not (tmp_path / "out" / WORK).exists()


def test_an_input_that_cannot_be_read_leaves_nothing(run, tmp_path):
    (tmp_path / "empty.csv").write_text("问题描述\n", encoding="utf-8")
    with pytest.raises(InputError):
        run(tmp_path / "out", tmp_path / "empty.csv")
    assert not (tmp_path / "out" / WORK).exists()
    with pytest.raises(InputError, match="nowhere"):
        run(tmp_path / "other", tmp_path / "nowhere.csv")
    assert not (tmp_path / "other").exists()


# Two at once


def test_the_second_of_two_runs_is_refused(jobs, run, data, tmp_path):
    out = tmp_path / "out"
    child = jobs.start(data, out, options=OPTIONS, stops_at="find")
    deadline = time.monotonic() + 120
    while not (out / ".stopped").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        before = sorted(path.name for path in (out / WORK).iterdir())
        for resume in (False, True):
            with pytest.raises(InputError, match="another run writes into this folder; wait until it has ended, or give another --out"):
                run(out, resume=resume)
        assert sorted(path.name for path in (out / WORK).iterdir()) == before
    finally:
        os.kill(child, signal.SIGCONT)
        report = jobs.end()
    assert (report["status"], report["error"]) == (0, None)
    assert contents(out).keys() - {".stopped"} == {*FILES, MANIFEST}


def test_a_killed_run_gives_its_folder_free(jobs, run, data, tmp_path):
    out = tmp_path / "out"
    child = jobs.start(data, out, options=OPTIONS, stops_at="judge")
    while not (out / ".stopped").exists():
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    assert jobs.end()["status"] == -signal.SIGKILL
    assert run(out) is True


# Disks


@pytest.fixture
def shared_folder():
    """A folder that a user without rights can reach."""
    folder = Path(tempfile.mkdtemp(prefix="feedback-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("most", [50, 3_000, 38_000])
def test_a_full_disk_is_told_and_leaves_nothing_half_written(jobs, run, data, tmp_path, most):
    """No file may have more bytes than this; to a program a full disk is the same: a write that fails."""
    out = tmp_path / "out"
    assert jobs.run(data, out, options={**OPTIONS, "lang": "en"})["error"] is None
    before = contents(out)
    assert max(map(len, before.values())) > most
    report = jobs.run(data, out, options=OPTIONS, most=most)
    assert report["error"].startswith("InputError: ") and "cannot be written (File too large)" in report["error"], report["error"]
    assert contents(out) == before
    for path in (out / WORK).glob("*"):
        assert path.suffix != ".tmp"
        if path.suffix == ".npz":
            load_bundle(path)
    again = jobs.run(data, out, options={**OPTIONS, "resume": True})
    assert (again["status"], again["error"]) == (0, None)
    jobs.run(data, tmp_path / "whole", options=OPTIONS)
    assert contents(out) == contents(tmp_path / "whole")


def test_a_folder_that_cannot_be_written_is_told(jobs, shared_folder):
    varied(N_ROWS).to_csv(shared_folder / "feedback.csv", index=False)
    (shared_folder / "closed").mkdir(mode=0o555)
    for out in (shared_folder / "closed", shared_folder / "closed" / "out"):
        report = jobs.run(shared_folder / "feedback.csv", out, options=OPTIONS, user=NOBODY)
        assert report["error"].startswith(f"InputError: {out}: expected a folder that can be written (Permission denied)"), report["error"]
    assert list((shared_folder / "closed").iterdir()) == []


def test_a_folder_that_is_closed_in_the_middle(jobs, shared_folder):
    """Results of a run before are as they were; when the folder is open again the run goes on."""
    varied(N_ROWS).to_csv(shared_folder / "feedback.csv", index=False)
    out = shared_folder / "out"
    out.mkdir()
    for folder in (shared_folder, out):
        if not os.geteuid():
            os.chown(folder, NOBODY, NOBODY)
    assert jobs.run(shared_folder / "feedback.csv", out, options={**OPTIONS, "lang": "en"}, user=NOBODY)["error"] is None
    before = contents(out)
    child = jobs.start(shared_folder / "feedback.csv", out, options=OPTIONS, user=NOBODY, stops_at="find")
    while not (out / ".stopped").exists():
        time.sleep(0.02)
    (out / WORK).chmod(0o555)
    os.kill(child, signal.SIGCONT)
    report = jobs.end()
    assert report["error"].startswith("InputError: ") and "Permission denied" in report["error"], report["error"]
    (out / ".stopped").unlink()
    assert contents(out) == before
    (out / WORK).chmod(0o755)
    assert jobs.run(shared_folder / "feedback.csv", out, options={**OPTIONS, "resume": True}, user=NOBODY)["error"] is None
    assert contents(out).keys() == before.keys() and contents(out) != before


@pytest.mark.parametrize("place", ["file", "file/out"])
def test_a_file_in_the_place_of_the_folder_is_told(run, tmp_path, place):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="expected a folder"):
        run(tmp_path / place)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_folder_of_other_files_is_left_alone(run, data):
    with pytest.raises(InputError):
        run(data.parent / "feedback.csv")
    run(data.parent / "out")
    assert sorted(path.name for path in data.parent.iterdir()) == ["feedback.csv", "out"]


# Limits


def test_too_many_rows_set_aside(run, tmp_path):
    out = tmp_path / "out"
    assert run(out, lang="en")
    before = contents(out)
    with pytest.raises(
        QuarantineError, match=r"^\d+ of 46 rows were set aside \(\d+\.\d\d%\), expected at most 1\.00%; see .*quarantine\.csv"
    ):
        run(out, max_quarantine=0.01)
    after = contents(out)
    assert {name: after[name] for name in before} == before, "results of the run before are as they were"
    table = pd.read_csv(out / "quarantine.csv")
    assert table.columns.tolist() == ["来源行号", "原因", "内容"]
    assert table["原因"].str.contains("无法识别的反馈时间|反馈编号重复").any()
    assert PHONE not in (out / "quarantine.csv").read_text(encoding="utf-8")
    inodes = {path.name: path.stat().st_ino for path in (out / WORK).glob("first-*.npz")}
    with pytest.raises(Interrupted):
        run(out, max_quarantine=0.9, resume=True, progress=interrupting("find"))
    assert {path.name: path.stat().st_ino for path in (out / WORK).glob("first-*.npz")} == inodes, "what was read is not read again"
    assert run(out, max_quarantine=0.9, resume=True)
    assert len(table) == len(fn.Analysis.load(out).quarantine)
    assert not (out / "quarantine.csv").exists(), "it was about another run"


@pytest.mark.parametrize(("share", "code"), [("1%", 3), ("0.01", 3), ("90%", 0), ("0.9", 0)])
def test_the_exit_code_of_too_many_rows_set_aside(data, tmp_path, share, code, capsys):
    assert main(["run", str(data), "--out", str(tmp_path / "out"), "--jobs", "1", "--max-quarantine", share]) == code
    told = capsys.readouterr().err
    assert ("allow more with --max-quarantine" in told) == bool(code)


def test_all_rows_set_aside(run, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("问题描述,反馈时间\n坏了,不详\n坏了,上周吧\n", encoding="utf-8")
    assert main(["run", str(tmp_path / "bad.csv"), "--out", str(tmp_path / "out"), "--jobs", "1"]) == 3
    capsys.readouterr()
    assert len(fn.Analysis.load(tmp_path / "out").quarantine) == 2


# Logs


@pytest.mark.parametrize("form", ["json", "text"])
def test_logs_hold_figures_and_no_text(data, tmp_path, capsys, form):
    # Also in rows that are set aside, and as names of a theme.
    with data.open("a", encoding="utf-8") as file:
        for number in range(12):
            file.write(f"{MARKER}，电话{PHONE},{'不详' if number % 2 else '2026-03-01'}\n")
    assert main(["run", str(data), "--out", str(tmp_path / "out"), "--jobs", "1", "--log", form]) == 0
    lines = capsys.readouterr().err.splitlines()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["masked"] > 0 and summary["quarantined"] > 0
    told = "\n".join(lines)
    assert MARKER not in told and "西瓜" not in told and PHONE not in told and "139****" not in told
    logged = ("rows", "items", "quarantined", "quarantine_reasons", "duplicated", "masked")
    if form == "json":
        events = [json.loads(line) for line in lines if line.startswith("{")]
        assert len(events) == sum("step" in line or "finished" in line for line in lines)
        assert [event["step"] for event in events if event["message"] == "step"] == ["read", "learn", "find", "judge", "ledger", "write"]
        assert all(event["seconds"] >= 0 for event in events if event["message"] == "step")
        assert {name: events[-1][name] for name in logged} == {name: summary[name] for name in logged}
        assert events[-1]["message"] == "finished" and events[-1]["levelname"] == "INFO" and events[-1]["asctime"]
    else:
        steps = [line.split(" INFO ")[1] for line in lines if " INFO " in line]
        assert [line.split()[1] for line in steps[:-1]] == [
            f"step={name}" for name in ("read", "learn", "find", "judge", "ledger", "write")
        ]
        assert steps[-1].startswith(f"finished rows={summary['rows']} items={summary['items']} quarantined={summary['quarantined']}")


def test_a_run_that_is_done_already_says_so_in_the_log(data, tmp_path, capsys):
    arguments = ["run", str(data), "--out", str(tmp_path / "out"), "--jobs", "1", "--log", "json"]
    main(arguments)
    capsys.readouterr()
    assert main(arguments) == 0
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert [event["message"] for event in events] == ["already done"]


# Inputs


def written(frame, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)
    return path


def test_several_files(run, tmp_path):
    rows = varied(N_ROWS)
    paths = [written(rows[:20], tmp_path / "in" / "a.csv"), written(rows[20:], tmp_path / "in" / "b.csv")]
    run(tmp_path / "list", paths)
    run(tmp_path / "folder", tmp_path / "in")
    one, two = (fn.Analysis.load(tmp_path / name) for name in ("list", "folder"))
    pd.testing.assert_frame_equal(one.ledger, two.ledger)
    pd.testing.assert_frame_equal(one.quarantine, two.quarantine)
    assert set(one.ledger["source_file"]) == {"a.csv", "b.csv"} == set(one.quarantine["source_file"])
    assert one.quarantine.columns.tolist() == ["source_line", "reason", "raw", "source_file"]
    assert len(one.ledger) + len(one.quarantine) == len(rows)
    for name, part in (("a.csv", rows[:20]), ("b.csv", rows[20:])):
        lines = [
            *one.ledger[one.ledger["source_file"] == name]["source_line"],
            *one.quarantine[one.quarantine["source_file"] == name]["source_line"],
        ]
        assert sorted(lines) == list(range(2, len(part) + 2))
    again = one.quarantine[one.quarantine["reason"].str.startswith("反馈编号重复")]
    assert (again["source_file"] == "b.csv").any(), "an id of the first file comes again in the second"


def test_a_new_file_in_a_folder_is_a_change(run, tmp_path):
    written(varied(20), tmp_path / "in" / "a.csv")
    assert [run(tmp_path / "out", tmp_path / "in") for _ in range(2)] == [True, False]
    written(varied(20, seed=3), tmp_path / "in" / "b.csv")
    assert run(tmp_path / "out", tmp_path / "in") is True


def test_hive_partitions_give_columns(run, tmp_path):
    rows = varied(30).drop(columns=["channel"])
    for number, channel in enumerate(("APP", "微博", "__HIVE_DEFAULT_PARTITION__")):
        written(rows[number * 10 : number * 10 + 10], tmp_path / "in" / f"channel={channel}" / "part-0.csv")
    run(tmp_path / "out", tmp_path / "in")
    found = fn.Analysis.load(tmp_path / "out")
    assert found.ledger.groupby("source_file")["channel"].agg(lambda values: values.fillna("").unique().tolist()).to_dict() == {
        "channel=APP/part-0.csv": ["APP"],
        "channel=微博/part-0.csv": ["微博"],
        "channel=__HIVE_DEFAULT_PARTITION__/part-0.csv": [""],
    }
    assert set(found.summary["channel"]) == {"APP", "微博"}


def test_formats_give_the_same_ledger(run, tmp_path):
    """But for numbers, which a CSV file does not tell from text, and for which of equal rows stands for the others."""
    rows = varied(30)[["text", "created_at", "product", "channel", "remark"]]
    rows = rows.assign(**{name: rows[name].map(lambda value: None if value is None else str(value).strip()) for name in rows})
    rows = rows.assign(text=rows["text"].fillna(""), channel=rows["channel"].replace("", None))
    rows.to_csv(tmp_path / "f.csv", index=False)
    rows.to_json(tmp_path / "f.jsonl", orient="records", lines=True, force_ascii=False)
    rows.to_parquet(tmp_path / "f.parquet")
    found = {}
    for suffix in ("csv", "jsonl", "parquet"):
        run(tmp_path / suffix, tmp_path / f"f.{suffix}")
        found[suffix] = fn.Analysis.load(tmp_path / suffix).ledger.drop(columns=["source_line", "duplicate_of"])
    pd.testing.assert_frame_equal(found["jsonl"], found["parquet"])
    pd.testing.assert_frame_equal(found["csv"], found["parquet"])


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_urls(run, data, tmp_path, kind):
    import fsspec

    run(tmp_path / "path", data)
    url = data.as_uri() if kind == "file" else "memory://feedback/feedback.csv"
    if kind == "memory":
        fsspec.filesystem("memory").pipe("/feedback/feedback.csv", data.read_bytes())
    assert [run(tmp_path / "url", url) for _ in range(2)] == [True, False]
    one, two = contents(tmp_path / "path"), contents(tmp_path / "url")
    assert {name for name in one if one[name] != two[name]} <= {MANIFEST}


def test_folders_behind_a_url(run, tmp_path):
    import fsspec

    rows = varied(20)
    for name, part in (("a.csv", rows[:12]), ("b.csv", rows[12:])):
        written(part, tmp_path / "in" / name)
        fsspec.filesystem("memory").pipe(f"/folder/{name}", (tmp_path / "in" / name).read_bytes())
    run(tmp_path / "path", tmp_path / "in")
    run(tmp_path / "url", "memory://folder")
    assert contents(tmp_path / "path")["ledger.csv"] == contents(tmp_path / "url")["ledger.csv"]


def test_the_manifest_says_what_was_learned_from_what(run, tmp_path):
    run(tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text(encoding="utf-8"))
    ledger = fn.Analysis.load(tmp_path / "out").ledger
    assert manifest["sampled"]["rows"] == manifest["sampled"]["learned_from"] == len(ledger)
    assert {"input", "setup", "code", "part_rows"} <= set(manifest["run"])
    assert manifest["run"]["input"]["files"][0]["name"] == "feedback.csv"
    assert MARKER not in (tmp_path / "out" / MANIFEST).read_text(encoding="utf-8")
