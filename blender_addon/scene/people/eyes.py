"""Eyeballs with iris and pupil that look where the keys say; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...dataset import ict
from .dress import SLOT, Body
from .sheet import Sheet

#: Half angles of pupil and iris as the eye's middle sees them, degrees.
_PUPIL, _IRIS = 11.5, 26.0
_EYE_RINGS = (_PUPIL / 2, _PUPIL, 19.0, _IRIS, 38.0, 55.0, 75.0, 95.0, 120.0)
_EYE_SIDES = 20
#: How far the left eye turns to his left and up, degrees; the data's own eyeballs turn outwards by 4 degrees only.
_GAZE = {"Out": (28.0, 0.0), "In": (-28.0, 0.0), "Up": (0.0, 20.0), "Down": (0.0, -24.0)}


@dataclass(frozen=True)
class Eyes:
    """middles: (2, 3) of the left and the right eyeball; radius: m."""

    middles: np.ndarray
    radius: float


def find(body: Body) -> Eyes:
    """Where the eyeballs are."""
    balls = [body.fit.vertices[body.source.cubes[f"helper-{side}-eye"]] for side in "lr"]
    radius = float(np.mean([np.ptp(ball[:, 2]) for ball in balls])) / 2
    middles = [np.array((*((ball.min(axis=0) + ball.max(axis=0)) / 2)[[0]], ball[:, 1].max() - radius,
                         (ball[:, 2].min() + ball[:, 2].max()) / 2)) for ball in balls]  # fmt: skip
    return Eyes(np.array(middles), radius)


def ball(eyes: Eyes, side: str, names: tuple[str, ...], weights: np.ndarray) -> Sheet:
    """An eyeball with iris and pupil, turned by the eyeLook keys.

    side: "Left" or "Right"; names: of all keys, ARKit's or ICT's; weights: (J,) of the head's joint.
    """
    middle = eyes.middles[0 if side == "Left" else 1]
    turns = np.arange(_EYE_SIDES) * (2 * np.pi / _EYE_SIDES)
    rings = []
    for ring in np.radians(_EYE_RINGS):
        # The cornea stands out, the iris lies flat below it.
        bulge = 1.0 + 0.035 * np.cos(ring * 2.2) * (ring < 0.7)
        rings.append(np.stack((np.sin(ring) * np.cos(turns), np.full(_EYE_SIDES, -np.cos(ring)),
                               np.sin(ring) * np.sin(turns)), axis=1) * bulge)  # fmt: skip
    points = np.concatenate((*rings, [(0.0, -1.035, 0.0)])) * eyes.radius * 0.985
    row = np.arange(_EYE_SIDES)
    after = np.roll(row, -1)
    pole = np.full(_EYE_SIDES, len(points) - 1)
    faces = [np.stack((pole, row, after, after), axis=1)]
    materials = [np.full(_EYE_SIDES, SLOT["pupil"])]
    for n, ring in enumerate(_EYE_RINGS[1:]):
        base = n * _EYE_SIDES
        faces.append(np.stack((base + row, base + _EYE_SIDES + row, base + _EYE_SIDES + after, base + after), axis=1))
        name = "pupil" if ring <= _PUPIL else "iris" if ring <= _IRIS else "sclera"
        materials.append(np.full(_EYE_SIDES, SLOT[name]))
    keys = np.zeros((len(names), len(points), 3))
    for gaze, (across, up) in _GAZE.items():
        # In and out change sides with the eye.
        angle = np.radians(across if side == "Left" else -across)
        rise = np.radians(up)
        c, s, d, e = np.cos(angle), np.sin(angle), np.cos(rise), np.sin(rise)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, d, e], [0, -e, d]])
        keys[ict.column(names, f"eyeLook{gaze}{side}")] = points @ turn.T - points
    weights = np.repeat(weights[None], len(points), axis=0)
    return Sheet(points + middle, np.concatenate(faces), np.concatenate(materials), weights, keys)
