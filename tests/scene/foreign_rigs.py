"""Templates as other programs make them: Rigify's human, whole and as a game export, and Unreal's from an FBX file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from blender_addon.dataset import blendshapes

#: Linear colours of the two actors' bodies.
COLOURS = {"001": (1.0, 0.0, 0.0, 1.0), "002": (0.0, 0.0, 1.0, 1.0)}

#: What each kind of rig calls the bones that the tests look at; {s} is the side.
RIGIFY = {
    "hips": "DEF-spine", "head": "DEF-spine.006", "upper_arm": "DEF-upper_arm.{S}", "forearm": "DEF-forearm.{S}",
    "hand": "DEF-hand.{S}", "thigh": "DEF-thigh.{S}", "shin": "DEF-shin.{S}", "foot": "DEF-foot.{S}",
    "toe": "DEF-toe.{S}", "spine": "DEF-spine.001", "chest": "DEF-spine.003",
    "index.1": "DEF-f_index.01.{S}", "index.2": "DEF-f_index.02.{S}",
}  # fmt: skip
UNREAL = {
    "hips": "pelvis", "head": "head", "upper_arm": "upperarm_{s}", "forearm": "lowerarm_{s}", "hand": "hand_{s}",
    "thigh": "thigh_{s}", "shin": "calf_{s}", "foot": "foot_{s}", "toe": "ball_{s}", "index.1": "index_01_{s}",
    "index.2": "index_02_{s}", "spine": "spine_01", "chest": "spine_03",
}  # fmt: skip

#: Bones between the joints of a limb that have to move with it: (bone, the limb's joints before and after).
RIGIFY_BETWEEN = (("DEF-upper_arm.{S}.001", "upper_arm", "forearm"), ("DEF-thigh.{S}.001", "thigh", "shin"))
UNREAL_BETWEEN = (("upperarm_twist_01_{s}", "upper_arm", "forearm"), ("calf_twist_01_{s}", "shin", "foot"))


def bone(names: Mapping[str, str], role: str, side: str = "") -> str:
    return names[role].format(S=side, s=side.lower())


def rigify(folder: Path, *, exported: bool = False, preset: str = "") -> Path:
    """Two humans that Rigify generated; exported: their deform bones alone, on one another, as games take them; preset:
    what a rig table beside them says."""
    generated = folder / "generated.blend"
    if not generated.exists():
        _generate(generated)
    bpy.ops.wm.open_mainfile(filepath=str(generated))
    for actor in COLOURS:
        rig = bpy.data.objects[f"Actor_{actor}"]
        if exported:
            _leave_deform_bones(rig)
        _dress(rig, actor, RIGIFY)
    if preset:
        folder = folder / f"preset {preset}"
        folder.mkdir(exist_ok=True)
        (folder / "rigs.toml").write_text(f'preset = "{preset}"\n')
    return _saved(folder / ("rigify_export.blend" if exported else "rigify.blend"))


def _generate(path: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    metarig = bpy.context.object
    bpy.ops.pose.rigify_generate()
    first = bpy.context.object
    bpy.data.objects.remove(metarig)
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.object.select_all(action="DESELECT")
    first.select_set(True)
    bpy.context.view_layer.objects.active = first
    bpy.ops.object.duplicate()  # what points to the rig within it points to the copy
    for rig, actor, size in ((first, "001", 0.9), (bpy.context.object, "002", 0.82)):
        rig.name, rig.scale, rig.location = f"Actor_{actor}", (size,) * 3, (size, 0.2, 0.0)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


def _leave_deform_bones(rig: bpy.types.Object) -> None:
    for data in (rig, rig.data):
        data.animation_data_clear()
    for pose in rig.pose.bones:
        for constraint in list(pose.constraints):
            pose.constraints.remove(constraint)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    edit = rig.data.edit_bones
    hung_on = {"shoulder": "spine.003", "upper_arm": "shoulder", "thigh": "spine", "pelvis": "spine",
               "breast": "spine.003", "palm": "hand", "f_": "hand", "thumb": "hand"}  # fmt: skip
    for item in [item for item in edit if item.name.startswith("DEF-")]:
        item.use_connect = False
        if item.parent is None or not item.parent.name.startswith("DEF-"):
            word = next((word for word in hung_on if item.name.startswith(f"DEF-{word}")), None)
            side = item.name[-2:] if word in ("upper_arm", "palm", "f_", "thumb") else ""
            above = f"DEF-{hung_on[word]}{side}" if word else "DEF-spine.006"
            item.parent = None if item.name == "DEF-spine" else edit[above]
    for item in [item for item in edit if not item.name.startswith("DEF-")]:
        edit.remove(item)
    bpy.ops.object.mode_set(mode="OBJECT")


#: Unreal's mannequin in its A-pose: (parent, head in world centimetres, Z up, facing -Y), the left side.
_UNREAL_BONES: dict[str, tuple[str, tuple[float, float, float]]] = {
    "root": ("", (0, 0, 0)), "pelvis": ("root", (0, 1, 96.8)), "spine_01": ("pelvis", (0, 0, 107.5)),
    "spine_02": ("spine_01", (0, -1.4, 126.3)), "spine_03": ("spine_02", (0, 1.2, 139.5)),
    "neck_01": ("spine_03", (0, 4.5, 155.8)), "head": ("neck_01", (0, 1.1, 164.9)),
    "clavicle_l": ("spine_03", (3.8, 2, 151.0)), "upperarm_l": ("clavicle_l", (18.6, 4.6, 150.4)),
    "upperarm_twist_01_l": ("upperarm_l", (28.0, 5.2, 141.0)), "lowerarm_l": ("upperarm_l", (39.1, 6.0, 129.8)),
    "lowerarm_twist_01_l": ("lowerarm_l", (48.0, 3.0, 119.0)), "hand_l": ("lowerarm_l", (57.0, -0.5, 111.9)),
    "index_01_l": ("hand_l", (65.0, -6.6, 104.5)), "index_02_l": ("index_01_l", (67.3, -8.0, 101.2)),
    "index_03_l": ("index_02_l", (68.6, -8.6, 98.2)), "middle_01_l": ("hand_l", (66.4, -4.3, 103.5)),
    "middle_02_l": ("middle_01_l", (68.9, -4.9, 99.8)), "middle_03_l": ("middle_02_l", (70.2, -5.0, 96.2)),
    "ring_01_l": ("hand_l", (66.1, -2.0, 103.4)), "ring_02_l": ("ring_01_l", (68.2, -1.9, 99.8)),
    "ring_03_l": ("ring_02_l", (69.2, -1.6, 96.4)), "thumb_01_l": ("hand_l", (59.2, -5.0, 109.0)),
    "thumb_02_l": ("thumb_01_l", (60.2, -8.2, 106.8)), "thumb_03_l": ("thumb_02_l", (61.0, -11.6, 104.8)),
    "thigh_l": ("pelvis", (9.0, 0.5, 95.5)), "thigh_twist_01_l": ("thigh_l", (10.2, 0.6, 75.0)),
    "calf_l": ("thigh_l", (11.5, 0.9, 53.0)), "calf_twist_01_l": ("calf_l", (12.6, 2.4, 33.0)),
    "foot_l": ("calf_l", (13.8, 4.1, 12.6)), "ball_l": ("foot_l", (15.1, -10.3, 2.2)),
    "ik_foot_root": ("root", (0, 0, 0)), "ik_foot_l": ("ik_foot_root", (13.8, 4.1, 12.6)),
    "ik_hand_root": ("root", (0, 0, 0)), "ik_hand_gun": ("ik_hand_root", (-57.0, -0.5, 111.9)),
    "ik_hand_l": ("ik_hand_gun", (57.0, -0.5, 111.9)),
}  # fmt: skip


def unreal(folder: Path) -> Path:
    """Two mannequins in centimetres at 0.01 scale, Y up under an empty turned by 90 degrees."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    for actor, size in (("001", 1.0), ("002", 0.93)):
        above = bpy.data.objects.new(f"{actor}_Mannequin", None)
        above.rotation_euler = (np.pi / 2.0, 0.0, 0.0)
        bpy.context.scene.collection.objects.link(above)
        rig = bpy.data.objects.new("Armature", bpy.data.armatures.new("Armature"))
        bpy.context.scene.collection.objects.link(rig)
        rig.parent, rig.scale = above, (0.01,) * 3
        bpy.context.view_layer.update()
        bpy.context.view_layer.objects.active = rig
        bpy.ops.object.mode_set(mode="EDIT")
        for name, parent, head in _both_sides():
            item = rig.data.edit_bones.new(name)
            # World to the armature's axes, Y up. FBX bones point anywhere but to their children.
            x, y, z = np.array(head) * size
            item.head = Vector((x, z, -y))
            item.tail = item.head + Vector((0.0, 3.0, 4.0))
            item.roll = 0.7
            item.parent = rig.data.edit_bones[parent] if parent else None
        bpy.ops.object.mode_set(mode="OBJECT")
        _dress(rig, actor, UNREAL)
    return _saved(folder / "unreal.blend")


def _both_sides() -> list[tuple[str, str, tuple[float, float, float]]]:
    found = []
    for name, (parent, head) in _UNREAL_BONES.items():
        found.append((name, parent, head))
    for name, (parent, (x, y, z)) in _UNREAL_BONES.items():
        if name.endswith("_l"):
            other = parent[:-1] + "r" if parent.endswith("_l") else parent
            found.append((name[:-1] + "r", other, (-x, y, z)))
    return found


def _dress(rig: bpy.types.Object, actor: str, names: Mapping[str, str]) -> None:
    """A body of boxes, one for each of a few bones, and soles on the floor; a face for one of the two."""
    bpy.context.view_layer.update()
    world = rig.matrix_world

    def head(role: str, side: str = "") -> np.ndarray:
        return np.array(world @ rig.data.bones[bone(names, role, side)].head_local)

    pieces: list[tuple[str, np.ndarray, np.ndarray]] = []

    def along(name: str, start: np.ndarray, end: np.ndarray, thick: float) -> None:
        pieces.append((name, np.minimum(start, end) - thick, np.maximum(start, end) + thick))

    along(bone(names, "hips"), head("hips"), head("spine"), 0.09)
    along(bone(names, "chest"), head("chest"), head("chest") + np.array((0, 0, 0.1)), 0.09)
    along(bone(names, "head"), head("head"), head("head") + np.array((0, 0, 0.15)), 0.07)
    for side in "LR":
        for role, onward in (("upper_arm", "forearm"), ("forearm", "hand"), ("thigh", "shin"), ("shin", "foot")):
            # A bendy bone, which half a limb of Rigify's is, bends on what lies beyond its end.
            along(bone(names, role, side), head(role, side), (head(role, side) + head(onward, side)) / 2.0, 0.035)
        foot, toe = head("foot", side), head("toe", side)
        low, high = np.minimum(foot, toe) - 0.03, np.maximum(foot, toe) + 0.03
        pieces.append((bone(names, "foot", side), np.array((*low[:2], 0.0)), np.array((*high[:2], foot[2]))))
    mesh = bpy.data.meshes.new(f"body_{actor}")
    corners = [[(x, y, z) for x in (a[0], b[0]) for y in (a[1], b[1]) for z in (a[2], b[2])] for _, a, b in pieces]
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    into = world.inverted()
    mesh.from_pydata(
        [into @ Vector(corner) for box in corners for corner in box],
        [],
        [[n * 8 + k for k in quad] for n in range(len(pieces)) for quad in quads],
    )
    body = bpy.data.objects.new(mesh.name, mesh)
    for n, (name, _, _) in enumerate(pieces):
        group = body.vertex_groups.get(name) or body.vertex_groups.new(name=name)
        group.add(list(range(8 * n, 8 * n + 8)), 1.0, "REPLACE")
    material = bpy.data.materials.new(mesh.name)
    material.diffuse_color = COLOURS[actor]
    mesh.materials.append(material)
    body.parent = rig
    body.modifiers.new("Armature", "ARMATURE").object = rig
    bpy.context.scene.collection.objects.link(body)
    if actor == "001":
        _face(rig)


def _face(rig: bpy.types.Object) -> None:
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata([(0, 0, 0), (0.01, 0, 0), (0, 0.01, 0)], [], [(0, 1, 2)])
    face = bpy.data.objects.new("Face", mesh)
    bpy.context.scene.collection.objects.link(face)
    face.parent, face.matrix_parent_inverse = rig, Matrix.Identity(4)
    face.shape_key_add(name="Basis")
    for key in blendshapes.ARKIT_NAMES:
        face.shape_key_add(name=key[0].upper() + key[1:]).value = 0.0  # JawOpen, as Unreal spells them


def _saved(path: Path) -> Path:
    shading = bpy.context.scene.display.shading
    shading.light, shading.color_type = "FLAT", "MATERIAL"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


#: By kind: what builds it, the names of its bones, and the bones between its joints.
TEMPLATES: dict[str, tuple[Callable[[Path], Path], Mapping[str, str], tuple]] = {
    "rigify": (rigify, RIGIFY, RIGIFY_BETWEEN),
    "rigify, deform bones": (lambda folder: rigify(folder, preset="Rigify"), RIGIFY, RIGIFY_BETWEEN),
    "rigify export": (lambda folder: rigify(folder, exported=True), RIGIFY, RIGIFY_BETWEEN),
    "unreal": (unreal, UNREAL, UNREAL_BETWEEN),
}

#: The preset that each kind is driven by.
PRESETS = {
    "rigify": "Rigify controls",
    "rigify, deform bones": "Rigify",
    "rigify export": "Rigify",
    "unreal": "Unreal 4",
}


def built(kind: str, folder: Path) -> Path:
    """Build a template in a process of its own: with Rigify switched on the bpy module may never end."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, kind, str(folder)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print("\n" + str(TEMPLATES[sys.argv[1]][0](Path(sys.argv[2]))))
    sys.stdout.flush()
    os._exit(0)
