"""What a line of a job file names, as the farm needs it: how long, made from what, heard with which voices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from blender_addon.dataset import blendshapes, bvh, databases, layout
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId

from . import __version__
from .known_files import KnownFiles


@dataclass(frozen=True)
class Subject:
    """What is rendered. frames: at 30 fps; sources: the files that decide its picture; voices: wavs, male first."""

    id: SceneId | PerformanceId
    frames: int
    sources: tuple[Path, ...]
    voices: tuple[Path, ...]


def of(dataset: Dataset, name: SceneId | PerformanceId, known: KnownFiles | None = None) -> Subject:
    """The body scene or the face that an id names; DatasetError where what it is made from is missing or broken.

    known: files that need not be read again for their lengths.
    """
    return scene(dataset, name, known) if isinstance(name, SceneId) else performance(dataset, name)


def scene(dataset: Dataset, scene_id: SceneId, known: KnownFiles | None = None) -> Subject:
    """A body scene, as long as its longest body. DatasetError where a motion is missing or broken."""
    performances = [scene_id.performance(actor) for actor in databases.session_of(dataset, scene_id).actors]
    lengths, sources = [], []
    for performance in performances:
        motion = dataset.motion(performance)
        # Another version may find fault with a file that this one takes.
        lengths.append((known or KnownFiles()).fact(motion, f"length {__version__}", partial(_length, motion)))
        sources += [motion, dataset.face_arkit(performance)]
    return Subject(scene_id, max(lengths), tuple(sources), tuple(dataset.wav(p) for p in performances))


def performance(dataset: Dataset, performance_id: PerformanceId) -> Subject:
    """One actor's face, as long as its weights. DatasetError where there are none, or they are broken."""
    path = dataset.face_weights(performance_id)
    if dataset.subset and not path.is_file():
        raise DatasetError(
            f"{dataset.subset} has no weights of {performance_id}, neither {path} nor "
            f"{dataset.face_arkit(performance_id)}; put the file there or take the line out of the job"
        )
    return Subject(performance_id, blendshapes.read_shape(path)[0], (path,), (dataset.wav(performance_id),))


def _length(motion: Path) -> int:
    header = bvh.read_header(motion)
    return bvh.resampled_length(header.frames, header.frame_time, layout.FPS)
