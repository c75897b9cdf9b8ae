"""Templates that this project did not make, composited and rendered by a worker with no mapping file."""

from __future__ import annotations

import subprocess

import av
import bpy
import numpy as np
import pytest

from blender_addon.dataset import batch, blendshapes, bvh, joint_roles, layout
from blender_addon.dataset.naming import SceneId
from blender_addon.scene import composite
from farm.blender import Blender

from . import foreign_rigs
from .foreign_rigs import bone
from .test_composite import angle, evaluated_heads, world_joints

SCENE = SceneId("20231119", "001")
FRAMES = 36
ACTORS = ("001", "002")
LIMBS = [("upper_arm", "forearm"), ("forearm", "hand"), ("thigh", "shin"), ("shin", "foot"), ("index.1", "index.2")]


@pytest.fixture(scope="module", params=foreign_rigs.TEMPLATES)
def foreign(request, dataset, tmp_path_factory):
    """A template's kind, what its worker told and made: the composited file and a frame."""
    folder = tmp_path_factory.mktemp("foreign")
    build, names, between = foreign_rigs.TEMPLATES[request.param]
    path = build(folder)
    requests = (
        batch.SaveComposite("save", str(dataset), str(path), str(SCENE), str(folder / "composited.blend")),
        batch.RenderChunk(
            "frame", str(dataset), str(path), str(SCENE), 20, 20, str(folder / "frame.mkv"),
            batch.Look("workbench", (320, 180)),
        ),
    )  # fmt: skip
    lines = folder / "batch.jsonl"
    lines.write_text("\n".join(map(batch.to_line, requests)))
    command = Blender(None, "module").command(str(lines), folder / "events.jsonl")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, (folder / "events.jsonl").read_text() + done.stderr
    return folder, names, between


@pytest.fixture
def opened(foreign, dataset):
    """The composited file, open: the armatures by actor, the names of their bones, and the motions."""
    folder, names, between = foreign
    bpy.ops.wm.open_mainfile(filepath=str(folder / "composited.blend"))
    rigs = {}
    for actor in ACTORS:
        body = bpy.data.objects[f"body_{actor}"]
        rigs[actor] = body.parent
    data = layout.Dataset.at(dataset)
    motions = {actor: bvh.read(data.motion(SCENE.performance(actor))) for actor in ACTORS}
    return rigs, names, between, motions


def joints_of(motion: bvh.Motion) -> dict[str, np.ndarray]:
    """World metres (3, F) by role."""
    positions, _ = world_joints(motion)
    roles = joint_roles.classify(motion.skeleton.names, motion.skeleton.parents)
    return {role: positions[joint] for role, joint in roles.items()}


def bones_of(rig: bpy.types.Object, names) -> dict[str, np.ndarray]:
    """World heads (3, F) by role."""
    wanted = {
        f"{role}.{side}" if "{" in names[role] else role: bone(names, role, side) for role in names for side in "LR"
    }
    heads = evaluated_heads(rig, list(wanted.values()), FRAMES)
    return dict(zip(wanted, heads, strict=True))


def test_limbs_point_where_the_motion_points_them_and_people_stand_upright(opened):
    rigs, names, between, motions = opened
    for actor in ACTORS:
        heads, wanted = bones_of(rigs[actor], names), joints_of(motions[actor])
        for side in "LR":
            for start, end in LIMBS:
                a, b = f"{start}.{side}", f"{end}.{side}"
                assert angle(heads[b] - heads[a], wanted[b] - wanted[a]) < 0.5, (actor, a)
        up = heads["head"] - heads["hips"]
        assert (up[2] / np.linalg.norm(up, axis=0)).min() > 0.97
        # Twist bones and halves of limbs go along: they stay where they were on the line between its joints.
        for name, start, end in between:
            for side in "LR":
                middle = evaluated_heads(rigs[actor], [name.format(S=side, s=side.lower())], FRAMES)[0]
                a, b = heads[f"{start}.{side}"], heads[f"{end}.{side}"]
                length = np.linalg.norm(b - a, axis=0)
                assert np.ptp(length) < 1e-3
                assert np.ptp(np.linalg.norm(middle - a, axis=0)) < 1e-3
                assert (np.linalg.norm(middle - a, axis=0) + np.linalg.norm(b - middle, axis=0) < 1.02 * length).all()


def test_people_stand_on_the_floor_as_far_apart_as_they_were(opened):
    rigs, names, _, motions = opened
    hips = [bones_of(rigs[actor], names)["hips"] for actor in ACTORS]
    wanted = [joints_of(motions[actor])["hips"] for actor in ACTORS]
    between, captured = (hips[1] - hips[0])[:2], (wanted[1] - wanted[0])[:2]
    scale = np.linalg.norm(between) / np.linalg.norm(captured)
    assert 0.8 < scale < 1.25
    assert np.abs(between - scale * captured).max() < 0.01
    for actor in ACTORS:
        body = bpy.data.objects[f"body_{actor}"]
        for frame in range(1, FRAMES + 1, 5):
            bpy.context.scene.frame_set(frame)
            depsgraph = bpy.context.evaluated_depsgraph_get()
            shape = body.evaluated_get(depsgraph)
            lowest = min((shape.matrix_world @ vertex.co).z for vertex in shape.data.vertices)
            assert abs(lowest) < 0.02, (actor, frame)


def test_wrists_are_where_the_capture_has_them_in_proportion(opened):
    rigs, names, _, motions = opened
    for actor in ACTORS:
        heads, wanted = bones_of(rigs[actor], names), joints_of(motions[actor])

        def reach(joints, side):
            """From the shoulder to the wrist, as a share of the arm's length."""
            upper, fore, hand = (joints[f"{role}.{side}"] for role in ("upper_arm", "forearm", "hand"))
            length = np.linalg.norm(fore - upper, axis=0) + np.linalg.norm(hand - fore, axis=0)
            return (hand - upper) / length

        for side in "LR":
            assert np.abs(reach(heads, side) - reach(wanted, side)).max() < 0.05


def test_the_face_moves(opened, dataset):
    if "Face" not in bpy.data.objects:
        pytest.skip("this template has no face")
    blocks = bpy.data.objects["Face"].data.shape_keys.key_blocks
    weights = blendshapes.load_arkit(layout.Dataset.at(dataset).face_arkit(SCENE.performance("001")))
    for frame in (1, 12, 30):
        bpy.context.scene.frame_set(frame)
        for column, key in enumerate(blendshapes.ARKIT_NAMES):
            assert blocks[key[0].upper() + key[1:]].value == pytest.approx(weights[frame - 1, column], abs=1e-5)


def test_both_people_are_in_the_picture(foreign):
    with av.open(str(foreign[0] / "frame.mkv")) as video:
        picture = next(video.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    red, _, blue = picture.transpose(2, 0, 1)
    for one, other in ((red, blue), (blue, red)):
        rows, columns = np.nonzero(one - other > 80)
        assert len(rows) > 1000
        assert np.ptp(rows) > 100  # from head to foot, in a picture of 180 rows
        assert rows.min() > 2
        assert columns.min() > 2


def test_clearing_gives_the_rigs_constraints_back(foreign, dataset):
    folder, *_ = foreign
    bpy.ops.wm.open_mainfile(filepath=str(next(p for p in folder.glob("*.blend") if p.name != "composited.blend")))

    def constraints():
        return [
            (rig.name, pose.name, constraint.name, constraint.mute)
            for rig in bpy.data.objects if rig.type == "ARMATURE"
            for pose in rig.pose.bones for constraint in pose.constraints
        ]  # fmt: skip

    before = constraints()
    composite.composite(bpy.context.scene, layout.Dataset.at(dataset), SCENE)
    composite.composite(bpy.context.scene, layout.Dataset.at(dataset), SCENE)
    composite.clear(bpy.context.scene)
    assert constraints() == before
