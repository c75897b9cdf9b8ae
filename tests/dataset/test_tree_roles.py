"""Roles by the tree's shape against those that the names say, on skeletons whose names are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import bvh, joint_roles, rotations, tree_roles

from .any_body import CAPTURES, capture, without

#: Bones in the palm say nothing of themselves: they are left out.
_PALM = ".0."


def by_tree(motion: bvh.Motion) -> dict[str, int]:
    positions, turns = bvh.forward_kinematics(motion)
    ends = {
        joint: positions[joint] + rotations.rotate(turns[joint], end) for joint, end in motion.skeleton.ends.items()
    }
    return tree_roles.find(motion.skeleton.parents, positions, ends)


def by_name(motion: bvh.Motion) -> dict[str, int]:
    roles = joint_roles.classify(motion.skeleton.names, motion.skeleton.parents)
    return {role: joint for role, joint in roles.items() if not (_PALM in role and role.split(".")[0] != "spine")}


@pytest.mark.parametrize("name", CAPTURES)
def test_a_tree_says_what_names_say(name: str, dataset: Path) -> None:
    motion = capture(name, dataset)

    found = by_tree(motion)

    assert {role: joint for role, joint in found.items() if _PALM not in role} == by_name(motion)


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize("whole", [False, True])
def test_without_hands(name: str, whole: bool, dataset: Path) -> None:
    """Without fingers, and without the joint of the wrist, where the forearm's End Site is the wrist."""
    motion = without(
        capture(name, dataset), lambda joint: joint.endswith(("Hand", "Wrist")) if whole else "Hand" in joint[:-4]
    )

    found = by_tree(motion)

    assert found == by_name(motion)


@pytest.mark.parametrize("name", CAPTURES)
def test_upper_body_alone(name: str, dataset: Path) -> None:
    legs = ("UpLeg", "Leg", "Foot", "Toe", "Hip", "Knee", "Ankle")
    motion = without(capture(name, dataset), lambda joint: joint.endswith(legs) or "Toe" in joint)

    found = by_tree(motion)

    assert "thigh.L" not in found
    wanted = {role: joint for role, joint in by_name(motion).items() if _PALM not in role}
    assert {role: joint for role, joint in found.items() if _PALM not in role} == wanted


@pytest.mark.parametrize("name", CAPTURES)
def test_sides_hold_whatever_the_axes(name: str, dataset: Path) -> None:
    motion = capture(name, dataset)
    positions, _ = bvh.forward_kinematics(motion)
    expected = tree_roles.find(motion.skeleton.parents, positions)

    for axes in (np.eye(3)[[0, 2, 1]] * [[1], [-1], [1]], np.eye(3)[[1, 2, 0]], np.diag((-1.0, 1.0, -1.0))):
        turned = np.einsum("ab,jbn->jan", axes, positions) / 2.54
        assert tree_roles.find(motion.skeleton.parents, turned) == expected
    mirrored = tree_roles.find(motion.skeleton.parents, positions * np.array([[-1.0], [1.0], [1.0]]))
    assert mirrored["thigh.L"] == expected["thigh.R"]
    assert mirrored["hand.R"] == expected["hand.L"]


def test_what_is_no_body_has_no_roles() -> None:
    chain = np.cumsum(np.ones((6, 3, 4)), axis=0)
    assert tree_roles.find((-1, 0, 1, 2, 3, 4), chain) == {}
    assert tree_roles.find((-1,), chain[:1]) == {}


#: Joints that sets of poses have, by their roles: SMPL's, and those of Human3.6M with the crown of the head.
_SPARSE = {
    "smpl": (("hips", "spine.0", "spine.1", "spine.3", "neck.0", "head"),
             ("thigh", "shin", "foot", "toe", "shoulder", "upper_arm", "forearm", "hand")),
    "h36m": (("hips", "spine.1", "spine.3", "head"), ("thigh", "shin", "foot", "upper_arm", "forearm", "hand")),
}  # fmt: skip


@pytest.mark.parametrize("kind", _SPARSE)
def test_few_joints_and_no_ends(kind: str, dataset: Path) -> None:
    motion = capture("bvhs", dataset)
    positions, turns = bvh.forward_kinematics(motion)
    roles = joint_roles.classify(motion.skeleton.names, motion.skeleton.parents)
    middle, sides = _SPARSE[kind]
    kept = sorted(roles[role] for role in (*middle, *(f"{part}.{side}" for part in sides for side in "LR")))

    def above(joint: int) -> int:
        while joint >= 0 and joint not in kept:
            joint = motion.skeleton.parents[joint]
        return kept.index(joint) if joint >= 0 else -1

    parents = [above(motion.skeleton.parents[joint]) for joint in kept]
    places = positions[kept]
    head = kept.index(roles["head"])
    if kind == "h36m":
        up = rotations.rotate(turns[roles["head"]], _head_up(motion) * 20.0)
        parents.append(head)
        places = np.concatenate((places, (places[head] + up)[None]))

    found = tree_roles.find(parents, places)

    role_of = {joint: role for role, joint in roles.items()}
    spine = [role for role in middle if role.startswith("spine")]
    expected = {role: kept.index(roles[role]) for role in (role_of[joint] for joint in kept)}
    expected |= {f"spine.{n}": expected.pop(role) for n, role in enumerate(spine)}
    assert found == expected


def _head_up(motion: bvh.Motion) -> np.ndarray:
    """Where the rest pose has the head from the hips, as a direction."""
    rest = motion.skeleton.rest_positions()
    way = rest[motion.skeleton.names.index("Head")] - rest[motion.skeleton.names.index("Hips")]
    return way / np.linalg.norm(way)
