"""Any skeleton's motion as that of a whole body that people can be built for.

Whatever a skeleton's names, unit, axes, rest pose and missing parts: what comes out has joints whose names say what
they are, in centimetres, Y up, a rest pose that stands, hips for its root, legs, hands and head where it had none, and
feet on the floor.

Joint j of the capture is at p_j(t), turned by G_j(t) from a rest pose X. With T, which stands X up (rest_pose.axes),
A, which turns the capture's world to Z up, and u metres a unit, the body has the rest pose u T X and G'_j = A G_j T^T.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import joint_roles, made_rest, poses, rest_pose, rotations, stature
from .capture import Capture
from .errors import DatasetError

#: The parts of a leg, and how short a made one is at most when its knee is bent, as a share of its length.
_LEG = ("thigh", "shin", "foot", "toe")
_SHORTEST_LEG = 0.45
#: A limb that is so far (cosine) from where a rest pose has it is put there.
_ASIDE = np.cos(np.radians(30.0))
#: How far the neck's first joint is before and above the shoulders' at least, m in a person of 1.75 m, as in InterAct.
_NECK = (0.010, 0.038)
#: Feet are on the floor in at least this part of the frames.
_STANDING = 0.02

#: Where a person of 1.75 m has his joints, m: (outwards, -front, up).
_BODY = {
    "hips": (0.0, 0.0, 0.96), "head": (0.0, 0.01, 1.56), "shoulder": (0.03, 0.02, 1.42),
    "upper_arm": (0.175, 0.02, 1.42), "forearm": (0.455, 0.02, 1.42), "hand": (0.71, 0.02, 1.42),
    "thigh": (0.09, 0.0, 0.92), "shin": (0.09, 0.0, 0.51), "foot": (0.09, 0.02, 0.09), "toe": (0.09, -0.11, 0.03),
}  # fmt: skip
_HEIGHT = 1.75
#: What each part hangs on.
_ABOVE = {"shoulder": "chest", "upper_arm": "shoulder", "forearm": "upper_arm", "hand": "forearm",
          "thigh": "hips", "shin": "thigh", "foot": "shin", "toe": "foot"}  # fmt: skip


@dataclass(frozen=True)
class Body:
    """A whole body in metres, Blender's axes: Z up, its rest pose facing -Y.

    roles: in the order of joints, parents first; parents: as roles, "" for the hips; rest: (3,) by role; turns: (4, N)
    by role; hips: (3, N); ends: (3,) by role, where they are in the rest pose.
    """

    roles: tuple[str, ...]
    parents: Mapping[str, str]
    rest: Mapping[str, np.ndarray]
    turns: Mapping[str, np.ndarray]
    hips: np.ndarray
    ends: Mapping[str, np.ndarray]
    notices: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        return self.hips.shape[1]

    def positions(self) -> dict[str, np.ndarray]:
        """Where every joint is, (3, N) by role."""
        places: dict[str, np.ndarray] = {}
        for role in self.roles:
            above = self.parents[role]
            if above:
                offset = self.rest[role] - self.rest[above]
                places[role] = places[above] + rotations.rotate(self.turns[above], offset)
            else:
                places[role] = self.hips
        return places

    def moved(self, turn: float, place: Sequence[float]) -> Body:
        """Turned by `turn` radians about the upright through the origin, then moved by `place` (3,), metres."""
        yaw = rotations.about_axis("Z", np.array([turn]))
        turns = {role: rotations.multiply(yaw, track) for role, track in self.turns.items()}
        hips = rotations.rotate(yaw, self.hips) + np.asarray(place, dtype=float)[:, None]
        return replace(self, turns=turns, hips=hips)


def of(capture: Capture) -> Body:
    """The whole body of what was captured; DatasetError where it has no up or no size."""
    name = capture.name
    roles = dict(capture.roles)
    if "head" not in roles and "neck.0" in roles:
        roles["head"] = roles.pop(f"neck.{len(joint_roles.chain_of(roles, 'neck')) - 1}")
    if capture.posed or not made_rest.stands(capture.rest, roles):
        capture = made_rest.with_made_rest(capture, roles)
    T = made_rest.axes(capture.rest, roles)
    if T is None:
        raise DatasetError(f"{name}: its joints have no up and no sides that could be told")
    notices = list(capture.notices)
    unit = stature.unit_of(name, capture.rest, roles, notices)
    A = _upright(rotations.rotate(capture.turns[roles["hips"]], T[2]))
    left, right = rotations.from_matrix(A), rotations.from_matrix(T.T)
    heads = capture.rest @ T.T * unit
    rest = {role: heads[joint] for role, joint in roles.items()}
    turns = {role: rotations.multiply_around(left, capture.turns[joint], right) for role, joint in roles.items()}
    ends = {role: end @ T.T * unit for role, joint in roles.items() for end in _end(capture, joint, roles)}
    hips = A @ capture.positions[roles["hips"]] * unit
    body = Body((), {}, rest, turns, hips, ends, tuple(notices))
    return _on_floor(_neck_up(_limbs_out(_completed(body))))


def _end(capture: Capture, joint: int, roles: Mapping[str, int]) -> list[np.ndarray]:
    """Where a joint's bone ends, if it has no child with a role: its End Site or the middle of its children; or []."""
    children = [j for j, parent in enumerate(capture.parents) if parent == joint]
    if joint in capture.ends and not children:
        return [capture.ends[joint]]
    if children and not any(child in roles.values() for child in children):
        return [capture.rest[children].mean(axis=0)]
    return []


def _upright(up: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) that takes the axis along which the trunk stands on average, up (3, N), to Z."""
    mean = up.mean(axis=1)
    axis = int(np.argmax(np.abs(mean)))
    matrix = rest_pose.TO_BLENDER["XYZ"[axis]]
    return matrix if mean[axis] > 0 else np.diag((1.0, -1.0, -1.0)) @ matrix


def _completed(body: Body) -> Body:
    """The body with the parts that it lacks, in its size: legs stand below the hips, the others follow what they hang
    on."""
    rest, turns = dict(body.rest), dict(body.turns)
    spine = sorted((role for role in rest if role.startswith("spine.")), key=lambda role: int(role.split(".")[1]))
    chest = spine[-1] if spine else "hips"
    neck = sorted((role for role in rest if role.startswith("neck.")), key=lambda role: int(role.split(".")[1]))
    size = _size(body)
    if not neck and {"upper_arm.L", "upper_arm.R"} <= rest.keys():
        neck = ["neck.0"]
        rest["neck.0"] = (rest["upper_arm.L"] + rest["upper_arm.R"]) / 2 + np.array((0.0, -_NECK[0], _NECK[1])) * size
        turns["neck.0"] = turns[chest]
    parents = {"hips": "", **dict(zip([*spine, *neck, "head"], ["hips", *spine, *neck], strict=True))}
    legless = not any(role.startswith("thigh.") for role in rest)
    if "head" not in rest:
        rest["head"] = rest[chest] + size * (np.array(_BODY["head"]) - _BODY["upper_arm"]) * (0.0, 1.0, 1.0)
        turns["head"] = turns[chest]
    for side in "LR":
        for part, over in _ABOVE.items():
            role = f"{part}.{side}"
            above = chest if over == "chest" else "hips" if over == "hips" else f"{over}.{side}"
            if part == "upper_arm" and above not in rest:
                above = chest
            if role not in rest:
                if part == "shoulder" or (part == "toe" and above in body.ends):
                    continue  # bodies are built without these as well
                given = body.ends.get(above)
                rest[role] = given if given is not None else _beside(rest, part, over, above, side, size)
                turns[role] = turns[above]
            parents[role] = above
        for finger in joint_roles.FINGERS:
            chain = [role for n in range(4) if (role := f"{finger}.{n}.{side}") in rest]
            parents |= dict(zip(chain, [f"hand.{side}", *chain[:-1]], strict=False))
    roles = tuple(_depth_first(parents, "hips"))
    ends = {role: end for role, end in body.ends.items() if role in parents and role not in parents.values()}
    whole = replace(body, roles=roles, parents=parents, rest=rest, turns=turns, ends=ends)
    return _on_made_legs(whole) if legless else whole


def _beside(rest: Mapping[str, np.ndarray], part: str, over: str, above: str, side: str, size: float) -> np.ndarray:
    """Where a missing joint is in the rest pose: as far from what it hangs on as in any body, in the body's size."""
    way = (np.array(_BODY[part]) - _BODY.get(over, (0.0, 0.0, _BODY["upper_arm"][2]))) * size
    if part == "hand" and f"upper_arm.{side}" in rest:
        arm = rest[above] - rest[f"upper_arm.{side}"]
        return rest[above] + arm / max(float(np.linalg.norm(arm)), 1e-9) * float(np.linalg.norm(way))
    return rest[above] + way * (1.0 if side == "L" else -1.0, 1.0, 1.0)


def _size(body: Body) -> float:
    """The body's size against the one that missing parts are measured on."""
    names = list(body.rest)
    roles = {name: n for n, name in enumerate(names)}
    return stature.height_of(np.array([body.rest[name] for name in names]), roles) / _HEIGHT


def _limbs_out(body: Body) -> Body:
    """The body with a rest pose whose arms are held out and legs go down: skin is modelled with arms half lowered,
    and hanging arms, which most motions have, look best where the rest pose is on the other side of that."""
    swings: dict[str, np.ndarray] = {}
    rest, turns, ends = dict(body.rest), dict(body.turns), dict(body.ends)
    for role in body.roles:
        above = body.parents[role]
        swing = swings[above] if above else np.eye(3)
        if above:
            rest[role] = rest[above] + swing @ (body.rest[role] - body.rest[above])
        kind, _, side = role.partition(".")
        for (start, end), wanted in poses.STRETCHED.items():
            if kind == start != "foot":
                bone = poses.direction(swing @ (body.rest[f"{end}.{side}"] - body.rest[role]))
                aim = np.array(wanted) * (1.0 if side == "L" else -1.0, 1.0, 1.0)
                if bone @ aim < _ASIDE:
                    swing = rotations.to_matrix(rotations.swing(bone, aim))[0] @ swing
        swings[role] = swing
        turns[role] = rotations.multiply(turns[role], rotations.from_matrix(swing.T))
        if role in ends:
            ends[role] = rest[role] + swing @ (ends[role] - body.rest[role])
    return replace(body, rest=rest, turns=turns, ends=ends)


def _neck_up(body: Body) -> Body:
    """The body with the neck's first joint above and before the shoulders, where collars lie: some skeletons bend it
    lower or farther back. The head keeps its place in the rest pose."""
    neck = body.rest.get("neck.0")
    if neck is None:
        return body
    shoulders = np.mean([body.rest[f"upper_arm.{side}"] for side in "LR"], axis=0)
    before, above = np.array(_NECK) * _size(body)
    placed = np.array((neck[0], min(neck[1], shoulders[1] - before), max(neck[2], shoulders[2] + above)))
    return replace(body, rest={**body.rest, "neck.0": placed})


def _on_made_legs(body: Body) -> Body:
    """The body with legs that it did not have standing below its hips: straight where the hips are highest, knees bent
    where they are lower, soles level."""
    turns = dict(body.turns)
    level = _level(turns["hips"])
    for side in "LR":
        thigh, shin, foot = (body.rest[f"{part}.{side}"] for part in _LEG[:3])
        high = body.hips[2] + rotations.rotate(turns["hips"], thigh - body.rest["hips"])[2]
        upper, lower = (float(np.linalg.norm(bone)) for bone in (shin - thigh, foot - shin))
        length = upper + lower - (float(np.quantile(high, 1.0 - _STANDING)) - high)
        length = np.clip(length, _SHORTEST_LEG * (upper + lower), (upper + lower) * (1.0 - 1e-6))
        forth = np.arccos(np.clip((upper**2 + length**2 - lower**2) / (2 * upper * length), -1.0, 1.0))
        back = np.arccos(np.clip((lower**2 + length**2 - upper**2) / (2 * lower * length), -1.0, 1.0))
        turns[f"thigh.{side}"] = rotations.then_about_axis(level, "X", -forth)
        turns[f"shin.{side}"] = rotations.then_about_axis(level, "X", back)
        turns[f"foot.{side}"] = turns[f"toe.{side}"] = level
    return replace(body, turns=turns)


def _level(turns: np.ndarray) -> np.ndarray:
    """Of rotations (4, N) what they turn about the upright."""
    yaw = np.stack((turns[0], np.zeros_like(turns[0]), np.zeros_like(turns[0]), turns[3]))
    return yaw / np.maximum(np.linalg.norm(yaw, axis=0), 1e-9)


def _depth_first(parents: Mapping[str, str], role: str) -> list[str]:
    """A role and all below it, each branch whole."""
    return [role, *(r for child, above in parents.items() if above == role for r in _depth_first(parents, child))]


def _on_floor(body: Body) -> Body:
    """The body with its soles on z = 0 where they are lowest, whatever height the capture gave it."""
    places = body.positions()
    lowest = [role for role in ("toe.L", "toe.R", "foot.L", "foot.R") if role in places]
    standing = min(float(body.rest[role][2]) for role in lowest)
    sole = _sole(body)
    low = np.min([places[role][2] - (body.rest[role][2] - standing) for role in lowest], axis=0)
    lift = (standing - sole) - float(np.quantile(low, _STANDING))
    return replace(body, hips=body.hips + np.array([[0.0], [0.0], [lift]]))


def _sole(body: Body) -> float:
    """How high the soles are in the rest pose, as rest_pose.stand has it."""
    toes = [float(body.rest[f"toe.{side}"][2]) for side in "LR" if f"toe.{side}" in body.rest]
    toes = toes or [float(body.ends[f"foot.{side}"][2]) for side in "LR" if f"foot.{side}" in body.ends]
    if toes:
        return min(toes) - rest_pose.TOE_HEIGHT
    return min(float(place[2]) for place in body.rest.values())
