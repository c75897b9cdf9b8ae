"""Rotations as arrays of unit quaternions.

A track of N rotations has the shape (4, N), rows w x y z: component first, so that each row is contiguous
like the F-curve it becomes. A single rotation is (4, 1) and broadcasts against a track.
"""

from __future__ import annotations

import numpy as np

IDENTITY = np.array([[1.0], [0.0], [0.0], [0.0]])

#: Cosine of the second Euler angle below which the other two cannot be told apart.
_LOCKED = 1e-6


def about_axis(axis: str, radians: np.ndarray) -> np.ndarray:
    """Rotations by `radians` (N,) about the axis "X", "Y" or "Z": (4, N)."""
    track = np.zeros((4, len(radians)))
    np.cos(radians * 0.5, out=track[0])
    np.sin(radians * 0.5, out=track[1 + "XYZ".index(axis)])
    return track


def then_about_axis(a: np.ndarray, axis: str, radians: np.ndarray) -> np.ndarray:
    """`multiply(a, about_axis(axis, radians))` at half its cost."""
    cosine, sine = np.cos(radians * 0.5), np.sin(radians * 0.5)
    track = a * cosine
    x = 1 + "XYZ".index(axis)
    y, z = x % 3 + 1, (x + 1) % 3 + 1
    turned = a * sine
    track[0] -= turned[x]
    track[x] += turned[0]
    track[y] += turned[z]
    track[z] -= turned[y]
    return track


def multiply_around(left: np.ndarray, track: np.ndarray, right: np.ndarray) -> np.ndarray:
    """`multiply(left, multiply(track, right))` of single rotations left and right: one product of a matrix (4, 4)."""
    columns = [multiply(left, multiply(unit.reshape(4, 1), right)) for unit in np.eye(4)]
    return np.concatenate(columns, axis=1) @ track


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Hamilton product: the rotation b, then a, both seen in a's outer frame."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return np.stack(
        (
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        )
    )


def inverse(a: np.ndarray) -> np.ndarray:
    """The inverse of unit quaternions."""
    return a * np.array([[1.0], [-1.0], [-1.0], [-1.0]])


def rotate(a: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Vectors (3,) or (3, N) turned by the rotations (4, N): (3, N)."""
    w, x, y, z = a
    vx, vy, vz = vector
    tx, ty, tz = 2 * (y * vz - z * vy), 2 * (z * vx - x * vz), 2 * (x * vy - y * vx)
    return np.stack(
        (
            vx + w * tx + y * tz - z * ty,
            vy + w * ty + z * tx - x * tz,
            vz + w * tz + x * ty - y * tx,
        )
    )


def from_matrix(matrix: np.ndarray) -> np.ndarray:
    """The quaternion (4, 1) of one rotation matrix (3, 3).

    The largest of the four components is taken from the diagonal, which keeps the division safe.
    """
    m = np.asarray(matrix, dtype=float)
    squares = np.array([1 + m[0, 0] + m[1, 1] + m[2, 2],
                        1 + m[0, 0] - m[1, 1] - m[2, 2],
                        1 - m[0, 0] + m[1, 1] - m[2, 2],
                        1 - m[0, 0] - m[1, 1] + m[2, 2]])  # fmt: skip
    largest = int(np.argmax(squares))
    rows = (
        (squares[0], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]),
        (m[2, 1] - m[1, 2], squares[1], m[1, 0] + m[0, 1], m[0, 2] + m[2, 0]),
        (m[0, 2] - m[2, 0], m[1, 0] + m[0, 1], squares[2], m[2, 1] + m[1, 2]),
        (m[1, 0] - m[0, 1], m[0, 2] + m[2, 0], m[2, 1] + m[1, 2], squares[3]),
    )
    quaternion = np.array(rows[largest])
    return (quaternion / np.linalg.norm(quaternion)).reshape(4, 1)


def to_matrix(track: np.ndarray) -> np.ndarray:
    """Rotation matrices (N, 3, 3) of the quaternions (4, N)."""
    w, x, y, z = track
    m = np.empty((track.shape[1], 3, 3))
    m[:, 0, 0], m[:, 0, 1], m[:, 0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    m[:, 1, 0], m[:, 1, 1], m[:, 1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    m[:, 2, 0], m[:, 2, 1], m[:, 2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
    return m


def swing(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotations (4, N) that turn the direction `start` (3,) into `end` (3, N), or (4, 1) into (3,)."""
    a = np.asarray(start, dtype=float) / np.linalg.norm(start)
    b = np.asarray(end, dtype=float).reshape(3, -1)
    b = b / np.linalg.norm(b, axis=0)
    quaternions = np.concatenate((1.0 + a[None] @ b, np.cross(a, b.T).T))
    opposite = quaternions[0] < 1e-9  # half a turn about any axis across them
    across = np.cross(a, np.eye(3)[np.argmin(np.abs(a))])
    quaternions[:, opposite] = np.append(0.0, across)[:, None]
    return quaternions / np.linalg.norm(quaternions, axis=0)


def kabsch(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The rotation matrix (3, 3) that best turns the directions `start` (K, 3) into `end` (K, 3).

    Kabsch, "A solution for the best rotation to relate two sets of vectors", 1976; least squares, no mirror.
    """
    u, _, vt = np.linalg.svd(np.asarray(end).T @ np.asarray(start))
    u[:, -1] *= np.sign(np.linalg.det(u @ vt))
    return u @ vt


def same_hemisphere(track: np.ndarray) -> np.ndarray:
    """The same rotations with signs chosen so that neighbours are on one side: curves without jumps."""
    flips = np.einsum("cn,cn->n", track[:, 1:], track[:, :-1]) < 0
    if not flips.any():
        return track
    return track * np.concatenate(([1.0], np.where(np.cumsum(flips) % 2, -1.0, 1.0)))


def to_euler(track: np.ndarray, order: str) -> np.ndarray:
    """Euler angles (3, N) in radians, rows X Y Z, for Blender's rotation order ("XYZ": about X first).

    Of the two solutions a rotation has, each frame takes the one nearer to the frame before, unwrapped,
    so that the curves have no jumps.
    """
    i, j, k = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    m = to_matrix(track)
    first = np.arctan2(sign * m[:, k, j], m[:, k, k])
    second = np.arcsin(np.clip(-sign * m[:, k, i], -1.0, 1.0))
    third = np.arctan2(sign * m[:, j, i], m[:, i, i])
    candidates = np.stack((np.stack((first, second, third)), np.stack((first + np.pi, np.pi - second, third + np.pi))))
    # Where the second angle is a right one, the first and the third turn about one axis: only their sum is known.
    locked = np.hypot(m[:, i, i], m[:, j, i]) < _LOCKED
    together = np.arctan2(-sign * m[:, j, k], m[:, j, j])
    upward = sign * np.sign(second)
    angles = np.empty((3, track.shape[1]))
    before = np.zeros(3)
    for frame in range(track.shape[1]):
        options = candidates[:, :, frame]
        if locked[frame]:
            options = np.array([[together[frame] + upward[frame] * before[2], second[frame], before[2]]])
        options = options + 2 * np.pi * np.round((before - options) / (2 * np.pi))
        before = options[np.argmin(np.abs(options - before).sum(axis=1))]
        angles[:, frame] = before
    return angles[np.argsort([i, j, k])]


def to_axis_angle(track: np.ndarray) -> np.ndarray:
    """Angle in radians, then axis: (4, N), as Blender's AXIS_ANGLE mode has it."""
    sine = np.linalg.norm(track[1:], axis=0)
    angle = 2 * np.arctan2(sine, track[0])
    axis = np.where(sine > 1e-9, track[1:] / np.maximum(sine, 1e-9), np.array([[0.0], [1.0], [0.0]]))
    return np.concatenate((angle[None], axis))
