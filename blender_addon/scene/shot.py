"""A camera's path and its lens, and how people look in it: numpy alone, no Blender.

A camera looks along its own -Z, X to the right and Y up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .person_path import PersonPath

#: The share of the picture that stays free on every side.
MARGIN = 0.05
#: No lens sees farther aside than this from its axis.
_STEEPEST = np.radians(80.0)


@dataclass(frozen=True)
class Lens:
    """A picture's shape: `half` (2,), tangents of half the view across and up, and the margin to keep free."""

    half: np.ndarray
    margin: float = MARGIN

    @property
    def usable(self) -> np.ndarray:
        return self.half * (1.0 - 2.0 * self.margin)


@dataclass(frozen=True)
class Shot:
    """A camera's path. positions: (F, 3) world metres; toward: (F, 3), level unit vectors from the people to it;
    down: radians that it looks down by. F is 1 for a camera that stands still, else the scene's frames."""

    positions: np.ndarray
    toward: np.ndarray
    down: float

    @property
    def moves(self) -> bool:
        return len(self.positions) > 1

    @property
    def turns(self) -> bool:
        """Whether it sees the people from clearly different sides over the scene."""
        return bool((self.toward @ self.toward[0]).min() < np.cos(np.radians(20.0)))

    def angles(self) -> np.ndarray:
        """Blender's XYZ Euler angles (F, 3), radians, without jumps."""
        yaw = np.unwrap(np.arctan2(self.toward[:, 0], -self.toward[:, 1]))
        return np.stack((np.full_like(yaw, np.pi / 2.0 - self.down), np.zeros_like(yaw), yaw), axis=1)

    def seen(self, points: np.ndarray) -> np.ndarray:
        """World points (F, K, 3) in the camera's axes: (F, K, 3)."""
        turns = np.stack([camera_turn(toward, self.down) for toward in self.toward])
        return (points - self.positions[:, None]) @ turns


def rotated(direction: np.ndarray, angle: float | np.ndarray) -> np.ndarray:
    """Level directions (..., 3) turned by `angle` radians about Z."""
    c, s = np.cos(angle), np.sin(angle)
    x, y = direction[..., 0], direction[..., 1]
    return np.stack((c * x - s * y, s * x + c * y, np.zeros_like(c * x)), axis=-1)


def camera_turn(toward: np.ndarray, down: float) -> np.ndarray:
    """The rotation (3, 3) of a camera that stands in the level direction `toward` and looks `down` radians down."""
    back = np.array(toward) * np.cos(down) + np.array((0.0, 0.0, np.sin(down)))
    right = np.cross((0.0, 0.0, 1.0), back)
    right /= np.linalg.norm(right)
    return np.stack((right, np.cross(back, right), back), axis=1)


def smallest_share(people: Sequence[PersonPath], lens: Lens, shot: Shot) -> float:
    """How tall the smaller person usually is in the picture: the median over the frames, as a share of its height."""
    shares = []
    for person in people:
        centres, radii = person.balls()
        seen = shot.seen(centres)
        depth = np.maximum(-seen[..., 2], 1e-3)
        height = ((seen[..., 1] + radii) / depth).max(axis=1) - ((seen[..., 1] - radii) / depth).min(axis=1)
        shares.append(np.median(height) / (2.0 * lens.half[1]))
    return float(min(shares))


def widening(people: Sequence[PersonPath], lens: Lens, shot: Shot) -> float:
    """By how much the tangents of the lens have to grow until all people are inside its margin in every frame.

    Below 1 where there is room left. A ball of radius r at the angle a reaches to a + asin(r / distance).
    """
    needed = 0.0
    for person in people:
        centres, radii = person.balls()
        seen = shot.seen(centres)
        depth = np.maximum(-seen[..., 2], 1e-3)
        for axis in (0, 1):
            aside = np.abs(seen[..., axis])
            angle = np.arctan2(aside, depth) + np.arcsin(np.minimum(radii / np.hypot(aside, depth), 1.0))
            needed = max(needed, float(np.tan(np.minimum(angle, _STEEPEST)).max() / lens.usable[axis]))
    return needed


def advanced(shot: Shot, metres: float) -> Shot:
    """The shot with its camera moved ahead, the way it looks."""
    back = np.stack([camera_turn(toward, shot.down)[:, 2] for toward in shot.toward])
    return replace(shot, positions=shot.positions - metres * back)
