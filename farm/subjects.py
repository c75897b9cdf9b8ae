"""What a line of a job file names, as the farm needs it: how long, made from what, heard with which voices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from blender_addon.dataset import databases, lengths
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import PerformanceId, SceneId

from . import __version__
from .known_files import KnownFiles


@dataclass(frozen=True)
class Subject:
    """What is rendered. frames: at 30 fps; sources: the files that decide its picture; voices: wavs, male first;
    actors: who is seen, male first."""

    id: SceneId | PerformanceId
    frames: int
    sources: tuple[Path, ...]
    voices: tuple[Path, ...]
    actors: tuple[str, ...] = ()


def of(dataset: Dataset, name: SceneId | PerformanceId, known: KnownFiles | None = None) -> Subject:
    """The body scene or the face that an id names; DatasetError where what it is made from is missing or broken.

    known: files that need not be read again for their lengths.
    """
    return scene(dataset, name, known) if isinstance(name, SceneId) else performance(dataset, name)


def scene(dataset: Dataset, scene_id: SceneId, known: KnownFiles | None = None) -> Subject:
    """A body scene, as long as its longest body. DatasetError where a motion is missing or broken."""
    actors = databases.session_of(dataset, scene_id).actors
    performances = [scene_id.performance(actor) for actor in actors]
    frames, sources = [], []
    for performance in performances:
        motion = dataset.motion(performance)
        # Another version may find fault with a file that this one takes.
        length = partial(lengths.of_motion, motion)
        frames.append((known or KnownFiles()).fact(motion, f"length {__version__}", length))
        sources += [motion, dataset.face_arkit(performance)]
        if framing := dataset.framing:
            sources.append(framing.motion(performance))
    return Subject(scene_id, max(frames), tuple(sources), tuple(dataset.wav(p) for p in performances), actors)


def performance(dataset: Dataset, performance_id: PerformanceId) -> Subject:
    """One actor's face, as long as its weights. DatasetError where there are none, or they are broken."""
    frames = lengths.of_face(dataset, performance_id)
    source, voice = dataset.face_weights(performance_id), dataset.wav(performance_id)
    return Subject(performance_id, frames, (source,), (voice,), (performance_id.actor,))


def actors_of(dataset: Dataset, name: SceneId | PerformanceId) -> tuple[str, ...]:
    """Who is seen, male first; nobody where the data set does not tell."""
    if isinstance(name, PerformanceId):
        return (name.actor,)
    try:
        return databases.session_of(dataset, name).actors
    except DatasetError:
        return ()
