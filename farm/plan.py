"""From a job file to tasks, and from tasks to chunks: what there is to render, and what of it is there already."""

from __future__ import annotations

import hashlib
import itertools
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from blender_addon.dataset import batch, bvh, databases, layout
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId

from . import __version__, video
from .errors import FarmError

#: Folder for what a run leaves until it is done: chunks, logs, the built-in template. The user can delete it.
RUNS_FOLDER = "farm_runs"

#: Frames a chunk, unless an option says otherwise: a crash costs at most these, and they outweigh a chunk's overhead.
CHUNK_FRAMES = 120

_CHUNK_NAME = re.compile(r"(\d{6})-(\d{6})\.mkv")


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

    def picture(self, scene: SceneId, frames: tuple[int, int] | None = None) -> Path:
        """The video without sound; a range of frames has a name of its own, lest it pass for the whole."""
        return self.root / "body_renders_noaudio" / f"{_named(scene, frames)}.mkv"

    def video(self, scene: SceneId, frames: tuple[int, int] | None = None) -> Path:
        """The video with sound."""
        return self.root / "body_renders" / f"{_named(scene, frames)}.mp4"


@dataclass(frozen=True)
class Chunk:
    """A range of a scene's frames (from 1, both counted) and the video it is rendered to."""

    first: int
    last: int
    path: Path

    @property
    def frames(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class Task:
    """One scene to render.

    length: the whole scene's frames; first, last: those to render; fingerprint: of all that decides the
    picture; missing: the chunks still to render; present: those rendered before; done: the joined video is there.
    """

    scene: SceneId
    length: int
    first: int
    last: int
    fingerprint: str
    picture: Path
    video: Path
    folder: Path
    missing: tuple[Chunk, ...] = ()
    present: tuple[Chunk, ...] = ()
    done: bool = False
    notices: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        return self.last - self.first + 1

    @property
    def is_part(self) -> bool:
        """Whether a range of frames was asked for, which has a name of its own."""
        return self.picture.stem != str(self.scene)

    @property
    def chunks(self) -> list[Chunk]:
        """All chunks, in the order of their frames."""
        return sorted((*self.missing, *self.present), key=lambda chunk: chunk.first)


@dataclass(frozen=True)
class Plan:
    """What a run has to do. failures: {scene or line: why it cannot be rendered}."""

    tasks: tuple[Task, ...]
    failures: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def frames_missing(self) -> int:
        return sum(chunk.frames for task in self.tasks for chunk in task.missing)


def scene_length(dataset: Dataset, scene: SceneId) -> int:
    """Frames of a scene at 30 fps: those of its longest body. DatasetError where a motion is missing or broken."""
    session = databases.session_of(dataset, scene)
    lengths = []
    for actor in session.actors:
        header = bvh.read_header(dataset.motion(scene.performance(actor)))
        lengths.append(bvh.resampled_length(header.frames, header.frame_time, layout.FPS))
    return max(lengths)


def part_of(scene: SceneId, length: int, frames: tuple[int, int]) -> tuple[int, int]:
    """What of a range of frames a scene has; DatasetError where that is nothing."""
    first, last = max(frames[0], 1), min(frames[1], length)
    if first > last:
        raise DatasetError(f"{scene}: has {length} frames, none of {frames[0]}-{frames[1]}")
    return first, last


def make(
    scenes: Iterable[SceneId],
    dataset: Dataset,
    outputs: Outputs,
    *,
    template_fingerprint: str,
    look: batch.Look,
    frames: tuple[int, int] | None = None,
    chunk: int | None = None,
    workers: int = 1,
    overwrite: bool = False,
) -> Plan:
    """Plan a run; reads headers and hashes files, renders and changes nothing.

    A scene that cannot be rendered becomes a failure and does not keep the others.
    """
    tasks: list[Task] = []
    failures: dict[str, str] = {}
    for scene in scenes:
        try:
            tasks.append(_task(scene, dataset, outputs, template_fingerprint, look, frames))
        except (DatasetError, FarmError) as error:
            failures[str(scene)] = str(error)
    size = chunk or _chunk_size(sum(task.frames for task in tasks), workers)
    return Plan(tuple(with_chunks(task, size, overwrite=overwrite) for task in tasks), failures)


def with_chunks(task: Task, size: int, *, overwrite: bool = False) -> Task:
    """The task with its chunks: those rendered before stay as they are, the rest is cut along one grid."""
    state = "" if overwrite else _finished(task)
    if state == "done":
        return replace(task, done=True)
    if state:
        return replace(task, done=True, notices=(*task.notices, state))
    present = [] if overwrite else _rendered(task)
    missing = [part for cell in _grid(task, size) for part in _without(cell, present)]
    return replace(task, missing=tuple(missing), present=tuple(present))


def _grid(task: Task, size: int) -> list[Chunk]:
    """The task's frames in equal shares of at most `size`: the same at every start, and none of three frames."""
    parts = -(-task.frames // size)
    edges = [task.first + task.frames * part // parts for part in range(parts + 1)]
    return [_chunk(task, first, after - 1) for first, after in itertools.pairwise(edges)]


def _without(cell: Chunk, present: list[Chunk]) -> list[Chunk]:
    """What of a cell no present chunk covers."""
    parts, at = [], cell.first
    for chunk in present:
        if chunk.last < at or chunk.first > cell.last:
            continue
        if chunk.first > at:
            parts.append((at, chunk.first - 1))
        at = chunk.last + 1
    if at <= cell.last:
        parts.append((at, cell.last))
    return [Chunk(first, last, cell.path.with_name(_chunk_name(first, last))) for first, last in parts]


def _chunk(task: Task, first: int, last: int) -> Chunk:
    return Chunk(first, last, task.folder / _chunk_name(first, last))


def _chunk_name(first: int, last: int) -> str:
    return f"{first:06d}-{last:06d}.mkv"


def file_fingerprint(path: Path) -> str:
    """A hash of a file's content; "missing" where there is none."""
    if not path.is_file():
        return "missing"
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()[:32]
    except OSError as error:
        raise FarmError(f"{path}: cannot be read ({error.strerror})") from error


def fingerprint_tag(fingerprint: str) -> dict[str, str]:
    """The container tag by which a finished video says what it was made from."""
    return {"comment": f"interact-farm {fingerprint}"}


def make_room(outputs: Outputs, *, sound: bool) -> None:
    """Make the output folders and see that they can be written to; FarmError says which cannot."""
    folders = [outputs.root / "body_renders_noaudio", outputs.logs]
    if sound:
        folders.append(outputs.root / "body_renders")
    for folder in folders:
        probe = folder / ".interact-farm-can-write"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"x" * 4096)
            probe.unlink()
        except OSError as error:
            raise FarmError(f"{folder}: cannot be written to ({error.strerror}); free it or use --out") from error


def forget_chunks(task: Task) -> None:
    """Delete a joined scene's chunks, and those of earlier versions of its inputs (a run holds the folder's lock)."""
    for folder in task.folder.parent.glob(f"{_named(task.scene, _range(task))}-*"):
        shutil.rmtree(folder)


def _task(
    scene: SceneId,
    dataset: Dataset,
    outputs: Outputs,
    template_fingerprint: str,
    look: batch.Look,
    frames: tuple[int, int] | None,
) -> Task:
    length = scene_length(dataset, scene)
    first, last = part_of(scene, length, frames) if frames else (1, length)
    performances = [scene.performance(actor) for actor in databases.session_of(dataset, scene).actors]
    shown = template_fingerprint
    if "emotion" in look.label:
        shown += databases.emotion_of(dataset, scene)
    fingerprint = _fingerprint(dataset, performances, shown, look, (first, last))
    part = (first, last) if frames else None
    return Task(
        scene,
        length,
        first,
        last,
        fingerprint,
        outputs.picture(scene, part),
        outputs.video(scene, part),
        outputs.runs / "chunks" / f"{_named(scene, part)}-{fingerprint}",
    )


def _fingerprint(
    dataset: Dataset,
    performances: list[PerformanceId],
    template_fingerprint: str,
    look: batch.Look,
    frames: tuple[int, int],
) -> str:
    parts = [__version__, template_fingerprint, repr(look), repr(frames)]
    for performance in performances:
        parts += [file_fingerprint(dataset.motion(performance)), file_fingerprint(dataset.face_arkit(performance))]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _finished(task: Task) -> str:
    """ "done" for the task's own finished video, a notice for a stranger's that is kept, "" to render."""
    if not task.picture.is_file():
        return ""
    try:
        info = video.probe(task.picture)
    except FarmError:
        return ""  # half a file of another program: rendered anew, the new one takes its place
    tag = info.metadata.get("comment", "")
    if not tag.startswith("interact-farm "):
        return f"{task.picture.name} was not made by interact-farm and is kept; --overwrite renders it anew"
    return "done" if tag == fingerprint_tag(task.fingerprint)["comment"] and info.frames == task.frames else ""


def _rendered(task: Task) -> list[Chunk]:
    """Whole chunks of an earlier run, in order, none overlapping another."""
    found: list[Chunk] = []
    if not task.folder.is_dir():
        return found
    for path in sorted(task.folder.iterdir()):
        name = _CHUNK_NAME.fullmatch(path.name)
        if not name:
            continue
        chunk = Chunk(int(name[1]), int(name[2]), path)
        follows = chunk.first > (found[-1].last if found else task.first - 1)
        if follows and chunk.first <= chunk.last <= task.last and _is_whole(chunk):
            found.append(chunk)
    return found


def _is_whole(chunk: Chunk) -> bool:
    try:
        video.check(chunk.path, frames=chunk.frames)
    except FarmError:
        return False  # rendered again
    return True


def _chunk_size(frames: int, workers: int) -> int:
    """Small enough that all workers have work on a short job."""
    return max(10, min(CHUNK_FRAMES, -(-frames // max(workers, 1))))


def _named(scene: SceneId, frames: tuple[int, int] | None) -> str:
    return f"{scene}.frames-{frames[0]}-{frames[1]}" if frames else str(scene)


def _range(task: Task) -> tuple[int, int] | None:
    return (task.first, task.last) if task.is_part else None
