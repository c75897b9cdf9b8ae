"""Which files of a run the gallery may show: what its record names, if it is what the farm would have written there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...body import BODY
from ...face import FACE
from ...plan import Outputs
from ...runs import TaskStatus

_KINDS = (BODY.name, FACE.name)

_CHUNK = re.compile(r"\d{6}-\d{6}\.mkv", re.ASCII)
_PICTURE = re.compile(r"\d{4,9}\.png", re.ASCII)


@dataclass(frozen=True)
class Frame:
    """Where a task's picture is taken from. part: of a video, 0 its first and 1 its last frame; changed: in ns."""

    path: Path
    part: float
    changed: int


def video_of(outputs: Outputs, kind: str, task: TaskStatus) -> Path | None:
    """A finished task's video, the one with sound where there is one."""
    if kind not in _KINDS or task.state != "done":
        return None
    named = ((outputs.heard(kind), task.video, ".mp4"), (outputs.silent(kind), task.picture, ".mkv"))
    for folder, name, suffix in named:
        path = _within(outputs, folder, name)
        if path is not None and path.suffix == suffix and _is_file(path):
            return path
    return None


def newest_frame(outputs: Outputs, kind: str, task: TaskStatus) -> Frame | None:
    """The middle of a finished video, else the newest picture, else the last frame of the newest chunk."""
    if kind not in _KINDS:
        return None
    video = video_of(outputs, kind, task)
    if video is not None:
        return _frame(video, 0.5)
    pictures = _within(outputs, outputs.silent(kind), task.picture)
    if pictures is not None and pictures.suffix == "" and not pictures.is_symlink() and pictures.is_dir():
        return _frame(_newest(pictures, _PICTURE), 0.0)
    chunks = outputs.runs / "chunks"
    if _is_plain(task.chunks) and not (chunks / task.chunks).is_symlink():
        return _frame(_newest(chunks / task.chunks, _CHUNK), 1.0)
    return None


def _within(outputs: Outputs, folder: Path, name: str) -> Path | None:
    """The path of what lies directly in a results' folder; None where the record names anything else.

    The folder may be a link, by which a user keeps his results on another disk; what is in it may not.
    """
    parts = PurePosixPath(name).parts if isinstance(name, str) else ()
    if len(parts) != 2 or parts[0] != folder.name or not _is_plain(parts[1]) or folder.parent != outputs.root:
        return None
    return folder / parts[1]


def _is_plain(name: object) -> bool:
    """Whether a name is that of a file or folder and no path."""
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set('/\\:\0"*?<>|')


def _is_file(path: Path) -> bool:
    try:
        return path.is_file() and not path.is_symlink()
    except OSError:
        return False


def _newest(folder: Path, pattern: re.Pattern[str]) -> Path | None:
    """The file that was written last, of those equally old the last by name."""
    try:
        found = [path for path in folder.iterdir() if pattern.fullmatch(path.name) and not path.is_symlink()]
        return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)
    except OSError:
        return None  # joined and deleted meanwhile


def _frame(path: Path | None, part: float) -> Frame | None:
    try:
        return Frame(path, part, path.stat().st_mtime_ns) if path else None
    except OSError:
        return None
