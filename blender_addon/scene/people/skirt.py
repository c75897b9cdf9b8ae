"""A skirt to above the knee and the legs below it, over a fitted body in its A-pose; numpy alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import sheet, surface
from .sheet import Sheet

#: Metres in a person of 1.75 m: the hem above the knee, how far legs go up under it and, below the ankle's joint, into
#: a shoe, how far the skirt lies above the body under the jumper and, at least, over the thighs.
_KNEE, _UNDER, _SHOD, _NEAR, _FREE = 0.045, 0.10, 0.012, 0.0, 0.018
#: Where a panel across a step begins and ends beside the middle, how far below the jumper's hem it begins, and how far
#: its ends lie within the skirt at the hem and at its top, metres.
_EDGE, _OUTER, _BEGIN, _WITHIN = 0.022, 0.155, 0.05, (0.050, 0.055)
#: How many places it has across and down.
_GRID = 9
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
    part = replace(part, points=points, weights=weights)
    return sheet.join(sheet.hem(part, 0.008 * size), across(part, hips, size))


def across(cloth: Sheet, hips: float, size: float) -> Sheet:
    """Four panels that span from the inner edge of one thigh's half of a skirt to the outside of the other's, before
    the thighs and behind them. Within the skirt while one stands, they come out where one thigh is ahead of the other
    and the two halves alone would look like trousers."""
    return sheet.join(*(_panel(cloth, hips, size, side, front) for side in (1.0, -1.0) for front in (True, False)))


def _panel(cloth: Sheet, hips: float, size: float, side: float, front: bool) -> Sheet:
    """One of them. side: 1 from the left half, -1 from the right; front: before the thighs, else behind them."""
    heights = np.linspace(hips - _BEGIN * size, cloth.points[:, 2].min() + 0.001, _GRID)
    middle = cloth.points[:, 1].mean()
    far = (-0.3 if front else 0.3) * size
    ends = []
    for x, y in ((_EDGE * side, far), (-_OUTER * side, 0.0)):
        wanted = np.stack((np.full(_GRID, x * size), np.full(_GRID, middle + y), heights), axis=1)
        ends.append(_on(cloth, wanted, front, size))
    shares = np.linspace(0, 1, _GRID)[:, None, None]
    points, weights = ((1 - shares) * a + shares * b for a, b in zip(*ends, strict=True))
    index = np.arange(_GRID**2).reshape(_GRID, _GRID)
    faces = np.stack((index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]), axis=-1).reshape(-1, 4)
    faces = faces if (side > 0) == front else faces[:, ::-1]
    return Sheet(points.reshape(-1, 3), faces, np.zeros(len(faces), dtype=np.int64), weights.reshape(_GRID**2, -1),
                 np.zeros((0, _GRID**2, 3)))  # fmt: skip


def _on(cloth: Sheet, wanted: np.ndarray, front: bool, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Places (N, 3) a little within the front or the back of the cloth, nearest to the wanted ones across, and their
    weights (N, J)."""
    there = cloth.points[cloth.faces].mean(axis=1)[:, 1] < cloth.points[:, 1].mean()
    half = sheet.take(cloth, there == front)
    # Deepest at its top, so that it comes out from the hem upwards.
    depth = np.interp(half.points[:, 2], (wanted[-1, 2], wanted[0, 2]), _WITHIN)[:, None]
    inner = half.points - sheet.normals(half.points, half.faces) * depth * size
    place = wanted.copy()
    for _ in range(6):
        corners, parts = surface.closest(place, inner, half.faces)
        found = np.einsum("nk,nkx->nx", parts, inner[corners])
        place[:, 1] = found[:, 1]
    return found, np.einsum("nk,nkj->nj", parts, half.weights[corners])


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
