"""Every notebook runs from top to bottom in a fresh namespace, and its committed outputs hold no error."""

import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_was_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    namespace = {}
    for cell in cells:
        assert cell["execution_count"], "committed without outputs"
        assert not any(output["output_type"] == "error" for output in cell["outputs"])
        exec("".join(cell["source"]), namespace)
    assert "feedback_nlp" in "".join("".join(cell["source"]) for cell in cells)
