"""BVH joints to pose-bone channels: numpy in, numpy out, all frames at once.

BVH joint j has the global rotation G_j(t); A takes the BVH's world to Blender's (Z up); R_b is the rest
orientation of bone b in the world; C_b turns the rig's rest pose into the BVH's. The bone is to be at

    P_b(t) = A G_j(t) A^T C_b R_b

and its channel, against the nearest driven bone a above it (bones between follow their parent), is

    M_b(t) = R_b^T R_a P_a(t)^T P_b(t) = (R_b^T C_a^T A) (G_a(t)^T G_j(t)) (A^T C_b R_b)

(Where a rig has fewer bones in spine or neck than the BVH has joints, G_j is first turned so that the bone points
at the next driven joint where that really is: else each joint left out moves arms and head by centimetres.)
So each bone costs the joint rotations between the two joints and two constant factors. The root's head
goes to the capture's own place in the world; lengths on the floor have one scale for both actors of a scene
(scaling each by himself breaks their distance and their contact), heights have each actor's leg ratio.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..dataset import bvh, joint_roles, rest_pose, rotations
from ..dataset.errors import DatasetError
from ..dataset.preset import Setting

#: Directions shorter than this part of the body are no direction (CMU's LowerBack lies on Hips).
_SHORTEST = 1e-3


@dataclass(frozen=True)
class RigRest:
    """A rig in its rest pose.

    names, parents: B bones, parents first, -1 for none. rest: (B, 3, 3) bone orientations and heads: (B, 3)
    bone heads, both in armature space. world: (4, 4) of the armature object, uniform scale. inherits: whether
    a bone takes its parent's rotation. local_location: whether its location is along its own axes or its parent's.
    carried: bones whose parent here is not their own but one that is to carry them (`control_rig`). preset: the name of
    the preset that the roles are of, "" where bones were told by their names and tree; settings: what it sets.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    rest: np.ndarray
    heads: np.ndarray
    world: np.ndarray
    inherits: tuple[bool, ...]
    local_location: tuple[bool, ...]
    roles: dict[str, int] = field(default_factory=dict)
    carried: dict[int, int] = field(default_factory=dict)
    preset: str = ""
    settings: tuple[Setting, ...] = ()

    @property
    def scale(self) -> float:
        """World length of one armature unit."""
        return float(np.cbrt(np.linalg.det(self.world[:3, :3])))

    @property
    def turn(self) -> np.ndarray:
        """The armature object's rotation (3, 3) without its scale."""
        return self.world[:3, :3] / self.scale


@dataclass(frozen=True)
class Channels:
    """What a rig's pose bones get: quaternions (4, N) by bone index, and locations (3, N) where a bone has them."""

    rotations: dict[int, np.ndarray]
    locations: dict[int, np.ndarray]


@dataclass(frozen=True)
class Scale:
    """World metres per BVH unit, along the floor and upwards; lift: metres to add upwards, so that soles meet the floor
    where the rig's ankles are higher or lower above them than the BVH's, or its hips above its thighs."""

    floor: float
    up: float
    lift: float = 0.0

    def placed(self, points: np.ndarray, lift: float, origin: np.ndarray | None) -> np.ndarray:
        """Points (3, N) of the capture, Z up, in the rig's world: metres, lifted, about the capture's origin there."""
        place = points * np.array([[self.floor], [self.floor], [self.up]])
        place[2] += lift
        return place if origin is None else place + np.asarray(origin, dtype=float)[:, None]


def driven_bones(motion: bvh.Motion, rig: RigRest, overrides: Mapping[str, str] | None = None) -> dict[int, int]:
    """Which joint drives which bone: {bone: joint}, by the roles of their names.

    overrides: {joint name: bone name}, "" for a joint that is to drive nothing. DatasetError for names that
    do not exist.
    """
    skeleton = motion.skeleton
    pairs = joint_roles.match(joint_roles.classify(skeleton.names, skeleton.parents), rig.roles)
    for joint_name, bone_name in (overrides or {}).items():
        if joint_name not in skeleton.names:
            continue  # a table serves several skeletons; each takes the lines that speak of it
        joint = skeleton.names.index(joint_name)
        pairs = {bone: j for bone, j in pairs.items() if j != joint}
        if bone_name:
            if bone_name not in rig.names:
                raise DatasetError(
                    f"the bone table sends joint {joint_name} to bone {bone_name!r}, which the rig lacks"
                )
            pairs[rig.names.index(bone_name)] = joint
    return pairs


def with_roles(rig: RigRest, motion: bvh.Motion, pairs: Mapping[int, int]) -> RigRest:
    """The rig with the joints' roles for driven bones whose own names say none: a table knows what they are."""
    skeleton = motion.skeleton
    named = set(rig.roles.values())
    bone_of = {joint: bone for bone, joint in pairs.items() if bone not in named}
    roles = joint_roles.classify(skeleton.names, skeleton.parents)
    return replace(rig, roles={role: bone_of[joint] for role, joint in roles.items() if joint in bone_of} | rig.roles)


def leg_ratio(motion: bvh.Motion, rig: RigRest) -> float:
    """The rig's leg length over the BVH's, both in metres: 1 for a rig of the actor's own size."""
    skeleton = motion.skeleton
    roles = joint_roles.classify(skeleton.names, skeleton.parents)
    positions = skeleton.rest_positions()
    captured, rigged = _leg(positions, roles), _leg(rig.heads, rig.roles)
    if captured is None or rigged is None:
        return 1.0
    return rigged * rig.scale / (captured * rest_pose.metres_per_unit(positions, roles))


def pair_scales(motions: list[bvh.Motion], rigs: list[RigRest], ratio: float | None = None) -> list[Scale]:
    """One scale per actor of a scene: the same on the floor, each his own upwards.

    ratio: the rigs' size against the actors', for all of them; each one's leg ratio if not given.
    """
    ratios = [ratio or leg_ratio(motion, rig) for motion, rig in zip(motions, rigs, strict=True)]
    units = [
        rest_pose.metres_per_unit(s.rest_positions(), joint_roles.classify(s.names, s.parents))
        for s in (motion.skeleton for motion in motions)
    ]
    floor = float(np.mean(ratios))
    return [
        Scale(unit * floor, unit * ratio, _lift(motion.skeleton, rig, unit * ratio))
        for motion, rig, unit, ratio in zip(motions, rigs, units, ratios, strict=True)
    ]


def retarget(
    motion: bvh.Motion,
    rig: RigRest,
    pairs: Mapping[int, int],
    scale: Scale,
    *,
    up: str | None = None,
    origin: np.ndarray | None = None,
    correct: bool = True,
    travels: bool = True,
) -> Channels:
    """The pose of every driven bone in every frame.

    pairs: {bone: joint}. up: the capture's up axis, "X", "Y" or "Z"; read from the motion if not given.
    origin: where the capture's origin lies in the world, metres. correct: whether each bone is turned from the rig's
    rest pose into the BVH's, else only the body as a whole; travels: whether the body leaves its first place on the
    floor.
    """
    skeleton = motion.skeleton
    joint_role = joint_roles.classify(skeleton.names, skeleton.parents)
    rig = with_roles(rig, motion, pairs)
    A = rest_pose.TO_BLENDER[up or rest_pose.world_up(motion, joint_role)]
    rest = rig.turn @ rig.rest
    rests = _rests(skeleton, joint_role, rig, pairs, A)
    corrections = _corrections(rig, rests) if correct else dict.fromkeys(pairs, rests.whole)
    local = bvh.local_rotations(motion, sorted({j for joint in pairs.values() for j in _path(skeleton, joint)}))

    spans = _spans(skeleton, rests, local)
    turned: dict[int, np.ndarray] = {}
    for bone, joint in pairs.items():
        above = _turned_by(rig, pairs, bone)
        if above is None:
            left, between = rest[bone].T @ A, _between(skeleton, local, None, joint)
        else:
            left = rest[bone].T @ corrections[above].T @ A
            between = _between(skeleton, local, pairs[above], joint)
            if above in spans:
                between = rotations.multiply(rotations.inverse(spans[above]), between)
        if bone in spans:
            between = rotations.multiply(between, spans[bone])
        right = A.T @ corrections[bone] @ rest[bone]
        track = rotations.multiply_around(rotations.from_matrix(left), between, rotations.from_matrix(right))
        turned[bone] = rotations.same_hemisphere(np.broadcast_to(track, (4, motion.frames)))
    tops = [bone for bone, carrier in rests.above.items() if carrier is None]
    return Channels(turned, _locations(motion, rig, pairs, tops, turned, scale, A, local, origin, travels))


def _locations(
    motion: bvh.Motion,
    rig: RigRest,
    pairs: Mapping[int, int],
    tops: list[int],
    turned: Mapping[int, np.ndarray],
    scale: Scale,
    A: np.ndarray,
    local: Mapping[int, np.ndarray],
    origin: np.ndarray | None,
    travels: bool,
) -> dict[int, np.ndarray]:
    """Locations of the bones that no driven bone carries: the hips, and what hangs beside them on some rigs."""
    if not tops:
        return {}
    root = min(tops, key=lambda bone: (bone != rig.roles.get("hips"), len(_path(motion.skeleton, pairs[bone]))))
    place = scale.placed(A @ joint_position(motion, local, pairs[root])[0], scale.lift, origin)
    if not travels:
        place[:2] = place[:2, :1]
    # World to armature space, whose origin, axes and unit may be any.
    target = rig.turn.T @ (place - rig.world[:3, 3:4]) / rig.scale
    root_pose = rotations.multiply(rotations.from_matrix(rig.rest[root]), turned[root])
    carried = rotations.multiply(root_pose, rotations.from_matrix(rig.rest[root].T))
    locations = {}
    for bone in tops:
        head = target + rotations.rotate(carried, rig.heads[bone] - rig.heads[root])
        offset = head - rig.heads[bone][:, None]
        # Not its own axes are its parent's, or a root's the armature's.
        axes_of = bone if rig.local_location[bone] else rig.parents[bone]
        locations[bone] = rig.rest[axes_of].T @ offset if axes_of >= 0 else offset
    return locations


@dataclass(frozen=True)
class _Rests:
    """Both rest poses in the world, and which driven bone hangs on which.

    bones: (B, 3) and joints: (J, 3) positions; above, below: the driven bone over and the driven bones under
    each driven bone; whole: the body's rotation from the rig's rest pose to the BVH's; up: the BVH's upright.
    """

    pairs: Mapping[int, int]
    role_of: Mapping[int, str]
    bones: np.ndarray
    joints: np.ndarray
    above: Mapping[int, int | None]
    below: Mapping[int, list[int]]
    whole: np.ndarray
    up: np.ndarray

    def kind(self, bone: int) -> str:
        """The bone's role without side and number."""
        return self.role_of.get(bone, "").split(".")[0]

    def directions(self, bone: int, aim: int) -> tuple[np.ndarray, np.ndarray]:
        """From a bone to another, in the rig and in the BVH."""
        return self.bones[aim] - self.bones[bone], self.joints[self.pairs[aim]] - self.joints[self.pairs[bone]]


def _corrections(rig: RigRest, rests: _Rests) -> dict[int, np.ndarray]:
    """C_b (3, 3) of every driven bone: the rig's rest pose, in the world, turned into the BVH's.

    One rotation for the whole body, then for each bone the smallest swing that lines it up. Hips, head and
    feet have no swing out of the body's own facing: their joints are placed as each rig's author liked, and a
    pelvis, a face or a sole that leans in the rest pose would lean in every frame.
    """
    result: dict[int, np.ndarray] = {}
    for bone in sorted(rests.pairs, key=lambda b: len(_path(rig, b))):
        above = rests.above[bone]
        carried = rests.whole if above is None else result[above]
        kind, aim = rests.kind(bone), _aim(rests, bone)
        if kind in ("hips", "head"):
            result[bone] = rests.whole
        elif aim is None:
            result[bone] = carried
        elif kind == "foot":
            result[bone] = _flat_foot(rests, bone, aim)
        else:
            base = carried if kind in joint_roles.FINGERS else rests.whole
            if kind == "hand":
                base = _palm(rests, bone)
            start, end = rests.directions(bone, aim)
            result[bone] = _swing(base @ start, end) @ base
    return result


def _rests(
    skeleton: bvh.Skeleton, joint_role: Mapping[str, int], rig: RigRest, pairs: Mapping[int, int], A: np.ndarray
) -> _Rests:
    bones, joints = rig.heads @ rig.turn.T, skeleton.rest_positions() @ A.T
    above = {bone: _driven_above(rig, pairs, bone) for bone in pairs}
    below: dict[int, list[int]] = {bone: [] for bone in pairs}
    for bone, carrier in above.items():
        if carrier is not None:
            below[carrier].append(bone)
    start, end = rest_pose.axes(bones, rig.roles), rest_pose.axes(joints, joint_role)
    if start is not None and end is not None:
        whole, up = end.T @ start, end[2]
    else:
        whole, up = _whole_by_directions(bones, joints, pairs, above), np.array([0.0, 0.0, 1.0])
    role_of = {bone: role for role, bone in rig.roles.items()}
    return _Rests(pairs, role_of, bones, joints, above, below, whole, up)


def _whole_by_directions(
    bones: np.ndarray, joints: np.ndarray, pairs: Mapping[int, int], above: Mapping[int, int | None]
) -> np.ndarray:
    """The body's rotation where a skeleton is not whole enough to stand up: Kabsch over all directions."""
    lines = [(bone, carrier) for bone, carrier in above.items() if carrier is not None]
    if len(lines) < 2:
        return np.eye(3)
    return rotations.kabsch(
        np.array([_unit(bones[bone] - bones[carrier]) for bone, carrier in lines]),
        np.array([_unit(joints[pairs[bone]] - joints[pairs[carrier]]) for bone, carrier in lines]),
    )


def _palm(rests: _Rests, hand: int) -> np.ndarray:
    """How a hand lies, from the knuckles of its fingers (the thumb's rest pose is anyone's); else as the arm has it."""
    side = rests.role_of[hand][-2:]
    bone_of = {role: bone for bone, role in rests.role_of.items()}
    firsts = [f"{finger}.1{side}" for finger in joint_roles.FINGERS[1:]]
    knuckles = [bone_of[role] for role in firsts if role in bone_of]
    lines = [rests.directions(hand, knuckle) for knuckle in knuckles if knuckle in rests.pairs]
    if len(lines) < 3:
        return _carried_by_arm(rests, bone_of, side)
    return rotations.kabsch(np.array([_unit(start) for start, _ in lines]), np.array([_unit(end) for _, end in lines]))


def _carried_by_arm(rests: _Rests, bone_of: Mapping[str, int], side: str) -> np.ndarray:
    """How an arm turns its hand where each of its bones is lined up on the way from the shoulder.

    Of an arm that is bent in one rest pose and straight in the other, the hand swung by itself has its palm rolled by
    some 20 degrees.
    """
    turn = rests.whole
    arm = [bone_of.get(f"{kind}{side}", -1) for kind in ("upper_arm", "forearm", "hand")]
    for part, following in itertools.pairwise(arm):
        if part in rests.pairs and following in rests.pairs:
            start, end = rests.directions(part, following)
            turn = _swing(turn @ start, end) @ turn
    return turn


def _flat_foot(rests: _Rests, foot: int, aim: int) -> np.ndarray:
    """A foot turned about the upright until it points the same way, its sole left as flat as it was."""
    start, end = rests.directions(foot, aim)
    start = rests.whole @ start
    start, end = start - rests.up * (start @ rests.up), end - rests.up * (end @ rests.up)
    if min(np.linalg.norm(start), np.linalg.norm(end)) < _SHORTEST:
        return rests.whole
    return _swing(start, end) @ rests.whole


#: Bones and what they point at that may span joints which no bone takes; the chest is turned by what it carries.
_SPANNING = {("spine", "spine"), ("neck", "neck"), ("neck", "head")}
#: Where several driven bones hang on one, the line goes on through the first of these.
_ONWARD = ("spine", "neck", "head", "middle", "ring", "index", "upper_arm", "forearm", "shin")


def _aim(rests: _Rests, bone: int) -> int | None:
    """The driven bone that `bone` points at: its only driven child, or the one that carries the line on."""
    children = rests.below[bone]
    if len(children) > 1:
        children = sorted((c for c in children if rests.kind(c) in _ONWARD), key=lambda c: _ONWARD.index(rests.kind(c)))
    if not children:
        return None
    start, end = rests.directions(bone, children[0])
    shortest = np.ptp(rests.bones, axis=0).max() * _SHORTEST, np.ptp(rests.joints, axis=0).max() * _SHORTEST
    if np.linalg.norm(start) < shortest[0] or np.linalg.norm(end) < shortest[1]:
        return None
    return children[0]


def _driven_above(rig: RigRest, pairs: Mapping[int, int], bone: int) -> int | None:
    """The nearest driven bone over a bone."""
    return next((b for b in reversed(_path(rig, bone)[:-1]) if b in pairs), None)


def _turned_by(rig: RigRest, pairs: Mapping[int, int], bone: int) -> int | None:
    """The nearest driven bone above whose rotation a bone takes on; none where inheriting is switched off."""
    while rig.parents[bone] >= 0 and rig.inherits[bone]:
        bone = rig.parents[bone]
        if bone in pairs:
            return bone
    return None


def _spans(skeleton: bvh.Skeleton, rests: _Rests, local: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
    """For bones of spine and neck that span several joints: how far (4, N), in the joint's own frame, the next driven
    joint has swung away from where the rest pose has it."""
    found = {}
    for bone, joint in rests.pairs.items():
        aim = _aim(rests, bone)
        if aim is None or (rests.kind(bone), rests.kind(aim)) not in _SPANNING:
            continue
        path = _path(skeleton, rests.pairs[aim])
        between = path[path.index(joint) + 1 :] if joint in path else []
        if len(between) < 2:
            continue
        offsets = skeleton.offsets[between]
        way = np.zeros((3, 1))
        for node, offset in zip(reversed(between[:-1]), reversed(offsets[1:]), strict=True):
            way = rotations.rotate(local[node], way + offset[:, None])
        way = way + offsets[0][:, None]
        if np.linalg.norm(way, axis=0).min() > np.linalg.norm(offsets, axis=1).sum() * _SHORTEST:
            found[bone] = rotations.swing(offsets.sum(axis=0), way)
    return found


def _path(tree: bvh.Skeleton | RigRest, node: int) -> list[int]:
    """From the root down to `node`."""
    path = [node]
    while tree.parents[path[-1]] >= 0:
        path.append(tree.parents[path[-1]])
    return path[::-1]


def _between(skeleton: bvh.Skeleton, local: Mapping[int, np.ndarray], above: int | None, joint: int) -> np.ndarray:
    """G_above^T G_joint: (4, N), from the rotations of the joints on the way only."""
    down = _path(skeleton, joint)
    over = _path(skeleton, above) if above is not None else []
    shared = sum(x == y for x, y in zip(down, over, strict=False))
    track = rotations.IDENTITY
    for node in reversed(over[shared:]):
        track = rotations.multiply(track, rotations.inverse(local[node]))
    for node in down[shared:]:
        track = local[node] if track is rotations.IDENTITY else rotations.multiply(track, local[node])
    return track


def joint_position(motion: bvh.Motion, local: Mapping[int, np.ndarray], joint: int) -> tuple[np.ndarray, np.ndarray]:
    """Where a joint is, (3, N) in the file's axes and units, and how its parent is turned, (4, N) or (4, 1)."""
    path = _path(motion.skeleton, joint)
    place = bvh.local_positions(motion, path[0])
    turn = rotations.IDENTITY
    for parent, node in itertools.pairwise(path):
        turn = rotations.multiply(turn, local[parent])
        place = place + rotations.rotate(turn, bvh.local_positions(motion, node))
    return place, turn


def _lift(skeleton: bvh.Skeleton, rig: RigRest, up: float) -> float:
    """How much higher the rig's hips are over its thighs, and its ankles over its toe joints, than the BVH's: metres.

    Rigify's spine begins below the thighs, most others' hips above them.
    """
    roles = joint_roles.classify(skeleton.names, skeleton.parents)
    captured = _hips_over_thighs(skeleton.rest_positions(), roles)
    rigged = _hips_over_thighs(rig.heads @ rig.turn.T, rig.roles)
    hips = rigged * rig.scale - captured * up if captured is not None and rigged is not None else 0.0
    return hips + ankle_lift(skeleton, rig, up)


def ankle_lift(skeleton: bvh.Skeleton, rig: RigRest, up: float) -> float:
    """How much higher the rig's ankles are over its toe joints than the BVH's, metres; up: metres a unit upwards."""
    roles = joint_roles.classify(skeleton.names, skeleton.parents)
    captured = _ankle(skeleton.rest_positions(), roles, skeleton.ends)
    rigged = _ankle(rig.heads @ rig.turn.T, rig.roles, {})
    return rigged * rig.scale - captured * up if captured is not None and rigged is not None else 0.0


def _ankle(positions: np.ndarray, roles: Mapping[str, int], ends: Mapping[int, np.ndarray]) -> float | None:
    """How high the ankles are over the toe joints, or over the feet's End Sites, in the positions' unit."""
    turn = rest_pose.axes(positions, roles)
    drops = []
    for foot, toe in ((roles.get(f"foot.{side}"), roles.get(f"toe.{side}")) for side in "LR"):
        if foot is not None and toe is not None:
            drops.append(positions[foot] - positions[toe])
        elif foot is not None and foot in ends:
            drops.append(-ends[foot])
    return float(np.mean(drops, axis=0) @ turn[2]) if drops and turn is not None else None


def _hips_over_thighs(positions: np.ndarray, roles: Mapping[str, int]) -> float | None:
    """How high the hips' joint is over the thighs', in the positions' unit."""
    turn = rest_pose.axes(positions, roles)
    if turn is None or not {"hips", "thigh.L", "thigh.R"} <= roles.keys():
        return None
    thighs = positions[[roles["thigh.L"], roles["thigh.R"]]].mean(axis=0)
    return float((positions[roles["hips"]] - thighs) @ turn[2])


def _leg(positions: np.ndarray, roles: Mapping[str, int]) -> float | None:
    lengths = []
    for side in "LR":
        parts = [f"{role}.{side}" for role in ("thigh", "shin", "foot")]
        if all(part in roles for part in parts):
            thigh, shin, foot = positions[[roles[part] for part in parts]]
            lengths.append(np.linalg.norm(shin - thigh) + np.linalg.norm(foot - shin))
    return float(np.mean(lengths)) if lengths else None


def _swing(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    return rotations.to_matrix(rotations.swing(start, end))[0]


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
