"""Every family of rigs gets its preset, and its bones point where the capture's do, as Blender evaluates them."""

from __future__ import annotations

import itertools

import bpy
import numpy as np
import pytest

from blender_addon.dataset import bvh, joint_roles, presets, rest_pose
from blender_addon.dataset.errors import DatasetError
from blender_addon.scene import control_rig, fcurves, retarget, rigs

from .preset_rigs import FAMILIES, build
from .rig_maker import interact

FRAMES = 12


def moving(body: bvh.Skeleton) -> bvh.Motion:
    """Every joint swings by up to 30 degrees; the root stands the raw skeleton up and turns it around."""
    random = np.random.default_rng(5)
    time = np.linspace(0, 2 * np.pi, FRAMES)[:, None]
    values = random.uniform(10, 30, body.channel_count) * np.sin(time + random.uniform(0, 6, body.channel_count))
    values[:, :3] += np.array([20, 90, -40])
    values[:, 3:6] = values[:, 3:6] * (0.3, 0.3, 3.0) + (0, -90, 0)
    return bvh.Motion(body, values, 1 / 30)


def lines(rest: retarget.RigRest, pairs: dict[int, int]) -> list[tuple[int, int]]:
    """Bones whose direction a motion gives, with the bones that they point at."""
    parts = ["shoulder", "upper_arm", "forearm", "hand"], ["thigh", "shin", "foot"]
    parts += tuple([f"{finger}.{n}" for n in (1, 2, 3)] for finger in joint_roles.FINGERS)
    rows = [[f"{role}.{side}" for role in row] for row in parts for side in "LR"]
    trunk = [f"{name}.{n}" for name in ("spine", "neck") for n in range(len(joint_roles.chain_of(rest.roles, name)))]
    rows += [[role for role in trunk if role < "o"] + ["head"], [role for role in trunk if role > "o"]]
    bones = [[rest.roles[role] for role in row if rest.roles.get(role) in pairs] for row in rows]
    return [pair for row in bones for pair in itertools.pairwise(row)]


@pytest.mark.parametrize("kind", FAMILIES)
def test_each_family_has_its_preset_and_points_where_the_capture_does(kind):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    family, motion = FAMILIES[kind], moving(interact("001"))
    rig = build(family, "rig", rest_pose.stand(interact("002")))
    rest = rigs.rest_of(rig)
    assert rest.preset == family.preset
    assert {role: rest.names[bone] for role, bone in rest.roles.items()} == family.wanted
    pairs = retarget.driven_bones(motion, rest)
    channels = retarget.retarget(motion, rest, pairs, retarget.pair_scales([motion], [rest])[0])
    curves = []
    for bone, track in channels.rotations.items():
        path = f'pose.bones["{bpy.utils.escape_identifier(rest.names[bone])}"].'
        curves += [fcurves.Curve(path + "rotation_quaternion", n, row) for n, row in enumerate(track)]
        curves += [fcurves.Curve(path + "location", n, row) for n, row in enumerate(channels.locations.get(bone, ()))]
    fcurves.assign_action(rig, "motion", curves)
    A = rest_pose.TO_BLENDER["Y"]
    wanted = np.einsum("ij,bjn->bin", A, bvh.forward_kinematics(motion)[0])
    heads = np.empty((len(rest.names), 3, FRAMES))
    for frame in range(FRAMES):
        bpy.context.scene.frame_set(frame + 1)
        posed = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        heads[:, :, frame] = [posed.matrix_world @ posed.pose.bones[name].head for name in rest.names]
    compared = lines(rest, pairs)
    assert len(compared) >= 14
    for a, b in compared:
        found, meant = heads[b] - heads[a], wanted[pairs[b]] - wanted[pairs[a]]
        sine = np.linalg.norm(np.cross(found.T, meant.T), axis=1)
        error = np.degrees(np.arctan2(sine, (found * meant).sum(0))).max()
        assert error < 0.5, (rest.names[a], rest.names[b])


def mixamo() -> bpy.types.Object:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return build(FAMILIES["Mixamo"], "Actor_001", rest_pose.stand(interact("001")))


def test_a_table_names_the_preset_for_all_for_one_or_none(tmp_path):
    rig = mixamo()
    (tmp_path / "presets").mkdir()
    own = '[[detect]]\nbones = ["none"]\n[bones]\nhips = "Hips"\nhead = "Head"\n'
    (tmp_path / "presets" / "own.toml").write_text('name = "Own"\n' + own)
    (tmp_path / "rigs.toml").write_text(
        'preset = "Own"\n[actors.002]\narmature = "A"\npreset = ""\n[actors.003]\narmature = "A"\npreset = "Mixamo"\n'
    )
    table = rigs.read_table(tmp_path / "t.blend")
    rests = [rigs.rest_of(rig, table, actor) for actor in ("001", "002", "003")]
    assert [rest.preset for rest in rests] == ["Own", "", "Mixamo"]
    assert rests[0].roles.keys() == {"hips", "head"}
    assert rests[1].roles == rests[2].roles


@pytest.mark.parametrize("text", ['preset = "Mixano"', '[actors.001]\narmature = "A"\npreset = 3'])
def test_a_table_that_names_no_preset_is_refused(tmp_path, text):
    (tmp_path / "rigs.toml").write_text(text)
    with pytest.raises(DatasetError, match=r"rigs\.toml: there is no preset .*; there are Auto-Rig Pro, "):
        rigs.read_table(tmp_path / "t.blend")


def test_a_rig_without_the_switches_of_a_preset_is_not_of_it(tmp_path):
    rig = mixamo()
    switch = '[[set]]\nbone = "mixamorig:Hips"\nproperty = "IK_FK"\nvalue = 1.0\n'
    written = tmp_path / "presets" / "mixamo.toml"
    written.parent.mkdir()
    written.write_text(mixamo_file().replace("[sides]", switch + "[sides]"))
    table = rigs.read_table(tmp_path / "t.blend")
    assert rigs.rest_of(rig, table).preset == ""
    (tmp_path / "rigs.toml").write_text('preset = "Mixamo"')
    with pytest.raises(DatasetError, match=r"no bone 'mixamorig:Hips' with a property 'IK_FK'"):
        rigs.rest_of(rig, rigs.read_table(tmp_path / "t.blend"))
    rig.pose.bones["mixamorig:Hips"]["IK_FK"] = 0
    rest = rigs.rest_of(rig, table)
    assert rest.preset == "Mixamo"
    before = control_rig.switch(rig, rest.settings)
    assert rig.pose.bones["mixamorig:Hips"]["IK_FK"] == 1
    control_rig.switch_back(rig, before)
    assert rig.pose.bones["mixamorig:Hips"]["IK_FK"] == 0


def mixamo_file() -> str:
    return presets.named(presets.builtin(), "Mixamo").path.read_text()
