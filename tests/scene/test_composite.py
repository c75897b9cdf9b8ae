"""Compositing, judged by where Blender puts the bones."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.dataset import blendshapes, bvh, layout, rest_pose
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.naming import SceneId
from blender_addon.scene import composite, fcurves, rigs

from . import rig_maker as make

SCENE = SceneId("20231119", "001")
FRAMES = 40


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def motions() -> dict[str, bvh.Motion]:
    return {
        "001": make.motion(FRAMES, seed=1, at=(-60, 0)),
        "002": make.motion(FRAMES, seed=2, scale=0.93, at=(60, 10)),
    }


def world_joints(motion: bvh.Motion) -> tuple[np.ndarray, np.ndarray]:
    """Joint positions (J, 3, N) in metres and orientations (J, 3, 3, N) in Blender's world, by forward kinematics."""
    positions, turns = bvh.forward_kinematics(motion)
    A = rest_pose.TO_BLENDER["Y"]
    matrices = np.stack(
        [np.stack([_matrix(turns[j, :, n]) for n in range(turns.shape[2])], -1) for j in range(len(turns))]
    )
    return np.einsum("ij,bjn->bin", A, positions) * 0.01, np.einsum("ij,bjkn->bikn", A, matrices)


def _matrix(q: np.ndarray) -> np.ndarray:
    w, x, y, z = q
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip


def evaluated_heads(armature: bpy.types.Object, bones: list[str], frames: int) -> np.ndarray:
    """World heads (B, 3, N) as Blender evaluates them."""
    heads = np.empty((len(bones), 3, frames))
    for frame in range(frames):
        bpy.context.scene.frame_set(frame + 1)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        for n, bone in enumerate(bones):
            heads[n, :, frame] = posed.matrix_world @ posed.pose.bones[bone].head
    return heads


def angle(a: np.ndarray, b: np.ndarray) -> float:
    cosine = (a * b).sum(0) / np.linalg.norm(a, axis=0) / np.linalg.norm(b, axis=0)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).max())


def run(tmp_path: Path, motions: dict[str, bvh.Motion], faces: dict | None = None, **options) -> composite.Composited:
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", motions, faces))
    return composite.composite(bpy.context.scene, data, SCENE, **options)


def test_bones_of_the_actors_own_rig_lie_where_forward_kinematics_puts_them(tmp_path, motions):
    rig = {a: make.armature(f"actor_{a}", make.bones_of(m.skeleton)) for a, m in motions.items()}
    result = run(tmp_path, motions)
    assert result.frames == FRAMES
    assert (bpy.context.scene.frame_start, bpy.context.scene.frame_end, bpy.context.scene.render.fps) == (1, FRAMES, 30)
    for actor, motion in motions.items():
        wanted, _ = world_joints(motion)
        heads = evaluated_heads(rig[actor], list(motion.skeleton.names), FRAMES)
        assert np.abs(heads - wanted).max() < 0.001


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZYX", "YZX", "AXIS_ANGLE"])
def test_another_rest_pose_points_every_bone_where_the_motion_points_it(tmp_path, motions, mode):
    rng = np.random.default_rng(5)
    rig = {}
    for actor, motion in motions.items():
        bones = make.add_bone(make.a_pose(make.bones_of(motion.skeleton)), "ExtraSpine", "Spine1")
        bones.rolls = rng.choice([0.0, np.pi / 2, -np.pi / 2, np.pi, 0.4], len(bones.names))
        rig[actor] = make.armature(f"actor_{actor}", bones)
        for bone in rig[actor].pose.bones:
            bone.rotation_mode = mode
    run(tmp_path, motions)
    for actor, motion in motions.items():
        body = motion.skeleton
        wanted, _ = world_joints(motion)
        heads = evaluated_heads(rig[actor], list(body.names), FRAMES)
        onward = {"Hips": "Spine", "Spine2": "Neck", "LeftHand": "LeftHandMiddle1", "RightHand": "RightHandMiddle1"}
        for n, name in enumerate(body.names):
            children = body.children(n)
            if not children:
                continue
            child = body.names.index(onward[name]) if name in onward else children[0]
            assert angle(heads[child] - heads[n], wanted[child] - wanted[n]) < 0.5, name
        assert np.abs(heads[0] - wanted[0]).max() < 0.001


def test_rigs_of_another_size_unit_and_axes_keep_the_pair_together(tmp_path, motions):
    bones = {a: make.bones_of(m.skeleton) for a, m in motions.items()}
    large = bones["001"]
    large.heads *= 100  # centimetres under an object scale of 0.01, lying down: what an FBX import leaves
    large.heads = large.heads @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=float)
    rig = {a: make.armature(f"actor_{a}", b) for a, b in bones.items()}
    rig["001"].scale = (0.01,) * 3
    rig["001"].rotation_euler = (np.pi / 2, 0, 0)
    bpy.context.view_layer.update()
    run(tmp_path, motions)
    for actor, motion in motions.items():
        wanted, _ = world_joints(motion)
        heads = evaluated_heads(rig[actor], list(motion.skeleton.names), FRAMES)
        assert np.abs(heads - wanted).max() < 0.001


def test_one_scale_on_the_floor_and_each_actors_own_upwards(tmp_path, motions):
    rig = {}
    for actor, motion in motions.items():
        bones = make.bones_of(motion.skeleton)
        if actor == "001":
            bones.heads *= 1.2
        rig[actor] = make.armature(f"actor_{actor}", bones)
    run(tmp_path, motions)
    for actor, up in (("001", 1.2), ("002", 1.0)):
        wanted, _ = world_joints(motions[actor])
        hips = evaluated_heads(rig[actor], ["Hips"], FRAMES)[0]
        assert np.allclose(hips[:2], wanted[0, :2] * 1.1, atol=1e-3)
        assert np.allclose(hips[2], wanted[0, 2] * up, atol=1e-3)


def face_mesh(name: str, armature: bpy.types.Object, keys: list[str]) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    item.parent = armature
    item.shape_key_add(name="Basis")
    for key in keys:
        item.shape_key_add(name=key).value = 0.0
    return item


def test_shape_key_curves_equal_the_weights_on_every_mesh_that_has_the_keys(tmp_path, motions):
    weights = {a: np.random.default_rng(int(a)).uniform(0, 1, (FRAMES, 51)) for a in motions}
    weights["001"][3, 24] = 1.3  # beyond the slider's range
    faces = []
    for actor, motion in motions.items():
        rig = make.armature(f"actor_{actor}", make.bones_of(motion.skeleton))
        faces.append((actor, face_mesh(f"skin_{actor}", rig, list(blendshapes.ARKIT_NAMES))))
        faces.append((actor, face_mesh(f"teeth_{actor}", rig, ["jawOpen", "jawLeft"])))
    run(tmp_path, motions, weights)
    for frame in range(FRAMES):
        bpy.context.scene.frame_set(frame + 1)
        for actor, mesh in faces:
            blocks = mesh.data.shape_keys.key_blocks
            for column, key in enumerate(blendshapes.ARKIT_NAMES):
                if key in blocks:
                    assert blocks[key].value == pytest.approx(weights[actor][frame, column], abs=1e-6)


def test_compositing_twice_is_compositing_once_and_clear_gives_the_users_own_back(tmp_path, motions):
    rig = {a: make.armature(f"actor_{a}", make.bones_of(m.skeleton)) for a, m in motions.items()}
    other = make.armature("actor_005", make.bones_of(make.skeleton()))
    own = fcurves.assign_action(rig["001"], "wave", [fcurves.Curve("location", 0, np.ones(5))])
    del own[fcurves.OWN_ACTION]
    rig["001"].animation_data.action = None
    rig["001"].location = (0, 0, 0)
    rig["001"].animation_data.action = own
    rig["002"].pose.bones["Head"].rotation_quaternion = (0.5, 0.5, 0.5, 0.5)
    bpy.context.scene.frame_end = 77
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", motions))
    for _ in range(2):
        composite.composite(bpy.context.scene, data, SCENE)
        assert len([a for a in bpy.data.actions if a.get(fcurves.OWN_ACTION)]) == 2
        assert other.hide_render
        assert not rig["001"].hide_render
    composite.clear(bpy.context.scene)
    assert [a.name for a in bpy.data.actions] == ["wave"]
    assert rig["001"].animation_data.action == own
    assert rig["002"].animation_data.action is None
    assert list(rig["002"].pose.bones["Head"].rotation_quaternion) == pytest.approx([0.5] * 4)
    assert not other.hide_render
    assert bpy.context.scene.frame_end == 77


def test_a_scene_without_a_face_can_be_followed_by_another(tmp_path, motions):
    for actor, motion in motions.items():
        face_mesh(f"skin_{actor}", make.armature(f"actor_{actor}", make.bones_of(motion.skeleton)), ["jawOpen"])
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", motions))
    for _ in range(2):
        notices = composite.composite(bpy.context.scene, data, SCENE).notices
        assert sum("no face weights" in notice for notice in notices) == 2
    composite.clear(bpy.context.scene)


def test_the_scene_is_as_long_as_its_longest_body_and_every_difference_is_told(tmp_path, motions):
    motions["002"] = make.longer(motions["002"], 25)
    rig = {a: make.armature(f"actor_{a}", make.bones_of(m.skeleton)) for a, m in motions.items()}
    face_mesh("skin", rig["001"], ["jawOpen"])
    weights = np.zeros((30, 51))
    weights[-1, blendshapes.ARKIT_NAMES.index("jawOpen")] = 0.75
    result = run(tmp_path, motions, {"001": weights})
    assert result.frames == FRAMES
    heads = evaluated_heads(rig["002"], ["Head"], FRAMES)[0]
    assert np.allclose(heads[:, 24:], heads[:, 24:25], atol=1e-6)
    assert bpy.data.objects["skin"].data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.75)
    told = " ".join(result.notices)
    assert "actor 002: body has 25 of 40 frames" in told
    assert "actor 001: face has 30 of 40 frames" in told
    assert "20231119_002_001: no face weights" in told


@pytest.mark.parametrize(
    ("names", "table", "wanted"),
    [
        (["actor_001", "actor_002"], "", {"001": "actor_001", "002": "actor_002"}),
        (["001_Anna_rig", "Rig 002"], "", {"001": "001_Anna_rig", "002": "Rig 002"}),
        (
            ["Anna", "Ben"],
            '[actors.001]\narmature = "Ben"\n[actors.002]\narmature = "Anna"\n',
            {"001": "Ben", "002": "Anna"},
        ),
    ],
)
def test_rigs_are_found_by_name_or_table(tmp_path, names, table, wanted):
    for name in names:
        make.armature(name, make.bones_of(make.skeleton()))
    (tmp_path / "rigs.toml").write_text(table)
    read = rigs.read_table(tmp_path / "t.blend")
    assert {a: rigs.find(bpy.context.scene, a, read).armature.name for a in wanted} == wanted


def test_blenders_copy_numbers_are_no_actor_ids():
    for name in ("Armature", "Armature.001", "Armature.002"):
        make.armature(name, make.bones_of(make.skeleton()))
    with pytest.raises(DatasetError, match=r"actor 001.*Armature\.001"):
        rigs.find(bpy.context.scene, "001", rigs.Table())


def test_a_property_marks_a_rig_and_wins_over_names():
    make.armature("actor_001", make.bones_of(make.skeleton()))
    marked = make.armature("Hero", make.bones_of(make.skeleton()))
    marked[rigs.ACTOR_PROPERTY] = 1
    assert rigs.find(bpy.context.scene, "001", rigs.Table()).armature == marked


def test_two_rigs_for_one_actor_are_refused():
    make.armature("A_001", make.bones_of(make.skeleton()))
    make.armature("B_001", make.bones_of(make.skeleton()))
    with pytest.raises(DatasetError, match=r"A_001|B_001"):
        rigs.find(bpy.context.scene, "001", rigs.Table())


def test_a_bad_file_changes_nothing(tmp_path, motions):
    for actor, motion in motions.items():
        make.armature(f"actor_{actor}", make.bones_of(motion.skeleton))
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", motions))
    path = data.motion(SCENE.performance("002"))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DatasetError, match=r"20231119_002_001\.bvh.*cut off"):
        composite.composite(bpy.context.scene, data, SCENE)
    assert not bpy.data.actions


@pytest.mark.parametrize("state", ["rest position", "edit mode"])
def test_a_rig_saved_where_it_cannot_move_moves(tmp_path, motions, state):
    rig = {a: make.armature(f"actor_{a}", make.bones_of(m.skeleton)) for a, m in motions.items()}
    if state == "rest position":
        rig["001"].data.pose_position = "REST"
    else:
        bpy.context.view_layer.objects.active = rig["001"]
        bpy.ops.object.mode_set(mode="EDIT")
    run(tmp_path, motions)
    wanted, _ = world_joints(motions["001"])
    heads = evaluated_heads(rig["001"], list(motions["001"].skeleton.names), FRAMES)
    assert np.abs(heads - wanted).max() < 0.001
    composite.clear(bpy.context.scene)
    assert rig["001"].data.pose_position == ("REST" if state == "rest position" else "POSE")


@pytest.mark.parametrize("how", ["excluded", "hidden"])
def test_a_rig_that_no_view_layer_renders_is_refused(tmp_path, motions, how):
    for actor, motion in motions.items():
        skin = face_mesh(f"skin_{actor}", make.armature(f"actor_{actor}", make.bones_of(motion.skeleton)), ["jawOpen"])
    away = bpy.data.collections.new("away")
    bpy.context.scene.collection.children.link(away)
    bpy.context.scene.collection.objects.unlink(skin)
    away.objects.link(skin)
    if how == "hidden":
        away.hide_render = True
    else:
        bpy.context.view_layer.layer_collection.children["away"].exclude = True
    with pytest.raises(DatasetError, match="actor 002: all meshes of actor_002"):
        run(tmp_path, motions)
    assert not bpy.data.actions


def test_another_actors_rig_may_be_broken_and_all_of_it_is_hidden(tmp_path, motions):
    for actor, motion in motions.items():
        make.armature(f"actor_{actor}", make.bones_of(motion.skeleton))
    other = make.armature("actor_005", make.bones_of(make.skeleton()))
    other.scale = (1, 2, 1)
    stranger = make.armature("Guest", make.bones_of(make.skeleton()))
    stranger[rigs.ACTOR_PROPERTY] = "077"
    hair = bpy.data.objects.new("hair", bpy.data.curves.new("hair", "CURVE"))
    bpy.context.scene.collection.objects.link(hair)
    hair.parent = other
    bpy.context.view_layer.update()
    run(tmp_path, motions)
    assert other.hide_render
    assert hair.hide_render
    assert stranger.hide_render
    assert not bpy.data.objects["actor_001"].hide_render
