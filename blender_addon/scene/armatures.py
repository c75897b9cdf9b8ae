"""Armatures made from skeletons: one bone a joint."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import bpy
import numpy as np

from ..dataset import joint_roles, rest_pose
from .model_pose import tip


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
