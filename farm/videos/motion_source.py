"""A folder that holds motion and faces by the data set's names, and a data set that takes from it what it has.

What such a folder lacks comes from another, so that any of it can be rendered as a scene of a data set.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blender_addon.dataset import blendshapes, bvh, databases, ict_arkit, layout
from blender_addon.dataset.blendshapes import ICT_NAMES
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.naming import NamingError, PerformanceId, SceneId

from ..errors import FarmError


@dataclass(frozen=True)
class Source:
    """A data set's root, or a folder of `<performance>.bvh` and `.npy` files; label: how people call it."""

    path: Path
    label: str

    @property
    def _dataset(self) -> Dataset:
        return Dataset(self.path)

    def motion(self, performance: PerformanceId) -> Path | None:
        """Its body motion."""
        return _first(self._dataset.motion(performance), self.path / f"{performance}.bvh")

    def faces(self, performance: PerformanceId) -> list[Path]:
        """Its face weights: ICT's, ARKit's or both."""
        kept = self._dataset.face_ict(performance), self._dataset.face_arkit(performance)
        found = [path for path in kept if path.is_file()]
        loose = self.path / f"{performance}.npy"
        return found or ([loose] if loose.is_file() else [])

    def wav(self, performance: PerformanceId) -> Path | None:
        """Its voice."""
        return _first(self._dataset.wav(performance), self.path / f"{performance}.wav")

    def performances(self) -> set[PerformanceId]:
        """All of which it has a motion or a face."""
        return set(self._named())

    def _named(self) -> Iterator[PerformanceId]:
        folders = self.path, *(self.path / name for name in ("bvhs_retarget", "bvhs", "face_arkit", "face_ict"))
        for folder in folders:
            for path in folder.glob("*.*"):
                if path.suffix in (".bvh", ".npy"):
                    try:
                        yield PerformanceId.parse(path.stem)
                    except NamingError:
                        continue  # a file of another kind beside them


def lay(first: Source, source: Source, name: SceneId | PerformanceId, into: Dataset) -> tuple[str, ...]:
    """Put what a scene or a face is made of into a data set: the source's files, and the first's for what it lacks.

    Returns what came from the first, such as "motion of 002". FarmError where the source has nothing of it.
    """
    performances = _performances(first, name)
    # A face is made of nothing else.
    moves = isinstance(name, SceneId)
    if not any((moves and source.motion(p)) or source.faces(p) for p in performances):
        kinds = "neither motion nor face" if moves else "no face"
        raise FarmError(f"{source.path}: has {kinds} of {name}")
    lacking: list[list[str]] = [[], []]
    for performance in performances:
        motion, faces = source.motion(performance), source.faces(performance)
        if moves:
            if motion is None and (other := first.motion(performance)):
                lacking[0].append(performance.actor)
                motion = other
            if motion:
                _link(motion, into.bvhs_retarget / f"{performance}.bvh")
            if framing := first.motion(performance):
                _link(framing, Dataset(into.root / layout.FRAMING).bvhs_retarget / f"{performance}.bvh")
        timed = motion
        if not faces and (other_faces := first.faces(performance)):
            lacking[1].append(performance.actor)
            faces, timed = other_faces, first.motion(performance)
        _lay_face(faces, timed, performance, into)
        if voice := source.wav(performance) or first.wav(performance):
            _link(voice, into.wav(performance))
    return tuple(
        what if len(actors) == len(performances) else f"{what} of {' and '.join(actors)}"
        for what, actors in zip(("motion", "face" if len(performances) == 1 else "faces"), lacking, strict=True)
        if actors
    )


def begin(first: Source, folder: Path) -> Dataset:
    """An empty data set with the first source's databases, in a folder that is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    into, origin = Dataset(folder), Dataset(first.path)
    for source, target in ((origin.actors_db, into.actors_db), (origin.scenarios_db, into.scenarios_db)):
        if source.is_file():
            _link(source, target)
    into.bvhs_retarget.mkdir(parents=True, exist_ok=True)
    return into


def _performances(first: Source, name: SceneId | PerformanceId) -> list[PerformanceId]:
    if isinstance(name, PerformanceId):
        return [name]
    return [name.performance(actor) for actor in databases.session_of(Dataset(first.path), name).actors]


def _lay_face(faces: list[Path], motion: Path | None, performance: PerformanceId, into: Dataset) -> None:
    """Face weights where a body and a face look for them: ICT's as they are, and as ARKit's where those are not there.

    Weights of as many frames as a motion of another rate have that rate, and are resampled as it is.
    """
    kinds = {path: blendshapes.read_shape(path)[1] == len(ICT_NAMES) for path in faces}
    frames, fps = _rate(motion)
    for path, is_ict in kinds.items():
        target = into.face_ict(performance) if is_ict else into.face_arkit(performance)
        if fps == layout.FPS or blendshapes.read_shape(path)[0] != frames:
            _link(path, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            count = bvh.resampled_length(frames, 1 / fps, layout.FPS)
            blendshapes.save_weights(target, _resampled(blendshapes.load_any(path), fps, count), durable=False)
    if faces and all(kinds.values()):
        target = into.face_arkit(performance)
        target.parent.mkdir(parents=True, exist_ok=True)
        weights = blendshapes.load_any(into.face_ict(performance))
        blendshapes.save_weights(target, ict_arkit.to_arkit(weights), durable=False)


def _rate(motion: Path | None) -> tuple[int, float]:
    """A motion's frames and frames a second, those of the data set to the accuracy of a BVH; (0, 30) for none."""
    if motion is None:
        return 0, float(layout.FPS)
    frames, frame_time = bvh.read_declared(motion)
    fps = 1 / frame_time
    return frames, float(layout.FPS) if abs(fps - layout.FPS) < 0.01 else fps


def _resampled(weights: np.ndarray, fps: float, count: int) -> np.ndarray:
    """Weights (N, K) of another rate at the data set's: (count, K), float32."""
    where = np.arange(count) * fps / layout.FPS
    columns = [np.interp(where, np.arange(len(weights)), column) for column in weights.T]
    return np.stack(columns, axis=1).astype(np.float32)


def _first(*paths: Path) -> Path | None:
    return next((path for path in paths if path.is_file()), None)


def _link(source: Path, target: Path) -> None:
    """The file by another name: a link where the system lets one make it, else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source.absolute())
    except OSError:
        shutil.copyfile(source, target)
