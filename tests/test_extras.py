"""Extras: what a command says where one is absent, before it does anything, and that each is needed by nothing else.

With the extras there the same commands do their work: tests of plots, evaluate --suggest, workbooks, stores, engines and addresses.
"""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

from feedback_nlp.cli import main

ROOT = Path(__file__).resolve().parents[1]
TEXTS = "text,type\n打开就闪退,defect\n很好用,praise\n"

#: Extra -> package that is missing, and a command that needs it.
CALLS = [
    ("labels", "cleanlab", ["evaluate", "f.csv", "--suggest", "--out", "out"]),
    ("excel", "xlsxwriter", ["run", "f.csv", "--out", "out", "--workbook", "ledger.xlsx"]),
    ("sql", "sqlalchemy", ["run", "f.csv", "--out", "out", "--store", "sqlite:///ledger.db"]),
    ("sql", "psycopg", ["run", "f.csv", "--out", "out", "--store", "postgresql://a@localhost/b"]),
    ("sql", "sqlalchemy", ["ledger", "list", "--store", "sqlite:///ledger.db"]),
    ("dask", "distributed", ["run", "f.csv", "--out", "out", "--engine", "dask"]),
    ("spark", "pyspark", ["run", "f.csv", "--out", "out", "--engine", "spark"]),
    ("remote", "fsspec", ["run", "s3://bucket/f.csv", "--out", "out"]),
    ("remote", "fsspec", ["score", "s3://bucket/f.csv", "--out", "scores.csv"]),
]

#: Extra -> package, and what of ours imports it: an example, a site, notebooks; the package never does.
OF_OTHERS = {
    "service": ("fastapi", "docs/examples/service.py"),
    "docs": ("mkdocs", "docs/hooks.py"),
}

#: What this library never imports anything of, whatever is installed.
NEVER = ("fastapi", "uvicorn", "mkdocs", "ipykernel", "nbclient", "IPython")

BLOCKED = """
import runpy, sys
for name in {blocked!r}:
    sys.modules[name] = None
runpy.run_path({path!r})
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.csv").write_text(TEXTS, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("extra", "package", "arguments"), CALLS, ids=[" ".join(call[2][:2]) + " " + call[1] for call in CALLS])
def test_a_command_without_its_extra_says_what_to_install(folder, monkeypatch, capsys, extra, package, arguments):
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert f"pip install 'feedback_nlp[{extra}]'" in said.err
    assert said.out == "" and len(said.err.splitlines()) == 1
    assert [path.name for path in folder.iterdir()] == ["f.csv"], "nothing is done first and lost then"


def test_every_extra_is_spoken_for():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    elsewhere = {"plot", "notebook", "report", "test", "lint"}  # tests/plots/test_plots_extra.py; below; nothing to be missing; tools
    assert set(config["options.extras_require"]) == {extra for extra, *_ in CALLS} | set(OF_OTHERS) | elsewhere


def test_the_package_imports_none_of_the_extras_of_others():
    modules = "feedback_nlp.cli, feedback_nlp.plots, feedback_nlp.engines.dask, feedback_nlp.evaluate, feedback_nlp.train.adapt"
    blocked = f"import sys; sys.modules.update(dict.fromkeys({NEVER!r})); import {modules}; print('imported')"
    assert subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=True).stdout == "imported\n"


def test_the_example_service_without_its_extra():
    """An example is a file of the user's, and speaks as Python does; the page says what to install."""
    package, path = OF_OTHERS["service"]
    code = BLOCKED.format(blocked=[package], path=str(ROOT / path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and f"import of {package} halted" in done.stderr.splitlines()[-1]
    assert "pip install '.[service]'" in (ROOT / "docs" / "service.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "extra"), [("README.md", "docs"), ("README.md", "notebook"), ("docs/tutorial/notebook.md", "notebook")])
def test_what_to_install_is_said_where_it_is_needed(page, extra):
    assert re.search(rf"pip install '\.\[(\w+,)*{extra}(,\w+)*\]'", (ROOT / page).read_text(encoding="utf-8"))
