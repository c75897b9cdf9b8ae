"""Runs docs/quickstart.ipynb from top to bottom and keeps its outputs in it.

Run: python docs/make_quickstart.py, from the repository's root, with the extras `render` and `test` installed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).with_name("quickstart.ipynb")
#: A notebook that is looked at in reviews is not larger, bytes.
LARGEST = 500_000


def main() -> None:
    root = NOTEBOOK.parent.parent
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        # Without the times of the run, which would be new in each.
        client = NotebookClient(notebook, timeout=600, record_timing=False, resources={"metadata": {"path": folder}})
        client.execute()
    nbformat.write(notebook, NOTEBOOK)
    size = NOTEBOOK.stat().st_size
    print(f"{NOTEBOOK}: {size / 1000:.0f} kB")
    if size > LARGEST:
        raise SystemExit(f"{NOTEBOOK} is larger than {LARGEST / 1000:.0f} kB: smaller plots, or a shorter video")


if __name__ == "__main__":
    main()
