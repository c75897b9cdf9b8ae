"""Any skeleton's motion as that of a whole body that people can be built for.

Whatever a skeleton's names, unit, axes, rest pose and missing parts: what comes out has joints whose names say what
they are, in centimetres, Y up, a rest pose that stands, hips for its root, legs, hands and head where it had none, and
feet on the floor.

Joint j of the capture is at p_j(t), turned by G_j(t) from a rest pose X. With T, which stands X up (rest_pose.axes),
A, which turns the capture's world to Z up, and u metres a unit, the body has the rest pose u T X and G'_j = A G_j T^T.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from . import bvh, joint_roles, layout, rest_pose, rotations, tree_roles
from .errors import DatasetError

#: Frames that the shape of a tree is told by, at most.
_LOOKS = 120
#: Units of length, metres, and how tall people are, metres, and usually.
_UNITS = {"metres": 1.0, "inches": 0.0254, "centimetres": 0.01, "millimetres": 0.001}
_SHORTEST, _TALLEST, _USUAL = 1.25, 2.2, 1.70
#: What a body's height is to its parts, as in people of InterAct and in the real captures.
_LEG, _TRUNK, _ARM = 0.475, 0.350, 0.314
#: A rest pose stands if thighs to ankles go down at least so straight (cosine).
_DOWN = 0.7
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
#: Bones of a limb, and where they point in a rest pose that is made: (outwards, -front, up).
_STRETCHED = {
    ("upper_arm", "forearm"): (1.0, 0.0, 0.0), ("forearm", "hand"): (1.0, 0.0, 0.0),
    ("thigh", "shin"): (0.0, 0.0, -1.0), ("shin", "foot"): (0.0, 0.0, -1.0), ("foot", "toe"): (0.0, -0.88, -0.48),
}  # fmt: skip
#: Joints' names by role, in the words that joint_roles reads.
_NAMES = {"shoulder": "Shoulder", "upper_arm": "Arm", "forearm": "ForeArm", "hand": "Hand", "thigh": "UpLeg",
          "shin": "Leg", "foot": "Foot", "toe": "ToeBase"}  # fmt: skip


@dataclass(frozen=True)
class Capture:
    """What was captured, in its own unit and axes.

    parents: J, each before its children, -1 for none; rest: (J, 3), positions in some pose; positions: (J, 3, N) and
    turns: (J, 4, N), from that pose, over the frames; ends: where End Sites are in that pose, (3,) by joint; roles: of
    the joints; notices: what the user should know.
    """

    parents: tuple[int, ...]
    rest: np.ndarray
    positions: np.ndarray
    turns: np.ndarray
    ends: Mapping[int, np.ndarray]
    roles: Mapping[str, int]
    notices: tuple[str, ...] = ()


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


def of_motion(motion: bvh.Motion) -> Body:
    """The whole body of a BVH's motion at 30 fps; DatasetError where it is no body of a person."""
    name = motion.path.name if motion.path else "the motion"
    motion = bvh.resample(motion, layout.FPS)
    skeleton = motion.skeleton
    positions, turns = bvh.forward_kinematics(motion)
    offsets = skeleton.offsets.copy()
    for joint, channels in enumerate(skeleton.channels):
        if skeleton.parents[joint] >= 0 and any(channel.endswith("position") for channel in channels):
            offsets[joint] = np.median(bvh.local_positions(motion, joint), axis=1)
    rest = replace(skeleton, offsets=offsets).rest_positions()
    roles = _roles(skeleton, positions, turns)
    if not roles:
        raise DatasetError(
            f"{name}: no body of a person can be seen in its {len(skeleton.names)} joints; it takes a trunk and two "
            "arms that are alike, or names that say what the joints are"
        )
    ends = {joint: rest[joint] + offset for joint, offset in skeleton.ends.items()}
    return _whole(name, Capture(skeleton.parents, rest, positions, turns, ends, roles, motion.notices))


def of_positions(positions: np.ndarray, parents: Sequence[int], fps: float, name: str = "the positions") -> Body:
    """The whole body of joint positions (N, J, 3), in any unit and axes, at 30 fps; DatasetError as of_motion."""
    array = np.asarray(positions, dtype=float)
    if array.ndim != 3 or array.shape[2] != 3 or not len(array) or array.shape[1] != len(parents):
        raise DatasetError(
            f"{name}: joint positions must have the shape (frames, {len(parents)} joints, 3), these have {array.shape}"
        )
    if not np.isfinite(array).all():
        raise DatasetError(f"{name}: holds NaN or infinity; fill the gaps first")
    order, above = _sorted(parents, name)
    places = _resampled(array[:, order], fps).transpose(1, 2, 0)
    roles = tree_roles.find(above, _some(places))
    if not roles:
        raise DatasetError(f"{name}: no body of a person can be seen in its {len(above)} joints and their parents")
    chosen = _standing_frame(places, roles)
    rest = places[:, :, chosen]
    return _whole(name, Capture(above, rest, places, _turns(above, rest, places), {}, roles), made_rest=True)


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


def _roles(skeleton: bvh.Skeleton, positions: np.ndarray, turns: np.ndarray) -> dict[str, int]:
    """By the names where they tell of a trunk and of arms, and of legs or of none; else by the tree."""
    named = joint_roles.classify(skeleton.names, skeleton.parents)
    limbs = [[f"{part}.{side}" for part in parts for side in "LR"] for parts in (_ARMS, _LEGS)]
    arms, legs = ([role in named for role in limb] for limb in limbs)
    if {"hips", "head"} <= named.keys() and all(arms) and (all(legs) or not any(legs)):
        return named
    looked = _some(positions)
    ends = {
        joint: looked[joint] + rotations.rotate(_some(turns[joint][None])[0], end)
        for joint, end in skeleton.ends.items()
    }
    return tree_roles.find(skeleton.parents, looked, ends) or named


_ARMS, _LEGS = ("upper_arm", "forearm"), ("thigh", "shin", "foot")


def _some(tracks: np.ndarray) -> np.ndarray:
    """Some frames of tracks (..., N)."""
    return tracks[..., :: max(1, tracks.shape[-1] // _LOOKS)]


def _whole(name: str, capture: Capture, *, made_rest: bool = False) -> Body:
    roles = dict(capture.roles)
    if "head" not in roles and "neck.0" in roles:
        roles["head"] = roles.pop(f"neck.{len(joint_roles.chain_of(roles, 'neck')) - 1}")
    if made_rest or not _stands(capture.rest, roles):
        capture = _with_made_rest(capture, roles)
    T = _axes(capture.rest, roles)
    if T is None:
        raise DatasetError(f"{name}: its joints have no up and no sides that could be told")
    notices = list(capture.notices)
    unit = _unit_of(name, capture.rest, roles, notices)
    A = _upright(rotations.rotate(capture.turns[roles["hips"]], T[2]))
    left, right = rotations.from_matrix(A), rotations.from_matrix(T.T)
    heads = capture.rest @ T.T * unit
    rest = {role: heads[joint] for role, joint in roles.items()}
    turns = {role: rotations.multiply_around(left, capture.turns[joint], right) for role, joint in roles.items()}
    ends = {role: end @ T.T * unit for role, joint in roles.items() for end in _end(capture, joint, roles)}
    hips = A @ capture.positions[roles["hips"]] * unit
    body = Body((), {}, rest, turns, hips, ends, tuple(notices))
    return _on_floor(_completed(body))


def _end(capture: Capture, joint: int, roles: Mapping[str, int]) -> list[np.ndarray]:
    """Where a joint's bone ends, if it has no child with a role: its End Site or the middle of its children; or []."""
    children = [j for j, parent in enumerate(capture.parents) if parent == joint]
    if joint in capture.ends and not children:
        return [capture.ends[joint]]
    if children and not any(child in roles.values() for child in children):
        return [capture.rest[children].mean(axis=0)]
    return []


def _axes(rest: np.ndarray, roles: Mapping[str, int]) -> np.ndarray | None:
    with np.errstate(all="ignore"):
        turn = rest_pose.axes(rest, roles)
    return turn if turn is not None and np.isfinite(turn).all() else None


def _stands(rest: np.ndarray, roles: Mapping[str, int]) -> bool:
    """Whether a rest pose is one of a person who stands: some files have one that only lists lengths."""
    turn = _axes(rest, roles)
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


def _standing_frame(positions: np.ndarray, roles: Mapping[str, int]) -> int:
    """The frame (number from 0) whose pose is nearest to a person's who stands with straight limbs."""
    score = np.zeros(positions.shape[2])
    base = _mean(positions, roles, "thigh", "hips")
    up = _direction(_mean(positions, roles, "upper_arm", "head") - base)
    for side in "LR":
        for (start, end), wanted in _STRETCHED.items():
            if start == "foot" or not {f"{start}.{side}", f"{end}.{side}"} <= roles.keys():
                continue
            bone = _direction(positions[roles[f"{end}.{side}"]] - positions[roles[f"{start}.{side}"]])
            along = np.einsum("an,an->n", bone, up)
            # Arms may hang: only raised ones are far from any rest pose.
            score += -along if wanted[2] < 0 else -np.maximum(along, 0.0)
    return int(np.argmax(score))


def _with_made_rest(capture: Capture, roles: Mapping[str, int]) -> Capture:
    """The capture with a rest pose made from the frame that is nearest to one: its limbs stretched, arms held out."""
    chosen = _standing_frame(capture.positions, roles)
    places = capture.positions[:, :, chosen]
    turn = _frame_axes(places, roles)
    role_of = {joint: role for role, joint in roles.items()}
    swings = np.repeat(np.eye(3)[None], len(places), axis=0)
    rest = places.copy()
    for joint, parent in enumerate(capture.parents):
        if parent >= 0:
            swings[joint] = swings[parent]
            rest[joint] = rest[parent] + swings[parent] @ (places[joint] - places[parent])
        kind, _, side = role_of.get(joint, "").partition(".")
        for (start, end), wanted in _STRETCHED.items():
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


def _frame_axes(places: np.ndarray, roles: Mapping[str, int]) -> np.ndarray:
    """The rotation (3, 3) that stands a pose up (Z up, facing -Y), by hips and shoulders, without snapping to axes."""
    up = _direction(_mean(places, roles, "upper_arm", "head") - _mean(places, roles, "thigh", "hips"))
    left = sum(
        places[roles[f"{part}.L"]] - places[roles[f"{part}.R"]]
        for part in ("thigh", "upper_arm")
        if {f"{part}.L", f"{part}.R"} <= roles.keys()
    )
    left = _direction(left - up * (left @ up))
    return np.stack((left, -np.cross(left, up), up))


def _mean(places: np.ndarray, roles: Mapping[str, int], part: str, otherwise: str) -> np.ndarray:
    """The middle between both sides' joints of a part."""
    if {f"{part}.L", f"{part}.R"} <= roles.keys():
        return (places[roles[f"{part}.L"]] + places[roles[f"{part}.R"]]) / 2
    return places[roles[otherwise]]


def _direction(vectors: np.ndarray) -> np.ndarray:
    """Unit vectors of (3,) or (3, N)."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=0), 1e-12)


def _turns(parents: Sequence[int], rest: np.ndarray, places: np.ndarray) -> np.ndarray:
    """How each joint is turned from a pose (J, 3) over positions (J, 3, N): (J, 4, N).

    A joint of several children has the rotation that fits them best (Kabsch), one of one child its parent's and the
    smallest swing from there.
    """
    count, frames = len(parents), places.shape[2]
    turns = np.zeros((count, 4, frames))
    for joint, parent in enumerate(parents):
        turns[joint] = turns[parent] if parent >= 0 else np.broadcast_to(rotations.IDENTITY, (4, frames))
        children = [child for child in range(count) if parents[child] == joint]
        start = rest[children] - rest[joint]
        children = [child for child, way in zip(children, start, strict=True) if np.linalg.norm(way) > 1e-9]
        start = rest[children] - rest[joint]
        end = places[children] - places[joint]
        if len(children) > 1 and np.linalg.matrix_rank(start, tol=1e-3 * np.abs(start).max()) > 1:
            turns[joint] = _best(start, end)
        elif children:
            now = rotations.rotate(turns[joint], start[0])
            turns[joint] = rotations.multiply(_swings(now, end[0]), turns[joint])
    return turns


def _best(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The rotations (4, N) that best turn (K, 3) into (K, 3, N)."""
    u, _, vt = np.linalg.svd(np.einsum("kan,kb->nab", end, start))
    u[:, :, -1] *= np.sign(np.linalg.det(u @ vt))[:, None]
    return rotations.same_hemisphere(np.concatenate([rotations.from_matrix(m) for m in u @ vt], axis=1))


def _swings(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest rotations (4, N) that turn the directions (3, N) into others (3, N)."""
    a, b = _direction(start), _direction(end)
    quaternions = np.concatenate((1.0 + np.einsum("an,an->n", a, b)[None], np.cross(a.T, b.T).T))
    opposite = quaternions[0] < 1e-9
    quaternions[:, opposite] = np.array([0.0, 1.0, 0.0, 0.0])[:, None]
    return quaternions / np.linalg.norm(quaternions, axis=0)


def _upright(up: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) that takes the axis along which the trunk stands on average, up (3, N), to Z."""
    mean = up.mean(axis=1)
    axis = int(np.argmax(np.abs(mean)))
    matrix = rest_pose.TO_BLENDER["XYZ"[axis]]
    return matrix if mean[axis] > 0 else np.diag((1.0, -1.0, -1.0)) @ matrix


def _unit_of(name: str, rest: np.ndarray, roles: Mapping[str, int], notices: list[str]) -> float:
    """Metres a unit, by how tall the body is; where no unit makes it a person, the one that does."""
    height = _height(rest, roles)
    if not height > 0:
        raise DatasetError(f"{name}: its bones have no length")
    fitting = {unit: metres for unit, metres in _UNITS.items() if _SHORTEST <= height * metres <= _TALLEST}
    if fitting:
        return min(fitting.values(), key=lambda metres: abs(np.log(height * metres / _USUAL)))
    notices.append(f"{name}: a person of about {height:.3g} units is none in any unit; shown {_USUAL} m tall")
    return _USUAL / height


def _height(rest: np.ndarray, roles: Mapping[str, int]) -> float:
    """How tall a body stands, by the lengths of its parts: their median."""

    def length(*line: str) -> float:
        joints = [roles[role] for role in line]
        return float(sum(np.linalg.norm(rest[a] - rest[b]) for a, b in itertools.pairwise(joints)))

    found = []
    for parts, share in ((("thigh", "shin", "foot"), _LEG), (("upper_arm", "forearm", "hand"), _ARM)):
        lines = [[f"{part}.{side}" for part in parts] for side in "LR"]
        found += [length(*line) / share for line in lines if set(line) <= roles.keys()][:1]
    trunk = [f"{chain}.{n}" for chain in ("spine", "neck") for n in range(len(joint_roles.chain_of(roles, chain)))]
    if "head" in roles:
        found.append(length("hips", *trunk, "head") / _TRUNK)
    return float(np.median(found)) if found else 0.0


def _completed(body: Body) -> Body:
    """The body with the parts that it lacks, in its size: legs stand below the hips, the others follow what they hang
    on."""
    rest, turns = dict(body.rest), dict(body.turns)
    spine = sorted((role for role in rest if role.startswith("spine.")), key=lambda role: int(role.split(".")[1]))
    chest = spine[-1] if spine else "hips"
    neck = sorted((role for role in rest if role.startswith("neck.")), key=lambda role: int(role.split(".")[1]))
    parents = {"hips": "", **dict(zip([*spine, *neck, "head"], ["hips", *spine, *neck], strict=True))}
    size = _size(body)
    legs: np.ndarray | None = None
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
                if part == "thigh" and legs is None:
                    legs = _level(turns["hips"])
                turns[role] = legs if legs is not None and part in (*_LEGS, "toe") else turns[above]
            parents[role] = above
        for finger in joint_roles.FINGERS:
            chain = [role for n in range(4) if (role := f"{finger}.{n}.{side}") in rest]
            parents |= dict(zip(chain, [f"hand.{side}", *chain[:-1]], strict=False))
    roles = tuple(_in_order(parents))
    ends = {role: end for role, end in body.ends.items() if role in parents and role not in parents.values()}
    return replace(body, roles=roles, parents=parents, rest=rest, turns=turns, ends=ends)


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
    return _height(np.array([body.rest[name] for name in names]), {name: n for n, name in enumerate(names)}) / _HEIGHT


def _level(turns: np.ndarray) -> np.ndarray:
    """Of rotations (4, N) what they turn about the upright."""
    yaw = np.stack((turns[0], np.zeros_like(turns[0]), np.zeros_like(turns[0]), turns[3]))
    return yaw / np.maximum(np.linalg.norm(yaw, axis=0), 1e-9)


def _in_order(parents: Mapping[str, str]) -> list[str]:
    """Roles with parents before children, each branch whole."""
    order = [role for role, above in parents.items() if not above]
    for role in order:  # grows while it is read
        order += [child for child, above in parents.items() if above == role]
    return _depth_first(parents, order[0])


def _depth_first(parents: Mapping[str, str], role: str) -> list[str]:
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


def _sorted(parents: Sequence[int], name: str) -> tuple[list[int], tuple[int, ...]]:
    """Joints with parents before children, as an order, and their parents in it; DatasetError where it is no tree."""
    known = [int(parent) for parent in parents]
    order = [joint for joint, parent in enumerate(known) if parent < 0]
    if len(order) != 1:
        raise DatasetError(f"{name}: {len(order)} joints have no parent (-1); a skeleton has one root")
    for joint in order:  # grows while it is read
        order += [child for child, parent in enumerate(known) if parent == joint]
    if len(order) != len(known):
        raise DatasetError(f"{name}: its parents are no tree of {len(known)} joints")
    place = {joint: n for n, joint in enumerate(order)}
    return order, tuple(place[known[joint]] if known[joint] >= 0 else -1 for joint in order)


def _resampled(positions: np.ndarray, fps: float) -> np.ndarray:
    """Positions (N, J, 3) at 30 fps, linearly."""
    if not 0 < fps < 10_000:
        raise DatasetError(f"{fps} frames a second are none")
    count = bvh.resampled_length(len(positions), 1.0 / fps, layout.FPS)
    where = np.minimum(np.arange(count) * fps / layout.FPS, len(positions) - 1)
    below = where.astype(int)
    above = np.minimum(below + 1, len(positions) - 1)
    part = (where - below)[:, None, None]
    return positions[below] * (1 - part) + positions[above] * part
