"""Templates that this project did not make, composited and rendered by a worker with no mapping file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import av
import bpy
import numpy as np
import pytest

from blender_addon.dataset import batch, blendshapes, bvh, joint_roles, layout
from blender_addon.dataset.naming import SceneId
from blender_addon.dataset.reach import Reach
from blender_addon.scene import composite
from blender_addon.scene.options import CompositeOptions
from farm.blender import Blender
from farm.launch import Launch

from . import foreign_rigs, walk_maker
from . import rig_maker as make
from .foreign_rigs import bone
from .test_composite import angle, world_joints
from .test_pin_feet import SIDES, evaluated, knee_speed, slide

SCENE = SceneId("20231119", "001")
FRAMES = 36
ACTORS = ("001", "002")
LIMBS = [("upper_arm", "forearm"), ("forearm", "hand"), ("thigh", "shin"), ("shin", "foot"), ("index.1", "index.2")]


@dataclass
class Foreign:
    """A template after a worker was there: its file, a rendered frame, what was told of its saved composite, and what
    Blender evaluates in it.

    heads: world heads (3, F) by bone for each actor; lowest: the body's lowest point in every fifth frame, metres;
    face: the values of the first actor's keys in every twelfth frame; turned: bones that are turned in the last.
    """

    kind: str
    template: Path
    frame: Path
    notices: list[str]
    names: Mapping[str, str]
    between: tuple
    heads: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    lowest: dict[str, list[float]] = field(default_factory=lambda: {actor: [] for actor in ACTORS})
    face: dict[int, dict[str, float]] = field(default_factory=dict)
    turned: dict[str, set[str]] = field(default_factory=dict)

    def joints(self, actor: str) -> dict[str, np.ndarray]:
        """World heads (3, F) by role."""
        sided = {f"{role}.{side}" if "{" in name else role: bone(self.names, role, side)
                 for role, name in self.names.items() for side in "LR"}  # fmt: skip
        return {role: self.heads[actor][name] for role, name in sided.items()}


@pytest.fixture(scope="module", params=foreign_rigs.TEMPLATES)
def foreign(request, dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    _, names, between = foreign_rigs.TEMPLATES[request.param]
    template = foreign_rigs.built(request.param, tmp_path_factory.getbasetemp())
    requests = (
        batch.SaveComposite("save", str(dataset), str(template), str(SCENE), str(folder / "composited.blend")),
        batch.RenderChunk(
            "frame", str(dataset), str(template), str(SCENE), 20, 20, str(folder / "frame.mkv"),
            batch.Look("workbench", (320, 180)),
        ),
    )  # fmt: skip
    lines = folder / "batch.jsonl"
    lines.write_text("\n".join(map(batch.to_line, requests)))
    command = Launch(Blender(None, "module"), Reach.of(requests)).command(str(lines), folder / "events.jsonl")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, (folder / "events.jsonl").read_text() + done.stderr
    bpy.ops.wm.open_mainfile(filepath=str(folder / "composited.blend"))
    events = map(json.loads, (folder / "events.jsonl").read_text().splitlines())
    notices = next(event["notices"] for event in events if event["event"] == "saved")
    found = Foreign(request.param, template, folder / "frame.mkv", notices, names, between)
    _evaluate(found)
    return found


def _evaluate(found: Foreign) -> None:
    rigs = {actor: bpy.data.objects[f"body_{actor}"].parent for actor in ACTORS}
    wanted = [bone(found.names, role, side) for role in found.names for side in "LR"]
    wanted += [name.format(S=side, s=side.lower()) for name, _, _ in found.between for side in "LR"]
    found.heads = {actor: {name: np.empty((3, FRAMES)) for name in wanted} for actor in ACTORS}
    for frame in range(FRAMES):
        bpy.context.scene.frame_set(frame + 1)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        for actor, rig in rigs.items():
            posed = rig.evaluated_get(depsgraph)
            for name in wanted:
                found.heads[actor][name][:, frame] = posed.matrix_world @ posed.pose.bones[name].head
            if frame % 5 == 0:
                body = bpy.data.objects[f"body_{actor}"].evaluated_get(depsgraph)
                found.lowest[actor].append(min((body.matrix_world @ vertex.co).z for vertex in body.data.vertices))
        if frame % 12 == 0:
            keys = bpy.data.objects["Face"].data.shape_keys.key_blocks
            found.face[frame] = {key.name: key.value for key in keys}
    for actor, rig in rigs.items():
        found.turned[actor] = {bone.name for bone in rig.pose.bones if bone.rotation_quaternion.angle > 1e-3}


@pytest.fixture(scope="module")
def captured(dataset):
    """World metres (3, F) by role, for each actor."""
    data = layout.Dataset.at(dataset)
    return {actor: joints_of(bvh.read(data.motion(SCENE.performance(actor)))) for actor in ACTORS}


def joints_of(motion: bvh.Motion) -> dict[str, np.ndarray]:
    """World metres (3, F) by role."""
    positions, _ = world_joints(motion)
    roles = joint_roles.classify(motion.skeleton.names, motion.skeleton.parents)
    return {role: positions[joint] for role, joint in roles.items()}


def test_limbs_point_where_the_motion_points_them_and_people_stand_upright(foreign, captured):
    for actor in ACTORS:
        heads, wanted = foreign.joints(actor), captured[actor]
        for side in "LR":
            for start, end in LIMBS:
                a, b = f"{start}.{side}", f"{end}.{side}"
                assert angle(heads[b] - heads[a], wanted[b] - wanted[a]) < 0.5, (actor, a)
            # Arms hang on the chest and legs on the hips, as far from them as in the rest pose.
            for above, below in (("chest", f"upper_arm.{side}"), ("hips", f"thigh.{side}")):
                apart = np.linalg.norm(heads[below] - heads[above], axis=0)
                assert apart.max() < 0.35
                assert above == "chest" or np.ptp(apart) < 1e-3
        up = heads["head"] - heads["hips"]
        assert (up[2] / np.linalg.norm(up, axis=0)).min() > 0.97


def test_halves_of_limbs_and_twist_bones_go_along(foreign):
    for actor in ACTORS:
        heads = foreign.joints(actor)
        for name, start, end in foreign.between:
            for side in "LR":
                middle = foreign.heads[actor][name.format(S=side, s=side.lower())]
                a, b = heads[f"{start}.{side}"], heads[f"{end}.{side}"]
                length = np.linalg.norm(b - a, axis=0)
                assert np.ptp(length) < 1e-3
                assert np.ptp(np.linalg.norm(middle - a, axis=0)) < 1e-3
                assert (np.linalg.norm(middle - a, axis=0) + np.linalg.norm(b - middle, axis=0) < 1.02 * length).all()


def test_people_stand_on_the_floor_as_far_apart_as_they_were(foreign, captured):
    hips = [foreign.joints(actor)["hips"] for actor in ACTORS]
    wanted = [captured[actor]["hips"] for actor in ACTORS]
    apart, before = (hips[1] - hips[0])[:2], (wanted[1] - wanted[0])[:2]
    scale = np.linalg.norm(apart) / np.linalg.norm(before)
    assert 0.8 < scale < 1.25
    assert np.abs(apart - scale * before).max() < 0.01
    for actor in ACTORS:
        assert np.abs(foreign.lowest[actor]).max() < 0.02, actor


def test_wrists_are_where_the_capture_has_them_in_proportion(foreign, captured):
    def reach(joints, side):
        """From the shoulder to the wrist, as a share of the arm's length."""
        upper, fore, hand = (joints[f"{role}.{side}"] for role in ("upper_arm", "forearm", "hand"))
        length = np.linalg.norm(fore - upper, axis=0) + np.linalg.norm(hand - fore, axis=0)
        return (hand - upper) / length

    for actor in ACTORS:
        for side in "LR":
            assert np.abs(reach(foreign.joints(actor), side) - reach(captured[actor], side)).max() < 0.05


def test_the_face_moves(foreign, dataset):
    weights = blendshapes.load_arkit(layout.Dataset.at(dataset).face_arkit(SCENE.performance("001")))
    assert len(foreign.face) == 3
    for frame, values in foreign.face.items():
        for column, key in enumerate(blendshapes.ARKIT_NAMES):
            assert values[key[0].upper() + key[1:]] == pytest.approx(weights[frame, column], abs=1e-5)


def test_both_people_are_in_the_picture(foreign):
    with av.open(str(foreign.frame)) as video:
        picture = next(video.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    red, _, blue = picture.transpose(2, 0, 1)
    for one, other in ((red, blue), (blue, red)):
        rows, columns = np.nonzero(one - other > 80)
        assert len(rows) > 1000
        assert np.ptp(rows) > 100  # from head to foot, in a picture of 180 rows
        assert rows.min() > 2
        assert columns.min() > 2


def test_the_preset_of_each_is_found_or_taken_from_the_table_and_told(foreign):
    preset = foreign_rigs.PRESETS[foreign.kind]
    for actor in ACTORS:
        assert f"actor {actor}: the bones are known by the preset {preset}" in foreign.notices
        assert any(name.startswith("DEF-") for name in foreign.turned[actor]) == (preset == "Rigify")


def test_clearing_gives_constraints_and_properties_of_the_rigs_back(foreign, dataset):
    bpy.ops.wm.open_mainfile(filepath=str(foreign.template))

    def state():
        bones = [(rig.name, bone) for rig in bpy.data.objects if rig.type == "ARMATURE" for bone in rig.pose.bones]
        constraints = [(rig, bone.name, c.name, c.mute) for rig, bone in bones for c in bone.constraints]
        return constraints, [(rig, bone.name, key, str(value)) for rig, bone in bones for key, value in bone.items()]

    before, table = state(), composite.table_of(str(foreign.template))
    composite.composite(bpy.context.scene, layout.Dataset.at(dataset), SCENE, table=table)
    composite.composite(bpy.context.scene, layout.Dataset.at(dataset), SCENE, table=table)
    assert (state() == before) == (foreign.kind in ("rigify export", "unreal"))
    composite.clear(bpy.context.scene)
    assert state() == before


def test_feet_are_pinned_on_every_rig(foreign, tmp_path):
    walks = {"001": walk_maker.walk().part(28, 84), "002": walk_maker.walk("002", at=90.0).part(28, 84)}
    data = layout.Dataset.at(make.write_dataset(tmp_path / "data", {a: w.motion for a, w in walks.items()}))
    bpy.ops.wm.open_mainfile(filepath=str(foreign.template))
    rigs = {actor: bpy.data.objects[f"body_{actor}"].parent for actor in walks}
    done = composite.composite(bpy.context.scene, data, SCENE, options=CompositeOptions(pin_feet=True))
    assert len(done.report.feet) == 4
    for actor, walk in walks.items():
        found = evaluated(rigs[actor], walk.motion.frames)[0]
        heads = {f"{side}{joint}": found[bone(foreign.names, role, s)] for s, side in SIDES.items()
                 for joint, role in (("Foot", "foot"), ("ToeBase", "toe"))}  # fmt: skip
        before = sum(foot.rig_mm * foot.contacts for foot in done.report.feet if foot.actor == actor) / 1000
        assert before > 0.05
        assert slide(walk, heads) < 0.2 * before
        positions = bvh.forward_kinematics(walk.motion)[0]
        for s, side in SIDES.items():
            joints = [walk.motion.skeleton.names.index(f"{side}{joint}") for joint in ("UpLeg", "Leg", "Foot")]
            leg = [found[bone(foreign.names, role, s)] for role in ("thigh", "shin", "foot")]
            assert knee_speed(*leg) < 2.0 * knee_speed(*positions[joints])
