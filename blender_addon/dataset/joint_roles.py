"""What a joint is, from its name and its place in the tree: the same roles for BVH joints and for rig bones.

Roles: `hips`, `spine.0` .. `spine.n` upwards, `neck.0` .., `head`, and for each side `.L` and `.R`:
`shoulder`, `upper_arm`, `forearm`, `hand`, `thigh`, `shin`, `foot`, `toe`, and `thumb`, `index`, `middle`,
`ring`, `pinky` with `.1` `.2` `.3` from the palm outwards and `.0` for a bone in the palm (`index.1.L`).

Names are taken apart into words, so that `mixamorig:LeftUpLeg`, `thigh_l`, `thigh.L`, `Bip01 L Thigh` and
`J_Bip_L_UpperLeg` all read as the left thigh. Trunk and neck are read from the tree: what lies between the
hips and the bone that carries both arms is spine, whatever it is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

FINGERS = ("thumb", "index", "middle", "ring", "pinky")

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SIDES = {"l": "L", "left": "L", "r": "R", "right": "R"}
#: Words that name a rig's prefix, not a body part.
_NOISE = {
    "mixamorig",
    "bip",
    "def",
    "org",
    "j",
    "b",
    "c",
    "cc",
    "base",
    "character",
    "jnt",
    "joint",
    "bone",
    "bn",
    "f",
    "bend",
}
#: Words of bones that help a rig and are no joint of a body.
_HELPERS = {
    "twist", "roll", "ik", "pole", "ctrl", "control", "target", "end", "nub", "tip", "helper", "corrective", "mch",
    "tweak", "fk", "parent", "socket", "heel", "attach", "weapon", "top", "eye", "jaw", "tongue", "breast", "share",
}  # fmt: skip

_TRUNK = {"spine", "chest", "upperchest", "torso", "abdomen", "waist", "lowerback", "back", "stomach", "thorax"}
_SIDED = {
    "shoulder": {"clavicle", "collar", "collarbone", "clav"},
    "upper_arm": {"upperarm", "uparm", "arm", "armupper", "shldr", "humerus"},
    "forearm": {"forearm", "lowerarm", "lowarm", "elbow", "armlower"},
    "hand": {"hand", "wrist"},
    "thigh": {"thigh", "upleg", "upperleg", "legupper", "femur"},
    "shin": {"shin", "calf", "lowleg", "lowerleg", "knee", "leglower", "tibia"},
    "foot": {"foot", "ankle"},
    "toe": {"toe", "toebase", "toes", "ball"},
}
_FINGER_WORDS = {"thumb": "thumb", "index": "index", "middle": "middle", "mid": "middle", "ring": "ring",
                 "pinky": "pinky", "little": "pinky", "pinkie": "pinky"}  # fmt: skip
_PHALANX_WORDS = ("proximal", "intermediate", "distal")


def classify(names: Sequence[str], parents: Sequence[int]) -> dict[str, int]:
    """The role of every joint that has one: {role: joint index}. Parents come before children, -1 for none."""
    return dict(_classify(tuple(names), tuple(parents)))


@lru_cache(maxsize=32)
def _classify(names: tuple[str, ...], parents: tuple[int, ...]) -> dict[str, int]:
    words = [_words(name) for name in names]
    tree = _Tree(parents)
    roles: dict[str, int] = {}
    for side in "LR":
        roles |= {f"{role}.{side}": joint for role, joint in _limbs(words, side).items()}
        roles |= {f"{role}.{side}": joint for role, joint in _fingers(words, tree, side).items()}
    return roles | _trunk(words, tree, roles)


def match(source: Mapping[str, int], target: Mapping[str, int]) -> dict[int, int]:
    """Which joint drives which bone: {target bone: source joint}, by role.

    Chains of different length (spine, neck) are spread: first on first, last on last.
    """
    pairs = {target[role]: source[role] for role in target.keys() & source.keys() if not _CHAIN.fullmatch(role)}
    for chain in ("spine", "neck"):
        bones, joints = chain_of(target, chain), chain_of(source, chain)
        if len(bones) == 1 and joints:
            # One bone for the whole spine carries the arms and takes the chest; one for the neck takes its root.
            pairs[bones[0]] = joints[-1 if chain == "spine" else 0]
        elif joints:
            steps = max(len(bones), len(joints)) - 1
            for step in range(min(len(bones), len(joints))):
                share = step / max(min(len(bones), len(joints)) - 1, 1)
                nearest = round(share * steps)
                bone, joint = (step, nearest) if len(bones) <= len(joints) else (nearest, step)
                pairs[bones[bone]] = joints[joint]
    return pairs


def chain_of(roles: Mapping[str, int], chain: str) -> list[int]:
    """The joints of `spine` or `neck`, from the hips upwards."""
    found = [
        (int(match_[2]), joint)
        for role, joint in roles.items()
        if (match_ := _CHAIN.fullmatch(role)) and match_[1] == chain
    ]
    return [joint for _, joint in sorted(found)]


_CHAIN = re.compile(r"(spine|neck)\.(\d+)")


class _Words:
    """A joint's name taken apart: side, words without side and number, numbers, and whether it is a helper."""

    def __init__(self, side: str, words: list[str], numbers: list[int]) -> None:
        self.side = side
        self.helper = bool(_HELPERS & set(words) - ({"twist"} if "neck" in words else set()))  # CC_Base_NeckTwist01
        self.key = "".join(words)
        self.words = words
        self.numbers = numbers


def _words(name: str) -> _Words:
    parts = [part.lower() for part in _WORD.findall(name.rsplit(":", 1)[-1])]
    side = next((_SIDES[part] for part in parts if part in _SIDES), "")
    words = [part for part in parts if not part.isdigit() and part not in _SIDES and part not in _NOISE]
    return _Words(side, words, [int(part) for part in parts if part.isdigit()])


class _Tree:
    def __init__(self, parents: Sequence[int]) -> None:
        self.parents = parents

    def path(self, joint: int) -> list[int]:
        """From the root down to `joint`."""
        path = [joint]
        while self.parents[path[-1]] >= 0:
            path.append(self.parents[path[-1]])
        return path[::-1]

    def depth(self, joint: int) -> int:
        return len(self.path(joint))

    def common(self, a: int, b: int) -> int | None:
        """The lowest joint above both."""
        shared = [x for x, y in zip(self.path(a), self.path(b), strict=False) if x == y]
        return shared[-1] if shared else None


def _limbs(words: list[_Words], side: str) -> dict[str, int]:
    def named(keys: set[str]) -> int | None:
        found = [n for n, w in enumerate(words) if w.side == side and not w.helper and w.key in keys]
        # Of upperarm01 and upperarm02 the first is the joint, of five toes the large one.
        return min(found, key=lambda n: words[n].numbers, default=None)

    found = {role: named(keys) for role, keys in _SIDED.items()}
    # "Shoulder" is the collar bone in some schemes and the upper arm in others, "Leg" and "Hip" likewise:
    # they take the role that no clearer name has.
    shoulder, leg, hip = named({"shoulder"}), named({"leg"}), named({"hip"})
    if shoulder is not None:
        if found["upper_arm"] is None:
            found["upper_arm"] = shoulder
        elif found["shoulder"] is None:
            found["shoulder"] = shoulder
    if found["thigh"] is None:
        found["thigh"] = hip
    # SMPL's foot is the ball of the foot, below an ankle.
    ankle, ball = named({"ankle"}), named({"foot"})
    if None not in (ankle, ball) and found["toe"] is None:
        found["foot"], found["toe"] = ankle, ball
    if leg is not None:
        if found["shin"] is None:
            found["shin"] = leg
        elif found["thigh"] is None:
            found["thigh"] = leg
    return {role: joint for role, joint in found.items() if joint is not None}


def _fingers(words: list[_Words], tree: _Tree, side: str) -> dict[str, int]:
    chains: dict[str, list[int]] = {finger: [] for finger in FINGERS}
    roles: dict[str, int] = {}
    for joint, w in enumerate(words):
        if w.side != side or w.helper:
            continue
        finger = next((_FINGER_WORDS[word] for word in w.words if word in _FINGER_WORDS), None)
        if finger is None and w.key == "finger" and len(w.numbers) == 2 and 1 <= w.numbers[0] <= 5:
            finger = FINGERS[w.numbers[0] - 1]
        if w.key == "palm" and w.numbers and 1 <= w.numbers[0] <= 4:  # Rigify's, from the index finger
            finger = FINGERS[w.numbers[0]]
        if finger is None or "toe" in w.words or "foot" in w.words:
            continue
        if {"metacarpal", "palm", "carpal", "meta"} & set(w.words):
            roles[f"{finger}.0"] = joint
        else:
            chains[finger].append(joint)
    for finger, chain in chains.items():
        chain.sort(key=tree.depth)
        if len(chain) >= 4 and not words[chain[0]].numbers and not set(_PHALANX_WORDS) & set(words[chain[0]].words):
            roles[f"{finger}.0"] = chain.pop(0)
        roles |= {f"{finger}.{n}": joint for n, joint in enumerate(chain[:3], 1)}
    return roles


def _trunk(words: list[_Words], tree: _Tree, limbs: Mapping[str, int]) -> dict[str, int]:
    def named(keys: set[str]) -> list[int]:
        return [n for n, w in enumerate(words) if not w.side and not w.helper and w.key in keys]

    hips = next(iter(named({"hips", "pelvis", "hip"})), None)
    left_thigh, right_thigh = limbs.get("thigh.L"), limbs.get("thigh.R")
    if hips is None and left_thigh is not None and right_thigh is not None:
        hips = tree.common(left_thigh, right_thigh)
    left_arm, right_arm = (limbs.get(f"shoulder.{s}", limbs.get(f"upper_arm.{s}")) for s in "LR")
    if left_arm is not None and right_arm is not None:
        chest = tree.common(left_arm, right_arm)
    else:
        chest = max(named(_TRUNK), key=tree.depth, default=None)
    head = min(named({"head"}), key=tree.depth, default=None)
    if head is None and chest is not None:
        above = [n for n in named(_TRUNK | {"neck"}) if chest in tree.path(n) and n != chest]
        head = max(above, key=tree.depth, default=None)
    roles = {role: joint for role, joint in (("hips", hips), ("head", head)) if joint is not None}
    if chest is not None and chest != hips:
        path = tree.path(chest)
        if hips is not None:
            fork = tree.common(hips, chest)
            path = path[path.index(fork) + 1 :] if fork is not None else path
        path = [n for n in path if not words[n].helper]
        roles |= {f"spine.{k}": joint for k, joint in enumerate(path)}
    if head is not None and chest is not None and chest in tree.path(head):
        path = tree.path(head)
        between = [n for n in path[path.index(chest) + 1 : -1] if not words[n].helper]
        roles |= {f"neck.{k}": joint for k, joint in enumerate(between)}
    return roles
