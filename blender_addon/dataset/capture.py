"""A motion of any skeleton as what was captured: where joints are, how they are turned, and what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import bvh, joint_roles, layout, poses, rotations, tree_roles
from .errors import DatasetError

#: Frames that the shape of a tree is told by, at most.
_LOOKS = 120


@dataclass(frozen=True)
class Capture:
    """What was captured, in its own unit and axes.

    name: by which errors call it; parents: J, each before its children, -1 for none; rest: (J, 3), positions in some
    pose; positions: (J, 3, N) and turns: (J, 4, N), from that pose, over the frames; ends: where End Sites are in that
    pose, (3,) by joint; roles: of the joints; notices: what the user should know; posed: whether `rest` is only one of
    the frames.
    """

    name: str
    parents: tuple[int, ...]
    rest: np.ndarray
    positions: np.ndarray
    turns: np.ndarray
    ends: Mapping[int, np.ndarray]
    roles: Mapping[str, int]
    notices: tuple[str, ...] = ()
    posed: bool = False


def of_motion(motion: bvh.Motion) -> Capture:
    """A BVH's motion at 30 fps; DatasetError where it is no body of a person."""
    name = motion.path.name if motion.path else "the motion"
    motion = bvh.resample(motion, layout.FPS)
    skeleton = motion.skeleton
    positions, turns = bvh.forward_kinematics(motion)
    offsets = skeleton.offsets.copy()
    for joint, channels in enumerate(skeleton.channels):
        if skeleton.parents[joint] >= 0 and any(channel.endswith("position") for channel in channels):
            offsets[joint] = np.median(bvh.local_positions(motion, joint), axis=1)
    rest = replace(skeleton, offsets=offsets).rest_positions()
    roles = _roles(skeleton, positions, turns)
    if not roles:
        raise DatasetError(
            f"{name}: no body of a person can be seen in its {len(skeleton.names)} joints; it takes a trunk and two "
            "arms that are alike, or names that say what the joints are"
        )
    ends = {joint: rest[joint] + offset for joint, offset in skeleton.ends.items()}
    return Capture(name, skeleton.parents, rest, positions, turns, ends, roles, motion.notices)


def of_positions(positions: np.ndarray, parents: Sequence[int], fps: float, name: str = "the positions") -> Capture:
    """Joint positions (N, J, 3), in any unit and axes, at 30 fps; DatasetError as of_motion."""
    array = np.asarray(positions, dtype=float)
    if array.ndim != 3 or array.shape[2] != 3 or not len(array) or array.shape[1] != len(parents):
        raise DatasetError(
            f"{name}: joint positions must have the shape (frames, {len(parents)} joints, 3), these have {array.shape}"
        )
    if not np.isfinite(array).all():
        raise DatasetError(f"{name}: holds NaN or infinity; fill the gaps first")
    order, above = _sorted(parents, name)
    places = _resampled(array[:, order], fps).transpose(1, 2, 0)
    roles = tree_roles.find(above, _some(places))
    if not roles:
        raise DatasetError(f"{name}: no body of a person can be seen in its {len(above)} joints and their parents")
    chosen = poses.standing_frame(places, roles)
    rest = places[:, :, chosen]
    return Capture(name, above, rest, places, _turns(above, rest, places), {}, roles, posed=True)


def _roles(skeleton: bvh.Skeleton, positions: np.ndarray, turns: np.ndarray) -> dict[str, int]:
    """By the names where they tell of a trunk, arms and legs; else by the tree. Empty where neither tells of arms."""
    named = joint_roles.classify(skeleton.names, skeleton.parents)
    upper = {"hips", "head", *(f"{part}.{side}" for part in ("upper_arm", "forearm") for side in "LR")}
    legs = {f"{part}.{side}" for part in ("thigh", "shin", "foot") for side in "LR"}
    if upper | legs <= named.keys():
        return named
    looked = _some(positions)
    ends = {joint: looked[joint] + rotations.rotate(_some(turns[joint]), end) for joint, end in skeleton.ends.items()}
    shaped = tree_roles.find(skeleton.parents, looked, ends)
    # An upper body alone keeps its names.
    return named if upper <= named.keys() and not legs & (named.keys() | shaped.keys()) else shaped


def _some(tracks: np.ndarray) -> np.ndarray:
    """Some frames of tracks (..., N)."""
    return tracks[..., :: max(1, tracks.shape[-1] // _LOOKS)]


def _turns(parents: Sequence[int], rest: np.ndarray, places: np.ndarray) -> np.ndarray:
    """How each joint is turned from a pose (J, 3) over positions (J, 3, N): (J, 4, N).

    A joint of several children has the rotation that fits them best (Kabsch), one of one child its parent's and the
    smallest swing from there.
    """
    count, frames = len(parents), places.shape[2]
    turns = np.zeros((count, 4, frames))
    for joint, parent in enumerate(parents):
        turns[joint] = turns[parent] if parent >= 0 else np.broadcast_to(rotations.IDENTITY, (4, frames))
        children = [child for child in range(count) if parents[child] == joint]
        start = rest[children] - rest[joint]
        children = [child for child, way in zip(children, start, strict=True) if np.linalg.norm(way) > 1e-9]
        start = rest[children] - rest[joint]
        end = places[children] - places[joint]
        if len(children) > 1 and np.linalg.matrix_rank(start, tol=1e-3 * np.abs(start).max()) > 1:
            turns[joint] = _best(start, end)
        elif children:
            now = rotations.rotate(turns[joint], start[0])
            turns[joint] = rotations.multiply(_swings(now, end[0]), turns[joint])
    return turns


def _best(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The rotations (4, N) that best turn (K, 3) into (K, 3, N)."""
    u, _, vt = np.linalg.svd(np.einsum("kan,kb->nab", end, start))
    u[:, :, -1] *= np.sign(np.linalg.det(u @ vt))[:, None]
    return rotations.same_hemisphere(np.concatenate([rotations.from_matrix(m) for m in u @ vt], axis=1))


def _swings(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotations (4, N) that turn the directions (3, N) into others (3, N)."""
    a, b = poses.direction(start), poses.direction(end)
    quaternions = np.concatenate((1.0 + np.einsum("an,an->n", a, b)[None], np.cross(a.T, b.T).T))
    opposite = quaternions[0] < 1e-9
    quaternions[:, opposite] = np.array([0.0, 1.0, 0.0, 0.0])[:, None]
    return quaternions / np.linalg.norm(quaternions, axis=0)


def _sorted(parents: Sequence[int], name: str) -> tuple[list[int], tuple[int, ...]]:
    """Joints with parents before children, as an order, and their parents in it; DatasetError where it is no tree."""
    known = [int(parent) for parent in parents]
    order = [joint for joint, parent in enumerate(known) if parent < 0]
    if len(order) != 1:
        raise DatasetError(f"{name}: {len(order)} joints have no parent (-1); a skeleton has one root")
    for joint in order:  # grows while it is read
        order += [child for child, parent in enumerate(known) if parent == joint]
    if len(order) != len(known):
        raise DatasetError(f"{name}: its parents are no tree of {len(known)} joints")
    place = {joint: n for n, joint in enumerate(order)}
    return order, tuple(place[known[joint]] if known[joint] >= 0 else -1 for joint in order)


def _resampled(positions: np.ndarray, fps: float) -> np.ndarray:
    """Positions (N, J, 3) at 30 fps, linearly."""
    if not 0 < fps < 10_000:
        raise DatasetError(f"{fps} frames a second are none")
    count = bvh.resampled_length(len(positions), 1.0 / fps, layout.FPS)
    where = np.minimum(np.arange(count) * fps / layout.FPS, len(positions) - 1)
    below = where.astype(int)
    above = np.minimum(below + 1, len(positions) - 1)
    part = (where - below)[:, None, None]
    return positions[below] * (1 - part) + positions[above] * part
