"""``feedback-nlp doctor``: what it finds, what it advises, how it ends."""

import io
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from feedback_nlp.cli import main
from feedback_nlp.commands import checks, doctor
from feedback_nlp.commands.checks import CHECKS, Finding
from feedback_nlp.errors import MissingExtraError, ModelError
from feedback_nlp.messages import VARIABLE


def found(capsys, *, code=0):
    assert main(["doctor", "--json"]) == code
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert err == "" and told["ok"] == (code == 0)
    return {finding["name"]: finding for finding in told["findings"]}


def only(monkeypatch, *names):
    """Leave the other checks out."""
    monkeypatch.setattr(doctor, "CHECKS", tuple(check for check in CHECKS if check.__name__ in names))


def raising(error):
    def raise_it(*arguments, **options):
        raise error

    return raise_it


def test_all_is_well_here(capsys, monkeypatch):
    secret = "postgresql://me:s3cr3t@db/x"
    monkeypatch.setenv("FEEDBACK_NLP_STORE", secret)
    findings = found(capsys)
    required = {re.split("[<>=]", line)[0] for line in metadata.requires("feedback_nlp") if "extra ==" not in line}
    assert required < set(findings) and findings["numpy"]["detail"] == metadata.version("numpy")
    assert [name for name, finding in findings.items() if finding["state"] == "broken"] == []
    assert findings["scores"]["detail"] == "defect -1, praise +1, inquiry +0" and findings["analysis"]["detail"] == "10 items"
    assert findings["bundled model"]["detail"].endswith(", checksum verified")
    assert {"python", "cores", "temporary folder", "locale", "encoding", "font", "extra excel", "_feedback_nlp_native"} < set(findings)
    # What is missing and what is broken comes with advice, and nothing else does.
    assert all((finding["state"] == "ok") == (finding["advice"] == "") for finding in findings.values())
    assert "s3cr3t" not in json.dumps(findings)


@pytest.mark.parametrize(("lang", "end"), [("zh", "必需的都正常。"), ("en", "All that is needed works.")])
def test_what_people_see(capsys, monkeypatch, lang, end):
    monkeypatch.setenv(VARIABLE, lang)
    only(monkeypatch, "check_machine", "check_compiled")
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == end and ("可用核数" in out, "cores" in out) == (lang == "zh", lang == "en")


def test_what_is_broken_is_named_last_and_ends_with_1(capsys, monkeypatch):
    def check_some():
        yield Finding("this", "ok", "1")
        yield Finding("that", "note", "gone", "buy it")
        yield Finding("those", "broken", "[bold]\x1b[2J", "mend them")

    monkeypatch.setattr(doctor, "CHECKS", (check_some, raising(ImportError("no pandas"))))
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert lines[:3] == [["✓", "this", "1"], ["–", "that", "gone"], ["→", "buy", "it"]]
    assert lines[-1] == ["Broken:", "those,", "raise_it"] and ["→", "mend", "them"] in lines
    assert "ImportError: no pandas" in out and "\x1b" not in out and "[bold]" in out


def no_packages(*names):
    real = metadata.version
    return lambda name: real(name) if name not in names else raising(metadata.PackageNotFoundError(name))()


CASES = {
    "a required package is missing": (
        "check_versions",
        lambda patch: patch.setattr(checks.metadata, "version", no_packages("scipy")),
        ("scipy", "broken", "not installed", "python -m pip install 'scipy>=1.13'"),
    ),
    "a required package is old": (
        "check_versions",
        lambda patch: patch.setattr(checks.metadata, "version", lambda name: "2.9.10" if name == "pandas" else "99"),
        ("pandas", "broken", "2.9.10, which is older than 3.0", "python -m pip install --upgrade 'pandas>=3.0'"),
    ),
    "python is old": (
        "check_versions",
        lambda patch: patch.setattr(checks, "sys", SimpleNamespace(version_info=(3, 10))),
        ("python", "broken", "", "install Python 3.11 or later"),
    ),
    "an extra is missing": (
        "check_extras",
        lambda patch: patch.setattr(checks.metadata, "version", no_packages("wordcloud")),
        ("extra plot", "note", "wordcloud not installed", "python -m pip install 'feedback_nlp[plot]'"),
    ),
    "nothing was compiled": (
        "check_compiled",
        lambda patch: patch.setattr("feedback_nlp.text.native.native", lambda: None),
        ("_feedback_nlp_native", "note", "missing; numpy does the same work, slower", "C compiler"),
    ),
    "the cutter was not": (
        "check_compiled",
        lambda patch: patch.setattr("feedback_nlp.text.cutting.compiled", lambda: False),
        ("_feedback_nlp_cut", "note", "missing; numpy does the same work, slower", "C compiler"),
    ),
    "the one for duplicates was not": (
        "check_compiled",
        lambda patch: patch.setattr("feedback_nlp.topics.kernels.compiled", lambda: False),
        ("_feedback_nlp_minhash", "note", "missing; numpy does the same work, slower", "C compiler"),
    ),
    "the model is damaged": (
        "check_model",
        lambda patch: patch.setattr("feedback_nlp.scorer.model.load_model", raising(ModelError("model.safetensors: checksum"))),
        ("bundled model", "broken", "model.safetensors: checksum", "pip install --force-reinstall feedback_nlp"),
    ),
    "scores are wrong": (
        "check_work",
        lambda patch: patch.setattr(checks, "SENTENCES", dict.fromkeys(checks.SENTENCES, ("other", 0))),
        ("scores", "broken", "defect -1, praise +1, inquiry +0", "report it"),
    ),
    "the work fails": (
        "check_work",
        lambda patch: patch.setattr("feedback_nlp.pipeline.analyze", raising(MemoryError("too much"))),
        ("self test", "broken", "MemoryError: too much", "report it"),
    ),
    "there is no matplotlib": (
        "check_fonts",
        lambda patch: patch.setattr("feedback_nlp.plots.fonts.need_matplotlib", raising(MissingExtraError("no"))),
        ("font", "note", "no figures without matplotlib", "feedback_nlp[plot]"),
    ),
    "the font that is named is not there": (
        "check_fonts",
        lambda patch: patch.setenv("FEEDBACK_NLP_FONT", "no/such.ttf"),
        ("font", "broken", "FEEDBACK_NLP_FONT: expected", "set FEEDBACK_NLP_FONT to another font, or unset it"),
    ),
    "no font is Chinese": (
        "check_fonts",
        lambda patch: patch.setenv("FEEDBACK_NLP_FONT", "DejaVu Sans"),
        ("font", "note", "none for Chinese; figures are drawn in English with DejaVu Sans", "install one ("),
    ),
    "the temporary folder is full": (
        "check_machine",
        lambda patch: patch.setattr(checks.tempfile, "TemporaryFile", raising(OSError(28, "No space left on device"))),
        ("temporary folder", "broken", "cannot be written: No space left on device", "set TMPDIR"),
    ),
    "the temporary folder is small": (
        "check_machine",
        lambda patch: patch.setattr(checks.shutil, "disk_usage", lambda folder: SimpleNamespace(free=2 * 10**8)),
        ("temporary folder", "note", "0.2 GB free", "set TMPDIR"),
    ),
    "the terminal has no Chinese": (
        "check_machine",
        lambda patch: patch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1")),
        ("encoding", "note", "latin-1 cannot write Chinese", "PYTHONUTF8=1"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_may_be_wrong(monkeypatch, name):
    check, spoil, (finding, state, detail, advice) = CASES[name]
    with monkeypatch.context() as patch:
        spoil(patch)
        if name == "python is old":
            check = checks.check_versions()
            told = {"python": next(check)}
        else:
            told = {each.name: each for each in getattr(checks, check)()}
    assert told[finding].state == state
    assert detail in told[finding].detail and advice in told[finding].advice


def test_java_is_looked_for_with_spark(monkeypatch, tmp_path):
    monkeypatch.setattr(checks.metadata, "version", lambda name: "99")
    monkeypatch.setattr(checks.metadata, "requires", lambda name: ['pyspark>=4.0; extra == "spark"'])
    monkeypatch.setattr(checks.metadata, "metadata", lambda name: SimpleNamespace(get_all=lambda key: ["spark", "test"]))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    extra, java = checks.check_extras()
    assert (extra.name, extra.state, java.state, java.detail) == ("extra spark", "ok", "note", "not found") and "JAVA_HOME" in java.advice
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").write_text("", encoding="utf-8")
    (tmp_path / "bin" / "java").chmod(0o755)
    _, java = checks.check_extras()
    assert (java.state, java.detail) == ("ok", str(tmp_path / "bin" / "java"))
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", "")
    assert list(checks.check_extras())[1].state == "note"


def test_requirements_are_those_of_the_package(monkeypatch):
    lines = ["numpy>=2.0", "dask[distributed]>=2025.1; extra == 'dask'", 'fsspec; extra == "remote"', "tzdata"]
    monkeypatch.setattr(checks.metadata, "requires", lambda name: lines)
    assert checks.requirements("") == {"numpy": "2.0", "tzdata": ""}
    assert checks.requirements("dask") == {"dask": "2025.1"}
    assert checks.requirements("remote") == {"fsspec": ""}


def test_a_library_that_cannot_be_imported_hides_nothing():
    code = "import sys; sys.modules['pandas'] = None; from feedback_nlp.cli import main; sys.exit(main(['doctor']))"
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", env=environment, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "Broken:" in done.stdout and "pandas" in done.stdout and "temporary folder" in done.stdout and "extra excel" in done.stdout
