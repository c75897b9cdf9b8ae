"""Which armature and which meshes of a template are actor NNN, and what a rig's rest pose is.

A rig is found by, in this order: the table `rigs.toml` beside the template; the custom property
`interact_actor` on the armature; the actor's id in the name of the armature, of what it hangs on, or of its
collection ("001", "Actor_001"; never Blender's own ".001", which only counts copies).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import bpy
import numpy as np

from ..dataset import joint_roles, presets
from ..dataset.blendshapes import ARKIT_NAMES
from ..dataset.errors import DatasetError
from ..dataset.preset import Preset
from . import control_rig
from .retarget import RigRest

ACTOR_PROPERTY = "interact_actor"
TABLE_NAME = "rigs.toml"


@dataclass(frozen=True)
class Table:
    """What lies beside a template: of rigs.toml armature and mesh names by actor, bone names by joint (for all, and by
    actor) and the names of presets by actor ("" where none is to be used); and the presets that are known there."""

    path: Path | None = None
    armatures: dict[str, str] = field(default_factory=dict)
    meshes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bones: dict[str, dict[str, str]] = field(default_factory=dict)
    common_bones: dict[str, str] = field(default_factory=dict)
    preset_names: dict[str, str] = field(default_factory=dict)
    common_preset: str | None = None
    known: tuple[Preset, ...] = field(default_factory=presets.builtin)

    def preset_of(self, actor: str, armature: bpy.types.Object) -> Preset | None:
        """The preset for an actor's rig: the one that the table names, else the one that fits best."""
        told = self.preset_names.get(actor, self.common_preset)
        if told is None:
            names, parents = _tree(armature)
            fitting = [preset for preset in self.known if control_rig.lacks(armature, preset.settings) is None]
            return presets.detect(fitting, names, parents)
        preset = presets.named(self.known, told)
        if preset and (setting := control_rig.lacks(armature, preset.settings)):
            raise DatasetError(
                f"{self.path}: {armature.name} is not as the preset {told!r} has it: it has no bone {setting.bone!r} "
                f"with a property {setting.property!r}"
            )
        return preset

    def bones_of(self, actor: str) -> dict[str, str]:
        """{joint name: bone name} for an actor."""
        return self.common_bones | self.bones.get(actor, {})


@dataclass(frozen=True)
class Rig:
    """One actor's rig: its armature, everything that it moves, and its face meshes with their ARKit keys by name."""

    actor: str
    armature: bpy.types.Object
    moved: tuple[bpy.types.Object, ...]
    faces: tuple[tuple[bpy.types.Object, dict[str, str]], ...]

    @property
    def objects(self) -> tuple[bpy.types.Object, ...]:
        """The armature and what it moves."""
        return (self.armature, *self.moved)


def read_table(template: Path | None) -> Table:
    """Read `rigs.toml` and the presets beside a template; no names where there is none. DatasetError names what is
    wrong."""
    path = template.with_name(TABLE_NAME) if template else None
    known = presets.known(template)
    if path is None or not path.is_file():
        return Table(known=known)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read as TOML ({error})") from error
    armatures, meshes, bones, told = {}, {}, {}, {}
    actors = content.get("actors", {})
    common = content.get("bones", {})
    if not isinstance(actors, dict) or not _is_names(common):
        raise DatasetError(f'{path}: write [actors.NNN] tables, and [bones] with lines joint = "bone"')
    for name, entry in actors.items():
        actor = name.zfill(3)  # 1 and 001 are one actor
        if not isinstance(entry, dict) or not isinstance(entry.get("armature"), str):
            raise DatasetError(f'{path}: [actors.{actor}] needs a line armature = "name of the armature object"')
        named = entry.get("meshes", [])
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            raise DatasetError(f"{path}: [actors.{actor}] meshes must be a list of object names")
        if not _is_names(entry.get("bones", {})):
            raise DatasetError(f'{path}: [actors.{actor}.bones] must have lines joint = "bone"')
        if "preset" in entry:
            told[actor] = _preset_name(path, entry["preset"], known)
        armatures[actor] = entry["armature"]
        meshes[actor] = tuple(named)
        bones[actor] = dict(entry.get("bones", {}))
    preset = _preset_name(path, content["preset"], known) if "preset" in content else None
    return Table(path, armatures, meshes, bones, dict(common), told, preset, known)


def find(scene: bpy.types.Scene, actor: str, table: Table) -> Rig:
    """The rig of an actor; DatasetError where the template has none or cannot tell which."""
    armature = _armature(scene, actor, table)
    require_even(armature, f"actor {actor}: ")
    named = table.meshes.get(actor, ())
    missing = [name for name in named if scene.objects.get(name) is None or scene.objects[name].type != "MESH"]
    if missing:
        raise DatasetError(f"{table.path} names the mesh {missing[0]!r}, which the template lacks")
    moved = _moved(scene, armature, named)
    meshes = [item for item in moved if item.type == "MESH"]
    if meshes and not set(meshes) & _rendered_objects(scene):
        raise DatasetError(
            f"actor {actor}: all meshes of {armature.name} lie in collections that are excluded or hidden from render; "
            "show them in the template"
        )
    faces = tuple((mesh, keys) for mesh in meshes if (keys := arkit_keys(mesh)))
    return Rig(actor, armature, moved, faces)


def require_even(armature: bpy.types.Object, who: str = "") -> None:
    """DatasetError where an armature is scaled unevenly or mirrored; who: what the message begins with."""
    if abs(np.linalg.det(np.array(armature.matrix_world)[:3, :3])) < 1e-12 or not _is_uniform(armature):
        raise DatasetError(
            f"{who}the armature {armature.name} is scaled unevenly or mirrored; apply its scale in the template"
        )


def objects_of_all(scene: bpy.types.Scene, actors: Iterable[str], table: Table) -> set[bpy.types.Object]:
    """Everything in the template that is some actor's: rigs that could be his, whole or not, and what they move."""
    marks = {_mark(item) for item in scene.objects if item.type == "ARMATURE"} - {""}
    found = set()
    for actor in {*actors, *marks, *table.armatures}:
        named = scene.objects.get(table.armatures.get(actor, ""))
        for armature in [named] if named else _candidates(scene, actor):
            found |= {armature, *_moved(scene, armature, table.meshes.get(actor, ()))}
    return found


def rest_of(armature: bpy.types.Object, table: Table | None = None, actor: str = "") -> RigRest:
    """The armature's rest pose as arrays; what its bones are says a preset of the table's, else their names."""
    bones = list(armature.data.bones)
    names, parents = _tree(armature)
    preset = (table or Table()).preset_of(actor, armature)
    carried: dict[int, int] = {}
    told: Sequence[str] = names
    if preset and preset.of_controls:
        parents = preset.hung(names, parents)
    elif carried := control_rig.carriers(names, parents):
        parents = tuple(carried.get(n, parent) for n, parent in enumerate(parents))
        # Of Rigify's rigs nothing but the deform bones.
        told = [name if name.startswith(control_rig.DEFORM) else "" for name in names]
    roles = preset.roles(told, parents) if preset else joint_roles.classify(told, parents)
    matrices = np.array([bone.matrix_local for bone in bones]).reshape(len(bones), 4, 4)
    return RigRest(
        names,
        parents,
        matrices[:, :3, :3],
        matrices[:, :3, 3],
        np.array(armature.matrix_world),
        tuple(bone.use_inherit_rotation or n in carried for n, bone in enumerate(bones)),
        tuple(bone.use_local_location for bone in bones),
        roles,
        carried,
        preset.name if preset else "",
        preset.settings if preset else (),
    )


def _tree(armature: bpy.types.Object) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names and parents of an armature's bones."""
    bones = armature.data.bones
    index = {bone.name: n for n, bone in enumerate(bones)}
    return tuple(index), tuple(index[bone.parent.name] if bone.parent else -1 for bone in bones)


def arkit_keys(mesh: bpy.types.Object) -> dict[str, str]:
    """The ARKit keys a mesh has: {ARKit name: shape key name}, `jawOpen`, `JawOpen`, `eyeBlink_L` all read alike."""
    if mesh.data.shape_keys is None:
        return {}
    plain = {_plain(name): name for name in ARKIT_NAMES}
    return {plain[p]: key.name for key in mesh.data.shape_keys.key_blocks if (p := _plain(key.name)) in plain}


def _plain(name: str) -> str:
    name = re.sub(r"[._ ]l$", "Left", name, flags=re.IGNORECASE)
    name = re.sub(r"[._ ]r$", "Right", name, flags=re.IGNORECASE)
    return re.sub(r"[^a-z]", "", name.rsplit(".", 1)[-1].lower())


def _armature(scene: bpy.types.Scene, actor: str, table: Table) -> bpy.types.Object:
    if actor in table.armatures:
        name = table.armatures[actor]
        armature = scene.objects.get(name)
        if armature is None or armature.type != "ARMATURE":
            raise DatasetError(f"{table.path}: actor {actor}: the template has no armature called {name!r}")
        return armature
    candidates = _candidates(scene, actor)
    if not candidates:
        have = ", ".join(sorted(o.name for o in scene.objects if o.type == "ARMATURE")) or "none"
        raise DatasetError(
            f"actor {actor}: the template has no rig for him (armatures: {have}); "
            f"put {actor} into the armature's name or write {TABLE_NAME} beside the template"
        )
    # A rig often comes with helpers of the same name (a metarig): the one with most body joints is the body.
    ranked = sorted(((len(rest_of(a, table, actor).roles), a.name) for a in candidates), reverse=True)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        raise DatasetError(
            f"actor {actor}: both {ranked[0][1]} and {ranked[1][1]} could be his rig; "
            f"say which in {TABLE_NAME} beside the template"
        )
    return scene.objects[ranked[0][1]]


def _candidates(scene: bpy.types.Scene, actor: str) -> list[bpy.types.Object]:
    armatures = [o for o in scene.objects if o.type == "ARMATURE"]
    marked = [a for a in armatures if _mark(a) == actor]
    if marked:
        return marked
    armatures = [a for a in armatures if not _mark(a)]
    number = re.compile(rf"(?<![\d.]){re.escape(actor)}(?!\d)")
    for names_of in (_own_names, _parent_names, _collection_names):
        named = [a for a in armatures if any(number.search(name) for name in names_of(a))]
        if named:
            return named
    return []


def _mark(armature: bpy.types.Object) -> str:
    mark = armature.get(ACTOR_PROPERTY, armature.data.get(ACTOR_PROPERTY))
    return "" if mark is None else str(mark).zfill(3)


def _own_names(armature: bpy.types.Object) -> list[str]:
    return [armature.name, armature.data.name]


def _parent_names(armature: bpy.types.Object) -> list[str]:
    names = []
    parent = armature.parent
    while parent:
        names.append(parent.name)
        parent = parent.parent
    return names


def _collection_names(armature: bpy.types.Object) -> list[str]:
    return [collection.name for collection in armature.users_collection]


def _moved(scene: bpy.types.Scene, armature: bpy.types.Object, named: tuple[str, ...]) -> tuple[bpy.types.Object, ...]:
    """What hangs on an armature, is deformed by it, or is named as its own."""

    def moves(item: bpy.types.Object) -> bool:
        above = item.parent
        while above and above != armature:
            above = above.parent
        deformed = any(m.type == "ARMATURE" and m.object == armature for m in item.modifiers)
        return above == armature or deformed or item.name in named

    return tuple(item for item in scene.objects if item != armature and moves(item))


def _rendered_objects(scene: bpy.types.Scene) -> set[bpy.types.Object]:
    """Objects in a collection that some view layer renders."""
    found = set()
    layers = [layer.layer_collection for layer in scene.view_layers if layer.use]
    while layers:
        layer = layers.pop()
        if not layer.exclude and not layer.collection.hide_render:
            found |= set(layer.collection.objects)
            layers += layer.children
    return found


def _is_uniform(armature: bpy.types.Object) -> bool:
    matrix = np.array(armature.matrix_world)[:3, :3]
    lengths = np.linalg.norm(matrix, axis=0)
    return bool(np.linalg.det(matrix) > 0 and np.ptp(lengths) < 1e-3 * lengths.max())


def _preset_name(path: Path, name: object, known: Sequence[Preset]) -> str:
    if name and (not isinstance(name, str) or presets.named(known, name) is None):
        have = ", ".join(preset.name for preset in known)
        raise DatasetError(f'{path}: there is no preset {name!r}; there are {have}, and "" for none')
    return str(name)


def _is_names(table: object) -> bool:
    return isinstance(table, dict) and all(isinstance(v, str) for v in table.values())
