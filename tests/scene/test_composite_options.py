"""What can be chosen when a pair is composited, and that undoing it stays within its own Blender scene."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.dataset import bvh, layout, rest_pose
from blender_addon.dataset.naming import SceneId
from blender_addon.scene import composite, fcurves, rigs
from blender_addon.scene.options import CompositeOptions

from . import rig_maker as make

SCENE = SceneId("20231119", "001")
FRAMES = 20


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def motions() -> dict[str, bvh.Motion]:
    return {
        "001": make.motion(FRAMES, seed=1, at=(-60, 0)),
        "002": make.motion(FRAMES, seed=2, at=(60, 10)),
    }


@pytest.fixture
def data(tmp_path, motions) -> layout.Dataset:
    faces = {actor: np.full((FRAMES, 51), 0.25, np.float32) for actor in motions}
    return layout.Dataset.at(make.write_dataset(tmp_path / "data", motions, faces))


@pytest.fixture
def rig(motions) -> dict[str, bpy.types.Object]:
    found = {}
    for actor, motion in motions.items():
        found[actor] = make.armature(f"actor_{actor}", make.bones_of(motion.skeleton))
        for part in ("skin", "teeth"):
            add_face(f"{part}_{actor}", found[actor])
    return found


def add_face(name: str, armature: bpy.types.Object) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    item.parent = armature
    item.shape_key_add(name="Basis")
    item.shape_key_add(name="jawOpen").value = 0.0
    return item


def run(data: layout.Dataset, **options) -> composite.Composited:
    return composite.composite(bpy.context.scene, data, SCENE, options=CompositeOptions(**options))


def heads(armature: bpy.types.Object, bone: str = "Hips") -> np.ndarray:
    """World heads (FRAMES, 3) of a bone as Blender evaluates them."""
    found = []
    for frame in range(1, FRAMES + 1):
        bpy.context.scene.frame_set(frame)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        found.append(posed.matrix_world @ posed.pose.bones[bone].head)
    return np.array(found)


def jaw(name: str) -> float:
    return bpy.data.objects[name].data.shape_keys.key_blocks["jawOpen"].value


def write_wav(path: Path, seconds: float = 0.7) -> Path:
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))
        file.writeframes((np.sin(np.arange(round(48000 * seconds)) / 20) * 9000).astype("<i2").tobytes())
    return path


def strips() -> list:
    editor = bpy.context.scene.sequence_editor
    return list(editor.strips if hasattr(editor, "strips") else editor.sequences) if editor else []


def test_without_root_motion_each_stays_where_he_began_and_keeps_his_height(data, rig):
    run(data)
    walked = {actor: heads(armature) for actor, armature in rig.items()}
    assert np.ptp(walked["001"][:, :2], axis=0).max() > 0.01
    run(data, root_motion=False)
    for actor, armature in rig.items():
        stood = heads(armature)
        assert np.abs(stood[:, :2] - walked[actor][0, :2]).max() < 1e-5
        assert np.abs(stood[:, 2] - walked[actor][:, 2]).max() < 1e-5


def test_starting_at_the_origin_moves_both_alike(data, rig):
    run(data)
    before = {actor: heads(armature) for actor, armature in rig.items()}
    run(data, start_at_zero=True)
    after = {actor: heads(armature) for actor, armature in rig.items()}
    middle = (after["001"][0] + after["002"][0]) / 2
    assert np.abs(middle[:2]).max() < 1e-5
    shift = after["001"] - before["001"]
    assert np.ptp(shift, axis=0).max() < 1e-5
    assert np.abs(shift[0, 2]) < 1e-5
    assert np.allclose(after["002"] - before["002"], shift, atol=1e-5)


def test_a_scale_of_ones_own_holds_for_both_and_all_directions(data, rig):
    run(data)
    before = {actor: heads(armature) for actor, armature in rig.items()}
    run(data, scale=2.0)
    for actor, armature in rig.items():
        moved = heads(armature)
        assert np.allclose(moved[:, :2], 2 * before[actor][:, :2], atol=1e-4)
        assert np.allclose(np.diff(moved[:, 2]), 2 * np.diff(before[actor][:, 2]), atol=1e-4)


def test_an_up_axis_that_is_named_wins(data, rig):
    run(data, up="Z")
    lying = heads(rig["001"], "Head") - heads(rig["001"])
    run(data)
    standing = heads(rig["001"], "Head") - heads(rig["001"])
    assert np.allclose(standing, lying @ rest_pose.TO_BLENDER["Y"].T, atol=1e-5)
    assert not np.allclose(standing, lying, atol=0.1)


def test_uncorrected_rest_poses_leave_the_difference_in_every_frame(data, motions):
    for actor, motion in motions.items():
        make.armature(f"actor_{actor}", make.a_pose(make.bones_of(motion.skeleton)))
    rig = bpy.data.objects["actor_001"]

    def forearm() -> np.ndarray:
        way = heads(rig, "LeftForeArm") - heads(rig, "LeftArm")
        return way / np.linalg.norm(way, axis=1, keepdims=True)

    run(data)
    corrected = forearm()
    run(data, rest_correction=False)
    left = forearm()
    angles = np.degrees(np.arccos(np.clip((corrected * left).sum(axis=1), -1, 1)))
    assert angles.min() > 10


def test_without_faces_no_face_is_touched_and_none_is_missed(data, rig):
    for mesh in ("skin_001", "teeth_001"):
        bpy.data.objects[mesh].data.shape_keys.key_blocks["jawOpen"].value = 0.5
    data.face_arkit(SCENE.performance("002")).unlink()
    done = run(data, face=False)
    assert not any("face" in notice for notice in done.notices)
    assert jaw("skin_001") == 0.5
    assert sum(bool(action.get(fcurves.OWN_ACTION)) for action in bpy.data.actions) == 2


def test_actions_are_named_as_wished_and_strips_play_the_same(data, rig):
    run(data)
    wanted = heads(rig["002"], "Head")
    assert rig["001"].animation_data.action.name == "20231119_001_001 body"
    wave_action = bpy.data.actions.new("wave")
    composite.clear(bpy.context.scene)
    rig["001"].animation_data_create().nla_tracks.new().strips.new("wave", 1, wave_action)
    run(data, strips=True, names="{scene}: {part} of {actor} {}{x}")
    for thing in (rig["001"], bpy.data.objects["skin_001"].data.shape_keys):
        assert thing.animation_data.action is None
        track = thing.animation_data.nla_tracks[-1]
        assert track.name == str(SCENE)
    assert rig["001"].animation_data.nla_tracks[-1].strips[0].name == "20231119_001: body of 001 {}{x}"
    assert np.abs(heads(rig["002"], "Head") - wanted).max() < 1e-5
    assert [jaw(f"{part}_{actor}") for part in ("skin", "teeth") for actor in rig] == [pytest.approx(0.25)] * 4
    composite.clear(bpy.context.scene)
    assert [len(armature.animation_data.nla_tracks) for armature in rig.values()] == [1, 0]
    assert [action.name for action in bpy.data.actions] == ["wave"]


def test_voices_are_in_the_sequencer_until_they_are_cleared(data, rig):
    scene = bpy.context.scene
    scene.sequence_editor_clear()
    scene.sync_mode = "NONE"
    wavs = [write_wav(data.wav(SCENE.performance(actor))) for actor in rig]
    for _ in range(2):
        assert not any("voice" in notice for notice in run(data, sound=True).notices)
        assert [Path(bpy.path.abspath(strip.sound.filepath)) for strip in strips()] == wavs
        assert [strip.frame_final_start for strip in strips()] == [1, 1]
        assert len({strip.channel for strip in strips()}) == 2
        assert scene.sync_mode == "AUDIO_SYNC"
        assert scene.render.fps == 30
    composite.clear(scene)
    assert scene.sequence_editor is None
    assert not bpy.data.sounds
    assert scene.sync_mode == "NONE"


def test_the_users_own_strips_stay(data, rig, tmp_path):
    scene = bpy.context.scene
    own = write_wav(tmp_path / "own.wav")
    editor = scene.sequence_editor_create()
    kept = (editor.strips if hasattr(editor, "strips") else editor.sequences).new_sound("own", str(own), 3, 5)
    write_wav(data.wav(SCENE.performance("001")))
    notices = run(data, sound=True).notices
    assert sum("this voice is silent" in notice for notice in notices) == 1
    assert [strip.channel for strip in strips()] == [3, 4] or [strip.channel for strip in strips()] == [4, 3]
    composite.clear(scene)
    assert strips() == [kept]
    assert [sound.name for sound in bpy.data.sounds] == ["own.wav"]


def test_clearing_a_scene_leaves_what_is_on_another_scenes_rigs(data, rig, motions):
    first = bpy.context.scene
    run(data)
    second = bpy.data.scenes.new("second")
    bpy.context.window.scene = second
    for actor, motion in motions.items():
        make.armature(f"second_{actor}", make.bones_of(motion.skeleton))
    composite.composite(second, data, SCENE)
    assert sum(bool(action.get(fcurves.OWN_ACTION)) for action in bpy.data.actions) == 6
    composite.clear(first)
    assert rig["001"].animation_data.action is None
    assert jaw("skin_001") == 0.0
    assert bpy.data.objects["second_001"].animation_data.action is not None
    assert sum(bool(action.get(fcurves.OWN_ACTION)) for action in bpy.data.actions) == 2
    composite.clear(second)
    assert not bpy.data.actions


def test_other_actors_are_hidden_in_the_viewport_too(data, rig):
    others = [make.armature(name, make.bones_of(make.skeleton())) for name in ("actor_005", "Guest")]
    others[1][rigs.ACTOR_PROPERTY] = "077"
    others[0].hide_viewport = True
    run(data)
    assert all(other.hide_viewport and other.hide_render for other in others)
    assert not any(armature.hide_viewport for armature in rig.values())
    composite.clear(bpy.context.scene)
    assert [other.hide_viewport for other in others] == [True, False]


def test_options_are_values():
    assert replace(CompositeOptions(), up="Y") == CompositeOptions(up="Y")
    named = CompositeOptions(names="{part}{actor}").name(scene="s", actor="a", performance="p", part="{actor}")
    assert named == "{actor}a"
