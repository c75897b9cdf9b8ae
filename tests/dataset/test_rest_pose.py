"""Which way a skeleton stands, how large it is, and the pose stood upright."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blender_addon.dataset import bvh, joint_roles, rest_pose, rotations
from blender_addon.dataset.errors import DatasetError

#: A T-pose in metres, in Blender's axes: Z up, facing -Y, the left at +X.
JOINTS = {
    "Hips": (None, (0, 0, 0.95)),
    "Spine": ("Hips", (0, 0.01, 1.1)),
    "Chest": ("Spine", (0, 0.02, 1.3)),
    "Neck": ("Chest", (0, 0.03, 1.5)),
    "Head": ("Neck", (0, 0.0, 1.6)),
    "LeftArm": ("Chest", (0.18, 0.02, 1.45)),
    "LeftForeArm": ("LeftArm", (0.45, 0.02, 1.45)),
    "LeftHand": ("LeftForeArm", (0.7, 0.01, 1.45)),
    "RightArm": ("Chest", (-0.18, 0.02, 1.45)),
    "RightForeArm": ("RightArm", (-0.45, 0.02, 1.45)),
    "RightHand": ("RightForeArm", (-0.7, 0.01, 1.45)),
    "LeftUpLeg": ("Hips", (0.1, 0, 0.95)),
    "LeftLeg": ("LeftUpLeg", (0.1, -0.01, 0.52)),
    "LeftFoot": ("LeftLeg", (0.1, 0.02, 0.09)),
    "LeftToeBase": ("LeftFoot", (0.1, -0.12, 0.03)),
    "RightUpLeg": ("Hips", (-0.1, 0, 0.95)),
    "RightLeg": ("RightUpLeg", (-0.1, -0.01, 0.52)),
    "RightFoot": ("RightLeg", (-0.1, 0.02, 0.09)),
    "RightToeBase": ("RightFoot", (-0.1, -0.12, 0.03)),
}
NAMES = tuple(JOINTS)
PARENTS = tuple(-1 if parent is None else NAMES.index(parent) for parent, _ in JOINTS.values())
HEADS = np.array([head for _, head in JOINTS.values()])
ROLES = joint_roles.classify(NAMES, PARENTS)

#: From Blender's axes to those of a file.
Z_UP = np.eye(3)
Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # faces +Z
Z_UP_FACING_Y = np.diag([-1.0, -1, 1])  # InterAct's bone space
X_UP = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
LYING = {"Z up": Z_UP, "Y up": Y_UP, "Z up, facing +Y": Z_UP_FACING_Y, "X up": X_UP}


def skeleton(turn=Z_UP, scale=1.0, at=(0, 0, 0), ends=None):
    positions = (HEADS + at) @ turn.T * scale
    offsets = np.array(
        [p - positions[parent] if parent >= 0 else p for p, parent in zip(positions, PARENTS, strict=True)]
    )
    channels = (("Xposition", "Yposition", "Zposition", "Zrotation", "Xrotation", "Yrotation"),)
    channels += (("Zrotation", "Xrotation", "Yrotation"),) * (len(NAMES) - 1)
    return bvh.Skeleton(NAMES, PARENTS, offsets, channels, ends or {})


@pytest.mark.parametrize("turn", LYING.values(), ids=LYING)
def test_axes_stand_every_pose_up(turn):
    assert np.allclose(rest_pose.axes(skeleton(turn, 7.0).rest_positions(), ROLES), turn.T)


def test_a_pose_that_leans_a_little_is_one_drawn_along_the_axes():
    lean = rotations.to_matrix(rotations.about_axis("X", np.radians([12.0])))[0]
    assert np.allclose(rest_pose.axes(HEADS @ lean.T, ROLES), np.eye(3))


def test_a_pose_that_is_turned_half_way_is_turned_back_half_way():
    turn = rotations.to_matrix(rotations.about_axis("Z", np.radians([45.0])))[0]
    assert np.allclose(rest_pose.axes(HEADS @ turn.T, ROLES), turn.T, atol=0.03)


@pytest.mark.parametrize("gone", [["hips"], ["head", "neck.0", "spine.0", "spine.1"], ["thigh.L", "upper_arm.R"]])
def test_a_body_without_trunk_or_limbs_has_no_axes(gone):
    roles = {role: joint for role, joint in ROLES.items() if role not in gone}
    assert rest_pose.axes(HEADS, roles) is None


@pytest.mark.parametrize("scale", [0.75, 1.0, 1.15])
@pytest.mark.parametrize("unit", [1.0, 0.0254, 0.01, 0.001, 0.1])
@pytest.mark.parametrize("turn", LYING.values(), ids=LYING)
def test_the_unit_is_guessed_from_the_height(turn, unit, scale):
    assert rest_pose.metres_per_unit(HEADS @ turn.T * scale / unit, ROLES) == unit


@pytest.mark.parametrize("unit", [1.0, 0.0254, 0.01])
@pytest.mark.parametrize("turn", LYING.values(), ids=LYING)
def test_stood_upright_every_skeleton_is_the_same(turn, unit):
    ends = {NAMES.index("Head"): turn @ (0, 0, 0.2) / unit}
    stood = rest_pose.stand(skeleton(turn, 1 / unit, at=(3, -2, 0.4), ends=ends))
    assert np.allclose(stood.heads, HEADS, atol=1e-9)
    assert np.allclose(stood.ends[NAMES.index("Head")], (0, 0, 1.8))
    assert (stood.names, stood.parents, stood.roles) == (NAMES, PARENTS, ROLES)
    assert np.allclose(stood.head("hand.L"), (0.7, 0.01, 1.45))
    assert stood.heads[ROLES["toe.L"], 2] == pytest.approx(rest_pose.TOE_HEIGHT)  # the sole itself is at 0


def without_toes(ends):
    body = skeleton()
    keep = [n for n, name in enumerate(NAMES) if "Toe" not in name]
    names = tuple(NAMES[n] for n in keep)
    parents = tuple(keep.index(PARENTS[n]) if PARENTS[n] >= 0 else -1 for n in keep)
    return bvh.Skeleton(
        names, parents, body.offsets[keep], tuple(body.channels[n] for n in keep),
        {names.index(name): np.array(offset) for name, offset in ends.items()},
    )  # fmt: skip


def test_without_toes_the_soles_are_read_from_the_ends_of_the_feet():
    stood = rest_pose.stand(without_toes({"LeftFoot": (0, -0.14, -0.06), "RightFoot": (0, -0.14, -0.05)}))
    assert stood.heads[stood.roles["foot.L"], 2] == pytest.approx(rest_pose.TOE_HEIGHT + 0.06)


def test_without_anything_below_the_ankles_they_stand_on_the_floor():
    stood = rest_pose.stand(without_toes({}))
    assert stood.heads[stood.roles["foot.L"], 2] == pytest.approx(0)


def test_a_skeleton_that_is_no_body_is_refused():
    body = replace(skeleton(), names=tuple(f"bone{n}" for n in range(len(NAMES))))
    with pytest.raises(DatasetError, match="no hips, head and limbs"):
        rest_pose.stand(body)


def motion(body, root_turn, frames=60):
    """The root turns as given and yaws on; everything else stands in the rest pose."""
    values = np.zeros((frames, body.channel_count))
    order = [channel[0] for channel in body.channels[0][3:]]
    angles = rotations.to_euler(root_turn, "".join(reversed(order)))
    values[:, 3:6] = np.degrees(angles[["XYZ".index(axis) for axis in order]]).T
    return bvh.Motion(body, values, 1 / 30)


@pytest.mark.parametrize(
    ("drawn", "world"),
    [(Y_UP, "Y"), (Z_UP, "Z"), (X_UP, "X")],
)
def test_the_world_is_as_the_rest_pose_where_the_root_only_yaws(drawn, world):
    yaw = rotations.about_axis(world, np.linspace(0, 7, 60))
    assert rest_pose.world_up(motion(skeleton(drawn, 100), yaw), ROLES) == world


@pytest.mark.parametrize("drawn", [Z_UP, Z_UP_FACING_Y])
def test_a_raw_skeleton_drawn_z_up_is_turned_to_its_world_by_the_root(drawn):
    to_y_up = rotations.from_matrix(Y_UP)
    turn = rotations.multiply(rotations.about_axis("Y", np.linspace(0, 7, 60)), to_y_up)
    raw = motion(skeleton(drawn, 100), turn)
    assert rest_pose.world_up(raw, ROLES) == "Y"
    positions, _ = bvh.forward_kinematics(raw)
    assert (positions[ROLES["head"], 1] - positions[ROLES["hips"], 1] > 50).all()


def test_a_body_that_bends_down_for_a_while_is_still_up():
    bend = rotations.about_axis("X", np.radians(np.where(np.arange(60) < 25, 90.0, 10.0)))
    assert rest_pose.world_up(motion(skeleton(Y_UP, 100), bend), ROLES) == "Y"


def test_joints_above_the_hips_count():
    """A root bone that lies still above the hips, with the turn to the world on it."""
    body = skeleton(Z_UP, 100)
    names, parents = ("Reference", *body.names), (-1, *(parent + 1 for parent in PARENTS))
    offsets = np.concatenate((np.zeros((1, 3)), body.offsets))
    carried = bvh.Skeleton(names, parents, offsets, (("Xrotation",), *body.channels))
    values = np.zeros((10, carried.channel_count))
    values[:, 0] = -90
    roles = joint_roles.classify(names, parents)
    assert rest_pose.world_up(bvh.Motion(carried, values, 1 / 30), roles) == "Y"


def test_a_motion_without_a_body_is_taken_to_be_y_up():
    assert rest_pose.world_up(motion(skeleton(), rotations.about_axis("X", np.zeros(60))), {}) == "Y"


def test_every_world_is_turned_to_blenders():
    for axis, turn in rest_pose.TO_BLENDER.items():
        assert np.allclose(turn @ np.eye(3)["XYZ".index(axis)], (0, 0, 1))
        assert np.linalg.det(turn) == pytest.approx(1)
