"""Vectorised geometry of limbs: a pose built joint by joint, two-bone chains, and angles for a BVH.

Vectors are (3, N), rotations are quaternions (4, N) as in `blender_addon.dataset.rotations`; Y is up.
"""

from __future__ import annotations

import numpy as np

from blender_addon.dataset import rotations

from .skeletons import Actor


class Pose:
    """Where the joints of one actor are over N frames, filled in from the root outwards."""

    def __init__(self, actor: Actor, frames: int) -> None:
        self.actor = actor
        self._offsets = dict(zip(actor.joints, actor.world_offsets(), strict=True))
        self._parents = {
            name: actor.joints[parent] for name, parent in zip(actor.joints, actor.parents, strict=True) if parent >= 0
        }
        self._frames = frames
        self.turns: dict[str, np.ndarray] = {}
        self.places: dict[str, np.ndarray] = {}

    def offset(self, joint: str) -> np.ndarray:
        """The joint's T-pose offset (3,) from its parent."""
        return self._offsets[joint]

    def place(self, joint: str) -> np.ndarray:
        """Where a joint is (3, N) whose parent is turned already."""
        if joint not in self.places:
            parent = self._parents[joint]
            self.places[joint] = self.place(parent) + rotations.rotate(self.turns[parent], self._offsets[joint])
        return self.places[joint]

    def set_root(self, position: np.ndarray, turn: np.ndarray) -> None:
        self.places["Hips"], self.turns["Hips"] = position, turn

    def set_local(self, joint: str, turn: np.ndarray) -> None:
        """Turn a joint against its parent."""
        self.turns[joint] = rotations.multiply(self.turns[self._parents[joint]], turn)

    def set_global(self, joint: str, turn: np.ndarray) -> None:
        """Turn a joint in the world."""
        self.turns[joint] = np.broadcast_to(turn, (4, self._frames))

    def local_turns(self) -> np.ndarray:
        """Every joint's rotation against its parent, (J, 4, N); joints that were not set follow their parent."""
        result = np.empty((len(self.actor.joints), 4, self._frames))
        for n, joint in enumerate(self.actor.joints):
            parent = self._parents.get(joint)
            if parent is None:
                result[n] = self.turns[joint]
            elif joint in self.turns:
                result[n] = rotations.multiply(rotations.inverse(self.turns[parent]), self.turns[joint])
            else:
                self.turns[joint] = self.turns[parent]
                result[n] = rotations.IDENTITY
        return result


def euler(x: np.ndarray | float = 0.0, y: np.ndarray | float = 0.0, z: np.ndarray | float = 0.0) -> np.ndarray:
    """The rotation about z, then x, then y, each (N,) or one number in radians: (4, N)."""
    x, y, z = (np.atleast_1d(np.asarray(angle, dtype=float)) for angle in (x, y, z))
    turned = rotations.multiply(rotations.about_axis("Y", y), rotations.about_axis("X", x))
    return rotations.multiply(turned, rotations.about_axis("Z", z))


def power(turn: np.ndarray, share: float) -> np.ndarray:
    """That share of a rotation (4, N) of less than half a turn, about the same axis."""
    turn = np.where(turn[0] < 0, -turn, turn)
    half = np.arccos(np.clip(turn[0], -1.0, 1.0))
    scale = np.where(half < 1e-6, share, np.sin(share * half) / np.maximum(np.sin(half), 1e-9))
    return np.concatenate((np.cos(share * half)[None], turn[1:] * scale))


def two_bone(
    start: np.ndarray, end: np.ndarray, upper: float, lower: float, pole: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bend a chain of two bones from `start` to `end`, its middle joint towards `pole`.

    All (3, N). Returns the directions of the upper and the lower bone and the normal of their plane (unit vectors),
    by the law of cosines. An end out of reach is approached with the chain all but straight.
    """
    reach = end - start
    distance = np.linalg.norm(reach, axis=0)
    along = reach / distance
    distance = np.clip(distance, abs(upper - lower) + 1e-3, (upper + lower) * 0.9995)
    across = pole - along * np.einsum("in,in->n", along, pole)
    across = across / np.linalg.norm(across, axis=0)
    cosine = (upper**2 + distance**2 - lower**2) / (2.0 * upper * distance)
    first = along * cosine + across * np.sqrt(1.0 - cosine**2)
    second = (along * distance - first * upper) / lower
    return first, second, np.cross(along, across, axis=0)


def aligned(rest_axis: np.ndarray, rest_normal: np.ndarray, axis: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """The rotation (4, N) that takes two unit vectors (3,) at right angles to the unit vectors (3, N)."""
    rest = np.stack((rest_axis, rest_normal, np.cross(rest_axis, rest_normal)), axis=1)
    now = np.stack((axis, normal, np.cross(axis, normal, axis=0)), axis=1)
    return _quaternions(np.einsum("icn,jc->nij", now, rest))


def channel_angles(turns: np.ndarray, order: str) -> np.ndarray:
    """Angles in degrees (3, N) of the rotations (4, N), in the order of their axes, such as "ZXY" for Rz Rx Ry.

    Unwrapped, so that no channel jumps. Any of the six orders of three axes; the middle angle stays within 90.
    """
    matrix = rotations.to_matrix(turns)
    i, j, k = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    first = np.arctan2(-sign * matrix[:, j, k], matrix[:, k, k])
    middle = np.arcsin(np.clip(sign * matrix[:, i, k], -1.0, 1.0))
    last = np.arctan2(-sign * matrix[:, i, j], matrix[:, i, i])
    return np.degrees(np.unwrap(np.stack((first, middle, last)), axis=1))


def _quaternions(matrix: np.ndarray) -> np.ndarray:
    """Rotation matrices (N, 3, 3) as quaternions (4, N), neighbours on one side.

    Each is built around its largest component, which keeps the division safe (Shepperd, 1978).
    """
    m = matrix.transpose(1, 2, 0)
    x, y, z = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    xy, xz, yz = m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1]
    a, b, c = m[0, 0], m[1, 1], m[2, 2]
    squares = np.stack((1 + a + b + c, 1 + a - b - c, 1 - a + b - c, 1 - a - b + c))
    rows = np.stack(
        (
            np.stack((squares[0], x, y, z)),
            np.stack((x, squares[1], xy, xz)),
            np.stack((y, xy, squares[2], yz)),
            np.stack((z, xz, yz, squares[3])),
        )
    )
    largest = np.argmax(squares, axis=0)
    track = rows[largest, :, np.arange(len(largest))].T
    return rotations.same_hemisphere(track / np.linalg.norm(track, axis=0))
