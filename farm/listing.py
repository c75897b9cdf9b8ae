"""The job file of a command that is for scenes or for performances."""

from __future__ import annotations

from pathlib import Path

from blender_addon.dataset import jobs
from blender_addon.dataset.naming import PerformanceId, SceneId

from .errors import FarmError


def read(job: Path | str, names: type[SceneId] | type[PerformanceId], command: str) -> jobs.Job:
    """Read a job file of `names`; FarmError where every line is of the other kind.

    command: what is done, as `body` and `face` both call it, such as "render". DatasetError as of jobs.read.
    """
    listed = jobs.read(job, names)  # type: ignore[type-var]  # either of the two, not their union
    if listed.ids:
        return listed
    faces = names is SceneId
    other: type[SceneId] | type[PerformanceId] = PerformanceId if faces else SceneId
    if not jobs.read(job, other).problems:  # type: ignore[type-var]
        what, group = ("performances (faces)", "face") if faces else ("scenes (bodies)", "body")
        raise FarmError(f"{job}: lists {what}: use `interact-farm {group} {command}`")
    return listed
