"""Armatures and motions for tests: rigs of any rest pose, and motions that turn every joint."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from blender_addon.dataset import bvh, rest_pose
from farm.demo import skeletons

PARENTS = {
    "Hips": None, "Spine": "Hips", "Spine1": "Spine", "Spine2": "Spine1", "Neck": "Spine2", "Head": "Neck",
    "LeftShoulder": "Spine2", "LeftArm": "LeftShoulder", "LeftForeArm": "LeftArm", "LeftHand": "LeftForeArm",
    "LeftHandIndex1": "LeftHand", "LeftHandIndex2": "LeftHandIndex1",
    "LeftHandMiddle1": "LeftHand", "LeftHandMiddle2": "LeftHandMiddle1",
    "LeftHandRing1": "LeftHand", "LeftHandRing2": "LeftHandRing1",
    "LeftUpLeg": "Hips", "LeftLeg": "LeftUpLeg", "LeftFoot": "LeftLeg", "LeftToeBase": "LeftFoot",
}  # fmt: skip

#: T-pose offsets in centimetres, Y up, facing +Z, the left towards +X.
OFFSETS = {
    "Hips": (0, 90, 0), "Spine": (0, 10, 0), "Spine1": (0, 12, -1), "Spine2": (0, 12, 0), "Neck": (0, 14, -1),
    "Head": (0, 9, 2), "LeftShoulder": (3, 9, 0), "LeftArm": (14, 0, 0), "LeftForeArm": (27, 0, 0),
    "LeftHand": (24, 0, 0), "LeftHandIndex1": (9, 0, 3), "LeftHandIndex2": (4, 0, 0.2),
    "LeftHandMiddle1": (9.5, 0, 0), "LeftHandMiddle2": (4.5, 0, 0), "LeftHandRing1": (9, 0, -2.5),
    "LeftHandRing2": (4, 0, 0), "LeftUpLeg": (9, 0, 0), "LeftLeg": (0, -42, 0), "LeftFoot": (0, -40, 0),
    "LeftToeBase": (0, -5, 12),
}  # fmt: skip


def skeleton(scale: float = 1.0) -> bvh.Skeleton:
    """A body of 34 joints, both sides, depth first."""
    names: list[str] = []
    parents: list[int] = []
    offsets: list[np.ndarray] = []

    def add(name: str, parent: str | None, mirror: float) -> None:
        right = name.replace("Left", "Right") if mirror < 0 else name
        parents.append(-1 if parent is None else names.index(parent))
        names.append(right)
        offsets.append(np.array(OFFSETS[name], dtype=float) * (mirror, 1, 1) * scale)
        for child, its_parent in PARENTS.items():
            if its_parent == name:
                sides = (1.0, -1.0) if child.startswith("Left") and not name.startswith("Left") else (mirror,)
                for side in sides:
                    add(child, right, side)

    add("Hips", None, 1.0)
    channels = (("Xposition", "Yposition", "Zposition", "Zrotation", "Xrotation", "Yrotation"),) + (
        ("Zrotation", "Xrotation", "Yrotation"),
    ) * (len(names) - 1)
    return bvh.Skeleton(tuple(names), tuple(parents), np.array(offsets), channels)


def interact(actor: str) -> bvh.Skeleton:
    """A raw InterAct skeleton: Z up, facing +Y."""
    body = skeletons.actors()[actor]
    channels = (("Xposition", "Yposition", "Zposition", "Zrotation", "Xrotation", "Yrotation"),)
    channels += (("Zrotation", "Xrotation", "Yrotation"),) * (len(body.joints) - 1)
    return bvh.Skeleton(body.joints, body.parents, body.offsets, channels, body.ends)


def motion(frames: int = 40, seed: int = 0, scale: float = 1.0, at: tuple[float, float] = (0.0, 0.0)) -> bvh.Motion:
    """Every joint swings smoothly by up to about 40 degrees; the hips travel some decimetres."""
    body = skeleton(scale)
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 2 * np.pi, frames)[:, None]
    columns = body.channel_count
    values = rng.uniform(10, 40, columns) * np.sin(time * rng.integers(1, 3, columns) + rng.uniform(0, 6, columns))
    values[:, 3:6] *= (0.3, 0.3, 3.0)
    values[:, :3] = np.array([at[0], 90, at[1]]) * scale + values[:, :3] * scale
    return bvh.Motion(body, values, 1 / 30)


@dataclass
class Bones:
    """A rest pose as bones: heads (metres, Blender's axes), tree, names, and rolls in radians."""

    names: list[str]
    parents: list[int]
    heads: np.ndarray
    rolls: np.ndarray


def bones_of(body: bvh.Skeleton) -> Bones:
    stood = rest_pose.stand(body)
    return Bones(list(stood.names), list(stood.parents), stood.heads.copy(), np.zeros(len(stood.names)))


def turn_branch(bones: Bones, joint: str, axis: str, degrees: float) -> None:
    """Turn a joint and all that hangs on it in the rest pose."""
    root = bones.names.index(joint)
    branch = {root}
    for n, parent in enumerate(bones.parents):
        if parent in branch:
            branch.add(n)
    angle = np.radians(degrees)
    c, s = np.cos(angle), np.sin(angle)
    turn = {"X": [[1, 0, 0], [0, c, -s], [0, s, c]], "Y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
            "Z": [[c, -s, 0], [s, c, 0], [0, 0, 1]]}[axis]  # fmt: skip
    for n in branch - {root}:
        bones.heads[n] = bones.heads[root] + np.array(turn) @ (bones.heads[n] - bones.heads[root])


def a_pose(bones: Bones) -> Bones:
    """Arms 50 degrees down, palms turned a little, legs apart."""
    for side, sign in (("Left", 1), ("Right", -1)):
        turn_branch(bones, f"{side}Arm", "Y", 50 * sign)
        turn_branch(bones, f"{side}UpLeg", "Y", -6 * sign)
        turn_branch(bones, f"{side}ForeArm", "X", 12)
    return bones


def add_bone(bones: Bones, name: str, above: str) -> Bones:
    """One bone more: half-way between `above` and its parent."""
    child = bones.names.index(above)
    parent = bones.parents[child]
    bones.names.insert(child, name)
    bones.heads = np.insert(bones.heads, child, (bones.heads[parent] + bones.heads[child]) / 2, axis=0)
    bones.rolls = np.insert(bones.rolls, child, 0.0)
    bones.parents = [p + 1 if p >= child else p for p in bones.parents]
    bones.parents.insert(child, parent)
    bones.parents[child + 1] = child
    return bones


def armature(name: str, bones: Bones) -> bpy.types.Object:
    """A real armature of those bones; each tail at the first child, as most rigs have it."""
    item = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.mode_set(mode="EDIT")
    edit = item.data.edit_bones
    for n, (bone_name, parent) in enumerate(zip(bones.names, bones.parents, strict=True)):
        bone = edit.new(bone_name)
        bone.head = Vector(bones.heads[n])
        child = next((k for k, p in enumerate(bones.parents) if p == n), None)
        bone.tail = Vector(bones.heads[child]) if child is not None else bone.head + Vector((0, 0, 0.05))
        if parent >= 0:
            bone.parent = edit[bones.names[parent]]
        bone.roll = bones.rolls[n]
    bpy.ops.object.mode_set(mode="OBJECT")
    return item


def write_dataset(root: Path, motions: dict[str, bvh.Motion], faces: dict[str, np.ndarray] | None = None) -> Path:
    """A data set of one scene, 20231119_001, played by the two given actors."""
    (root / "bvhs_retarget").mkdir(parents=True)
    (root / "face_arkit").mkdir()
    male, female = motions
    with sqlite3.connect(root / "actors.db") as db:
        db.execute("CREATE TABLE actors (actor_id, gender)")
        db.execute("CREATE TABLE sessions (date, male_id, female_id)")
        db.executemany("INSERT INTO actors VALUES (?, ?)", [(male, "male"), (female, "female"), ("005", "male")])
        db.execute("INSERT INTO sessions VALUES ('20231119', ?, ?)", (male, female))
    for actor, its_motion in motions.items():
        bvh.write(root / "bvhs_retarget" / f"20231119_{actor}_001.bvh", its_motion)
    for actor, weights in (faces or {}).items():
        np.save(root / "face_arkit" / f"20231119_{actor}_001.npy", weights.astype(np.float32))
    return root


def longer(its_motion: bvh.Motion, frames: int) -> bvh.Motion:
    """The motion cut or extended to a number of frames."""
    return replace(its_motion, values=np.resize(its_motion.values, (frames, its_motion.values.shape[1])))
