"""A skeleton's rest pose: which way is up, left and forward, how large it is, and the pose stood upright.

Axes are those of Blender's characters: Z up, facing -Y, the left hand towards +X.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from . import bvh, joint_roles, rotations
from .errors import DatasetError

#: A rest pose is drawn along the axes; what deviates by less than this is anatomy and not another axis.
_SNAP_COSINE = np.cos(np.radians(25))

#: How high a toe joint lies above the sole, metres: InterAct's skeletons hold theirs 3 cm above the floor.
TOE_HEIGHT = 0.03


@dataclass(frozen=True)
class RestPose:
    """A skeleton standing upright in Blender's axes, metres, soles on z = 0.

    heads: (J, 3) joint positions; ends: End Site positions (3,) by joint; roles: see joint_roles.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    heads: np.ndarray
    ends: dict[int, np.ndarray]
    roles: dict[str, int]

    def head(self, role: str) -> np.ndarray:
        """Where the joint of a role is, metres; KeyError where the skeleton has none."""
        return self.heads[self.roles[role]]


def axes(positions: np.ndarray, roles: Mapping[str, int]) -> np.ndarray | None:
    """The rotation (3, 3) that stands a rest pose up (Z up, facing -Y), or None where hips or limbs are missing.

    positions: (J, 3) of the rest pose in any axes and units.
    """
    top = next((roles[r] for r in ("head", "neck.0", *_last_spine(roles)) if r in roles), None)
    if top is None or "hips" not in roles:
        return None
    sides = [
        positions[roles[f"{role}.L"]] - positions[roles[f"{role}.R"]]
        for role in ("thigh", "upper_arm")
        if f"{role}.L" in roles and f"{role}.R" in roles
    ]
    if not sides:
        return None
    up = _snap(positions[top] - positions[roles["hips"]])
    left = np.sum(sides, axis=0)
    left = _snap(left - up * (left @ up))
    left = left - up * (left @ up)
    left /= np.linalg.norm(left)
    return np.stack((left, -np.cross(left, up), up))


def metres_per_unit(positions: np.ndarray, roles: Mapping[str, int]) -> float:
    """The length of a rest pose's unit, guessed from its height: metres, inches, centimetres or millimetres."""
    turn = axes(positions, roles)
    heights = positions @ (turn[2] if turn is not None else np.array([0.0, 1.0, 0.0]))
    height = float(np.ptp(heights))
    for below, unit in ((3.0, 1.0), (30.0, 0.1), (90.0, 0.0254), (400.0, 0.01)):
        if height < below:
            return unit
    return 0.001


def world_up(motion: bvh.Motion, roles: Mapping[str, int]) -> str:
    """Which world axis ("X", "Y" or "Z") is up in a motion: the one along which the trunk stands on average.

    The rest pose alone cannot tell: InterAct's raw skeletons are drawn Z up and turned by the root's rotation.
    """
    skeleton = motion.skeleton
    turn = axes(skeleton.rest_positions(), roles)
    if turn is None:
        return "Y"
    hips = roles["hips"]
    path = [hips]
    while skeleton.parents[path[0]] >= 0:
        path.insert(0, skeleton.parents[path[0]])
    local = bvh.local_rotations(motion, path)
    track = rotations.IDENTITY
    for joint in path:
        track = rotations.multiply(track, local[joint])
    mean = rotations.rotate(track, turn[2]).mean(axis=1)
    return "XYZ"[int(np.argmax(np.abs(mean)))]


#: The rotation that takes a world with that axis up to Blender's, Z up.
TO_BLENDER = {
    "X": np.array([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]]),
    "Y": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "Z": np.eye(3),
}


def stand(skeleton: bvh.Skeleton) -> RestPose:
    """The skeleton's rest pose stood upright in metres; DatasetError where it has no hips, head or limbs."""
    roles = joint_roles.classify(skeleton.names, skeleton.parents)
    positions = skeleton.rest_positions()
    turn = axes(positions, roles)
    if turn is None:
        raise DatasetError("the skeleton has no hips, head and limbs that can be told by their names")
    unit = metres_per_unit(positions, roles)
    heads = positions @ turn.T * unit
    ends = {joint: heads[joint] + turn @ offset * unit for joint, offset in skeleton.ends.items()}
    ground = np.array([heads[roles["hips"]][0], heads[roles["hips"]][1], _sole(heads, ends, roles)])
    return RestPose(
        skeleton.names,
        skeleton.parents,
        heads - ground,
        {joint: end - ground for joint, end in ends.items()},
        roles,
    )


def _sole(heads: np.ndarray, ends: Mapping[int, np.ndarray], roles: Mapping[str, int]) -> float:
    toes = [heads[roles[f"toe.{s}"]][2] for s in "LR" if f"toe.{s}" in roles]
    if not toes:
        feet = [roles[f"foot.{s}"] for s in "LR" if f"foot.{s}" in roles]
        toes = [ends[foot][2] for foot in feet if foot in ends]
    if toes:
        return min(toes) - TOE_HEIGHT
    return float(heads[:, 2].min())


def _last_spine(roles: Mapping[str, int]) -> Sequence[str]:
    return [f"spine.{len(joint_roles.chain_of(roles, 'spine')) - 1}"]


def _snap(direction: np.ndarray) -> np.ndarray:
    unit = direction / np.linalg.norm(direction)
    axis = int(np.argmax(np.abs(unit)))
    if abs(unit[axis]) < _SNAP_COSINE:
        return unit
    return np.sign(unit[axis]) * np.eye(3)[axis]
