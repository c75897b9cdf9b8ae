"""A whole body as a BVH file: joints whose names say what they are, centimetres, Y up, at rest facing +Z."""

from __future__ import annotations

import numpy as np

from . import bvh, joint_roles, layout, rest_pose, rotations
from .whole_body import Body

#: Joints' names by role, in the words that joint_roles reads.
_NAMES = {"shoulder": "Shoulder", "upper_arm": "Arm", "forearm": "ForeArm", "hand": "Hand", "thigh": "UpLeg",
          "shin": "Leg", "foot": "Foot", "toe": "ToeBase"}  # fmt: skip


def to_motion(body: Body) -> bvh.Motion:
    """The body as a BVH: centimetres, Y up, rest pose facing +Z, names that joint_roles reads."""
    turn = rest_pose.TO_BLENDER["Y"].T
    quaternion = rotations.from_matrix(turn)
    back = rotations.inverse(quaternion)
    world = {role: rotations.multiply_around(quaternion, track, back) for role, track in body.turns.items()}
    index = {role: n for n, role in enumerate(body.roles)}
    columns: list[np.ndarray] = [turn @ body.hips * 100.0]
    offsets = []
    for role in body.roles:
        above = body.parents[role]
        local = rotations.multiply(rotations.inverse(world[above]), world[role]) if above else world[role]
        columns.append(_zxy_degrees(np.broadcast_to(local, (4, body.frames))))
        offsets.append(turn @ (body.rest[role] - (body.rest[above] if above else 0.0)) * 100.0)
    positions = tuple(f"{axis}position" for axis in "XYZ")
    angles = ("Zrotation", "Xrotation", "Yrotation")
    skeleton = bvh.Skeleton(
        tuple(name_of(role) for role in body.roles),
        tuple(index[body.parents[role]] if body.parents[role] else -1 for role in body.roles),
        np.array(offsets),
        tuple(positions + angles if not body.parents[role] else angles for role in body.roles),
        {index[role]: turn @ (end - body.rest[role]) * 100.0 for role, end in body.ends.items()},
    )
    return bvh.Motion(skeleton, np.concatenate(columns).T, 1.0 / layout.FPS, notices=body.notices)


def name_of(role: str) -> str:
    """A joint's name by its role."""
    kind, *rest = role.split(".")
    if kind in ("hips", "head"):
        return kind.capitalize()
    if kind in ("spine", "neck"):
        return kind.capitalize() + (rest[0] if rest[0] != "0" else "")
    side = {"L": "Left", "R": "Right"}[rest[-1]]
    if kind in joint_roles.FINGERS:
        return f"{side}Hand{kind.capitalize()}{rest[0] if rest[0] != '0' else 'Metacarpal'}"
    return side + _NAMES[kind]


def _zxy_degrees(turns: np.ndarray) -> np.ndarray:
    """Rotations (4, N) as BVH channels Z, X, Y in degrees, (3, N), without jumps."""
    m = rotations.to_matrix(turns)
    x = np.arcsin(np.clip(m[:, 2, 1], -1.0, 1.0))
    z = np.arctan2(-m[:, 0, 1], m[:, 1, 1])
    y = np.arctan2(-m[:, 2, 0], m[:, 2, 2])
    locked = np.abs(m[:, 2, 1]) > 1.0 - 1e-9  # only the sum of the other two is known
    z = np.where(locked, np.arctan2(m[:, 1, 0], m[:, 0, 0]), z)
    y = np.where(locked, 0.0, y)
    return np.degrees(np.unwrap(np.stack((z, x, y)), axis=1))
