"""The fallback actor: an armature from any BVH skeleton, a clothed body and a face with the 51 ARKit keys."""

from __future__ import annotations

import hashlib

import bpy
import numpy as np

from ...dataset import rest_pose
from ...dataset.bvh import Skeleton
from .. import meshes
from ..armatures import bones_of, make_armature
from ..looks import IRISES, Look, look_of, shown_colours
from ..model_pose import model_pose
from . import body as bodies
from . import head as heads
from . import shadow as shadows
from .parts import MATERIALS


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
    measures = bodies.measure(model_pose(rest), look.female)
    parts = bodies.parts(measures)
    body = bodies.join(measures, parts)
    head = heads.build(female=look.female)
    scale = heads.scale_for(rest, female=look.female)
    shown = shown_colours(look, IRISES[int(hashlib.sha256(actor.encode()).hexdigest(), 16) % len(IRISES)])
    materials = {name: meshes.make_material(f"actor_{actor}_{name}", *values) for name, values in shown.items()}

    mesh = meshes.make_mesh(f"actor_{actor}_body", body.vertices, body.faces, body.materials)
    for name in bodies.MATERIALS:
        mesh.materials.append(materials[name])
    thing = meshes.hang(mesh, armature, actor, collection)
    for joint, (vertices, weights) in sorted(body.weights.items()):
        meshes.weigh(thing, rest.names[joint], vertices, weights)

    triangles, materials_of = _triangles(head.faces, head.materials)
    mesh = meshes.make_mesh(f"actor_{actor}_head", head.vertices * scale + rest.head("head"), triangles, materials_of)
    for name in MATERIALS:
        mesh.materials.append(materials[name])
    thing = meshes.hang(mesh, armature, actor, collection)
    count = len(head.vertices)
    meshes.weigh(thing, rest.names[rest.roles["head"]], np.arange(count), np.ones(count))
    meshes.add_keys(thing, {name: offsets * scale for name, offsets in head.keys.items()})
    for part in ("body", "head"):
        collection.objects[f"actor_{actor}_{part}"].display.show_shadows = False

    shell = shadows.build(measures, parts, scale)
    mesh = meshes.make_mesh(f"actor_{actor}_shadow", shell.vertices, shell.faces, shell.materials)
    for name in bodies.MATERIALS:
        mesh.materials.append(materials[name])
    thing = meshes.hang(mesh, armature, actor, collection)
    for joint, (vertices, weights) in sorted(bodies.by_joint(shell.weights).items()):
        meshes.weigh(thing, rest.names[joint], vertices, weights)
    meshes.hide_but_for_shadows(thing)
    return armature


def _triangles(faces: np.ndarray, materials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quads (F, 4) as triangles that repeat their last corner, with their materials.

    The head's bent quads left a crack of light along the way of Workbench's shadow.
    """
    quads = faces[:, 3] != faces[:, 2]
    return np.concatenate((faces[:, [0, 1, 2, 2]], faces[quads][:, [0, 2, 3, 3]])), np.append(
        materials, materials[quads]
    )
