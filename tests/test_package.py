"""What the package promises as a whole: its names, its cost, its layers, its documentation."""

import ast
import configparser
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import feedback_nlp

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "feedback_nlp"
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in sorted(PACKAGE.rglob("*.py"))}

PUBLIC = [
    "Analysis",
    "BatchScorer",
    "FeedbackClassifier",
    "FeedbackError",
    "InputError",
    "LedgerStore",
    "MissingExtraError",
    "ModelError",
    "PolicyError",
    "QuarantineError",
    "RowError",
    "SentimentClassifier",
    "TextTypeError",
    "ThemeModel",
    "TokenVectorizer",
    "Tokenizer",
    "TrendDetector",
    "__version__",
    "analyze",
    "clock_state",
    "engines",
    "merge_ledger",
    "operating_figures",
    "run_files",
    "verify_effect",
    "wide_figures",
]


def test_public_names():
    assert sorted(feedback_nlp.__all__) == feedback_nlp.__all__ == PUBLIC == dir(feedback_nlp)
    for name in PUBLIC:
        assert getattr(feedback_nlp, name) is not None
    # ``import *`` takes them all, and a name is the same object wherever it is taken from.
    taken = {}
    exec("from feedback_nlp import *", taken)
    assert [name for name in PUBLIC if taken[name] != getattr(feedback_nlp, name)] == []
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", feedback_nlp.__version__)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'feedback_nlp' has no attribute 'analyse'"):
        feedback_nlp.analyse  # noqa: B018


def test_the_error_tree():
    bases = {name: [base.__name__ for base in getattr(feedback_nlp, name).__bases__] for name in PUBLIC if name.endswith("Error")}
    assert bases == {
        "FeedbackError": ["Exception"],
        "InputError": ["FeedbackError", "ValueError"],
        "RowError": ["InputError"],
        "QuarantineError": ["InputError"],
        "TextTypeError": ["InputError", "TypeError"],
        "ModelError": ["FeedbackError", "ValueError"],
        "PolicyError": ["FeedbackError", "ValueError"],
        "MissingExtraError": ["FeedbackError", "ImportError"],
    }


HEAVY = (
    "scipy",
    "sklearn",
    "jieba",
    "snownlp",
    "opencc",
    "pyarrow",
    "joblib",
    "safetensors",
    "chinese_calendar",
    "click",
    "rich",
    "jinja2",
    "cleanlab",
    "matplotlib",
    "wordcloud",
    "sqlalchemy",
    "psycopg",
    "xlsxwriter",
)


def imported_by(statement):
    code = f"{statement}; import sys; print(*[name for name in sys.modules if '.' not in name])"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_costs_nothing():
    assert imported_by("import feedback_nlp") & {*HEAVY, "numpy", "pandas"} == set()


def test_reaching_for_analyze_loads_no_library_before_its_use():
    assert imported_by("from feedback_nlp import analyze") & {*HEAVY} <= imported_by("import pandas")


def test_importing_leaves_loggers_and_warnings_alone():
    code = (
        "import logging, warnings, pandas; before = (list(warnings.filters), list(logging.root.handlers), logging.root.level); "
        "import feedback_nlp.pipeline, feedback_nlp.terminal, feedback_nlp.cli; "
        "assert before == (list(warnings.filters), list(logging.root.handlers), logging.root.level)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


#: A module may import from its own layer and from those before it. ``train`` makes models; nothing that reads feedback needs it.
LAYERS = [
    ("errors", "messages", "vocabulary"),
    ("plots",),
    ("text",),
    ("io",),
    ("classify", "sentiment"),
    ("scorer",),
    ("learn", "topics"),
    ("workdays",),
    ("trends",),
    ("ledger",),
    ("report", "store"),
    ("intake", "summary"),
    ("analysis",),
    ("engines",),
    ("batch",),
    ("pipeline", "scoring"),
    ("train",),
    ("terminal",),
    ("evaluate",),
    ("commands",),
    ("cli",),
    ("__main__",),
]
PLACE = {name: number for number, names in enumerate(LAYERS) for name in names}


def imports_of(path, *, at_run_time):
    """Modules of the package a file imports, anywhere in it; those under ``if TYPE_CHECKING`` only where they do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checked = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    left_out = {id(node) for block in checked for node in ast.walk(block)} if at_run_time else set()
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            # ``from feedback_nlp.scorer import model`` names a module as well.
            yield from (f"{node.module}.{alias.name}" for alias in node.names if f"{node.module}.{alias.name}" in MODULES)


def layer_of(module):
    return module.split(".")[1]


def inner_modules():
    return {name: path for name, path in MODULES.items() if name != "feedback_nlp"}


def test_every_module_has_a_layer():
    assert {layer_of(name) for name in inner_modules()} == set(PLACE)


@pytest.mark.parametrize("module", inner_modules())
def test_imports_point_one_way(module):
    here = layer_of(module)
    taken = {name for name in imports_of(MODULES[module], at_run_time=True) if name.split(".")[0] == "feedback_nlp"}
    assert "feedback_nlp" not in taken, "the package root imports everything"
    assert [name for name in taken if layer_of(name) != here and PLACE[layer_of(name)] >= PLACE[here]] == []


def test_modules_import_in_no_circle():
    edges = {name: {to for to in imports_of(path, at_run_time=True) if to in MODULES and to != name} for name, path in MODULES.items()}
    # A package stands for what its ``__init__`` imports; importing a module of it runs that first, which is no circle by itself.
    done, path = set(), []

    def visit(name):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            path.append(name)
            for to in sorted(edges[name]):
                visit(to)
            path.pop()
            done.add(name)

    for name in sorted(edges):
        visit(name)


@pytest.mark.parametrize("module", MODULES)
def test_public_things_have_docstrings(module):
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    bare = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in tree.body:
        inner = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else []
        bare += [
            entry.name
            for entry in (node, *inner)
            if isinstance(entry, kinds) and not entry.name.startswith("_") and not ast.get_docstring(entry)
        ]
    assert bare == []


def test_setup_cfg_lists_every_package():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}
    assert set(config["options"]["packages"].split()) == folders | {"feedback_nlp.models"}


def test_package_data_matches_files_that_are_there():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = {name: [part.strip() for part in value.split(",")] for name, value in config["options.package_data"].items()}
    folders = {"feedback_nlp": PACKAGE, "feedback_nlp.models": ROOT / "models", "feedback_nlp.report": PACKAGE / "report"}
    packed = {path for name, parts in patterns.items() for part in parts for path in folders[name].glob(part)}
    wanted = {path for name in ("data", "report/assets") for path in (PACKAGE / name).rglob("*") if path.is_file()}
    wanted |= set((ROOT / "models" / "default").iterdir())
    assert wanted - packed == set()
    assert all(any(folders[name].glob(part)) for name, parts in patterns.items() for part in parts)


def requirement(line):
    return re.split(r"[<>=!~\[; ]", line, maxsplit=1)[0].lower().replace("_", "-")


#: Import name -> distribution, where they differ.
DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "python_calamine": "python-calamine",
    "chinese_calendar": "chinesecalendar",
    "pythonjsonlogger": "python-json-logger",
    "distributed": "dask",
}


def test_what_is_imported_is_required():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    required = {requirement(line) for line in config["options"]["install_requires"].split("\n") if line}
    extras = config["options.extras_require"]
    optional = {
        requirement(line)
        for extra in ("dask", "excel", "labels", "plot", "remote", "spark", "sql")
        for line in extras[extra].split("\n")
        if line
    }
    outside = {name.split(".")[0] for path in MODULES.values() for name in imports_of(path, at_run_time=True)} - {"feedback_nlp"}
    outside -= set(sys.stdlib_module_names)
    assert {DISTRIBUTIONS.get(name, name) for name in outside} <= required | optional
    # Zone data where the system has none; the tokeniser people know, which the benchmarks compare with.
    assert required - {DISTRIBUTIONS.get(name, name) for name in outside} <= {"tzdata", "jieba"}


@pytest.mark.parametrize(
    "module",
    [
        "feedback_nlp",
        "feedback_nlp.learn.classifiers",
        "feedback_nlp.learn.vectorizer",
        "feedback_nlp.scorer.scorer",
        "feedback_nlp.topics.theme_model",
        "feedback_nlp.text.privacy",
        "feedback_nlp.ledger.clock",
    ],
)
def test_examples_in_docstrings(module):
    import doctest

    failed, tried = doctest.testmod(importlib.import_module(module))
    assert (failed, tried > 0) == (0, True)


README = ROOT / "README.md"


def test_the_readme_is_there():
    assert README.exists()
    assert python_blocks(), "README.md: expected blocks marked ```python"


def python_blocks():
    text = README.read_text(encoding="utf-8") if README.exists() else ""
    return [
        ("\n" * text[: found.start(1)].count("\n") + found[1], found.start())
        for found in re.finditer(r"^```python\n(.*?)^```$", text, re.M | re.S)
    ]


def test_the_readmes_code_runs(tmp_path, monkeypatch, capsys):
    """All blocks in order, in one namespace; line numbers of an error are those of the README. The file they name is the sample."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feedback.csv").write_bytes((PACKAGE / "data" / "sample.csv").read_bytes())
    namespace = {}
    text = README.read_text(encoding="utf-8")
    for source, start in python_blocks():
        exec(compile(source, str(README), "exec"), namespace)
        printed = capsys.readouterr().out
        # A block of output right behind a block of code is what that code prints.
        shown = re.match(r"```python\n.*?^```\n\n```text\n(.*?)^```", text[start:], re.M | re.S)
        if shown:
            assert [line.rstrip() for line in printed.splitlines()] == [line.rstrip() for line in shown[1].splitlines()]
