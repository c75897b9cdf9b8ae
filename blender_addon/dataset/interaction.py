"""What two people do with each other, frame by frame: how far apart they are, where they look, how loud they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import bvh, joint_roles, layout, rest_pose, rotations
from .blendshapes import ARKIT_NAMES
from .errors import DatasetError
from .sound import Sound

#: How far eyes look with a weight of 1, in radians. ARKit does not say it; its eyes turn about so far.
EYE_RANGE = np.radians(32.0)
#: What silence counts as, in dB.
QUIETEST = -80.0
#: Loudness is of so many frames about each frame: a syllable.
_SYLLABLE = 5


@dataclass(frozen=True)
class HeadTrack:
    """Where somebody's hips and head are, (3, N) in metres, Z up, and which way the head faces, (3, N) of length 1.

    left, up: the head's own left and up, as `forward`. 30 frames a second.
    """

    hips: np.ndarray
    head: np.ndarray
    forward: np.ndarray
    left: np.ndarray
    up: np.ndarray


def head_track(motion: bvh.Motion) -> HeadTrack:
    """Of a body motion in any axes and units, at 30 frames a second; DatasetError without hips, head or limbs."""
    motion = bvh.resample(motion, layout.FPS)
    roles = joint_roles.classify(motion.skeleton.names, motion.skeleton.parents)
    rest = motion.skeleton.rest_positions()
    stands = rest_pose.axes(rest, roles)
    if stands is None or "head" not in roles:
        raise DatasetError(f"{motion.path}: has no hips, head or limbs that are known by their names")
    to_world = rest_pose.TO_BLENDER[rest_pose.world_up(motion, roles)]
    unit = rest_pose.metres_per_unit(rest, roles)
    positions, turns = bvh.forward_kinematics(motion)
    # Rows of `stands`: the rest pose's left, back and up in the file's axes, in which a joint's own axes are at rest.
    left, back, up = (to_world @ rotations.rotate(turns[roles["head"]], axis) for axis in stands)
    hips, head = (unit * to_world @ positions[roles[role]] for role in ("hips", "head"))
    return HeadTrack(hips, head, -back, left, up)


def distance(one: HeadTrack, other: HeadTrack) -> np.ndarray:
    """Metres from hips to hips along the floor, (N,): of the frames that both have."""
    count = min(one.hips.shape[1], other.hips.shape[1])
    return np.linalg.norm(one.hips[:2, :count] - other.hips[:2, :count], axis=0)


def gaze_off(one: HeadTrack, other: HeadTrack, weights: np.ndarray | None = None) -> np.ndarray:
    """Degrees by which one looks past the other's head, (N,): of the frames that all have; 0 is straight at it.

    weights: his ARKit weights (frames, 51), by which his eyes turn; without them it is the way that his head faces.
    """
    count = min(one.head.shape[1], other.head.shape[1], len(weights) if weights is not None else one.head.shape[1])
    looks = one.forward[:, :count]
    if weights is not None:
        yaw, pitch = _eyes(weights[:count])
        sideways = np.cos(yaw) * looks + np.sin(yaw) * one.left[:, :count]
        looks = np.cos(pitch) * sideways + np.sin(pitch) * one.up[:, :count]
    towards = other.head[:, :count] - one.head[:, :count]
    length = np.linalg.norm(towards, axis=0) * np.linalg.norm(looks, axis=0)
    cosine = np.sum(towards * looks, axis=0) / np.maximum(length, 1e-9)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def loudness(sound: Sound) -> np.ndarray:
    """How loud a voice is about each frame at 30 frames a second, (frames,): the root mean square of a syllable in dB
    below full scale."""
    squares = np.square(sound.mono(), dtype=np.float64)
    count = max(round(sound.seconds * layout.FPS), 1)
    edges = np.linspace(0, len(squares), count + 1).round().astype(int)
    sums = np.concatenate(([0.0], np.cumsum(squares)))
    frames = np.arange(count)
    first, last = edges[np.maximum(frames - _SYLLABLE // 2, 0)], edges[np.minimum(frames + _SYLLABLE // 2 + 1, count)]
    power = np.maximum(sums[last] - sums[first], 0.0) / np.maximum(last - first, 1)
    return np.maximum(10 * np.log10(np.maximum(power, 1e-12)), QUIETEST)


def _eyes(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far both eyes turn to the left and up on average, (N,) radians each."""

    def key(name: str) -> np.ndarray:
        return weights[:, ARKIT_NAMES.index(f"eyeLook{name}")]

    yaw = (key("OutLeft") + key("InRight") - key("InLeft") - key("OutRight")) / 2
    pitch = (key("UpLeft") + key("UpRight") - key("DownLeft") - key("DownRight")) / 2
    return EYE_RANGE * yaw, EYE_RANGE * pitch
