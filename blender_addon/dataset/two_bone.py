"""Two-bone inverse kinematics for all frames at once: bend a limb at its hinge and swing it, so that its end is where
it is wanted.

Tracks are positions (3, N) and rotations (4, N), as in `rotations`.
"""

from __future__ import annotations

import numpy as np

from . import rotations

#: How much the limb's usual hinge axis counts where it is so straight that its plane cannot be told: the sine of the
#: bend at which both count alike.
_STRAIGHT = 0.1


def hinge(upper: np.ndarray, lower: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """The axis (3, N) about which a limb bends in each frame.

    upper, lower: its bones as vectors; turned: the upper bone's rotation. It is across both bones, and where they are
    one straight line the axis that the upper bone has for it over the whole motion: a plane that is guessed
    frame by frame would spin the limb.
    """
    across = np.cross(_unit(upper), _unit(lower), axis=0)
    usual = rotations.rotate(rotations.inverse(turned), across).sum(axis=1)
    length = np.linalg.norm(usual)
    if length < 1e-6:  # straight throughout: any axis across it
        usual = np.cross(_unit(upper)[:, 0], np.eye(3)[int(np.argmin(np.abs(upper[:, 0])))])
        usual, length = rotations.rotate(rotations.inverse(turned[:, :1]), usual[:, None])[:, 0], np.linalg.norm(usual)
    return _unit(across + _STRAIGHT * rotations.rotate(turned, usual / length))


def solve(
    start: np.ndarray, middle: np.ndarray, end: np.ndarray, target: np.ndarray, axis: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How the upper and the lower bone are to be turned on, in the world, so that `end` comes to `target`.

    start, middle, end: the limb's joints as they are; axis: of `hinge`. The lower bone is turned about the axis until
    the limb is as long as it must be, then both by the smallest rotation onto the target. A target nearer or
    farther than the limb reaches is met in its direction; a limb that is bent backwards is bent the right way.
    """
    upper, lower = middle - start, end - middle
    a, b = np.linalg.norm(upper, axis=0), np.linalg.norm(lower, axis=0)
    t, s = upper / a, lower / b
    # With the lower bone turned by an angle, the cosine between both bones is p + q cos + r sin of it (Rodrigues).
    p = _dot(t, axis) * _dot(s, axis)
    q, r = _dot(t, s) - p, _dot(t, np.cross(axis, s, axis=0))
    size = np.maximum(np.hypot(q, r), 1e-12)
    wanted = (_dot(target - start, target - start) - a**2 - b**2) / (2 * a * b)
    # Of its two solutions the one that bends about the axis: no turn at all where the limb is as long as it must be.
    angle = np.arctan2(r, q) + np.arccos(np.clip((wanted - p) / size, -1.0, 1.0))
    folded = np.concatenate((np.cos(angle / 2)[None], axis * np.sin(angle / 2)))
    reach = upper + rotations.rotate(folded, lower)
    swung = _swing(reach, target - start)
    return swung, rotations.multiply(swung, folded)


def _swing(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotations (4, N) from directions (3, N) to directions (3, N), less than half a turn apart."""
    start, end = _unit(start), _unit(end)
    turn = np.concatenate(((1.0 + _dot(start, end))[None], np.cross(start, end, axis=0)))
    return turn / np.linalg.norm(turn, axis=0)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("in,in->n", a, b)


def _unit(track: np.ndarray) -> np.ndarray:
    return track / np.maximum(np.linalg.norm(track, axis=0), 1e-12)
