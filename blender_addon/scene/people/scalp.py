"""The surface that hair grows on, and the line where it begins; numpy alone.

Everything here is in head space: the origin in the middle of the head at the height of the eyes, -Y in front, +X to
the person's left, and a head of average size (see `hair.Head`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import sheet, surface
from .strands import Hull

#: Heights of the hairline above the eyes at angles from the front, metres.
LINES = {
    "short": ((0, 12, 24, 34, 43, 51, 59, 66, 78, 87, 104, 116, 130, 150, 180),
              (0.063, 0.066, 0.071, 0.070, 0.058, 0.042, 0.022, -0.004, -0.024, 0.018, 0.018, -0.020, -0.052, -0.064,
               -0.066)),
    "edged": ((0, 20, 32, 42, 51, 59, 66, 78, 87, 104, 116, 130, 150, 180),
              (0.061, 0.062, 0.064, 0.058, 0.042, 0.024, -0.004, -0.024, 0.018, 0.018, -0.020, -0.052, -0.064,
               -0.066)),
    "receding": ((0, 10, 20, 30, 40, 49, 57, 66, 78, 87, 104, 116, 130, 150, 180),
                 (0.069, 0.070, 0.076, 0.081, 0.076, 0.058, 0.032, -0.004, -0.024, 0.018, 0.018, -0.020, -0.052,
                  -0.064, -0.066)),
    "long": ((0, 20, 40, 52, 60, 70, 80, 90, 104, 116, 130, 150, 180),
             (0.060, 0.061, 0.056, 0.038, 0.020, 0.000, -0.006, 0.016, 0.016, -0.022, -0.044, -0.056, -0.062)),
}  # fmt: skip
#: How finely the hairline is sought: rays round the pole, and places along each.
_RAYS, _PLACES = 720, 320


def above_hairline(places: np.ndarray, line: str) -> np.ndarray:
    """How far points (N, 3) of head space are above the hairline, m (N,), its corners rounded."""
    angle = np.degrees(np.arctan2(np.abs(places[:, 0]), -places[:, 1]))
    angles, heights = LINES[line]
    return places[:, 2] - np.mean([np.interp(angle + s, angles, heights) for s in np.linspace(-5, 5, 9)], axis=0)


class Scalp:
    """A head's skin without its ears."""

    def __init__(self, points: np.ndarray, faces: np.ndarray) -> None:
        self._points, self._faces = points, faces
        self._hull = Hull(points)
        self._normals = sheet.normals(sheet.smooth(points, faces, 3), faces)

    def at(self, points: np.ndarray, lift: np.ndarray | float) -> np.ndarray:
        """What is `lift` m above the skin next to each point (..., 3)."""
        # From nearby, so that the nearest place is the one below.
        flat = self._hull.at(points.reshape(-1, 3), 0.0)
        corners, shares = surface.closest(flat, self._points, self._faces)
        place = np.einsum("nk,nkx->nx", shares, self._points[corners])
        normal = np.einsum("nk,nkx->nx", shares, self._normals[corners])
        normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
        return (place + normal * np.broadcast_to(lift, points.shape[:-1]).reshape(-1, 1)).reshape(points.shape)


@dataclass(frozen=True)
class Rays:
    """Ways along the head from the hairline to a pole, where hair is drawn together or turns.

    pole: (3,) unit; turns: (R,) ascending, round the pole, rad; reaches: (R,) from the pole to the hairline, rad.
    """

    pole: np.ndarray
    turns: np.ndarray
    reaches: np.ndarray

    @classmethod
    def of(cls, pole: np.ndarray, line: str) -> Rays:
        """pole: (3,) of any length."""
        pole = pole / np.linalg.norm(pole)
        turns = np.linspace(-np.pi, np.pi, _RAYS, endpoint=False)
        angles = np.linspace(0.02, 2.8, _PLACES)
        ways = _ways(pole, np.repeat(turns, _PLACES), np.tile(angles, _RAYS))
        below = above_hairline(0.1 * ways, line).reshape(_RAYS, _PLACES) < 0
        reaches = angles[np.where(below.any(axis=1), below.argmax(axis=1), _PLACES - 1)]
        # Behind an ear a ray may end much farther than its neighbours: the line runs smoothly there.
        kernel = np.hanning(17)
        wrapped = np.concatenate((reaches[-8:], reaches, reaches[:8]))
        return cls(pole, turns, np.convolve(wrapped, kernel / kernel.sum(), mode="valid"))

    def spaced(self, shares: np.ndarray, crowd: float) -> np.ndarray:
        """Turns (N,) at shares (N,) of the hairline's length, from the back round the right side; where one looks at
        a face, `crowd` times as many of them as behind."""
        ends = self.ends(self.turns)
        steps = np.linalg.norm(np.diff(ends, axis=0, append=ends[:1]), axis=1)
        steps = steps * np.interp(-ends[:, 1], (-0.2, 0.3), (1.0, crowd))
        length = np.concatenate(([0.0], np.cumsum(steps)))
        return np.interp(np.mod(shares, 1.0) * length[-1], length, np.append(self.turns, np.pi))

    def ends(self, turns: np.ndarray) -> np.ndarray:
        """Unit ways (N, 3) to the hairline."""
        return _ways(self.pole, turns, self.reach(turns))

    def ways(self, turns: np.ndarray, angles: np.ndarray) -> np.ndarray:
        """Unit ways (..., 3) at turns (...) round the pole and angles (...) from it, rad."""
        return _ways(self.pole, turns.ravel(), angles.ravel()).reshape(*turns.shape, 3)

    def reach(self, turns: np.ndarray) -> np.ndarray:
        """Angles (...) between the pole and the hairline at turns (...), rad."""
        return np.interp(turns, self.turns, self.reaches, period=2 * np.pi)


def _ways(pole: np.ndarray, turns: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Unit vectors (N, 3) at angles from a pole, turned round it; a turn of 0 is towards the face."""
    front = np.array((0.0, -1.0, 0.0))
    front = front - pole * (pole @ front)
    front = front / np.linalg.norm(front)
    side = np.cross(pole, front)
    flat = np.cos(turns)[:, None] * front + np.sin(turns)[:, None] * side
    return np.cos(angles)[:, None] * pole + np.sin(angles)[:, None] * flat
