"""Strands of hair on a head: where its surface is, how they run along it, their form; numpy alone.

Everything here is in head space: the origin in the middle of the head at the height of the eyes, -Y in front, +X to
the person's left, and a head of average size (see `hair.Head`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_COLUMNS, _ROWS = 48, 44
#: The lowest place of the hull's map, in its rows' coordinate: 0.17 m below the eyes.
_LOWEST = -1.7


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


def grow(
    hull: Hull, roots: np.ndarray, ways: np.ndarray, lengths: np.ndarray, *,
    shares: np.ndarray, lift: np.ndarray, gravity: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """Lines (N, T, 3) along the surface from roots (N, 3).

    ways: (N, 3) first directions; lengths: (N,) m; shares: (T,) of its length where a line has its places, from 0 to
    1; lift: (T,) or (N, T) m above the surface; gravity: how much of each direction becomes downwards within 0.1 m.
    """
    lift = np.broadcast_to(lift, (len(roots), len(shares)))
    place = hull.at(roots, lift[:, 0])
    way = ways / np.linalg.norm(ways, axis=1, keepdims=True)
    pull = np.array((0.0, 0.0, -gravity))
    line = [place]
    for n, share in enumerate(np.diff(shares)):
        step = lengths * share
        way = way + pull * (step / 0.1)[:, None]
        outwards = _outwards(place)[0]
        way = way - outwards * (way * outwards).sum(axis=1, keepdims=True)
        way = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
        place = hull.at(place + way * step[:, None], lift[:, n + 1])
        line.append(place)
    return np.stack(line, axis=1)


@dataclass(frozen=True)
class Mesh:
    """points: (P, 3) m; faces: (F, 4), a triangle repeats its last corner; strips, rows: (F,) which strand a face is
    of, and its place along it from the root."""

    points: np.ndarray
    faces: np.ndarray
    strips: np.ndarray
    rows: np.ndarray


def trimmed(lines: np.ndarray, shares: np.ndarray, lowest: np.ndarray) -> np.ndarray:
    """Lines (N, T, 3) with places at shares (T,) of them, cut where they come below a height (N,), with as many places
    as before."""
    result = np.empty_like(lines)
    for n, line in enumerate(lines):
        below = np.flatnonzero(line[:, 2] < lowest[n])
        end = 1.0
        if len(below) and below[0] > 0:
            b = below[0]
            part = (line[b - 1, 2] - lowest[n]) / (line[b - 1, 2] - line[b, 2])
            end = shares[b - 1] + part * (shares[b] - shares[b - 1])
        for axis in range(3):
            result[n, :, axis] = np.interp(shares * end, shares, line[:, axis])
    return result


def columns(count: int, rng: np.random.Generator) -> np.ndarray:
    """Where `count` strands of uneven widths have their borders and middles, from 0 up to 1 (2 * count,)."""
    borders = np.concatenate(([0.0], np.cumsum(rng.uniform(0.6, 1.4, count))))
    borders = borders / borders[-1]
    return np.stack((borders[:-1], (borders[:-1] + borders[1:]) / 2), axis=1).ravel()


def fluted(lines: np.ndarray, depth: np.ndarray | float, rng: np.random.Generator, *, closed: bool,
           pole: bool = False, rounds: int = 2) -> Mesh:  # fmt: skip
    """A surface of strands side by side: between any two of them it has a groove.

    lines: (N, T, 3) m, by turns a border and a middle of a strand, the last one a border if the surface is not
    closed; depth: (T,) m of the grooves, which narrow strands have less of; pole: all lines end in one place; rounds:
    how often the lines are smoothed first.
    """
    count, places = lines.shape[:2]
    lines = _eased(lines, rounds, closed=closed)
    along = np.gradient(lines, axis=1)
    wide = np.roll(lines, -1, axis=0) - np.roll(lines, 1, axis=0)
    if not closed:
        wide[0], wide[-1] = lines[1] - lines[0], lines[-1] - lines[-2]
    outwards = np.cross(wide, along)
    outwards = outwards / np.maximum(np.linalg.norm(outwards, axis=2, keepdims=True), 1e-9)
    inwards = (outwards * (lines - lines.mean(axis=(0, 1)))).sum() < 0
    if inwards:
        outwards = -outwards
    middle = np.arange(count) % 2 == 1
    # Grooves come and go along the hair, so that strands part and join.
    knots = rng.uniform(0.2, 1.0, (count, 4))
    where = np.linspace(0, 3, places)
    height = np.stack([np.interp(where, range(4), row) for row in knots]) * np.where(middle, 0.5, -0.9)[:, None]
    height = height * np.minimum(depth, 0.32 * np.linalg.norm(wide, axis=2))
    points = lines + outwards * height[..., None]
    index = np.arange(count * places).reshape(count, places)
    if pole:
        index[:, -1] = count * places
        points = np.concatenate((points.reshape(-1, 3), lines[:, -1].mean(axis=0)[None]))
    after = np.roll(index, -1, axis=0) if closed else index[1:]
    before = index if closed else index[:-1]
    faces = np.stack((before[:, :-1], after[:, :-1], after[:, 1:], before[:, 1:]), axis=-1)
    rows = np.tile(np.arange(places - 1), len(faces))
    strips = np.repeat(np.arange(len(faces)) // 2, places - 1)
    faces = faces.reshape(-1, 4)
    return Mesh(points.reshape(-1, 3), faces[:, [1, 0, 3, 2]] if inwards else faces, strips, rows)


def ribbons(lines: np.ndarray, width: np.ndarray, height: np.ndarray | float) -> Mesh:
    """Strands that lie on others: each a middle line (N, T, 3) m, raised `height` m above its two edges; width: (T,)
    or (N, T) m."""
    count, places = lines.shape[:2]
    along = np.gradient(lines, axis=1)
    outwards = _outwards(lines.reshape(-1, 3))[0].reshape(lines.shape)
    across = np.cross(along, outwards)
    across = across / np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-9)
    upwards = np.cross(across, along)
    upwards = upwards / np.maximum(np.linalg.norm(upwards, axis=2, keepdims=True), 1e-9)
    half = np.broadcast_to(width, (count, places))[..., None] / 2
    high = np.broadcast_to(height, (count, places))[..., None]
    points = np.stack((lines - across * half, lines + upwards * high, lines + across * half), axis=2)
    index = np.arange(count * places * 3).reshape(count, places, 3)
    faces = np.stack((index[:, :-1, :-1], index[:, :-1, 1:], index[:, 1:, 1:], index[:, 1:, :-1]), axis=-1)
    strips = np.broadcast_to(np.arange(count)[:, None, None], faces.shape[:3])
    rows = np.broadcast_to(np.arange(places - 1)[None, :, None], faces.shape[:3])
    return Mesh(points.reshape(-1, 3), faces.reshape(-1, 4), strips.ravel(), rows.ravel())


def spikes(lines: np.ndarray, width: float) -> Mesh:
    """Single hairs from a tip to a base `width` m wide: lines (N, 2, 3) m."""
    along = lines[:, 1] - lines[:, 0]
    across = np.cross(along, _outwards(lines[:, 1])[0])
    across = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9) * (width / 2)
    points = np.stack((lines[:, 0], lines[:, 1] + across, lines[:, 1] - across), axis=1)
    index = np.arange(3 * len(lines)).reshape(-1, 3)
    faces = np.column_stack((index, index[:, 2]))
    return Mesh(points.reshape(-1, 3), faces, np.arange(len(lines)), np.zeros(len(lines), dtype=np.int64))


def _eased(lines: np.ndarray, rounds: int, *, closed: bool) -> np.ndarray:
    """Lines (N, T, 3) without the facets of what they lie on, and no nearer to it; their ends stay."""
    drawn = _averaged(lines, rounds, closed=closed)
    return drawn + _averaged(lines - drawn, rounds, closed=closed)


def _averaged(lines: np.ndarray, rounds: int, *, closed: bool) -> np.ndarray:
    for _ in range(rounds):
        beside = (np.roll(lines, 1, axis=0) + np.roll(lines, -1, axis=0)) / 2
        if not closed:
            beside[0], beside[-1] = lines[0], lines[-1]
        eased = 0.5 * lines + 0.5 * beside
        eased[:, 1:-1] = 0.5 * eased[:, 1:-1] + 0.25 * (lines[:, :-2] + lines[:, 2:])
        eased[:, 0], eased[:, -1] = lines[:, 0], lines[:, -1]
        lines = eased
    return lines
