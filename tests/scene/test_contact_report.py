"""What is told of contacts is what Blender shows."""

from __future__ import annotations

import itertools

import bpy
import numpy as np
import pytest

from blender_addon.dataset import bvh, layout
from blender_addon.scene import composite
from blender_addon.scene.options import CompositeOptions

from . import rig_maker as make
from . import walk_maker
from .test_pin_feet import SCENE, armature, evaluated, slide

MEET = 60  # the frame, from 0, in which the two wrists touch


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture(scope="module")
def walks() -> dict[str, walk_maker.Walk]:
    """Two people whose wrists, his left and her right one, are in one place in one frame while they walk."""
    his, hers = walk_maker.walk("001", steps=4), walk_maker.walk("002", steps=4)
    his_wrist, her_wrist = (
        bvh.forward_kinematics(w.motion)[0][w.motion.skeleton.names.index(hand), :, MEET]
        for w, hand in ((his, "LeftHand"), (hers, "RightHand"))
    )
    hers.motion.values[:, :3] += his_wrist - her_wrist
    return {"001": his, "002": hers}


def composited(tmp_path, walks, shapes, **options):
    rigs = {a: armature(f"actor_{a}", w.motion, "QUATERNION", **shapes[a]) for a, w in walks.items()}
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", {a: w.motion for a, w in walks.items()}))
    done = composite.composite(bpy.context.scene, data, SCENE, report=True, options=CompositeOptions(**options))
    return done, {actor: evaluated(rigs[actor], walks[actor].motion.frames)[0] for actor in walks}


def nearest(heads: dict[str, dict[str, np.ndarray]]) -> np.ndarray:
    """The distance (N,) of the nearest of four pairs of wrists, metres."""
    hands = ("LeftHand", "RightHand")
    pairs = [heads["001"][a] - heads["002"][b] for a, b in itertools.product(hands, hands)]
    return np.linalg.norm(pairs, axis=1).min(axis=0)


def test_wrists_that_touch_touch_on_the_actors_own_rigs(tmp_path, walks):
    done, heads = composited(tmp_path, walks, {"001": {}, "002": {}})
    wrists = done.report.wrists
    assert (wrists.captured_frame, wrists.rig_frame) == (MEET + 1, MEET + 1)
    assert wrists.captured_mm < 1.0
    assert wrists.rig_mm == pytest.approx(nearest(heads).min() * 1000, abs=0.5)
    assert wrists.rig_mm < 2.0


def test_wrists_on_rigs_of_other_sizes_are_measured_there(tmp_path, walks):
    done, heads = composited(tmp_path, walks, {"001": {"leg": 1.1}, "002": {"leg": 0.9, "thigh": 0.9}}, pin_feet=True)
    wrists = done.report.wrists
    assert wrists.captured_mm < 1.0
    found = nearest(heads)
    assert wrists.rig_mm == pytest.approx(found.min() * 1000, abs=0.5)
    assert wrists.rig_frame == int(np.argmin(found)) + 1
    assert wrists.rig_then_mm == pytest.approx(
        np.linalg.norm(heads["001"]["LeftHand"] - heads["002"]["RightHand"], axis=0)[MEET] * 1000, abs=0.5
    )
    assert wrists.rig_then_mm > 20.0


def test_the_slide_of_feet_is_measured_before_and_after(tmp_path, walks):
    shapes = {"001": {"thigh": 0.85}, "002": {"thigh": 1.12}}
    plain, heads = composited(tmp_path / "plain", walks, shapes)
    assert {foot.pinned_mm for foot in plain.report.feet} == {None}
    assert plain.report.lowered_mm == {}
    for actor, walk in walks.items():
        feet = [foot for foot in plain.report.feet if foot.actor == actor]
        assert [foot.foot for foot in feet] == ["left", "right"]
        told = sum(foot.rig_mm * foot.contacts for foot in feet) / 1000
        # The frames in which a foot comes down or leaves count as contact too: they differ by a little.
        assert slide(walk, heads[actor]) == pytest.approx(told, rel=0.3)
        assert all(foot.captured_mm < 0.4 * foot.rig_mm for foot in feet)
    for item in [*bpy.data.objects]:
        bpy.data.objects.remove(item)
    pinned, _ = composited(tmp_path / "pinned", walks, shapes, pin_feet=True)
    for before, after in zip(plain.report.feet, pinned.report.feet, strict=True):
        assert after.rig_mm == before.rig_mm
        assert after.pinned_mm < 0.2 * after.rig_mm
    assert pinned.report.slide() in pinned.notices
    assert pinned.report.facts()["feet"][0]["pinned_mm"] == pinned.report.feet[0].pinned_mm


def test_nothing_is_measured_that_nobody_asked_for(tmp_path, walks):
    for actor, walk in walks.items():
        armature(f"actor_{actor}", walk.motion, "QUATERNION")
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", {a: w.motion for a, w in walks.items()}))
    done = composite.composite(bpy.context.scene, data, SCENE)
    assert done.report is None
    assert not any("feet" in notice for notice in done.notices)
