"""Pieces of shadow shells laid under a surface."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from .solids import closed_tube

#: The shell never takes more than this share of what is there, or thin fingers would cast nothing.
_MOST = 0.45


class Cover:
    """A part of the body, in the modelling pose, under which pieces of the shell are laid."""

    def __init__(self, parts: Sequence[tuple], depth: float) -> None:
        starts = np.cumsum([0, *(len(vertices) for vertices, *_ in parts)])
        self.vertices = np.concatenate([vertices for vertices, *_ in parts])
        self.faces = np.concatenate([faces + start for (_, faces, *_), start in zip(parts, starts, strict=False)])
        self.weights = np.concatenate([weights for _, _, weights, _ in parts])
        self.depth = depth
        self.material = parts[0][3]
        self.tree = BVHTree.FromPolygons(self.vertices.tolist(), [list(dict.fromkeys(f)) for f in self.faces.tolist()])

    def under(self, centre: np.ndarray, direction: np.ndarray, longest: float) -> np.ndarray:
        """The point (3,) some way under the surface that a ray from inside meets, or at `longest` m."""
        hit = self.tree.ray_cast(Vector(centre), Vector(direction), longest)[3]
        reach = longest if hit is None else hit
        least = reach * (1.0 - _MOST)
        at = min(reach, max(reach - self.depth, least))
        # Where the ray grazes the surface, farther inwards.
        for _ in range(4):
            near = self.tree.find_nearest(Vector(centre + direction * at))[3]
            if near >= self.depth or at <= least:
                break
            at = max(at - (self.depth - near), least)
        return centre + direction * at

    def weights_at(self, points: np.ndarray) -> np.ndarray:
        """The weights (N, J) of the surface next to points (N, 3)."""
        rows = np.empty((len(points), self.weights.shape[1]))
        for n, point in enumerate(points):
            corners = self.faces[self.tree.find_nearest(Vector(point))[2]]
            distance = np.linalg.norm(self.vertices[corners] - point, axis=1)
            rows[n] = np.average(self.weights[corners], axis=0, weights=1.0 / (distance + 1e-4))
        return rows

    def tube(
        self, line: np.ndarray, stations: Sequence[float], sides: int, longest: float, across: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Vertices (V, 3), faces (F, 4), weights (V, J) and material of a tube under this cover.

        line: (K, 3); stations: places of the rings along it, in segments from 0; longest: the tube's greatest
        radius, m; across: (3,) where the first vertex of a ring looks.
        """
        steps = np.diff(line, axis=0)
        steps /= np.linalg.norm(steps, axis=1, keepdims=True)
        centres = np.stack([np.interp(stations, np.arange(len(line)), line[:, n]) for n in range(3)], axis=1)
        angles = np.arange(sides) * (2 * np.pi / sides) + (np.pi / sides if across is None else 0.0)
        rings = []
        for centre, station in zip(centres, stations, strict=True):
            # At a bend the ring halves the angle.
            after = min(int(station), len(steps) - 1)
            axis = steps[after] + (steps[after - 1] if after and station == after else 0.0)
            axis = axis / np.linalg.norm(axis)
            side = np.array((1.0, 0.0, 0.0)) if across is None else across
            if abs(side @ axis) > 0.9:
                side = np.array((0.0, 1.0, 0.0))
            side = side - axis * (side @ axis)
            side /= np.linalg.norm(side)
            other = np.cross(axis, side)
            rings += [self.under(centre, side * np.cos(a) + other * np.sin(a), longest) for a in angles]
        vertices, faces = closed_tube(np.array(rings), len(stations))
        return vertices, faces, self.weights_at(vertices), self.material


def ball(centre: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A coarse ellipsoid: vertices (V, 3) m and faces (F, 4)."""
    polar = np.linspace(0.0, np.pi, 8)[1:-1]
    turn = np.arange(10) * (2 * np.pi / 10)
    ring = np.stack((np.cos(turn), np.sin(turn), np.zeros_like(turn)), axis=1)
    points = np.sin(polar)[:, None, None] * ring + np.cos(polar)[:, None, None] * np.array((0.0, 0.0, 1.0))
    vertices, faces = closed_tube(points.reshape(-1, 3), len(polar))
    # The fans' middles lie on the rings' planes.
    vertices[-2:, 2] = np.sign(vertices[-2:, 2])
    return vertices * radii + centre, faces
