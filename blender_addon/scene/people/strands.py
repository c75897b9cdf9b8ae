"""Locks of hair that lie on a head: where its surface is, how they run along it, their form; numpy alone.

Everything here is in head space: the origin in the middle of the head at the height of the eyes, -Y in front, +X to
the person's left, and a head of average size (see `hair.Head`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_COLUMNS, _ROWS = 48, 44
#: The lowest place of the hull's map, in its rows' coordinate: 0.17 m below the eyes.
_LOWEST = -1.7
#: The directions of a lock's four edges: a broad back, its edges turned down.
_EDGES = np.radians((-20.0, 55.0, 125.0, 200.0))
_SIDES = len(_EDGES)


class Hull:
    """How far the head's surface is from the middle: from a point above the eyes, from the upright below them."""

    def __init__(self, points: np.ndarray, *, hanging: bool = False) -> None:
        """points: (V, 3) on the surface; hanging: nothing below the widest place is narrower (hair hangs from it)."""
        row, column, radius = _place(points)
        grid = np.full((_ROWS, _COLUMNS), np.nan)
        levels = np.linspace(_LOWEST, 1.0, _ROWS)
        turns = np.arange(_COLUMNS) * (2 * np.pi / _COLUMNS)
        for r, level in enumerate(levels):
            high = np.abs(row - level) < 0.10
            for c, turn in enumerate(turns):
                # Meridians meet at the crown.
                reach = 0.16 / max(np.cos(np.clip(level, 0, 1) * np.pi / 2), 0.15)
                near = high & (np.abs((column - turn + np.pi) % (2 * np.pi) - np.pi) < reach)
                if near.any():
                    grid[r, c] = np.sort(radius[near])[-3:].mean()
        for r in range(_ROWS - 2, -1, -1):
            grid[r] = np.where(np.isnan(grid[r]), grid[r + 1], grid[r])
        grid = np.where(np.isnan(grid), np.nanmean(grid[-6:]), grid)
        if hanging:
            for r in range(_ROWS - 2, -1, -1):
                if levels[r] < 0.15:
                    grid[r] = np.maximum(grid[r], grid[r + 1] - 0.0006)
        for _ in range(2):
            across = (np.roll(grid, 1, axis=1) + np.roll(grid, -1, axis=1)) / 2
            tall = np.pad(grid, ((1, 1), (0, 0)), mode="edge")
            grid = 0.5 * grid + 0.25 * across + 0.125 * (tall[:-2] + tall[2:])
        self._grid = grid

    def radius(self, points: np.ndarray) -> np.ndarray:
        """The surface's distance in the direction of each point (N, 3), m (N,)."""
        row, column, _ = _place(points)
        y = np.clip((row - _LOWEST) / (1 - _LOWEST) * (_ROWS - 1), 0, _ROWS - 1.001)
        x = column / (2 * np.pi) * _COLUMNS % _COLUMNS
        r, c = y.astype(int), x.astype(int) % _COLUMNS
        b, a = y - r, x - x.astype(int)
        right = (c + 1) % _COLUMNS
        low = self._grid[r, c] * (1 - a) + self._grid[r, right] * a
        return low * (1 - b) + (self._grid[r + 1, c] * (1 - a) + self._grid[r + 1, right] * a) * b

    def at(self, points: np.ndarray, lift: np.ndarray | float) -> np.ndarray:
        """The points (N, 3) moved to `lift` m above the surface."""
        way, length = _outwards(points)
        return points + way * (self.radius(points) + lift - length)[:, None]


def _place(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row coordinate (elevation over 90 degrees above the eyes, height in 0.1 m below), turn and distance, (N,)."""
    flat = np.hypot(points[:, 0], points[:, 1])
    up = np.degrees(np.arctan2(points[:, 2], np.maximum(flat, 1e-9))) / 90
    row = np.where(points[:, 2] > 0, up, points[:, 2] / 0.1)
    turn = np.arctan2(points[:, 0], -points[:, 1]) % (2 * np.pi)
    return row, turn, _outwards(points)[1]


def _outwards(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit direction from the middle, or from the upright below it, and the distance."""
    way = points * np.array((1.0, 1.0, 0.0)) + np.maximum(points, 0) * np.array((0.0, 0.0, 1.0))
    length = np.linalg.norm(way, axis=1)
    return way / np.maximum(length, 1e-9)[:, None], length


@dataclass(frozen=True)
class Locks:
    """lines: (N, T, 3) m from root to tip; width, thickness: (T,) or (N, T) m at each place of the line."""

    lines: np.ndarray
    width: np.ndarray
    thickness: np.ndarray


def grow(
    hull: Hull, roots: np.ndarray, ways: np.ndarray, lengths: np.ndarray, *,
    steps: int, lift: np.ndarray, gravity: float = 0.0, bend: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Lines (N, steps + 1, 3) along the surface from roots (N, 3).

    ways: (N, 3) first directions; lengths: (N,) m; lift: (steps + 1,) or (N, steps + 1) m above the surface; gravity:
    how much of each direction becomes downwards within 0.1 m; bend: (N, 3) a pull of the same kind.
    """
    lift = np.broadcast_to(lift, (len(roots), steps + 1))
    place = hull.at(roots, lift[:, 0])
    way = ways / np.linalg.norm(ways, axis=1, keepdims=True)
    step = lengths / steps
    pull = np.array((0.0, 0.0, -gravity)) + (0.0 if bend is None else bend)
    line = [place]
    for n in range(steps):
        way = way + pull * (step / 0.1)[:, None]
        outwards = _outwards(place)[0]
        way = way - outwards * (way * outwards).sum(axis=1, keepdims=True)
        way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
        place = hull.at(place + way * step[:, None], lift[:, n + 1])
        line.append(place)
    return np.stack(line, axis=1)


def arcs(hull: Hull, roots: np.ndarray, end: np.ndarray, *, steps: int, lift: np.ndarray) -> np.ndarray:
    """Lines (N, steps + 1, 3) on the shortest way along the surface from roots (N, 3) to one end (3,)."""
    a, b = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in (roots, end[None]))
    angle = np.arccos(np.clip((a * b).sum(axis=1), -1, 1))[:, None]
    shares = np.linspace(0, 1, steps + 1)
    lift = np.broadcast_to(lift, (len(roots), steps + 1))
    line = []
    for n, share in enumerate(shares):
        way = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.maximum(np.sin(angle), 1e-6)
        # The way is by angle; its points may be below the eyes, where the hull is an upright's.
        line.append(hull.at(way * 0.1, lift[:, n]))
    return np.stack(line, axis=1)


def tubes(locks: Locks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (P, 3), quads (Q, 4) and the lock (Q,) of each quad: flat tubes along the lines, closed at both ends."""
    lines = locks.lines
    count, places = lines.shape[:2]
    along = np.gradient(lines, axis=1)
    along = along / np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-9)
    outwards = _outwards(lines.reshape(-1, 3))[0].reshape(lines.shape)
    across = np.cross(along, outwards)
    across = across / np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-9)
    upwards = np.cross(across, along)
    width = np.broadcast_to(locks.width, (count, places))[:, :, None, None] / 2
    thick = np.broadcast_to(locks.thickness, (count, places))[:, :, None, None] / 2
    ring = across[:, :, None] * np.cos(_EDGES)[:, None] * width + upwards[:, :, None] * np.sin(_EDGES)[:, None] * thick
    points = (lines[:, :, None] + ring).reshape(-1, 3)
    index = np.arange(count * places * _SIDES).reshape(count, places, _SIDES)
    after = np.roll(index, -1, axis=2)
    sides = np.stack((index[:, :-1], index[:, 1:], after[:, 1:], after[:, :-1]), axis=-1)
    quads = [sides.reshape(-1, 4)]
    owners = [np.repeat(np.arange(count), (places - 1) * _SIDES)]
    for ends in (index[:, 0], index[:, -1][:, ::-1]):
        quads.append(ends)
        owners.append(np.arange(count))
    return points, np.concatenate(quads), np.concatenate(owners)
