"""A pose as BVH motions: raw, with the skeleton in bone space, and retargeted, with a Y-up T-pose."""

from __future__ import annotations

import numpy as np

from blender_addon.dataset import bvh, rotations

from .limbs import Pose, channel_angles
from .skeletons import BONE_TO_WORLD, Actor

FRAME_TIME = 0.03333333
_POSITIONS = ("Xposition", "Yposition", "Zposition")
_RETARGETED_ORDER = "ZXY"
#: The same angles as ZXY in the Y-up world, seen in bone space: elbows bent by 90 degrees stay clear of gimbal lock.
_RAW_ORDER = "YXZ"
#: The root turns bone space upright, a quarter turn about X: that must not be the middle angle.
_RAW_ROOT_ORDER = "YZX"


def retargeted_motion(pose: Pose) -> bvh.Motion:
    """The motion on the T-pose drawn Y-up and facing +Z."""
    actor = pose.actor
    orders = [_RETARGETED_ORDER] * len(actor.joints)
    ends = {joint: rotations.rotate(BONE_TO_WORLD, end)[:, 0] for joint, end in actor.ends.items()}
    return _motion(actor, actor.world_offsets(), ends, orders, pose, pose.local_turns())


def raw_motion(pose: Pose) -> bvh.Motion:
    """The same motion on the skeleton in bone space, which the root's rotation turns to the Y-up world.

    With A from bone space to the world, the root turns by G A and every other joint by A^T L A.
    """
    actor = pose.actor
    turns = pose.local_turns()
    back = rotations.inverse(BONE_TO_WORLD)
    raw = [rotations.multiply(turns[0], BONE_TO_WORLD)]
    raw += [rotations.multiply(rotations.multiply(back, turn), BONE_TO_WORLD) for turn in turns[1:]]
    orders = [_RAW_ROOT_ORDER] + [_RAW_ORDER] * (len(actor.joints) - 1)
    return _motion(actor, actor.offsets, actor.ends, orders, pose, np.stack(raw))


def _motion(
    actor: Actor, offsets: np.ndarray, ends: dict[int, np.ndarray], orders: list[str], pose: Pose, turns: np.ndarray
) -> bvh.Motion:
    rotation_channels = [tuple(f"{axis}rotation" for axis in order) for order in orders]
    channels = (_POSITIONS + rotation_channels[0], *rotation_channels[1:])
    skeleton = bvh.Skeleton(actor.joints, actor.parents, offsets, channels, ends)
    angles = [channel_angles(turn, order) for turn, order in zip(turns, orders, strict=True)]
    values = np.concatenate((pose.places["Hips"], *angles)).T
    return bvh.Motion(skeleton, values, FRAME_TIME)
