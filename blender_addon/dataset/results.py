"""How far the rendering of a job has come, by what lies in its output folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from .naming import PerformanceId, SceneId

#: Folder for what a run leaves until it is done: chunks, logs, the built-in template. The user can delete it.
RUNS_FOLDER = "farm_runs"

NONE, PARTLY, DONE = "none", "partly", "done"


def states(output: Path, names: Iterable[SceneId | PerformanceId]) -> list[str]:
    """DONE, PARTLY or NONE for each: its video is there, something of it is, or nothing.

    Reads each folder once, however many names there are, and looks into no file.
    """
    found: dict[str, tuple[set[str], set[str]]] = {}
    chunks = {name.rpartition("-")[0] for name in _listed(output / RUNS_FOLDER / "chunks")}
    result = []
    for name in names:
        kind = "body" if isinstance(name, SceneId) else "face"
        if kind not in found:
            silent = {text.partition(".")[0] for text in _listed(output / f"{kind}_renders_noaudio")}
            found[kind] = set(_listed(output / f"{kind}_renders")), silent | chunks
        videos, parts = found[kind]
        result.append(DONE if f"{name}.mp4" in videos else PARTLY if str(name) in parts else NONE)
    return result


def _listed(folder: Path) -> Iterator[str]:
    """The names in a folder; none where it cannot be read: nothing is rendered yet, or the disk is away."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry.name for entry in entries)
    except OSError:
        return
