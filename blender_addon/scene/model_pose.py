"""The pose in which the mannequin's body is modelled, whatever rest pose its skeleton has; numpy alone.

Arms half lowered, legs a little apart, fingers fanned: no parts touch, and it lies between a T-pose and
arms that hang, so that everyday poses bend the skin least. The finished body is turned back by inverting the
blended bone matrices: an armature that takes this pose then shows exactly the shape that was modelled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dataset import joint_roles, rotations
from ..dataset.rest_pose import RestPose

#: Directions of the limbs (outwards, -front, up) in the modelling pose.
_DIRECTIONS = {
    "upper_arm": (0.72, 0.0, -0.69),
    "forearm": (0.66, -0.14, -0.74),
    "thigh": (0.11, 0.0, -1.0),
    "shin": (0.06, 0.015, -1.0),
}
_NEXT = {"upper_arm": "forearm", "forearm": "hand", "thigh": "shin", "shin": "foot"}
#: How far each finger is turned from the middle one, degrees, index side positive.
_FAN = {"index": 7.0, "middle": 1.0, "ring": -5.0, "pinky": -12.0}


@dataclass(frozen=True)
class ModelPose:
    """heads: (J, 3) m; turns: (J, 3, 3), what turns a joint's rest surroundings into this pose."""

    rest: RestPose
    heads: np.ndarray
    turns: np.ndarray

    def head(self, role: str) -> np.ndarray:
        """Where the joint of a role is; KeyError where the skeleton has none."""
        return self.heads[self.rest.roles[role]]

    def moved(self, joint: int, point: np.ndarray) -> np.ndarray:
        """Where a rest-pose point (3,) that hangs on `joint` lies in this pose."""
        return self.heads[joint] + self.turns[joint] @ (point - self.rest.heads[joint])

    def to_rest(self, vertices: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Vertices (V, 3) modelled in this pose, as they must lie in the rest pose; weights (V, J)."""
        shifts = self.heads - np.einsum("jab,jb->ja", self.turns, self.rest.heads)
        turns = (weights @ self.turns.reshape(len(self.turns), 9)).reshape(-1, 3, 3)
        return np.linalg.solve(turns, (vertices - weights @ shifts)[:, :, None])[:, :, 0]


def tip(rest: RestPose, joint: int, length: float) -> np.ndarray:
    """The far end (3,) of a leaf joint in the rest pose: its End Site, else `length` onwards from its parent."""
    if joint in rest.ends and np.linalg.norm(rest.ends[joint] - rest.heads[joint]) > 1e-3:
        return rest.ends[joint]
    parent = joint
    while rest.parents[parent] >= 0:
        parent = rest.parents[parent]
        direction = rest.heads[joint] - rest.heads[parent]
        if np.linalg.norm(direction) > 1e-3:
            return rest.heads[joint] + direction / np.linalg.norm(direction) * length
    return rest.heads[joint] + np.array([0.0, 0.0, length])


def model_pose(rest: RestPose) -> ModelPose:
    """The modelling pose of a skeleton."""
    count = len(rest.names)
    wanted = {rest.roles[role]: turn for side in "LR" for role, turn in _aims(rest, side).items() if role in rest.roles}
    fans = {
        rest.roles[f"{finger}.1.{side}"]: (side, angle)
        for side in "LR"
        for finger, angle in _FAN.items()
        if f"{finger}.1.{side}" in rest.roles and f"hand.{side}" in rest.roles
    }
    feet = {rest.roles[f"foot.{side}"] for side in "LR" if f"foot.{side}" in rest.roles}
    heads = rest.heads.copy()
    turns = np.repeat(np.eye(3)[None], count, axis=0)
    for joint, parent in enumerate(rest.parents):
        if parent >= 0:
            turns[joint] = turns[parent]
            heads[joint] = heads[parent] + turns[parent] @ (rest.heads[joint] - rest.heads[parent])
        if joint in wanted:
            child, aim = wanted[joint]
            now = turns[joint] @ (rest.heads[child] - rest.heads[joint])
            turns[joint] = rotations.to_matrix(rotations.swing(now, aim))[0] @ turns[joint]
        elif joint in feet:
            turns[joint] = np.eye(3)
        elif joint in fans:
            side, angle = fans[joint]
            axis = turns[joint] @ palm_normal(rest, side)
            half = np.radians(angle) / 2
            quaternion = np.concatenate(([np.cos(half)], np.sin(half) * axis)).reshape(4, 1)
            turns[joint] = rotations.to_matrix(quaternion)[0] @ turns[joint]
    return ModelPose(rest, heads, turns)


def palm_normal(rest: RestPose, side: str) -> np.ndarray:
    """The unit normal (3,) of the back of a hand about which a turn leads to the index side, in the rest pose."""
    hand = rest.head(f"hand.{side}")
    knuckles = [rest.head(f"{f}.1.{side}") for f in joint_roles.FINGERS[1:] if f"{f}.1.{side}" in rest.roles]
    if len(knuckles) > 1:
        normal = np.cross(np.mean(knuckles, axis=0) - hand, knuckles[0] - knuckles[-1])
    else:
        outwards = hand - rest.head(f"forearm.{side}")
        normal = np.cross(outwards, (0.0, -1.0, 0.0))
    return normal / max(np.linalg.norm(normal), 1e-9)


def _aims(rest: RestPose, side: str) -> dict[str, tuple[int, np.ndarray]]:
    outwards = 1.0 if side == "L" else -1.0
    aims = {}
    for role, direction in _DIRECTIONS.items():
        child = rest.roles.get(f"{_NEXT[role]}.{side}")
        joint = rest.roles.get(f"{role}.{side}")
        if child is not None and joint is not None and np.linalg.norm(rest.heads[child] - rest.heads[joint]) > 1e-3:
            aims[f"{role}.{side}"] = (child, np.array(direction) * (outwards, 1.0, 1.0))
    return aims
