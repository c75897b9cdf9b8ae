"""Cameras, labels and quality presets as Blender has them."""

from __future__ import annotations

import av
import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view

from blender_addon.dataset import layout
from blender_addon.dataset.batch import QUALITIES, Look
from blender_addon.dataset.errors import DatasetError
from blender_addon.dataset.naming import SceneId
from blender_addon.scene import camera, composite, label, quality, render, room, shots, stage

from . import rig_maker as make

SCENE = SceneId("20231119", "001")
ENDS = ("Head", "LeftHand", "RightHand", "LeftToeBase", "RightToeBase")


@pytest.fixture(autouse=True)
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def data_with_travel(folder, frames: int = 120) -> layout.Dataset:
    """Both people walk some metres at random."""
    motions = {}
    for n, actor in enumerate(("001", "002")):
        motion = make.motion(frames, seed=n, at=(120 * n - 60, 0))
        rng = np.random.default_rng(n + 7)
        motion.values[:, [0, 2]] += np.cumsum(np.cumsum(rng.normal(0, 0.2, (frames, 2)), axis=0), axis=0)
        motions[actor] = motion
        make.armature(f"actor_{actor}", make.bones_of(motion.skeleton))
    return layout.Dataset.at(make.write_dataset(folder / "data", motions))


def names() -> set[str]:
    kinds = (bpy.data.objects, bpy.data.cameras, bpy.data.actions)
    return {f"{kind.rna_type.name} {item.name}" for kind in kinds for item in kind}


@pytest.mark.parametrize("kind", ["auto", "wide", "side", "orbit"])
def test_blender_sees_heads_hands_and_feet_inside_the_margin_and_clear_leaves_nothing(tmp_path, scene, kind):
    stage.build_stage(scene)
    data = data_with_travel(tmp_path)
    bpy.context.view_layer.update()
    root = next(thing for thing in scene.objects if thing.get("interact_stage") == "root")
    before, own, stood = names(), scene.camera, root.matrix_world.copy()
    placed = own.matrix_world.copy()
    composite.composite(scene, data, SCENE, shot=kind)
    assert scene.camera != own
    for frame in range(1, 121, 3):
        scene.frame_set(frame)
        for actor in ("001", "002"):
            rig = bpy.data.objects[f"actor_{actor}"]
            for bone in ENDS:
                seen = world_to_camera_view(scene, scene.camera, rig.matrix_world @ rig.pose.bones[bone].head)
                assert 0.05 < seen.x < 0.95
                assert 0.05 < seen.y < 0.95
    assert bpy.data.objects[room.name_of("front")].hide_render == (kind != "orbit")
    composite.clear(scene)
    bpy.context.view_layer.update()
    assert names() == before
    assert scene.camera == own
    assert own.matrix_world == placed
    assert np.allclose(root.matrix_world, stood, atol=1e-5)
    assert not any(key.startswith("interact_shot") for key in scene.keys())  # noqa: SIM118 - an ID is no mapping


def test_the_users_cameras_stay_and_can_be_named(tmp_path, scene):
    for name in ("Main", "Close"):
        thing = bpy.data.objects.new(name, bpy.data.cameras.new(name))
        scene.collection.objects.link(thing)
    scene.camera = bpy.data.objects["Main"]
    data = data_with_travel(tmp_path, 20)
    composite.composite(scene, data, SCENE)
    assert scene.camera.name == "Main"
    composite.composite(scene, data, SCENE, shot="Close")
    assert scene.camera.name == "Close"
    composite.composite(scene, data, SCENE, shot="auto")
    assert scene.camera.name not in ("Main", "Close")
    composite.clear(scene)
    assert scene.camera.name == "Main"
    with pytest.raises(DatasetError, match="no camera 'Nowhere'; it has Close, Main, and there are auto, wide"):
        camera.check(scene, "Nowhere")


def box(name: str, low, high) -> bpy.types.Object:
    """A block of wall."""
    corners = [(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(corners, [], quads)
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def walls(near: float) -> None:
    """A room of a user's own around the origin: its walls' insides are `near` metres away, 2.6 metres high."""
    for name, (x, y), (wide, deep) in (
        ("north", (0, near + 0.1), (near, 0.1)), ("south", (0, -near - 0.1), (near, 0.1)),
        ("east", (near + 0.1, 0), (0.1, near)), ("west", (-near - 0.1, 0), (0.1, near)),
    ):  # fmt: skip
        box(name, (x - wide, y - deep, 0.0), (x + wide, y + deep, 2.6))


@pytest.mark.parametrize("kind", ["auto", "wide", "over-A", "orbit"])
def test_the_camera_stays_inside_the_walls_of_a_users_room_and_sees_everybody_there(tmp_path, scene, kind):
    data = layout.Dataset.at(
        make.write_dataset(
            tmp_path / "data", {a: make.motion(60, seed=n, at=(90 * n - 45, 0)) for n, a in enumerate(("001", "002"))}
        )
    )
    for actor in ("001", "002"):
        make.armature(f"actor_{actor}", make.bones_of(make.skeleton()))
    composite.composite(scene, data, SCENE, shot=kind)
    wide = scene.camera.data.lens
    far = np.array(scene.camera.matrix_world.translation)
    assert np.abs(far[:2]).max() > 2.2
    walls(2.2)
    composite.composite(scene, data, SCENE, shot=kind)
    assert scene.camera.data.lens < wide
    for frame in range(1, 61, 4):
        scene.frame_set(frame)
        eye = np.array(scene.camera.matrix_world.translation)
        assert np.abs(eye[:2]).max() < 2.2 - 0.1
        for actor in ("001", "002") if kind != "over-A" else ("002",):
            rig = bpy.data.objects[f"actor_{actor}"]
            for bone in ENDS:
                seen = world_to_camera_view(scene, scene.camera, rig.matrix_world @ rig.pose.bones[bone].head)
                assert min(seen.x, seen.y) > 0.0
                assert max(seen.x, seen.y) < 1.0
                assert seen.z > 0.3


def test_what_does_not_hide_both_people_is_no_wall(tmp_path, scene):
    data = data_with_travel(tmp_path, 20)
    composite.composite(scene, data, SCENE, shot="auto")
    free = scene.camera.matrix_world.copy()
    toward = np.array(free.translation)
    x, y = 0.5 * toward[:2]
    low_chair = box("chair", (x - 0.4, y - 0.4, 0.0), (x + 0.4, y + 0.4, 0.5))
    unseen = box("unseen", (x - 4, y - 0.1, 0.0), (x + 4, y + 0.1, 4))
    unseen.hide_render = True
    drawn = box("cage", (x - 4, y + 0.2, 0.0), (x + 4, y + 0.4, 4))
    drawn.display_type = "WIRE"
    composite.composite(scene, data, SCENE, shot="auto")
    assert scene.camera.matrix_world == free
    drawn.display_type = "TEXTURED"
    composite.composite(scene, data, SCENE, shot="auto")
    assert scene.camera.matrix_world != free
    assert low_chair.name in scene.objects


def test_a_label_changes_its_corner_and_nothing_else(tmp_path, scene):
    stage.build_stage(scene)
    pixels = []
    for text in (None, lambda frame: f"20231119_001  {frame:05d}  joy"):
        render.apply_look(scene, Look("workbench", (640, 360)))
        output = tmp_path / f"{bool(text)}.mkv"
        render.render_video(scene, 3, 3, output, text=text)
        clip = bpy.data.movieclips.load(str(output))
        assert tuple(clip.size) == (640, 360)
        with av.open(str(output)) as video:
            pixels.append(next(video.decode(video=0)).to_ndarray(format="gray").astype(int))
    # The codec may draw thin lines of the room a little otherwise.
    changed = np.abs(pixels[1] - pixels[0]) > 60
    rows, columns = np.nonzero(changed)
    assert len(rows) > 300
    assert rows.max() < 30
    assert columns.max() < 320
    assert not scene.render.use_stamp


def test_a_label_says_what_was_asked_for(tmp_path):
    data = data_with_travel(tmp_path, 5)
    assert label.text_of(data, SCENE, ("frame", "id"))(7) == "00007  20231119_001"
    with pytest.raises(DatasetError, match=r"scenarios\.db"):
        label.text_of(data, SCENE, ("emotion",))


@pytest.mark.parametrize("engine", ["workbench", "eevee", "cycles"])
@pytest.mark.parametrize("name", QUALITIES)
def test_the_table_holds_for_every_engine(scene, engine, name):
    stage.build_stage(scene)
    render.apply_look(scene, Look(engine, quality=name), builtin=True)
    assert scene.render.engine == render.ENGINES[engine]
    rows = quality.TABLE["EEVEE" if engine == "eevee" else render.ENGINES[engine]]
    for row in (*quality.TABLE["every engine"], *rows):
        wanted = getattr(row, name)
        if wanted is not None and row.path != "cycles.use_denoising":  # not in every build
            assert scene.path_resolve(row.path) == (pytest.approx(wanted) if isinstance(wanted, float) else wanted)
    assert render.size_of(scene) == {"draft": (640, 360), "preview": (1280, 720), "final": (1920, 1080)}[name]


def test_what_is_named_wins_over_the_preset(scene):
    stage.build_stage(scene)
    render.apply_look(scene, Look("eevee", (320, 180), 3, quality="final"), builtin=True)
    assert render.size_of(scene) == (320, 180)
    assert scene.eevee.taa_render_samples == 3
    assert quality.engine_of("draft", builtin=False, gpu=True) == "workbench"
    assert quality.engine_of("final", builtin=False, gpu=True) is None
    assert quality.engine_of("final", builtin=True, gpu=False) == "cycles"


def test_every_kind_of_shot_is_known(scene):
    for kind in shots.KINDS:
        camera.check(scene, kind)
