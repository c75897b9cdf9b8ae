"""From a job file to tasks, and from tasks to chunks: what there is to render, and what of it is there already."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from blender_addon.dataset import batch, databases, sentences
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId

from . import __version__, subjects
from .clips import Clips
from .errors import FarmError
from .subjects import Subject
from .task import Chunk, Medium, Task

#: Folder for what a run leaves until it is done: chunks, logs, the built-in template. The user can delete it.
RUNS_FOLDER = "farm_runs"

#: Frames a chunk, unless an option says otherwise: a crash costs at most these, and they outweigh a chunk's overhead.
CHUNK_FRAMES = 120


@dataclass(frozen=True)
class Outputs:
    """Where results and unfinished work lie."""

    root: Path

    @property
    def runs(self) -> Path:
        return self.root / RUNS_FOLDER

    @property
    def logs(self) -> Path:
        return self.runs / "logs"

    @property
    def state(self) -> Path:
        """Where each run's record lies."""
        return self.runs / "state"

    def gallery(self, run: str) -> Path:
        """Where a run's gallery lies, unless another folder is named."""
        return self.runs / "gallery" / run

    def silent(self, kind: str) -> Path:
        """The folder of what has no sound yet. kind: "body" or "face"."""
        return self.root / f"{kind}_renders_noaudio"

    def heard(self, kind: str) -> Path:
        """The folder of the videos with sound."""
        return self.root / f"{kind}_renders"

    def clip(self, name: SceneId | PerformanceId, frames: tuple[int, int] | None = None) -> Path:
        """The video without sound; a range of frames has a name of its own, lest it pass for the whole."""
        return self.silent(_kind(name)) / f"{_named(name, frames)}.mkv"

    def pictures(self, name: SceneId | PerformanceId) -> Path:
        """The folder of the pictures."""
        return self.silent(_kind(name)) / str(name)

    def video(self, name: SceneId | PerformanceId, frames: tuple[int, int] | None = None) -> Path:
        """The video with sound."""
        return self.heard(_kind(name)) / f"{_named(name, frames)}.mp4"


@dataclass(frozen=True)
class Plan:
    """What a run has to do. failures: {scene or line: why it cannot be rendered}."""

    tasks: tuple[Task, ...]
    failures: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def frames_missing(self) -> int:
        return sum(chunk.frames for task in self.tasks for chunk in task.missing)


def part_of(subject: Subject, frames: tuple[int, int]) -> tuple[int, int]:
    """What of a range of frames a subject has; DatasetError where that is nothing."""
    first, last = max(frames[0], 1), min(frames[1], subject.frames)
    if first > last:
        raise DatasetError(f"{subject.id}: has {subject.frames} frames, none of {frames[0]}-{frames[1]}")
    return first, last


def make(
    names: Iterable[SceneId | PerformanceId],
    dataset: Dataset,
    outputs: Outputs,
    *,
    template_fingerprint: str,
    look: batch.Look,
    medium: Medium | None = None,
    frames: tuple[int, int] | None = None,
    chunk: int | None = None,
    workers: int = 1,
    overwrite: bool = False,
) -> Plan:
    """Plan a run; reads headers and hashes files, renders and changes nothing.

    What cannot be rendered becomes a failure and does not keep the others. medium: clips unless told otherwise.
    """
    tasks: list[Task] = []
    failures: dict[str, str] = {}
    for name in names:
        try:
            tasks.append(_task(name, dataset, outputs, template_fingerprint, look, frames, medium or Clips()))
        except (DatasetError, FarmError) as error:
            failures[str(name)] = str(error)
    size = chunk or _chunk_size(sum(task.frames for task in tasks), workers)
    return Plan(tuple(with_chunks(task, size, overwrite=overwrite) for task in tasks), failures)


def with_chunks(task: Task, size: int, *, overwrite: bool = False) -> Task:
    """The task with its chunks: those rendered before stay as they are, the rest is cut along one grid."""
    state = "" if overwrite else task.medium.finished(task)
    if state == "done":
        return replace(task, done=True)
    if state:
        return replace(task, done=True, notices=(*task.notices, state))
    present = [] if overwrite else task.medium.rendered(task)
    missing = [part for cell in _grid(task, size) for part in _without(task, cell, present)]
    return replace(task, missing=tuple(missing), present=tuple(present))


def _grid(task: Task, size: int) -> list[tuple[int, int]]:
    """The task's frames in equal shares of at most `size`: the same at every start, and none of three frames."""
    parts = -(-task.frames // size)
    edges = [task.first + task.frames * part // parts for part in range(parts + 1)]
    return [(first, after - 1) for first, after in itertools.pairwise(edges)]


def _without(task: Task, cell: tuple[int, int], present: list[Chunk]) -> list[Chunk]:
    """What of a cell no present chunk covers."""
    parts, at = [], cell[0]
    for chunk in present:
        if chunk.last < at or chunk.first > cell[1]:
            continue
        if chunk.first > at:
            parts.append((at, chunk.first - 1))
        at = chunk.last + 1
    if at <= cell[1]:
        parts.append((at, cell[1]))
    return [Chunk(first, last, task.medium.target(task, first, last)) for first, last in parts]


def file_fingerprint(path: Path) -> str:
    """A hash of a file's content; "missing" where there is none."""
    if not path.is_file():
        return "missing"
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()[:32]
    except OSError as error:
        raise FarmError(f"{path}: cannot be read ({error.strerror})") from error


def make_room(outputs: Outputs, kind: str, *, sound: bool) -> None:
    """Make the output folders and see that they can be written to; FarmError says which cannot."""
    folders = [outputs.silent(kind), outputs.logs]
    if sound:
        folders.append(outputs.heard(kind))
    for folder in folders:
        probe = folder / ".interact-farm-can-write"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"x" * 4096)
            probe.unlink()
        except OSError as error:
            raise FarmError(f"{folder}: cannot be written to ({error.strerror}); free it or use --out") from error


def _task(
    name: SceneId | PerformanceId,
    dataset: Dataset,
    outputs: Outputs,
    template_fingerprint: str,
    look: batch.Look,
    frames: tuple[int, int] | None,
    medium: Medium,
) -> Task:
    subject = subjects.of(dataset, name)
    first, last = part_of(subject, frames) if frames else (1, subject.frames)
    shown = template_fingerprint
    if "emotion" in look.label:
        shown += databases.emotion_of(dataset, name if isinstance(name, SceneId) else name.scene)
    if "sentence" in look.label and isinstance(name, PerformanceId):
        shown += sentences.sentence_of(dataset, name)
    part = (first, last) if frames else None
    if isinstance(medium, Clips):
        # A clip's frames depend on each other; a picture is the same whatever is rendered with it.
        fingerprint = _fingerprint(subject, shown, look, (first, last))
        picture = outputs.clip(name, part)
    else:
        fingerprint = _fingerprint(subject, shown, look, None)
        picture = outputs.pictures(name)
    folder = outputs.runs / "chunks" / f"{_named(name, part)}-{fingerprint}"
    return Task(subject, first, last, fingerprint, picture, outputs.video(name, part), folder, medium)


def _fingerprint(subject: Subject, template_fingerprint: str, look: batch.Look, frames: tuple[int, int] | None) -> str:
    parts = [__version__, template_fingerprint, repr(look), repr(frames), *map(file_fingerprint, subject.sources)]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _chunk_size(frames: int, workers: int) -> int:
    """Small enough that all workers have work on a short job."""
    return max(10, min(CHUNK_FRAMES, -(-frames // max(workers, 1))))


def _named(name: SceneId | PerformanceId, frames: tuple[int, int] | None) -> str:
    return f"{name}.frames-{frames[0]}-{frames[1]}" if frames else str(name)


def _kind(name: SceneId | PerformanceId) -> str:
    return "body" if isinstance(name, SceneId) else "face"
