"""Fits a body to an actor's skeleton: every limb to its length, every joint to its place; numpy alone.

The skeleton is posed like the body (A-pose), the body is stretched along its limbs onto the skeleton's joints, and
turned into the skeleton's rest pose by inverting the blended bone matrices: an armature that takes the A-pose
shows the body as it was modelled, and every joint of the capture lies exactly where the capture has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...dataset import joint_roles, rotations
from ...dataset.makehuman import RIG_NAMES, Rig, Source
from ...dataset.makehuman import rig as read_rig
from ...dataset.rest_pose import RestPose
from ..model_pose import ModelPose

#: Which joint a limb's bone points at.
_NEXT = {"upper_arm": "forearm", "forearm": "hand", "thigh": "shin", "shin": "foot"}
#: How much higher than the capture's joint the head sits, and how much lower than his the chest's shoulder and the
#: upper end of the arm's flesh, metres in a person of 1.75 m: InterAct's upper arms start 3 cm below the neck, at the
#: height of a raised shoulder.
_HEAD_UP, _SHOULDER_DOWN, _ARM_DOWN = 0.018, 0.030, 0.026
#: How much of the way back that the capture's shoulders have the chest follows.
_CHEST_BACK = 0.6
#: How much of the way to the capture's narrower knuckles the fingers go.
_KNUCKLES = 0.5


@dataclass(frozen=True)
class Fit:
    """pose: the actor's skeleton in the body's A-pose; vertices: (V, 3) m in it; weights: (V, J), the actor's joints;
    head_scale: from the data's head to the actor's; shape: the vertices before; places: what took them there."""

    pose: ModelPose
    vertices: np.ndarray
    weights: np.ndarray
    head_scale: float
    shape: np.ndarray
    places: Places

    @property
    def floor(self) -> float:
        """How high the soles stand in the A-pose, m: its legs are apart, its feet higher than in the rest pose."""
        pose = self.pose
        return float(np.mean([pose.head(f"foot.{side}")[2] - pose.rest.head(f"foot.{side}")[2] for side in "LR"]))


def fit(source: Source, shape: np.ndarray, rest: RestPose) -> Fit:
    """Fit a body, vertices (V, 3) m of the base mesh with its targets, to a skeleton."""
    rig = read_rig(source, RIG_NAMES[0])
    shape = shape - (0.0, 0.0, float(shape[source.cubes["body"], 2].min()))
    heads = np.array([shape[rows].mean(axis=0) for rows in rig.heads_from])
    bones = joint_roles.classify(rig.names, rig.parents)
    at = {role: heads[bone] for role, bone in bones.items()}
    pose = _pose(rest, at)
    size = float(np.clip(rest.head("head")[2] / at["head"][2], 0.85, 1.15))
    head_scale = size**0.5
    places = Places(at, pose, size, head_scale, _Trunk(at, pose, size))
    pairs = joint_roles.match(rest.roles, bones)
    roles = {bone: role for role, bone in bones.items()}
    moved = np.zeros_like(shape)
    for bone in range(len(rig.names)):
        share = rig.weights[:, bone]
        rows = np.flatnonzero(share > 0)
        if len(rows):
            moved[rows] += share[rows, None] * places(roles.get(bone, ""), shape[rows])
    weights = _collapse(rig, pairs, bones, rest, moved)
    return Fit(pose, moved, weights, head_scale, shape, places)


def _pose(rest: RestPose, at: dict[str, np.ndarray]) -> ModelPose:
    """The skeleton with its limbs along the body's."""
    turns = np.repeat(np.eye(3)[None], len(rest.names), axis=0)
    heads = rest.heads.copy()
    role_of = {joint: role for role, joint in rest.roles.items()}
    for joint, parent in enumerate(rest.parents):
        if parent >= 0:
            turns[joint] = turns[parent]
            heads[joint] = heads[parent] + turns[parent] @ (rest.heads[joint] - rest.heads[parent])
        role = role_of.get(joint, "")
        kind, _, side = role.partition(".")
        follower = f"{_NEXT[kind]}.{side}" if kind in _NEXT else ""
        if kind in joint_roles.FINGERS:
            kind, number, side = role.split(".")
            follower = f"{kind}.{int(number) + 1}.{side}"
        if follower in rest.roles and follower in at and role in at:
            aim = at[follower] - at[role]
            if kind == "thumb" and _at_wrist(rest, side):
                aim = at[follower] - at[f"hand.{side}"]
            now = turns[joint] @ (rest.heads[rest.roles[follower]] - rest.heads[joint])
            if np.linalg.norm(now) > 1e-4 and np.linalg.norm(aim) > 1e-4:
                turns[joint] = rotations.to_matrix(rotations.swing(now, aim / np.linalg.norm(aim)))[0] @ turns[joint]
        elif kind == "foot" and f"toe.{side}" in rest.roles:
            turns[joint] = _yaw(
                rest.heads[rest.roles[f"toe.{side}"]] - rest.heads[joint], at[f"toe.{side}"] - at[f"foot.{side}"]
            )
        elif kind == "hand":
            knuckles = [f"{f}.1.{side}" for f in joint_roles.FINGERS[1:]]
            knuckles = [k for k in knuckles if k in rest.roles and k in at]
            if len(knuckles) > 1:
                ours = np.array([rest.head(k) - rest.heads[joint] for k in knuckles])
                theirs = np.array([at[k] - at[role] for k in knuckles])
                turns[joint] = _kabsch(ours, theirs)
    return ModelPose(rest, heads, turns)


class _Trunk:
    """Where the body's trunk goes: heights between hips, shoulders and head, widths of hips and shoulders."""

    def __init__(self, at: dict[str, np.ndarray], pose: ModelPose, size: float) -> None:
        def middle(places: dict[str, np.ndarray], role: str) -> np.ndarray:
            return (places[f"{role}.L"] + places[f"{role}.R"]) / 2

        wanted = ("thigh.L", "thigh.R", "upper_arm.L", "upper_arm.R", "head")
        ours: dict[str, np.ndarray] = {role: pose.head(role) for role in wanted}
        hip, arm, head = middle(at, "thigh"), middle(at, "upper_arm"), at["head"]
        hip_to, arm_to, head_to = middle(ours, "thigh"), middle(ours, "upper_arm"), ours["head"].copy()
        arm_to = arm_to - (0, 0, _SHOULDER_DOWN * size)
        head_to[2] += _HEAD_UP * size
        self.heights = np.array([hip[2] - 1, hip[2], arm[2], head[2], head[2] + 1])
        self.places = np.array([hip_to[2] - size, hip_to[2], arm_to[2], head_to[2], head_to[2] + size])
        hip_shift, arm_shift, head_shift = hip_to - size * hip, arm_to - size * arm, head_to - size * head
        arm_shift = hip_shift + (arm_shift - hip_shift) * _CHEST_BACK
        self.shifts = [hip_shift[1], hip_shift[1], arm_shift[1], head_shift[1], head_shift[1]]
        width = [abs(ours[f"{r}.L"][0] - ours[f"{r}.R"][0]) / abs(at[f"{r}.L"][0] - at[f"{r}.R"][0])
                 for r in ("thigh", "upper_arm")]  # fmt: skip
        width = [float(np.clip(w, 0.88 * size, 1.12 * size)) for w in width]
        self.widths = [width[0], width[0], width[1], size, size]
        self.size = size
        self.middles = [hip_to[0], hip_to[0], arm_to[0], head_to[0], head_to[0]]

    def __call__(self, points: np.ndarray) -> np.ndarray:
        def smooth(values: list[float]) -> np.ndarray:
            """Piecewise linear in height, with eased corners."""
            steps = np.linspace(-0.05, 0.05, 7)
            return np.mean([np.interp(points[:, 2] + s, self.heights, values) for s in steps], axis=0)

        x = points[:, 0] * smooth(self.widths) + smooth(self.middles)
        y = points[:, 1] * self.size + smooth(self.shifts)
        return np.stack((x, y, np.interp(points[:, 2], self.heights, self.places)), axis=1)


@dataclass(frozen=True)
class Places:
    """Where the bone of a role takes the body's points; at: the body's own joints, metres."""

    at: dict[str, np.ndarray]
    pose: ModelPose
    size: float
    head_scale: float
    trunk: _Trunk

    def __call__(self, role: str, points: np.ndarray) -> np.ndarray:
        """Points (V, 3) of the body as it was shaped, on the actor's skeleton."""
        return _place(role, points, self)


def _place(role: str, points: np.ndarray, places: Places) -> np.ndarray:
    at, pose, size = places.at, places.pose, places.size
    kind, _, side = role.partition(".")
    rest = pose.rest
    if kind in joint_roles.FINGERS:
        kind, _, side = role.split(".")
        first = f"{kind}.{2 if kind == 'thumb' else 1}.{side}"
        if role not in rest.roles or first not in rest.roles:
            role, kind = f"hand.{side}", "hand"  # the capture has no such finger: it goes with the hand
    elif kind == "toe" and role not in rest.roles:
        role, kind = f"foot.{side}", "foot"
    if role not in rest.roles or kind in ("hips", "spine", "neck", "shoulder"):
        return places.trunk(points)
    head = pose.head(role)
    if kind == "head":
        up = np.array((0, 0, _HEAD_UP * size))
        return head + up + (points - at[role]) * places.head_scale
    if kind in ("foot", "toe"):
        # The sole stays on the floor and flat, the foot keeps the length of the capture's.
        ankle, to, along = at[f"foot.{side}"], pose.head(f"foot.{side}"), size
        if f"toe.{side}" in rest.roles:
            ours, theirs = (pose.head(f"toe.{side}") - to)[:2], (at[f"toe.{side}"] - ankle)[:2]
            along = float(np.clip(np.linalg.norm(ours) / np.linalg.norm(theirs), 0.85 * size, 1.15 * size))
        high = float(rest.head(f"foot.{side}")[2] / ankle[2])
        return to + (points - ankle) * (along * 0.5 + size * 0.5, along, high)
    if kind == "hand":
        return _hand(points, side, at, pose)
    start, finger = at[role], kind in joint_roles.FINGERS
    shift = np.zeros(3)
    girth = size
    if finger:
        number = int(role.split(".")[1])
        follower = f"{kind}.{number + 1}.{side}"
        shift = (1 - _KNUCKLES) * (_hand(at[first][None], side, at, pose)[0] - pose.head(first))
        girth = _hand_scale(side, at, pose)
        if kind == "thumb" and number == 1 and _at_wrist(rest, side):
            start = at[f"hand.{side}"]
            head = pose.head(f"hand.{side}")
            # The ball of the thumb: the nearer to the wrist the less it is the thumb's.
            goal = pose.head(follower) + shift
            return _stretch(points, start, at[follower], head, goal, girth)
    else:
        follower = f"{_NEXT[kind]}.{side}"
    if kind == "upper_arm":
        head = head - np.array((0.0, 0.0, _ARM_DOWN * size))
    if follower in at and follower in rest.roles:
        return _stretch(points, start, at[follower], head + shift, pose.head(follower) + shift, girth)
    # The last joint of a finger keeps its own length, in the hand's size.
    return head + shift + (points - start) * girth


def _stretch(points, start, end, to_start, to_end, girth) -> np.ndarray:
    """Points round the line from start to end, taken to another line and stretched along it; girth: across."""
    axis, aim = end - start, to_end - to_start
    length, wanted = np.linalg.norm(axis), np.linalg.norm(aim)
    axis, aim = axis / length, aim / wanted
    offset = points - start
    along = offset @ axis
    across = offset - along[:, None] * axis
    turn = rotations.to_matrix(rotations.swing(axis, aim))[0]
    share = along / length
    # Beyond its ends a limb is not stretched.
    place = np.clip(share, 0, 1) * wanted + (share - np.clip(share, 0, 1)) * length * girth
    return to_start + place[:, None] * aim + (across @ turn.T) * girth


def _hand_scale(side: str, at: dict[str, np.ndarray], pose: ModelPose) -> float:
    knuckle = f"middle.1.{side}"
    if knuckle not in pose.rest.roles:
        return 1.0
    ours = np.linalg.norm(pose.head(knuckle) - pose.head(f"hand.{side}"))
    return float(np.clip(ours / np.linalg.norm(at[knuckle] - at[f"hand.{side}"]), 0.8, 1.2))


def _hand(points: np.ndarray, side: str, at: dict[str, np.ndarray], pose: ModelPose) -> np.ndarray:
    return pose.head(f"hand.{side}") + (points - at[f"hand.{side}"]) * _hand_scale(side, at, pose)


def _at_wrist(rest: RestPose, side: str) -> bool:
    """Whether the thumb's first joint is drawn at the wrist and not in the thumb's ball."""
    first, hand = rest.roles.get(f"thumb.1.{side}"), rest.roles.get(f"hand.{side}")
    return None not in (first, hand) and bool(np.linalg.norm(rest.heads[first] - rest.heads[hand]) < 0.03)


def _yaw(now: np.ndarray, aim: np.ndarray) -> np.ndarray:
    angle = np.arctan2(aim[1], aim[0]) - np.arctan2(now[1], now[0])
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _kabsch(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) that takes vectors (N, 3) to others best."""
    u, _, vt = np.linalg.svd(theirs.T @ ours)
    return u @ np.diag((1.0, 1.0, np.linalg.det(u @ vt))) @ vt


def _collapse(rig: Rig, pairs: dict[int, int], bones: dict[str, int], rest: RestPose, moved) -> np.ndarray:
    """The bones' weights given to the actor's joints (V, J); trunk and neck are spread over their joints by height."""
    weights = np.zeros((len(rig.weights), len(rest.names)))
    spine = joint_roles.chain_of(rest.roles, "spine")
    neck = joint_roles.chain_of(rest.roles, "neck")
    chains = {**dict.fromkeys(joint_roles.chain_of(bones, "spine"), spine)}
    chains |= dict.fromkeys(joint_roles.chain_of(bones, "neck"), neck or [rest.roles["head"]])
    for bone in range(len(rig.names)):
        share = rig.weights[:, bone]
        rows = np.flatnonzero(share > 0)
        if not len(rows):
            continue
        if chains.get(bone):
            chain = chains[bone]
            ends = [*chain[1:], rest.roles["head"] if chain is neck else neck[0] if neck else rest.roles["head"]]
            centres = (rest.heads[chain, 2] + rest.heads[ends, 2]) / 2
            for n, joint in enumerate(chain):
                weights[rows, joint] += share[rows] * np.interp(moved[rows, 2], centres, np.eye(len(chain))[n])
            continue
        above = bone
        while above not in pairs and rig.parents[above] >= 0:
            above = rig.parents[above]
        weights[rows, pairs.get(above, rest.roles["hips"])] += share[rows]
    return weights
