"""Solid shapes as distance fields, and the surface net that turns one into a mesh; numpy alone.

A field maps points (N, 3) to (N,) values, negative inside, about the distance to the surface in the points'
unit. Fields are joined by `union` and cut by `intersect`, both with a rounding radius: limbs that grow out of
a body without a seam.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

Field = Callable[[np.ndarray], np.ndarray]
Numbers = Sequence[float] | np.ndarray

#: Coarse cells that far from the surface (in fine steps) are not looked into.
_REFINE_WITHIN = 4.2
_BLOCK = 4


def union(a: np.ndarray, b: np.ndarray, rounding: float) -> np.ndarray:
    """The values (N,) of two shapes as one, with a fillet of about `rounding`."""
    near = np.maximum(rounding - np.abs(a - b), 0.0)
    return np.minimum(a, b) - near * near * (0.25 / rounding)


def intersect(a: np.ndarray, b: np.ndarray, rounding: float) -> np.ndarray:
    """The values (N,) of what two shapes have in common, edges rounded; `-b` in place of `b` carves b out."""
    return -union(-a, -b, rounding)


def ellipsoid(points: np.ndarray, centre: Numbers, radii: Numbers) -> np.ndarray:
    """An ellipsoid along the axes: centre (3,), radii (3,)."""
    half_axes = np.asarray(radii, dtype=float)
    offset = (points - np.asarray(centre)) / half_axes
    length = np.linalg.norm(offset, axis=1)
    slope = np.linalg.norm(offset / half_axes, axis=1)
    return length * (length - 1.0) / np.maximum(slope, 1e-9)


def tube(points: np.ndarray, line: np.ndarray, stations: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """A round tube along a polyline.

    line: (K, 3); stations: (M,) rising places along it, in segments from 0 to K - 1; radii: (M,) there.
    """
    distance, place = along(points, line)
    return distance - np.interp(place, stations, radii)


def along(points: np.ndarray, line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance (N,) of points to a polyline (K, 3), and where on it they are nearest, in segments from 0."""
    squares = np.einsum("ij,ij->i", points, points)

    def segment(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Squared distance to a segment, and where on it, 0..1."""
        axis = end - start
        length = max(float(axis @ axis), 1e-12)
        dot = points @ axis - start @ axis
        part = np.clip(dot * (1.0 / length), 0.0, 1.0)
        # |p - start - part axis|^2, multiplied out: three passes over the points instead of nine.
        return squares - points @ (2.0 * start) + start @ start + part * (part * length - 2.0 * dot), part

    best, place = segment(line[0], line[1])
    for n, (start, end) in enumerate(itertools.pairwise(line[1:]), 1):
        square, part = segment(start, end)
        closer = square < best
        best = np.where(closer, square, best)
        place = np.where(closer, n + part, place)
    return np.sqrt(np.maximum(best, 0.0)), place


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, an S between; `low` may be above `high` for a falling one."""
    part = np.clip((value - low) / (high - low), 0.0, 1.0)
    return part * part * (3.0 - 2.0 * part)


def smooth_curve(knots: Numbers, values: Numbers, softness: float = 0.5) -> Callable:
    """A function through about the given knots, interpolated with its corners rounded.

    softness: how far the rounding reaches, as a share of the mean distance between knots.
    """
    dense = np.linspace(knots[0], knots[-1], 33 * len(knots))
    table = np.interp(dense, knots, values)
    half = max(int(33 * softness), 1)
    kernel = np.hanning(2 * half + 3)[1:-1]
    # Mirrored in the end points, so that the ends keep their values and their slope.
    padded = np.concatenate((2 * table[0] - table[half:0:-1], table, 2 * table[-1] - table[-2 : -half - 2 : -1]))
    table = np.convolve(padded, kernel / kernel.sum(), "valid")
    return lambda x: np.interp(x, dense, table)


def mesh(field: Field, low: np.ndarray, high: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """The surface where a field is zero, within the box low (3,) to high (3,), in cells of `step`.

    Returns vertices (V, 3) and quads (Q, 4), counter-clockwise from outside. The method is the surface net of
    Gibson, 1998: one vertex per cell that the surface crosses, then two Newton steps onto the surface.
    """
    low = np.asarray(low, dtype=float) - 2 * step
    counts = (np.ceil((np.asarray(high) + 2 * step - low) / (step * _BLOCK)).astype(int)) * _BLOCK
    values = _sample(field, low, counts, step)
    vertices, quads = _net(values)
    vertices = low + vertices * step
    slope = gradient(field, vertices, step * 0.2)
    slope /= np.maximum(np.einsum("ij,ij->i", slope, slope), 0.2)[:, None]
    for _ in range(2):
        vertices = vertices - np.clip(field(vertices)[:, None] * slope, -step * 0.5, step * 0.5)
    return vertices, quads


def gradient(field: Field, points: np.ndarray, reach: float) -> np.ndarray:
    """The field's gradient (N, 3) at points (N, 3), by differences over a tetrahedron of `reach`."""
    corners = np.array(((1.0, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)))
    return sum(field(points + corner * reach)[:, None] * corner for corner in corners) / (4.0 * reach)


def _sample(field: Field, low: np.ndarray, counts: np.ndarray, step: float) -> np.ndarray:
    """Values on the fine lattice, exact near the surface; elsewhere only the sign is right."""
    blocks = counts // _BLOCK
    axes = [np.arange(n + 1) * (step * _BLOCK) for n in blocks]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    coarse = field(grid + low).reshape(blocks + 1)
    nearest = np.full(blocks, np.inf)
    for corner in np.ndindex(2, 2, 2):
        part = tuple(slice(c, c + n) for c, n in zip(corner, blocks, strict=True))
        nearest = np.minimum(nearest, np.abs(coarse[part]))
    wanted = np.zeros(counts + 1, dtype=bool)
    fine = np.repeat(np.repeat(np.repeat(nearest < _REFINE_WITHIN * step, _BLOCK, 0), _BLOCK, 1), _BLOCK, 2)
    for corner in np.ndindex(2, 2, 2):
        wanted[tuple(slice(c, c + n) for c, n in zip(corner, counts, strict=True))] |= fine
    index = [np.minimum(np.arange(n + 1) // _BLOCK, b) for n, b in zip(counts, blocks, strict=True)]
    values = coarse[np.ix_(*index)]
    values[wanted] = field(low + np.argwhere(wanted) * step)
    return _joined(values, step)


def _joined(values: np.ndarray, step: float) -> np.ndarray:
    """Values without lattice squares whose diagonals disagree: there four faces would meet in one edge."""
    for _ in range(8):
        inside = values < 0.0
        again = False
        for axis in range(3):
            b, c = (n for n in range(3) if n != axis)
            corners = {}
            for shift in np.ndindex(2, 2):
                part = [slice(None)] * 3
                part[b], part[c] = (slice(s, s - 1 or None) for s in shift)
                corners[shift] = tuple(part)
            one = inside[corners[0, 0]] & inside[corners[1, 1]] & ~(inside[corners[0, 1]] | inside[corners[1, 0]])
            other = inside[corners[0, 1]] & inside[corners[1, 0]] & ~(inside[corners[0, 0]] | inside[corners[1, 1]])
            for wrong, corner in ((one, (0, 1)), (other, (0, 0))):
                values[corners[corner]][wrong] = -1e-3 * step
                again |= bool(wrong.any())
        if not again:
            break
    return values


def _net(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices in lattice units, and quads, of the zero surface of values on a lattice."""
    cells = np.array(values.shape) - 1
    inside = values < 0.0
    touched = np.zeros(int(np.prod(cells)), dtype=bool)
    faces, crossings = [], []
    for axis in range(3):
        b, c = (axis + 1) % 3, (axis + 2) % 3
        lower = tuple(slice(None, -1) if n == axis else slice(1, -1) for n in range(3))
        upper = tuple(slice(1, None) if n == axis else slice(1, -1) for n in range(3))
        edges = np.argwhere(inside[lower] != inside[upper])
        edges[:, [b, c]] += 1
        start = values[tuple(edges.T)]
        end = values[tuple((edges + np.eye(3, dtype=int)[axis]).T)]
        crossing = edges.astype(float)
        crossing[:, axis] += start / (start - end)
        around = []
        for back_b, back_c in ((1, 1), (0, 1), (0, 0), (1, 0)):
            cell = edges.copy()
            cell[:, b] -= back_b
            cell[:, c] -= back_c
            flat = np.ravel_multi_index(tuple(cell.T), tuple(cells))
            touched[flat] = True
            around.append(flat)
        quads = np.stack(around, axis=1)
        outward = start < 0
        faces.append(np.where(outward[:, None], quads, quads[:, ::-1]))
        crossings.append(crossing)
    number = np.cumsum(touched) - 1
    quads = number[np.concatenate(faces)]
    points = np.concatenate(crossings)
    count = int(touched.sum())
    hits = np.bincount(quads.ravel(), minlength=count)
    sums = [np.bincount(quads.ravel(), np.repeat(points[:, n], 4), count) for n in range(3)]
    return np.stack(sums, axis=1) / hits[:, None], quads
