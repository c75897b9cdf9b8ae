"""What the page shows, as plain data for its script. Every text in it is only text to the page, whatever it holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...runs import Status, TaskStatus
from ..progress import duration
from .scenes import Scenes

#: Longer texts are cut: a log's line may be a megabyte.
_LONGEST = 4000


def of(status: Status, scenes: Scenes, picture: Callable[[TaskStatus], str], video: Callable[[TaskStatus], str]) -> Any:
    """A run and its cards. picture, video: their addresses, "" where there is none."""
    logs = {failure.task: failure.log for failure in status.failures}
    pace = _seconds_a_frame(status)
    cards = []
    for task in status.tasks:
        about = scenes.about(task.name)
        busy = task.state == "rendering" and pace is not None
        at_it = max(1, sum(str(doing).startswith(f"{task.name} frame ") for _, doing in status.workers))
        cards.append({
            "name": _text(task.name),
            "state": _text(task.state),
            "frames": _count(task.frames),
            "done": _count(task.frames_done),
            "left": duration((task.frames - task.frames_done) * pace / at_it) if busy and pace is not None else "",
            "spent": duration(task.seconds) if task.seconds else "",
            "failed_tries": _count(task.failed_attempts),
            "problem": _text(task.problem),
            "log": [_text(line) for line in logs.get(task.name, ())],
            "picture": picture(task),
            "video": video(task),
            "actors": list(about.actors),
            "relationship": _text(about.relationship),
            "emotion": _text(about.emotion),
            "characters": _text(about.characters),
            "text": _text(about.text),
        })  # fmt: skip
    left = _number(status.seconds_left)
    run = {
        "id": _text(status.id),
        "kind": _text(status.kind),
        "job": _text(status.job),
        "command": _text(status.command),
        "state": _text(status.state),
        "problem": _text(status.problem),
        "host": _text(status.host),
        "begun": _number(status.begun),
        "ended": _number(status.ended),
        "frames": _count(status.frames),
        "done": _count(status.frames_done),
        "fps": _number(status.fps),
        "left": duration(left) if left is not None else "",
        "waits": _text(status.waits),
        "workers": [[_text(name), _text(doing)] for name, doing in status.workers],
    }
    return {"run": run, "cards": cards}


def _seconds_a_frame(status: Status) -> float | None:
    """A worker's time for a frame, over all that this run's workers have rendered; None until there is some."""
    known = [task for task in status.tasks if task.seconds > 0 and task.frames_done > 0]
    frames = sum(task.frames_done for task in known)
    return sum(task.seconds for task in known) / frames if frames else None


def _text(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _number(value: object) -> float | None:
    """JSON has no other numbers."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
