"""The same motion however it was recorded: units, axes, names, rest poses, missing parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blender_addon.dataset import (
    body_motion,
    bvh,
    capture,
    joint_roles,
    made_rest,
    rest_pose,
    rotations,
    side_by_side,
    whole_body,
)
from blender_addon.dataset.errors import DatasetError

from .any_body import CAPTURES, renamed, scaled, without
from .any_body import capture as recorded

_LEGS = ("UpLeg", "Leg", "Foot", "Toe", "ToeBase", "Hip", "Knee", "Ankle")


def body_of(motion: bvh.Motion) -> whole_body.Body:
    return whole_body.of(capture.of_motion(motion))


def farthest(one: whole_body.Body, other: whole_body.Body) -> float:
    """How far any joint that both have is from itself, metres."""
    places, others = one.positions(), other.positions()
    return max(float(np.abs(places[role] - others[role]).max()) for role in places.keys() & others.keys())


def in_another_world(motion: bvh.Motion, turn: np.ndarray) -> bvh.Motion:
    """Recorded in a world that is turned by a quaternion (4, 1)."""
    channels = motion.skeleton.channels[0]
    order = "".join(name[0] for name in channels if name.endswith("rotation"))
    place = rotations.rotate(turn, bvh.local_positions(motion, 0))
    angles = np.degrees(rotations.to_euler(rotations.multiply(turn, bvh.local_rotations(motion, [0])[0]), order[::-1]))
    values = motion.values.copy()
    for column, name in enumerate(channels):
        values[:, column] = (place if name.endswith("position") else angles)["XYZ".index(name[0])]
    return replace(motion, values=values)


@pytest.mark.parametrize("name", CAPTURES)
def test_units_and_names_do_not_matter(name: str, dataset: Path) -> None:
    motion = recorded(name, dataset)
    body = body_of(motion)

    for factor in (0.01, 1 / 2.54, 10.0):  # metres, inches, millimetres
        assert farthest(body_of(renamed(scaled(motion, factor))), body) < 1e-6

    odd = body_of(scaled(motion, 0.123))
    assert "none in any unit; shown 1.7 m tall" in odd.notices[-1]
    assert 1.2 < odd.positions()["head"][2].max() < 1.7


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize("up", ["X", "Z", "-Y"])
def test_the_capture_stands_whatever_axis_is_up(name: str, up: str, dataset: Path) -> None:
    motion = recorded(name, dataset)
    angle = {"X": ("Z", -np.pi / 2), "Z": ("X", np.pi / 2), "-Y": ("X", np.pi)}[up]
    turned = renamed(in_another_world(motion, rotations.about_axis(angle[0], np.array([angle[1]]))))

    heights, expected = (
        np.stack([place[2] for role, place in sorted(body.positions().items()) if ".0." not in role])
        for body in (body_of(turned), body_of(motion))
    )

    assert np.abs(heights - expected).max() < 1e-6


@pytest.mark.parametrize("name", CAPTURES)
def test_what_is_written_is_read_as_the_same(name: str, dataset: Path, tmp_path: Path) -> None:
    motion = recorded(name, dataset)
    body = body_of(motion)
    bvh.write(tmp_path / "body.bvh", body_motion.to_motion(body))

    read = bvh.read(tmp_path / "body.bvh")

    roles = joint_roles.classify(read.skeleton.names, read.skeleton.parents)
    assert roles.keys() == set(body.roles)
    assert rest_pose.metres_per_unit(read.skeleton.rest_positions(), roles) == 0.01
    positions, _ = bvh.forward_kinematics(read)
    original, _ = bvh.forward_kinematics(bvh.resample(motion, 30))
    named = joint_roles.classify(motion.skeleton.names, motion.skeleton.parents)
    hips = roles["hips"], named["hips"]
    for role, joint in named.items():
        lines = positions[roles[role]] - positions[hips[0]], original[joint] - original[hips[1]]
        # Both are in centimetres, Y up; where the neck bends is put where a collar can lie.
        assert np.abs(lines[0] - lines[1]).max() < (4.0 if role == "neck.0" else 2.0 if role == "head" else 0.01), role


@pytest.mark.parametrize("name", CAPTURES)
def test_an_upper_body_gets_legs_that_stand(name: str, dataset: Path) -> None:
    motion = without(recorded(name, dataset), lambda joint: joint.endswith(_LEGS))

    body = body_of(motion)

    places = body.positions()
    for side in "LR":
        toes = places[f"toe.{side}"][2]
        assert np.ptp(toes) < 0.12  # the hips' tilt moves them
        assert toes.min() == pytest.approx(rest_pose.TOE_HEIGHT, abs=0.05)
        assert (places[f"shin.{side}"][2] > toes + 0.2).all()
    arm = np.linalg.norm(places["forearm.L"] - places["upper_arm.L"], axis=0)
    assert np.ptp(arm) < 1e-6


def test_a_rest_pose_of_mere_lengths_is_replaced(dataset: Path) -> None:
    """As LAFAN1's: every limb lies along X, and the rotations stand them up."""
    motion = recorded("bvhs_retarget", dataset)
    body = body_of(motion)
    positions, turns = bvh.forward_kinematics(motion)
    skeleton = motion.skeleton
    # Each joint's surroundings turned so that its first child lies along X: offsets change, the motion does not.
    count = len(skeleton.names)
    own = [np.eye(3)] * count
    for joint in range(count):
        children = skeleton.children(joint)
        if children and np.linalg.norm(skeleton.offsets[children[0]]) > 0 and joint:
            own[joint] = rotations.to_matrix(rotations.swing(skeleton.offsets[children[0]], np.eye(3)[0]))[0]
    offsets = np.stack([own[max(parent, 0)] @ skeleton.offsets[j] for j, parent in enumerate(skeleton.parents)])
    lying = [rotations.multiply(turns[j], rotations.from_matrix(own[j].T)) for j in range(count)]
    columns = [positions[0]]
    for joint, parent in enumerate(skeleton.parents):
        local = lying[joint] if parent < 0 else rotations.multiply(rotations.inverse(lying[parent]), lying[joint])
        columns.append(np.degrees(rotations.to_euler(local, "YXZ")[[2, 0, 1]]))
    channels = tuple(
        (*(("Xposition", "Yposition", "Zposition") if parent < 0 else ()), "Zrotation", "Xrotation", "Yrotation")
        for parent in skeleton.parents
    )
    odd = bvh.Motion(
        replace(skeleton, offsets=offsets, channels=channels, ends={}), np.concatenate(columns).T, motion.frame_time
    )
    assert np.abs(bvh.forward_kinematics(odd)[0] - positions).max() < 1e-6
    assert not made_rest.stands(odd.skeleton.rest_positions(), joint_roles.classify(skeleton.names, skeleton.parents))

    found = body_of(renamed(odd))

    # Its floor is told by other ends: the height may differ by some millimetres.
    places, expected = found.positions(), body.positions()
    for role in places.keys() & expected.keys():
        away = places[role] - places["hips"] - expected[role] + expected["hips"]
        assert np.abs(away).max() < (0.02 if "neck" in role or role == "head" else 1e-6), role
    assert rest_pose.stand(body_motion.to_motion(found).skeleton).head("head")[2] > 1.3


@pytest.mark.parametrize("name", CAPTURES)
def test_positions_alone_give_the_same_places(name: str, dataset: Path) -> None:
    motion = bvh.resample(recorded(name, dataset), 30)
    positions, _ = bvh.forward_kinematics(motion)
    expected = body_of(motion).positions()

    found = whole_body.of(capture.of_positions(positions.transpose(2, 0, 1), motion.skeleton.parents, 30)).positions()

    for role in ("head", "hand.L", "hand.R", "foot.L", "foot.R", "shin.R", "forearm.L"):
        away = (found[role] - found["hips"]) - (expected[role] - expected["hips"])
        assert np.abs(away).max() < 0.02, role


def test_bodies_captured_apart_stand_side_by_side(dataset: Path) -> None:
    body = body_of(recorded("bvhs", dataset))

    one, other = side_by_side.placed([body, body])

    places = [np.stack(list(each.positions().values())) for each in (one, other)]
    assert places[1][:, 0].min() - places[0][:, 0].max() == pytest.approx(0.35)
    fronts = []
    for each in (one, other):
        joints = each.positions()
        left = (joints["thigh.L"] - joints["thigh.R"]).mean(axis=1)
        fronts.append(np.cross(left, (0.0, 0.0, 1.0)))
    assert fronts[0][1] < 0 < fronts[0][0]
    assert fronts[1][1] < 0
    assert fronts[1][0] < 0

    met = side_by_side.placed([body, body.moved(0.0, (1.0, 0.0, 0.0))])
    assert np.allclose(met[1].hips - met[0].hips, [[1.0], [0.0], [0.0]])


def test_no_body_says_so() -> None:
    skeleton = bvh.Skeleton(("a", "b"), (-1, 0), np.ones((2, 3)), (("Xrotation",), ("Xrotation",)))
    with pytest.raises(DatasetError, match="no body of a person can be seen in its 2 joints"):
        capture.of_motion(bvh.Motion(skeleton, np.zeros((3, 2)), 1 / 30))


def test_legs_are_seen_where_only_arms_have_names_that_say_something(dataset: Path) -> None:
    motion = recorded("bvhs", dataset)
    names = tuple(f"j{n}" if name.endswith(_LEGS) else name for n, name in enumerate(motion.skeleton.names))
    odd = replace(motion, skeleton=replace(motion.skeleton, names=names))

    assert farthest(body_of(odd), body_of(motion)) < 1e-6
