"""Meshes made from arrays, hung on an armature, with their shape keys and materials."""

from __future__ import annotations

import bpy
import numpy as np

from ..dataset.blendshapes import ARKIT_NAMES
from .looks import Colour


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


def hide_but_for_shadows(thing: bpy.types.Object) -> None:
    """Leave a shadow shell to Workbench alone."""
    # Workbench knows none of these flags; EEVEE and Cycles, which heed them, let the real meshes cast shadows.
    for flag in ("camera", "diffuse", "glossy", "transmission", "volume_scatter", "shadow"):
        setattr(thing, f"visible_{flag}", False)
    thing.hide_select = True


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
