"""What the parts of a mannequin need to know of a body; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...dataset import joint_roles
from ..model_pose import ModelPose

#: The height of the Head joint in a person of 1.75 m, to which all measures below refer.
_HEAD_HEIGHT = 1.56


@dataclass(frozen=True)
class Measures:
    """What the parts need to know of a body, in metres, in the modelling pose."""

    pose: ModelPose
    size: float  # 1 for a person of 1.75 m
    female: bool
    hips: float  # height of the hip joints
    neck: float  # height of the neck's base
    spine: np.ndarray  # (K, 3) from the hips to the neck's base


def measure(pose: ModelPose, female: bool) -> Measures:
    """The measures of a body in its modelling pose."""
    roles = pose.rest.roles
    size = float(pose.rest.head("head")[2]) / _HEAD_HEIGHT
    neck = pose.head("neck.0" if "neck.0" in roles else "head")
    joints = [pose.head("hips"), *(pose.heads[j] for j in joint_roles.chain_of(roles, "spine")), neck]
    spine = [joints[0]]
    for joint in joints[1:]:
        if joint[2] > spine[-1][2] + 0.02 * size:
            spine.append(joint)
    thighs = [pose.head(f"thigh.{side}")[2] for side in "LR" if f"thigh.{side}" in roles]
    hips = float(np.mean(thighs)) if thighs else float(joints[0][2])
    return Measures(pose, size, female, hips, float(neck[2]), np.array(spine))


def arm_line(pose: ModelPose, side: str) -> np.ndarray | None:
    """Shoulder, elbow, wrist (3, 3), or None where the skeleton has no arm on that side."""
    roles = [f"upper_arm.{side}", f"forearm.{side}", f"hand.{side}"]
    if not all(role in pose.rest.roles for role in roles):
        return None
    return np.array([pose.head(role) for role in roles])


def leg_line(pose: ModelPose, side: str) -> np.ndarray | None:
    """Hip, knee, ankle (3, 3), or None."""
    roles = [f"thigh.{side}", f"shin.{side}", f"foot.{side}"]
    if not all(role in pose.rest.roles for role in roles):
        return None
    line = np.array([pose.head(role) for role in roles])
    # Some skeletons hold the hip joints far apart: flesh does not follow them outwards.
    limit = 0.088 * float(pose.rest.head("head")[2]) / _HEAD_HEIGHT
    line[0, 0] = np.clip(line[0, 0], -limit, limit)
    return line
