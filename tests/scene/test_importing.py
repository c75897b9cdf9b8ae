"""Single files on the active armature or mesh, and the table of rigs."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.dataset import blendshapes, bvh
from blender_addon.dataset.errors import DatasetError
from blender_addon.scene import composite, coverage, fcurves, importing, rig_table, rigs
from blender_addon.scene.options import CompositeOptions

from . import rig_maker as make
from .test_composite import world_joints

FRAMES = 20


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30


@pytest.fixture
def motion_file(tmp_path) -> Path:
    path = tmp_path / "walk.bvh"
    bvh.write(path, make.motion(FRAMES, seed=1, at=(-60, 0)))
    return path


def heads(armature: bpy.types.Object, bones: list[str], frames: int) -> np.ndarray:
    """World heads (B, 3, frames) as Blender evaluates them."""
    found = []
    for frame in range(1, frames + 1):
        bpy.context.scene.frame_set(frame)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        found.append([posed.matrix_world @ posed.pose.bones[bone].head for bone in bones])
    return np.array(found).transpose(1, 2, 0)


def test_a_bvh_lies_on_the_armature_where_forward_kinematics_puts_it_and_is_the_users_own(motion_file):
    motion = bvh.read(motion_file)
    rig = make.armature("anyone", make.bones_of(motion.skeleton))
    scene = bpy.context.scene
    scene.frame_end = 5
    done = importing.import_bvh(scene, rig, motion_file, CompositeOptions())
    assert (done.action, done.frames, done.notices, scene.frame_end) == ("walk", FRAMES, (), FRAMES)
    wanted, _ = world_joints(motion)
    assert np.abs(heads(rig, list(motion.skeleton.names), FRAMES) - wanted).max() < 0.001
    composite.clear(scene)
    assert rig.animation_data.action == bpy.data.actions["walk"]


def test_an_imported_bvh_takes_the_scenes_rate_and_the_options(motion_file):
    motion = bvh.read(motion_file)
    rig = make.armature("anyone", make.a_pose(make.bones_of(motion.skeleton)))
    bpy.context.scene.render.fps = 60
    done = importing.import_bvh(bpy.context.scene, rig, motion_file, CompositeOptions(start_at_zero=True))
    assert done.frames == 2 * FRAMES - 1
    wanted, _ = world_joints(motion)
    hips = heads(rig, ["Hips"], done.frames)[0]
    assert np.abs(hips[:2, 0]).max() < 1e-5
    moved = wanted[0] - np.array([*wanted[0, :2, 0], 0.0])[:, None]
    assert np.abs(hips[:, ::2] - moved).max() < 0.001
    importing.import_bvh(bpy.context.scene, rig, motion_file, CompositeOptions(root_motion=False))
    stood = heads(rig, ["Hips"], done.frames)[0]
    assert np.ptp(stood[:2], axis=1).max() < 1e-5


def test_what_is_no_body_or_scaled_unevenly_is_refused(motion_file, tmp_path):
    rig = make.armature("anyone", make.bones_of(make.skeleton()))
    with pytest.raises(DatasetError, match="no such file"):
        importing.import_bvh(bpy.context.scene, rig, tmp_path / "none.bvh", CompositeOptions())
    rig.scale = (1, 2, 1)
    bpy.context.view_layer.update()
    with pytest.raises(DatasetError, match="anyone is scaled unevenly"):
        importing.import_bvh(bpy.context.scene, rig, motion_file, CompositeOptions())
    crate = make.armature("crate", make.Bones(("lid",), (-1,), np.zeros((1, 3)), (0.0,)))
    with pytest.raises(DatasetError, match=r"walk\.bvh: no bone of crate"):
        importing.import_bvh(bpy.context.scene, crate, motion_file, CompositeOptions())
    assert not bpy.data.actions


def head_with(names: tuple[str, ...]) -> bpy.types.Object:
    mesh = bpy.data.meshes.new("head")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    item = bpy.data.objects.new("head", mesh)
    bpy.context.scene.collection.objects.link(item)
    item.shape_key_add(name="Basis")
    for name in names:
        item.shape_key_add(name=name).value = 0.0
    return item


def jaw(item: bpy.types.Object, frames: int) -> list[float]:
    found = []
    for frame in range(1, frames + 1):
        bpy.context.scene.frame_set(frame)
        found.append(item.data.shape_keys.key_blocks["jawOpen"].value)
    return found


@pytest.mark.parametrize("columns", [blendshapes.ARKIT_NAMES, blendshapes.ICT_NAMES], ids=["51", "55"])
@pytest.mark.parametrize("keys", [blendshapes.ARKIT_NAMES, blendshapes.ICT_NAMES], ids=["arkit", "ict"])
def test_weights_of_either_kind_move_a_head_of_either_kind(tmp_path, columns, keys):
    weights = np.zeros((10, len(columns)), np.float32)
    weights[:, columns.index("jawOpen")] = np.linspace(0, 1.2, 10)
    blendshapes.save_weights(tmp_path / "face.npy", weights)
    head = head_with(keys)
    done = importing.import_weights(bpy.context.scene, head, tmp_path / "face.npy")
    assert (done.action, done.frames, done.notices) == ("face", 10, ())
    assert jaw(head, 10) == pytest.approx(np.linspace(0, 1.2, 10), abs=1e-6)
    assert fcurves.OWN_ACTION not in bpy.data.actions["face"]


def test_a_recording_of_live_link_face_moves_a_head_at_the_scenes_rate(tmp_path):
    lines = ["Timecode,BlendShapeCount,JawOpen"]
    lines += [f"10:00:{n // 60:02d}:{n % 60:02d}.000,61,{n / 120:.6f}" for n in range(120)]
    (tmp_path / "take.csv").write_text("\n".join(lines))
    bpy.context.scene.render.fps = 15
    head = head_with(("jawOpen",))
    done = importing.import_weights(bpy.context.scene, head, tmp_path / "take.csv")
    assert done.frames == 30
    assert jaw(head, 30) == pytest.approx(np.arange(30) / 30, abs=1e-3)
    assert any("has no columns" in notice for notice in done.notices)


def test_weights_that_fit_nothing_are_refused(tmp_path):
    np.save(tmp_path / "face.npy", np.zeros((10, 52)))
    with pytest.raises(DatasetError, match=r"\(frames, 55\) or \(frames, 51\)"):
        importing.import_weights(bpy.context.scene, head_with(("jawOpen",)), tmp_path / "face.npy")
    np.save(tmp_path / "face.npy", np.zeros((10, 51)))
    with pytest.raises(DatasetError, match=r"head\.001: has no shape keys of ARKit"):
        importing.import_weights(bpy.context.scene, head_with(("smile",)), tmp_path / "face.npy")


def test_coverage_counts_joints_with_a_bone_and_keys_that_are_there():
    skeleton = make.skeleton()
    bones = make.bones_of(skeleton)
    names = tuple("Slipper" if name == "LeftFoot" else name for name in bones.names)
    rig = make.armature("actor_001", make.Bones(names, bones.parents, bones.heads, bones.rolls))
    face = head_with(("jawOpen", "EyeBlink_L"))
    face.parent = rig
    found = coverage.of(bpy.context.scene, "001", skeleton, rigs.Table())
    assert (found.armature, found.joints, found.without_bone) == (rig, len(skeleton.names), ("LeftFoot",))
    assert (found.keys, len(found.without_key), found.problem) == (51, 49, "")
    assert not {"jawOpen", "eyeBlinkLeft"} & set(found.without_key)
    assert "no rig for him" in coverage.of(bpy.context.scene, "002", skeleton, rigs.Table()).problem


def test_a_saved_table_is_read_back_and_keeps_what_was_in_it(tmp_path):
    template = tmp_path / "t.blend"
    table = tmp_path / rigs.TABLE_NAME
    table.write_text(
        '# mine\n[actors.1]\narmature = "old" # whose\nmeshes = ["hat"]\n\n[actors.1.bones]\nSpine = "armature"\n\n'
        "[bones]\nHips = 'pelvis'\n"
    )
    odd = 'Änna "the rig" \\ \x7f'
    assert rig_table.save(template, {"001": "new", "002": odd}) == table
    read = rigs.read_table(template)
    assert read.armatures == {"001": "new", "002": odd}
    assert read.meshes["001"] == ("hat",)
    assert read.bones["001"] == {"Spine": "armature"}
    assert read.common_bones == {"Hips": "pelvis"}
    assert table.read_text().startswith('# mine\n[actors.1]\narmature = "new" # whose\n')
    before = table.read_text()
    rig_table.save(template, {"001": "new", "002": odd})
    assert table.read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == [rigs.TABLE_NAME]


def test_a_table_that_only_a_person_can_change_stays_as_it_is(tmp_path):
    table = tmp_path / rigs.TABLE_NAME
    table.write_text('actors = { 001 = { armature = "old" } }\n')
    with pytest.raises(DatasetError, match="changed by hand"):
        rig_table.save(tmp_path / "t.blend", {"001": "new"})
    assert table.read_text() == 'actors = { 001 = { armature = "old" } }\n'
    table.write_text("nonsense")
    with pytest.raises(DatasetError, match="cannot be read as TOML"):
        rig_table.save(tmp_path / "t.blend", {"001": "new"})
    with pytest.raises(DatasetError, match="cannot be written"):
        rig_table.save(tmp_path / "none" / "t.blend", {"001": "new"})
