"""Every notebook runs from top to bottom in a fresh kernel and gives outputs of the same kinds as the committed ones, which are clean."""

import ast
import base64
import copy
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
STEMS = ["01_quick_start", "02_your_own_labels", "03_themes_aspects_phrases", "04_trends_and_effect", "05_scale"]

#: A notebook is read in a browser, and diffed.
MOST_BYTES = 1_500_000
#: A cell takes seconds; a machine that is busy with other things takes longer.
SECONDS = 300
#: Folders of whoever ran a notebook last.
PLACES = re.compile(r"/(tmp|home|root|Users|work)/\w")
DRAWS = re.compile(r"\bplots\.(plot_|word_cloud)\w*\(|\.plot\(|\bplt\.show\(")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PNG = b"\x89PNG\r\n\x1a\n"
#: Modules that are nobody's business but the package's own.
INTERNAL = ("feedback_nlp.batch.", "feedback_nlp.commands.")

Notebook = Any


def load(path: Path) -> Notebook:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: Notebook) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def problems(notebook: Notebook) -> list[str]:
    """What is wrong with a notebook as it is committed; nothing, if it is sound."""
    cells = code_cells(notebook)
    found = [] if [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)) else ["not run once from top to bottom"]
    for cell in cells:
        found += cell_problems(cell) + [f"private name: {name}" for name in private_names(cell.source)]
    return found + text_problems([cell.source for cell in notebook.cells if cell.cell_type == "markdown"])


def cell_problems(cell: Any) -> list[str]:
    outputs = cell.outputs
    found = [f"error: {output.ename}" for output in outputs if output.output_type == "error"]
    found += ["noise on stderr" for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    shown = [
        str(output.get("text", "")) + "".join(str(output.get("data", {}).get(f"text/{kind}", "")) for kind in ("plain", "html"))
        for output in outputs
    ]
    found += ["progress bar" for text in shown if "\r" in text or "%|" in text]
    found += ["path of a machine" for text in shown if PLACES.search(text)]
    pictures = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    found += ["broken picture" for picture in pictures if not base64.b64decode(picture).startswith(PNG)]
    return found + (["missing picture"] if DRAWS.search(cell.source) and not pictures else [])


def text_problems(texts: list[str]) -> list[str]:
    lines = [line for text in texts for line in text.split("\n")]
    headings = [line for line in lines if line.startswith("#")]
    body = "".join(line for line in lines if not line.startswith("#"))
    found = [f"heading that is not English: {line}" for line in headings if CHINESE.search(line)]
    return found + ([] if CHINESE.search(body) else ["no Chinese text"]) + ([] if headings else ["no heading"])


def private_names(source: str) -> Iterator[str]:
    """Names with a leading underscore, modules that are internal, and names that no module of the package offers."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            yield node.attr
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "fn"
            and node.attr not in offered("feedback_nlp")
        ):
            yield f"fn.{node.attr}"
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("feedback_nlp."))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "feedback_nlp":
            yield from private_imports(node)


def private_imports(node: ast.ImportFrom) -> Iterator[str]:
    module = str(node.module)
    names = {alias.name: f"{module}.{alias.name}" for alias in node.names}
    packages = [name for name in names if module == "feedback_nlp" and (FOLDER.parent / module / name / "__init__.py").exists()]
    inside = [whole for whole in names.values() if f"{whole}.".startswith(INTERNAL)]
    yield from inside or (whole for name, whole in names.items() if name not in (*offered(module), *packages))


def offered(module: str) -> list[str]:
    return list(getattr(import_module(module), "__all__", []))


def kinds(cell: Any) -> list[tuple[str, ...]]:
    """What a cell put out: the kind of each output and its media types."""
    return [(output.output_type, *sorted(output.get("data", {}))) for output in cell.outputs]


def test_these_are_the_notebooks():
    assert [path.stem for path in NOTEBOOKS] == STEMS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_with_clean_outputs(path):
    notebook = load(path)
    nbformat.validate(notebook)
    assert problems(notebook) == []
    assert path.stat().st_size <= MOST_BYTES
    assert any("image/png" in kind for cell in code_cells(notebook) for kind in kinds(cell))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_is_committed(path, tmp_path):
    committed, again = load(path), load(path)
    client = NotebookClient(again, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    assert problems(again) == []
    assert [kinds(cell) for cell in code_cells(again)] == [kinds(cell) for cell in code_cells(committed)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_between_notebooks_lead_somewhere(path):
    text = "".join(cell.source for cell in load(path).cells if cell.cell_type == "markdown")
    assert [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if not (FOLDER / link).exists()] == []


def sound() -> Notebook:
    """A notebook with nothing wrong."""
    picture = nbformat.v4.new_output("display_data", data={"image/png": base64.b64encode(PNG + b"...").decode(), "text/plain": "<Figure>"})
    cell = nbformat.v4.new_code_cell("from feedback_nlp import plots\nplots.plot_themes(themes)", execution_count=1, outputs=[picture])
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title\n\n正文"), cell])


def put_out(output_type: str, **content: Any) -> Callable[[Notebook], None]:
    return lambda notebook: notebook.cells[1].outputs.append(nbformat.v4.new_output(output_type, **content))


def write(source: str, place: int = 1) -> Callable[[Notebook], None]:
    return lambda notebook: notebook.cells[place].update(source=source)


FAULTS = [
    ("not run", lambda notebook: notebook.cells[1].update(execution_count=None), "not run once from top to bottom"),
    ("run twice", lambda notebook: notebook.cells[1].update(execution_count=2), "not run once from top to bottom"),
    ("error", put_out("error", ename="KeyError", evalue="", traceback=[]), "error: KeyError"),
    ("warning", put_out("stream", name="stderr", text="UserWarning: old"), "noise on stderr"),
    ("progress", put_out("stream", name="stdout", text=" 10%|█         | 1/10"), "progress bar"),
    ("path", put_out("stream", name="stdout", text="saved in /home/ann/out"), "path of a machine"),
    ("no picture", lambda notebook: notebook.cells[1].outputs.clear(), "missing picture"),
    ("no picture of the result", lambda notebook: notebook.cells[1].update(source="aspects.plot()", outputs=[]), "missing picture"),
    ("no PNG", put_out("display_data", data={"image/png": base64.b64encode(b"GIF89a").decode()}), "broken picture"),
    ("private attribute", write("analysis._frame"), "private name: _frame"),
    ("private import", write("from feedback_nlp.topics import _cut"), "private name: feedback_nlp.topics._cut"),
    ("internal module", write("from feedback_nlp.batch.job import Job"), "private name: feedback_nlp.batch.job.Job"),
    ("internal package", write("from feedback_nlp import batch"), "private name: feedback_nlp.batch"),
    ("module of a package", write("import feedback_nlp.batch.job"), "private name: feedback_nlp.batch.job"),
    ("name that is not offered", write("fn.Clock()"), "private name: fn.Clock"),
    ("Chinese heading", write("# 标题\n\n正文", 0), "heading that is not English: # 标题"),
    ("no heading", write("正文", 0), "no heading"),
    ("English text", write("# Title\n\nText", 0), "no Chinese text"),
]


def test_a_sound_notebook_has_no_problems():
    assert problems(sound()) == []


@pytest.mark.parametrize(("fault", "says"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_a_fault_is_found(fault, says):
    notebook = copy.deepcopy(sound())
    fault(notebook)
    assert says in problems(notebook)
