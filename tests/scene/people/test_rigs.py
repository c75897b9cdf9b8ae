"""Where the built-in actors' joints are in motion, on the capture's own bones and on each of MakeHuman's rigs."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.dataset import bvh, joint_roles, rest_pose, rotations
from blender_addon.dataset import makehuman as source
from blender_addon.dataset.actor_skeletons import actor_skeletons
from blender_addon.dataset.batch import CAPTURE, RIGS
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.layout import Dataset
from blender_addon.dataset.makehuman import RIG_NAMES
from blender_addon.dataset.naming import SceneId
from blender_addon.scene import armatures, composite, looks, rigs, template
from blender_addon.scene.people import actor, rigged
from farm import assets
from farm.demo.maker import make_dataset
from farm.errors import FarmError

DATA = assets.there()
pytestmark = pytest.mark.skipif(DATA is None, reason="the people's data have not been fetched")

#: Whose place counts for contact between the two people, and the limbs whose directions are the capture's.
ENDS = ("hand.L", "hand.R", "foot.L", "foot.R", "head")
LIMBS = [(f"{a}.{side}", f"{b}.{side}") for side in "LR" for a, b in (
    ("upper_arm", "forearm"), ("forearm", "hand"), ("thigh", "shin"), ("shin", "foot"))]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, tuple[SceneId, ...]]:
    """Five scenes in which all seven actors play."""
    result = make_dataset(tmp_path_factory.mktemp("rigs") / "data", scenes=5, seconds=2.0, seed=11)
    return Dataset.at(result.root), result.scenes


@pytest.fixture(scope="module")
def fits(made):
    """Every actor's body on his skeleton."""
    data = source.read(Path(DATA))
    return {
        name: actor.fitted(data, name, rest_pose.stand(skeleton), female=looks.look_of(name).female)[0].fit
        for name, skeleton in actor_skeletons(made[0]).items()
    }


def put_armatures(fits, rig: str) -> None:
    """A file with the actors' armatures alone."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    for name, fit in fits.items():
        placed = armatures.bones_of(fit.pose.rest)
        if rig != CAPTURE:
            placed = rigged.place_bones(fit, source.rig(source.read(Path(DATA)), rig))
        armatures.make_armature(name, placed, bpy.context.scene.collection)


def captured(dataset: Dataset, scene: SceneId, name: str) -> tuple[dict[str, int], np.ndarray]:
    """Roles and world positions (J, 3, N) of an actor's joints in his BVH, metres."""
    motion = bvh.read(dataset.motion(scene.performance(name)))
    positions, _ = bvh.forward_kinematics(motion)
    roles = joint_roles.classify(motion.skeleton.names, motion.skeleton.parents)
    return roles, np.einsum("ij,bjn->bin", rest_pose.TO_BLENDER["Y"], positions) * 0.01


def errors(dataset: Dataset, scenes: tuple[SceneId, ...], frames: slice) -> tuple[dict[str, float], float]:
    """The largest distance, m, of each of ENDS from where the capture has it, and the limbs' largest angle, degrees."""
    far, turned = dict.fromkeys(ENDS, 0.0), 0.0
    for scene_id in scenes:
        done = composite.composite(bpy.context.scene, dataset, scene_id)
        for name in done.actors:
            armature = rigs.find(bpy.context.scene, name, rigs.Table()).armature
            bones = rigs.rest_of(armature)
            roles, wanted = captured(dataset, scene_id, name)
            for frame in range(done.frames)[frames]:
                bpy.context.scene.frame_set(frame + 1)
                posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())

                def at(role, posed=posed, bones=bones):
                    return np.array(posed.matrix_world @ posed.pose.bones[bones.names[bones.roles[role]]].head)

                for role in ENDS:
                    far[role] = max(far[role], float(np.linalg.norm(at(role) - wanted[roles[role], :, frame])))
                for start, end in LIMBS:
                    a, b = at(end) - at(start), wanted[roles[end], :, frame] - wanted[roles[start], :, frame]
                    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
                    turned = max(turned, float(np.degrees(np.arccos(min(cosine, 1.0)))))
    return far, turned


@pytest.mark.parametrize("rig", RIGS)
def test_hands_feet_and_head_are_where_the_capture_has_them(made, fits, rig):
    put_armatures(fits, rig)
    far, turned = errors(*made, slice(None, None, 7))
    assert max(far.values()) < (0.001 if rig in (CAPTURE, "default") else 0.02), far
    assert turned < 0.5


@pytest.mark.parametrize("rig", RIG_NAMES)
def test_nor_does_a_deep_bow_move_them(made, fits, tmp_path, rig):
    # 60 degrees over spine and neck, where most of these rigs have fewer bones than the capture.
    bowed = make_dataset(tmp_path / "data", scenes=1, seconds=1.0, seed=5)
    dataset = Dataset.at(bowed.root)
    for path in dataset.bvhs_retarget.glob("*.bvh"):
        motion = bvh.read(path)
        starts = np.cumsum([0, *map(len, motion.skeleton.channels)])
        for name in ("Spine", "Spine1", "Spine2", "Spine3", "Neck", "Neck1"):
            joint = motion.skeleton.names.index(name)
            motion.values[:, starts[joint] + motion.skeleton.channels[joint].index("Xrotation")] += 10
        bvh.write(path, motion)
    put_armatures(fits, rig)
    far, turned = errors(dataset, bowed.scenes, slice(None, None, 10))
    assert max(far.values()) < 0.003, far
    assert turned < 0.5


@pytest.mark.parametrize("rig", RIG_NAMES)
def test_palms_look_where_the_captures_do(made, fits, rig):
    # With one chain of fingers (cmu_mb) nothing but the arm says how a hand is rolled.
    dataset, (scene_id, *_) = made
    put_armatures(fits, rig)
    A = rest_pose.TO_BLENDER["Y"]
    done = composite.composite(bpy.context.scene, dataset, scene_id)
    bpy.context.scene.frame_set(10)
    for name in done.actors:
        posed = rigs.find(bpy.context.scene, name, rigs.Table()).armature
        bones = rigs.rest_of(posed)
        motion, stood = bvh.read(dataset.motion(scene_id.performance(name))), fits[name].pose
        turns = bvh.forward_kinematics(motion)[1]
        for hand in ("hand.L", "hand.R"):
            bone = posed.pose.bones[bones.names[bones.roles[hand]]]
            turned = np.array((posed.matrix_world @ bone.matrix @ bone.bone.matrix_local.inverted()).to_3x3())
            joint = stood.rest.roles[hand]
            wanted = A @ rotations.to_matrix(turns[joint])[9] @ A.T @ stood.turns[joint].T
            assert np.degrees(np.arccos(np.clip((np.trace(turned @ wanted.T) - 1) / 2, -1, 1))) < 5, hand


def test_mannequins_joints_are_where_the_capture_has_them(made):
    template.build(made[0])
    far, turned = errors(*made, slice(None, None, 20))
    assert max(far.values()) < 0.001
    assert turned < 0.1


@pytest.mark.parametrize("rig", RIG_NAMES)
def test_a_rig_has_its_own_names_and_rest_pose_and_moves_all_of_the_mesh(made, rig):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    collection = bpy.context.scene.collection
    skeleton = actor_skeletons(made[0])["001"]
    armature = actor.build("001", skeleton, collection, gender="male", assets=Path(DATA), rig=rig)
    bones = rigs.rest_of(armature)
    assert set(bones.names) == set(source.rig(source.read(Path(DATA)), rig).names)
    arm = bones.heads[bones.roles["forearm.L"]] - bones.heads[bones.roles["upper_arm.L"]]
    assert 30 < np.degrees(np.arctan2(-arm[2], arm[0])) < 60  # the A-pose
    for part in ("body", "head", "hair", "shadow"):
        thing = bpy.data.objects[f"actor_001_{part}"]
        assert {group.name for group in thing.vertex_groups} <= set(bones.names)
        sums = [sum(share.weight for share in vertex.groups) for vertex in thing.data.vertices]
        assert np.allclose(sums, 1.0, atol=1e-4)
    assert abs(min(v.co.z for v in bpy.data.objects["actor_001_body"].data.vertices)) < 0.001  # soles on the floor


def test_only_people_have_other_rigs(made, tmp_path):
    with pytest.raises(DatasetError, match="own joints"):
        template.build(made[0], rig="mixamo")
    with pytest.raises(FarmError, match="needs --actors people"):
        assets.choose("mannequin", rig="mixamo")
