"""Fills what the panel shows from the disk: called by operators, update callbacks and a timer, never by drawing."""

from __future__ import annotations

import bpy

from ..dataset import check, layout, listing, results
from ..dataset.errors import DatasetError
from ..dataset.naming import parse
from . import chosen

#: How often the timer looks for new results, seconds.
_EVERY = 5.0


def read_all(scene: bpy.types.Scene) -> None:
    """The data set in numbers and the job's list; what is wrong with them becomes the panel's problem."""
    settings = scene.interact
    chosen.tell(settings)
    settings.findings.clear()
    root = chosen.root_of(scene)
    settings.has_subset = root is not None and any((root / name).is_dir() for name in layout.SUBSETS)
    try:
        settings.found = "\n".join(listing.summary(chosen.dataset_of(scene))) if root else ""
    except (DatasetError, OSError) as error:
        settings.found = ""
        chosen.tell(settings, str(error))
    try:
        read_job(scene)
    except (DatasetError, OSError) as error:
        settings.lines.clear()
        chosen.tell(settings, settings.last_problem or str(error))


def read_job(scene: bpy.types.Scene) -> None:
    """Fill the list from the job file, the chosen line kept; DatasetError where it cannot be read."""
    settings = scene.interact
    path = chosen.job_of(settings)
    if path is None:
        settings.lines.clear()
        return
    dataset = chosen.dataset_of(scene) if chosen.root_of(scene) else None
    entries, problems = listing.entries(dataset, check.read(path, dataset.subset if dataset else ""))
    before = settings.line.name if settings.line else ""
    settings.lines.clear()
    for entry in entries:
        line = settings.lines.add()
        line.name, line.number = entry.name, entry.line
        line.actors, line.emotion = " ".join(entry.actors), entry.emotion
        line.seconds, line.problem = entry.seconds, entry.problem
        line.state = "BAD" if entry.problem else "NONE"
    settings.active_line = max(settings.lines.find(before), 0)
    if problems:
        chosen.tell(settings, problems[0])
    refresh(scene)
    watch()


def refresh(scene: bpy.types.Scene) -> bool:
    """Set each line's state by what lies in the output folders; whether any has changed."""
    settings = scene.interact
    output = chosen.output_of(scene)
    lines = [line for line in settings.lines if line.state != "BAD"]
    if output is None or not lines:
        return False
    changed = False
    for line, state in zip(lines, results.states(output, [parse(line.name) for line in lines]), strict=True):
        if line.state != state.upper():
            line.state = state.upper()
            changed = True
    return changed


def watch() -> None:
    """Have a timer look for new results as long as some Blender scene lists any."""
    if not bpy.app.timers.is_registered(_look):
        bpy.app.timers.register(_look, first_interval=_EVERY)


def stop_watching() -> None:
    """End what runs by a timer."""
    for timer in (_look, redraw):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)


def _look() -> float | None:
    windows = bpy.context.window_manager.windows
    listed = {window.scene for window in windows if len(window.scene.interact.lines)}
    if [scene for scene in listed if refresh(scene)]:
        redraw()
    return _EVERY if any(len(scene.interact.lines) for scene in bpy.data.scenes) else None


def redraw() -> None:
    """Have the panels drawn anew."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("VIEW_3D", "PROPERTIES"):
                area.tag_redraw()


def redraw_twice() -> None:
    """The same where rows have gone: Blender moves the panels below them when it draws once more."""
    redraw()
    if not bpy.app.timers.is_registered(redraw):
        bpy.app.timers.register(redraw, first_interval=0.5)


def register() -> None:
    """Nothing runs before something is read."""


def unregister() -> None:
    stop_watching()
