"""Which joints the mannequin's vertices follow, and how much: smooth blends at every joint; numpy alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ...dataset import joint_roles
from ..implicit import smoothstep
from .measures import Measures

_LEAST = 0.004


def tidy(weights: np.ndarray) -> np.ndarray:
    """Weights (V, J) without traces, each row summing to 1."""
    weights = np.where(weights < _LEAST, 0.0, weights)
    return weights / weights.sum(axis=1, keepdims=True)


def chain(points: np.ndarray, line: np.ndarray, reach: Sequence[float]) -> np.ndarray:
    """Weights (N, K) of joints in a row for points (N, 3).

    line: (K + 1, 3) joint positions and the end of the last; reach: (K - 1,) half the width of the blend about
    the plane through each joint but the first, in metres.
    """
    passed = [np.ones(len(points))]
    steps = np.diff(line, axis=0)
    steps = steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-9)
    for joint, width in enumerate(reach, 1):
        normal = steps[joint - 1] + steps[joint]
        normal = normal / max(np.linalg.norm(normal), 1e-9)
        beyond = smoothstep(-width, width, (points - line[joint]) @ normal)
        passed.append(np.minimum(beyond, passed[-1]))
    passed.append(np.zeros(len(points)))
    return -np.diff(np.stack(passed, axis=1), axis=1)


def trunk(
    body: Measures,
    points: np.ndarray,
    field: Callable[[np.ndarray], np.ndarray],
    arms: Mapping[str, tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]],
) -> np.ndarray:
    """Weights (N, J) of the upper garment.

    field: distance to the trunk; arms: per side the line shoulder, elbow, wrist (3, 3) and its distance field.
    """
    roles, size = body.pose.rest.roles, body.size
    weights = lower(body, points)
    to_trunk = field(points)
    for side, (line, to_arm) in arms.items():
        outwards = 1.0 if side == "L" else -1.0
        collar = roles.get(f"shoulder.{side}")
        if collar is not None:
            reach = abs(line[0, 0] - body.spine[-1, 0])
            share = smoothstep(0.3 * reach, 0.85 * reach, (points[:, 0] - body.spine[-1, 0]) * outwards)
            share *= smoothstep(-0.16 * size, -0.03 * size, points[:, 2] - line[0, 2])
            weights *= (1.0 - share)[:, None]
            weights[:, collar] += share
        share = smoothstep(-0.042 * size, 0.042 * size, to_trunk - to_arm(points) + 0.010 * size)
        share *= (points[:, 0] - body.spine[-1, 0]) * outwards > 0
        # On top, the yoke stays behind where the arm drops; below, the armpit folds further in.
        axis = (line[1] - line[0]) / np.linalg.norm(line[1] - line[0]) + (outwards, 0.0, 0.0)
        share *= smoothstep(-0.030 * size, 0.035 * size, (points - line[0]) @ axis / np.linalg.norm(axis))
        joints = [roles[f"{role}.{side}"] for role in ("upper_arm", "forearm", "hand")]
        onwards = np.vstack((line, 2 * line[2] - line[1]))
        weights *= (1.0 - share)[:, None]
        weights[:, joints] += share[:, None] * chain(points, onwards, (0.038 * size, 0.018 * size))
    return weights


def spine(body: Measures, points: np.ndarray) -> np.ndarray:
    """Weights (N, J) of hips, spine, neck and head alone."""
    roles = body.pose.rest.roles
    joints = [roles["hips"], *joint_roles.chain_of(roles, "spine")]
    neck = joint_roles.chain_of(roles, "neck")
    joints += [*neck, roles["head"]]
    line = body.pose.heads[joints]
    line = np.vstack((line, line[-1] + (0.0, 0.0, 0.15 * body.size)))
    lengths = np.linalg.norm(np.diff(line, axis=0), axis=1)
    reach = np.maximum(0.65 * np.minimum(lengths[:-1], lengths[1:]), 0.012 * body.size)
    weights = np.zeros((len(points), len(body.pose.heads)))
    weights[:, joints] = chain(points, line, reach)
    return weights


def neck(body: Measures, points: np.ndarray) -> np.ndarray:
    """Weights (N, J) of the neck."""
    return spine(body, points)


def lower(body: Measures, points: np.ndarray) -> np.ndarray:
    """Weights (N, J) of trunk and legs, arms left out."""
    roles, size = body.pose.rest.roles, body.size
    weights = spine(body, points)
    sides = [side for side in "LR" if f"thigh.{side}" in roles]
    middle = np.mean([body.pose.head(f"thigh.{side}")[0] for side in sides]) if sides else 0.0
    for side in sides:
        outwards = 1.0 if side == "L" else -1.0
        legs = [f"{role}.{side}" for role in ("thigh", "shin", "foot")]
        joints = [roles[role] for role in legs if role in roles]
        line = body.pose.heads[joints]
        line = np.vstack((line, line[-1] - (0.0, 0.0, 0.1 * size)))
        offset = points - line[0]
        # The seat stays with the hips further down than the front, where a sitting body folds.
        share = smoothstep(0.055 * size, -0.085 * size, offset[:, 2] + 0.35 * np.maximum(offset[:, 1], 0.0))
        share *= smoothstep(-0.022 * size, 0.022 * size, (points[:, 0] - middle) * outwards)
        weights *= (1.0 - share)[:, None]
        weights[:, joints] += share[:, None] * chain(points, line, [0.05 * size, 0.025 * size][: len(joints) - 1])
    return weights
