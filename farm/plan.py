"""From a job file to tasks, and from tasks to chunks: what there is to render, and what of it is there already."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from blender_addon.dataset import batch, databases, layout, sentences
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId
from blender_addon.dataset.results import RUNS_FOLDER

from . import __version__, known_files, subjects
from .clips import Clips
from .errors import FarmError
from .known_files import KnownFiles
from .subjects import Subject
from .task import Chunk, Medium, Task
from .words import few

#: Written to see whether a folder can be written to.
PROBE = ".interact-farm-can-write"

#: What a chunk should take, seconds: as much as a crash costs at most, and far more than a chunk's own overhead.
CHUNK_SECONDS = 60.0

#: Frames a chunk where no frame was measured.
CHUNK_FRAMES = 120

#: The fewest, however long they take: each chunk begins with a key frame, and many small files are slow to join.
_LEAST_FRAMES = 4

#: Frames a chunk of short jobs has at least, so that all workers have work.
_SHORT_FRAMES = 10


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

    def shown(self, name: SceneId | PerformanceId, frames: tuple[int, int] | None = None) -> Path:
        """Of both forms without sound the one that was rendered last, the video where there is neither."""
        clip, pictures = self.clip(name, frames), self.pictures(name)  # those of a part are among the whole's
        if not pictures.is_dir():
            return clip
        # A folder's time is that of the last picture put into it.
        clip_is_newer = clip.is_file() and clip.stat().st_mtime_ns >= pictures.stat().st_mtime_ns
        return clip if clip_is_newer else pictures

    def video(self, name: SceneId | PerformanceId, frames: tuple[int, int] | None = None) -> Path:
        """The video with sound."""
        return self.heard(_kind(name)) / f"{_named(name, frames)}.mp4"


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    failures: {scene or line: why it cannot be rendered}; chunk_frames: what chunks were cut to, at most;
    frame_seconds: the time of a frame that this was chosen by, None where none was measured.
    """

    tasks: tuple[Task, ...]
    failures: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    chunk_frames: int = CHUNK_FRAMES
    frame_seconds: float | None = None

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
    actors: Mapping[str, str] | None = None,
    refused: Mapping[SceneId | PerformanceId, str] | None = None,
    look: batch.Look,
    medium: Medium | None = None,
    frames: tuple[int, int] | None = None,
    chunk: int | None = None,
    workers: int = 1,
    frame_seconds: float | None = None,
    overwrite: bool = False,
) -> Plan:
    """Plan a run; reads headers and hashes files, renders and changes nothing.

    What cannot be rendered becomes a failure and does not keep the others. template_fingerprint, actors: of a
    templates.Template; refused: of its templates.HeadsOf; medium: clips unless told otherwise; chunk:
    frames a chunk, else as `chunk_frames` has it of what is not finished; frame_seconds: of a frame, where measured.
    """
    tasks: list[Task] = []
    failures: dict[str, str] = {}
    medium = medium or Clips()
    template = template_fingerprint, actors or {}
    empty: dict[str, list[str]] = {}
    with known_files.opened() as known:
        for name in names:
            if refused and name in refused:
                failures[str(name)] = refused[name]
                continue
            try:
                task, label = _task(name, dataset, outputs, template, look, frames, medium, known)
            except (DatasetError, FarmError) as error:
                failures[str(name)] = str(error)
                continue
            tasks.append(task)
            for part in (part for part, text in label.items() if not text):
                empty.setdefault(part, []).append(str(name))
    if not overwrite:
        tasks = [_if_finished(task) for task in tasks]
    size = chunk or chunk_frames(sum(task.frames for task in tasks if not task.done), workers, frame_seconds)
    cut = tuple(task if task.done else with_chunks(task, size, overwrite=overwrite) for task in tasks)
    return Plan(cut, failures, _of_empty_labels(empty, dataset), size, frame_seconds)


def chunk_frames(frames: int, workers: int, frame_seconds: float | None = None) -> int:
    """How many frames a chunk of a job of so many should have: CHUNK_SECONDS of work, and work for all workers."""
    fair = max(_SHORT_FRAMES, -(-frames // max(workers, 1)))
    if frame_seconds is None:
        return min(CHUNK_FRAMES, fair)
    most = round(min(CHUNK_SECONDS / max(frame_seconds, 1e-6), 1e6))
    return max(_LEAST_FRAMES, min(most, fair))


def with_chunks(task: Task, size: int, *, overwrite: bool = False) -> Task:
    """A task that is not finished with its chunks: those rendered before stay as they are, what is between is cut.

    Along one grid, so that every start cuts alike; but between chunks of another size into equal shares, lest
    slivers of a few frames are left where the grids cross.
    """
    present = [] if overwrite else task.medium.rendered(task)
    grid = shares(task.first, task.last, size)
    missing: list[tuple[int, int]] = []
    edges = [task.first - 1, *(edge for chunk in present for edge in (chunk.first, chunk.last)), task.last + 1]
    for before, after in zip(edges[::2], edges[1::2], strict=True):
        gap = before + 1, after - 1
        if gap[0] > gap[1]:
            continue
        cells = [cell for cell in grid if gap[0] <= cell[0] and cell[1] <= gap[1]]
        fits = cells and cells[0][0] == gap[0] and cells[-1][1] == gap[1]
        missing += cells if fits else shares(*gap, size)
    chunks = (Chunk(first, last, str(task.medium.target(task, first, last))) for first, last in missing)
    return replace(task, missing=tuple(chunks), present=tuple(present))


def shares(first: int, last: int, size: int) -> list[tuple[int, int]]:
    """The frames first to last in equal shares of at most `size`: none of three frames beside one of a hundred."""
    frames = last - first + 1
    parts = -(-frames // size)
    edges = [first + frames * part // parts for part in range(parts + 1)]
    return [(begin, after - 1) for begin, after in itertools.pairwise(edges)]


def _if_finished(task: Task) -> Task:
    state = task.medium.finished(task)
    if state == "done":
        return replace(task, done=True)
    return replace(task, done=True, notices=(*task.notices, state)) if state else task


def make_room(outputs: Outputs, kind: str, *, sound: bool) -> None:
    """Make the output folders and see that they can be written to; FarmError says which cannot."""
    folders = [outputs.silent(kind), outputs.logs]
    if sound:
        folders.append(outputs.heard(kind))
    for folder in folders:
        probe = folder / PROBE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"x" * 4096)
            probe.unlink(missing_ok=True)
        except OSError as error:
            raise FarmError(f"{folder}: cannot be written to ({error.strerror}); free it or use --out") from error


def _task(
    name: SceneId | PerformanceId,
    dataset: Dataset,
    outputs: Outputs,
    template: tuple[str, Mapping[str, str]],
    look: batch.Look,
    frames: tuple[int, int] | None,
    medium: Medium,
    known: KnownFiles,
) -> tuple[Task, dict[str, str]]:
    """A task, and what its label says of what the data set tells."""
    subject = subjects.of(dataset, name, known)
    first, last = part_of(subject, frames) if frames else (1, subject.frames)
    label = _label_texts(name, dataset, look)
    text = "".join(label.values())
    files = {path: known.fingerprint(path) for path in subject.sources}
    part = (first, last) if frames else None
    # A clip's frames depend on each other; a picture is the same whatever is rendered with it.
    clip = isinstance(medium, Clips)
    whole = (first, last) if clip else None
    picture = outputs.clip(name, part) if clip else outputs.pictures(name)
    shared, by_actor = template
    actors = "".join(by_actor.get(actor, "") for actor in subject.actors)
    parts = [__version__, shared + actors + text, repr(look), repr(whole), *files.values()]
    fingerprint = hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()
    folder = outputs.runs / "chunks" / f"{_named(name, part)}-{fingerprint}"
    made = made_from(shared, look) | {"actors": actors, "label text": text, "frames": whole and [*whole]}
    made |= {f"file {_relative(path, dataset)}": content for path, content in files.items()}
    return Task(subject, first, last, fingerprint, picture, outputs.video(name, part), folder, medium, made), label


def _label_texts(name: SceneId | PerformanceId, dataset: Dataset, look: batch.Look) -> dict[str, str]:
    """By the label's part, what the data set tells; "" where it tells nothing. DatasetError for no such scenario."""
    told = {}
    if "emotion" in look.label:
        told["emotion"] = databases.emotion_of(dataset, name if isinstance(name, SceneId) else name.scene)
    if "sentence" in look.label:
        told["sentence"] = sentences.sentence_of(dataset, name) if isinstance(name, PerformanceId) else ""
    return told


def _of_empty_labels(empty: Mapping[str, Sequence[str]], dataset: Dataset) -> tuple[str, ...]:
    """A sentence for each part of a label that shows nothing in some scenes. empty: {part: their names}."""
    if dataset.subset:
        why = {
            "emotion": f"recordings of {dataset.subset} play no scenario",
            "sentence": f"{dataset.subset}_sentences.txt has no such sentence",
        }
    else:
        known = " or ".join(f"--set {name}" for name in layout.SUBSETS)
        why = {"emotion": "scenarios.db tells none", "sentence": f"only recordings of {known} are of sentences"}
    return tuple(f"--label {part}: shows nothing in {few(names)}: {why[part]}" for part, names in empty.items())


def made_from(template_fingerprint: str, look: batch.Look) -> dict[str, Any]:
    """The parts of a fingerprint that all tasks of a plan share: see Task.made_from."""
    given = asdict(look)
    if not look.pin_feet:
        del given["pin_feet"]  # which older results know nothing of
    looks = {f"look {name}": [*value] if isinstance(value, tuple) else value for name, value in given.items()}
    return {"program": __version__, "template": template_fingerprint} | looks


def _relative(path: Path, dataset: Dataset) -> str:
    return path.relative_to(dataset.root).as_posix() if path.is_relative_to(dataset.root) else str(path)


def _named(name: SceneId | PerformanceId, frames: tuple[int, int] | None) -> str:
    return f"{name}.frames-{frames[0]}-{frames[1]}" if frames else str(name)


def _kind(name: SceneId | PerformanceId) -> str:
    return "body" if isinstance(name, SceneId) else "face"
