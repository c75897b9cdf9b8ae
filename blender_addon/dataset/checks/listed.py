"""Checks the job files in `scripts/`: whether each line names something that is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from .. import jobs
from ..errors import DatasetError
from ..layout import Dataset
from ..naming import PerformanceId, SceneId
from . import findings
from .facts import said
from .findings import Finding


def check(dataset: Dataset, there: Collection[SceneId | PerformanceId]) -> Iterable[Finding]:
    """Every `*_job.txt`. there: what its lines may name."""
    try:
        paths = sorted((dataset.root / "scripts").glob("*_job.txt"))
    except OSError as error:
        yield Finding(findings.UNREADABLE, "scripts/", f"cannot be listed ({error.strerror})")
        return
    for path in paths:
        name = f"scripts/{path.name}"
        try:
            job = _read(path)
        except DatasetError as error:
            yield Finding(findings.BAD_JOB, name, said(error, path))
            continue
        yield from (Finding(findings.BAD_JOB, name, text.removeprefix(f"{path.name}: ")) for text in job.problems)
        yield from (Finding(findings.JOB_TWICE, name, text.removeprefix(f"{path.name}: ")) for text in job.notices)
        for line in job.lines:
            if line.id is not None and line.id not in there:
                text = f"line {line.number} names {line.id}, of which there is no file"
                yield Finding(findings.JOB_OF_NOTHING, name, text)


def _read(path: Path) -> jobs.Job:
    """By what more of its lines name."""
    faces, scenes = jobs.read(path, PerformanceId), jobs.read(path, SceneId)
    return faces if len(faces.ids) > len(scenes.ids) else scenes
