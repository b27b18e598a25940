"""The site is built without a warning, holds every public name, and fetches nothing from elsewhere."""

import importlib.util
import os
import posixpath
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

import feedback_nlp
from feedback_nlp import evaluate, io, plots, report, store, topics, trends
from feedback_nlp.cli import cli

ROOT = Path(__file__).resolve().parents[2]


def module(name):
    """A module of docs/, which is no package."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}


def test_nothing_is_fetched_from_elsewhere(site):
    for name, page in site.items():
        loaded = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?([^\"\s>]+)", page)
        loaded += re.findall(r"<link\b(?![^>]*rel=\"?(?:canonical|prev|next))[^>]*\bhref=\"?([^\"\s>]+)", page)
        assert [target for target in loaded if "//" in target] == [], name


def test_links_within_the_site_lead_somewhere(site):
    """mkdocs checks what is written; this also sees what templates, hooks and docstrings add."""
    anchors = {name: set(re.findall(r"\bid=\"?([^\"\s>]+)", page)) for name, page in site.items()}
    for name, page in site.items():
        for target in re.findall(r"<a\b[^>]*\bhref=\"?([^\"\s>]+)", page):
            path, _, anchor = target.partition("#")
            # The page for what is not found is shown under any address, so its links begin at the root.
            if "//" in target or (not path.endswith(".html") and path) or name == "404.html":
                continue
            there = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
            assert there in site, (name, target)
            assert not anchor or unquote(anchor) in anchors[there], (name, target)


def reference(site):
    return {
        found for name, page in site.items() if name.startswith("reference/") for found in re.findall(r"id=\"?feedback_nlp\.([\w.]+)", page)
    }


def test_every_public_name_has_a_place_in_the_reference(site):
    documented = {name.rpartition(".")[2] for name in reference(site)}
    packages = (feedback_nlp, evaluate, io, plots, report, store, topics, trends)
    wanted = {name for package in packages for name in package.__all__} - {"__version__", "engines"}
    assert wanted - documented == set()


def test_every_command_has_its_help(site):
    page = site["reference/command-line.html"]
    assert all(f"feedback-nlp {name}" in page for name in cli.commands)
    assert "--max-quarantine" in page and "Examples:" in page


def test_what_stands_elsewhere_is_part_of_the_site(site):
    for name, words in {"changelog": "unreleased", "model-card": "How it was made", "benchmarks": "SnowNLP", "zh": "反馈台账"}.items():
        assert words in site[f"{name}.html"], name


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("[a](docs/how-to/gbk.md)", "README.zh-CN.md", "[a](how-to/gbk.md)"),
        ("[a](../../benchmarks/README.md#peers)", "models/default/MODEL_CARD.md", "[a](benchmarks.md#peers)"),
        ("[a](README.md)", "README.zh-CN.md", "[a](index.md)"),
        ("[`a`](feedback_nlp/data/x.toml), [b](CHANGELOG.md)", "README.zh-CN.md", "`a`, [b](changelog.md)"),
        ("[a](https://example.com/b)", "CHANGELOG.md", "[a](https://example.com/b)"),
    ],
)
def test_links_of_files_that_stand_elsewhere(text, source, expected):
    assert module("hooks").relinked(text, source) == expected


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("Do it.\n\na: one. b, c: two.\nReturns d.", ["a", "b", "c"], "Do it.\n\n- **a**: one. \n- **b, c**: two.\n\nReturns d."),
        ("See :class:`Table`; note: nothing.", ["a"], "See `Table`; note: nothing."),
        ("Do.\n\n>>> 1 + 1\n2", [], "Do.\n\n```pycon\n>>> 1 + 1\n2\n```"),
        ("a: one\n    that goes on.", ["a"], "- **a**: one\n    that goes on."),
    ],
)
def test_docstrings_as_markdown(text, names, expected):
    made = module("docstrings").as_markdown(text, names)
    assert re.sub(r"\n{2,}", "\n\n", made).strip() == expected
