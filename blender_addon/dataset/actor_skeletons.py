"""The skeleton of each actor, as his motion files have it."""

from __future__ import annotations

from . import bvh
from .errors import DatasetError
from .layout import Dataset


def actor_skeletons(dataset: Dataset) -> dict[str, bvh.Skeleton]:
    """One skeleton by actor id, from the first of his BVHs (by name, retargeted before raw) that can be read."""
    found: dict[str, bvh.Skeleton] = {}
    for folder in (dataset.bvhs_retarget, dataset.bvhs):
        for path in sorted(folder.glob("*_*_*.bvh")):
            actor = path.stem.split("_")[1]
            if actor in found:
                continue
            try:
                found[actor] = bvh.read_header(path).skeleton
            except DatasetError:
                continue  # whoever composites that file is told; another file of the actor gives his skeleton
    return found
