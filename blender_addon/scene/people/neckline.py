"""The band round a jumper's neck: a smooth curve, however coarse the cloth is that it covers; numpy alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import sheet, surface
from .sheet import Sheet

#: Places round the neck, and how many waves there may be of a curve through them.
_PLACES, _WAVES = 52, 4
#: How far the band reaches above the end of the cloth and below it, m.
_ABOVE, _BELOW = 0.004, 0.013
#: The band's outline, from the outside below over its edge to the inside: places from its lower (0) to its upper edge
#: (1), and how far outside the cloth each is, m.
_OUTLINE = (
    (0.0, -0.0015), (0.02, 0.0022), (0.5, 0.0030), (0.92, 0.0026), (1.04, 0.0008), (1.0, -0.0022), (0.3, -0.0030),
)  # fmt: skip


def band(cloth: Sheet, depth: np.ndarray, middle: np.ndarray, skin: Sheet, size: float) -> Sheet:
    """The band of a jumper that is not cut yet.

    depth: (V,) of its vertices above the line where it will be cut, m; middle: (3,) of the neck; skin: what it must
    keep off; size: of the body against an average one.
    """
    turns = np.arange(_PLACES) * (2 * np.pi / _PLACES)
    upper, lower = (_curve(cloth, depth + below * size, middle, turns) for below in (-_ABOVE, _BELOW))
    along = np.roll(upper, -1, axis=0) - np.roll(upper, 1, axis=0)
    outwards = np.cross(along, upper - lower)
    outwards = outwards / np.linalg.norm(outwards, axis=1, keepdims=True)
    points = np.stack([lower + (upper - lower) * share + outwards * out * size for share, out in _OUTLINE])
    room = np.maximum(_room(points[-3:], skin, 0.0025 * size), _room(points[1:4], cloth, 0.0018 * size))
    points = points + outwards * _averaged(room[:, None], 8)
    index = np.arange(points.shape[0] * _PLACES).reshape(-1, _PLACES)
    after = np.roll(index, -1, axis=1)
    faces = np.stack((index[:-1], after[:-1], after[1:], index[1:]), axis=-1).reshape(-1, 4)
    ends = []
    for line in (lower, upper):
        corners, shares = surface.closest(line, cloth.points, cloth.faces)
        ends.append(_averaged(np.einsum("nk,nkj->nj", shares, cloth.weights[corners]), 2))
    weights = np.concatenate([ends[0] + (ends[1] - ends[0]) * np.clip(share, 0, 1) for share, _ in _OUTLINE])
    return Sheet(
        points.reshape(-1, 3), faces, np.zeros(len(faces), dtype=np.int64), weights,
        np.zeros((0, points.size // 3, 3)),
    )  # fmt: skip


def _curve(cloth: Sheet, field: np.ndarray, middle: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """The line (N, 3) on a cloth where a field (V,) is 0, at turns (N,) round the upright through a middle (3,)."""
    parts, _, values = sheet.split(replace(cloth, keys=cloth.keys[:0]), field)
    way = parts.points[np.abs(values) < 1e-12] - middle
    flat = np.hypot(way[:, 0], way[:, 1])
    near = flat < 0.13
    way, flat = way[near], flat[near]
    around = _waves(np.arctan2(way[:, 0], -way[:, 1]))
    fitted = np.linalg.lstsq(around, np.column_stack((flat, way[:, 2])), rcond=None)[0]
    radius, height = (_waves(turns) @ fitted).T
    return middle + np.stack((np.sin(turns) * radius, -np.cos(turns) * radius, height), axis=1)


def _waves(turns: np.ndarray) -> np.ndarray:
    """Even waves (N, _WAVES + 1): the band is the same on both sides."""
    return np.cos(turns[:, None] * np.arange(_WAVES + 1))


def _room(points: np.ndarray, below: Sheet, least: float) -> np.ndarray:
    """How far outwards rows (R, N, 3) of a band have to go at each place (N,) to stay `least` m above a surface."""
    flat = points.reshape(-1, 3)
    corners, shares = surface.closest(flat, below.points, below.faces)
    place = np.einsum("nk,nkx->nx", shares, below.points[corners])
    normal = np.einsum("nk,nkx->nx", shares, sheet.normals(below.points, below.faces)[corners])
    short = np.maximum(least - ((flat - place) * normal).sum(axis=1), 0.0).reshape(len(points), -1).max(axis=0)
    return np.max([np.roll(short, n) for n in range(-3, 4)], axis=0)


def _averaged(values: np.ndarray, rounds: int) -> np.ndarray:
    """Values (N, C) round a ring, each drawn to its neighbours' middle."""
    for _ in range(rounds):
        values = 0.5 * values + 0.25 * (np.roll(values, 1, axis=0) + np.roll(values, -1, axis=0))
    return values
