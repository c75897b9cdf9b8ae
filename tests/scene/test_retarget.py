"""Retargeting, judged by numpy alone where a skeleton is enough, and by Blender where its rules are the question."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.dataset import bvh, joint_roles, rest_pose, rotations
from blender_addon.dataset.errors import DatasetError
from blender_addon.scene import fcurves, retarget, rigs

from . import rig_maker as make
from .rig_maker import interact

MOCAP = sorted((Path(__file__).parents[2].parent / "shared" / "data" / "mocap").glob("*.bvh"))
captures = pytest.mark.skipif(not MOCAP, reason="the captured motions are not here")


@pytest.fixture
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


def rig_of(body, seed=0, world=None):
    """A rig that stands like a skeleton, its bones rolled and aimed anyhow."""
    stood = rest_pose.stand(body)
    random = np.random.default_rng(seed).normal(size=(4, len(stood.names)))
    world = np.eye(4) if world is None else world
    inverse = np.linalg.inv(world)
    heads = stood.heads @ inverse[:3, :3].T + inverse[:3, 3]
    rest = rotations.to_matrix(random / np.linalg.norm(random, axis=0))
    always = (True,) * len(stood.names)
    return retarget.RigRest(stood.names, stood.parents, rest, heads, world, always, always, stood.roles)


def posed(rig, channels, frames):
    """World heads (B, 3, N) of pose bones by Blender's rule: parent's pose, own rest against its rest, own channel."""
    heads = np.empty((len(rig.names), 3, frames))
    turned = np.empty((len(rig.names), frames, 3, 3))
    for bone, parent in enumerate(rig.parents):
        channel = rotations.to_matrix(channels.rotations.get(bone, np.repeat(rotations.IDENTITY, frames, axis=1)))
        place = channels.locations.get(bone, np.zeros((3, frames)))
        carried = turned[parent] @ rig.rest[parent].T if parent >= 0 else np.broadcast_to(np.eye(3), (frames, 3, 3))
        start = heads[parent] if parent >= 0 else np.zeros((3, frames))
        offset = rig.heads[bone] - (rig.heads[parent] if parent >= 0 else 0)
        heads[bone] = start + np.einsum("nij,jn->in", carried, offset[:, None] + rig.rest[bone] @ place)
        turned[bone] = carried @ rig.rest[bone] @ channel
    return np.einsum("ij,bjn->bin", rig.world[:3, :3], heads) + rig.world[:3, 3][None, :, None]


def play(rig, channels):
    """Put channels on a real armature, as compositing does."""
    curves = []
    for bone, track in channels.rotations.items():
        name = rig.data.bones[bone].name
        curves += [fcurves.Curve(f'pose.bones["{name}"].rotation_quaternion', n, row) for n, row in enumerate(track)]
        place = channels.locations.get(bone, ())
        curves += [fcurves.Curve(f'pose.bones["{name}"].location', n, row) for n, row in enumerate(place)]
    fcurves.assign_action(rig, "motion", curves)


def evaluated(rig, frames):
    """World heads (B, 3, N) as Blender evaluates them."""
    heads = np.empty((len(rig.data.bones), 3, frames))
    for frame in range(frames):
        bpy.context.scene.frame_set(frame + 1)
        shown = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        heads[:, :, frame] = [shown.matrix_world @ shown.pose.bones[bone.name].head for bone in rig.data.bones]
    return heads


def world_joints(motion, up="Y"):
    return np.einsum("ij,bjn->bin", rest_pose.TO_BLENDER[up], bvh.forward_kinematics(motion)[0])


def degrees(a, b):
    cosine = (a * b).sum(0) / np.linalg.norm(a, axis=0) / np.linalg.norm(b, axis=0)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1))).max()


LIMBS = [(f"{a}.{s}", f"{b}.{s}") for s in "LR" for a, b in (
    ("shoulder", "upper_arm"), ("upper_arm", "forearm"), ("forearm", "hand"), ("thigh", "shin"), ("shin", "foot"),
)]  # fmt: skip


def lines(roles, pairs, skeleton):
    """Bones whose direction a motion gives: limbs, spine and neck, without those that stand for several joints."""
    driven = [(roles[a], roles[b]) for a, b in LIMBS if roles.get(a) in pairs and roles.get(b) in pairs]
    trunk = [b for b in (*joint_roles.chain_of(roles, "spine"), *joint_roles.chain_of(roles, "neck")) if b in pairs]
    trunk.append(roles["head"])
    driven += itertools.pairwise(trunk)
    return [(a, b) for a, b in driven if skeleton.parents[pairs[b]] == pairs[a]]


BODIES = {
    "InterAct 001": lambda: interact("001"),
    "InterAct 002": lambda: interact("002"),
    "T-pose of 34 joints": make.skeleton,
    **{path.stem: lambda path=path: bvh.read_header(path).skeleton for path in MOCAP},
}
#: Of an armature object: turned, moved, and in centimetres.
PLACED = np.array([[0, -0.01, 0, 3.0], [0.01, 0, 0, -2.0], [0, 0, 0.01, 0.5], [0, 0, 0, 1]])


@captures
@pytest.mark.parametrize("world", [np.eye(4), PLACED], ids=["at the origin", "placed"])
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("path", MOCAP, ids=lambda path: path.stem)
def test_captured_motion_points_another_body_where_it_points_its_own(path, body, world):
    motion = bvh.read(path)
    motion = replace(motion, values=motion.values[::3])
    rig = rig_of(BODIES[body](), world=world)
    pairs = retarget.driven_bones(motion, rig)
    scale = retarget.pair_scales([motion], [rig])[0]
    channels = retarget.retarget(motion, rig, pairs, scale)
    heads, wanted = posed(rig, channels, motion.frames), world_joints(motion)
    compared = lines(rig.roles, pairs, motion.skeleton)
    assert len(compared) >= 11
    for a, b in compared:
        found = degrees(heads[b] - heads[a], wanted[pairs[b]] - wanted[pairs[a]])
        assert found < 0.5, (rig.names[a], rig.names[b])
    hips = rig.roles["hips"]
    scaled = wanted[pairs[hips]] * np.array([scale.floor, scale.floor, scale.up])[:, None]
    scaled[2] += scale.lift
    assert np.allclose(heads[hips], scaled, atol=1e-6)
    # A capture on a body of another size keeps both feet at the floor, and no one is upside down.
    low = min(heads[rig.roles[f"foot.{s}"], 2].min() for s in "LR")
    assert -0.1 < low < 0.25
    assert (heads[rig.roles["head"], 2] > heads[hips, 2]).mean() > 0.9


@captures
@pytest.mark.parametrize("path", MOCAP, ids=lambda path: path.stem)
def test_a_capture_on_its_own_skeleton_is_itself(path):
    motion = bvh.read(path)
    motion = replace(motion, values=motion.values[::5])
    rig = rig_of(motion.skeleton)
    pairs = retarget.driven_bones(motion, rig)
    scale = retarget.pair_scales([motion], [rig])[0]
    assert scale.floor == pytest.approx(0.01)
    assert scale.up == pytest.approx(0.01)
    heads = posed(rig, retarget.retarget(motion, rig, pairs, scale), motion.frames)
    wanted = world_joints(motion) * 0.01
    driven = sorted(pairs)
    assert np.abs(heads[driven] - wanted[[pairs[bone] for bone in driven]]).max() < 1e-6


def fitted(bones, change=lambda item: None, table=None, up=None, seed=3):
    """A motion on a real armature of bones: world heads by bone name, and what forward kinematics says."""
    motion = make.motion(20, seed=seed)
    item = make.armature("rig", bones)
    change(item)
    rest = rigs.rest_of(item)
    pairs = retarget.driven_bones(motion, rest, table)
    play(item, retarget.retarget(motion, rest, pairs, retarget.Scale(0.01, 0.01), up=up))
    heads = dict(zip(rest.names, evaluated(item, 20), strict=True))
    return heads, dict(zip(motion.skeleton.names, world_joints(motion) * 0.01, strict=True))


def worst(heads, wanted, names=None):
    shared = names or heads.keys() & wanted.keys()
    return max(np.abs(heads[name] - wanted[name]).max() for name in shared)


@pytest.mark.usefixtures("empty_file")
@pytest.mark.parametrize("off", [["Spine2", "LeftForeArm", "RightLeg", "Head"], ["Spine"], None])
def test_bones_that_do_not_take_their_parents_rotation_stand_right_as_well(off):
    bones = make.bones_of(make.skeleton())
    bones.rolls = np.random.default_rng(1).uniform(-3, 3, len(bones.names))

    def change(item):
        for name in off or [bone.name for bone in item.data.bones if bone.parent]:
            item.data.bones[name].use_inherit_rotation = False

    heads, wanted = fitted(bones, change)
    assert worst(heads, wanted) < 1e-4


@pytest.mark.usefixtures("empty_file")
def test_a_bone_between_that_does_not_inherit_stops_the_rotation_of_those_above():
    bones = make.add_bone(make.bones_of(make.skeleton()), "Extra", "LeftForeArm")

    def change(item):
        item.data.bones["Extra"].use_inherit_rotation = False

    heads, wanted = fitted(bones, change)
    # The bone itself stands still and bends the arm; from the forearm on, directions are right again.
    for a, b in (("LeftForeArm", "LeftHand"), ("LeftHand", "LeftHandMiddle1"), ("RightArm", "RightForeArm")):
        assert degrees(heads[b] - heads[a], wanted[b] - wanted[a]) < 0.1


@pytest.mark.usefixtures("empty_file")
@pytest.mark.parametrize("local", [True, False])
def test_a_root_bone_above_the_hips_stays_where_it_is(local):
    bones = make.bones_of(make.skeleton())
    bones.names.insert(0, "root")
    bones.parents = [-1, *(parent + 1 for parent in bones.parents)]
    bones.heads = np.insert(bones.heads, 0, (0.3, 0.2, 0.1), axis=0)
    bones.rolls = np.insert(bones.rolls, 0, 0.7)

    def change(item):
        item.data.bones["Hips"].use_local_location = local

    heads, wanted = fitted(bones, change)
    assert np.allclose(heads["root"], np.array([[0.3], [0.2], [0.1]]), atol=1e-6)
    assert worst(heads, wanted) < 1e-4


@pytest.mark.usefixtures("empty_file")
def test_a_bone_table_names_bones_that_say_nothing():
    bones = make.bones_of(make.skeleton())
    table = {}
    for n, name in enumerate(bones.names):
        table[name] = bones.names[n] = f"Bone.{n:03d}"
    heads, wanted = fitted(bones, table=table)
    assert worst({joint: heads[bone] for joint, bone in table.items()}, wanted) < 1e-4


@pytest.mark.usefixtures("empty_file")
def test_a_bone_table_wins_over_names_and_leaves_the_others():
    bones = make.bones_of(make.skeleton())
    bones.names[bones.names.index("LeftForeArm")] = "Schnurz"
    rest = rigs.rest_of(make.armature("rig", bones))
    motion = make.motion(5)
    index = {name: n for n, name in enumerate(motion.skeleton.names)}
    plain = retarget.driven_bones(motion, rest)
    assert index["LeftForeArm"] not in plain.values()
    table = {"LeftForeArm": "Schnurz", "Head": "", "Neck": "Head", "Tail": "Nowhere"}
    told = retarget.driven_bones(motion, rest, table)
    assert told[rest.names.index("Schnurz")] == index["LeftForeArm"]
    assert told[rest.names.index("Head")] == index["Neck"]
    assert not {rest.names.index("Neck"), index["Head"]} & {*told.keys()} - {rest.names.index("Head")}
    changed = {rest.names.index(name) for name in ("Schnurz", "Head", "Neck")}
    assert {b: j for b, j in told.items() if b not in changed} == {b: j for b, j in plain.items() if b not in changed}


@pytest.mark.usefixtures("empty_file")
def test_a_bone_table_with_a_bone_that_is_not_there_is_refused():
    rest = rigs.rest_of(make.armature("rig", make.bones_of(make.skeleton())))
    with pytest.raises(DatasetError, match="sends joint LeftArm to bone 'Nowhere', which the rig lacks"):
        retarget.driven_bones(make.motion(5), rest, {"LeftArm": "Nowhere"})


def test_roles_of_a_table_count_where_names_say_nothing():
    body, motion = make.skeleton(1.2), make.motion(5)
    rig = rig_of(body)
    pairs = {n: n for n in range(len(rig.names))}
    nameless = replace(rig, names=tuple(f"Bone.{n:03d}" for n in pairs), roles={})
    assert retarget.with_roles(nameless, motion, pairs).roles == rig.roles
    assert retarget.leg_ratio(motion, retarget.with_roles(nameless, motion, pairs)) == pytest.approx(1.2)
    assert retarget.with_roles(rig, motion, pairs).roles == rig.roles


def test_legs_of_another_length_lift_the_hips_and_the_floor_is_shared():
    motions = [make.motion(5), make.motion(5)]
    scales = retarget.pair_scales(motions, [rig_of(make.skeleton(1.2)), rig_of(make.skeleton(0.8))])
    assert [scale.up for scale in scales] == pytest.approx([0.012, 0.008])
    assert [scale.floor for scale in scales] == pytest.approx([0.01, 0.01])


@pytest.mark.usefixtures("empty_file")
def test_hips_that_begin_below_the_thighs_do_not_lift_the_feet():
    motion, bones = make.motion(5), make.bones_of(make.skeleton())
    bones.heads[bones.names.index("Hips"), 2] -= 0.08
    rest = rigs.rest_of(make.armature("rig", bones))
    assert retarget.pair_scales([motion], [rest])[0].lift == pytest.approx(-0.08, abs=1e-4)


@pytest.mark.parametrize("up", ["X", "Y", "Z"])
def test_the_up_axis_can_be_given(up):
    motion = make.motion(8)
    rig = rig_of(make.skeleton())
    pairs = retarget.driven_bones(motion, rig)
    channels = retarget.retarget(motion, rig, pairs, retarget.Scale(0.01, 0.01), up=up)
    assert np.allclose(posed(rig, channels, 8)[0], world_joints(motion, up)[0] * 0.01)


def test_quaternions_keep_their_side():
    motion = make.motion(200, seed=4)
    motion = replace(motion, values=motion.values * np.where(np.arange(motion.values.shape[1]) >= 3, 6, 1))
    rig = rig_of(make.skeleton())
    channels = retarget.retarget(motion, rig, retarget.driven_bones(motion, rig), retarget.Scale(0.01, 0.01))
    for track in channels.rotations.values():
        assert np.allclose(np.linalg.norm(track, axis=0), 1)
        assert (np.einsum("cn,cn->n", track[:, 1:], track[:, :-1]) > 0).all()
