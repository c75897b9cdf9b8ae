"""The notebook `docs/quickstart.ipynb`: it runs, says what it is kept with, and reads another data set by one line."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"
#: What is reviewed is not larger, bytes.
LARGEST = 500_000
#: From here on it renders.
VIDEO = "## A video of it"


@pytest.fixture
def kept() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def run(notebook: nbformat.NotebookNode, folder: Path, monkeypatch) -> list[nbformat.NotebookNode]:
    """Run a notebook in a folder; its code cells."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    monkeypatch.setenv("PYTHONPATH", path)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return code(notebook)


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def change(notebook: nbformat.NotebookNode, before: str, after: str) -> None:
    """Change what stands in one cell of code."""
    (cell,) = (cell for cell in code(notebook) if before in cell.source)
    cell.source = cell.source.replace(before, after)


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def shown(cell: nbformat.NotebookNode, kind: str) -> list[str]:
    return [output.data[kind] for output in cell.outputs if kind in output.get("data", {})]


def test_it_is_kept_as_it_ran_from_top_to_bottom_and_small_enough_to_review(kept):
    cells = code(kept)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"stream", "execute_result", "display_data"}
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert sum(len(shown(cell, "image/png")) for cell in cells) == 3
    assert NOTEBOOK.stat().st_size < LARGEST
    assert not re.search(r"/(tmp|home|root|work|Users)/", NOTEBOOK.read_text(encoding="utf-8"))


def test_it_runs_and_says_what_it_is_kept_with(kept, tmp_path, monkeypatch):
    before = [printed(cell) for cell in code(kept)]
    change(kept, 'ACTORS = "people"', 'ACTORS = "mannequin"')
    change(kept, "SIZE, FRAMES = (480, 270), (1, 60)", "SIZE, FRAMES = (128, 72), (1, 12)")
    cells = run(kept, tmp_path, monkeypatch)
    assert [printed(cell).replace("12 frames", "60 frames") for cell in cells] == before
    assert any("60 frames and sound" in text for text in before)
    assert sum(len(shown(cell, "image/png")) for cell in cells) == 3
    (page,) = shown(cells[-1], "text/html")
    assert "data:video/mp4;base64," in page


def test_one_line_makes_it_read_another_data_set_and_leave_that_alone(kept, ten, tmp_path, monkeypatch):
    change(kept, 'DATA = ""', f"DATA = {str(ten)!r}")
    first = next(n for n, cell in enumerate(kept.cells) if cell.source.startswith(VIDEO))
    del kept.cells[first:]
    before = sorted(ten.rglob("*"))
    cells = run(kept, tmp_path, monkeypatch)
    assert "(30, 51)" in "".join(map(printed, cells))
    assert sorted(ten.rglob("*")) == before
    assert not list(tmp_path.iterdir())
