"""The fallback actor: an armature from any BVH skeleton, a clothed body and a face with the 51 ARKit keys."""

from __future__ import annotations

import colorsys
import hashlib
import itertools
from dataclasses import dataclass

import bpy
import numpy as np

from ..dataset import joint_roles, rest_pose
from ..dataset.blendshapes import ARKIT_NAMES
from ..dataset.bvh import Skeleton
from . import mannequin_body, mannequin_head, mannequin_shadow
from .mannequin_pose import model_pose, tip

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """An actor's colours, sRGB 0..1, and build."""

    top: Colour
    legs: Colour
    shoes: Colour
    hair: Colour
    skin: Colour
    female: bool = False


@dataclass(frozen=True)
class Bones:
    """An armature to be made: names and parents (B,), parents first, -1 for none; heads and tails (B, 3) m; rolls
    (B,) radians about the bones' axes, or None for Blender's choice."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    heads: np.ndarray
    tails: np.ndarray
    rolls: np.ndarray | None = None


def bones_of(rest: rest_pose.RestPose) -> Bones:
    """One bone per joint of a skeleton, in its rest pose."""
    return Bones(rest.names, rest.parents, rest.heads, bone_tails(rest))


def _hex(text: str) -> Colour:
    red, green, blue = (int(text[n : n + 2], 16) / 255 for n in (0, 2, 4))
    return red, green, blue


def _look(top: str, legs: str, shoes: str, hair: str, skin: str, *, female: bool = False) -> Look:
    return Look(_hex(top), _hex(legs), _hex(shoes), _hex(hair), _hex(skin), female)


#: InterAct's seven actors: no two tops look alike (see colours.APART).
LOOKS = {
    "001": _look("2f6fb5", "3a4150", "e8e4dc", "3b2a20", "e0ac87"),
    "002": _look("d9604c", "37486b", "f0ece6", "5a3320", "efc3a2", female=True),
    "003": _look("55843a", "6b5d4d", "3c3a3a", "1f1b1a", "c98e68"),
    "005": _look("cfc8b6", "2f3b4f", "8a4b33", "6d4a2c", "dba27c"),
    "006": _look("9a4a92", "454a52", "e4dfe6", "241d1f", "e6b594", female=True),
    "007": _look("e2b73f", "5a5f72", "c9705c", "a8743f", "f2cbb0", female=True),
    "008": _look("3aa7a0", "4a4440", "d8d4cc", "8a8680", "b97f5c"),
}
_SKINS = ("e0ac87", "efc3a2", "c98e68", "b97f5c", "8f5b40")
_HAIRS = ("3b2a20", "1f1b1a", "5a3320", "8a5a30", "6a6a6c")
_LIPS, _LASHES, _TEETH, _MOUTH, _TONGUE = map(_hex, ("b8605a", "2a1f1c", "f4f0e8", "4a1c1c", "b4605c"))
IRISES = ("4d7aa0", "6b4a2a", "5f7a4a", "7a5a34")


def look_of(actor: str, gender: str = "") -> Look:
    """An actor's look: fixed for the data set's actors, else the same for the same id everywhere.

    gender: "female", "male" (or "f", "m") or "" for what is known of the actor.
    """
    look = LOOKS.get(actor)
    if look is None:
        digest = hashlib.sha256(actor.encode()).digest()
        hue = digest[0] / 256
        look = Look(
            colorsys.hsv_to_rgb(hue, 0.62, 0.72),
            colorsys.hsv_to_rgb((hue + 0.55) % 1.0, 0.30, 0.36),
            colorsys.hsv_to_rgb(hue, 0.08, 0.30 + 0.55 * (digest[1] % 2)),
            _hex(_HAIRS[digest[2] % len(_HAIRS)]),
            _hex(_SKINS[digest[3] % len(_SKINS)]),
        )
    if gender:
        look = Look(look.top, look.legs, look.shoes, look.hair, look.skin, gender.lower().startswith("f"))
    return look


def build(
    actor: str, skeleton: Skeleton, collection: bpy.types.Collection, *, gender: str = "", look: Look | None = None
) -> bpy.types.Object:
    """Make actor `actor` for a skeleton: his armature, standing on the world's floor and facing -Y, in metres.

    The armature `actor_<id>` has one bone per joint of the same name, heads at RestPose.heads; the meshes
    `actor_<id>_body` and `actor_<id>_head` hang on it, and `actor_<id>_shadow`, which lies inside them and casts
    Workbench's shadows in their place. gender: as for `look_of`; look: his look in this template, else
    `look_of` says. DatasetError where the skeleton has no hips, head and limbs.
    """
    rest = rest_pose.stand(skeleton)
    look = look or look_of(actor, gender)
    armature = make_armature(actor, bones_of(rest), collection)
    measures = mannequin_body.measure(model_pose(rest), look.female)
    parts = mannequin_body.parts(measures)
    body = mannequin_body.join(measures, parts)
    head = mannequin_head.build(female=look.female)
    scale = mannequin_head.scale_for(rest, female=look.female)
    shown = shown_colours(look, IRISES[int(hashlib.sha256(actor.encode()).hexdigest(), 16) % len(IRISES)])
    materials = {name: make_material(f"actor_{actor}_{name}", *values) for name, values in shown.items()}

    mesh = make_mesh(f"actor_{actor}_body", body.vertices, body.faces, body.materials)
    for name in mannequin_body.MATERIALS:
        mesh.materials.append(materials[name])
    thing = hang(mesh, armature, actor, collection)
    for joint, (vertices, weights) in sorted(body.weights.items()):
        weigh(thing, rest.names[joint], vertices, weights)

    triangles, materials_of = _triangles(head.faces, head.materials)
    mesh = make_mesh(f"actor_{actor}_head", head.vertices * scale + rest.head("head"), triangles, materials_of)
    for name in mannequin_head.MATERIALS:
        mesh.materials.append(materials[name])
    thing = hang(mesh, armature, actor, collection)
    count = len(head.vertices)
    weigh(thing, rest.names[rest.roles["head"]], np.arange(count), np.ones(count))
    add_keys(thing, {name: offsets * scale for name, offsets in head.keys.items()})
    for part in ("body", "head"):
        collection.objects[f"actor_{actor}_{part}"].display.show_shadows = False

    shell = mannequin_shadow.build(measures, parts, scale)
    mesh = make_mesh(f"actor_{actor}_shadow", shell.vertices, shell.faces, shell.materials)
    for name in mannequin_body.MATERIALS:
        mesh.materials.append(materials[name])
    thing = hang(mesh, armature, actor, collection)
    for joint, (vertices, weights) in sorted(mannequin_body.by_joint(shell.weights).items()):
        weigh(thing, rest.names[joint], vertices, weights)
    hide_but_for_shadows(thing)
    return armature


def hide_but_for_shadows(thing: bpy.types.Object) -> None:
    """Leave a shadow shell to Workbench alone."""
    # Workbench knows none of these flags; EEVEE and Cycles, which heed them, let the real meshes cast shadows.
    for flag in ("camera", "diffuse", "glossy", "transmission", "volume_scatter", "shadow"):
        setattr(thing, f"visible_{flag}", False)
    thing.hide_select = True


def shown_colours(look: Look, iris: str) -> dict[str, tuple[Colour, float]]:
    """Colour and roughness of each of an actor's materials; iris: the eyes' colour as hexadecimal digits."""
    return {
        "top": (look.top, 0.85), "legs": (look.legs, 0.9), "shoes": (look.shoes, 0.6), "soles": (_sole(look), 0.7),
        "skin": (look.skin, 0.55), "hair": (look.hair, 0.5), "brows": (_darker(look.hair, 0.75), 0.7),
        "lips": (mix(look.skin, _LIPS, 0.55), 0.4), "lashes": (_LASHES, 0.6), "teeth": (_TEETH, 0.3),
        "mouth": (_MOUTH, 0.8), "tongue": (_TONGUE, 0.4), "sclera": (_hex("f3f1ee"), 0.15),
        "pupil": (_hex("0b0a0a"), 0.1),
        "iris": (_hex(iris), 0.15),
    }  # fmt: skip


def bone_tails(rest: rest_pose.RestPose) -> np.ndarray:
    """Where each bone ends, (J, 3) m: at the child that carries on its limb, else at its End Site, else onwards."""
    joints = range(len(rest.names))
    onwards = {rest.roles[a]: rest.roles[b] for a, b in _continuations(rest.roles)}
    tails = np.empty_like(rest.heads)
    for joint in joints:
        children = [c for c in joints if rest.parents[c] == joint]
        child = onwards.get(joint, children[0] if len(children) == 1 else None)
        if child is None and len(children) > 1:
            middle = np.mean(rest.heads[children], axis=0)
            child = min(children, key=lambda c: float(np.linalg.norm(rest.heads[c] - middle)))
        parent = rest.parents[joint]
        before = float(np.linalg.norm(rest.heads[joint] - rest.heads[parent])) if parent >= 0 else 0.1
        length = 0.18 if joint == rest.roles.get("head") else float(np.clip(0.8 * before, 0.015, 0.1))
        if child is not None and np.linalg.norm(rest.heads[child] - rest.heads[joint]) > 1e-3:
            tails[joint] = rest.heads[child]
        else:
            tails[joint] = tip(rest, joint, length)
    return tails


def _continuations(roles: dict[str, int]) -> list[tuple[str, str]]:
    trunk = ["hips"]
    for chain in ("spine", "neck"):
        trunk += [f"{chain}.{n}" for n in range(len(joint_roles.chain_of(roles, chain)))]
    rows = [[*trunk, "head"]]
    for side in "LR":
        rows.append([f"{role}.{side}" for role in ("shoulder", "upper_arm", "forearm", "hand", "middle.1")])
        rows.append([f"{role}.{side}" for role in ("thigh", "shin", "foot", "toe")])
        rows += [[f"{finger}.{n}.{side}" for n in range(4)] for finger in joint_roles.FINGERS]
    found = [[role for role in row if role in roles] for row in rows]
    return [pair for row in found for pair in itertools.pairwise(row)]


def make_armature(actor: str, wanted: Bones, collection: bpy.types.Collection) -> bpy.types.Object:
    """The armature `actor_<id>` of an actor."""
    data = bpy.data.armatures.new(f"actor_{actor}")
    thing = bpy.data.objects.new(f"actor_{actor}", data)
    thing["interact_actor"] = actor
    collection.objects.link(thing)
    layer = bpy.context.view_layer
    before, mode = layer.objects.active, getattr(layer.objects.active, "mode", "OBJECT")
    selected = [other for other in layer.objects if other.select_get()]
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    guest = thing.name not in layer.objects
    if guest:
        # Edit mode needs the object in the view layer; the collection may not be linked to the scene yet.
        bpy.context.scene.collection.objects.link(thing)
        layer.update()
    layer.objects.active = thing
    bpy.ops.object.mode_set(mode="EDIT")
    bones: list[bpy.types.EditBone] = []
    for n, name in enumerate(wanted.names):
        bone = data.edit_bones.new(name)
        bone.head, bone.tail = wanted.heads[n], wanted.tails[n]
        if wanted.rolls is not None:
            bone.roll = wanted.rolls[n]
        bone.use_connect = False
        if wanted.parents[n] >= 0:
            bone.parent = bones[wanted.parents[n]]
        bones.append(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    if guest:
        bpy.context.scene.collection.objects.unlink(thing)
    for other in layer.objects:
        other.select_set(other in selected)
    layer.objects.active = before
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode=mode)
    for bone in thing.pose.bones:
        bone.rotation_mode = "QUATERNION"
    data.display_type = "STICK"
    thing.show_in_front = True
    return thing


def _triangles(faces: np.ndarray, materials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quads (F, 4) as triangles that repeat their last corner, with their materials.

    The head's bent quads left a crack of light along the way of Workbench's shadow.
    """
    quads = faces[:, 3] != faces[:, 2]
    return np.concatenate((faces[:, [0, 1, 2, 2]], faces[quads][:, [0, 2, 3, 3]])), np.append(
        materials, materials[quads]
    )


def make_mesh(name: str, vertices: np.ndarray, faces: np.ndarray, materials: np.ndarray) -> bpy.types.Mesh:
    """A smooth mesh from vertices (V, 3), quads (F, 4) - a triangle repeats its last corner - and materials (F,)."""
    mesh = bpy.data.meshes.new(name)
    corners = np.where(faces[:, 3] == faces[:, 2], 3, 4)
    loops = faces[np.arange(4) < corners[:, None]]
    starts = np.concatenate(([0], np.cumsum(corners)[:-1]))
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    mesh.loops.add(len(loops))
    mesh.loops.foreach_set("vertex_index", loops.astype(np.int32))
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", starts.astype(np.int32))
    mesh.update(calc_edges=True)
    mesh.polygons.foreach_set("material_index", materials.astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), dtype=bool))
    return mesh


def hang(
    mesh: bpy.types.Mesh, armature: bpy.types.Object, actor: str, collection: bpy.types.Collection
) -> bpy.types.Object:
    thing = bpy.data.objects.new(mesh.name, mesh)
    thing["interact_actor"] = actor
    collection.objects.link(thing)
    thing.parent = armature
    modifier = thing.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
    return thing


def weigh(thing: bpy.types.Object, bone: str, vertices: np.ndarray, weights: np.ndarray) -> None:
    group = thing.vertex_groups.new(name=bone)
    whole = weights > 1.0 - 1e-6
    group.add(vertices[whole].tolist(), 1.0, "REPLACE")
    for vertex, weight in zip(vertices[~whole].tolist(), weights[~whole].tolist(), strict=True):
        group.add((vertex,), weight, "REPLACE")


def add_keys(thing: bpy.types.Object, keys: dict[str, np.ndarray], first: tuple[str, ...] = ARKIT_NAMES) -> None:
    """The shape keys: Basis, those of `first` in order and what there is besides, as offsets (V, 3) m from the mesh."""
    thing.shape_key_add(name="Basis", from_mix=False)
    basis = np.empty(len(thing.data.vertices) * 3, dtype=np.float32)
    thing.data.vertices.foreach_get("co", basis)
    for name in (*first, *(name for name in keys if name not in first)):
        key = thing.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", basis + keys[name].astype(np.float32).ravel())
        key.slider_min, key.slider_max = 0.0, 1.0
        key.value = 0.0  # a new key's value is 1 in Blender 5.0


def make_material(name: str, colour: Colour, roughness: float) -> bpy.types.Material:
    """A plain material that shows the sRGB `colour` in every engine."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:
        material.use_nodes = True  # the default, and deprecated, from Blender 5.0
    linear = (*(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour), 1.0)
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = linear
    shader.inputs["Roughness"].default_value = roughness
    material.diffuse_color = linear
    material.roughness = roughness
    return material


def mix(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (x + (y - x) * share for x, y in zip(a, b, strict=True))
    return red, green, blue


def _darker(colour: Colour, share: float) -> Colour:
    red, green, blue = colour
    return red * share, green * share, blue * share


def _sole(look: Look) -> Colour:
    return _hex("ece8e0") if sum(look.shoes) < 1.8 else _hex("55524e")
