"""Blender scenes of their own: what a copy shares, what it does not, and that it plays by itself."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon.dataset import layout
from blender_addon.dataset.naming import SceneId
from blender_addon.scene import composite, copies, rigs

from . import rig_maker as make
from .test_composite_options import SCENE, add_face, heads


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def source() -> bpy.types.Scene:
    """Two actors in collections of their own, a third one, a chair, a camera that looks at an actor."""
    scene = bpy.context.scene
    for actor in ("001", "002", "005"):
        rig = make.armature(f"actor_{actor}", make.bones_of(make.skeleton()))
        skin = add_face(f"skin_{actor}", rig)
        skin.modifiers.new("Armature", "ARMATURE").object = rig
        collection = bpy.data.collections.new(f"people {actor}")
        scene.collection.children.link(collection)
        for thing in (rig, skin):
            scene.collection.objects.unlink(thing)
            collection.objects.link(thing)
    bpy.data.collections["people 002"].hide_select = True
    chair = bpy.data.objects.new("chair", bpy.data.meshes.new("chair"))
    scene.collection.objects.link(chair)
    chair.hide_set(True)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    camera.constraints.new("TRACK_TO").target = bpy.data.objects["actor_001"]
    camera.data.dof.focus_object = bpy.data.objects["skin_001"]
    scene.camera = camera
    driver = bpy.data.objects["skin_001"].data.shape_keys.driver_add('key_blocks["jawOpen"].slider_max').driver
    variable = driver.variables.new()
    variable.targets[0].id = bpy.data.objects["actor_001"]
    return scene


def copied(source: bpy.types.Scene, actors: tuple[str, str] = ("001", "002")) -> tuple[bpy.types.Scene, copies.Copies]:
    own = {thing for actor in actors for thing in rigs.find(source, actor, rigs.Table()).objects}
    others = rigs.objects_of_all(source, ("001", "002", "005"), rigs.Table()) - own
    return copies.copy_scene(source, "copy", own, others)


def test_a_copy_has_its_people_and_all_else_and_points_to_its_own(source):
    scene, made = copied(source)
    assert {thing.name.removesuffix(".001") for thing in scene.objects} == {
        "actor_001", "actor_002", "skin_001", "skin_002", "chair", "camera",
    }  # fmt: skip
    assert not set(scene.objects) & set(source.objects)
    rig, skin, camera = (made[source.objects[name]] for name in ("actor_001", "skin_001", "camera"))
    assert skin.parent == rig
    assert skin.modifiers[0].object == rig
    assert scene.camera == camera
    assert camera.constraints[0].target == rig
    assert camera.data.dof.focus_object == skin
    assert skin.data.shape_keys.animation_data.drivers[0].driver.variables[0].targets[0].id == rig
    # Of the original nothing has changed.
    assert source.camera.constraints[0].target == source.objects["actor_001"]
    assert source.camera.data.dof.focus_object == source.objects["skin_001"]


def test_what_compositing_changes_is_copied_and_the_rest_is_shared(source):
    _, made = copied(source)
    shared = {old.name: old.data == new.data for old, new in made.items()}
    assert shared == {
        "actor_001": False, "actor_002": False, "skin_001": False, "skin_002": False, "chair": True, "camera": False,
    }  # fmt: skip


def test_collections_keep_their_order_and_flags_and_hidden_things_stay_hidden(source):
    props = bpy.data.collections.new("props")
    source.collection.children.link(props)
    props.objects.link(source.objects["chair"])
    source.view_layers[0].layer_collection.children["props"].exclude = True
    scene, made = copied(source)
    assert [child.name.removesuffix(".001") for child in scene.collection.children] == [
        "people 001", "people 002", "props",
    ]  # fmt: skip
    assert [child.hide_select for child in scene.collection.children] == [False, True, False]
    assert [child.exclude for child in scene.view_layers[0].layer_collection.children] == [False, False, True]
    assert made[source.objects["chair"]].hide_get(view_layer=scene.view_layers[0])


def test_each_copy_plays_its_own_motion(source, tmp_path):
    motions = {"001": make.motion(20, seed=1, at=(-60, 0)), "002": make.motion(20, seed=2, at=(60, 10))}
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", motions))
    scene, made = copied(source)
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        composite.composite(scene, data, SCENE)
    composite.composite(source, data, SCENE)
    wanted = heads(source.objects["actor_001"])
    composite.clear(source)
    assert source.objects["actor_001"].animation_data.action is None
    bpy.context.window.scene = scene
    assert np.abs(heads(made[source.objects["actor_001"]]) - wanted).max() < 1e-6


def test_a_table_of_names_holds_for_the_copies_too(source):
    table = rigs.Table(armatures={"001": "actor_005"}, meshes={"001": ("chair",)})
    own = {source.objects[name] for name in ("actor_005", "actor_002")}
    scene, made = copies.copy_scene(source, "copy", own, ())
    found = rigs.find(scene, "001", copies.table_for(scene, table))
    assert found.armature == made[source.objects["actor_005"]]
    assert made[source.objects["chair"]] in found.moved
    assert copies.table_for(source, table) == table


def test_a_scene_of_copies_is_named_after_its_scene(source):
    scene, _ = copies.copy_scene(source, str(SceneId("20231119", "001")), (), ())
    assert scene.name == "20231119_001"
    assert bpy.context.scene == source
