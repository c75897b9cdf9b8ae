"""The solid shape of the mannequin's head, without eyes, lips and hair; numpy alone.

Axes: the Head joint is the origin, Z up, the face towards -Y, the actor's left towards +X; metres, for a head
of 22.5 cm from chin to crown.
"""

from __future__ import annotations

import numpy as np

from ..implicit import ellipsoid, intersect, tube, union

#: Where the eyeballs are (the left one; the right one mirrors it), their radius, and that of the lids' sphere.
EYE = np.array((0.0325, -0.0745, 0.0695))
EYE_RADIUS = 0.0162
LID_RADIUS = 0.0175
#: Middle of the closed mouth's line, and half its width.
MOUTH = np.array((0.0, -0.1045, 0.0075))
MOUTH_WIDTH = 0.0250
#: Where the jaw turns.
HINGE = np.array((0.0, -0.006, 0.052))
#: A point inside from which every spot of the face can be seen.
CENTRE = np.array((0.0, -0.015, 0.078))


def skull(points: np.ndarray, female: bool) -> np.ndarray:
    """The distance field of the head, (N,) from points (N, 3) m."""
    x, y, z = points.T
    p = np.stack((np.abs(x), y, z), axis=1)  # everything is symmetric
    jaw, nose = (0.90, 0.86) if female else (1.0, 1.0)
    value = ellipsoid(p, (0, -0.006, 0.090), (0.0765, 0.0965, 0.0925))
    value = union(value, ellipsoid(p, (0, -0.040, 0.030), (0.0560 * jaw, 0.060, 0.070)), 0.035)
    value = union(value, _rod(p, (0.050 * jaw, -0.006, 0.016), (0.014, -0.078, -0.023), 0.017, 0.015), 0.035)
    value = union(value, ellipsoid(p, (0, -0.084, -0.0255), (0.018 * jaw, 0.017, 0.0185)), 0.020)
    value = union(value, ellipsoid(p, (0.043, -0.064, 0.042), (0.023, 0.026, 0.020)), 0.030)
    value = union(value, ellipsoid(p, (0, -0.074, 0.010), (0.029, 0.029, 0.026)), 0.024)
    ridge = 0.0090 if female else 0.0115
    value = union(value, _rod(p, (0.046, -0.072, 0.0925), (0.010, -0.0890, 0.0915), ridge * 0.8, ridge), 0.020)
    value = intersect(value, -ellipsoid(p, (0.036, -0.104, 0.0700), (0.022, 0.016, 0.0135)), 0.016)
    bridge, tip = 0.0058 * nose, 0.0090 * nose
    value = union(value, _rod(p, (0, -0.0905, 0.084), (0, -0.1110 + tip / 5, 0.0445), bridge, tip * 0.9), 0.014)
    value = union(value, ellipsoid(p, (0, -0.1135, 0.0425), (tip * 1.1, tip, tip * 0.92)), 0.010)
    return union(value, ellipsoid(p, (0.0108 * nose, -0.1035, 0.0390), (0.0072 * nose, 0.0090, 0.0064)), 0.007)


def ear(points: np.ndarray) -> np.ndarray:
    """The left ear's distance field."""
    # Turned outwards to the back about its front edge, and leaning back.
    offset = points - (0.0725, 0.004, 0.058)
    turn = np.radians(28)
    lean = np.radians(12)
    x = offset[:, 0] * np.cos(turn) - offset[:, 1] * np.sin(turn)
    y = offset[:, 0] * np.sin(turn) + offset[:, 1] * np.cos(turn)
    y, z = y * np.cos(lean) - offset[:, 2] * np.sin(lean), y * np.sin(lean) + offset[:, 2] * np.cos(lean)
    p = np.stack((x, y, z), axis=1)
    shell = ellipsoid(p, (0.002, 0.008, 0.006), (0.0085, 0.0185, 0.0275))
    lobe = ellipsoid(p, (0.0, 0.001, -0.020), (0.0065, 0.0095, 0.0110))
    value = union(shell, lobe, 0.012)
    return intersect(value, -ellipsoid(p, (0.0115, 0.007, 0.009), (0.0075, 0.0115, 0.0185)), 0.005)


def hair(points: np.ndarray, female: bool) -> np.ndarray:
    """The hair's distance field: short, or a bob to the chin."""
    x, y, z = points.T
    angle = np.arctan2(x, -(y + 0.01))
    # A few soft locks, parted on the left.
    locks = np.sin(17.0 * angle + 5.0 * np.sin(3.0 * angle + 1.0) + z * 24.0)
    crown = np.clip((0.19 - z) * 12.0, 0.0, 1.0)
    if not female:
        value = ellipsoid(points, (0, -0.002, 0.094), (0.0835, 0.1015, 0.1000))
        value = union(value, ellipsoid(points, (0.010, -0.058, 0.156), (0.056, 0.040, 0.024)), 0.04)
        value = value - 0.0010 * locks * crown
        line = np.interp(y, (-0.125, -0.080, -0.058, -0.040, -0.028, -0.012, 0.026, 0.045, 0.075, 0.12),
                         (0.137, 0.134, 0.122, 0.088, 0.056, 0.066, 0.066, 0.014, 0.000, -0.004))  # fmt: skip
        return intersect(value, (line - z) * 0.6, 0.012)
    value = ellipsoid(points, (0, 0.000, 0.095), (0.0875, 0.1040, 0.1020))
    hang = ellipsoid(points, (0, 0.010, 0.030), (0.0980, 0.0880, 0.115))
    hang = intersect(hang, np.maximum(-0.032 - z + 0.25 * (y - 0.02), z - 0.12), 0.030)
    value = union(value, hang, 0.03)
    value = value - 0.0014 * locks * crown
    # The face looks out through an opening, higher over the parting.
    opening = ellipsoid(points, (0.006, -0.115, 0.040), (0.0690, 0.0900, 0.0960))
    value = intersect(value, -opening, 0.014)
    throat = np.sqrt(x**2 + (np.minimum(y + 0.0, 0.0)) ** 2 + np.maximum(y, 0.0) ** 2) - 0.066
    return intersect(value, -np.maximum(throat, z - 0.02), 0.012)


def surface(start: np.ndarray, directions: np.ndarray, female: bool, longest: float = 0.20) -> np.ndarray:
    """How far the skin is from `start` (3,) inside the head along unit directions (N, 3): (N,) m, up to `longest`."""
    inside = np.full(len(directions), 0.005)
    outside = np.full(len(directions), longest)
    for _ in range(16):
        middle = 0.5 * (inside + outside)
        within = skull(start + directions * middle[:, None], female) < 0.0
        inside = np.where(within, middle, inside)
        outside = np.where(within, outside, middle)
    return 0.5 * (inside + outside)


def _rod(points: np.ndarray, start: tuple, end: tuple, first: float, last: float) -> np.ndarray:
    return tube(points, np.array((start, end)), np.array((0.0, 1.0)), np.array((first, last)))
