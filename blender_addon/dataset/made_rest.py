"""A rest pose in which a person stands, made from the motion where the file has none or another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from . import poses, rest_pose, rotations
from .capture import Capture

#: A rest pose stands if thighs to ankles go down at least so straight (cosine).
_DOWN = 0.7


def axes(rest: np.ndarray, roles: Mapping[str, int]) -> np.ndarray | None:
    with np.errstate(all="ignore"):
        turn = rest_pose.axes(rest, roles)
    return turn if turn is not None and np.isfinite(turn).all() else None


def stands(rest: np.ndarray, roles: Mapping[str, int]) -> bool:
    """Whether a rest pose is one of a person who stands: some files have one that only lists lengths."""
    turn = axes(rest, roles)
    if turn is None:
        return False
    for side in "LR":
        if {f"thigh.{side}", f"foot.{side}"} <= roles.keys():
            leg = rest[roles[f"foot.{side}"]] - rest[roles[f"thigh.{side}"]]
            if leg @ turn[2] > -_DOWN * np.linalg.norm(leg):
                return False
        if {f"upper_arm.{side}", f"hand.{side}"} <= roles.keys():
            arm = rest[roles[f"hand.{side}"]] - rest[roles[f"upper_arm.{side}"]]
            if arm @ turn[2] > _DOWN * np.linalg.norm(arm):
                return False
    return abs(float(np.linalg.det(turn)) - 1.0) < 1e-3


def with_made_rest(capture: Capture, roles: Mapping[str, int]) -> Capture:
    """The capture with a rest pose made from the frame that is nearest to one: its limbs stretched, arms held out."""
    chosen = poses.standing_frame(capture.positions, roles)
    places = capture.positions[:, :, chosen]
    turn = poses.frame_axes(places, roles)
    role_of = {joint: role for role, joint in roles.items()}
    swings = np.repeat(np.eye(3)[None], len(places), axis=0)
    rest = places.copy()
    for joint, parent in enumerate(capture.parents):
        if parent >= 0:
            swings[joint] = swings[parent]
            rest[joint] = rest[parent] + swings[parent] @ (places[joint] - places[parent])
        kind, _, side = role_of.get(joint, "").partition(".")
        for (start, end), wanted in poses.STRETCHED.items():
            if kind == start and f"{end}.{side}" in roles:
                bone = swings[joint] @ (places[roles[f"{end}.{side}"]] - places[joint])
                aim = turn.T @ (np.array(wanted) * (1.0 if side == "L" else -1.0, 1.0, 1.0))
                if np.linalg.norm(bone) > 0:
                    swings[joint] = rotations.to_matrix(rotations.swing(bone, aim))[0] @ swings[joint]
    ends = {}
    turns = np.empty_like(capture.turns)
    for joint in range(len(places)):
        before = rotations.inverse(capture.turns[joint][:, chosen : chosen + 1])
        swung = rotations.inverse(rotations.from_matrix(swings[joint]))
        turns[joint] = rotations.multiply(capture.turns[joint], rotations.multiply(before, swung))
        if joint in capture.ends:
            offset = rotations.rotate(rotations.inverse(before), capture.ends[joint] - capture.rest[joint])[:, 0]
            ends[joint] = rest[joint] + swings[joint] @ offset
    return replace(capture, rest=rest, turns=turns, ends=ends)
