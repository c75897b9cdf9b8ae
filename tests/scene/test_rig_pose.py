"""Bones posed by numpy lie where Blender puts them."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from blender_addon.dataset import rotations
from blender_addon.scene import retarget, rigs
from blender_addon.scene.rig_pose import RigPose

from . import rig_maker as make
from .test_retarget import PLACED, evaluated, play

FRAMES = 12


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


def posed(change=lambda item: None):
    """A rig of an odd rest pose with motion on it: its rest, its channels, its armature."""
    motion = make.motion(FRAMES, seed=2)
    bones = make.add_bone(make.a_pose(make.bones_of(motion.skeleton)), "Between", "LeftLeg")
    bones.rolls = np.random.default_rng(4).uniform(-3, 3, len(bones.names))
    item = make.armature("rig", bones)
    for bone in item.pose.bones:
        bone.rotation_mode = "QUATERNION"
    change(item)
    bpy.context.view_layer.update()
    rest = rigs.rest_of(item)
    channels = retarget.retarget(motion, rest, retarget.driven_bones(motion, rest), retarget.Scale(0.01, 0.01))
    play(item, channels)
    return rest, channels, item


def placed(item):
    item.matrix_world = Matrix(PLACED.tolist())


def not_local(item):
    item.data.bones["Hips"].use_local_location = False


def not_inheriting(item):
    for name in ("Between", "LeftFoot", "Spine2", "RightUpLeg"):
        item.data.bones[name].use_inherit_rotation = False


@pytest.mark.parametrize("change", [lambda item: None, placed, not_local, not_inheriting])
def test_heads_lie_where_blender_has_them(change):
    rest, channels, item = posed(change)
    pose = RigPose(rest, channels)
    found = np.stack([pose.head(bone) for bone in range(len(rest.names))])
    assert np.abs(found - evaluated(item, FRAMES)).max() < 1e-4


def test_channels_come_back_from_turns():
    rest, channels, _ = posed(not_inheriting)
    pose = RigPose(rest, channels)
    for bone, track in channels.rotations.items():
        found = pose.channel(bone)
        assert np.abs(np.abs((found * track).sum(axis=0)) - 1.0).max() < 1e-9, rest.names[bone]


def test_a_bone_that_is_turned_otherwise_carries_what_hangs_on_it():
    rest, channels, item = posed()
    pose = RigPose(rest, channels)
    arm, hand = rest.names.index("LeftArm"), rest.names.index("LeftHand")
    more = rotations.about_axis("Z", np.linspace(0.0, 1.5, FRAMES))
    pose.set_turn([arm], rotations.multiply(more, pose.turn(arm)))
    changed = retarget.Channels(channels.rotations | {arm: pose.channel(arm)}, channels.locations)
    play(item, changed)
    assert np.abs(pose.head(hand) - evaluated(item, FRAMES)[hand]).max() < 1e-4
