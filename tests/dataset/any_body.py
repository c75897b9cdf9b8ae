"""Motions of several skeletons, and what else they might have been recorded as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import bvh

MOCAP = Path(__file__).parents[2].parent / "shared" / "data" / "mocap"

#: Two real captures, and the made one on InterAct's skeleton, raw (in bone space) and retargeted.
CAPTURES = ("mixamo_54_joints.bvh", "mocapbank_18_joints.bvh", "bvhs", "bvhs_retarget")


def capture(name: str, dataset: Path) -> bvh.Motion:
    """The motion of that name; skips the test where it is real and absent."""
    path = MOCAP / name if name.endswith(".bvh") else min((dataset / name).glob("*.bvh"))
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    return bvh.read(path)


def without(motion: bvh.Motion, gone: Callable[[str], bool]) -> bvh.Motion:
    """The motion without the joints whose names are `gone`, and all below them."""
    skeleton = motion.skeleton
    kept: list[int] = []
    for joint, (name, parent) in enumerate(zip(skeleton.names, skeleton.parents, strict=True)):
        if not gone(name) and (parent < 0 or parent in kept):
            kept.append(joint)
    owner = np.array([joint for joint, names in enumerate(skeleton.channels) for _ in names])
    ends = {kept.index(joint): end for joint, end in skeleton.ends.items() if joint in kept}
    for joint, parent in enumerate(skeleton.parents):
        if joint not in kept and parent in kept and kept.index(parent) not in ends:
            ends[kept.index(parent)] = skeleton.offsets[joint]
    ends = {joint: end for joint, end in ends.items() if kept[joint] not in {skeleton.parents[k] for k in kept}}
    smaller = bvh.Skeleton(
        tuple(skeleton.names[j] for j in kept),
        tuple(kept.index(skeleton.parents[j]) if skeleton.parents[j] >= 0 else -1 for j in kept),
        skeleton.offsets[kept],
        tuple(skeleton.channels[j] for j in kept),
        ends,
    )
    return replace(motion, skeleton=smaller, values=motion.values[:, np.isin(owner, kept)])


def renamed(motion: bvh.Motion) -> bvh.Motion:
    """With names that say nothing."""
    names = tuple(f"j{n}" for n in range(len(motion.skeleton.names)))
    return replace(motion, skeleton=replace(motion.skeleton, names=names))


def scaled(motion: bvh.Motion, factor: float) -> bvh.Motion:
    """In another unit of length."""
    skeleton = motion.skeleton
    lengths = np.array([c.endswith("position") for names in skeleton.channels for c in names])
    ends = {joint: end * factor for joint, end in skeleton.ends.items()}
    return replace(
        motion,
        skeleton=replace(skeleton, offsets=skeleton.offsets * factor, ends=ends),
        values=np.where(lengths, motion.values * factor, motion.values),
    )
