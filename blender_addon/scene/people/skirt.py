"""A skirt to above the knee and the legs below it, over a fitted body in its A-pose; numpy alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import sheet
from .sheet import Sheet

#: Metres in a person of 1.75 m: the hem above the knee, how far legs go up under it and, below the ankle's joint, into
#: a shoe, how far the skirt lies above the body under the jumper and, at least, over the thighs.
_KNEE, _UNDER, _SHOD, _NEAR, _FREE = 0.045, 0.10, 0.012, 0.0, 0.018
#: How often the skirt's weights are smoothed: between the thighs it hangs on both.
_ROUNDS = 2


def skirt(helper: Sheet, tights: Sheet, hips: float, knee: float, size: float, thighs: dict[int, int]) -> Sheet:
    """The skirt, unpainted, from under the jumper to above the knee.

    helper: the data's long skirt; tights: the data's tights, whose weights at the hips the jumper has too; hips, knee:
    heights, m; thighs: {joint or bone below the knee: the thigh's}: the skirt does not follow shins.
    """
    part = replace(helper, keys=helper.keys[:0])
    part = sheet.cut(part, hips + 0.08 * size - part.points[:, 2])
    part = sheet.cut(part, part.points[:, 2] - hem_line(knee, size))
    calm = sheet.smooth(tights.points, tights.faces, 6, 0.5)
    normal = sheet.normals(calm, tights.faces)
    trunk = np.flatnonzero((tights.points[:, 2] < hips + 0.2 * size) & (np.abs(tights.points[:, 0]) < 0.3 * size))
    points = part.points.copy()
    below = np.clip((hips - 0.01 * size - points[:, 2]) / (0.06 * size), 0, 1)
    for row in range(len(points)):
        near = _nearest(tights.points[trunk], points[row], 3)
        depth = ((points[row] - tights.points[trunk[near]]) * normal[trunk[near]]).sum(axis=1).min()
        under, over = _NEAR * size, max(_FREE * size, depth)
        wanted = under + (over - under) * below[row]
        points[row] += normal[trunk[near]].mean(axis=0) * (wanted - depth)
    points = sheet.smooth(points, part.faces, 3, 0.4)
    weights = np.zeros_like(part.weights)
    for row in range(len(points)):
        near = trunk[_nearest(tights.points[trunk], points[row], 4)]
        share = 1 / np.maximum(np.linalg.norm(tights.points[near] - points[row], axis=1), 0.004)
        weights[row] = share @ tights.weights[near] / share.sum()
    for column, thigh in thighs.items():
        weights[:, thigh] += weights[:, column]
        weights[:, column] = 0.0
    used = np.flatnonzero(weights.any(axis=0))
    weights[:, used] = sheet.smooth(weights[:, used], part.faces, _ROUNDS, 0.5 * below)
    return sheet.hem(replace(part, points=points, weights=weights), 0.008 * size)


def legs(tights: Sheet, knee: float, ankle: float, size: float, arms: np.ndarray) -> Sheet:
    """The legs from a little under the skirt into the shoes, whose soles they would come through; knee, ankle: heights,
    m; arms: (V,), large on the arms."""
    part = replace(tights, keys=tights.keys[:0])
    points = part.points + sheet.normals(part.points, part.faces) * (0.001 * size)
    part = sheet.cut(replace(part, points=points), hem_line(knee, size) + _UNDER * size - points[:, 2] - arms)
    return sheet.cut(part, part.points[:, 2] - (ankle - _SHOD * size))


def hem_line(knee: float, size: float) -> float:
    """The height of the skirt's hem in the A-pose, m."""
    return knee + _KNEE * size


def _nearest(points: np.ndarray, place: np.ndarray, count: int) -> np.ndarray:
    return np.argpartition(((points - place) ** 2).sum(axis=1), count)[:count]
