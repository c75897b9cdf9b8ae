"""Blender scenes of their own for many scenes of the data set: objects are copied, what they are made of is shared.

Only what compositing changes is copied with them: an actor's armature, and his meshes that have shape keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import bpy

from . import rigs

Copies = Mapping[bpy.types.Object, bpy.types.Object]

#: On a copied object: the name of the one that it is a copy of.
_COPY_OF = "interact_copy_of"


def copy_scene(
    source: bpy.types.Scene, name: str, own: Collection[bpy.types.Object], left_out: Collection[bpy.types.Object]
) -> tuple[bpy.types.Scene, Copies]:
    """A new Blender scene like `source`, and its object for each of the source's.

    own: objects whose data are copied too, where compositing changes them; left_out: objects that it is not to have.
    """
    kept = [thing for thing in source.objects if thing not in left_out]
    copies = {thing: thing.copy() for thing in kept}
    data: dict[bpy.types.ID, bpy.types.ID] = {}
    for thing, copied in copies.items():
        if thing.data is not None and (_is_changed(thing, own) or _points_to(thing.data, copies)):
            if thing.data not in data:
                data[thing.data] = thing.data.copy()
            copied.data = data[thing.data]
            _point_to(copied.data, copies)
    ids: dict[bpy.types.ID, bpy.types.ID] = dict(data)
    ids.update(copies)
    ids.update({a.shape_keys: b.shape_keys for a, b in data.items() if getattr(a, "shape_keys", None)})
    for thing, copied in copies.items():
        copied[_COPY_OF] = thing.name
        _point_all(copied, copies)
        for owner in (copied, copied.data, getattr(copied.data, "shape_keys", None)):
            _point_drivers(owner, ids)
    scene = source.copy()
    scene.name = name
    for child in list(scene.collection.children):
        scene.collection.children.unlink(child)
    for thing in list(scene.collection.objects):
        scene.collection.objects.unlink(thing)
    collections: dict[bpy.types.Collection, bpy.types.Collection] = {source.collection: scene.collection}
    _fill(source.collection, scene.collection, copies, collections)
    _point_to(scene, copies)
    for old, new in zip(source.view_layers, scene.view_layers, strict=True):
        _copy_flags(old.layer_collection, new.layer_collection, collections)
        new.update()
        for thing, copied in copies.items():
            if thing.name in old.objects and copied.name in new.objects and thing.hide_get(view_layer=old):
                copied.hide_set(True, view_layer=new)
    return scene, copies


def table_for(scene: bpy.types.Scene, table: rigs.Table) -> rigs.Table:
    """A table with the names that a scene's copies have; for a scene without copies the table as it is."""
    names = {thing[_COPY_OF]: thing.name for thing in scene.objects if _COPY_OF in thing}
    if not names:
        return table
    return replace(
        table,
        armatures={actor: names.get(name, name) for actor, name in table.armatures.items()},
        meshes={actor: tuple(names.get(name, name) for name in meshes) for actor, meshes in table.meshes.items()},
    )


def _is_changed(thing: bpy.types.Object, own: Collection[bpy.types.Object]) -> bool:
    return thing in own and (thing.type == "ARMATURE" or getattr(thing.data, "shape_keys", None) is not None)


def _fill(
    old: bpy.types.Collection,
    new: bpy.types.Collection,
    copies: Copies,
    collections: dict[bpy.types.Collection, bpy.types.Collection],
) -> None:
    for thing in old.objects:
        if thing in copies:
            new.objects.link(copies[thing])
    for child in old.children:
        if child not in collections:
            if not any(thing in copies for thing in child.all_objects):
                continue
            made = collections[child] = bpy.data.collections.new(child.name)
            for flag in ("hide_render", "hide_viewport", "hide_select", "color_tag"):
                setattr(made, flag, getattr(child, flag))
            _fill(child, made, copies, collections)
        new.children.link(collections[child])


def _copy_flags(
    old: bpy.types.LayerCollection,
    new: bpy.types.LayerCollection,
    collections: Mapping[bpy.types.Collection, bpy.types.Collection],
) -> None:
    there = {child.collection: child for child in new.children}
    for child in old.children:
        match = there.get(collections.get(child.collection))
        if match is not None:
            _copy_flags(child, match, collections)
            for flag in ("exclude", "hide_viewport", "holdout", "indirect_only"):
                setattr(match, flag, getattr(child, flag))


def _point_all(thing: bpy.types.Object, copies: Copies) -> None:
    """Have an object, and all that belongs to it, point to the copies where it pointed to what was copied."""
    parent, inverse = thing.parent, thing.matrix_parent_inverse.copy()
    _point_to(thing, copies)
    if thing.parent != parent:
        thing.matrix_parent_inverse = inverse
    parts: list[bpy.types.bpy_struct] = [*thing.modifiers, *thing.constraints, *thing.particle_systems]
    for bone in thing.pose.bones if thing.pose else ():
        parts += [*bone.constraints]
        _point_to(bone, copies)
    for part in parts:
        _point_to(part, copies)
        for target in getattr(part, "targets", ()):
            _point_to(target, copies)


def _point_drivers(owner: bpy.types.ID | None, copies: Mapping[bpy.types.ID, bpy.types.ID]) -> None:
    animation = getattr(owner, "animation_data", None)
    for curve in animation.drivers if animation else ():
        for variable in curve.driver.variables:
            for target in variable.targets:
                if target.id in copies:
                    target.id = copies[target.id]


def _pointers(part: bpy.types.bpy_struct) -> Iterable[str]:
    """Names of a part's settings that are an object."""
    for prop in part.bl_rna.properties:
        if prop.type == "POINTER" and not prop.is_readonly and prop.fixed_type.identifier == "Object":
            yield prop.identifier


def _points_to(part: bpy.types.bpy_struct, copies: Copies) -> bool:
    inner = [part, part.dof] if isinstance(part, bpy.types.Camera) else [part]
    return any(getattr(item, name) in copies for item in inner for name in _pointers(item))


def _point_to(part: bpy.types.bpy_struct, copies: Copies) -> None:
    for item in [part, part.dof] if isinstance(part, bpy.types.Camera) else [part]:
        for name in _pointers(item):
            pointed = getattr(item, name)
            if pointed in copies:
                setattr(item, name, copies[pointed])
    if isinstance(part, bpy.types.NodesModifier):
        for key, value in part.items():
            if isinstance(value, bpy.types.Object) and value in copies:
                part[key] = copies[value]
