"""The built-in face template: every actor's head in a scene of its own, `mesh-NNN`, lit and framed alike."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..dataset import databases, face_heads, ict, joint_roles
from ..dataset.actor_skeletons import actor_skeletons
from ..dataset.blendshapes import ARKIT_NAMES, ICT_NAMES
from ..dataset.bvh import Skeleton
from ..dataset.errors import DatasetError
from ..dataset.layout import Dataset
from . import colours, face_scene, meshes, stage
from .looks import Look
from .mannequin import actor as mannequins
from .people import actor as people
from .people import ict_bust
from .people.dress import MATERIALS
from .template import BUILTIN_PROPERTY

SIZE = 1080
_LENS = 85.0
#: How much of the picture's height the part of a head is that its keys move, from the chin to the forehead.
_SHARE = 0.43
#: What a key has to move a place by to count as the face, of what it moves most.
_MOVED = 0.5
#: Arms hang: the direction of the upper arms of people in a portrait.
_ARM = (0.26, 0.02, -0.96)


def build(dataset: Dataset, assets: Path | str = "", only: str = "") -> tuple[str, ...]:
    """Replace the open file by the built-in face template, of all actors or of `only` one; returns notices.

    An actor whose ICT template and basis are there and whole gets that head with ICT's 55 keys; else people's from
    `assets` (the folder of the people's data), else the mannequin's, with ARKit's, on the body of another where he has
    no BVH.
    DatasetError where there is no actor, and no head that can be made.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    (empty,) = bpy.data.scenes
    actors = databases.actors(dataset)
    if not actors:
        raise DatasetError(f"{dataset.actors_db}: has no actors, and so there are no heads to render")
    wanted = [only] if only in actors else list(actors)
    heads = face_heads.choose(dataset, wanted)
    basis = ict.load_basis(dataset.ict_basis) if heads.own else None
    skeletons = actor_skeletons(dataset)
    looks = colours.looks_of({actor.id: actor.gender for actor in actors.values()})
    for actor in wanted:
        if actor not in heads.own and actor not in heads.bodies:
            continue
        scene = bpy.data.scenes.new(face_scene.name_of(actor))
        scene[BUILTIN_PROPERTY] = True
        look = looks[actor]
        if actor in heads.own and basis is not None:
            mesh = _bust(scene, actor, heads.own[actor], basis, look)
        else:
            mesh = _person(scene, actor, skeletons[heads.bodies[actor]], look, assets)
        _light(scene, _frame(scene, mesh))
        stage.settings(scene)
        scene.render.resolution_x = scene.render.resolution_y = SIZE
        # Dither is noise, and most of a PNG's size: a million pictures do without.
        scene.render.dither_intensity = 0.0
    bpy.data.scenes.remove(empty)
    if not any(scene.get(BUILTIN_PROPERTY) for scene in bpy.data.scenes):
        raise DatasetError(f"{dataset.root}: no actor has an ICT head or a BVH; there is no head to render")
    return (*heads.notices, *ict.told_of_broken(heads.broken))


def _bust(scene: bpy.types.Scene, actor: str, head: ict.Head, basis: np.ndarray, look: Look) -> bpy.types.Object:
    """The actor's ICT head with the basis' own keys."""
    surface = ict_bust.build(head, basis, female=look.female)
    mesh = meshes.make_mesh(f"face_{actor}", surface.points, surface.faces, surface.materials)
    materials = people.materials(actor, look)
    for name in MATERIALS:
        mesh.materials.append(materials[name])
    thing = bpy.data.objects.new(mesh.name, mesh)
    thing["interact_actor"] = actor
    thing.display.show_shadows = False  # Workbench's have a hard edge, and facets on the face
    scene.collection.objects.link(thing)
    meshes.add_keys(thing, dict(zip(ICT_NAMES, surface.keys, strict=True)), ICT_NAMES)
    return thing


def _person(scene: bpy.types.Scene, actor: str, skeleton: Skeleton, look: Look, assets: Path | str) -> bpy.types.Object:
    """The actor as in the body template, his arms hanging."""
    collection = bpy.data.collections.new(f"face_{actor}")
    scene.collection.children.link(collection)
    if assets:
        armature = people.build(actor, skeleton, collection, look=look, assets=assets)
    else:
        armature = mannequins.build(actor, skeleton, collection, look=look)
    bones = cast("bpy.types.Armature", armature.data).bones
    pose = cast("bpy.types.Pose", armature.pose)
    roles = joint_roles.classify(
        [bone.name for bone in bones],
        [list(bones).index(bone.parent) if bone.parent else -1 for bone in bones],
    )
    for side, sign in (("L", 1.0), ("R", -1.0)):
        bone = pose.bones[bones[roles[f"upper_arm.{side}"]].name]
        rest = bone.bone.matrix_local
        along = bones[roles[f"forearm.{side}"]].head_local - bone.bone.head_local
        turn = along.rotation_difference(Vector((_ARM[0] * sign, *_ARM[1:]))).to_matrix().to_4x4()
        place = Matrix.Translation(bone.bone.head_local)
        # In the bone's own axes, so that its parents' poses do not matter.
        bone.matrix_basis = rest.inverted() @ place @ turn @ place.inverted() @ rest
    return next(item for item in collection.objects if item.name.endswith("_head"))


def _frame(scene: bpy.types.Scene, mesh: bpy.types.Object) -> Vector:
    """A camera that sees the face, from chin to forehead, at the same size on every head; returns its middle."""
    blocks = cast("bpy.types.Key", cast("bpy.types.Mesh", mesh.data).shape_keys).key_blocks
    count = len(blocks[0].data)
    basis = np.empty(count * 3, dtype=np.float32)
    moved = np.empty_like(basis)
    blocks[0].data.foreach_get("co", basis)
    face = np.zeros(count, dtype=bool)
    for block in blocks[1:]:
        if block.name in (*ARKIT_NAMES, *ICT_NAMES):
            block.data.foreach_get("co", moved)
            far = np.linalg.norm((moved - basis).reshape(-1, 3), axis=1)
            face |= far > max(_MOVED * float(far.max()), 1e-4)
    points = basis.reshape(-1, 3)[face]
    low, high = points.min(axis=0), points.max(axis=0)
    # The rest pose is the picture's: the head's joint has not moved.
    middle = Vector(((low + high) / 2).tolist())
    height = float(high[2] - low[2])
    lens = bpy.data.cameras.new("face_camera")
    lens.lens, lens.sensor_width, lens.sensor_fit = _LENS, stage.SENSOR, "VERTICAL"
    lens.sensor_height = stage.SENSOR
    lens.clip_start = 0.01
    camera = bpy.data.objects.new("face_camera", lens)
    distance = height / _SHARE * _LENS / stage.SENSOR
    middle.z += 0.10 * height
    camera.location = (middle.x, float(low[1]) - distance, middle.z)
    camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    return middle


def _light(scene: bpy.types.Scene, middle: Vector) -> None:
    """Soft light of three lamps, before a plain ground."""
    for name, energy, size, place, colour in (
        ("key", 16.0, 0.9, (-0.9, -1.3, 0.8), (1.0, 0.96, 0.91)),
        ("fill", 6.0, 1.4, (1.3, -1.2, 0.2), (0.90, 0.95, 1.0)),
        ("rim", 10.0, 0.8, (0.7, 1.1, 0.9), (1.0, 1.0, 1.0)),
    ):
        light = cast("bpy.types.AreaLight", bpy.data.lights.new(f"face_{name}", "AREA"))
        light.energy, light.size, light.color = energy, size, colour
        thing = bpy.data.objects.new(light.name, light)
        thing.location = middle + Vector(place)
        thing.rotation_euler = (middle - thing.location).to_track_quat("-Z", "Y").to_euler()
        thing.visible_camera = False
        scene.collection.objects.link(thing)
    scene.world = stage.new_world("face_world", (0.62, 0.66, 0.72), 0.5)
