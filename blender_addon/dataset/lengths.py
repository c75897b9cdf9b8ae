"""How many frames a scene or a face has at the data set's rate."""

from __future__ import annotations

from pathlib import Path

from . import blendshapes, bvh, databases, layout
from .errors import DatasetError
from .layout import Dataset
from .naming import PerformanceId, SceneId


def of(dataset: Dataset, name: SceneId | PerformanceId) -> int:
    """Of a body scene, which is as long as its longest body, or of a face. DatasetError for what is missing or broken.

    Reads the motions whole: their last line tells whether they are.
    """
    if isinstance(name, PerformanceId):
        return of_face(dataset, name)
    actors = databases.session_of(dataset, name).actors
    return max(of_motion(dataset.motion(name.performance(actor))) for actor in actors)


def of_motion(path: Path) -> int:
    """Of one body motion."""
    header = bvh.read_header(path)
    return bvh.resampled_length(header.frames, header.frame_time, layout.FPS)


def of_face(dataset: Dataset, performance: PerformanceId) -> int:
    """Of one actor's face, by the head of the file of its weights."""
    path = dataset.face_weights(performance)
    if not path.is_file():
        lacks = f"{dataset.subset} has no weights of {performance}: " if dataset.subset else ""
        is_known = not dataset.subset and performance in layout.ERRATA_WITHOUT_FACE
        known = "; the data set's authors know of this gap" if is_known else ""
        raise DatasetError(
            f"{lacks}{path}: no such file, nor is there {dataset.face_arkit(performance)}{known}; "
            f"put one of them there, or leave {performance} out{_elsewhere(dataset, performance)}"
        )
    return blendshapes.read_shape(path)[0]


def _elsewhere(dataset: Dataset, performance: PerformanceId) -> str:
    """A hint where another set of the recordings has the weights."""
    if dataset.subset:
        return ""
    for subset in layout.SUBSETS:
        if Dataset(dataset.root, subset).face_weights(performance).is_file():
            return f"; it is in {subset}/: add --set {subset}"
    return ""
