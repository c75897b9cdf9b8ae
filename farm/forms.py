"""Results that lie there in both forms without sound, as pictures and as a video: which one is used, and that the
other one stays. What was rendered is the user's: nothing here deletes it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from blender_addon.dataset.naming import PerformanceId, SceneId

from .plan import Outputs
from .task import Task
from .words import few


def use(outputs: Outputs, task: Task) -> None:
    """Make the form of a whole result that a run has finished the one that is used.

    Where all of it was there and nothing was rendered, it is not the newer one, though the video with sound shows it.
    """
    if task.picture.exists() and outputs.shown(task.subject.id) != task.picture:
        os.utime(task.picture)


def beside(outputs: Outputs, names: Iterable[SceneId | PerformanceId]) -> tuple[str, ...]:
    """Which older forms lie beside those that are used, in at most two sentences; nothing where there are none."""
    older: dict[tuple[str, str], list[str]] = {}
    folder = ""
    for name in names:
        clip, pictures = outputs.clip(name), outputs.pictures(name)
        if clip.is_file() and pictures.is_dir():
            folder = clip.parent.name
            if outputs.shown(name) == clip:
                older.setdefault(("pictures", "videos"), []).append(f"{pictures.name}/")
            else:
                older.setdefault(("videos", "pictures"), []).append(clip.name)
    return tuple(
        f"{folder}/: older {old} are kept beside the newer {new}: {few(there)}; sound, gallery and verify go by the "
        f"{new}; delete the older {old} by hand if you no longer need them"
        for (old, new), there in older.items()
    )
