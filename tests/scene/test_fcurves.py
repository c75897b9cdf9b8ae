"""F-curves as they are written: exact, linear, in groups, and shared."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon.scene import fcurves

VALUES = np.random.default_rng(0).normal(size=(3, 50))


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


def add_object(name):
    item = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(item)
    return item


def holder(owner):
    """What has the curves of the action that an owner plays."""
    action = owner.animation_data.action
    if bpy.app.version < (4, 4, 0):
        return action
    return action.layers[0].strips[0].channelbag(owner.animation_data.action_slot)


def locations(values=VALUES, group="Place"):
    return [fcurves.Curve("location", row, line, group) for row, line in enumerate(values)]


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("first", [1, 0, 101])
def test_every_frame_has_its_value_exactly(kind, first):
    item = add_object("a")
    values = VALUES.astype(kind)
    fcurves.assign_action(item, "move", locations(values), first)
    for row, curve in enumerate(holder(item).fcurves):
        assert (curve.data_path, curve.array_index) == ("location", row)
        co = np.empty(100, dtype=np.float32)
        curve.keyframe_points.foreach_get("co", co)
        assert np.array_equal(co[::2], np.arange(first, first + 50))
        assert np.array_equal(co[1::2], values[row].astype(np.float32))
    for frame in (first, first + 17, first + 49):
        bpy.context.scene.frame_set(frame)
        assert np.array_equal(np.array(item.location), values[:, frame - first].astype(np.float32))


def test_between_frames_the_way_is_straight():
    item = add_object("a")
    fcurves.assign_action(item, "move", locations())
    for curve in holder(item).fcurves:
        assert {key.interpolation for key in curve.keyframe_points} == {"LINEAR"}
        assert len(curve.keyframe_points) == 50
        line = VALUES[curve.array_index]
        for frame, part in ((1, 0.5), (20, 0.25), (48, 0.75)):
            between = line[frame - 1] * (1 - part) + line[frame] * part
            assert curve.evaluate(frame + part) == pytest.approx(between, abs=1e-5)
    bpy.context.scene.frame_set(20, subframe=0.25)
    assert np.allclose(item.location, VALUES[:, 19] * 0.75 + VALUES[:, 20] * 0.25, atol=1e-5)


def test_before_and_after_the_ends_are_held():
    item = add_object("a")
    fcurves.assign_action(item, "move", locations())
    for curve in holder(item).fcurves:
        assert curve.evaluate(-100) == pytest.approx(VALUES[curve.array_index, 0])
        assert curve.evaluate(1000) == pytest.approx(VALUES[curve.array_index, -1])


def test_curves_of_one_group_are_listed_together():
    item = add_object("a")
    curves = [*locations(), fcurves.Curve("scale", 0, VALUES[0], "Size"), fcurves.Curve("hide_render", 0, VALUES[1])]
    fcurves.assign_action(item, "move", curves)
    assert {group.name: len(group.channels) for group in holder(item).groups} == {"Place": 3, "Size": 1}
    assert [curve.group.name if curve.group else "" for curve in holder(item).fcurves] == ["Place"] * 3 + ["Size", ""]


def test_curves_may_have_different_lengths():
    item = add_object("a")
    lengths = (50, 3, 1, 50)
    curves = [fcurves.Curve("rotation_quaternion", n, np.full(length, n)) for n, length in enumerate(lengths)]
    fcurves.assign_action(item, "move", curves)
    assert [len(curve.keyframe_points) for curve in holder(item).fcurves] == list(lengths)
    assert [curve.keyframe_points[-1].co[:] for curve in holder(item).fcurves] == [(50, 0), (3, 1), (1, 2), (50, 3)]


def test_the_action_is_marked_as_our_own_and_played():
    item = add_object("a")
    action = fcurves.assign_action(item, "move", locations())
    assert action[fcurves.OWN_ACTION]
    assert item.animation_data.action == action
    assert action.name == "move"


def test_two_owners_share_one_action():
    first, second, third = (add_object(name) for name in "abc")
    action = fcurves.assign_action(first, "move", locations())
    fcurves.share_action(second, first)
    assert second.animation_data.action == action
    assert len(bpy.data.actions) == 1
    bpy.context.scene.frame_set(30)
    assert np.allclose(second.location, VALUES[:, 29])
    assert second.location == first.location
    assert list(third.location) == [0, 0, 0]


def test_shape_keys_of_two_meshes_share_one_action():
    owners = []
    for name in "ab":
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
        item = bpy.data.objects.new(name, mesh)
        bpy.context.scene.collection.objects.link(item)
        for key in ("Basis", "jawOpen"):
            item.shape_key_add(name=key)
        owners.append(mesh.shape_keys)
    weights = np.linspace(0, 1, 50)
    fcurves.assign_action(owners[0], "talk", [fcurves.Curve('key_blocks["jawOpen"].value', 0, weights)])
    fcurves.share_action(owners[1], owners[0])
    bpy.context.scene.frame_set(12)
    for owner in owners:
        assert owner.key_blocks["jawOpen"].value == pytest.approx(weights[11])


def test_a_saved_file_plays_the_same(tmp_path):
    fcurves.assign_action(add_object("a"), "move", locations())
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.context.scene.frame_set(30)
    assert np.allclose(bpy.data.objects["a"].location, VALUES[:, 29])
