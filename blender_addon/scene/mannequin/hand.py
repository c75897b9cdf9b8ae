"""The mannequin's hands: a palm and five fingers where the skeleton has them, else a mitten; numpy alone."""

from __future__ import annotations

import numpy as np

from ...dataset import joint_roles
from ..implicit import along, intersect, mesh, smoothstep, tube, union
from ..model_pose import ModelPose, palm_normal, tip
from .weights import chain

_RADII = {"thumb": 0.0105, "index": 0.0085, "middle": 0.0087, "ring": 0.0083, "pinky": 0.0073}
_STEP = 0.0074


def build(pose: ModelPose, side: str, size: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A hand in the modelling pose: vertices (V, 3) m, quads (Q, 4), weights (V, J). size: 1 for 1.75 m."""
    fingers = _fingers(pose, side, size)
    hand = pose.rest.roles[f"hand.{side}"]
    wrist = pose.heads[hand]
    elbow = pose.head(f"forearm.{side}") if f"forearm.{side}" in pose.rest.roles else wrist + np.array((0, 0, 0.2))
    axis = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    flat = pose.turns[hand] @ palm_normal(pose.rest, side)
    if len(fingers) < 3:
        fingers = {}
        shapes = _mitten(pose, hand, size, np.cross(flat, axis), axis)
    else:
        shapes = _palm(fingers, wrist, size)
    tubes = [(line, np.linspace(0, len(line) - 1, 4), radii) for line, radii in shapes]

    def field(points: np.ndarray) -> np.ndarray:
        # Everything is flattened about the palm's plane, thumb and fingers included, as hands are.
        value = np.full(len(points), 1.0)
        for n, (line, stations, radii) in enumerate(tubes):
            value = union(
                value,
                tube(points, line, stations, radii),
                0.016 * size if n < len(tubes) - len(fingers) else 0.007 * size,
            )
        arm = tube(
            points,
            np.array((wrist - axis * 0.05 * size, wrist)),
            np.array((0.0, 1.0)),
            np.array((0.026, 0.0245)) * size,
        )
        return intersect(union(value, arm, 0.03 * size), (wrist - points) @ axis - 0.04 * size, 0.006 * size)

    everything = np.concatenate([line for line, _, _ in tubes] + [[wrist - axis * 0.05 * size]])
    low, high = everything.min(axis=0) - 0.035 * size, everything.max(axis=0) + 0.035 * size
    vertices, faces = mesh(field, low, high, _STEP * size)
    return vertices, faces, _weights(pose, side, vertices, fingers, axis, size)


def _fingers(pose: ModelPose, side: str, size: float) -> dict[str, tuple[list[int], np.ndarray]]:
    """Per finger its joints and their line with the tip, (K + 1, 3)."""
    roles = pose.rest.roles
    found = {}
    for finger in joint_roles.FINGERS:
        joints = [roles[role] for n in (1, 2, 3) if (role := f"{finger}.{n}.{side}") in roles]
        if len(joints) < 2:
            continue
        last = float(np.linalg.norm(pose.rest.heads[joints[-1]] - pose.rest.heads[joints[-2]]))
        end = pose.moved(joints[-1], tip(pose.rest, joints[-1], max(0.75 * last, 0.018 * size)))
        found[finger] = (joints, np.vstack((pose.heads[joints], end)))
    return found


def _palm(fingers: dict, wrist: np.ndarray, size: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Bones of the palm, then the fingers: lines with four radii each."""
    bones, tubes = [], []
    for name, (_, line) in fingers.items():
        radius = _RADII[name] * size
        end = line[-1] + (line[-2] - line[-1]) / np.linalg.norm(line[-1] - line[-2]) * radius * 0.6
        if name == "thumb":
            # The thumb's first joint lies at the wrist in some skeletons: its ball is a part of the palm.
            start = wrist + (line[1] - wrist) * 0.25
            bones.append((np.array((start, line[1])), np.array((1.45, 1.75, 1.5, 1.15)) * radius))
            tubes.append((np.vstack((line[1:-1], end)), np.array((1.12, 1.08, 1.0, 0.82)) * radius))
        else:
            start = wrist + (line[0] - wrist) * 0.12
            bones.append((np.array((start, line[0])), np.array((1.5, 1.6, 1.5, 1.15)) * radius))
            tubes.append((np.vstack((line[:-1], end)), np.array((1.1, 1.02, 0.96, 0.8)) * radius))
    return bones + tubes


def _mitten(pose: ModelPose, hand: int, size: float, across: np.ndarray, axis: np.ndarray) -> list:
    """A hand without finger joints: fingers held together, a thumb beside them."""
    wrist = pose.heads[hand]
    end = pose.moved(hand, tip(pose.rest, hand, 0.17 * size))
    length = float(np.linalg.norm(end - wrist))
    direction = (end - wrist) / length if length > 0.05 * size else axis
    length = float(np.clip(length, 0.14 * size, 0.20 * size))
    across = across - direction * (across @ direction)
    across /= np.linalg.norm(across)
    shapes = []
    for aside, reach, radius in (
        (0.026, 0.93, 0.0095),
        (0.009, 1.0, 0.0098),
        (-0.009, 0.96, 0.0095),
        (-0.026, 0.80, 0.0085),
    ):
        knuckle = wrist + direction * 0.5 * length + across * aside * size
        finger = wrist + direction * (reach * length - 0.01 * size) + across * aside * 1.12 * size
        shapes.append((np.array((wrist + across * aside * 0.4 * size, knuckle, finger)),
                       np.array((1.6, 1.45, 1.1, 0.8)) * radius * size))  # fmt: skip
    thumb = wrist + direction * 0.2 * length + across * 0.026 * size
    shapes.append((np.array((thumb, thumb + (direction * 0.055 + across * 0.026) * size)),
                   np.array((1.6, 1.3, 1.1, 0.9)) * 0.0105 * size))  # fmt: skip
    return shapes


def _weights(
    pose: ModelPose, side: str, points: np.ndarray, fingers: dict, axis: np.ndarray, size: float
) -> np.ndarray:
    roles, hand = pose.rest.roles, pose.rest.roles[f"hand.{side}"]
    weights = np.zeros((len(points), len(pose.heads)))
    reaches = {name: along(points, line)[0] for name, (_, line) in fingers.items()}
    nearness = {}
    if reaches:
        # Fingers part sharply; where flesh is thick, about the thumb's ball, one goes over into the other.
        closest = np.min(list(reaches.values()), axis=0)
        softness = 0.0022 * size + 0.4 * np.maximum(closest - 0.010 * size, 0.0)
        nearness = {name: np.exp((closest - reach) / softness) for name, reach in reaches.items()}
    total = sum(nearness.values())
    weights[:, hand] = 1.0
    for name, (joints, line) in fingers.items():
        share = nearness[name] / total
        before = line[0] - (line[1] - line[0])
        lengths = np.linalg.norm(np.diff(line, axis=0), axis=1)
        reach = [0.011 * size, *(np.minimum(0.010 * size, 0.45 * np.minimum(lengths[:-1], lengths[1:])))]
        bent = chain(points, np.vstack((before, line)), reach)
        weights[:, joints] += share[:, None] * bent[:, 1:]
        weights[:, hand] -= share * bent[:, 1:].sum(axis=1)
    forearm = roles.get(f"forearm.{side}")
    if forearm is not None:
        beyond = smoothstep(-0.02 * size, 0.016 * size, (points - pose.heads[hand]) @ axis)
        weights *= beyond[:, None]
        weights[:, forearm] += 1.0 - beyond
    return weights
